// SPDX-License-Identifier: GPL-2.0-only
#include "summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "longest.h"

#define NOT_SELECTED UINT32_MAX

void summary_deinit(struct summary *summary)
{
	free(summary->threads);
	free(summary->culprits);
	free(summary->stalls);
	free(summary->names);
	free(summary->tasks);
}

static struct summary_thread thread_of(const struct engine_task *task,
				       const struct tally_thread *tallied)
{
	struct summary_thread thread = { .task = *task };
	const struct hist *closed;

	if (!tallied)
		return thread;
	closed = tallied->closed;
	thread.waits = tallied->waits;
	thread.open = tallied->open;
	thread.wait_ns = tallied->wait_ns;
	memcpy(thread.causes, tallied->causes, sizeof(thread.causes));
	thread.touched_by_loss = tallied->touched_by_loss;
	thread.longest_ns = tallied->longest_ns;
	if (tallied->waits > tallied->touched_by_loss) {
		thread.has_worst = true;
		thread.worst = tallied->worst;
		thread.max_ns = tallied->worst.ended_at - tallied->worst.began_at;
	}
	if (closed) {
		thread.min_ns = closed->min_ns;
		thread.avg_ns = closed->sum_ns / closed->count;
		thread.p50_ns = hist_per_mille(closed, 500);
		thread.p99_ns = hist_per_mille(closed, 990);
		thread.p999_ns = hist_per_mille(closed, 999);
	}
	return thread;
}

static int compare_threads(const void *a, const void *b)
{
	const struct summary_thread *left = a, *right = b;

	if (left->wait_ns != right->wait_ns)
		return left->wait_ns > right->wait_ns ? -1 : 1;
	if (left->waits != right->waits)
		return left->waits > right->waits ? -1 : 1;
	if (left->task.tid != right->task.tid)
		return left->task.tid < right->task.tid ? -1 : 1;
	return left->task.index < right->task.index ? -1 : left->task.index > right->task.index;
}

static void add_to_totals(struct summary *summary, const struct summary_thread *thread)
{
	summary->totals.threads++;
	summary->totals.gone += thread->task.nr_gone;
	summary->totals.waiting += thread->waits > 0;
	summary->totals.kthread_unknown += thread->task.kthread == TRI_UNKNOWN;
	summary->totals.waits += thread->waits;
	summary->totals.open += thread->open;
	summary->totals.wait_ns += thread->wait_ns;
	summary->totals.touched_by_loss += thread->touched_by_loss;
	if (thread->longest_ns > summary->totals.longest_ns)
		summary->totals.longest_ns = thread->longest_ns;
	for (int i = 0; i < CAUSE_NR; i++)
		summary->totals.causes[i] += thread->causes[i];
}

/* @row_of: by task index, the row of summary.threads or NOT_SELECTED */
static void select_threads(struct summary *summary, const struct engine *eng,
			   const struct tally *tally, const struct summary_selection *selection,
			   uint32_t *row_of)
{
	for (uint32_t i = 0; i < summary->nr_tasks; i++) {
		const struct tally_thread *tallied = NULL;
		struct engine_task *task = &summary->tasks[i];

		engine_task(eng, i, task);
		if (i < tally->nr_threads && tally->threads[i].waits)
			tallied = &tally->threads[i];
		row_of[i] = NOT_SELECTED;
		if (task->tid && selection->is_selected(task, tallied != NULL, selection->arg))
			summary->threads[summary->nr_threads++] = thread_of(task, tallied);
	}
	if (summary->nr_threads)
		qsort(summary->threads, summary->nr_threads, sizeof(*summary->threads),
		      compare_threads);
	for (uint32_t i = 0; i < summary->nr_threads; i++) {
		row_of[summary->threads[i].task.index] = i;
		add_to_totals(summary, &summary->threads[i]);
	}
}

/* All selected waiters' charges in one table. */
static int merge_charges(const struct summary *summary, const struct tally *tally,
			 struct charges *merged)
{
	for (uint32_t i = 0; i < summary->nr_threads; i++) {
		uint32_t task = summary->threads[i].task.index;

		if (task < tally->nr_threads && charges_merge(merged, &tally->threads[task].charges))
			return -ENOMEM;
	}
	return 0;
}

/* Whom each culprit made wait: @rows parallel to the slots of @merged. */
static void add_waiters(const struct summary *summary, const struct tally *tally,
			const struct charges *merged, struct summary_culprit *rows, uint64_t *most_ns)
{
	for (uint32_t i = 0; i < summary->nr_threads; i++) {
		uint32_t task = summary->threads[i].task.index;
		const struct charges *charges;

		if (task >= tally->nr_threads)
			continue;
		charges = &tally->threads[task].charges;
		for (uint32_t slot = 0; slot < charges->nr_slots; slot++) {
			const struct charges_row *from = &charges->slots[slot];
			size_t at;

			if (!from->is_used)
				continue;
			at = (size_t)(charges_find(merged, from->culprit, from->cause, from->reason) -
				      merged->slots);
			if (!rows[at].nr_waiters++ || from->ns > most_ns[at]) {
				rows[at].most_waiter = i;
				most_ns[at] = from->ns;
			}
		}
	}
}

