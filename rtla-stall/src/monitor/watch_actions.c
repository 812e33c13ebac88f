// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is done at a threshold and at the end: traces are saved, commands run. Reading goes on meanwhile: a
 * command of a threshold runs beside, one at a time, and the loop looks after it.
 *
 *     a hit        report, what comes before its first command, --json-lines
 *                  |--- its command, and what comes after it --->
 *     another hit          report, ...           waits for its turn --->
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util/error.h"
#include "watch_state.h"

#define DEFAULT_TRACE "stall_trace.dat"

/* ---- the trace -------------------------------------------------------------------------------- */

/* How many were saved under a name; the names are those of options, so there are few. */
static uint32_t *count_of(struct watch *watch, const char *path)
{
	struct watch_saved *saved = watch->saved;
	uint32_t i = 0;

	while (i < watch->nr_saved && strcmp(saved[i].path, path) != 0)
		i++;
	if (i == watch->nr_saved) {
		saved = reallocarray(saved, i + 1u, sizeof(*saved));
		if (!saved)
			return NULL;
		watch->saved = saved;
		saved[i] = (struct watch_saved){ .path = path };
		watch->nr_saved++;
	}
	return &saved[i].nr;
}

/*
 * "stall_trace.dat", "stall_trace.2.dat", "stall_trace.3.dat" ... The first is written over, as it was named
 * by the user; a name that is made up here is a new one.
 */
static int name_trace(const char *path, uint32_t *nr, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash + 1 : path, '.');
	int stem = dot && dot != (slash ? slash + 1 : path) ? (int)(dot - path) : (int)strlen(path);
	int length = snprintf(ret, size, "%s", path);

	while (*nr && length >= 0 && (size_t)length < size) {
		length = snprintf(ret, size, "%.*s.%u%s", stem, path, *nr + 1, path + stem);
		if (access(ret, F_OK))
			break;
		++*nr;
	}
	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

static bool is_full(const struct watch *watch)
{
	return watch->params->trace_keep && watch->nr_traces >= watch->params->trace_keep;
}

int watch_save(struct watch *watch, const char *path, struct error *err)
{
	uint32_t *nr = count_of(watch, path ? path : DEFAULT_TRACE);
	char name[4096];
	int result;

	if (!nr)
		return error_set(err, -ENOMEM, "out of memory");
	if (is_full(watch))
		return error_set(err, -ENOSPC, "%u traces are saved, which is what --trace-keep allows",
				 watch->params->trace_keep);
	if (name_trace(path ? path : DEFAULT_TRACE, nr, name, sizeof(name)))
		return error_set(err, -ENAMETOOLONG, "%.80s...: %s", path, strerror(ENAMETOOLONG));
	if (monitor_is_live(watch->monitor) && !watch->view.ops && !watch->is_out_taken) {
		fprintf(watch->setting->out, "  Saving trace to %s\n", name);
		fflush(watch->setting->out);
	}
	result = monitor_save(watch->monitor, name, err);
	if (!result)
		snprintf(watch->saved_path, sizeof(watch->saved_path), "%s", name);
	watch->nr_traces += !result;
	*nr += !result;
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

static struct actions_context context_of(struct watch *watch, bool is_end)
{
	return (struct actions_context){
		.save_trace = save_trace,
		.arg = watch,
		.parent = watch->parent,
		/* what ended the run is no reason to leave out what is to be done at its end */
		.is_interrupted = is_end && *watch->setting->is_interrupted ? NULL :
				  watch->setting->is_interrupted,
	};
}

static void note_failure(struct watch *watch, const struct error *err)
{
	if (!*watch->failure)
		snprintf(watch->failure, sizeof(watch->failure), "%s", err->text);
}

void watch_run_end(struct watch *watch)
{
	const struct actions_context context = context_of(watch, true);
	struct actions_run run;
	struct error err = { 0 };

	actions_begin(&run, &watch->params->on_end);
	if (actions_finish(&run, &context, &err))
		note_failure(watch, &err);
}

/* ---- those of a threshold --------------------------------------------------------------------- */

/* The run ends where no `continue` was reached: who waits for a turn has none, who runs comes to an end. */
static void conclude(struct watch *watch, const struct actions_run *run, int result, const struct error *err)
{
	if (result < 0)
		note_failure(watch, err);
	if (run->goes_on)
		return;
	/* a command that a signal ended never came to the `continue` behind it */
	watch->is_threshold_reached |=
		!*watch->setting->is_interrupted || !actions_has(run->actions, ACTION_CONTINUE);
	watch->is_over = true;
	watch->nr_runs = watch->nr_runs && watch->runs[0].pid;
}

void watch_begin_actions(struct watch *watch, const struct actions *actions)
{
	const struct actions_context context = context_of(watch, false);
	struct actions_run run;
	struct error err = { 0 };
	int result;

	actions_begin(&run, actions);
	run.has_to_wait = true;
	result = actions_step(&run, &context, &err);
	if (result) {
		conclude(watch, &run, result, &err);
		return;
	}
	if (watch->nr_runs == WATCH_MAX_RUNS) {
		watch->nr_runs_left_out++;
		return;
	}
	watch->runs[watch->nr_runs++] = run;
	/* nothing else is told of: it is the last one */
	watch->is_ending |= !actions_has(actions, ACTION_CONTINUE);
}

static void take_off(struct watch *watch, int result, const struct error *err)
{
	const struct actions_run run = watch->runs[0];

	memmove(&watch->runs[0], &watch->runs[1], --watch->nr_runs * sizeof(*watch->runs));
	conclude(watch, &run, result, err);
}

void watch_step_actions(struct watch *watch)
{
	const struct actions_context context = context_of(watch, false);
	struct error err = { 0 };

	while (watch->nr_runs) {
		int result;

		watch->runs[0].has_to_wait = false;
		result = actions_step(&watch->runs[0], &context, &err);
		if (!result)
			break;
		take_off(watch, result, &err);
	}
}

void watch_finish_actions(struct watch *watch)
{
	const struct actions_context context = context_of(watch, false);
	struct error err = { 0 };

	while (watch->nr_runs)
		take_off(watch, actions_finish(&watch->runs[0], &context, &err), &err);
	if (watch->nr_runs_left_out && !*watch->failure)
		snprintf(watch->failure, sizeof(watch->failure),
			 "%u hits have had no command run: those before took too long",
			 watch->nr_runs_left_out);
}
