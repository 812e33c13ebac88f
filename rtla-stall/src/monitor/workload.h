/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_WORKLOAD_H
#define RTLA_STALL_MONITOR_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a run changes beside tracing: where we run (-H), how deep CPUs may sleep (--dma-latency,
 * --deepest-idle-state), and the threads that the tracers' timers wake (-u, -k, -U, -P, -C).
 *
 *     workload_place()       first of all, so that the processes we make later are placed too
 *     workload_threads()     for live_config's has_user_workload
 *     workload_create()      before there is much memory to be shared with its processes
 *     workload_start()       once the tracer runs: threads are made, scheduled and moved
 *     workload_check()       each turn
 *     workload_destroy()     threads end; what the guard has noted, the guard gives back
 *
 * Nothing here waits for the kernel: what may hang in a stall is done in processes of their own. So what goes
 * wrong with threads is told by workload_check(), some time after the start.
 *
 *     timerlat, user threads     a process per CPU, timerlatu/N, SCHED_FIFO 95 or -P, in read() for ever. The
 *                                kernel kills it when the tracer ends
 *     timerlat, kernel threads   timerlat/N, of the kernel; -P and -C are applied to them
 *     osnoise, with its workload osnoise/N, likewise
 *     timerlat, -U               threads of another program: -P and -C are not ours to apply
 *
 * -P and -C are given back with the threads they are for, which end with the tracer.
 */

struct error;
struct guard;
struct monitor_params;
struct workload;

/**
 * workload_place() - go where -H says, or away from the CPUs watched (-c)
 *
 * Without -H it is no error when there is nowhere else to go. Return: 0 or a negative errno with words in
 * @err.
 */
int workload_place(const struct monitor_params *params, struct error *err)
	__attribute__((warn_unused_result));

/**
 * workload_wants_user_threads() - is timerlat to run without threads of the kernel's?
 *
 * AUTO asks whether the kernel can. False for other tracers.
 */
bool workload_wants_user_threads(const struct monitor_params *params);

/**
 * workload_create() - what does not need the tracer to run
 * @params: borrowed, as is @guard
 * @ret: set on success only; workload_destroy() it
 *
 * Return: 0 or a negative errno with words in @err.
 */
int workload_create(const struct monitor_params *params, struct guard *guard, struct workload **ret,
		    struct error *err) __attribute__((warn_unused_result));

/** workload_has_user_threads() - as workload_wants_user_threads() said when it was created */
bool workload_has_user_threads(const struct workload *workload);

/** workload_has_thread() - a thread of ours, in user space, that timerlat wakes */
bool workload_has_thread(const struct workload *workload, int32_t tid);

/** workload_start() - Return: 0 or a negative errno with words in @err */
int workload_start(struct workload *workload, struct error *err) __attribute__((warn_unused_result));

/**
 * workload_check() - see to the threads
 *
 * One that ended early, with its CPU for instance, or could not be set up, is an error. Not to be called
 * any more once the tracer is stopped.
 *
 * Return: 0 or a negative errno with words in @err.
 */
int workload_check(struct workload *workload, struct error *err) __attribute__((warn_unused_result));

/** workload_is_up() - all threads are set up */
bool workload_is_up(const struct workload *workload);

/** workload_destroy() - end it, and free; @workload may be NULL */
void workload_destroy(struct workload *workload);

#endif
