// SPDX-License-Identifier: GPL-2.0-only
#include "monitor_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../engine/recycle.h"
#include "../source/census.h"
#include "../source/live_read.h"
#include "../source/source_live.h"
#include "../source/source_proc.h"
#include "../stats/longest.h"
#include "../util/error.h"
#include "../util/names.h"
#include "../util/outfile.h"
#include "../util/strbuf.h"
#include "save_text.h"

#define PAUSE_MOST_NS 250000000u
#define TURN_MOST_NS 50000000u		/* then somebody else has a turn */
#define EVENTS_PER_LOOK 1024u
#define SETUP_STOP_MS 1000
#define SETUP_USUAL_NS 500000000u
#define UNREAD_NS 1000000000u		/* a tick came later than that, unless it could not keep up */
#define RECYCLE_PAUSE_NS 1000000000u

uint64_t monitor_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t cpu_ns(int who)
{
	struct rusage usage;

	if (getrusage(who, &usage))
		return 0;
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000u +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000u;
}

uint64_t monitor_own_ns(void)
{
	return cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN);
}

const struct source_info *monitor_info(const struct monitor *monitor)
{
	return &(monitor->live ? monitor->live : monitor->proc)->info;
}

/* ---- what the engine says --------------------------------------------------------------------- */

static void on_episode(const struct episode *episode, void *arg)
{
	struct monitor *monitor = arg;

	if (hits_on_episode(monitor->hits, monitor->account.engine, episode))
		monitor->account.has_failed = true;
	if (monitor->config.on_episode)
		monitor->config.on_episode(episode, monitor->config.arg);
}

static void on_timerlat(const struct timerlat_activation *activation, void *arg)
{
	struct monitor *monitor = arg;

	if (hits_on_timerlat(monitor->hits, activation))
		monitor->account.has_failed = true;
	if (monitor->config.on_timerlat)
		monitor->config.on_timerlat(activation, monitor->config.arg);
}

static int open_account(struct monitor *monitor, const struct source_info *info, struct error *err)
{
	const struct monitor_config *config = &monitor->config;
	uint64_t threshold_ns = config->threshold_ns ? config->threshold_ns : UINT64_MAX;
	const struct account_setting setting = {
		.selection = config->selection,
		.names = monitor->names,
		.facts = source_facts(info),
		.stall_ns = config->stall_ns,
		.segments_from_ns = threshold_ns < config->stall_ns ? threshold_ns : config->stall_ns,
		.on_episode = on_episode,
		.on_timerlat = on_timerlat,
		.arg = monitor,
	};

	account_deinit(&monitor->account);
	return account_init(&monitor->account, &setting, err);
}

static struct hits_setting hits_setting(const struct monitor *monitor)
{
	return (struct hits_setting){
		.selection = monitor->config.selection,
		.threshold_ns = monitor->config.threshold_ns,
		.irq_threshold_ns = monitor->config.irq_threshold_ns,
		.has_timerlat = monitor->config.live.tracer == LIVE_TRACER_TIMERLAT,
		.is_ready = lost_waits_is_ready,
	};
}

/* ---- open and close --------------------------------------------------------------------------- */

static int open_all(struct monitor *monitor, struct error *err)
{
	const struct source_proc_options proc_options = { 0 };
	const struct hits_setting hits = hits_setting(monitor);
	int result;

	monitor->hits = hits_create(&hits);
	if (!monitor->names || !monitor->hits)
		return error_set(err, -ENOMEM, "out of memory");
	/* First, so that the set-up goes on while /proc is read. */
	result = live_setup_start(&monitor->config.live, monitor->config.guard, &monitor->setup, err);
	if (!result)
		result = source_proc_open(&proc_options, &monitor->proc, err);
	if (!result)
		result = open_account(monitor, &monitor->proc->info, err);
	return result;
}

