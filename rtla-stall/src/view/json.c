// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"

#include <errno.h>
#include <string.h>

#include <json.h>

#include "../stats/summary.h"
#include "../stats/timers.h"
#include "../util/names.h"
#include "../util/strbuf.h"
#include "format.h"

#define FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/*
 * One document on its way out. Objects that could not be made are NULL, which json-c would write as
 * null; so running out of memory is remembered, and nothing is written any more.
 */
struct json_writer {
	const struct document *doc;
	FILE *out;
	struct strbuf text;
	bool has_failed;
};

static struct json_object *new_object(struct json_writer *json)
{
	struct json_object *object = json_object_new_object();

	json->has_failed |= !object;
	return object;
}

static void add(struct json_writer *json, struct json_object *object, const char *key,
		struct json_object *value)
{
	if (!value || json->has_failed || json_object_object_add(object, key, value)) {
		json->has_failed = true;
		json_object_put(value);
	}
}

static void add_number(struct json_writer *json, struct json_object *object, const char *key,
		       uint64_t number)
{
	add(json, object, key, json_object_new_uint64(number));
}

static void add_signed(struct json_writer *json, struct json_object *object, const char *key,
		       int64_t number)
{
	add(json, object, key, json_object_new_int64(number));
}

static void add_bool(struct json_writer *json, struct json_object *object, const char *key, bool is_so)
{
	add(json, object, key, json_object_new_boolean(is_so));
}

static void add_null(struct json_writer *json, struct json_object *object, const char *key)
{
	if (!json->has_failed && json_object_object_add(object, key, NULL))
		json->has_failed = true;
}

static struct json_object *new_string(struct json_writer *json, const char *text)
{
	struct strbuf clean = STRBUF_INIT;
	struct json_object *string;

	while (*text) {
		size_t length = format_utf8_length(text, NULL);

		if (length)
			strbuf_add(&clean, text, length);
		else
			strbuf_adds(&clean, "\xef\xbf\xbd");	/* U+FFFD */
		text += length ? length : 1;
	}
	string = json_object_new_string(clean.text);
	json->has_failed |= clean.has_failed || !string;
	strbuf_deinit(&clean);
	return string;
}

static void add_string(struct json_writer *json, struct json_object *object, const char *key,
		       const char *text)
{
	add(json, object, key, new_string(json, text));
}

static void add_prio(struct json_writer *json, struct json_object *object, int32_t prio)
{
	if (prio == PRIO_UNKNOWN)
		add_null(json, object, "prio");
	else
		add_signed(json, object, "prio", prio);
}

static void add_causes(struct json_writer *json, struct json_object *object, const char *key,
		       const uint64_t causes[CAUSE_NR])
{
	static const char *const keys[CAUSE_NR] = {
		[CAUSE_INTERFERENCE] = "interference_ns",
		[CAUSE_BLOCKING] = "blocking_ns",
		[CAUSE_RELEASE_JITTER] = "release_jitter_ns",
		[CAUSE_EXECUTION] = "execution_ns",
		[CAUSE_UNATTRIBUTED] = "unattributed_ns",
	};
	struct json_object *values = new_object(json);

	for (int i = 0; i < CAUSE_NR; i++)
		add_number(json, values, keys[i], causes[i]);
	add(json, object, key, values);
}

static void add_kthread(struct json_writer *json, struct json_object *object,
			enum tristate is_kthread)
{
	if (is_kthread == TRI_UNKNOWN)
		add_null(json, object, "kthread");
	else
		add_bool(json, object, "kthread", is_kthread == TRI_YES);
}

static void add_reason(struct json_writer *json, struct json_object *object, uint8_t reason)
{
	const char *name = reason_name(reason);

	if (name)
		add_string(json, object, "reason", name);
	else
		add_null(json, object, "reason");
}

/* The K of the schema. */
static struct json_object *new_culprit(struct json_writer *json, const struct culprit *culprit)
{
	struct json_object *object = new_object(json);

