// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../source/live_hist.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "../util/guard.h"
#include "../util/strbuf.h"
#include "../view/top_model.h"
#include "own_nice.h"
#include "watch_state.h"

#define HIST_READ_MS 2000
#define UNDO_QUIET_MS 5000
#define PLAIN_REFRESH_NS 1000000000u
#define PLAIN_BUSY_NS 5000000000u	/* beside a command: they print to the same place */
#define SETUP_MOST_NS UINT64_C(10000000000)
#define DEBUG_NS 1000000000u
#define POLL_MOST_NS 250000000u		/* a signal that came just before a poll is seen then */
#define LEAST_STALL_NS 1000u
#define MOST_STALL_NS 3600000000000u

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
	watch_say(words, watch);
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
	watch->shown_at = clock_mono_ns();
	watch_hide_lines(watch, &snapshot);
	snapshot.doc.facts = &watch->facts;
	snapshot.notes = watch->notes;
	snapshot.nr_notes = watch->nr_notes;
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
	if (!shows_plain(watch))
		return UINT64_MAX;
	return watch->shown_at + (watch->nr_runs ? PLAIN_BUSY_NS : PLAIN_REFRESH_NS);
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
	struct pollfd waits[3] = {
		{ .fd = watch->view.ops ? watch->view.fd : -1, .events = POLLIN },
		{ .fd = monitor_fd(watch->monitor), .events = POLLIN },
		{ .fd = watch->nr_runs ? watch->runs[0].pidfd : -1, .events = POLLIN },
	};
	uint64_t now = clock_mono_ns();
	struct timespec pause = { 0 };

	if (until_at > now)
		pause.tv_nsec = (long)(until_at - now > POLL_MOST_NS ? POLL_MOST_NS : until_at - now);
	ppoll(waits, 3, &pause, NULL);
}

/* -D: once a second, what it costs. */
static void say_cost(struct watch *watch)
{
	struct snapshot snapshot;
	struct error err = { 0 };
	char words[400];

	if (!watch->params->is_debug || clock_mono_ns() < watch->debugged_at + DEBUG_NS)
		return;
	watch->debugged_at = clock_mono_ns();
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
		*live_at = clock_mono_ns();
		result = workload_start(watch->workload, err);
	}
	if (!result && *live_at)
		result = workload_check(watch->workload, err);
	watch_step_actions(watch);
	if (!result && watch->has_failed)
		result = error_set(err, -ENOMEM, "out of memory");
	return result;
}

static int watch_loop(struct watch *watch, struct error *err)
{
	const volatile sig_atomic_t *is_interrupted = watch->setting->is_interrupted;
	uint64_t began_at = clock_mono_ns();
	uint64_t live_at = 0;
	int result = 0;

	/* by the time of the first table what cannot be set up is known: an error leaves nothing printed */
	if (!watch->view.ops)
		watch->shown_at = began_at;
	while (!result && !watch->is_over && !*is_interrupted &&
	       clock_mono_ns() < end_at(watch, began_at, live_at)) {
		uint64_t until_at = end_at(watch, began_at, live_at);

		result = turn(watch, &live_at, err);
		if (result || watch->is_over)
			break;
		say_cost(watch);
		if ((watch->view.ops && take_keys(watch)) || clock_mono_ns() >= show_due_at(watch))
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
	free(watch->saved);
	for (uint32_t i = 0; i < watch->nr_notes; i++)
		free((char *)watch->notes[i].text);
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

static bool takes_out(const struct monitor_params *params)
{
	return (params->json.is_wanted && !params->json.path) ||
	       (params->csv.is_wanted && !params->csv.path) ||
	       (params->json_lines.is_wanted && !params->json_lines.path);
}

static int watch_all(struct watch *watch, struct error *err)
{
	int result = watch_open(watch, err);

	if (result)
		return result;
	watch_open_view(watch);
	own_nice_raise();
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
	watch_finish_actions(&watch);
	/* what was seen is worth having, whatever became of the rest */
	if (was_watched) {
		struct error failure = { 0 };
		int code;

		watch_run_end(&watch);
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
