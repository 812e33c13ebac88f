// SPDX-License-Identifier: GPL-2.0-only
#include "text_line.h"

#include <string.h>

#include "text_columns.h"

/* Further to the right than this no line says where it is from. */
#define HEAD_MAX 256

#define NAME_MAX_LENGTH 63

/* A log's date and host name in front of "kernel: ". */
#define LOG_PREFIX_MAX 128

/* Letters, digits and '_'. */
static const bool is_name_char[256] = {
	['0' ... '9'] = true, ['A' ... 'Z'] = true, ['_'] = true, ['a' ... 'z'] = true,
};

/*
 * What follows the time stamp. Without a name before a colon it is what a tracer prints by itself:
 * "#5751  context    irq timer_latency   1808679 ns", "<stack trace>", "do_idle
 * <-cpu_startup_entry".
 */
static void parse_event(struct text_cursor c, struct text_line *ret)
{
	struct text_cursor gap;
	const char *at;

	text_skip_blanks(&c);
	gap = c;
	if (text_skip(&gap, "(+")) {
		uint64_t ignored;

		if (text_decimal(&gap, &ignored) && text_skip(&gap, ")")) {
			text_skip_blanks(&gap);
			c = gap;
		}
	}
	for (at = c.at; at < c.end && is_name_char[(unsigned char)*at]; at++)
		;
	ret->name = (struct text_cursor){ c.at, c.at };
	if (at > c.at && at - c.at <= NAME_MAX_LENGTH && at < c.end && *at == ':' &&
	    (at + 1 == c.end || at[1] == ' ' || at[1] == '\t')) {
		ret->name.end = at;
		c.at = at + 1;
		text_skip_blanks(&c);
	}
	ret->body = c;
	ret->kind = TEXT_LINE_EVENT;
}

/* At the end of a comm of @width: in the place where ftrace puts it. */
static bool parse_fixed(const struct text_cursor *line, struct text_line *ret)
{
	struct text_cursor c = *line;

	if (text_left(line) < 24)
		return false;
	if (line->at[16] == '-') {
		c.at = line->at + 16;
		if (text_columns(&c, ret)) {
			parse_event(c, ret);
			return true;
		}
	}
	if (line->at[8] == '-') {
		c.at = line->at + 8;
		if (text_latency_columns(&c, ret)) {
			parse_event(c, ret);
			return true;
		}
	}
	return false;
}

/*
 * Anywhere: blanks may have been stripped from the beginning, or the name of an instance, guest or
 * file put there. A comm is short, so the last place within its reach is right; failing that, the
 * first one at all.
 */
static bool parse_anywhere(const struct text_cursor *line, struct text_line *ret)
{
	struct text_cursor c = *line, best = { NULL, NULL };
	struct text_line found;
	const char *first, *stop;

	text_skip_blanks(&c);
	first = c.at;
	stop = text_left(&c) > HEAD_MAX ? c.at + HEAD_MAX : c.end;
	for (const char *at = first; at < stop; at++) {
		if (*at != '-' || at + 1 == c.end || !text_is_digit(at[1]))
			continue;
		if (best.at && at - first >= COMM_LEN)
			break;
		c.at = at;
		if (!text_columns(&c, &found)) {
			c.at = at;
			if (!text_latency_columns(&c, &found))
				continue;
		}
		best = c;
		*ret = found;
	}
	if (!best.at) {
		c.at = first;
		if (!text_verbose_columns(&c, ret))
			return false;
		best = c;
	}
	parse_event(best, ret);
	return true;
}

/*
 * "CPU:1 [LOST 284 EVENTS]", "CPU:7 [204600 EVENTS DROPPED]", "CPU 2 [LOST EVENTS]", "[LOST
 * EVENTS]"
 */
static bool parse_loss(struct text_cursor c, struct text_line *ret)
{
	bool has_word = false;
	uint64_t number;

	ret->cpu = TEXT_CPU_UNKNOWN;
	ret->lost_events = 0;
	if (text_skip(&c, "CPU")) {
		if (!text_skip(&c, ":"))
			text_skip_blanks(&c);
		if (!text_decimal(&c, &number) || number >= TEXT_CPU_UNKNOWN)
			return false;
		ret->cpu = (uint32_t)number;
		text_skip_blanks(&c);
	}
	if (!text_skip(&c, "["))
		return false;
	while (!text_skip(&c, "]")) {
		text_skip_blanks(&c);
		if (text_decimal(&c, &number))
			ret->lost_events = number;
		else if (text_skip(&c, "LOST") || text_skip(&c, "DROPPED"))
			has_word = true;
		else if (!text_skip(&c, "EVENTS"))
			return false;
	}
	ret->kind = TEXT_LINE_LOSS;
	return has_word;
}

