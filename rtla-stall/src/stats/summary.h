/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_STATS_SUMMARY_H
#define RTLA_STALL_STATS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/engine.h"
#include "tally.h"

/*
 * What the views show: rows of the selected threads, the culprits they waited for, their stalls,
 * and totals. A snapshot; it borrows from the engine (names), and from the tally and the longest
 * waits.
 *
 *     engine, tally, longest  --summary_init(selection)-->  summary  -->  report, JSON, CSV
 *
 * Invariants: the five causes sum to wait_ns in every thread and in the totals; the threads sum to
 * the totals; so do the culprits' ns. Rows of threads are ordered by wait_ns, of culprits by ns, of
 * stalls by length, each descending. Pure: no I/O.
 */

struct longest;

struct summary_thread {
	struct engine_task task;
	uint64_t waits;			/* open ones included */
	uint64_t open;
	uint64_t wait_ns;		/* of both */
	uint64_t causes[CAUSE_NR];
	uint64_t touched_by_loss;	/* waits; they are in the sums, and in nothing below */
	uint64_t min_ns;		/* of closed waits, as avg and p*; 0 when there is none */
	uint64_t avg_ns;
	uint64_t max_ns;		/* of open ones too */
	uint64_t p50_ns;
	uint64_t p99_ns;
	uint64_t p999_ns;
	uint64_t longest_ns;		/* touched by loss or not */
	bool has_worst;			/* false: no wait untouched by loss */
	struct tally_worst worst;	/* the one of max_ns */
};

/* One row per culprit, cause and reason; identities of one tid and name share a row. */
struct summary_culprit {
	struct culprit who;
	uint8_t cause;
	uint8_t reason;
	uint64_t ns;
	uint64_t waits;
	uint64_t worst_ns;
	uint32_t nr_waiters;		/* threads that were made to wait */
	uint32_t most_waiter;		/* index in summary.threads: the one made to wait longest */
};

struct summary {
	struct summary_thread *threads;
	uint32_t nr_threads;
	struct summary_culprit *culprits;
	uint32_t nr_culprits;
	const struct episode **stalls;	/* longest first */
	size_t nr_stalls;
	uint64_t stalls_omitted;	/* shorter ones there was no room for */
	struct {
		uint64_t threads;	/* rows */
		uint64_t gone;		/* threads that ended and share rows (engine_task.nr_gone) */
		uint64_t waiting;	/* those with a wait */
		uint64_t kthread_unknown; /* those that may or may not be kernel threads */
		uint64_t waits;
		uint64_t open;
		uint64_t wait_ns;
		uint64_t causes[CAUSE_NR];
		uint64_t touched_by_loss;
		uint64_t longest_ns;	/* touched by loss or not */
	} totals;
	uint64_t nr_rows_folded;	/* tally.h */
	struct culprit *names;		/* who is who, by culprit number */
	uint32_t nr_names;
	struct engine_task *tasks;	/* by task index: all threads, selected or not */
	uint32_t nr_tasks;
};

struct summary_selection {
	bool (*is_selected)(const struct engine_task *task, bool has_waits, const void *arg);
	const void *arg;
};

/**
 * summary_init() - sum up
 * @eng: finished; borrowed, and not to be fed any more while the summary is in use
 * @tally: of the waits that count; borrowed likewise
 * @longest: the stalls among them; borrowed likewise
 *
 * Return: 0 or -ENOMEM; then there is nothing to deinit.
 */
int summary_init(struct summary *summary, const struct engine *eng, const struct tally *tally,
		 struct longest *longest, const struct summary_selection *selection)
	__attribute__((warn_unused_result));

/** summary_deinit() - free what it holds */
void summary_deinit(struct summary *summary);

#endif
