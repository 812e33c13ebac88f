/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_ATTRIBUTE_H
#define RTLA_STALL_ENGINE_ATTRIBUTE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The rule: why does this waiter wait while that has the CPU?
 *
 * A pure function of the waiter, one slot of the lane, and what the trace can tell at all.
 * Everything that decides a cause is here; Documentation/engine.rst says it in words.
 */

struct slot;
struct wait;

struct verdict {
	uint32_t culprit;
	uint32_t on_behalf_of;	/* CULPRIT_NONE */
	uint8_t reason;		/* enum reason; the cause follows from it */
	bool inferred;
};

/* What the trace can tell. */
struct attribute_facts {
	bool knows_queues;	/* wakeups and migrations are recorded: where a thread is queued
				 * is known */
	bool has_server;	/* the kernel has the fair server */
	bool has_reschedule;	/* reschedule interrupts are recorded */
};

/**
 * attribute_slot() - the verdict over one stretch of a wait
 * @from_at: where the stretch begins, inside the slot
 */
struct verdict attribute_slot(const struct wait *wait, const struct slot *slot,
			      uint64_t from_at, const struct attribute_facts *facts);

#endif
