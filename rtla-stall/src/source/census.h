/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_CENSUS_H
#define RTLA_STALL_SOURCE_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/event.h"

/*
 * Who exists: all threads of all processes, as /proc shows them now.
 *
 *     struct census census = { 0 };
 *     census_take(&census, err)           as often as is wanted; what it held before is gone
 *     for (size_t i = 0; i < census.nr_threads; i++)
 *             census.threads[i] ...       in the order of tids
 *     census_deinit(&census)
 *
 * The list is libproc2's, which reads the stat files; run time and switches are added from the
 * schedstat files. Neither needs anything of the CPU a thread is on, and nothing is opened that takes a
 * process's memory lock, as cmdline does. One thing can still hold it up: the kernel looks a kworker's name
 * up under a mutex that somebody may hold who starves; then every ps hangs as well.
 *
 * A thousand threads take about 10 ms of CPU time on a machine of 2026, most of it in the kernel.
 */

struct error;
struct pids_info;

struct census_thread {
	int32_t tid;
	int32_t tgid;
	char comm[COMM_LEN];	/* as traced: a kworker's without what it works on; hostile bytes and all;
				 * ends in NUL */
	bool is_kthread;	/* by the kernel's own flag */
	char state;		/* as in /proc: 'R' is ready or running */
	uint32_t policy;	/* SCHED_* */
	int32_t prio;		/* as traced: -1 deadline, 0..98 real-time, 100..139 fair; lent ones too */
	uint32_t cpu;		/* it runs or is queued there, or ran there last */
	uint64_t start_ticks;	/* since boot: tells it from another thread of the same tid */
	uint64_t run_ns;	/* on a CPU; up to a tick old, on nohz_full CPUs a second */
	uint64_t nr_runs;	/* how often it was given a CPU; 0 unless has_runs */
};

struct census {
	struct census_thread *threads;
	size_t nr_threads;
	size_t nr_allocated;
	bool has_runs;		/* the kernel counts runs. Otherwise run_ns is a multiple of 10 ms, and the
				 * first thread of a process has that of all of them */
	struct pids_info *pids;	/* libproc2's; NULL until the first time */
	int proc_fd;		/* /proc, once pids is set */
};

/**
 * census_take() - look who is there
 * @census: zeroed, or from before
 *
 * Threads that come or go meanwhile are in it or not.
 *
 * Return: 0 or a negative errno with words in @err; then it is empty.
 */
int census_take(struct census *census, struct error *err) __attribute__((warn_unused_result));

/** census_find() - one thread; NULL when there is none. Valid until the next census_take() */
const struct census_thread *census_find(const struct census *census, int32_t tid);

/** census_deinit() - free; a zeroed struct is fine */
void census_deinit(struct census *census);

#endif
