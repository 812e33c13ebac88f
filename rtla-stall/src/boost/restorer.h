/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_RESTORER_H
#define RTLA_STALL_BOOST_RESTORER_H

#include <sys/types.h>

#include "ledger.h"

/*
 * The process that restores boosts when ours cannot any more.
 *
 *     ledger_create(); set scheduling policy, affinity
 *     restorer_create(ledger, &restorer, err)       it inherits both, and locks its memory
 *     restorer_note(restorer)                       after each boost
 *     restorer_ensure(restorer, err)                now and then: it may have been killed
 *     restorer_destroy(), then ledger_destroy()
 *
 * It sleeps until we let go of it or end, by whatever; then it restores what the ledger has, newest first,
 * until nothing is left, and ends. When we live and hang (stopped by a
 * signal, starved), it restores each boost LEDGER_GRACE_NS after it was due. It ignores the signals that
 * end programs, belongs to no terminal, and keeps no file of ours open but the ledger.
 *
 * When both are killed, ledger_create() of the next start does it.
 */

struct error;
struct restorer;

/**
 * restorer_create() - start it
 * @ledger: borrowed; outlives the restorer
 *
 * Return: 0 or a negative errno with words in @err.
 */
int restorer_create(struct ledger *ledger, struct restorer **ret, struct error *err)
	__attribute__((warn_unused_result));

/** restorer_destroy() - let go of it: it restores what is left, and ends. @restorer may be NULL */
void restorer_destroy(struct restorer *restorer);

/** restorer_note() - something was boosted: it looks when that will be late. Never blocks */
void restorer_note(struct restorer *restorer);

/**
 * restorer_ensure() - start another if it is not there any more
 *
 * Return: 0 it is there; 1 it was started anew; a negative errno with words in @err.
 */
int restorer_ensure(struct restorer *restorer, struct error *err)
	__attribute__((warn_unused_result));

/** restorer_pid() - of its process */
pid_t restorer_pid(const struct restorer *restorer);

/** restorer_fd() - becomes readable when it has ended: for poll() */
int restorer_fd(const struct restorer *restorer);

#endif
