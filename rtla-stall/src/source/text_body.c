// SPDX-License-Identifier: GPL-2.0-only
#include "text_body.h"

#include <string.h>

#include "../util/array.h"
#include "../util/names.h"
#include "text_decode.h"

static const struct text_decoder decoders[] = {
	{ "sched_switch", EVENT_SWITCH, text_sched_switch },
	{ "sched_waking", EVENT_WAKING, text_sched_wake },
	{ "sched_wakeup", EVENT_WAKEUP, text_sched_wake },
	{ "sched_wakeup_new", EVENT_WAKEUP_NEW, text_sched_wake },
	{ "sched_migrate_task", EVENT_MIGRATE, text_sched_migrate },
	{ "sched_pi_setprio", EVENT_PI_SETPRIO, text_sched_pi_setprio },
	{ "sched_process_fork", EVENT_FORK, text_sched_fork },
	{ "task_newtask", EVENT_FORK, text_sched_newtask },
	{ "sched_process_exec", EVENT_EXEC, text_sched_exec },
	{ "sched_process_exit", EVENT_EXIT, text_sched_exit },
	{ "task_rename", EVENT_RENAME, text_sched_rename },
	{ "irq_handler_entry", EVENT_IRQ_ENTRY, text_irq_handler },
	{ "irq_handler_exit", EVENT_IRQ_EXIT, text_irq_handler },
	{ "ipi_entry", EVENT_IRQ_ENTRY, text_irq_ipi },
	{ "ipi_exit", EVENT_IRQ_EXIT, text_irq_ipi },
	{ "softirq_entry", EVENT_SOFTIRQ_ENTRY, text_irq_softirq },
	{ "softirq_exit", EVENT_SOFTIRQ_EXIT, text_irq_softirq },
	{ "nmi_handler", EVENT_NMI, text_irq_nmi },
	{ "irq_noise", EVENT_IRQ_NOISE, text_irq_noise },
	{ "softirq_noise", EVENT_SOFTIRQ_NOISE, text_irq_noise },
	{ "nmi_noise", EVENT_NMI_NOISE, text_irq_noise },
	{ "thread_noise", EVENT_THREAD_NOISE, text_irq_thread_noise },
	{ "timerlat", EVENT_TIMERLAT, text_irq_timerlat },
	{ "timerlat_sample", EVENT_TIMERLAT, text_irq_timerlat },
	{ "workqueue_queue_work", EVENT_WORK_QUEUE, text_work_queue },
	{ "workqueue_activate_work", EVENT_WORK_ACTIVATE, text_work_item },
	{ "workqueue_execute_start", EVENT_WORK_START, text_work_item },
	{ "workqueue_execute_end", EVENT_WORK_END, text_work_item },
	{ "contention_begin", EVENT_LOCK_BEGIN, text_work_lock_begin },
	{ "contention_end", EVENT_LOCK_END, text_work_lock_end },
	{ "irq_disable", EVENT_IRQS_OFF, text_irq_switching },
	{ "irq_enable", EVENT_IRQS_ON, text_irq_switching },
	{ "preempt_disable", EVENT_PREEMPT_OFF, text_irq_switching },
	{ "preempt_enable", EVENT_PREEMPT_ON, text_irq_switching },
	{ "kernel_stack", EVENT_STACK, text_work_stack },
};

/* irq_vectors:*_entry and *_exit: told by the end of the name and by "vector=". */
static const struct text_decoder vector_entry = { NULL, EVENT_IRQ_ENTRY, text_irq_vector };
static const struct text_decoder vector_exit = { NULL, EVENT_IRQ_EXIT, text_irq_vector };

/* What tracers print without a name. */
static const struct text_decoder timerlat_line = { NULL, EVENT_TIMERLAT, text_irq_timerlat };
static const struct text_decoder stack_line = { NULL, EVENT_STACK, text_work_stack };

static bool ends_in(const struct text_cursor *name, const char *end)
{
	size_t length = strlen(end);

	return text_left(name) > length && !memcmp(name->end - length, end, length);
}

static void fill_slot(struct text_body_slot *slot, const struct text_cursor *name,
		      struct names *names)
{
	size_t length = text_left(name);

	*slot = (struct text_body_slot){ .length = (uint8_t)length };
	memcpy(slot->name, name->at, length);
	for (size_t i = 0; i < NR_ELEMENTS(decoders); i++) {
		if (strlen(decoders[i].name) == length &&
		    !memcmp(decoders[i].name, name->at, length)) {
			slot->decoder = &decoders[i];
			return;
		}
	}
	if (ends_in(name, "_entry")) {
		slot->decoder = &vector_entry;
		length -= strlen("_entry");
	} else if (ends_in(name, "_exit")) {
		slot->decoder = &vector_exit;
		length -= strlen("_exit");
	} else {
		return;
	}
	slot->vector = names_add(names, name->at, length);
}

static unsigned int slot_index(const struct text_cursor *name)
{
	uint64_t first = 0, last = 0, length = text_left(name);

	if (length >= 8) {
		memcpy(&first, name->at, 8);
		memcpy(&last, name->end - 8, 8);
	} else {
		memcpy(&first, name->at, length);
	}
	first = (first ^ (last << 21 | last >> 43) ^ length) * UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned int)(first >> 56) % TEXT_BODY_SLOTS;
}

/* The decoder of a line, or NULL. */
static const struct text_decoder *find_decoder(struct text_bodies *bodies,
					       const struct text_line *line, struct names *names,
					       uint32_t *vector)
{
	size_t length = text_left(&line->name);
	struct text_body_slot *slot;

	*vector = 0;
	if (!length) {
		if (text_left(&line->body) < 2)
			return NULL;
		if (line->body.at[0] == '#' && text_is_digit(line->body.at[1]) &&
		    memmem(line->body.at, text_left(&line->body), " timer_latency ", 15))
			return &timerlat_line;
		if (text_left(&line->body) >= 12 && !memcmp(line->body.at, "<stack trace", 12))
			return &stack_line;
		return NULL;
	}
	if (length >= TEXT_NAME_MAX)
		return NULL;
	slot = &bodies->slots[slot_index(&line->name)];
	if (slot->length != length || memcmp(slot->name, line->name.at, length))
		fill_slot(slot, &line->name, names);
	if (!slot->decoder || slot->decoder->name)
		return slot->decoder;
	*vector = slot->vector;
	return text_left(&line->body) > 7 && !memcmp(line->body.at, "vector=", 7) ? slot->decoder :
										    NULL;
}

enum event_type text_body_type(struct text_bodies *bodies, const struct text_line *line,
			       struct names *names)
{
	const struct text_decoder *decoder;
	uint32_t vector;

	decoder = find_decoder(bodies, line, names, &vector);
	return decoder ? decoder->type : EVENT_OTHER;
}

enum text_body_result text_body_decode(struct text_bodies *bodies, const struct text_line *line,
				       struct names *names, uint32_t nr_cpus, struct event *event)
{
	struct text_decoding with = { .names = names, .nr_cpus = nr_cpus };
	const struct text_decoder *decoder;

	decoder = find_decoder(bodies, line, names, &with.vector);
	if (!decoder) {
		event->type = EVENT_OTHER;
		return TEXT_BODY_OTHER;
	}
	event->type = (uint8_t)decoder->type;
	if (decoder->decode(line->body, &with, event))
		return TEXT_BODY_DECODED;
	event->type = EVENT_OTHER;
	return TEXT_BODY_CUT;
}
