// SPDX-License-Identifier: GPL-2.0-only
#include "csv.h"

#include <errno.h>
#include <inttypes.h>

#include "../stats/summary.h"
#include "../util/array.h"
#include "format.h"

static uint64_t cause_of(const struct summary_thread *thread, enum cause cause)
{
	return thread->causes[cause];
}

/* One row per column of numbers: title, and its value as an expression over the thread. */
#define COLUMNS(column)							\
	column("waits", thread->waits)					\
	column("open", thread->open)					\
	column("wait_ns", thread->wait_ns)				\
	column("min_ns", thread->min_ns)				\
	column("avg_ns", thread->avg_ns)				\
	column("max_ns", thread->max_ns)				\
	column("p50_ns", thread->p50_ns)				\
	column("p99_ns", thread->p99_ns)				\
	column("p999_ns", thread->p999_ns)				\
	column("interference_ns", cause_of(thread, CAUSE_INTERFERENCE))	\
	column("blocking_ns", cause_of(thread, CAUSE_BLOCKING))		\
	column("release_jitter_ns", cause_of(thread, CAUSE_RELEASE_JITTER)) \
	column("execution_ns", cause_of(thread, CAUSE_EXECUTION))	\
	column("unattributed_ns", cause_of(thread, CAUSE_UNATTRIBUTED))	\
	column("run_ns", thread->task.run_ns)				\
	column("before_trace_ns", thread->task.before_trace_ns)		\
	column("touched_by_loss", thread->touched_by_loss)		\
	column("activations", thread->task.nr_activations)		\
	column("response_max_ns", thread->task.response.max_ns)		\
	column("response_release_jitter_ns", thread->task.response.release_jitter_ns) \
	column("response_waits_ns", thread->task.response.waits_ns)	\
	column("response_execution_ns", thread->task.response.execution_ns) \
	column("response_on_top_ns", thread->task.response.on_top_ns)	\
	column("response_suspension_ns", thread->task.response.suspension_ns) \
	column("suspension_count", thread->task.suspension.count)	\
	column("suspension_ns", thread->task.suspension.ns)		\
	column("suspension_lock_ns", thread->task.suspension.lock_ns)	\
	column("suspension_flush_ns", thread->task.suspension.flush_ns)	\
	column("suspension_other_ns", thread->task.suspension.other_ns)	\
	column("threads", thread->task.nr_gone ? thread->task.nr_gone : 1)

static void write_text(FILE *out, const char *text)
{
	struct format safe = format_name(text);

	putc('"', out);
	for (const char *at = safe.text; *at; at++) {
		if (*at == '"')
			putc('"', out);
		putc(*at, out);
	}
	putc('"', out);
}

static void write_thread(FILE *out, const struct summary_thread *thread)
{
	static const char *const kthread[] = {
		[TRI_NO] = "false", [TRI_YES] = "true", [TRI_UNKNOWN] = "",
	};
#define VALUE(title, value) value,
	const uint64_t values[] = { COLUMNS(VALUE) };
#undef VALUE

	fprintf(out, "%" PRId32 ",", thread->task.tid);
	write_text(out, thread->task.comm);
	fprintf(out, ",%s", kthread[thread->task.kthread]);
	for (size_t i = 0; i < NR_ELEMENTS(values); i++)
		fprintf(out, ",%" PRIu64, values[i]);
	putc('\n', out);
}

int csv_write(const struct document *doc, bool with_titles, FILE *out)
{
	const struct summary *summary = doc->summary;

	errno = 0;
	if (with_titles) {
#define TITLE(title, value) "," title
		fputs("tid,comm,kthread" COLUMNS(TITLE) "\n", out);
#undef TITLE
	}
	for (uint32_t i = 0; i < summary->nr_threads; i++)
		write_thread(out, &summary->threads[i]);
	if (ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

static void write_key(FILE *out, const struct hist_rows *rows, uint32_t row, enum columns_what what)
{
	const struct hist_row *who = &rows->rows[row];

	if (rows->columns->of == COLUMNS_OF_CPUS) {
		fprintf(out, "%s,%" PRIu32 ",,\"\"", columns_what_name(what), who->id);
		return;
	}
	fprintf(out, "%s,,%" PRId32 ",", columns_what_name(what), who->tid);
	write_text(out, who->comm);
}

static void write_buckets(FILE *out, const struct hist_rows *rows, uint32_t row, enum columns_what what)
{
	const struct columns_hist *hist = hist_rows_column(rows, row)->hists[what];
	const struct columns *columns = rows->columns;

	for (uint32_t bucket = columns_next(columns, hist, 0); bucket != UINT32_MAX;
	     bucket = columns_next(columns, hist, bucket + 1)) {
		uint64_t from_ns = bucket * columns->bucket_ns;

		write_key(out, rows, row, what);
		fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", from_ns,
			from_ns + columns->bucket_ns - 1, columns_count(hist, bucket));
	}
	if (!hist->over)
		return;
	write_key(out, rows, row, what);
	fprintf(out, ",%" PRIu64 ",,%" PRIu64 "\n", columns->nr_entries * columns->bucket_ns, hist->over);
}

int csv_write_histograms(const struct hist_rows *histograms, uint32_t nr_histograms, bool with_titles,
			 FILE *out)
{
	errno = 0;
	if (with_titles)
		fputs("what,cpu,tid,comm,from_ns,to_ns,count\n", out);
	for (uint32_t i = 0; i < nr_histograms; i++) {
		for (uint32_t row = 0; row < histograms[i].nr_rows; row++) {
			const struct columns_column *column = hist_rows_column(&histograms[i], row);

			for (unsigned int what = 0; what < COLUMNS_NR; what++) {
				if (column->hists[what])
					write_buckets(out, &histograms[i], row, (enum columns_what)what);
			}
		}
	}
	if (ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
