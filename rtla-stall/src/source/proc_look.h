/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_PROC_LOOK_H
#define RTLA_STALL_SOURCE_PROC_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "census.h"

/*
 * One look at /proc: who exists, and of those who are ready or running what tells the two apart.
 *
 * The state of both is R. But who waits is not given a CPU, and that is counted, so each of them is read
 * closely, by hand and in this order:
 *
 *      from_at   | census ...  | runs  | state | runs again | the next one ... |   to_at
 *
 * When the first count of one look is the second count of a later one, it did not run from before it was
 * seen in R until after it was seen in R again: it was ready, and waited, all the while (see
 * proc_compare.h). The state is read from task/TID/stat, since that has the kernel bring the run time up to
 * date on nohz_full CPUs (5.16 and later), where otherwise it is a second old.
 */

struct error;

struct proc_runs {
	uint64_t ns;			/* on a CPU */
	uint64_t nr;			/* times it was given one, or left one where that is counted */
};

/* A thread in R. */
struct proc_ready {
	int32_t tid;
	char comm[COMM_LEN];
	bool is_kthread;
	int32_t prio;			/* as traced */
	uint32_t cpu;			/* it runs or is queued there */
	uint64_t start_ticks;
	struct proc_runs before;	/* it was seen in R */
	struct proc_runs after;
};

struct proc_idle {
	bool is_online;
	uint64_t ns;			/* the CPU was idle, waiting for I/O or not; 10 ms apart */
};

struct proc_look {
	uint64_t from_at;		/* CLOCK_MONOTONIC, ns: before the first reading */
	uint64_t to_at;			/* after the last */
	struct census census;
	struct proc_ready *ready;	/* but who looks; in the order of tids */
	size_t nr_ready;
	size_t nr_ready_allocated;
	struct proc_idle *cpus;
	uint32_t nr_cpus;		/* the highest there is, and one */
};

/**
 * proc_look_take() - look
 * @look: zeroed, or from before
 *
 * Return: 0 or a negative errno with words in @err.
 */
int proc_look_take(struct proc_look *look, struct error *err) __attribute__((warn_unused_result));

/**
 * proc_look_closely() - read one thread
 * @proc_fd: /proc, or what stands in for it
 * @has_runs: schedstat files count
 * @ticks_ns: its run time otherwise
 * @ret: filled in when it is in R
 *
 * Return: false when it is not in R, or gone.
 */
bool proc_look_closely(int proc_fd, int32_t tid, bool has_runs, uint64_t ticks_ns,
		       struct proc_ready *ret);

/**
 * proc_look_idle() - how long CPUs were idle, from the stat file of all of them
 * @cpus, @nr_cpus: freed and replaced on success only
 *
 * Return: 0 or a negative errno with words in @err.
 */
int proc_look_idle(int proc_fd, struct proc_idle **cpus, uint32_t *nr_cpus, struct error *err)
	__attribute__((warn_unused_result));

/** proc_look_find() - one of those in R; NULL */
const struct proc_ready *proc_look_find(const struct proc_look *look, int32_t tid);

/** proc_look_deinit() - free; a zeroed struct is fine */
void proc_look_deinit(struct proc_look *look);

#endif
