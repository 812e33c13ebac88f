// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "top_table.h"
#include "top_words.h"

/* The table of culprits: to whom the time is charged, for what reason, and who waited for them. */

static const struct summary_culprit *culprit_of(const struct top_scene *scene, uint32_t item)
{
	return &scene->snapshot->summary.culprits[item];
}

static struct format waiter_of(const struct top_scene *scene, uint32_t item)
{
	const struct summary *summary = &scene->snapshot->summary;
	const struct summary_culprit *culprit = culprit_of(scene, item);
	const struct engine_task *task;

	if (!culprit->nr_waiters || culprit->most_waiter >= summary->nr_threads)
		return (struct format){ "" };
	task = &summary->threads[culprit->most_waiter].task;
	return format_thread(task->comm, task->tid);
}

static void fill_time(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%s", top_words_cell(culprit_of(scene, row->item)->ns, "").text);
}

static void fill_share(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%s", top_words_percent(culprit_of(scene, row->item)->ns,
						    scene->snapshot->summary.totals.wait_ns).text);
}

static void fill_cause(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct summary_culprit *culprit = culprit_of(scene, row->item);

	cell->paint = (uint8_t)(TOP_CAUSE + culprit->cause);
	top_table_say(cell, "%s", cause_name(culprit->cause));
}

static void fill_reason(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const char *reason = reason_name(culprit_of(scene, row->item)->reason);

	top_table_say(cell, "%s", reason ? reason : "");
}

static void fill_culprit(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	cell->paint = TOP_STRONG;
	top_table_name(cell, format_culprit(&culprit_of(scene, row->item)->who).text);
}

static void fill_waits(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%s", top_words_count(culprit_of(scene, row->item)->waits).text);
}

static void fill_worst(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%s", top_words_cell(culprit_of(scene, row->item)->worst_ns, "").text);
}

static void fill_waiters(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%" PRIu32, culprit_of(scene, row->item)->nr_waiters);
}

static void fill_most(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_name(cell, waiter_of(scene, row->item).text);
}

static struct top_sort_key key_of_time(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = culprit_of(scene, item)->ns };
}

static struct top_sort_key key_of_cause(const struct top_scene *scene, uint32_t item)
{
	const struct summary_culprit *culprit = culprit_of(scene, item);

	return (struct top_sort_key){ .number = CAUSE_NR - culprit->cause, .second = culprit->ns };
}

static struct top_sort_key key_of_name(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .text = culprit_of(scene, item)->who.name };
}

static struct top_sort_key key_of_waits(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = culprit_of(scene, item)->waits };
}

static struct top_sort_key key_of_worst(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = culprit_of(scene, item)->worst_ns };
}

static struct top_sort_key key_of_waiters(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = culprit_of(scene, item)->nr_waiters };
}

static const struct top_column columns[] = {
	{ "TIME", 7, 0, true, 0, fill_time, key_of_time },
	{ "%", 3, 0, true, 6, fill_share, NULL },
	{ "CAUSE", 14, 0, false, 1, fill_cause, key_of_cause },
	{ "REASON", 12, 0, false, 4, fill_reason, NULL },
	{ "CULPRIT", 16, 40, false, 0, fill_culprit, key_of_name },
	{ "WAITS", 6, 0, true, 3, fill_waits, key_of_waits },
	{ "WORST", 7, 0, true, 2, fill_worst, key_of_worst },
	{ "WAITERS", 8, 0, true, 7, fill_waiters, key_of_waiters },
	{ "MOST DELAYED", 12, 40, false, 5, fill_most, NULL },
};

static uint32_t nr_items(const struct top_scene *scene)
{
	return scene->snapshot->summary.nr_culprits;
}

static void write_words(const struct top_scene *scene, uint32_t item, char *ret, size_t size)
{
	const struct summary_culprit *culprit = culprit_of(scene, item);

	snprintf(ret, size, "%s %s %s", format_culprit(&culprit->who).text,
		 format_reason(culprit->cause, culprit->reason).text, waiter_of(scene, item).text);
}

static uint64_t hash_of(const char *name)
{
	uint64_t hash = 0;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return hash;
}

/* Rows are by kind, number and name, cause and reason. */
static struct top_id id_of(const struct top_scene *scene, const struct top_row *row)
{
	const struct summary_culprit *culprit = culprit_of(scene, row->item);

	return (struct top_id){
		.first = (uint64_t)culprit->who.kind << 56 | (uint64_t)culprit->cause << 48 |
			 (uint64_t)culprit->reason << 40 | (uint32_t)culprit->who.id,
		.second = hash_of(culprit->who.name),
	};
}

static const char *why_empty(const struct top_scene *scene)
{
	return scene->snapshot->summary.totals.waits ?
		"No time is charged to anybody yet." : "Nobody made anybody wait yet.";
}

const struct top_table top_culprits_table = {
	.name = "culprits",
	.columns = columns,
	.nr_columns = sizeof(columns) / sizeof(*columns),
	.sorted_by = 0,
	.nr_items = nr_items,
	.words = write_words,
	.id = id_of,
	.why_empty = why_empty,
};
