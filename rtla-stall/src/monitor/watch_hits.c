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

int watch_save(struct watch *watch, const char *path, struct error *err)
{
	uint32_t keep = watch->params->trace_keep;
	char name[4096];
	int result;

	if (keep && watch->nr_traces >= keep)
		return error_set(err, -ENOSPC, "%u traces are saved, which is what --trace-keep allows", keep);
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

static int save_trace(const char *path, void *arg, struct error *err)
{
	return watch_save(arg, path, err);
}

bool watch_run_actions(struct watch *watch, const struct actions *actions)
{
	const struct actions_context context = {
		.save_trace = save_trace,
		.arg = watch,
		.parent = watch->parent,
		.is_interrupted = watch->setting->is_interrupted,
	};
	struct error err = { 0 };
	bool goes_on = false;

	if (actions_run(actions, &context, &goes_on, &err) && !*watch->failure)
		snprintf(watch->failure, sizeof(watch->failure), "%s", err.text);
	return goes_on;
}

/* ---- hits ------------------------------------------------------------------------------------- */

static int write_text(struct watch *watch, const struct hit_report_input *input)
{
	struct document_layout layout = watch->setting->layout;
	int result;

	if (watch->params->has_no_aa || watch->is_out_taken || watch->is_lines_only)
		return 0;
	layout.has_colour &= watch->reports == watch->setting->out;
	result = hit_report_write(input, &layout, watch->reports);
	fflush(watch->reports);
	return result;
}

/* The line tells where the trace was saved; but it does not wait for a command of the user's. */
static int write_hit(struct watch *watch, const struct actions *actions, struct hit_report_input *input,
		     bool *goes_on)
{
	bool is_line_first = actions_has(actions, ACTION_SHELL);
	int result = write_text(watch, input);

	if (!result && is_line_first && watch->lines)
		result = hit_lines_write(input, watch->lines);
	*watch->saved_path = '\0';
	*goes_on = watch_run_actions(watch, actions);
	input->saved_path = *watch->saved_path ? watch->saved_path : NULL;
	if (!result && !is_line_first && watch->lines)
		result = hit_lines_write(input, watch->lines);
	return result;
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
		result = write_hit(watch, actions, &input, goes_on);
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

	/* --json-lines without a threshold: each stall is a line, and nothing else */
	if (watch->is_lines_only) {
		if (!hit_rate_allows(&watch->rate, hit_report_cpu(hit), now_at()))
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
	watch->is_over = true;
	watch->is_threshold_reached = true;
}
