/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_HEAP_H
#define RTLA_STALL_SOURCE_DAT_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which CPU's record comes next: the CPUs that have one are a heap, the earliest first; of two with equal
 * times the lower CPU.
 */

struct dat_heap_slot {
	uint64_t at;
	uint32_t cpu;
	uint32_t stream;	/* the caller's number for it */
};

static inline bool dat_heap_is_before(const struct dat_heap_slot *a, const struct dat_heap_slot *b)
{
	return a->at < b->at || (a->at == b->at && a->cpu < b->cpu);
}

/**
 * dat_heap_sift_down() - put a slot whose time went up in its place
 * @at: of the slot; everything below it is in order
 *
 * From the middle to the beginning it makes a heap of any slots.
 */
static inline void dat_heap_sift_down(struct dat_heap_slot *slots, uint32_t nr_slots, uint32_t at)
{
	struct dat_heap_slot moved = slots[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= nr_slots)
			break;
		if (child + 1 < nr_slots && dat_heap_is_before(&slots[child + 1], &slots[child]))
			child++;
		if (!dat_heap_is_before(&slots[child], &moved))
			break;
		slots[at] = slots[child];
		at = child;
	}
	slots[at] = moved;
}

#endif
