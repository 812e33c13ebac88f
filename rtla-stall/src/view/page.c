// SPDX-License-Identifier: GPL-2.0-only
#include "page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void page_paint(struct page *page, enum paint paint)
{
	static const char *const codes[] = {
		[PAINT_PLAIN] = "\033[0m",
		[PAINT_TITLE] = "\033[1m",
		[PAINT_STRONG] = "\033[1m",
		[PAINT_FAINT] = "\033[2m",
	};

	if (page->layout->has_colour)
		strbuf_adds(&page->text, codes[paint]);
}

void page_paint_cause(struct page *page, enum cause cause)
{
	static const char *const codes[] = {
		[CAUSE_INTERFERENCE] = "\033[33m",
		[CAUSE_BLOCKING] = "\033[31m",
		[CAUSE_RELEASE_JITTER] = "\033[36m",
		[CAUSE_EXECUTION] = "\033[32m",
		[CAUSE_UNATTRIBUTED] = "\033[35m",
		[CAUSE_NR] = "\033[0m",
	};

	if (page->layout->has_colour)
		strbuf_adds(&page->text, codes[cause]);
}

void page_title(struct page *page, const char *fmt, ...)
{
	char title[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(title, sizeof(title), fmt, args);
	va_end(args);
	if (page->has_title)
		strbuf_adds(&page->text, "\n");
	page->has_title = true;
	page_paint(page, PAINT_TITLE);
	strbuf_adds(&page->text, title);
	page_paint(page, PAINT_PLAIN);
	strbuf_adds(&page->text, "\n");
}

void page_wrap(struct page *page, size_t indent, const char *fmt, ...)
{
	const char *line_start = strrchr(page->text.text, '\n');
	size_t column = strlen(line_start ? line_start + 1 : page->text.text);
	char sentence[1024];
	const char *word = sentence;
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	while (*word) {
		size_t length = strcspn(word, " ");

		if (column > indent && column + 1 + length > page->layout->width) {
			strbuf_adds(&page->text, "\n");
			column = 0;
		}
		if (column < indent) {
			strbuf_addch(&page->text, ' ', indent - column);
			column = indent;
		} else if (word != sentence) {
			strbuf_adds(&page->text, " ");
			column++;
		}
		strbuf_add(&page->text, word, length);
		column += length;
		word += length;
		word += strspn(word, " ");
	}
	strbuf_adds(&page->text, "\n");
}

int page_flush(struct page *page)
{
	if (page->text.has_failed)
		return -ENOMEM;
	errno = 0;
	if (fwrite(page->text.text, 1, page->text.length, page->out) != page->text.length)
		return errno ? -errno : -EIO;
	strbuf_reset(&page->text);
	return 0;
}

uint32_t page_rows(const struct page *page, uint64_t nr)
{
	uint32_t top = page->layout->top ? page->layout->top : UINT32_MAX;

	return nr < top ? (uint32_t)nr : top;
}
