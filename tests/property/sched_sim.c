// SPDX-License-Identifier: GPL-2.0-only
#include "sched_sim.h"

#include <stdio.h>
#include <string.h>

#include "../../rtla-stall/src/util/names.h"

uint32_t sim_random(uint64_t *state, uint32_t below)
{
	uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);	/* splitmix64 */

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((mixed ^ (mixed >> 31)) % below);
}

static uint32_t pick(struct sim *sim, uint32_t below)
{
	return sim_random(&sim->random, below);
}

/* true @percent times in a hundred */
static bool chance(struct sim *sim, uint32_t percent)
{
	return pick(sim, 100) < percent;
}

static bool has_room(const struct sim *sim)
{
	return sim->nr_events < SIM_MAX_EVENTS;
}

/* ---- emitting -------------------------------------------------------------------------------- */

static uint8_t flags_on(const struct sim *sim, uint32_t cpu)
{
	const struct sim_cpu *where = &sim->world.cpus[cpu];
	uint8_t flags = EVENT_HAS_FLAGS;

	for (uint32_t i = 0; i < where->nr_frames; i++)
		flags |= where->frames[i].is_softirq ? EVENT_FLAG_SOFTIRQ :
						       EVENT_FLAG_HARDIRQ | EVENT_FLAG_IRQS_OFF;
	if (where->thread != SIM_NOBODY && sim->world.threads[where->thread].softirq >= 0)
		flags |= EVENT_FLAG_SOFTIRQ;
	return flags;
}

/* The head of the next event; the caller fills in the rest and then calls emit(). */
static struct event *next_event(struct sim *sim, uint32_t cpu, enum event_type type)
{
	struct event *event = &sim->events[sim->nr_events];
	int thread = sim->world.cpus[cpu].thread;

	*event = (struct event) {
		.at = sim->now_at,
		.cpu = cpu,
		.tid = thread == SIM_NOBODY ? 0 : sim->world.threads[thread].tid,
		.type = type,
		.flags = flags_on(sim, cpu),
	};
	return event;
}

/* The event has happened, and the world is as it is after it. */
static void emit(struct sim *sim)
{
	const struct event *event = &sim->events[sim->nr_events];
	struct sim_cpu *where = &sim->world.cpus[event->cpu];

	where->is_after_irq_exit = event->type == EVENT_IRQ_EXIT && !where->nr_frames;
	where->was_irq_exit = event->type == EVENT_IRQ_EXIT;
	sim->worlds[sim->nr_events++] = sim->world;
	sim->now_at += 1 + pick(sim, 50);
	if (chance(sim, 2))
		sim->now_at += 50000 + pick(sim, 100000);
}

static void emit_wake(struct sim *sim, uint32_t cpu, enum event_type type,
		      const struct sim_thread *thread)
{
	struct event *event = next_event(sim, cpu, type);

	if (type == EVENT_WAKING)
		event->flags |= EVENT_FLAG_IRQS_OFF;
	event->wake.tid = thread->tid;
	event->wake.prio = thread->prio;
	event->wake.target_cpu = thread->cpu;
	memcpy(event->wake.comm, thread->comm, COMM_LEN);
	emit(sim);
}

static void emit_migrate(struct sim *sim, uint32_t cpu, struct sim_thread *thread, uint32_t dest_cpu)
{
	struct event *event = next_event(sim, cpu, EVENT_MIGRATE);

	event->migrate.tid = thread->tid;
	event->migrate.prio = thread->prio;
	event->migrate.orig_cpu = thread->cpu;
	event->migrate.dest_cpu = dest_cpu;
	memcpy(event->migrate.comm, thread->comm, COMM_LEN);
	thread->cpu = dest_cpu;
	thread->queued_by = sim->nr_events;
	emit(sim);
}

/* ---- waits ----------------------------------------------------------------------------------- */

static void begin_wait(struct sim *sim, int index, enum episode_began began_by,
		       const struct sim_waker *waker)
{
	struct sim_thread *thread = &sim->world.threads[index];

	thread->wait = (int)sim->nr_waits;
	sim->waits[sim->nr_waits++] = (struct sim_wait) {
		.thread = index,
		.prio = thread->prio,
		.first = sim->nr_events,
		.last = SIZE_MAX,
		.began_by = began_by,
		.waker = waker ? *waker : (struct sim_waker) { .kind = CULPRIT_UNKNOWN },
	};
}

