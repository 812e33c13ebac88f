// SPDX-License-Identifier: GPL-2.0-only
#include "hist_list.h"

#include <inttypes.h>
#include <stdio.h>

#include "table.h"

#define INDENT 2u

static void write_rest(struct page *page, uint64_t nr_shown, uint64_t nr)
{
	if (nr_shown < nr)
		strbuf_addf(&page->text, "  %s more: --top 0 shows all\n",
			    format_count(nr - nr_shown).text);
}

void hist_list_stalls(struct page *page, const struct hist_stall *rows, uint32_t nr_rows, uint64_t nr)
{
	static const struct table_column columns[] = {
		{ "wall-clock time", false, 0 }, { "trace time", true, 0 }, { "thread", false, 0 },
		{ "CPU", true, 0 }, { "wait", true, 0 }, { "", false, 0 }, { "share", true, 1 },
		{ "charged to", false, 0 }, { "cause and reason", false, 0 }, { "run", false, 0 },
	};
	struct table table;

	table_init(&table, columns, 10);
	for (uint32_t i = 0; i < nr_rows; i++) {
		const struct hist_stall *row = &rows[i];

		table_cell(&table, "%s", row->wall.text);
		table_cell(&table, "%s", format_instant(row->began_at).text);
		table_cell(&table, "%s", row->who.text);
		table_cell(&table, "%" PRIu32, row->cpu);
		table_cell(&table, "%s%s", row->is_at_least ? ">=" : "", format_cell(row->wait_ns).text);
		table_cell(&table, "%s", row->is_open ? "open" : "");
		table_cell(&table, "%s", format_percent(row->most_ns, row->wait_ns).text);
		table_cell(&table, "%s", row->culprit.text);
		table_cell(&table, "%s", row->why.text);
		table_cell(&table, "%s", row->run.text);
	}
	table_print(&table, &page->text, INDENT, page->layout->width, true);
	write_rest(page, nr_rows, nr);
	table_deinit(&table);
}

void hist_list_culprits(struct page *page, const struct hist_culprit *rows, uint32_t nr_rows, uint64_t nr,
			uint64_t wait_ns)
{
	static const struct table_column columns[] = {
		{ "charged to", false, 0 }, { "cause and reason", false, 0 }, { "time", true, 0 },
		{ "share", true, 0 }, { "waits", true, 1 }, { "worst", true, 2 },
	};
	struct table table;

	page_title(page, "CULPRITS BY TIME CHARGED");
	table_init(&table, columns, 6);
	for (uint32_t i = 0; i < nr_rows; i++) {
		table_cell(&table, "%s", rows[i].who.text);
		table_cell(&table, "%s", rows[i].why.text);
		table_cell(&table, "%s", format_cell(rows[i].ns).text);
		table_cell(&table, "%s", format_percent(rows[i].ns, wait_ns).text);
		table_cell(&table, "%s", format_count(rows[i].waits).text);
		table_cell(&table, "%s", format_cell(rows[i].worst_ns).text);
	}
	table_print(&table, &page->text, INDENT, page->layout->width, true);
	write_rest(page, nr_rows, nr);
	table_deinit(&table);
}

void hist_list_totals(struct page *page, const struct hist_totals *totals, const char *waiters)
{
	static const struct table_column columns[] = {
		{ "", false, 0 }, { "time", true, 0 }, { "share", true, 0 },
	};
	struct table table;

	page_title(page, "TOTALS  %s wait%s of %s %s%s%s%s%s%s%s", format_count(totals->waits).text,
		   totals->waits == 1 ? "" : "s", format_count(totals->waiting).text, waiters,
		   totals->open ? ", still open: " : "",
		   totals->open ? format_count(totals->open).text : "",
		   totals->touched_by_loss ? ", touched by loss: " : "",
		   totals->touched_by_loss ? format_count(totals->touched_by_loss).text : "",
		   totals->gone ? "; ended threads that share a row per name: " : "",
		   totals->gone ? format_count(totals->gone).text : "");
	table_init(&table, columns, 3);
	for (int i = 0; i < CAUSE_NR; i++) {
		table_cell(&table, "%s", cause_name((enum cause)i));
		table_cell(&table, "%s", format_seconds(totals->causes[i]).text);
		table_cell(&table, "%s", format_percent(totals->causes[i], totals->wait_ns).text);
	}
	table_cell(&table, "sum");
	table_cell(&table, "%s", format_seconds(totals->wait_ns).text);
	table_cell(&table, "%s", format_percent(totals->wait_ns, totals->wait_ns).text);
	table_print(&table, &page->text, INDENT, page->layout->width, false);
	table_deinit(&table);
}
