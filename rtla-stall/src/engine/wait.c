// SPDX-License-Identifier: GPL-2.0-only
#include "wait.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "hand_out.h"
#include "sched_rank.h"
#include "state.h"

/* Real-time throttling stops all of a run queue's real-time threads: who is one of them? */
static void count_rt(struct cpu *cpu, struct wait *wait)
{
	wait->is_rt = wait->is_enqueued && !wait->is_lost && wait->rank >= RANK_RT_LOWEST &&
		      wait->rank <= RANK_RT_HIGHEST;
	cpu->nr_rt_waits += wait->is_rt;
}

void wait_set_rank(struct wait *wait, struct cpu *cpu, int rank)
{
	cpu->nr_rt_waits -= wait->is_rt;
	wait->rank = rank;
	count_rt(cpu, wait);
}

static void list_add(struct cpu *cpu, struct wait *wait)
{
	wait->prev = NULL;
	wait->next = cpu->waits;
	if (cpu->waits)
		cpu->waits->prev = wait;
	cpu->waits = wait;
	cpu->nr_waits++;
	count_rt(cpu, wait);
}

static void list_del(struct cpu *cpu, struct wait *wait)
{
	if (wait->prev)
		wait->prev->next = wait->next;
	else
		cpu->waits = wait->next;
	if (wait->next)
		wait->next->prev = wait->prev;
	cpu->nr_waits--;
	cpu->nr_rt_waits -= wait->is_rt;
}

static int add_cpu(struct wait *wait, uint32_t cpu)
{
	for (uint32_t i = 0; i < wait->nr_cpus; i++) {
		if (wait->cpus[i] == cpu)
			return 0;
	}
	if (wait->nr_cpus == wait->nr_cpus_allocated) {
		uint32_t wanted = wait->nr_cpus ? 2 * wait->nr_cpus : WAIT_INLINE_CPUS;
		uint32_t *cpus = reallocarray(wait->cpus, wanted, sizeof(*cpus));

		if (!cpus)
			return -ENOMEM;
		wait->cpus = cpus;
		wait->nr_cpus_allocated = wanted;
	}
	wait->cpus[wait->nr_cpus++] = cpu;
	return 0;
}

/* Queue it on @cpu from @at on; the lane's last slot is the one it lies in. */
static int enter_cpu(struct wait *wait, struct cpu *cpu, uint64_t at, bool remotely)
{
	wait->cpu = cpu->number;
	wait->cursor = cpu->lane.nr_slots - 1;
	wait->queued_at = at;
	wait->is_told_remotely = remotely;
	wait->is_ipi_known = false;
	wait->was_late = false;
	wait->untold_ns = 0;
	if (cpu->is_lost && at < cpu->lost_to_at && !wait->is_lost) {
		wait->flags |= EPISODE_TOUCHED_BY_LOSS;
		wait->is_lost = true;
		wait->lost_at = at;
	}
	list_add(cpu, wait);
	return add_cpu(wait, cpu->number);
}

/* Everything back to nothing but the memory that can be used again. */
static void wait_reset(struct wait *wait)
{
	*wait = (struct wait){
		.charges = wait->charges,
		.next_charge = wait->next_charge,
		.nr_charges_allocated = wait->nr_charges_allocated,
		.segments = wait->segments,
		.nr_segments_allocated = wait->nr_segments_allocated,
		.cpus = wait->cpus,
		.nr_cpus_allocated = wait->nr_cpus_allocated,
		.stacks = wait->stacks,
	};
}

int wait_begin(struct engine *eng, struct task *task, struct cpu *cpu, uint64_t at,
	       const struct waker *waker, bool is_enqueued)
{
	struct wait *wait = eng->free_waits;

	if (wait) {
		eng->free_waits = wait->next;
		wait_reset(wait);
	} else {
		wait = calloc(1, sizeof(*wait));
		if (!wait)
			return -ENOMEM;
	}
	wait->task = task;
	wait->began_at = at;
	wait->done_at = at;
	wait->rank = task->rank;
	wait->prio = task->prio;
	wait->began_by = waker ? EPISODE_BEGAN_BY_WAKING : EPISODE_BEGAN_BY_PREEMPTION;
	wait->has_waker = waker;
	wait->is_enqueued = is_enqueued;
	wait->enqueued_at = at;
	if (waker)
		wait->waker = *waker;
	task->wait = wait;
	task->state = TASK_READY;
	task->state_at = at;
	return enter_cpu(wait, cpu, at, false);
}

