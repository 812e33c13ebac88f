/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_PARSER_H
#define RTLA_STALL_SOURCE_TEXT_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"
#include "text_body.h"
#include "text_cpus.h"
#include "text_line.h"

/*
 * Lines in, events out; no I/O.
 *
 *     text_parser_init()
 *     for each line:  text_parser_line(), then text_parser_take() while there are events
 *     text_parser_finish(), then text_parser_take() likewise
 *     text_parser_deinit()
 *
 * One line may end a stack, whose frames are lines of their own, and so yield two events; most
 * yield one or none. A line of an event whose fields are cut becomes EVENT_OTHER: it still proves
 * who is on its CPU.
 *
 * Marks of loss: the parser hands a loss on at the next event, with the stamp of the last event of
 * that CPU: later than it should be, and so older than what was handed on before. Who knows the
 * losses beforehand (text_losses.h) passes has_known_losses, and the parser leaves marks alone.
 */

struct names;

#define TEXT_PARSER_READY 4

struct text_parser {
	struct names *names;		/* borrowed */
	struct source_info *info;	/* borrowed: facts and odd things go there */
	struct text_layout layout;
	struct text_bodies bodies;
	struct text_cpus cpus;
	uint32_t header_cpus;		/* "cpus=4"; 0 none */

	bool has_stack;			/* a stack whose frames are being collected */
	struct event stack;
	uint64_t stack_offset;
	bool has_mark;			/* a mark that waits for the next event */
	struct text_line mark;

	struct event ready[TEXT_PARSER_READY];
	uint64_t ready_offset[TEXT_PARSER_READY]; /* of their lines in the input */
	size_t nr_ready;
	size_t next_ready;
};

/** text_parser_init() - borrows both; they outlive the parser */
void text_parser_init(struct text_parser *parser, struct names *names, struct source_info *info);

void text_parser_deinit(struct text_parser *parser);

/**
 * text_parser_line() - take in a line
 * @text: without its newline; borrowed for the call
 * @offset: of the line in the input
 * @has_known_loss: what this line says of a loss is known already
 *
 * All events of the line before must have been taken.
 *
 * Return: false when the line counts as cut.
 */
bool text_parser_line(struct text_parser *parser, const char *text, size_t length, uint64_t offset,
		      bool has_known_loss);

/** text_parser_finish() - there are no more lines */
void text_parser_finish(struct text_parser *parser);

/**
 * text_parser_peek() - the next event
 * @offset: of its line in the input
 *
 * Return: valid until the next line, or NULL when there is none.
 */
const struct event *text_parser_peek(const struct text_parser *parser, uint64_t *offset);

/** text_parser_drop() - be done with the event that text_parser_peek() shows */
void text_parser_drop(struct text_parser *parser);

#endif
