// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who runs where: switches, and what any record proves of its CPU.
 */
#include <string.h>

#include "sched_rank.h"
#include "state.h"
#include "wait.h"

#define WAKES (EVENT_BIT(EVENT_WAKING) | EVENT_BIT(EVENT_WAKEUP))

static bool records(const struct engine *eng, uint64_t types)
{
	return (eng->seen | eng->config.facts.events_present) & types;
}

/* Book the occupant's run up to @at. */
static void account_run(struct cpu *cpu, uint64_t at)
{
	uint64_t run_ns = at > cpu->run_from_at ? at - cpu->run_from_at : 0;
	uint64_t on_top_ns = cpu->on_top_ns;
	struct task *task = cpu->running;

	if (cpu->occupant == OCCUPANT_THREAD) {
		if (on_top_ns > run_ns)
			on_top_ns = run_ns;
		task->kept.run_ns += run_ns - on_top_ns;
		task->activation.execution_ns += run_ns - on_top_ns;
		task->activation.on_top_ns += on_top_ns;
	}
	cpu->on_top_ns = 0;
	cpu->run_from_at = at;
}

int sched_forget_occupant(struct engine *eng, struct cpu *cpu, uint64_t at)
{
	/* That it ran on after the CPU's last record is just what turned out to be wrong. */
	account_run(cpu, cpu->last_at < at ? cpu->last_at : at);
	cpu->run_from_at = at;
	if (cpu->occupant == OCCUPANT_THREAD) {
		cpu->running->state = TASK_UNKNOWN;
		cpu->running->has_pending = false;
		activation_forget(&cpu->running->activation);
	}
	cpu->occupant = OCCUPANT_UNKNOWN;
	cpu->running = NULL;
	cpu->in_at = 0;
	cpu->is_rt_throttled = false;
	cpu->evidence = EVIDENCE_NONE;
	return state_push(eng, cpu, at);
}

/*
 * A thread that some record shows on @cpu was not known to run there. What was thought of it ends:
 * a wait ended at a switch-in that was not recorded, a run elsewhere at a switch-out that was not.
 */
static int claim(struct engine *eng, struct cpu *cpu, struct task *task)
{
	struct wait *wait = task->wait;
	int err = 0;

	switch ((enum task_state)task->state) {
	case TASK_READY:
		if (wait->is_unproven) {
			wait_discard(eng, wait);
		} else if (wait->is_lost) {
			err = wait_end(eng, wait, wait->lost_at, 0);
		} else if (state_is_after_loss(eng, task) || wait->began_by == EPISODE_BEGAN_BEFORE) {
			err = wait_end(eng, wait, eng->now_at, EPISODE_TOUCHED_BY_LOSS);
		} else {
			eng->anomalies[ANOMALY_SWITCH_FROM_READY]++;
			err = wait_end(eng, wait, eng->now_at, EPISODE_ODD);
		}
		break;
	case TASK_RUNNING:
		if (task->cpu == cpu->number)
			return 0;
		err = sched_forget_occupant(eng, eng->cpus[task->cpu], eng->now_at);
		break;
	case TASK_UNKNOWN:
	case TASK_SLEEPING:
	case TASK_SUSPENDED:
	case TASK_DEAD:
		break;
	}
	activation_forget(&task->activation);
	task->state = TASK_RUNNING;
	task->cpu = cpu->number;
	task->has_pending = false;
	task->was_proven = true;
	task->loss_seq = eng->loss_seq;
	return err;
}

/* The thread under a record is learnt from the record, not from a switch. */
int sched_learn_occupant(struct engine *eng, struct cpu *cpu, int32_t tid)
{
	struct task *task;
	int err = identity_task(eng, tid, &task);

	if (err || (!task && tid))
		return err;
	account_run(cpu, eng->now_at);
	if (task) {
		err = claim(eng, cpu, task);
		if (err)
			return err;
	}
	cpu->occupant = task ? OCCUPANT_THREAD : OCCUPANT_IDLE;
	cpu->running = task;
	cpu->in_at = 0;
	cpu->is_rt_throttled = false;
	cpu->run_from_at = eng->now_at;
	return state_push(eng, cpu, eng->now_at);
}

static int32_t occupant_tid(const struct cpu *cpu)
{
	switch ((enum occupant)cpu->occupant) {
	case OCCUPANT_IDLE:
		return 0;
	case OCCUPANT_THREAD:
		return cpu->running->tid;
	case OCCUPANT_UNKNOWN:
		break;
	}
	return TID_UNKNOWN;
}