void wait_free(struct wait *wait)
{
	free(wait->charges);
	free(wait->next_charge);
	free(wait->segments);
	free(wait->cpus);
	free(wait->stacks);
	free(wait);
}

void wait_discard(struct engine *eng, struct wait *wait)
{
	list_del(eng->cpus[wait->cpu], wait);
	wait->task->wait = NULL;
	if (wait->nr_segments_allocated > WAIT_SMALL_SEGMENTS) {
		free(wait->segments);
		wait->segments = NULL;
		wait->nr_segments_allocated = 0;
	}
	wait->next = eng->free_waits;
	eng->free_waits = wait;
}

void wait_restart(struct wait *wait, const struct cpu *cpu)
{
	wait->done_at = wait->began_at;
	wait->untold_ns = 0;
	wait->is_ipi_known = false;
	wait->was_late = false;
	wait->nr_charges = 0;
	wait->nr_segments = 0;
	wait->nr_folded = 0;
	wait->folded_ns = 0;
	memset(wait->causes, 0, sizeof(wait->causes));
	wait_seek(wait, cpu);
}

void wait_seek(struct wait *wait, const struct cpu *cpu)
{
	const struct lane *lane = &cpu->lane;
	uint32_t at = wait->cursor < lane->nr_slots ? wait->cursor : lane->nr_slots - 1;

	while (at && lane->slots[at].at > wait->done_at)
		at--;
	while (at + 1 < lane->nr_slots && lane->slots[at + 1].at <= wait->done_at)
		at++;
	wait->cursor = at;
}

static int grow_charges(struct wait *wait)
{
	uint32_t wanted = wait->nr_charges_allocated ? 2 * wait->nr_charges_allocated : 8;
	struct charge *charges = reallocarray(wait->charges, wanted, sizeof(*charges));
	uint32_t *next;

	if (!charges)
		return -ENOMEM;
	wait->charges = charges;
	next = reallocarray(wait->next_charge, wanted, sizeof(*next));
	if (!next)
		return -ENOMEM;
	wait->next_charge = next;
	wait->nr_charges_allocated = wanted;
	return 0;
}

/* The culprits' marks tell where this wait's charges are; other waits have used them since. */
static void take_marks(struct engine *eng, struct wait *wait)
{
	if (!++eng->mark_serial) {
		for (uint32_t i = 0; i < eng->culprits.nr_entries; i++)
			eng->culprits.entries[i].mark_serial = 0;
		eng->mark_serial = 1;
	}
	for (uint32_t i = 0; i < wait->nr_charges; i++) {
		struct culprit_entry *entry = &eng->culprits.entries[wait->charges[i].culprit];

		wait->next_charge[i] = entry->mark_serial == eng->mark_serial ? entry->mark_charge :
										UINT32_MAX;
		entry->mark_serial = eng->mark_serial;
		entry->mark_charge = i;
	}
}

static int charge(struct engine *eng, struct wait *wait, const struct verdict *found, uint64_t ns)
{
	struct culprit_entry *entry = &eng->culprits.entries[found->culprit];
	bool is_marked = entry->mark_serial == eng->mark_serial;
	uint32_t first = is_marked ? entry->mark_charge : UINT32_MAX;
	enum cause cause = cause_of_reason((enum reason)found->reason);

	wait->causes[cause] += ns;
	if (found->reason == REASON_LOSS)
		wait->flags |= EPISODE_TOUCHED_BY_LOSS;
	for (uint32_t i = first; i != UINT32_MAX; i = wait->next_charge[i]) {
		if (wait->charges[i].reason == found->reason) {
			wait->charges[i].ns += ns;
			return 0;
		}
	}
	if (wait->nr_charges == wait->nr_charges_allocated) {
		int err = grow_charges(wait);

		if (err)
			return err;
	}
	wait->charges[wait->nr_charges] = (struct charge){
		.ns = ns,
		.culprit = found->culprit,
		.cause = (uint8_t)cause,
		.reason = found->reason,
	};
	wait->next_charge[wait->nr_charges] = first;
	entry->mark_serial = eng->mark_serial;
	entry->mark_charge = wait->nr_charges++;
	return 0;
}

