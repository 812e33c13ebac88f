// SPDX-License-Identifier: GPL-2.0-only
#include "columns.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "../engine/recycle.h"

#define PAGES_PER_DIRECTORY 64u
#define PER_DIRECTORY (PAGES_PER_DIRECTORY * COLUMNS_PER_PAGE)	/* buckets */

const char *columns_what_name(enum columns_what what)
{
	static const char *const names[COLUMNS_NR] = {
		[COLUMNS_IRQ] = "irq",
		[COLUMNS_THREAD] = "thread",
		[COLUMNS_USER] = "user",
		[COLUMNS_WAIT] = "wait",
	};

	return names[what];
}

void columns_init(struct columns *columns, enum columns_of of, uint64_t bucket_ns, uint32_t nr_entries)
{
	assert(bucket_ns && nr_entries <= COLUMNS_MAX_ENTRIES);
	*columns = (struct columns){ .of = of, .bucket_ns = bucket_ns, .nr_entries = nr_entries };
}

static uint32_t nr_directories(const struct columns *columns)
{
	return columns->nr_entries / PER_DIRECTORY + 1;
}

static void hist_free(const struct columns *columns, struct columns_hist *hist)
{
	if (!hist)
		return;
	for (uint32_t i = 0; hist->pages && i < nr_directories(columns); i++) {
		for (uint32_t k = 0; hist->pages[i] && k < PAGES_PER_DIRECTORY; k++)
			free(hist->pages[i][k]);
		free(hist->pages[i]);
	}
	free(hist->pages);
	hist_deinit(&hist->log);
	free(hist);
}

static void column_free(const struct columns *columns, struct columns_column *column)
{
	for (int what = 0; column && what < COLUMNS_NR; what++)
		hist_free(columns, column->hists[what]);
	free(column);
}

void columns_deinit(struct columns *columns)
{
	for (uint32_t id = 0; id < columns->nr_slots; id++)
		column_free(columns, columns->slots[id]);
	free(columns->slots);
}

const struct columns_column *columns_find(const struct columns *columns, uint32_t id)
{
	return id < columns->nr_slots ? columns->slots[id] : NULL;
}

