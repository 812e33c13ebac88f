/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_COLUMNS_H
#define RTLA_STALL_SOURCE_TEXT_COLUMNS_H

#include <stdbool.h>

#include "text_line.h"

/*
 * The columns in front of an event, from the '-' between comm and tid to the ':' after the time
 * stamp. Used by text_line.c only, which knows where they may begin.
 *
 * All three fill in at, cpu, tid, flags and preempt_depth of @ret, and move the cursor behind the
 * colon; they say false, and move nothing, when this is not what comes next.
 */

/** text_columns() - "-1977  (-----) [003] d..2.  1797.972244:", tgid and flags may be missing */
bool text_columns(struct text_cursor *cursor, struct text_line *ret);

/**
 * text_latency_columns() - "-0  3d..h2.. 12345us+:", "-0  3d..2 7.545784:", "-0  2-0xd 7.545784:"
 */
bool text_latency_columns(struct text_cursor *cursor, struct text_line *ret);

/** text_verbose_columns() - a whole line of the option "verbose": begins before the comm */
bool text_verbose_columns(struct text_cursor *cursor, struct text_line *ret);

#endif
