// SPDX-License-Identifier: GPL-2.0-only
#include "tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/recycle.h"

void tally_init(struct tally *tally, uint64_t stall_ns)
{
	*tally = (struct tally){ .stall_ns = stall_ns };
}

void tally_deinit(struct tally *tally)
{
	for (uint32_t i = 0; i < tally->nr_threads; i++) {
		struct tally_thread *thread = &tally->threads[i];

		if (thread->closed)
			hist_deinit(thread->closed);
		free(thread->closed);
		charges_deinit(&thread->charges);
	}
	free(tally->threads);
}

static int make_room(struct tally *tally, uint32_t task)
{
	uint32_t nr_allocated = tally->nr_allocated ? tally->nr_allocated : 64;
	struct tally_thread *threads;

	if (task >= tally->nr_allocated) {
		while (nr_allocated <= task) {
			if (nr_allocated > UINT32_MAX / 2)
				return -ENOMEM;
			nr_allocated *= 2;
		}
		threads = reallocarray(tally->threads, nr_allocated, sizeof(*threads));
		if (!threads)
			return -ENOMEM;
		tally->threads = threads;
		tally->nr_allocated = nr_allocated;
	}
	memset(&tally->threads[tally->nr_threads], 0,
	       (task + 1 - tally->nr_threads) * sizeof(*tally->threads));
	tally->nr_threads = task + 1;
	return 0;
}

static int add_charges(struct tally *tally, struct tally_thread *thread,
		       const struct episode *episode)
{
	for (uint32_t i = 0; i < episode->nr_charges; i++) {
		const struct charge *charge = &episode->charges[i];
		struct charges_row *row = charges_find(&thread->charges, charge->culprit,
						       charge->cause, charge->reason);

		if (!row) {
			uint32_t nr_before = thread->charges.nr_rows;
			bool is_full = tally->nr_rows >= TALLY_MAX_ROWS;

			tally->nr_rows_folded += is_full;
			row = charges_row(&thread->charges, is_full ? 0 : charge->culprit,
					  charge->cause, charge->reason);
			if (!row)
				return -ENOMEM;
			tally->nr_rows += thread->charges.nr_rows - nr_before;
		}
		row->ns += charge->ns;
		row->waits++;
		if (charge->ns > row->worst_ns)
			row->worst_ns = charge->ns;
	}
	return 0;
}

static void keep_worst(struct tally_thread *thread, const struct episode *episode)
{
	struct tally_worst *worst = &thread->worst;
	bool is_first = thread->waits == thread->touched_by_loss + 1;

	if (!is_first && episode->ended_at - episode->began_at <= worst->ended_at - worst->began_at)
		return;
	*worst = (struct tally_worst){
		.began_at = episode->began_at,
		.ended_at = episode->ended_at,
		.cpu = episode->cpu,
		.is_open = episode->flags & EPISODE_STILL_OPEN,
	};
	for (uint32_t i = 0; i < episode->nr_charges; i++) {
		if (episode->charges[i].ns > worst->most.ns)
			worst->most = episode->charges[i];
	}
}

static int add_closed(struct tally_thread *thread, uint64_t ns)
{
	if (!thread->closed) {
		thread->closed = calloc(1, sizeof(*thread->closed));
		if (!thread->closed)
			return -ENOMEM;
	}
	return hist_add(thread->closed, ns);
}

int tally_add(struct tally *tally, const struct episode *episode)
{
	uint64_t ns = episode->ended_at - episode->began_at;
	bool is_open = episode->flags & EPISODE_STILL_OPEN;
	struct tally_thread *thread;

	if (episode->task >= tally->nr_threads && make_room(tally, episode->task))
		return -ENOMEM;
	thread = &tally->threads[episode->task];
	thread->waits++;
	thread->open += is_open;
	thread->wait_ns += ns;
	thread->stalls += ns >= tally->stall_ns;
	if (ns > thread->longest_ns)
		thread->longest_ns = ns;
	for (int i = 0; i < CAUSE_NR; i++)
		thread->causes[i] += episode->causes[i];
	if (add_charges(tally, thread, episode))
		return -ENOMEM;
	if (episode->flags & EPISODE_TOUCHED_BY_LOSS) {
		thread->touched_by_loss++;
		return 0;
	}
	keep_worst(thread, episode);
	return is_open ? 0 : add_closed(thread, ns);
}

