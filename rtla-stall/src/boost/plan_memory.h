/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PLAN_MEMORY_H
#define RTLA_STALL_BOOST_PLAN_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

/*
 * What the plan remembers of threads from one round to the next, in memory of fixed size: where there is no
 * place, the one that was seen longest ago, and is not boosted, is forgotten. Only plan.c uses it. Pure.
 */

struct plan_thread {
	int32_t tid;		/* 0: a free place */
	bool is_boosted;
	uint8_t failed;		/* bit per policy: refused, or without effect */
	uint8_t failed_why;	/* the last reason of that */
	uint32_t failed_priority; /* FIFO with at most that */
	uint64_t key;
	uint64_t seen;		/* round */
	bool was_boosted;	/* the next two are meaningful */
	uint64_t boosted_at;	/* the last time */
	uint64_t next_at;	/* not again before */
	uint64_t pause_ns;	/* ... nor, in care, so soon after its wait began */
	uint64_t care_until_at;	/* 0: not in care */
	uint64_t quiet_until_at; /* nothing is tried before ... */
	uint8_t quiet_why;	/* ... because no policy is left; else NONE */
	uint64_t said_began_at;	/* of the wait of which ... */
	uint32_t said;		/* ... these reasons, as bits, were said */
};

struct plan_memory {
	struct plan_thread *threads;
	uint32_t nr_sets;	/* a power of two */
};

/** plan_memory_init() - room for about @places threads. Return: 0 or -ENOMEM */
int plan_memory_init(struct plan_memory *memory, uint32_t places);

/** plan_memory_deinit() - a zeroed struct is fine */
void plan_memory_deinit(struct plan_memory *memory);

/** plan_memory_find() - NULL: nothing is known of it */
struct plan_thread *plan_memory_find(const struct plan_memory *memory, int32_t tid, uint64_t key);

/** plan_memory_add() - find it, or begin anew. Return: NULL when threads that are boosted take all places */
struct plan_thread *plan_memory_add(struct plan_memory *memory, int32_t tid, uint64_t key, uint64_t round);

/**
 * plan_memory_due_at() - when the thread's wait is due, as far as the budget allows
 * @thread: NULL: nothing is known of it
 *
 * A thread in care comes again a period after its boost, and not at once when it has run since. One that is
 * done, and waits anew, is like any other; but a wait older than the boost only shows that the trace is
 * behind.
 */
uint64_t plan_memory_due_at(const struct plan_thread *thread, const struct plan_wait *wait, uint64_t now_at);

/** plan_memory_note_boost() - it is boosted now */
void plan_memory_note_boost(struct plan_thread *thread, uint64_t at, uint64_t grant_ns,
			    const struct plan_config *config);

/** plan_memory_note_failure() - the policy of a boost is out of the question for now */
void plan_memory_note_failure(struct plan_thread *thread, const struct plan_command *boost, uint8_t why);

/** plan_memory_note_result() - it is not boosted any more */
void plan_memory_note_result(struct plan_thread *thread, const struct plan_command *restore,
			     const struct plan_result *result, uint64_t now_at);

#endif
