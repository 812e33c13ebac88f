/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_HIT_QUEUE_H
#define RTLA_STALL_MONITOR_HIT_QUEUE_H

#include <stdint.h>

#include "../engine/engine.h"

/* A CPU's ready queue: who waits there, the highest rank first, of equals who waits longest. Pure. */

struct hit_queued {
	struct engine_wait wait;
	struct engine_task task;
	int rank;			/* sched_rank() */
};

struct hit_queue {
	struct hit_queued *items;
	uint32_t nr_items;
};

/** hit_queue_init() - ask the engine. Return: 0 or -ENOMEM; then it is empty */
int hit_queue_init(struct hit_queue *queue, const struct engine *eng, uint32_t cpu)
	__attribute__((warn_unused_result));

/** hit_queue_deinit() - free what it holds */
void hit_queue_deinit(struct hit_queue *queue);

#endif
