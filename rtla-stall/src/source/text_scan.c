// SPDX-License-Identifier: GPL-2.0-only
#include "text_scan.h"

#include <errno.h>
#include <stdlib.h>

#include "text_body.h"
#include "text_cpus.h"
#include "text_facts.h"

/* Threads of PREEMPT_RT that run at every tick are met early, or not at all. */
#define RT_SEARCH_BYTES (16u << 20)

struct scan {
	struct source_info *info;
	struct names *names;
	struct text_losses *losses;
	struct text_layout layout;
	struct text_bodies bodies;
	struct text_cpus cpus;
	bool has_event;
	uint64_t first_at;
	uint64_t last_at;
	/* A mark that names no CPU is of the CPU of the next event. */
	bool has_nameless;
	struct text_loss nameless;
};

static void add_loss(struct scan *scan, uint32_t cpu, struct text_loss loss)
{
	struct text_cpu *state = text_cpus_get(&scan->cpus, cpu);

	if (!state)
		return;
	loss.cpu = cpu;
	loss.is_from_start = !state->is_seen;
	loss.at = state->is_seen ? state->last_at : scan->first_at;
	loss.from_offset = state->last_offset;
	loss.older = state->waiting;
	if (text_losses_add(scan->losses, &loss))
		state->waiting = scan->losses->nr;
}

static void end_losses(struct scan *scan, struct text_cpu *state, uint64_t at)
{
	while (state->waiting) {
		struct text_loss *loss = &scan->losses->list[state->waiting - 1];

		if (loss->is_from_start)
			loss->at = scan->first_at;
		loss->to_at = at > loss->at ? at : loss->at;
		state->waiting = loss->older;
	}
}

static void scan_event(struct scan *scan, const struct text_line *line, uint64_t offset)
{
	enum event_type type = text_body_type(&scan->bodies, line, scan->names);
	struct text_cpu *state;

	scan->info->events_present |= EVENT_BIT(type);
	/* A text says what happened, not what was recorded: migrations may just not have. */
	if (type == EVENT_WAKEUP)
		scan->info->events_present |= EVENT_BIT(EVENT_MIGRATE);
	text_facts_event(scan->info, line, type);
	if (line->cpu >= ENGINE_MAX_CPUS)
		return;
	if (!scan->has_event)
		scan->first_at = line->at;
	scan->has_event = true;
	if (line->at > scan->last_at)
		scan->last_at = line->at;
	if (line->cpu >= scan->info->nr_cpus)
		scan->info->nr_cpus = line->cpu + 1;
	if (scan->has_nameless) {
		scan->has_nameless = false;
		add_loss(scan, line->cpu, scan->nameless);
	}
	state = text_cpus_get(&scan->cpus, line->cpu);
	if (!state)
		return;
	if (state->waiting)
		end_losses(scan, state, line->at);
	state->is_seen = true;
	state->last_at = line->at;
	state->last_offset = offset;
}

static void scan_mark(struct scan *scan, const struct text_line *line, uint64_t offset)
{
	struct text_loss loss = { .lost_events = line->lost_events, .mark_offset = offset };

	if (line->cpu == TEXT_CPU_UNKNOWN) {
		scan->nameless = loss;
		scan->has_nameless = true;
		return;
	}
	add_loss(scan, line->cpu, loss);
}

static void scan_line(struct scan *scan, const struct text_reader_line *text)
{
	const struct text_cpu *state;
	struct text_line line;

	text_line_parse(&scan->layout, text->text, text->length, &line);
	switch (line.kind) {
	case TEXT_LINE_EVENT:
		scan_event(scan, &line, text->offset);
		break;
	case TEXT_LINE_COMMENT:
	case TEXT_LINE_FACT:
		text_facts_line(scan->info, &line);
		break;
	case TEXT_LINE_LOSS:
		scan_mark(scan, &line, text->offset);
		break;
	case TEXT_LINE_CPU_BEGINS:
		/* Only where something of this CPU was seen before is anything missing. */
		state = text_cpus_get(&scan->cpus, line.cpu);
		if (state && state->is_seen) {
			line.lost_events = 0;
			scan_mark(scan, &line, text->offset);
		}
		break;
	default:
		break;
	}
}

/* "ktimers/0", "ktimersoftd/0": by what was read last, which is quicker than line by line. */
static void look_for_rt(struct scan *scan, const struct text_reader *reader)
{
	if (scan->info->is_preempt_rt == TRI_UNKNOWN &&
	    memmem(reader->buffer, reader->end, "ktimers", 7))
		scan->info->is_preempt_rt = TRI_YES;
}

static int scan_lines(struct scan *scan, struct text_reader *reader)
{
	struct text_reader_line text;
	uint64_t nr_reads = 0;
	int result;

	while ((result = text_reader_next(reader, &text)) > 0) {
		if (reader->nr_reads != nr_reads) {
			nr_reads = reader->nr_reads;
			if (text.offset < RT_SEARCH_BYTES)
				look_for_rt(scan, reader);
		}
		scan_line(scan, &text);
	}
	return result;
}

int text_scan(struct text_reader *reader, struct names *names, struct source_info *info,
	      struct text_losses *losses)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	int result;

	if (!scan)
		return -ENOMEM;
	*scan = (struct scan){ .info = info, .names = names, .losses = losses };
	result = scan_lines(scan, reader);
	for (uint32_t cpu = 0; cpu < scan->cpus.nr; cpu++)
		end_losses(scan, &scan->cpus.list[cpu], scan->last_at);
	text_losses_sort(losses);
	text_cpus_deinit(&scan->cpus);
	free(scan);
	return result;
}