static int make_room(struct columns *columns, uint32_t id)
{
	uint32_t nr_slots = columns->nr_slots ? columns->nr_slots : 16;
	struct columns_column **slots;

	while (nr_slots <= id) {
		if (nr_slots > UINT32_MAX / 2)
			return -ENOMEM;
		nr_slots *= 2;
	}
	slots = reallocarray(columns->slots, nr_slots, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (uint32_t i = columns->nr_slots; i < nr_slots; i++)
		slots[i] = NULL;
	columns->slots = slots;
	columns->nr_slots = nr_slots;
	return 0;
}

struct columns_column *columns_column(struct columns *columns, uint32_t id)
{
	if (id >= columns->nr_slots && make_room(columns, id))
		return NULL;
	if (!columns->slots[id]) {
		columns->slots[id] = calloc(1, sizeof(struct columns_column));
		if (columns->slots[id])
			columns->slots[id]->id = id;
	}
	return columns->slots[id];
}

struct columns_hist *columns_hist(struct columns_column *column, enum columns_what what)
{
	if (!column->hists[what])
		column->hists[what] = calloc(1, sizeof(*column->hists[what]));
	return column->hists[what];
}

/* Return: where a bucket is counted; NULL when out of memory */
static uint64_t *place_of(const struct columns *columns, struct columns_hist *hist, uint32_t bucket)
{
	uint32_t page = bucket % PER_DIRECTORY / COLUMNS_PER_PAGE;
	uint64_t ***directory;

	if (!hist->pages) {
		hist->pages = calloc(nr_directories(columns), sizeof(*hist->pages));
		if (!hist->pages)
			return NULL;
	}
	directory = &hist->pages[bucket / PER_DIRECTORY];
	if (!*directory) {
		*directory = calloc(PAGES_PER_DIRECTORY, sizeof(**directory));
		if (!*directory)
			return NULL;
	}
	if (!(*directory)[page]) {
		(*directory)[page] = calloc(COLUMNS_PER_PAGE, sizeof(***directory));
		if (!(*directory)[page])
			return NULL;
	}
	return &(*directory)[page][bucket % COLUMNS_PER_PAGE];
}

int columns_add_count(const struct columns *columns, struct columns_hist *hist, uint32_t bucket,
		      uint64_t count)
{
	uint64_t *place;

	assert(bucket < columns->nr_entries);
	place = place_of(columns, hist, bucket);
	if (!place)
		return -ENOMEM;
	return __builtin_add_overflow(*place, count, place) ? -EOVERFLOW : 0;
}

int columns_add(struct columns *columns, uint32_t id, enum columns_what what, uint64_t ns)
{
	struct columns_column *column = columns_column(columns, id);
	struct columns_hist *hist = column ? columns_hist(column, what) : NULL;
	uint64_t *place;

	if (!hist)
		return -ENOMEM;
	place = &hist->over;
	if (ns / columns->bucket_ns < columns->nr_entries)
		place = place_of(columns, hist, (uint32_t)(ns / columns->bucket_ns));
	if (!place || hist_add(&hist->log, ns))
		return -ENOMEM;
	++*place;
	return 0;
}

int columns_add_wait(struct columns *columns, uint32_t id, const struct episode *episode)
{
	uint64_t ns = episode->ended_at - episode->began_at;
	bool is_open = episode->flags & EPISODE_STILL_OPEN;
	bool is_touched = episode->flags & EPISODE_TOUCHED_BY_LOSS;
	struct columns_column *column = columns_column(columns, id);

	if (!column)
		return -ENOMEM;
	column->open += is_open;
	column->touched_by_loss += is_touched;
	if (is_touched)
		return 0;
	if (!is_open)
		return columns_add(columns, id, COLUMNS_WAIT, ns);
	if (ns > column->open_max_ns)
		column->open_max_ns = ns;
	return 0;
}

int columns_add_timerlat(struct columns *columns, const struct timerlat_activation *activation)
{
	const struct {
		bool has;
		uint64_t ns;
	} samples[] = {
		[COLUMNS_IRQ] = { activation->has_irq, activation->irq_latency_ns },
		[COLUMNS_THREAD] = { activation->has_thread, activation->thread_latency_ns },
		[COLUMNS_USER] = { activation->has_user, activation->user_latency_ns },
	};

	for (unsigned int what = COLUMNS_IRQ; what <= COLUMNS_USER; what++) {
		if (samples[what].has &&
		    columns_add(columns, activation->cpu, (enum columns_what)what, samples[what].ns))
			return -ENOMEM;
	}
	return 0;
}

uint64_t columns_count(const struct columns_hist *hist, uint32_t bucket)
{
	uint64_t **directory = hist->pages ? hist->pages[bucket / PER_DIRECTORY] : NULL;
	const uint64_t *page = directory ? directory[bucket % PER_DIRECTORY / COLUMNS_PER_PAGE] : NULL;

	return page ? page[bucket % COLUMNS_PER_PAGE] : 0;
}

uint32_t columns_next(const struct columns *columns, const struct columns_hist *hist, uint32_t from)
{
	uint32_t bucket = from;

	while (hist->pages && bucket < columns->nr_entries) {
		uint64_t **directory = hist->pages[bucket / PER_DIRECTORY];

		if (!directory) {
			bucket = (bucket / PER_DIRECTORY + 1) * PER_DIRECTORY;
			continue;
		}
		if (!directory[bucket % PER_DIRECTORY / COLUMNS_PER_PAGE]) {
			bucket = (bucket / COLUMNS_PER_PAGE + 1) * COLUMNS_PER_PAGE;
			continue;
		}
		if (columns_count(hist, bucket))
			return bucket;
		bucket++;
	}
	return UINT32_MAX;
}

static int merge_hist(const struct columns *columns, struct columns_hist *into,
		      const struct columns_hist *from)
{
	uint32_t bucket = columns_next(columns, from, 0);

	if (hist_merge(&into->log, &from->log))
		return -ENOMEM;
	into->over += from->over;
	for (; bucket != UINT32_MAX; bucket = columns_next(columns, from, bucket + 1)) {
		int err = columns_add_count(columns, into, bucket, columns_count(from, bucket));

		if (err)
			return err;
	}
	return 0;
}

static int merge(struct columns *columns, uint32_t id, const struct columns_column *from)
{
	struct columns_column *into = columns_column(columns, id);
	int err = into ? 0 : -ENOMEM;

	if (err)
		return err;
	into->open += from->open;
	if (from->open_max_ns > into->open_max_ns)
		into->open_max_ns = from->open_max_ns;
	into->touched_by_loss += from->touched_by_loss;
	for (int what = 0; what < COLUMNS_NR && !err; what++) {
		struct columns_hist *hist;

		if (!from->hists[what])
			continue;
		hist = columns_hist(into, (enum columns_what)what);
		err = hist ? merge_hist(columns, hist, from->hists[what]) : -ENOMEM;
	}
	return err;
}

int columns_recycle(struct columns *columns, const struct recycle_map *map)
{
	int err = 0;

	assert(columns->of == COLUMNS_OF_THREADS);
	for (uint32_t id = 0; id < map->nr_tasks && id < columns->nr_slots && !err; id++) {
		struct columns_column *column = columns->slots[id];

		if (!column || map->verdicts[id] == RECYCLE_KEEP)
			continue;
		columns->slots[id] = NULL;
		if (map->verdicts[id] == RECYCLE_FOLD)
			err = merge(columns, map->tasks[id], column);
		column_free(columns, column);
	}
	return err;
}
