// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../source/live_setup.h"
#include "../source/source_live.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "../util/guard.h"
#include "../util/names.h"
#include "../util/parse.h"
#include "../view/format.h"
#include "enforce_forget.h"
#include "enforce_notice.h"

#define LEAST_PAUSE_NS 1000000u		/* between two readings of the trace */
#define KEPT_BYTES (4u << 20)		/* of pages, read and not decoded yet: all CPUs */
#define RECORD_BYTES 64u		/* about what an event takes in the kernel's buffer */
#define PROC_SHARE 20u			/* looking at /proc takes one such part of a CPU at most ... */
#define PROC_SHARE_READY 8u		/* ... or, while somebody is ready, one such part */
#define SETUP_STOP_MS 100
#define SETUP_QUIET_NS UINT64_C(2000000000)

struct enforce_watch {
	const struct enforce_params *params;
	struct enforce_log *log;
	struct names *names;
	struct engine *engine;
	struct proc_watch *proc;
	struct live_setup *setup;	/* until tracing is up */
	struct source *live;		/* from then on */
	uint64_t began_at;
	uint64_t live_at;
	uint64_t last_at;		/* the engine has come so far */
	uint64_t skip_to_at;		/* records older than that are known from /proc */
	uint64_t turned_at;		/* the last turn */
	uint64_t pause_ns;		/* until the next one */
	uint64_t occupants_at;		/* when /proc was asked for them; 0: not since the last turn */
	struct cpu_list asked;		/* of these */
	uint64_t buffer_bytes;		/* of one CPU's trace */
	bool is_wait_said;		/* that setting up takes long */
	struct enforce_forget forget;
	struct enforce_notice notice;
	int feed_result;
};

/* ---- /proc ------------------------------------------------------------------------------------ */

static void feed_found(struct enforce_watch *watch, enum event_type type, const struct proc_thread *thread)
{
	struct event event = {
		.at = watch->last_at,
		.cpu = thread->cpu,
		.tid = TID_UNKNOWN,
		.type = (uint8_t)type,
		.found = { .tid = thread->tid, .prio = thread->prio },
	};
	int result;

	memcpy(event.found.comm, thread->comm, sizeof(event.found.comm));
	result = engine_feed(watch->engine, &event);
	if (!result && type != EVENT_FOUND_ENDED)
		result = engine_set_kthread(watch->engine, thread->tid, thread->is_kthread);
	if (result)
		watch->feed_result = result;
}

static void on_ready(const struct proc_thread *thread, void *arg)
{
	feed_found(arg, EVENT_FOUND_READY, thread);
}

static void on_ended(const struct proc_thread *thread, void *arg)
{
	feed_found(arg, EVENT_FOUND_ENDED, thread);
}

static uint64_t proc_pause_ns(const struct enforce_watch *watch)
{
	uint64_t share = proc_watch_nr_ready(watch->proc) ? PROC_SHARE_READY : PROC_SHARE;

	return share * proc_watch_cost(watch->proc).last_cpu_ns;
}

static int look(struct enforce_watch *watch, uint64_t now, struct error *err)
{
	const struct event tick = { .at = now, .tid = TID_UNKNOWN, .type = EVENT_TICK };
	int result;

	watch->last_at = now;
	watch->feed_result = 0;
	result = proc_watch_look(watch->proc);
	if (result)
		return error_set(err, result, "/proc: %s", strerror(-result));
	result = watch->feed_result ? watch->feed_result : engine_feed(watch->engine, &tick);
	if (result)
		return error_set(err, result, "out of memory");
	watch->pause_ns = proc_pause_ns(watch);
	if (watch->pause_ns < watch->params->look_ns)
		watch->pause_ns = watch->params->look_ns;
	return 0;
}

static void feed_occupants(struct enforce_watch *watch)
{
	struct proc_thread thread;
	uint32_t nr_cpus = engine_nr_cpus(watch->engine);

	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		struct engine_cpu known;

		if (engine_cpu(watch->engine, cpu, &known) && known.nr_waits &&
		    proc_watch_occupant(watch->proc, cpu, &thread)) {
			feed_found(watch, EVENT_FOUND_RUNNING, &thread);
			proc_watch_tell_again(watch->proc, thread.tid);
		}
	}
}

