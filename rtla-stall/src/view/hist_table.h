/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_HIST_TABLE_H
#define RTLA_STALL_VIEW_HIST_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hist_rows.h"

/*
 * Histograms as text. Timerlat's per CPU are laid out as `rtla timerlat hist` does, to the blank, for
 * programs that read that:
 *
 * # RTLA timerlat histogram
 * # Time unit is microseconds (us)
 * # Duration:   0 00:00:05
 * Index   IRQ-000   Thr-000
 * 0          3696      3681
 * over:         9         9
 * count:     3802      3802
 * min:          2         5      also avg:, max:; then the same for all CPUs under "ALL:"
 *
 * Waits have the same layout and more rows: p50: p99: p99.9: open: lost:. Their columns are threads, named
 * "T" and the tid, with a line in the header for each; or CPUs, as "CPU-003". Open waits, and those touched
 * by loss, are counted in open: and lost: alone; but max: is also that of the open ones.
 */

struct hist_table {
	const struct hist_rows *timerlat; /* NULL: no such table */
	const struct hist_rows *waits;	/* NULL: no such table */
	const char *waiters;		/* "kernel threads", "threads", "selected threads" */
	uint64_t duration_ns;
	uint32_t top;			/* columns, where they are threads; 0: all */
	bool is_nano;			/* nanoseconds instead of microseconds */
	bool has_user;			/* timerlat: a column for the return to user space */
	bool no_header;
	bool no_summary;
	bool no_index;
	bool with_zeros;
	bool no_irq;
	bool no_thread;
};

/** hist_table_write() - write them. Return: 0 or a negative errno; -EPIPE included */
int hist_table_write(const struct hist_table *table, FILE *out) __attribute__((warn_unused_result));

#endif
