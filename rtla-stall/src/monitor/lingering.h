/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_LINGERING_H
#define RTLA_STALL_MONITOR_LINGERING_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/event.h"

/*
 * /proc, for a while after the trace has begun: what it showed to wait may have run between its last look and
 * the first record, and then no record will tell that it waits no more.
 *
 *     last look    the trace begins        two more looks: it has run
 *        |-----------------|---------------------|-------->
 *           ^ ran here                           ^ told once the trace has been read up to here, so that a
 *                                                  switch-in that was recorded ends it first
 */

struct error;
struct source;

#define LINGERING_MOST 256u	/* ended at once; more are left to the trace */
#define LINGERING_NS 1000000000u /* from when the trace began */

struct lingering {
	struct source *proc;	/* borrowed; NULL: no more */
	uint64_t until_at;	/* CLOCK_MONOTONIC, ns */
	uint32_t nr_ended;
	struct event ended[LINGERING_MOST]; /* EVENT_FOUND_ENDED, in the order of time */
};

/** lingering_begin() - @proc has shown waits that may still be open */
void lingering_begin(struct lingering *lingering, struct source *proc, uint64_t now_at);

/**
 * lingering_turn() - look again, if it is time
 * @last_at: the trace has been read so far
 * @feed: gets what has ended; what it returns other than 0 ends the turn
 *
 * Return: 0, what @feed returned, or a negative errno with words in @err.
 */
int lingering_turn(struct lingering *lingering, uint64_t now_at, uint64_t last_at,
		   int (*feed)(const struct event *event, void *arg), void *arg, struct error *err)
	__attribute__((warn_unused_result));

#endif
