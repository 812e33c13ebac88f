// SPDX-License-Identifier: GPL-2.0-only
#include "text_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int text_reader_init(struct text_reader *reader, int fd, size_t size)
{
	*reader = (struct text_reader){ .fd = fd, .buffer = malloc(size), .size = size };
	return reader->buffer ? 0 : -ENOMEM;
}

void text_reader_deinit(struct text_reader *reader)
{
	free(reader->buffer);
	reader->buffer = NULL;
}

void text_reader_rewind(struct text_reader *reader)
{
	*reader = (struct text_reader){ .fd = reader->fd, .buffer = reader->buffer,
					.size = reader->size, .is_pipe = reader->is_pipe,
					.is_interrupted = reader->is_interrupted };
}

void text_reader_look(const struct text_reader *reader, struct text_reader *ret)
{
	*ret = *reader;
	ret->is_at_end = true;
}

static bool is_to_stop(const struct text_reader *reader)
{
	int signal_number = reader->is_interrupted ? *reader->is_interrupted : 0;

	return signal_number && !(reader->is_pipe && signal_number == SIGINT);
}

int text_reader_fill(struct text_reader *reader)
{
	ssize_t nr;

	if (reader->is_at_end)
		return 0;
	if (reader->begin) {
		memmove(reader->buffer, reader->buffer + reader->begin,
			reader->end - reader->begin);
		reader->end -= reader->begin;
		reader->begin = 0;
	}
	if (reader->end == reader->size)
		return 0;
	for (;;) {
		struct pollfd wait = { .fd = reader->fd, .events = POLLIN };

		if (is_to_stop(reader)) {
			reader->is_at_end = true;
			return 0;
		}
		/* A signal ends poll(), whatever it does to read(). */
		if (reader->is_pipe && poll(&wait, 1, -1) < 0 && errno == EINTR)
			continue;
		nr = read(reader->fd, reader->buffer + reader->end,
			  reader->size - reader->end);
		if (nr >= 0)
			break;
		/* A pipe may have been left non-blocking by whoever had it before. */
		if (errno == EAGAIN && poll(&wait, 1, -1) >= 0)
			continue;
		if (errno != EINTR)
			return -errno;
	}
	reader->end += (size_t)nr;
	reader->nr_reads++;
	reader->is_at_end = !nr;
	return nr > 0;
}

static void consume(struct text_reader *reader, size_t length)
{
	reader->begin += length;
	reader->offset += length;
}

/* The rest of a line of which the beginning was handed on; true when its end was found. */
static bool skip_rest(struct text_reader *reader)
{
	const char *at = reader->buffer + reader->begin;
	const char *newline = memchr(at, '\n', reader->end - reader->begin);

	if (newline) {
		consume(reader, (size_t)(newline + 1 - at));
		reader->is_skipping = false;
		return true;
	}
	consume(reader, reader->end - reader->begin);
	return false;
}

int text_reader_next(struct text_reader *reader, struct text_reader_line *ret)
{
	size_t searched = 0, left;
	const char *at, *newline;
	int filled;

	for (;;) {
		if (reader->is_skipping && skip_rest(reader))
			searched = 0;
		at = reader->buffer + reader->begin;
		left = reader->end - reader->begin;
		newline = reader->is_skipping ? NULL :
						memchr(at + searched, '\n', left - searched);
		if (newline || left > TEXT_LINE_MAX)
			break;
		searched = left;
		filled = text_reader_fill(reader);
		if (filled < 0)
			return filled;
		if (!filled) {
			at = reader->buffer + reader->begin;
			break;
		}
	}
	if (newline)
		left = (size_t)(newline - at);
	else if (!left)
		return 0;
	*ret = (struct text_reader_line){ .text = at, .length = left, .offset = reader->offset,
					  .has_newline = newline };
	if (left > TEXT_LINE_MAX) {
		ret->length = TEXT_LINE_MAX;
		ret->is_long = true;
		reader->is_skipping = !newline;
	}
	consume(reader, newline ? left + 1 : left);
	return 1;
}
