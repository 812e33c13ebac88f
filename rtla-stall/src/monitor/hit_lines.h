/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_HIT_LINES_H
#define RTLA_STALL_MONITOR_HIT_LINES_H

#include <stdio.h>

#include "hit_report.h"

/*
 * --json-lines: each hit as one line of JSON, written when it is reported and flushed, so that a kill loses
 * nothing that was said.
 *
 *     { "schema": "rtla-stall/1", "hit": 3, "kind": "wait"|"irq"|"thread", "cpu", "threshold_ns",
 *       "at_ns": trace time, "wall_ns": since 1970, "wall": ISO 8601,
 *       "stall": a row of the document's stalls[], or null,
 *       "stacks": [ { "of": K, "kind": "waiter"|"occupant"|"suspended", "frames": [ ... ],
 *                     "user_code", "why", "since_ns" } ],
 *       "stacks_why": why there is neither waiter nor occupant, "suspended": how many in D,
 *       "ready": [ { "tid", "comm", "prio", "began_ns" } ] on its CPU, "irqs_per_s",
 *       "timerlat": { "seqnum", "total_ns", "parts": [ K + { "part", "cause", "reason", "ns" } ] },
 *       "unreported": of its CPU since the last line, "trace": path or null }
 *
 * "timerlat" is there for irq and thread; its parts sum to total_ns.
 *
 * K, as all of it, is the document's: rtla-stall-analyze(1). Fields are only ever added.
 */

/**
 * hit_lines_write() - write one
 *
 * Return: 0 or a negative errno; -EPIPE included, -EINVAL when the snapshot does not cover it.
 */
int hit_lines_write(const struct hit_report_input *input, FILE *out) __attribute__((warn_unused_result));

#endif
