// SPDX-License-Identifier: GPL-2.0-only
/*
 * A threshold is reached: it is said, with what only a live machine can tell; then come the actions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../util/error.h"
#include "hit_lines.h"
#include "hit_report.h"
#include "hit_stacks.h"
#include "watch_state.h"

#define DEFAULT_TRACE "stall_trace.dat"

static uint64_t now_at(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- the trace -------------------------------------------------------------------------------- */

/* "stall_trace.dat", "stall_trace.2.dat", "stall_trace.3.dat" ... */
static int name_trace(const struct watch *watch, const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash + 1 : path, '.');
	int stem = dot && dot != (slash ? slash + 1 : path) ? (int)(dot - path) : (int)strlen(path);
	int length;

	if (!watch->nr_traces)
		length = snprintf(ret, size, "%s", path);
	else
		length = snprintf(ret, size, "%.*s.%u%s", stem, path, watch->nr_traces + 1, path + stem);
	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

static bool is_full(const struct watch *watch)
{
	return watch->params->trace_keep && watch->nr_traces >= watch->params->trace_keep;
}

int watch_save(struct watch *watch, const char *path, struct error *err)
{
	char name[4096];
	int result;

	if (is_full(watch))
		return error_set(err, -ENOSPC, "%u traces are saved, which is what --trace-keep allows",
				 watch->params->trace_keep);
	if (name_trace(watch, path ? path : DEFAULT_TRACE, name, sizeof(name)))
		return error_set(err, -ENAMETOOLONG, "%.80s...: %s", path, strerror(ENAMETOOLONG));
	if (monitor_is_live(watch->monitor) && !watch->view.ops && !watch->is_out_taken) {
		fprintf(watch->setting->out, "  Saving trace to %s\n", name);
		fflush(watch->setting->out);
	}
	result = monitor_save(watch->monitor, name, err);
	if (!result)
		snprintf(watch->saved_path, sizeof(watch->saved_path), "%s", name);
	watch->nr_traces += !result;
	return result;
}

/* ---- actions ---------------------------------------------------------------------------------- */

/* More than are to be kept are not saved, and nothing has failed: what comes after it is done. */
static int save_trace(const char *path, void *arg, struct error *err)
{
	struct watch *watch = arg;
	int result = watch_save(watch, path, err);

	if (!is_full(watch))
		return result;
	if (!result || watch->has_said_full)
		return 0;
	watch->has_said_full = true;
	if (watch->view.ops)
		watch->view.ops->say(watch->view.self, err->text);
	else
		watch->setting->say(err->text);
	return 0;
}

bool watch_run_actions(struct watch *watch, const struct actions *actions)
{
	bool is_end = actions == &watch->params->on_end;
	const struct actions_context context = {
		.save_trace = save_trace,
		.arg = watch,
		.parent = watch->parent,
		/* what ended the run is no reason to leave out what is to be done at its end */
		.is_interrupted = is_end && *watch->setting->is_interrupted ? NULL :
				  watch->setting->is_interrupted,
	};
	struct error err = { 0 };
	bool goes_on = false;

	if (actions_run(actions, &context, &goes_on, &err) && !*watch->failure)
		snprintf(watch->failure, sizeof(watch->failure), "%s", err.text);
	return goes_on;
}

/* ---- hits ------------------------------------------------------------------------------------- */

/* What cannot be written is an error at the end; meanwhile the rest is seen to. */
static void note_written(struct watch *watch, int result, const char *path)
{
	if (result == -ENOMEM)
		watch->has_failed = true;
	else if (result == -EPIPE)	/* its reader has seen enough */
		watch->is_over = true;
	else if (result && !watch->write_error.code)
		error_set(&watch->write_error, result, "%s: %s", path, strerror(-result));
}

