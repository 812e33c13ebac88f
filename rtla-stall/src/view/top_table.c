// SPDX-License-Identifier: GPL-2.0-only
#include "top_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BAR_WIDTH 10u

static uint32_t width_needed(const struct top_table *table, const struct top_table_layout *layout)
{
	uint32_t needed = 0;

	for (uint32_t i = 0; i < table->nr_columns; i++) {
		if (layout->widths[i])
			needed += layout->widths[i] + (needed ? 1 : 0);
	}
	return needed;
}

static void take_in(const struct top_table *table, uint32_t width, uint32_t column, bool is_must,
		    struct top_table_layout *ret)
{
	ret->widths[column] = table->columns[column].width;
	if (!is_must && width_needed(table, ret) > width)
		ret->widths[column] = 0;
}

static void grow(const struct top_table *table, uint32_t left, struct top_table_layout *ret)
{
	bool has_grown = true;

	while (left && has_grown) {
		has_grown = false;
		for (uint32_t i = 0; i < table->nr_columns && left; i++) {
			if (!ret->widths[i] || ret->widths[i] >= table->columns[i].max_width)
				continue;
			ret->widths[i]++;
			left--;
			has_grown = true;
		}
	}
}

void top_table_lay_out(const struct top_table *table, uint32_t width, uint32_t sorted_by,
		       struct top_table_layout *ret)
{
	uint32_t needed;

	*ret = (struct top_table_layout){ 0 };
	for (uint32_t rank = 0; rank <= TOP_MAX_COLUMNS; rank++) {
		for (uint32_t i = 0; i < table->nr_columns; i++) {
			if (table->columns[i].leave_out == rank && !ret->widths[i])
				take_in(table, width, i, !rank, ret);
		}
		if (!rank && !ret->widths[sorted_by])
			take_in(table, width, sorted_by, false, ret);
	}
	needed = width_needed(table, ret);
	if (needed < width)
		grow(table, width - needed, ret);
}

static void add_aligned(struct top_page *page, const struct top_column *column, uint32_t width,
			uint32_t columns)
{
	if (column->is_right && columns < width)
		top_page_pad(page, TOP_PLAIN, page->open.nr_columns + width - columns);
}

void top_table_titles(const struct top_table *table, const struct top_table_layout *layout,
		      uint32_t sorted_by, bool is_reversed, struct top_page *page)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < table->nr_columns; i++) {
		const struct top_column *column = &table->columns[i];
		uint32_t width = layout->widths[i];
		bool is_sorted = i == sorted_by;
		uint32_t columns = (uint32_t)strlen(column->title) + is_sorted;

		if (!width)
			continue;
		/* A title without room for its arrow keeps its paint. */
		if (columns > width)
			columns = width;
		top_page_pad(page, TOP_TITLES, column->is_right ? at + width - columns : at);
		top_page_text(page, is_sorted ? TOP_SORTED : TOP_TITLES, column->title, columns);
		if (is_sorted && page->open.nr_columns < at + width)
			top_page_add(page, TOP_SORTED, "%s",
				     top_page_mark(page->is_utf8, is_reversed ? TOP_MARK_UP : TOP_MARK_DOWN));
		at += width + 1;
	}
	top_page_end(page, TOP_TITLES);
}

static void draw_parts(struct top_page *page, const struct top_cell *cell)
{
	for (uint32_t i = 0; i < cell->nr_parts; i++) {
		const char *text = cell->text + cell->parts[i].from;
		size_t length = i + 1 < cell->nr_parts ?
			(size_t)(cell->parts[i + 1].from - cell->parts[i].from) : strlen(text);

		top_page_add(page, cell->parts[i].paint, "%.*s", (int)length, text);
	}
}

void top_table_row(const struct top_table *table, const struct top_table_layout *layout,
		   const struct top_scene *scene, const struct top_row *row, struct top_page *page)
{
	uint32_t at = 0;

	if (table->draw && table->draw(scene, row, page)) {
		top_page_end(page, TOP_PLAIN);
		return;
	}
	for (uint32_t i = 0; i < table->nr_columns; i++) {
		struct top_cell cell = { .width = layout->widths[i] };

		if (!cell.width)
			continue;
		table->columns[i].fill(scene, row, &cell);
		top_page_pad(page, TOP_PLAIN, at);
		add_aligned(page, &table->columns[i], cell.width, top_page_columns(cell.text));
		if (cell.nr_parts)
			draw_parts(page, &cell);
		else
			top_page_text(page, cell.paint, cell.text, cell.width);
		at += cell.width + 1;
	}
	top_page_end(page, TOP_PLAIN);
}

void top_table_say(struct top_cell *cell, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(cell->text, sizeof(cell->text), fmt, args);
	va_end(args);
}

/* Ten letters, as many for each cause as it has tenths; those left over go to the largest remainders. */
void top_table_causes(struct top_cell *cell, const uint64_t causes[CAUSE_NR])
{
	static const char letters[CAUSE_NR + 1] = "IBJEU";
	uint64_t whole = 0, rests[CAUSE_NR];
	uint32_t nr[CAUSE_NR], left = BAR_WIDTH, used = 0;

	for (int i = 0; i < CAUSE_NR; i++)
		whole += causes[i];
	if (!whole)
		return;
	for (int i = 0; i < CAUSE_NR; i++) {
		unsigned __int128 tenths = (unsigned __int128)causes[i] * BAR_WIDTH;

		nr[i] = (uint32_t)(tenths / whole);
		rests[i] = (uint64_t)(tenths - (unsigned __int128)nr[i] * whole);
		left -= nr[i];
	}
	for (; left; left--) {
		int most = 0;

		for (int i = 1; i < CAUSE_NR; i++) {
			if (rests[i] > rests[most])
				most = i;
		}
		nr[most]++;
		rests[most] = 0;
	}
	for (int i = 0; i < CAUSE_NR; i++) {
		if (!nr[i])
			continue;
		cell->parts[cell->nr_parts].from = (uint8_t)used;
		cell->parts[cell->nr_parts++].paint = (uint8_t)(TOP_CAUSE + i);
		memset(cell->text + used, letters[i], nr[i]);
		used += nr[i];
	}
	cell->text[used] = '\0';
}

void top_table_name(struct top_cell *cell, const char *name)
{
	const char *number = strrchr(name, '(');
	size_t length = strlen(name);

	if (length > cell->width && number && number > name && number[-1] == ' ')
		length = (size_t)(number - name) - 1;
	top_table_say(cell, "%.*s", (int)length, name);
}
