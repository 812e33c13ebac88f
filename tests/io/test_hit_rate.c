// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "monitor/hit_rate.h"

#define SECOND_NS UINT64_C(1000000000)
#define START_AT (UINT64_C(7) * SECOND_NS)

/* How many of @nr hits at one instant are let through. */
static uint64_t allowed(struct hit_rate *rate, uint32_t cpu, uint64_t now_at, int nr)
{
	uint64_t count = 0;

	for (int i = 0; i < nr; i++)
		count += hit_rate_allows(rate, cpu, now_at);
	return count;
}

static void hit_rate_first_hits_are_a_burst(void **state)
{
	struct hit_rate rate = { 0 };

	(void)state;
	assert_int_equal(allowed(&rate, 3, START_AT, 5), 5);
	assert_int_equal(rate.nr_unreported, 0);
	assert_int_equal(allowed(&rate, 3, START_AT, 7), 0);
	assert_int_equal(rate.nr_unreported, 7);
	hit_rate_deinit(&rate);
}

static void hit_rate_then_one_a_second(void **state)
{
	struct hit_rate rate = { 0 };
	uint64_t count = 0;

	(void)state;
	assert_int_equal(allowed(&rate, 0, START_AT, 5), 5);
	assert_int_equal(allowed(&rate, 0, START_AT + SECOND_NS - 1, 1), 0);
	assert_int_equal(allowed(&rate, 0, START_AT + SECOND_NS, 9), 1);
	/* a hit every millisecond for ten more seconds */
	for (uint64_t ms = 1; ms <= 10000; ms++)
		count += hit_rate_allows(&rate, 0, START_AT + SECOND_NS + ms * 1000000);
	assert_int_equal(count, 10);
	assert_int_equal(rate.nr_unreported, 1 + 8 + 9990);
	hit_rate_deinit(&rate);
}

static void hit_rate_after_a_pause_is_a_burst_and_no_more(void **state)
{
	struct hit_rate rate = { 0 };

	(void)state;
	assert_int_equal(allowed(&rate, 1, START_AT, 9), 5);
	assert_int_equal(allowed(&rate, 1, START_AT + 2 * SECOND_NS, 9), 2);
	assert_int_equal(allowed(&rate, 1, START_AT + 3600 * SECOND_NS, 9), 5);
	hit_rate_deinit(&rate);
}

static void hit_rate_cpus_do_not_share(void **state)
{
	struct hit_rate rate = { 0 };

	(void)state;
	assert_int_equal(allowed(&rate, 0, START_AT, 9), 5);
	assert_int_equal(allowed(&rate, 4095, START_AT, 9), 5);
	assert_int_equal(hit_rate_take_unreported(&rate, 0), 4);
	assert_int_equal(hit_rate_take_unreported(&rate, 0), 0);
	assert_int_equal(hit_rate_take_unreported(&rate, 4095), 4);
	assert_int_equal(hit_rate_take_unreported(&rate, 9000), 0);
	assert_int_equal(rate.nr_unreported, 8);
	hit_rate_deinit(&rate);
}

static void hit_rate_every_hit_is_allowed_or_counted(void **state)
{
	static const uint32_t cpus[] = { 0, 7, HIT_RATE_MAX_CPUS - 1, HIT_RATE_MAX_CPUS, UINT32_MAX };
	struct hit_rate rate = { 0 };
	uint64_t count = 0;
	uint64_t nr = 0;

	(void)state;
	for (uint64_t i = 0; i < 20000; i++, nr++)
		count += hit_rate_allows(&rate, cpus[i % 5], START_AT + i * i * 37);
	assert_int_equal(count + rate.nr_unreported, nr);
	assert_true(count > 0);
	hit_rate_deinit(&rate);
}

static void hit_rate_time_that_goes_back_lets_no_more_through(void **state)
{
	struct hit_rate rate = { 0 };

	(void)state;
	assert_int_equal(allowed(&rate, 0, START_AT, 5), 5);
	assert_int_equal(allowed(&rate, 0, 0, 5), 0);
	assert_int_equal(allowed(&rate, 0, START_AT + SECOND_NS, 5), 1);
	hit_rate_deinit(&rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hit_rate_first_hits_are_a_burst),
		cmocka_unit_test(hit_rate_then_one_a_second),
		cmocka_unit_test(hit_rate_after_a_pause_is_a_burst_and_no_more),
		cmocka_unit_test(hit_rate_cpus_do_not_share),
		cmocka_unit_test(hit_rate_every_hit_is_allowed_or_counted),
		cmocka_unit_test(hit_rate_time_that_goes_back_lets_no_more_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
