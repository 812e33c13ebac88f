// SPDX-License-Identifier: GPL-2.0-only
/*
 * A threshold is reached: it is said, with what only a live machine can tell; then come the actions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/error.h"
#include "../util/clock.h"
#include "hit_lines.h"
#include "hit_report.h"
#include "hit_stacks.h"
#include "watch_state.h"

#define NOTE_WIDTH 80u

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
static void write_hit(struct watch *watch, const struct actions *actions, struct hit_report_input *input)
{
	write_text(watch, input);
	*watch->saved_path = '\0';
	if (actions)
		watch_begin_actions(watch, actions);
	input->saved_path = *watch->saved_path ? watch->saved_path : NULL;
	write_line(watch, input);
}

/* For who opens it on the screen. */
static void keep_note(struct watch *watch, const struct hit_report_input *input)
{
	const struct document_layout layout = { .width = NOTE_WIDTH };
	const struct episode *wait = input->hit->episode;
	char *text = watch->view.ops && wait ? hit_report_stacks(input, &layout) : NULL;

	if (!text)
		return;
	if (watch->nr_notes == WATCH_MAX_NOTES) {
		free((char *)watch->notes[0].text);
		memmove(&watch->notes[0], &watch->notes[1], --watch->nr_notes * sizeof(*watch->notes));
	}
	watch->notes[watch->nr_notes++] = (struct snapshot_note){ wait->tid, wait->began_at, text };
}

/* Stacks first: what runs may not run for long. */
static int report(struct watch *watch, const struct monitor_hit *hit, const struct actions *actions)
{
	const struct monitor_params *params = watch->params;
	uint32_t cpu = hit_report_cpu(hit);
	struct hit_report_input input = {
		.hit = hit,
		.engine = monitor_engine(watch->monitor),
		.works = monitor_works(watch->monitor),
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
		keep_note(watch, &input);
		write_hit(watch, actions, &input);
		snapshot_deinit(&snapshot);
	}
	hit_stacks_deinit(&stacks);
	return result;
}

void watch_on_hit(const struct monitor_hit *hit, void *arg)
{
	struct watch *watch = arg;
	const struct actions *actions = watch->is_lines_only ? NULL : &watch->params->on_threshold;
	/* --json-lines without a threshold: each stall is a line, and nothing else */
	bool is_limited = !actions || actions_has(actions, ACTION_CONTINUE);

	/* What is to be measured is not there yet; or one ends the run, and is the last one. */
	if ((watch->tracer == LIVE_TRACER_TIMERLAT && !workload_is_up(watch->workload)) || watch->is_over ||
	    watch->is_ending ||
	    (is_limited && !hit_rate_allows(&watch->rate, hit_report_cpu(hit), clock_mono_ns())))
		monitor_count_unreported(watch->monitor);
	else if (report(watch, hit, actions) == -ENOMEM)
		watch->has_failed = true;
}
