/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_SOURCE_H
#define RTLA_STALL_SOURCE_SOURCE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/engine.h"
#include "../engine/event.h"

/*
 * Where events come from.
 *
 *     source_open(path, ...)           tells trace.dat from text by its content
 *     while ((n = source_next(src, &event, err)) > 0)
 *             ...
 *     n == 0: the end;  n < 0: a failure
 *     source_info(src)                 facts; final only after the end
 *     source_close(src)
 *
 * Promises of every source (engine/event.h has them in full): order; losses marked where they are;
 * one event per record; nothing read out of bounds whatever the input holds; memory that does not
 * grow with the trace. Input that is damaged yields what decodes, and info.is_truncated with words.
 */

struct error;
struct names;

enum source_format { SOURCE_TRACE_DAT, SOURCE_TEXT, SOURCE_LIVE, SOURCE_PROC, SOURCE_ARRAY };

/** source_format_name() - "trace.dat", "text", "live", "proc", "array" */
const char *source_format_name(enum source_format format);

/* Odd things a source met, by name, each with a count. */
enum source_odd {
	SOURCE_ODD_CUT_LINE,		/* text: a line that does not parse as far as it must */
	SOURCE_ODD_LONG_LINE,		/* text: a line longer than is kept */
	SOURCE_ODD_SHORT_RECORD,	/* a record shorter than its format says */
	SOURCE_ODD_UNKNOWN_EVENT,	/* an event id without a format */
	SOURCE_ODD_BAD_PAGE,		/* a page or chunk that does not decode */
	SOURCE_ODD_CPU_RANGE,		/* a CPU beyond those the file speaks of */
	SOURCE_ODD_TIME_BACKWARDS,	/* within one CPU's stream */
	SOURCE_ODD_NR
};

/** source_odd_name() - "cut_line", ...: the name in reports and JSON */
const char *source_odd_name(enum source_odd odd);

struct source_info {
	enum source_format format;
	char kernel[128];		/* release, as "6.1.0-56-rt-amd64"; "" unknown */
	char clock[32];			/* "local", "mono", ...; "" unknown */
	uint32_t nr_cpus;		/* CPUs the trace speaks of; 0 unknown */
	uint64_t first_at;		/* of the first and last event of any kind; 0 when there
					 * is none */
	uint64_t last_at;
	uint64_t nr_events;		/* records, losses not counted */
	uint64_t nr_losses;		/* marks */
	uint64_t lost_events;		/* their sum where they say how many */
	uint64_t events_present;	/* EVENT_BIT()s the trace may hold, as far as can be
					 * known at open */
	const uint64_t *watched;	/* where switches are recorded (engine_facts); NULL: everywhere */
	bool has_irq_vectors;		/* x86 interrupt vectors (or ipi:*) are recorded */
	bool is_x86;			/* as far as known; then has_irq_vectors matters */
	bool is_truncated;		/* damaged or cut: what decodes was handed on */
	char truncated_why[160];	/* in words, "" otherwise */
	enum tristate is_preempt_rt;
	enum tristate has_fair_server;
	uint64_t odd[SOURCE_ODD_NR];
	uint64_t bytes_total;		/* of the input, for a progress line; 0 unknown (a pipe) */
	uint64_t bytes_done;		/* about so far */
};

/** source_facts() - what the engine is to know of it */
struct engine_facts source_facts(const struct source_info *info);

struct source;

/* One row per kind of source; the struct that embeds struct source holds its state. */
struct source_ops {
	/* 1 and *event filled; 0 at the end; negative errno with words in @err */
	int (*next)(struct source *src, struct event *event, struct error *err);
	void (*close)(struct source *src);	/* frees @src too */
};

struct source {
	const struct source_ops *ops;
	struct source_info info;
};

struct source_options {
	struct names *names;		/* borrowed; outlives the source */
	const volatile sig_atomic_t *is_interrupted; /* NULL, or the signal that ends a text early;
						      * SIGINT lets a pipe run dry */
	const char *buffer;		/* trace.dat: this instance's buffer instead of the main
					 * one; NULL */
};

/**
 * source_open() - open a trace file
 * @path: "-" is text on standard input
 * @ret: set on success only; source_close() it
 *
 * Foreign formats (perf.data, pcap, ...) are refused by name with one sentence.
 *
 * Return: 0 or a negative errno with words in @err that name the file.
 */
int source_open(const char *path, const struct source_options *options, struct source **ret,
		struct error *err) __attribute__((warn_unused_result));

/**
 * source_dat_open() - open a trace.dat, version 6 or 7
 * @fd: seekable; taken over on success only
 * @path: for messages
 */
int source_dat_open(int fd, const char *path, const struct source_options *options,
		    struct source **ret, struct error *err) __attribute__((warn_unused_result));

/**
 * source_text_open() - open ftrace text
 * @fd: a file or a pipe; taken over on success only
 * @path: for messages
 */
int source_text_open(int fd, const char *path, const struct source_options *options,
		     struct source **ret, struct error *err) __attribute__((warn_unused_result));

/**
 * source_array_open() - events from memory, for tests
 * @events: borrowed; outlives the source
 */
int source_array_open(const struct event *events, size_t nr_events, struct source **ret,
		      struct error *err) __attribute__((warn_unused_result));

/** source_next() - the next event: 1, 0 at the end, or a negative errno */
static inline int source_next(struct source *src, struct event *event, struct error *err)
{
	return src->ops->next(src, event, err);
}

/** source_close() - close and free; @src may be NULL */
static inline void source_close(struct source *src)
{
	if (src)
		src->ops->close(src);
}

#endif
