// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/sched_rank.h"
#include "top_table.h"
#include "top_words.h"

/*
 * The table of CPUs: who has each, by what right, how long without a switch, and who is ready there, as
 * the scheduler would pick them:
 *
 *      3 loop-rt (164)         FIFO 55     4.53 s        2    4.53 s     1002
 *        |- rt 1       2.10 s   ksoftirqd/3 (28)  interference thread
 *        `- ni 0       4.53 s   kworker/3:1 (99)  interference thread
 *
 * What cannot be shown is a line of its own that says why.
 */

#define WAIT_WIDTH 10u

struct queued {
	uint32_t cpu;
	int rank;
	uint64_t ns;
	uint32_t wait;
};

static int compare_queued(const void *a, const void *b)
{
	const struct queued *left = a, *right = b;

	if (left->cpu != right->cpu)
		return left->cpu < right->cpu ? -1 : 1;
	if (left->rank != right->rank)
		return left->rank > right->rank ? -1 : 1;
	if (left->ns != right->ns)
		return left->ns > right->ns ? -1 : 1;
	return left->wait < right->wait ? -1 : 1;
}

int top_cpus_queue(const struct snapshot *snapshot, uint32_t *queue)
{
	struct queued *all = calloc(snapshot->nr_waits + 1u, sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < snapshot->nr_waits; i++) {
		const struct snapshot_wait *wait = &snapshot->waits[i];

		all[i] = (struct queued){
			.cpu = wait->episode->cpu,
			.rank = sched_rank(wait->prio, snapshot->summary.threads[wait->thread].task.comm),
			.ns = wait->episode->ended_at - wait->episode->began_at,
			.wait = i,
		};
	}
	qsort(all, snapshot->nr_waits, sizeof(*all), compare_queued);
	for (uint32_t i = 0; i < snapshot->nr_waits; i++)
		queue[i] = all[i].wait;
	free(all);
	return 0;
}

static const struct snapshot_cpu *cpu_of(const struct top_scene *scene, uint32_t item)
{
	return &scene->snapshot->cpus[item];
}

