// SPDX-License-Identifier: GPL-2.0-only
#include "laws.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../rtla-stall/src/util/names.h"
#include "noise.h"
#include "replay.h"
#include "truth.h"

#define MAX_MERGED (2 * SIM_MAX_EVENTS + 1)

static struct replay_options options_of(const struct trial *trial)
{
	return (struct replay_options) {
		.names = trial->names, .is_preempt_rt = trial->sim->is_preempt_rt,
		.has_fair_server = trial->sim->has_fair_server,
	};
}

static bool fails(struct trial *trial, const char *why)
{
	trial->why = why;
	return false;
}

static void replay_sim(const struct trial *trial, struct replay *ret)
{
	struct replay_options options = options_of(trial);

	replay_run(trial->sim->events, trial->sim->nr_events, &options, ret);
}

/* All waits of events, sorted, open ones cut at @cut_at; false, with words, when a check did not hold. */
static bool waits_of(struct trial *trial, const struct event *events, size_t nr_events, uint64_t cut_at,
		     struct flat_list *ret)
{
	struct replay_options options = options_of(trial);
	struct replay replay;
	bool is_right;

	options.cut_at = cut_at;
	replay_run(events, nr_events, &options, &replay);
	is_right = !replay.broken || fails(trial, replay.broken);
	*ret = replay_all(&replay);
	replay_free(&replay);
	return is_right;
}

/* Both lists are used up. */
static bool are_same(struct trial *trial, struct flat_list *want, struct flat_list *is, const char *why)
{
	bool differ;
	size_t at;

	differ = flat_difference(want, is, &at);
	if (differ && trial->out) {
		fprintf(trial->out, "  %s\n  wanted:\n", why);
		if (at < want->nr_waits)
			flat_print(trial->out, &want->waits[at]);
		fprintf(trial->out, "  is:\n");
		if (at < is->nr_waits)
			flat_print(trial->out, &is->waits[at]);
	}
	flat_free(want);
	flat_free(is);
	return !differ || fails(trial, why);
}

/* ---- the laws -------------------------------------------------------------------------------- */

/* 1, 2, 3, 11: sums, segments, response times, totals; checked on the way by replay.c. */
static bool law_sums(struct trial *trial)
{
	struct flat_list waits;
	bool is_right = waits_of(trial, trial->sim->events, trial->sim->nr_events, 0, &waits);

	flat_free(&waits);
	return is_right;
}

/* 4: the toy scheduler knows. And since all is as it can be, there is no anomaly. */
static bool law_oracle(struct trial *trial)
{
	struct flat_list truth = { 0 }, is;
	struct replay replay;

	replay_sim(trial, &replay);
	for (int i = 0; i < ANOMALY_NR; i++)
		if (replay.anomalies[i]) {
			replay_free(&replay);
			return fails(trial, anomaly_name(i));
		}
	truth_of_waits(trial->sim, &truth);
	is = replay_all(&replay);
	replay_free(&replay);
	return are_same(trial, &truth, &is, "the waits are not what happened");
}

/* 4, of what is kept per thread. */
static bool law_thread_oracle(struct trial *trial)
{
	const struct sim *sim = trial->sim;
	bool is_right = true;
	struct replay replay;

	replay_sim(trial, &replay);
	for (uint32_t thread = 0; thread < sim->nr_threads && is_right; thread++) {
		const struct sim_thread *last = &sim->worlds[sim->nr_events - 1].threads[thread];
		uint64_t run_ns = 0, count = 0, ns = 0, true_count, true_ns;

		for (uint32_t i = 0; i < replay.nr_tasks; i++) {
			if (replay.tasks[i].tid != last->tid)
				continue;
			run_ns += replay.tasks[i].run_ns;
			count += replay.tasks[i].suspension.count;
			ns += replay.tasks[i].suspension.ns;
		}
		truth_of_suspensions(sim, thread, &true_count, &true_ns);
		if (run_ns != truth_of_run(sim, thread))
			is_right = fails(trial, "a thread's run time");
		/* one that is still open at the end is not counted here */
		if (!(last->state == SIM_ASLEEP && last->is_suspended) &&
		    (count != true_count || ns != true_ns))
			is_right = fails(trial, "a thread's suspensions");
	}
	replay_free(&replay);
	return is_right;
}

