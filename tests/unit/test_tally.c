// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats/tally.h"

/* Charges of 1/3 interference to @culprit and the rest execution to culprit 1. */
static void add_wait(struct tally *tally, uint32_t task, uint64_t began_at, uint64_t ns, uint32_t culprit,
		     uint8_t flags)
{
	const struct charge charges[] = {
		{ .ns = ns / 3, .culprit = culprit, .cause = CAUSE_INTERFERENCE, .reason = REASON_THREAD },
		{ .ns = ns - ns / 3, .culprit = 1, .cause = CAUSE_EXECUTION, .reason = REASON_RELEASE_PATH },
	};
	struct episode wait = {
		.began_at = began_at, .ended_at = began_at + ns, .task = task, .flags = flags,
		.causes = { [CAUSE_INTERFERENCE] = ns / 3, [CAUSE_EXECUTION] = ns - ns / 3 },
		.nr_charges = 2, .charges = charges, .cpu = 5,
	};

	assert_int_equal(tally_add(tally, &wait), 0);
}

static void sums_are_exact(void **state)
{
	struct tally tally;
	const struct tally_thread *thread;
	const struct charges_row *row;

	(void)state;
	tally_init(&tally, 100);
	add_wait(&tally, 4, 1000, 30, 9, 0);
	add_wait(&tally, 4, 2000, 300, 9, 0);
	add_wait(&tally, 4, 3000, 90, 8, 0);
	assert_int_equal(tally.nr_threads, 5);
	thread = &tally.threads[4];
	assert_int_equal(thread->waits, 3);
	assert_int_equal(thread->wait_ns, 420);
	assert_int_equal(thread->causes[CAUSE_INTERFERENCE], 140);
	assert_int_equal(thread->causes[CAUSE_EXECUTION], 280);
	assert_int_equal(thread->stalls, 1);
	assert_int_equal(thread->closed->count, 3);
	assert_int_equal(thread->closed->min_ns, 30);
	assert_int_equal(thread->closed->max_ns, 300);
	row = charges_find(&thread->charges, 9, CAUSE_INTERFERENCE, REASON_THREAD);
	assert_non_null(row);
	assert_int_equal(row->ns, 110);
	assert_int_equal(row->waits, 2);
	assert_int_equal(row->worst_ns, 100);
	assert_int_equal(thread->charges.nr_rows, 3);
	assert_int_equal(tally.threads[3].waits, 0);
	tally_deinit(&tally);
}

static void worst_is_the_longest_with_its_largest_charge(void **state)
{
	const struct tally_worst *worst;
	struct tally tally;

	(void)state;
	tally_init(&tally, 100);
	add_wait(&tally, 0, 1000, 30, 9, 0);
	add_wait(&tally, 0, 2000, 300, 9, EPISODE_STILL_OPEN);
	add_wait(&tally, 0, 1500, 300, 9, 0);	/* of equals the first stays */
	worst = &tally.threads[0].worst;
	assert_int_equal(worst->began_at, 2000);
	assert_int_equal(worst->ended_at, 2300);
	assert_int_equal(worst->cpu, 5);
	assert_true(worst->is_open);
	assert_int_equal(worst->most.culprit, 1);
	assert_int_equal(worst->most.ns, 200);
	tally_deinit(&tally);
}

static void open_waits_stay_out_of_the_histogram(void **state)
{
	struct tally tally;

	(void)state;
	tally_init(&tally, 100);
	add_wait(&tally, 0, 1000, 3000, 9, EPISODE_STILL_OPEN);
	assert_int_equal(tally.threads[0].open, 1);
	assert_int_equal(tally.threads[0].waits, 1);
	assert_int_equal(tally.threads[0].wait_ns, 3000);
	assert_null(tally.threads[0].closed);
	tally_deinit(&tally);
}

static void waits_touched_by_loss_count_but_are_no_extremes(void **state)
{
	const struct tally_thread *thread;
	struct tally tally;

	(void)state;
	tally_init(&tally, 100);
	add_wait(&tally, 0, 1000, 9000, 9, EPISODE_TOUCHED_BY_LOSS);
	add_wait(&tally, 0, 20000, 60, 9, 0);
	thread = &tally.threads[0];
	assert_int_equal(thread->waits, 2);
	assert_int_equal(thread->wait_ns, 9060);
	assert_int_equal(thread->touched_by_loss, 1);
	assert_int_equal(thread->longest_ns, 9000);
	assert_int_equal(thread->closed->count, 1);
	assert_int_equal(thread->worst.began_at, 20000);
	tally_deinit(&tally);
}

static void a_wait_of_no_length_is_a_worst_too(void **state)
{
	struct tally tally;

	(void)state;
	tally_init(&tally, 0);
	add_wait(&tally, 0, 1000, 0, 9, 0);
	assert_int_equal(tally.threads[0].worst.began_at, 1000);
	assert_int_equal(tally.threads[0].stalls, 1);
	tally_deinit(&tally);
}

static void beyond_the_bound_sums_still_hold(void **state)
{
	uint32_t nr = TALLY_MAX_ROWS + 1000;
	struct tally tally;
	uint64_t sum_ns = 0;

	(void)state;
	tally_init(&tally, 1000);
	for (uint32_t i = 0; i < nr; i++)
		add_wait(&tally, i % 7, i, 30, 2 + i, 0);
	/* one unknown culprit per thread may come on top */
	assert_in_range(tally.nr_rows, TALLY_MAX_ROWS, TALLY_MAX_ROWS + 7);
	assert_in_range(tally.nr_rows_folded, 900, 1100);
	for (uint32_t i = 0; i < 7; i++) {
		const struct tally_thread *thread = &tally.threads[i];
		uint64_t ns = 0;

		for (uint32_t slot = 0; slot < thread->charges.nr_slots; slot++)
			ns += thread->charges.slots[slot].ns;
		assert_int_equal(ns, thread->wait_ns);
		sum_ns += ns;
	}
	assert_int_equal(sum_ns, 30 * (uint64_t)nr);
	tally_deinit(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_exact),
		cmocka_unit_test(worst_is_the_longest_with_its_largest_charge),
		cmocka_unit_test(open_waits_stay_out_of_the_histogram),
		cmocka_unit_test(waits_touched_by_loss_count_but_are_no_extremes),
		cmocka_unit_test(a_wait_of_no_length_is_a_worst_too),
		cmocka_unit_test(beyond_the_bound_sums_still_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
