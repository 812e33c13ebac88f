// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stats/columns.h"

static void add(struct columns *columns, uint32_t id, uint64_t ns)
{
	assert_int_equal(columns_add(columns, id, COLUMNS_WAIT, ns), 0);
}

static const struct columns_hist *hist_of(const struct columns *columns, uint32_t id)
{
	return columns_find(columns, id)->hists[COLUMNS_WAIT];
}

/* The invariant: both kinds of buckets hold what the head counts. */
static void check_sums(const struct columns *columns, const struct columns_hist *hist)
{
	uint64_t from_ns, to_ns, count, total = hist->over, of_log = 0;
	uint32_t position = 0;

	for (uint32_t bucket = columns_next(columns, hist, 0); bucket != UINT32_MAX;
	     bucket = columns_next(columns, hist, bucket + 1)) {
		assert_int_not_equal(columns_count(hist, bucket), 0);
		total += columns_count(hist, bucket);
	}
	while ((count = hist_bucket(&hist->log, &position, &from_ns, &to_ns)))
		of_log += count;
	assert_int_equal(total, hist->log.count);
	assert_int_equal(of_log, hist->log.count);
}

static void samples_fall_into_the_bucket_they_begin(void **state)
{
	struct columns columns;
	const struct columns_hist *hist;

	(void)state;
	columns_init(&columns, COLUMNS_OF_THREADS, 1000, 256);
	add(&columns, 7, 0);
	add(&columns, 7, 999);
	add(&columns, 7, 1000);
	add(&columns, 7, 255999);
	add(&columns, 7, 256000);
	add(&columns, 7, UINT64_MAX / 2);
	hist = hist_of(&columns, 7);
	assert_int_equal(columns_count(hist, 0), 2);
	assert_int_equal(columns_count(hist, 1), 1);
	assert_int_equal(columns_count(hist, 2), 0);
	assert_int_equal(columns_count(hist, 255), 1);
	assert_int_equal(hist->over, 2);
	assert_int_equal(hist->log.count, 6);
	assert_int_equal(hist->log.min_ns, 0);
	assert_true(hist->log.max_ns == UINT64_MAX / 2);
	check_sums(&columns, hist);
	columns_deinit(&columns);
}

static void columns_are_made_on_demand(void **state)
{
	struct columns columns;

	(void)state;
	columns_init(&columns, COLUMNS_OF_CPUS, 1, 10);
	assert_null(columns_find(&columns, 0));
	add(&columns, 1000, 5);
	add(&columns, 3, 5);
	assert_null(columns_find(&columns, 2));
	assert_null(columns_find(&columns, UINT32_MAX));
	assert_int_equal(columns_find(&columns, 3)->id, 3);
	assert_int_equal(columns_find(&columns, 1000)->id, 1000);
	assert_null(columns_find(&columns, 3)->hists[COLUMNS_IRQ]);
	columns_deinit(&columns);
}

static void ten_million_buckets_cost_what_is_in_them(void **state)
{
	static const uint32_t filled[] = { 0, 127, 128, 8191, 8192, 5000000, COLUMNS_MAX_ENTRIES - 1 };
	const size_t nr = sizeof(filled) / sizeof(*filled);
	const struct columns_hist *hist;
	struct columns columns;
	uint32_t bucket = 0;

	(void)state;
	columns_init(&columns, COLUMNS_OF_THREADS, 999999000, COLUMNS_MAX_ENTRIES);
	for (uint32_t id = 0; id < 2000; id++) {
		for (size_t i = 0; i < nr; i++)
			add(&columns, id, filled[i] * UINT64_C(999999000) + 17);
	}
	hist = hist_of(&columns, 1999);
	for (size_t i = 0; i < nr; i++) {
		bucket = columns_next(&columns, hist, bucket);
		assert_int_equal(bucket, filled[i]);
		assert_int_equal(columns_count(hist, bucket++), 1);
	}
	assert_int_equal(columns_next(&columns, hist, bucket), UINT32_MAX);
	assert_int_equal(columns_next(&columns, hist, UINT32_MAX - 5), UINT32_MAX);
	check_sums(&columns, hist);
	columns_deinit(&columns);
}

static void no_entries_count_all_beyond(void **state)
{
	struct columns columns;

	(void)state;
	columns_init(&columns, COLUMNS_OF_THREADS, 1, 0);
	add(&columns, 0, 0);
	assert_int_equal(hist_of(&columns, 0)->over, 1);
	assert_int_equal(columns_next(&columns, hist_of(&columns, 0), 0), UINT32_MAX);
	columns_deinit(&columns);
}

static void add_wait(struct columns *columns, uint64_t ns, uint8_t flags)
{
	struct episode episode = { .began_at = 1000, .ended_at = 1000 + ns, .flags = flags };

	assert_int_equal(columns_add_wait(columns, 0, &episode), 0);
}

