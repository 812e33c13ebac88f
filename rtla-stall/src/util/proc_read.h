/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_PROC_READ_H
#define RTLA_STALL_UTIL_PROC_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/event.h"

/*
 * One thread as /proc shows it now, read with raw system calls: nothing is allocated, nothing is kept.
 *
 * Reading the name of a worker (stat, status, comm) takes wq_pool_attach_mutex in the kernel: it waits
 * for whoever attaches a worker to its pool, or takes a CPU off line. schedstat does not.
 *
 * What tells a thread that waits from one that runs is not its state, which is R for both, but that
 * between two looks it was not switched in and its run time stands still.
 */

struct proc_thread {
	int32_t tid;
	char comm[COMM_LEN];		/* as traced: a worker's without what it works on; hostile bytes and
					 * all; ends in NUL */
	char state;			/* 'R' is ready or running */
	bool is_kthread;
	bool is_worker;			/* of a work queue, rescuers too */
	bool is_bound;			/* PF_NO_SETAFFINITY: where it runs is the kernel's affair */
	bool is_group_leader;		/* what was asked for is a process, not one of its threads; set by
					 * those who know */
	int32_t prio;			/* the kernel's number, as traced; lent ones too */
	int32_t nice;
	uint32_t rt_priority;		/* 1..99; 0 none */
	uint32_t policy;		/* SCHED_* */
	uint32_t cpu;			/* it runs or is queued there, or did last */
	uint32_t nr_threads;		/* of its process */
	uint64_t start_ticks;		/* since boot: tells it from another thread of the same tid */
	uint64_t run_ns;		/* on a CPU; may be up to a tick old, on nohz_full CPUs a second */
	uint64_t nr_switched_in;	/* how often it got a CPU */
};

/**
 * proc_read_stat() - all but run_ns and nr_switched_in
 * @proc_fd: /proc, open
 *
 * Return: 0; -ESRCH when there is no such thread; another negative errno.
 */
int proc_read_stat(int proc_fd, int32_t tid, struct proc_thread *ret)
	__attribute__((warn_unused_result));

/** proc_read_task_stat() - the same, where the kernel need not sum up over all threads of its process */
int proc_read_task_stat(int proc_fd, int32_t tid, struct proc_thread *ret)
	__attribute__((warn_unused_result));

/**
 * proc_read_runs() - run_ns and nr_switched_in
 *
 * Return: as above; -ENOTSUP where the kernel does not tell.
 */
int proc_read_runs(int proc_fd, int32_t tid, struct proc_thread *ret)
	__attribute__((warn_unused_result));

/**
 * proc_read_runs_now() - as proc_read_runs(), with what it runs right now
 * @ret: filled in by proc_read_stat() before
 *
 * A thread that runs is charged at ticks, and a nohz_full CPU has one a second. Asking for its CPU time has
 * it charged (5.17 and later). Not done for workers, whose stat may hang.
 */
int proc_read_runs_now(int proc_fd, int32_t tid, struct proc_thread *ret)
	__attribute__((warn_unused_result));

/** proc_read_parse_stat() - the text of a stat file. Return: false when it is none */
bool proc_read_parse_stat(const char *text, size_t length, struct proc_thread *ret);

/**
 * proc_read_worker_length() - bytes of a worker's own name
 * @shown: "kworker/3:1-events" or "kworker/3:1+events", traced as "kworker/3:1"; "kworker/R-md+md" is the
 *         rescuer "kworker/R-md" at work
 *
 * Only for threads that are workers (PF_WQ_WORKER): what others have in their names is theirs.
 */
size_t proc_read_worker_length(const char *shown, size_t length);

/**
 * proc_read_file() - a small file, whole
 * @path: relative to @proc_fd
 *
 * Return: bytes, at most @size - 1, with a NUL behind them; or a negative errno, -ESRCH for what is gone.
 */
int proc_read_file(int proc_fd, const char *path, char *room, size_t size)
	__attribute__((warn_unused_result));

#endif
