// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wakings, wakeups, migrations, and the work that a worker is woken for.
 */
#include <string.h>

#include "../util/names.h"
#include "state.h"
#include "wait.h"

static bool is_unbound(const struct task *task)
{
	return task->comm[8] == 'u';
}

/*
 * Whether this worker's arrival is the queueing of its pool's oldest item. Not when the item was there
 * before the worker slept, or when one that was queued later has been started: its own start was lost or
 * its work cancelled, or it is the other pool's of that CPU.
 */
static bool is_asked_by(const struct engine *eng, const struct task *task, const struct work_item *oldest)
{
	const struct cpu *pool = oldest->cpu < eng->nr_cpus ? eng->cpus[oldest->cpu] : NULL;

	return task->state == TASK_SLEEPING && oldest->queued_at >= task->state_at &&
	       (!pool || oldest->queued_at >= pool->started_queued_at) && !state_is_after_loss(eng, task);
}

/*
 * What a worker is woken for: what it was at, or what its waker has just queued, or the oldest
 * item.
 */
static void find_work(struct engine *eng, struct cpu *cpu, const struct event *event,
		      const struct task *task, struct waker *ret)
{
	uint32_t pool = is_unbound(task) ? UINT32_MAX : event->wake.target_cpu;
	const struct work_item *oldest;

	if (task->is_in_work) {
		ret->work_function = task->work_function;
		ret->work_queued_by = task->work_queued_by;
		/* the end of that item may be among what was lost */
		ret->work_inferred = state_is_after_loss(eng, task);
		return;
	}
	if (cpu->queued_by_tid == event->tid && event->tid != TID_UNKNOWN) {
		ret->work_function = cpu->queued_function;
		ret->work_queued_by = cpu->queued_by;
		ret->work_inferred = true;
		ret->has_arrival = true;
		ret->arrival_at = cpu->queued_at;
		return;
	}
	oldest = pool == UINT32_MAX ? NULL : work_table_oldest(&eng->works, pool);
	if (oldest) {
		ret->work_function = oldest->function;
		ret->work_queued_by = oldest->queued_by;
		ret->work_inferred = true;
		ret->has_arrival = is_asked_by(eng, task, oldest);
		ret->arrival_at = oldest->queued_at;
	}
}

/*
 * An interrupt's own wakings come after its exit event: an irq thread's, still with the hardirq
 * flag (kernel/irq/handle.c), and a softirq thread's (kernel/softirq.c, invoke_softirq()).
 * Interrupts are off in every waking, so that alone tells nothing: a thread that an interrupt hit
 * may be the next to wake somebody, and often is. Idle wakes nobody itself.
 */
static bool is_by_tail(const struct cpu *cpu, const struct event *event)
{
	if (cpu->tail == CULPRIT_NONE)
		return false;
	if (event->flags & EVENT_FLAG_HARDIRQ)
		return true;
	if ((event->flags & EVENT_HAS_FLAGS) && !(event->flags & EVENT_FLAG_IRQS_OFF))
		return false;
	return cpu->occupant == OCCUPANT_IDLE || !strncmp(event->wake.comm, "ksoftirqd/", 10) ||
	       !strncmp(event->wake.comm, "ktimers/", 8) ||
	       !strncmp(event->wake.comm, "ktimersoftd/", 12);
}

/* Whether the flags show a context on top that no event has shown; @kind of it. */
static bool is_unrecorded(const struct engine *eng, const struct cpu *cpu, const struct event *event,
			  enum culprit_kind *kind)
{
	*kind = event->flags & EVENT_FLAG_HARDIRQ ? CULPRIT_IRQ : CULPRIT_SOFTIRQ;
	if (event->flags & EVENT_FLAG_HARDIRQ)
		return !cpu_outermost_irq(cpu);
	return !cpu->nr_frames && (event->flags & EVENT_FLAG_SOFTIRQ) &&
	       !irq_softirq_is_thread(eng, cpu);
}

static int find_waker(struct engine *eng, struct cpu *cpu, const struct event *event,
		      struct waker *ret)
{
	enum culprit_kind kind;
	bool is_hidden = is_unrecorded(eng, cpu, event, &kind);