static const struct cpu_list *find_cpus_with_waits(struct enforce_watch *watch)
{
	uint32_t nr_cpus = engine_nr_cpus(watch->engine);
	struct engine_cpu known;

	memset(&watch->asked, 0, sizeof(watch->asked));
	for (uint32_t cpu = 0; cpu < nr_cpus && cpu < ENGINE_MAX_CPUS; cpu++) {
		if (engine_cpu(watch->engine, cpu, &known) && known.nr_waits)
			watch->asked.bits[cpu / 64] |= UINT64_C(1) << cpu % 64;
	}
	return &watch->asked;
}

/* Once a turn: it looks at every thread there is. */
static bool ask_proc(struct enforce_watch *watch)
{
	if (watch->occupants_at)
		return true;
	if (proc_watch_find_occupants(watch->proc, find_cpus_with_waits(watch)))
		return false;
	watch->occupants_at = clock_mono_ns();
	if (!watch->live)
		feed_occupants(watch);
	return true;
}

/* ---- the trace -------------------------------------------------------------------------------- */

/* Come earlier when there was much to read. */
static void set_pause(struct enforce_watch *watch, uint64_t nr_events)
{
	uint64_t bytes = nr_events * RECORD_BYTES;

	if (bytes > watch->buffer_bytes / 4)
		watch->pause_ns /= 2;
	else if (bytes < watch->buffer_bytes / 16)
		watch->pause_ns *= 2;
	if (watch->pause_ns > watch->params->look_ns)
		watch->pause_ns = watch->params->look_ns;
	if (watch->pause_ns < LEAST_PAUSE_NS)
		watch->pause_ns = LEAST_PAUSE_NS;
}

static int read_trace(struct enforce_watch *watch, struct error *err)
{
	uint64_t nr_before = watch->live->info.nr_events;
	struct event event;
	int result;

	do {
		result = source_next(watch->live, &event, err);
		if (result < 0)
			return result;
		if (event.at < watch->skip_to_at)
			continue;
		if (event.at > watch->last_at)
			watch->last_at = event.at;
		if (engine_feed(watch->engine, &event))
			return error_set(err, -ENOMEM, "out of memory");
	} while (event.type != EVENT_TICK);
	set_pause(watch, watch->live->info.nr_events - nr_before);
	enforce_notice_losses(&watch->notice, watch->live->info.nr_losses, watch->live->info.lost_events);
	result = enforce_forget(&watch->forget, watch->engine, watch->turned_at, watch->last_at);
	return result ? error_set(err, result, "out of memory") : 0;
}

/* Go on from /proc. */
static void lose_trace(struct enforce_watch *watch, const char *words)
{
	struct format safe;

	format_safe(words, false, safe.text, sizeof(safe.text));
	enforce_log_say(watch->log, ENFORCE_LOG_WARNING,
			"there is no trace: %s; waits are looked for in /proc", safe.text);
	source_close(watch->live);
	watch->live = NULL;
}

/*
 * What /proc shows right now, and all records from now on. A record from before may be of something that
 * /proc has told of already.
 */
static int begin_live(struct enforce_watch *watch, struct live_instance *instance, struct error *err)
{
	const struct source_live_options options = {
		.names = watch->names,
		.pause_ns = LEAST_PAUSE_NS,
		.kept_bytes = KEPT_BYTES,
	};
	uint64_t buffer_bytes = (uint64_t)instance->buffer_kb * 1024;
	struct error failure = { 0 };
	struct engine_facts facts;
	int result = source_live_open(instance, &options, &watch->live, &failure);

	if (result) {
		live_instance_deinit(instance);
		watch->live = NULL;
		lose_trace(watch, failure.text);
		return 0;
	}
	watch->buffer_bytes = buffer_bytes;
	watch->live_at = clock_mono_ns();
	result = look(watch, watch->live_at, err);
	if (!result && ask_proc(watch))
		feed_occupants(watch);
	watch->skip_to_at = watch->live_at;
	watch->pause_ns = LEAST_PAUSE_NS;
	facts = source_facts(&watch->live->info);
	engine_set_facts(watch->engine, &facts);
	enforce_log_say(watch->log, ENFORCE_LOG_DEBUG, "tracing is up after %s",
			format_duration(watch->live_at - watch->began_at).text);
	return result;
}

