// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which threads that have ended are let go of, in a run without end.
 */
#include "account.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/recycle.h"
#include "stats/longest.h"
#include "util/error.h"

/* A thread that has ended and has a row. */
struct candidate {
	uint32_t index;
	bool is_kthread;
	uint64_t wait_ns;
	uint64_t longest_ns;
};

struct choice {
	const struct account *account;
	uint64_t first_at;
	uint8_t *verdicts;	/* enum recycle_verdict, by task index */
	bool *is_named;		/* likewise: the main culprit of something that is kept */
	struct candidate *candidates;
	uint32_t nr_candidates;
};

bool account_is_recycle_due(const struct account *account)
{
	uint32_t nr = engine_nr_tasks(account->engine) - engine_nr_free(account->engine);

	return nr >= account->nr_recycled_to + ACCOUNT_RECYCLE_FROM;
}

static const struct charge *largest(const struct episode *episode)
{
	const struct charge *most = NULL;

	for (uint32_t i = 0; i < episode->nr_charges; i++) {
		if (!most || episode->charges[i].ns > most->ns)
			most = &episode->charges[i];
	}
	return most;
}

static void name_culprit(const struct choice *choice, uint32_t culprit)
{
	uint32_t index = engine_task_of_culprit(choice->account->engine, culprit);

	if (index != UINT32_MAX)
		choice->is_named[index] = true;
}

/* Of stalls, of the longest wait of each thread that lives, of each timer's latest activation. */
static void name_main_culprits(const struct choice *choice)
{
	const struct account *account = choice->account;
	const struct episode *const *waits;
	size_t nr_waits = longest_sort(account->longest, &waits);

	for (size_t i = 0; i < nr_waits && i < ACCOUNT_MAX_NAMED; i++) {
		const struct charge *most = largest(waits[i]);

		if (most && choice->verdicts[waits[i]->task] != RECYCLE_DROP)
			name_culprit(choice, most->culprit);
	}
	for (uint32_t i = 0; i < account->tally.nr_threads; i++) {
		const struct tally_thread *thread = &account->tally.threads[i];

		if (thread->waits > thread->touched_by_loss && choice->verdicts[i] == RECYCLE_KEEP)
			name_culprit(choice, thread->worst.most.culprit);
	}
	for (uint32_t i = 0; i < account->timers.nr_cpus; i++) {
		if (account->timers.cpus[i]->worst.nr_charges)
			name_culprit(choice, account->timers.cpus[i]->worst_charges[0].culprit);
	}
}

static int by_wait(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->is_kthread != right->is_kthread)
		return left->is_kthread ? -1 : 1;
	if (left->wait_ns != right->wait_ns)
		return left->wait_ns > right->wait_ns ? -1 : 1;
	return left->index < right->index ? -1 : 1;
}

static int by_longest(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->is_kthread != right->is_kthread)
		return left->is_kthread ? -1 : 1;
	if (left->longest_ns != right->longest_ns)
		return left->longest_ns > right->longest_ns ? -1 : 1;
	return left->index < right->index ? -1 : 1;
}

/* One half of the room is for those that waited long in all, the other for those that waited long at once. */
static void keep_rows(const struct choice *choice)
{
	struct candidate *candidates = choice->candidates;
	uint32_t nr = choice->nr_candidates;
	uint32_t nr_kept = nr < ACCOUNT_MAX_DEAD / 2 ? nr : ACCOUNT_MAX_DEAD / 2;

	if (nr)
		qsort(candidates, nr, sizeof(*candidates), by_wait);
	if (nr > nr_kept)
		qsort(candidates + nr_kept, nr - nr_kept, sizeof(*candidates), by_longest);
	for (uint32_t i = 0; i < nr && i < ACCOUNT_MAX_DEAD; i++)
		choice->verdicts[candidates[i].index] = RECYCLE_KEEP;
}

static void look_at(struct choice *choice, uint32_t index)
{
	const struct tally *tally = &choice->account->tally;
	const struct tally_thread *tallied = index < tally->nr_threads && tally->threads[index].waits ?
						     &tally->threads[index] : NULL;
	struct engine_task task;

	engine_task(choice->account->engine, index, &task);
	if (!account_selects(choice->account, &task, tallied, choice->first_at)) {
		choice->verdicts[index] = RECYCLE_DROP;
		return;
	}
	if (!task.is_dead || task.nr_gone)
		return;
	choice->verdicts[index] = RECYCLE_FOLD;
	choice->candidates[choice->nr_candidates++] = (struct candidate){
		.index = index,
		.is_kthread = task.kthread == TRI_YES,
		.wait_ns = tallied ? tallied->wait_ns : 0,
		.longest_ns = tallied ? tallied->longest_ns : 0,
	};
}

static enum recycle_verdict judge(const struct engine_task *task, void *arg)
{
	const struct choice *choice = arg;

	return choice->is_named[task->index] ? RECYCLE_KEEP :
					       (enum recycle_verdict)choice->verdicts[task->index];
}

static int recycle(struct account *account, struct choice *choice, struct recycle_map *ret)
{
	struct recycle_map map;

	if (!choice->verdicts || !choice->is_named || !choice->candidates)
		return -ENOMEM;
	for (uint32_t i = 0; i < engine_nr_tasks(account->engine); i++)
		look_at(choice, i);
	name_main_culprits(choice);
	keep_rows(choice);
	if (recycle_dead(account->engine, judge, choice, &map))
		return -ENOMEM;
	timers_recycle(&account->timers, &map);
	if (longest_recycle(account->longest, &map) || tally_recycle(&account->tally, &map)) {
		recycle_map_deinit(&map);
		return -ENOMEM;
	}
	account->nr_recycled_to = engine_nr_tasks(account->engine) - engine_nr_free(account->engine);
	*ret = map;
	return 0;
}

int account_recycle(struct account *account, uint64_t first_at, struct recycle_map *ret, struct error *err)
{
	uint32_t nr_tasks = engine_nr_tasks(account->engine);
	struct choice choice = {
		.account = account,
		.first_at = first_at,
		.verdicts = calloc(nr_tasks + 1u, sizeof(*choice.verdicts)),
		.is_named = calloc(nr_tasks + 1u, sizeof(*choice.is_named)),
		.candidates = calloc(nr_tasks + 1u, sizeof(*choice.candidates)),
	};
	int result = recycle(account, &choice, ret);

	free(choice.verdicts);
	free(choice.is_named);
	free(choice.candidates);
	return result ? error_set(err, -ENOMEM, "out of memory") : 0;
}