	if (is_hidden && !is_by_tail(cpu, event)) {
		ret->how = WAKER_UNRECORDED;
		return culprit_table_context(&eng->culprits, kind, -1, 0, false, &ret->culprit);
	}
	if (cpu->nr_frames && !is_hidden) {
		ret->how = WAKER_FRAME;
		ret->culprit = cpu->frames[cpu->nr_frames - 1].culprit;
		ret->frame = cpu->frames[cpu->nr_frames - 1].serial;
		return 0;
	}
	if (is_by_tail(cpu, event)) {
		ret->how = WAKER_TAIL;
		ret->culprit = cpu->tail;
		return 0;
	}
	ret->how = WAKER_THREAD;
	/* A wakeup may be carried out by the target for a waker elsewhere (TTWU_QUEUE). */
	if (event->type == EVENT_WAKEUP && event->wake.target_cpu == cpu->number) {
		ret->culprit = CULPRIT_NONE;
		return 0;
	}
	return identity_culprit(eng, cpu, event->tid, &ret->culprit);
}

static int make_waker(struct engine *eng, struct cpu *cpu, const struct event *event,
		      const struct task *task, struct waker *ret)
{
	struct timerlat_state *timerlat = cpu->timerlat;

	*ret = (struct waker){ .cpu = cpu->number, .work_queued_by = CULPRIT_NONE };
	if (task->is_kworker)
		find_work(eng, cpu, event, task, ret);
	cpu->queued_by_tid = TID_UNKNOWN;
	if (timerlat && timerlat->awaits_waking) {
		timerlat->awaits_waking = false;
		ret->has_arrival = timerlat->activation.has_irq;
		ret->arrival_at = timerlat->activation.arrival_at;
	}
	return find_waker(eng, cpu, event, ret);
}

static void end_suspension(struct engine *eng, struct cpu *cpu, struct task *task,
			   const struct event *event)
{
	uint64_t ns = eng->now_at - task->state_at;
	const struct task *waker = task_table_find(&eng->tasks, event->tid);
	uint8_t kind = task->suspension_kind;

	/*
	 * flush_work() and its like wait for a barrier that the worker completes
	 * (kernel/workqueue.c).
	 */
	if (kind == SUSPENSION_OTHER && waker && waker->is_in_work && !cpu->nr_frames &&
	    !strcmp(names_get(eng->config.names, waker->work_function), "wq_barrier_func"))
		kind = SUSPENSION_FLUSH;
	task->kept.suspension.count++;
	task->kept.suspension.ns += ns;
	if (kind == SUSPENSION_LOCK)
		task->kept.suspension.lock_ns += ns;
	else if (kind == SUSPENSION_FLUSH)
		task->kept.suspension.flush_ns += ns;
	else
		task->kept.suspension.other_ns += ns;
	task->activation.suspension_ns += ns;
}

static int target_cpu(struct engine *eng, const struct cpu *cpu, uint32_t number, struct cpu **ret)
{
	return state_cpu(eng, number == UINT32_MAX || number >= ENGINE_MAX_CPUS ? cpu->number : number,
			 ret);
}

/* A thread that did not wait is woken: it waits from now on. */
static int begin_woken(struct engine *eng, struct cpu *cpu, const struct event *event,
		       struct task *task, bool is_enqueued)
{
	enum task_state state = (enum task_state)task->state;
	bool misses_waking;
	struct waker waker;
	struct cpu *target;
	int err = make_waker(eng, cpu, event, task, &waker);

	if (!err)
		err = target_cpu(eng, cpu, event->wake.target_cpu, &target);
	if (err)
		return err;
	if (state == TASK_SUSPENDED) {
		end_suspension(eng, cpu, task, event);
	} else if (state == TASK_SLEEPING || task->is_fresh) {
		uint64_t arrival_at = waker.has_arrival && waker.arrival_at <= eng->now_at ?
					      waker.arrival_at : eng->now_at;

		activation_begin(&task->activation, arrival_at, eng->now_at);
	} else {
		activation_forget(&task->activation);
	}
	/*
	 * Its waking is missing, and so is the beginning of the wait: lost; or, of a thread that was seen to
	 * leave, from before the trace, for it raced with that.
	 */
	misses_waking = event->type == EVENT_WAKEUP &&
			(state_is_after_loss(eng, task) || state == TASK_SLEEPING ||
			 state == TASK_SUSPENDED) &&
			(eng->seen | eng->config.facts.events_present) & EVENT_BIT(EVENT_WAKING);
	err = wait_begin(eng, task, target, eng->now_at, &waker, is_enqueued);
	if (err)
		return err;
	if (misses_waking)
		task->wait->flags |= EPISODE_TOUCHED_BY_LOSS;
	task->wait->is_unproven = state == TASK_UNKNOWN && !task->is_fresh;
	task->wait->is_told_remotely = is_enqueued && target != cpu;
	task->is_fresh = false;
	task->was_proven = true;
	task->loss_seq = eng->loss_seq;
	return 0;
}

