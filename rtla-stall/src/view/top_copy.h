/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_COPY_H
#define RTLA_STALL_VIEW_TOP_COPY_H

#include <stddef.h>

#include "../monitor/snapshot.h"

/*
 * A snapshot that stays valid: a key may be typed long after the monitor went on, and a frozen screen
 * can still be scrolled, sorted and searched.
 *
 * Copied is what `top` shows: of names and tasks only those that rows and waits refer to, of segments
 * at most TOP_COPY_MAX_SEGMENTS, those of open waits and of the longest stalls first; waits without
 * theirs say so as longest.h does. What the copy borrows are the names table, and words that are
 * constants of the program. Pure: no I/O.
 */

#define TOP_COPY_MAX_SEGMENTS 131072u
#define TOP_COPY_MAX_STACKS 4u		/* per wait */

struct top_copy {
	struct snapshot snapshot;
	struct source_info source;
	struct top_block *blocks;	/* memory of all that the snapshot points to */
};

/**
 * top_copy_init() - copy a snapshot
 * @from: borrowed for the call; its doc.names for as long as the copy is used
 *
 * Return: 0 or -ENOMEM; then there is nothing to deinit.
 */
int top_copy_init(struct top_copy *copy, const struct snapshot *from)
	__attribute__((warn_unused_result));

/** top_copy_deinit() - free it; a zeroed struct is fine */
void top_copy_deinit(struct top_copy *copy);

#endif
