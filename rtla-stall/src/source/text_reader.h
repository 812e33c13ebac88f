/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_READER_H
#define RTLA_STALL_SOURCE_TEXT_READER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lines of a file or a pipe, in bounded memory. A line longer than TEXT_LINE_MAX is handed on cut
 * to that length; the rest of it is dropped. Read, not mapped: a file that is cut short meanwhile
 * ends early, instead of killing the process.
 */

#define TEXT_LINE_MAX 65536u
#define TEXT_READER_MIN (4 * TEXT_LINE_MAX)

struct text_reader {
	int fd;			/* borrowed */
	char *buffer;
	size_t size;
	size_t begin;		/* what is read and not handed on yet */
	size_t end;
	uint64_t offset;	/* in the input, of begin */
	uint64_t nr_reads;
	const volatile sig_atomic_t *is_interrupted; /* NULL, or the signal that ends it early */
	bool is_pipe;		/* SIGINT has reached its writer too: it is read to its end */
	bool is_at_end;		/* of the input; buffer may hold more */
	bool is_skipping;	/* the rest of a long line */
};

struct text_reader_line {
	const char *text;	/* without the newline; valid until the next call */
	size_t length;
	uint64_t offset;	/* in the input */
	bool is_long;		/* cut */
	bool has_newline;
};

/**
 * text_reader_init() - read lines from @fd, from where it stands
 * @fd: borrowed
 * @size: of the buffer, at least TEXT_READER_MIN
 *
 * Return: 0 or -ENOMEM.
 */
int text_reader_init(struct text_reader *reader, int fd, size_t size)
	__attribute__((warn_unused_result));

void text_reader_deinit(struct text_reader *reader);

/** text_reader_rewind() - after lseek() on the descriptor: forget what was read */
void text_reader_rewind(struct text_reader *reader);

/**
 * text_reader_look() - read lines of what is in the buffer, and leave them there
 * @ret: shares @reader's buffer; ends where the buffer does; not to be deinitialised
 */
void text_reader_look(const struct text_reader *reader, struct text_reader *ret);

/**
 * text_reader_fill() - read once more, at the end of what there is
 *
 * For a look at the beginning; text_reader_next() does it by itself.
 *
 * Return: 1; 0 at the end of the input, or when the buffer is full; a negative errno.
 */
int text_reader_fill(struct text_reader *reader) __attribute__((warn_unused_result));

/** text_reader_next() - the next line: 1, 0 at the end, or a negative errno */
int text_reader_next(struct text_reader *reader, struct text_reader_line *ret)
	__attribute__((warn_unused_result));

#endif
