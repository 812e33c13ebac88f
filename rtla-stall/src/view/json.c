// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"

#include <errno.h>
#include <string.h>

#include <json.h>

#include "../monitor/facts.h"
#include "../stats/summary.h"
#include "../stats/timers.h"
#include "../util/names.h"
#include "../util/strbuf.h"
#include "format.h"
#include "hist_json.h"
#include "value.h"

/*
 * ---- source and totals ------------------------------------------------------------------------
 */

static struct json_object *new_source(struct value_maker *json)
{
	const struct document *doc = json->doc;
	const struct source_info *source = doc->source;
	struct json_object *object = value_object(json);
	struct json_object *missing = json_object_new_array();
	struct json_object *anomalies = value_object(json);

	value_string(json, object, "path", doc->path ? doc->path : "");
	value_string(json, object, "format", source_format_name(source->format));
	value_string(json, object, "kernel", source->kernel);
	value_string(json, object, "clock", source->clock);
	value_number(json, object, "cpus", source->nr_cpus);
	value_number(json, object, "first_ns", source->first_at);
	value_number(json, object, "last_ns", doc->last_at);
	value_number(json, object, "events", source->nr_events);
	value_number(json, object, "losses", source->nr_losses);
	value_number(json, object, "lost_events", source->lost_events);
	value_bool(json, object, "truncated", source->is_truncated);
	if (source->is_truncated)
		value_string(json, object, "truncated_why", source->truncated_why);
	if (doc->has_wall)
		value_signed(json, object, "wall_offset_ns", doc->wall_offset_ns);
	if (doc->was_interrupted)
		value_bool(json, object, "interrupted", true);
	if (doc->is_preempt_rt == TRI_UNKNOWN)
		value_null(json, object, "preempt_rt");
	else
		value_bool(json, object, "preempt_rt", doc->is_preempt_rt == TRI_YES);
	for (uint32_t i = 0; i < doc->nr_missing; i++)
		value_append(json, missing, value_new_string(json, doc->missing[i].name));
	value_add(json, object, "missing_events", missing);
	for (uint32_t i = 0; i < doc->nr_anomalies; i++)
		value_number(json, anomalies, doc->anomalies[i].name, doc->anomalies[i].count);
	value_add(json, object, "anomalies", anomalies);
	return object;
}

static struct json_object *new_totals(struct value_maker *json)
{
	const struct summary *summary = json->doc->summary;
	struct json_object *object = value_object(json);

	value_number(json, object, "threads", summary->totals.threads);
	value_number(json, object, "ended", summary->totals.gone);
	value_number(json, object, "waits", summary->totals.waits);
	value_number(json, object, "open", summary->totals.open);
	value_number(json, object, "wait_ns", summary->totals.wait_ns);
	value_causes(json, object, "causes", summary->totals.causes);
	value_number(json, object, "touched_by_loss", summary->totals.touched_by_loss);
	return object;
}

static bool is_live(const struct document *doc)
{
	return doc->source->format == SOURCE_LIVE || doc->source->format == SOURCE_PROC;
}

static void add_cpus(struct value_maker *json, struct json_object *object, const char *key,
		     const struct facts_cpus *cpus)
{
	if (cpus->is_known)
		value_string(json, object, key, cpus->text);
	else
		value_null(json, object, key);
}

static struct json_object *new_facts(struct value_maker *json)
{
	const struct facts *facts = json->doc->facts;
	struct json_object *object = value_object(json);

	value_string(json, object, "kernel", facts->kernel);
	value_string(json, object, "preemption", facts_preemption_name(facts->preemption));
	add_cpus(json, object, "online", &facts->online);
	add_cpus(json, object, "present", &facts->present);
	add_cpus(json, object, "isolated", &facts->isolated);
	add_cpus(json, object, "nohz_full", &facts->nohz_full);
	if (facts->knows_throttling) {
		value_signed(json, object, "rt_runtime_us", facts->rt_runtime_us);
		value_signed(json, object, "rt_period_us", facts->rt_period_us);
	}
	value_string(json, object, "fair_server", facts_server_name(facts->server));
	if (facts->server == FACTS_SERVER_ON) {
		value_number(json, object, "fair_server_runtime_ns", facts->server_runtime_ns);
		value_number(json, object, "fair_server_period_ns", facts->server_period_ns);
	}
	if (json->doc->tracer)
		value_string(json, object, "tracer", json->doc->tracer);
	return object;
}

