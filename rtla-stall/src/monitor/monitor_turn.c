// SPDX-License-Identifier: GPL-2.0-only
/*
 * A monitor at work: tracing comes up, what there is is taken in, and at last tracing is let go of.
 */
#include "monitor_state.h"

#include <errno.h>
#include <stdio.h>

#include "../engine/recycle.h"
#include "../source/census.h"
#include "../source/live_read.h"
#include "../source/live_setup.h"
#include "../source/source_live.h"
#include "../source/source_proc.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "../view/format.h"

#define PAUSE_MOST_NS 250000000u
#define TURN_MOST_NS 50000000u		/* then somebody else has a turn */
#define EVENTS_PER_LOOK 1024u
#define SETUP_USUAL_NS 500000000u
#define UNREAD_NS 1000000000u		/* a tick came later than that, unless it could not keep up */
#define RECYCLE_PAUSE_NS 1000000000u

/* ---- tracing comes up ------------------------------------------------------------------------- */

/* Whether a wait that /proc showed is among what was counted so far. */
static void note_found(const struct engine_wait *wait, void *arg)
{
	bool *has_found = arg;

	*has_found |= wait->began_by == EPISODE_BEGAN_BEFORE;
}

static bool has_found(const struct monitor *monitor)
{
	bool has = false;

	engine_for_each_waiting(monitor->account.engine, note_found, &has);
	for (uint32_t i = 0; i < monitor->account.tally.nr_threads && !has; i++)
		has = monitor->account.tally.threads[i].waits;
	return has;
}

