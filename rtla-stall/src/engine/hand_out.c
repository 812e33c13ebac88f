// SPDX-License-Identifier: GPL-2.0-only
#include "hand_out.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "task.h"
#include "wait.h"

/* The invariants of episode.h. */
static void check(const struct episode *episode)
{
	uint64_t of_causes = 0;
	uint64_t of_charges = 0;
	uint64_t at = episode->began_at;

	for (uint32_t i = 0; i < CAUSE_NR; i++)
		of_causes += episode->causes[i];
	for (uint32_t i = 0; i < episode->nr_charges; i++)
		of_charges += episode->charges[i].ns;
	assert(of_causes == episode->ended_at - episode->began_at);
	assert(of_charges == of_causes);
	for (uint32_t i = 0; i < episode->nr_segments; i++) {
		const struct segment *seg = &episode->segments[i];

		assert(seg->from_at == at && seg->to_at > at);
		assert(!i || seg->cpu != seg[-1].cpu || seg->reason != seg[-1].reason ||
		       seg->culprit != seg[-1].culprit || seg->on_behalf_of != seg[-1].on_behalf_of);
		at = seg->to_at;
	}
	assert(!episode->nr_segments || at == episode->ended_at - episode->folded_ns);
}

void hand_out(const struct wait *wait, uint8_t flags, bool has_segments,
	      void (*on_episode)(const struct episode *episode, void *arg), void *arg)
{
	struct episode episode = {
		.began_at = wait->began_at,
		.ended_at = wait->done_at,
		.task = wait->task->index,
		.tid = wait->task->tid,
		.prio = wait->prio,
		.cpu = wait->cpu,
		.began_by = wait->began_by,
		.flags = wait->flags | flags,
		.waker = wait->has_waker ? wait->waker.culprit : CULPRIT_NONE,
		.waker_inferred = wait->has_waker && (wait->waker.how == WAKER_TAIL ||
						      wait->waker.how == WAKER_UNRECORDED),
		.work_inferred = wait->waker.work_inferred,
		.work_function = wait->waker.work_function,
		.work_queued_by = wait->waker.work_function ? wait->waker.work_queued_by : CULPRIT_NONE,
		.nr_charges = wait->nr_charges,
		.nr_segments = has_segments ? wait->nr_segments : 0,
		.nr_cpus = wait->nr_cpus,
		.nr_stacks = wait->nr_stacks,
		.folded_ns = wait->folded_ns,
		.nr_folded = wait->nr_folded,
		.charges = wait->charges,
		.segments = wait->segments,
		.cpus = wait->cpus,
		.stacks = wait->stacks,
	};

	memcpy(episode.causes, wait->causes, sizeof(episode.causes));
	check(&episode);
	on_episode(&episode, arg);
}

int hand_out_open(struct engine *eng, const struct wait *wait, uint64_t now_at,
		  void (*on_episode)(const struct episode *episode, void *arg), void *arg)
{
	struct wait *copy = calloc(1, sizeof(*copy));
	int err = -ENOMEM;

	if (!copy)
		return err;
	*copy = *wait;
	/* What the walk may change or let grow is its own. */
	copy->nr_charges_allocated = wait->nr_charges + 8;
	copy->nr_segments_allocated = wait->nr_segments + 8;
	copy->charges = reallocarray(NULL, copy->nr_charges_allocated, sizeof(*copy->charges));
	copy->next_charge = reallocarray(NULL, copy->nr_charges_allocated, sizeof(*copy->next_charge));
	copy->segments = reallocarray(NULL, copy->nr_segments_allocated, sizeof(*copy->segments));
	if (copy->charges && copy->next_charge && copy->segments) {
		if (wait->nr_charges)
			memcpy(copy->charges, wait->charges, wait->nr_charges * sizeof(*copy->charges));
		if (wait->nr_segments)
			memcpy(copy->segments, wait->segments,
			       wait->nr_segments * sizeof(*copy->segments));
		err = wait_catch_up(eng, copy, now_at);
	}
	if (!err)
		hand_out(copy, EPISODE_STILL_OPEN, true, on_episode, arg);
	copy->cpus = NULL;
	copy->stacks = NULL;
	wait_free(copy);
	return err;
}
