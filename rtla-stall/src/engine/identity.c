// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who a tid is: identities, names, priorities, and what makes a kernel thread.
 */
#include <string.h>

#include "sched_rank.h"
#include "state.h"
#include "wait.h"

int identity_task(struct engine *eng, int32_t tid, struct task **ret)
{
	struct task *task = task_table_find(&eng->tasks, tid);
	int err;

	if (task && task->state != TASK_DEAD) {
		*ret = task;
		return 0;
	}
	*ret = NULL;
	if (tid <= 0 || tid >= TASK_MAX_TID) {
		if (tid && tid != TID_UNKNOWN)
			eng->anomalies[ANOMALY_TID_RANGE]++;
		return 0;
	}
	err = task_table_add(&eng->tasks, &eng->culprits, tid, ret);
	if (err)
		return err;
	(*ret)->is_reborn = task;
	if (task) {
		task_set_comm(*ret, task->comm);
		(*ret)->kthread = task->kthread;
	}
	return 0;
}

void identity_learn(struct engine *eng, struct task *task, const char comm[COMM_LEN], int32_t prio)
{
	task_set_comm(task, comm);
	task_set_prio(task, prio);
	if (eng->is_preempt_rt == TRI_UNKNOWN && !strncmp(task->comm, "ktimers/", 8))
		eng->is_preempt_rt = TRI_YES;
}

int identity_culprit(struct engine *eng, const struct cpu *cpu, int32_t tid, uint32_t *ret)
{
	struct task *task;
	int err;

	if (!tid) {
		*ret = cpu->idle;
		return 0;
	}
	err = identity_task(eng, tid, &task);
	*ret = !err && task ? task->culprit : 0;
	return err;
}

int identity_renew(struct engine *eng, int32_t tid, struct task **ret)
{
	struct task *old = task_table_find(&eng->tasks, tid);
	int err = 0;

	if (old && old->is_fresh && old->state == TASK_UNKNOWN) {
		*ret = old;
		return 0;
	}
	if (old && old->state == TASK_READY)
		err = wait_end(eng, old->wait, eng->now_at, EPISODE_ODD);
	else if (old && old->state == TASK_RUNNING)
		err = sched_forget_occupant(eng, eng->cpus[old->cpu], eng->now_at);
	if (err)
		return err;
	if (old)
		old->state = TASK_DEAD;
	err = identity_task(eng, tid, ret);
	if (!err && *ret) {
		(*ret)->is_reborn = false;
		(*ret)->is_fresh = true;
		(*ret)->kthread = TRI_UNKNOWN;
	}
	return err;
}

int identity_on_fork(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	int32_t parent = event->fork.parent_tid != TID_UNKNOWN ? event->fork.parent_tid : event->tid;
	struct task *task;
	int err = identity_renew(eng, event->fork.tid, &task);

	(void)cpu;
	if (err || !task)
		return err;
	task_set_comm(task, event->fork.comm);
	/* All kernel threads are children of kthreadd (kernel/kthread.c). */
	if (parent > 0)
		task->kthread = parent == 2 ? TRI_YES : TRI_NO;
	return 0;
}

int identity_on_event(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct task *task;
	int err = identity_task(eng, event->task.tid, &task);

	if (err || !task)
		return err;
	(void)cpu;
	if (event->type == EVENT_EXEC)
		task->kthread = TRI_NO;
	else
		identity_learn(eng, task, event->task.comm, PRIO_UNKNOWN);
	return 0;
}

int identity_on_pi(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	uint32_t lender = CULPRIT_NONE;
	struct task *task;
	int err = identity_task(eng, event->pi.tid, &task);

	if (err || !task)
		return err;
	if (event->tid > 0 && event->tid != event->pi.tid) {
		err = identity_culprit(eng, cpu, event->tid, &lender);
		if (err)
			return err;
	}
	task_set_comm(task, event->pi.comm);
	if (task->state == TASK_READY) {
		err = wait_catch_up(eng, task->wait, eng->now_at);
		task_lend(task, event->pi.old_prio, event->pi.new_prio, lender);
		wait_set_rank(task->wait, eng->cpus[task->wait->cpu], task->rank);
		return err;
	}
	if (task_lend(task, event->pi.old_prio, event->pi.new_prio, lender) &&
	    task->state == TASK_RUNNING)
		return state_push(eng, eng->cpus[task->cpu], eng->now_at);
	return 0;
}
