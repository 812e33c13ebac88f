/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DECODE_RULES_H
#define RTLA_STALL_SOURCE_DECODE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/event.h"

/*
 * Which kernel event becomes which struct event, and which of its fields are wanted. One row per
 * kernel event; the numbers of the fields are what decode.c knows them by.
 */

#define DECODE_WANTED_MAX 7

/* numbers of the wanted fields, per type of event */
enum {
	SWITCH_PREV_COMM, SWITCH_PREV_TID, SWITCH_PREV_PRIO, SWITCH_PREV_STATE,
	SWITCH_NEXT_COMM, SWITCH_NEXT_TID, SWITCH_NEXT_PRIO
};
enum { WAKE_COMM, WAKE_TID, WAKE_PRIO, WAKE_TARGET, WAKE_SUCCESS };
enum { MIGRATE_COMM, MIGRATE_TID, MIGRATE_PRIO, MIGRATE_ORIG, MIGRATE_DEST };
enum { PI_COMM, PI_TID, PI_OLD_PRIO, PI_NEW_PRIO };
enum { FORK_PARENT, FORK_COMM, FORK_CHILD };
enum { TASK_TID, TASK_OLD_TID, TASK_COMM };
enum { IRQ_NUMBER, IRQ_NAME, IRQ_DURATION };
enum { NOISE_TID, NOISE_COMM, NOISE_DURATION };
enum { TIMERLAT_SEQNUM, TIMERLAT_CONTEXT, TIMERLAT_VALUE };
enum { WORK_ADDRESS, WORK_FUNCTION, WORK_QUEUE, WORK_REQ_CPU, WORK_CPU };
enum { LOCK_ADDRESS, LOCK_FLAGS, LOCK_RESULT };
enum { STACK_SIZE, STACK_FRAMES };

struct decode_rule {
	const char *system;
	const char *name;
	uint8_t type;				/* enum event_type */
	uint8_t required;			/* bits of the fields it cannot do without */
	const char *wanted[DECODE_WANTED_MAX];	/* "name|other name"; NULL: none */
};

/**
 * decode_rule_find() - the row of an event
 *
 * Return: NULL when it is of no use.
 */
const struct decode_rule *decode_rule_find(const char *system, const char *name);

/** decode_rule_is_vector() - is it for interrupts whose name is the event's own? */
bool decode_rule_is_vector(const struct decode_rule *rule);

#endif
