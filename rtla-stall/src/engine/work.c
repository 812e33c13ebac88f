// SPDX-License-Identifier: GPL-2.0-only
#include "work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void work_table_deinit(struct work_table *table)
{
	free(table->items);
	*table = (struct work_table){ 0 };
}

/* Close the holes; when there are none, forget the older half. */
static void compact(struct work_table *table)
{
	uint32_t nr_left = 0;

	for (uint32_t i = 0; i < table->nr_items; i++) {
		if (table->items[i].work)
			table->items[nr_left++] = table->items[i];
	}
	if (nr_left == WORK_MAX_ITEMS) {
		nr_left /= 2;
		memmove(table->items, table->items + nr_left, nr_left * sizeof(*table->items));
	}
	table->nr_items = nr_left;
}

int work_table_add(struct work_table *table, const struct work_item *item)
{
	struct work_item *known = work_table_find(table, item->work);

	if (!item->work)
		return 0;
	if (known)
		known->work = 0;
	if (table->nr_items == table->nr_allocated) {
		uint32_t wanted = table->nr_allocated ? 2 * table->nr_allocated : 64;
		struct work_item *items;

		if (table->nr_allocated)
			compact(table);
		if (table->nr_items > table->nr_allocated / 2 && wanted <= WORK_MAX_ITEMS) {
			items = reallocarray(table->items, wanted, sizeof(*items));
			if (!items)
				return -ENOMEM;
			table->items = items;
			table->nr_allocated = wanted;
		} else if (!table->nr_allocated) {
			table->items = reallocarray(NULL, wanted, sizeof(*items));
			if (!table->items)
				return -ENOMEM;
			table->nr_allocated = wanted;
		}
	}
	table->items[table->nr_items++] = *item;
	return 0;
}

struct work_item *work_table_find(struct work_table *table, uint64_t work)
{
	for (uint32_t i = table->nr_items; work && i-- > 0;) {
		if (table->items[i].work == work)
			return &table->items[i];
	}
	return NULL;
}

const struct work_item *work_table_oldest(const struct work_table *table, uint32_t cpu)
{
	for (uint32_t i = 0; i < table->nr_items; i++) {
		if (table->items[i].work && table->items[i].cpu == cpu)
			return &table->items[i];
	}
	return NULL;
}

void work_table_remove(struct work_table *table, struct work_item *item)
{
	item->work = 0;
	while (table->nr_items && !table->items[table->nr_items - 1].work)
		table->nr_items--;
}
