// SPDX-License-Identifier: GPL-2.0-only
#include "simulate_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../source/source.h"
#include "../util/error.h"
#include "../util/names.h"
#include "enforce_occupant.h"

#define NO_WAIT UINT32_MAX

/* The thread on a CPU whose long wait ended there. */
struct runner {
	uint32_t wait;		/* NO_WAIT */
	uint64_t run_before_ns;
};

struct reading {
	struct simulate_trace *trace;
	uint64_t least_ns;
	struct runner *runners;	/* by CPU */
	uint32_t ended;		/* wait that ended with the event being fed; NO_WAIT */
	bool has_failed;	/* out of memory */
};

/* ---- keeping waits ---------------------------------------------------------------------------- */

/* Return: room for one more, or NULL */
static void *grow(void *rows, uint32_t nr, uint32_t *nr_allocated, size_t size)
{
	uint32_t more = *nr_allocated ? *nr_allocated * 2 : 256;
	void *grown;

	if (nr < *nr_allocated)
		return rows;
	grown = reallocarray(rows, more, size);
	if (grown)
		*nr_allocated = more;
	return grown;
}

/* Return: false when memory ran out */
static bool add_part(struct simulate_trace *trace, struct simulate_wait *wait, const struct segment *segment)
{
	struct simulate_part *last = wait->nr_parts ? &trace->parts[trace->nr_parts - 1] : NULL;
	enum culprit_kind kind = engine_culprit(trace->engine, segment->culprit).kind;
	struct simulate_part *parts;

	if (kind != CULPRIT_THREAD && kind != CULPRIT_IDLE) {
		if (last)
			last->to_at = segment->to_at;
		return true;
	}
	if (last && last->culprit == segment->culprit && last->prio == segment->culprit_prio) {
		last->to_at = segment->to_at;
		return true;
	}
	if (trace->nr_parts == SIMULATE_MAX_PARTS)
		return true;
	parts = grow(trace->parts, trace->nr_parts, &trace->nr_parts_allocated, sizeof(*parts));
	if (!parts)
		return false;
	trace->parts = parts;
	parts[trace->nr_parts++] = (struct simulate_part){
		.to_at = segment->to_at, .culprit = segment->culprit, .prio = segment->culprit_prio,
	};
	wait->nr_parts++;
	return true;
}

static void on_episode(const struct episode *episode, void *arg)
{
	struct reading *reading = arg;
	struct simulate_trace *trace = reading->trace;
	struct simulate_wait *waits, *wait;

	if (episode->ended_at - episode->began_at < reading->least_ns)
		return;
	if (trace->nr_waits == SIMULATE_MAX_WAITS) {
		trace->nr_omitted++;
		return;
	}
	waits = grow(trace->waits, trace->nr_waits, &trace->nr_waits_allocated, sizeof(*waits));
	if (!waits) {
		reading->has_failed = true;
		return;
	}
	trace->waits = waits;
	wait = &waits[trace->nr_waits];
	*wait = (struct simulate_wait){
		.task = episode->task, .tid = episode->tid, .prio = episode->prio, .cpu = episode->cpu,
		.began_at = episode->began_at, .ended_at = episode->ended_at,
		.is_open = episode->flags & EPISODE_STILL_OPEN, .first_part = trace->nr_parts,
	};
	for (uint32_t i = 0; i < episode->nr_segments; i++) {
		if (!add_part(trace, wait, &episode->segments[i]))
			reading->has_failed = true;
	}
	if (!wait->is_open && !(episode->flags & EPISODE_ODD))
		reading->ended = trace->nr_waits;
	trace->nr_waits++;
}

/* ---- reading ---------------------------------------------------------------------------------- */

static uint64_t run_ns(const struct simulate_trace *trace, uint32_t index)
{
	struct engine_task task;

	engine_task(trace->engine, index, &task);
	return task.run_ns;
}

static void end_run(struct reading *reading, struct runner *runner)
{
	struct simulate_wait *wait;

	if (runner->wait == NO_WAIT)
		return;
	wait = &reading->trace->waits[runner->wait];
	wait->needed_ns = run_ns(reading->trace, wait->task) - runner->run_before_ns;
	runner->wait = NO_WAIT;
}

static int feed(struct reading *reading, const struct event *event)
{
	struct simulate_trace *trace = reading->trace;
	bool is_switch = event->type == EVENT_SWITCH && event->cpu < ENGINE_MAX_CPUS;

	reading->ended = NO_WAIT;
	if (engine_feed(trace->engine, event) || reading->has_failed)
		return -ENOMEM;
	/* whoever was there has left, whatever else is known of it */
	if (is_switch)
		end_run(reading, &reading->runners[event->cpu]);
	if (is_switch && reading->ended != NO_WAIT)
		reading->runners[event->cpu] = (struct runner){
			.wait = reading->ended,
			.run_before_ns = run_ns(trace, trace->waits[reading->ended].task),
		};
	return 0;
}

