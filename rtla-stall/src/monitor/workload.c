// SPDX-License-Identifier: GPL-2.0-only
#include "workload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../source/live_tracefs.h"
#include "../source/live_tracer.h"
#include "../util/error.h"
#include "monitor_params.h"
#include "workload_idle.h"
#include "workload_sched.h"
#include "workload_threads.h"

struct workload {
	bool has_user_threads;
	int dma_fd;				/* -1: not asked for */
	int cgroup_fd;				/* -1: likewise */
	struct workload_threads *threads;	/* NULL: there is nothing to do for any */
};

static const struct cpu_list *cpus_of(const struct monitor_params *params)
{
	return params->selection.has_cpus ? &params->selection.cpus : NULL;
}

static bool has_timerlat(const struct monitor_params *params)
{
	return params->tracer == LIVE_TRACER_TIMERLAT ||
	       (params->tracer == LIVE_TRACER_AUTO && params->wants_timerlat);
}

int workload_place(const struct monitor_params *params, struct error *err)
{
	int result = 0;

	if (params->has_house_keeping) {
		result = workload_sched_confine(&params->house_keeping);
		if (result)
			return error_set(err, result, "-H: we may run on none of these CPUs: %s",
					 strerror(-result));
	} else if (params->selection.has_cpus) {
		result = workload_sched_avoid(&params->selection.cpus);
	}
	return result ? error_set(err, result, "leaving the CPUs of -c: %s", strerror(-result)) : 0;
}

bool workload_wants_user_threads(const struct monitor_params *params)
{
	char root[LIVE_PATH_MAX];

	if (!has_timerlat(params))
		return false;
	/* -s: no kernel so far keeps the stack for a thread in user space */
	if (params->threads == MONITOR_THREADS_AUTO)
		return !params->print_stack_us && !live_tracefs_find(root, NULL) &&
		       live_tracer_has_user_threads(root);
	return params->threads == MONITOR_THREADS_USER || params->threads == MONITOR_THREADS_FOREIGN;
}

/* ---- make and unmake -------------------------------------------------------------------------- */

/* "timerlat", "osnoise": whose threads -P and -C are for; NULL: the kernel has none in this run */
static const char *kernel_name_of(const struct workload *workload, const struct monitor_params *params)
{
	if (has_timerlat(params))
		return workload->has_user_threads ? NULL : "timerlat";
	return params->tracer == LIVE_TRACER_OSNOISE && params->has_workload ? "osnoise" : NULL;
}

static int make_threads(struct workload *workload, const struct monitor_params *params, struct error *err)
{
	struct workload_threads_setting setting = {
		.kernel_name = kernel_name_of(workload, params),
		.cpus = cpus_of(params),
		.sched = params->sched.is_wanted ? &params->sched : NULL,
		.cgroup = -1,
	};
	bool is_ours = workload->has_user_threads && params->threads != MONITOR_THREADS_FOREIGN;

	if (!is_ours && (!setting.kernel_name || (!setting.sched && !params->has_cgroup)))
		return 0;
	if (params->has_cgroup) {
		workload->cgroup_fd = workload_sched_open_cgroup(params->cgroup, err);
		if (workload->cgroup_fd < 0)
			return workload->cgroup_fd;
		setting.cgroup = workload->cgroup_fd;
	}
	return workload_threads_create(&setting, &workload->threads, err);
}

int workload_create(const struct monitor_params *params, struct guard *guard, struct workload **ret,
		    struct error *err)
{
	struct workload *workload = calloc(1, sizeof(*workload));
	int result;

	if (!workload)
		return error_set(err, -ENOMEM, "out of memory");
	*workload = (struct workload){ .dma_fd = -1, .cgroup_fd = -1 };
	workload->has_user_threads = workload_wants_user_threads(params);
	result = make_threads(workload, params, err);
	if (!result && params->has_dma_latency) {
		workload->dma_fd = workload_idle_hold_dma(WORKLOAD_IDLE_DMA, params->dma_latency_us, err);
		result = workload->dma_fd < 0 ? workload->dma_fd : 0;
	}
	if (!result && params->has_deepest_idle_state)
		result = workload_idle_limit(WORKLOAD_IDLE_CPUS, cpus_of(params),
					     params->deepest_idle_state, guard, err);
	if (result) {
		workload_destroy(workload);
		return result;
	}
	*ret = workload;
	return 0;
}

void workload_destroy(struct workload *workload)
{
	if (!workload)
		return;
	workload_threads_destroy(workload->threads);
	if (workload->cgroup_fd >= 0)
		close(workload->cgroup_fd);
	if (workload->dma_fd >= 0)
		close(workload->dma_fd);
	free(workload);
}

/* ---- meanwhile -------------------------------------------------------------------------------- */

bool workload_has_user_threads(const struct workload *workload)
{
	return workload->has_user_threads;
}

bool workload_has_thread(const struct workload *workload, int32_t tid)
{
	return workload->has_user_threads && workload->threads &&
	       workload_threads_has(workload->threads, tid);
}

int workload_start(struct workload *workload, struct error *err)
{
	return workload->threads ? workload_threads_start(workload->threads, err) : 0;
}

int workload_check(struct workload *workload, struct error *err)
{
	return workload->threads ? workload_threads_check(workload->threads, err) : 0;
}

bool workload_is_up(const struct workload *workload)
{
	return !workload->threads || workload_threads_are_up(workload->threads);
}
