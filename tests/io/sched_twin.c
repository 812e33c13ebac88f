// SPDX-License-Identifier: GPL-2.0-only
#include "sched_twin.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define UTIL_FLAGS (SCHED_SYS_UTIL_MIN | SCHED_SYS_UTIL_MAX)

struct twin {
	struct sched_sys sys;
	struct twin_machine *machine;	/* shared with children */
};

struct twin_machine *sched_twin_machine(struct sched_sys *sys)
{
	return ((struct twin *)sys)->machine;
}

struct twin_thread *sched_twin_find(struct sched_sys *sys, int32_t tid)
{
	struct twin_machine *machine = sched_twin_machine(sys);

	for (uint32_t i = 0; i < TWIN_THREADS; i++) {
		if (machine->threads[i].tid == tid)
			return &machine->threads[i];
	}
	return NULL;
}

struct twin_thread *sched_twin_add(struct sched_sys *sys, int32_t tid)
{
	struct twin_thread *thread = sched_twin_find(sys, 0);

	if (!thread)
		abort();
	*thread = (struct twin_thread){
		.tid = tid, .start_ticks = 1000 + (uint64_t)tid, .state = 'R', .util_max = 1024,
		.attr = { .policy = SCHED_SYS_OTHER },
	};
	return thread;
}

/* ---- calls ------------------------------------------------------------------------------------ */

/* Return: what the call is to return instead of doing anything; 0 nothing */
static int begin_call(struct sched_sys *sys)
{
	struct twin_machine *machine = sched_twin_machine(sys);
	uint32_t number = ++machine->nr_calls;

	if (number == machine->die_before)
		kill(getpid(), SIGKILL);
	if (number == machine->meanwhile_at)
		machine->meanwhile(machine->meanwhile_arg);
	return number >= machine->fail_at && number <= machine->fails_until ? machine->fail_code : 0;
}

static int end_call(struct sched_sys *sys, enum twin_call call, int32_t tid, uint32_t policy, int result)
{
	struct twin_machine *machine = sched_twin_machine(sys);

	if (machine->nr_calls <= TWIN_CALLS)
		machine->records[machine->nr_calls - 1] = (struct twin_record){
			.call = (uint8_t)call, .tid = tid, .policy = policy, .result = result,
		};
	if (machine->nr_calls == machine->die_after)
		kill(getpid(), SIGKILL);
	return result;
}

static bool is_fair(uint32_t policy)
{
	return policy == SCHED_SYS_OTHER || policy == 3 || policy == 5;
}

static int twin_get_attr(struct sched_sys *sys, int32_t tid, struct sched_sys_attr *ret)
{
	const struct twin_thread *thread = sched_twin_find(sys, tid);
	int result = begin_call(sys);

	if (!result)
		result = thread && tid > 0 ? 0 : -ESRCH;
	if (!result) {
		*ret = thread->attr;
		ret->size = sizeof(*ret);
		ret->util_min = thread->util_min;
		ret->util_max = thread->util_max;
		if (is_fair(thread->attr.policy)) {
			ret->nice = thread->nice;
			ret->runtime = thread->slice;
		}
	}
	return end_call(sys, TWIN_GET, tid, 0, result);
}

static void apply(struct twin_thread *thread, const struct sched_sys_attr *attr)
{
	bool changes_class = is_fair(thread->attr.policy) != is_fair(attr->policy);

	thread->attr = *attr;
	thread->attr.flags &= SCHED_SYS_RESET_ON_FORK;
	if (is_fair(attr->policy)) {
		thread->nice = attr->nice;
		thread->slice = attr->runtime;
		thread->attr.runtime = 0;
		thread->attr.nice = 0;
	}
	if (attr->flags & UTIL_FLAGS) {
		thread->util_min = attr->util_min;
		thread->util_max = attr->util_max;
		thread->has_own_clamps = true;
	} else if (changes_class && !thread->has_own_clamps) {
		thread->util_min = is_fair(attr->policy) ? 0 : 1024;
		thread->util_max = 1024;
	}
}

static int twin_set_attr(struct sched_sys *sys, int32_t tid, const struct sched_sys_attr *attr)
{
	struct twin_thread *thread = sched_twin_find(sys, tid);
	int result = begin_call(sys);

	if (!result && (!thread || tid <= 0))
		result = -ESRCH;
	if (!result && attr->policy == SCHED_SYS_DEADLINE && thread->is_confined &&
	    sched_twin_machine(sys)->rt_runtime_us >= 0)
		result = -EPERM;
	if (!result)
		apply(thread, attr);
	return end_call(sys, TWIN_SET, tid, attr->policy, result);
}