int monitor_create(const struct monitor_config *config, struct monitor **ret, struct error *err)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));
	int result;

	if (!monitor)
		return error_set(err, -ENOMEM, "out of memory");
	monitor->config = *config;
	monitor->began_at = monitor_now();
	monitor->names = names_create();
	result = open_all(monitor, err);
	if (result) {
		monitor_destroy(monitor);
		return result;
	}
	*ret = monitor;
	return 0;
}

void monitor_destroy(struct monitor *monitor)
{
	if (!monitor)
		return;
	live_setup_stop(monitor->setup, SETUP_STOP_MS);
	longest_destroy(monitor->open);
	account_deinit(&monitor->account);
	source_close(monitor->live);
	source_close(monitor->proc);
	hits_destroy(monitor->hits);
	rates_deinit(&monitor->rates);
	ended_deinit(&monitor->ended);
	names_destroy(monitor->names);
	free(monitor);
}

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
		lingering_begin(&monitor->lingering, monitor->proc, monitor_now());
		engine_set_facts(monitor->account.engine, &facts);
	} else {
		monitor->last_at = 0;
		ended_deinit(&monitor->ended);
		result = open_account(monitor, &monitor->live->info, err);
	}
	if (!result)
		result = tell_kthreads(monitor, err);
	monitor->phase = SNAPSHOT_LIVE;
	monitor->live_at = monitor_now();
	monitor->account.is_paused = monitor->config.warm_up_ns;
	if (!monitor->account.is_paused)
		monitor->counted_from_at = monitor->live_at;
	live_setup_stop(monitor->setup, SETUP_STOP_MS);
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
	if (rates_count(&monitor->rates, event))
		return error_set(err, -ENOMEM, "out of memory");
	return account_feed(&monitor->account, event, err);
}