/*
 * Who wakes @woken now. After its exit event an interrupt still wakes softirq threads; idle wakes
 * nobody itself.
 */
static struct sim_waker waker_on(const struct sim *sim, uint32_t cpu, const struct sim_thread *woken)
{
	const struct sim_cpu *where = &sim->world.cpus[cpu];
	const struct sim_frame *frame = NULL;
	bool in_ksoftirqd = where->thread != SIM_NOBODY &&
			    sim->world.threads[where->thread].is_ksoftirqd;

	bool is_on_way_out = where->is_after_irq_exit &&
			     (where->thread == SIM_NOBODY || woken->is_ksoftirqd);

	if (is_on_way_out)
		frame = &where->left;
	else if (where->nr_frames)
		frame = &where->frames[where->nr_frames - 1];
	if (frame && !(frame->is_softirq && in_ksoftirqd))
		return (struct sim_waker) {
			.kind = frame->is_softirq ? CULPRIT_SOFTIRQ : CULPRIT_IRQ,
			.id = frame->number, .thread = SIM_NOBODY, .serial = frame->serial,
			.cpu = cpu, .is_inferred = is_on_way_out,
		};
	return (struct sim_waker) {
		.kind = CULPRIT_THREAD, .id = sim->world.threads[where->thread].tid,
		.thread = where->thread, .cpu = cpu,
	};
}

/* ---- what can happen ------------------------------------------------------------------------- */

/* A thread on which @is_wanted holds, at random; SIM_NOBODY when there is none. */
static int pick_thread(struct sim *sim, bool (*is_wanted)(const struct sim_thread *, uint32_t cpu),
		       uint32_t cpu)
{
	int found[SIM_MAX_THREADS];
	uint32_t nr = 0;

	for (uint32_t i = 0; i < sim->nr_threads; i++)
		if (is_wanted(&sim->world.threads[i], cpu))
			found[nr++] = (int)i;
	return nr ? found[pick(sim, nr)] : SIM_NOBODY;
}

static bool can_be_woken(const struct sim_thread *thread, uint32_t cpu)
{
	if (thread->is_raced || thread->has_wakeup_due)
		return false;
	return thread->state == SIM_ASLEEP || thread->state == SIM_READY ||
	       (thread->state == SIM_RUNNING && thread->cpu != cpu);
}

static bool can_be_switched_in(const struct sim_thread *thread, uint32_t cpu)
{
	return thread->state == SIM_READY && thread->cpu == cpu && !thread->has_wakeup_due;
}

static bool can_be_moved(const struct sim_thread *thread, uint32_t cpu)
{
	(void)cpu;
	return thread->state == SIM_READY && !thread->has_wakeup_due;
}

static bool has_queued_wakeup(const struct sim_thread *thread, uint32_t cpu)
{
	return thread->has_wakeup_due && !thread->is_wakeup_next && thread->wakeup_cpu == cpu;
}

static bool must_wake_up_next(const struct sim_thread *thread, uint32_t cpu)
{
	return thread->has_wakeup_due && thread->is_wakeup_next && thread->wakeup_cpu == cpu;
}

static bool is_dead(const struct sim_thread *thread, uint32_t cpu)
{
	(void)cpu;
	return thread->state == SIM_DEAD;
}

/*
 * Those whose rank somebody may have to raise. Not between waking and wakeup: what is known of a wait then is
 * settled by the event, before it can show that the CPU was told late. Nor a queued fair one: since when
 * its CPU should have been told is not decided anywhere.
 */
static bool can_be_lent_to(const struct sim_thread *thread, uint32_t cpu)
{
	return !thread->is_stop && thread->lender == SIM_NOBODY && thread->state != SIM_DEAD &&
	       thread->state != SIM_WOKEN && thread->is_known &&
	       !(thread->state == SIM_READY && thread->prio >= 100) &&
	       !(thread->state == SIM_RUNNING && thread->cpu == cpu);
}

static void wake_up(struct sim *sim, uint32_t cpu, int index)
{
	struct sim_thread *thread = &sim->world.threads[index];

	thread->has_wakeup_due = false;
	thread->is_raced = false;
	if (thread->state == SIM_WOKEN) {
		thread->state = SIM_READY;
		thread->queued_by = sim->nr_events;
	}
	emit_wake(sim, cpu, EVENT_WAKEUP, thread);
}

