/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ACCOUNT_H
#define RTLA_STALL_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "selection.h"
#include "stats/summary.h"
#include "stats/tally.h"
#include "stats/timers.h"
#include "view/document.h"

/*
 * The engine, and what is kept of what it says: for a file that is read and for a kernel that is watched.
 *
 *     events --> engine --> waits of the CPUs and times selected --> tally, longest --> summary
 *                      `--> timerlat's activations --> timers
 *
 * Threads are selected only when it is summed up: what they are may become known late.
 *
 * Where threads come and go for weeks, account_recycle() keeps it bounded by those that live and what
 * matters of the others (account_recycle.c). What was learnt from a file is never recycled.
 */

struct error;
struct longest;
struct names;
struct recycle_map;

#define ACCOUNT_RECYCLE_FROM 4096u	/* new threads since the last time */
#define ACCOUNT_MAX_DEAD 10000u		/* selected threads that have ended and have a row each */
#define ACCOUNT_MAX_NAMED 4096u		/* waits kept whose main culprit keeps its tid */

struct account_setting {
	const struct selection *selection;	/* borrowed, as all here */
	const struct names *names;
	struct engine_facts facts;
	uint64_t stall_ns;			/* waits at least so long are kept whole */
	uint64_t segments_from_ns;		/* episodes at least so long come with segments */
	/* told of each wait that is counted, and of each activation; NULL. Must not feed */
	void (*on_episode)(const struct episode *episode, void *arg);
	void (*on_timerlat)(const struct timerlat_activation *activation, void *arg);
	void *arg;
};

struct account {
	struct account_setting setting;
	struct engine *engine;
	struct tally tally;
	struct longest *longest;
	struct timers timers;
	uint32_t nr_recycled_to; /* threads that account_recycle() left the last time */
	bool is_paused;		/* nothing is counted; the engine goes on */
	bool has_failed;	/* out of memory in a callback of the engine */
};

/** account_init() - Return: 0 or -ENOMEM with words in @err; account_deinit() it in any case */
int account_init(struct account *account, const struct account_setting *setting, struct error *err)
	__attribute__((warn_unused_result));

/** account_deinit() - free what it holds; a zeroed struct is fine */
void account_deinit(struct account *account);

/** account_feed() - one event. Return: 0 or -ENOMEM with words in @err */
int account_feed(struct account *account, const struct event *event, struct error *err)
	__attribute__((warn_unused_result));

/**
 * account_finish() - the trace ends here: waits still open are counted, cut at @last_at
 *
 * Return: 0 or -ENOMEM with words in @err.
 */
int account_finish(struct account *account, uint64_t last_at, struct error *err)
	__attribute__((warn_unused_result));

/**
 * account_sum_up() - the rows of the threads selected
 * @first_at: where the trace begins
 * @ret: summary_deinit() it; not to be fed meanwhile
 *
 * Return: 0 or -ENOMEM with words in @err.
 */
int account_sum_up(const struct account *account, uint64_t first_at, struct summary *ret,
		   struct error *err) __attribute__((warn_unused_result));

/** account_is_recycle_due() - so many threads have come since the last time that it is worth while */
bool account_is_recycle_due(const struct account *account);

/**
 * account_recycle() - let go of threads that have ended
 * @first_at: as for account_sum_up()
 * @ret: the new numbers, for whoever else keeps some; recycle_map_deinit() it. Set on success only
 *
 * Those without a row are let go of: what they did to others is charged to one culprit per name. Those
 * with a row keep it, up to ACCOUNT_MAX_DEAD of them, those with the longest waits, kernel threads first;
 * the others share a row per name (engine_task.nr_gone). Whoever is the main culprit of a stall that is
 * listed, or of the longest wait of a thread that lives, stays. No summary is out meanwhile.
 *
 * Return: 0 or -ENOMEM with words in @err; then the account is not to be trusted any more.
 */
int account_recycle(struct account *account, uint64_t first_at, struct recycle_map *ret, struct error *err)
	__attribute__((warn_unused_result));

/** account_selects() - whether a thread has a row; @has_waits: some of its were counted */
bool account_selects(const struct account *account, const struct engine_task *task, bool has_waits,
		     uint64_t first_at);

/** account_fill_document() - what the engine and the source say of the trace as a whole */
void account_fill_document(const struct account *account, const struct source_info *info,
			   struct document *doc);

#endif
