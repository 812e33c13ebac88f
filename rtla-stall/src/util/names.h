/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_NAMES_H
#define RTLA_STALL_UTIL_NAMES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Strings as numbers.
 *
 * Names that recur in a trace (functions, interrupt actions, workqueues, stack frames) are kept
 * once and referred to by a small number, so that an event is a value of fixed size without
 * pointers. A number stays valid, and names the same string, until names_destroy(). Number 0 is "".
 *
 * Pure: no I/O. The table is bounded (NAMES_MAX strings, NAMES_MAX_BYTES of text): what does not
 * fit any more, as in a hostile trace, becomes number 0.
 */

#define NAMES_MAX 262144u
#define NAMES_MAX_BYTES (8u << 20)

struct names;

/**
 * names_create() - make an empty table
 *
 * Return: the table, or NULL when out of memory.
 */
struct names *names_create(void);

/** names_destroy() - free the table; @names may be NULL */
void names_destroy(struct names *names);

/**
 * names_add() - the number of a string, which is copied when it is new
 * @text: need not end in NUL; bytes are kept as they are, up to the first NUL
 * @length: bytes at @text
 *
 * Return: its number; 0 for "", and when the table is full or out of memory.
 */
uint32_t names_add(struct names *names, const char *text, size_t length);

/**
 * names_get() - the string of a number
 *
 * Return: never NULL; "" for 0 and for numbers never given out. Valid until names_destroy().
 */
const char *names_get(const struct names *names, uint32_t name);

#endif
