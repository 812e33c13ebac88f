/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_STATS_TIMERS_H
#define RTLA_STALL_STATS_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/engine.h"

/*
 * What timerlat's samples of each CPU add up to: how late its timer interrupt was, how late its
 * thread, and the worst activation with what the time before its waking is charged to. Fed from the
 * engine's on_timerlat. The wait of its thread after that is a wait like any other, and is kept in
 * the tally. Pure: no I/O.
 */

struct recycle_map;

#define TIMERS_MAX_CHARGES 16u	/* kept of the worst activation; the largest ones */

struct timers_samples {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t min_ns;
	uint64_t max_ns;
	uint64_t last_ns;	/* the latest sample; 0 while count is 0 */
};

struct timers_cpu {
	uint32_t cpu;
	uint64_t activations;
	struct timers_samples irq;	/* the timer's expiry to the sample in the interrupt */
	struct timers_samples thread;	/* the timer's expiry to the sample in the thread */
	struct timers_samples user;	/* the timer's expiry to the return to user space */
	/* the latest to its thread, or to its interrupt where it has no thread sample */
	struct timerlat_activation worst; /* charges point to the array below */
	struct charge worst_charges[TIMERS_MAX_CHARGES];
};

struct timers {
	struct timers_cpu **cpus;	/* ordered by CPU */
	uint32_t nr_cpus;
	uint32_t nr_allocated;
};

/** timers_deinit() - free what it holds; a zeroed struct is empty */
void timers_deinit(struct timers *timers);

/** timers_add() - count one activation. Return: 0 or -ENOMEM */
int timers_add(struct timers *timers, const struct timerlat_activation *activation)
	__attribute__((warn_unused_result));

/** timers_recycle() - write the culprits' new numbers (engine/recycle.h) */
void timers_recycle(struct timers *timers, const struct recycle_map *map);

#endif
