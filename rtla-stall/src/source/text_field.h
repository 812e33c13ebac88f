/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_FIELD_H
#define RTLA_STALL_SOURCE_TEXT_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../engine/event.h"

/*
 * Reading fields off a piece of text that need not end in NUL and may hold any bytes.
 *
 * A cursor is what is left to read. Every reader moves it past what it took and says true, or
 * leaves it where it was and says false; none looks beyond the end.
 *
 * A comm may hold blanks, '=' and whole fields ("a pid=1"), so its end cannot be told by the first
 * thing that looks like the next field. But it has at most COMM_LEN - 1 bytes: the last such thing
 * that begins within so many bytes is the true one, because what follows a true field is longer.
 */

struct text_cursor {
	const char *at;
	const char *end;
};

static inline size_t text_left(const struct text_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static inline bool text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/** text_skip() - pass over a string literal, if that is what comes next */
#define text_skip(cursor, literal) text_skip_bytes(cursor, literal, sizeof(literal) - 1)

static inline bool text_skip_bytes(struct text_cursor *cursor, const char *bytes, size_t length)
{
	if (text_left(cursor) < length || memcmp(cursor->at, bytes, length))
		return false;
	cursor->at += length;
	return true;
}

static inline void text_skip_blanks(struct text_cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

/** text_at_end() - true where a field may end: at the end of the text or before a blank */
static inline bool text_at_end(const struct text_cursor *cursor)
{
	return cursor->at == cursor->end || *cursor->at == ' ' || *cursor->at == '\t';
}

/* The digits of text_decimal() beyond those that always fit. */
bool text_decimal_long(struct text_cursor *cursor, const char *at, uint64_t number, uint64_t *ret);

/** text_decimal() - digits; false also when the number does not fit */
static inline bool text_decimal(struct text_cursor *cursor, uint64_t *ret)
{
	const char *at = cursor->at, *stop = text_left(cursor) > 18 ? at + 18 : cursor->end;
	uint64_t number = 0;

	while (at < stop && text_is_digit(*at))
		number = number * 10 + (uint64_t)(*at++ - '0');
	if (at == cursor->at)
		return false;
	if (at == stop && at < cursor->end)
		return text_decimal_long(cursor, at, number, ret);
	cursor->at = at;
	*ret = number;
	return true;
}

/** text_hex() - hex digits, "0x" before them or not; false when there are more than 16 */
bool text_hex(struct text_cursor *cursor, uint64_t *ret);

/** text_address() - text_hex(), also as the tracing option "fields" prints it: "0xff.. (-25288)" */
bool text_address(struct text_cursor *cursor, uint64_t *ret);

/**
 * text_number() - a number as events print them
 *
 * Decimal with or without a sign, or hex after "0x"; the "0x29 (41)" of the tracing option "fields"
 * counts as one number.
 */
bool text_number(struct text_cursor *cursor, int64_t *ret);

/** text_i32() - text_number() that fits */
bool text_i32(struct text_cursor *cursor, int32_t *ret);

/** text_u32() - text_number() that fits */
bool text_u32(struct text_cursor *cursor, uint32_t *ret);

/**
 * text_comm() - a comm, and the key of the field after it
 * @key: such as " pid="; the cursor ends up behind it
 * @ret: cut to what fits, filled up with NULs
 */
#define text_comm(cursor, key, ret) text_comm_bytes(cursor, key, sizeof(key) - 1, ret)

bool text_comm_bytes(struct text_cursor *cursor, const char *key, size_t key_length,
		     char ret[COMM_LEN]);

/** text_copy_comm() - @length bytes as a comm: cut to what fits, filled up with NULs */
void text_copy_comm(char ret[COMM_LEN], const char *comm, size_t length);

/**
 * text_find_last() - the last place of a string literal in what is left
 *
 * Return: where it begins, or NULL.
 */
#define text_find_last(cursor, literal) \
	text_find_last_bytes(cursor, literal, sizeof(literal) - 1)

const char *text_find_last_bytes(const struct text_cursor *cursor, const char *bytes, size_t length);

#endif
