/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_SOURCE_PROC_H
#define RTLA_STALL_SOURCE_SOURCE_PROC_H

#include "proc_look.h"
#include "source.h"

/*
 * Events from /proc alone, for as long as tracing cannot be had: who is ready and does not run, and who has
 * the CPU. It looks every now and then, and says what two looks tell together (proc_compare.h), so it is
 * one look behind:
 *
 *      look 1             look 2             look 3
 *     |from  to|         |from  to|         |from  to|  now is handed on:
 *                                |           |
 *                                |           `- FOUND_ENDED: what waited up to look 2 has run since;
 *                                |              FOUND_READY again: it waits on, on another CPU;
 *                                |              and a TICK: time has come this far
 *                                `- FOUND_RUNNING, FOUND_READY: from here on, as look 3 shows
 *
 * A wait that is found began at that time or before; while it stays as it is, nothing more is said of it.
 * FOUND_RUNNING is said again when another thread has the CPU, or the same one with another priority; with
 * TID_UNKNOWN when it cannot be told any more. Idle has tid 0.
 *
 * All times are CLOCK_MONOTONIC, as those of the live source. It never ends by itself. source_next() sleeps
 * until the next look is due; those who cannot wait ask source_proc_due_at() and call it until the TICK.
 */

struct source_proc_options {
	uint64_t first_look_ns;	/* between the first few looks, and to look again at threads that may have
				 * begun to wait; 0: 50 ms */
	uint64_t look_ns;	/* between others; 0: 150 ms. After the first few, a pause is at least ten
				 * times as long as a look takes, up to a second */
	/* takes the place of proc_look_take(), in tests; NULL */
	int (*take)(struct proc_look *look, void *arg, struct error *err);
	void *arg;
};

/**
 * source_proc_open() - take the first look
 * @ret: set on success only; source_close() it
 *
 * Return: 0 or a negative errno with words in @err.
 */
int source_proc_open(const struct source_proc_options *options, struct source **ret, struct error *err)
	__attribute__((warn_unused_result));

/** source_proc_due_at() - CLOCK_MONOTONIC, ns: until then source_next() sleeps; 0: it has events now */
uint64_t source_proc_due_at(const struct source *src);

/** source_proc_census() - who exists, as of the latest look; valid until the next source_next() */
const struct census *source_proc_census(const struct source *src);

#endif
