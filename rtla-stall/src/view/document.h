/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_DOCUMENT_H
#define RTLA_STALL_VIEW_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../engine/engine.h"
#include "../source/source.h"

/*
 * What all views show: one snapshot, made once the trace has been read. The views borrow it for the
 * call, see neither engine nor source, and write to a FILE they are given.
 */

struct error;
struct facts;
struct hist_rows;
struct names;
struct summary;
struct timers;

#define DOCUMENT_MAX_MISSING 16
#define DOCUMENT_MAX_ANOMALIES (ANOMALY_NR + SOURCE_ODD_NR)

/* A kind of event the trace does not have, and what that hides. */
struct document_missing {
	const char *name;	/* of the event, or of its group */
	const char *hides;	/* a sentence: "timer interrupts are charged to ..." */
	bool is_moot;		/* without sched_switch it would not help either */
};

struct document_anomaly {
	const char *name;
	uint64_t count;		/* never 0 */
};

struct document {
	const char *command;	/* "analyze" */
	const char *version;
	const char *path;	/* NULL: no file */
	const struct source_info *source;
	uint64_t last_at;	/* waits still open are cut here */
	enum tristate is_preempt_rt;	/* what was decided about softirqs */
	bool was_interrupted;	/* by a signal: the rest of the trace was not read */

	const struct summary *summary;
	const struct timers *timers;
	const struct names *names;

	uint64_t stall_ns;
	bool has_all_threads;	/* user threads were asked for */
	bool has_tasks;		/* threads were asked for by tid or name */
	bool is_narrowed;	/* they were, or CPUs, or a window of time */

	/* live runs */
	const struct facts *facts;	/* of the machine; NULL */
	const char *tracer;		/* "osnoise", "timerlat", "none"; NULL: nothing to say */
	bool has_wall;			/* wall_offset_ns is known */
	int64_t wall_offset_ns;		/* wall-clock time (ns since 1970) less trace time */
	bool has_threshold;
	uint64_t threshold_ns;
	uint64_t nr_hits;
	uint64_t nr_hits_unreported;

	/* `hist`: of timerlat's CPUs, of waits; either may be missing */
	const struct hist_rows *histograms;
	uint32_t nr_histograms;

	struct document_missing missing[DOCUMENT_MAX_MISSING];
	uint32_t nr_missing;
	struct document_anomaly anomalies[DOCUMENT_MAX_ANOMALIES];
	uint32_t nr_anomalies;
};

/** document_wall() - wall-clock time of an instant of trace time, in ns since 1970; has_wall is true */
static inline uint64_t document_wall(const struct document *doc, uint64_t at)
{
	return at + (uint64_t)doc->wall_offset_ns;
}

/* How the text is laid out; the machine formats need nothing of it. */
struct document_layout {
	uint32_t top;		/* rows per table; 0: all */
	uint32_t width;		/* columns to make use of, 80 or more */
	bool no_header;
	bool has_colour;
	bool is_utf8;		/* the terminal shows UTF-8 */
};

/**
 * document_find_missing() - fill in missing[]
 * @seen: EVENT_BIT()s of what was there
 */
void document_find_missing(struct document *doc, uint64_t seen);

/** document_add_anomaly() - keep a count; of two with one name the higher; 0 is left out */
void document_add_anomaly(struct document *doc, const char *name, uint64_t count);

#endif
