/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_SIMULATE_H
#define RTLA_STALL_BOOST_SIMULATE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../engine/engine.h"
#include "plan.h"

/*
 * `enforce --simulate FILE`: what the plan would have done to the stalls of a recorded trace. The plan
 * and the budget are the ones that enforce runs with.
 *
 *     recorded  |-------------- wait 4.9 s --------------|= run 0.3 ms =|
 *     simulated |-- 100 ms --|= 0.3 ms =|       the hog loses 0.3 ms here, and nothing there
 *
 * The model, all of it:
 *   1. The trace is read first; each wait of at least the least threshold, closed or open, is kept, with
 *      the thread that had the waiter's CPU at each instant of it, and the CPU time the thread used from
 *      the end of the wait until it next left the CPU: what it needed.
 *   2. Then the plan runs over these waits in trace time, woken by nothing but its own timers and the
 *      beginnings of waits. A boost takes effect at once: the thread runs what it still needs, up to
 *      the grant. If that is all, its wait ends where the boost began. If not, it is preempted at the end
 *      of the grant, and waits again from there, until its next boost or the recorded end of the wait.
 *   3. What it needed is what it used after the whole wait; boosted earlier there would have been less
 *      to do, not more: an upper bound. Of a wait still open at the end of the trace it is not known, and
 *      taken to be one grant.
 *   4. Everything else stays as it was recorded: no other wait becomes shorter or longer by a boost, and
 *      what follows a wait is taken as it is. Boosts do not overrun; real ones may, by up to a tick.
 *   5. Waits by preemption and by waking alike. Threads of which it is not known whether they are
 *      kernel threads count as such. Whether a thread is confined to its CPU is not in a trace: those
 *      whose name ends in "/CPU" or begins with "kworker/CPU:" are.
 *
 * So "would" is a statement about the plan, not about the machine; it is what a threshold and a budget
 * can be chosen by.
 */

struct cpu_list;
struct error;

/* What the user said about threads of a name. */
struct simulate_rule {
	uint8_t list;			/* these three as in struct plan_wait */
	bool has_own_threshold;
	uint64_t threshold_ns;
};

struct simulate_setting {
	const char *path;		/* the trace; "-": text on standard input */
	struct plan_config plan;	/* nr_cpus is found out from the trace when it is 0 */
	uint64_t least_ns;		/* the smallest threshold there is */
	void (*judge)(const char *comm, void *arg, struct simulate_rule *ret);
	void *arg;
	const struct cpu_list *cpus;	/* borrowed; NULL: all */
	const volatile sig_atomic_t *is_interrupted; /* the signal, or NULL */
};

/* One wait of at least its threshold, and what would have become of it. */
struct simulate_stall {
	int32_t tid;
	char comm[COMM_LEN];
	bool is_kthread;
	uint32_t cpu;
	int32_t prio;
	uint64_t began_at;
	uint64_t was_ns;		/* recorded; up to the end of the trace when it is open */
	bool is_open;			/* at the end of the trace */
	uint64_t threshold_ns;
	uint64_t needed_ns;		/* CPU time used after it; an open one: 0 */
	uint32_t nr_boosts;
	uint64_t would_ns;		/* its longest part without CPU time; was_ns without a boost */
	uint64_t granted_ns;		/* by all its boosts */
	uint8_t policy;			/* of the first boost; enum plan_policy, PLAN_AUTO: none */
	uint8_t why;			/* enum plan_why: the last reason it was let be; NONE */
	bool is_loud;			/* and it was not kept alive */
	bool is_done;			/* boosts gave it all it needed */
	struct plan_occupant culprit;	/* had the CPU when it was boosted first, or let be */
};

/* Who paid for the boosts. */
struct simulate_culprit {
	int32_t tid;			/* TID_UNKNOWN: not known who */
	char comm[COMM_LEN];
	int32_t prio;
	bool is_kthread;
	uint32_t nr_boosts;
	uint64_t jitter_ns;		/* lost in all */
	uint64_t worst_ns;		/* by one boost */
};

struct simulate_cpu {
	uint32_t cpu;
	uint32_t nr_stalls;
	uint32_t nr_boosts;
	uint64_t charged_ns;
	uint64_t busiest_ns;		/* most that was charged in one budget period */
	uint32_t nr_postponed;		/* stalls that the budget made wait */
};

struct simulate_result {
	struct simulate_stall *stalls;	/* longest first */
	uint32_t nr_stalls;
	uint64_t nr_omitted;		/* waits there was no room for */
	struct simulate_culprit *culprits; /* most jitter first */
	uint32_t nr_culprits;
	struct simulate_cpu *cpus;	/* those with stalls, in order */
	uint32_t nr_cpus;
	uint32_t nr_cut;		/* stalls made shorter */
	uint32_t nr_boosts;
	uint64_t was_longest_ns;	/* of all stalls */
	uint64_t would_longest_ns;
	uint64_t first_at;
	uint64_t last_at;
	uint64_t nr_losses;		/* marks in the trace */
	bool is_truncated;
	bool was_interrupted;
	char kernel[128];
	struct plan_config plan;	/* as it was used */
};

/**
 * simulate_run() - read the trace, run the plan over it
 * @ret: set on success only; simulate_deinit() it. Return: 0 or a negative errno with words in @err
 */
int simulate_run(const struct simulate_setting *setting, struct simulate_result *ret,
		 struct error *err) __attribute__((warn_unused_result));

/** simulate_sort() - in the order struct simulate_result says; simulate_run() has done it */
void simulate_sort(struct simulate_result *result);

/** simulate_deinit() - free what it holds */
void simulate_deinit(struct simulate_result *result);

/**
 * simulate_write_text() - for a person
 * @top: rows per table; 0: all
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int simulate_write_text(const struct simulate_result *result, uint32_t top, FILE *out)
	__attribute__((warn_unused_result));

/** simulate_write_json() - schema "rtla-stall/1", command "enforce"; everything. Return: likewise */
int simulate_write_json(const struct simulate_result *result, FILE *out)
	__attribute__((warn_unused_result));

#endif