/* It is ready on a CPU whose switches are not recorded: what becomes of it there cannot be seen. */
static int leave_sight(struct engine *eng, struct task *task)
{
	struct wait *wait = task->state == TASK_READY ? task->wait : NULL;
	int err = 0;

	if (wait && wait->is_enqueued)
		err = wait_end(eng, wait, eng->now_at, EPISODE_TOUCHED_BY_LOSS);
	else if (wait)
		wait_discard(eng, wait);
	activation_forget(&task->activation);
	task->state = TASK_UNKNOWN;
	task->state_at = eng->now_at;
	task->has_pending = false;
	task->is_fresh = false;
	task->was_proven = true;
	return err;
}

/* What was waiting when records were lost had run and slept since: it ended at the loss. */
static int end_lost(struct engine *eng, struct task *task)
{
	int err = wait_end(eng, task->wait, task->wait->lost_at, 0);

	task->state = TASK_UNKNOWN;
	task->was_proven = true;
	return err;
}

/*
 * A record tells the priority of a thread that may be waiting: from here on it waits at that rank.
 */
static int learn(struct engine *eng, struct task *task, const char comm[COMM_LEN], int32_t prio)
{
	int err;

	identity_learn(eng, task, comm, prio);
	if (task->state != TASK_READY || task->rank == task->wait->rank)
		return 0;
	err = wait_catch_up(eng, task->wait, eng->now_at);
	wait_set_rank(task->wait, eng->cpus[task->wait->cpu], task->rank);
	return err;
}

int wake_on_waking(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	bool has_wakeups = (eng->config.facts.events_present | eng->seen) & EVENT_BIT(EVENT_WAKEUP) ||
			   !eng->config.facts.events_present;
	struct task *task;
	int err = identity_task(eng, event->wake.tid, &task);

	if (err || !task)
		return err;
	err = learn(eng, task, event->wake.comm, event->wake.prio);
	if (err)
		return err;
	if (task->state == TASK_RUNNING) {
		/* A thread that wakes itself goes on running. */
		if (event->tid == task->tid)
			return 0;
		task->has_pending = true;
		return make_waker(eng, cpu, event, task, &task->pending);
	}
	if (task->state == TASK_READY && task->wait->is_lost) {
		err = end_lost(eng, task);
	} else if (task->state == TASK_READY && task->wait->began_by == EPISODE_BEGAN_BEFORE) {
		/* Found waiting before there was a trace, it ran and slept before there was one. */
		err = wait_end(eng, task->wait, eng->now_at, EPISODE_TOUCHED_BY_LOSS);
		task->state = TASK_UNKNOWN;
	} else if (task->state == TASK_READY && task->wait->is_unconfirmed) {
		eng->anomalies[ANOMALY_WAKING_TWICE]++;
		err = wait_end(eng, task->wait, eng->now_at, EPISODE_ODD);
		task->state = TASK_SLEEPING;
	} else if (task->state == TASK_READY && task->wait->is_enqueued && task->wait->has_waker &&
		   state_is_after_loss(eng, task)) {
		/*
		 * Ready by a waking, it is woken again: it was pulled, ran and slept in another
		 * CPU's gap.
		 */
		err = wait_end(eng, task->wait, eng->lost_from_at, EPISODE_TOUCHED_BY_LOSS);
		task->state = TASK_UNKNOWN;
	} else if (task->state == TASK_READY) {
		return 0;
	}
	if (!has_wakeups && !state_is_watched(eng, event->wake.target_cpu))
		return leave_sight(eng, task);
	return err ? err : begin_woken(eng, cpu, event, task, !has_wakeups);
}

/* An interrupt that wakes a thread on its own CPU shows what it interrupted. */
static void learn_evidence(struct cpu *cpu, const struct cpu *target, uint64_t now_at)
{
	const struct frame *irq = cpu_outermost_irq(cpu);

	if (!irq || !irq->has_depth || cpu != target)
		return;
	cpu->evidence = irq->depth ? EVIDENCE_PREEMPT_OFF : EVIDENCE_NO_PREEMPT;
	cpu->evidence_at = now_at;
	cpu->evidence_inferred = false;
}

