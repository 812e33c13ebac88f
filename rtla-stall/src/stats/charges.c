// SPDX-License-Identifier: GPL-2.0-only
#include "charges.h"

#include <stdlib.h>

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