static int add_segment(struct wait *wait, uint32_t max_segments, const struct verdict *found,
		       const struct slot *slot, uint64_t from_at, uint64_t to_at)
{
	struct segment *last = wait->nr_segments ? &wait->segments[wait->nr_segments - 1] : NULL;

	if (!wait->nr_folded && last && last->reason == found->reason &&
	    last->culprit == found->culprit && last->cpu == wait->cpu &&
	    last->on_behalf_of == found->on_behalf_of) {
		last->to_at = to_at;
		last->inferred |= found->inferred;
		return 0;
	}
	/* What is folded is at the end, also when there is more room again. */
	if (wait->nr_folded || wait->nr_segments >= max_segments) {
		wait->nr_folded++;
		wait->folded_ns += to_at - from_at;
		return 0;
	}
	if (wait->nr_segments == wait->nr_segments_allocated) {
		uint32_t wanted = wait->nr_segments ? 2 * wait->nr_segments : 8;
		struct segment *segments = reallocarray(wait->segments, wanted, sizeof(*segments));

		if (!segments)
			return -ENOMEM;
		wait->segments = segments;
		wait->nr_segments_allocated = wanted;
	}
	assert(wait->segments);
	wait->segments[wait->nr_segments++] = (struct segment){
		.from_at = from_at,
		.to_at = to_at,
		.cpu = wait->cpu,
		.culprit = found->culprit,
		.on_behalf_of = found->on_behalf_of,
		.culprit_prio = slot->kind == SLOT_THREAD && found->culprit == slot->thread ?
					slot->prio : PRIO_UNKNOWN,
		.cause = (uint8_t)cause_of_reason((enum reason)found->reason),
		.reason = found->reason,
		.inferred = found->inferred,
	};
	return 0;
}

/* When was the CPU told to switch, and what ran there until then? */
static void find_ipi(struct wait *wait, const struct cpu *cpu, uint64_t to_at)
{
	uint64_t from_at = wait->done_at > wait->queued_at ? wait->done_at : wait->queued_at;

	if (!wait->is_told_remotely || wait->is_ipi_known || wait->rank < RANK_RT_LOWEST)
		return;
	for (uint32_t i = wait->cursor; i < cpu->lane.nr_slots; i++) {
		const struct slot *slot = &cpu->lane.slots[i];
		uint64_t end_at = i + 1 < cpu->lane.nr_slots ? slot[1].at : to_at;

		if (slot->at >= to_at && i > wait->cursor)
			break;
		/*
		 * It has switched without having been told: a later interrupt is not about this
		 * wait.
		 */
		if (slot->in_at > wait->queued_at)
			break;
		if (slot->is_reschedule && slot->at >= wait->queued_at) {
			wait->is_ipi_known = true;
			wait->ipi_at = slot->at;
			break;
		}
		if (end_at > to_at)
			end_at = to_at;
		if (slot->kind == SLOT_THREAD && end_at > from_at)
			wait->untold_ns += end_at - from_at;
		if (end_at > from_at)
			from_at = end_at;
	}
	wait->was_late = wait->untold_ns > ENGINE_ORDINARY_IPI_NS;
}

/* The verdict may change inside a slot: at the wakeup, and where the wait was lost from sight. */
static uint64_t cut_at(const struct wait *wait, uint64_t end_at)
{
	if (wait->is_enqueued && wait->enqueued_at > wait->done_at && wait->enqueued_at < end_at)
		end_at = wait->enqueued_at;
	if (wait->is_lost && wait->lost_at > wait->done_at && wait->lost_at < end_at)
		end_at = wait->lost_at;
	return end_at;
}

static int walk(struct engine *eng, struct wait *wait, uint64_t to_at, bool keeps_segments)
{
	struct cpu *cpu = eng->cpus[wait->cpu];
	const struct lane *lane = &cpu->lane;
	uint32_t max_segments = ENGINE_MAX_SEGMENTS;

	if (to_at <= wait->done_at)
		return 0;
	/* Thousands that wait on one CPU share its room. */
	if (cpu->nr_waits > ENGINE_CPU_SEGMENTS / ENGINE_MAX_SEGMENTS)
		max_segments = ENGINE_CPU_SEGMENTS / cpu->nr_waits + WAIT_SMALL_SEGMENTS;
	take_marks(eng, wait);
	find_ipi(wait, cpu, to_at);
	for (uint32_t i = wait->cursor;; i++) {
		const struct slot *slot = &lane->slots[i];
		uint64_t end_at = i + 1 < lane->nr_slots && slot[1].at < to_at ? slot[1].at : to_at;

		wait->cursor = i;
		while (end_at > wait->done_at) {
			uint64_t upto_at = cut_at(wait, end_at);
			struct verdict found = attribute_slot(wait, slot, wait->done_at, &eng->facts);
			int err = charge(eng, wait, &found, upto_at - wait->done_at);

			if (!err && keeps_segments)
				err = add_segment(wait, max_segments, &found, slot, wait->done_at, upto_at);
			if (err)
				return err;
			wait->done_at = upto_at;
		}
		if (end_at == to_at && (i + 1 == lane->nr_slots || slot[1].at > to_at))
			return 0;
	}
}

