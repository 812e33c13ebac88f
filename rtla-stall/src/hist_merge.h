/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_HIST_MERGE_H
#define RTLA_STALL_HIST_MERGE_H

#include <stdio.h>

#include "view/document.h"

/*
 * `rtla-stall hist merge A.json B.json ...`: the runs of several machines as one.
 *
 * Histograms are added up by CPU, or by name of the thread; culprits by kind, name, cause and reason;
 * totals and causes; stalls are listed together, each with the path of its document. All sums are exact.
 * Minimum and maximum are those of the runs, percentiles those of the histograms added up.
 *
 * The files are documents of `hist --json`, or what this made of some. They are untrusted.
 */

struct error;
struct monitor_params;

#define HIST_MERGE_MAX_BYTES (128u << 20)	/* of one file; parsed it takes 25 times as much */

/**
 * hist_merge_run() - merge the files of params->merge
 * @params: json, csv, top, no_header and what else says how tables look; nothing of what is recorded
 * @out: standard output
 *
 * Nothing is written before all has been read.
 *
 * Return: 0 or a negative errno with words in @err.
 */
int hist_merge_run(const struct monitor_params *params, const struct document_layout *layout, FILE *out,
		   struct error *err) __attribute__((warn_unused_result));

#endif
