/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DECODE_STATE_H
#define RTLA_STALL_SOURCE_DECODE_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "../engine/event.h"

/*
 * How a thread left the CPU, from the number in prev_state and the table in the format's print fmt.
 *
 * Kernels differ in the bits, so the table decides. 4.14 writes the number of the state in the
 * table (3: its third row) where others write its bit; the two can be told apart because no state
 * has two of the first bits.
 */

struct decode_state {
	uint64_t preempted_bit;		/* "R+"; 0 unknown */
	uint64_t known_bits;		/* of the table */
	uint64_t dead_bits;		/* X, x, Z */
	uint64_t suspended_bits;	/* D */
	uint64_t idle_bits;		/* I, N: beside D, a sleep that is no suspension */
	uint64_t sleeping_bits;		/* S, T, t, P, n */
	uint8_t left_by_index[8];	/* enum event_left of the table's rows */
};

/** decode_state_init() - read the table */
void decode_state_init(struct decode_state *state, const char *format, size_t size);

/** decode_state_left_odd() - as decode_state_left(), for anything but a single usual state */
enum event_left decode_state_left_odd(const struct decode_state *state, uint64_t value);

/** decode_state_left() - what a prev_state stands for */
static inline enum event_left decode_state_left(const struct decode_state *state, uint64_t value)
{
	return value ? decode_state_left_odd(state, value) : LEFT_READY;
}

#endif
