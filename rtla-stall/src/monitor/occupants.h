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
 *
 * What /proc says is of now; the trace has come to a while ago. The thread may have left since, and have
 * been changed: the answer is kept until the trace has come to where it was given, and counts if the thread
 * has not left until then.
 *
 *     switched in ------------------ the trace is here -------- asked ------- the trace is here: told
 */

#define OCCUPANTS_LONG_NS 20000000u	/* without a switch */
#define OCCUPANTS_PAUSE_NS 100000000u	/* between two looks */
#define OCCUPANTS_MOST 64u		/* asked for at once; more wait for the next time */

struct occupants_answer {
	int32_t tid;
	int32_t prio;
	int32_t known_prio;	/* what the engine knew then */
	uint32_t cpu;
	uint64_t since_at;	/* it was switched in */
};

struct occupants {
	uint64_t looked_at;	/* when /proc had answered; a zeroed struct has not looked yet */
	uint32_t nr_answers;	/* not told yet */
	struct occupants_answer answers[OCCUPANTS_MOST];
};

/**
 * occupants_find() - who runs at another priority than the engine knows
 * @now_at: trace time, on CLOCK_MONOTONIC
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
