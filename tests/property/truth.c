// SPDX-License-Identifier: GPL-2.0-only
#include "truth.h"

#include <string.h>

#define ORDINARY_IPI_NS 100000

/* ---- ranks ----------------------------------------------------------------------------------- */

enum rank_class { CLASS_FAIR, CLASS_RT, CLASS_DEADLINE, CLASS_STOP };

static enum rank_class class_of(const struct sim_thread *thread, int32_t prio)
{
	if (thread->is_stop && prio == 0)
		return CLASS_STOP;
	if (prio < 0)
		return CLASS_DEADLINE;
	return prio < 100 ? CLASS_RT : CLASS_FAIR;
}

/* > 0: @a at @a_prio outranks @b at @b_prio; 0: they are equals */
static int compare_ranks(const struct sim_thread *a, int32_t a_prio, const struct sim_thread *b,
			 int32_t b_prio)
{
	int difference = (int)class_of(a, a_prio) - (int)class_of(b, b_prio);

	if (difference || class_of(a, a_prio) != CLASS_RT)
		return difference;
	return b_prio - a_prio;
}

/* ---- one stretch ----------------------------------------------------------------------------- */

static uint64_t event_at(const struct sim *sim, size_t index)
{
	return sim->events[index < sim->nr_events ? index : sim->nr_events - 1].at;
}

static struct flat_segment verdict(enum reason reason, enum culprit_kind kind, int32_t id)
{
	return (struct flat_segment) {
		.cause = (uint8_t)cause_of_reason(reason), .reason = (uint8_t)reason,
		.culprit = { .kind = kind, .id = id },
	};
}

static bool is_thread_on_top(const struct sim_world *world, uint32_t cpu)
{
	const struct sim_cpu *where = &world->cpus[cpu];

	if (where->thread == SIM_NOBODY)
		return false;
	return !where->nr_frames || (world->threads[where->thread].is_ksoftirqd &&
				     where->frames[where->nr_frames - 1].is_softirq);
}

static bool is_on(const struct sim *sim, size_t event, uint32_t cpu)
{
	return sim->events[event].cpu == sim->events[0].cpu + cpu;
}

/*
 * A waiter that was queued from another CPU: when its own was told by a reschedule interrupt, and how long
 * threads went on there until then.
 */
