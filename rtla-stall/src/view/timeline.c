// SPDX-License-Identifier: GPL-2.0-only
#include "timeline.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LETTER_OTHER TIMELINE_MAX_LETTERS
#define LETTER_FOLDED (TIMELINE_MAX_LETTERS + 1)
#define NR_LETTERS (TIMELINE_MAX_LETTERS + 2)

/* What is known of a letter while the columns are drawn from left to right. */
struct letter {
	bool has_column;	/* somewhere it took most */
	uint64_t best_ns;	/* the most it took of one column ... */
	uint32_t best_column;	/* ... which is this one */
	const struct segment *best;
};

static uint32_t letter_of(const struct segment *segment, const struct charge *charges,
			  uint32_t nr_charges)
{
	for (uint32_t i = 0; i < nr_charges; i++) {
		if (charges[i].culprit == segment->culprit && charges[i].cause == segment->cause &&
		    charges[i].reason == segment->reason)
			return i;
	}
	return LETTER_OTHER;
}

/* The instant where column @at begins. */
static uint64_t edge(const struct episode *episode, uint32_t at, uint32_t width)
{
	uint64_t ns = episode->ended_at - episode->began_at;

	return episode->began_at + (uint64_t)((unsigned __int128)ns * at / width);
}

static void draw_column(struct timeline *timeline, uint32_t at, char letter,
			const struct segment *segment)
{
	timeline->letters[at] = letter;
	timeline->causes[at] = segment ? segment->cause : CAUSE_NR;
	timeline->cpus[at] = segment ? segment->cpu : UINT32_MAX;
}

/* Lower case for those that nowhere took most; the first comes last, so that it is not hidden. */
static void draw_small_parts(struct timeline *timeline, const struct letter *letters,
			     uint32_t nr_charges)
{
	for (uint32_t i = nr_charges; i--;) {
		if (letters[i].best && !letters[i].has_column)
			draw_column(timeline, letters[i].best_column, (char)('a' + i),
				    letters[i].best);
	}
}

void timeline_draw(struct timeline *timeline, const struct episode *episode,
		   const struct charge *charges, uint32_t nr_charges, uint32_t width)
{
	struct letter letters[NR_LETTERS] = { 0 };
	uint32_t next = 0;	/* the first segment that ends after the column's beginning */

	*timeline = (struct timeline){ .width = width };
	for (uint32_t at = 0; at < width; at++) {
		uint64_t from_at = edge(episode, at, width), to_at = edge(episode, at + 1, width);
		const struct segment *shown[NR_LETTERS] = { NULL };
		uint64_t ns[NR_LETTERS] = { 0 };
		uint32_t most = LETTER_FOLDED;

		while (next < episode->nr_segments && episode->segments[next].to_at <= from_at)
			next++;
		for (uint32_t i = next; i < episode->nr_segments; i++) {
			const struct segment *segment = &episode->segments[i];
			uint64_t begin = segment->from_at > from_at ? segment->from_at : from_at;
			uint64_t end = segment->to_at < to_at ? segment->to_at : to_at;
			uint32_t letter = letter_of(segment, charges, nr_charges);

			/* The first one counts even where a column is shorter than a nanosecond. */
			if (i > next && begin >= to_at)
				break;
			if (!shown[letter])
				shown[letter] = segment;
			ns[letter] += end > begin ? end - begin : 0;
			if (!shown[most] || ns[letter] > ns[most])
				most = letter;
			if (!letters[letter].best || ns[letter] > letters[letter].best_ns)
				letters[letter] = (struct letter){ letters[letter].has_column,
								   ns[letter], at, segment };
		}
		letters[most].has_column = true;
		draw_column(timeline, at, most == LETTER_OTHER ? '*' :
			    most == LETTER_FOLDED ? '+' : (char)('A' + most), shown[most]);
	}
	draw_small_parts(timeline, letters, nr_charges);
}

void timeline_cpus(const struct timeline *timeline, char *ret)
{
	memset(ret, '-', timeline->width);
	ret[timeline->width] = '\0';
	for (uint32_t at = 0, end; at < timeline->width; at = end) {
		char cpu[12];
		size_t length;

		for (end = at + 1; end < timeline->width; end++) {
			if (timeline->cpus[end] != timeline->cpus[at])
				break;
		}
		if (timeline->cpus[at] == UINT32_MAX) {
			memset(ret + at, ' ', end - at);
			continue;
		}
		length = (size_t)snprintf(cpu, sizeof(cpu), "%" PRIu32, timeline->cpus[at]);
		if (length <= end - at)
			memcpy(ret + at, cpu, length);
	}
}
