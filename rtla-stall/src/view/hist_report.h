/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_HIST_REPORT_H
#define RTLA_STALL_VIEW_HIST_REPORT_H

#include <stdio.h>

#include "document.h"
#include "hist_table.h"

/*
 * All that `hist` prints at its end: facts of the machine and of what was read, as comment lines
 * ("# ..."); the tables; and, unless summaries are unwanted, the stalls with their wall-clock times, and the
 * totals.
 */

/**
 * hist_report_write() - write it
 * @doc: histograms and nr_histograms are not used: @table has them
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int hist_report_write(const struct document *doc, const struct hist_table *table,
		      const struct document_layout *layout, FILE *out) __attribute__((warn_unused_result));

#endif
