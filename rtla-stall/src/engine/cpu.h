/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_CPU_H
#define RTLA_STALL_ENGINE_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "lane.h"

/*
 * One CPU: the thread underneath, the contexts stacked on it, and who waits for it.
 *
 *     nmi
 *     hard interrupt      frames[], innermost last
 *     softirq
 *     thread or idle      occupant
 *
 * Softirqs that belong to a thread (PREEMPT_RT, ksoftirqd) are no frames: they are the thread.
 */

struct task;
struct wait;

enum { CPU_MAX_FRAMES = 8 };

enum occupant { OCCUPANT_UNKNOWN, OCCUPANT_IDLE, OCCUPANT_THREAD };

struct frame {
	uint64_t entry_at;
	uint64_t nested_ns;	/* what was on top of it */
	uint32_t serial;
	uint32_t culprit;
	int32_t number;
	uint8_t kind;		/* SLOT_SOFTIRQ or SLOT_IRQ */
	uint8_t depth;		/* preempt depth of what it interrupted */
	bool has_depth;
};

/* The last interrupt that entry and exit were recorded of: what noise events are checked with. */
struct raw_irq {
	uint64_t entry_at;
	uint64_t exit_at;	/* 0: none yet */
	uint64_t net_ns;
	int32_t number;
	bool is_checked;	/* a noise event has told of it */
};

enum { TIMERLAT_MAX_CHARGES = 16 };

/* A timer interrupt's lateness taken to pieces (timerlat.c). */
struct timerlat_split {
	struct charge charges[TIMERLAT_MAX_CHARGES];
	uint32_t nr_charges;
	uint64_t causes[CAUSE_NR];
};

/* A timerlat activation in the making (timerlat.c). */
struct timerlat_state {
	struct timerlat_activation activation;
	uint64_t sample_at;	/* of the interrupt's sample */
	uint64_t entry_at;	/* of the interrupt; 0 unknown */
	int32_t sample_tid;	/* whom it interrupted */
	bool is_open;
	bool awaits_waking;	/* the interrupt's waking is to come */
	bool sees_kernel;	/* a stack shows a kernel function under the interrupt */
	/*
	 * Made as soon as the lane shows it, since the lane forgets; [1] if a kernel function
	 * shows.
	 */
	struct timerlat_split splits[2];
	struct episode_stack stack;	/* nr_frames 0: none was recorded */
};

struct cpu {
	uint32_t number;
	uint32_t nr_frames;
	uint32_t nr_waits;
	uint32_t nr_rt_waits;	/* of them on the run queue, and real-time */
	uint32_t idle;		/* culprit */
	uint64_t first_at;	/* of its first event */
	uint64_t last_at;	/* of its last event but the one being taken in */
	uint64_t in_at;		/* when the occupant was switched in; 0: it was there already */
	uint64_t run_from_at;	/* its present run is known from here on */
	uint64_t top_since_at;	/* what is on top has been since */
	uint64_t on_top_ns;	/* on top of the occupant's present run */
	uint64_t evidence_at;	/* of the record that `evidence` rests on; UINT64_MAX: it holds for
				 * later waits too */
	uint64_t lost_to_at;	/* is_lost: records are there again from here */
	uint64_t last_idle_in_at; /* when idle was last switched in */
	struct task *running;	/* when OCCUPANT_THREAD */
	struct wait *waits;	/* queued here */
	struct lane lane;
	struct frame frames[CPU_MAX_FRAMES];
	struct raw_irq raw_irq;
	struct timerlat_state *timerlat; /* NULL until a sample came */
	int32_t prev_tid;	/* the thread switched out last */
	uint32_t tail;		/* culprit: the interrupt whose exit was the last event;
				 * CULPRIT_NONE */
	uint8_t occupant;	/* enum occupant */
	uint8_t evidence;	/* enum evidence, of the present run */
	bool evidence_inferred;
	bool is_rt_throttled;	/* the occupant was picked over real-time threads on the run
				 * queue */
	bool is_found;		/* the occupant is what /proc showed, not a record */
	bool is_seen;
	bool is_lost;
	bool are_irqs_off;	/* by preemptirq events */
	bool is_preempt_off;
	bool has_raw_nmi;
	bool is_settled;	/* a switch or an entry was seen: unbalanced exits are odd from
				 * now on */

	/* The work that was last queued from here, for the worker that is woken next. */
	uint64_t queued_at;
	int32_t queued_by_tid;	/* TID_UNKNOWN: nothing queued */
	uint32_t queued_by;
	uint32_t queued_function;
	uint64_t started_queued_at; /* when the latest of its pools' items that were started was queued */
};

/**
 * cpu_init() - nothing is known of it; @idle is the culprit of its idle thread. Return: 0 or
 * -ENOMEM
 */
int cpu_init(struct cpu *cpu, uint32_t number, uint32_t idle);

void cpu_deinit(struct cpu *cpu);

/** cpu_slot() - what is on top now, as a slot that begins at @at */
struct slot cpu_slot(const struct cpu *cpu, uint64_t at);

/** cpu_outermost_irq() - the hard interrupt nearest to the thread, or NULL */
const struct frame *cpu_outermost_irq(const struct cpu *cpu);

#endif
