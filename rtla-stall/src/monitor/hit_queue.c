// SPDX-License-Identifier: GPL-2.0-only
#include "hit_queue.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../engine/sched_rank.h"

struct filling {
	struct hit_queue *queue;
	const struct engine *eng;
	uint32_t cpu;
	uint32_t nr_allocated;
	bool has_failed;
};

void hit_queue_deinit(struct hit_queue *queue)
{
	free(queue->items);
}

static void add(const struct engine_wait *wait, void *arg)
{
	struct filling *filling = arg;
	struct hit_queue *queue = filling->queue;
	struct hit_queued *item;

	if (wait->cpu != filling->cpu || filling->has_failed)
		return;
	if (queue->nr_items == filling->nr_allocated) {
		uint32_t nr = filling->nr_allocated ? filling->nr_allocated * 2 : 16;
		struct hit_queued *more = reallocarray(queue->items, nr, sizeof(*more));

		filling->has_failed = !more;
		if (!more)
			return;
		queue->items = more;
		filling->nr_allocated = nr;
	}
	item = &queue->items[queue->nr_items++];
	item->wait = *wait;
	engine_task(filling->eng, wait->task, &item->task);
	item->rank = sched_rank(wait->prio, item->task.comm);
}

static int by_rank(const void *a, const void *b)
{
	const struct hit_queued *left = a, *right = b;

	if (left->rank != right->rank)
		return left->rank > right->rank ? -1 : 1;
	if (left->wait.began_at != right->wait.began_at)
		return left->wait.began_at < right->wait.began_at ? -1 : 1;
	return left->wait.tid < right->wait.tid ? -1 : left->wait.tid > right->wait.tid;
}

int hit_queue_init(struct hit_queue *queue, const struct engine *eng, uint32_t cpu)
{
	struct filling filling = { .queue = queue, .eng = eng, .cpu = cpu };

	*queue = (struct hit_queue){ .items = NULL };
	engine_for_each_waiting(eng, add, &filling);
	if (filling.has_failed) {
		hit_queue_deinit(queue);
		*queue = (struct hit_queue){ .items = NULL };
		return -ENOMEM;
	}
	if (queue->nr_items)
		qsort(queue->items, queue->nr_items, sizeof(*queue->items), by_rank);
	return 0;
}
