/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_PARTS_H
#define RTLA_STALL_VIEW_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/episode.h"

/*
 * What a wait consists of, the largest first: its charges, with what its segments know of them. Pure: no
 * I/O.
 */

struct part {
	struct charge charge;
	int32_t prio;		/* of the culprit in its longest segment; PRIO_UNKNOWN */
	uint32_t on_behalf_of;	/* there; CULPRIT_NONE */
	bool inferred;		/* some of it is */
};

/**
 * parts_sort() - all parts, in descending order
 * @nr_learnt: of so many of them the segments are asked
 *
 * Return: as many as there are charges, free() them; NULL when there is none, or no memory.
 */
struct part *parts_sort(const struct episode *wait, uint32_t nr_learnt);

#endif
