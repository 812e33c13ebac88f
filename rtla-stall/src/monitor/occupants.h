/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_OCCUPANTS_H
#define RTLA_STALL_MONITOR_OCCUPANTS_H

#include <stdint.h>

#include "../engine/engine.h"

/*
 * At what priority a thread runs that has had its CPU for long, while others wait for it.
 *
 * No event tells of sched_setscheduler(): a trace shows the priority a thread was switched in with, and the
 * one it leaves with. A busy loop that makes itself real-time and never leaves would be taken for an ordinary
 * thread for as long as it starves others. /proc knows; it is asked for few threads, and rarely.
 */

#define OCCUPANTS_LONG_NS 20000000u	/* without a switch */
#define OCCUPANTS_PAUSE_NS 100000000u	/* between two looks */

struct occupants {
	uint64_t looked_at;	/* a zeroed struct has not looked yet */
};

/**
 * occupants_find() - who runs at another priority than the engine knows
 * @now_at: trace time
 * @feed: gets an EVENT_FOUND_RUNNING for each, at @now_at; what it returns other than 0 ends the search
 *
 * Return: 0, or what @feed returned.
 */
int occupants_find(struct occupants *occupants, const struct engine *eng, uint64_t now_at,
		   int (*feed)(const struct event *event, void *arg), void *arg)
	__attribute__((warn_unused_result));

/** occupants_read() - policy (SCHED_*) and priority as traced; -1: it is gone */
int occupants_read(int32_t tid, int32_t *prio);

#endif
