// SPDX-License-Identifier: GPL-2.0-only
#include "select.h"

#include <fnmatch.h>
#include <string.h>

#include "params.h"

bool select_wait(const struct stall_params *params, const struct episode *episode)
{
	if (params->has_from && episode->ended_at < params->from_at)
		return false;
	if (params->has_to && episode->began_at > params->to_at)
		return false;
	if (!params->has_cpus)
		return true;
	for (uint32_t i = 0; i < episode->nr_cpus; i++) {
		uint32_t cpu = episode->cpus[i];

		if (cpu < ENGINE_MAX_CPUS && params->cpus.bits[cpu / 64] >> cpu % 64 & 1)
			return true;
	}
	return false;
}

static bool is_tid(const char *selector, uint64_t *tid)
{
	return !parse_count(selector, INT32_MAX, tid);
}

static bool is_named(const struct stall_params *params, const struct engine_task *task)
{
	for (uint32_t i = 0; i < params->nr_tasks; i++) {
		const char *selector = params->tasks[i];
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

bool select_thread(const struct stall_params *params, const struct engine_task *task, bool has_waits,
		   uint64_t first_at)
{
	if (params->nr_tasks) {
		if (!is_named(params, task))
			return false;
	} else if (!params->wants_all && task->kthread == TRI_NO) {
		return false;
	}
	if (has_waits || !(params->has_cpus || params->has_from || params->has_to))
		return true;
	return task->before_trace_ns &&
	       !(params->has_from && params->from_at > first_at &&
		 params->from_at - first_at > task->before_trace_ns);
}

bool select_is_out_for_good(const struct stall_params *params, const struct engine_task *task)
{
	uint64_t tid;

	if (!params->nr_tasks)
		return !params->wants_all && task->kthread == TRI_NO;
	for (uint32_t i = 0; i < params->nr_tasks; i++) {
		/* A name may yet come to match. */
		if (!is_tid(params->tasks[i], &tid) || (int32_t)tid == task->tid)
			return false;
	}
	return true;
}
