/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_STATS_COLUMNS_H
#define RTLA_STALL_STATS_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/engine.h"
#include "hist.h"

struct recycle_map;

/*
 * Histograms as rtla's hist tables have them: buckets of equal width, as many as was asked for, and what is
 * beyond; one per column and kind of sample. Beside each the log-linear histogram of hist.h, which holds
 * count, sum, minimum and maximum exactly, and from which percentiles come.
 *
 *     columns_init(&columns, COLUMNS_OF_CPUS, 1000, 256)      buckets of 1 us up to 256 us
 *     columns_add_timerlat()                                  from on_timerlat: the column of its CPU
 *     columns_init(&columns, COLUMNS_OF_THREADS, ...)
 *     columns_add_wait(&columns, episode->task, episode)      from on_episode: of its thread, ...
 *     columns_add_wait(&columns, episode->cpu, episode)       ... or of its CPU
 *
 * By thread everybody's waits may be fed, as who is reported is decided at the end. By CPU threads are not
 * told apart any more: whose waits count is judged by the caller, by what is known when they end.
 *
 * A wait that was touched by loss is counted apart and is in no histogram; neither is one still open, whose
 * length so far is in open_max_ns.
 *
 * Memory grows with the buckets that are not empty, 1 KiB for COLUMNS_PER_PAGE neighbours, and with the
 * columns. Pure: no I/O.
 *
 * Invariant: the counts of all buckets and `over` sum to log.count.
 */

#define COLUMNS_PER_PAGE 128u
#define COLUMNS_MAX_ENTRIES 9999999u	/* rtla's limit */

enum columns_of { COLUMNS_OF_CPUS, COLUMNS_OF_THREADS };

enum columns_what {
	COLUMNS_IRQ,		/* timerlat: the timer's expiry to the sample in the interrupt */
	COLUMNS_THREAD,		/* ... in the thread */
	COLUMNS_USER,		/* ... at the return to user space */
	COLUMNS_WAIT,		/* closed waits not touched by loss */
	COLUMNS_NR
};

/** columns_what_name() - "irq", "thread", "user", "wait" */
const char *columns_what_name(enum columns_what what);

struct columns_hist {
	struct hist log;
	uint64_t over;		/* samples beyond the last bucket */
	uint64_t ***pages;	/* counts: a directory of directories of pages; NULL: all 0 */
};

struct columns_column {
	uint32_t id;		/* CPU, or engine_task() index */
	uint64_t open;		/* waits still open when they were added */
	uint64_t open_max_ns;	/* the longest of them that is not touched by loss */
	uint64_t touched_by_loss; /* waits, open or not */
	struct columns_hist *hists[COLUMNS_NR]; /* NULL: no sample */
};

struct columns {
	enum columns_of of;
	uint64_t bucket_ns;	/* width of a bucket; at least 1 */
	uint32_t nr_entries;	/* buckets: from 0 up to nr_entries * bucket_ns */
	uint32_t nr_slots;	/* ids below have a slot */
	struct columns_column **slots; /* by id; NULL: no column */
};

/**
 * columns_init() - empty
 * @bucket_ns: at least 1
 * @nr_entries: at most COLUMNS_MAX_ENTRIES
 */
void columns_init(struct columns *columns, enum columns_of of, uint64_t bucket_ns, uint32_t nr_entries);

/** columns_deinit() - free what it holds */
void columns_deinit(struct columns *columns);

/** columns_column() - the column of @id, made when there is none. Return: NULL when out of memory */
struct columns_column *columns_column(struct columns *columns, uint32_t id);

/** columns_find() - the column of @id; NULL when there is none */
const struct columns_column *columns_find(const struct columns *columns, uint32_t id);

/** columns_add() - count one sample. Return: 0 or -ENOMEM */
int columns_add(struct columns *columns, uint32_t id, enum columns_what what, uint64_t ns)
	__attribute__((warn_unused_result));

/**
 * columns_add_wait() - count one wait, closed or open
 * @id: the column: episode->task or episode->cpu
 *
 * An open one is to be added once, at the end. Return: 0 or -ENOMEM.
 */
int columns_add_wait(struct columns *columns, uint32_t id, const struct episode *episode)
	__attribute__((warn_unused_result));

/** columns_add_timerlat() - count the samples of one activation. Return: 0 or -ENOMEM */
int columns_add_timerlat(struct columns *columns, const struct timerlat_activation *activation)
	__attribute__((warn_unused_result));

/**
 * columns_hist() - a column's histogram, made when there is none
 *
 * For those who fill in what was counted elsewhere: hist->log, hist->over and columns_add_count().
 *
 * Return: NULL when out of memory.
 */
struct columns_hist *columns_hist(struct columns_column *column, enum columns_what what);

/**
 * columns_add_count() - count @count samples in one bucket; hist->log is the caller's to fill in
 * @bucket: below columns->nr_entries
 *
 * Return: 0, -ENOMEM, or -EOVERFLOW.
 */
int columns_add_count(const struct columns *columns, struct columns_hist *hist, uint32_t bucket,
		      uint64_t count) __attribute__((warn_unused_result));

/** columns_count() - how many samples are in one bucket, below columns->nr_entries */
uint64_t columns_count(const struct columns_hist *hist, uint32_t bucket);

/**
 * columns_next() - walk over the buckets that are not empty
 * @from: a bucket
 *
 * Return: the first bucket from @from on that is not empty; UINT32_MAX when there is none.
 */
uint32_t columns_next(const struct columns *columns, const struct columns_hist *hist, uint32_t from);

/**
 * columns_recycle() - new indexes of threads (engine/recycle.h): what is folded is added up in the column of
 * who stands for it, what is dropped is gone; COLUMNS_OF_THREADS
 *
 * Return: 0, -ENOMEM or -EOVERFLOW; then the columns are not to be trusted any more.
 */
int columns_recycle(struct columns *columns, const struct recycle_map *map)
	__attribute__((warn_unused_result));

#endif
