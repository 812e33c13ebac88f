/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_HIST_LIST_H
#define RTLA_STALL_VIEW_HIST_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/episode.h"
#include "format.h"
#include "page.h"

/*
 * The sections below the histograms, of a run or of several that were merged: stalls, culprits, totals.
 * They are given rows that are text already, since merged ones come from files and have no episodes.
 */

struct hist_stall {
	struct format wall;	/* wall-clock time when it began; "" not known */
	struct format who;	/* the thread */
	struct format culprit;	/* of its largest charge; "-" none */
	struct format why;	/* cause and reason of that charge; "-" */
	struct format run;	/* where it is from; "" */
	uint64_t began_at;	/* ns of trace time */
	uint64_t wait_ns;
	uint64_t most_ns;	/* of its largest charge */
	uint32_t cpu;
	bool is_open;
	bool is_at_least;	/* it was found waiting */
};

/**
 * hist_list_stalls() - the longest ones, each with its wall-clock time and who made it wait most
 * @nr: how many there are; @nr_rows of them are given
 */
void hist_list_stalls(struct page *page, const struct hist_stall *rows, uint32_t nr_rows, uint64_t nr);

struct hist_culprit {
	struct format who;
	struct format why;
	uint64_t ns;
	uint64_t waits;
	uint64_t worst_ns;
};

/** hist_list_culprits() - those charged with most; shares are of @wait_ns */
void hist_list_culprits(struct page *page, const struct hist_culprit *rows, uint32_t nr_rows, uint64_t nr,
			uint64_t wait_ns);

struct hist_totals {
	uint64_t waits;
	uint64_t waiting;	/* threads that waited */
	uint64_t open;
	uint64_t touched_by_loss;
	uint64_t gone;		/* threads that ended and share rows, one per name */
	uint64_t wait_ns;
	uint64_t causes[CAUSE_NR]; /* sum to wait_ns */
};

/** hist_list_totals() - the five causes in fixed order, and their sum; @waiters: "kernel threads" */
void hist_list_totals(struct page *page, const struct hist_totals *totals, const char *waiters);

#endif
