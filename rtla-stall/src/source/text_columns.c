// SPDX-License-Identifier: GPL-2.0-only
#include "text_columns.h"

#include "../engine/event.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)

#define FLAG_COLUMNS_MIN 4
#define FLAG_COLUMNS_MAX 8
#define TGID_MAX 16	/* of what is between its brackets */

/* The stamp of a verbose line begins within so many bytes. */
#define VERBOSE_MAX 128

/* common_flags as the option "verbose" prints them. 0x02 has had two meanings. */
enum {
	RAW_IRQS_OFF = 0x01,
	RAW_NEED_RESCHED = 0x04,
	RAW_HARDIRQ = 0x08,
	RAW_SOFTIRQ = 0x10,
	RAW_NMI = 0x40,
	RAW_BH_OFF = 0x80
};

static const uint32_t fraction_unit[10] = {
	1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1
};

/* "1797.972244:", "7.545784123:", "12345us+:", "12345us :", "4744615025383:" */
static bool parse_stamp(struct text_cursor *cursor, uint64_t *ret)
{
	struct text_cursor c = *cursor;
	uint64_t whole, fraction = 0;

	if (!text_decimal(&c, &whole))
		return false;
	if (text_skip(&c, ".")) {
		const char *first = c.at;

		while (c.at < c.end && text_is_digit(*c.at) && c.at - first < 9)
			fraction = fraction * 10 + (uint64_t)(*c.at++ - '0');
		if (c.at == first || __builtin_mul_overflow(whole, NS_PER_S, &whole) ||
		    __builtin_add_overflow(whole, fraction * fraction_unit[c.at - first], &whole))
			return false;
	} else if (text_skip(&c, "us")) {
		if (__builtin_mul_overflow(whole, NS_PER_US, &whole))
			return false;
		/* A mark says how long it was to the next event. */
		if (c.at < c.end && *c.at != ':')
			c.at++;
	}
	if (!text_skip(&c, ":"))
		return false;
	*ret = whole;
	cursor->at = c.at;
	return true;
}

static uint8_t depth_column(char c)
{
	if (text_is_digit(c))
		return (uint8_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint8_t)(c - 'a' + 10);
	return 0;
}

static bool is_one_of(char c, const char *chars)
{
	while (*chars && *chars != c)
		chars++;
	return *chars;
}

static bool irqs_column(char c, uint8_t *flags)
{
	switch (c) {
	case 'd':
		*flags |= EVENT_FLAG_IRQS_OFF;
		return true;
	case 'D':
		*flags |= EVENT_FLAG_IRQS_OFF | EVENT_FLAG_BH_OFF;
		return true;
	case 'b':
		*flags |= EVENT_FLAG_BH_OFF;
		return true;
	default:
		return c == '.' || c == 'X';
	}
}

static bool resched_column(char c, uint8_t *flags)
{
	switch (c) {
	case 'N':
	case 'n':
		*flags |= EVENT_FLAG_NEED_RESCHED;
		return true;
	case 'L':
	case 'l':
		*flags |= EVENT_FLAG_NEED_RESCHED_LAZY;
		return true;
	case 'B':
	case 'b':
		*flags |= EVENT_FLAG_NEED_RESCHED | EVENT_FLAG_NEED_RESCHED_LAZY;
		return true;
	default:
		return c == '.' || c == 'p';
	}
}

static bool context_column(char c, uint8_t *flags)
{
	switch (c) {
	case 'h':
		*flags |= EVENT_FLAG_HARDIRQ;
		return true;
	case 'H':
		*flags |= EVENT_FLAG_HARDIRQ | EVENT_FLAG_SOFTIRQ;
		return true;
	case 's':
		*flags |= EVENT_FLAG_SOFTIRQ;
		return true;
	case 'z':
		*flags |= EVENT_FLAG_NMI;
		return true;
	case 'Z':
		*flags |= EVENT_FLAG_NMI | EVENT_FLAG_HARDIRQ;
		return true;
	default:
		return c == '.';
	}
}

/*
 * 4: irqs-off, need-resched, hardirq/softirq, preempt-depth (to 5.16);
 * 5: and migrate-disable;
 * 7: PREEMPT_RT's patches: irqs-off, need-resched, need-resched-lazy, hardirq/softirq,
 * preempt-depth,
 *    preempt-lazy-depth, migrate-disable.
 * trace-cmd report -l adds up to three columns to the first four, so 6 and 7 are told apart by
 * where the context column is, where it says anything.
 */
static bool take_flags(struct text_cursor *c, struct text_line *ret)
{
	uint8_t flags = EVENT_HAS_FLAGS;
	size_t context = 2, length = 0;
	const char *at = c->at;

	while (length <= FLAG_COLUMNS_MAX && !text_at_end(c)) {
		c->at++;
		length++;
	}
	if (length < FLAG_COLUMNS_MIN || length > FLAG_COLUMNS_MAX)
		return false;
	if (length > 5 && (is_one_of(at[2], "Ll") || is_one_of(at[3], "hHszZ") ||
			   (length > 6 && !is_one_of(at[2], "hHszZ"))))
		context = 3;
	if (!irqs_column(at[0], &flags) || !resched_column(at[1], &flags) ||
	    (context == 3 && !resched_column(at[2], &flags)) ||
	    !context_column(at[context], &flags))
		return false;
	for (size_t i = context + 1; i < length; i++) {
		if (at[i] != '.' && !text_is_digit(at[i]) && !(at[i] >= 'a' && at[i] <= 'f'))
			return false;
	}
	ret->flags = flags;
	ret->preempt_depth = depth_column(at[context + 1]);
	return true;
}

