/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_PROC_COMPARE_H
#define RTLA_STALL_SOURCE_PROC_COMPARE_H

#include "../util/parse.h"
#include "proc_look.h"

/*
 * What two looks at /proc tell together. No I/O: all of it follows from the looks.
 *
 * Who had a CPU: the thread that ran there for more than half of the time between the looks, or idle
 * when the CPU was that. Otherwise it cannot be told, with one exception: on a nohz_full CPU, where a kernel
 * before 5.16 does not account what runs without a tick, the only thread of user space that was in R there
 * both times has it, if it outranks all others in R there.
 *
 * Who waits there: a thread in R that did not run, while another one has the CPU, or ran there, or it was
 * idle (throttled). Nothing is concluded from a thread's standing still alone: with interrupts off, nobody is
 * accounted. Nor is it on nohz_full CPUs from another's having run a little.
 */

enum proc_told {
	PROC_TOLD_NOTHING,
	PROC_TOLD_IDLE,
	PROC_TOLD_THREAD
};

/* Who had a CPU. */
struct proc_occupant {
	enum proc_told told;
	int32_t tid;		/* THREAD, as the rest */
	int32_t prio;
	char comm[COMM_LEN];
};

/* A thread in R in both looks that did not run from the first to the second. */
struct proc_still {
	const struct proc_ready *ready;	/* in the second look */
	bool is_moved;			/* to another CPU, while it was ready */
	bool is_waiting;		/* for what had its CPU; otherwise it may be that */
};

struct proc_verdict {
	struct proc_occupant *cpus;
	uint32_t nr_cpus;
	struct proc_still *stills;	/* in the order of tids */
	size_t nr_stills;
	bool has_suspects;		/* others were in R in the second look that did not have the CPU
					 * before: the next look tells whether they wait */
};

/**
 * proc_compare() - compare
 * @nohz_full: CPUs without a tick when one thread is ready there
 * @ret: what it held is freed; borrows from @second
 *
 * Return: 0 or -ENOMEM.
 */
int proc_compare(const struct proc_look *first, const struct proc_look *second,
		 const struct cpu_list *nohz_full, struct proc_verdict *ret)
	__attribute__((warn_unused_result));

/** proc_verdict_find() - a thread that stood still; NULL */
const struct proc_still *proc_verdict_find(const struct proc_verdict *verdict, int32_t tid);

/** proc_verdict_deinit() - free; a zeroed struct is fine */
void proc_verdict_deinit(struct proc_verdict *verdict);

#endif
