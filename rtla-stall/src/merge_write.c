// SPDX-License-Identifier: GPL-2.0-only
#include "merge_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "merge_fields.h"
#include "merge_json.h"
#include "monitor/monitor_params.h"
#include "util/names.h"
#include "view/csv.h"
#include "view/hist_list.h"
#include "view/hist_table.h"
#include "view/page.h"
#include "view/wall.h"

/*
 * ---- which columns ----------------------------------------------------------------------------
 */

enum { ROWS_TIMERLAT, ROWS_CPU_WAITS, ROWS_THREAD_WAITS, NR_ROWS };

static int by_wait(const void *a, const void *b, void *arg)
{
	const struct merge *merge = arg;
	const struct hist_row *left = a, *right = b;
	uint64_t left_ns = merge->threads[left->id].wait_ns;
	uint64_t right_ns = merge->threads[right->id].wait_ns;

	if (left_ns != right_ns)
		return left_ns > right_ns ? -1 : 1;
	return strcmp(left->comm, right->comm);
}

static int list_threads(const struct merge *merge, struct hist_rows *rows)
{
	const struct columns *columns = &merge->thread_waits;

	*rows = (struct hist_rows){ .columns = columns,
				    .rows = calloc(columns->nr_slots + 1u, sizeof(*rows->rows)) };
	if (!rows->rows)
		return -ENOMEM;
	for (uint32_t name = 0; name < columns->nr_slots && name < merge->nr_threads; name++) {
		const struct merge_thread *thread = &merge->threads[name];

		if (columns_find(columns, name))
			rows->rows[rows->nr_rows++] = (struct hist_row){
				.id = name,
				.tid = thread->is_used ? thread->tid : TID_UNKNOWN,
				.comm = names_get(merge->names, name),
				.note = thread->note,
			};
	}
	qsort_r(rows->rows, rows->nr_rows, sizeof(*rows->rows), by_wait, (void *)merge);
	return 0;
}

static void free_rows(struct hist_rows rows[NR_ROWS])
{
	for (int i = 0; i < NR_ROWS; i++)
		hist_rows_deinit(&rows[i]);
}

static int list_rows(const struct merge *merge, struct hist_rows rows[NR_ROWS])
{
	memset(rows, 0, NR_ROWS * sizeof(*rows));
	if (hist_rows_of_cpus(&rows[ROWS_TIMERLAT], &merge->timerlat) ||
	    hist_rows_of_cpus(&rows[ROWS_CPU_WAITS], &merge->cpu_waits) ||
	    list_threads(merge, &rows[ROWS_THREAD_WAITS])) {
		free_rows(rows);
		return -ENOMEM;
	}
	return 0;
}

/*
 * ---- text -------------------------------------------------------------------------------------
 */

static struct format why_of(const char *cause, const char *reason)
{
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "%.60s%s%.60s", *cause ? format_name(cause).text : "-",
		 *reason ? " " : "", format_name(reason).text);
	return ret;
}

static struct format who_of(const char *kind, const char *name, int64_t id)
{
	struct culprit culprit = { .id = id >= 0 && id <= INT32_MAX ? (int32_t)id : -1, .name = name };
	struct format ret;

	for (int i = 0; i < CULPRIT_NR_KINDS; i++) {
		if (!strcmp(kind, culprit_kind_name(i)))
			culprit.kind = i;
	}
	/* of several machines: a number says nothing */
	if (culprit.id < 0 && culprit.kind != CULPRIT_IRQ && culprit.kind != CULPRIT_SOFTIRQ && *name) {
		snprintf(ret.text, sizeof(ret.text), "%.60s", format_name(name).text);
		return ret;
	}
	return format_culprit(&culprit);
}

static struct hist_stall stall_of(const struct merge_stall *stall)
{
	struct json_object *row = stall->row, *most = merge_fields_object(row, "most");
	int64_t wall_ns = merge_fields_signed(row, "began_wall_ns");
	int64_t cpu = merge_fields_signed(row, "cpu"), most_ns = merge_fields_signed(most, "ns");
	int64_t tid = merge_fields_signed(row, "tid");
	struct json_object *is_open;
	struct hist_stall ret = {
		.who = format_thread(merge_fields_text(row, "comm"),
				     tid >= 0 && tid <= INT32_MAX ? (int32_t)tid : TID_UNKNOWN),
		.culprit = { "-" },
		.why = { "-" },
		.run = format_name(merge_fields_text(row, "path")),
		.began_at = stall->began_at,
		.wait_ns = stall->wait_ns,
		.most_ns = most_ns > 0 ? (uint64_t)most_ns : 0,
		.cpu = cpu >= 0 && cpu < UINT32_MAX ? (uint32_t)cpu : UINT32_MAX,
		.is_at_least = !strcmp(merge_fields_text(row, "began_by"), "found"),
	};

	ret.is_open =
		json_object_object_get_ex(row, "open", &is_open) && json_object_get_boolean(is_open);
	if (wall_ns > 0)
		ret.wall = wall_format((uint64_t)wall_ns);
	if (most) {
		ret.culprit = who_of(merge_fields_text(most, "kind"), merge_fields_text(most, "name"),
				     merge_fields_signed(most, "id"));
		ret.why = why_of(merge_fields_text(most, "cause"), merge_fields_text(most, "reason"));
	}
	return ret;
}

static int write_stalls(struct page *page, const struct merge *merge)
{
	uint32_t nr_rows = page_rows(page, merge->nr_stalls);
	uint64_t nr = merge->nr_stalls + merge->stalls_omitted;
	struct hist_stall *rows = calloc(nr_rows + 1u, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr_rows; i++)
		rows[i] = stall_of(&merge->stalls[i]);
	page_title(page, "STALLS  %s in all runs%s", nr ? format_count(nr).text : "none",
		   nr > 1 ? ", longest first" : "");
	if (nr_rows)
		hist_list_stalls(page, rows, nr_rows, nr);
	free(rows);
	return 0;
}