static struct json_object *new_hits(struct value_maker *json)
{
	const struct document *doc = json->doc;
	struct json_object *object = value_object(json);

	if (doc->has_threshold)
		value_number(json, object, "threshold_ns", doc->threshold_ns);
	else
		value_null(json, object, "threshold_ns");
	value_number(json, object, "count", doc->nr_hits);
	value_number(json, object, "unreported", doc->nr_hits_unreported);
	return object;
}

/*
 * ---- rows -------------------------------------------------------------------------------------
 */

static void add_response(struct value_maker *json, struct json_object *object,
			 const struct engine_task *task)
{
	struct json_object *response = value_object(json);
	struct json_object *suspension = value_object(json);

	value_number(json, response, "max_ns", task->response.max_ns);
	value_number(json, response, "release_jitter_ns", task->response.release_jitter_ns);
	value_number(json, response, "waits_ns", task->response.waits_ns);
	value_number(json, response, "execution_ns", task->response.execution_ns);
	value_number(json, response, "on_top_ns", task->response.on_top_ns);
	value_number(json, response, "suspension_ns", task->response.suspension_ns);
	value_add(json, object, "response", response);
	value_number(json, suspension, "count", task->suspension.count);
	value_number(json, suspension, "ns", task->suspension.ns);
	value_number(json, suspension, "lock_ns", task->suspension.lock_ns);
	value_number(json, suspension, "flush_ns", task->suspension.flush_ns);
	value_number(json, suspension, "other_ns", task->suspension.other_ns);
	value_add(json, object, "suspension", suspension);
}

static struct json_object *new_thread(struct value_maker *json, size_t row)
{
	const struct summary_thread *thread = &json->doc->summary->threads[row];
	const struct engine_task *task = &thread->task;
	struct json_object *object = value_object(json);

	value_signed(json, object, "tid", task->tid);
	value_string(json, object, "comm", task->comm);
	value_number(json, object, "threads", task->nr_gone ? task->nr_gone : 1);
	value_kthread(json, object, task->kthread);
	value_number(json, object, "waits", thread->waits);
	value_number(json, object, "open", thread->open);
	value_number(json, object, "wait_ns", thread->wait_ns);
	value_number(json, object, "min_ns", thread->min_ns);
	value_number(json, object, "avg_ns", thread->avg_ns);
	value_number(json, object, "max_ns", thread->max_ns);
	value_number(json, object, "p50_ns", thread->p50_ns);
	value_number(json, object, "p99_ns", thread->p99_ns);
	value_number(json, object, "p999_ns", thread->p999_ns);
	value_causes(json, object, "causes", thread->causes);
	value_number(json, object, "run_ns", task->run_ns);
	value_number(json, object, "before_trace_ns", task->before_trace_ns);
	value_number(json, object, "touched_by_loss", thread->touched_by_loss);
	value_number(json, object, "activations", task->nr_activations);
	add_response(json, object, task);
	return object;
}

static struct json_object *new_culprit_row(struct value_maker *json, size_t row)
{
	const struct summary_culprit *culprit = &json->doc->summary->culprits[row];
	struct json_object *object = value_new_culprit(json, &culprit->who);

	value_string(json, object, "cause", cause_name(culprit->cause));
	value_reason(json, object, culprit->reason);
	value_number(json, object, "ns", culprit->ns);
	value_number(json, object, "waits", culprit->waits);
	value_number(json, object, "worst_ns", culprit->worst_ns);
	return object;
}

static struct json_object *new_segment(struct value_maker *json, const struct segment *segment)
{
	struct json_object *object = value_object(json);
	struct json_object *culprit = value_new_culprit(json,
							&json->doc->summary->names[segment->culprit]);

	value_number(json, object, "cpu", segment->cpu);
	value_number(json, object, "from_ns", segment->from_at);
	value_number(json, object, "to_ns", segment->to_at);
	value_string(json, object, "cause", cause_name(segment->cause));
	value_reason(json, object, segment->reason);
	value_bool(json, object, "inferred", segment->inferred);
	value_prio(json, culprit, segment->culprit_prio);
	value_add(json, object, "culprit", culprit);
	if (segment->on_behalf_of != CULPRIT_NONE)
		value_culprit(json, object, "on_behalf_of", segment->on_behalf_of);
	return object;
}

