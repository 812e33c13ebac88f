/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_FACTS_H
#define RTLA_STALL_SOURCE_TEXT_FACTS_H

#include <stdbool.h>

#include "source.h"
#include "text_line.h"

/*
 * What a text tells about its kernel and machine: in header lines, in those trace-cmd and logs add,
 * and in what kinds of events it has. All of it goes to struct source_info; what a text does not
 * say stays unknown.
 */

/** text_facts_line() - take what a line of kind COMMENT or FACT says */
void text_facts_line(struct source_info *info, const struct text_line *line);

/** text_facts_event() - take what the kind of an event says of the machine */
void text_facts_event(struct source_info *info, const struct text_line *line, enum event_type type);

/**
 * text_facts_foreign() - say whose text this is, when it is not ftrace's
 * @text: the beginning of a text
 *
 * Return: "JSON", ..., or NULL when there is a line of ftrace in it, or nothing known.
 */
const char *text_facts_foreign(const char *text, size_t length);

#endif