static bool find_reschedule(const struct sim *sim, const struct sim_wait *wait,
			    const struct sim_thread *waiter, size_t *ret, uint64_t *ret_ns)
{
	*ret_ns = 0;
	if (is_on(sim, waiter->queued_by, waiter->cpu) || waiter->prio >= 100)
		return false;
	/* one that comes with the last event is not known of before it */
	for (size_t i = waiter->queued_by + 1; i + 1 < sim->nr_events && i < wait->last; i++) {
		const struct event *event = &sim->events[i];

		if (is_thread_on_top(&sim->worlds[i - 1], waiter->cpu))
			*ret_ns += event->at - sim->events[i - 1].at;
		if (event->type == EVENT_MIGRATE && event->migrate.tid == waiter->tid)
			return false;
		/* it has switched without having been told: a later interrupt is not about this waiter */
		if (event->type == EVENT_SWITCH && is_on(sim, i, waiter->cpu))
			return false;
		if (is_on(sim, i, waiter->cpu) && event->type == EVENT_IRQ_ENTRY &&
		    event->irq.number == SIM_RESCHEDULE) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* The hard interrupt nearest to the thread, open on a CPU after event @now; its entry. */
static bool find_outermost(const struct sim *sim, size_t now, uint32_t cpu, size_t *ret)
{
	const struct sim_cpu *where = &sim->worlds[now].cpus[cpu];
	uint32_t outermost = 0;

	while (outermost < where->nr_frames && where->frames[outermost].is_softirq)
		outermost++;
	if (outermost == where->nr_frames)
		return false;
	for (size_t i = now + 1; i-- > 0;) {
		const struct sim_cpu *then = &sim->worlds[i].cpus[cpu];

		if (then->nr_frames <= outermost ||
		    then->frames[outermost].serial != where->frames[outermost].serial)
			break;
		*ret = i;
	}
	return true;
}

/*
 * What interrupts of this run of the occupant have shown of what they interrupted, since the waiter
 * was queued here: a reschedule interrupt, and one that did a wakeup for this CPU.
 */
static enum reason shown_by_interrupts(const struct sim *sim, size_t now, uint32_t cpu,
				       size_t queued_by)
{
	size_t since = sim->worlds[now].cpus[cpu].since + 1;
	enum reason shown = REASON_NONE;
	size_t entry = 0;

	for (size_t i = queued_by > since ? queued_by : since; i <= now; i++) {
		const struct event *event = &sim->events[i];
		bool is_wakeup = event->type == EVENT_WAKEUP &&
				 event->wake.target_cpu == sim->events[0].cpu + cpu;
		bool is_reschedule = event->type == EVENT_IRQ_ENTRY &&
				     event->irq.number == SIM_RESCHEDULE &&
				     is_thread_on_top(&sim->worlds[i - 1], cpu);

		if (is_on(sim, i, cpu) && (is_wakeup || is_reschedule) &&
		    find_outermost(sim, i, cpu, &entry))
			shown = sim->events[entry].preempt_depth ? REASON_PREEMPT_OFF :
								   REASON_NO_PREEMPT;
	}
	return shown;
}

/* Why a lower thread that was there before the waiter still has the CPU. */
static enum reason why_blocked(const struct sim *sim, const struct sim_wait *wait, size_t now,
			       const struct sim_thread *waiter)
{
	uint64_t untold_ns;
	size_t reschedule;

	if (find_reschedule(sim, wait, waiter, &reschedule, &untold_ns) && now < reschedule)
		return untold_ns > ORDINARY_IPI_NS ? REASON_IRQS_OFF : REASON_REMOTE;
	return shown_by_interrupts(sim, now, waiter->cpu, waiter->queued_by);
}

/* A lower thread runs between the waking and the wakeup: the CPU may be told late (TTWU_QUEUE). */
static enum reason why_not_queued(const struct sim *sim, const struct sim_wait *wait,
				  const struct sim_thread *waiter)
{
	size_t i = wait->first + 1;
	uint64_t ran_ns = 0;

	while (i < sim->nr_events && i < wait->last) {
		if (is_thread_on_top(&sim->worlds[i - 1], waiter->cpu))
			ran_ns += event_at(sim, i) - event_at(sim, i - 1);
		if (sim->events[i].type == EVENT_WAKEUP && sim->events[i].wake.tid == waiter->tid)
			break;
		i++;
	}
	if (i == sim->nr_events || i == wait->last || !is_on(sim, i, waiter->cpu) ||
	    wait->waker.cpu == waiter->cpu)
		return REASON_REMOTE;
	return ran_ns > ORDINARY_IPI_NS ? REASON_IRQS_OFF : REASON_REMOTE;
}

/*
 * Whether the scheduler picked the occupant although the waiter was queued. Real-time throttling stops
 * all real-time threads of a queue: when idle or a fair thread was picked over one of them, those that are
 * queued later are stopped as well.
 */
static bool was_passed_over(const struct sim *sim, const struct sim_world *world,
			    const struct sim_thread *waiter)
{
	const struct sim_cpu *where = &world->cpus[waiter->cpu];
	const struct sim_world *then = &sim->worlds[where->since];
	const struct sim_thread *occupant = where->thread == SIM_NOBODY ? NULL :
					    &then->threads[where->thread];

	if (waiter->state != SIM_READY)
		return false;
	if (where->since >= waiter->queued_by)
		return true;
	if (class_of(waiter, waiter->prio) != CLASS_RT ||
	    (occupant && class_of(occupant, occupant->prio) != CLASS_FAIR))
		return false;
	for (uint32_t i = 0; i < sim->nr_threads; i++) {
		const struct sim_thread *other = &then->threads[i];

		if (other->state == SIM_READY && other->cpu == waiter->cpu &&
		    class_of(other, other->prio) == CLASS_RT)
			return true;
	}
	return false;
}

static struct flat_segment judge_thread(const struct sim *sim, const struct sim_wait *wait,
					size_t now, const struct sim_thread *waiter, int index)
{
	const struct sim_world *world = &sim->worlds[now];
	const struct sim_thread *occupant = &world->threads[index];
	bool is_queued = waiter->state == SIM_READY;
	int difference = compare_ranks(occupant, occupant->prio, waiter, waiter->prio);
	enum reason reason;

	if (!is_queued && wait->waker.kind == CULPRIT_THREAD && wait->waker.thread == index &&
	    wait->waker.cpu == waiter->cpu)
		return verdict(REASON_RELEASE_PATH, CULPRIT_THREAD, occupant->tid);
	if (difference >= 0 && occupant->lender != SIM_NOBODY &&
	    compare_ranks(occupant, occupant->base_prio, waiter, waiter->prio) < 0) {
		struct flat_segment pi = verdict(REASON_PI, CULPRIT_THREAD, occupant->tid);

		pi.has_on_behalf_of = true;
		pi.on_behalf_of.kind = CULPRIT_THREAD;
		pi.on_behalf_of.id = world->threads[occupant->lender].tid;
		return pi;
	}
	if (difference > 0)
		reason = REASON_THREAD;
	else if (difference == 0 && class_of(waiter, waiter->prio) == CLASS_FAIR)
		reason = REASON_FAIR;
	else if (difference == 0 && class_of(waiter, waiter->prio) == CLASS_DEADLINE)
		reason = REASON_DEADLINE;
	else if (difference == 0)
		reason = REASON_EQUAL;
	else if (!is_queued)
		reason = why_not_queued(sim, wait, waiter);
	else if (was_passed_over(sim, world, waiter))
		reason = sim->has_fair_server && class_of(occupant, occupant->prio) == CLASS_FAIR ?
			 REASON_SERVER : REASON_THROTTLED;
	else
		reason = why_blocked(sim, wait, now, waiter);
	return verdict(reason, CULPRIT_THREAD, occupant->tid);
}

/* From event @now to the next. */
static struct flat_segment judge(const struct sim *sim, const struct sim_wait *wait, size_t now)
{
	const struct sim_world *world = &sim->worlds[now];
	const struct sim_thread *waiter = &world->threads[wait->thread];
	const struct sim_cpu *where = &world->cpus[waiter->cpu];
	const struct sim_frame *top = where->nr_frames ? &where->frames[where->nr_frames - 1] : NULL;
	bool is_woken_here = wait->began_by == EPISODE_BEGAN_BY_WAKING &&
			     wait->waker.cpu == waiter->cpu;
	bool in_ksoftirqd = where->thread != SIM_NOBODY && world->threads[where->thread].is_ksoftirqd;
	int32_t first_cpu = (int32_t)sim->events[0].cpu;

	if (top && top->is_softirq && in_ksoftirqd)
		return judge_thread(sim, wait, now, waiter, where->thread);
	if (top) {
		bool is_waker = is_woken_here && wait->waker.kind != CULPRIT_THREAD &&
				!wait->waker.is_inferred && wait->waker.serial == top->serial;
		enum reason reason = top->is_softirq ? REASON_SOFTIRQ : REASON_IRQ;

		return verdict(is_waker ? REASON_RELEASE_PATH : reason,
			       top->is_softirq ? CULPRIT_SOFTIRQ : CULPRIT_IRQ, top->number);
	}
	/* on the way out of an interrupt: its frame is closed already */
	if (is_woken_here && wait->waker.is_inferred && waiter->state == SIM_WOKEN)
		return verdict(REASON_RELEASE_PATH, CULPRIT_IRQ, wait->waker.id);
	if (where->thread != SIM_NOBODY)
		return judge_thread(sim, wait, now, waiter, where->thread);
	if (was_passed_over(sim, world, waiter))
		return verdict(REASON_THROTTLED, CULPRIT_IDLE, first_cpu + (int32_t)waiter->cpu);
	return verdict(REASON_IDLE_EXIT, CULPRIT_IDLE, first_cpu + (int32_t)waiter->cpu);
}

/* ---- all of it ------------------------------------------------------------------------------- */

void truth_of_waits(const struct sim *sim, struct flat_list *ret)
{
	uint32_t first_cpu = sim->events[0].cpu;

	for (size_t i = 0; i < sim->nr_waits; i++) {
		const struct sim_wait *wait = &sim->waits[i];
		bool is_open = wait->last == sim->nr_events;
		const struct sim_world *last = &sim->worlds[is_open ? wait->last - 1 : wait->last];
		struct flat_wait *flat = flat_add(ret, &(struct flat_wait) {
			.tid = last->threads[wait->thread].tid, .prio = wait->prio,
			.cpu = first_cpu + last->threads[wait->thread].cpu,
			.began_by = (uint8_t)wait->began_by,
			.flags = is_open ? EPISODE_STILL_OPEN : 0,
			.has_waker = wait->began_by == EPISODE_BEGAN_BY_WAKING,
			.is_waker_inferred = wait->waker.is_inferred,
			.waker = { .kind = wait->waker.kind, .id = wait->waker.id },
			.began_at = event_at(sim, wait->first), .ended_at = event_at(sim, wait->last),
		});

		for (size_t now = wait->first; now < wait->last && now + 1 < sim->nr_events; now++) {
			struct flat_segment segment = judge(sim, wait, now);

			segment.from_at = event_at(sim, now);
			segment.to_at = event_at(sim, now + 1);
			segment.cpu = first_cpu + sim->worlds[now].threads[wait->thread].cpu;
			flat_append(flat, &segment);
		}
	}
	flat_sort(ret);
}

static bool is_on_top(const struct sim_world *world, uint32_t index)
{
	const struct sim_thread *thread = &world->threads[index];
	const struct sim_cpu *where = &world->cpus[thread->cpu];

	if (thread->state != SIM_RUNNING)
		return false;
	return !where->nr_frames ||
	       (thread->is_ksoftirqd && where->frames[where->nr_frames - 1].is_softirq);
}

uint64_t truth_of_run(const struct sim *sim, uint32_t index)
{
	uint64_t run_ns = 0;

	for (size_t now = 0; now + 1 < sim->nr_events; now++)
		if (is_on_top(&sim->worlds[now], index))
			run_ns += event_at(sim, now + 1) - event_at(sim, now);
	return run_ns;
}

void truth_of_suspensions(const struct sim *sim, uint32_t index, uint64_t *ret_count, uint64_t *ret_ns)
{
	*ret_count = *ret_ns = 0;
	for (size_t now = 1; now < sim->nr_events; now++) {
		const struct sim_thread *before = &sim->worlds[now - 1].threads[index];
		const struct sim_thread *after = &sim->worlds[now].threads[index];
		bool was = before->state == SIM_ASLEEP && before->is_suspended;
		bool is = after->state == SIM_ASLEEP && after->is_suspended;

		if (was)
			*ret_ns += event_at(sim, now) - event_at(sim, now - 1);
		if (is && !was)
			(*ret_count)++;
	}
}