static bool parse_cpu_begins(struct text_cursor c, struct text_line *ret)
{
	uint64_t number;

	if (!text_skip(&c, "##### CPU ") || !text_decimal(&c, &number) ||
	    number >= TEXT_CPU_UNKNOWN || !text_skip(&c, " buffer started"))
		return false;
	ret->cpu = (uint32_t)number;
	ret->kind = TEXT_LINE_CPU_BEGINS;
	return true;
}

/* "CPU 1 is empty", as older versions of trace-cmd report begin */
static bool is_empty_cpu(struct text_cursor c, struct text_line *ret)
{
	uint64_t number;

	ret->kind = TEXT_LINE_NOTHING;
	return text_skip(&c, "CPU ") && text_decimal(&c, &number) && text_skip(&c, " is empty");
}

/* Lines that are known by how they begin. */
static bool parse_known(struct text_layout *layout, struct text_cursor c, struct text_line *ret)
{
	ret->kind = TEXT_LINE_NOTHING;
	text_skip_blanks(&c);
	ret->body = c;
	if (c.at == c.end)
		return true;
	switch (*c.at) {
	case '#':
		if (!parse_cpu_begins(c, ret))
			ret->kind = TEXT_LINE_COMMENT;
		return true;
	case '=':
		if (!text_skip(&c, "=> ") && !text_skip(&c, "=>\t"))
			return false;
		text_skip_blanks(&c);
		ret->kind = TEXT_LINE_FRAME;
		ret->body = c;
		return true;
	case 'C':
		return parse_loss(c, ret) || is_empty_cpu(c, ret);
	case '[':
		return parse_loss(c, ret);
	case 'D':
		if (!text_skip(&c, "Dumping ftrace buffer:"))
			return false;
		layout->is_log = true;
		layout->dump = TEXT_DUMP_ANNOUNCED;
		return true;
	case '-':
		if (!text_skip(&c, "-----"))
			return false;
		layout->dump = layout->dump == TEXT_DUMP_ANNOUNCED ? TEXT_DUMP_OPEN :
								     TEXT_DUMP_NONE;
		return true;
	case 'c':
	case 'v':
		if (!text_skip(&c, "cpus=") && !text_skip(&c, "version ="))
			return false;
		ret->kind = TEXT_LINE_FACT;
		return true;
	case 'L':
		if (!text_skip(&c, "Linux "))
			return false;
		ret->kind = TEXT_LINE_FACT;
		return true;
	default:
		return false;
	}
}

/* "[  123.456789]", "[Thu Nov 20 22:08:01 2025]", and after one of these "[    C1]", "[ T1234]" */
static bool skip_log_stamp(struct text_cursor *c)
{
	struct text_cursor brackets = { c->at, c->at };
	unsigned int nr_colons = 0, nr_points = 0;

	if (!text_left(c) || *c->at != '[')
		return false;
	brackets.end = memchr(c->at, ']', text_left(c) < 40 ? text_left(c) : 40);
	if (!brackets.end)
		return false;
	for (const char *at = c->at + 1; at < brackets.end; at++) {
		nr_colons += *at == ':';
		nr_points += *at == '.';
	}
	if (nr_points != 1 && nr_colons != 2)
		return false;
	c->at = brackets.end + 1;
	if (text_left(c) > 2 && c->at[0] == '[') {
		brackets.at = c->at + 1;
		brackets.end = memchr(c->at, ']', text_left(c) < 16 ? text_left(c) : 16);
		text_skip_blanks(&brackets);
		if (brackets.end && (*brackets.at == 'C' || *brackets.at == 'T'))
			c->at = brackets.end + 1;
	}
	text_skip(c, " ");
	return true;
}

/* What a log puts before a line: all up to "kernel: ", "<4>", a stamp. True when there was any. */
static bool skip_log_prefix(struct text_cursor *line)
{
	struct text_cursor c = *line, level;
	const char *found;
	uint64_t number;

	found = memmem(c.at, text_left(&c) < LOG_PREFIX_MAX ? text_left(&c) : LOG_PREFIX_MAX,
		       " kernel: ", 9);
	if (found)
		c.at = found + 9;
	level = c;
	if (text_skip(&level, "<") && text_decimal(&level, &number) && text_skip(&level, ">"))
		c = level;
	skip_log_stamp(&c);
	if (c.at == line->at)
		return false;
	*line = c;
	return true;
}

void text_line_parse(struct text_layout *layout, const char *text, size_t length,
		     struct text_line *ret)
{
	struct text_cursor line = { text, text + length };

	if (length && text[length - 1] == '\r')
		line.end--;
	if (parse_fixed(&line, ret))
		return;
	if (skip_log_prefix(&line)) {
		layout->is_log = true;
		if (parse_fixed(&line, ret))
			return;
	}
	if (parse_known(layout, line, ret) || parse_anywhere(&line, ret))
		return;
	ret->kind = layout->is_log && layout->dump != TEXT_DUMP_OPEN ? TEXT_LINE_NOTHING :
								       TEXT_LINE_CUT;
}
