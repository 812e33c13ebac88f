// SPDX-License-Identifier: GPL-2.0-only
/*
 * From trace time to wall-clock time, while somebody sets the clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "view/wall.h"

#define S INT64_C(1000000000)
#define BASE (1700000000 * S)

static void wall_at_is_by_the_clock_as_it_stood_then(void **state)
{
	struct wall_clock wall = { .nr_steps = 0 };

	(void)state;
	assert_int_equal(wall_at(&wall, 5), 5);
	assert_int_equal(wall_note(&wall, (uint64_t)(100 * S), BASE), 0);
	/* how the clocks were read is no step */
	assert_int_equal(wall_note(&wall, (uint64_t)(101 * S), BASE + 9999999), 0);
	assert_int_equal(wall_at(&wall, (uint64_t)(101 * S)), BASE + 101 * S);
	/* set forward by an hour, and back by two */
	assert_int_equal(wall_note(&wall, (uint64_t)(200 * S), BASE + 3600 * S), 3600 * S);
	assert_int_equal(wall_note(&wall, (uint64_t)(300 * S), BASE - 3600 * S), -7200 * S);
	assert_int_equal(wall_at(&wall, (uint64_t)(50 * S)), BASE + 50 * S);
	assert_int_equal(wall_at(&wall, (uint64_t)(200 * S) - 1), BASE + 200 * S - 1);
	assert_int_equal(wall_at(&wall, (uint64_t)(200 * S)), BASE + 3800 * S);
	assert_int_equal(wall_at(&wall, (uint64_t)(300 * S)), BASE - 3300 * S);
}

static void wall_keeps_the_first_and_the_last_of_many_steps(void **state)
{
	struct wall_clock wall = { .nr_steps = 0 };
	int64_t nr = 100;

	(void)state;
	for (int64_t i = 0; i < nr; i++)
		assert_int_equal(wall_note(&wall, (uint64_t)((i + 1) * 10 * S), BASE + i * S), i ? S : 0);
	assert_int_equal(wall.nr_steps, WALL_MAX_STEPS);
	assert_int_equal(wall_at(&wall, (uint64_t)(10 * S)), BASE + 10 * S);
	assert_int_equal(wall_at(&wall, (uint64_t)(nr * 10 * S)), BASE + nr * 10 * S + (nr - 1) * S);
	assert_int_equal(wall_at(&wall, (uint64_t)((nr - 5) * 10 * S)),
			 BASE + (nr - 5) * 10 * S + (nr - 6) * S);
}

static void wall_read_of_a_clock_that_nobody_sets_is_one_step(void **state)
{
	struct wall_clock wall = { .nr_steps = 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(wall_read(&wall), 0);
	assert_int_equal(wall.nr_steps, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wall_at_is_by_the_clock_as_it_stood_then),
		cmocka_unit_test(wall_keeps_the_first_and_the_last_of_many_steps),
		cmocka_unit_test(wall_read_of_a_clock_that_nobody_sets_is_one_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
