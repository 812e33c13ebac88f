// SPDX-License-Identifier: GPL-2.0-only
#include "merge_columns.h"

#include <errno.h>
#include <string.h>

#include "engine/engine.h"
#include "util/error.h"

/* What a row says of itself, and what its buckets say. */
struct claim {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t min_ns;
	uint64_t max_ns;
};

static int say_code(const struct merge_place *place, int code)
{
	if (code == -ENOMEM)
		return error_set(place->err, code, "out of memory");
	if (code == -EOVERFLOW)
		return merge_fields_wrong(place, "its counts are too large to be added");
	return merge_fields_wrong(place, "there is no such bucket in \"log\"");
}

/* The buckets all rows have to have are those of the first. */
static int check_buckets(struct merge *merge, const struct merge_place *place, struct json_object *linear)
{
	uint64_t bucket_ns, entries;

	if (merge_fields_number(place, linear, "bucket_ns", &bucket_ns) ||
	    merge_fields_number(place, linear, "entries", &entries))
		return -EINVAL;
	if (!bucket_ns || bucket_ns > UINT64_MAX / COLUMNS_MAX_ENTRIES || !entries ||
	    entries > COLUMNS_MAX_ENTRIES)
		return merge_fields_wrong(place,
					  "\"linear\" has no usable \"bucket_ns\" and \"entries\"");
	if (!merge->has_columns) {
		columns_init(&merge->timerlat, COLUMNS_OF_CPUS, bucket_ns, (uint32_t)entries);
		columns_init(&merge->cpu_waits, COLUMNS_OF_CPUS, bucket_ns, (uint32_t)entries);
		columns_init(&merge->thread_waits, COLUMNS_OF_THREADS, bucket_ns, (uint32_t)entries);
		merge->has_columns = true;
	}
	if (bucket_ns != merge->timerlat.bucket_ns)
		return merge_fields_wrong(place,
					  "its buckets are %llu ns wide, those before %llu ns (-b)",
					  (unsigned long long)bucket_ns,
					  (unsigned long long)merge->timerlat.bucket_ns);
	if (entries != merge->timerlat.nr_entries)
		return merge_fields_wrong(place, "it has %llu buckets, those before %u (-E)",
					  (unsigned long long)entries, merge->timerlat.nr_entries);
	return 0;
}

static int add_linear(const struct columns *columns, struct columns_hist *hist,
		      const struct merge_place *place, struct json_object *linear, uint64_t *total)
{
	struct json_object *counts = merge_fields_array(linear, "counts");
	uint64_t over, count;
	int code;

	if (!counts || json_object_array_length(counts) > columns->nr_entries)
		return merge_fields_wrong(place, "\"counts\" is no array of as many buckets as it has");
	if (merge_fields_number(place, linear, "over", &over))
		return -EINVAL;
	*total = over;
	if (__builtin_add_overflow(hist->over, over, &hist->over))
		return say_code(place, -EOVERFLOW);
	for (size_t i = 0; i < json_object_array_length(counts); i++) {
		if (merge_fields_value(place, json_object_array_get_idx(counts, i), "counts", &count))
			return -EINVAL;
		if (!count)
			continue;
		code = columns_add_count(columns, hist, (uint32_t)i, count);
		if (!code && __builtin_add_overflow(*total, count, total))
			code = -EOVERFLOW;
		if (code)
			return say_code(place, code);
	}
	return 0;
}

/* @range: its min_ns and max_ns are set to the least and the greatest that the buckets allow */
static int add_log(struct columns_hist *hist, const struct merge_place *place, struct json_object *log,
		   struct claim *range)
{
	*range = (struct claim){ .min_ns = UINT64_MAX };
	for (size_t i = 0; i < json_object_array_length(log); i++) {
		struct json_object *bucket = json_object_array_get_idx(log, i);
		uint64_t numbers[3];
		int code;

		if (!json_object_is_type(bucket, json_type_array) ||
		    json_object_array_length(bucket) != 3)
			return merge_fields_wrong(place, "a bucket of \"log\" has not three numbers");
		for (size_t k = 0; k < 3; k++) {
			if (merge_fields_value(place, json_object_array_get_idx(bucket, k), "log",
					       &numbers[k]))
				return -EINVAL;
		}
		code = hist_add_bucket(&hist->log, numbers[0], numbers[1], numbers[2]);
		if (code)
			return say_code(place, code);
		if (!numbers[2])
			continue;
		if (numbers[0] < range->min_ns)
			range->min_ns = numbers[0];
		if (numbers[1] > range->max_ns)
			range->max_ns = numbers[1];
		range->count += numbers[2];
	}
	return 0;
}