/* A record of another thread than the one that was switched in last. */
static int check_occupant(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	bool is_exec;
	int err;

	if (event->tid == occupant_tid(cpu)) {
		cpu->prev_tid = TID_UNKNOWN;
		return 0;
	}
	/* Records made in the switch itself still carry the thread that leaves. */
	if (event->tid == cpu->prev_tid || event->type == EVENT_THREAD_NOISE)
		return 0;
	/* exec by a thread that does not lead its process gives it the leader's tid */
	is_exec = event->type == EVENT_EXEC && event->task.old_tid == occupant_tid(cpu);
	if (!is_exec && !cpu->is_found && records(eng, EVENT_BIT(EVENT_SWITCH)))
		eng->anomalies[ANOMALY_RUNS_ELSEWHERE]++;
	cpu->is_found = false;
	err = sched_forget_occupant(eng, cpu, eng->now_at);
	if (!err)
		err = sched_learn_occupant(eng, cpu, event->tid);
	return err;
}

int sched_on_any(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	bool is_clean = event->type == EVENT_SWITCH ||
			((event->flags & EVENT_HAS_FLAGS) &&
			 !(event->flags & (EVENT_FLAG_HARDIRQ | EVENT_FLAG_SOFTIRQ | EVENT_FLAG_NMI)));
	int err = 0;

	if (!cpu->is_seen) {
		cpu->is_seen = true;
		cpu->first_at = eng->now_at;
	}
	/* Who runs there would never be seen to leave. */
	if (!state_is_watched(eng, cpu->number))
		return 0;
	if (event->tid < 0 || event->tid >= TASK_MAX_TID)
		return 0;
	if (cpu->occupant != OCCUPANT_UNKNOWN)
		return event->type == EVENT_SWITCH ? 0 : check_occupant(eng, cpu, event);
	/* After a loss an interrupt may be going on that nobody saw begin. */
	if (event->type == EVENT_THREAD_NOISE || (cpu->is_lost && !is_clean))
		return 0;
	cpu->is_lost = false;
	if (event->type != EVENT_SWITCH)
		err = sched_learn_occupant(eng, cpu, event->tid);
	return err;
}

static void complete(struct task *task, uint64_t at)
{
	uint64_t response_ns;

	if (!activation_complete(&task->activation, at, &response_ns))
		return;
	task->kept.nr_activations++;
	if (response_ns <= task->kept.response.max_ns)
		return;
	task->kept.response.max_ns = response_ns;
	task->kept.response.release_jitter_ns = task->activation.release_jitter_ns;
	task->kept.response.waits_ns = task->activation.waits_ns;
	task->kept.response.execution_ns = task->activation.execution_ns;
	task->kept.response.on_top_ns = task->activation.on_top_ns;
	task->kept.response.suspension_ns = task->activation.suspension_ns;
}

static int leave_ready(struct engine *eng, struct cpu *cpu, struct task *task)
{
	int err;

	task->has_pending = false;
	err = wait_begin(eng, task, cpu, eng->now_at, NULL, true);
	if (!err && task->is_in_work) {
		task->wait->waker.work_function = task->work_function;
		task->wait->waker.work_queued_by = task->work_queued_by;
	}
	return err;
}

/* It was woken while it was on its way out: it is to run again at once. */
static int leave_raced(struct engine *eng, struct cpu *cpu, struct task *task, bool is_suspended)
{
	int err;

	task->has_pending = false;
	if (!is_suspended) {
		complete(task, eng->now_at);
		activation_begin(&task->activation, eng->now_at, eng->now_at);
	}
	err = wait_begin(eng, task, cpu, eng->now_at, &task->pending,
			 !records(eng, EVENT_BIT(EVENT_WAKEUP)));
	if (!err)
		task->wait->is_unconfirmed = true;
	return err;
}

