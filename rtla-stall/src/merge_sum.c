// SPDX-License-Identifier: GPL-2.0-only
#include "merge_sum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "merge_columns.h"
#include "merge_fields.h"
#include "util/error.h"
#include "util/names.h"
#include "util/strbuf.h"
#include "view/value.h"

#define SCHEMA "rtla-stall/1"

int merge_sum_init(struct merge *merge)
{
	*merge = (struct merge){
		.names = names_create(),
		.culprit_keys = names_create(),
		.sources = json_object_new_array(),
	};
	if (merge->names && merge->culprit_keys && merge->sources)
		return 0;
	merge_sum_deinit(merge);
	return -ENOMEM;
}

void merge_sum_deinit(struct merge *merge)
{
	for (size_t i = 0; i < merge->nr_stalls; i++)
		json_object_put(merge->stalls[i].row);
	free(merge->stalls);
	free(merge->culprits);
	free(merge->threads);
	if (merge->has_columns) {
		columns_deinit(&merge->thread_waits);
		columns_deinit(&merge->cpu_waits);
		columns_deinit(&merge->timerlat);
	}
	json_object_put(merge->sources);
	names_destroy(merge->culprit_keys);
	names_destroy(merge->names);
}

/* Return: 0 and the number of a string, "" included; or a negative errno with words */
static int name_of(struct names *names, const struct merge_place *place, const char *text, uint32_t *ret)
{
	*ret = names_add(names, text, strlen(text));
	if (*text && !*ret)
		return merge_fields_wrong(place, "there are more names than can be kept");
	return 0;
}

static int say_no_memory(const struct merge_place *place)
{
	return error_set(place->err, -ENOMEM, "out of memory");
}

/*
 * ---- threads ----------------------------------------------------------------------------------
 */

/* Makes sure there is a slot of that name. */
static int reserve_thread(struct merge *merge, const struct merge_place *place, uint32_t name)
{
	uint32_t nr = merge->nr_threads ? merge->nr_threads : 64;
	struct merge_thread *threads;

	if (name < merge->nr_threads)
		return 0;
	while (nr <= name)
		nr *= 2;
	threads = reallocarray(merge->threads, nr, sizeof(*threads));
	if (!threads)
		return say_no_memory(place);
	memset(&threads[merge->nr_threads], 0, (nr - merge->nr_threads) * sizeof(*threads));
	merge->threads = threads;
	merge->nr_threads = nr;
	return 0;
}

/* @nr: how many threads the row stands for */
static void count_thread(struct merge_thread *thread, int64_t tid, uint64_t nr)
{
	bool is_one = !thread->is_used && nr == 1 && tid >= 0 && tid <= INT32_MAX;

	thread->is_used = true;
	thread->tid = is_one ? (int32_t)tid : TID_UNKNOWN;
	if (__builtin_add_overflow(thread->nr_threads, nr, &thread->nr_threads))
		thread->nr_threads = UINT64_MAX;
}

static int add_thread(struct merge *merge, const struct merge_place *place, struct json_object *row)
{
	struct merge_thread *thread;
	uint64_t nr, max_ns;
	uint32_t name;
	int code;

	code = name_of(merge->names, place, merge_fields_text(row, "comm"), &name);
	if (!code)
		code = reserve_thread(merge, place, name);
	if (code)
		return code;
	thread = &merge->threads[name];
	if (merge_fields_number(place, row, "threads", &nr) ||
	    merge_fields_add(place, row, "waits", &thread->waits) ||
	    merge_fields_add(place, row, "open", &thread->open) ||
	    merge_fields_add(place, row, "wait_ns", &thread->wait_ns) ||
	    merge_fields_add(place, row, "touched_by_loss", &thread->touched_by_loss) ||
	    merge_fields_number(place, row, "max_ns", &max_ns) ||
	    merge_fields_add_causes(place, row, thread->causes))
		return -EINVAL;
	if (max_ns > thread->max_ns)
		thread->max_ns = max_ns;
	count_thread(thread, merge_fields_signed(row, "tid"), nr ? nr : 1);
	return 0;
}

static int add_histogram(struct merge *merge, const struct merge_place *place, struct json_object *row)
{
	uint32_t name;
	int code;

	code = name_of(merge->names, place, merge_fields_text(row, "comm"), &name);
	if (!code)
		code = reserve_thread(merge, place, name);
	return code ? code : merge_columns_add(merge, place, row, name);
}

/*
 * ---- culprits ---------------------------------------------------------------------------------
 */

static int reserve_culprit(struct merge *merge, const struct merge_place *place)
{
	struct merge_culprit *culprits;

	/* a power of two: full, or none yet */
	if (merge->nr_culprits & (merge->nr_culprits - 1))
		return 0;
	culprits = reallocarray(merge->culprits, merge->nr_culprits ? 2 * (size_t)merge->nr_culprits : 1,
				sizeof(*culprits));
	if (!culprits)
		return say_no_memory(place);
	merge->culprits = culprits;
	return 0;
}

