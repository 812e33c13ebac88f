// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats/hist.h"

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void empty_is_all_zero(void **state)
{
	struct hist hist = { 0 };
	uint64_t from_ns, to_ns;
	uint32_t position = 0;

	(void)state;
	assert_int_equal(hist_per_mille(&hist, 500), 0);
	assert_int_equal(hist_bucket(&hist, &position, &from_ns, &to_ns), 0);
	hist_deinit(&hist);
}

static void short_durations_are_exact(void **state)
{
	struct hist hist = { 0 };

	(void)state;
	for (uint64_t ns = 0; ns < 128; ns++)
		assert_int_equal(hist_add(&hist, ns), 0);
	assert_int_equal(hist.count, 128);
	assert_int_equal(hist.sum_ns, 127 * 128 / 2);
	for (uint32_t per_mille = 1; per_mille <= 1000; per_mille++)
		assert_int_equal(hist_per_mille(&hist, per_mille), (128 * per_mille + 999) / 1000 - 1);
	hist_deinit(&hist);
}

static void one_duration_is_every_percentile(void **state)
{
	static const uint64_t durations[] = { 0, 1, 127, 128, 129, 4527589099u, UINT64_MAX - 1, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		struct hist hist = { 0 };

		assert_int_equal(hist_add(&hist, durations[i]), 0);
		assert_int_equal(hist.min_ns, durations[i]);
		assert_int_equal(hist.max_ns, durations[i]);
		assert_int_equal(hist_per_mille(&hist, 1), durations[i]);
		assert_int_equal(hist_per_mille(&hist, 999), durations[i]);
		hist_deinit(&hist);
	}
}

static void buckets_cover_all_durations_once(void **state)
{
	uint64_t seed = 4711, sum = 0, before_to = 0;
	struct hist hist = { 0 };
	uint64_t from_ns, to_ns, count;
	uint32_t position = 0;

	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		for (int i = 0; i < 8; i++)
			assert_int_equal(hist_add(&hist, (UINT64_C(1) << bit) +
						  next_random(&seed) % (UINT64_C(1) << bit)), 0);
	}
	while ((count = hist_bucket(&hist, &position, &from_ns, &to_ns))) {
		if (sum)
			assert_true(from_ns > before_to);
		assert_true(to_ns >= from_ns);
		/* the middle is at most 1/128 off */
		assert_true((to_ns - from_ns) / 2 <= from_ns / 128);
		before_to = to_ns;
		sum += count;
	}
	assert_int_equal(sum, hist.count);
	assert_int_equal(sum, 64 * 8);
	hist_deinit(&hist);
}

/* Against a sorted array: the percentile of rank ceil(n * p) is at most 1 % off. */
static void check_percentiles(uint64_t seed, size_t nr, unsigned int shift_up_to)
{
	static const uint32_t per_mille[] = { 1, 100, 500, 900, 990, 999, 1000 };
	uint64_t *sorted = calloc(nr, sizeof(*sorted));
	struct hist hist = { 0 };
	uint64_t sum = 0;

	assert_non_null(sorted);
	for (size_t i = 0; i < nr; i++) {
		sorted[i] = next_random(&seed) >> (64 - 1 - next_random(&seed) % shift_up_to);
		sum += sorted[i];
		assert_int_equal(hist_add(&hist, sorted[i]), 0);
	}
	qsort(sorted, nr, sizeof(*sorted), compare);
	assert_int_equal(hist.count, nr);
	assert_int_equal(hist.sum_ns, sum);
	assert_int_equal(hist.min_ns, sorted[0]);
	assert_int_equal(hist.max_ns, sorted[nr - 1]);
	for (size_t i = 0; i < sizeof(per_mille) / sizeof(*per_mille); i++) {
		uint64_t exact = sorted[(nr * per_mille[i] + 999) / 1000 - 1];
		uint64_t found = hist_per_mille(&hist, per_mille[i]);
		uint64_t off = found > exact ? found - exact : exact - found;

		if (off > exact / 100)
			fail_msg("seed %zu: p%u is %zu, not %zu", (size_t)seed, per_mille[i],
				 (size_t)found, (size_t)exact);
	}
	hist_deinit(&hist);
	free(sorted);
}

static void percentiles_are_one_percent_off_at_most(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++)
		check_percentiles(seed * 0x9e3779b97f4a7c15u, 1 + seed * seed % 3000,
				  8 + (unsigned int)seed % 50);
}

static void merged_equals_added_to_one(void **state)
{
	struct hist one = { 0 }, left = { 0 }, right = { 0 };
	uint64_t seed = 99;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		uint64_t ns = next_random(&seed) >> (next_random(&seed) % 60);

		assert_int_equal(hist_add(&one, ns), 0);
		assert_int_equal(hist_add(i % 3 ? &left : &right, ns), 0);
	}
	assert_int_equal(hist_merge(&left, &right), 0);
	assert_int_equal(left.count, one.count);
	assert_int_equal(left.sum_ns, one.sum_ns);
	assert_int_equal(left.min_ns, one.min_ns);
	assert_int_equal(left.max_ns, one.max_ns);
	for (uint32_t i = 0; i < HIST_NR_OCTAVES; i++) {
		assert_int_equal(!left.octaves[i], !one.octaves[i]);
		if (one.octaves[i])
			assert_memory_equal(left.octaves[i], one.octaves[i],
					    HIST_PER_OCTAVE * sizeof(uint64_t));
	}
	hist_deinit(&one);
	hist_deinit(&left);
	hist_deinit(&right);
}

static void merging_an_empty_one_changes_nothing(void **state)
{
	struct hist hist = { 0 }, empty = { 0 };

	(void)state;
	assert_int_equal(hist_add(&hist, 70), 0);
	assert_int_equal(hist_merge(&hist, &empty), 0);
	assert_int_equal(hist.min_ns, 70);
	assert_int_equal(hist_merge(&empty, &hist), 0);
	assert_int_equal(empty.min_ns, 70);
	assert_int_equal(empty.count, 1);
	hist_deinit(&hist);
	hist_deinit(&empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_all_zero),
		cmocka_unit_test(short_durations_are_exact),
		cmocka_unit_test(one_duration_is_every_percentile),
		cmocka_unit_test(buckets_cover_all_durations_once),
		cmocka_unit_test(percentiles_are_one_percent_off_at_most),
		cmocka_unit_test(merged_equals_added_to_one),
		cmocka_unit_test(merging_an_empty_one_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