int tally_lend(struct tally *tally, struct tally_lend *lend, const struct episode *episode)
{
	struct charges_row *slots = NULL;
	struct tally_thread *thread;
	void *lent;

	if (episode->task >= tally->nr_threads && make_room(tally, episode->task))
		return -ENOMEM;
	thread = &tally->threads[episode->task];
	lent = reallocarray(lend->lent, lend->nr_lent + 1u, sizeof(*lend->lent));
	if (!lent)
		return -ENOMEM;
	lend->lent = lent;
	if (thread->charges.nr_slots) {
		slots = calloc(thread->charges.nr_slots, sizeof(*slots));
		if (!slots)
			return -ENOMEM;
		memcpy(slots, thread->charges.slots, thread->charges.nr_slots * sizeof(*slots));
	}
	if (!lend->nr_lent) {
		lend->nr_rows = tally->nr_rows;
		lend->nr_rows_folded = tally->nr_rows_folded;
	}
	lend->lent[lend->nr_lent].task = episode->task;
	lend->lent[lend->nr_lent].thread = *thread;
	lend->lent[lend->nr_lent++].thread.charges.slots = slots;
	return tally_add(tally, episode);
}

void tally_give_back(struct tally *tally, struct tally_lend *lend)
{
	/* newest first: a thread may have been lent for twice */
	for (uint32_t i = lend->nr_lent; i-- > 0;) {
		struct tally_thread *thread = &tally->threads[lend->lent[i].task];

		charges_deinit(&thread->charges);
		*thread = lend->lent[i].thread;
	}
	if (lend->nr_lent) {
		tally->nr_rows = lend->nr_rows;
		tally->nr_rows_folded = lend->nr_rows_folded;
	}
	free(lend->lent);
	*lend = (struct tally_lend){ 0 };
}

/* Nothing is left of a thread whose index is given to another. */
static void forget(struct tally_thread *thread)
{
	if (thread->closed)
		hist_deinit(thread->closed);
	free(thread->closed);
	charges_deinit(&thread->charges);
	*thread = (struct tally_thread){ 0 };
}

static bool has_longer_worst(const struct tally_thread *thread, const struct tally_thread *than)
{
	if (thread->waits == thread->touched_by_loss)
		return false;
	return than->waits == than->touched_by_loss || thread->worst.ended_at - thread->worst.began_at >
						       than->worst.ended_at - than->worst.began_at;
}

static int fold(struct tally_thread *into, struct tally_thread *from)
{
	if (has_longer_worst(from, into))
		into->worst = from->worst;
	into->waits += from->waits;
	into->open += from->open;
	into->wait_ns += from->wait_ns;
	into->stalls += from->stalls;
	into->touched_by_loss += from->touched_by_loss;
	if (from->longest_ns > into->longest_ns)
		into->longest_ns = from->longest_ns;
	for (int i = 0; i < CAUSE_NR; i++)
		into->causes[i] += from->causes[i];
	if (!into->closed) {
		into->closed = from->closed;
		from->closed = NULL;
	} else if (from->closed && hist_merge(into->closed, from->closed)) {
		return -ENOMEM;
	}
	return charges_merge(&into->charges, &from->charges);
}

int tally_recycle(struct tally *tally, const struct recycle_map *map)
{
	int err = 0;

	for (uint32_t i = 0; i < map->nr_tasks && i < tally->nr_threads && !err; i++) {
		if (map->verdicts[i] == RECYCLE_KEEP)
			continue;
		if (map->verdicts[i] == RECYCLE_FOLD && tally->threads[i].waits) {
			uint32_t into = map->tasks[i];

			err = into >= tally->nr_threads ? make_room(tally, into) : 0;
			if (!err)
				err = fold(&tally->threads[into], &tally->threads[i]);
		}
		forget(&tally->threads[i]);
	}
	tally->nr_rows = 0;
	for (uint32_t i = 0; i < tally->nr_threads && !err; i++) {
		struct tally_thread *thread = &tally->threads[i];

		err = charges_recycle(&thread->charges, map);
		thread->worst.most.culprit = recycle_culprit(map, thread->worst.most.culprit);
		tally->nr_rows += thread->charges.nr_rows;
	}
	return err;
}
