// SPDX-License-Identifier: GPL-2.0-only
#include "text_parser.h"

#include <assert.h>

#include "text_decode.h"
#include "text_facts.h"

void text_parser_init(struct text_parser *parser, struct names *names, struct source_info *info)
{
	*parser = (struct text_parser){ .names = names, .info = info };
}

void text_parser_deinit(struct text_parser *parser)
{
	text_cpus_deinit(&parser->cpus);
}

static struct event *add_ready(struct text_parser *parser, uint64_t offset)
{
	assert(parser->nr_ready < TEXT_PARSER_READY);
	parser->ready_offset[parser->nr_ready] = offset;
	return &parser->ready[parser->nr_ready++];
}

static void end_stack(struct text_parser *parser)
{
	if (!parser->has_stack)
		return;
	parser->has_stack = false;
	*add_ready(parser, parser->stack_offset) = parser->stack;
}

/* Hand on the loss that waits, now that it is known where it ends. */
static void end_mark(struct text_parser *parser, uint32_t next_cpu, uint64_t to_at, uint64_t offset)
{
	const struct source_info *info = parser->info;
	uint32_t cpu = parser->mark.cpu;
	const struct text_cpu *state;
	uint64_t from_at = to_at;
	struct event *event;

	if (!parser->has_mark)
		return;
	parser->has_mark = false;
	if (cpu == TEXT_CPU_UNKNOWN)
		cpu = next_cpu;
	state = text_cpus_get(&parser->cpus, cpu);
	if (!state)
		return;
	if (state->is_seen)
		from_at = state->last_at;
	else if (info->nr_events)
		from_at = info->first_at;
	event = add_ready(parser, offset);
	*event = (struct event){ .at = from_at, .cpu = cpu, .tid = TID_UNKNOWN,
				 .type = EVENT_LOSS };
	event->loss.to_at = to_at > from_at ? to_at : from_at;
	event->loss.lost_events = parser->mark.lost_events;
}

static void take_mark(struct text_parser *parser, const struct text_line *line, uint64_t offset)
{
	end_mark(parser, TEXT_CPU_UNKNOWN, parser->info->last_at, offset);
	parser->mark = *line;
	parser->has_mark = true;
}

static void note_cpu(struct text_parser *parser, const struct text_line *line)
{
	struct text_cpu *cpu = text_cpus_get(&parser->cpus, line->cpu);

	if (line->cpu >= ENGINE_MAX_CPUS ||
	    (parser->header_cpus && line->cpu >= parser->header_cpus))
		parser->info->odd[SOURCE_ODD_CPU_RANGE]++;
	if (!cpu)
		return;
	if (line->cpu >= parser->info->nr_cpus)
		parser->info->nr_cpus = line->cpu + 1;
	if (cpu->is_seen && line->at < cpu->last_at)
		parser->info->odd[SOURCE_ODD_TIME_BACKWARDS]++;
	cpu->is_seen = true;
	cpu->last_at = line->at;
}

static bool take_event(struct text_parser *parser, const struct text_line *line, uint64_t offset)
{
	enum text_body_result result;
	struct event *event;

	end_stack(parser);
	end_mark(parser, line->cpu, line->at, offset);
	note_cpu(parser, line);
	event = add_ready(parser, offset);
	event->at = line->at;
	event->cpu = line->cpu;
	event->tid = line->tid;
	event->flags = line->flags;
	event->preempt_depth = line->preempt_depth;
	result = text_body_decode(&parser->bodies, line, parser->names, parser->info->nr_cpus,
				  event);
	text_facts_event(parser->info, line, event->type);
	if (event->type == EVENT_STACK) {
		/* Its frames are still to come. */
		parser->has_stack = true;
		parser->stack = *event;
		parser->stack_offset = offset;
		parser->nr_ready--;
	}
	if (result == TEXT_BODY_CUT)
		parser->info->odd[SOURCE_ODD_CUT_LINE]++;
	return result != TEXT_BODY_CUT;
}

static void take_fact(struct text_parser *parser, const struct text_line *line)
{
	struct text_cursor c = line->body;
	uint64_t nr_cpus;

	text_facts_line(parser->info, line);
	if (line->kind == TEXT_LINE_FACT && text_skip(&c, "cpus=") && text_decimal(&c, &nr_cpus) &&
	    nr_cpus <= ENGINE_MAX_CPUS)
		parser->header_cpus = (uint32_t)nr_cpus;
}

bool text_parser_line(struct text_parser *parser, const char *text, size_t length, uint64_t offset,
		      bool has_known_loss)
{
	const struct text_cpu *cpu;
	struct text_line line;

	text_line_parse(&parser->layout, text, length, &line);
	switch (line.kind) {
	case TEXT_LINE_EVENT:
		return take_event(parser, &line, offset);
	case TEXT_LINE_FRAME:
		if (parser->has_stack)
			text_work_frame(line.body, parser->names, &parser->stack);
		return true;
	case TEXT_LINE_COMMENT:
	case TEXT_LINE_FACT:
		take_fact(parser, &line);
		return true;
	case TEXT_LINE_CPU_BEGINS:
		line.lost_events = 0;
		cpu = text_cpus_get(&parser->cpus, line.cpu);
		has_known_loss |= !cpu || !cpu->is_seen;
		/* fall through */
	case TEXT_LINE_LOSS:
		end_stack(parser);
		if (!has_known_loss)
			take_mark(parser, &line, offset);
		return true;
	case TEXT_LINE_NOTHING:
		return true;
	case TEXT_LINE_CUT:
		break;
	}
	parser->info->odd[SOURCE_ODD_CUT_LINE]++;
	return false;
}

void text_parser_finish(struct text_parser *parser)
{
	end_stack(parser);
	end_mark(parser, TEXT_CPU_UNKNOWN, parser->info->last_at, UINT64_MAX);
}

const struct event *text_parser_peek(const struct text_parser *parser, uint64_t *offset)
{
	if (parser->next_ready == parser->nr_ready)
		return NULL;
	*offset = parser->ready_offset[parser->next_ready];
	return &parser->ready[parser->next_ready];
}

void text_parser_drop(struct text_parser *parser)
{
	if (++parser->next_ready == parser->nr_ready)
		parser->next_ready = parser->nr_ready = 0;
}
