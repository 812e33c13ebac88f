// SPDX-License-Identifier: GPL-2.0-only
#include "merge_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/names.h"
#include "view/hist_json.h"
#include "view/value.h"

static const struct merge *merge_of(const struct value_maker *json)
{
	return json->arg;
}

static struct json_object *new_source(struct value_maker *json)
{
	const struct merge *merge = merge_of(json);
	struct json_object *object = value_object(json);

	value_string(json, object, "path", "");
	value_string(json, object, "format", "merged");
	value_number(json, object, "events", merge->events);
	value_number(json, object, "losses", merge->losses);
	value_number(json, object, "lost_events", merge->lost_events);
	value_bool(json, object, "truncated", merge->is_truncated);
	value_number(json, object, "duration_ns", merge->duration_ns);
	return object;
}

static struct json_object *new_totals(struct value_maker *json)
{
	const struct merge *merge = merge_of(json);
	struct json_object *object = value_object(json);

	value_number(json, object, "threads", merge->totals.threads);
	value_number(json, object, "ended", merge->totals.ended);
	value_number(json, object, "waits", merge->totals.waits);
	value_number(json, object, "open", merge->totals.open);
	value_number(json, object, "wait_ns", merge->totals.wait_ns);
	value_causes(json, object, "causes", merge->totals.causes);
	value_number(json, object, "touched_by_loss", merge->totals.touched_by_loss);
	return object;
}

static struct json_object *new_hits(struct value_maker *json)
{
	struct json_object *object = value_object(json);

	value_number(json, object, "count", merge_of(json)->hits);
	value_number(json, object, "unreported", merge_of(json)->hits_unreported);
	return object;
}

static struct json_object *new_run(struct value_maker *json, size_t row)
{
	return json_object_get(json_object_array_get_idx(merge_of(json)->sources, row));
}

/* What is known of the lengths of single waits comes from the histogram of that name. */
static void add_lengths(struct value_maker *json, struct json_object *object,
			const struct columns_hist *hist)
{
	const struct hist *log = &hist->log;

	value_number(json, object, "min_ns", log->min_ns);
	value_number(json, object, "avg_ns", log->count ? log->sum_ns / log->count : 0);
	value_number(json, object, "p50_ns", hist_per_mille(log, 500));
	value_number(json, object, "p99_ns", hist_per_mille(log, 990));
	value_number(json, object, "p999_ns", hist_per_mille(log, 999));
}

static struct json_object *new_thread(struct value_maker *json, uint32_t name)
{
	const struct merge *merge = merge_of(json);
	const struct merge_thread *thread = &merge->threads[name];
	const struct columns_column *column = columns_find(&merge->thread_waits, name);
	struct json_object *object = value_object(json);

	value_signed(json, object, "tid", thread->tid);
	value_string(json, object, "comm", names_get(merge->names, name));
	value_number(json, object, "threads", thread->nr_threads);
	value_number(json, object, "waits", thread->waits);
	value_number(json, object, "open", thread->open);
	value_number(json, object, "wait_ns", thread->wait_ns);
	value_number(json, object, "max_ns", thread->max_ns);
	if (column && column->hists[COLUMNS_WAIT])
		add_lengths(json, object, column->hists[COLUMNS_WAIT]);
	value_causes(json, object, "causes", thread->causes);
	value_number(json, object, "touched_by_loss", thread->touched_by_loss);
	return object;
}

static int by_wait(const void *a, const void *b, void *arg)
{
	const struct merge *merge = arg;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	uint64_t left_ns = merge->threads[left].wait_ns, right_ns = merge->threads[right].wait_ns;

	if (left_ns != right_ns)
		return left_ns > right_ns ? -1 : 1;
	return strcmp(names_get(merge->names, left), names_get(merge->names, right));
}

static int write_threads(struct value_maker *json)
{
	const struct merge *merge = merge_of(json);
	uint32_t *names = calloc(merge->nr_threads + 1u, sizeof(*names));
	uint32_t nr = 0;
	int result = 0;

	if (!names)
		return -ENOMEM;
	for (uint32_t name = 0; name < merge->nr_threads; name++) {
		if (merge->threads[name].is_used)
			names[nr++] = name;
	}
	qsort_r(names, nr, sizeof(*names), by_wait, (void *)merge);
	strbuf_adds(&json->text, ",\n\"threads\": [");
	for (uint32_t i = 0; i < nr && !result; i++) {
		strbuf_adds(&json->text, i ? ",\n  " : "\n  ");
		value_write(json, new_thread(json, names[i]));
		result = value_flush(json);
	}
	strbuf_adds(&json->text, nr ? "\n]" : "]");
	free(names);
	return result;
}

static struct json_object *new_culprit(struct value_maker *json, size_t row)
{
	const struct merge *merge = merge_of(json);
	const struct merge_culprit *culprit = &merge->culprits[row];
	struct json_object *object = value_object(json);

	value_string(json, object, "kind", names_get(merge->names, culprit->kind));
	value_string(json, object, "name", names_get(merge->names, culprit->name));
	value_signed(json, object, "id", culprit->id);
	value_string(json, object, "cause", names_get(merge->names, culprit->cause));
	if (culprit->reason)
		value_string(json, object, "reason", names_get(merge->names, culprit->reason));
	else
		value_null(json, object, "reason");
	value_number(json, object, "ns", culprit->ns);
	value_number(json, object, "waits", culprit->waits);
	value_number(json, object, "worst_ns", culprit->worst_ns);
	return object;
}

static struct json_object *new_stall(struct value_maker *json, size_t row)
{
	return json_object_get(merge_of(json)->stalls[row].row);
}

int merge_json_write(const struct merge *merge, const struct hist_rows *histograms,
		     uint32_t nr_histograms, FILE *out)
{
	struct value_maker json = { .out = out, .text = STRBUF_INIT, .arg = merge };
	int result;

	strbuf_adds(&json.text, "{\n\"schema\": \"rtla-stall/1\"");
	value_write_member(&json, "command", value_new_string(&json, "hist merge"));
	value_write_member(&json, "version", value_new_string(&json, RTLA_STALL_VERSION));
	value_write_member(&json, "source", new_source(&json));
	result = value_write_rows(&json, "sources", json_object_array_length(merge->sources), new_run);
	if (result)
		goto out;
	value_write_member(&json, "totals", new_totals(&json));
	value_write_member(&json, "hits", new_hits(&json));
	result = write_threads(&json);
	if (!result)
		result = value_write_rows(&json, "culprits", merge->nr_culprits, new_culprit);
	if (!result)
		result = value_write_rows(&json, "stalls", merge->nr_stalls, new_stall);
	if (result)
		goto out;
	value_write_member(&json, "stalls_omitted", json_object_new_uint64(merge->stalls_omitted));
	result = hist_json_write(&json, histograms, nr_histograms);
	strbuf_adds(&json.text, "\n}\n");
	if (!result)
		result = value_flush(&json);
out:
	strbuf_deinit(&json.text);
	return result;
}
