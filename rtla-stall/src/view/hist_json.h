/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_HIST_JSON_H
#define RTLA_STALL_VIEW_HIST_JSON_H

#include <stdint.h>

#include "hist_rows.h"
#include "value.h"

/*
 * "histograms" of the JSON document: a row per column and kind of sample.
 *
 *   { "cpu": 3 | "tid": 99, "comm": "kworker/3:1", "what": "irq" | "thread" | "user" | "wait",
 *     "count", "sum_ns", "min_ns", "max_ns", "p50_ns", "p99_ns", "p999_ns",
 *     "open", "open_max_ns", "touched_by_loss"                     of waits; these are not in the counts
 *     "log": [ [from_ns, to_ns, count], .. ],                      to_ns included; none is empty
 *     "linear": { "bucket_ns", "entries", "over", "counts": [..] } } from 0 on; zeros at the end left out
 *
 * "count" is the sum of the counts and "over", and of those of "log": asserted. A tid of -1 stands for
 * several threads of one name, of runs that were merged.
 */

/**
 * hist_json_write() - write the member
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int hist_json_write(struct value_maker *json, const struct hist_rows *histograms, uint32_t nr_histograms)
	__attribute__((warn_unused_result));

#endif
