/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_STATE_H
#define RTLA_STALL_BOOST_ENFORCE_STATE_H

#include "enforce_boost.h"

/**
 * enforce_state_print() - lines for SIGUSR1: who waits, who is boosted, budgets
 *
 * Of each CPU who is boosted and the longest waits, and how many more there are; never more lines than a log
 * takes at once.
 */
void enforce_state_print(const struct enforce_boosts_setting *setting, uint64_t now);

#endif
