// SPDX-License-Identifier: GPL-2.0-only
#include "task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kthread.h"
#include "sched_rank.h"

enum { CHUNK = 128, NR_PAGES = TASK_MAX_TID / TASK_TIDS_PER_PAGE };

const char *task_state_name(enum task_state state)
{
	static const char *const names[] = {
		[TASK_UNKNOWN] = "unknown",	[TASK_SLEEPING] = "sleeping",
		[TASK_SUSPENDED] = "suspended", [TASK_READY] = "ready",
		[TASK_RUNNING] = "running",	[TASK_DEAD] = "dead",
	};

	return names[state];
}

int task_table_init(struct task_table *table)
{
	*table = (struct task_table){ .first_free = UINT32_MAX };
	table->pages = calloc(NR_PAGES, sizeof(*table->pages));
	return table->pages ? 0 : -ENOMEM;
}

void task_table_deinit(struct task_table *table)
{
	for (uint32_t i = 0; i < table->nr_chunks; i++)
		free(table->chunks[i]);
	free(table->chunks);
	if (table->pages) {
		for (uint32_t i = 0; i < NR_PAGES; i++)
			free(table->pages[i]);
	}
	free(table->pages);
	*table = (struct task_table){ 0 };
}

struct task *task_table_at(const struct task_table *table, uint32_t index)
{
	return &table->chunks[index / CHUNK][index % CHUNK];
}

static int make_page(struct task_table *table, int32_t tid)
{
	struct task ***page = &table->pages[tid / TASK_TIDS_PER_PAGE];

	if (!*page)
		*page = calloc(TASK_TIDS_PER_PAGE, sizeof(**page));
	return *page ? 0 : -ENOMEM;
}

static int make_room(struct task_table *table)
{
	struct task **chunks;

	if (table->nr_tasks < table->nr_chunks * CHUNK)
		return 0;
	chunks = reallocarray(table->chunks, table->nr_chunks + 1, sizeof(*chunks));
	if (!chunks)
		return -ENOMEM;
	table->chunks = chunks;
	chunks[table->nr_chunks] = calloc(CHUNK, sizeof(**chunks));
	if (!chunks[table->nr_chunks])
		return -ENOMEM;
	table->nr_chunks++;
	return 0;
}

/* A task with its index and its culprit; the rest is undefined. */
static int take(struct task_table *table, struct culprit_table *culprits, int32_t tid, struct task **ret)
{
	uint32_t index = table->nr_tasks;
	int err;

	if (table->nr_free) {
		*ret = task_table_at(table, table->first_free);
		table->first_free = (*ret)->next_free;
		table->nr_free--;
		culprits->entries[(*ret)->culprit].id = tid;
		return 0;
	}
	err = make_room(table);
	if (err)
		return err;
	*ret = task_table_at(table, index);
	err = culprit_table_add_thread(culprits, index, tid, &(*ret)->culprit);
	if (err)
		return err;
	(*ret)->index = index;
	table->nr_tasks++;
	return 0;
}

int task_table_add(struct task_table *table, struct culprit_table *culprits, int32_t tid,
		   struct task **ret)
{
	int err = tid == TID_UNKNOWN ? 0 : make_page(table, tid);
	struct task *task;

	if (!err)
		err = take(table, culprits, tid, &task);
	if (err)
		return err;
	*task = (struct task){
		.tid = tid,
		.index = task->index,
		.culprit = task->culprit,
		.next_free = UINT32_MAX,
		.state = TASK_UNKNOWN,
		.kthread = TRI_UNKNOWN,
		.rank = RANK_UNKNOWN,
		.base_rank = RANK_UNKNOWN,
		.prio = PRIO_UNKNOWN,
		.base_prio = PRIO_UNKNOWN,
		.lender = CULPRIT_NONE,
		.work_queued_by = CULPRIT_NONE,
		.kept = { .index = task->index, .culprit = task->culprit, .tid = tid },
	};
	if (tid != TID_UNKNOWN)
		table->pages[tid / TASK_TIDS_PER_PAGE][tid % TASK_TIDS_PER_PAGE] = task;
	*ret = task;
	return 0;
}

void task_table_free(struct task_table *table, uint32_t index, uint32_t heir)
{
	struct task *task = task_table_at(table, index);

	if (task_table_find(table, task->tid) == task)
		table->pages[task->tid / TASK_TIDS_PER_PAGE][task->tid % TASK_TIDS_PER_PAGE] =
			task_table_at(table, heir);
	*task = (struct task){
		.index = index,
		.culprit = task->culprit,
		.next_free = table->first_free,
		.lender = CULPRIT_NONE,
		.work_queued_by = CULPRIT_NONE,
		.kept = { .index = index, .culprit = task->culprit },
	};
	table->first_free = index;
	table->nr_free++;
}

void task_set_comm(struct task *task, const char comm[COMM_LEN])
{
	if (!comm[0] || !memcmp(task->comm, comm, COMM_LEN))
		return;
	memcpy(task->comm, comm, COMM_LEN - 1);
	task->comm[COMM_LEN - 1] = '\0';
	task->is_kworker = !strncmp(task->comm, "kworker/", 8);
	task->is_ksoftirqd = !strncmp(task->comm, "ksoftirqd/", 10);
}

bool task_set_prio(struct task *task, int32_t prio)
{
	int rank;

	if (prio == task->prio || prio == PRIO_UNKNOWN)
		return false;
	rank = sched_rank(prio, task->comm);
	task->prio = prio;
	if (task->is_lent && prio < task->base_prio) {
		if (rank == task->rank)
			return false;
		task->rank = rank;
		return true;
	}
	task->is_lent = false;
	task->lender = CULPRIT_NONE;
	task->base_prio = prio;
	task->base_rank = rank;
	if (rank == task->rank)
		return false;
	task->rank = rank;
	return true;
}

bool task_lend(struct task *task, int32_t old_prio, int32_t new_prio, uint32_t lender)
{
	bool changed = task_set_prio(task, old_prio);
	bool is_boost = new_prio < old_prio;

	if (new_prio == task->prio)
		return changed;
	if (!is_boost)
		return task_set_prio(task, new_prio) || changed;
	task->is_lent = true;
	task->lender = lender;
	task->prio = new_prio;
	task->rank = sched_rank(new_prio, task->comm);
	return true;
}

enum tristate task_is_kthread(const struct task *task)
{
	if (task->kthread != TRI_UNKNOWN)
		return (enum tristate)task->kthread;
	return kthread_has_name(task->comm) ? TRI_YES : TRI_UNKNOWN;
}
