/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PLAN_RULES_H
#define RTLA_STALL_BOOST_PLAN_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"
#include "plan_memory.h"

/*
 * The plan's rules about a single wait, and about two: values in, values out. Only plan.c uses it. Pure.
 */

/** plan_rules_check() - do the numbers go together? Return: 0, or -EINVAL with words in @err */
int plan_rules_check(const struct plan_config *config, struct error *err);

/** plan_rules_judge() - rules 1 and 2. Return: PLAN_WHY_NONE: it may be boosted when it is due */
uint8_t plan_rules_judge(const struct plan_config *config, const struct plan_wait *wait, uint64_t now_at);

/** plan_rules_is_for_good() - a reason to let be that does not go away while the wait lasts */
bool plan_rules_is_for_good(uint8_t why);

/** plan_rules_due_at() - by its threshold, and the fair server's period */
uint64_t plan_rules_due_at(const struct plan_wait *wait);

/** plan_rules_comes_before() - rule 3; a strict order of all waits */
bool plan_rules_comes_before(const struct plan_wait *a, const struct plan_wait *b);

/**
 * plan_rules_choose() - how it is boosted
 * @thread: which policies are out of the question. FIFO that had no effect comes into it again when whoever
 *          has the CPU asks for a higher priority now: then it was not that one that was in its way
 * @boost: wait and grant_ns are filled in; gets the policy, its numbers, and notes
 *
 * Return: false when no policy is left.
 */
bool plan_rules_choose(const struct plan_config *config, const struct plan_thread *thread,
		       struct plan_command *boost);

/** plan_rules_add_ns() - later by so much, or never (UINT64_MAX) */
static inline uint64_t plan_rules_add_ns(uint64_t at, uint64_t ns)
{
	return ns < UINT64_MAX - at ? at + ns : UINT64_MAX;
}

#endif
