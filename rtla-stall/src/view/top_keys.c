// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "top_state.h"

/* What keys do: the part of the model that reacts. */

#define CTRL(letter) ((letter) & 0x1f)
#define ESCAPE 27
#define BACKSPACE 127
#define MIN_REFRESH_NS UINT64_C(100000000)
#define MAX_REFRESH_NS UINT64_C(60000000000)

static struct top_rows *rows_of(struct top_model *model)
{
	return &model->tables[model->table];
}

static void close_pane(struct top_model *model)
{
	model->pane = TOP_PANE_TABLE;
	model->text_first = 0;
}

static void show_table(struct top_model *model, uint32_t table)
{
	close_pane(model);
	model->table = table % TOP_NR_TABLES;
	top_model_arrange(model);
}

static void open_wait(struct top_model *model)
{
	struct top_rows *rows = rows_of(model);
	const struct episode *wait = NULL;

	if (rows->nr_rows && rows->table->wait)
		wait = rows->table->wait(&model->scene, &rows->rows[rows->bar]);
	if (wait) {
		model->pane = TOP_PANE_STALL;
		model->text_first = 0;
		model->opened_task = wait->task;
		model->opened_at = wait->began_at;
	} else if (rows->nr_rows && rows->table->wait) {
		top_model_say(model, "nothing waits here now, and no stall of it is kept");
	} else if (rows->nr_rows) {
		top_model_say(model, "only waits can be opened: see waits, CPUs and stalls");
	}
}

/*
 * ---- prompts ----------------------------------------------------------------------------------
 */

/* Return: whether the key belonged to the text */
static bool edit(char *text, size_t size, int key)
{
	size_t length = strlen(text);

	if (key == BACKSPACE || key == CTRL('h')) {
		if (length)
			text[length - 1] = '\0';
	} else if (key == CTRL('u')) {
		*text = '\0';
	} else if (key == CTRL('w')) {
		while (length && text[length - 1] == ' ')
			length--;
		while (length && text[length - 1] != ' ')
			length--;
		text[length] = '\0';
	} else if (key >= ' ' && key < BACKSPACE) {
		if (length + 1 < size) {
			text[length] = (char)key;
			text[length + 1] = '\0';
		}
	} else {
		return false;
	}
	return true;
}

/* "0.5": what is typed; other characters than digits and one point make it 0. */
static uint64_t parse_seconds(const char *text)
{
	uint64_t ns = 0, unit = 0;

	for (; *text; text++) {
		if (*text == '.' && !unit) {
			unit = 1000000000;
		} else if (*text >= '0' && *text <= '9') {
			unit /= 10;
			ns = unit ? ns + (uint64_t)(*text - '0') * unit :
				ns * 10 + (uint64_t)(*text - '0') * 1000000000;
		} else {
			return 0;
		}
	}
	return ns;
}

static void set_interval(struct top_model *model)
{
	uint64_t ns = parse_seconds(model->interval);

	if (!*model->interval)
		return;
	if (ns < MIN_REFRESH_NS || ns > MAX_REFRESH_NS)
		top_model_say(model, "the interval is 0.1 to 60 seconds");
	else
		model->refresh_ns = ns;
}

/* Return: whether the key was the prompt's */
static bool key_of_prompt(struct top_model *model, int key)
{
	bool is_filter = model->prompt == TOP_PROMPT_FILTER;
	char *text = is_filter ? model->filter : model->interval;
	size_t size = is_filter ? sizeof(model->filter) : sizeof(model->interval);

	if (key == '\r' || key == '\n') {
		if (!is_filter)
			set_interval(model);
		model->prompt = TOP_PROMPT_NONE;
	} else if (key == ESCAPE) {
		*text = '\0';
		model->prompt = TOP_PROMPT_NONE;
	} else if ((key == BACKSPACE || key == CTRL('h')) && !*text) {
		model->prompt = TOP_PROMPT_NONE;
	} else if (!edit(text, size, key)) {
		return false;
	}
	if (is_filter)
		top_model_arrange(model);
	return true;
}

/*
 * ---- moving -----------------------------------------------------------------------------------
 */

