/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_BYTES_H
#define RTLA_STALL_SOURCE_DAT_BYTES_H

#include <byteswap.h>
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Reading numbers and strings of a given byte order out of memory, never past its end.
 *
 *     struct dat_bytes bytes = { .at = start, .end = start + size, .is_swapped = ... };
 *     if (!dat_bytes_u32(&bytes, &count))
 *             ... the input is too short; @bytes has not moved
 *
 * "Swapped" means: the other byte order than this machine's.
 */

struct dat_bytes {
	const uint8_t *at;
	const uint8_t *end;
	bool is_swapped;
};

static inline bool dat_is_swapped(bool is_big_endian)
{
	return is_big_endian != (__BYTE_ORDER == __BIG_ENDIAN);
}

static inline uint16_t dat_load_u16(const uint8_t *at, bool is_swapped)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return is_swapped ? bswap_16(value) : value;
}

static inline uint32_t dat_load_u32(const uint8_t *at, bool is_swapped)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return is_swapped ? bswap_32(value) : value;
}

static inline uint64_t dat_load_u64(const uint8_t *at, bool is_swapped)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return is_swapped ? bswap_64(value) : value;
}

/** dat_bytes_left() - how many bytes there are before the end */
static inline uint64_t dat_bytes_left(const struct dat_bytes *bytes)
{
	return (uint64_t)(bytes->end - bytes->at);
}

/** dat_bytes_take() - pass over @size bytes; NULL when there are fewer */
static inline const uint8_t *dat_bytes_take(struct dat_bytes *bytes, uint64_t size)
{
	const uint8_t *start = bytes->at;

	if (size > dat_bytes_left(bytes))
		return NULL;
	bytes->at += size;
	return start;
}

static inline bool dat_bytes_u16(struct dat_bytes *bytes, uint16_t *ret)
{
	const uint8_t *at = dat_bytes_take(bytes, sizeof(*ret));

	if (at)
		*ret = dat_load_u16(at, bytes->is_swapped);
	return at;
}

static inline bool dat_bytes_u32(struct dat_bytes *bytes, uint32_t *ret)
{
	const uint8_t *at = dat_bytes_take(bytes, sizeof(*ret));

	if (at)
		*ret = dat_load_u32(at, bytes->is_swapped);
	return at;
}

static inline bool dat_bytes_u64(struct dat_bytes *bytes, uint64_t *ret)
{
	const uint8_t *at = dat_bytes_take(bytes, sizeof(*ret));

	if (at)
		*ret = dat_load_u64(at, bytes->is_swapped);
	return at;
}

/** dat_bytes_string() - pass over a string and its NUL; NULL when no NUL is left */
static inline const char *dat_bytes_string(struct dat_bytes *bytes)
{
	uint64_t left = dat_bytes_left(bytes);
	const uint8_t *nul = left ? memchr(bytes->at, '\0', left) : NULL;
	const char *start = (const char *)bytes->at;

	if (!nul)
		return NULL;
	bytes->at = nul + 1;
	return start;
}

#endif