static void write_text(struct watch *watch, const struct hit_report_input *input)
{
	struct document_layout layout = watch->setting->layout;

	if (watch->params->has_no_aa || watch->is_out_taken || watch->is_lines_only)
		return;
	layout.has_colour &= watch->reports == watch->setting->out;
	/* the line that readers of rtla's analysis look for */
	if (watch->tracer == LIVE_TRACER_TIMERLAT && input->hit->kind == MONITOR_HIT_WAIT)
		fprintf(watch->reports, "## CPU %u hit stop tracing, analyzing it ##\n",
			hit_report_cpu(input->hit));
	note_written(watch, hit_report_write(input, &layout, watch->reports), "standard output");
}

static void write_line(struct watch *watch, const struct hit_report_input *input)
{
	const char *path = watch->params->json_lines.path;

	if (watch->lines)
		note_written(watch, hit_lines_write(input, watch->lines), path ? path : "standard output");
}

/* The line tells where the trace was saved; but it does not wait for a command of the user's. */
static void write_hit(struct watch *watch, const struct actions *actions, struct hit_report_input *input,
		      bool *goes_on)
{
	bool is_line_first = actions_has(actions, ACTION_SHELL);

	write_text(watch, input);
	if (is_line_first)
		write_line(watch, input);
	*watch->saved_path = '\0';
	*goes_on = watch_run_actions(watch, actions);
	input->saved_path = *watch->saved_path ? watch->saved_path : NULL;
	if (!is_line_first)
		write_line(watch, input);
}

/* Stacks first: what runs may not run for long. */
static int report(struct watch *watch, const struct monitor_hit *hit, const struct actions *actions,
		  bool *goes_on)
{
	const struct monitor_params *params = watch->params;
	uint32_t cpu = hit_report_cpu(hit);
	struct hit_report_input input = {
		.hit = hit,
		.engine = monitor_engine(watch->monitor),
		.idle = &watch->idle,
		.threshold_ns = hit->kind == MONITOR_HIT_IRQ ? params->irq_threshold_ns :
				watch->is_lines_only ? params->stall_ns : params->threshold_ns,
		.nr_unreported = hit_rate_take_unreported(&watch->rate, cpu),
		.dumps_tasks = params->dumps_tasks,
		.stack_format = params->stack_format,
	};
	struct snapshot snapshot;
	struct hit_stacks stacks;
	struct error err = { 0 };
	int result = hit_stacks_take(&stacks, watch->stacks, input.engine, hit);

	if (result)
		return result;
	result = monitor_snapshot(watch->monitor, &snapshot, &err);
	if (!result) {
		input.stacks = &stacks;
		input.snapshot = &snapshot;
		write_hit(watch, actions, &input, goes_on);
		snapshot_deinit(&snapshot);
	}
	hit_stacks_deinit(&stacks);
	return result;
}

void watch_on_hit(const struct monitor_hit *hit, void *arg)
{
	static const struct actions none;
	const struct actions *actions;
	struct watch *watch = arg;
	bool goes_on = false;

	/* What is to be measured is not there yet. */
	if (watch->tracer == LIVE_TRACER_TIMERLAT && !workload_is_up(watch->workload)) {
		monitor_count_unreported(watch->monitor);
		return;
	}
	/* --json-lines without a threshold: each stall is a line, and nothing else */
	if (watch->is_lines_only) {
		if (watch->is_over || !hit_rate_allows(&watch->rate, hit_report_cpu(hit), now_at()))
			monitor_count_unreported(watch->monitor);
		else if (report(watch, hit, &none, &goes_on) == -ENOMEM)
			watch->has_failed = true;
		return;
	}
	actions = &watch->params->on_threshold;
	/* one that ends the run is the last one; the others of the same moment are counted */
	if (watch->is_over || (actions_has(actions, ACTION_CONTINUE) &&
			       !hit_rate_allows(&watch->rate, hit_report_cpu(hit), now_at()))) {
		monitor_count_unreported(watch->monitor);
		return;
	}
	if (report(watch, hit, actions, &goes_on) == -ENOMEM)
		watch->has_failed = true;
	if (goes_on)
		return;
	/* a command that a signal ended never came to the `continue` behind it */
	watch->is_threshold_reached |=
		!*watch->setting->is_interrupted || !actions_has(actions, ACTION_CONTINUE);
	watch->is_over = true;
}
