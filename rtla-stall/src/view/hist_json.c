// SPDX-License-Identifier: GPL-2.0-only
#include "hist_json.h"

#include <assert.h>
#include <inttypes.h>

#define COUNTS_PER_FLUSH 8192u

static const struct columns_hist no_samples;

static struct json_object *new_log(struct value_maker *json, const struct hist *log)
{
	struct json_object *buckets = json_object_new_array();
	uint64_t from_ns, to_ns, count, total = 0;
	uint32_t position = 0;

	while ((count = hist_bucket(log, &position, &from_ns, &to_ns))) {
		struct json_object *bucket = json_object_new_array();

		value_append(json, bucket, json_object_new_uint64(from_ns));
		value_append(json, bucket, json_object_new_uint64(to_ns));
		value_append(json, bucket, json_object_new_uint64(count));
		value_append(json, buckets, bucket);
		total += count;
	}
	assert(total == log->count);
	return buckets;
}

/* All of the row but its linear part. */
static struct json_object *new_head(struct value_maker *json, const struct hist_rows *rows, uint32_t row,
				    enum columns_what what, const struct columns_hist *hist)
{
	const struct columns_column *column = hist_rows_column(rows, row);
	struct json_object *object = value_object(json);

	if (rows->columns->of == COLUMNS_OF_CPUS) {
		value_number(json, object, "cpu", column->id);
	} else {
		value_signed(json, object, "tid", rows->rows[row].tid);
		value_string(json, object, "comm", rows->rows[row].comm);
	}
	value_string(json, object, "what", columns_what_name(what));
	value_number(json, object, "count", hist->log.count);
	value_number(json, object, "sum_ns", hist->log.sum_ns);
	value_number(json, object, "min_ns", hist->log.min_ns);
	value_number(json, object, "max_ns", hist->log.max_ns);
	value_number(json, object, "p50_ns", hist_per_mille(&hist->log, 500));
	value_number(json, object, "p99_ns", hist_per_mille(&hist->log, 990));
	value_number(json, object, "p999_ns", hist_per_mille(&hist->log, 999));
	if (what == COLUMNS_WAIT) {
		value_number(json, object, "open", column->open);
		value_number(json, object, "open_max_ns", column->open_max_ns);
		value_number(json, object, "touched_by_loss", column->touched_by_loss);
	}
	value_add(json, object, "log", new_log(json, &hist->log));
	return object;
}

/* There may be ten million: numbers go out as they are counted, without an object for each. */
static int write_counts(struct value_maker *json, const struct columns *columns,
			const struct columns_hist *hist)
{
	uint64_t total = hist->over;
	uint32_t next = 0;

	for (uint32_t bucket = columns_next(columns, hist, 0); bucket != UINT32_MAX;
	     bucket = columns_next(columns, hist, bucket + 1)) {
		uint64_t count = columns_count(hist, bucket);

		for (; next <= bucket; next++) {
			int result = next % COUNTS_PER_FLUSH ? 0 : value_flush(json);

			if (result)
				return result;
			strbuf_addf(&json->text, "%s%" PRIu64, next ? "," : "", next < bucket ? 0 : count);
		}
		total += count;
	}
	assert(total == hist->log.count);
	return 0;
}

static int write_row(struct value_maker *json, const struct hist_rows *rows, uint32_t row,
		     enum columns_what what, bool *is_first)
{
	const struct columns_column *column = hist_rows_column(rows, row);
	const struct columns_hist *hist = column->hists[what];
	int result;

	/* A wait may be counted, and its length may not. */
	if (!hist && !(what == COLUMNS_WAIT && (column->open || column->touched_by_loss)))
		return 0;
	hist = hist ? hist : &no_samples;
	strbuf_adds(&json->text, *is_first ? "\n  " : ",\n  ");
	*is_first = false;
	value_write(json, new_head(json, rows, row, what, hist));
	if (json->has_failed || !json->text.length)
		return value_flush(json);
	/* What was written ends in the object's brace: the object goes on. */
	json->text.length--;
	strbuf_addf(&json->text,
		    ",\"linear\":{\"bucket_ns\":%" PRIu64 ",\"entries\":%" PRIu32 ",\"over\":%" PRIu64
		    ",\"counts\":[", rows->columns->bucket_ns, rows->columns->nr_entries, hist->over);
	result = write_counts(json, rows->columns, hist);
	if (result)
		return result;
	strbuf_adds(&json->text, "]}}");
	return value_flush(json);
}

int hist_json_write(struct value_maker *json, const struct hist_rows *histograms, uint32_t nr_histograms)
{
	bool is_first = true;
	int result = 0;

	strbuf_adds(&json->text, ",\n\"histograms\": [");
	for (uint32_t i = 0; i < nr_histograms; i++) {
		for (uint32_t row = 0; row < histograms[i].nr_rows; row++) {
			for (unsigned int what = 0; what < COLUMNS_NR && !result; what++)
				result = write_row(json, &histograms[i], row, (enum columns_what)what,
						   &is_first);
		}
	}
	strbuf_adds(&json->text, is_first ? "]" : "\n]");
	return result ? result : value_flush(json);
}