	add_string(json, object, "kind", culprit_kind_name(culprit->kind));
	add_string(json, object, "name", culprit->name);
	add_signed(json, object, "id", culprit->id);
	return object;
}

static void add_culprit(struct json_writer *json, struct json_object *object, const char *key,
			uint32_t culprit)
{
	if (culprit == CULPRIT_NONE)
		add_null(json, object, key);
	else
		add(json, object, key, new_culprit(json, &json->doc->summary->names[culprit]));
}

/* ---- text ------------------------------------------------------------------------------------- */

/*
 * json-c escapes the control characters of ASCII. DEL and those of U+0080..U+009F may stand in JSON as
 * they are, but some terminals obey them. Outside strings there are none.
 */
static void append_escaped(struct strbuf *text, const char *serialised)
{
	const char *plain = serialised;

	for (const char *at = serialised; *at; at++) {
		unsigned char byte = (unsigned char)at[0], next = (unsigned char)at[1];
		bool is_beyond_ascii = byte == 0xc2 && next >= 0x80 && next < 0xa0;

		if (byte != 0x7f && !is_beyond_ascii)
			continue;
		strbuf_add(text, plain, (size_t)(at - plain));
		strbuf_addf(text, "\\u00%02x", is_beyond_ascii ? next : byte);
		at += is_beyond_ascii;
		plain = at + 1;
	}
	strbuf_adds(text, plain);
}

/* Takes @object over. */
static void append(struct json_writer *json, struct json_object *object)
{
	const char *serialised = NULL;

	if (object && !json->has_failed)
		serialised = json_object_to_json_string_ext(object, FLAGS);
	if (serialised)
		append_escaped(&json->text, serialised);
	else
		json->has_failed = true;
	json_object_put(object);
}

static int flush(struct json_writer *json)
{
	if (json->has_failed || json->text.has_failed)
		return -ENOMEM;
	errno = 0;
	if (fwrite(json->text.text, 1, json->text.length, json->out) != json->text.length)
		return errno ? -errno : -EIO;
	strbuf_reset(&json->text);
	return 0;
}

/* A member of the document that is an array, a row at a time. */
static int write_rows(struct json_writer *json, const char *key, size_t nr,
		      struct json_object *(*new_row)(struct json_writer *json, size_t row))
{
	int result;

	strbuf_addf(&json->text, ",\n\"%s\": [", key);
	for (size_t row = 0; row < nr; row++) {
		strbuf_adds(&json->text, row ? ",\n  " : "\n  ");
		append(json, new_row(json, row));
		result = flush(json);
		if (result)
			return result;
	}
	strbuf_adds(&json->text, nr ? "\n]" : "]");
	return 0;
}

static void write_member(struct json_writer *json, const char *key, struct json_object *value)
{
	strbuf_addf(&json->text, ",\n\"%s\": ", key);
	append(json, value);
}

/* ---- source and totals ------------------------------------------------------------------------ */

static struct json_object *new_source(struct json_writer *json)
{
	const struct document *doc = json->doc;
	const struct source_info *source = doc->source;
	struct json_object *object = new_object(json);
	struct json_object *missing = json_object_new_array();
	struct json_object *anomalies = new_object(json);