/* Return: 0 and the row of a culprit, new or not; or a negative errno with words */
static int find_culprit(struct merge *merge, const struct merge_place *place, struct json_object *row,
			struct merge_culprit **ret)
{
	struct merge_culprit culprit = { .id = merge_fields_signed(row, "id") };
	struct strbuf key = STRBUF_INIT;
	uint32_t number = 0;
	int code;

	code = name_of(merge->names, place, merge_fields_text(row, "kind"), &culprit.kind);
	if (!code)
		code = name_of(merge->names, place, merge_fields_text(row, "name"), &culprit.name);
	if (!code)
		code = name_of(merge->names, place, merge_fields_text(row, "cause"), &culprit.cause);
	if (!code)
		code = name_of(merge->names, place, merge_fields_text(row, "reason"), &culprit.reason);
	if (code)
		return code;
	strbuf_addf(&key, "%x %x %x %x", culprit.kind, culprit.name, culprit.cause, culprit.reason);
	code = key.has_failed ? say_no_memory(place) :
				name_of(merge->culprit_keys, place, key.text, &number);
	strbuf_deinit(&key);
	if (code)
		return code;
	if (number > merge->nr_culprits) {
		code = reserve_culprit(merge, place);
		if (code)
			return code;
		merge->culprits[merge->nr_culprits++] = culprit;
	}
	*ret = &merge->culprits[number - 1];
	if ((*ret)->id != culprit.id)
		(*ret)->id = -1;
	return 0;
}

static int add_culprit(struct merge *merge, const struct merge_place *place, struct json_object *row)
{
	struct merge_culprit *culprit = NULL;
	uint64_t worst_ns;
	int code;

	code = find_culprit(merge, place, row, &culprit);
	if (code)
		return code;
	if (merge_fields_add(place, row, "ns", &culprit->ns) ||
	    merge_fields_add(place, row, "waits", &culprit->waits) ||
	    merge_fields_number(place, row, "worst_ns", &worst_ns))
		return -EINVAL;
	if (worst_ns > culprit->worst_ns)
		culprit->worst_ns = worst_ns;
	return 0;
}

/*
 * ---- stalls -----------------------------------------------------------------------------------
 */

static int add_stall(struct merge *merge, const struct merge_place *place, struct json_object *row)
{
	struct value_maker maker = { .text = STRBUF_INIT };
	struct merge_stall stall = { .row = row };
	struct json_object *path;

	if (merge_fields_number(place, row, "wait_ns", &stall.wait_ns) ||
	    merge_fields_number(place, row, "began_ns", &stall.began_at))
		return -EINVAL;
	if (!json_object_object_get_ex(row, "path", NULL)) {
		path = value_new_string(&maker, place->path);
		if (!path || json_object_object_add(row, "path", path))
			return say_no_memory(place);
	}
	if (!(merge->nr_stalls & (merge->nr_stalls - 1))) {
		struct merge_stall *stalls = reallocarray(
			merge->stalls, merge->nr_stalls ? 2 * merge->nr_stalls : 1, sizeof(*stalls));

		if (!stalls)
			return say_no_memory(place);
		merge->stalls = stalls;
	}
	json_object_get(row);
	merge->stalls[merge->nr_stalls++] = stall;
	return 0;
}

/*
 * ---- the document -----------------------------------------------------------------------------
 */

typedef int (*add_row)(struct merge *merge, const struct merge_place *place, struct json_object *row);

static int add_rows(struct merge *merge, const struct merge_place *document, struct json_object *root,
		    const char *key, add_row add)
{
	struct json_object *rows = merge_fields_array(root, key);
	struct merge_place place = *document;
	int code = 0;

	if (!rows)
		return merge_fields_wrong(document, "there are no \"%s\"; is it of `hist --json`?", key);
	place.array = key;
	for (place.row = 0; place.row < json_object_array_length(rows) && !code; place.row++) {
		struct json_object *row = json_object_array_get_idx(rows, place.row);

		if (!json_object_is_type(row, json_type_object))
			code = merge_fields_wrong(&place, "is no object");
		else
			code = add(merge, &place, row);
	}
	return code;
}

static int add_totals(struct merge *merge, const struct merge_place *place, struct json_object *root)
{
	struct json_object *totals = merge_fields_object(root, "totals");
	struct json_object *hits = merge_fields_object(root, "hits");

	if (!totals)
		return merge_fields_wrong(place, "there are no \"totals\"");
	if (merge_fields_add(place, totals, "threads", &merge->totals.threads) ||
	    merge_fields_add(place, totals, "ended", &merge->totals.ended) ||
	    merge_fields_add(place, totals, "waits", &merge->totals.waits) ||
	    merge_fields_add(place, totals, "open", &merge->totals.open) ||
	    merge_fields_add(place, totals, "wait_ns", &merge->totals.wait_ns) ||
	    merge_fields_add(place, totals, "touched_by_loss", &merge->totals.touched_by_loss) ||
	    merge_fields_add_causes(place, totals, merge->totals.causes) ||
	    merge_fields_add(place, root, "stalls_omitted", &merge->stalls_omitted))
		return -EINVAL;
	if (hits && (merge_fields_add(place, hits, "count", &merge->hits) ||
		     merge_fields_add(place, hits, "unreported", &merge->hits_unreported)))
		return -EINVAL;
	return 0;
}

