// SPDX-License-Identifier: GPL-2.0-only
#include "lane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "episode.h"
#include "sched_rank.h"

static int make_room(struct lane *lane)
{
	uint32_t wanted = lane->nr_allocated ? 2 * lane->nr_allocated : 16;
	struct slot *slots;

	if (lane->nr_slots < lane->nr_allocated)
		return 0;
	slots = reallocarray(lane->slots, wanted, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	lane->slots = slots;
	lane->nr_allocated = wanted;
	return 0;
}

int lane_init(struct lane *lane)
{
	int err;

	*lane = (struct lane){ 0 };
	err = make_room(lane);
	if (err)
		return err;
	lane->slots[lane->nr_slots++] = (struct slot){
		.kind = SLOT_TRACE_START,
		.lender = CULPRIT_NONE,
		.prio = PRIO_UNKNOWN,
		.rank = RANK_UNKNOWN,
		.base_rank = RANK_UNKNOWN,
	};
	return 0;
}

void lane_deinit(struct lane *lane)
{
	free(lane->slots);
	*lane = (struct lane){ 0 };
}

int lane_push(struct lane *lane, const struct slot *slot, bool has_waits, uint32_t nr_kept)
{
	int err;

	if (!has_waits && lane->nr_slots >= 2 * nr_kept)
		lane_drop(lane, nr_kept - 1);
	err = make_room(lane);
	if (err)
		return err;
	lane->slots[lane->nr_slots++] = *slot;
	return 0;
}

uint32_t lane_drop(struct lane *lane, uint32_t nr_kept)
{
	uint32_t nr_gone;

	if (lane->nr_slots <= nr_kept)
		return 0;
	nr_gone = lane->nr_slots - nr_kept;
	memmove(lane->slots, lane->slots + nr_gone, nr_kept * sizeof(*lane->slots));
	lane->nr_slots = nr_kept;
	return nr_gone;
}

void lane_learn_rank(struct lane *lane, uint32_t thread, int32_t prio, int rank)
{
	uint64_t in_at = lane_last(lane)->in_at;

	for (uint32_t i = lane->nr_slots; i-- > 0;) {
		struct slot *slot = &lane->slots[i];

		if (slot->thread != thread || slot->in_at != in_at)
			break;
		slot->prio = prio;
		slot->rank = slot->base_rank = (int16_t)rank;
		slot->rank_inferred = true;
	}
}

/* What a context of kind @top can have been on top of. */
static bool can_be_under(uint8_t kind, uint8_t top)
{
	return kind >= SLOT_IDLE && kind < top;
}

/* The part of slots[at] from @from_at on becomes @top; returns the index of that part. */
static int64_t cover(struct lane *lane, uint32_t at, uint64_t from_at, const struct slot *top)
{
	struct slot *slot = &lane->slots[at];
	int err;

	if (from_at > slot->at) {
		err = make_room(lane);
		if (err)
			return err;
		slot = &lane->slots[at];
		memmove(slot + 2, slot + 1, (lane->nr_slots - at - 1) * sizeof(*slot));
		lane->nr_slots++;
		slot[1] = slot[0];
		slot++;
		slot->at = from_at;
		at++;
	}
	slot->culprit = top->culprit;
	slot->frame = top->frame;
	slot->kind = top->kind;
	slot->is_reschedule = top->is_reschedule;
	return at;
}

int64_t lane_cut(struct lane *lane, uint64_t now_at, uint64_t net_ns, const struct slot *top,
		 uint64_t *first_at)
{
	struct slot under = *lane_last(lane);
	uint64_t end_at = now_at;
	uint64_t left_ns = net_ns;

	*first_at = now_at;
	for (uint32_t i = lane->nr_slots; left_ns && i-- > 0;) {
		struct slot *slot = &lane->slots[i];
		uint64_t from_at = slot->at;
		int64_t covered;

		if (slot->kind <= SLOT_UNKNOWN || slot->in_at != under.in_at)
			break;
		if (end_at > from_at && can_be_under(slot->kind, top->kind)) {
			if (end_at - from_at > left_ns)
				from_at = end_at - left_ns;
			left_ns -= end_at - from_at;
			covered = cover(lane, i, from_at, top);
			if (covered < 0)
				return covered;
		}
		*first_at = from_at;
		end_at = from_at;
	}
	return (int64_t)(net_ns - left_ns);
}