/* A hard interrupt has just returned to a softirq that is the work of a thread. */
static bool is_back_in_softirq_of_thread(const struct sim *sim, uint32_t cpu)
{
	const struct sim_cpu *where = &sim->world.cpus[cpu];
	const struct sim_thread *thread;

	if (where->thread == SIM_NOBODY)
		return false;
	thread = &sim->world.threads[where->thread];
	if (where->is_after_irq_exit)
		return thread->softirq >= 0;
	return thread->is_ksoftirqd && where->nr_frames && where->was_irq_exit;
}

static bool do_waking(struct sim *sim, uint32_t cpu)
{
	struct sim_cpu *where = &sim->world.cpus[cpu];
	int index = pick_thread(sim, can_be_woken, cpu);
	bool in_irq = where->nr_frames || where->is_after_irq_exit;
	struct sim_thread *thread;
	struct sim_waker waker;

	if (index == SIM_NOBODY || (in_irq && !sim->has_wakers_in_irq))
		return false;
	if (!in_irq && where->thread == SIM_NOBODY)
		return false;
	/* whose waking that would be is not decided anywhere */
	if (is_back_in_softirq_of_thread(sim, cpu))
		return false;
	thread = &sim->world.threads[index];
	if (thread->state != SIM_ASLEEP && (!sim->has_needless_wakings || !chance(sim, 30)))
		return false;
	waker = waker_on(sim, cpu, thread);
	thread->has_wakeup_due = thread->state != SIM_READY;
	thread->wakeup_cpu = cpu;
	thread->is_wakeup_next = true;
	if (thread->cpu != cpu && chance(sim, 40)) {
		thread->wakeup_cpu = thread->cpu;
		thread->is_wakeup_next = false;
	}
	if (thread->state == SIM_ASLEEP) {
		begin_wait(sim, index, EPISODE_BEGAN_BY_WAKING, &waker);
		thread->state = SIM_WOKEN;
	} else if (thread->state == SIM_RUNNING) {
		thread->is_raced = true;
		thread->is_wakeup_next = false;
		sim->raced_by[index] = waker;
	}
	emit_wake(sim, cpu, EVENT_WAKING, thread);
	return true;
}

static bool do_due_wakeup(struct sim *sim, uint32_t cpu, int index)
{
	struct sim_thread *thread = &sim->world.threads[index];

	if (thread->state == SIM_WOKEN && thread->is_wakeup_next && chance(sim, 20)) {
		uint32_t dest_cpu = pick(sim, sim->nr_cpus);

		if (sim->has_migration && dest_cpu != thread->cpu) {
			emit_migrate(sim, cpu, thread, dest_cpu);
			return true;
		}
	}
	wake_up(sim, cpu, index);
	return true;
}

static bool do_queued_wakeup(struct sim *sim, uint32_t cpu)
{
	int index = pick_thread(sim, has_queued_wakeup, cpu);

	return index != SIM_NOBODY && do_due_wakeup(sim, cpu, index);
}

static bool do_irq_entry(struct sim *sim, uint32_t cpu)
{
	static const int32_t numbers[SIM_NR_IRQS] = { 236, 25, SIM_RESCHEDULE };
	struct sim_cpu *where = &sim->world.cpus[cpu];
	uint32_t which = pick(sim, SIM_NR_IRQS);
	struct event *event;

	if (where->nr_frames == SIM_MAX_FRAMES)
		return false;
	/* the same interrupt does not interrupt itself */
	for (uint32_t i = 0; i < where->nr_frames; i++)
		if (!where->frames[i].is_softirq && where->frames[i].number == numbers[which])
			return false;
	where->frames[where->nr_frames++] = (struct sim_frame) {
		.number = numbers[which], .serial = sim->next_serial++,
		.name = sim->irq_names[which],
	};
	event = next_event(sim, cpu, EVENT_IRQ_ENTRY);
	event->preempt_depth = (uint8_t)pick(sim, 2);
	event->irq.number = numbers[which];
	event->irq.name = sim->irq_names[which];
	emit(sim);
	return true;
}