	add_string(json, object, "path", doc->path);
	add_string(json, object, "format", source_format_name(source->format));
	add_string(json, object, "kernel", source->kernel);
	add_string(json, object, "clock", source->clock);
	add_number(json, object, "cpus", source->nr_cpus);
	add_number(json, object, "first_ns", source->first_at);
	add_number(json, object, "last_ns", doc->last_at);
	add_number(json, object, "events", source->nr_events);
	add_number(json, object, "losses", source->nr_losses);
	add_number(json, object, "lost_events", source->lost_events);
	add_bool(json, object, "truncated", source->is_truncated);
	if (source->is_truncated)
		add_string(json, object, "truncated_why", source->truncated_why);
	if (doc->was_interrupted)
		add_bool(json, object, "interrupted", true);
	if (doc->is_preempt_rt == TRI_UNKNOWN)
		add_null(json, object, "preempt_rt");
	else
		add_bool(json, object, "preempt_rt", doc->is_preempt_rt == TRI_YES);
	for (uint32_t i = 0; missing && i < doc->nr_missing; i++) {
		struct json_object *name = new_string(json, doc->missing[i].name);

		if (json_object_array_add(missing, name)) {
			json->has_failed = true;
			json_object_put(name);
		}
	}
	add(json, object, "missing_events", missing);
	for (uint32_t i = 0; i < doc->nr_anomalies; i++)
		add_number(json, anomalies, doc->anomalies[i].name, doc->anomalies[i].count);
	add(json, object, "anomalies", anomalies);
	return object;
}

static struct json_object *new_totals(struct json_writer *json)
{
	const struct summary *summary = json->doc->summary;
	struct json_object *object = new_object(json);

	add_number(json, object, "threads", summary->totals.threads);
	add_number(json, object, "waits", summary->totals.waits);
	add_number(json, object, "open", summary->totals.open);
	add_number(json, object, "wait_ns", summary->totals.wait_ns);
	add_causes(json, object, "causes", summary->totals.causes);
	add_number(json, object, "touched_by_loss", summary->totals.touched_by_loss);
	return object;
}

/* ---- rows ------------------------------------------------------------------------------------- */

static void add_response(struct json_writer *json, struct json_object *object,
			 const struct engine_task *task)
{
	struct json_object *response = new_object(json);
	struct json_object *suspension = new_object(json);

	add_number(json, response, "max_ns", task->response.max_ns);
	add_number(json, response, "release_jitter_ns", task->response.release_jitter_ns);
	add_number(json, response, "waits_ns", task->response.waits_ns);
	add_number(json, response, "execution_ns", task->response.execution_ns);
	add_number(json, response, "on_top_ns", task->response.on_top_ns);
	add_number(json, response, "suspension_ns", task->response.suspension_ns);
	add(json, object, "response", response);
	add_number(json, suspension, "count", task->suspension.count);
	add_number(json, suspension, "ns", task->suspension.ns);
	add_number(json, suspension, "lock_ns", task->suspension.lock_ns);
	add_number(json, suspension, "flush_ns", task->suspension.flush_ns);
	add_number(json, suspension, "other_ns", task->suspension.other_ns);
	add(json, object, "suspension", suspension);
}

static struct json_object *new_thread(struct json_writer *json, size_t row)
{
	const struct summary_thread *thread = &json->doc->summary->threads[row];
	const struct engine_task *task = &thread->task;
	struct json_object *object = new_object(json);

	add_signed(json, object, "tid", task->tid);
	add_string(json, object, "comm", task->comm);
	add_kthread(json, object, task->kthread);
	add_number(json, object, "waits", thread->waits);
	add_number(json, object, "open", thread->open);
	add_number(json, object, "wait_ns", thread->wait_ns);
	add_number(json, object, "min_ns", thread->min_ns);
	add_number(json, object, "avg_ns", thread->avg_ns);
	add_number(json, object, "max_ns", thread->max_ns);
	add_number(json, object, "p50_ns", thread->p50_ns);
	add_number(json, object, "p99_ns", thread->p99_ns);
	add_number(json, object, "p999_ns", thread->p999_ns);
	add_causes(json, object, "causes", thread->causes);
	add_number(json, object, "run_ns", task->run_ns);
	add_number(json, object, "before_trace_ns", task->before_trace_ns);
	add_number(json, object, "touched_by_loss", thread->touched_by_loss);
	add_number(json, object, "activations", task->nr_activations);
	add_response(json, object, task);
	return object;
}

