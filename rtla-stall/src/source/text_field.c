// SPDX-License-Identifier: GPL-2.0-only
#include "text_field.h"

/* Comms of later kernels may be longer than COMM_LEN; a key further away than this is none. */
#define COMM_SEARCH_MAX 256

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_decimal_long(struct text_cursor *cursor, const char *at, uint64_t number, uint64_t *ret)
{
	while (at < cursor->end && text_is_digit(*at)) {
		if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
			return false;
		at++;
	}
	cursor->at = at;
	*ret = number;
	return true;
}

bool text_hex(struct text_cursor *cursor, uint64_t *ret)
{
	struct text_cursor c = *cursor;
	uint64_t number = 0;
	const char *first;

	if (text_left(&c) > 2 && c.at[0] == '0' && (c.at[1] == 'x' || c.at[1] == 'X'))
		c.at += 2;
	first = c.at;
	while (c.at < c.end && hex_digit(*c.at) >= 0) {
		if (c.at - first == 16)
			return false;
		number = number << 4 | (uint64_t)hex_digit(*c.at++);
	}
	if (c.at == first)
		return false;
	cursor->at = c.at;
	*ret = number;
	return true;
}

static bool number_with_sign(struct text_cursor *cursor, int64_t *ret)
{
	struct text_cursor c = *cursor;
	bool is_negative = text_skip(&c, "-");
	uint64_t number;

	if (!text_decimal(&c, &number) || number > INT64_MAX)
		return false;
	*ret = is_negative ? -(int64_t)number : (int64_t)number;
	cursor->at = c.at;
	return true;
}

/* The part in brackets of "0x29 (41)", where it follows. */
static void number_in_brackets(struct text_cursor *cursor, int64_t *ret)
{
	struct text_cursor c = *cursor;
	int64_t number;

	if (!text_skip(&c, " (") || !number_with_sign(&c, &number) || !text_skip(&c, ")"))
		return;
	*ret = number;
	cursor->at = c.at;
}

bool text_address(struct text_cursor *cursor, uint64_t *ret)
{
	int64_t again;

	if (!text_hex(cursor, ret))
		return false;
	number_in_brackets(cursor, &again);
	return true;
}

bool text_number(struct text_cursor *cursor, int64_t *ret)
{
	uint64_t number;

	if (text_left(cursor) <= 2 || cursor->at[0] != '0' || cursor->at[1] != 'x')
		return number_with_sign(cursor, ret);
	if (!text_hex(cursor, &number))
		return false;
	*ret = (int64_t)number;
	number_in_brackets(cursor, ret);
	return true;
}

bool text_i32(struct text_cursor *cursor, int32_t *ret)
{
	const char *before = cursor->at;
	int64_t number;

	if (!text_number(cursor, &number))
		return false;
	if (number < INT32_MIN || number > INT32_MAX) {
		cursor->at = before;
		return false;
	}
	*ret = (int32_t)number;
	return true;
}

bool text_u32(struct text_cursor *cursor, uint32_t *ret)
{
	const char *before = cursor->at;
	int64_t number;

	if (!text_number(cursor, &number))
		return false;
	if (number < 0 || number > UINT32_MAX) {
		cursor->at = before;
		return false;
	}
	*ret = (uint32_t)number;
	return true;
}

void text_copy_comm(char ret[COMM_LEN], const char *comm, size_t length)
{
	if (length > COMM_LEN - 1)
		length = COMM_LEN - 1;
	memset(ret, 0, COMM_LEN);
	for (size_t i = 0; i < length && comm[i]; i++)
		ret[i] = comm[i];
}

bool text_comm_bytes(struct text_cursor *cursor, const char *key, size_t key_length,
		     char ret[COMM_LEN])
{
	size_t left = text_left(cursor);
	const char *found = NULL;
	size_t nr_places;

	if (left < key_length)
		return false;
	nr_places = left - key_length + 1;
	for (size_t i = nr_places < COMM_LEN ? nr_places : COMM_LEN; i-- > 0 && !found;) {
		if (cursor->at[i] == key[0] && !memcmp(cursor->at + i, key, key_length))
			found = cursor->at + i;
	}
	if (!found)
		found = memmem(cursor->at, left < COMM_SEARCH_MAX ? left : COMM_SEARCH_MAX, key,
			       key_length);
	if (!found)
		return false;
	text_copy_comm(ret, cursor->at, (size_t)(found - cursor->at));
	cursor->at = found + key_length;
	return true;
}

const char *text_find_last_bytes(const struct text_cursor *cursor, const char *bytes, size_t length)
{
	if (text_left(cursor) < length)
		return NULL;
	for (size_t i = text_left(cursor) - length + 1; i-- > 0;) {
		if (cursor->at[i] == bytes[0] && !memcmp(cursor->at + i, bytes, length))
			return cursor->at + i;
	}
	return NULL;
}
