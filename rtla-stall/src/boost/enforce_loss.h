/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_LOSS_H
#define RTLA_STALL_BOOST_ENFORCE_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "enforce_log.h"

/*
 * What a boost cost whoever had the CPU, by the trace: how long he was ready and did not run.
 *
 *     culprit   =====|- - - - - waits - - - - -|=====
 *     boosted            |==== granted ====|
 *                  boost |                 | restore, and a little to settle
 *                   from |<----- lost ---->|--->| until
 *
 * That is more than the CPU time that was granted: switching to and fro, and our own running there. It is
 * known when the trace has been read so far, after the restore; until then the record is held, one on each
 * CPU. A boost that begins meanwhile ends what is the loss of the one before.
 *
 *     enforce_losses_begin()          a boost begins
 *     enforce_losses_on_episode()     a wait has ended
 *     enforce_losses_hold()           the boost is over; nothing is held on its CPU (take it before)
 *     enforce_losses_next(), _take()  a record, with its loss, if that is known
 */

struct engine;
struct error;
struct enforce_losses;

#define ENFORCE_SETTLE_NS 100000u	/* from a restore until the culprit runs again, and has been traced */

/* A record that was held. */
struct enforce_held {
	struct enforce_boost_record record;	/* jitter_ns and is_jitter_known are filled in */
	uint64_t charged_ns;			/* as it was held */
};

/** enforce_losses_create() - for that many CPUs. Return: 0 or -ENOMEM with words in @err */
int enforce_losses_create(uint32_t nr_cpus, struct enforce_losses **ret, struct error *err)
	__attribute__((warn_unused_result));

/** enforce_losses_destroy() - @losses may be NULL */
void enforce_losses_destroy(struct enforce_losses *losses);

/**
 * enforce_losses_begin() - a boost begins
 * @payer: who has the CPU; TID_UNKNOWN: nobody can tell what it costs him
 * @from_at: what he loses from then on is by it
 */
void enforce_losses_begin(struct enforce_losses *losses, uint32_t cpu, int32_t payer, uint64_t from_at);

/** enforce_losses_on_episode() - each wait that ended, of any thread: cheap */
void enforce_losses_on_episode(struct enforce_losses *losses, const struct episode *episode);

/**
 * enforce_losses_hold() - the boost of this record, on its CPU, is over
 * @charged_ns: what the budget was charged for it
 *
 * Return: false: there is nothing to wait for, nobody can tell.
 */
bool enforce_losses_hold(struct enforce_losses *losses, const struct enforce_boost_record *record,
			 uint64_t charged_ns);

/**
 * enforce_losses_next() - the next record whose loss is known
 * @engine: open waits
 * @seen_at: the trace has been read so far
 */
bool enforce_losses_next(struct enforce_losses *losses, struct engine *engine, uint64_t seen_at,
			 struct enforce_held *ret);

/** enforce_losses_take() - what is held on a CPU, known or not. Return: false: nothing */
bool enforce_losses_take(struct enforce_losses *losses, uint32_t cpu, struct engine *engine,
			 uint64_t seen_at, struct enforce_held *ret);

#endif