/* Return: whether @key moves anything, and by how many lines */
static bool movement(const struct top_model *model, int key, int32_t *by)
{
	int32_t page = (int32_t)model->nr_body_lines;

	switch (key) {
	case TOP_KEY_UP:
	case 'k':
		*by = -1;
		return true;
	case TOP_KEY_DOWN:
	case 'j':
		*by = 1;
		return true;
	case TOP_KEY_PAGE_UP:
	case CTRL('b'):
		*by = -page;
		return true;
	case TOP_KEY_PAGE_DOWN:
	case CTRL('f'):
		*by = page;
		return true;
	case TOP_KEY_HOME:
	case 'g':
		*by = INT32_MIN / 2;
		return true;
	case TOP_KEY_END:
	case 'G':
		*by = INT32_MAX / 2;
		return true;
	}
	return false;
}

static void move(struct top_model *model, int32_t by)
{
	int64_t to = (int64_t)model->text_first + by;

	if (model->pane != TOP_PANE_TABLE)
		/* What is too far is found out when the text is laid out. */
		model->text_first = to < 0 ? 0 : to > INT32_MAX ? INT32_MAX : (uint32_t)to;
	else if (by == INT32_MIN / 2)
		top_rows_home(rows_of(model));
	else
		top_rows_move(rows_of(model), &model->scene, by);
}

/*
 * ---- the rest ---------------------------------------------------------------------------------
 */

static void sort(struct top_model *model, int by)
{
	if (model->pane != TOP_PANE_TABLE)
		return;
	if (by)
		top_rows_sort(rows_of(model), by);
	else
		rows_of(model)->is_reversed = !rows_of(model)->is_reversed;
	top_model_arrange(model);
}

/* Back to where one came from, one step at a time. */
static void step_back(struct top_model *model)
{
	if (model->pane != TOP_PANE_TABLE) {
		close_pane(model);
		return;
	}
	*model->filter = '\0';
	top_model_arrange(model);
}

static enum view_wish freeze(struct top_model *model)
{
	model->is_frozen = !model->is_frozen;
	return model->is_frozen ? VIEW_WISH_NOTHING : VIEW_WISH_REFRESH;
}

/* Keys that ask something of the run. Return: whether @key is one */
static bool key_of_run(struct top_model *model, int key, enum view_wish *wish)
{
	switch (key) {
	case 'q':
		if (model->pane != TOP_PANE_TABLE) {
			close_pane(model);
			return true;
		}
		*wish = VIEW_WISH_QUIT;
		return true;
	case TOP_KEY_F10:
		*wish = VIEW_WISH_QUIT;
		return true;
	case ' ':
		*wish = freeze(model);
		return true;
	case 's':
		*wish = VIEW_WISH_SAVE;
		return true;
	case '+':
	case '=':
		*wish = VIEW_WISH_STALL_UP;
		return true;
	case '-':
	case '_':
		*wish = VIEW_WISH_STALL_DOWN;
		return true;
	case 'r':
	case CTRL('l'):
		*wish = VIEW_WISH_REFRESH;
		return true;
	}
	return false;
}

static void key_of_view(struct top_model *model, int key)
{
	switch (key) {
	case '1':
	case '2':
	case '3':
	case '4':
		show_table(model, (uint32_t)(key - '1'));
		break;
	case '\t':
		show_table(model, model->table + 1);
		break;
	case TOP_KEY_BACK_TAB:
		show_table(model, model->table + TOP_NR_TABLES - 1);
		break;
	case '?':
	case 'h':
	case TOP_KEY_F1:
		model->pane = TOP_PANE_HELP;
		model->text_first = 0;
		break;
	case '\r':
	case '\n':
		if (model->pane == TOP_PANE_TABLE)
			open_wait(model);
		break;
	case ESCAPE:
	case BACKSPACE:
		step_back(model);
		break;
	case '<':
		sort(model, -1);
		break;
	case '>':
	case TOP_KEY_F6:
		sort(model, 1);
		break;
	case 'R':
	case 'I':
		sort(model, 0);
		break;
	case '/':
	case '\\':
	case TOP_KEY_F4:
		close_pane(model);
		model->prompt = TOP_PROMPT_FILTER;
		break;
	case 'd':
		model->prompt = TOP_PROMPT_INTERVAL;
		*model->interval = '\0';
		break;
	default:
		break;
	}
}

enum view_wish top_keys_react(struct top_model *model, int key)
{
	enum view_wish wish = VIEW_WISH_NOTHING;
	int32_t by;

	*model->said = '\0';
	if (!model->has_snapshot) {
		key_of_run(model, key, &wish);
		return wish;
	}
	if (model->prompt != TOP_PROMPT_NONE && key_of_prompt(model, key))
		return VIEW_WISH_NOTHING;
	if (movement(model, key, &by))
		move(model, by);
	else if (!key_of_run(model, key, &wish))
		key_of_view(model, key);
	return wish;
}