static bool do_softirq_entry(struct sim *sim, uint32_t cpu)
{
	struct sim_cpu *where = &sim->world.cpus[cpu];
	int32_t vector = (int32_t)(1 + pick(sim, 3));
	struct event *event;

	if (where->nr_frames || (sim->is_preempt_rt && where->thread == SIM_NOBODY))
		return false;
	if (sim->is_preempt_rt) {
		if (sim->world.threads[where->thread].softirq >= 0)
			return false;
		sim->world.threads[where->thread].softirq = vector;
	} else {
		where->frames[where->nr_frames++] = (struct sim_frame) {
			.is_softirq = true, .number = vector, .serial = sim->next_serial++,
		};
	}
	event = next_event(sim, cpu, EVENT_SOFTIRQ_ENTRY);
	event->irq.number = vector;
	emit(sim);
	return true;
}

static bool do_exit(struct sim *sim, uint32_t cpu)
{
	struct sim_cpu *where = &sim->world.cpus[cpu];
	struct sim_thread *thread = where->thread == SIM_NOBODY ? NULL :
				    &sim->world.threads[where->thread];
	struct event *event;

	if (where->nr_frames) {
		const struct sim_frame *frame = &where->frames[where->nr_frames - 1];

		event = next_event(sim, cpu, frame->is_softirq ? EVENT_SOFTIRQ_EXIT : EVENT_IRQ_EXIT);
		event->irq.number = frame->number;
		event->irq.name = frame->name;
		where->left = *frame;
		where->nr_frames--;
	} else if (thread && thread->softirq >= 0) {
		event = next_event(sim, cpu, EVENT_SOFTIRQ_EXIT);
		event->irq.number = thread->softirq;
		thread->softirq = -1;
	} else {
		return false;
	}
	emit(sim);
	return true;
}

/* How @thread leaves its CPU, and what that makes of it. */
static enum event_left leave(struct sim *sim, int index, uint32_t cpu)
{
	struct sim_thread *thread = &sim->world.threads[index];
	uint32_t dice = pick(sim, 100);

	if (dice < 40) {
		thread->state = SIM_READY;
		thread->cpu = cpu;
		thread->queued_by = sim->nr_events;
		begin_wait(sim, index, EPISODE_BEGAN_BY_PREEMPTION, NULL);
		return dice < 30 ? LEFT_PREEMPTED : LEFT_READY;
	}
	if (thread->is_raced) {
		thread->state = SIM_WOKEN;
		begin_wait(sim, index, EPISODE_BEGAN_BY_WAKING, &sim->raced_by[index]);
		return LEFT_SLEEPING;
	}
	if (dice < 45 && thread->softirq < 0 && !thread->is_stop) {
		thread->state = SIM_DEAD;
		return LEFT_DEAD;
	}
	thread->state = SIM_ASLEEP;
	thread->is_suspended = dice < 60 || thread->softirq >= 0;
	return thread->is_suspended ? LEFT_SUSPENDED : LEFT_SLEEPING;
}

static bool do_switch(struct sim *sim, uint32_t cpu)
{
	struct sim_cpu *where = &sim->world.cpus[cpu];
	int prev = where->thread;
	int next = chance(sim, 15) ? SIM_NOBODY : pick_thread(sim, can_be_switched_in, cpu);
	struct event *event;

	if (where->nr_frames || next == prev)
		return false;
	event = next_event(sim, cpu, EVENT_SWITCH);
	event->sw.prev_prio = event->sw.next_prio = 120;
	snprintf(event->sw.prev_comm, COMM_LEN, "swapper/%u", cpu % SIM_MAX_CPUS);
	snprintf(event->sw.next_comm, COMM_LEN, "swapper/%u", cpu % SIM_MAX_CPUS);
	if (prev != SIM_NOBODY) {
		struct sim_thread *thread = &sim->world.threads[prev];

		event->sw.prev_tid = thread->tid;
		event->sw.prev_prio = thread->prio;
		memcpy(event->sw.prev_comm, thread->comm, COMM_LEN);
		event->sw.left = (uint8_t)leave(sim, prev, cpu);
	}
	if (next != SIM_NOBODY) {
		struct sim_thread *thread = &sim->world.threads[next];

		event->sw.next_tid = thread->tid;
		event->sw.next_prio = thread->prio;
		memcpy(event->sw.next_comm, thread->comm, COMM_LEN);
		thread->state = SIM_RUNNING;
		thread->is_known = true;
		sim->waits[thread->wait].last = sim->nr_events;
		thread->wait = -1;
	}
	where->thread = next;
	where->since = sim->nr_events;
	emit(sim);
	return true;
}

