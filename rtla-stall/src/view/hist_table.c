// SPDX-License-Identifier: GPL-2.0-only
#include "hist_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "../util/strbuf.h"
#include "format.h"

#define BYTES_PER_FLUSH 65536u

/* A column of the table: of a CPU's three, or a thread's one. */
struct shown {
	const struct columns_column *column;
	const struct columns_hist *hist;	/* NULL: no sample */
	char title[16];
};

struct sheet {
	const struct hist_table *table;
	const struct columns *columns;
	struct shown *shown;
	uint32_t nr_shown;
	struct strbuf text;	/* not yet written to out */
	FILE *out;
};

struct total {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t min_ns;
	uint64_t max_ns;
};

static int flush(struct sheet *sheet)
{
	if (sheet->text.has_failed)
		return -ENOMEM;
	errno = 0;
	if (fwrite(sheet->text.text, 1, sheet->text.length, sheet->out) != sheet->text.length)
		return errno ? -errno : -EIO;
	strbuf_reset(&sheet->text);
	return 0;
}

static uint64_t in_unit(const struct sheet *sheet, uint64_t ns)
{
	return sheet->table->is_nano ? ns : ns / 1000;
}

static void begin_row(struct sheet *sheet, const char *label)
{
	if (!sheet->table->no_index)
		strbuf_addf(&sheet->text, "%-6s", label);
}

static void end_row(struct sheet *sheet)
{
	strbuf_adds(&sheet->text, "\n");
}

static void write_count(struct sheet *sheet, uint64_t count)
{
	strbuf_addf(&sheet->text, "%9" PRIu64 " ", count);
}

static void write_ns(struct sheet *sheet, bool is_known, uint64_t ns)
{
	if (is_known)
		write_count(sheet, in_unit(sheet, ns));
	else
		strbuf_addf(&sheet->text, "%9s ", "-");
}

/*
 * ---- what both tables have --------------------------------------------------------------------
 */

static void write_unit(struct sheet *sheet)
{
	strbuf_addf(&sheet->text, "# Time unit is %s\n# Duration: %s\n",
		    sheet->table->is_nano ? "nanoseconds (ns)" : "microseconds (us)",
		    format_elapsed(sheet->table->duration_ns).text);
}

static void write_titles(struct sheet *sheet)
{
	if (!sheet->table->no_index)
		strbuf_adds(&sheet->text, "Index");
	for (uint32_t i = 0; i < sheet->nr_shown; i++)
		strbuf_addf(&sheet->text, "%10s", sheet->shown[i].title);
	end_row(sheet);
}

/* Return: the next bucket that is to be shown; columns->nr_entries at the end */
static uint32_t next_row(const struct sheet *sheet, uint32_t from)
{
	uint32_t next = sheet->columns->nr_entries;

	if (sheet->table->with_zeros)
		return from;
	for (uint32_t i = 0; i < sheet->nr_shown; i++) {
		const struct columns_hist *hist = sheet->shown[i].hist;
		uint32_t bucket = hist ? columns_next(sheet->columns, hist, from) : UINT32_MAX;

		if (bucket < next)
			next = bucket;
	}
	return next;
}

static int write_buckets(struct sheet *sheet)
{
	const struct columns *columns = sheet->columns;

	for (uint32_t bucket = next_row(sheet, 0); bucket < columns->nr_entries;
	     bucket = next_row(sheet, bucket + 1)) {
		if (!sheet->table->no_index)
			strbuf_addf(&sheet->text, "%-6" PRIu64,
				    in_unit(sheet, bucket * columns->bucket_ns));
		for (uint32_t i = 0; i < sheet->nr_shown; i++) {
			const struct columns_hist *hist = sheet->shown[i].hist;

			write_count(sheet, hist ? columns_count(hist, bucket) : 0);
		}
		end_row(sheet);
		if (sheet->text.length >= BYTES_PER_FLUSH) {
			int result = flush(sheet);

			if (result)
				return result;
		}
	}
	begin_row(sheet, "over:");
	for (uint32_t i = 0; i < sheet->nr_shown; i++)
		write_count(sheet, sheet->shown[i].hist ? sheet->shown[i].hist->over : 0);
	end_row(sheet);
	return 0;
}

static void write_totals(struct sheet *sheet, const struct total *totals, uint32_t nr)
{
	begin_row(sheet, "count:");
	for (uint32_t i = 0; i < nr; i++)
		write_count(sheet, totals[i].count);
	end_row(sheet);
	begin_row(sheet, "min:");
	for (uint32_t i = 0; i < nr; i++)
		write_ns(sheet, totals[i].count, totals[i].min_ns);
	end_row(sheet);
	begin_row(sheet, "avg:");
	for (uint32_t i = 0; i < nr; i++)
		write_ns(sheet, totals[i].count, totals[i].count ? totals[i].sum_ns / totals[i].count : 0);
	end_row(sheet);
	begin_row(sheet, "max:");
	for (uint32_t i = 0; i < nr; i++)
		write_ns(sheet, totals[i].count || totals[i].max_ns, totals[i].max_ns);
	end_row(sheet);
}

