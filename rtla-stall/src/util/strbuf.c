// SPDX-License-Identifier: GPL-2.0-only
#include "strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_deinit(struct strbuf *sb)
{
	if (sb->allocated)
		free(sb->text);
}

void strbuf_reset(struct strbuf *sb)
{
	sb->length = 0;
	if (sb->allocated)
		sb->text[0] = '\0';
}

static bool make_room(struct strbuf *sb, size_t length)
{
	size_t wanted = sb->allocated ? sb->allocated : 64;
	char *text;

	if (sb->has_failed)
		return false;
	if (length >= SIZE_MAX / 4 - sb->length)
		goto failed;
	if (sb->length + length < sb->allocated)
		return true;
	while (wanted <= sb->length + length)
		wanted *= 2;
	text = realloc(sb->allocated ? sb->text : NULL, wanted);
	if (!text)
		goto failed;
	text[sb->length] = '\0';
	sb->text = text;
	sb->allocated = wanted;
	return true;
failed:
	sb->has_failed = true;
	return false;
}

void strbuf_add(struct strbuf *sb, const char *text, size_t length)
{
	if (!make_room(sb, length))
		return;
	memcpy(sb->text + sb->length, text, length);
	sb->length += length;
	sb->text[sb->length] = '\0';
}

void strbuf_adds(struct strbuf *sb, const char *text)
{
	strbuf_add(sb, text, strlen(text));
}

void strbuf_addch(struct strbuf *sb, char byte, size_t times)
{
	if (!make_room(sb, times))
		return;
	memset(sb->text + sb->length, byte, times);
	sb->length += times;
	sb->text[sb->length] = '\0';
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (length < 0) {
		sb->has_failed = true;
		return;
	}
	if (!make_room(sb, (size_t)length))
		return;
	va_start(args, fmt);
	vsnprintf(sb->text + sb->length, (size_t)length + 1, fmt, args);
	va_end(args);
	sb->length += (size_t)length;
}
