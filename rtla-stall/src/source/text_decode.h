/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_DECODE_H
#define RTLA_STALL_SOURCE_TEXT_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/event.h"
#include "text_field.h"

/*
 * One function per event of the table in text_body.c: takes the text behind the event's name and
 * fills in the member of the union that belongs to event->type, which is set already. False when a
 * field the engine needs is missing.
 */

struct names;

struct text_decoding {
	struct names *names;
	uint32_t nr_cpus;	/* 0 unknown */
	uint32_t vector;	/* irq_vectors: the interned name */
};

/* A row of the table. */
struct text_decoder {
	const char *name;
	enum event_type type;
	bool (*decode)(struct text_cursor body, const struct text_decoding *with,
		       struct event *event);
};

/* text_sched.c */
bool text_sched_switch(struct text_cursor body, const struct text_decoding *with,
		       struct event *event);
bool text_sched_wake(struct text_cursor body, const struct text_decoding *with,
		     struct event *event);
bool text_sched_migrate(struct text_cursor body, const struct text_decoding *with,
			struct event *event);
bool text_sched_pi_setprio(struct text_cursor body, const struct text_decoding *with,
			   struct event *event);
bool text_sched_fork(struct text_cursor body, const struct text_decoding *with,
		     struct event *event);
bool text_sched_newtask(struct text_cursor body, const struct text_decoding *with,
			struct event *event);
bool text_sched_exec(struct text_cursor body, const struct text_decoding *with,
		     struct event *event);
bool text_sched_exit(struct text_cursor body, const struct text_decoding *with,
		     struct event *event);
bool text_sched_rename(struct text_cursor body, const struct text_decoding *with,
		       struct event *event);

/* text_irq.c */
bool text_irq_handler(struct text_cursor body, const struct text_decoding *with,
		      struct event *event);
bool text_irq_vector(struct text_cursor body, const struct text_decoding *with,
		     struct event *event);
bool text_irq_ipi(struct text_cursor body, const struct text_decoding *with, struct event *event);
bool text_irq_softirq(struct text_cursor body, const struct text_decoding *with,
		      struct event *event);
bool text_irq_nmi(struct text_cursor body, const struct text_decoding *with, struct event *event);
bool text_irq_noise(struct text_cursor body, const struct text_decoding *with,
		    struct event *event);
bool text_irq_thread_noise(struct text_cursor body, const struct text_decoding *with,
			   struct event *event);
bool text_irq_timerlat(struct text_cursor body, const struct text_decoding *with,
		       struct event *event);
bool text_irq_switching(struct text_cursor body, const struct text_decoding *with,
			struct event *event);

/* text_work.c */
bool text_work_queue(struct text_cursor body, const struct text_decoding *with,
		     struct event *event);
bool text_work_item(struct text_cursor body, const struct text_decoding *with,
		    struct event *event);
bool text_work_lock_begin(struct text_cursor body, const struct text_decoding *with,
			  struct event *event);
bool text_work_lock_end(struct text_cursor body, const struct text_decoding *with,
			struct event *event);
bool text_work_stack(struct text_cursor body, const struct text_decoding *with,
		     struct event *event);

/**
 * text_work_frame() - add one symbol to a stack
 * @symbol: as printed; offset, address and module are left out
 */
void text_work_frame(struct text_cursor symbol, struct names *names, struct event *event);

#endif
