/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_STATS_HIST_H
#define RTLA_STALL_STATS_HIST_H

#include <stdint.h>

/*
 * Durations, counted so that count, sum, minimum and maximum are exact and any percentile is at
 * most
 * 1 % off.
 *
 * Buckets are log-linear: each doubling of the duration (an octave) has HIST_PER_OCTAVE buckets of
 * equal width. Below 2 * HIST_PER_OCTAVE ns a bucket is one nanosecond wide, above it at most 1/64
 * of the values in it; its middle stands for it, so the error is at most 1/128.
 *
 *     octave    0        1          2                 3
 *     ns        0..63    64..127    128..255          256..511 ...
 *     width     1        1          2                 4
 *
 * An octave takes memory (512 bytes) when the first duration falls into it. Two histograms can be
 * merged; the result is the same as if all durations had been added to one.
 * Pure: integers only. A zeroed struct is an empty histogram.
 */

#define HIST_PER_OCTAVE 64u
#define HIST_NR_OCTAVES 59u	/* up to UINT64_MAX */

struct hist {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t min_ns;	/* 0 while count is 0 */
	uint64_t max_ns;
	uint64_t *octaves[HIST_NR_OCTAVES]; /* HIST_PER_OCTAVE counts each; NULL: all 0 */
};

/** hist_deinit() - free what it holds */
void hist_deinit(struct hist *hist);

/**
 * hist_add() - count one duration
 *
 * Return: 0 or -ENOMEM; then nothing was counted.
 */
int hist_add(struct hist *hist, uint64_t ns) __attribute__((warn_unused_result));

/**
 * hist_merge() - count everything @from holds in @hist as well
 *
 * Return: 0 or -ENOMEM; then @hist is as it was.
 */
int hist_merge(struct hist *hist, const struct hist *from) __attribute__((warn_unused_result));

/**
 * hist_add_bucket() - count what was counted elsewhere, as hist_bucket() told it; count, and nothing else
 * @from_ns, @to_ns: exactly those of a bucket
 *
 * sum_ns, min_ns and max_ns are the caller's to fill in.
 *
 * Return: 0; -EINVAL there is no such bucket; -EOVERFLOW; -ENOMEM. Then nothing was counted.
 */
int hist_add_bucket(struct hist *hist, uint64_t from_ns, uint64_t to_ns, uint64_t count)
	__attribute__((warn_unused_result));

/**
 * hist_per_mille() - the duration that @per_mille of 1000 durations do not exceed
 * @per_mille: 1..1000; 500 is the median
 *
 * Return: the middle of the bucket with the duration of rank ceil(count * per_mille / 1000), kept
 * within min_ns and max_ns; 0 when the histogram is empty.
 */
uint64_t hist_per_mille(const struct hist *hist, uint32_t per_mille);

/**
 * hist_bucket() - walk over the buckets that are not empty
 * @position: 0 at first; moved on by each call
 * @from_ns: the least duration of the bucket
 * @to_ns: the greatest one
 *
 * Return: how many durations are in the bucket; 0 after the last one.
 */
uint64_t hist_bucket(const struct hist *hist, uint32_t *position, uint64_t *from_ns,
		     uint64_t *to_ns);

#endif
