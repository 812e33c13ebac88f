/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PROC_OCCUPANTS_H
#define RTLA_STALL_BOOST_PROC_OCCUPANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../util/proc_read.h"

/*
 * Who has each CPU, from what /proc shows of the threads that are ready there.
 *
 *     proc_occupants_begin()
 *     proc_occupants_wants(), proc_occupants_add()          each ready thread
 *     proc_occupants_end()
 *
 * The one that outranks the others has the CPU, unless the kernel throttles it: a thread of SCHED_FIFO whose
 * class has used up sched_rt_runtime_us or its group's share, one of SCHED_DEADLINE that has used up its
 * runtime, are ready as well; and of equals only one runs. So of these classes a thread counts
 *
 *     whose run time has grown since it was seen there before:       it has the CPU, if none above it has
 *     whose run time stands still:                                   it has not
 *     that was not seen there before:                                nobody knows
 */

struct cpu_list;
struct proc_occupants;

/** proc_occupants_create() - Return: NULL: out of memory */
struct proc_occupants *proc_occupants_create(uint32_t nr_cpus);

/** proc_occupants_destroy() - @occupants may be NULL */
void proc_occupants_destroy(struct proc_occupants *occupants);

/** proc_occupants_begin() - who has @cpus; of the others nothing is known until they are asked for */
void proc_occupants_begin(struct proc_occupants *occupants, const struct cpu_list *cpus);

/**
 * proc_occupants_wants() - it may be who has its CPU, by those who were added before
 *
 * Its run time need not be known yet. One that is not wanted is not to be added.
 */
bool proc_occupants_wants(struct proc_occupants *occupants, const struct proc_thread *thread);

/** proc_occupants_add() - one that is wanted; its run time is known */
void proc_occupants_add(struct proc_occupants *occupants, const struct proc_thread *thread);

/** proc_occupants_end() - all were added. @now: CLOCK_MONOTONIC, ns */
void proc_occupants_end(struct proc_occupants *occupants, uint64_t now);

/** proc_occupants_get() - Return: false: nobody is ready there, or nobody knows who runs */
bool proc_occupants_get(const struct proc_occupants *occupants, uint32_t cpu, struct proc_thread *ret);

#endif