static int write_culprits(struct page *page, const struct merge *merge)
{
	uint32_t nr_rows = page_rows(page, merge->nr_culprits);
	struct hist_culprit *rows = calloc(nr_rows + 1u, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr_rows; i++) {
		const struct merge_culprit *culprit = &merge->culprits[i];

		rows[i] = (struct hist_culprit){
			.who = who_of(names_get(merge->names, culprit->kind),
				      names_get(merge->names, culprit->name), culprit->id),
			.why = why_of(names_get(merge->names, culprit->cause),
				      names_get(merge->names, culprit->reason)),
			.ns = culprit->ns,
			.waits = culprit->waits,
			.worst_ns = culprit->worst_ns,
		};
	}
	if (nr_rows)
		hist_list_culprits(page, rows, nr_rows, merge->nr_culprits, merge->totals.wait_ns);
	free(rows);
	return 0;
}

static void write_totals(struct page *page, const struct merge *merge)
{
	struct hist_totals totals = {
		.waits = merge->totals.waits,
		.open = merge->totals.open,
		.touched_by_loss = merge->totals.touched_by_loss,
		.wait_ns = merge->totals.wait_ns,
	};

	for (uint32_t i = 0; i < merge->nr_threads; i++) {
		if (merge->threads[i].waits)
			totals.waiting++;
	}
	memcpy(totals.causes, merge->totals.causes, sizeof(totals.causes));
	hist_list_totals(page, &totals, totals.waiting == 1 ? "thread name" : "thread names");
}

static void write_runs(struct page *page, const struct merge *merge)
{
	size_t nr = json_object_array_length(merge->sources);

	strbuf_addf(&page->text, "# %zu run%s\n", nr, nr == 1 ? "" : "s");
	for (size_t i = 0; i < nr; i++) {
		struct json_object *run = json_object_array_get_idx(merge->sources, i);
		struct json_object *source = merge_fields_object(run, "source");
		const char *kernel = merge_fields_text(source, "kernel");
		char safe[512];

		format_safe(merge_fields_text(run, "path"), page->layout->is_utf8, safe, sizeof(safe));
		strbuf_addf(&page->text, "# run: %s%s%s\n", safe, *kernel ? ", kernel " : "",
			    format_name(kernel).text);
	}
	if (merge->losses)
		strbuf_addf(&page->text, "# events were lost in %s place%s\n",
			    format_count(merge->losses).text, merge->losses == 1 ? "" : "s");
}

static bool has_user(const struct hist_rows *rows)
{
	for (uint32_t i = 0; i < rows->nr_rows; i++) {
		if (hist_rows_column(rows, i)->hists[COLUMNS_USER])
			return true;
	}
	return false;
}

static int write_tables(const struct merge *merge, const struct monitor_params *params, FILE *out)
{
	struct hist_table table = {
		.duration_ns = merge->duration_ns,
		.top = params->top,
		.is_nano = params->is_nano || (merge->has_columns && merge->timerlat.bucket_ns % 1000),
		.no_header = params->no_header,
		.no_summary = params->no_summary,
		.no_index = params->no_index,
		.with_zeros = params->with_zeros,
		.no_irq = params->no_irq,
		.no_thread = params->no_thread,
	};
	struct hist_rows rows[NR_ROWS];
	int result = list_rows(merge, rows);
	bool is_first = true;

	if (result)
		return result;
	if (!merge->has_columns)
		fputs("# there is no sample in any run\n", out);
	table.has_user = has_user(&rows[ROWS_TIMERLAT]);
	for (int i = 0; i < NR_ROWS && !result; i++) {
		if (!rows[i].nr_rows)
			continue;
		if (!is_first)
			putc('\n', out);
		is_first = false;
		table.timerlat = i == ROWS_TIMERLAT ? &rows[i] : NULL;
		table.waits = i == ROWS_TIMERLAT ? NULL : &rows[i];
		table.waiters = i == ROWS_CPU_WAITS ? "threads, by CPU" : "threads, by name";
		result = hist_table_write(&table, out);
	}
	free_rows(rows);
	return result;
}

int merge_write_text(const struct merge *merge, const struct monitor_params *params,
		     const struct document_layout *layout, FILE *out)
{
	struct page page = { .layout = layout, .out = out, .text = STRBUF_INIT, .has_title = true };
	int result;

	if (!params->no_header)
		write_runs(&page, merge);
	result = page_flush(&page);
	if (!result)
		result = write_tables(merge, params, out);
	if (!result && !params->no_summary) {
		result = write_stalls(&page, merge);
		if (!result)
			result = write_culprits(&page, merge);
		write_totals(&page, merge);
		if (!result)
			result = page_flush(&page);
	}
	strbuf_deinit(&page.text);
	return result;
}

int merge_write_csv(const struct merge *merge, bool with_titles, FILE *out)
{
	struct hist_rows rows[NR_ROWS];
	int result = list_rows(merge, rows);

	if (result)
		return result;
	result = csv_write_histograms(rows, NR_ROWS, with_titles, out);
	free_rows(rows);
	return result;
}

int merge_write_json(const struct merge *merge, FILE *out)
{
	struct hist_rows rows[NR_ROWS];
	int result = list_rows(merge, rows);

	if (result)
		return result;
	result = merge_json_write(merge, rows, NR_ROWS, out);
	free_rows(rows);
	return result;
}
