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
	if (!watch->view.ops && !watch->is_out_taken) {
		fprintf(watch->setting->out, "  Saving trace to %s\n", name);
		fflush(watch->setting->out);
	}
	result = monitor_save(watch->monitor, name, err);
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

static uint32_t cpu_of(const struct monitor_hit *hit)
{
	return hit->activation ? hit->activation->cpu : hit->episode->cpu;
}

static int report(struct watch *watch, const struct monitor_hit *hit)
{
	struct hit_report_input input = {
		.hit = hit,
		.engine = monitor_engine(watch->monitor),
		.stacks = watch->stacks,
		.layout = &watch->setting->layout,
		.stack_format = watch->params->stack_format,
		.dumps_tasks = watch->params->dumps_tasks,
		.nr_unreported = hit_rate_take_unreported(&watch->rate, cpu_of(hit)),
	};
	struct hit_report *report;
	struct snapshot snapshot;
	struct error err = { 0 };
	int result = monitor_snapshot(watch->monitor, &snapshot, &err);

	if (result)
		return result;
	input.snapshot = &snapshot;
	snapshot.doc.has_wall = true;
	snapshot.doc.wall_offset_ns = snapshot.wall_offset_ns;
	/* stacks first: what runs may not run for long */
	result = hit_report_create(&input, &report);
	if (!result) {
		if (!watch->params->has_no_aa && !watch->is_out_taken)
			result = hit_report_write(report, watch->reports);
		if (!result && watch->lines)
			result = hit_lines_write(report, watch->lines);
		hit_report_destroy(report);
	}
	fflush(watch->reports);
	snapshot_deinit(&snapshot);
	return result;
}

void watch_on_hit(const struct monitor_hit *hit, void *arg)
{
	const struct actions *actions;
	struct watch *watch = arg;
	int result;

	actions = &watch->params->on_threshold;
	/* one that ends the run is the last one; the others of the same moment are counted */
	if (watch->is_over || (actions_has(actions, ACTION_CONTINUE) &&
			       !hit_rate_allows(&watch->rate, cpu_of(hit), now_at()))) {
		monitor_count_unreported(watch->monitor);
		return;
	}
	result = report(watch, hit);
	if (result == -ENOMEM)
		watch->has_failed = true;
	if (watch_run_actions(watch, actions))
		return;
	watch->is_over = true;
	watch->is_threshold_reached = true;
}
