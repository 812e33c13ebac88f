/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_HIST_ROWS_H
#define RTLA_STALL_VIEW_HIST_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "../stats/columns.h"

/*
 * Which columns of histograms are shown, in what order, and who each of them is. What the table, the JSON
 * and the CSV of `hist` have in common, for a run as for several that were merged.
 */

struct summary;

struct hist_row {
	uint32_t id;		/* columns_find(); the CPU, where columns are CPUs */
	int32_t tid;		/* threads; TID_UNKNOWN: several were added together */
	const char *comm;	/* threads; hostile bytes and all; "" unknown */
	const char *note;	/* threads: "kernel thread", "3 threads"; "" */
};

struct hist_rows {
	const struct columns *columns;	/* borrowed */
	struct hist_row *rows;
	uint32_t nr_rows;
};

/**
 * hist_rows_of_cpus() - every CPU that has a column, ascending
 *
 * Return: 0 or -ENOMEM; then there is nothing to deinit.
 */
int hist_rows_of_cpus(struct hist_rows *rows, const struct columns *columns)
	__attribute__((warn_unused_result));

/**
 * hist_rows_of_threads() - every selected thread that has a column, the one that waited most first
 * @summary: borrowed for as long as the rows are used
 */
int hist_rows_of_threads(struct hist_rows *rows, const struct columns *columns,
			 const struct summary *summary) __attribute__((warn_unused_result));

/** hist_rows_deinit() - free what it holds; a zeroed struct is empty */
void hist_rows_deinit(struct hist_rows *rows);

/** hist_rows_column() - the column of a row; never NULL */
const struct columns_column *hist_rows_column(const struct hist_rows *rows, uint32_t row);

#endif
