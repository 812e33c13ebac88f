/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PROPERTY_SCHED_SIM_H
#define TESTS_PROPERTY_SCHED_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../rtla-stall/src/engine/engine.h"
#include "../../rtla-stall/src/engine/event.h"

/*
 * A toy scheduler that emits the events of a machine with a few CPUs and threads and keeps, beside
 * each event, the whole state of the machine after it. It schedules at random: preemption by higher and
 * lower threads, idle beside ready threads, migration, interrupts in interrupts, softirqs of both
 * kinds, wakings from every context, local, remote and racing with the switch-out, lent ranks, death
 * and rebirth. Whatever a real trace can show, in silly frequency.
 *
 *     sim_init(seed) -> events[], worlds[], waits[]  -> truth.h says what each wait is charged to
 *
 * It shares no code with the engine but the definition of an event.
 */

#define SIM_MAX_CPUS 4
#define SIM_MAX_THREADS 8
#define SIM_MAX_FRAMES 4
#define SIM_MAX_EVENTS 160
#define SIM_MAX_WAITS SIM_MAX_EVENTS
#define SIM_NR_IRQS 3
#define SIM_RESCHEDULE 253	/* number of the reschedule interrupt */
#define SIM_NOBODY (-1)		/* no thread: idle runs, nobody lent a rank, the waker is an interrupt */

enum sim_state {
	SIM_ASLEEP,
	SIM_RUNNING,
	SIM_WOKEN,	/* its waking was seen, its wakeup was not: ready, and on no queue */
	SIM_READY,	/* on the queue of a CPU */
	SIM_DEAD
};

struct sim_thread {
	int32_t tid;
	char comm[COMM_LEN];
	bool is_stop;		/* its prio 0 means the stop class */
	bool is_ksoftirqd;
	int32_t base_prio;
	int32_t prio;		/* the lent one while lender is somebody */
	int lender;		/* index of a thread */
	enum sim_state state;
	bool is_suspended;	/* asleep in D */
	bool is_known;		/* the trace has shown it run or sleep */
	uint32_t cpu;		/* where it runs or is queued; else where it was last */
	size_t queued_by;	/* the event that put it on its queue */
	int softirq;		/* PREEMPT_RT: vector of the softirq it is in; -1 none */
	bool is_raced;		/* a waking came while it ran; its wakeup is still to come */
	bool has_wakeup_due;	/* a wakeup is to come, on CPU wakeup_cpu */
	bool is_wakeup_next;	/* and nothing else comes on that CPU before it */
	uint32_t wakeup_cpu;
	int wait;		/* index of its open wait; -1 */
};

struct sim_frame {
	bool is_softirq;
	int32_t number;
	uint32_t name;
	uint32_t serial;	/* which of all frames it is */
};

struct sim_cpu {
	int thread;		/* SIM_NOBODY: idle */
	size_t since;		/* the event that switched it in */
	uint32_t nr_frames;
	struct sim_frame frames[SIM_MAX_FRAMES];
	bool was_irq_exit;	/* the last event was the exit of a hard interrupt */
	bool is_after_irq_exit;	/* the last event was the exit of the outermost hard interrupt */
	struct sim_frame left;	/* that interrupt */
};

struct sim_world {
	struct sim_thread threads[SIM_MAX_THREADS];
	struct sim_cpu cpus[SIM_MAX_CPUS];
};

struct sim_waker {
	enum culprit_kind kind;
	int32_t id;
	int thread;		/* index, of CULPRIT_THREAD */
	uint32_t serial;	/* of the frame otherwise */
	uint32_t cpu;
	bool is_inferred;	/* it was the interrupt just left */
};

struct sim_wait {
	int thread;
	int32_t prio;		/* at its beginning */
	size_t first;		/* the event that begins it */
	size_t last;		/* the event that ends it; nr_events while open */
	enum episode_began began_by;
	struct sim_waker waker;	/* when began_by waking */
};

struct sim {
	uint64_t random;	/* state of the generator */
	uint32_t nr_cpus;
	uint32_t nr_threads;
	bool is_preempt_rt;
	bool has_fair_server;
	bool has_lending;	/* sched_pi_setprio occurs */
	bool has_migration;
	bool has_needless_wakings; /* of threads that run, or are ready */
	bool has_wakers_in_irq;
	uint32_t next_serial;
	uint32_t irq_names[SIM_NR_IRQS];
	uint64_t now_at;

	struct sim_world world;	/* now */
	size_t nr_events;
	struct event events[SIM_MAX_EVENTS];
	struct sim_world worlds[SIM_MAX_EVENTS];	/* after the event of the same index */
	size_t nr_waits;
	struct sim_wait waits[SIM_MAX_WAITS];
	struct sim_waker raced_by[SIM_MAX_THREADS];	/* whose waking met the thread running */
};

struct names;

/* What may occur; what is not set does not. */
struct sim_options {
	bool no_lending;
	bool no_migration;
	bool no_needless_wakings; /* only threads that sleep are woken */
	bool no_wakers_in_irq;	/* only threads wake: interrupts can then be shown as noise */
	uint32_t first_cpu;	/* numbers of CPUs and threads begin there */
	int32_t first_tid;
};

/**
 * sim_init() - make a history
 * @names: gets the names of interrupts
 */
void sim_init(struct sim *sim, uint64_t seed, const struct sim_options *options,
	      struct names *names);

/** sim_random() - the next number below @below, which is not 0 */
uint32_t sim_random(uint64_t *state, uint32_t below);

#endif
