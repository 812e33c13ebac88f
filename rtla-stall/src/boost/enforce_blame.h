/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_BLAME_H
#define RTLA_STALL_BOOST_ENFORCE_BLAME_H

#include "enforce_case.h"

/*
 * What a wait consisted of until it was boosted, and whose doing that was.
 *
 * Who has the CPU when a thread is boosted may have come just now: a thread of our own as a rule. Named is
 * the thread with the largest share of the wait; one of our own only when no other thread has any.
 */

/**
 * enforce_blame() - fill in causes and culprit of @record
 * @task: the thread that waits, as the engine's index
 * @record: boosted_at is the end of the wait; culprit, who has the CPU, stands where the trace does not tell
 */
void enforce_blame(struct enforce_watch *watch, const struct enforce_cases *cases, uint32_t task,
		   struct enforce_boost_record *record);

/** enforce_blame_episode() - the same, of an episode; @is_own may be asked of each thread in it */
void enforce_blame_episode(const struct engine *engine, const struct episode *episode,
			   bool (*is_own)(int32_t tid, void *arg), void *arg,
			   struct enforce_boost_record *record);

#endif