static int look_for_trace(struct enforce_watch *watch, struct error *err)
{
	struct live_instance instance;
	struct error failure = { 0 };
	int result;

	live_instance_init(&instance);
	result = live_setup_take(watch->setup, &instance, &failure);
	if (!result) {
		if (!watch->is_wait_said && clock_mono_ns() - watch->began_at > SETUP_QUIET_NS) {
			watch->is_wait_said = true;
			enforce_log_say(watch->log, ENFORCE_LOG_NOTICE,
					"setting tracing up waits, at %s; until then "
					"waits are looked for in /proc",
					live_setup_step(watch->setup));
		}
		return 0;
	}
	if (result > 0)
		result = begin_live(watch, &instance, err);
	else
		lose_trace(watch, failure.text);
	live_setup_stop(watch->setup, SETUP_STOP_MS);
	watch->setup = NULL;
	return result < 0 && !watch->live ? 0 : result;
}

void enforce_watch_ask(struct enforce_watch *watch,
		       enum proc_watch_known (*know)(int32_t tid, struct proc_thread *ret, void *arg),
		       void *arg)
{
	proc_watch_ask(watch->proc, know, arg);
}

int enforce_watch_read(struct enforce_watch *watch, int32_t tid, const struct proc_thread *known,
		       struct proc_thread *ret)
{
	return proc_watch_read(watch->proc, tid, known, ret);
}

/* ---- turns ------------------------------------------------------------------------------------ */

int enforce_watch_turn(struct enforce_watch *watch, struct error *err)
{
	struct error failure = { 0 };
	uint64_t now;
	int result;

	if (watch->setup) {
		result = look_for_trace(watch, err);
		if (result)
			return result;
	}
	now = clock_mono_ns();
	enforce_notice_hang(&watch->notice, proc_watch_hangs(watch->proc), now);
	enforce_notice_cpus(&watch->notice, now);
	watch->occupants_at = 0;
	watch->turned_at = now;
	if (watch->live) {
		result = read_trace(watch, &failure);
		if (!result)
			return 0;
		lose_trace(watch, failure.text);
	}
	return look(watch, now, err);
}

bool enforce_watch_proc_occupant(struct enforce_watch *watch, uint32_t cpu, struct proc_thread *ret)
{
	return ask_proc(watch) && proc_watch_occupant(watch->proc, cpu, ret);
}

void enforce_watch_see_occupants(struct enforce_watch *watch)
{
	if (!watch->live)
		(void)ask_proc(watch);
}

bool enforce_watch_has_news(const struct enforce_watch *watch, uint64_t now)
{
	uint64_t least_ns = watch->live ? LEAST_PAUSE_NS : proc_pause_ns(watch);

	return now >= watch->turned_at + least_ns;
}

uint64_t enforce_watch_seen_at(const struct enforce_watch *watch)
{
	return watch->turned_at;
}

uint64_t enforce_watch_due_at(const struct enforce_watch *watch)
{
	return watch->turned_at + watch->pause_ns;
}

int enforce_watch_fd(const struct enforce_watch *watch)
{
	return watch->setup ? live_setup_fd(watch->setup) : -1;
}

enum enforce_seen_by enforce_watch_seen_by(const struct enforce_watch *watch)
{
	return watch->live ? ENFORCE_SEEN_BY_TRACE : ENFORCE_SEEN_BY_PROC;
}

struct engine *enforce_watch_engine(struct enforce_watch *watch)
{
	return watch->engine;
}

const char *enforce_watch_name(const struct enforce_watch *watch, uint32_t name)
{
	return names_get(watch->names, name);
}

int enforce_watch_proc_fd(const struct enforce_watch *watch)
{
	return proc_watch_fd(watch->proc);
}

int enforce_watch_setup_pid(const struct enforce_watch *watch)
{
	return watch->setup ? live_setup_pid(watch->setup) : 0;
}

/* ---- beginning and end ------------------------------------------------------------------------ */

