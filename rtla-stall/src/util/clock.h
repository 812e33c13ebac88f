/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_CLOCK_H
#define RTLA_STALL_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

/** clock_ns() - of any clock; async-signal-safe, as the rest here is */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/** clock_mono_ns() - CLOCK_MONOTONIC: what trace clock "mono" is */
static inline uint64_t clock_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/** clock_mono_ms() - the same, rounded down */
static inline uint64_t clock_mono_ms(void)
{
	return clock_mono_ns() / 1000000u;
}

/** clock_mono_after_ms() - an instant of CLOCK_MONOTONIC, for calls that wait until then; @ms from now */
static inline struct timespec clock_mono_after_ms(int ms)
{
	uint64_t at = clock_mono_ns() + (uint64_t)ms * 1000000u;

	return (struct timespec){ .tv_sec = (time_t)(at / 1000000000u), .tv_nsec = (long)(at % 1000000000u) };
}

#endif