static void add_stacks(struct value_maker *json, struct json_object *object,
		       const struct episode *stall)
{
	struct json_object *stacks = json_object_new_array();

	for (uint32_t i = 0; i < stall->nr_stacks; i++) {
		const struct episode_stack *stack = &stall->stacks[i];
		struct json_object *entry = value_object(json);
		struct json_object *frames = json_object_new_array();

		for (uint32_t k = 0; k < stack->nr_frames && k < STACK_MAX; k++)
			value_append(json, frames,
				     value_new_string(json, names_get(json->doc->names, stack->frames[k])));
		value_culprit(json, entry, "of", stack->of);
		value_string(json, entry, "kind", "kernel");
		value_number(json, entry, "at_ns", stack->at);
		value_add(json, entry, "frames", frames);
		value_append(json, stacks, entry);
	}
	value_add(json, object, "stacks", stacks);
}

static void add_work(struct value_maker *json, struct json_object *object,
		     const struct episode *stall)
{
	struct json_object *work;

	if (!stall->work_function && stall->work_queued_by == CULPRIT_NONE) {
		value_null(json, object, "work");
		return;
	}
	work = value_object(json);
	value_string(json, work, "function", names_get(json->doc->names, stall->work_function));
	value_culprit(json, work, "queued_by",
		      stall->work_queued_by == CULPRIT_NONE ? 0 : stall->work_queued_by);
	value_bool(json, work, "inferred", stall->work_inferred);
	value_add(json, object, "work", work);
}

/* Its largest charge. */
static void add_most(struct value_maker *json, struct json_object *object, const struct episode *stall)
{
	const struct charge *most = NULL;
	struct json_object *entry;

	for (uint32_t i = 0; i < stall->nr_charges; i++) {
		if (!most || stall->charges[i].ns > most->ns)
			most = &stall->charges[i];
	}
	if (!most) {
		value_null(json, object, "most");
		return;
	}
	entry = value_new_culprit(json, &json->doc->summary->names[most->culprit]);
	value_string(json, entry, "cause", cause_name(most->cause));
	value_reason(json, entry, most->reason);
	value_number(json, entry, "ns", most->ns);
	value_add(json, object, "most", entry);
}

struct json_object *json_new_stall(struct value_maker *json, const struct episode *stall)
{
	static const char *const began_by[] = {
		[EPISODE_BEGAN_BY_WAKING] = "waking",
		[EPISODE_BEGAN_BY_PREEMPTION] = "preemption",
		[EPISODE_BEGAN_BEFORE] = "found",
	};
	const struct engine_task *task = &json->doc->summary->tasks[stall->task];
	bool is_open = stall->flags & EPISODE_STILL_OPEN;
	struct json_object *object = value_object(json);
	struct json_object *segments = json_object_new_array();

	value_signed(json, object, "tid", stall->tid);
	value_string(json, object, "comm", task->comm);
	value_kthread(json, object, task->kthread);
	value_prio(json, object, stall->prio);
	value_number(json, object, "cpu", stall->cpu);
	value_number(json, object, "began_ns", stall->began_at);
	if (is_open)
		value_null(json, object, "ended_ns");
	else
		value_number(json, object, "ended_ns", stall->ended_at);
	value_bool(json, object, "open", is_open);
	value_number(json, object, "wait_ns", stall->ended_at - stall->began_at);
	value_string(json, object, "began_by", began_by[stall->began_by]);
	if (json->doc->has_wall)
		value_number(json, object, "began_wall_ns", document_wall(json->doc, stall->began_at));
	value_causes(json, object, "causes", stall->causes);
	add_most(json, object, stall);
	value_culprit(json, object, "waker", stall->waker);
	add_work(json, object, stall);
	value_bool(json, object, "touched_by_loss", stall->flags & EPISODE_TOUCHED_BY_LOSS);
	value_bool(json, object, "odd", stall->flags & EPISODE_ODD);
	for (uint32_t i = 0; i < stall->nr_segments; i++)
		value_append(json, segments, new_segment(json, &stall->segments[i]));
	value_add(json, object, "segments", segments);
	value_number(json, object, "segments_folded", stall->nr_folded);
	add_stacks(json, object, stall);
	return object;
}

