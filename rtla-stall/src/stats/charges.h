/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_STATS_CHARGES_H
#define RTLA_STALL_STATS_CHARGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recycle_map;

/*
 * Time charged to culprits, one row per (culprit, cause, reason).
 *
 * A hash table with open addressing. It is fed on the hot path, once or a few times per wait, so it
 * allocates only when a row is new and the table is more than half full. Pure: no I/O.
 * A zeroed struct is an empty table.
 */

struct charges_row {
	uint32_t culprit;	/* engine_culprit() */
	uint8_t cause;		/* enum cause */
	uint8_t reason;		/* enum reason */
	bool is_used;		/* false: a free slot */
	uint64_t ns;
	uint64_t waits;		/* in how many waits it took part */
	uint64_t worst_ns;	/* the most in one wait */
};

struct charges {
	struct charges_row *slots;	/* rows and free slots, in no order */
	uint32_t nr_slots;		/* 0 or a power of two */
	uint32_t nr_rows;
};

/** charges_deinit() - free what it holds */
void charges_deinit(struct charges *charges);

/** charges_slot() - where a row is or belongs; @nr_slots is a power of two, and some are free */
static inline struct charges_row *charges_slot(struct charges_row *slots, uint32_t nr_slots,
					       uint32_t culprit, uint8_t cause, uint8_t reason)
{
	uint32_t hash = (culprit * 32u + reason) * UINT32_C(2654435761);
	uint32_t at = (hash >> 12) & (nr_slots - 1);

	for (;; at = (at + 1) & (nr_slots - 1)) {
		struct charges_row *row = &slots[at];

		if (!row->is_used || (row->culprit == culprit && row->reason == reason &&
				      row->cause == cause))
			return row;
	}
}

/**
 * charges_find() - the row of a culprit, cause and reason
 *
 * Return: the row, valid until the next charges_row(); NULL when there is none.
 */
static inline struct charges_row *charges_find(const struct charges *charges, uint32_t culprit,
					       uint8_t cause, uint8_t reason)
{
	struct charges_row *row;

	if (!charges->nr_slots)
		return NULL;
	row = charges_slot(charges->slots, charges->nr_slots, culprit, cause, reason);
	return row->is_used ? row : NULL;
}

/**
 * charges_row() - the row of a culprit, cause and reason, made when there is none
 *
 * Return: the row, valid until the next call; NULL when out of memory.
 */
struct charges_row *charges_row(struct charges *charges, uint32_t culprit, uint8_t cause,
				uint8_t reason);

/** charges_merge() - count everything @from holds in @charges as well. Return: 0 or -ENOMEM */
int charges_merge(struct charges *charges, const struct charges *from) __attribute__((warn_unused_result));

/**
 * charges_recycle() - write the culprits' new numbers; rows that become equal are one (engine/recycle.h)
 *
 * Return: 0 or -ENOMEM; then it is as it was.
 */
int charges_recycle(struct charges *charges, const struct recycle_map *map)
	__attribute__((warn_unused_result));

#endif