int wait_catch_up(struct engine *eng, struct wait *wait, uint64_t to_at)
{
	return walk(eng, wait, to_at, true);
}

int wait_end(struct engine *eng, struct wait *wait, uint64_t at, uint8_t flags)
{
	struct task *task = wait->task;
	uint64_t length_ns = at > wait->began_at ? at - wait->began_at : 0;
	bool is_wanted = length_ns >= eng->config.segments_from_ns || length_ns > task->longest_ns;
	int err = walk(eng, wait, at, is_wanted);

	if (err)
		return err;
	if (wait->nr_folded)
		eng->anomalies[ANOMALY_SEGMENTS_FOLDED]++;
	if (length_ns > task->longest_ns)
		task->longest_ns = length_ns;
	flags |= wait->flags;
	if (flags)
		activation_forget(&task->activation);
	else if (task->activation.is_known)
		task->activation.waits_ns += length_ns;
	if (eng->config.on_episode)
		hand_out(wait, flags, is_wanted, eng->config.on_episode, eng->config.arg);
	wait_discard(eng, wait);
	return 0;
}

/* What threads ran on the wait's CPU since it was queued there, up to now. */
static uint64_t threads_ran_ns(const struct wait *wait, const struct cpu *cpu, uint64_t to_at)
{
	uint64_t from_at = wait->done_at > wait->queued_at ? wait->done_at : wait->queued_at;
	uint64_t ns = 0;

	for (uint32_t i = wait->cursor; i < cpu->lane.nr_slots; i++) {
		const struct slot *slot = &cpu->lane.slots[i];
		uint64_t end_at = i + 1 < cpu->lane.nr_slots ? slot[1].at : to_at;

		if (slot->kind == SLOT_THREAD && end_at > from_at)
			ns += end_at - from_at;
		if (end_at > from_at)
			from_at = end_at;
	}
	return ns;
}

int wait_enqueue(struct engine *eng, struct wait *wait, struct cpu *cpu, uint64_t at, bool remotely)
{
	/* Queued from afar, woken at home: the interrupt that does it (TTWU_QUEUE) was kept out. */
	if (!remotely && wait->has_waker && wait->waker.cpu != cpu->number &&
	    wait->cpu == cpu->number && threads_ran_ns(wait, cpu, at) > ENGINE_ORDINARY_IPI_NS)
		wait->was_woken_late = true;
	wait->is_unconfirmed = false;
	if (!wait->is_enqueued) {
		wait->is_enqueued = true;
		wait->enqueued_at = at;
	}
	if (wait->cpu != cpu->number)
		return wait_move(eng, wait, cpu, at, remotely);
	wait->queued_at = at;
	wait->is_told_remotely = remotely;
	if (!wait->is_rt)
		count_rt(cpu, wait);
	return 0;
}

int wait_move(struct engine *eng, struct wait *wait, struct cpu *cpu, uint64_t at, bool remotely)
{
	int err = wait_catch_up(eng, wait, at);

	if (err)
		return err;
	list_del(eng->cpus[wait->cpu], wait);
	return enter_cpu(wait, cpu, at, remotely);
}

int wait_lose(struct engine *eng, struct wait *wait, uint64_t at)
{
	int err = wait_catch_up(eng, wait, at);

	if (err)
		return err;
	wait->flags |= EPISODE_TOUCHED_BY_LOSS;
	if (!wait->is_lost) {
		wait->is_lost = true;
		wait->lost_at = at > wait->done_at ? at : wait->done_at;
		wait_set_rank(wait, eng->cpus[wait->cpu], wait->rank);
	}
	return 0;
}

int wait_add_stack(struct wait *wait, uint64_t at, uint32_t of, const struct event *event)
{
	struct episode_stack *stack;

	if (wait->nr_stacks == WAIT_MAX_STACKS)
		return 0;
	if (!wait->stacks) {
		wait->stacks = calloc(WAIT_MAX_STACKS, sizeof(*wait->stacks));
		if (!wait->stacks)
			return -ENOMEM;
	}
	stack = &wait->stacks[wait->nr_stacks++];
	stack->at = at;
	stack->of = of;
	stack->nr_frames = event->stack.nr_frames < STACK_MAX ? event->stack.nr_frames : STACK_MAX;
	memcpy(stack->frames, event->stack.frames, stack->nr_frames * sizeof(stack->frames[0]));
	return 0;
}
