/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MERGE_SUM_H
#define RTLA_STALL_MERGE_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json.h>

#include "engine/episode.h"
#include "stats/columns.h"

/*
 * What the JSON documents of several runs add up to. Only the files of `hist merge` use it.
 *
 * Documents are untrusted: every number is checked for being one, every sum for overflow, every histogram
 * for adding up. Threads are told by name, since a tid means nothing on another machine; culprits by kind,
 * name, cause and reason; CPUs by number.
 */

struct error;
struct names;

struct merge_thread {
	bool is_used;
	int32_t tid;	/* of the only one; TID_UNKNOWN */
	uint64_t nr_threads;	/* how many are added up here */
	uint64_t waits;
	uint64_t open;
	uint64_t wait_ns;
	uint64_t touched_by_loss;
	uint64_t max_ns;
	uint64_t causes[CAUSE_NR];
	char note[32];	/* "3 threads" */
};

struct merge_culprit {
	uint32_t kind;	/* names, as those below */
	uint32_t name;
	uint32_t cause;
	uint32_t reason;	/* 0: null */
	int64_t id;	/* -1 where they differ */
	uint64_t ns;
	uint64_t waits;
	uint64_t worst_ns;
};

struct merge_stall {
	uint64_t wait_ns;
	uint64_t began_at;
	struct json_object *row;	/* owned: a reference; "path" is in it */
};

struct merge {
	struct names *names;
	struct names *culprit_keys;	/* number n: culprits[n - 1] */

	bool has_columns;	/* those below are set up, by the first histogram met */
	struct columns timerlat;	/* of CPUs */
	struct columns cpu_waits;	/* of CPUs */
	struct columns thread_waits;	/* of threads, by number of their name */

	struct merge_thread *threads;	/* by number of their name */
	uint32_t nr_threads;	/* numbers below have a slot */
	struct merge_culprit *culprits;
	uint32_t nr_culprits;
	struct merge_stall *stalls;
	size_t nr_stalls;
	struct json_object *sources;	/* array */

	uint64_t duration_ns;	/* of all runs in sum, as their traces span it */
	uint64_t events;
	uint64_t losses;
	uint64_t lost_events;
	bool is_truncated;
	uint64_t stalls_omitted;
	uint64_t hits;
	uint64_t hits_unreported;
	struct {
		uint64_t threads;
		uint64_t ended;
		uint64_t waits;
		uint64_t open;
		uint64_t wait_ns;
		uint64_t touched_by_loss;
		uint64_t causes[CAUSE_NR];
	} totals;
};

/** merge_sum_init() - empty. Return: 0 or -ENOMEM; then there is nothing to deinit */
int merge_sum_init(struct merge *merge) __attribute__((warn_unused_result));

/** merge_sum_deinit() - free what it holds */
void merge_sum_deinit(struct merge *merge);

/**
 * merge_sum_add() - add a document
 * @root: borrowed; stalls and sources are kept by reference, and get a "path"
 * @path: of the document
 *
 * Return: 0 or a negative errno with words in @err that name @path; then the sums are not to be used.
 */
int merge_sum_add(struct merge *merge, struct json_object *root, const char *path, struct error *err)
	__attribute__((warn_unused_result));

/** merge_sum_finish() - sort: stalls and culprits, the largest first */
void merge_sum_finish(struct merge *merge);

#endif
