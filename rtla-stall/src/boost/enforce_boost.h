/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_BOOST_H
#define RTLA_STALL_BOOST_ENFORCE_BOOST_H

#include <stdbool.h>
#include <stdint.h>

#include "enforce_case.h"
#include "plan.h"

/*
 * One round: what the plan decides about those who wait, done, and said.
 *
 *     enforce_boosts_round()      cases -> plan -> ledger -> log
 *     enforce_boosts_due_at()     the exact instant of the next one: a wait is due, a boost is over
 *     enforce_boosts_stop()       everything is restored
 *
 * In a dry run the plan decides the same, and nothing is done.
 */

struct enforce_boosts;
struct restorer;

struct enforce_boosts_setting {
	const struct enforce_params *params;	/* borrowed, as all here */
	struct enforce_log *log;
	struct enforce_watch *watch;
	struct enforce_cases *cases;
	struct plan *plan;
	struct ledger *ledger;			/* NULL: dry run, as the next one */
	struct restorer *restorer;
	uint32_t nr_cpus;
};

/** enforce_boosts_create() - Return: 0 or -ENOMEM with words in @err */
int enforce_boosts_create(const struct enforce_boosts_setting *setting, struct enforce_boosts **ret,
			  struct error *err) __attribute__((warn_unused_result));

/** enforce_boosts_destroy() - @boosts may be NULL; stop them first */
void enforce_boosts_destroy(struct enforce_boosts *boosts);

/** enforce_boosts_on_episode() - a wait has ended: of a thread that is boosted, or of who paid for that? */
void enforce_boosts_on_episode(struct enforce_boosts *boosts, const struct episode *episode);

/** enforce_boosts_round() - decide and do, after a turn of the watch */
void enforce_boosts_round(struct enforce_boosts *boosts, uint64_t now);

/** enforce_boosts_due_at() - when the next round is due; UINT64_MAX: nobody waits that long */
uint64_t enforce_boosts_due_at(const struct enforce_boosts *boosts);

/** enforce_boosts_stop() - restore everything, newest first */
void enforce_boosts_stop(struct enforce_boosts *boosts, uint64_t now);

/** enforce_boosts_print() - lines for SIGUSR1: who waits, who is boosted, budgets */
void enforce_boosts_print(struct enforce_boosts *boosts, uint64_t now);

/** enforce_boosts_print_totals() - a line for the end */
void enforce_boosts_print_totals(const struct enforce_boosts *boosts);

#endif
