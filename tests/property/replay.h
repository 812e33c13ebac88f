/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PROPERTY_REPLAY_H
#define TESTS_PROPERTY_REPLAY_H

#include "flat.h"

/*
 * One run of the engine over events in memory. What it hands out is checked on the way: the invariants
 * of episode.h, the order of the ends, the identities of each thread's sums. The first that does not
 * hold is in broken.
 */

struct replay_options {
	const struct names *names;
	bool is_preempt_rt;
	bool has_fair_server;
	bool asks_between;	/* for the open waits, after every event */
	uint64_t cut_at;	/* where open waits are cut; 0: at the last event */
};

struct replay {
	const char *broken;	/* words; NULL: all checks held */
	struct flat_list closed; /* in the order in which they were handed out */
	struct flat_list open;	/* sorted */
	uint32_t nr_tasks;
	struct engine_task *tasks;
	uint64_t anomalies[ANOMALY_NR];
};

/** replay_run() - feed events to a new engine; replay_free() what it returns */
void replay_run(const struct event *events, size_t nr_events, const struct replay_options *options,
		struct replay *ret);

/** replay_free() - free what it holds */
void replay_free(struct replay *replay);

/** replay_all() - closed and open waits in one sorted list; takes them out of @replay */
struct flat_list replay_all(struct replay *replay);

#endif