static struct json_object *new_culprit_row(struct json_writer *json, size_t row)
{
	const struct summary_culprit *culprit = &json->doc->summary->culprits[row];
	struct json_object *object = new_culprit(json, &culprit->who);

	add_string(json, object, "cause", cause_name(culprit->cause));
	add_reason(json, object, culprit->reason);
	add_number(json, object, "ns", culprit->ns);
	add_number(json, object, "waits", culprit->waits);
	add_number(json, object, "worst_ns", culprit->worst_ns);
	return object;
}

static struct json_object *new_segment(struct json_writer *json, const struct segment *segment)
{
	struct json_object *object = new_object(json);
	struct json_object *culprit = new_culprit(json,
						  &json->doc->summary->names[segment->culprit]);

	add_number(json, object, "cpu", segment->cpu);
	add_number(json, object, "from_ns", segment->from_at);
	add_number(json, object, "to_ns", segment->to_at);
	add_string(json, object, "cause", cause_name(segment->cause));
	add_reason(json, object, segment->reason);
	add_bool(json, object, "inferred", segment->inferred);
	add_prio(json, culprit, segment->culprit_prio);
	add(json, object, "culprit", culprit);
	if (segment->on_behalf_of != CULPRIT_NONE)
		add_culprit(json, object, "on_behalf_of", segment->on_behalf_of);
	return object;
}

static void append_to(struct json_writer *json, struct json_object *array, struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value)) {
		json->has_failed = true;
		json_object_put(value);
	}
}

static void add_stacks(struct json_writer *json, struct json_object *object,
		       const struct episode *stall)
{
	struct json_object *stacks = json_object_new_array();

	for (uint32_t i = 0; i < stall->nr_stacks; i++) {
		const struct episode_stack *stack = &stall->stacks[i];
		struct json_object *entry = new_object(json);
		struct json_object *frames = json_object_new_array();

		for (uint32_t k = 0; k < stack->nr_frames && k < STACK_MAX; k++)
			append_to(json, frames,
				  new_string(json, names_get(json->doc->names, stack->frames[k])));
		add_culprit(json, entry, "of", stack->of);
		add_string(json, entry, "kind", "kernel");
		add_number(json, entry, "at_ns", stack->at);
		add(json, entry, "frames", frames);
		append_to(json, stacks, entry);
	}
	add(json, object, "stacks", stacks);
}

static void add_work(struct json_writer *json, struct json_object *object,
		     const struct episode *stall)
{
	struct json_object *work;

	if (!stall->work_function && stall->work_queued_by == CULPRIT_NONE) {
		add_null(json, object, "work");
		return;
	}
	work = new_object(json);
	add_string(json, work, "function", names_get(json->doc->names, stall->work_function));
	add_culprit(json, work, "queued_by",
		    stall->work_queued_by == CULPRIT_NONE ? 0 : stall->work_queued_by);
	add_bool(json, work, "inferred", stall->work_inferred);
	add(json, object, "work", work);
}

static struct json_object *new_stall(struct json_writer *json, size_t row)
{
	const struct episode *stall = json->doc->summary->stalls[row];
	const struct engine_task *task = &json->doc->summary->tasks[stall->task];
	bool is_open = stall->flags & EPISODE_STILL_OPEN;
	struct json_object *object = new_object(json);
	struct json_object *segments = json_object_new_array();

	add_signed(json, object, "tid", stall->tid);
	add_string(json, object, "comm", task->comm);
	add_kthread(json, object, task->kthread);
	add_prio(json, object, stall->prio);
	add_number(json, object, "cpu", stall->cpu);
	add_number(json, object, "began_ns", stall->began_at);
	if (is_open)
		add_null(json, object, "ended_ns");
	else
		add_number(json, object, "ended_ns", stall->ended_at);
	add_bool(json, object, "open", is_open);
	add_number(json, object, "wait_ns", stall->ended_at - stall->began_at);
	add_string(json, object, "began_by", stall->began_by == EPISODE_BEGAN_BY_WAKING ?
		   "waking" : "preemption");
	add_causes(json, object, "causes", stall->causes);
	add_culprit(json, object, "waker", stall->waker);
	add_work(json, object, stall);
	add_bool(json, object, "touched_by_loss", stall->flags & EPISODE_TOUCHED_BY_LOSS);
	for (uint32_t i = 0; i < stall->nr_segments; i++)
		append_to(json, segments, new_segment(json, &stall->segments[i]));
	add(json, object, "segments", segments);
	add_number(json, object, "segments_folded", stall->nr_folded);
	add_stacks(json, object, stall);
	return object;
}

