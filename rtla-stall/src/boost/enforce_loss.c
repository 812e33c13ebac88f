// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_loss.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "../engine/engine.h"
#include "../util/error.h"

#define DOUBTFUL (EPISODE_TOUCHED_BY_LOSS | EPISODE_ODD)

/* Of one boost. */
struct loss {
	int32_t payer;		/* TID_UNKNOWN: none */
	uint64_t from_at;
	uint64_t restored_at;	/* waits that begin later are of other making */
	uint64_t until_at;
	uint64_t ns;		/* by waits that have ended */
	bool is_doubtful;	/* events are missing */
};

struct lane {
	struct loss going;
	struct loss over;
	bool is_held;
	struct enforce_held held;
};

struct enforce_losses {
	uint32_t nr_cpus;
	uint32_t nr_held;
	struct lane *lanes;
};

int enforce_losses_create(uint32_t nr_cpus, struct enforce_losses **ret, struct error *err)
{
	struct enforce_losses *losses = calloc(1, sizeof(*losses));

	if (losses)
		losses->lanes = calloc(nr_cpus, sizeof(*losses->lanes));
	if (!losses || !losses->lanes) {
		enforce_losses_destroy(losses);
		return error_set(err, -ENOMEM, "out of memory");
	}
	losses->nr_cpus = nr_cpus;
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		losses->lanes[cpu].going.payer = losses->lanes[cpu].over.payer = TID_UNKNOWN;
	*ret = losses;
	return 0;
}

void enforce_losses_destroy(struct enforce_losses *losses)
{
	if (!losses)
		return;
	free(losses->lanes);
	free(losses);
}

void enforce_losses_begin(struct enforce_losses *losses, uint32_t cpu, int32_t payer, uint64_t from_at)
{
	struct lane *lane = &losses->lanes[cpu];

	if (lane->over.until_at > from_at)
		lane->over.until_at = from_at;
	lane->going = (struct loss){
		.payer = payer, .from_at = from_at, .restored_at = UINT64_MAX, .until_at = UINT64_MAX,
	};
}

/* What of a wait is by this boost. */
static uint64_t overlap_ns(const struct loss *loss, uint64_t began_at, uint64_t ended_at)
{
	uint64_t from_at = began_at > loss->from_at ? began_at : loss->from_at;
	uint64_t to_at = ended_at < loss->until_at ? ended_at : loss->until_at;

	return began_at < loss->restored_at && to_at > from_at ? to_at - from_at : 0;
}

/* Real-time throttling is nobody's boost. */
static uint64_t throttled_ns(const struct episode *episode)
{
	uint64_t ns = 0;

	for (uint32_t i = 0; i < episode->nr_charges; i++) {
		const struct charge *charge = &episode->charges[i];

		if (charge->reason == REASON_THROTTLED || charge->reason == REASON_SERVER)
			ns += charge->ns;
	}
	return ns;
}

static void add(struct loss *loss, const struct episode *episode)
{
	uint64_t ns, other_ns;

	if (loss->payer != episode->tid)
		return;
	ns = overlap_ns(loss, episode->began_at, episode->ended_at);
	other_ns = ns ? throttled_ns(episode) : 0;
	/* of a wait that is longer than the boost, nobody knows which part was throttled */
	if (other_ns && (episode->began_at < loss->from_at || episode->ended_at > loss->until_at))
		loss->is_doubtful = true;
	loss->ns += ns > other_ns ? ns - other_ns : 0;
	loss->is_doubtful = loss->is_doubtful || (ns && episode->flags & DOUBTFUL);
}

void enforce_losses_on_episode(struct enforce_losses *losses, const struct episode *episode)
{
	struct lane *lane;

	if (episode->cpu >= losses->nr_cpus)
		return;
	lane = &losses->lanes[episode->cpu];
	add(&lane->going, episode);
	add(&lane->over, episode);
}

bool enforce_losses_hold(struct enforce_losses *losses, const struct enforce_boost_record *record,
			 uint64_t charged_ns)
{
	struct lane *lane = &losses->lanes[record->cpu];

	assert(!lane->is_held);
	lane->over = lane->going;
	lane->going.payer = TID_UNKNOWN;
	if (lane->over.payer == TID_UNKNOWN)
		return false;
	lane->over.restored_at = record->restored_at;
	lane->over.until_at = record->restored_at + ENFORCE_SETTLE_NS;
	lane->held = (struct enforce_held){ .record = *record, .charged_ns = charged_ns };
	lane->is_held = true;
	losses->nr_held++;
	return true;
}

struct payer {
	int32_t tid;
	uint32_t task;	/* UINT32_MAX: it does not wait */
};

static void on_wait(const struct engine_wait *wait, void *arg)
{
	struct payer *payer = arg;

	if (wait->tid == payer->tid)
		payer->task = wait->task;
}

static void on_open_wait(const struct episode *episode, void *arg)
{
	add(arg, episode);
}

static void add_open_wait(struct loss *loss, struct engine *engine, uint64_t seen_at)
{
	struct payer payer = { .tid = loss->payer, .task = UINT32_MAX };

	engine_for_each_waiting(engine, on_wait, &payer);
	if (payer.task != UINT32_MAX && engine_show_open(engine, payer.task, seen_at, on_open_wait, loss))
		loss->is_doubtful = true;
}

bool enforce_losses_take(struct enforce_losses *losses, uint32_t cpu, struct engine *engine,
			 uint64_t seen_at, struct enforce_held *ret)
{
	struct lane *lane = &losses->lanes[cpu];
	struct loss *loss = &lane->over;

	if (!lane->is_held)
		return false;
	if (seen_at >= loss->until_at)
		add_open_wait(loss, engine, seen_at);
	*ret = lane->held;
	/* one who did not wait at all is not who paid */
	ret->record.is_jitter_known = seen_at >= loss->until_at && loss->ns && !loss->is_doubtful;
	ret->record.jitter_ns = ret->record.is_jitter_known ? loss->ns : 0;
	loss->payer = TID_UNKNOWN;
	lane->is_held = false;
	losses->nr_held--;
	return true;
}

bool enforce_losses_next(struct enforce_losses *losses, struct engine *engine, uint64_t seen_at,
			 struct enforce_held *ret)
{
	for (uint32_t cpu = 0; losses->nr_held && cpu < losses->nr_cpus; cpu++) {
		if (losses->lanes[cpu].is_held && seen_at >= losses->lanes[cpu].over.until_at)
			return enforce_losses_take(losses, cpu, engine, seen_at, ret);
	}
	return false;
}
