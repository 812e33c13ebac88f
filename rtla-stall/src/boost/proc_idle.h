/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PROC_IDLE_H
#define RTLA_STALL_BOOST_PROC_IDLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which CPUs were idle for a while, from /proc/stat: there nobody waits that is bound to that CPU.
 */

struct proc_idle;

/** proc_idle_create() - Return: NULL: out of memory */
struct proc_idle *proc_idle_create(uint32_t nr_cpus);

/** proc_idle_destroy() - @idle may be NULL */
void proc_idle_destroy(struct proc_idle *idle);

/** proc_idle_read() - from now on it is about the time since the reading before this one. @proc_fd: /proc */
void proc_idle_read(struct proc_idle *idle, int proc_fd);

/** proc_idle_was_idle() - false also for a CPU that is not known */
bool proc_idle_was_idle(const struct proc_idle *idle, uint32_t cpu);

#endif
