/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MERGE_JSON_H
#define RTLA_STALL_MERGE_JSON_H

#include <stdio.h>

#include "merge_sum.h"
#include "view/hist_rows.h"

/*
 * Runs that were merged, as a document of the schema: "command" is "hist merge", "source" holds sums,
 * "sources" has an object per run (path, version, source, facts, hits), threads are rows per name (tid -1
 * where it is several, and "threads" how many), stalls say by "path" which run they are of.
 */

/** merge_json_write() - Return: 0 or a negative errno; -EPIPE included */
int merge_json_write(const struct merge *merge, const struct hist_rows *histograms,
		     uint32_t nr_histograms, FILE *out) __attribute__((warn_unused_result));

#endif
