// SPDX-License-Identifier: GPL-2.0-only
/*
 * The beginning of a run: what may fail early, the guard, the workload, the monitor, the screen.
 */
#include <errno.h>
#include <string.h>

#include "../engine/recycle.h"
#include "../source/live_tracefs.h"
#include "../util/error.h"
#include "../util/guard.h"
#include "../view/top_screen.h"
#include "watch_state.h"

#define KEPT_BYTES_MOST (64u << 20)
#define SCREEN_REFRESH_NS 500000000u

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

void watch_say(const char *words, void *arg)
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

static bool is_workload(int32_t tid, void *arg)
{
	const struct watch *watch = arg;

	return watch->workload && workload_has_thread(watch->workload, tid);
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
		.is_workload = is_workload,
		.say = watch_say,
		.on_hit = watch_on_hit,
		.on_episode = is_hist ? on_episode : NULL,
		.on_timerlat = on_timerlat,
		.on_recycle = on_recycle,
		.arg = watch,
	};

	return monitor_create(&config, &watch->monitor, err);
}

int watch_open(struct watch *watch, struct error *err)
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
void watch_open_view(struct watch *watch)
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
