// SPDX-License-Identifier: GPL-2.0-only
#include "top_page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void top_page_deinit(struct top_page *page)
{
	strbuf_deinit(&page->text);
	free(page->runs);
	free(page->lines);
}

void top_page_reset(struct top_page *page, uint32_t width, bool is_utf8)
{
	strbuf_reset(&page->text);
	page->text.has_failed = false;	/* the next screen may have its memory */
	page->has_failed = false;
	page->nr_runs = 0;
	page->nr_lines = 0;
	page->open = (struct top_line){ 0 };
	page->width = width;
	page->is_utf8 = is_utf8;
}

const char *top_page_mark(bool is_utf8, enum top_mark mark)
{
	static const char *const marks[][2] = {
		[TOP_MARK_AT_LEAST] = { ">=", "\xe2\x89\xa5" },
		[TOP_MARK_DOWN] = { "v", "\xe2\x96\xbc" },
		[TOP_MARK_UP] = { "^", "\xe2\x96\xb2" },
		[TOP_MARK_CUT] = { "~", "\xe2\x80\xa6" },
		[TOP_MARK_BRANCH] = { "|-", "\xe2\x94\x9c\xe2\x94\x80" },
		[TOP_MARK_LAST_BRANCH] = { "`-", "\xe2\x94\x94\xe2\x94\x80" },
	};

	return marks[mark][is_utf8];
}

/* The byte where column @columns of the text begins; its end when it is shorter. */
static size_t byte_of_column(const char *text, uint32_t columns)
{
	size_t at = 0;

	for (uint32_t seen = 0; text[at]; at++) {
		if ((text[at] & 0xc0) != 0x80 && seen++ == columns)
			break;
	}
	return at;
}

uint32_t top_page_columns(const char *text)
{
	uint32_t columns = 0;

	for (; *text; text++)
		columns += (*text & 0xc0) != 0x80;
	return columns;
}

static void begin_run(struct top_page *page, uint8_t paint)
{
	struct top_line *line = &page->open;

	if (line->nr_runs && page->runs[page->nr_runs - 1].paint == paint)
		return;
	if (page->nr_runs == page->nr_allocated_runs) {
		uint32_t nr = page->nr_allocated_runs ? page->nr_allocated_runs * 2 : 256;
		struct top_run *runs = reallocarray(page->runs, nr, sizeof(*runs));

		if (!runs) {
			page->has_failed = true;
			return;
		}
		page->runs = runs;
		page->nr_allocated_runs = nr;
	}
	page->runs[page->nr_runs++] = (struct top_run){ page->text.length, paint };
	line->nr_runs++;
}

void top_page_text(struct top_page *page, uint8_t paint, const char *text, uint32_t columns)
{
	uint32_t room = page->width - page->open.nr_columns;
	uint32_t needed = top_page_columns(text);

	if (columns > room)
		columns = room;
	if (!columns || !needed)
		return;
	begin_run(page, paint);
	if (needed <= columns) {
		strbuf_adds(&page->text, text);
		page->open.nr_columns += needed;
		return;
	}
	strbuf_add(&page->text, text, byte_of_column(text, columns - 1));
	strbuf_adds(&page->text, top_page_mark(page->is_utf8, TOP_MARK_CUT));
	page->open.nr_columns += columns;
}

void top_page_add(struct top_page *page, uint8_t paint, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	top_page_text(page, paint, text, page->width);
}

void top_page_pad(struct top_page *page, uint8_t paint, uint32_t column)
{
	if (column > page->width)
		column = page->width;
	if (column <= page->open.nr_columns)
		return;
	begin_run(page, paint);
	strbuf_addch(&page->text, ' ', column - page->open.nr_columns);
	page->open.nr_columns = column;
}

void top_page_end(struct top_page *page, uint8_t rest)
{
	strbuf_add(&page->text, "", 1);
	if (page->nr_lines == page->nr_allocated_lines) {
		uint32_t nr = page->nr_allocated_lines ? page->nr_allocated_lines * 2 : 128;
		struct top_line *lines = reallocarray(page->lines, nr, sizeof(*lines));

		if (!lines) {
			page->has_failed = true;
			return;
		}
		page->lines = lines;
		page->nr_allocated_lines = nr;
	}
	page->open.rest = rest;
	page->lines[page->nr_lines++] = page->open;
	page->open = (struct top_line){ .from = page->text.length, .first_run = page->nr_runs };
}

void top_page_wrap(struct top_page *page, uint8_t paint, uint32_t indent, const char *text)
{
	bool is_first = true;

	top_page_pad(page, TOP_PLAIN, indent);
	for (const char *word = text; *word;) {
		const char *blank = strchr(word, ' ');
		size_t length = blank ? (size_t)(blank - word) : strlen(word);
		char part[256];

		/* What is not ASCII takes fewer columns than bytes: then a line is broken too early. */
		if (!is_first && page->open.nr_columns + 1 + length > page->width) {
			top_page_end(page, TOP_PLAIN);
			top_page_pad(page, TOP_PLAIN, indent);
			is_first = true;
		}
		snprintf(part, sizeof(part), "%s%.*s", is_first ? "" : " ", (int)length, word);
		top_page_text(page, paint, part, page->width);
		is_first = false;
		word += length + !!blank;
	}
	top_page_end(page, TOP_PLAIN);
}

void top_page_bar(struct top_page *page, uint32_t line)
{
	struct top_line *at = &page->lines[line];

	for (uint32_t i = 0; i < at->nr_runs; i++)
		page->runs[at->first_run + i].paint = TOP_BAR;
	at->rest = TOP_BAR;
}

const char *top_page_line(const struct top_page *page, uint32_t line)
{
	return page->text.has_failed ? "" : page->text.text + page->lines[line].from;
}

void top_page_copy(struct top_page *page, const struct top_page *from, uint32_t first, uint32_t nr)
{
	for (uint32_t i = first; i < first + nr && i < from->nr_lines; i++) {
		const struct top_line *line = &from->lines[i];
		const char *text = top_page_line(from, i);
		size_t length = strlen(text);

		for (uint32_t k = 0; *text && k < line->nr_runs; k++) {
			const struct top_run *run = &from->runs[line->first_run + k];
			size_t end = k + 1 < line->nr_runs ? run[1].from : line->from + length;

			begin_run(page, run->paint);
			strbuf_add(&page->text, text + (run->from - line->from), end - run->from);
		}
		page->open.nr_columns = line->nr_columns;
		top_page_end(page, line->rest);
	}
}
