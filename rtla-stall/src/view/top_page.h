/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_PAGE_H
#define RTLA_STALL_VIEW_TOP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/episode.h"
#include "../util/strbuf.h"

/*
 * Lines of text with how they are painted: what `top` shows, before a terminal is involved.
 *
 *     top_page_reset(&page, 80, false);
 *     top_page_add(&page, TOP_STRONG, "%s", ...);     the line grows, and is cut at the width
 *     top_page_pad(&page, 20);                        blanks up to column 20
 *     top_page_end(&page, TOP_PLAIN);                 the line is done; its rest is painted so
 *
 * Text is ASCII, and where the terminal shows UTF-8 a few marks of one column each (top_page_mark()).
 * What comes from a trace has been through format.h. Pure: no I/O, no ncurses.
 */

/* What a stretch of text is; how that looks is the screen's business. It never is all that tells. */
enum top_paint {
	TOP_PLAIN,
	TOP_FAINT,
	TOP_STRONG,
	TOP_TITLES,	/* the line of column titles */
	TOP_SORTED,	/* the title of the column that rows are sorted by */
	TOP_BAR,	/* the row the keys act on; over all else in its line */
	TOP_KEY,	/* a key that can be typed */
	TOP_ALARM,	/* a stall */
	TOP_WARN,	/* something the reader must know to judge the rest */
	TOP_GOOD,
	TOP_TAB,	/* another view's name */
	TOP_CHOSEN,	/* this view's name */
	TOP_CAUSE,	/* and CAUSE_NR of them: TOP_CAUSE + CAUSE_BLOCKING, ... */
	TOP_NR_PAINTS = TOP_CAUSE + CAUSE_NR
};

enum top_mark {
	TOP_MARK_AT_LEAST,	/* ">=" */
	TOP_MARK_DOWN,		/* sorted by this column, */
	TOP_MARK_UP,		/* the other way round */
	TOP_MARK_CUT,		/* the text went on */
	TOP_MARK_BRANCH,	/* from a row to one below it that belongs to it */
	TOP_MARK_LAST_BRANCH
};

struct top_run {
	size_t from;		/* byte in the page's text; up to the next run, or the line's end */
	uint8_t paint;		/* enum top_paint */
};

struct top_line {
	size_t from;		/* byte in the page's text; ends in NUL */
	uint32_t nr_columns;
	uint32_t first_run;
	uint32_t nr_runs;
	uint8_t rest;		/* enum top_paint: from the end of the text to that of the line */
};

struct top_page {
	struct strbuf text;
	struct top_run *runs;
	struct top_line *lines;
	uint32_t nr_runs;
	uint32_t nr_allocated_runs;
	uint32_t nr_lines;
	uint32_t nr_allocated_lines;
	struct top_line open;	/* the line that grows */
	uint32_t width;
	bool is_utf8;
	bool has_failed;	/* out of memory: some of it is missing */
};

#define TOP_PAGE_INIT { .text = STRBUF_INIT }

/** top_page_deinit() - free what it holds */
void top_page_deinit(struct top_page *page);

/** top_page_reset() - empty it; lines are cut at @width columns */
void top_page_reset(struct top_page *page, uint32_t width, bool is_utf8);

/** top_page_add() - more of the line */
void top_page_add(struct top_page *page, uint8_t paint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** top_page_text() - the same, at most @columns of @text; a cut is marked */
void top_page_text(struct top_page *page, uint8_t paint, const char *text, uint32_t columns);

/** top_page_pad() - blanks up to @column */
void top_page_pad(struct top_page *page, uint8_t paint, uint32_t column);

/** top_page_end() - the line is done */
void top_page_end(struct top_page *page, uint8_t rest);

/** top_page_wrap() - @text, and the end of the line: what has no room goes to lines indented so far */
void top_page_wrap(struct top_page *page, uint8_t paint, uint32_t indent, const char *text);

/** top_page_bar() - paint a line as the one the keys act on */
void top_page_bar(struct top_page *page, uint32_t line);

/** top_page_copy() - append @nr lines of another page, from @first on */
void top_page_copy(struct top_page *page, const struct top_page *from, uint32_t first, uint32_t nr);

/** top_page_line() - the text of a line */
const char *top_page_line(const struct top_page *page, uint32_t line);

/** top_page_mark() - a mark as this terminal can show it */
const char *top_page_mark(bool is_utf8, enum top_mark mark);

/** top_page_columns() - how many columns a text takes */
uint32_t top_page_columns(const char *text);

#endif
