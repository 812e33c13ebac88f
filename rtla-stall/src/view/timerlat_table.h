/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TIMERLAT_TABLE_H
#define RTLA_STALL_VIEW_TIMERLAT_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../stats/timers.h"

/*
 * Timerlat's samples per CPU, laid out as `rtla timerlat top` does, for programs that read that:
 *
 *                                      Timer Latency
 *   0 00:00:05   |          IRQ Timer Latency (us)        |         Thread Timer Latency (us)
 * CPU COUNT      |      cur       min       avg       max |      cur       min       avg       max
 *   0 #3443      |      429        23       269     78589 |      482        48       354     78678
 * ---------------|----------------------------------------|---------------------------------------
 * ALL #3443   e0 |                 23       269     78589 |                 48       354     78678
 *
 * A third block, "Ret user Timer Latency", when the threads are in user space. CPUs without a sample have
 * no row. Averages are whole numbers of the unit, of exact sums. The count of ALL has a decimal exponent from
 * a million on.
 */

struct timerlat_table {
	const struct timers *timers;
	uint64_t duration_ns;
	bool is_nano;		/* nanoseconds instead of microseconds */
	bool has_user;		/* the third block */
	bool has_colour;	/* titles as rtla paints them on a terminal */
	uint64_t nr_events;	/* read */
	uint64_t nr_losses;	/* places where events are missing */
	uint64_t lost_events;	/* 0: not known how many */
};

/** timerlat_table_write() - write it. Return: 0 or a negative errno; -EPIPE included */
int timerlat_table_write(const struct timerlat_table *table, FILE *out) __attribute__((warn_unused_result));

#endif