static void open_and_touched_waits_are_in_no_bucket(void **state)
{
	const struct columns_column *column;
	struct columns columns;

	(void)state;
	columns_init(&columns, COLUMNS_OF_THREADS, 1000, 10);
	add_wait(&columns, 2500, 0);
	add_wait(&columns, 9000000000, EPISODE_STILL_OPEN);
	add_wait(&columns, 5000, EPISODE_STILL_OPEN);
	add_wait(&columns, 700, EPISODE_TOUCHED_BY_LOSS);
	add_wait(&columns, 99000000000, EPISODE_TOUCHED_BY_LOSS | EPISODE_STILL_OPEN);
	column = columns_find(&columns, 0);
	assert_int_equal(column->open, 3);
	assert_int_equal(column->open_max_ns, 9000000000);
	assert_int_equal(column->touched_by_loss, 2);
	assert_int_equal(column->hists[COLUMNS_WAIT]->log.count, 1);
	assert_int_equal(column->hists[COLUMNS_WAIT]->log.max_ns, 2500);
	assert_int_equal(column->hists[COLUMNS_WAIT]->over, 0);
	columns_deinit(&columns);
}

static void a_wait_that_never_ends_makes_a_column(void **state)
{
	struct columns columns;

	(void)state;
	columns_init(&columns, COLUMNS_OF_THREADS, 1000, 10);
	add_wait(&columns, 5000, EPISODE_STILL_OPEN);
	assert_non_null(columns_find(&columns, 0));
	assert_null(columns_find(&columns, 0)->hists[COLUMNS_WAIT]);
	columns_deinit(&columns);
}

static void an_activation_counts_the_samples_it_has(void **state)
{
	const struct timerlat_activation activations[] = {
		{ .cpu = 2, .has_irq = true, .irq_latency_ns = 3000 },
		{ .cpu = 2, .has_irq = true, .irq_latency_ns = 3900, .has_thread = true,
		  .thread_latency_ns = 2200000000 },
		{ .cpu = 2, .has_user = true, .user_latency_ns = 4294967296 },
	};
	const struct columns_column *column;
	struct columns columns;

	(void)state;
	columns_init(&columns, COLUMNS_OF_CPUS, 1000, 256);
	for (int i = 0; i < 3; i++)
		assert_int_equal(columns_add_timerlat(&columns, &activations[i]), 0);
	column = columns_find(&columns, 2);
	assert_int_equal(columns_count(column->hists[COLUMNS_IRQ], 3), 2);
	assert_int_equal(column->hists[COLUMNS_THREAD]->over, 1);
	assert_int_equal(column->hists[COLUMNS_THREAD]->log.max_ns, 2200000000);
	assert_int_equal(column->hists[COLUMNS_USER]->log.sum_ns, 4294967296);
	assert_null(column->hists[COLUMNS_WAIT]);
	columns_deinit(&columns);
}

static void counts_from_elsewhere_go_beyond_32_bits(void **state)
{
	struct columns_hist *hist;
	struct columns columns;

	(void)state;
	columns_init(&columns, COLUMNS_OF_CPUS, 1000, 256);
	hist = columns_hist(columns_column(&columns, 0), COLUMNS_IRQ);
	assert_int_equal(columns_add_count(&columns, hist, 255, 5000000000), 0);
	assert_int_equal(columns_add_count(&columns, hist, 255, 1), 0);
	assert_int_equal(columns_count(hist, 255), 5000000001);
	assert_int_equal(columns_add_count(&columns, hist, 255, UINT64_MAX), -EOVERFLOW);
	assert_int_equal(hist_add_bucket(&hist->log, 255 * 1000, 256 * 1000, 1), -EINVAL);
	assert_int_equal(hist_add_bucket(&hist->log, 128, 129, 5000000000), 0);
	assert_int_equal(hist_add_bucket(&hist->log, 128, 128, 1), -EINVAL);
	assert_int_equal(hist_add_bucket(&hist->log, 129, 129, 1), -EINVAL);
	assert_int_equal(hist_add_bucket(&hist->log, 63, 63, UINT64_MAX), -EOVERFLOW);
	assert_int_equal(hist->log.count, 5000000000);
	columns_deinit(&columns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_fall_into_the_bucket_they_begin),
		cmocka_unit_test(columns_are_made_on_demand),
		cmocka_unit_test(ten_million_buckets_cost_what_is_in_them),
		cmocka_unit_test(no_entries_count_all_beyond),
		cmocka_unit_test(open_and_touched_waits_are_in_no_bucket),
		cmocka_unit_test(a_wait_that_never_ends_makes_a_column),
		cmocka_unit_test(an_activation_counts_the_samples_it_has),
		cmocka_unit_test(counts_from_elsewhere_go_beyond_32_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
