/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_STACKS_H
#define RTLA_STALL_MONITOR_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "../util/symbols.h"
#include "sampler.h"

/*
 * What only a live machine can tell of a stall: kernel stacks.
 *
 *     of the waiter, and of tasks in D:   /proc/TID/stack; they do not run, so it is exact
 *     of the occupant:                    it runs on another CPU, so an interrupt there has to look: a
 *                                         perf event per CPU (sampler.h), opened beforehand, switched on
 *                                         for as long as it takes to get one sample
 *
 *     stacks_create()            a thread reads the kernel's symbols and opens the events
 *     stacks_of_...()            a thread asks; the caller waits for it, for so long and no longer
 *     stacks_destroy()
 *
 * All of these may wait in the kernel: for a CPU that has interrupts off to serve an interrupt, for a lock
 * that a starving thread holds. So each question has a thread of its own; one that does not come back in time
 * is left to itself, its CPU is not asked again before it is back, and there is a reason in words instead of
 * frames. Such a thread spins in the kernel, on a CPU other than that one: so do not ask a CPU of which it is
 * known already that it has interrupts off.
 *
 * An event that is off costs its CPU nothing. At most two files and two pages per CPU.
 */

struct cpu_list;
struct error;
struct stacks;

#define STACKS_MAX_FRAMES SAMPLER_MAX_FRAMES

enum stacks_kind { STACKS_WAITER, STACKS_OCCUPANT, STACKS_SUSPENDED };

/** stacks_kind_name() - "waiter", "occupant", "suspended" */
const char *stacks_kind_name(enum stacks_kind kind);

struct stacks_frames {
	enum stacks_kind kind;
	int32_t tid;			/* whose it is; OCCUPANT: who was met, -1 nobody */
	char comm[16];			/* "" unknown; hostile */
	uint32_t cpu;			/* where it is queued, or was met */
	bool is_user;			/* it ran user code when it was looked at */
	uint32_t nr_frames;		/* 0: see why */
	/* Functions without offset, innermost first; "0xffff..." where there is no name. Of user code one
	 * frame: "user code in loop+0x1129", or "user code" alone. */
	char frames[STACKS_MAX_FRAMES][SYMBOLS_MAX_NAME];
	char why[160];			/* why there are no frames, or no names, in words; "" */
};

#define STACKS_MAX_SUSPENDED 64u

/* Who is in D now. */
struct stacks_suspended {
	uint32_t nr;			/* in all */
	uint32_t nr_kept;
	struct {
		int32_t tid;
		char comm[16];
		uint32_t cpu;
	} threads[STACKS_MAX_SUSPENDED];
};

/**
 * stacks_create() - have the perf events opened and the symbols read; does not wait for it
 * @cpus: those for which it is done beforehand; NULL: all
 *
 * What cannot be had is no failure: it is said with each stack.
 *
 * Return: 0 or a negative errno with words in @err.
 */
int stacks_create(const struct cpu_list *cpus, struct stacks **ret, struct error *err)
	__attribute__((warn_unused_result));

/**
 * stacks_of_sleeper() - of a thread that does not run: the waiter, or one in D
 * @kind: what it is called in @ret
 * @cpu: where it is queued, which is not the place to look from
 */
void stacks_of_sleeper(struct stacks *stacks, enum stacks_kind kind, int32_t tid, uint32_t cpu,
		       int timeout_ms, struct stacks_frames *ret);

/**
 * stacks_of_occupant() - of whatever a CPU runs now
 * @timeout_ms: how long a sample may take; an ordinary one is there within 1 ms
 */
void stacks_of_occupant(struct stacks *stacks, uint32_t cpu, int timeout_ms, struct stacks_frames *ret);

/**
 * stacks_find_suspended() - threads in D, by /proc: on all CPUs, traced or not
 *
 * Return: false when it could not be told in time.
 */
bool stacks_find_suspended(struct stacks *stacks, int timeout_ms, struct stacks_suspended *ret);

/** stacks_destroy() - waits a moment for threads that have not come back; @stacks may be NULL */
void stacks_destroy(struct stacks *stacks);

#endif