/* Adds a reference to a member of one object to another. */
static int share(struct json_object *into, const char *key, struct json_object *from)
{
	struct json_object *value;

	if (!json_object_object_get_ex(from, key, &value))
		return 0;
	return json_object_object_add(into, key, json_object_get(value));
}

/* A run says where it is from; what was merged before says so of each of its runs. */
static int add_sources(struct merge *merge, const struct merge_place *place, struct json_object *root)
{
	struct json_object *sources = merge_fields_array(root, "sources");
	struct value_maker maker = { .text = STRBUF_INIT };
	struct json_object *run;

	for (size_t i = 0; sources && i < json_object_array_length(sources); i++) {
		if (json_object_array_add(merge->sources,
					  json_object_get(json_object_array_get_idx(sources, i))))
			return say_no_memory(place);
	}
	if (sources)
		return 0;
	run = json_object_new_object();
	if (!run || json_object_object_add(run, "path", value_new_string(&maker, place->path)) ||
	    share(run, "version", root) || share(run, "source", root) || share(run, "facts", root) ||
	    share(run, "hits", root) || json_object_array_add(merge->sources, run)) {
		json_object_put(run);
		return say_no_memory(place);
	}
	return 0;
}

static int add_source(struct merge *merge, const struct merge_place *place, struct json_object *root)
{
	struct json_object *source = merge_fields_object(root, "source");
	struct json_object *is_truncated;
	uint64_t first_at, last_at, duration_ns;

	if (!source)
		return merge_fields_wrong(place, "there is no \"source\"");
	if (merge_fields_add(place, source, "events", &merge->events) ||
	    merge_fields_add(place, source, "losses", &merge->losses) ||
	    merge_fields_add(place, source, "lost_events", &merge->lost_events) ||
	    merge_fields_number(place, source, "first_ns", &first_at) ||
	    merge_fields_number(place, source, "last_ns", &last_at) ||
	    merge_fields_number(place, source, "duration_ns", &duration_ns))
		return -EINVAL;
	if (!duration_ns && last_at > first_at)
		duration_ns = last_at - first_at;
	if (__builtin_add_overflow(merge->duration_ns, duration_ns, &merge->duration_ns))
		return merge_fields_wrong(place, "its span of time is too large to be added");
	merge->is_truncated |= json_object_object_get_ex(source, "truncated", &is_truncated) &&
			       json_object_get_boolean(is_truncated);
	return add_sources(merge, place, root);
}

int merge_sum_add(struct merge *merge, struct json_object *root, const char *path, struct error *err)
{
	struct merge_place place = { .path = path, .err = err };
	int code;

	if (!json_object_is_type(root, json_type_object) || !*merge_fields_text(root, "schema"))
		return merge_fields_wrong(&place, "is no document of rtla-stall");
	if (strcmp(merge_fields_text(root, "schema"), SCHEMA))
		return merge_fields_wrong(&place, "its schema is not " SCHEMA);
	code = add_rows(merge, &place, root, "histograms", add_histogram);
	if (!code)
		code = add_source(merge, &place, root);
	if (!code)
		code = add_totals(merge, &place, root);
	if (!code)
		code = add_rows(merge, &place, root, "threads", add_thread);
	if (!code)
		code = add_rows(merge, &place, root, "culprits", add_culprit);
	if (!code)
		code = add_rows(merge, &place, root, "stalls", add_stall);
	return code;
}

static int by_length(const void *a, const void *b)
{
	const struct merge_stall *left = a, *right = b;

	if (left->wait_ns != right->wait_ns)
		return left->wait_ns > right->wait_ns ? -1 : 1;
	return left->began_at < right->began_at ? -1 : left->began_at > right->began_at;
}

static int by_ns(const void *a, const void *b)
{
	const struct merge_culprit *left = a, *right = b;

	if (left->ns != right->ns)
		return left->ns > right->ns ? -1 : 1;
	return left->waits > right->waits ? -1 : left->waits < right->waits;
}

void merge_sum_finish(struct merge *merge)
{
	if (merge->nr_stalls)
		qsort(merge->stalls, merge->nr_stalls, sizeof(*merge->stalls), by_length);
	if (merge->nr_culprits)
		qsort(merge->culprits, merge->nr_culprits, sizeof(*merge->culprits), by_ns);
	for (uint32_t i = 0; i < merge->nr_threads; i++) {
		struct merge_thread *thread = &merge->threads[i];

		if (thread->tid == TID_UNKNOWN)
			snprintf(thread->note, sizeof(thread->note), "%llu threads",
				 (unsigned long long)thread->nr_threads);
	}
}
