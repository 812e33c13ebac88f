// SPDX-License-Identifier: GPL-2.0-only
#include "decode_print.h"

#include <string.h>

#define DEPTH_MAX 16	/* of parentheses */

struct scan {
	const char *at;
	const char *end;
	int depth;
	bool failed;
};

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n'))
		scan->at++;
}

static bool take(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	skip_space(scan);
	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length))
		return false;
	scan->at += length;
	return true;
}

static int digit_of(char letter, unsigned int base)
{
	int digit = 16;

	if (letter >= '0' && letter <= '9')
		digit = letter - '0';
	else if (letter >= 'a' && letter <= 'f')
		digit = letter - 'a' + 10;
	else if (letter >= 'A' && letter <= 'F')
		digit = letter - 'A' + 10;
	return digit < (int)base ? digit : -1;
}

static uint64_t take_number(struct scan *scan)
{
	unsigned int base = 10;
	uint64_t number = 0;
	const char *start;

	skip_space(scan);
	if (scan->end - scan->at > 2 && scan->at[0] == '0' &&
	    (scan->at[1] == 'x' || scan->at[1] == 'X')) {
		base = 16;
		scan->at += 2;
	}
	for (start = scan->at; scan->at < scan->end; scan->at++) {
		int digit = digit_of(*scan->at, base);

		if (digit < 0)
			break;
		number = number * base + (unsigned int)digit;
	}
	scan->failed = scan->failed || scan->at == start;
	while (scan->at < scan->end && (*scan->at == 'U' || *scan->at == 'L'))
		scan->at++;
	return number;
}

/*
 * Constant expressions as the kernel's headers leave them behind, with C's precedence: | binds
 * least, then <<, then + and -.
 */
static uint64_t take_or(struct scan *scan);

static uint64_t take_unit(struct scan *scan)
{
	uint64_t value;

	if (!take(scan, "("))
		return take_number(scan);
	if (++scan->depth > DEPTH_MAX) {
		scan->failed = true;
		return 0;
	}
	value = take_or(scan);
	scan->failed = scan->failed || !take(scan, ")");
	scan->depth--;
	return value;
}

static uint64_t take_sum(struct scan *scan)
{
	uint64_t value = take_unit(scan);

	while (!scan->failed) {
		if (take(scan, "+"))
			value += take_unit(scan);
		else if (take(scan, "-"))
			value -= take_unit(scan);
		else
			break;
	}
	return value;
}

static uint64_t take_shift(struct scan *scan)
{
	uint64_t value = take_sum(scan);

	while (!scan->failed && take(scan, "<<")) {
		uint64_t shift = take_sum(scan);

		value = shift < 64 ? value << shift : 0;
	}
	return value;
}

static uint64_t take_or(struct scan *scan)
{
	uint64_t value = take_shift(scan);

	while (!scan->failed && take(scan, "|"))
		value |= take_shift(scan);
	return value;
}

static bool take_word(struct scan *scan, char *word)
{
	const char *end;
	size_t length;

	if (!take(scan, "\""))
		return false;
	end = memchr(scan->at, '"', (size_t)(scan->end - scan->at));
	if (!end)
		return false;
	length = (size_t)(end - scan->at);
	if (length >= DECODE_WORD_LEN)
		length = DECODE_WORD_LEN - 1;
	memcpy(word, scan->at, length);
	word[length] = '\0';
	scan->at = end + 1;
	return true;
}

/* { 0x01, "S" } */
static bool take_entry(struct scan *scan, struct decode_word *entry)
{
	if (!take(scan, "{"))
		return false;
	entry->value = take_or(scan);
	return !scan->failed && take(scan, ",") && take_word(scan, entry->word) && take(scan, "}");
}

static const char *find(const char *text, size_t size, const char *word)
{
	return memmem(text, size, word, strlen(word));
}

size_t decode_print_table(const char *text, size_t size, struct decode_word *words, size_t nr_max)
{
	const char *flags = find(text, size, "__print_flags");
	const char *symbolic = find(text, size, "__print_symbolic");
	const char *start = flags && (!symbolic || flags < symbolic) ? flags : symbolic;
	struct scan scan = { .end = text + size };
	size_t nr = 0;

	scan.at = start ? memchr(start, '{', (size_t)(scan.end - start)) : NULL;
	if (!scan.at)
		return 0;
	while (nr < nr_max && take_entry(&scan, &words[nr])) {
		nr++;
		if (!take(&scan, ","))
			break;
	}
	return nr;
}

uint64_t decode_print_plus(const char *text, size_t size)
{
	const char *plus = find(text, size, "\"+\"");
	const char *start = plus;
	struct scan scan = { 0 };
	uint64_t value;

	while (start && start > text && *start != '&')
		start--;
	if (!start || *start != '&')
		return 0;
	scan.at = start + 1;
	scan.end = plus;
	value = take_or(&scan);
	return !scan.failed && take(&scan, "?") ? value : 0;
}
