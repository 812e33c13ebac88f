/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SELECTION_H
#define RTLA_STALL_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "util/parse.h"

/*
 * What of a trace is reported. Never how it is attributed: the engine sees everything.
 *
 * CPUs and the window of time choose waits, and are judged when a wait is handed out. Kernel
 * threads, tids and names choose threads; what is known of a thread grows while the trace is read,
 * so they are judged at the end. selection_is_out_for_good() says earlier what cannot change any more.
 */

#define SELECTION_MAX_TASKS 64u

struct selection {
	bool has_cpus;
	struct cpu_list cpus;
	bool wants_all;			/* user threads too */
	const char *tasks[SELECTION_MAX_TASKS]; /* tid, comm, or glob; borrowed */
	uint32_t nr_tasks;
	bool has_from;
	bool has_to;
	uint64_t from_at;
	uint64_t to_at;
};

/** selection_wait() - is this wait wanted, judging by its CPUs and its time? */
bool selection_wait(const struct selection *selection, const struct episode *episode);

/**
 * selection_thread() - does this thread have a row?
 * @has_waits: it has waits that selection_wait() wants
 * @first_at: where the trace begins
 *
 * Where waits are chosen by CPU or time, threads without one have no row, except those that were
 * ready before the trace began.
 */
bool selection_thread(const struct selection *selection, const struct engine_task *task, bool has_waits,
		   uint64_t first_at);

/** selection_is_out_for_good() - whatever is still learnt of this thread, it will have no row */
bool selection_is_out_for_good(const struct selection *selection, const struct engine_task *task);

#endif
