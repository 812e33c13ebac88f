/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_CLOCK_H
#define RTLA_STALL_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

/** clock_mono_ns() - CLOCK_MONOTONIC: what trace clock "mono" is */
static inline uint64_t clock_mono_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/** clock_mono_ms() - the same, rounded down */
static inline uint64_t clock_mono_ms(void)
{
	return clock_mono_ns() / 1000000u;
}

#endif