/* 5: when it happens changes no duration. */
static bool law_shift(struct trial *trial)
{
	static const uint64_t shifts[] = { 1, 1000000007, UINT64_C(1) << 40, UINT64_C(1) << 62 };
	uint64_t by_ns = shifts[sim_random(&trial->random, 4)];
	static struct event events[SIM_MAX_EVENTS];
	struct flat_list want, is;

	for (size_t i = 0; i < trial->sim->nr_events; i++) {
		events[i] = trial->sim->events[i];
		events[i].at += by_ns;
	}
	if (!waits_of(trial, trial->sim->events, trial->sim->nr_events, 0, &want) ||
	    !waits_of(trial, events, trial->sim->nr_events, 0, &is))
		return false;
	flat_shift(&want, by_ns);
	return are_same(trial, &want, &is, "shifted in time it is not the same");
}

struct relabel {
	uint32_t cpus[SIM_MAX_CPUS];
	int32_t first_tid;
	uint32_t threads[SIM_MAX_THREADS];
	uint32_t nr_threads;
};

static int32_t relabel_tid(const struct relabel *relabel, int32_t tid)
{
	uint32_t index = (uint32_t)(tid - relabel->first_tid);

	return index < relabel->nr_threads ? relabel->first_tid + (int32_t)relabel->threads[index] : tid;
}

static void relabel_event(const struct relabel *relabel, struct event *event)
{
	event->cpu = relabel->cpus[event->cpu];
	event->tid = relabel_tid(relabel, event->tid);
	switch (event->type) {
	case EVENT_SWITCH:
		event->sw.prev_tid = relabel_tid(relabel, event->sw.prev_tid);
		event->sw.next_tid = relabel_tid(relabel, event->sw.next_tid);
		break;
	case EVENT_WAKING:
	case EVENT_WAKEUP:
	case EVENT_WAKEUP_NEW:
		event->wake.tid = relabel_tid(relabel, event->wake.tid);
		event->wake.target_cpu = relabel->cpus[event->wake.target_cpu];
		break;
	case EVENT_MIGRATE:
		event->migrate.tid = relabel_tid(relabel, event->migrate.tid);
		event->migrate.orig_cpu = relabel->cpus[event->migrate.orig_cpu];
		event->migrate.dest_cpu = relabel->cpus[event->migrate.dest_cpu];
		break;
	case EVENT_PI_SETPRIO:
		event->pi.tid = relabel_tid(relabel, event->pi.tid);
		break;
	case EVENT_FORK:
		event->fork.tid = relabel_tid(relabel, event->fork.tid);
		event->fork.parent_tid = relabel_tid(relabel, event->fork.parent_tid);
		break;
	default:
		break;
	}
}

static void relabel_culprit(const struct relabel *relabel, struct flat_culprit *culprit)
{
	if (culprit->kind == CULPRIT_THREAD)
		culprit->id = relabel_tid(relabel, culprit->id);
	if (culprit->kind == CULPRIT_IDLE)
		culprit->id = (int32_t)relabel->cpus[culprit->id];
}

static void relabel_waits(const struct relabel *relabel, struct flat_list *waits)
{
	for (size_t i = 0; i < waits->nr_waits; i++) {
		struct flat_wait *wait = &waits->waits[i];

		wait->tid = relabel_tid(relabel, wait->tid);
		wait->cpu = relabel->cpus[wait->cpu];
		relabel_culprit(relabel, &wait->waker);
		for (uint32_t j = 0; j < wait->nr_segments; j++) {
			struct flat_segment *segment = &wait->segments[j];

			segment->cpu = relabel->cpus[segment->cpu];
			relabel_culprit(relabel, &segment->culprit);
			relabel_culprit(relabel, &segment->on_behalf_of);
		}
	}
	flat_sort(waits);
}

static void shuffle(uint64_t *random, uint32_t *numbers, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		numbers[i] = i;
	for (uint32_t i = nr; i > 1; i--) {
		uint32_t other = sim_random(random, i), last = numbers[i - 1];

		numbers[i - 1] = numbers[other];
		numbers[other] = last;
	}
}

