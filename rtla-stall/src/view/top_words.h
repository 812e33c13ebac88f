/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_WORDS_H
#define RTLA_STALL_VIEW_TOP_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "../monitor/snapshot.h"
#include "format.h"

/*
 * Numbers and names as `top` shows them: short, for columns that do not move while it runs. What is
 * exact is in format.h, and in the lines of an opened stall. Pure: no I/O, no locale.
 */

/** top_words_time() - three digits: "812 ns", "45.3 us", "12.3 ms", "4.53 s", "4528 s", "27.8 h" */
struct format top_words_time(uint64_t ns);

/**
 * top_words_cell() - the same for a column: units of one letter have a blank behind them
 * @mark: put in front, as ">=" is; ""
 */
struct format top_words_cell(uint64_t ns, const char *mark);

/** top_words_wait() - how long a wait is, for a column: ">=4.53 s !", '!' when touched by loss */
struct format top_words_wait(const struct episode *episode, bool is_utf8);

/** top_words_at_least() - "at least " for a wait that was there before anybody looked; else "" */
const char *top_words_at_least(const struct episode *episode);

/** top_words_count() - "99999", "123k", "12.3M" */
struct format top_words_count(uint64_t count);

/** top_words_percent() - whole percents: "100" only when it is all, "<1" when it is not nothing */
struct format top_words_percent(uint64_t part, uint64_t whole);

/** top_words_elapsed() - "0:01:33", "27:46:40" */
struct format top_words_elapsed(uint64_t ns);

/**
 * top_words_clock() - time of day
 * @at: instant of trace time
 * @utc_offset_s: what is to be added to UTC
 * @has_millis: "14:03:27.123" instead of "14:03:27"
 */
struct format top_words_clock(const struct snapshot *snapshot, uint64_t at, int32_t utc_offset_s,
			      bool has_millis);

/** top_words_prio() - "rt 55", "ni -20", "dl"; "" unknown */
struct format top_words_prio(int32_t prio);

/** top_words_policy() - with the policy when that is known: "FIFO 55", "OTHER nice 0", "DEADLINE" */
struct format top_words_policy(const char *policy, int32_t prio);

/** top_words_culprit() - format_culprit() of a number */
struct format top_words_culprit(const struct snapshot *snapshot, uint32_t culprit);

/** top_words_occupant() - "loop-rt (164, FIFO 55)", "idle CPU 3" */
struct format top_words_occupant(const struct snapshot_cpu *cpu);

/** top_words_find_cpu() - Return: NULL when that CPU is not among those watched */
const struct snapshot_cpu *top_words_find_cpu(const struct snapshot *snapshot, uint32_t cpu);

/** top_words_worst_charge() - the largest charge of a wait. Return: NULL when it has none */
const struct charge *top_words_worst_charge(const struct episode *episode);

#endif
