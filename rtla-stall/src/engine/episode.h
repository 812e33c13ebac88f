/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_EPISODE_H
#define RTLA_STALL_ENGINE_EPISODE_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"

/*
 * What the engine tells: wait episodes, whom they are charged to, and why.
 *
 *     waking          wakeup                 sched_switch to the thread
 *        |---------------|--------------------------|
 *        | release path  |  irq  |  other thread    |     one episode
 *        ^ began_at                                 ^ ended_at
 *
 * Invariants, asserted when an episode is handed out:
 *   1. causes[] sum to ended_at - began_at, exactly;
 *   2. so do charges[];
 *   3. with segments: they are ordered, adjacent, not empty, begin at began_at, end at ended_at less
 *      folded_ns, and no two neighbours agree in CPU, cause, reason, culprit and on_behalf_of.
 */

enum cause {
	CAUSE_INTERFERENCE,	/* something that outranks or equals the waiter has the CPU */
	CAUSE_BLOCKING,		/* something it outranks has the CPU */
	CAUSE_RELEASE_JITTER,	/* nothing was in its way: the CPU was asleep, or told late */
	CAUSE_EXECUTION,	/* the work of getting it to run */
	CAUSE_UNATTRIBUTED,	/* the trace does not say */
	CAUSE_NR
};

enum reason {
	REASON_NONE,		/* blocking without evidence of how */
	/* interference */
	REASON_NMI,
	REASON_IRQ,
	REASON_SOFTIRQ,
	REASON_THREAD,		/* a thread that outranks the waiter */
	REASON_EQUAL,		/* same rank: queue order is not in the trace */
	REASON_DEADLINE,	/* both deadline: the deadlines are not in the trace */
	REASON_FAIR,		/* both fair: the scheduler shares */
	/* blocking */
	REASON_IRQS_OFF,
	REASON_PREEMPT_OFF,
	REASON_NO_PREEMPT,	/* the kernel does not preempt there, or lazily */
	REASON_PI,		/* a lower thread at a rank lent to it */
	REASON_THROTTLED,	/* the scheduler picked a lower thread, or idle, all the same */
	REASON_SERVER,		/* likewise, by the fair server */
	/* release jitter */
	REASON_IDLE_EXIT,
	REASON_REMOTE,		/* an ordinary inter-processor interrupt */
	/* execution */
	REASON_RELEASE_PATH,	/* the context that performs this very wakeup */
	/* unattributed */
	REASON_TRACE_START,
	REASON_LOSS,
	REASON_UNKNOWN,
	REASON_NR
};

/** cause_name() - "interference", "blocking", "release jitter", "execution", "unattributed" */
const char *cause_name(enum cause cause);

/** cause_of_reason() - the cause a reason belongs to; CAUSE_BLOCKING for REASON_NONE */
enum cause cause_of_reason(enum reason reason);

/** reason_name() - "thread", "irqs-off", ...; NULL for REASON_NONE */
const char *reason_name(enum reason reason);

enum culprit_kind {
	CULPRIT_UNKNOWN,	/* name "", id -1 */
	CULPRIT_THREAD,		/* name: comm; id: tid */
	CULPRIT_IRQ,		/* name: "local_timer", or the action; id: vector, or the irq's
				 * number */
	CULPRIT_SOFTIRQ,	/* name: "TIMER"; id: vector */
	CULPRIT_NMI,		/* name "nmi", id -1 */
	CULPRIT_IDLE,		/* name "idle"; id: CPU */
	CULPRIT_NR_KINDS
};

/** culprit_kind_name() - "unknown", "thread", "irq", "softirq", "nmi", "idle" */
const char *culprit_kind_name(enum culprit_kind kind);

/*
 * Whom time is charged to. The engine numbers culprits densely from 0; number 0 is the unknown one.
 * A thread is one culprit per identity: a tid that is used again is another.
 */
struct culprit {
	enum culprit_kind kind;
	int32_t id;
	const char *name;	/* never NULL; valid until the next engine_feed(); hostile bytes
				 * and all */
};

#define CULPRIT_NONE UINT32_MAX

struct segment {
	uint64_t from_at;	/* ns on the trace's clock */
	uint64_t to_at;		/* > from_at */
	uint32_t cpu;		/* where the waiter was queued */
	uint32_t culprit;	/* engine_culprit(); never CULPRIT_NONE */
	uint32_t on_behalf_of;	/* REASON_PI: the thread that lent the rank; else CULPRIT_NONE */
	int32_t culprit_prio;	/* of a thread, as it ran then; PRIO_UNKNOWN */
	uint8_t cause;		/* enum cause */
	uint8_t reason;		/* enum reason */
	bool inferred;		/* it rests on a conclusion, not on a record; engine.rst tells
				 * which do */
};

/*
 * The time of one episode that goes to one culprit for one cause and reason, from all its segments.
 */
struct charge {
	uint64_t ns;
	uint32_t culprit;
	uint8_t cause;
	uint8_t reason;
};

enum episode_began {
	EPISODE_BEGAN_BY_WAKING,	/* a waking, or a wakeup where there is no waking */
	EPISODE_BEGAN_BY_PREEMPTION,	/* switched out while still ready */
	EPISODE_BEGAN_BEFORE		/* found ready by /proc: it waited at least so long */
};

enum episode_flag {
	EPISODE_STILL_OPEN = 1 << 0,	/* cut where it was asked for; it has not ended */
	EPISODE_TOUCHED_BY_LOSS = 1 << 1, /* counts, but stays out of min, avg, max and
					   * percentiles */
	EPISODE_ODD = 1 << 2,		/* it ended by an anomaly instead of a switch-in */
};

/* A stack that was recorded while the thread waited, on its CPU or of itself. */
struct episode_stack {
	uint64_t at;
	uint32_t of;			/* culprit: whose stack */
	uint32_t nr_frames;
	uint32_t frames[STACK_MAX];	/* names, innermost first */
};

struct episode {
	uint64_t began_at;
	uint64_t ended_at;		/* >= began_at; the cut, when EPISODE_STILL_OPEN */
	uint64_t causes[CAUSE_NR];	/* ns */

	uint32_t task;			/* engine_task() */
	int32_t tid;
	int32_t prio;			/* at its beginning; PRIO_UNKNOWN */
	uint32_t cpu;			/* where it is queued at the end, or was switched in */
	uint8_t began_by;		/* enum episode_began */
	uint8_t flags;			/* enum episode_flag */

	uint32_t waker;			/* culprit; CULPRIT_NONE after a preemption */
	bool waker_inferred;
	bool work_inferred;
	uint32_t work_function;		/* a kworker's work: name; 0 not known */
	uint32_t work_queued_by;	/* culprit, or CULPRIT_NONE */

	uint32_t nr_charges;
	uint32_t nr_segments;		/* 0: not kept (shorter than engine_config.segments_from_ns and
					 * not the thread's longest) */
	uint32_t nr_cpus;
	uint32_t nr_stacks;
	uint64_t folded_ns;		/* at the end, beyond the last segment kept; in charges
					 * all the same */
	uint32_t nr_folded;		/* how many segments that were */
	const struct charge *charges;
	const struct segment *segments;
	const uint32_t *cpus;		/* all CPUs it was queued on, each once */
	const struct episode_stack *stacks;
};

#endif