/* Up to the next tick, that is, everything up to some instant; or until others have waited enough. */
static int take_events(struct monitor *monitor, struct source *source, struct error *err)
{
	uint64_t until_at = monitor_now() + TURN_MOST_NS;
	struct event event;
	uint32_t nr = 0;
	int result;

	while ((result = source_next(source, &event, err)) > 0) {
		result = take(monitor, &event, err);
		if (result || event.type == EVENT_TICK ||
		    (!(++nr % EVENTS_PER_LOOK) && monitor_now() >= until_at))
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
	int result = lingering_turn(&monitor->lingering, monitor_now(), monitor->last_at, feed_found,
				    monitor, err);

	if (result)
		return result;
	if (monitor->phase == SNAPSHOT_LIVE && monitor->live->info.nr_losses &&
	    lost_waits_turn(&monitor->lost_waits, monitor->account.engine, monitor_now(), monitor->last_at,
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
	    monitor_now() < monitor->recycled_at + RECYCLE_PAUSE_NS)
		return 0;
	/* What was recorded of those that were missing the last time has been read. */
	if (monitor->last_at < monitor->recycled_at)
		return 0;
	if (ended_look(&monitor->ended, monitor->account.engine, ended_exists) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	result = account_recycle(&monitor->account, monitor_info(monitor)->first_at, &map, err);
	if (result)
		return result;
	monitor->recycled_at = monitor_now();
	hits_recycle(monitor->hits, &map);
	if (monitor->config.on_recycle && monitor->config.on_recycle(&map, monitor->config.arg))
		result = error_set(err, -ENOMEM, "out of memory");
	recycle_map_deinit(&map);
	return result;
}

/* As a rule tracing is up in a moment: what reached a threshold is then told of with a trace to be saved. */
static bool is_too_early(const struct monitor *monitor)
{
	return monitor->phase == SNAPSHOT_PROC && monitor_now() < monitor->began_at + SETUP_USUAL_NS;
}

int monitor_turn(struct monitor *monitor, struct error *err)
{
	int result = 0;

	if (monitor->phase == SNAPSHOT_ENDED)
		return 0;
	if (monitor->setup)
		result = look_for_live(monitor, err);
	if (!result && monitor_now() >= source_due_at(monitor)) {
		result = take_events(monitor, monitor->live ? monitor->live : monitor->proc, err);
		if (!result && !monitor->live)
			result = tell_kthreads(monitor, err);
	}
	if (result < 0)
		return result;
	if (monitor->account.is_paused && monitor->last_at >= monitor->live_at + monitor->config.warm_up_ns) {
		monitor->account.is_paused = false;
		monitor->counted_from_at = monitor_now();
	}
	rates_update(&monitor->rates, monitor_now(), monitor_own_ns());
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

bool monitor_is_live(const struct monitor *monitor)
{
	return monitor->live;
}

const struct live_instance *monitor_instance(const struct monitor *monitor)
{
	return monitor->live ? source_live_instance(monitor->live) : NULL;
}

const struct engine *monitor_engine(const struct monitor *monitor)
{
	return monitor->account.engine;
}

const struct names *monitor_names(const struct monitor *monitor)
{
	return monitor->names;
}

void monitor_set_stall(struct monitor *monitor, uint64_t stall_ns)
{
	monitor->config.stall_ns = stall_ns;
	monitor->account.setting.stall_ns = stall_ns;
	monitor->account.tally.stall_ns = stall_ns;
	engine_set_segments_from(monitor->account.engine,
				 monitor->config.threshold_ns && monitor->config.threshold_ns < stall_ns ?
					 monitor->config.threshold_ns : stall_ns);
}

void monitor_count_unreported(struct monitor *monitor)
{
	monitor->nr_unreported++;
}

/* ---- saving and stopping ---------------------------------------------------------------------- */

/* Names of threads as the engine knows them: the kernel's list forgets. */
static void add_cmdlines(const struct monitor *monitor, struct strbuf *out)
{
	for (int32_t tid = 1; tid < ENGINE_MAX_TID; tid++) {
		const char *comm = engine_comm(monitor->account.engine, tid);

		if (*comm && !strchr(comm, '\n'))
			strbuf_addf(out, "%d %s\n", tid, comm);
	}
}

static bool is_text(const char *path)
{
	size_t length = strlen(path);

	return length > 4 && !strcmp(path + length - 4, ".txt");
}

static int write_trace(struct monitor *monitor, const char *path, FILE *stream, struct error *err)
{
	struct strbuf cmdlines = STRBUF_INIT;
	int result = 0;

	add_cmdlines(monitor, &cmdlines);
	if (cmdlines.has_failed)
		result = error_set(err, -ENOMEM, "out of memory");
	else if (is_text(path))
		result = save_text(monitor->live, &cmdlines, stream, err);
	else
		result = source_live_save(monitor->live, fileno(stream), &cmdlines, err);
	strbuf_deinit(&cmdlines);
	return result;
}

int monitor_save(struct monitor *monitor, const char *path, struct error *err)
{
	struct outfile file;
	int result;

	if (!monitor->live)
		return error_set(err, -ENODATA, "there is no trace to save yet: tracing is being set up");
	result = outfile_open(&file, path, err);
	if (result)
		return result;
	result = write_trace(monitor, path, file.stream, err);
	if (result)
		error_prefix(err, "%s: ", path);
	else
		result = outfile_commit(&file, err);
	outfile_deinit(&file);
	if (!result)
		snprintf(monitor->saved_path, sizeof(monitor->saved_path), "%s", path);
	return result;
}

/* What is in the buffers still belongs to the run. */
static int take_rest(struct monitor *monitor, struct error *err)
{
	struct event event;
	uint64_t stop_at = monitor_now();
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
	monitor->ended_at = monitor_now();
	is_gone = live_setup_stop(monitor->setup, SETUP_STOP_MS);
	monitor->setup = NULL;
	if (!is_gone && !result)
		result = error_set(err, -EINPROGRESS, "the process that sets tracing up hangs in the kernel; "
				   "when it returns, the guard gives back what it changed");
	return result;
}
