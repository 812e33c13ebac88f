/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_HIT_STACKS_H
#define RTLA_STALL_MONITOR_HIT_STACKS_H

#include <stdint.h>

#include "stacks.h"

/*
 * The stacks that go with a hit, taken once for all who report it: of the waiter and of the occupant,
 * while the wait goes on; of threads in D that began to wait meanwhile. Those are found in /proc, since
 * the switches of CPUs that are not watched are not recorded; since when they are in D only the trace
 * knows, and those that it saw there before the wait began are left out.
 *
 * Takes HIT_STACKS_BUDGET_MS at most; a few ms ordinarily, 10 for each thousand threads there are.
 */

#define HIT_STACKS_MAX_SUSPENDED 6u
#define HIT_STACKS_BUDGET_MS 100

struct engine;
struct episode;
struct monitor_hit;

struct hit_stack {
	struct stacks_frames frames;
	uint64_t since_at;		/* SUSPENDED: in D since; trace time; 0: not known */
};

struct hit_stacks {
	struct hit_stack *items;	/* waiter, occupant, suspended: the longest in D first, last
					 * those of which it is not known */
	uint32_t nr_items;
	uint32_t nr_suspended;		/* in all; HIT_STACKS_MAX_SUSPENDED of them have a stack */
	char why[120];			/* why there is neither waiter nor occupant; "" */
};

/**
 * hit_stacks_take() - take them
 * @stacks: NULL: there are none, and why says so
 *
 * Return: 0 or -ENOMEM; then there is nothing to deinit.
 */
int hit_stacks_take(struct hit_stacks *ret, struct stacks *stacks, const struct engine *eng,
		    const struct monitor_hit *hit) __attribute__((warn_unused_result));

/**
 * hit_stacks_judge() - whether those of waiter and occupant are what they are taken for
 *
 * Some time has passed since the wait reached the threshold: it may be over, and the waiter may be the one
 * who was met on the CPU. It is never its own occupant: then both have no frames, and say why; who had
 * the CPU the trace knows alone.
 */
void hit_stacks_judge(struct hit_stack *waiter, struct hit_stack *occupant, const struct engine *eng,
		      const struct episode *wait);

/** hit_stacks_deinit() - free what it holds */
void hit_stacks_deinit(struct hit_stacks *stacks);

#endif
