/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_CASE_H
#define RTLA_STALL_BOOST_ENFORCE_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "enforce_log.h"
#include "enforce_watch.h"
#include "ledger.h"

/*
 * The threads that have waited for a while, with what the plan must know of them.
 *
 *        wait           a quarter of its threshold              threshold
 *          |-------------------|-----------------------------------|
 *                              ^ becomes a case: /proc is read,     ^ /proc is read again: is it
 *                                the ledger prepared                  still R, and did it not run?
 *
 * What a trace says may be wrong (losses; kernels that leave out switches), and is a millisecond old. So a
 * wait counts only if /proc agrees. A thread that did run meanwhile waits since then.
 *
 * All memory is there from the beginning; when all of it is taken, waits are left out, and counted.
 */

#define ENFORCE_CASES 1024u

struct enforce_cases;
struct sched_sys;

struct enforce_case {
	int32_t tid;
	uint32_t task;			/* in the engine */
	bool is_known;			/* it was read */
	uint64_t start_ticks;		/* 0: it could not be had */
	char comm[COMM_LEN];
	int32_t prio;
	uint32_t cpu;			/* it is queued there */
	bool is_kthread;
	bool is_wanted;			/* false: a user thread, and they were not asked for */
	bool is_ourselves;
	bool is_confined;
	bool is_fair;			/* the fair server's business */
	struct enforce_verdict verdict;

	bool is_waiting;		/* in this round, as far as anybody can tell */
	bool was_asleep;		/* when it was read last, whatever the engine thinks */
	uint64_t known_at;		/* first seen on the CPUs that matter */
	uint64_t wait_at;		/* the engine's wait began */
	uint64_t began_at;		/* the wait began; later, if it is known to have run since */
	uint64_t nr_runs;		/* times it got a CPU, when read last */
	uint64_t read_at;		/* /proc, last */
	uint64_t due_at;		/* began_at and its threshold */

	char work[64];			/* "" not known */
	uint32_t work_function;
	struct plan_occupant waited_by;	/* in D for it; UNKNOWN */
	uint64_t waited_by_at;		/* since */

	/* The run's own (enforce_boost.c). */
	bool is_boosted;
	uint64_t care_until_at;		/* it is kept so long after a boost */
	struct ledger_id boost;
	struct enforce_boost_record record;
	struct plan_occupant put_before; /* had the CPU when it was boosted */
	uint32_t nr_boosts;		/* of this stall */
	uint64_t granted_ns;		/* by them */
	uint64_t summed_at;		/* when they were last summed up in the log */
	uint64_t let_be_at;		/* when it was due, but the plan had a reason */
	uint8_t said_why;		/* enum plan_why, last said of it */
	uint64_t said_at;

	uint64_t round;			/* it was seen in */
	uint32_t next;			/* in its chain, or in the free list */
};

struct enforce_cases_setting {
	const struct enforce_params *params;	/* borrowed, as all here */
	struct enforce_watch *watch;
	struct sched_sys *sys;
	struct ledger *ledger;			/* NULL: nothing is prepared (dry run) */
	uint64_t fair_server_ns;		/* of this kernel; 0 none */
};

/** enforce_cases_create() - none yet. Return: 0 or -ENOMEM with words in @err */
int enforce_cases_create(const struct enforce_cases_setting *setting, struct enforce_cases **ret,
			 struct error *err) __attribute__((warn_unused_result));

/** enforce_cases_destroy() - @cases may be NULL */
void enforce_cases_destroy(struct enforce_cases *cases);

/** enforce_cases_add_own() - a process of ours, which is never boosted */
void enforce_cases_add_own(struct enforce_cases *cases, int32_t pid);

/** enforce_cases_is_own() - a thread of this program, or of a process of ours */
bool enforce_cases_is_own(const struct enforce_cases *cases, int32_t tid);

/** enforce_cases_round() - see who waits now, after a turn of the watch */
void enforce_cases_round(struct enforce_cases *cases, uint64_t now);

/** enforce_cases_find() - by tid; NULL */
struct enforce_case *enforce_cases_find(struct enforce_cases *cases, int32_t tid);

/** enforce_cases_for_each() - all of them, waiting or not */
void enforce_cases_for_each(struct enforce_cases *cases,
			    void (*visit)(struct enforce_case *item, void *arg), void *arg);

/**
 * enforce_cases_wait() - what the plan is to know of a case that waits; asks who has its CPU
 *
 * Return: false: the thread itself has the CPU.
 */
bool enforce_cases_wait(struct enforce_cases *cases, const struct enforce_case *item,
			struct plan_wait *ret);

/** enforce_cases_next_due_at() - the earliest instant a case becomes due that was not yet; UINT64_MAX none */
uint64_t enforce_cases_next_due_at(const struct enforce_cases *cases);

/** enforce_cases_nr_left_out() - waits there was no room for */
uint64_t enforce_cases_nr_left_out(const struct enforce_cases *cases);

#endif
