/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_IO_SCHED_TWIN_H
#define TESTS_IO_SCHED_TWIN_H

#include <stdbool.h>
#include <stdint.h>

#include "boost/sched_sys.h"

/*
 * A machine with a few threads, in place of the kernel: it does what is asked, writes it down, fails the call
 * it is told to, and kills whoever makes the call it is told to. Its memory is shared with children, so that
 * whoever survives sees what the killed one did.
 *
 * As the kernel does: deadline is refused to a confined thread while sched_rt_runtime_us is not -1; a
 * change of class resets a slice, and clamps that nobody set; what was set with its flag stays; who is
 * not fair shows no nice.
 */

#define TWIN_THREADS 16u
#define TWIN_CALLS 4096u

enum twin_call { TWIN_GET, TWIN_SET, TWIN_HOLD, TWIN_LOOK, TWIN_CONFINED, TWIN_GET_RT, TWIN_SET_RT };

struct twin_thread {
	int32_t tid;		/* 0: none */
	uint64_t start_ticks;
	struct sched_sys_attr attr;	/* nice, clamps and slice are below */
	int32_t nice;
	uint32_t util_min, util_max;
	bool has_own_clamps;
	uint64_t slice;		/* 0: the kernel's */
	char state;
	bool is_confined;
	uint64_t cpu_ns;
	uint64_t nr_runs;
};

struct twin_record {
	uint8_t call;		/* enum twin_call */
	int32_t tid;
	uint32_t policy;	/* SET */
	int result;
};

struct twin_machine {
	struct twin_thread threads[TWIN_THREADS];
	struct twin_record records[TWIN_CALLS];
	uint32_t nr_calls;
	uint32_t fail_at;	/* the call of this number, from 1; 0 none */
	uint32_t fails_until;	/* and those up to this one */
	int fail_code;
	uint32_t die_before;	/* the call of this number: SIGKILL to whoever makes it */
	uint32_t die_after;
	uint32_t meanwhile_at;	/* the call of this number; while it goes on, this happens, once: */
	void (*meanwhile)(void *arg);
	void *meanwhile_arg;
	uint64_t now_at;
	int64_t rt_runtime_us;
};

/** sched_twin_create() - an empty machine, sched_rt_runtime_us 950000 */
struct sched_sys *sched_twin_create(void);

/** sched_twin_machine() - to look at, and to arrange */
struct twin_machine *sched_twin_machine(struct sched_sys *sys);

/** sched_twin_add() - a thread in R: fair, nice 0, no clamps of its own */
struct twin_thread *sched_twin_add(struct sched_sys *sys, int32_t tid);

/** sched_twin_find() - NULL: there is none */
struct twin_thread *sched_twin_find(struct sched_sys *sys, int32_t tid);

/** sched_twin_is_same() - have all threads what they had in @before, and is rt_runtime as it was? */
bool sched_twin_is_same(struct sched_sys *sys, const struct twin_machine *before);

#endif
