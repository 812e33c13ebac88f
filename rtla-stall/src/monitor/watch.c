// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../engine/recycle.h"
#include "../source/live_hist.h"
#include "../source/live_tracefs.h"
#include "../util/error.h"
#include "../util/guard.h"
#include "../util/strbuf.h"
#include "../view/top_model.h"
#include "../view/top_screen.h"
#include "watch_state.h"

#define KEPT_BYTES_MOST (64u << 20)
#define HIST_READ_MS 2000
#define UNDO_QUIET_MS 5000
#define PLAIN_REFRESH_NS 1000000000u
#define SETUP_MOST_NS UINT64_C(10000000000)
#define DEBUG_NS 1000000000u
#define SCREEN_REFRESH_NS 500000000u
#define POLL_MOST_NS 250000000u		/* a signal that came just before a poll is seen then */
#define LEAST_STALL_NS 1000u
#define MOST_STALL_NS 3600000000000u

static uint64_t now_at(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- what the monitor says -------------------------------------------------------------------- */

static bool is_selected(const struct watch *watch, uint32_t index)
{
	struct engine_task task;

	engine_task(monitor_engine(watch->monitor), index, &task);
	return selection_thread(&watch->params->selection, &task, true, 0);
}

static void on_episode(const struct episode *episode, void *arg)
{
	struct watch *watch = arg;
	uint32_t id = watch->params->is_per_cpu ? episode->cpu : episode->task;

	if ((!watch->params->is_per_cpu || is_selected(watch, episode->task)) &&
	    columns_add_wait(&watch->waits, id, episode))
		watch->has_failed = true;
}

static void on_timerlat(const struct timerlat_activation *activation, void *arg)
{
	struct watch *watch = arg;

	hit_idle_count(&watch->idle, activation);
	if (watch->params->face == MONITOR_HIST && columns_add_timerlat(&watch->timerlat, activation))
		watch->has_failed = true;
}

static int on_recycle(const struct recycle_map *map, void *arg)
{
	struct watch *watch = arg;

	return watch->waits.of == COLUMNS_OF_THREADS && columns_recycle(&watch->waits, map) ? -ENOMEM : 0;
}

static void say(const char *words, void *arg)
{
	struct watch *watch = arg;

	if (watch->view.ops)
		watch->view.ops->say(watch->view.self, words);
	else
		watch->setting->say(words);
}

/* ---- before ----------------------------------------------------------------------------------- */

/* A file is made anew at the end: should we be killed, nothing half done is left in its place. */
static int try_output(struct outfile *file, const char *path, struct error *err)
{
	int result = outfile_open(file, path, err);

	if (!result && file->temporary)
		outfile_deinit(file);
	return result;
}

/* First what ends early: a path that cannot be written, rights that are missing. */
static int open_outputs(struct watch *watch, struct error *err)
{
	const struct monitor_params *params = watch->params;
	int result = 0;

	if (params->json.path)
		result = try_output(&watch->json, params->json.path, err);
	if (!result && params->csv.path)
		result = try_output(&watch->csv, params->csv.path, err);
	if (result || !params->json_lines.is_wanted)
		return result;
	/* Each line is there as soon as it is said, so it does not wait for a whole file. */
	watch->lines = params->json_lines.path ? fopen(params->json_lines.path, "we") : watch->setting->out;
	return watch->lines ? 0 : error_set(err, -errno, "%s: %s", params->json_lines.path, strerror(errno));
}

static bool takes_out(const struct monitor_params *params)
{
	return (params->json.is_wanted && !params->json.path) ||
	       (params->csv.is_wanted && !params->csv.path) ||
	       (params->json_lines.is_wanted && !params->json_lines.path);
}

static struct live_config live_config(const struct watch *watch)
{
	const struct monitor_params *params = watch->params;

	return (struct live_config){
		.tracer = watch->tracer,
		.cpus = params->selection.has_cpus ? &params->selection.cpus : NULL,
		.buffer_kb = params->buffer_kb,
		.has_workload = params->has_workload,
		.has_user_workload = workload_has_user_threads(watch->workload),
		.period_us = params->period_us,
		.print_stack_us = params->print_stack_us,
		.is_aligned = params->is_aligned,
		.align_us = params->align_us,
		.extras = params->extras,
		.nr_extras = params->nr_extras,
		.undo_dir = watch->setting->undo_dir,
	};
}

static int open_monitor(struct watch *watch, struct error *err)
{
	const struct monitor_params *params = watch->params;
	const bool is_hist = params->face == MONITOR_HIST;
	const struct monitor_config config = {
		.selection = &params->selection,
		.stall_ns = params->stall_ns,
		.threshold_ns = watch->is_lines_only ? params->stall_ns : params->threshold_ns,
		.irq_threshold_ns = params->irq_threshold_ns,
		.warm_up_ns = params->warm_up_ns,
		.live = live_config(watch),
		.guard = watch->guard,
		.kept_bytes = KEPT_BYTES_MOST,
		.say = say,
		.on_hit = watch_on_hit,
		.on_episode = is_hist ? on_episode : NULL,
		.on_timerlat = on_timerlat,
		.on_recycle = on_recycle,
		.arg = watch,
	};

	return monitor_create(&config, &watch->monitor, err);
}

static int open_all(struct watch *watch, struct error *err)
{
	const struct monitor_params *params = watch->params;
	uint64_t unit_ns = params->is_nano ? 1 : 1000;
	char tracefs[LIVE_PATH_MAX];
	int result = open_outputs(watch, err);

	if (!result)
		result = live_tracefs_find(tracefs, err);
	if (!result)
		result = workload_place(params, err);
	if (!result)
		result = guard_create(watch->setting->undo_dir, &watch->guard, err);
	if (!result)
		result = workload_create(params, watch->guard, &watch->workload, err);
	if (result)
		return result;
	facts_read("", &watch->facts);
	if (!params->has_no_aa && (params->threshold_ns || params->irq_threshold_ns || watch->lines))
		result = stacks_create(params->selection.has_cpus ? &params->selection.cpus : NULL,
				       &watch->stacks, err);
	columns_init(&watch->timerlat, COLUMNS_OF_CPUS, params->bucket_us * unit_ns, params->nr_entries);
	columns_init(&watch->waits, params->is_per_cpu ? COLUMNS_OF_CPUS : COLUMNS_OF_THREADS,
		     params->bucket_us * unit_ns, params->nr_entries);
	return result ? result : open_monitor(watch, err);
}

/* They are printed when all is over. */
static void open_reports(struct watch *watch)
{
	watch->reports = open_memstream(&watch->report_text, &watch->report_size);
	if (!watch->reports)
		watch->has_failed = true;
}

/* A terminal that no screen can be shown on gets plain tables. */
static void open_view(struct watch *watch)
{
	const struct monitor_params *params = watch->params;
	const struct top_screen_config config = {
		.has_colour = watch->setting->layout.has_colour,
		.is_utf8 = watch->setting->layout.is_utf8,
		.refresh_ns = SCREEN_REFRESH_NS,
	};
	struct error err = { 0 };

	watch->reports = watch->setting->out;
	/* What commands print is not torn apart, nor does it tear a report apart. */
	if (actions_has(&params->on_threshold, ACTION_SHELL))
		open_reports(watch);
	if (params->face != MONITOR_TOP || params->is_quiet || params->is_debug || params->is_aa_only ||
	    !watch->setting->is_terminal || watch->is_out_taken)
		return;
	if (top_screen_open(&config, &watch->view, &err)) {
		watch->view = (struct view){ .fd = -1 };
		watch->setting->say(err.text);
		return;
	}
	if (watch->reports == watch->setting->out)
		open_reports(watch);
}

/* ---- meanwhile -------------------------------------------------------------------------------- */

/* 1, 2, 5, 10 ... of a microsecond */
static uint64_t next_step(uint64_t stall_ns, bool is_up)
{
	static const uint64_t steps[] = { 1, 2, 5 };
	uint64_t before = LEAST_STALL_NS;

	for (uint64_t decade = LEAST_STALL_NS; decade <= MOST_STALL_NS; decade *= 10) {
		for (size_t i = 0; i < 3; i++) {
			uint64_t step = decade * steps[i];

			if (is_up ? step > stall_ns : step >= stall_ns)
				return is_up ? step : before;
			before = step;
		}
	}
	return stall_ns;
}

static void grant_save(struct watch *watch)
{
	struct error err = { 0 };
	char words[320];

	if (watch_save(watch, NULL, &err))
		snprintf(words, sizeof(words), "%s", err.text);
	else
		snprintf(words, sizeof(words), "the trace is saved");
	say(words, watch);
}

/* What was typed. Return: whether something new is to be shown */
static bool take_keys(struct watch *watch)
{
	const struct view *view = &watch->view;
	bool is_due = false;

	for (;;) {
		enum view_wish wish = view->ops->key(view->self);

		switch (wish) {
		case VIEW_WISH_NOTHING:
			return is_due;
		case VIEW_WISH_QUIT:
			watch->is_over = true;
			return false;
		case VIEW_WISH_SAVE:
			grant_save(watch);
			break;
		case VIEW_WISH_STALL_UP:
		case VIEW_WISH_STALL_DOWN:
			watch->stall_ns = next_step(watch->stall_ns, wish == VIEW_WISH_STALL_UP);
			monitor_set_stall(watch->monitor, watch->stall_ns);
			is_due = true;
			break;
		case VIEW_WISH_REFRESH:
			is_due = true;
			break;
		}
	}
}

static int show(struct watch *watch, struct error *err)
{
	struct snapshot snapshot;
	int result = monitor_snapshot(watch->monitor, &snapshot, err);

	if (result)
		return result;
	watch->shown_at = now_at();
	watch_hide_lines(watch, &snapshot);
	snapshot.doc.facts = &watch->facts;
	if (watch->view.ops)
		watch->view.ops->show(watch->view.self, &snapshot);
	else
		result = watch_show_plain(watch, &snapshot, err);
	snapshot_deinit(&snapshot);
	return result;
}

/* hist, -q and --aa-only say nothing before the end. */
static bool shows_plain(const struct watch *watch)
{
	const struct monitor_params *params = watch->params;

	return params->face == MONITOR_TOP && !params->is_quiet && !params->is_aa_only &&
	       !watch->is_out_taken;
}

static uint64_t show_due_at(const struct watch *watch)
{
	if (watch->view.ops)
		return watch->shown_at + watch->view.refresh_ns;
	return shows_plain(watch) ? watch->shown_at + PLAIN_REFRESH_NS : UINT64_MAX;
}

/* Its duration is counted from when tracing is up; in a stall, that is waited for so long and no longer. */
static uint64_t end_at(const struct watch *watch, uint64_t began_at, uint64_t live_at)
{
	uint64_t from_at = live_at ? live_at + watch->params->warm_up_ns : began_at + SETUP_MOST_NS;
	uint64_t duration_ns = watch->params->duration_ns;

	return duration_ns && duration_ns < UINT64_MAX - from_at ? from_at + duration_ns : UINT64_MAX;
}

static void take_a_pause(const struct watch *watch, uint64_t until_at)
{
	struct pollfd waits[2] = {
		{ .fd = watch->view.ops ? watch->view.fd : -1, .events = POLLIN },
		{ .fd = monitor_fd(watch->monitor), .events = POLLIN },
	};
	uint64_t now = now_at();
	struct timespec pause = { 0 };

	if (until_at > now)
		pause.tv_nsec = (long)(until_at - now > POLL_MOST_NS ? POLL_MOST_NS : until_at - now);
	ppoll(waits, 2, &pause, NULL);
}

/* -D: once a second, what it costs. */
static void say_cost(struct watch *watch)
{
	struct snapshot snapshot;
	struct error err = { 0 };
	char words[400];

	if (!watch->params->is_debug || now_at() < watch->debugged_at + DEBUG_NS)
		return;
	watch->debugged_at = now_at();
	if (monitor_snapshot(watch->monitor, &snapshot, &err))
		return;
	snprintf(words, sizeof(words), "%llu events/s, own CPU time %llu.%03llu s, %llu events lost, %s",
		 (unsigned long long)snapshot.events_per_s,
		 (unsigned long long)snapshot.own_cpu_ns / 1000000000,
		 (unsigned long long)snapshot.own_cpu_ns / 1000000 % 1000,
		 (unsigned long long)snapshot.lost_events,
		 snapshot.phase == SNAPSHOT_PROC ? snapshot.phase_words : "tracing is up");
	watch->setting->say(words);
	snapshot_deinit(&snapshot);
}

static int turn(struct watch *watch, uint64_t *live_at, struct error *err)
{
	int result = monitor_turn(watch->monitor, err);

	if (!result && !*live_at && monitor_is_live(watch->monitor)) {
		*live_at = now_at();
		result = workload_start(watch->workload, err);
	}
	if (!result && *live_at)
		result = workload_check(watch->workload, err);
	if (!result && watch->has_failed)
		result = error_set(err, -ENOMEM, "out of memory");
	return result;
}

static int watch_loop(struct watch *watch, struct error *err)
{
	const volatile sig_atomic_t *is_interrupted = watch->setting->is_interrupted;
	uint64_t began_at = now_at();
	uint64_t live_at = 0;
	int result = 0;

	while (!result && !watch->is_over && !*is_interrupted &&
	       now_at() < end_at(watch, began_at, live_at)) {
		uint64_t until_at = end_at(watch, began_at, live_at);

		result = turn(watch, &live_at, err);
		if (result || watch->is_over)
			break;
		say_cost(watch);
		if ((watch->view.ops && take_keys(watch)) || now_at() >= show_due_at(watch))
			result = show(watch, err);
		if (monitor_due_at(watch->monitor) < until_at)
			until_at = monitor_due_at(watch->monitor);
		if (show_due_at(watch) < until_at)
			until_at = show_due_at(watch);
		if (!result)
			take_a_pause(watch, until_at);
	}
	return result;
}

/* ---- afterwards ------------------------------------------------------------------------------- */

static void close_view(struct watch *watch)
{
	if (watch->view.ops)
		watch->view.ops->close(watch->view.self);
	watch->view = (struct view){ .fd = -1 };
}

/* What --trigger "hist:..." counted, each in a file of its own, as rtla names them. */
static void save_hists(const struct watch *watch)
{
	const struct live_instance *instance = watch->monitor ? monitor_instance(watch->monitor) : NULL;

	for (uint32_t i = 0; instance && i < instance->nr_hists; i++) {
		struct strbuf text = STRBUF_INIT;
		struct outfile file = { 0 };
		struct error err = { 0 };
		char name[256];
		int result;

		live_hist_file(&instance->hists[i], name, sizeof(name));
		result = live_hist_read(&instance->hists[i], HIST_READ_MS, &text, &err);
		if (!result)
			result = outfile_open(&file, name, &err);
		if (!result) {
			fwrite(text.text, 1, text.length, file.stream);
			result = outfile_commit(&file, &err);
		}
		if (result)
			watch->setting->say(err.text);
		outfile_deinit(&file);
		strbuf_deinit(&text);
	}
}

/* Give everything back, whatever went before; what cannot be is an error if there is none yet. */
static int give_back(struct watch *watch, int result, struct error *err)
{
	struct error failure = { 0 };
	bool hangs;
	int code;

	save_hists(watch);
	if (!result && watch->monitor && watch->workload && monitor_is_live(watch->monitor) &&
	    !workload_is_up(watch->workload))
		snprintf(watch->failure, sizeof(watch->failure),
			 "the run ended before all threads of the workload were set up");
	code = watch->monitor ? monitor_stop(watch->monitor, &failure) : 0;
	hangs = code == -EINPROGRESS;

	if (code && (result || hangs))
		watch->setting->say(failure.text);
	else if (code)
		*err = failure;
	if (code && !hangs && !result)
		result = code;
	watch->had_user_threads = watch->workload && workload_has_user_threads(watch->workload);
	workload_destroy(watch->workload);
	watch->workload = NULL;
	if (!watch->guard || hangs)
		return result;
	code = guard_undo(watch->guard, UNDO_QUIET_MS, &failure);
	if (code && code != -EINPROGRESS && !result) {
		*err = failure;
		return code;
	}
	if (code)
		watch->setting->say(failure.text);
	return result;
}

static void watch_deinit(struct watch *watch)
{
	close_view(watch);
	if (watch->reports && watch->reports != watch->setting->out)
		fclose(watch->reports);
	free(watch->report_text);
	if (watch->lines && watch->lines != watch->setting->out)
		fclose(watch->lines);
	monitor_destroy(watch->monitor);
	workload_destroy(watch->workload);
	guard_destroy(watch->guard);
	stacks_destroy(watch->stacks);
	top_model_destroy(watch->plain);
	hit_rate_deinit(&watch->rate);
	columns_deinit(&watch->timerlat);
	columns_deinit(&watch->waits);
	outfile_deinit(&watch->json);
	outfile_deinit(&watch->csv);
}

/* What a screen kept from being printed. */
static int print_reports(struct watch *watch, struct error *err)
{
	if (watch->reports == watch->setting->out || !watch->reports)
		return 0;
	if (fflush(watch->reports))
		return error_set(err, -ENOMEM, "out of memory");
	fwrite(watch->report_text, 1, watch->report_size, watch->setting->out);
	return 0;
}

static int watch_all(struct watch *watch, struct error *err)
{
	int result = open_all(watch, err);

	if (result)
		return result;
	open_view(watch);
	result = watch_loop(watch, err);
	close_view(watch);
	return result;
}

int watch_run(const struct monitor_params *params, const struct watch_setting *setting,
	      bool *is_threshold_reached, struct error *err)
{
	struct watch watch = {
		.params = params,
		.setting = setting,
		.stall_ns = params->stall_ns,
		.is_out_taken = takes_out(params),
		.is_lines_only =
			params->json_lines.is_wanted && !params->threshold_ns && !params->irq_threshold_ns,
		.parent = getppid(),
		.view.fd = -1,
		.tracer = params->tracer == LIVE_TRACER_AUTO && params->wants_timerlat ?
				  LIVE_TRACER_TIMERLAT :
				  params->tracer,
	};
	bool was_watched;
	int result = watch_all(&watch, err);

	was_watched = watch.monitor && (!result || monitor_is_live(watch.monitor));
	result = give_back(&watch, result, err);
	/* what was seen is worth having, whatever became of the rest */
	if (was_watched) {
		struct error failure = { 0 };
		int code;

		watch_run_actions(&watch, &params->on_end);
		code = watch_write_results(&watch, &failure);
		if (!code)
			code = print_reports(&watch, &failure);
		if (code && !result)
			*err = failure;
		result = result ? result : code;
	}
	if (watch.write_error.code && !result) {
		*err = watch.write_error;
		result = err->code;
	}
	if (*watch.failure)
		setting->say(watch.failure);
	*is_threshold_reached = watch.is_threshold_reached;
	watch_deinit(&watch);
	return result;
}
