/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_TABLE_H
#define RTLA_STALL_VIEW_TOP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "../monitor/snapshot.h"
#include "top_page.h"

/*
 * The tables of `top`: what each has for columns and rows, and how they are laid out.
 *
 * A table has items (threads, CPUs, ...). They are filtered and sorted, and then become rows: one
 * each, or, where something hangs below an item, several. Rows are cheap; cells are made only of those
 * that are shown. Columns have fixed widths, so that nothing moves while numbers change; those with
 * room to grow get what is left; where the screen is narrow, columns are left out, those with the
 * highest rank first. Pure: no I/O.
 */

#define TOP_MAX_COLUMNS 20u
#define TOP_MAX_PARTS 6u	/* paints in one cell */

/* What is shown: all tables see this and nothing else. */
struct top_scene {
	const struct snapshot *snapshot;
	const uint32_t *queue;	/* indices of snapshot->waits by CPU, rank and length; as many as they */
	int32_t utc_offset_s;
	bool is_utf8;
};

struct top_row {
	uint32_t item;
	uint32_t sub;		/* 0: the item itself; else what hangs below it */
};

/* What a row is about, as long as it is there, wherever it moves. */
struct top_id {
	uint64_t first;
	uint64_t second;
};

struct top_cell {
	char text[160];
	uint32_t width;		/* how many columns it may have */
	uint8_t paint;		/* enum top_paint */
	uint8_t nr_parts;	/* 0: all of it in paint */
	struct {
		uint8_t from;	/* byte; the first one is 0 */
		uint8_t paint;
	} parts[TOP_MAX_PARTS];
};

/* What an item is sorted by; larger ones come first, texts by their letters. What is better read from small
 * to large, as CPUs are, counts down. */
struct top_sort_key {
	uint64_t number;
	uint64_t second;	/* where the first are equal */
	const char *text;	/* instead of the numbers; NULL */
};

struct top_column {
	const char *title;
	uint8_t width;
	uint8_t max_width;	/* it may grow so far; 0: it does not grow */
	bool is_right;
	uint8_t leave_out;	/* 0 never; else the higher the earlier */
	void (*fill)(const struct top_scene *scene, const struct top_row *row, struct top_cell *cell);
	/* NULL: rows cannot be sorted by it */
	struct top_sort_key (*key)(const struct top_scene *scene, uint32_t item);
};

struct top_table {
	const char *name;
	const struct top_column *columns;
	uint32_t nr_columns;
	uint32_t sorted_by;	/* at first */
	uint32_t (*nr_items)(const struct top_scene *scene);
	/* the text a filter looks at; @ret has @size bytes */
	void (*words)(const struct top_scene *scene, uint32_t item, char *ret, size_t size);
	/* how many rows hang below an item; NULL: none */
	uint32_t (*nr_below)(const struct top_scene *scene, uint32_t item);
	struct top_id (*id)(const struct top_scene *scene, const struct top_row *row);
	/* the wait that the row is about; NULL: there is none */
	const struct episode *(*wait)(const struct top_scene *scene, const struct top_row *row);
	/* a row that is no row of cells: drawn here, and true; NULL: there are none */
	bool (*draw)(const struct top_scene *scene, const struct top_row *row, struct top_page *page);
	/* why there is no row, in words, when no filter is to blame */
	const char *(*why_empty)(const struct top_scene *scene);
};

extern const struct top_table top_waits_table;
extern const struct top_table top_cpus_table;
extern const struct top_table top_culprits_table;
extern const struct top_table top_stalls_table;

/**
 * top_cpus_queue() - order a snapshot's waits by CPU, then as the scheduler would pick them
 * @queue: set to the indices; as many as there are waits
 *
 * Return: 0 or -ENOMEM.
 */
int top_cpus_queue(const struct snapshot *snapshot, uint32_t *queue)
	__attribute__((warn_unused_result));

/* Which columns there is room for, and how wide they are. */
struct top_table_layout {
	uint32_t widths[TOP_MAX_COLUMNS]; /* 0: left out */
};

/**
 * top_table_lay_out() - choose columns for a screen of @width columns
 * @sorted_by: this one is shown before others are
 */
void top_table_lay_out(const struct top_table *table, uint32_t width, uint32_t sorted_by,
		       struct top_table_layout *ret);

/** top_table_titles() - the line of titles, the one that rows are sorted by marked */
void top_table_titles(const struct top_table *table, const struct top_table_layout *layout,
		      uint32_t sorted_by, bool is_reversed, struct top_page *page);

/** top_table_row() - the line of a row */
void top_table_row(const struct top_table *table, const struct top_table_layout *layout,
		   const struct top_scene *scene, const struct top_row *row, struct top_page *page);

/* Cells that several tables have. */

/** top_table_say() - the text of a cell */
void top_table_say(struct top_cell *cell, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** top_table_causes() - shares as ten letters: "IIIIIIIBBU" */
void top_table_causes(struct top_cell *cell, const uint64_t causes[CAUSE_NR]);

/** top_table_name() - @name, without the number at its end where that has no room */
void top_table_name(struct top_cell *cell, const char *name);

#endif
