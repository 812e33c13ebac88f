/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_WALL_H
#define RTLA_STALL_VIEW_WALL_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"

/* Wall-clock time as a person, or the log of another program, tells it. */

/**
 * wall_format() - "2026-11-21T01:03:12.123456+01:00": ISO 8601, in the time zone of the process (TZ); "Z"
 * for UTC
 * @ns: since 1970
 */
struct format wall_format(uint64_t ns);

/*
 * From trace time (CLOCK_MONOTONIC) to wall-clock time, over a run.
 *
 *     wall_note(&wall, at, offset)     when the run begins, and now and then: both clocks were read
 *     wall_at(&wall, at)               as the clock on the wall stood at that instant
 *
 * The two run at one speed (NTP slows both); what moves them apart is that somebody sets the clock, or
 * that the machine is suspended. An instant before that keeps the time it had.
 */

#define WALL_MAX_STEPS 16u
#define WALL_LEAST_STEP_NS 10000000	/* less is how the clocks were read */

struct wall_clock {
	struct {
		uint64_t from_at;	/* trace time */
		int64_t offset_ns;	/* wall-clock time (ns since 1970) less trace time */
	} steps[WALL_MAX_STEPS];
	uint32_t nr_steps;		/* 0: a zeroed struct, whose wall-clock time is trace time */
};

/**
 * wall_note() - how the clocks stand at @at, which is not before the last one
 *
 * Return: by how much the wall clock was set (forward: positive) since the last one; 0: it was not.
 */
int64_t wall_note(struct wall_clock *wall, uint64_t at, int64_t offset_ns);

/** wall_read() - read both clocks, and note it. Return: as wall_note() */
int64_t wall_read(struct wall_clock *wall);

/** wall_at() - wall-clock time of an instant of trace time, in ns since 1970 */
static inline uint64_t wall_at(const struct wall_clock *wall, uint64_t at)
{
	uint32_t i = wall->nr_steps;

	/* what was before the first was not stepped either */
	while (i > 1 && at < wall->steps[i - 1].from_at)
		i--;
	return i ? at + (uint64_t)wall->steps[i - 1].offset_ns : at;
}

#endif
