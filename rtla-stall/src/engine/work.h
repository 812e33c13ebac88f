/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_WORK_H
#define RTLA_STALL_ENGINE_WORK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Work items between workqueue_queue_work and workqueue_execute_start, so that a starved worker is
 * named with the function it should have run and who queued it. Bounded: beyond WORK_MAX_ITEMS the
 * ones queued longest ago are forgotten (their start was not recorded, or never comes).
 */

#define WORK_MAX_ITEMS 4096u

struct work_item {
	uint64_t work;		/* address: its identity; 0: a free slot */
	uint64_t queued_at;
	uint32_t function;	/* name */
	uint32_t queued_by;	/* culprit */
	uint32_t cpu;		/* its pool's; UINT32_MAX unbound or unknown */
};

struct work_table {
	struct work_item *items;	/* a ring in the order of queueing, with holes */
	uint32_t nr_items;		/* slots used, holes too */
	uint32_t nr_allocated;
};

void work_table_deinit(struct work_table *table);

/** work_table_add() - queued; an item of the same address is replaced. Return: 0 or -ENOMEM */
int work_table_add(struct work_table *table, const struct work_item *item);

/** work_table_find() - by address; NULL when it is not queued */
struct work_item *work_table_find(struct work_table *table, uint64_t work);

/** work_table_oldest() - the one that waits longest for the pool of @cpu, or NULL */
const struct work_item *work_table_oldest(const struct work_table *table, uint32_t cpu);

/** work_table_remove() - it is being executed */
void work_table_remove(struct work_table *table, struct work_item *item);

#endif