static struct total total_of(const struct shown *shown)
{
	struct total total = { 0 };

	if (shown->hist)
		total = (struct total){ shown->hist->log.count, shown->hist->log.sum_ns,
					shown->hist->log.min_ns, shown->hist->log.max_ns };
	return total;
}

static void add_total(struct total *sum, const struct total *total)
{
	if (!total->count)
		return;
	if (!sum->count || total->min_ns < sum->min_ns)
		sum->min_ns = total->min_ns;
	if (total->max_ns > sum->max_ns)
		sum->max_ns = total->max_ns;
	sum->count += total->count;
	sum->sum_ns += total->sum_ns;
}

/*
 * ---- timerlat ---------------------------------------------------------------------------------
 */

static const char *const titles[] = {
	[COLUMNS_IRQ] = "IRQ", [COLUMNS_THREAD] = "Thr", [COLUMNS_USER] = "Usr",
};

/* The kinds of columns there are, and which of them are shown. */
static uint32_t choose_kinds(const struct hist_table *table, enum columns_what kinds[3])
{
	uint32_t nr = 0;

	if (!table->no_irq)
		kinds[nr++] = COLUMNS_IRQ;
	if (!table->no_thread)
		kinds[nr++] = COLUMNS_THREAD;
	if (table->has_user)
		kinds[nr++] = COLUMNS_USER;
	return nr;
}

static void choose_cpus(struct sheet *sheet, const enum columns_what *kinds, uint32_t nr_kinds)
{
	const struct hist_rows *rows = sheet->table->timerlat;

	for (uint32_t row = 0; row < rows->nr_rows; row++) {
		const struct columns_column *column = hist_rows_column(rows, row);

		for (uint32_t i = 0; i < nr_kinds; i++) {
			struct shown *shown = &sheet->shown[sheet->nr_shown++];

			*shown = (struct shown){ .column = column, .hist = column->hists[kinds[i]] };
			snprintf(shown->title, sizeof(shown->title), "%s-%03" PRIu32, titles[kinds[i]],
				 column->id);
		}
	}
}

static int write_timerlat(struct sheet *sheet)
{
	struct total *totals = calloc(sheet->table->timerlat->nr_rows * 3u + 1, sizeof(*totals));
	struct total sums[3] = { 0 };
	enum columns_what kinds[3];
	uint32_t nr_kinds = choose_kinds(sheet->table, kinds);
	int result;

	if (!totals)
		return -ENOMEM;
	choose_cpus(sheet, kinds, nr_kinds);
	if (!sheet->table->no_header) {
		strbuf_adds(&sheet->text, "# RTLA timerlat histogram\n");
		write_unit(sheet);
		write_titles(sheet);
	}
	for (uint32_t i = 0; nr_kinds && i < sheet->nr_shown; i++) {
		totals[i] = total_of(&sheet->shown[i]);
		add_total(&sums[i % nr_kinds], &totals[i]);
	}
	result = write_buckets(sheet);
	if (!result && !sheet->table->no_summary) {
		write_totals(sheet, totals, sheet->nr_shown);
		begin_row(sheet, "ALL:");
		for (uint32_t i = 0; i < nr_kinds; i++)
			strbuf_addf(&sheet->text, i ? "%10s" : "%9s", titles[kinds[i]]);
		end_row(sheet);
		write_totals(sheet, sums, nr_kinds);
	}
	free(totals);
	return result ? result : flush(sheet);
}

/*
 * ---- waits ------------------------------------------------------------------------------------
 */

static void choose_waits(struct sheet *sheet)
{
	const struct hist_rows *rows = sheet->table->waits;
	bool is_cpu = rows->columns->of == COLUMNS_OF_CPUS;
	uint32_t nr = is_cpu || !sheet->table->top ? UINT32_MAX : sheet->table->top;

	for (uint32_t row = 0; row < rows->nr_rows && row < nr; row++) {
		const struct columns_column *column = hist_rows_column(rows, row);
		struct shown *shown = &sheet->shown[sheet->nr_shown++];

		*shown = (struct shown){ .column = column, .hist = column->hists[COLUMNS_WAIT] };
		if (is_cpu)
			snprintf(shown->title, sizeof(shown->title), "CPU-%03" PRIu32, column->id);
		else if (rows->rows[row].tid == TID_UNKNOWN)
			snprintf(shown->title, sizeof(shown->title), "N%" PRIu32, row + 1);
		else
			snprintf(shown->title, sizeof(shown->title), "T%" PRId32, rows->rows[row].tid);
	}
}

