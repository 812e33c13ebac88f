// SPDX-License-Identifier: GPL-2.0-only
#include "hit_stacks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/clock.h"
#include "monitor.h"

#define SLEEPER_MS 20
#define OCCUPANT_MS 60
#define CENSUS_MS 50
#define MAX_ITEMS (2 + HIT_STACKS_MAX_SUSPENDED)

void hit_stacks_deinit(struct hit_stacks *stacks)
{
	free(stacks->items);
}

/* How much of @wanted_ms there is time for. */
static int allowed_ms(uint64_t began_ms, uint64_t now_ms, int wanted_ms)
{
	uint64_t used_ms = now_ms - began_ms;

	if (used_ms >= HIT_STACKS_BUDGET_MS)
		return 1;
	return wanted_ms < HIT_STACKS_BUDGET_MS - (int)used_ms ? wanted_ms :
	       HIT_STACKS_BUDGET_MS - (int)used_ms;
}

/* To ask such a CPU would keep another one busy until it answers. */
static bool has_interrupts_off(const struct episode *wait)
{
	return wait->nr_segments && wait->segments[wait->nr_segments - 1].reason == REASON_IRQS_OFF;
}

/* Who has the CPU, as far as the trace has come: there the wait goes on. */
static void name_by_trace(struct stacks_frames *frames, const struct engine *eng)
{
	struct engine_cpu cpu;
	struct culprit who;

	if (!engine_cpu(eng, frames->cpu, &cpu))
		return;
	who = engine_culprit(eng, cpu.occupant);
	if (who.kind == CULPRIT_IDLE)
		frames->tid = 0;
	if (who.kind != CULPRIT_THREAD)
		return;
	frames->tid = who.id;
	snprintf(frames->comm, sizeof(frames->comm), "%s", who.name);
}

static void take_occupant(struct hit_stack *item, struct stacks *stacks, const struct engine *eng,
			  const struct episode *wait, int timeout_ms)
{
	if (!has_interrupts_off(wait)) {
		stacks_of_occupant(stacks, wait->cpu, timeout_ms, &item->frames);
		return;
	}
	item->frames = (struct stacks_frames){
		.kind = STACKS_OCCUPANT,
		.tid = -1,
		.cpu = wait->cpu,
		.why = "it has interrupts off, and would not answer one that asks",
	};
	name_by_trace(&item->frames, eng);
}

static void forget_frames(struct stacks_frames *frames)
{
	frames->is_user = false;
	frames->nr_frames = 0;
}

void hit_stacks_judge(struct hit_stack *waiter, struct hit_stack *occupant, const struct engine *eng,
		      const struct episode *wait)
{
	struct stacks_frames *frames = &occupant->frames;

	if (frames->tid != wait->tid)
		return;
	forget_frames(frames);
	frames->tid = -1;
	*frames->comm = '\0';
	name_by_trace(frames, eng);
	snprintf(frames->why, sizeof(frames->why), "when it was looked for, the waiter ran itself: who had "
		 "the CPU when the threshold was reached is known from the trace only");
	forget_frames(&waiter->frames);
	snprintf(waiter->frames.why, sizeof(waiter->frames.why), "its wait was over when it was looked at");
}

/* Threads in D: by the trace alone, or by /proc with what the trace knows of them. */
struct suspended {
	uint32_t nr;				/* in all */
	uint32_t nr_kept;
	struct hit_stack kept[HIT_STACKS_MAX_SUSPENDED];
};

static uint64_t order_of(const struct hit_stack *item)
{
	return item->since_at ? item->since_at : UINT64_MAX;
}

static void keep(struct suspended *suspended, int32_t tid, const char *comm, uint32_t cpu, uint64_t since_at)
{
	struct hit_stack item = {
		.since_at = since_at,
		.frames = { .kind = STACKS_SUSPENDED, .tid = tid, .cpu = cpu },
	};
	uint32_t at;

	suspended->nr++;
	memcpy(item.frames.comm, comm, sizeof(item.frames.comm));
	for (at = suspended->nr_kept; at && order_of(&suspended->kept[at - 1]) > order_of(&item); at--) {
		if (at < HIT_STACKS_MAX_SUSPENDED)
			suspended->kept[at] = suspended->kept[at - 1];
	}
	if (at == HIT_STACKS_MAX_SUSPENDED)
		return;
	suspended->kept[at] = item;
	if (suspended->nr_kept < HIT_STACKS_MAX_SUSPENDED)
		suspended->nr_kept++;
}

