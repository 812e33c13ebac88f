/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_CSV_H
#define RTLA_STALL_VIEW_CSV_H

#include <stdio.h>

#include "document.h"
#include "hist_rows.h"

/*
 * The table of threads as CSV (RFC 4180, lines ending in a line feed): one row per thread, the
 * fields those of "threads" in the JSON, nested ones flattened. All times are integer nanoseconds.
 * Unprintable bytes of a name show as \x1b.
 */

/**
 * csv_write() - write it
 * @with_titles: the names of the fields in the first line
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int csv_write(const struct document *doc, bool with_titles, FILE *out)
	__attribute__((warn_unused_result));

/**
 * csv_write_histograms() - histograms instead: a row per column, kind of sample, and bucket that is not empty
 *
 * what, cpu or tid and comm, from_ns, to_ns (included; empty: beyond the last bucket), count.
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int csv_write_histograms(const struct hist_rows *histograms, uint32_t nr_histograms, bool with_titles,
			 FILE *out) __attribute__((warn_unused_result));

#endif
