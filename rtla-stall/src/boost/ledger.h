/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_LEDGER_H
#define RTLA_STALL_BOOST_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger_boost.h"

/*
 * Who is boosted now, what he was before, and how he gets that back, whatever happens to us.
 *
 *     ledger_create(UNDO_DIR, sys, &ledger, err)    restores what a killed run left behind
 *     restorer_create(ledger, ...)                  (restorer.h)
 *     ledger_prepare(ledger, tid, began_at)         early, when a wait grows: nothing is opened later
 *     ledger_boost(ledger, &order, &boost, err)
 *     ledger_measure(ledger, boost.id, &usage)      as often as wanted
 *     ledger_restore(ledger, boost.id, &outcome, err)
 *     ledger_destroy(ledger)                        restores all that is left, newest first
 *
 * The ledger is a file in /run, mapped by all processes that share it: a note is a store to memory, it
 * neither blocks nor allocates, and it is there when all of them have been killed. Order of events:
 *
 *     fill a slot -> NOTED -> sched_setattr -> BOOSTED -> RESTORING -> sched_setattr -> FREE
 *
 * Whoever dies between two of these, the next one compares what the thread has with what was set:
 *   - as we set it: it gets its original attributes back;
 *   - anything else: it was never set, is restored already, or somebody else has changed it since:
 *     his change stands;
 *   - the thread is gone, or its tid is another's (start time): nothing to do.
 * Restoring twice is harmless.
 *
 * The file is locked as long as the process that makes boosts lives; a second instance is refused and told
 * the first one's pid. The restorer's process may restore at the same time, and leaves what is left to the
 * next run once there is one.
 *
 * Exactness: policy, priority, nice, deadline parameters and flags are set back in one call. Utilization
 * clamps and slice are left alone by a boost; where the kernel reset them on the way, they are set too.
 *
 * sched_rt_runtime_us is -1 only while sched_setattr() makes a confined thread SCHED_DEADLINE, which is
 * the only time the kernel looks at it; that it is so is noted before.
 */

#define LEDGER_SLOTS 256u
/* So much later than its until_at a boost is restored by the restorer, should we hang. */
#define LEDGER_GRACE_NS 100000000u

struct error;
struct ledger;

/**
 * ledger_create() - the ledger of this machine; what a killed run left in it is restored first
 * @dir: UNDO_DIR but in tests; made when it is not there; must belong to the user alone
 * @sys: borrowed; outlives the ledger
 * @leftover: filled in on success; may be NULL
 *
 * Return: 0; -EBUSY when another process has it, which is named in @err; another negative errno.
 */
int ledger_create(const char *dir, struct sched_sys *sys, struct ledger **ret,
		  struct ledger_leftover *leftover, struct error *err) __attribute__((warn_unused_result));

/** ledger_destroy() - restore all; the file goes when nothing is left in it. @ledger may be NULL */
void ledger_destroy(struct ledger *ledger);

/**
 * ledger_prepare() - open what a boost of this thread will need, and remember how often it has run
 * @began_at: of the wait it is for: if the thread is prepared for this wait and has run since,
 *            ledger_boost() refuses with -EAGAIN
 *
 * At most LEDGER_SLOTS threads are prepared; the one prepared longest ago gives way.
 *
 * Return: 0 or a negative errno; -ESRCH.
 */
int ledger_prepare(struct ledger *ledger, int32_t tid, uint64_t began_at);

/** ledger_order_of() - from a plan's BOOST */
struct ledger_order ledger_order_of(const struct plan_command *command);

/**
 * ledger_boost() - note, check, act
 * @ret: set on success only
 *
 * Return: 0; -ESRCH it is gone, or another thread; -EAGAIN it has run since, or is not ready; -EALREADY it
 * is boosted by us; -ENOSPC no slot is free; another negative errno: the kernel's, with words in @err that
 * explain it. Nothing is changed unless it is 0.
 */
int ledger_boost(struct ledger *ledger, const struct ledger_order *order, struct ledger_boost *ret,
		 struct error *err) __attribute__((warn_unused_result));

/** ledger_measure() - what it has used since. Return: 0, or -ENOENT: @id is not boosted any more */
int ledger_measure(struct ledger *ledger, struct ledger_id id, struct ledger_usage *ret);

/**
 * ledger_restore() - give it back what it had
 * @ret: filled in always
 *
 * Return: 0; a negative errno with words in @err with LEDGER_FAILED.
 */
int ledger_restore(struct ledger *ledger, struct ledger_id id, struct ledger_outcome *ret,
		   struct error *err);

/**
 * ledger_restore_all() - everything, newest first, whoever boosted it; one failure does not keep it from
 * the rest
 *
 * Also what the restorer does. Return: 0, or the first failure with words in @err; call again.
 */
int ledger_restore_all(struct ledger *ledger, struct error *err);

/** ledger_restore_late() - what is LEDGER_GRACE_NS past its time; the restorer's. Return: how many */
uint32_t ledger_restore_late(struct ledger *ledger);

/** ledger_late_in_ns() - how long until the next one is; UINT64_MAX: nothing is boosted */
uint64_t ledger_late_in_ns(const struct ledger *ledger);

/** ledger_retry() - try those again whose restore failed. Return: how many are left */
uint32_t ledger_retry(struct ledger *ledger, struct error *err);

/** ledger_nr_boosted() - slots in use, failed ones too */
uint32_t ledger_nr_boosted(const struct ledger *ledger);

/** ledger_is_ours() - false: another run has taken it over, and restores what is left */
bool ledger_is_ours(const struct ledger *ledger);

/** ledger_is_admission_lifted() - sched_rt_runtime_us could not be given back yet: ledger_retry() */
bool ledger_is_admission_lifted(const struct ledger *ledger);

/** ledger_path() - of the file */
const char *ledger_path(const struct ledger *ledger);

/** ledger_fds() - what the restorer's process has to keep open, -1 among them. Return: how many */
uint32_t ledger_fds(const struct ledger *ledger, int fds[2]);

/** ledger_let_go() - close the files of threads, in a process that only restores */
void ledger_let_go(struct ledger *ledger);

#endif
