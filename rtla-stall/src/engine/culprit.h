/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_CULPRIT_H
#define RTLA_STALL_ENGINE_CULPRIT_H

#include <stdbool.h>
#include <stdint.h>

#include "episode.h"

/*
 * The dense numbering of whom time is charged to. Number 0 is the unknown culprit.
 *
 * Threads are added by the task table, one per identity, and found through their task. Interrupts,
 * softirqs, NMIs and idle are found by kind, number and name. Hostile traces can name interrupts
 * without end: beyond CULPRITS_MAX_CONTEXTS they are the unknown culprit.
 */

#define CULPRITS_MAX_CONTEXTS 65536u

struct culprit_entry {
	int32_t id;
	uint32_t name;		/* of the names table; threads: 0 */
	uint32_t task;		/* index of a thread's task; UINT32_MAX for other kinds */
	uint8_t kind;		/* enum culprit_kind */
	bool is_reschedule;	/* the inter-processor interrupt that tells a CPU to switch */

	/* Where the wait that is being attributed has its charges against this culprit (wait.c). */
	uint32_t mark_serial;
	uint32_t mark_charge;
};

struct culprit_table {
	struct culprit_entry *entries;
	uint32_t nr_entries;
	uint32_t nr_allocated;
	uint32_t *slots;	/* open addressing over the contexts: numbers, 0 is free */
	uint32_t nr_slots;
	uint32_t nr_contexts;
};

/** culprit_table_init() - an empty table holding the unknown culprit. Return: 0 or -ENOMEM */
int culprit_table_init(struct culprit_table *table);

void culprit_table_deinit(struct culprit_table *table);

/** culprit_table_add_thread() - a new thread identity. Return: 0 or -ENOMEM; @ret its number */
int culprit_table_add_thread(struct culprit_table *table, uint32_t task, int32_t tid, uint32_t *ret);

/**
 * culprit_table_context() - the number of an interrupt, softirq, NMI, or of a CPU's idle thread
 * @name: of the names table; 0 for NMI and idle
 * @is_reschedule: kept when the culprit is new
 *
 * Return: 0 or -ENOMEM; @ret its number
 */
int culprit_table_context(struct culprit_table *table, enum culprit_kind kind, int32_t id,
			  uint32_t name, bool is_reschedule, uint32_t *ret);

#endif
