// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "top_table.h"
#include "top_words.h"

/*
 * The table of threads: how long each waits now, and what all its waits add up to. Open waits come
 * first, the longest at the top.
 */

static const struct summary_thread *thread_of(const struct top_scene *scene, uint32_t item)
{
	return &scene->snapshot->summary.threads[item];
}

static const struct snapshot_wait *wait_of(const struct top_scene *scene, uint32_t item)
{
	uint32_t at = scene->snapshot->wait_of_thread[item];

	return at < scene->snapshot->nr_waits ? &scene->snapshot->waits[at] : NULL;
}

static void fill_wait(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct snapshot_wait *wait = wait_of(scene, row->item);
	uint64_t ns;

	if (!wait)
		return;
	ns = wait->episode->ended_at - wait->episode->began_at;
	cell->paint = ns >= scene->snapshot->stall_ns ? TOP_ALARM : TOP_PLAIN;
	top_table_say(cell, "%s", top_words_wait(wait->episode, scene->is_utf8).text);
}

static void fill_thread(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct engine_task *task = &thread_of(scene, row->item)->task;
	struct format comm = { "<...>" };

	if (*task->comm)
		comm = format_name(task->comm);
	cell->paint = wait_of(scene, row->item) ? TOP_STRONG : TOP_PLAIN;
	if (task->nr_gone)
		top_table_say(cell, "%s (%s ended)", comm.text, top_words_count(task->nr_gone).text);
	else
		top_table_say(cell, "%s", comm.text);
}

static void fill_tid(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct engine_task *task = &thread_of(scene, row->item)->task;

	if (task->nr_gone)
		top_table_say(cell, "-");
	else
		top_table_say(cell, "%" PRId32, task->tid);
}

static void fill_prio(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct snapshot_wait *wait = wait_of(scene, row->item);

	top_table_say(cell, "%s", top_words_prio(wait ? wait->prio :
						 thread_of(scene, row->item)->task.prio).text);
}

static void fill_cpu(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct snapshot_wait *wait = wait_of(scene, row->item);

	top_table_say(cell, "%" PRIu32, wait ? wait->episode->cpu : thread_of(scene, row->item)->task.cpu);
}

/* ps has the other letters; what waits for a CPU is 'R' there, as what has one. */
static void fill_state(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	static const char letters[] = {
		[TASK_UNKNOWN] = '?', [TASK_SLEEPING] = 'S', [TASK_SUSPENDED] = 'D',
		[TASK_READY] = 'W', [TASK_RUNNING] = 'R', [TASK_DEAD] = 'X',
	};
	uint8_t state = scene->snapshot->states[row->item];

	top_table_say(cell, "%c", state < sizeof(letters) ? letters[state] : '?');
}

static void fill_waits(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_say(cell, "%s", top_words_count(thread_of(scene, row->item)->waits).text);
}

static void say_time(struct top_cell *cell, bool is_there, uint64_t ns)
{
	if (is_there)
		top_table_say(cell, "%s", top_words_cell(ns, "").text);
	else
		top_table_say(cell, "-  ");
}

static bool has_closed(const struct summary_thread *thread)
{
	return thread->waits > thread->open;
}

static void fill_avg(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct summary_thread *thread = thread_of(scene, row->item);

	say_time(cell, has_closed(thread), thread->avg_ns);
}

static void fill_p99(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct summary_thread *thread = thread_of(scene, row->item);

	say_time(cell, has_closed(thread), thread->p99_ns);
}

static void fill_max(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct summary_thread *thread = thread_of(scene, row->item);

	say_time(cell, thread->has_worst, thread->max_ns);
}

static void fill_sum(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct summary_thread *thread = thread_of(scene, row->item);

	say_time(cell, thread->waits, thread->wait_ns);
}

static void fill_causes(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	top_table_causes(cell, thread_of(scene, row->item)->causes);
}

static void say_share(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell,
		      enum cause cause)
{
	const struct summary_thread *thread = thread_of(scene, row->item);

	cell->paint = thread->causes[cause] ? (uint8_t)(TOP_CAUSE + cause) : TOP_FAINT;
	top_table_say(cell, "%s", top_words_percent(thread->causes[cause], thread->wait_ns).text);
}

static void fill_interference(const struct top_scene *scene, const struct top_row *row,
			      struct top_cell *cell)
{
	say_share(scene, row, cell, CAUSE_INTERFERENCE);
}

static void fill_blocking(const struct top_scene *scene, const struct top_row *row,
			  struct top_cell *cell)
{
	say_share(scene, row, cell, CAUSE_BLOCKING);
}

static void fill_jitter(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	say_share(scene, row, cell, CAUSE_RELEASE_JITTER);
}

static void fill_execution(const struct top_scene *scene, const struct top_row *row,
			   struct top_cell *cell)
{
	say_share(scene, row, cell, CAUSE_EXECUTION);
}

static void fill_unattributed(const struct top_scene *scene, const struct top_row *row,
			      struct top_cell *cell)
{
	say_share(scene, row, cell, CAUSE_UNATTRIBUTED);
}

static struct format culprit_of(const struct top_scene *scene, uint32_t item)
{
	const struct summary_thread *thread = thread_of(scene, item);

	if (!thread->has_worst || !thread->worst.most.ns)
		return (struct format){ "" };
	return top_words_culprit(scene->snapshot, thread->worst.most.culprit);
}

