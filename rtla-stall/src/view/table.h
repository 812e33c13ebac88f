/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TABLE_H
#define RTLA_STALL_VIEW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../util/strbuf.h"

/*
 * A table of text whose columns are as wide as what is in them.
 *
 *     struct table table;
 *     table_init(&table, columns, nr_columns);
 *     table_cell(&table, "%s", ...);        nr_columns times per row
 *     table_print(&table, &out, 2, 80, true);
 *     table_deinit(&table);
 *
 * Cells are ASCII, one column per byte (format.h sees to that). When the table is wider than there
 * is room, columns are left out, those with the highest rank first; so is a column with nothing in
 * it. Pure: no I/O.
 */

#define TABLE_MAX_COLUMNS 16u

struct table_column {
	const char *title;
	bool is_right;		/* numbers */
	uint8_t leave_out;	/* 0 never; else the higher the earlier */
};

struct table {
	const struct table_column *columns;
	uint32_t nr_columns;
	uint32_t nr_cells;
	size_t widths[TABLE_MAX_COLUMNS]; /* of the cells; 0: all are empty */
	struct strbuf cells;	/* one after the other, each with its NUL */
};

/** table_init() - empty; @columns is borrowed; at most TABLE_MAX_COLUMNS */
void table_init(struct table *table, const struct table_column *columns, uint32_t nr_columns);

/** table_deinit() - free what it holds */
void table_deinit(struct table *table);

/** table_cell() - the next cell, row by row */
void table_cell(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * table_print() - append the table to @out
 * @indent: columns left free before it
 * @width: columns there are, the indent included
 * @with_titles: the titles in the first line
 */
void table_print(const struct table *table, struct strbuf *out, size_t indent, size_t width,
		 bool with_titles);

#endif
