/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MERGE_COLUMNS_H
#define RTLA_STALL_MERGE_COLUMNS_H

#include "merge_fields.h"
#include "merge_sum.h"

/*
 * The "histograms" of a document, added to those there are. They have to have the same buckets, so that the
 * sum of each bucket is what one run would have counted; and each has to add up.
 */

/**
 * merge_columns_add() - add one row of "histograms"
 * @thread: number of the thread's name, of rows that have one
 *
 * Return: 0 or a negative errno with words.
 */
int merge_columns_add(struct merge *merge, const struct merge_place *place, struct json_object *row,
		      uint32_t thread) __attribute__((warn_unused_result));

#endif