static int open_all(struct enforce_watch *watch, const struct engine_config *engine_config,
		    struct error *err)
{
	const struct enforce_params *params = watch->params;
	const struct proc_watch_config proc_config = {
		.cpus = params->has_cpus ? &params->cpus : NULL,
		.wants_user_threads = params->wants_user_threads,
		.on_ready = on_ready,
		.on_ended = on_ended,
		.arg = watch,
	};
	struct engine_config config = *engine_config;

	watch->names = names_create();
	config.names = watch->names;
	config.facts.is_preempt_rt = TRI_UNKNOWN;
	config.facts.has_fair_server = TRI_UNKNOWN;
	config.segments_from_ns = UINT64_MAX;
	if (!watch->names || engine_create(&config, &watch->engine))
		return error_set(err, -ENOMEM, "out of memory");
	return proc_watch_create(&proc_config, &watch->proc, err);
}

/* Without a trace there is still /proc. */
static void start_setup(struct enforce_watch *watch, struct guard *guard, const char *undo_dir)
{
	const struct live_config config = {
		.tracer = LIVE_TRACER_NONE,
		.cpus = watch->params->has_cpus ? &watch->params->cpus : NULL,
		.undo_dir = undo_dir,
	};
	struct error failure = { 0 };

	if (live_setup_start(&config, guard, &watch->setup, &failure)) {
		watch->setup = NULL;
		lose_trace(watch, failure.text);
	}
}

int enforce_watch_create(const struct enforce_params *params, struct enforce_log *log, struct guard *guard,
			 const char *undo_dir, void (*on_episode)(const struct episode *episode, void *arg),
			 void *arg, struct enforce_watch **ret, struct error *err)
{
	const struct engine_config config = { .on_episode = on_episode, .arg = arg };
	struct enforce_watch *watch = calloc(1, sizeof(*watch));
	int result;

	if (!watch)
		return error_set(err, -ENOMEM, "out of memory");
	watch->params = params;
	watch->log = log;
	watch->began_at = clock_mono_ns();
	watch->pause_ns = params->look_ns;
	watch->notice.log = log;
	watch->notice.cpus = params->has_cpus ? &params->cpus : NULL;
	cpus_on_open(&watch->notice.cpus_on, CPUS_ON_PATH);
	result = open_all(watch, &config, err);
	if (result) {
		enforce_watch_destroy(watch);
		return result;
	}
	if (guard)
		start_setup(watch, guard, undo_dir);
	*ret = watch;
	return 0;
}

bool enforce_watch_destroy(struct enforce_watch *watch)
{
	bool is_gone;

	if (!watch)
		return true;
	source_close(watch->live);
	is_gone = live_setup_stop(watch->setup, 10 * SETUP_STOP_MS);
	proc_watch_destroy(watch->proc);
	enforce_forget_deinit(&watch->forget);
	cpus_on_close(&watch->notice.cpus_on);
	engine_destroy(watch->engine);
	names_destroy(watch->names);
	free(watch);
	return is_gone;
}

void enforce_watch_print(const struct enforce_watch *watch, struct enforce_log *log)
{
	struct proc_watch_cost cost = proc_watch_cost(watch->proc);

	if (watch->live)
		enforce_log_say(log, ENFORCE_LOG_NOTICE,
				"state: seen by the trace, for %s: %llu events, %llu lost; read "
				"every %s",
				format_duration(clock_mono_ns() - watch->live_at).text,
				(unsigned long long)watch->live->info.nr_events,
				(unsigned long long)watch->live->info.lost_events,
				format_limit(watch->pause_ns).text);
	else
		enforce_log_say(log, ENFORCE_LOG_NOTICE, "state: seen by /proc%s; looked every %s",
				watch->setup ? ", while tracing is being set up" : "",
				format_limit(watch->pause_ns).text);
	enforce_log_say(log, ENFORCE_LOG_NOTICE,
			"state: /proc: %llu looks, %llu of them with nobody ready, %s of CPU "
			"time; the last full one %u threads, of which %u were read; reading kernel "
			"threads hung %llu times%s",
			(unsigned long long)cost.nr_looks, (unsigned long long)cost.nr_quiet,
			format_duration(cost.cpu_ns).text, cost.last_nr_threads, cost.last_nr_read,
			(unsigned long long)cost.nr_hangs,
			proc_watch_hangs(watch->proc) ? ", and hangs now" : "");
}
