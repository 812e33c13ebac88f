/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PROPERTY_TRUTH_H
#define TESTS_PROPERTY_TRUTH_H

#include "flat.h"
#include "sched_sim.h"

/*
 * The true attribution of a history, found in the slow and obvious way: between any two events the
 * whole machine is known, so for each wait and each such stretch look who is on top of the CPU the
 * waiter is queued on, and apply the rules. No state is carried from one stretch to the next.
 */

/** truth_of_waits() - all waits, sorted; open ones are cut at the last event */
void truth_of_waits(const struct sim *sim, struct flat_list *ret);

/** truth_of_run() - how long thread @index was on top of a CPU, all its lives together */
uint64_t truth_of_run(const struct sim *sim, uint32_t index);

/** truth_of_suspensions() - how often it left in D, and how long until it was woken */
void truth_of_suspensions(const struct sim *sim, uint32_t index, uint64_t *ret_count,
			  uint64_t *ret_ns);

#endif
