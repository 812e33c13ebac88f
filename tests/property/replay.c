// SPDX-License-Identifier: GPL-2.0-only
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "../../rtla-stall/src/stats/hist.h"
#include "../../rtla-stall/src/stats/tally.h"

struct recorder {
	struct replay *replay;
	struct engine *eng;
	struct flat_list *list;		/* where the next wait goes; NULL: only looked at */
	struct tally tally;
	uint64_t last_end_at;
};

static void broken(struct replay *replay, const char *why)
{
	if (!replay->broken)
		replay->broken = why;
}

static struct flat_culprit culprit_of(const struct engine *eng, uint32_t number)
{
	struct culprit culprit = engine_culprit(eng, number);

	return (struct flat_culprit) { .kind = culprit.kind, .id = culprit.id };
}

static bool agree(const struct segment *a, const struct segment *b)
{
	return a->cpu == b->cpu && a->cause == b->cause && a->reason == b->reason &&
	       a->culprit == b->culprit && a->on_behalf_of == b->on_behalf_of;
}

static bool has_cpu(const struct episode *episode, uint32_t cpu)
{
	for (uint32_t i = 0; i < episode->nr_cpus; i++)
		if (episode->cpus[i] == cpu)
			return true;
	return false;
}

static void check_segments(struct replay *replay, const struct episode *episode)
{
	uint64_t by_cause[CAUSE_NR] = { 0 };
	uint64_t at = episode->began_at;

	for (uint32_t i = 0; i < episode->nr_segments; i++) {
		const struct segment *segment = &episode->segments[i];

		if (segment->from_at != at)
			broken(replay, "a segment does not begin where the one before it ends");
		if (segment->to_at <= segment->from_at)
			broken(replay, "an empty segment");
		if (i && agree(segment - 1, segment))
			broken(replay, "two neighbours agree");
		if (segment->reason != REASON_NONE && cause_of_reason(segment->reason) != segment->cause)
			broken(replay, "a reason of another cause");
		if (segment->reason != REASON_PI && segment->on_behalf_of != CULPRIT_NONE)
			broken(replay, "a lender of nothing");
		if (!has_cpu(episode, segment->cpu))
			broken(replay, "a segment on a CPU that is not listed");
		by_cause[segment->cause] += segment->to_at - segment->from_at;
		at = segment->to_at;
	}
	if (at != episode->ended_at)
		broken(replay, "segments do not reach the end");
	if (memcmp(by_cause, episode->causes, sizeof(by_cause)))
		broken(replay, "segments do not sum to causes");
}

static void check_sums(struct replay *replay, const struct episode *episode)
{
	uint64_t by_charge[CAUSE_NR] = { 0 };
	uint64_t sum_ns = 0;

	if (episode->ended_at < episode->began_at)
		broken(replay, "a wait ends before it begins");
	for (uint32_t i = 0; i < episode->nr_charges; i++)
		by_charge[episode->charges[i].cause] += episode->charges[i].ns;
	if (memcmp(by_charge, episode->causes, sizeof(by_charge)))
		broken(replay, "charges do not sum to causes");
	for (int i = 0; i < CAUSE_NR; i++)
		sum_ns += episode->causes[i];
	if (sum_ns != episode->ended_at - episode->began_at)
		broken(replay, "causes do not sum to the wait");
}

static void keep(struct recorder *recorder, const struct episode *episode)
{
	const struct engine *eng = recorder->eng;
	bool has_waker = episode->waker != CULPRIT_NONE;
	struct flat_wait *wait = flat_add(recorder->list, &(struct flat_wait) {
		.tid = episode->tid, .prio = episode->prio, .cpu = episode->cpu,
		.began_by = episode->began_by, .flags = episode->flags, .has_waker = has_waker,
		.is_waker_inferred = has_waker && episode->waker_inferred,
		.began_at = episode->began_at, .ended_at = episode->ended_at,
	});

	if (has_waker)
		wait->waker = culprit_of(eng, episode->waker);
	for (uint32_t i = 0; i < episode->nr_segments; i++) {
		const struct segment *from = &episode->segments[i];
		struct flat_segment segment = {
			.from_at = from->from_at, .to_at = from->to_at, .cpu = from->cpu,
			.cause = from->cause, .reason = from->reason,
			.culprit = culprit_of(eng, from->culprit),
			.has_on_behalf_of = from->on_behalf_of != CULPRIT_NONE,
		};

		if (segment.has_on_behalf_of)
			segment.on_behalf_of = culprit_of(eng, from->on_behalf_of);
		flat_append(wait, &segment);
	}
}