static struct json_object *new_stall_row(struct value_maker *json, size_t row)
{
	return json_new_stall(json, json->doc->summary->stalls[row]);
}

static void add_samples(struct value_maker *json, struct json_object *object, const char *key,
			const struct timers_samples *samples)
{
	struct json_object *values = value_object(json);

	value_number(json, values, "count", samples->count);
	value_number(json, values, "min_ns", samples->min_ns);
	value_number(json, values, "avg_ns", samples->count ? samples->sum_ns / samples->count : 0);
	value_number(json, values, "max_ns", samples->max_ns);
	value_add(json, object, key, values);
}

static struct json_object *new_timer(struct value_maker *json, size_t row)
{
	const struct timers_cpu *cpu = json->doc->timers->cpus[row];
	const struct timerlat_activation *activation = &cpu->worst;
	struct json_object *object = value_object(json);
	struct json_object *worst = value_object(json);
	struct json_object *charges = json_object_new_array();

	value_number(json, object, "cpu", cpu->cpu);
	value_number(json, object, "count", cpu->activations);
	add_samples(json, object, "irq", &cpu->irq);
	add_samples(json, object, "thread", &cpu->thread);
	if (cpu->user.count)
		add_samples(json, object, "user", &cpu->user);
	value_number(json, worst, "seqnum", activation->seqnum);
	if (activation->has_irq) {
		value_number(json, worst, "arrival_ns", activation->arrival_at);
		value_number(json, worst, "irq_latency_ns", activation->irq_latency_ns);
		value_causes(json, worst, "before_waking", activation->before_waking);
	}
	if (activation->has_thread)
		value_number(json, worst, "thread_latency_ns", activation->thread_latency_ns);
	for (uint32_t i = 0; i < activation->nr_charges; i++) {
		const struct charge *charge = &activation->charges[i];
		struct json_object *entry =
			value_new_culprit(json, &json->doc->summary->names[charge->culprit]);

		value_string(json, entry, "cause", cause_name(charge->cause));
		value_reason(json, entry, charge->reason);
		value_number(json, entry, "ns", charge->ns);
		value_append(json, charges, entry);
	}
	value_add(json, worst, "culprits", charges);
	value_add(json, object, "worst", worst);
	return object;
}

int json_write(const struct document *doc, FILE *out)
{
	struct value_maker json = { .doc = doc, .out = out, .text = STRBUF_INIT };
	const struct summary *summary = doc->summary;
	int result;

	strbuf_adds(&json.text, "{\n\"schema\": \"rtla-stall/1\"");
	value_write_member(&json, "command", value_new_string(&json, doc->command));
	value_write_member(&json, "version", value_new_string(&json, doc->version));
	value_write_member(&json, "source", new_source(&json));
	value_write_member(&json, "totals", new_totals(&json));
	if (doc->facts)
		value_write_member(&json, "facts", new_facts(&json));
	if (is_live(doc))
		value_write_member(&json, "hits", new_hits(&json));
	result = value_write_rows(&json, "threads", summary->nr_threads, new_thread);
	if (!result)
		result = value_write_rows(&json, "culprits", summary->nr_culprits, new_culprit_row);
	if (!result)
		result = value_write_rows(&json, "stalls", summary->nr_stalls, new_stall_row);
	if (result)
		goto out;
	value_write_member(&json, "stalls_omitted", json_object_new_uint64(summary->stalls_omitted));
	if (doc->timers->nr_cpus)
		result = value_write_rows(&json, "timerlat", doc->timers->nr_cpus, new_timer);
	if (!result && doc->nr_histograms)
		result = hist_json_write(&json, doc->histograms, doc->nr_histograms);
	if (result)
		goto out;
	strbuf_adds(&json.text, "\n}\n");
	result = value_flush(&json);
out:
	strbuf_deinit(&json.text);
	return result;
}

int json_write_stall(const struct document *doc, const struct episode *stall, FILE *out)
{
	struct value_maker json = { .doc = doc, .out = out, .text = STRBUF_INIT };
	int result;

	value_write(&json, json_new_stall(&json, stall));
	strbuf_adds(&json.text, "\n");
	result = value_flush(&json);
	strbuf_deinit(&json.text);
	return result;
}
