/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_CLOCK_H
#define RTLA_STALL_SOURCE_DAT_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dat_bytes.h"

/*
 * From the stamps in a trace.dat's pages to the times it stands for.
 *
 * A file may carry, as options: corrections of a guest's clock against its host's, per CPU and
 * interpolated between samples; a multiplier and shift from TSC cycles to ns; fixed offsets. They
 * are applied in that order, as trace-cmd report applies them, so that times agree to the
 * nanosecond.
 */

struct dat_clock_sample {
	int64_t at;		/* when it was taken, in the guest's stamps */
	int64_t offset;
	int64_t scaling;
	uint64_t fraction_bits;	/* of scaling */
};

struct dat_clock_cpu {
	uint32_t nr_samples;
	struct dat_clock_sample *samples;	/* by time, times differ */
};

struct dat_clock {
	bool is_identity;	/* nothing to do: the usual case */
	int64_t offset_ns;	/* added last */
	uint32_t tsc_multiplier; /* 0: none */
	uint32_t tsc_shift;
	bool is_interpolated;
	uint32_t nr_cpus;	/* with corrections */
	struct dat_clock_cpu *cpus;
};

/** dat_clock_init() - stamps stand for themselves */
void dat_clock_init(struct dat_clock *clock);

/** dat_clock_deinit() - free what is inside */
void dat_clock_deinit(struct dat_clock *clock);

/** dat_clock_add_offset() - shift all times by so much; the sum wraps */
void dat_clock_add_offset(struct dat_clock *clock, int64_t offset_ns);

/** dat_clock_set_tsc() - stamps are cycles: ns are (cycles * @multiplier) >> @shift */
void dat_clock_set_tsc(struct dat_clock *clock, uint32_t multiplier, uint32_t shift);

/**
 * dat_clock_read_shift() - take in a TIME_SHIFT option
 * @bytes: its contents
 *
 * Return: 0, -EINVAL when it is too short for what it announces, -ENOMEM; unchanged then.
 */
int dat_clock_read_shift(struct dat_clock *clock, struct dat_bytes bytes)
	__attribute__((warn_unused_result));

/** dat_clock_convert() - the time a stamp of this CPU stands for; only when not is_identity */
uint64_t dat_clock_convert(const struct dat_clock *clock, uint32_t cpu, uint64_t stamp);

#endif
