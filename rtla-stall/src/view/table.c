// SPDX-License-Identifier: GPL-2.0-only
#include "table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How columns are set out on a line. */
struct setting {
	size_t indent;
	size_t gap;
	bool is_shown[TABLE_MAX_COLUMNS];
};

void table_init(struct table *table, const struct table_column *columns, uint32_t nr_columns)
{
	assert(nr_columns <= TABLE_MAX_COLUMNS);
	*table = (struct table){
		.columns = columns,
		.nr_columns = nr_columns,
		.cells = STRBUF_INIT,
	};
}

void table_deinit(struct table *table)
{
	strbuf_deinit(&table->cells);
}

void table_cell(struct table *table, const char *fmt, ...)
{
	uint32_t column = table->nr_cells % table->nr_columns;
	char cell[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(cell, sizeof(cell), fmt, args);
	va_end(args);
	strbuf_add(&table->cells, cell, strlen(cell) + 1);
	if (strlen(cell) > table->widths[column])
		table->widths[column] = strlen(cell);
	table->nr_cells++;
}

static size_t width_of(const struct table *table, uint32_t column)
{
	size_t of_title = strlen(table->columns[column].title);

	return table->widths[column] > of_title ? table->widths[column] : of_title;
}

static size_t width_needed(const struct table *table, const struct setting *setting)
{
	size_t needed = setting->indent;

	for (uint32_t i = 0; i < table->nr_columns; i++) {
		if (setting->is_shown[i])
			needed += width_of(table, i) + (needed > setting->indent ? setting->gap : 0);
	}
	return needed;
}

/* Takes columns in, those that are never left out first, as long as there is room. */
static void choose_columns(const struct table *table, size_t width, struct setting *setting)
{
	for (uint32_t rank = 0; rank <= UINT8_MAX; rank++) {
		for (uint32_t i = 0; i < table->nr_columns; i++) {
			if (table->columns[i].leave_out != rank || !table->widths[i])
				continue;
			setting->is_shown[i] = true;
			if (rank && width_needed(table, setting) > width)
				setting->is_shown[i] = false;
		}
		/* Not even those have room: move together. */
		if (!rank && width_needed(table, setting) > width)
			setting->gap = 1;
		if (!rank && width_needed(table, setting) > width)
			setting->indent = 0;
	}
}

/* @cells: the row's, or NULL for the titles. Return: where the next row is. */
static const char *print_row(const struct table *table, struct strbuf *out,
			     const struct setting *setting, const char *cells)
{
	size_t pending = setting->indent; /* spaces owed; none are written at the end of a line */
	const char *end;

	for (uint32_t i = 0; i < table->nr_columns; i++) {
		const char *cell = cells ? cells : table->columns[i].title;
		size_t length = strlen(cell);
		size_t fill = width_of(table, i) - length;

		if (cells)
			cells += length + 1;
		if (!setting->is_shown[i])
			continue;
		if (table->columns[i].is_right) {
			pending += fill;
			fill = 0;
		}
		end = cell + length;
		while (end > cell && end[-1] == ' ')
			end--;
		if (end > cell) {
			strbuf_addch(out, ' ', pending);
			strbuf_add(out, cell, (size_t)(end - cell));
			pending = 0;
			length -= (size_t)(end - cell);
		}
		pending += length + fill + setting->gap;
	}
	strbuf_adds(out, "\n");
	return cells;
}

void table_print(const struct table *table, struct strbuf *out, size_t indent, size_t width,
		 bool with_titles)
{
	const char *cells = table->cells.text;
	struct setting setting = { .indent = indent, .gap = 2 };

	if (table->cells.has_failed) {
		out->has_failed = true;
		return;
	}
	choose_columns(table, width, &setting);
	if (with_titles)
		print_row(table, out, &setting, NULL);
	for (uint32_t i = 0; i + table->nr_columns <= table->nr_cells; i += table->nr_columns)
		cells = print_row(table, out, &setting, cells);
}
