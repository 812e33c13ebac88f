/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_IO_HIST_RUN_H
#define TESTS_IO_HIST_RUN_H

#include "monitor/facts.h"
#include "stats/columns.h"
#include "stats/summary.h"
#include "stats/timers.h"
#include "view/document.h"

#define HIST_RUN_THREADS 4u

/*
 * A run that was not: four threads, one with a hostile name, one that starves.
 */
struct hist_run {
	struct columns columns;
	struct summary_thread threads[HIST_RUN_THREADS];
	struct engine_task tasks[HIST_RUN_THREADS];
	struct culprit names[3];
	struct charge charge;
	struct segment segment;
	struct episode stalls[2];
	const struct episode *listed[2];
	struct summary summary;
	struct source_info source;
	struct facts facts;
	struct timers timers;
	struct names *strings;
	struct document doc;
};

/** hist_run_init() - make it; all of it points into *@run */
void hist_run_init(struct hist_run *run);

/** hist_run_deinit() - free what it holds */
void hist_run_deinit(struct hist_run *run);

#endif
