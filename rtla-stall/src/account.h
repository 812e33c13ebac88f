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
 */

struct error;
struct longest;
struct names;

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

/** account_fill_document() - what the engine and the source say of the trace as a whole */
void account_fill_document(const struct account *account, const struct source_info *info,
			   struct document *doc);

#endif