static void add_samples(struct json_writer *json, struct json_object *object, const char *key,
			const struct timers_samples *samples)
{
	struct json_object *values = new_object(json);

	add_number(json, values, "count", samples->count);
	add_number(json, values, "min_ns", samples->min_ns);
	add_number(json, values, "avg_ns", samples->count ? samples->sum_ns / samples->count : 0);
	add_number(json, values, "max_ns", samples->max_ns);
	add(json, object, key, values);
}

static struct json_object *new_timer(struct json_writer *json, size_t row)
{
	const struct timers_cpu *cpu = json->doc->timers->cpus[row];
	const struct timerlat_activation *activation = &cpu->worst;
	struct json_object *object = new_object(json);
	struct json_object *worst = new_object(json);
	struct json_object *charges = json_object_new_array();

	add_number(json, object, "cpu", cpu->cpu);
	add_number(json, object, "count", cpu->activations);
	add_samples(json, object, "irq", &cpu->irq);
	add_samples(json, object, "thread", &cpu->thread);
	if (cpu->user.count)
		add_samples(json, object, "user", &cpu->user);
	add_number(json, worst, "seqnum", activation->seqnum);
	if (activation->has_irq) {
		add_number(json, worst, "arrival_ns", activation->arrival_at);
		add_number(json, worst, "irq_latency_ns", activation->irq_latency_ns);
		add_causes(json, worst, "before_waking", activation->before_waking);
	}
	if (activation->has_thread)
		add_number(json, worst, "thread_latency_ns", activation->thread_latency_ns);
	for (uint32_t i = 0; i < activation->nr_charges; i++) {
		const struct charge *charge = &activation->charges[i];
		struct json_object *entry =
			new_culprit(json, &json->doc->summary->names[charge->culprit]);

		add_string(json, entry, "cause", cause_name(charge->cause));
		add_reason(json, entry, charge->reason);
		add_number(json, entry, "ns", charge->ns);
		append_to(json, charges, entry);
	}
	add(json, worst, "culprits", charges);
	add(json, object, "worst", worst);
	return object;
}

int json_write(const struct document *doc, FILE *out)
{
	struct json_writer json = { .doc = doc, .out = out, .text = STRBUF_INIT };
	const struct summary *summary = doc->summary;
	int result;

	strbuf_adds(&json.text, "{\n\"schema\": \"rtla-stall/1\"");
	write_member(&json, "command", new_string(&json, doc->command));
	write_member(&json, "version", new_string(&json, doc->version));
	write_member(&json, "source", new_source(&json));
	write_member(&json, "totals", new_totals(&json));
	result = write_rows(&json, "threads", summary->nr_threads, new_thread);
	if (!result)
		result = write_rows(&json, "culprits", summary->nr_culprits, new_culprit_row);
	if (!result)
		result = write_rows(&json, "stalls", summary->nr_stalls, new_stall);
	if (result)
		goto out;
	write_member(&json, "stalls_omitted", json_object_new_uint64(summary->stalls_omitted));
	if (doc->timers->nr_cpus)
		result = write_rows(&json, "timerlat", doc->timers->nr_cpus, new_timer);
	if (result)
		goto out;
	strbuf_adds(&json.text, "\n}\n");
	result = flush(&json);
out:
	strbuf_deinit(&json.text);
	return result;
}
