// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_occupant.h"

#include <string.h>
#include <unistd.h>

#include "../engine/sched_rank.h"
#include "../util/proc_read.h"
#include "enforce_watch.h"

struct plan_occupant enforce_occupant_of(const struct engine_task *task, int32_t prio)
{
	struct plan_occupant occupant = {
		.kind = PLAN_OCCUPANT_THREAD,
		.is_kthread = task->kthread == TRI_YES,
		.tid = task->tid,
		.prio = prio,
	};

	memcpy(occupant.comm, task->comm, sizeof(occupant.comm));
	return occupant;
}

static void find_by_trace(struct enforce_watch *watch, uint32_t cpu, struct plan_occupant *ret)
{
	struct engine *engine = enforce_watch_engine(watch);
	struct proc_thread now, known = { .cpu = cpu };
	struct culprit culprit;
	struct engine_cpu seen;
	struct engine_task task;
	uint32_t index;

	if (enforce_watch_seen_by(watch) != ENFORCE_SEEN_BY_TRACE || !engine_cpu(engine, cpu, &seen))
		return;
	culprit = engine_culprit(engine, seen.occupant);
	if (culprit.kind == CULPRIT_IDLE)
		ret->kind = PLAN_OCCUPANT_IDLE;
	index = engine_task_of_culprit(engine, seen.occupant);
	if (index == UINT32_MAX)
		return;
	engine_task(engine, index, &task);
	if (task.tid == getpid())
		return;
	*ret = enforce_occupant_of(&task, seen.prio);
	memcpy(known.comm, task.comm, sizeof(known.comm));
	/* a thread may be given another priority while it runs, of which no event tells */
	if (enforce_watch_read(watch, task.tid, &known, &now))
		return;
	ret->prio = now.prio;
	ret->is_kthread = now.is_kthread;
}

void enforce_occupant_find(struct enforce_watch *watch, uint32_t cpu, int32_t waiter_prio,
			   const char *waiter_comm, struct plan_occupant *ret)
{
	struct proc_thread thread;

	*ret = (struct plan_occupant){ .tid = TID_UNKNOWN, .prio = PRIO_UNKNOWN };
	find_by_trace(watch, cpu, ret);
	if (ret->kind == PLAN_OCCUPANT_THREAD &&
	    sched_rank(ret->prio, ret->comm) >= sched_rank(waiter_prio, waiter_comm))
		return;
	if (!enforce_watch_proc_occupant(watch, cpu, &thread))
		return;
	*ret = (struct plan_occupant){
		.kind = PLAN_OCCUPANT_THREAD,
		.tid = thread.tid,
		.prio = thread.prio,
		.is_kthread = thread.is_kthread,
	};
	memcpy(ret->comm, thread.comm, sizeof(ret->comm));
}
