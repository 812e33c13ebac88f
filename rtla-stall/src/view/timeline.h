/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TIMELINE_H
#define RTLA_STALL_VIEW_TIMELINE_H

#include <stdint.h>

#include "../engine/episode.h"

/*
 * A wait as a line of text: who had the CPU when.
 *
 *     AAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAACCCCCCAAAAAAAAAAAAAAAA
 *
 * Each column stands for an equal part of the wait and shows the part that took most of it. Letters
 * are those of the wait's charges in the order given; what has no letter is '*', what was folded is
 * '+'. A part that nowhere took most of a column shows once all the same, in lower case, where it
 * took most, unless a larger one of its kind shows there. Pure: no I/O.
 */

#define TIMELINE_MAX_WIDTH 128u
#define TIMELINE_MAX_LETTERS 26u

struct timeline {
	char letters[TIMELINE_MAX_WIDTH + 1];
	uint8_t causes[TIMELINE_MAX_WIDTH];	/* enum cause; CAUSE_NR where folded */
	uint32_t cpus[TIMELINE_MAX_WIDTH];	/* UINT32_MAX where folded */
	uint32_t width;
};

/**
 * timeline_draw() - fill in the columns
 * @episode: has segments
 * @charges: those with a letter: the first is A
 * @nr_charges: at most TIMELINE_MAX_LETTERS
 * @width: at most TIMELINE_MAX_WIDTH
 */
void timeline_draw(struct timeline *timeline, const struct episode *episode,
		   const struct charge *charges, uint32_t nr_charges, uint32_t width);

/** timeline_cpus() - the CPU line below it: "3---------1------" @ret: width + 1 bytes */
void timeline_cpus(const struct timeline *timeline, char *ret);

#endif