static int twin_hold(struct sched_sys *sys, int32_t tid, struct sched_sys_thread *ret)
{
	int result = begin_call(sys);

	if (!result && (tid <= 0 || !sched_twin_find(sys, tid)))
		result = -ESRCH;
	if (!result) {
		sched_sys_thread_init(ret);
		ret->tid = tid;
		/* who it is, where the real one has open files */
		ret->stat_fd = (int)sched_twin_find(sys, tid)->start_ticks;
	}
	return end_call(sys, TWIN_HOLD, tid, 0, result);
}

static int twin_look(struct sched_sys *sys, const struct sched_sys_thread *held, struct sched_sys_look *ret)
{
	const struct twin_thread *thread = sched_twin_find(sys, held->tid);
	int result = begin_call(sys);

	if (!result && (!thread || held->tid <= 0 || (int)thread->start_ticks != held->stat_fd))
		result = -ESRCH;
	if (!result)
		*ret = (struct sched_sys_look){
			.start_ticks = thread->start_ticks, .state = thread->state, .nice = thread->nice,
			.has_cpu_ns = true, .cpu_ns = thread->cpu_ns, .has_nr_runs = true,
			.nr_runs = thread->nr_runs,
		};
	return end_call(sys, TWIN_LOOK, held->tid, 0, result);
}

static void twin_let_go(struct sched_sys *sys, struct sched_sys_thread *thread)
{
	(void)sys;
	sched_sys_thread_init(thread);
}

static int twin_is_confined(struct sched_sys *sys, int32_t tid, bool *ret)
{
	const struct twin_thread *thread = sched_twin_find(sys, tid);
	int result = begin_call(sys);

	if (!result && !thread)
		result = -ESRCH;
	if (!result)
		*ret = thread->is_confined;
	return end_call(sys, TWIN_CONFINED, tid, 0, result);
}

static int twin_get_rt_runtime(struct sched_sys *sys, int64_t *us)
{
	int result = begin_call(sys);

	if (!result)
		*us = sched_twin_machine(sys)->rt_runtime_us;
	return end_call(sys, TWIN_GET_RT, 0, 0, result);
}

static int twin_set_rt_runtime(struct sched_sys *sys, int64_t us)
{
	int result = begin_call(sys);

	if (!result)
		sched_twin_machine(sys)->rt_runtime_us = us;
	return end_call(sys, TWIN_SET_RT, 0, 0, result);
}

static uint64_t twin_now(struct sched_sys *sys)
{
	return sched_twin_machine(sys)->now_at;
}

static int twin_kept_fd(struct sched_sys *sys)
{
	(void)sys;
	return -1;
}

static void twin_close(struct sched_sys *sys)
{
	munmap(sched_twin_machine(sys), sizeof(struct twin_machine));
	free(sys);
}

static const struct sched_sys_ops twin_ops = {
	.get_attr = twin_get_attr,
	.set_attr = twin_set_attr,
	.hold = twin_hold,
	.look = twin_look,
	.let_go = twin_let_go,
	.is_confined = twin_is_confined,
	.get_rt_runtime = twin_get_rt_runtime,
	.set_rt_runtime = twin_set_rt_runtime,
	.now = twin_now,
	.kept_fd = twin_kept_fd,
	.close = twin_close,
};

struct sched_sys *sched_twin_create(void)
{
	struct twin *twin = calloc(1, sizeof(*twin));
	void *memory = mmap(NULL, sizeof(*twin->machine), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!twin || memory == MAP_FAILED)
		abort();
	twin->sys.ops = &twin_ops;
	twin->machine = memory;
	twin->machine->rt_runtime_us = 950000;
	twin->machine->fail_at = UINT32_MAX;
	return &twin->sys;
}

bool sched_twin_is_same(struct sched_sys *sys, const struct twin_machine *before)
{
	const struct twin_machine *machine = sched_twin_machine(sys);

	for (uint32_t i = 0; i < TWIN_THREADS; i++) {
		const struct twin_thread *now = &machine->threads[i];
		const struct twin_thread *then = &before->threads[i];

		if (now->tid != then->tid || now->attr.policy != then->attr.policy ||
		    now->attr.flags != then->attr.flags || now->attr.priority != then->attr.priority ||
		    now->nice != then->nice || now->util_min != then->util_min ||
		    now->util_max != then->util_max || now->slice != then->slice ||
		    now->has_own_clamps != then->has_own_clamps)
			return false;
	}
	return machine->rt_runtime_us == before->rt_runtime_us;
}
