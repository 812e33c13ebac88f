/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PLAN_H
#define RTLA_STALL_BOOST_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "budget.h"
#include "plan_command.h"

/*
 * Who is boosted, when, how, and for how long. It decides, and knows no system call and no clock.
 *
 * Once per round (an event of the trace, or the timer it asked for):
 *
 *     plan_begin(plan, now_at)
 *     while (plan_next_check(plan, &boost))           boosts that are to be looked at now
 *             plan_checked(plan, &boost, &usage)      what the thread has used since its boost
 *     plan_add(plan, &wait)                           every open wait; every thread in D that matters
 *     while (plan_next(plan, &command))               restores, newest first; boosts; let-bes
 *             BOOST   -> plan_boosted() or plan_refused()
 *             RESTORE -> plan_restored()
 *             LET_BE  -> to be said, nothing to be reported
 *     timer at plan_due_at(plan)                      exact; UINT64_MAX: none
 *
 * At the end plan_stop(); then plan_next() gives the RESTOREs that are left, newest first.
 *
 * The life of one boost, both policies alike (grant: the runtime, or the whole budget if that is less):
 *
 *     BOOST        check (did it run?)  RESTORE              BOOST
 *       |---- grant ----|-- not yet: check again --|- - - - - - -|
 *       |<------------------------- at most one period -------->|
 *
 * It ends at the first check that finds that the thread has run (CPU time of a running thread is only
 * known to the tick, so having run counts as having had its grant), at its sleep or end, and after one
 * period at the latest. One that got nothing until then was ineffective: the other policy takes over
 * at once. What it got is read when it has been restored, and charged to the CPU's budget. A thread
 * that is still not done is "in care": it is due again one period after its boost began, not only
 * after its threshold, until duration_ns have passed or it sleeps.
 *
 * Rules, in this order:
 *   1. Never: ourselves; a thread in D (who is known to be waited for by one counts it as a victim
 *      behind him); one that a list rules out; a user thread unless asked; one that outranks whoever
 *      has the CPU; where this program, the stop class or nobody has it.
 *   2. A thread that the fair server serves: only with a threshold of its own, or when the server
 *      has not served it for two of its periods.
 *   3. Of those that are due, per CPU one at a time: those with victims behind them, then kernel
 *      threads, then the longest wait.
 *   4. Only what the CPU's budget affords.
 *
 * A culprit that is a kernel thread is no reason to let be, but is said (note).
 *
 * Memory is fixed by plan_create(); waits beyond max_waits in one round are left out and counted,
 * threads beyond max_threads are forgotten, least recently seen first.
 *
 * Invariants, each tested: a BOOST that was reported with plan_boosted() gets exactly one RESTORE; on no
 * CPU are there two boosts at once; RESTOREs of one round are newest first; nothing excluded by rule 1
 * is ever boosted; the budget's invariant (budget.h); the same input gives the same commands.
 */

struct error;
struct plan;

struct plan_config {
	uint32_t nr_cpus;	/* waits on CPUs from here on are left out */
	uint32_t max_waits;	/* per round; 0: 4096 */
	uint32_t max_threads;	/* remembered; 0: 4096 */

	enum plan_policy policy;	/* the first choice; the other one when it is refused, or
					 * has no effect */
	uint64_t runtime_ns;	/* a boost's grant; not 0 */
	uint64_t period_ns;	/* not below runtime_ns */
	uint64_t duration_ns;	/* how long a thread stays in care; 0: boosts come by threshold only */
	uint32_t fifo_priority;	/* 1..99; 0: one above the culprit */
	uint64_t budget_ns;	/* per CPU ... */
	uint64_t budget_per_ns;	/* ... in so much; not 0 */

	bool boosts_user_threads;
	bool is_dry_run;	/* nothing will really run: each boost counts as having had its grant */

	/* What the kernel is like: sched_sys_facts(). */
	uint64_t tick_ns;	/* 1/HZ */
	bool has_hrtick_dl;
	bool is_admission_off;	/* sched_rt_runtime_us is -1: pinned threads may be deadline */
	bool may_lift_admission; /* it may be set to -1 for the moment a pinned thread needs deadline */
};

/**
 * plan_create() - make a plan
 * @config: copied
 * @now_at: the budgets begin full here; any monotonic clock, always the same
 * @ret: set on success only
 *
 * Return: 0; -EINVAL with words in @err when numbers do not go together; -ENOMEM.
 */
int plan_create(const struct plan_config *config, uint64_t now_at, struct plan **ret,
		struct error *err) __attribute__((warn_unused_result));

/** plan_destroy() - @plan may be NULL */
void plan_destroy(struct plan *plan);

/** plan_begin() - a new round; what was added to the last one is forgotten. Time that goes back stands */
void plan_begin(struct plan *plan, uint64_t now_at);

/** plan_next_check() - a boost to look at now. Return: false when there is none left */
bool plan_next_check(struct plan *plan, struct plan_boost *ret);

/** plan_checked() - what was seen of it */
void plan_checked(struct plan *plan, const struct plan_boost *boost, const struct plan_usage *usage);

/** plan_add() - an open wait; @wait is copied. In any order, each thread once */
void plan_add(struct plan *plan, const struct plan_wait *wait);

/**
 * plan_next() - what to do now
 *
 * Each command but LET_BE has to be reported before the next call. Return: false: nothing more.
 */
bool plan_next(struct plan *plan, struct plan_command *ret);

/** plan_boosted() - a BOOST was done. @at: when */
void plan_boosted(struct plan *plan, const struct plan_command *command, uint64_t at);

/**
 * plan_refused() - a BOOST could not be done
 * @code: ledger_boost()'s: -ESRCH it is gone, -EAGAIN it has run meanwhile: it is not due any more;
 *        another: the policy is refused, the other one comes next
 */
void plan_refused(struct plan *plan, const struct plan_command *command, int code);

/**
 * plan_restored() - a RESTORE was done, or is not needed any more, or goes on being tried
 * @at: when
 *
 * Return: what was charged beyond the grant (the overrun), 0 mostly.
 */
uint64_t plan_restored(struct plan *plan, const struct plan_command *command,
		       const struct plan_result *result, uint64_t at);

/** plan_charge_late() - boosts on @cpu took so much more of it than plan_restored() was told */
void plan_charge_late(struct plan *plan, uint32_t cpu, uint64_t ns, uint64_t at);

/** plan_refund() - or less: what was charged was a guess */
void plan_refund(struct plan *plan, uint32_t cpu, uint64_t ns, uint64_t at);

/** plan_due_at() - when the next round is due at the latest, by what the last one knew; UINT64_MAX: never */
uint64_t plan_due_at(const struct plan *plan);

/** plan_stop() - no boosts any more: plan_next() gives what is to be restored */
void plan_stop(struct plan *plan, uint64_t now_at);

/** plan_budget() - of a CPU, to be looked at */
const struct budget *plan_budget(const struct plan *plan, uint32_t cpu);

/** plan_nr_left_out() - waits beyond max_waits, and on CPUs that are not, since plan_create() */
uint64_t plan_nr_left_out(const struct plan *plan);

#endif
