/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MERGE_WRITE_H
#define RTLA_STALL_MERGE_WRITE_H

#include <stdio.h>

#include "merge_sum.h"
#include "view/document.h"

/*
 * Runs that were merged, as text, JSON and CSV: what `hist` prints of one, as far as it can be added up.
 * The JSON is a document of the same schema, and can be merged again.
 */

struct monitor_params;

/** merge_write_text() - Return: 0 or a negative errno; -EPIPE included */
int merge_write_text(const struct merge *merge, const struct monitor_params *params,
		     const struct document_layout *layout, FILE *out) __attribute__((warn_unused_result));

/** merge_write_json() - Return: 0 or a negative errno; -EPIPE included */
int merge_write_json(const struct merge *merge, FILE *out) __attribute__((warn_unused_result));

/** merge_write_csv() - Return: 0 or a negative errno; -EPIPE included */
int merge_write_csv(const struct merge *merge, bool with_titles, FILE *out)
	__attribute__((warn_unused_result));

#endif