static int leave(struct engine *eng, struct cpu *cpu, struct task *task, enum event_left left)
{
	task->state_at = eng->now_at;
	task->loss_seq = eng->loss_seq;
	switch (left) {
	case LEFT_READY:
	case LEFT_PREEMPTED:
		return leave_ready(eng, cpu, task);
	case LEFT_SLEEPING:
	case LEFT_SUSPENDED:
		if (task->has_pending)
			return leave_raced(eng, cpu, task, left == LEFT_SUSPENDED);
		if (left == LEFT_SLEEPING)
			complete(task, eng->now_at);
		task->suspension_kind = task->is_contending ? SUSPENSION_LOCK : SUSPENSION_OTHER;
		task->state = left == LEFT_SLEEPING ? TASK_SLEEPING : TASK_SUSPENDED;
		return 0;
	case LEFT_DEAD:
		complete(task, eng->now_at);
		task->state = TASK_DEAD;
		task->has_pending = false;
		return 0;
	case LEFT_UNKNOWN:
		break;
	}
	activation_forget(&task->activation);
	task->state = TASK_UNKNOWN;
	task->has_pending = false;
	return 0;
}

/*
 * Switched in without a waking, from a sleep: kernels before 6.13 say S of a thread that a pending
 * signal keeps on its run queue (kernel/sched/core.c, __schedule()). When its CPU never went idle
 * meanwhile, that is what happened, and it waited; otherwise its waking is missing.
 */
static int enter_from_sleep(struct engine *eng, struct cpu *cpu, struct task *task)
{
	int err;

	activation_forget(&task->activation);
	if (state_is_after_loss(eng, task) || !records(eng, WAKES))
		return 0;
	eng->anomalies[ANOMALY_SWITCH_TO_SLEEPING]++;
	if (task->state != TASK_SLEEPING || task->cpu != cpu->number ||
	    cpu->last_idle_in_at >= task->state_at)
		return 0;
	activation_begin(&task->activation, task->state_at, task->state_at);
	err = wait_begin(eng, task, cpu, task->state_at, NULL, true);
	if (err)
		return err;
	task->wait->is_retroactive = true;
	return wait_end(eng, task->wait, eng->now_at, 0);
}

static int enter_from_ready(struct engine *eng, struct cpu *cpu, struct task *task)
{
	struct wait *wait = task->wait;
	uint8_t flags = 0;
	int err = 0;

	if (wait->cpu != cpu->number) {
		if (state_is_after_loss(eng, task))
			flags = EPISODE_TOUCHED_BY_LOSS;
		else if (eng->facts.knows_queues)
			eng->anomalies[ANOMALY_CPU_MISMATCH]++;
		err = wait_move(eng, wait, cpu, eng->now_at, false);
	}
	return err ? err : wait_end(eng, wait, eng->now_at, flags);
}

static int enter(struct engine *eng, struct cpu *cpu, struct task *task)
{
	int err = 0;

	switch ((enum task_state)task->state) {
	case TASK_READY:
		err = enter_from_ready(eng, cpu, task);
		break;
	case TASK_SLEEPING:
	case TASK_SUSPENDED:
		err = enter_from_sleep(eng, cpu, task);
		break;
	case TASK_UNKNOWN:
		activation_forget(&task->activation);
		if (task->is_reborn && !task->was_proven)
			eng->anomalies[ANOMALY_SWITCH_TO_DEAD]++;
		else if (!task->was_proven && !task->is_fresh && !eng->loss_seq && records(eng, WAKES) &&
			 !eng->config.facts.watched)	/* it may have come from where nobody looks */
			task->kept.before_trace_ns = eng->now_at - cpu->first_at;
		break;
	case TASK_RUNNING:
		if (task->cpu != cpu->number) {
			eng->anomalies[ANOMALY_SWITCH_TO_RUNNING] += !eng->cpus[task->cpu]->is_found;
			err = sched_forget_occupant(eng, eng->cpus[task->cpu], eng->now_at);
		}
		break;
	case TASK_DEAD:
		break;
	}
	task->state = TASK_RUNNING;
	task->state_at = eng->now_at;
	task->cpu = cpu->number;
	task->was_proven = true;
	task->is_fresh = false;
	task->loss_seq = eng->loss_seq;
	return err;
}

/* prev must be the occupant; where it is not, records are missing. */
static int settle_prev(struct engine *eng, struct cpu *cpu, const struct event *event,
		       struct task *prev)
{
	int err;

	if (cpu->occupant != OCCUPANT_UNKNOWN && occupant_tid(cpu) == event->sw.prev_tid)
		return 0;
	if (cpu->occupant != OCCUPANT_UNKNOWN) {
		eng->anomalies[ANOMALY_SWITCH_FROM_OTHER] += !cpu->is_found;
		err = sched_forget_occupant(eng, cpu, eng->now_at);
		if (err)
			return err;
	}
	cpu->run_from_at = eng->now_at;
	if (!prev)
		return 0;
	err = claim(eng, cpu, prev);
	cpu->occupant = OCCUPANT_THREAD;
	cpu->running = prev;
	return err;
}

