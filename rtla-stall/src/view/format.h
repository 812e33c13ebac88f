/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_FORMAT_H
#define RTLA_STALL_VIEW_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/episode.h"

/*
 * Numbers and names as a person reads them. Everything is nanoseconds until it gets here.
 *
 * The functions return text by value, so a call can stand among the arguments of printf():
 *
 *     printf("%s\n", format_duration(ns).text);
 *
 * Names come from a trace or from the command line and are hostile. What leaves here is printable
 * ASCII (valid UTF-8 where asked for): it can neither move a terminal's cursor nor break a line.
 * Pure: no I/O, no locale.
 */

struct format {
	char text[160];		/* always ends in NUL; ASCII: as many columns as bytes */
};

/**
 * format_duration() - "0.812 us", "703.210 us", "12.345 ms", "4.528 s": rounded to three decimals
 */
struct format format_duration(uint64_t ns);

/** format_cell() - the same for a column: "4.528 s " is as wide right of its point as "4.528 ms" */
struct format format_cell(uint64_t ns);

/** format_limit() - what a user gave as a limit: "10 ms", "1.5 s" */
struct format format_limit(uint64_t ns);

/** format_seconds() - "4.527589099 s": exact */
struct format format_seconds(uint64_t ns);

/** format_instant() - "9.668936844": an instant of trace time, as traces print it, exact */
struct format format_instant(uint64_t at);

/** format_elapsed() - "  0 00:00:05": days and a clock, as rtla prints how long it ran */
struct format format_elapsed(uint64_t ns);

/** format_count() - "4,012,345" */
struct format format_count(uint64_t count);

/**
 * format_percent() - "99.98 %": of @whole
 *
 * Never "100.00 %" unless it is all, never "0.00 %" unless it is nothing ("<0.01 %"); "-" when
 * @whole is 0.
 */
struct format format_percent(uint64_t part, uint64_t whole);

/** format_prio() - kernel prio in policy words: "deadline", "rt 55", "fair nice 0"; "" unknown */
struct format format_prio(int32_t prio);

/**
 * format_name() - a name from a trace: unprintable bytes as \x1b, cut with "..." beyond 60 columns
 */
struct format format_name(const char *name);

/** format_thread() - "kworker/3:1 (99)" */
struct format format_thread(const char *comm, int32_t tid);

/**
 * format_culprit() - "loop-rt (164)", "irq local_timer (236)", "unrecorded irq", "idle CPU 3",
 * "unknown"
 */
struct format format_culprit(const struct culprit *culprit);

/** format_reason() - "interference thread", "blocking": cause and reason */
struct format format_reason(uint8_t cause, uint8_t reason);

/**
 * format_safe() - any text, made safe for a terminal
 * @utf8: keep valid UTF-8 of printable characters
 * @size: of @ret, at least 1; what does not fit is left out
 */
void format_safe(const char *text, bool utf8, char *ret, size_t size);

/**
 * format_utf8_length() - how many of @text's first bytes are one valid UTF-8 character
 * @character: its code point; may be NULL
 *
 * Return: 1 to 4; 0 at the end of the text, and where the bytes are not valid UTF-8.
 */
size_t format_utf8_length(const char *text, uint32_t *character);

#endif
