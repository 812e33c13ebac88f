/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_ENDED_H
#define RTLA_STALL_MONITOR_ENDED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Threads that have ended without a record of it: on a CPU that is not watched, or where records were lost.
 * The trace shows them asleep for ever; /proc does not show them any more.
 *
 *     ended_look()  ->  missing  ...  the trace is read on  ...  ended_look()  ->  still missing, and not
 *                                                                                 heard of since: buried
 */

struct engine;

struct ended_thread {
	uint32_t index;		/* engine_task() */
	int32_t tid;
	uint64_t state_at;
	uint8_t state;		/* enum task_state */
};

struct ended {
	struct ended_thread *missing;	/* at the last look; ordered by index */
	uint32_t nr_missing;
};

/**
 * ended_look() - look for those that are missing, and bury those that were missing before
 * @ended: zeroed at first
 * @exists: whether there is a thread with this tid; ended_exists(), but for tests
 *
 * All events up to the last look must have been fed. Return: how many were buried, or -ENOMEM.
 */
int64_t ended_look(struct ended *ended, struct engine *eng, bool (*exists)(int32_t tid));

/** ended_exists() - by /proc */
bool ended_exists(int32_t tid);

/** ended_has_traced_tids() - in a container the tids of /proc may be others than those that are traced */
bool ended_has_traced_tids(void);

/** ended_deinit() - free what it holds */
void ended_deinit(struct ended *ended);

#endif