int wake_on_wakeup(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct task *task;
	struct cpu *target;
	int err = identity_task(eng, event->wake.tid, &task);

	if (err || !task)
		return err;
	err = learn(eng, task, event->wake.comm, event->wake.prio);
	if (!err)
		err = target_cpu(eng, cpu, event->wake.target_cpu, &target);
	if (err)
		return err;
	if (!state_is_watched(eng, target->number))
		return task->state == TASK_RUNNING && task->cpu == target->number ? 0 :
										    leave_sight(eng, task);
	learn_evidence(cpu, target, eng->now_at);
	if (task->state == TASK_READY && task->wait->is_from_out_of_sight) {
		wait_discard(eng, task->wait);
		task->state = TASK_UNKNOWN;
	}
	switch ((enum task_state)task->state) {
	case TASK_RUNNING:
		task->has_pending = false;
		return 0;
	case TASK_READY:
		if (!task->wait->is_enqueued || task->wait->is_unconfirmed)
			return wait_enqueue(eng, task->wait, target, eng->now_at, target != cpu);
		if (!task->wait->is_lost) {
			if (task->wait->cpu == target->number)
				return 0;
			return wait_move(eng, task->wait, target, eng->now_at, target != cpu);
		}
		err = end_lost(eng, task);
		break;
	case TASK_UNKNOWN:
	case TASK_SLEEPING:
	case TASK_SUSPENDED:
	case TASK_DEAD:
		break;
	}
	return err ? err : begin_woken(eng, cpu, event, task, true);
}

int wake_on_wakeup_new(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct task *task;
	int err = identity_renew(eng, event->wake.tid, &task);

	if (err || !task)
		return err;
	identity_learn(eng, task, event->wake.comm, event->wake.prio);
	if (!state_is_watched(eng, event->wake.target_cpu))
		return leave_sight(eng, task);
	return begin_woken(eng, cpu, event, task, true);
}

/*
 * It comes from a CPU whose switches are not recorded. Only who is ready migrates, or who is being woken:
 * then the wakeup is yet to come, and says it better.
 */
static int come_into_sight(struct engine *eng, struct task *task, struct cpu *dest)
{
	int err;

	if (!state_is_watched(eng, dest->number))
		return 0;
	activation_forget(&task->activation);
	err = wait_begin(eng, task, dest, eng->now_at, NULL, true);
	if (err)
		return err;
	task->wait->is_from_out_of_sight = true;
	task->wait->flags |= EPISODE_TOUCHED_BY_LOSS;
	task->is_fresh = false;
	task->was_proven = true;
	task->loss_seq = eng->loss_seq;
	return 0;
}

int wake_on_migrate(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct task *task;
	struct cpu *dest;
	int err = identity_task(eng, event->migrate.tid, &task);

	if (err || !task)
		return err;
	err = learn(eng, task, event->migrate.comm, event->migrate.prio);
	if (!err)
		err = target_cpu(eng, cpu, event->migrate.dest_cpu, &dest);
	if (!err && task->state == TASK_UNKNOWN && !state_is_watched(eng, event->migrate.orig_cpu))
		return come_into_sight(eng, task, dest);
	if (err || task->state != TASK_READY || task->wait->cpu == dest->number)
		return err;
	/* on its way to a run queue, the wakeup is yet to come and says where it ended up */
	if (!state_is_watched(eng, dest->number) && task->wait->is_enqueued)
		return leave_sight(eng, task);
	return wait_move(eng, task->wait, dest, eng->now_at, dest != cpu);
}

static int on_work_queue(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct work_item item = {
		.work = event->work.work,
		.queued_at = eng->now_at,
		.function = event->work.function,
		.cpu = event->work.cpu,
	};
	enum culprit_kind kind;
	int err = 0;

	if (is_unrecorded(eng, cpu, event, &kind))
		err = culprit_table_context(&eng->culprits, kind, -1, 0, false, &item.queued_by);
	else if (cpu->nr_frames)
		item.queued_by = cpu->frames[cpu->nr_frames - 1].culprit;
	else
		err = identity_culprit(eng, cpu, event->tid, &item.queued_by);
	if (err)
		return err;
	cpu->queued_at = eng->now_at;
	cpu->queued_by_tid = event->tid;
	cpu->queued_by = item.queued_by;
	cpu->queued_function = item.function;
	return work_table_add(&eng->works, &item);
}

int wake_on_work(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct work_item *item;
	struct task *task;
	int err;

	if (event->type == EVENT_WORK_QUEUE)
		return on_work_queue(eng, cpu, event);
	err = identity_task(eng, event->tid, &task);
	if (err || !task)
		return err;
	if (event->type == EVENT_WORK_END) {
		task->is_in_work = false;
		return 0;
	}
	if (event->type != EVENT_WORK_START)
		return 0;
	item = work_table_find(&eng->works, event->work.work);
	task->is_in_work = true;
	task->work_function = event->work.function;
	task->work_queued_by = item ? item->queued_by : CULPRIT_NONE;
	if (!item)
		return 0;
	if (item->cpu == cpu->number && item->queued_at > cpu->started_queued_at)
		cpu->started_queued_at = item->queued_at;
	work_table_remove(&eng->works, item);
	return 0;
}