static bool do_migrate(struct sim *sim, uint32_t cpu)
{
	int index = pick_thread(sim, can_be_moved, cpu);
	uint32_t dest_cpu = pick(sim, sim->nr_cpus);

	if (index == SIM_NOBODY || !sim->has_migration || sim->world.threads[index].cpu == dest_cpu)
		return false;
	emit_migrate(sim, cpu, &sim->world.threads[index], dest_cpu);
	return true;
}

static void emit_lending(struct sim *sim, uint32_t cpu, struct sim_thread *thread, int32_t prio,
			 int lender)
{
	struct event *event = next_event(sim, cpu, EVENT_PI_SETPRIO);

	event->pi.tid = thread->tid;
	event->pi.old_prio = thread->prio;
	event->pi.new_prio = prio;
	memcpy(event->pi.comm, thread->comm, COMM_LEN);
	thread->prio = prio;
	thread->lender = lender;
	emit(sim);
}

static bool do_lending(struct sim *sim, uint32_t cpu)
{
	struct sim_cpu *where = &sim->world.cpus[cpu];
	struct sim_thread *here;
	int index;

	if (where->thread == SIM_NOBODY || where->nr_frames || !sim->has_lending)
		return false;
	here = &sim->world.threads[where->thread];
	if (here->lender != SIM_NOBODY) {
		emit_lending(sim, cpu, here, here->base_prio, SIM_NOBODY);
		return true;
	}
	index = pick_thread(sim, can_be_lent_to, cpu);
	if (index == SIM_NOBODY || here->is_stop || here->prio >= sim->world.threads[index].prio)
		return false;
	emit_lending(sim, cpu, &sim->world.threads[index], here->prio, where->thread);
	return true;
}

/* A dead thread's tid is given to a new one. */
static bool do_fork(struct sim *sim, uint32_t cpu)
{
	struct sim_cpu *where = &sim->world.cpus[cpu];
	int index = pick_thread(sim, is_dead, cpu);
	struct sim_thread *child;
	struct sim_waker waker;
	struct event *event;

	if (index == SIM_NOBODY || where->thread == SIM_NOBODY || where->nr_frames)
		return false;
	child = &sim->world.threads[index];
	child->prio = child->base_prio;
	child->lender = SIM_NOBODY;
	event = next_event(sim, cpu, EVENT_FORK);
	event->fork.parent_tid = sim->world.threads[where->thread].tid;
	event->fork.tid = child->tid;
	memcpy(event->fork.comm, child->comm, COMM_LEN);
	emit(sim);
	if (!has_room(sim))
		return true;
	waker = waker_on(sim, cpu, child);
	child->cpu = pick(sim, sim->nr_cpus);
	child->state = SIM_READY;
	child->queued_by = sim->nr_events;
	begin_wait(sim, index, EPISODE_BEGAN_BY_WAKING, &waker);
	emit_wake(sim, cpu, EVENT_WAKEUP_NEW, child);
	return true;
}

static bool do_other(struct sim *sim, uint32_t cpu)
{
	next_event(sim, cpu, EVENT_OTHER);
	emit(sim);
	return true;
}

/* ---- histories ------------------------------------------------------------------------------- */

static bool step(struct sim *sim)
{
	uint32_t cpu = pick(sim, sim->nr_cpus);
	bool has_frames = sim->world.cpus[cpu].nr_frames > 0;
	int due = pick_thread(sim, must_wake_up_next, cpu);
	uint32_t dice = pick(sim, 100);

	if (due != SIM_NOBODY)
		return do_due_wakeup(sim, cpu, due);
	if (dice < 22)
		return do_waking(sim, cpu);
	if (dice < 32)
		return do_queued_wakeup(sim, cpu);
	if (dice < (has_frames ? 40 : 50))
		return do_irq_entry(sim, cpu);
	if (dice < 58)
		return do_softirq_entry(sim, cpu);
	if (dice < (has_frames ? 90 : 65))
		return do_exit(sim, cpu);
	if (dice < 90)
		return do_switch(sim, cpu);
	if (dice < 94)
		return do_migrate(sim, cpu);
	if (dice < 97)
		return do_lending(sim, cpu);
	return dice < 99 ? do_fork(sim, cpu) : do_other(sim, cpu);
}

