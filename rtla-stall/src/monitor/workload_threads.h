/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_WORKLOAD_THREADS_H
#define RTLA_STALL_MONITOR_WORKLOAD_THREADS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The processes that are, or see to, a tracer's threads: all in which something may hang.
 *
 *     USER      one per CPU, made at once and let go by workload_threads_start(): it moves (-C), pins
 *               and schedules (-P) itself, opens the CPU's timerlat_fd, and reads from it until it is
 *               killed: by us, or by the kernel when the tracer ends
 *     KERNEL    one in all: it applies -P and -C to the threads the kernel has made, and ends
 */

struct cpu_list;
struct error;
struct monitor_sched;
struct workload_threads;

struct workload_threads_setting {
	const char *kernel_name;	/* "timerlat", "osnoise": see to the kernel's; NULL: make USER ones */
	const struct cpu_list *cpus;	/* NULL: all that are on */
	const struct monitor_sched *sched; /* -P; NULL: USER SCHED_FIFO 95, KERNEL as it is */
	int cgroup;			/* of workload_sched_open_cgroup(); -1: no -C */
};

/**
 * workload_threads_create() - make the processes
 * @setting: copied; what it points to is borrowed
 *
 * Return: 0 or a negative errno with words in @err.
 */
int workload_threads_create(const struct workload_threads_setting *setting, struct workload_threads **ret,
			    struct error *err) __attribute__((warn_unused_result));

/** workload_threads_start() - let them go. Return: 0 or a negative errno with words in @err */
int workload_threads_start(struct workload_threads *threads, struct error *err)
	__attribute__((warn_unused_result));

/** workload_threads_check() - how they are; see workload_check() */
int workload_threads_check(struct workload_threads *threads, struct error *err)
	__attribute__((warn_unused_result));

/** workload_threads_has() - one of the processes */
bool workload_threads_has(const struct workload_threads *threads, int32_t tid);

/** workload_threads_are_up() - all are set up */
bool workload_threads_are_up(const struct workload_threads *threads);

/** workload_threads_destroy() - end them; @threads may be NULL */
void workload_threads_destroy(struct workload_threads *threads);

#endif