/* Where in the queue the waits on @cpu and above begin. */
static uint32_t first_from(const struct top_scene *scene, uint32_t cpu)
{
	uint32_t low = 0, high = scene->snapshot->nr_waits;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (scene->snapshot->waits[scene->queue[middle]].episode->cpu < cpu)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t nr_queued(const struct top_scene *scene, uint32_t item)
{
	uint32_t cpu = cpu_of(scene, item)->cpu;

	return first_from(scene, cpu + 1) - first_from(scene, cpu);
}

/* The wait of the row @sub below a CPU, from 1; NULL when the row is none of those. */
static const struct snapshot_wait *wait_of(const struct top_scene *scene, uint32_t item, uint32_t sub)
{
	uint32_t first = first_from(scene, cpu_of(scene, item)->cpu);

	if (!sub || sub > nr_queued(scene, item))
		return NULL;
	return &scene->snapshot->waits[scene->queue[first + sub - 1]];
}

static const struct episode *longest_of(const struct top_scene *scene, uint32_t item)
{
	const struct episode *longest = NULL;
	uint32_t nr = nr_queued(scene, item);

	for (uint32_t sub = 1; sub <= nr; sub++) {
		const struct episode *wait = wait_of(scene, item, sub)->episode;

		if (!longest || wait->ended_at - wait->began_at > longest->ended_at - longest->began_at)
			longest = wait;
	}
	return longest;
}

static uint32_t nr_unwatched(const struct top_scene *scene, uint32_t item)
{
	uint32_t nr_watched = nr_queued(scene, item), nr = cpu_of(scene, item)->nr_waits;

	return nr > nr_watched ? nr - nr_watched : 0;
}

static uint32_t nr_below(const struct top_scene *scene, uint32_t item)
{
	return nr_queued(scene, item) + !!nr_unwatched(scene, item) + !!*cpu_of(scene, item)->why;
}

static const struct engine_task *task_of(const struct top_scene *scene, const struct snapshot_wait *wait)
{
	return &scene->snapshot->summary.threads[wait->thread].task;
}

static const char *branch(const struct top_scene *scene, const struct top_row *row)
{
	return top_page_mark(scene->is_utf8, row->sub == nr_below(scene, row->item) ?
			     TOP_MARK_LAST_BRANCH : TOP_MARK_BRANCH);
}

static void fill_cpu(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	cell->paint = TOP_STRONG;
	top_table_say(cell, "%" PRIu32, cpu_of(scene, row->item)->cpu);
}

static void fill_occupant(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct snapshot_cpu *cpu = cpu_of(scene, row->item);

	cell->paint = TOP_FAINT;
	if (!cpu->is_online) {
		top_table_say(cell, "offline");
	} else if (!cpu->is_known) {
		top_table_say(cell, "not known");
	} else if (cpu->occupant.kind == CULPRIT_IDLE) {
		top_table_say(cell, "idle");
	} else {
		cell->paint = TOP_STRONG;
		top_table_name(cell, format_culprit(&cpu->occupant).text);
	}
}

/* The policy, and its one number: "FIFO 55", "OTHER -5". */
static void fill_policy(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct snapshot_cpu *cpu = cpu_of(scene, row->item);
	const char *nice;
	struct format words;

	if (!cpu->is_online || !cpu->is_known || cpu->occupant.kind != CULPRIT_THREAD)
		return;
	words = top_words_policy(cpu->policy, cpu->prio);
	nice = *cpu->policy ? strstr(words.text, "nice ") : NULL;
	if (nice)
		top_table_say(cell, "%.*s%s", (int)(nice - words.text), words.text, nice + 5);
	else
		top_table_say(cell, "%s", words.text);
}

static uint64_t on_cpu_ns(const struct top_scene *scene, uint32_t item)
{
	const struct snapshot_cpu *cpu = cpu_of(scene, item);

	if (!cpu->is_online || !cpu->is_known || cpu->since_at > scene->snapshot->now_at)
		return 0;
	return scene->snapshot->now_at - cpu->since_at;
}

static void fill_on_cpu(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct snapshot_cpu *cpu = cpu_of(scene, row->item);
	const char *mark = cpu->is_since_known ? "" : top_page_mark(scene->is_utf8, TOP_MARK_AT_LEAST);

	if (cpu->is_online && cpu->is_known)
		top_table_say(cell, "%s", top_words_cell(on_cpu_ns(scene, row->item), mark).text);
}

static void fill_ready(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%" PRIu32, nr_queued(scene, row->item) + nr_unwatched(scene, row->item));
}

static void fill_wait(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct episode *episode = longest_of(scene, row->item);

	if (!episode)
		return;
	cell->paint = episode->ended_at - episode->began_at >= scene->snapshot->stall_ns ?
		TOP_ALARM : TOP_PLAIN;
	top_table_say(cell, "%s", top_words_wait(episode, scene->is_utf8).text);
}

static void fill_irqs(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	if (cpu_of(scene, row->item)->is_online)
		top_table_say(cell, "%s", top_words_count(cpu_of(scene, row->item)->irqs_per_s).text);
}

static void fill_switches(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	if (cpu_of(scene, row->item)->is_online)
		top_table_say(cell, "%s", top_words_count(cpu_of(scene, row->item)->switches_per_s).text);
}

static void fill_on_top(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct snapshot_cpu *cpu = cpu_of(scene, row->item);

	if (cpu->has_on_top)
		top_table_name(cell, format_culprit(&cpu->on_top).text);
}

static void fill_lost(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	uint64_t lost = cpu_of(scene, row->item)->lost_events;

	cell->paint = TOP_ALARM;
	if (lost)
		top_table_say(cell, "%s", top_words_count(lost).text);
}

static void fill_note(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	if (cpu_of(scene, row->item)->is_isolated)
		top_table_say(cell, "isolated");
}

static struct top_sort_key key_of_cpu(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = UINT64_MAX - cpu_of(scene, item)->cpu };
}

static struct top_sort_key key_of_name(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .text = cpu_of(scene, item)->occupant.name };
}

static struct top_sort_key key_of_on_cpu(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = on_cpu_ns(scene, item) };
}

static struct top_sort_key key_of_ready(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){
		.number = nr_queued(scene, item) + (uint64_t)nr_unwatched(scene, item),
	};
}

static struct top_sort_key key_of_wait(const struct top_scene *scene, uint32_t item)
{
	const struct episode *longest = longest_of(scene, item);

	return (struct top_sort_key){ .number = longest ? longest->ended_at - longest->began_at + 1 : 0 };
}

static struct top_sort_key key_of_irqs(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = cpu_of(scene, item)->irqs_per_s };
}

static struct top_sort_key key_of_switches(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = cpu_of(scene, item)->switches_per_s };
}

static struct top_sort_key key_of_lost(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = cpu_of(scene, item)->lost_events };
}