/* 6: CPUs and threads under other numbers wait as they did. */
static bool law_relabel(struct trial *trial)
{
	const struct sim *sim = trial->sim;
	struct relabel relabel = {
		.first_tid = sim->world.threads[0].tid, .nr_threads = sim->nr_threads,
	};
	static struct event events[SIM_MAX_EVENTS];
	struct flat_list want, is;

	shuffle(&trial->random, relabel.cpus, sim->nr_cpus);
	shuffle(&trial->random, relabel.threads, sim->nr_threads);
	for (size_t i = 0; i < sim->nr_events; i++) {
		events[i] = sim->events[i];
		relabel_event(&relabel, &events[i]);
	}
	if (!waits_of(trial, sim->events, sim->nr_events, 0, &want) ||
	    !waits_of(trial, events, sim->nr_events, 0, &is))
		return false;
	relabel_waits(&relabel, &want);
	return are_same(trial, &want, &is, "under other numbers it is not the same");
}

/* 7: asking for the open waits in between changes nothing. */
static bool law_batching(struct trial *trial)
{
	struct replay_options options = options_of(trial);
	struct flat_list want, is;
	struct replay replay;

	if (!waits_of(trial, trial->sim->events, trial->sim->nr_events, 0, &want))
		return false;
	options.asks_between = true;
	replay_run(trial->sim->events, trial->sim->nr_events, &options, &replay);
	if (replay.broken)
		return fails(trial, replay.broken);
	is = replay_all(&replay);
	replay_free(&replay);
	return are_same(trial, &want, &is, "asked in between it is not the same");
}

/* What only a later interrupt tells: that the CPU was told, and whether that was late. */
static bool may_become(const struct flat_segment *before, const struct flat_segment *after)
{
	bool is_untold = before->cause == CAUSE_BLOCKING || before->reason == REASON_REMOTE;

	return is_untold && (after->reason == REASON_REMOTE || after->reason == REASON_IRQS_OFF);
}

/* An open wait cut at its end, against what became of it. */
static bool is_beginning_of(const struct flat_wait *cut, const struct flat_wait *whole)
{
	uint32_t j = 0;

	if (cut->prio != whole->prio || cut->began_by != whole->began_by ||
	    cut->ended_at > whole->ended_at)
		return false;
	for (uint32_t i = 0; i < cut->nr_segments; i++) {
		const struct flat_segment *a = &cut->segments[i];

		for (uint64_t at = a->from_at; at < a->to_at; at = whole->segments[j].to_at) {
			const struct flat_segment *b;

			while (j < whole->nr_segments && whole->segments[j].to_at <= at)
				j++;
			if (j == whole->nr_segments)
				return false;
			b = &whole->segments[j];
			if (a->cpu != b->cpu || a->culprit.kind != b->culprit.kind ||
			    a->culprit.id != b->culprit.id)
				return false;
			if ((a->cause != b->cause || a->reason != b->reason) && !may_become(a, b))
				return false;
		}
	}
	return true;
}

static bool is_found(const struct flat_wait *cut, const struct flat_list *all)
{
	for (size_t i = 0; i < all->nr_waits; i++)
		if (all->waits[i].tid == cut->tid && all->waits[i].began_at == cut->began_at &&
		    is_beginning_of(cut, &all->waits[i]))
			return true;
	return false;
}

/* 8: what was handed out stays, and what was open was right so far. */
static bool law_prefix(struct trial *trial)
{
	const struct sim *sim = trial->sim;
	struct replay_options options = options_of(trial);
	struct replay part, whole;
	struct flat_list all;
	bool is_right = true;

	replay_run(sim->events, 1 + sim_random(&trial->random, (uint32_t)sim->nr_events), &options, &part);
	replay_run(sim->events, sim->nr_events, &options, &whole);
	if (part.closed.nr_waits > whole.closed.nr_waits)
		is_right = fails(trial, "a wait that was handed out is gone");
	for (size_t i = 0; i < part.closed.nr_waits && is_right; i++)
		if (!flat_is_same_wait(&part.closed.waits[i], &whole.closed.waits[i]))
			is_right = fails(trial, "a wait that was handed out has changed");
	all = replay_all(&whole);
	for (size_t i = 0; i < part.open.nr_waits && is_right; i++)
		if (!is_found(&part.open.waits[i], &all)) {
			is_right = fails(trial, "an open wait was not right so far");
			if (trial->out)
				flat_print(trial->out, &part.open.waits[i]);
		}
	flat_free(&all);
	replay_free(&part);
	replay_free(&whole);
	return is_right;
}

