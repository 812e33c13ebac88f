/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_MODEL_H
#define RTLA_STALL_VIEW_TOP_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "top_page.h"
#include "view.h"

/*
 * `top` without a terminal: snapshots and keys in, lines of text with their paint out.
 *
 *     top_model_take(model, snapshot)       a copy is kept, unless the screen is frozen
 *     top_model_key(model, 'j')             changes what is shown; says what the run is asked for
 *     top_model_draw(model, 80, 24)         24 lines, at most 80 columns each
 *
 *     waits  CPUs  culprits  stalls         tables: sorted, filtered, scrolled, each with its bar
 *        \_____|_______________/
 *              Enter                        one wait, opened; text that scrolls, as the help
 *
 * The bar stays with the row it was moved to, wherever that goes; while it is on the first row because
 * nobody moved it, it stays on the first row. Pure: no I/O, no clock, no ncurses.
 */

struct snapshot;
struct top_model;

#define TOP_MIN_WIDTH 40u	/* below these there is a sentence instead */
#define TOP_MIN_HEIGHT 10u
#define TOP_MAX_FILTER 63u

/* Keys that are no ASCII character. */
enum top_key {
	TOP_KEY_UP = 256,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_BACK_TAB,
	TOP_KEY_F1,		/* as in htop: help, */
	TOP_KEY_F4,		/* filter, */
	TOP_KEY_F6,		/* sort, */
	TOP_KEY_F10,		/* quit */
	TOP_KEY_NONE		/* none of these: nothing happens */
};

struct top_config {
	bool is_utf8;		/* the terminal shows UTF-8 */
	uint64_t refresh_ns;	/* at first */
	/* whether a filter takes a text; NULL: when it is part of it */
	bool (*matches)(const char *filter, const char *text, void *arg);
	void *arg;
};

/**
 * top_model_create() - with nothing to show yet
 * @config: copied
 *
 * Return: 0 or -ENOMEM.
 */
int top_model_create(const struct top_config *config, struct top_model **ret)
	__attribute__((warn_unused_result));

/** top_model_destroy() - @model may be NULL */
void top_model_destroy(struct top_model *model);

/**
 * top_model_take() - something new to show
 * @snapshot: borrowed for the call, but for its doc.names: those as long as the model is used
 * @utc_offset_s: of the user's time zone, now
 *
 * Return: 0 or -ENOMEM; then the screen shows what it did.
 */
int top_model_take(struct top_model *model, const struct snapshot *snapshot, int32_t utc_offset_s)
	__attribute__((warn_unused_result));

/**
 * top_model_key() - a key was typed
 * @key: an ASCII character, or enum top_key
 */
enum view_wish top_model_key(struct top_model *model, int key);

/** top_model_say() - a line for the user, at the bottom, until a key is typed or some seconds pass */
void top_model_say(struct top_model *model, const char *words);

/** top_model_refresh_ns() - how often the user wants something new */
uint64_t top_model_refresh_ns(const struct top_model *model);

/**
 * top_model_draw() - what the screen is to show
 * @height: that many lines at most come out
 *
 * Return: valid until the next call with this model.
 */
const struct top_page *top_model_draw(struct top_model *model, uint32_t width, uint32_t height);

/** top_model_cursor() - where the terminal's cursor belongs: in the prompt. Return: false: nowhere */
bool top_model_cursor(const struct top_model *model, uint32_t *line, uint32_t *column);

#endif
