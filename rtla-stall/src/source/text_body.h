/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_BODY_H
#define RTLA_STALL_SOURCE_TEXT_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/event.h"
#include "text_line.h"

/*
 * What an event says, from the text behind its name.
 *
 * One table (text_body.c) has a row per event the engine understands. Each has been printed in
 * several ways, all of which are read:
 *
 *     prev_comm=a prev_pid=1 prev_prio=120 prev_state=R+ ==> next_comm=b ...   the kernel, report -N
 *     prev_comm=a prev_pid=1 prev_prio=120 prev_state=256 next_comm=b ...      report -R
 *     prev_comm=a prev_pid=0x1 (1) prev_prio=0x78 (120) prev_state=0x100 (256) next_comm=b ...
 *                                                                    the tracing option "fields"
 *     a:1 [120] R ==> b:2 [120]                                      trace-cmd report, its plugin
 *
 * report's plugin has no R+ and takes the letters of old kernels: what it shows is read as far as
 * it can be.
 */

struct names;
struct text_decoder;

enum text_body_result {
	TEXT_BODY_DECODED,
	TEXT_BODY_OTHER,	/* no event of the table */
	TEXT_BODY_CUT		/* one of the table, but fields are missing */
};

#define TEXT_NAME_MAX 64
#define TEXT_BODY_SLOTS 256

/* Names of events met lately. All zeros to begin with. */
struct text_bodies {
	struct text_body_slot {
		char name[TEXT_NAME_MAX];
		uint8_t length;			/* 0: empty */
		const struct text_decoder *decoder; /* NULL: none of the table */
		uint32_t vector;		/* irq_vectors: its name without "_entry" or
						 * "_exit" */
	} slots[TEXT_BODY_SLOTS];
};

/**
 * text_body_type() - the type of an event, by its name
 * @line: of kind TEXT_LINE_EVENT
 *
 * Return: EVENT_OTHER for those not in the table.
 */
enum event_type text_body_type(struct text_bodies *bodies, const struct text_line *line,
			       struct names *names);

/**
 * text_body_decode() - type and fields of an event
 * @nr_cpus: a requested CPU from here on means none; 0 unknown
 * @event: its type is set in any case, EVENT_OTHER unless it is decoded; its head is not touched
 */
enum text_body_result text_body_decode(struct text_bodies *bodies, const struct text_line *line,
				       struct names *names, uint32_t nr_cpus, struct event *event);

#endif
