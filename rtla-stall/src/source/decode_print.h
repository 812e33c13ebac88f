/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DECODE_PRINT_H
#define RTLA_STALL_SOURCE_DECODE_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the "print fmt" of an event format says about the meaning of its numbers.
 *
 *     ... REC->prev_state & (0x100 - 1) ? __print_flags(REC->prev_state & (0x100 - 1), "|",
 *         { 0x01, "S" }, { 0x02, "D" }, ...) : "R", REC->prev_state & 0x100 ? "+" : "", ...
 *
 * Only two things are looked for in it: the table of numbers and words, and the bit behind a "+".
 * The text is not trusted, and not understood beyond that.
 */

#define DECODE_WORD_LEN 16

struct decode_word {
	uint64_t value;
	char word[DECODE_WORD_LEN];	/* cut to fit; ends in NUL */
};

/**
 * decode_print_table() - the table of the first __print_flags() or __print_symbolic()
 * @text: the whole format; need not end in NUL
 * @words: room for @nr_max
 *
 * Return: how many there are, in the order of the table; 0: no table.
 */
size_t decode_print_table(const char *text, size_t size, struct decode_word *words, size_t nr_max);

/**
 * decode_print_plus() - the constant C in '... & C ? "+" : ...'
 *
 * Return: it, or 0 when there is none that can be worked out.
 */
uint64_t decode_print_plus(const char *text, size_t size);

#endif
