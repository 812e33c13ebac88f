/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_LANE_H
#define RTLA_STALL_ENGINE_LANE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who had one CPU when: the recent past, as slots.
 *
 *     slots[]   | idle | irq | idle | thread A        | softirq | thread A ...
 *               at     at    at     at                at        at        (now)
 *
 * A slot lasts until the next one's `at`; the last one lasts until now. Waits queued on the CPU are
 * attributed lazily: each remembers how far it has been (struct wait, done_at and cursor), and
 * walks the slots when it ends. So an occupant's change costs one slot, however many wait, and
 * events that tell of the past (osnoise's noise, NMIs) can still cut it. What no wait needs any
 * more is dropped.
 */

enum slot_kind {
	SLOT_TRACE_START,	/* before the CPU's first event */
	SLOT_LOSS,		/* its events are missing */
	SLOT_UNKNOWN,		/* a thread that cannot be */
	SLOT_IDLE,
	SLOT_THREAD,
	SLOT_SOFTIRQ,		/* where softirqs outrank threads */
	SLOT_IRQ,
	SLOT_NMI
};

/* What is known of why an outranked thread keeps the CPU. */
enum evidence {
	EVIDENCE_NONE,
	EVIDENCE_IRQS_OFF,
	EVIDENCE_PREEMPT_OFF,
	EVIDENCE_NO_PREEMPT	/* preemptible as far as its count goes, and told to switch */
};

struct slot {
	uint64_t at;		/* from here on */
	uint64_t in_at;		/* when the thread underneath, or idle, was switched in */
	uint32_t culprit;	/* what is on top */
	uint32_t thread;	/* culprit: what is underneath */
	uint32_t frame;		/* serial of the context on top; 0 for a thread */
	uint32_t lender;	/* of the thread's rank; CULPRIT_NONE */
	int32_t prio;		/* of the thread */
	int16_t rank;		/* of the thread; RANK_UNKNOWN */
	int16_t base_rank;
	uint8_t kind;		/* enum slot_kind */
	uint64_t evidence_at;	/* of the record it rests on; it tells nothing of later waits */
	uint8_t evidence;	/* enum evidence; holds from `at` on */
	bool evidence_inferred;
	bool is_rt_throttled;	/* idle or a fair thread, picked over real-time ones that were
				 * queued */
	bool rank_inferred;	/* it showed when the thread left */
	bool is_reschedule;	/* SLOT_IRQ: the interrupt that tells the CPU to switch comes in */
};

struct lane {
	struct slot *slots;
	uint32_t nr_slots;	/* at least 1 */
	uint32_t nr_allocated;
};

enum {
	LANE_MAX_SLOTS = 4096,	/* then what waits is attributed up to LANE_KEPT_SLOTS before the
				 * end */
	LANE_KEPT_SLOTS = 128	/* past that noise and timerlat samples can still reach */
};

/** lane_init() - one slot: SLOT_TRACE_START from 0 on. Return: 0 or -ENOMEM */
int lane_init(struct lane *lane);

void lane_deinit(struct lane *lane);

/** lane_last() - the slot that is going on */
static inline struct slot *lane_last(const struct lane *lane)
{
	return &lane->slots[lane->nr_slots - 1];
}

/**
 * lane_push() - the occupant changes at slot->at, which is not before the last one's
 * @slot: copied
 * @has_waits: false: the past beyond @nr_kept slots is needed by nobody
 *
 * Return: 0 or -ENOMEM. The caller has made room (lane_is_full(), lane_drop()).
 */
int lane_push(struct lane *lane, const struct slot *slot, bool has_waits, uint32_t nr_kept);

/**
 * lane_learn_rank() - what is known of the present run's rank shows only now
 * @thread: culprit; slots of its run, back to its switch-in, get @prio, @rank and are marked as
 * inferred
 */
void lane_learn_rank(struct lane *lane, uint32_t thread, int32_t prio, int rank);

/** lane_is_full() - whether the waits must be walked, and the past dropped, before a push */
static inline bool lane_is_full(const struct lane *lane)
{
	return lane->nr_slots >= LANE_MAX_SLOTS;
}

/** lane_drop() - forget all but the last @nr_kept slots. Return: how many went */
uint32_t lane_drop(struct lane *lane, uint32_t nr_kept);

/**
 * lane_cut() - a context that ends at @now_at had been on top for @net_ns, not counting what nested
 * in it
 * @top: culprit, frame, kind, is_reschedule of the context; the rest is taken from what is cut
 * @first_at: set to where the context began, as far as the lane tells
 *
 * Goes back from @now_at through the slots that the context outranks, leaves those of deeper
 * nesting alone, and stops at the switch-in of the thread underneath.
 *
 * Return: how much of @net_ns found its place, ns; -ENOMEM when out of memory.
 */
int64_t lane_cut(struct lane *lane, uint64_t now_at, uint64_t net_ns, const struct slot *top,
		 uint64_t *first_at);

#endif
