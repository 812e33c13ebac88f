// SPDX-License-Identifier: GPL-2.0-only
#include "culprit.h"

#include <errno.h>
#include <stdlib.h>

static int add_entry(struct culprit_table *table, const struct culprit_entry *entry, uint32_t *ret)
{
	if (table->nr_entries == table->nr_allocated) {
		uint32_t wanted = table->nr_allocated ? 2 * table->nr_allocated : 64;
		struct culprit_entry *entries;

		entries = reallocarray(table->entries, wanted, sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		table->entries = entries;
		table->nr_allocated = wanted;
	}
	*ret = table->nr_entries;
	table->entries[table->nr_entries++] = *entry;
	return 0;
}

int culprit_table_init(struct culprit_table *table)
{
	struct culprit_entry unknown = { .id = -1, .task = UINT32_MAX, .kind = CULPRIT_UNKNOWN };
	uint32_t number;

	*table = (struct culprit_table){ .nr_slots = 64 };
	table->slots = calloc(table->nr_slots, sizeof(*table->slots));
	if (!table->slots)
		return -ENOMEM;
	return add_entry(table, &unknown, &number);
}

void culprit_table_deinit(struct culprit_table *table)
{
	free(table->entries);
	free(table->slots);
	*table = (struct culprit_table){ 0 };
}

int culprit_table_add_thread(struct culprit_table *table, uint32_t task, int32_t tid, uint32_t *ret)
{
	struct culprit_entry entry = { .id = tid, .task = task, .kind = CULPRIT_THREAD };

	return add_entry(table, &entry, ret);
}

static uint32_t *find_slot(const struct culprit_table *table, enum culprit_kind kind, int32_t id,
			   uint32_t name)
{
	uint32_t mask = table->nr_slots - 1;
	uint32_t at = ((uint32_t)id * 2654435761u ^ name * 40503u ^ (uint32_t)kind * 97u) & mask;

	for (;; at = (at + 1) & mask) {
		const struct culprit_entry *entry = &table->entries[table->slots[at]];

		if (!table->slots[at] ||
		    (entry->kind == kind && entry->id == id && entry->name == name))
			return &table->slots[at];
	}
}

static int grow_slots(struct culprit_table *table)
{
	uint32_t *slots = calloc(2 * (size_t)table->nr_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	free(table->slots);
	table->slots = slots;
	table->nr_slots *= 2;
	for (uint32_t i = 1; i < table->nr_entries; i++) {
		const struct culprit_entry *entry = &table->entries[i];

		if (entry->kind != CULPRIT_THREAD)
			*find_slot(table, entry->kind, entry->id, entry->name) = i;
	}
	return 0;
}

int culprit_table_context(struct culprit_table *table, enum culprit_kind kind, int32_t id,
			  uint32_t name, bool is_reschedule, uint32_t *ret)
{
	struct culprit_entry entry = {
		.id = id,
		.name = name,
		.task = UINT32_MAX,
		.kind = (uint8_t)kind,
		.is_reschedule = is_reschedule,
	};
	uint32_t *slot = find_slot(table, kind, id, name);
	int err;

	*ret = *slot;
	if (*slot || table->nr_contexts == CULPRITS_MAX_CONTEXTS)
		return 0;
	if (2 * (table->nr_contexts + 1) > table->nr_slots) {
		err = grow_slots(table);
		if (err)
			return err;
		slot = find_slot(table, kind, id, name);
	}
	err = add_entry(table, &entry, ret);
	if (err)
		return err;
	table->nr_contexts++;
	*slot = *ret;
	return 0;
}