static const struct top_column columns[] = {
	{ "CPU", 4, 0, true, 0, fill_cpu, key_of_cpu },
	{ "OCCUPANT", 15, 32, false, 0, fill_occupant, key_of_name },
	{ "POLICY", 9, 0, false, 2, fill_policy, NULL },
	{ "ON CPU", 9, 0, true, 1, fill_on_cpu, key_of_on_cpu },
	{ "READY", 6, 0, true, 3, fill_ready, key_of_ready },
	{ "WAIT", 10, 0, true, 0, fill_wait, key_of_wait },
	{ "IRQS/S", 7, 0, true, 4, fill_irqs, key_of_irqs },
	{ "SWTCH/S", 8, 0, true, 7, fill_switches, key_of_switches },
	{ "LOST", 6, 0, true, 8, fill_lost, key_of_lost },
	{ "ON TOP", 12, 28, false, 5, fill_on_top, NULL },
	{ "", 8, 0, false, 6, fill_note, NULL },
};

static uint32_t nr_items(const struct top_scene *scene)
{
	return scene->snapshot->nr_cpus;
}

static void write_words(const struct top_scene *scene, uint32_t item, char *ret, size_t size)
{
	const struct snapshot_cpu *cpu = cpu_of(scene, item);
	uint32_t nr = nr_queued(scene, item);
	size_t used;

	snprintf(ret, size, "CPU %" PRIu32 " %s", cpu->cpu,
		 cpu->is_known ? top_words_occupant(cpu).text : "");
	for (uint32_t sub = 1; sub <= nr; sub++) {
		const struct engine_task *task = task_of(scene, wait_of(scene, item, sub));

		used = strlen(ret);
		snprintf(ret + used, size - used, " %s", format_thread(task->comm, task->tid).text);
	}
}

static struct top_id id_of(const struct top_scene *scene, const struct top_row *row)
{
	const struct snapshot_wait *wait = wait_of(scene, row->item, row->sub);
	struct top_id ret = { .first = cpu_of(scene, row->item)->cpu };

	if (wait)
		ret.second = (uint64_t)task_of(scene, wait)->index + 1;
	else if (row->sub)
		ret.second = UINT64_MAX - (nr_below(scene, row->item) - row->sub);
	return ret;
}

static const struct episode *find_wait(const struct top_scene *scene, const struct top_row *row)
{
	const struct snapshot_wait *wait = wait_of(scene, row->item, row->sub);

	return wait ? wait->episode : longest_of(scene, row->item);
}

static void draw_wait(const struct top_scene *scene, const struct snapshot_wait *wait,
		      struct top_page *page)
{
	uint64_t ns = wait->episode->ended_at - wait->episode->began_at;
	const struct charge *charge = top_words_worst_charge(wait->episode);
	struct format words = top_words_wait(wait->episode, scene->is_utf8);
	const struct engine_task *task = task_of(scene, wait);

	top_page_add(page, TOP_PLAIN, "%s", top_words_prio(wait->prio).text);
	top_page_pad(page, TOP_PLAIN, 15 + WAIT_WIDTH - top_page_columns(words.text));
	top_page_add(page, ns >= scene->snapshot->stall_ns ? TOP_ALARM : TOP_PLAIN, "%s ", words.text);
	top_page_add(page, TOP_STRONG, "%s", format_thread(task->comm, task->tid).text);
	if (charge)
		top_page_add(page, (uint8_t)(TOP_CAUSE + charge->cause), "  %s",
			     format_reason(charge->cause, charge->reason).text);
}

static bool draw(const struct top_scene *scene, const struct top_row *row, struct top_page *page)
{
	const struct snapshot_wait *wait = wait_of(scene, row->item, row->sub);
	uint32_t nr_others = nr_unwatched(scene, row->item);
	char why[256];

	if (!row->sub)
		return false;
	top_page_pad(page, TOP_PLAIN, 5);
	top_page_add(page, TOP_FAINT, "%s ", branch(scene, row));
	if (wait) {
		draw_wait(scene, wait, page);
	} else if (nr_others && row->sub == nr_queued(scene, row->item) + 1) {
		top_page_add(page, TOP_FAINT, "%s%" PRIu32 " that %s not watched", row->sub > 1 ? "and " : "",
			     nr_others, nr_others == 1 ? "is" : "are");
	} else {
		format_safe(cpu_of(scene, row->item)->why, false, why, sizeof(why));
		top_page_add(page, TOP_WARN, "not shown: %s", why);
	}
	return true;
}

static const char *why_empty(const struct top_scene *scene)
{
	(void)scene;
	return "No CPU is watched.";
}

const struct top_table top_cpus_table = {
	.name = "CPUs",
	.columns = columns,
	.nr_columns = sizeof(columns) / sizeof(*columns),
	.sorted_by = 0,
	.nr_items = nr_items,
	.words = write_words,
	.nr_below = nr_below,
	.id = id_of,
	.wait = find_wait,
	.draw = draw,
	.why_empty = why_empty,
};
