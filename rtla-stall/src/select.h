/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SELECT_H
#define RTLA_STALL_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/*
 * What of a trace is reported. Never how it is attributed: the engine sees everything.
 *
 * CPUs and the window of time choose waits, and are judged when a wait is handed out. Kernel
 * threads, tids and names choose threads; what is known of a thread grows while the trace is read,
 * so they are judged at the end. select_is_out_for_good() says earlier what cannot change any more.
 */

struct stall_params;

/** select_wait() - is this wait wanted, judging by its CPUs and its time? */
bool select_wait(const struct stall_params *params, const struct episode *episode);

/**
 * select_thread() - does this thread have a row?
 * @has_waits: it has waits that select_wait() wants
 * @first_at: where the trace begins
 *
 * Where waits are chosen by CPU or time, threads without one have no row, except those that were
 * ready before the trace began.
 */
bool select_thread(const struct stall_params *params, const struct engine_task *task, bool has_waits,
		   uint64_t first_at);

/** select_is_out_for_good() - whatever is still learnt of this thread, it will have no row */
bool select_is_out_for_good(const struct stall_params *params, const struct engine_task *task);

#endif
