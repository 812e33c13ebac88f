// SPDX-License-Identifier: GPL-2.0-only
#include "top_model.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top_header.h"
#include "top_help.h"
#include "top_stall.h"
#include "top_state.h"
#include "top_words.h"

#define SAID_FOR_NS UINT64_C(8000000000)

static const struct top_table *const tables[TOP_NR_TABLES] = {
	&top_waits_table, &top_cpus_table, &top_culprits_table, &top_stalls_table,
};

int top_model_create(const struct top_config *config, struct top_model **ret)
{
	static const struct top_page empty = TOP_PAGE_INIT;
	struct top_model *model = calloc(1, sizeof(*model));

	if (!model)
		return -ENOMEM;
	model->config = *config;
	model->refresh_ns = config->refresh_ns;
	model->page = empty;
	model->text = empty;
	for (uint32_t i = 0; i < TOP_NR_TABLES; i++)
		top_rows_init(&model->tables[i], tables[i]);
	*ret = model;
	return 0;
}

void top_model_destroy(struct top_model *model)
{
	if (!model)
		return;
	for (uint32_t i = 0; i < TOP_NR_TABLES; i++)
		top_rows_deinit(&model->tables[i]);
	top_copy_deinit(&model->copies[0]);
	top_copy_deinit(&model->copies[1]);
	top_page_deinit(&model->page);
	top_page_deinit(&model->text);
	free(model->queue);
	free(model);
}

void top_model_arrange(struct top_model *model)
{
	struct top_filter filter = {
		.text = model->filter,
		.matches = model->config.matches,
		.arg = model->config.arg,
	};

	if (model->has_snapshot &&
	    top_rows_arrange(&model->tables[model->table], &model->scene, &filter))
		top_model_say(model, "out of memory");
}

int top_model_take(struct top_model *model, const struct snapshot *snapshot, int32_t utc_offset_s)
{
	struct top_copy *copy = &model->copies[!model->shown];
	uint32_t *queue;

	if (model->is_frozen && model->has_snapshot)
		return 0;
	queue = calloc(snapshot->nr_waits + 1u, sizeof(*queue));
	if (!queue || top_copy_init(copy, snapshot)) {
		free(queue);
		return -ENOMEM;
	}
	if (top_cpus_queue(&copy->snapshot, queue)) {
		free(queue);
		top_copy_deinit(copy);
		return -ENOMEM;
	}
	top_copy_deinit(&model->copies[model->shown]);
	model->shown = !model->shown;
	free(model->queue);
	model->queue = queue;
	model->scene = (struct top_scene){
		.snapshot = &copy->snapshot,
		.queue = queue,
		.utc_offset_s = utc_offset_s,
		.is_utf8 = model->config.is_utf8,
	};
	model->has_snapshot = true;
	top_model_arrange(model);
	return 0;
}

void top_model_say(struct top_model *model, const char *words)
{
	format_safe(words, model->config.is_utf8, model->said, sizeof(model->said));
	model->said_at = model->has_snapshot ? model->scene.snapshot->now_at : 0;
}

enum view_wish top_model_key(struct top_model *model, int key)
{
	return top_keys_react(model, key);
}

uint64_t top_model_refresh_ns(const struct top_model *model)
{
	return model->refresh_ns;
}

const struct episode *top_model_opened(const struct top_model *model)
{
	const struct snapshot *snapshot = model->scene.snapshot;

	for (uint32_t i = 0; i < snapshot->nr_waits; i++) {
		const struct episode *wait = snapshot->waits[i].episode;

		if (wait->task == model->opened_task && wait->began_at == model->opened_at)
			return wait;
	}
	for (size_t i = 0; i < snapshot->summary.nr_stalls; i++) {
		const struct episode *stall = snapshot->summary.stalls[i];

		if (stall->task == model->opened_task && stall->began_at == model->opened_at)
			return stall;
	}
	return NULL;
}

/*
 * ---- drawing ----------------------------------------------------------------------------------
 */

static void add_item(struct top_item *items, uint32_t *nr, uint8_t paint, uint8_t leave_out,
		     struct format text)
{
	struct top_item *item = &items[(*nr)++];

	item->paint = paint;
	item->leave_out = leave_out;
	memcpy(item->text, text.text, sizeof(item->text));
}

static struct format position(const struct top_model *model)
{
	const struct top_rows *rows = &model->tables[model->table];
	struct format ret;

	if (model->pane == TOP_PANE_TABLE)
		snprintf(ret.text, sizeof(ret.text), "%" PRIu32 "/%" PRIu32,
			 rows->nr_rows ? rows->bar + 1 : 0, rows->nr_rows);
	else
		snprintf(ret.text, sizeof(ret.text), "line %" PRIu32 "/%" PRIu32,
			 model->text_first + 1, model->nr_text_lines);
	return ret;
}

static void draw_tabs(struct top_model *model, struct top_page *page)
{
	static const char *const panes[] = { "", "one wait", "help" };
	struct top_item items[TOP_NR_TABLES + 5];
	struct format text;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < TOP_NR_TABLES; i++) {
		bool is_chosen = i == model->table && model->pane == TOP_PANE_TABLE;

		snprintf(text.text, sizeof(text.text), is_chosen ? "[%" PRIu32 " %s]" : " %" PRIu32 " %s ",
			 i + 1, tables[i]->name);
		add_item(items, &nr, is_chosen ? TOP_CHOSEN : TOP_TAB, is_chosen ? 0 : 3, text);
	}
	if (model->pane != TOP_PANE_TABLE) {
		snprintf(text.text, sizeof(text.text), "[%s] Esc: back", panes[model->pane]);
		add_item(items, &nr, TOP_CHOSEN, 0, text);
	}
	add_item(items, &nr, TOP_FAINT, 2, position(model));
	if (model->is_frozen) {
		snprintf(text.text, sizeof(text.text), "FROZEN");
		add_item(items, &nr, TOP_WARN, 0, text);
	}
	if (*model->filter && model->pane == TOP_PANE_TABLE) {
		snprintf(text.text, sizeof(text.text), "filter: %s", model->filter);
		add_item(items, &nr, TOP_WARN, 1, text);
	}
	top_header_items(page, items, nr);
}