static int by_identity(const void *a, const void *b)
{
	const struct summary_culprit *left = a, *right = b;
	int order;

	if (left->who.kind != right->who.kind)
		return left->who.kind < right->who.kind ? -1 : 1;
	if (left->who.id != right->who.id)
		return left->who.id < right->who.id ? -1 : 1;
	order = strcmp(left->who.name, right->who.name);
	if (order)
		return order;
	if (left->cause != right->cause)
		return left->cause < right->cause ? -1 : 1;
	return left->reason < right->reason ? -1 : left->reason > right->reason;
}

static int by_ns(const void *a, const void *b)
{
	const struct summary_culprit *left = a, *right = b;

	if (left->ns != right->ns)
		return left->ns > right->ns ? -1 : 1;
	return by_identity(a, b);
}

/* Puts the rows of the identities that share a tid and a name together. */
static uint32_t join_equals(struct summary_culprit *rows, uint32_t nr)
{
	uint32_t nr_joined = 0;

	for (uint32_t i = 0; i < nr; i++) {
		struct summary_culprit *last = nr_joined ? &rows[nr_joined - 1] : NULL;

		if (!last || by_identity(last, &rows[i])) {
			rows[nr_joined++] = rows[i];
			continue;
		}
		last->ns += rows[i].ns;
		last->waits += rows[i].waits;
		last->nr_waiters += rows[i].nr_waiters;
		if (rows[i].worst_ns > last->worst_ns) {
			last->worst_ns = rows[i].worst_ns;
			last->most_waiter = rows[i].most_waiter;
		}
	}
	return nr_joined;
}

static int rank_culprits(struct summary *summary, const struct tally *tally)
{
	struct charges merged = { 0 };
	uint64_t *most_ns = NULL;
	uint32_t nr = 0;
	int result = merge_charges(summary, tally, &merged);

	if (result || !merged.nr_rows)
		goto out;
	result = -ENOMEM;
	summary->culprits = calloc(merged.nr_slots, sizeof(*summary->culprits));
	most_ns = calloc(merged.nr_slots, sizeof(*most_ns));
	if (!summary->culprits || !most_ns)
		goto out;
	add_waiters(summary, tally, &merged, summary->culprits, most_ns);
	for (uint32_t i = 0; i < merged.nr_slots; i++) {
		const struct charges_row *row = &merged.slots[i];
		struct summary_culprit culprit = summary->culprits[i];

		if (!row->is_used)
			continue;
		culprit.who = summary->names[row->culprit];
		culprit.cause = row->cause;
		culprit.reason = row->reason;
		culprit.ns = row->ns;
		culprit.waits = row->waits;
		culprit.worst_ns = row->worst_ns;
		summary->culprits[nr++] = culprit;
	}
	qsort(summary->culprits, nr, sizeof(*summary->culprits), by_identity);
	summary->nr_culprits = join_equals(summary->culprits, nr);
	qsort(summary->culprits, summary->nr_culprits, sizeof(*summary->culprits), by_ns);
	result = 0;
out:
	free(most_ns);
	charges_deinit(&merged);
	return result;
}

static int select_stalls(struct summary *summary, const struct tally *tally,
			 struct longest *longest, const uint32_t *row_of)
{
	const struct episode *const *kept;
	size_t nr_kept = longest_sort(longest, &kept);
	uint64_t nr_stalls = 0;

	summary->stalls = calloc(nr_kept + 1, sizeof(*summary->stalls));
	if (!summary->stalls)
		return -ENOMEM;
	for (size_t i = 0; i < nr_kept; i++) {
		if (row_of[kept[i]->task] != NOT_SELECTED)
			summary->stalls[summary->nr_stalls++] = kept[i];
	}
	for (uint32_t i = 0; i < summary->nr_threads; i++) {
		uint32_t task = summary->threads[i].task.index;

		if (task < tally->nr_threads)
			nr_stalls += tally->threads[task].stalls;
	}
	summary->stalls_omitted = nr_stalls - summary->nr_stalls;
	return 0;
}

int summary_init(struct summary *summary, const struct engine *eng, const struct tally *tally,
		 struct longest *longest, const struct summary_selection *selection)
{
	uint32_t *row_of;
	int result = -ENOMEM;

	*summary = (struct summary){
		.nr_tasks = engine_nr_tasks(eng),
		.nr_names = engine_nr_culprits(eng),
		.nr_rows_folded = tally->nr_rows_folded,
	};
	row_of = calloc(summary->nr_tasks + 1u, sizeof(*row_of));
	summary->tasks = calloc(summary->nr_tasks + 1u, sizeof(*summary->tasks));
	summary->threads = calloc(summary->nr_tasks + 1u, sizeof(*summary->threads));
	summary->names = calloc(summary->nr_names + 1u, sizeof(*summary->names));
	if (!row_of || !summary->tasks || !summary->threads || !summary->names)
		goto out;
	for (uint32_t i = 0; i < summary->nr_names; i++)
		summary->names[i] = engine_culprit(eng, i);
	select_threads(summary, eng, tally, selection, row_of);
	result = rank_culprits(summary, tally);
	if (!result)
		result = select_stalls(summary, tally, longest, row_of);
out:
	free(row_of);
	if (result)
		summary_deinit(summary);
	return result;
}
