// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats/longest.h"

#define PLENTY (64u << 20)

static const uint32_t on_cpu_3[] = { 3 };

/* A wait of @ns with @nr_segments equal parts, the last one taking the rest. */
static void add_wait(struct longest *longest, uint64_t began_at, uint64_t ns, uint32_t nr_segments)
{
	struct segment segments[64] = { 0 };
	struct charge charge = { .ns = ns, .culprit = 7 };
	struct episode wait = {
		.began_at = began_at, .ended_at = began_at + ns, .tid = 42, .cpu = 3,
		.nr_charges = 1, .charges = &charge, .nr_cpus = 1, .cpus = on_cpu_3,
		.nr_segments = nr_segments, .segments = segments,
	};

	for (uint32_t i = 0; i < nr_segments; i++) {
		segments[i].from_at = began_at + ns / nr_segments * i;
		segments[i].to_at = i + 1 < nr_segments ? began_at + ns / nr_segments * (i + 1) :
							  began_at + ns;
		segments[i].culprit = i;
	}
	assert_int_equal(longest_add(longest, &wait), 0);
	memset(segments, 0xff, sizeof(segments));	/* what was kept is a copy */
	memset(&charge, 0xff, sizeof(charge));
}

static void waits_come_back_whole_and_longest_first(void **state)
{
	struct longest *longest = longest_create(PLENTY, PLENTY);
	const struct episode *const *waits;

	(void)state;
	add_wait(longest, 100, 50, 2);
	add_wait(longest, 300, 900, 3);
	add_wait(longest, 50, 50, 0);
	assert_int_equal(longest_sort(longest, &waits), 3);
	assert_int_equal(waits[0]->began_at, 300);
	assert_int_equal(waits[1]->began_at, 50);
	assert_int_equal(waits[2]->began_at, 100);
	assert_int_equal(waits[0]->nr_segments, 3);
	assert_int_equal(waits[0]->segments[2].from_at, 900);
	assert_int_equal(waits[0]->segments[2].to_at, 1200);
	assert_int_equal(waits[0]->charges[0].ns, 900);
	assert_int_equal(waits[0]->charges[0].culprit, 7);
	assert_int_equal(waits[0]->cpus[0], 3);
	assert_int_equal(waits[0]->nr_folded, 0);
	longest_destroy(longest);
}

static void nothing_kept_is_nothing(void **state)
{
	struct longest *longest = longest_create(PLENTY, PLENTY);
	const struct episode *const *waits;

	(void)state;
	assert_int_equal(longest_sort(longest, &waits), 0);
	longest_destroy(longest);
	longest_destroy(NULL);
}

static uint64_t nth_ns(uint32_t i)
{
	return 1 + (uint64_t)i * 7919 % 10007;	/* each once, in no order */
}

static void without_room_the_longest_stay(void **state)
{
	struct longest *longest = longest_create(100 * sizeof(struct episode), PLENTY);
	const struct episode *const *waits;
	size_t nr;

	(void)state;
	for (uint32_t i = 0; i < 10007; i++)
		add_wait(longest, i, nth_ns(i), 0);
	nr = longest_sort(longest, &waits);
	assert_in_range(nr, 40, 100);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(waits[i]->ended_at - waits[i]->began_at, 10007 - i);
	longest_destroy(longest);
}

static void without_room_the_shortest_lose_their_segments(void **state)
{
	struct longest *longest = longest_create(PLENTY, 1000 * sizeof(struct segment));
	const struct episode *const *waits;
	size_t nr, nr_with = 0;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		add_wait(longest, i, nth_ns(i), 10);
	nr = longest_sort(longest, &waits);
	assert_int_equal(nr, 5000);
	for (size_t i = 0; i < nr; i++) {
		if (waits[i]->nr_segments) {
			assert_int_equal(nr_with, i);	/* none before it is without */
			assert_int_equal(waits[i]->nr_segments, 10);
			nr_with++;
			continue;
		}
		assert_null(waits[i]->segments);
		assert_int_equal(waits[i]->nr_folded, 10);
		assert_int_equal(waits[i]->folded_ns, waits[i]->ended_at - waits[i]->began_at);
	}
	assert_in_range(nr_with, 40, 100);
	longest_destroy(longest);
}

static void equal_waits_without_room_end(void **state)
{
	struct longest *longest = longest_create(10 * sizeof(struct episode), 20 * sizeof(struct segment));
	const struct episode *const *waits;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		add_wait(longest, i, 500, 5);
	assert_in_range(longest_sort(longest, &waits), 0, 10);
	longest_destroy(longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_come_back_whole_and_longest_first),
		cmocka_unit_test(nothing_kept_is_nothing),
		cmocka_unit_test(without_room_the_longest_stay),
		cmocka_unit_test(without_room_the_shortest_lose_their_segments),
		cmocka_unit_test(equal_waits_without_room_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
