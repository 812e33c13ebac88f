/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_PAGE_H
#define RTLA_STALL_VIEW_PAGE_H

#include <stdio.h>

#include "../util/strbuf.h"
#include "document.h"

/*
 * The text report while it is written: what to show, how, and the text so far. Only the files of
 * the text report use it. Colours only repeat what the words say.
 */

enum paint { PAINT_PLAIN, PAINT_TITLE, PAINT_STRONG, PAINT_FAINT };

struct page {
	const struct document *doc;
	const struct document_layout *layout;
	FILE *out;
	struct strbuf text;	/* not yet written to out */
	bool has_title;		/* the first one has been written */
};

/** page_paint() - from here on in this paint */
void page_paint(struct page *page, enum paint paint);

/** page_paint_cause() - from here on in the colour of a cause */
void page_paint_cause(struct page *page, enum cause cause);

/** page_title() - an empty line and a section's title */
void page_title(struct page *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** page_wrap() - a sentence, its lines indented; the first one continues the line there is */
void page_wrap(struct page *page, size_t indent, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * page_flush() - write out what there is
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int page_flush(struct page *page) __attribute__((warn_unused_result));

/** page_rows() - how many of @nr rows the layout wants shown */
uint32_t page_rows(const struct page *page, uint64_t nr);

#endif
