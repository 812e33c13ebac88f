/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_STATS_LONGEST_H
#define RTLA_STALL_STATS_LONGEST_H

#include <stddef.h>
#include <stdint.h>

#include "../engine/episode.h"

/*
 * Keeps waits whole, with their segments, the longest ones when there is no room for all.
 *
 * Two bounds, in bytes: one for the waits, one for their segments, which can be a hundred times
 * larger. When the segments do not fit, the shortest waits lose theirs first, and say so as if all
 * of them had been folded (nr_folded, folded_ns); when the waits do not fit, the shortest go
 * altogether. So whatever the order in which they come: of two waits kept, the longer has segments
 * if the shorter has; and every wait that was let go is no longer than those kept. Pure: no I/O.
 */

struct longest;
struct recycle_map;

/**
 * longest_create() - make an empty collection
 * @bytes_of_waits: room for the waits with their charges, CPUs and stacks
 * @bytes_of_segments: room for their segments
 *
 * Return: NULL when out of memory.
 */
struct longest *longest_create(size_t bytes_of_waits, size_t bytes_of_segments);

/** longest_destroy() - free it; @longest may be NULL */
void longest_destroy(struct longest *longest);

/**
 * longest_add() - copy a wait into it, if there is room or it is long enough
 * @episode: borrowed for the call
 *
 * Return: 0 or -ENOMEM.
 */
int longest_add(struct longest *longest, const struct episode *episode)
	__attribute__((warn_unused_result));

/**
 * longest_sort() - the waits kept, longest first; of equals the earlier and the lower tid first
 * @ret: the array; valid until longest_add() or longest_destroy()
 *
 * Return: how many.
 */
size_t longest_sort(struct longest *longest, const struct episode *const **ret);

/** longest_copy() - a copy of a wait, with all that it points to; longest_free() it. NULL: no memory */
struct episode *longest_copy(const struct episode *episode);

/** longest_free() - @copy may be NULL */
void longest_free(struct episode *copy);

/**
 * longest_recycle() - write new numbers (engine/recycle.h) into all waits kept; those of threads dropped go
 *
 * Return: 0 or -ENOMEM.
 */
int longest_recycle(struct longest *longest, const struct recycle_map *map)
	__attribute__((warn_unused_result));

/** longest_recycle_copy() - likewise into a longest_copy() */
void longest_recycle_copy(struct episode *copy, const struct recycle_map *map);

#endif
