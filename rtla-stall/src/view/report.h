/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_REPORT_H
#define RTLA_STALL_VIEW_REPORT_H

#include <stdio.h>

#include "document.h"

/*
 * The text report: what was read and what it lacks; stalls; threads by summed and by worst wait;
 * culprits; timerlat's activations; totals with the five causes and their sum; anomalies.
 * Sections with nothing to show say so in words.
 */

/**
 * report_write() - write it
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int report_write(const struct document *doc, const struct document_layout *layout, FILE *out)
	__attribute__((warn_unused_result));

#endif
