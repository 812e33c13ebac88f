/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_STALL_COUNT_H
#define RTLA_STALL_MONITOR_STALL_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many stalls there were, when the threshold is changed while they are counted.
 *
 *     threshold   10 ms ------- 20 ms ------- 5 ms ------- 20 ms
 *     counted     from the      from the      from the     from the
 *                 beginning     beginning     change       beginning
 *
 * Those of at least 20 ms are among those of at least 10 ms that were kept, so nothing has been missed. What
 * was shorter than the highest threshold so far was not looked at all the time: it is counted from the change
 * on, and so is everything when there was no room to keep all. Pure.
 */
struct stall_count {
	uint64_t most_ns;	/* the highest threshold so far */
	uint64_t left_out;	/* of those counted */
	uint64_t from_at;	/* trace time; 0: the beginning */
};

struct stall_count_change {
	uint64_t before_ns;	/* the threshold until now */
	uint64_t stall_ns;	/* and from now on */
	uint64_t at;		/* trace time */
	uint64_t nr_counted;	/* so far, whatever the threshold was */
	uint64_t nr_kept;	/* of them, those kept that are of at least stall_ns */
	bool has_omitted;	/* there was no room for all */
};

/** stall_count_change() - another threshold */
void stall_count_change(struct stall_count *count, const struct stall_count_change *change);

/** stall_count_of() - those to be shown, of so many counted */
uint64_t stall_count_of(const struct stall_count *count, uint64_t nr_counted);

#endif