static void write_legend(struct sheet *sheet)
{
	const struct hist_rows *rows = sheet->table->waits;
	uint32_t nr_rest = rows->nr_rows - sheet->nr_shown;

	strbuf_addf(&sheet->text, "# Waits of %s\n", sheet->table->waiters);
	write_unit(sheet);
	if (!rows->nr_rows)
		strbuf_adds(&sheet->text, "# None of them waited\n");
	for (uint32_t i = 0; i < sheet->nr_shown && rows->columns->of == COLUMNS_OF_THREADS; i++) {
		const struct hist_row *row = &rows->rows[i];

		strbuf_addf(&sheet->text, "# %s: %s%s%s\n", sheet->shown[i].title,
			    *row->comm ? format_name(row->comm).text : "<...>", *row->note ? ", " : "",
			    row->note);
	}
	if (nr_rest)
		strbuf_addf(&sheet->text, "# %s more waited, all of them less in sum: --top 0 shows all\n",
			    format_count(nr_rest).text);
}

static void write_per_mille(struct sheet *sheet, const char *label, uint32_t per_mille)
{
	begin_row(sheet, label);
	for (uint32_t i = 0; i < sheet->nr_shown; i++) {
		const struct columns_hist *hist = sheet->shown[i].hist;

		write_ns(sheet, hist && hist->log.count, hist ? hist_per_mille(&hist->log, per_mille) : 0);
	}
	end_row(sheet);
}

static struct total total_of_waits(const struct shown *shown)
{
	struct total total = total_of(shown);

	if (shown->column->open_max_ns > total.max_ns)
		total.max_ns = shown->column->open_max_ns;
	return total;
}

static void write_wait_summary(struct sheet *sheet, const struct total *totals)
{
	write_totals(sheet, totals, sheet->nr_shown);
	write_per_mille(sheet, "p50:", 500);
	write_per_mille(sheet, "p99:", 990);
	write_per_mille(sheet, "p99.9:", 999);
	begin_row(sheet, "open:");
	for (uint32_t i = 0; i < sheet->nr_shown; i++)
		write_count(sheet, sheet->shown[i].column->open);
	end_row(sheet);
	begin_row(sheet, "lost:");
	for (uint32_t i = 0; i < sheet->nr_shown; i++)
		write_count(sheet, sheet->shown[i].column->touched_by_loss);
	end_row(sheet);
}

/* Of all threads, shown or not. */
static int add_up(const struct hist_rows *rows, struct columns_column *all, struct hist *log)
{
	for (uint32_t row = 0; row < rows->nr_rows; row++) {
		const struct columns_column *column = hist_rows_column(rows, row);

		all->open += column->open;
		all->touched_by_loss += column->touched_by_loss;
		if (column->open_max_ns > all->open_max_ns)
			all->open_max_ns = column->open_max_ns;
		if (column->hists[COLUMNS_WAIT] && hist_merge(log, &column->hists[COLUMNS_WAIT]->log))
			return -ENOMEM;
	}
	return 0;
}

static int write_all_waits(struct sheet *sheet)
{
	struct columns_column all = { 0 };
	struct columns_hist hist = { 0 };
	struct shown one = { .column = &all };
	struct sheet sum = { .table = sheet->table, .shown = &one, .nr_shown = 1, .text = STRBUF_INIT };
	int result = add_up(sheet->table->waits, &all, &hist.log);
	struct total total;

	if (!result) {
		one.hist = hist.log.count ? &hist : NULL;
		total = total_of_waits(&one);
		begin_row(&sum, "ALL:");
		strbuf_addf(&sum.text, "%9s\n", "Wait");
		write_wait_summary(&sum, &total);
		sheet->text.has_failed |= sum.text.has_failed;
		strbuf_adds(&sheet->text, sum.text.text);
	}
	hist_deinit(&hist.log);
	strbuf_deinit(&sum.text);
	return result;
}

static int write_waits(struct sheet *sheet)
{
	struct total *totals = calloc(sheet->table->waits->nr_rows + 1u, sizeof(*totals));
	int result;

	if (!totals)
		return -ENOMEM;
	choose_waits(sheet);
	if (!sheet->table->no_header) {
		write_legend(sheet);
		write_titles(sheet);
	}
	for (uint32_t i = 0; i < sheet->nr_shown; i++)
		totals[i] = total_of_waits(&sheet->shown[i]);
	result = write_buckets(sheet);
	if (!result && !sheet->table->no_summary) {
		write_wait_summary(sheet, totals);
		result = write_all_waits(sheet);
	}
	free(totals);
	return result ? result : flush(sheet);
}

static int write_sheet(const struct hist_table *table, const struct hist_rows *rows, uint32_t per_row,
		       int (*write)(struct sheet *sheet), FILE *out)
{
	struct sheet sheet = { .table = table, .columns = rows->columns, .text = STRBUF_INIT, .out = out };
	int result = -ENOMEM;

	sheet.shown = calloc((size_t)rows->nr_rows * per_row + 1, sizeof(*sheet.shown));
	if (sheet.shown)
		result = write(&sheet);
	free(sheet.shown);
	strbuf_deinit(&sheet.text);
	return result;
}

int hist_table_write(const struct hist_table *table, FILE *out)
{
	int result = 0;

	if (table->timerlat)
		result = write_sheet(table, table->timerlat, 3, write_timerlat, out);
	if (!result && table->timerlat && table->waits)
		putc('\n', out);
	if (!result && table->waits)
		result = write_sheet(table, table->waits, 1, write_waits, out);
	return result;
}
