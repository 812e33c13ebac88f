/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_TESTS_LIVE_BENCH_H
#define RTLA_STALL_TESTS_LIVE_BENCH_H

/*
 * What the user space programs of the test bench share: they place themselves, and they write the truth.
 *
 * An instant is noted either by the kernel module (bench_stamp(): both trace clocks, others can wait for
 * it) or printed by the program afterwards (bench_print_at(): CLOCK_MONOTONIC, which is the trace clock
 * "mono"; the other clock is printed as 0, not known). Both end up in one truth file, a line each:
 *
 *     at LABEL MONO LOCAL CPU
 *     thread NAME TID
 *
 * Everything here ends the program when it fails: a bench that is not set up as told proves nothing.
 */

#include <stdbool.h>
#include <stdint.h>

/** bench_now() - CLOCK_MONOTONIC in ns */
uint64_t bench_now(void);

/** bench_tid() - of the calling thread */
int bench_tid(void);

/** bench_is_asleep() - /proc shows a thread of this process in state S */
bool bench_is_asleep(int tid);

/** bench_number() - a whole decimal number; anything else ends the program */
uint64_t bench_number(const char *text);

/**
 * bench_place() - name, CPU and policy of the calling thread, and a "thread" line of it
 * @policy: other, batch, idle, fifo:N, rr:N, deadline:RUNTIME_US:PERIOD_US
 */
void bench_place(const char *name, int cpu, const char *policy);

/** bench_stamp() - let the kernel module note NAME.WHAT now */
void bench_stamp(const char *name, const char *what);

/** bench_await() - wait, asleep, until somebody has noted LABEL */
void bench_await(const char *label);

/** bench_find() - when LABEL was noted; 0: not yet. Does not sleep, costs some 100 us. */
uint64_t bench_find(const char *label);

/** bench_print_at() - a truth line of an instant taken earlier; @i < 0: without a number */
void bench_print_at(const char *name, const char *what, int i, uint64_t at);

/** bench_spin_until() - keep the CPU until the clock shows @at; ns of that time it did not get */
uint64_t bench_spin_until(uint64_t at);

#endif