static int read_events(struct reading *reading, const struct simulate_setting *setting, struct source *source,
		       struct error *err)
{
	const volatile sig_atomic_t *is_interrupted = setting->is_interrupted;
	struct simulate_trace *trace = reading->trace;
	const struct source_info *info = &source->info;
	struct event event;
	int result;

	while ((result = source_next(source, &event, err)) > 0) {
		if (event.at > trace->last_at)
			trace->last_at = event.at;
		if (feed(reading, &event))
			return error_set(err, -ENOMEM, "out of memory");
		if (is_interrupted && *is_interrupted && (info->bytes_total || *is_interrupted != SIGINT)) {
			trace->was_interrupted = true;
			break;
		}
	}
	if (result < 0)
		return result;
	if (!info->nr_events)
		return error_set(err, -ENODATA, "%s: there is no event in it%s%s", setting->path,
				 info->is_truncated ? ": " : "",
				 info->is_truncated ? info->truncated_why : "");
	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++)
		end_run(reading, &reading->runners[cpu]);
	if (info->last_at > trace->last_at)
		trace->last_at = info->last_at;
	if (engine_finish(trace->engine) ||
	    engine_for_each_open(trace->engine, trace->last_at, on_episode, reading) || reading->has_failed)
		return error_set(err, -ENOMEM, "out of memory");
	trace->first_at = info->first_at;
	trace->nr_losses = info->nr_losses;
	trace->has_fair_server = info->has_fair_server;
	trace->is_truncated = info->is_truncated;
	memcpy(trace->kernel, info->kernel, sizeof(trace->kernel));
	return 0;
}

static int by_beginning(const void *a, const void *b)
{
	const struct simulate_wait *left = a, *right = b;

	if (left->began_at != right->began_at)
		return left->began_at < right->began_at ? -1 : 1;
	return left->task < right->task ? -1 : left->task > right->task;
}

int simulate_trace_read(const struct simulate_setting *setting, struct simulate_trace *trace,
			struct error *err)
{
	struct reading reading = { .trace = trace, .least_ns = setting->least_ns, .ended = NO_WAIT };
	struct engine_config config = {
		.segments_from_ns = setting->least_ns, .on_episode = on_episode, .arg = &reading,
	};
	struct source_options options = { .is_interrupted = setting->is_interrupted };
	struct source *source = NULL;
	int result;

	*trace = (struct simulate_trace){ .names = names_create() };
	reading.runners = calloc(ENGINE_MAX_CPUS, sizeof(*reading.runners));
	if (!trace->names || !reading.runners) {
		free(reading.runners);
		return error_set(err, -ENOMEM, "out of memory");
	}
	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++)
		reading.runners[cpu].wait = NO_WAIT;
	options.names = trace->names;
	result = source_open(setting->path, &options, &source, err);
	if (!result) {
		config.names = trace->names;
		config.facts = source_facts(&source->info);
		result = engine_create(&config, &trace->engine);
		if (result)
			error_set(err, result, "out of memory");
	}
	if (!result)
		result = read_events(&reading, setting, source, err);
	if (!result && trace->nr_waits)
		qsort(trace->waits, trace->nr_waits, sizeof(*trace->waits), by_beginning);
	source_close(source);
	free(reading.runners);
	return result;
}

void simulate_trace_deinit(struct simulate_trace *trace)
{
	free(trace->waits);
	free(trace->parts);
	engine_destroy(trace->engine);
	names_destroy(trace->names);
	*trace = (struct simulate_trace){ 0 };
}

/* ---- asking ----------------------------------------------------------------------------------- */

/* The one that goes beyond @at, or the last one; NULL: there is none */
static const struct simulate_part *find_part(const struct simulate_trace *trace,
					     const struct simulate_wait *wait, uint64_t at)
{
	uint32_t from = 0, to = wait->nr_parts;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (trace->parts[wait->first_part + middle].to_at > at)
			to = middle;
		else
			from = middle + 1;
	}
	if (from == wait->nr_parts && from)
		from--;
	return wait->nr_parts ? &trace->parts[wait->first_part + from] : NULL;
}

struct plan_occupant simulate_trace_occupant(const struct simulate_trace *trace,
					     const struct simulate_wait *wait, uint64_t at)
{
	const struct simulate_part *part;
	struct plan_occupant occupant = {
		.kind = PLAN_OCCUPANT_UNKNOWN, .tid = TID_UNKNOWN, .prio = PRIO_UNKNOWN,
	};
	struct engine_task task;
	struct culprit culprit;
	uint32_t index;

	part = find_part(trace, wait, at);
	if (!part)
		return occupant;
	culprit = engine_culprit(trace->engine, part->culprit);
	index = engine_task_of_culprit(trace->engine, part->culprit);
	if (culprit.kind == CULPRIT_IDLE)
		occupant.kind = PLAN_OCCUPANT_IDLE;
	if (culprit.kind != CULPRIT_THREAD || index >= engine_nr_tasks(trace->engine))
		return occupant;
	engine_task(trace->engine, index, &task);
	return enforce_occupant_of(&task, part->prio);
}
