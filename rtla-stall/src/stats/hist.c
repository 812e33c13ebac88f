// SPDX-License-Identifier: GPL-2.0-only
#include "hist.h"

#include <errno.h>
#include <stdlib.h>

#define SUB_BITS 6u	/* log2 of HIST_PER_OCTAVE */

void hist_deinit(struct hist *hist)
{
	for (uint32_t i = 0; i < HIST_NR_OCTAVES; i++)
		free(hist->octaves[i]);
}

static uint32_t bucket_of(uint64_t ns)
{
	uint32_t highest;

	if (ns < HIST_PER_OCTAVE)
		return (uint32_t)ns;
	highest = 63u - (uint32_t)__builtin_clzll(ns);
	return (highest - SUB_BITS + 1) * HIST_PER_OCTAVE +
	       (uint32_t)(ns >> (highest - SUB_BITS)) - HIST_PER_OCTAVE;
}

static void bounds_of(uint32_t bucket, uint64_t *from_ns, uint64_t *to_ns)
{
	uint32_t octave = bucket / HIST_PER_OCTAVE;
	uint32_t shift = octave ? octave - 1 : 0;
	uint64_t steps = bucket % HIST_PER_OCTAVE + (octave ? HIST_PER_OCTAVE : 0);

	*from_ns = steps << shift;
	*to_ns = *from_ns + ((UINT64_C(1) << shift) - 1);
}

/* Return: where a bucket is counted; NULL when out of memory */
static uint64_t *place_of(struct hist *hist, uint32_t bucket)
{
	uint64_t **octave = &hist->octaves[bucket / HIST_PER_OCTAVE];

	if (!*octave)
		*octave = calloc(HIST_PER_OCTAVE, sizeof(**octave));
	return *octave ? &(*octave)[bucket % HIST_PER_OCTAVE] : NULL;
}

int hist_add(struct hist *hist, uint64_t ns)
{
	uint64_t *place = place_of(hist, bucket_of(ns));

	if (!place)
		return -ENOMEM;
	++*place;
	if (!hist->count || ns < hist->min_ns)
		hist->min_ns = ns;
	if (ns > hist->max_ns)
		hist->max_ns = ns;
	hist->count++;
	hist->sum_ns += ns;
	return 0;
}

int hist_add_bucket(struct hist *hist, uint64_t from_ns, uint64_t to_ns, uint64_t count)
{
	uint64_t begins_ns, ends_ns, total;
	uint64_t *place;

	bounds_of(bucket_of(from_ns), &begins_ns, &ends_ns);
	if (from_ns != begins_ns || to_ns != ends_ns)
		return -EINVAL;
	if (__builtin_add_overflow(hist->count, count, &total))
		return -EOVERFLOW;
	place = place_of(hist, bucket_of(from_ns));
	if (!place)
		return -ENOMEM;
	*place += count;
	hist->count = total;
	return 0;
}

int hist_merge(struct hist *hist, const struct hist *from)
{
	if (!from->count)
		return 0;
	for (uint32_t i = 0; i < HIST_NR_OCTAVES; i++) {
		if (!from->octaves[i] || hist->octaves[i])
			continue;
		hist->octaves[i] = calloc(HIST_PER_OCTAVE, sizeof(*hist->octaves[i]));
		if (!hist->octaves[i])
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < HIST_NR_OCTAVES; i++) {
		for (uint32_t k = 0; from->octaves[i] && k < HIST_PER_OCTAVE; k++)
			hist->octaves[i][k] += from->octaves[i][k];
	}
	if (!hist->count || from->min_ns < hist->min_ns)
		hist->min_ns = from->min_ns;
	if (from->max_ns > hist->max_ns)
		hist->max_ns = from->max_ns;
	hist->count += from->count;
	hist->sum_ns += from->sum_ns;
	return 0;
}

uint64_t hist_bucket(const struct hist *hist, uint32_t *position, uint64_t *from_ns,
		     uint64_t *to_ns)
{
	while (*position < HIST_NR_OCTAVES * HIST_PER_OCTAVE) {
		const uint64_t *octave = hist->octaves[*position / HIST_PER_OCTAVE];
		uint32_t bucket = *position;

		if (!octave) {
			*position = (bucket / HIST_PER_OCTAVE + 1) * HIST_PER_OCTAVE;
			continue;
		}
		++*position;
		if (octave[bucket % HIST_PER_OCTAVE]) {
			bounds_of(bucket, from_ns, to_ns);
			return octave[bucket % HIST_PER_OCTAVE];
		}
	}
	return 0;
}

uint64_t hist_per_mille(const struct hist *hist, uint32_t per_mille)
{
	/* ceil(count * per_mille / 1000) without overflow */
	uint64_t rank = hist->count / 1000 * per_mille +
			(hist->count % 1000 * per_mille + 999) / 1000;
	uint64_t from_ns, to_ns, count, middle_ns;
	uint32_t position = 0;
	uint64_t seen = 0;

	while ((count = hist_bucket(hist, &position, &from_ns, &to_ns))) {
		seen += count;
		if (seen < rank)
			continue;
		middle_ns = from_ns + (to_ns - from_ns) / 2;
		if (middle_ns < hist->min_ns)
			return hist->min_ns;
		return middle_ns > hist->max_ns ? hist->max_ns : middle_ns;
	}
	return 0;
}
