/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_HIT_RATE_H
#define RTLA_STALL_MONITOR_HIT_RATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many hits are reported when a run goes on after them: of each CPU HIT_RATE_BURST at once, and one
 * more for every HIT_RATE_EVERY_NS that passed. What is not reported is counted, once for the next report
 * of that CPU and once for good. Pure: no I/O, no clock.
 *
 *     reported   * * * * *         *         *     *       burst 5, then one a second
 *     counted              x x x x   x x x x
 *                |---------|---------|---------|
 *
 * A zeroed struct is ready.
 */

#define HIT_RATE_BURST 5u
#define HIT_RATE_EVERY_NS UINT64_C(1000000000)
#define HIT_RATE_MAX_CPUS 16384u

struct hit_rate_cpu {
	uint64_t full_at;	/* when all of the burst will be there again; 0: it is */
	uint64_t nr_unreported;	/* since its last report */
};

struct hit_rate {
	struct hit_rate_cpu *cpus;
	uint32_t nr_cpus;
	uint64_t nr_unreported;	/* of all CPUs, so far */
};

/** hit_rate_deinit() - free it */
void hit_rate_deinit(struct hit_rate *rate);

/**
 * hit_rate_allows() - may a hit be reported?
 * @now_at: CLOCK_MONOTONIC or trace time, ns
 *
 * Return: false: it was counted as not reported. Out of memory is one of the reasons.
 */
bool hit_rate_allows(struct hit_rate *rate, uint32_t cpu, uint64_t now_at);

/** hit_rate_take_unreported() - how many of this CPU were not since its last report; from 0 again */
uint64_t hit_rate_take_unreported(struct hit_rate *rate, uint32_t cpu);

#endif