static void draw_empty(struct top_model *model, struct top_page *page)
{
	const struct top_rows *rows = &model->tables[model->table];
	struct strbuf words = STRBUF_INIT;

	if (rows->nr_items)
		strbuf_addf(&words, "None of %" PRIu32 " %s matches \"%s\" (Esc shows all).", rows->nr_items,
			    model->table ? rows->table->name : "threads", model->filter);
	else
		strbuf_adds(&words, rows->table->why_empty(&model->scene));
	top_page_end(page, TOP_PLAIN);
	top_page_wrap(page, TOP_PLAIN, 2, words.text);
	strbuf_deinit(&words);
}

static void draw_table(struct top_model *model, uint32_t nr_lines, struct top_page *page)
{
	struct top_rows *rows = &model->tables[model->table];

	model->nr_body_lines = nr_lines > 1 ? nr_lines - 1 : 1;
	top_rows_draw(rows, &model->scene, nr_lines, page);
	if (!rows->nr_rows)
		draw_empty(model, page);
}

/* Text is laid out whole, so that it is known how long it is; what is on the screen is taken over. */
static void lay_out_text(struct top_model *model, const struct top_page *page)
{
	struct top_page *text = &model->text;
	const struct episode *stall;

	top_page_reset(text, page->width, page->is_utf8);
	if (model->pane == TOP_PANE_HELP) {
		top_help_draw(&model->scene, text);
	} else {
		stall = top_model_opened(model);
		if (stall)
			top_stall_draw(&model->scene, stall, text);
		else
			top_page_wrap(text, TOP_WARN, 0, "This wait has ended and is not kept: it was too "
				      "short for a stall, or there was no room.");
	}
	model->nr_text_lines = text->nr_lines;
}

static void scroll_text(struct top_model *model, uint32_t nr_lines)
{
	model->nr_body_lines = nr_lines ? nr_lines : 1;
	if (model->text_first + nr_lines > model->nr_text_lines)
		model->text_first = model->nr_text_lines > nr_lines ? model->nr_text_lines - nr_lines : 0;
}

static void draw_last_line(struct top_model *model, struct top_page *page)
{
	if (*model->said &&
	    model->scene.snapshot->now_at - model->said_at > SAID_FOR_NS)
		*model->said = '\0';
	if (model->prompt == TOP_PROMPT_FILTER) {
		top_page_add(page, TOP_KEY, "Filter: ");
		top_page_add(page, TOP_STRONG, "%s", model->filter);
		top_page_end(page, TOP_PLAIN);
	} else if (model->prompt == TOP_PROMPT_INTERVAL) {
		top_page_add(page, TOP_KEY, "Renew every (now %s), in seconds: ",
			     format_limit(model->refresh_ns).text);
		top_page_add(page, TOP_STRONG, "%s", model->interval);
		top_page_end(page, TOP_PLAIN);
	} else if (*model->said) {
		top_page_add(page, TOP_WARN, "%s", model->said);
		top_page_end(page, TOP_PLAIN);
	} else {
		top_help_keys(page);
	}
}

static void draw_all(struct top_model *model, uint32_t height, struct top_page *page)
{
	uint32_t nr_lines;

	top_header_draw(&model->scene, height, model->refresh_ns, page);
	nr_lines = height > page->nr_lines + 2 ? height - page->nr_lines - 2 : 0;
	if (model->pane == TOP_PANE_TABLE) {
		draw_tabs(model, page);
		draw_table(model, nr_lines, page);
	} else {
		lay_out_text(model, page);
		scroll_text(model, nr_lines);
		draw_tabs(model, page);
		top_page_copy(page, &model->text, model->text_first, nr_lines);
	}
	while (page->nr_lines + 1 < height && !page->has_failed)
		top_page_end(page, TOP_PLAIN);
	draw_last_line(model, page);
}

const struct top_page *top_model_draw(struct top_model *model, uint32_t width, uint32_t height)
{
	struct top_page *page = &model->page;

	top_page_reset(page, width, model->config.is_utf8);
	if (width < TOP_MIN_WIDTH || height < TOP_MIN_HEIGHT) {
		top_page_add(page, TOP_PLAIN, "%" PRIu32 "x%" PRIu32 " is too small:", width, height);
		top_page_end(page, TOP_PLAIN);
		top_page_add(page, TOP_PLAIN, "%ux%u it takes (q quits)", TOP_MIN_WIDTH, TOP_MIN_HEIGHT);
		top_page_end(page, TOP_PLAIN);
	} else if (!model->has_snapshot) {
		top_page_add(page, TOP_PLAIN, "Nothing has been looked at yet.");
		top_page_end(page, TOP_PLAIN);
	} else {
		draw_all(model, height, page);
	}
	model->last_line = page->nr_lines ? page->nr_lines - 1 : 0;
	return page;
}

bool top_model_cursor(const struct top_model *model, uint32_t *line, uint32_t *column)
{
	if (model->prompt == TOP_PROMPT_NONE || !model->page.nr_lines)
		return false;
	*line = model->last_line;
	*column = model->page.lines[model->last_line].nr_columns;
	return true;
}
