/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_PARSE_H
#define RTLA_STALL_UTIL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/engine.h"

/*
 * What users write for times, CPUs and counts. The whole text must be one; overflow is refused;
 * nothing else is (a sign, spaces, hexadecimal). Pure: no locale, no globals.
 */

/* Some of the CPUs a trace can speak of. */
struct cpu_list {
	uint64_t bits[ENGINE_MAX_CPUS / 64];
};

/**
 * parse_time() - "10ms", "1.5s", "200us"
 * @plain_ns: what a number without a unit counts; 0: it needs one
 * @ret: ns; set on success only
 *
 * Units: ns us ms s m h. Decimals are taken as far as they are whole nanoseconds.
 *
 * Return: 0; -EINVAL it is no time; -ERANGE it does not fit.
 */
int parse_time(const char *text, uint64_t plain_ns, uint64_t *ret)
	__attribute__((warn_unused_result));

/**
 * parse_count() - a number of at most @max
 * @ret: set on success only
 *
 * Return: 0; -EINVAL it is no number; -ERANGE it is more than @max.
 */
int parse_count(const char *text, uint64_t max, uint64_t *ret) __attribute__((warn_unused_result));

/**
 * parse_cpus() - "0-3,7"
 * @ret: set on success only
 *
 * Return: 0; -EINVAL it is no list; -ERANGE a CPU is ENGINE_MAX_CPUS or more.
 */
int parse_cpus(const char *text, struct cpu_list *ret) __attribute__((warn_unused_result));

/** parse_cpus_has() - is @cpu, less than ENGINE_MAX_CPUS, in the list? */
static inline bool parse_cpus_has(const struct cpu_list *cpus, uint32_t cpu)
{
	return cpus->bits[cpu / 64] >> cpu % 64 & 1;
}

#endif