static void raw_flags(uint64_t raw, struct text_line *ret)
{
	ret->flags = EVENT_HAS_FLAGS;
	if (raw & RAW_IRQS_OFF)
		ret->flags |= EVENT_FLAG_IRQS_OFF;
	if (raw & RAW_NEED_RESCHED)
		ret->flags |= EVENT_FLAG_NEED_RESCHED;
	if (raw & RAW_HARDIRQ)
		ret->flags |= EVENT_FLAG_HARDIRQ;
	if (raw & RAW_SOFTIRQ)
		ret->flags |= EVENT_FLAG_SOFTIRQ;
	if (raw & RAW_NMI)
		ret->flags |= EVENT_FLAG_NMI;
	if (raw & RAW_BH_OFF)
		ret->flags |= EVENT_FLAG_BH_OFF;
}

static bool parse_tid(struct text_cursor *c, int32_t *ret)
{
	uint64_t number;

	if (!text_skip(c, "-") || !text_decimal(c, &number) || number > INT32_MAX)
		return false;
	*ret = (int32_t)number;
	return c->at < c->end && *c->at == ' ';
}

/* "(  123) ", "(-----) ", or nothing */
static bool skip_tgid(struct text_cursor *c)
{
	if (!text_skip(c, "("))
		return true;
	for (int i = 0; i < TGID_MAX && c->at < c->end &&
			(*c->at == ' ' || *c->at == '-' || text_is_digit(*c->at)); i++)
		c->at++;
	if (!text_skip(c, ")"))
		return false;
	text_skip_blanks(c);
	return true;
}

bool text_columns(struct text_cursor *cursor, struct text_line *ret)
{
	struct text_cursor c = *cursor;
	const char *first;
	uint64_t cpu;

	if (!parse_tid(&c, &ret->tid))
		return false;
	text_skip_blanks(&c);
	if (!skip_tgid(&c) || !text_skip(&c, "[") || !text_decimal(&c, &cpu) || cpu >= UINT32_MAX ||
	    !text_skip(&c, "]"))
		return false;
	ret->cpu = (uint32_t)cpu;
	text_skip_blanks(&c);
	/* Kernels before 4.14 printed it here. */
	if (!skip_tgid(&c))
		return false;
	ret->flags = 0;
	ret->preempt_depth = 0;
	first = c.at;
	if (first < c.end && !text_is_digit(*first)) {
		if (!take_flags(&c, ret))
			return false;
		text_skip_blanks(&c);
	}
	if (!parse_stamp(&c, &ret->at))
		return false;
	*cursor = c;
	return true;
}

bool text_latency_columns(struct text_cursor *cursor, struct text_line *ret)
{
	struct text_cursor c = *cursor;
	uint64_t number;

	if (!parse_tid(&c, &ret->tid))
		return false;
	text_skip_blanks(&c);
	if (!text_decimal(&c, &number) || number >= UINT32_MAX)
		return false;
	ret->cpu = (uint32_t)number;
	if (text_skip(&c, "-0x")) {
		/* Without the preempt depth flags say too little. */
		if (!text_hex(&c, &number))
			return false;
		ret->flags = 0;
		ret->preempt_depth = 0;
	} else {
		if (!take_flags(&c, ret))
			return false;
	}
	text_skip_blanks(&c);
	if (!parse_stamp(&c, &ret->at))
		return false;
	*cursor = c;
	return true;
}

/* The number that ends where @c ends, and the blanks before it, taken off the end of @c. */
static bool take_last_number(struct text_cursor *c, unsigned int base, uint64_t *ret)
{
	struct text_cursor number;

	while (c->end > c->at && c->end[-1] == ' ')
		c->end--;
	number = (struct text_cursor){ c->end, c->end };
	while (number.at > c->at && number.at[-1] != ' ' && number.end - number.at < 20)
		number.at--;
	c->end = number.at;
	if (base == 16 ? !text_hex(&number, ret) : !text_decimal(&number, ret))
		return false;
	return number.at == number.end;
}

/* comm tid cpu flags preempt_count index [stamp] stamp since the beginning (+to the next): */
static bool parse_verbose(struct text_cursor head, struct text_cursor *cursor,
			  struct text_line *ret)
{
	uint64_t stamp, index, preempt_count, flags, cpu, tid;
	struct text_cursor c = { head.end + 1, cursor->end };
	const char *close;

	if (!text_hex(&c, &stamp) || !text_skip(&c, "] "))
		return false;
	if (!take_last_number(&head, 16, &index) || !take_last_number(&head, 16, &preempt_count) ||
	    !take_last_number(&head, 10, &flags) || !take_last_number(&head, 10, &cpu) ||
	    !take_last_number(&head, 10, &tid) || cpu >= UINT32_MAX || tid > INT32_MAX)
		return false;
	close = memmem(c.at, text_left(&c) < VERBOSE_MAX ? text_left(&c) : VERBOSE_MAX, "): ", 3);
	if (!close)
		return false;
	if (memmem(c.at, (size_t)(close - c.at), "ms (+", 5) &&
	    __builtin_mul_overflow(stamp, NS_PER_US, &stamp))
		return false;
	raw_flags(flags, ret);
	ret->preempt_depth = (uint8_t)(preempt_count & 0xf);
	ret->tid = (int32_t)tid;
	ret->cpu = (uint32_t)cpu;
	ret->at = stamp;
	cursor->at = close + 2;
	return true;
}

bool text_verbose_columns(struct text_cursor *cursor, struct text_line *ret)
{
	size_t reach = text_left(cursor) < VERBOSE_MAX ? text_left(cursor) : VERBOSE_MAX;

	for (size_t i = 0; i < reach; i++) {
		if (cursor->at[i] == '[' &&
		    parse_verbose((struct text_cursor){ cursor->at, cursor->at + i }, cursor, ret))
			return true;
	}
	return false;
}
