// SPDX-License-Identifier: GPL-2.0-only
#include "charges.h"

#include <errno.h>
#include <stdlib.h>

#include "../engine/recycle.h"

void charges_deinit(struct charges *charges)
{
	free(charges->slots);
}

static int grow(struct charges *charges)
{
	uint32_t nr_slots = charges->nr_slots ? 2 * charges->nr_slots : 8;
	struct charges_row *slots = calloc(nr_slots, sizeof(*slots));

	if (!slots)
		return -1;
	for (uint32_t i = 0; i < charges->nr_slots; i++) {
		const struct charges_row *row = &charges->slots[i];

		if (row->is_used)
			*charges_slot(slots, nr_slots, row->culprit, row->cause, row->reason) = *row;
	}
	free(charges->slots);
	charges->slots = slots;
	charges->nr_slots = nr_slots;
	return 0;
}

struct charges_row *charges_row(struct charges *charges, uint32_t culprit, uint8_t cause,
				uint8_t reason)
{
	struct charges_row *row = charges_find(charges, culprit, cause, reason);

	if (row)
		return row;
	if (2 * (charges->nr_rows + 1) > charges->nr_slots && grow(charges))
		return NULL;
	row = charges_slot(charges->slots, charges->nr_slots, culprit, cause, reason);
	*row = (struct charges_row){ .culprit = culprit, .cause = cause, .reason = reason,
				     .is_used = true };
	charges->nr_rows++;
	return row;
}

static int add_row(struct charges *charges, const struct charges_row *from, uint32_t culprit)
{
	struct charges_row *into = charges_row(charges, culprit, from->cause, from->reason);

	if (!into)
		return -ENOMEM;
	into->ns += from->ns;
	into->waits += from->waits;
	if (from->worst_ns > into->worst_ns)
		into->worst_ns = from->worst_ns;
	return 0;
}

int charges_merge(struct charges *charges, const struct charges *from)
{
	for (uint32_t i = 0; i < from->nr_slots; i++) {
		if (from->slots[i].is_used && add_row(charges, &from->slots[i], from->slots[i].culprit))
			return -ENOMEM;
	}
	return 0;
}

int charges_recycle(struct charges *charges, const struct recycle_map *map)
{
	struct charges renamed = { 0 };
	bool has_changed = false;

	for (uint32_t i = 0; i < charges->nr_slots && !has_changed; i++) {
		const struct charges_row *row = &charges->slots[i];

		has_changed = row->is_used && recycle_culprit(map, row->culprit) != row->culprit;
	}
	for (uint32_t i = 0; i < charges->nr_slots && has_changed; i++) {
		const struct charges_row *row = &charges->slots[i];

		if (row->is_used && add_row(&renamed, row, recycle_culprit(map, row->culprit))) {
			charges_deinit(&renamed);
			return -ENOMEM;
		}
	}
	if (has_changed) {
		charges_deinit(charges);
		*charges = renamed;
	}
	return 0;
}