/* The kernel's own word on who is a thread of its own. */
static int tell_kthreads(struct monitor *monitor, struct error *err)
{
	const struct census *census = source_proc_census(monitor->proc);

	for (size_t i = 0; census && i < census->nr_threads; i++) {
		const struct census_thread *thread = &census->threads[i];

		if (engine_set_kthread(monitor->account.engine, thread->tid, thread->is_kthread))
			return error_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

/*
 * Usually it is up at once, and nothing was found to wait: then everything begins with the trace. What was
 * found waits on in the same engine, which then must not be told twice of the time that both know.
 */
static int begin_live(struct monitor *monitor, struct live_instance *instance, struct error *err)
{
	const struct source_live_options options = {
		.names = monitor->names,
		.pause_ns = monitor->config.threshold_ns / 4 &&
					    monitor->config.threshold_ns / 4 < PAUSE_MOST_NS ?
				    monitor->config.threshold_ns / 4 :
				    PAUSE_MOST_NS,
		.kept_bytes = monitor->config.kept_bytes,
	};
	int result = source_live_open(instance, &options, &monitor->live, err);

	if (result) {
		live_instance_deinit(instance);
		return result;
	}
	if (*source_live_instance(monitor->live)->warning)
		monitor->config.say(source_live_instance(monitor->live)->warning, monitor->config.arg);
	monitor->rates.has_entries = monitor->live->info.has_irq_vectors;
	if (has_found(monitor)) {
		struct engine_facts facts = source_facts(&monitor->live->info);

		monitor->skip_to_at = monitor->last_at;
		lingering_begin(&monitor->lingering, monitor->proc, clock_mono_ns());
		engine_set_facts(monitor->account.engine, &facts);
	} else {
		monitor->last_at = 0;
		ended_deinit(&monitor->ended);
		result = monitor_open_account(monitor, &monitor->live->info, err);
	}
	if (!result)
		result = tell_kthreads(monitor, err);
	monitor->phase = SNAPSHOT_LIVE;
	monitor->live_at = clock_mono_ns();
	monitor->account.is_paused = monitor->config.warm_up_ns;
	if (!monitor->account.is_paused)
		monitor->counted_from_at = monitor->live_at;
	live_setup_stop(monitor->setup, MONITOR_SETUP_STOP_MS);
	monitor->setup = NULL;
	return result;
}

static int look_for_live(struct monitor *monitor, struct error *err)
{
	struct live_instance instance;
	int result;

	live_instance_init(&instance);
	result = live_setup_take(monitor->setup, &instance, err);
	return result > 0 ? begin_live(monitor, &instance, err) : result;
}

/* ---- turns ------------------------------------------------------------------------------------ */

static int take(struct monitor *monitor, const struct event *event, struct error *err)
{
	if (event->at < monitor->skip_to_at)
		return 0;
	if (event->at > monitor->last_at)
		monitor->last_at = event->at;
	works_count(&monitor->works, event);
	if (rates_count(&monitor->rates, event))
		return error_set(err, -ENOMEM, "out of memory");
	return account_feed(&monitor->account, event, err);
}

/* Up to the next tick, that is, everything up to some instant; or until others have waited enough. */
static int take_events(struct monitor *monitor, struct source *source, struct error *err)
{
	uint64_t until_at = clock_mono_ns() + TURN_MOST_NS;
	struct event event;
	uint32_t nr = 0;
	int result;

	while ((result = source_next(source, &event, err)) > 0) {
		result = take(monitor, &event, err);
		if (result || event.type == EVENT_TICK ||
		    (!(++nr % EVENTS_PER_LOOK) && clock_mono_ns() >= until_at))
			break;
	}
	return result;
}

static uint64_t source_due_at(const struct monitor *monitor)
{
	return monitor->live ? source_live_due_at(monitor->live) : source_proc_due_at(monitor->proc);
}

static int feed_found(const struct event *event, void *arg)
{
	struct monitor *monitor = arg;
	struct error err = { 0 };

	return account_feed(&monitor->account, event, &err);
}

static int deliver(struct monitor *monitor, struct error *err)
{
	int result = lingering_turn(&monitor->lingering, clock_mono_ns(), monitor->last_at, feed_found,
				    monitor, err);

	if (result)
		return result;
	if (monitor->phase == SNAPSHOT_LIVE && monitor->live->info.nr_losses &&
	    lost_waits_turn(&monitor->lost_waits, monitor->account.engine, clock_mono_ns(), monitor->last_at,
			    lost_waits_is_ready, feed_found, monitor))
		return error_set(err, -ENOMEM, "out of memory");
	if (monitor->phase == SNAPSHOT_LIVE && occupants_find(&monitor->occupants, monitor->account.engine,
							      monitor->last_at, feed_found, monitor))
		return error_set(err, -ENOMEM, "out of memory");
	if (!monitor->account.is_paused &&
	    hits_look(monitor->hits, monitor->account.engine, monitor->last_at))
		return error_set(err, -ENOMEM, "out of memory");
	hits_deliver(monitor->hits, monitor->config.on_hit, monitor->config.arg);
	return 0;
}

/* Threads come and go for as long as it runs. Nothing is noted, and no snapshot is out. */
static int recycle(struct monitor *monitor, struct error *err)
{
	struct recycle_map map;
	int result;

	if (!account_is_recycle_due(&monitor->account) ||
	    clock_mono_ns() < monitor->recycled_at + RECYCLE_PAUSE_NS)
		return 0;
	/* What was recorded of those that were missing the last time has been read. */
	if (monitor->last_at < monitor->recycled_at)
		return 0;
	if (ended_look(&monitor->ended, monitor->account.engine, ended_exists) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	result = account_recycle(&monitor->account, monitor_info(monitor)->first_at, &map, err);
	if (result)
		return result;
	monitor->recycled_at = clock_mono_ns();
	hits_recycle(monitor->hits, &map);
	if (monitor->config.on_recycle && monitor->config.on_recycle(&map, monitor->config.arg))
		result = error_set(err, -ENOMEM, "out of memory");
	recycle_map_deinit(&map);
	return result;
}

/* As a rule tracing is up in a moment: what reached a threshold is then told of with a trace to be saved. */
static bool is_too_early(const struct monitor *monitor)
{
	return monitor->phase == SNAPSHOT_PROC && clock_mono_ns() < monitor->began_at + SETUP_USUAL_NS;
}

/* Times that were told before it stay as they are. */
static void note_clock(struct monitor *monitor)
{
	int64_t step_ns = wall_read(&monitor->wall);
	char words[256];

	if (!step_ns)
		return;
	snprintf(words, sizeof(words), "the clock was set %s by %s: what was before that keeps its time",
		 step_ns > 0 ? "forward" : "back",
		 format_duration((uint64_t)(step_ns > 0 ? step_ns : -step_ns)).text);
	monitor->config.say(words, monitor->config.arg);
}

static void say_cpu(uint32_t cpu, bool is_on, void *arg)
{
	const struct monitor *monitor = arg;
	char words[128];

	snprintf(words, sizeof(words), "CPU %u %s", cpu,
		 is_on ? "is back: what waits there is seen again" :
			 "went off: what waited there goes on elsewhere");
	monitor->config.say(words, monitor->config.arg);
}

int monitor_turn(struct monitor *monitor, struct error *err)
{
	int result = 0;

	if (monitor->phase == SNAPSHOT_ENDED)
		return 0;
	note_clock(monitor);
	cpus_on_look(&monitor->cpus_on, clock_mono_ns(), say_cpu, monitor);
	if (monitor->setup)
		result = look_for_live(monitor, err);
	if (!result && clock_mono_ns() >= source_due_at(monitor)) {
		result = take_events(monitor, monitor->live ? monitor->live : monitor->proc, err);
		if (!result && !monitor->live)
			result = tell_kthreads(monitor, err);
	}
	if (result < 0)
		return result;
	if (monitor->account.is_paused && monitor->last_at >= monitor->live_at + monitor->config.warm_up_ns) {
		monitor->account.is_paused = false;
		monitor->counted_from_at = clock_mono_ns();
	}
	rates_update(&monitor->rates, clock_mono_ns(), monitor_own_ns());
	if (is_too_early(monitor))
		return 0;
	result = deliver(monitor, err);
	return result ? result : recycle(monitor, err);
}

uint64_t monitor_due_at(const struct monitor *monitor)
{
	return source_due_at(monitor);
}

int monitor_fd(const struct monitor *monitor)
{
	return monitor->setup ? live_setup_fd(monitor->setup) : -1;
}

/* ---- the end ---------------------------------------------------------------------------------- */

/* What is in the buffers still belongs to the run. */
static int take_rest(struct monitor *monitor, struct error *err)
{
	struct event event;
	uint64_t stop_at = clock_mono_ns();
	char words[120];
	int result;

	source_live_stop(monitor->live);
	while ((result = source_next(monitor->live, &event, err)) > 0) {
		result = take(monitor, &event, err);
		if (result)
			break;
	}
	if (!result && monitor->last_at && stop_at > monitor->last_at + UNREAD_NS) {
		snprintf(words, sizeof(words),
			 "the last %llu ms are missing: more was recorded than could be read",
			 (unsigned long long)((stop_at - monitor->last_at) / 1000000));
		monitor->config.say(words, monitor->config.arg);
	}
	return result;
}

int monitor_stop(struct monitor *monitor, struct error *err)
{
	bool is_gone;
	int result = 0;

	if (monitor->phase == SNAPSHOT_ENDED)
		return 0;
	if (monitor->live)
		result = take_rest(monitor, err);
	if (!result && engine_finish(monitor->account.engine))
		result = error_set(err, -ENOMEM, "out of memory");
	if (!result)
		result = deliver(monitor, err);
	monitor->phase = SNAPSHOT_ENDED;
	monitor->ended_at = clock_mono_ns();
	is_gone = live_setup_stop(monitor->setup, MONITOR_SETUP_STOP_MS);
	monitor->setup = NULL;
	if (!is_gone && !result)
		result = error_set(err, -EINPROGRESS, "the process that sets tracing up hangs in the kernel; "
				   "when it returns, the guard gives back what it changed");
	return result;
}
