// SPDX-License-Identifier: GPL-2.0-only
#include "selection.h"

#include <fnmatch.h>
#include <string.h>

bool selection_wait(const struct selection *selection, const struct episode *episode)
{
	if (selection->has_from && episode->ended_at < selection->from_at)
		return false;
	if (selection->has_to && episode->began_at > selection->to_at)
		return false;
	if (!selection->has_cpus)
		return true;
	for (uint32_t i = 0; i < episode->nr_cpus; i++) {
		uint32_t cpu = episode->cpus[i];

		if (cpu < ENGINE_MAX_CPUS && selection->cpus.bits[cpu / 64] >> cpu % 64 & 1)
			return true;
	}
	return false;
}

static bool is_tid(const char *selector, uint64_t *tid)
{
	return !parse_count(selector, INT32_MAX, tid);
}

static bool is_named(const struct selection *selection, const struct engine_task *task)
{
	for (uint32_t i = 0; i < selection->nr_tasks; i++) {
		const char *selector = selection->tasks[i];
		uint64_t tid;

		if (is_tid(selector, &tid)) {
			if ((int32_t)tid == task->tid)
				return true;
		} else if (!strcmp(selector, task->comm) || !fnmatch(selector, task->comm, 0)) {
			return true;
		}
	}
	return false;
}

bool selection_thread(const struct selection *selection, const struct engine_task *task, bool has_waits,
		   uint64_t first_at)
{
	if (selection->nr_tasks) {
		if (!is_named(selection, task))
			return false;
	} else if (!selection->wants_all && task->kthread == TRI_NO) {
		return false;
	}
	if (has_waits || !(selection->has_cpus || selection->has_from || selection->has_to))
		return true;
	return task->before_trace_ns &&
	       !(selection->has_from && selection->from_at > first_at &&
		 selection->from_at - first_at > task->before_trace_ns);
}

bool selection_is_out_for_good(const struct selection *selection, const struct engine_task *task)
{
	uint64_t tid;

	if (!selection->nr_tasks)
		return !selection->wants_all && task->kthread == TRI_NO;
	for (uint32_t i = 0; i < selection->nr_tasks; i++) {
		/* A name may yet come to match. */
		if (!is_tid(selection->tasks[i], &tid) || (int32_t)tid == task->tid)
			return false;
	}
	return true;
}
