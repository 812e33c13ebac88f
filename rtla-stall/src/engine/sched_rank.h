/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_SCHED_RANK_H
#define RTLA_STALL_ENGINE_SCHED_RANK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who outranks whom. The only place that knows what the kernel's prio numbers mean.
 *
 *     stop > deadline > real-time by priority > fair and ext > idle
 *
 * The kernel picks by scheduling class first (kernel/sched/sched.h, for_each_class), and inside the
 * real-time class by priority. In traces prio is -1 for deadline, 0..98 for real-time (99 less
 * rt_priority), 100..139 for fair and ext (120 plus nice). The stop class shows 0, as FIFO 99 does;
 * its only threads are migration/N.
 */

enum {
	RANK_UNKNOWN = -1,
	RANK_IDLE = 0,		/* the idle thread: below everything */
	RANK_FAIR = 1,		/* one rank for all of fair: within it the scheduler shares */
	RANK_RT_LOWEST = 2,	/* prio 99, which nothing uses */
	RANK_RT_HIGHEST = RANK_RT_LOWEST + 99,	/* prio 0 */
	RANK_DEADLINE,
	RANK_STOP
};

/**
 * sched_rank() - the rank of a thread; higher outranks lower
 * @prio: as traced; numbers no kernel gives are of unknown rank
 * @comm: tells the stop class's migration/N from FIFO 99
 */
int sched_rank(int32_t prio, const char *comm);

#endif
