/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_CPUS_ON_H
#define RTLA_STALL_UTIL_CPUS_ON_H

#include <stdbool.h>
#include <stdint.h>

#include "parse.h"

/*
 * CPUs that go offline and come back while a run watches: who waited there goes on waiting elsewhere, and
 * nothing more is recorded of the CPU, which is worth a word.
 *
 *     cpus_on_open(&cpus, CPUS_ON_PATH)
 *     cpus_on_look(&cpus, now_at, tell, arg)        again and again; allocates nothing
 *     cpus_on_close(&cpus)
 */

#define CPUS_ON_PATH "/sys/devices/system/cpu/online"
#define CPUS_ON_PAUSE_NS 50000000u	/* between two looks */

struct cpus_on {
	int fd;			/* -1: it cannot be known */
	uint64_t looked_at;
	struct cpu_list on;
};

/** cpus_on_open() - see which are on; where that cannot be read, nothing will be told */
void cpus_on_open(struct cpus_on *cpus, const char *path);

void cpus_on_close(struct cpus_on *cpus);

/**
 * cpus_on_look() - if it is time to
 * @now_at: CLOCK_MONOTONIC, ns
 * @tell: gets each CPU that was not on and is now, or the other way round
 */
void cpus_on_look(struct cpus_on *cpus, uint64_t now_at, void (*tell)(uint32_t cpu, bool is_on, void *arg),
		  void *arg);

#endif
