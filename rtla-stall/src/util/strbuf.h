/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_STRBUF_H
#define RTLA_STALL_UTIL_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Growing text.
 *
 *     struct strbuf line = STRBUF_INIT;
 *     strbuf_addf(&line, ...);
 *     if (line.has_failed) ...          one check at the end is enough
 *     strbuf_deinit(&line);
 *
 * Running out of memory is remembered, not returned: what came before stays, later additions do
 * nothing. The text always ends in NUL and may be read at any time. Pure: no I/O.
 */

struct strbuf {
	char *text;		/* never NULL; never written to while nothing is owned */
	size_t length;		/* bytes, the final NUL not counted */
	size_t allocated;	/* bytes at text; 0: nothing is owned */
	bool has_failed;	/* memory ran out: the text is cut */
};

#define STRBUF_INIT { .text = "" }

/** strbuf_deinit() - free the text; the struct must not be used afterwards */
void strbuf_deinit(struct strbuf *sb);

/** strbuf_reset() - empty it, keep its memory; a failure stays remembered */
void strbuf_reset(struct strbuf *sb);

/** strbuf_add() - append @length bytes */
void strbuf_add(struct strbuf *sb, const char *text, size_t length);

/** strbuf_adds() - append a string */
void strbuf_adds(struct strbuf *sb, const char *text);

/** strbuf_addch() - append @times times the same byte */
void strbuf_addch(struct strbuf *sb, char byte, size_t times);

/** strbuf_addf() - append as printf() does */
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
