/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_STATS_TALLY_H
#define RTLA_STALL_STATS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/episode.h"
#include "charges.h"
#include "hist.h"

struct recycle_map;

/*
 * What the waits of each thread add up to. Fed from the engine's on_episode.
 *
 * Everything is kept per waiting thread, whoever it is: whether a thread is a kernel thread, and
 * what its name is, may become known long after its first wait, so who is reported is decided at
 * the end (summary.h). That makes memory grow with the pairs of waiter and culprit, 32 bytes each;
 * beyond TALLY_MAX_ROWS of them, new pairs are kept under the unknown culprit, cause and reason
 * unchanged, so that all sums go on to hold (nr_rows_folded counts how often).
 *
 * It is the hot path of reading a trace: indexes instead of look-ups where there is an index, and
 * no allocation except when something is new. Pure: no I/O.
 */

#define TALLY_MAX_ROWS 500000u

/* A thread's longest wait so far that is not touched by loss, without its segments. */
struct tally_worst {
	uint64_t began_at;
	uint64_t ended_at;
	uint32_t cpu;
	bool is_open;
	struct charge most;	/* its largest charge; ns is 0 when there is none */
};

struct tally_thread {
	uint64_t waits;			/* open ones included */
	uint64_t open;
	uint64_t wait_ns;		/* of both */
	uint64_t causes[CAUSE_NR];	/* sum to wait_ns */
	uint64_t stalls;		/* waits of at least tally_create()'s stall_ns */
	uint64_t touched_by_loss;	/* waits */
	uint64_t longest_ns;		/* of all waits */
	struct tally_worst worst;	/* meaningful while waits exceeds touched_by_loss */
	struct hist *closed;		/* closed waits not touched by loss; NULL: none */
	struct charges charges;		/* sum to wait_ns */
};

struct tally {
	struct tally_thread *threads;	/* by engine_task() index */
	uint32_t nr_threads;		/* those beyond have no wait */
	uint32_t nr_allocated;
	uint32_t nr_rows;		/* in all charges */
	uint64_t nr_rows_folded;
	uint64_t stall_ns;
};

/**
 * tally_init() - an empty tally
 * @stall_ns: how long a wait is a stall
 */
void tally_init(struct tally *tally, uint64_t stall_ns);

/** tally_deinit() - free what it holds */
void tally_deinit(struct tally *tally);

/**
 * tally_add() - count one wait, closed or open
 *
 * Return: 0 or -ENOMEM; then the tally is not to be trusted any more.
 */
int tally_add(struct tally *tally, const struct episode *episode)
	__attribute__((warn_unused_result));

/* For a look in between: waits that are still open are counted for as long as it takes. */
struct tally_lend {
	struct {
		uint32_t task;
		struct tally_thread thread;	/* as it was; its charges are a copy */
	} *lent;
	uint32_t nr_lent;
	uint32_t nr_rows;
	uint64_t nr_rows_folded;
};

/**
 * tally_lend() - count an open wait for a moment
 * @lend: zeroed at first
 *
 * Return: 0 or -ENOMEM; tally_give_back() in any case.
 */
int tally_lend(struct tally *tally, struct tally_lend *lend, const struct episode *episode)
	__attribute__((warn_unused_result));

/** tally_give_back() - the tally is as it was before the first tally_lend(); @lend is empty again */
void tally_give_back(struct tally *tally, struct tally_lend *lend);

/**
 * tally_recycle() - write new numbers (engine/recycle.h): threads folded are added up in the one that stands
 * for them, those dropped are gone
 *
 * Nothing is lent meanwhile. Return: 0 or -ENOMEM; then the tally is not to be trusted any more.
 */
int tally_recycle(struct tally *tally, const struct recycle_map *map) __attribute__((warn_unused_result));

#endif