/* 9: with events missing, or nonsense in them, sums hold all the same. */
static bool law_deletion(struct trial *trial)
{
	static struct event events[SIM_MAX_EVENTS];
	uint32_t percent = 1 + sim_random(&trial->random, 50);
	struct flat_list waits;
	size_t nr = 0;
	bool is_right;

	for (size_t i = 0; i < trial->sim->nr_events; i++) {
		struct event event = trial->sim->events[i];

		if (sim_random(&trial->random, 100) < percent)
			continue;
		if (sim_random(&trial->random, 100) < 5)
			event.cpu = sim_random(&trial->random, 6);
		if (sim_random(&trial->random, 100) < 5)
			event.at -= sim_random(&trial->random, 100) < event.at ?
				    sim_random(&trial->random, 1 + (uint32_t)event.at) : 0;
		if (sim_random(&trial->random, 100) < 5)
			event.type = (uint8_t)sim_random(&trial->random, EVENT_LOSS);
		events[nr++] = event;
	}
	is_right = waits_of(trial, events, nr, 0, &waits);
	flat_free(&waits);
	return is_right;
}

struct lost_range {
	uint32_t cpu;
	size_t first;
	size_t last;
};

/*
 * A wakeup that is lost while its waking, on the same CPU, is not: the waiter is never known to be queued.
 * That is between two records made one right after the other, and not asked of the engine.
 */
static bool parts_a_wakeup(const struct sim *sim, const struct lost_range *range)
{
	for (size_t i = range->first; i <= range->last && i < sim->nr_events; i++) {
		size_t waking = i;

		if (sim->events[i].cpu != range->cpu || sim->events[i].type != EVENT_WAKEUP)
			continue;
		while (waking && !(sim->events[waking].type == EVENT_WAKING &&
				   sim->events[waking].wake.tid == sim->events[i].wake.tid))
			waking--;
		if (waking < range->first)
			return true;
	}
	return false;
}

/* The history without a range of one CPU's records, and with a mark after the last one before them. */
static bool lose(const struct sim *sim, const struct lost_range *range, struct event *ret, size_t *ret_nr,
		 struct event **ret_mark)
{
	size_t last_kept = SIZE_MAX, nr = 0;
	struct event *mark = NULL;

	for (size_t i = 0; i < range->first; i++)
		if (sim->events[i].cpu == range->cpu)
			last_kept = i;
	if (last_kept == SIZE_MAX)
		return false;
	for (size_t i = 0; i < sim->nr_events; i++) {
		bool is_on_cpu = sim->events[i].cpu == range->cpu;

		if (is_on_cpu && i >= range->first && i <= range->last)
			continue;
		if (is_on_cpu && i > range->last && !mark->loss.to_at)
			mark->loss.to_at = sim->events[i].at;
		ret[nr++] = sim->events[i];
		if (i != last_kept)
			continue;
		mark = &ret[nr++];
		*mark = (struct event) {
			.type = EVENT_LOSS, .cpu = range->cpu, .at = sim->events[i].at,
			.tid = TID_UNKNOWN,
		};
	}
	if (!mark->loss.to_at)
		mark->loss.to_at = sim->events[sim->nr_events - 1].at;
	*ret_nr = nr;
	*ret_mark = mark;
	return true;
}

/* The rank or the name of whom it waited for went with the loss; the wait says that it does not know. */
static bool says_unknown(const struct flat_wait *wait)
{
	for (uint32_t i = 0; i < wait->nr_segments; i++)
		if (wait->segments[i].cause == CAUSE_UNATTRIBUTED)
			return true;
	return false;
}

/* The first wait that is not one of @want, and does not say so. */
static const struct flat_wait *unflagged(const struct flat_list *is, const struct flat_list *want)
{
	for (size_t i = 0; i < is->nr_waits; i++) {
		bool is_right = (is->waits[i].flags & EPISODE_TOUCHED_BY_LOSS) ||
				says_unknown(&is->waits[i]);

		for (size_t j = 0; j < want->nr_waits && !is_right; j++)
			is_right = flat_is_same_story(&is->waits[i], &want->waits[j]);
		if (!is_right)
			return &is->waits[i];
	}
	return NULL;
}

