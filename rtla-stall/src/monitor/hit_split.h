/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_HIT_SPLIT_H
#define RTLA_STALL_MONITOR_HIT_SPLIT_H

#include <stdint.h>

#include "../engine/engine.h"

/*
 * All of one timerlat activation's time, from the timer's expiry to the sample that reached the threshold,
 * charged. Pure: no I/O.
 *
 *     expiry       entry     sample   waking      switch-in    sample       next read
 *        |-- HANDLER --|-- TIMER_IRQ --|--- its wait ---|---- OWN ---|---- USER ----|
 *        |<---- irq latency -->|
 *        |<------------------ thread latency ---------------------->|
 *        |<------------------------ return to user space ----------------------------->|
 *
 * The wait is that of its thread, as the engine attributed it. Nothing but this activation goes into it: what
 * its records do not tell is UNATTRIBUTED. Invariant: the parts sum to total_ns, exactly.
 */

struct monitor_hit;

enum hit_part_kind {
	HIT_PART_HANDLER,	/* before the timer's interrupt came in */
	HIT_PART_TIMER_IRQ,	/* in it, up to the waking */
	HIT_PART_BLOCKING,
	HIT_PART_NMI,
	HIT_PART_IRQ,
	HIT_PART_SOFTIRQ,
	HIT_PART_THREAD,
	HIT_PART_JITTER,	/* woken, and its CPU asleep or told late */
	HIT_PART_OWN,		/* it runs, and has not come to its sample */
	HIT_PART_USER,		/* from its sample to its return to user space */
	HIT_PART_UNATTRIBUTED,
	HIT_PART_NR_KINDS
};

struct hit_part {
	enum hit_part_kind kind;
	struct charge charge;
};

struct hit_split {
	uint64_t total_ns;
	uint64_t kinds[HIT_PART_NR_KINDS]; /* sums */
	struct hit_part *parts;		/* by kind; in one, the longest first */
	uint32_t nr_parts;
};

/**
 * hit_split_init() - charge the time of @hit, which is one of timerlat's
 *
 * Return: 0 or -ENOMEM; then there is nothing to deinit.
 */
int hit_split_init(struct hit_split *split, const struct monitor_hit *hit)
	__attribute__((warn_unused_result));

/** hit_split_deinit() - free what it holds */
void hit_split_deinit(struct hit_split *split);

#endif
