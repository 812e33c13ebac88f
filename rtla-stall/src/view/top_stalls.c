// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "top_table.h"
#include "top_words.h"

/* The table of stalls, the newest first. */

static const struct episode *stall_of(const struct top_scene *scene, uint32_t item)
{
	return scene->snapshot->summary.stalls[item];
}

static const char *comm_of(const struct top_scene *scene, uint32_t item)
{
	return scene->snapshot->summary.tasks[stall_of(scene, item)->task].comm;
}

static struct format culprit_of(const struct top_scene *scene, uint32_t item)
{
	const struct charge *charge = top_words_worst_charge(stall_of(scene, item));

	return charge ? top_words_culprit(scene->snapshot, charge->culprit) : (struct format){ "" };
}

static void fill_began(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%s", top_words_clock(scene->snapshot, stall_of(scene, row->item)->began_at,
						  scene->utc_offset_s, true).text);
}

static void fill_wait(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct episode *stall = stall_of(scene, row->item);

	cell->paint = stall->flags & EPISODE_STILL_OPEN ? TOP_ALARM : TOP_PLAIN;
	top_table_say(cell, "%s", top_words_wait(stall, scene->is_utf8).text);
}

static void fill_open(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	cell->paint = TOP_ALARM;
	top_table_say(cell, "%s", stall_of(scene, row->item)->flags & EPISODE_STILL_OPEN ? "open" : "");
}

static void fill_thread(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const char *comm = comm_of(scene, row->item);

	cell->paint = TOP_STRONG;
	top_table_say(cell, "%s", *comm ? format_name(comm).text : "<...>");
}

static void fill_tid(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%" PRId32, stall_of(scene, row->item)->tid);
}

static void fill_prio(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%s", top_words_prio(stall_of(scene, row->item)->prio).text);
}

static void fill_cpu(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%" PRIu32, stall_of(scene, row->item)->cpu);
}

static void fill_causes(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_causes(cell, stall_of(scene, row->item)->causes);
}

static void fill_mostly(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct charge *charge = top_words_worst_charge(stall_of(scene, row->item));

	if (!charge)
		return;
	cell->paint = (uint8_t)(TOP_CAUSE + charge->cause);
	top_table_say(cell, "%s", format_reason(charge->cause, charge->reason).text);
}

static void fill_culprit(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct charge *charge = top_words_worst_charge(stall_of(scene, row->item));

	if (charge)
		cell->paint = (uint8_t)(TOP_CAUSE + charge->cause);
	top_table_name(cell, culprit_of(scene, row->item).text);
}

static struct top_sort_key key_of_began(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = stall_of(scene, item)->began_at };
}

static struct top_sort_key key_of_wait(const struct top_scene *scene, uint32_t item)
{
	const struct episode *stall = stall_of(scene, item);

	return (struct top_sort_key){ .number = stall->ended_at - stall->began_at };
}

static struct top_sort_key key_of_open(const struct top_scene *scene, uint32_t item)
{
	const struct episode *stall = stall_of(scene, item);

	return (struct top_sort_key){
		.number = stall->flags & EPISODE_STILL_OPEN,
		.second = stall->ended_at - stall->began_at,
	};
}

static struct top_sort_key key_of_name(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .text = comm_of(scene, item) };
}

static struct top_sort_key key_of_tid(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = UINT64_MAX - (uint32_t)stall_of(scene, item)->tid };
}

static struct top_sort_key key_of_cpu(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = UINT64_MAX - stall_of(scene, item)->cpu };
}

static const struct top_column columns[] = {
	{ "BEGAN", 12, 0, false, 1, fill_began, key_of_began },
	{ "WAIT", 10, 0, true, 0, fill_wait, key_of_wait },
	{ "OPEN", 4, 0, false, 3, fill_open, key_of_open },
	{ "THREAD", 15, 24, false, 0, fill_thread, key_of_name },
	{ "TID", 7, 0, true, 5, fill_tid, key_of_tid },
	{ "PRI", 6, 0, false, 6, fill_prio, NULL },
	{ "CPU", 4, 0, true, 2, fill_cpu, key_of_cpu },
	{ "CAUSES", 10, 0, false, 4, fill_causes, NULL },
	{ "MOSTLY", 24, 0, false, 7, fill_mostly, NULL },
	{ "CULPRIT", 11, 40, false, 0, fill_culprit, NULL },
};

static uint32_t nr_items(const struct top_scene *scene)
{
	return (uint32_t)scene->snapshot->summary.nr_stalls;
}

static void write_words(const struct top_scene *scene, uint32_t item, char *ret, size_t size)
{
	const struct episode *stall = stall_of(scene, item);
	const struct charge *charge = top_words_worst_charge(stall);

	snprintf(ret, size, "%s %s %s", format_thread(comm_of(scene, item), stall->tid).text,
		 charge ? format_reason(charge->cause, charge->reason).text : "",
		 culprit_of(scene, item).text);
}

static struct top_id id_of(const struct top_scene *scene, const struct top_row *row)
{
	const struct episode *stall = stall_of(scene, row->item);

	return (struct top_id){ .first = stall->task, .second = stall->began_at };
}

static const struct episode *find_wait(const struct top_scene *scene, const struct top_row *row)
{
	return stall_of(scene, row->item);
}

static const char *why_empty(const struct top_scene *scene)
{
	return scene->snapshot->summary.stalls_omitted ?
		"Stalls there were, but no room to keep them." :
		"No thread that is watched has waited long enough to be a stall (- takes shorter waits).";
}

const struct top_table top_stalls_table = {
	.name = "stalls",
	.columns = columns,
	.nr_columns = sizeof(columns) / sizeof(*columns),
	.sorted_by = 0,
	.nr_items = nr_items,
	.words = write_words,
	.id = id_of,
	.wait = find_wait,
	.why_empty = why_empty,
};
