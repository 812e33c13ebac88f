// SPDX-License-Identifier: GPL-2.0-only
#include "text_facts.h"

#include <string.h>

#include "dat_file.h"
#include "foreign.h"

/* The first kernel with a fair server (SCHED_DEADLINE server for the fair class). */
#define FAIR_SERVER_MAJOR 6
#define FAIR_SERVER_MINOR 12

static bool holds(const struct text_cursor *c, const char *word)
{
	return memmem(c->at, text_left(c), word, strlen(word));
}

/* "6.1.0-56-rt-amd64", "4.19.10-rt8" */
static bool is_rt_release(const char *release)
{
	const char *found = strstr(release, "-rt");

	return found && (!found[3] || found[3] == '-' || found[3] == '+' || text_is_digit(found[3]));
}

static void take_kernel(struct source_info *info, struct text_cursor c)
{
	const char *first = c.at;
	uint64_t major, minor;
	size_t length;

	while (!text_at_end(&c) && (unsigned char)*c.at > ' ' && (unsigned char)*c.at < 0x7f)
		c.at++;
	length = (size_t)(c.at - first);
	if (info->kernel[0] || !length || length >= sizeof(info->kernel) || !text_is_digit(*first))
		return;
	memcpy(info->kernel, first, length);
	info->kernel[length] = '\0';
	if (is_rt_release(info->kernel))
		info->is_preempt_rt = TRI_YES;
	if (strstr(info->kernel, "amd64") || strstr(info->kernel, "x86_64"))
		info->is_x86 = true;
	c.at = first;
	if (text_decimal(&c, &major) && text_skip(&c, ".") && text_decimal(&c, &minor))
		info->has_fair_server = major > FAIR_SERVER_MAJOR ||
					(major == FAIR_SERVER_MAJOR && minor >= FAIR_SERVER_MINOR) ?
					TRI_YES : TRI_NO;
}

static void take_nr_cpus(struct source_info *info, struct text_cursor c)
{
	uint64_t nr_cpus;

	if (text_decimal(&c, &nr_cpus) && nr_cpus <= ENGINE_MAX_CPUS && nr_cpus > info->nr_cpus)
		info->nr_cpus = (uint32_t)nr_cpus;
}

static void take_after(struct source_info *info, const struct text_cursor *c, const char *key,
		       void (*take)(struct source_info *info, struct text_cursor c))
{
	const char *found = memmem(c->at, text_left(c), key, strlen(key));

	if (found)
		take(info, (struct text_cursor){ found + strlen(key), c->end });
}

static void take_comment(struct source_info *info, const struct text_cursor *c)
{
	take_after(info, c, "#P:", take_nr_cpus);
	if (holds(c, " latency trace v"))
		take_after(info, c, " on ", take_kernel);
	/* Columns that only PREEMPT_RT's patches have. */
	if (holds(c, "=> need-resched-lazy") || holds(c, "=> need-resched_lazy") ||
	    holds(c, "=> preempt-lazy-depth") || holds(c, "(M:preempt_rt") ||
	    holds(c, "(M:PREEMPT_RT") || holds(c, "(M:PREEMPT_{RT"))
		info->is_preempt_rt = TRI_YES;
	else if (holds(c, "(M:server") || holds(c, "(M:desktop") || holds(c, "(M:PREEMPT("))
		info->is_preempt_rt = TRI_NO;
}

/* "Linux version 6.1.0-56-rt-amd64 (...) #1 SMP PREEMPT_RT ...", "Linux (none) 6.1.0 x86_64" */
static void take_linux(struct source_info *info, struct text_cursor c)
{
	while (!text_at_end(&c))
		c.at++;
	text_skip_blanks(&c);
	take_kernel(info, c);
	if (holds(&c, "PREEMPT_RT"))
		info->is_preempt_rt = TRI_YES;
	if (holds(&c, "x86_64"))
		info->is_x86 = true;
}

void text_facts_line(struct source_info *info, const struct text_line *line)
{
	struct text_cursor c = line->body;

	if (line->kind == TEXT_LINE_COMMENT)
		take_comment(info, &c);
	else if (text_skip(&c, "cpus="))
		take_nr_cpus(info, c);
	else if (text_skip(&c, "Linux "))
		take_linux(info, c);
}

void text_facts_event(struct source_info *info, const struct text_line *line, enum event_type type)
{
	struct text_cursor c = line->body;

	if (type == EVENT_IRQ_ENTRY && !info->has_irq_vectors) {
		if (text_skip(&c, "vector="))
			info->is_x86 = info->has_irq_vectors = true;
		else if (text_left(&line->name) == 9 && !memcmp(line->name.at, "ipi_entry", 9))
			info->has_irq_vectors = true;
	} else if (type == EVENT_IRQ_NOISE && !info->is_x86) {
		/* A name of irq_vectors. */
		info->is_x86 = text_skip(&c, "local_timer:");
	}
}

/* "swapper     0 [000]  7.545784:   sched:sched_switch: ..." */
static bool is_perf_script(struct text_cursor c)
{
	uint64_t number;
	const char *at;

	at = memchr(c.at, '[', text_left(&c));
	if (!at || at == c.at || at[-1] != ' ')
		return false;
	c.at = at + 1;
	if (!text_decimal(&c, &number) || !text_skip(&c, "] "))
		return false;
	text_skip_blanks(&c);
	if (!text_decimal(&c, &number) || !text_skip(&c, ".") || !text_decimal(&c, &number) ||
	    !text_skip(&c, ":"))
		return false;
	text_skip_blanks(&c);
	if (text_decimal(&c, &number))
		text_skip_blanks(&c);
	for (at = c.at; at < c.end && *at != ' ' && *at != ':'; at++)
		;
	return at > c.at && at + 1 < c.end && at[0] == ':' && at[1] != ' ';
}

static const char *foreign_beginning(struct text_cursor c)
{
	while (c.at < c.end && (*c.at == ' ' || *c.at == '\n' || *c.at == '\r' || *c.at == '\t'))
		c.at++;
	if (text_skip(&c, "#!"))
		return "a script";
	if (text_skip_bytes(&c, DAT_MAGIC, DAT_MAGIC_SIZE))
		return "a trace.dat, which has to be named, not piped";
	return foreign_magic((const uint8_t *)c.at, text_left(&c));
}

const char *text_facts_foreign(const char *text, size_t length)
{
	const struct text_cursor whole = { text, text + length };
	struct text_cursor rest = whole;
	struct text_layout layout = { .is_log = false };
	const char *whose = NULL;
	struct text_line line;

	while (rest.at < rest.end) {
		const char *newline = memchr(rest.at, '\n', text_left(&rest));
		struct text_cursor c = { rest.at, newline ? newline : rest.end };

		if (text_left(&c) <= 4096) {
			text_line_parse(&layout, c.at, text_left(&c), &line);
			if (line.kind == TEXT_LINE_EVENT)
				return NULL;
			if (!whose && is_perf_script(c))
				whose = "output of perf script";
			else if (!whose && line.kind == TEXT_LINE_COMMENT &&
				 holds(&c, "# tracer: function_graph"))
				whose = "output of the function_graph tracer, which has no events";
		}
		rest.at = newline ? newline + 1 : rest.end;
	}
	return whose ? whose : foreign_beginning(whole);
}