static void add_thread(struct sim *sim, int32_t first_tid)
{
	static const int32_t prios[] = { -1, -1, 44, 44, 49, 89, 100, 120, 120, 120, 139 };
	uint32_t index = sim->nr_threads++;
	struct sim_thread *thread = &sim->world.threads[index];

	*thread = (struct sim_thread) {
		.tid = first_tid + (int32_t)index, .lender = SIM_NOBODY, .state = SIM_ASLEEP,
		.cpu = pick(sim, sim->nr_cpus), .softirq = -1, .wait = -1,
	};
	thread->base_prio = prios[pick(sim, sizeof(prios) / sizeof(prios[0]))];
	snprintf(thread->comm, COMM_LEN, "thread-%u", index);
	if (chance(sim, 8)) {
		thread->is_stop = true;
		thread->base_prio = 0;
		snprintf(thread->comm, COMM_LEN, "migration/%u", index);
	} else if (!sim->is_preempt_rt && chance(sim, 8)) {
		thread->is_ksoftirqd = true;
		thread->base_prio = 120;
		snprintf(thread->comm, COMM_LEN, "ksoftirqd/%u", index);
	}
	thread->prio = thread->base_prio;
}

/* Each CPU switches to a thread first, so that nothing is unknown. */
static void begin_on(struct sim *sim, uint32_t cpu, int index)
{
	struct sim_thread *thread = &sim->world.threads[index];
	struct event *event = next_event(sim, cpu, EVENT_SWITCH);

	snprintf(event->sw.prev_comm, COMM_LEN, "swapper/%u", cpu % SIM_MAX_CPUS);
	event->sw.prev_prio = 120;
	event->sw.next_tid = thread->tid;
	event->sw.next_prio = thread->prio;
	memcpy(event->sw.next_comm, thread->comm, COMM_LEN);
	thread->state = SIM_RUNNING;
	thread->is_known = true;
	thread->cpu = cpu;
	sim->world.cpus[cpu].thread = index;
	sim->world.cpus[cpu].since = sim->nr_events;
	emit(sim);
}

/* CPUs and threads are numbered from 0 while it runs; afterwards as the options say. */
static void renumber_cpus(struct sim *sim, uint32_t first_cpu)
{
	for (size_t i = 0; i < sim->nr_events; i++) {
		struct event *event = &sim->events[i];

		event->cpu += first_cpu;
		if (event->type == EVENT_WAKING || event->type == EVENT_WAKEUP ||
		    event->type == EVENT_WAKEUP_NEW)
			event->wake.target_cpu += first_cpu;
		if (event->type == EVENT_MIGRATE) {
			event->migrate.orig_cpu += first_cpu;
			event->migrate.dest_cpu += first_cpu;
		}
	}
}

void sim_init(struct sim *sim, uint64_t seed, const struct sim_options *options, struct names *names)
{
	static const char *const irqs[SIM_NR_IRQS] = { "local_timer", "eth0", "reschedule" };
	uint32_t nr_threads, nr_events;

	*sim = (struct sim) { .random = seed };
	for (int i = 0; i < SIM_NR_IRQS; i++)
		sim->irq_names[i] = names_add(names, irqs[i], strlen(irqs[i]));
	sim->nr_cpus = 1 + pick(sim, SIM_MAX_CPUS);
	nr_threads = sim->nr_cpus + pick(sim, SIM_MAX_THREADS + 1 - sim->nr_cpus);
	sim->is_preempt_rt = chance(sim, 50);
	sim->has_fair_server = chance(sim, 50);
	sim->has_lending = !options->no_lending;
	sim->has_migration = !options->no_migration;
	sim->has_needless_wakings = !options->no_needless_wakings;
	sim->has_wakers_in_irq = !options->no_wakers_in_irq;
	sim->now_at = pick(sim, 100);
	for (uint32_t cpu = 0; cpu < sim->nr_cpus; cpu++)
		sim->world.cpus[cpu].thread = SIM_NOBODY;
	for (uint32_t i = 0; i < nr_threads; i++)
		add_thread(sim, options->first_tid ? options->first_tid : 100);
	for (uint32_t cpu = 0; cpu < sim->nr_cpus; cpu++)
		begin_on(sim, cpu, (int)cpu);
	nr_events = sim->nr_cpus + pick(sim, SIM_MAX_EVENTS - 20);
	while (sim->nr_events < nr_events)
		step(sim);
	for (size_t i = 0; i < sim->nr_waits; i++)
		if (sim->waits[i].last == SIZE_MAX)
			sim->waits[i].last = sim->nr_events;
	renumber_cpus(sim, options->first_cpu);
}