/* 9: what differs after a loss that is announced is flagged, or unattributed. */
static bool law_loss(struct trial *trial)
{
	const struct sim *sim = trial->sim;
	uint64_t last_at = sim->events[sim->nr_events - 1].at;
	static struct event events[SIM_MAX_EVENTS + 1];
	const struct flat_wait *wrong;
	struct flat_list want, is;
	struct lost_range range;
	struct event *mark;
	bool is_right;
	size_t nr;

	range.first = sim_random(&trial->random, (uint32_t)sim->nr_events);
	range.last = range.first + sim_random(&trial->random, 30);
	range.cpu = sim->events[range.first].cpu;
	if (parts_a_wakeup(sim, &range) || !lose(sim, &range, events, &nr, &mark))
		return true;
	is_right = waits_of(trial, sim->events, sim->nr_events, last_at, &want);
	is_right = waits_of(trial, events, nr, last_at, &is) && is_right;
	wrong = unflagged(&is, &want);
	if (wrong && trial->out) {
		fprintf(trial->out, "  loss on CPU %u from %" PRIu64 " to %" PRIu64 "\n", range.cpu,
			mark->at, mark->loss.to_at);
		flat_print(trial->out, wrong);
	}
	flat_free(&want);
	flat_free(&is);
	return wrong ? fails(trial, "a wait changed by a loss is not flagged") : is_right;
}

/* 10: threads on other CPUs that never meet those here change nothing. */
static bool law_bystander(struct trial *trial)
{
	static struct sim other;
	static struct event events[MAX_MERGED];
	const struct sim *sim = trial->sim;
	struct sim_options other_options = { .first_cpu = SIM_MAX_CPUS, .first_tid = 500 };
	struct replay_options options = options_of(trial);
	size_t nr = 0, i = 0, j = 0;
	struct flat_list want, is;
	struct replay replay;

	sim_init(&other, trial->random, &other_options, (struct names *)trial->names);
	while (i < sim->nr_events || j < other.nr_events) {
		if (j == other.nr_events ||
		    (i < sim->nr_events && sim->events[i].at <= other.events[j].at))
			events[nr++] = sim->events[i++];
		else
			events[nr++] = other.events[j++];
	}
	options.cut_at = events[nr - 1].at;
	replay_run(sim->events, sim->nr_events, &options, &replay);
	want = replay_all(&replay);
	replay_free(&replay);
	replay_run(events, nr, &options, &replay);
	is = replay_all(&replay);
	replay_free(&replay);
	/* threads of the other machine have the higher numbers */
	while (is.nr_waits && is.waits[is.nr_waits - 1].tid >= other_options.first_tid)
		free(is.waits[--is.nr_waits].segments);
	return are_same(trial, &want, &is, "beside strangers it is not the same");
}

/* What the waits are charged to does not depend on who tells of interrupts: entry and exit, or noise. */
static bool law_noise(struct trial *trial)
{
	static struct event events[SIM_MAX_EVENTS];
	const struct sim *sim = trial->sim;
	struct flat_list want, is;
	bool is_right;

	if (!noise_of_history(sim, events))
		return true;
	is_right = waits_of(trial, sim->events, sim->nr_events, 0, &want);
	is_right = waits_of(trial, events, sim->nr_events, 0, &is) && is_right;
	if (want.nr_waits != is.nr_waits)
		is_right = fails(trial, "told as noise there are other waits");
	for (size_t i = 0; i < want.nr_waits && is_right; i++) {
		if (flat_is_same_story(&want.waits[i], &is.waits[i]))
			continue;
		is_right = fails(trial, "told as noise it is not the same");
		if (trial->out) {
			flat_print(trial->out, &want.waits[i]);
			flat_print(trial->out, &is.waits[i]);
		}
	}
	flat_free(&want);
	flat_free(&is);
	return is_right;
}

const struct law laws_all[LAWS_NR] = {
	{ "sums", law_sums, false },
	{ "oracle", law_oracle, false },
	{ "thread-oracle", law_thread_oracle, false },
	{ "shift", law_shift, false },
	{ "relabel", law_relabel, false },
	{ "batching", law_batching, false },
	{ "prefix", law_prefix, false },
	{ "deletion", law_deletion, false },
	{ "loss", law_loss, true },
	{ "bystander", law_bystander, false },
	{ "noise", law_noise, true },
};