static void fill_culprit(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct summary_thread *thread = thread_of(scene, row->item);

	if (thread->has_worst && thread->worst.most.ns)
		cell->paint = (uint8_t)(TOP_CAUSE + thread->worst.most.cause);
	top_table_name(cell, culprit_of(scene, row->item).text);
}

static void fill_worst_at(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell)
{
	const struct summary_thread *thread = thread_of(scene, row->item);

	if (thread->has_worst)
		top_table_say(cell, "%s", top_words_clock(scene->snapshot, thread->worst.began_at,
							  scene->utc_offset_s, true).text);
}

static struct top_sort_key key_of_wait(const struct top_scene *scene, uint32_t item)
{
	const struct snapshot_wait *wait = wait_of(scene, item);

	return (struct top_sort_key){
		.number = wait ? wait->episode->ended_at - wait->episode->began_at + 1 : 0,
		.second = thread_of(scene, item)->max_ns,
	};
}

static struct top_sort_key key_of_name(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .text = thread_of(scene, item)->task.comm };
}

static struct top_sort_key key_of_tid(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = UINT64_MAX - (uint32_t)thread_of(scene, item)->task.tid };
}

static struct top_sort_key key_of_cpu(const struct top_scene *scene, uint32_t item)
{
	const struct snapshot_wait *wait = wait_of(scene, item);

	return (struct top_sort_key){
		.number = UINT64_MAX - (wait ? wait->episode->cpu : thread_of(scene, item)->task.cpu),
		.second = key_of_wait(scene, item).number,
	};
}

static struct top_sort_key key_of_waits(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = thread_of(scene, item)->waits };
}

static struct top_sort_key key_of_avg(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = thread_of(scene, item)->avg_ns };
}

static struct top_sort_key key_of_p99(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = thread_of(scene, item)->p99_ns };
}

static struct top_sort_key key_of_max(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = thread_of(scene, item)->max_ns };
}

static struct top_sort_key key_of_sum(const struct top_scene *scene, uint32_t item)
{
	return (struct top_sort_key){ .number = thread_of(scene, item)->wait_ns };
}

static struct top_sort_key key_of_worst_at(const struct top_scene *scene, uint32_t item)
{
	const struct summary_thread *thread = thread_of(scene, item);

	return (struct top_sort_key){ .number = thread->has_worst ? thread->worst.began_at : 0 };
}

static const struct top_column columns[] = {
	{ "WAIT", 10, 0, true, 0, fill_wait, key_of_wait },
	{ "THREAD", 15, 24, false, 0, fill_thread, key_of_name },
	{ "TID", 7, 0, true, 2, fill_tid, key_of_tid },
	{ "PRI", 6, 0, false, 5, fill_prio, NULL },
	{ "CPU", 4, 0, true, 1, fill_cpu, key_of_cpu },
	{ "S", 1, 0, false, 6, fill_state, NULL },
	{ "WAITS", 6, 0, true, 7, fill_waits, key_of_waits },
	{ "AVG", 7, 0, true, 9, fill_avg, key_of_avg },
	{ "P99", 7, 0, true, 8, fill_p99, key_of_p99 },
	{ "MAX", 7, 0, true, 3, fill_max, key_of_max },
	{ "SUM", 7, 0, true, 12, fill_sum, key_of_sum },
	{ "CAUSES", 10, 0, false, 4, fill_causes, NULL },
	{ "%INT", 4, 0, true, 10, fill_interference, NULL },
	{ "%BLK", 4, 0, true, 10, fill_blocking, NULL },
	{ "%JIT", 4, 0, true, 10, fill_jitter, NULL },
	{ "%EXE", 4, 0, true, 10, fill_execution, NULL },
	{ "%UNA", 4, 0, true, 10, fill_unattributed, NULL },
	{ "WORST AT", 12, 0, false, 11, fill_worst_at, key_of_worst_at },
	{ "CULPRIT", 12, 40, false, 0, fill_culprit, NULL },
};

static uint32_t nr_items(const struct top_scene *scene)
{
	return scene->snapshot->summary.nr_threads;
}

static void write_words(const struct top_scene *scene, uint32_t item, char *ret, size_t size)
{
	const struct engine_task *task = &thread_of(scene, item)->task;

	snprintf(ret, size, "%s %s", format_thread(task->comm, task->tid).text,
		 culprit_of(scene, item).text);
}

static struct top_id id_of(const struct top_scene *scene, const struct top_row *row)
{
	return (struct top_id){ .first = thread_of(scene, row->item)->task.index };
}

/* What a thread waits for now; else the longest of its stalls. */
static const struct episode *find_wait(const struct top_scene *scene, const struct top_row *row)
{
	const struct summary *summary = &scene->snapshot->summary;
	const struct snapshot_wait *wait = wait_of(scene, row->item);

	if (wait)
		return wait->episode;
	for (size_t i = 0; i < summary->nr_stalls; i++) {
		if (summary->stalls[i]->task == thread_of(scene, row->item)->task.index)
			return summary->stalls[i];
	}
	return NULL;
}

static const char *why_empty(const struct top_scene *scene)
{
	return scene->snapshot->phase == SNAPSHOT_PROC ?
		"No thread that is watched was found in /proc." :
		"No thread that is watched has run or waited yet.";
}

const struct top_table top_waits_table = {
	.name = "waits",
	.columns = columns,
	.nr_columns = sizeof(columns) / sizeof(*columns),
	.sorted_by = 0,
	.nr_items = nr_items,
	.words = write_words,
	.id = id_of,
	.wait = find_wait,
	.why_empty = why_empty,
};
