// SPDX-License-Identifier: GPL-2.0-only
#include "live_lent.h"

#include <stdlib.h>
#include <string.h>

static void drop(struct live_lent_list *list, size_t nr)
{
	if (!nr)
		return;
	memmove(list->records, list->records + nr, (list->nr - nr) * sizeof(*list->records));
	list->nr -= nr;
}

static void append(struct live_lent_list *list, const struct live_lent_record *record)
{
	if (list->nr == list->nr_allocated && list->nr == LIVE_LENT_MAX)
		drop(list, LIVE_LENT_MAX / 4);
	if (list->nr == list->nr_allocated) {
		size_t nr = list->nr ? 2 * list->nr : 64;
		struct live_lent_record *more = reallocarray(list->records, nr, sizeof(*more));

		if (!more)
			return;
		list->records = more;
		list->nr_allocated = nr;
	}
	list->records[list->nr++] = *record;
}

/* What nobody will ask for any more; all at once when much has come together. */
static void forget(struct live_lent_list *over, uint64_t oldest_at)
{
	size_t nr = 0;

	if (over->nr < over->nr_allocated)
		return;
	while (nr < over->nr && over->records[nr].over_at < oldest_at)
		nr++;
	drop(over, nr);
}

static void give_back(struct live_lent *lent, int32_t tid, uint64_t at, uint64_t oldest_at)
{
	struct live_lent_list *list = &lent->lent;
	size_t nr = 0;

	for (size_t i = 0; i < list->nr; i++) {
		if (list->records[i].tid != tid) {
			list->records[nr++] = list->records[i];
			continue;
		}
		list->records[i].over_at = at;
		forget(&lent->over, oldest_at);
		append(&lent->over, &list->records[i]);
	}
	list->nr = nr;
}

void live_lent_add(struct live_lent *lent, const struct event *event, const uint8_t *record, size_t size,
		   uint64_t oldest_at)
{
	struct live_lent_record added = {
		.at = event->at,
		.over_at = UINT64_MAX,
		.tid = event->pi.tid,
		.base_prio = event->pi.old_prio,
		.cpu = event->cpu,
		.size = (uint32_t)size,
	};

	for (size_t i = 0; i < lent->lent.nr; i++) {
		if (lent->lent.records[i].tid == added.tid)
			added.base_prio = lent->lent.records[i].base_prio;
	}
	if (event->pi.new_prio >= added.base_prio) {
		give_back(lent, added.tid, added.at, oldest_at);
		return;
	}
	if (!size || size % 4 || size > sizeof(added.bytes))
		return;
	memcpy(added.bytes, record, size);
	append(&lent->lent, &added);
}

void live_lent_lose(struct live_lent *lent)
{
	lent->lent.nr = 0;
}

void live_lent_deinit(struct live_lent *lent)
{
	free(lent->lent.records);
	free(lent->over.records);
	*lent = (struct live_lent){ 0 };
}

size_t live_lent_count(const struct live_lent *lent)
{
	return lent->lent.nr + lent->over.nr;
}

static int by_time(const void *left, const void *right)
{
	const struct live_lent_record *const *a = left;
	const struct live_lent_record *const *b = right;

	return ((*a)->at > (*b)->at) - ((*a)->at < (*b)->at);
}

size_t live_lent_find(const struct live_lent *lent, uint32_t cpu, uint64_t before_at, uint64_t start_at,
		      const struct live_lent_record **ret)
{
	size_t nr = 0;

	for (size_t i = 0; i < live_lent_count(lent); i++) {
		const struct live_lent_record *record = i < lent->over.nr ?
								&lent->over.records[i] :
								&lent->lent.records[i - lent->over.nr];

		if (record->cpu == cpu && record->at < before_at && record->over_at >= start_at)
			ret[nr++] = record;
	}
	if (nr)
		qsort(ret, nr, sizeof(*ret), by_time);
	return nr;
}

void live_lent_page(const struct live_lent_record *record, uint8_t *page, uint32_t page_size,
		    uint32_t commit_offset, uint32_t commit_size, uint32_t first_offset)
{
	const uint16_t order_probe = 1;
	bool is_big_endian = !*(const uint8_t *)&order_probe;
	uint32_t words = record->size / 4;
	uint32_t head = is_big_endian ? words << 27 : words;	/* no time since the page's own */
	uint64_t used = sizeof(head) + record->size;
	uint32_t used_word = (uint32_t)used;

	memset(page, 0, page_size);
	memcpy(page, &record->at, sizeof(record->at));
	if (commit_size == sizeof(used_word))
		memcpy(page + commit_offset, &used_word, sizeof(used_word));
	else
		memcpy(page + commit_offset, &used, sizeof(used));
	memcpy(page + first_offset, &head, sizeof(head));
	memcpy(page + first_offset + sizeof(head), record->bytes, record->size);
}