static void on_episode(const struct episode *episode, void *arg)
{
	struct recorder *recorder = arg;

	check_sums(recorder->replay, episode);
	check_segments(recorder->replay, episode);
	if (!recorder->list)
		return;
	if (tally_add(&recorder->tally, episode))
		abort();
	keep(recorder, episode);
}

static void on_closed(const struct episode *episode, void *arg)
{
	struct recorder *recorder = arg;

	if (episode->flags & EPISODE_STILL_OPEN)
		broken(recorder->replay, "a closed wait that says it is open");
	if (!(episode->flags & (EPISODE_TOUCHED_BY_LOSS | EPISODE_ODD))) {
		if (episode->ended_at < recorder->last_end_at)
			broken(recorder->replay, "waits are not handed out in the order of their ends");
		recorder->last_end_at = episode->ended_at;
	}
	on_episode(episode, arg);
}

static void on_open(const struct episode *episode, void *arg)
{
	struct recorder *recorder = arg;

	if (!(episode->flags & EPISODE_STILL_OPEN))
		broken(recorder->replay, "an open wait that does not say so");
	on_episode(episode, arg);
}

static void check_task(struct replay *replay, const struct engine_task *task)
{
	if (task->response.max_ns != task->response.release_jitter_ns + task->response.waits_ns +
				     task->response.execution_ns + task->response.on_top_ns +
				     task->response.suspension_ns)
		broken(replay, "the response time is not the sum of its parts");
	if (task->response.max_ns && !task->nr_activations)
		broken(replay, "a response without activation");
	if (task->suspension.ns != task->suspension.lock_ns + task->suspension.flush_ns +
				   task->suspension.other_ns)
		broken(replay, "suspensions do not sum");
	if (task->suspension.ns && !task->suspension.count)
		broken(replay, "a suspension that is not counted");
	if (task->tid == 0)
		broken(replay, "idle has a row");
}

struct totals {
	uint64_t waits, open, touched, wait_ns, min_ns, max_ns, in_hist, hist_ns;
};

static void add_to_totals(struct totals *totals, const struct flat_wait *wait)
{
	uint64_t ns = wait->ended_at - wait->began_at;
	bool is_touched = wait->flags & EPISODE_TOUCHED_BY_LOSS;
	bool is_open = wait->flags & EPISODE_STILL_OPEN;

	totals->waits++;
	totals->wait_ns += ns;
	totals->open += is_open;
	totals->touched += is_touched;
	if (!is_touched && ns > totals->max_ns)
		totals->max_ns = ns;
	if (is_open || is_touched)
		return;
	if (!totals->in_hist++ || ns < totals->min_ns)
		totals->min_ns = ns;
	totals->hist_ns += ns;
}

/* What stats/ makes of the waits, against a sum of the waits of each tid (its lives together). */
static void check_tally(struct replay *replay, const struct tally *tally, int32_t tid)
{
	struct totals want = { 0 }, is = { 0 };

	for (size_t i = 0; i < replay->closed.nr_waits; i++)
		if (replay->closed.waits[i].tid == tid)
			add_to_totals(&want, &replay->closed.waits[i]);
	for (size_t i = 0; i < replay->open.nr_waits; i++)
		if (replay->open.waits[i].tid == tid)
			add_to_totals(&want, &replay->open.waits[i]);
	for (uint32_t i = 0; i < replay->nr_tasks && i < tally->nr_threads; i++) {
		const struct tally_thread *thread = &tally->threads[i];
		const struct hist *hist = thread->closed;

		if (replay->tasks[i].tid != tid)
			continue;
		is.waits += thread->waits;
		is.open += thread->open;
		is.touched += thread->touched_by_loss;
		is.wait_ns += thread->wait_ns;
		if (thread->waits > thread->touched_by_loss &&
		    thread->worst.ended_at - thread->worst.began_at > is.max_ns)
			is.max_ns = thread->worst.ended_at - thread->worst.began_at;
		if (hist && (!is.in_hist || hist->min_ns < is.min_ns))
			is.min_ns = hist->min_ns;
		is.in_hist += hist ? hist->count : 0;
		is.hist_ns += hist ? hist->sum_ns : 0;
	}
	if (memcmp(&want, &is, sizeof(is)))
		broken(replay, "totals are not those of the waits");
}

