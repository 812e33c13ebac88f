/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_ROWS_H
#define RTLA_STALL_VIEW_TOP_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "top_page.h"
#include "top_table.h"

/*
 * The rows of one table: which there are under a filter, in what order, where the bar is, and which of
 * them are on the screen. Pure: no I/O.
 */

struct top_filter {
	const char *text;	/* "": takes all */
	bool (*matches)(const char *filter, const char *text, void *arg);
	void *arg;
};

struct top_rows {
	const struct top_table *table;
	struct top_row *rows;
	uint32_t nr_rows;
	uint32_t nr_allocated;
	uint32_t nr_items;	/* there are */
	uint32_t nr_taken;	/* by the filter */
	uint32_t sorted_by;	/* column */
	bool is_reversed;
	uint32_t bar;		/* row; 0 when there is none */
	bool is_following;	/* the bar was moved: it stays with what it is on */
	struct top_id followed;
	uint32_t first;		/* row at the top of the screen */
};

/** top_rows_init() - no rows yet */
void top_rows_init(struct top_rows *rows, const struct top_table *table);

/** top_rows_deinit() - free what it holds */
void top_rows_deinit(struct top_rows *rows);

/**
 * top_rows_arrange() - make them anew: the scene, the filter or the order is another
 *
 * Return: 0 or -ENOMEM; then there are none.
 */
int top_rows_arrange(struct top_rows *rows, const struct top_scene *scene,
		     const struct top_filter *filter) __attribute__((warn_unused_result));

/** top_rows_move() - the bar, down by so many rows, up when negative; as far as there are rows */
void top_rows_move(struct top_rows *rows, const struct top_scene *scene, int32_t by);

/** top_rows_home() - the bar to the first row, where it stays */
void top_rows_home(struct top_rows *rows);

/** top_rows_sort() - by another column: the next one (1), the one before (-1) */
void top_rows_sort(struct top_rows *rows, int by);

/** top_rows_draw() - titles, and rows, @nr_lines at most */
void top_rows_draw(struct top_rows *rows, const struct top_scene *scene, uint32_t nr_lines,
		   struct top_page *page);

#endif
