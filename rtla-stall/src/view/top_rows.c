// SPDX-License-Identifier: GPL-2.0-only
#include "top_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An item while they are put in order. */
struct ordered {
	struct top_sort_key key;
	uint32_t item;
	bool is_reversed;
};

void top_rows_init(struct top_rows *rows, const struct top_table *table)
{
	*rows = (struct top_rows){
		.table = table,
		.sorted_by = table->sorted_by,
	};
}

void top_rows_deinit(struct top_rows *rows)
{
	free(rows->rows);
}

static int compare_keys(const struct top_sort_key *left, const struct top_sort_key *right)
{
	if (left->text && right->text)
		return strcmp(left->text, right->text);
	if (left->number != right->number)
		return left->number > right->number ? -1 : 1;
	if (left->second != right->second)
		return left->second > right->second ? -1 : 1;
	return 0;
}

/* Equal ones stay as the snapshot has them, whichever way round. */
static int compare_ordered(const void *a, const void *b)
{
	const struct ordered *left = a, *right = b;
	int result = compare_keys(&left->key, &right->key);

	if (result)
		return left->is_reversed ? -result : result;
	return left->item < right->item ? -1 : 1;
}

static bool is_taken(const struct top_rows *rows, const struct top_scene *scene,
		     const struct top_filter *filter, uint32_t item)
{
	char words[1024];

	if (!*filter->text)
		return true;
	rows->table->words(scene, item, words, sizeof(words));
	if (filter->matches)
		return filter->matches(filter->text, words, filter->arg);
	return strstr(words, filter->text);
}

static bool same_id(const struct top_id *left, const struct top_id *right)
{
	return left->first == right->first && left->second == right->second;
}

/* The bar to what it follows; when that is gone, it stays where it is, on what is there now. */
static void follow(struct top_rows *rows, const struct top_scene *scene)
{
	if (!rows->is_following) {
		rows->bar = 0;
		return;
	}
	for (uint32_t i = 0; i < rows->nr_rows; i++) {
		struct top_id id = rows->table->id(scene, &rows->rows[i]);

		if (same_id(&id, &rows->followed)) {
			rows->bar = i;
			return;
		}
	}
	if (rows->bar >= rows->nr_rows)
		rows->bar = rows->nr_rows ? rows->nr_rows - 1 : 0;
	if (rows->nr_rows)
		rows->followed = rows->table->id(scene, &rows->rows[rows->bar]);
}

static int add_rows(struct top_rows *rows, const struct top_scene *scene, uint32_t item)
{
	uint32_t nr = 1 + (rows->table->nr_below ? rows->table->nr_below(scene, item) : 0);

	if (nr > rows->nr_allocated - rows->nr_rows) {
		uint32_t nr_wanted = (rows->nr_rows + nr) * 2;
		struct top_row *all = reallocarray(rows->rows, nr_wanted, sizeof(*all));

		if (!all)
			return -ENOMEM;
		rows->rows = all;
		rows->nr_allocated = nr_wanted;
	}
	for (uint32_t sub = 0; sub < nr; sub++)
		rows->rows[rows->nr_rows++] = (struct top_row){ item, sub };
	return 0;
}

int top_rows_arrange(struct top_rows *rows, const struct top_scene *scene,
		     const struct top_filter *filter)
{
	const struct top_column *column = &rows->table->columns[rows->sorted_by];
	uint32_t nr = rows->table->nr_items(scene);
	struct ordered *all = calloc(nr + 1u, sizeof(*all));
	int result = all ? 0 : -ENOMEM;

	rows->nr_rows = 0;
	rows->nr_items = nr;
	rows->nr_taken = 0;
	for (uint32_t i = 0; all && i < nr; i++) {
		if (is_taken(rows, scene, filter, i))
			all[rows->nr_taken++] = (struct ordered){ column->key(scene, i), i,
								  rows->is_reversed };
	}
	if (rows->nr_taken)
		qsort(all, rows->nr_taken, sizeof(*all), compare_ordered);
	for (uint32_t i = 0; !result && i < rows->nr_taken; i++)
		result = add_rows(rows, scene, all[i].item);
	free(all);
	if (result)
		rows->nr_rows = 0;
	follow(rows, scene);
	return result;
}

void top_rows_move(struct top_rows *rows, const struct top_scene *scene, int32_t by)
{
	int64_t to = (int64_t)rows->bar + by;

	if (!rows->nr_rows)
		return;
	rows->bar = to < 0 ? 0 : to >= rows->nr_rows ? rows->nr_rows - 1 : (uint32_t)to;
	rows->is_following = true;
	rows->followed = rows->table->id(scene, &rows->rows[rows->bar]);
}

void top_rows_home(struct top_rows *rows)
{
	rows->bar = 0;
	rows->is_following = false;
}

void top_rows_sort(struct top_rows *rows, int by)
{
	const struct top_table *table = rows->table;

	do {
		rows->sorted_by = (rows->sorted_by + table->nr_columns + (uint32_t)by) % table->nr_columns;
	} while (!table->columns[rows->sorted_by].key);
	rows->is_reversed = false;
}

static void scroll(struct top_rows *rows, uint32_t nr_shown)
{
	if (rows->first + nr_shown > rows->nr_rows)
		rows->first = rows->nr_rows > nr_shown ? rows->nr_rows - nr_shown : 0;
	if (rows->bar < rows->first)
		rows->first = rows->bar;
	if (nr_shown && rows->bar >= rows->first + nr_shown)
		rows->first = rows->bar - nr_shown + 1;
}

void top_rows_draw(struct top_rows *rows, const struct top_scene *scene, uint32_t nr_lines,
		   struct top_page *page)
{
	uint32_t nr_shown = nr_lines ? nr_lines - 1 : 0;
	struct top_table_layout layout;

	if (!nr_lines)
		return;
	scroll(rows, nr_shown);
	top_table_lay_out(rows->table, page->width, rows->sorted_by, &layout);
	top_table_titles(rows->table, &layout, rows->sorted_by, rows->is_reversed, page);
	for (uint32_t i = rows->first; i < rows->nr_rows && i < rows->first + nr_shown; i++) {
		uint32_t line = page->nr_lines;

		top_table_row(rows->table, &layout, scene, &rows->rows[i], page);
		if (i == rows->bar && line < page->nr_lines)
			top_page_bar(page, line);
	}
}