static int read_claim(const struct merge_place *place, struct json_object *row, struct claim *claim)
{
	if (merge_fields_number(place, row, "count", &claim->count) ||
	    merge_fields_number(place, row, "sum_ns", &claim->sum_ns) ||
	    merge_fields_number(place, row, "min_ns", &claim->min_ns) ||
	    merge_fields_number(place, row, "max_ns", &claim->max_ns))
		return -EINVAL;
	return 0;
}

/* @total: of the linear buckets; @range: of the others */
static int check_claim(const struct merge_place *place, const struct claim *claim, uint64_t total,
		       const struct claim *range)
{
	if (claim->count != total || claim->count != range->count)
		return merge_fields_wrong(place, "\"count\" is not the sum of its buckets");
	if (!claim->count && !claim->sum_ns)
		return 0;
	if (claim->min_ns < range->min_ns || claim->max_ns > range->max_ns ||
	    claim->min_ns > claim->max_ns ||
	    claim->sum_ns < (unsigned __int128)claim->count * claim->min_ns ||
	    claim->sum_ns > (unsigned __int128)claim->count * claim->max_ns)
		return merge_fields_wrong(place, "minimum, sum and maximum do not fit its buckets");
	return 0;
}

static int add_samples(const struct columns *columns, struct columns_hist *hist,
		       const struct merge_place *place, struct json_object *row)
{
	struct json_object *log = merge_fields_array(row, "log");
	bool was_empty = !hist->log.count;
	struct claim claim, range;
	uint64_t total = 0;
	int code;

	if (!log)
		return merge_fields_wrong(place, "there is no \"log\"");
	code = read_claim(place, row, &claim);
	if (!code)
		code = add_linear(columns, hist, place, merge_fields_object(row, "linear"), &total);
	if (!code)
		code = add_log(hist, place, log, &range);
	if (!code)
		code = check_claim(place, &claim, total, &range);
	if (code || !claim.count)
		return code;
	if (__builtin_add_overflow(hist->log.sum_ns, claim.sum_ns, &hist->log.sum_ns))
		return say_code(place, -EOVERFLOW);
	if (was_empty || claim.min_ns < hist->log.min_ns)
		hist->log.min_ns = claim.min_ns;
	if (claim.max_ns > hist->log.max_ns)
		hist->log.max_ns = claim.max_ns;
	return 0;
}

static bool find_what(const char *name, enum columns_what *ret)
{
	for (unsigned int what = 0; what < COLUMNS_NR; what++) {
		if (!strcmp(name, columns_what_name((enum columns_what)what))) {
			*ret = (enum columns_what)what;
			return true;
		}
	}
	return false;
}

static int add_waits(const struct merge_place *place, struct json_object *row,
		     struct columns_column *column)
{
	uint64_t open_max_ns;

	if (merge_fields_add(place, row, "open", &column->open) ||
	    merge_fields_add(place, row, "touched_by_loss", &column->touched_by_loss) ||
	    merge_fields_number(place, row, "open_max_ns", &open_max_ns))
		return -EINVAL;
	if (open_max_ns > column->open_max_ns)
		column->open_max_ns = open_max_ns;
	return 0;
}

int merge_columns_add(struct merge *merge, const struct merge_place *place, struct json_object *row,
		      uint32_t thread)
{
	struct json_object *linear = merge_fields_object(row, "linear");
	bool has_cpu = json_object_object_get_ex(row, "cpu", NULL);
	struct columns *columns = &merge->thread_waits;
	struct columns_column *column;
	struct columns_hist *hist;
	enum columns_what what;
	uint64_t id = thread;

	if (!find_what(merge_fields_text(row, "what"), &what))
		return merge_fields_wrong(place, "\"what\" is none of irq, thread, user, wait");
	if (!linear)
		return merge_fields_wrong(place, "there is no \"linear\"");
	if (check_buckets(merge, place, linear))
		return -EINVAL;
	if (has_cpu) {
		columns = what == COLUMNS_WAIT ? &merge->cpu_waits : &merge->timerlat;
		if (merge_fields_number(place, row, "cpu", &id))
			return -EINVAL;
		if (id >= ENGINE_MAX_CPUS)
			return merge_fields_wrong(place, "there is no such CPU");
	} else if (what != COLUMNS_WAIT) {
		return merge_fields_wrong(place, "a timer has no \"cpu\"");
	}
	column = columns_column(columns, (uint32_t)id);
	hist = column ? columns_hist(column, what) : NULL;
	if (!hist)
		return say_code(place, -ENOMEM);
	if (what == COLUMNS_WAIT && add_waits(place, row, column))
		return -EINVAL;
	return add_samples(columns, hist, place, row);
}
