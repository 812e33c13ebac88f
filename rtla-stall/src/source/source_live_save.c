// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "../util/error.h"
#include "dat_bytes.h"
#include "dat_write.h"
#include "source_live_state.h"

#define MISSED_EVENTS (1u << 31)	/* RB_MISSED_EVENTS of the kernel's ring buffer */

/*
 * Where the first page of a CPU goes that had others before it, all CPUs have to begin, by and large: what
 * the others recorded before would make waits that end nowhere. Return: trace time; 0: nothing was dropped
 */
static uint64_t find_start(const struct source_live *live)
{
	uint64_t start_at = 0;

	for (uint32_t i = 0; i < live->nr_readers; i++) {
		const struct live_ring *ring = &live->readers[i].ring;
		const uint8_t *oldest = live_ring_page(ring, 0);

		if (ring->has_dropped && oldest && dat_load_u64(oldest, false) > start_at)
			start_at = dat_load_u64(oldest, false);
	}
	return start_at;
}

/* How many pages of a CPU end before that: the next one begins no later. */
static uint32_t count_before(const struct live_ring *ring, uint64_t start_at)
{
	const uint8_t *next;
	uint32_t nr = 0;

	while ((next = live_ring_page(ring, nr + 1)) && dat_load_u64(next, false) <= start_at)
		nr++;
	return nr;
}

/* What is missing before a page that is not the first is said where the kernel says so: in its head. */
static void mark_missing(const struct source_live *live, uint8_t *page)
{
	const struct dat_file *head = &live->instance.head;
	uint8_t *commit = page + head->commit_offset;

	if (head->commit_size == 4)
		*(uint32_t *)commit |= MISSED_EVENTS;
	else
		*(uint64_t *)commit |= MISSED_EVENTS;
}

/* When the first page begins that is saved of a CPU; UINT64_MAX: none is. */
static uint64_t first_page_at(const struct live_ring *ring, uint64_t start_at)
{
	const uint8_t *page = live_ring_page(ring, count_before(ring, start_at));

	return page ? dat_load_u64(page, false) : UINT64_MAX;
}

/*
 * The ranks that were lent before a CPU's pages begin, each with a page of its own: what came between it and
 * the next one is missing. @write: NULL: only counted.
 */
static int save_lent(const struct source_live *live, const struct reader *reader, uint64_t start_at,
		     struct dat_write *write, uint64_t *size, struct error *err)
{
	const struct dat_file *head = &live->instance.head;
	const struct live_lent_record **records = calloc(live_lent_count(&live->lent) + 1, sizeof(*records));
	uint8_t *page = malloc(live->instance.page_size);
	size_t nr;
	int result = 0;

	*size = 0;
	if (!records || !page) {
		free(records);
		free(page);
		return error_set(err, -ENOMEM, "out of memory");
	}
	nr = live_lent_find(&live->lent, reader->stream.cpu, first_page_at(&reader->ring, start_at), start_at,
			    records);
	*size = nr * live->instance.page_size;
	for (size_t i = 0; write && !result && i < nr; i++) {
		live_lent_page(records[i], page, live->instance.page_size, head->commit_offset,
			       head->commit_size, head->first_offset);
		mark_missing(live, page);
		result = dat_write_pages(write, page, live->instance.page_size, err);
	}
	free(records);
	free(page);
	return result;
}

static int count_size(const struct source_live *live, const struct reader *reader, uint64_t start_at,
		      uint64_t *size, struct error *err)
{
	int result = save_lent(live, reader, start_at, NULL, size, err);

	*size += live_ring_size(&reader->ring) -
		 (uint64_t)count_before(&reader->ring, start_at) * live->instance.page_size;
	return result;
}

static int save_pages(const struct source_live *live, struct dat_write *write, uint32_t cpu,
		      uint64_t start_at, struct error *err)
{
	uint64_t size;
	int result = 0;

	for (uint32_t i = 0; i < live->nr_readers; i++) {
		const struct live_ring *ring = &live->readers[i].ring;
		uint32_t nr = count_before(ring, start_at);
		uint8_t *page = live_ring_page(ring, nr);

		if (live->readers[i].stream.cpu != cpu)
			continue;
		result = save_lent(live, &live->readers[i], start_at, write, &size, err);
		if (page && (ring->has_dropped || nr))
			mark_missing(live, page);
		for (; page && !result; page = live_ring_page(ring, ++nr))
			result = dat_write_pages(write, page, ring->page_size, err);
	}
	return result;
}

int source_live_save(const struct source *src, int fd, const struct strbuf *cmdlines, struct error *err)
{
	const struct source_live *live = (const struct source_live *)src;
	struct dat_write_setting setting = { .cmdlines = cmdlines };
	uint64_t start_at = find_start(live);
	struct dat_write_pages_of *cpus;
	struct dat_write write;
	int result = 0;

	for (uint32_t i = 0; i < live->nr_readers; i++) {
		if (live->readers[i].stream.cpu >= setting.nr_cpus)
			setting.nr_cpus = live->readers[i].stream.cpu + 1;
	}
	cpus = calloc(setting.nr_cpus + 1, sizeof(*cpus));
	if (!cpus)
		return error_set(err, -ENOMEM, "out of memory");
	setting.cpus = cpus;
	for (uint32_t i = 0; i < live->nr_readers && !result; i++)
		result = count_size(live, &live->readers[i], start_at,
				    &cpus[live->readers[i].stream.cpu].size, err);
	if (!result)
		result = dat_write_open(&write, fd, &live->instance.head, &setting, err);
	for (uint32_t cpu = 0; !result && cpu < setting.nr_cpus; cpu++)
		result = save_pages(live, &write, cpu, start_at, err);
	if (!result)
		result = dat_write_close(&write, err);
	free(cpus);
	return result;
}