static void finish(struct recorder *recorder)
{
	struct replay *replay = recorder->replay;
	struct engine *eng = recorder->eng;

	replay->nr_tasks = engine_nr_tasks(eng);
	replay->tasks = calloc(replay->nr_tasks + 1, sizeof(*replay->tasks));
	if (!replay->tasks)
		abort();
	for (uint32_t i = 0; i < replay->nr_tasks; i++) {
		engine_task(eng, i, &replay->tasks[i]);
		check_task(replay, &replay->tasks[i]);
	}
	for (uint32_t i = 0; i < replay->nr_tasks; i++)
		check_tally(replay, &recorder->tally, replay->tasks[i].tid);
	for (int i = 0; i < ANOMALY_NR; i++)
		replay->anomalies[i] = engine_anomaly(eng, i);
}

void replay_run(const struct event *events, size_t nr_events, const struct replay_options *options,
		struct replay *ret)
{
	struct recorder recorder = { .replay = ret, .list = &ret->closed };
	struct engine_config config = {
		.names = options->names,
		.facts.events_present = EVENT_BIT(EVENT_SWITCH) | EVENT_BIT(EVENT_WAKING) |
					EVENT_BIT(EVENT_WAKEUP) | EVENT_BIT(EVENT_WAKEUP_NEW) |
					EVENT_BIT(EVENT_MIGRATE) | EVENT_BIT(EVENT_PI_SETPRIO) |
					EVENT_BIT(EVENT_FORK) | EVENT_BIT(EVENT_IRQ_ENTRY) |
					EVENT_BIT(EVENT_IRQ_EXIT) | EVENT_BIT(EVENT_SOFTIRQ_ENTRY) |
					EVENT_BIT(EVENT_SOFTIRQ_EXIT),
		.facts.is_preempt_rt = options->is_preempt_rt ? TRI_YES : TRI_NO,
		.facts.has_fair_server = options->has_fair_server ? TRI_YES : TRI_NO,
		.on_episode = on_closed,
		.arg = &recorder,
	};
	uint64_t last_at = 0;

	*ret = (struct replay) { 0 };
	tally_init(&recorder.tally, 1000);
	if (engine_create(&config, &recorder.eng))
		abort();
	for (size_t i = 0; i < nr_events; i++) {
		if (engine_feed(recorder.eng, &events[i]))
			abort();
		if (events[i].at > last_at)
			last_at = events[i].at;
		if (!options->asks_between)
			continue;
		recorder.list = NULL;
		if (engine_for_each_open(recorder.eng, last_at, on_open, &recorder))
			abort();
		recorder.list = &ret->closed;
	}
	if (engine_finish(recorder.eng))
		abort();
	recorder.list = &ret->open;
	if (engine_for_each_open(recorder.eng, options->cut_at ? options->cut_at : last_at, on_open,
				 &recorder))
		abort();
	flat_sort(&ret->open);
	finish(&recorder);
	tally_deinit(&recorder.tally);
	engine_destroy(recorder.eng);
}

void replay_free(struct replay *replay)
{
	flat_free(&replay->closed);
	flat_free(&replay->open);
	free(replay->tasks);
	replay->tasks = NULL;
}

struct flat_list replay_all(struct replay *replay)
{
	struct flat_list all = replay->closed;

	for (size_t i = 0; i < replay->open.nr_waits; i++) {
		struct flat_wait *from = &replay->open.waits[i];
		struct flat_wait *wait = flat_add(&all, from);

		wait->segments = from->segments;
		wait->nr_segments = from->nr_segments;
		from->segments = NULL;
	}
	replay->closed = (struct flat_list) { 0 };
	flat_free(&replay->open);
	flat_sort(&all);
	return all;
}
