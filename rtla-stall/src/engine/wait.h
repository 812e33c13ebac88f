/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_WAIT_H
#define RTLA_STALL_ENGINE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "task.h"

/*
 * An open wait: from the waking or the preemption to the switch-in.
 *
 *      began_at      enqueued_at                  done_at            now
 *         |--------------|---------------------------|----------------|
 *           not enqueued   attributed: in charges       still in the lane
 *
 * A wait is queued on one CPU at a time and walks that CPU's lane when something about it changes
 * (it is enqueued, it migrates, its rank changes, a loss) and when it ends; see lane.h. When it
 * ends it is handed out as a struct episode and its memory is used again.
 */

struct engine;
struct cpu;

enum { WAIT_INLINE_CPUS = 4, WAIT_MAX_STACKS = 4, WAIT_SMALL_SEGMENTS = 64 };

struct wait {
	struct wait *next;	/* on its CPU's list, or on the free list */
	struct wait *prev;
	struct task *task;
	uint64_t began_at;
	uint64_t done_at;	/* attributed up to here */
	uint64_t queued_at;	/* on this CPU since: the waking, the enqueue or the migration */
	uint64_t enqueued_at;	/* is_enqueued: first on a run queue */
	uint64_t lost_at;	/* is_lost: since when nothing is known */
	uint64_t ipi_at;	/* is_ipi_known: when the CPU was told to switch */
	uint64_t untold_ns;	/* what threads ran here while it was not told */
	uint32_t cpu;
	uint32_t cursor;	/* the lane's slot that done_at lies in */
	struct waker waker;
	int32_t prio;		/* at its beginning */
	int rank;
	uint8_t began_by;	/* enum episode_began */
	uint8_t flags;		/* enum episode_flag */
	bool has_waker;
	bool is_enqueued;	/* on the run queue of `cpu`; until then it is being woken */
	bool is_unconfirmed;	/* it was woken while it left its CPU; the wakeup is to come */
	bool is_unproven;	/* nothing was known of the thread: it may still be running */
	bool is_from_out_of_sight; /* it began where nothing is recorded; a wakeup may yet begin it */
	bool is_told_remotely;	/* whoever queued it here did so on another CPU */
	bool is_ipi_known;
	bool was_woken_late;	/* the interrupt that was to enqueue it was kept out */
	bool was_late;		/* too late for an ordinary interrupt: they were off */
	bool is_lost;
	bool is_rt;		/* counted in its CPU's nr_rt_waits */
	bool is_retroactive;	/* found out at its end: nobody looked who had the CPU */
	uint64_t causes[CAUSE_NR];
	struct charge *charges;
	uint32_t *next_charge;	/* by charge: another one against the same culprit; UINT32_MAX */
	uint32_t nr_charges;
	uint32_t nr_charges_allocated;
	struct segment *segments;
	uint32_t nr_segments;
	uint32_t nr_segments_allocated;
	uint32_t nr_folded;
	uint64_t folded_ns;
	uint32_t *cpus;
	uint32_t nr_cpus;
	uint32_t nr_cpus_allocated;
	struct episode_stack *stacks;
	uint32_t nr_stacks;
};

/**
 * wait_begin() - a thread waits from now on; it becomes TASK_READY
 * @cpu: where it is queued, or is expected to be
 * @waker: NULL after a preemption; copied
 * @is_enqueued: it is on that CPU's run queue already
 */
int wait_begin(struct engine *eng, struct task *task, struct cpu *cpu, uint64_t at,
	       const struct waker *waker, bool is_enqueued);

/**
 * wait_end() - it ended at @at; handed out, and gone
 * @flags: enum episode_flag, beside those it has
 *
 * The task's state is the caller's to set.
 */
int wait_end(struct engine *eng, struct wait *wait, uint64_t at, uint8_t flags);

/** wait_discard() - it was none: nothing is handed out */
void wait_discard(struct engine *eng, struct wait *wait);

/** wait_catch_up() - attribute it up to @to_at; later than that is still open to change */
int wait_catch_up(struct engine *eng, struct wait *wait, uint64_t to_at);

/** wait_enqueue() - its wakeup: it is on the run queue of @cpu from @at on */
int wait_enqueue(struct engine *eng, struct wait *wait, struct cpu *cpu, uint64_t at, bool remotely);

/** wait_move() - it migrates to @cpu */
int wait_move(struct engine *eng, struct wait *wait, struct cpu *cpu, uint64_t at, bool remotely);

/** wait_lose() - from @at on nothing is known of it */
int wait_lose(struct engine *eng, struct wait *wait, uint64_t at);

/** wait_seek() - the lane was changed before its end: find the cursor again */
void wait_seek(struct wait *wait, const struct cpu *cpu);

/** wait_restart() - what was known of its beginning was wrong: attribute it anew */
void wait_restart(struct wait *wait, const struct cpu *cpu);

/** wait_add_stack() - keep a stack of @of that was recorded while it waits */
int wait_add_stack(struct wait *wait, uint64_t at, uint32_t of, const struct event *event);

/** wait_free() - the memory of a wait that is on no list */
void wait_free(struct wait *wait);

/** wait_set_rank() - the waiter's rank changes; it is caught up to now */
void wait_set_rank(struct wait *wait, struct cpu *cpu, int rank);

#endif
