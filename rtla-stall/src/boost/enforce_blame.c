// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_blame.h"

#include <string.h>

#include "enforce_occupant.h"

struct blame {
	const struct engine *engine;
	const struct enforce_cases *cases;
	struct enforce_boost_record *record;
};

/* All that is charged to one, for whatever reason. */
static uint64_t share_of(const struct episode *episode, uint32_t culprit)
{
	uint64_t ns = 0;

	for (uint32_t i = 0; i < episode->nr_charges; i++) {
		if (episode->charges[i].culprit == culprit)
			ns += episode->charges[i].ns;
	}
	return ns;
}

static void name_culprit(const struct engine_task *task, bool is_own, struct enforce_boost_record *record)
{
	/* of the one who has the CPU the priority is fresh */
	if (record->culprit.kind == PLAN_OCCUPANT_THREAD && record->culprit.tid == task->tid)
		return;
	record->culprit = enforce_occupant_of(task, task->prio);
	record->culprit.is_ourselves = is_own;
}

void enforce_blame_episode(const struct engine *engine, const struct episode *episode,
			   bool (*is_own)(int32_t tid, void *arg), void *arg,
			   struct enforce_boost_record *record)
{
	struct engine_task best = { .tid = TID_UNKNOWN };
	uint64_t best_ns = 0;
	bool is_best_own = false;

	record->has_causes = true;
	memcpy(record->causes, episode->causes, sizeof(record->causes));
	for (uint32_t i = 0; i < episode->nr_charges; i++) {
		const struct charge *charge = &episode->charges[i];
		uint32_t index = engine_task_of_culprit(engine, charge->culprit);
		struct engine_task task;
		uint64_t ns;
		bool is_ours;

		/* the largest share has a charge of at least that: one for each reason at most */
		if (index == UINT32_MAX || (!is_best_own && charge->ns <= best_ns / REASON_NR))
			continue;
		ns = share_of(episode, charge->culprit);
		engine_task(engine, index, &task);
		if (task.tid <= 0 || (!is_best_own && ns <= best_ns))
			continue;
		is_ours = is_own(task.tid, arg);
		if (best_ns && is_ours && (!is_best_own || ns <= best_ns))
			continue;
		best = task;
		best_ns = ns;
		is_best_own = is_ours;
	}
	if (best_ns)
		name_culprit(&best, is_best_own, record);
}

static bool is_own(int32_t tid, void *arg)
{
	const struct blame *blame = arg;

	return enforce_cases_is_own(blame->cases, tid);
}

static void on_open_wait(const struct episode *episode, void *arg)
{
	struct blame *blame = arg;

	enforce_blame_episode(blame->engine, episode, is_own, blame, blame->record);
}

void enforce_blame(struct enforce_watch *watch, const struct enforce_cases *cases, uint32_t task,
		   struct enforce_boost_record *record)
{
	struct engine *engine = enforce_watch_engine(watch);
	struct blame blame = { .engine = engine, .cases = cases, .record = record };
	bool has_trace = record->seen_by == ENFORCE_SEEN_BY_TRACE;
	struct plan_occupant occupant = record->culprit;

	if (engine_show_open(engine, task, record->boosted_at, on_open_wait, &blame))
		record->has_causes = false;
	if (!has_trace)
		record->culprit = occupant;
}