/*
 * sched_setscheduler() makes no event: what a thread ran as shows when it leaves. A higher rank
 * than it came with is taken for all of the run, since programs set themselves up at their
 * beginning. A lower one is not: that is what giving a lock back looks like, at the end of a run at
 * a lent rank.
 */
static void learn_prev(struct engine *eng, struct cpu *cpu, struct task *prev,
		       const struct event *event)
{
	int rank = prev->rank;

	identity_learn(eng, prev, event->sw.prev_comm, event->sw.prev_prio);
	if (prev->rank > rank && !prev->is_lent && cpu->occupant == OCCUPANT_THREAD &&
	    cpu->running == prev)
		lane_learn_rank(&cpu->lane, prev->culprit, prev->prio, prev->rank);
}

/* Idle or a fair thread is switched in while real-time threads are on the run queue. */
static bool picks_over_rt(const struct cpu *cpu, const struct task *prev, enum event_left left)
{
	bool is_lower = cpu->occupant == OCCUPANT_IDLE ||
			(cpu->occupant == OCCUPANT_THREAD && cpu->running->rank == RANK_FAIR);
	bool is_prev_rt = prev && prev->rank >= RANK_RT_LOWEST && prev->rank <= RANK_RT_HIGHEST &&
			  (left == LEFT_READY || left == LEFT_PREEMPTED);

	return is_lower && (cpu->nr_rt_waits || is_prev_rt);
}

int sched_on_switch(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct task *prev;
	struct task *next;
	int err = identity_task(eng, event->sw.prev_tid, &prev);

	if (!err && prev)
		learn_prev(eng, cpu, prev, event);
	if (!err)
		err = settle_prev(eng, cpu, event, prev);
	if (!err)
		err = identity_task(eng, event->sw.next_tid, &next);
	if (err)
		return err;
	irq_leave_all(eng, cpu);
	account_run(cpu, eng->now_at);
	cpu->occupant = OCCUPANT_UNKNOWN;
	cpu->running = NULL;
	if (next) {
		identity_learn(eng, next, event->sw.next_comm, event->sw.next_prio);
		err = enter(eng, cpu, next);
		if (err)
			return err;
	} else if (!event->sw.next_tid) {
		cpu->last_idle_in_at = eng->now_at;
	}
	cpu->occupant = next ? OCCUPANT_THREAD :
			!event->sw.next_tid ? OCCUPANT_IDLE : OCCUPANT_UNKNOWN;
	cpu->running = next;
	cpu->is_found = false;
	cpu->in_at = eng->now_at;
	cpu->evidence = EVIDENCE_NONE;
	cpu->are_irqs_off = cpu->is_preempt_off = false;
	cpu->is_rt_throttled = picks_over_rt(cpu, prev, (enum event_left)event->sw.left);
	cpu->prev_tid = event->sw.prev_tid;
	cpu->is_settled = true;
	err = state_push(eng, cpu, eng->now_at);
	if (err || !prev || prev == next)
		return err;
	return leave(eng, cpu, prev, (enum event_left)event->sw.left);
}

int sched_on_loss(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	uint64_t from_at = event->at;
	struct wait *next;
	int err = 0;

	if (from_at < lane_last(&cpu->lane)->at)
		from_at = lane_last(&cpu->lane)->at;
	eng->loss_seq++;
	eng->lost_from_at = from_at;
	if (event->loss.to_at > eng->lost_to_at)
		eng->lost_to_at = event->loss.to_at;
	for (struct wait *wait = cpu->waits; wait && !err; wait = next) {
		next = wait->next;
		err = wait_lose(eng, wait, from_at);
	}
	if (err)
		return err;
	cpu->nr_frames = 0;
	cpu->tail = CULPRIT_NONE;
	cpu->prev_tid = TID_UNKNOWN;
	cpu->queued_by_tid = TID_UNKNOWN;
	cpu->are_irqs_off = cpu->is_preempt_off = false;
	cpu->is_settled = false;
	cpu->is_lost = true;
	if (event->loss.to_at > cpu->lost_to_at)
		cpu->lost_to_at = event->loss.to_at;
	return sched_forget_occupant(eng, cpu, from_at);
}
