/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PROPERTY_FLAT_H
#define TESTS_PROPERTY_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../rtla-stall/src/engine/engine.h"

/*
 * Waits as plain values, without numbers that mean something in one engine only: what the engine says,
 * and what the toy scheduler knows, in a form in which they can be compared.
 */

struct flat_culprit {
	enum culprit_kind kind;
	int32_t id;
};

struct flat_segment {
	uint64_t from_at;
	uint64_t to_at;
	uint32_t cpu;
	uint8_t cause;
	uint8_t reason;
	bool has_on_behalf_of;
	struct flat_culprit culprit;
	struct flat_culprit on_behalf_of;
};

struct flat_wait {
	int32_t tid;
	int32_t prio;
	uint32_t cpu;
	uint8_t began_by;
	uint8_t flags;		/* enum episode_flag */
	bool has_waker;
	bool is_waker_inferred;
	struct flat_culprit waker;
	uint64_t began_at;
	uint64_t ended_at;
	uint32_t nr_segments;
	struct flat_segment *segments;
};

struct flat_list {
	size_t nr_waits;
	size_t nr_allocated;
	struct flat_wait *waits;
};

/** flat_add() - append a wait without segments; abort() when out of memory */
struct flat_wait *flat_add(struct flat_list *list, const struct flat_wait *wait);

/** flat_append() - append a segment, merged with the last one where they agree; empty ones are dropped */
void flat_append(struct flat_wait *wait, const struct flat_segment *segment);

/** flat_free() - free all waits of a list, and empty it */
void flat_free(struct flat_list *list);

/** flat_sort() - by thread, beginning, end; of equals the closed one first */
void flat_sort(struct flat_list *list);

/** flat_shift() - add @by_ns to all instants */
void flat_shift(struct flat_list *list, uint64_t by_ns);

/** flat_is_same_wait() - whether two waits agree in everything */
bool flat_is_same_wait(const struct flat_wait *a, const struct flat_wait *b);

/**
 * flat_is_same_story() - whether two waits agree in when, where, and what is charged to whom for which cause
 *
 * Left out: the waker, and by what right a lower thread kept the CPU. Both may rest on records from before
 * the wait, or of a CPU that it never touched.
 */
bool flat_is_same_story(const struct flat_wait *a, const struct flat_wait *b);

/**
 * flat_difference() - where two sorted lists differ first
 * @at: the index; meaningful when they differ
 */
bool flat_difference(const struct flat_list *a, const struct flat_list *b, size_t *at);

/** flat_print() - one wait, for people */
void flat_print(FILE *out, const struct flat_wait *wait);

#endif
