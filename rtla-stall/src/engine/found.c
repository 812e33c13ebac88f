// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc shows while there is no trace yet: who waits, and who has the CPU.
 *
 *        look        look        look             tracing is up
 *          |-----------|-----------|-----------------|------------->
 *          ^ found ready: a wait that is at least so long. A switch-in ends it, once there is a trace
 */
#include <string.h>

#include "state.h"
#include "wait.h"

static int found_ready(struct engine *eng, struct cpu *cpu, struct task *task)
{
	int err = 0;

	if (task->state == TASK_READY)
		return task->wait->cpu == cpu->number ? 0 :
			wait_move(eng, task->wait, cpu, eng->now_at, false);
	if (task->state == TASK_RUNNING)
		err = sched_forget_occupant(eng, eng->cpus[task->cpu], eng->now_at);
	activation_forget(&task->activation);
	if (!err)
		err = wait_begin(eng, task, cpu, eng->now_at, NULL, true);
	if (err)
		return err;
	task->wait->began_by = EPISODE_BEGAN_BEFORE;
	task->was_proven = true;
	task->is_fresh = false;
	task->loss_seq = eng->loss_seq;
	return 0;
}

static int found_ended(struct engine *eng, struct task *task)
{
	int err;

	if (task->state != TASK_READY)
		return 0;
	if (task->wait->is_lost)	/* its end is among what was lost */
		err = wait_end(eng, task->wait, task->wait->lost_at, 0);
	else if (task->wait->began_by == EPISODE_BEGAN_BEFORE)
		/* Where there is a trace, it should have told: it ended before that began. */
		err = wait_end(eng, task->wait, eng->now_at, eng->seen ? EPISODE_TOUCHED_BY_LOSS : 0);
	else
		return 0;
	task->state = TASK_UNKNOWN;
	task->state_at = eng->now_at;
	return err;
}

/*
 * The same thread as before, at another priority: as with what shows when a thread leaves, a higher one is
 * taken for all of its run, since programs set themselves up at their beginning.
 */
static int learn_running(struct engine *eng, struct cpu *cpu, const struct task *task, int rank)
{
	if (task->rank == rank)
		return 0;
	if (task->rank > rank && !task->is_lent)
		lane_learn_rank(&cpu->lane, task->culprit, task->prio, task->rank);
	return state_push(eng, cpu, eng->now_at);
}

static int found_running(struct engine *eng, struct cpu *cpu, struct task *task, int rank)
{
	bool is_same = task ? cpu->occupant == OCCUPANT_THREAD && cpu->running == task :
			      cpu->occupant == OCCUPANT_IDLE;
	int err = 0;

	if (is_same)
		return task ? learn_running(eng, cpu, task, rank) : 0;
	if (cpu->occupant != OCCUPANT_UNKNOWN)
		err = sched_forget_occupant(eng, cpu, eng->now_at);
	if (!err && task)
		err = found_ended(eng, task);
	if (err)
		return err;
	/* before what it says of the CPU: the slot is to tell that it is a conclusion */
	cpu->is_found = true;
	return sched_learn_occupant(eng, cpu, task ? task->tid : 0);
}

int found_on_event(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct task *task;
	int err = identity_task(eng, event->found.tid, &task);
	int rank;

	if (!err && event->type == EVENT_FOUND_RUNNING && event->found.tid == TID_UNKNOWN)
		return cpu->is_found ? sched_forget_occupant(eng, cpu, eng->now_at) : 0;
	if (err || (!task && event->found.tid))
		return err;
	rank = task ? task->rank : 0;
	if (task)
		identity_learn(eng, task, event->found.comm, event->found.prio);
	if (event->type == EVENT_FOUND_RUNNING)
		return found_running(eng, cpu, task, rank);
	if (!task)
		return 0;
	return event->type == EVENT_FOUND_READY ? found_ready(eng, cpu, task) : found_ended(eng, task);
}
