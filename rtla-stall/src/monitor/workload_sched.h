/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_WORKLOAD_SCHED_H
#define RTLA_STALL_MONITOR_WORKLOAD_SCHED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Where threads run and by what right: affinity, -P, -C, and who the kernel's threads of a tracer are.
 */

struct cpu_list;
struct error;
struct monitor_sched;

/** workload_sched_confine() - of us and what we make later. Return: 0 or a negative errno */
int workload_sched_confine(const struct cpu_list *cpus) __attribute__((warn_unused_result));

/**
 * workload_sched_avoid() - run on other CPUs than these, if there are any we may run on
 *
 * Return: 0 or a negative errno.
 */
int workload_sched_avoid(const struct cpu_list *cpus) __attribute__((warn_unused_result));

/**
 * workload_sched_apply() - -P, for one thread
 * @tid: 0 ourselves
 *
 * Return: 0 or a negative errno with words in @err.
 */
int workload_sched_apply(pid_t tid, const struct monitor_sched *sched, struct error *err)
	__attribute__((warn_unused_result));

/**
 * workload_sched_find() - the kernel's threads NAME/N
 * @name: "timerlat"
 * @cpus: N is one of these; NULL: any
 * @found: may return a negative errno to end it
 *
 * A process of user space of that name is none. Return: how many there are, or what @found returned.
 */
int workload_sched_find(const char *name, const struct cpu_list *cpus,
			int (*found)(pid_t tid, void *arg, struct error *err), void *arg, struct error *err)
	__attribute__((warn_unused_result));

/**
 * workload_sched_open_cgroup() - for workload_sched_move()
 * @name: below the root of cgroup v2; NULL: our own
 *
 * Return: a file, or a negative errno with words in @err.
 */
int workload_sched_open_cgroup(const char *name, struct error *err) __attribute__((warn_unused_result));

/**
 * workload_sched_move() - move a process, which may hang in a stall
 * @tid: 0 ourselves
 *
 * Return: 0 or a negative errno with words in @err.
 */
int workload_sched_move(int cgroup, pid_t tid, struct error *err) __attribute__((warn_unused_result));

#endif