static void find_in_trace(struct suspended *suspended, const struct engine *eng, uint64_t after_at)
{
	uint32_t nr_tasks = engine_nr_tasks(eng);
	struct engine_task task;

	for (uint32_t i = 0; i < nr_tasks; i++) {
		engine_task(eng, i, &task);
		if (task.tid && task.state == TASK_SUSPENDED && task.state_at >= after_at)
			keep(suspended, task.tid, task.comm, task.cpu, task.state_at);
	}
}

/* Where the trace thinks otherwise it is late, or has not seen the switch. */
static void find_in_proc(struct suspended *suspended, const struct stacks_suspended *found,
			 const struct engine *eng, uint64_t after_at)
{
	uint32_t nr_tasks = engine_nr_tasks(eng);
	uint64_t since_at[STACKS_MAX_SUSPENDED] = { 0 };
	struct engine_task task;

	for (uint32_t i = 0; i < nr_tasks; i++) {
		engine_task(eng, i, &task);
		for (uint32_t k = 0; k < found->nr_kept && task.state == TASK_SUSPENDED; k++) {
			if (found->threads[k].tid == task.tid)
				since_at[k] = task.state_at;
		}
	}
	for (uint32_t k = 0; k < found->nr_kept; k++) {
		if (!since_at[k] || since_at[k] >= after_at)
			keep(suspended, found->threads[k].tid, found->threads[k].comm, found->threads[k].cpu,
			     since_at[k]);
	}
	suspended->nr += found->nr - found->nr_kept;
}

static uint64_t began_at(const struct monitor_hit *hit)
{
	return hit->kind == MONITOR_HIT_WAIT ? hit->episode->began_at : hit->activation->arrival_at;
}

int hit_stacks_take(struct hit_stacks *ret, struct stacks *stacks, const struct engine *eng,
		    const struct monitor_hit *hit)
{
	bool is_open = hit->kind == MONITOR_HIT_WAIT && (hit->episode->flags & EPISODE_STILL_OPEN);
	struct suspended suspended = { .nr = 0 };
	struct stacks_suspended found;
	uint64_t began_ms = clock_mono_ms();

	*ret = (struct hit_stacks){ .items = calloc(MAX_ITEMS, sizeof(*ret->items)) };
	if (!ret->items)
		return -ENOMEM;
	if (!stacks)
		snprintf(ret->why, sizeof(ret->why), "they could not be prepared");
	else if (!is_open)
		snprintf(ret->why, sizeof(ret->why),
			 "it was over when it was seen, and who had the CPU is known from the trace only");
	if (stacks && is_open) {
		stacks_of_sleeper(stacks, STACKS_WAITER, hit->episode->tid, hit->episode->cpu, SLEEPER_MS,
				  &ret->items[ret->nr_items++].frames);
		take_occupant(&ret->items[ret->nr_items++], stacks, eng, hit->episode,
			      allowed_ms(began_ms, clock_mono_ms(), OCCUPANT_MS));
		hit_stacks_judge(&ret->items[0], &ret->items[1], eng, hit->episode);
	}
	if (stacks && stacks_find_suspended(stacks, allowed_ms(began_ms, clock_mono_ms(), CENSUS_MS), &found))
		find_in_proc(&suspended, &found, eng, began_at(hit));
	else
		find_in_trace(&suspended, eng, began_at(hit));
	ret->nr_suspended = suspended.nr;
	for (uint32_t i = 0; i < suspended.nr_kept; i++) {
		struct hit_stack *item = &ret->items[ret->nr_items++];
		const struct hit_stack *kept = &suspended.kept[i];

		*item = *kept;
		if (stacks)
			stacks_of_sleeper(stacks, STACKS_SUSPENDED, kept->frames.tid, kept->frames.cpu,
					  allowed_ms(began_ms, clock_mono_ms(), SLEEPER_MS), &item->frames);
		if (!*item->frames.comm)
			memcpy(item->frames.comm, kept->frames.comm, sizeof(item->frames.comm));
	}
	return 0;
}
