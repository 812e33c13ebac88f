/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_LOST_WAITS_H
#define RTLA_STALL_MONITOR_LOST_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/engine.h"

/*
 * Waits that were open when records were lost, and whose end may be among these: the thread ran, and slept
 * or ended since. The trace shows them waiting until the thread is heard of again, which may be never.
 * /proc knows.
 *
 *     loss       look: it sleeps     the trace has been read so far: the wait ended at the loss
 *       |- - - - - - - -|- - - - - - - - - - -|
 */

#define LOST_WAITS_MOST 256u		/* found at once; more are found by the next look */
#define LOST_WAITS_PAUSE_NS 250000000u	/* between two looks */

struct lost_waits {			/* a zeroed struct has not looked yet */
	uint64_t looked_at;		/* CLOCK_MONOTONIC, ns; which is the trace's clock */
	uint32_t nr_ended;
	struct engine_wait ended[LOST_WAITS_MOST];
};

/**
 * lost_waits_turn() - tell what the last look found, and look again, if it is time
 * @last_at: the trace has been read so far
 * @is_ready: lost_waits_is_ready(), but for tests
 * @feed: gets an EVENT_FOUND_ENDED for each; what it returns other than 0 ends the turn
 *
 * Return: 0, or what @feed returned.
 */
int lost_waits_turn(struct lost_waits *lost, const struct engine *eng, uint64_t now_at, uint64_t last_at,
		    bool (*is_ready)(int32_t tid),
		    int (*feed)(const struct event *event, void *arg), void *arg)
	__attribute__((warn_unused_result));

/** lost_waits_is_ready() - ready or running, by /proc; true where that shows other threads than are traced */
bool lost_waits_is_ready(int32_t tid);

#endif
