/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_WORKLOAD_IDLE_H
#define RTLA_STALL_MONITOR_WORKLOAD_IDLE_H

#include <stdint.h>

/*
 * How deep CPUs may sleep, while we run: --dma-latency, --deepest-idle-state.
 */

struct cpu_list;
struct error;
struct guard;

#define WORKLOAD_IDLE_CPUS "/sys/devices/system/cpu"
#define WORKLOAD_IDLE_DMA "/dev/cpu_dma_latency"

/**
 * workload_idle_hold_dma() - ask that no CPU sleeps so deep that it takes longer than that to wake
 * @path: WORKLOAD_IDLE_DMA but in tests
 *
 * Return: a file: what is asked for holds until it is closed; or a negative errno with words in @err.
 */
int workload_idle_hold_dma(const char *path, uint32_t most_us, struct error *err)
	__attribute__((warn_unused_result));

/**
 * workload_idle_limit() - switch the deeper idle states off
 * @dir: WORKLOAD_IDLE_CPUS but in tests
 * @cpus: NULL: all
 * @deepest: the number of the deepest state that stays; -1: none does
 *
 * CPUs that are off are left out. Return: 0 or a negative errno with words in @err; what was changed is
 * noted with the guard.
 */
int workload_idle_limit(const char *dir, const struct cpu_list *cpus, int32_t deepest,
			struct guard *guard, struct error *err) __attribute__((warn_unused_result));

#endif
