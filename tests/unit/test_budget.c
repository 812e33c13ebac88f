// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "boost/budget.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)
#define NR_HISTORIES 10000u

static struct budget make(uint64_t ns, uint64_t per_ns)
{
	struct budget budget;

	budget_init(&budget, ns, per_ns, 0);
	return budget;
}

static uint64_t boost(struct budget *budget, uint64_t grant_ns, uint64_t charged_ns, uint64_t at)
{
	budget_begin(budget, grant_ns, at);
	return budget_settle(budget, charged_ns, at + charged_ns);
}

/* 50us/1s: the whole of it is there at once, the next one a second later */
static void it_begins_full(void **state)
{
	struct budget budget = make(50 * US, S);

	(void)state;
	assert_true(budget_affords(&budget, 50 * US, 0));
	assert_int_equal(boost(&budget, 50 * US, 50 * US, 0), 0);
	assert_false(budget_affords(&budget, 50 * US, S / 2));
	assert_true(budget_affords(&budget, 25 * US, S / 2));
	assert_int_equal(budget_ready_at(&budget, 50 * US, S / 2), S);
}

/* 250 us over: a debt of 200, paid back at 50 us/s after 4 s, and 50 us more are there after 5 */
static void an_overrun_is_paid_back_before_the_next(void **state)
{
	struct budget budget = make(50 * US, S);

	(void)state;
	assert_int_equal(boost(&budget, 50 * US, 250 * US, 0), 200 * US);
	assert_in_range(budget_debt_ns(&budget), 199 * US, 200 * US);
	assert_false(budget_affords(&budget, 1, 4 * S));
	assert_int_equal(budget_ready_at(&budget, 50 * US, 4 * S), 5 * S);
	assert_true(budget_affords(&budget, 50 * US, 5 * S));
	assert_int_equal(budget.nr_excesses, 1);
	assert_int_equal(budget.worst_excess_ns, 200 * US);
}

/* It ended meanwhile: 30 ms were charged, 1 was taken. Never more than one whole budget. */
static void what_was_not_taken_is_given_back(void **state)
{
	struct budget budget = make(50 * MS, S);

	(void)state;
	boost(&budget, 4 * MS, 30 * MS, 0);
	assert_false(budget_affords(&budget, 49 * MS, 31 * MS));
	budget_refund(&budget, 29 * MS, 31 * MS);
	assert_true(budget_affords(&budget, 49 * MS, 31 * MS));
	assert_int_equal(budget.charged_ns, 1 * MS);
	budget_refund(&budget, 1 * MS, 31 * MS);
	assert_int_equal(budget.balance_ns, 50 * MS);
}

/* 30 us turn out later: with what was granted, 80 have to accrue, whether another boost goes on or not */
static void what_comes_late_is_paid_back_before_the_next(void **state)
{
	struct budget budget = make(50 * US, S);

	(void)state;
	assert_int_equal(boost(&budget, 50 * US, 50 * US, 0), 0);
	budget_charge_late(&budget, 30 * US, 50 * US);
	assert_in_range(budget_debt_ns(&budget), 29 * US, 30 * US);
	assert_int_equal(budget.charged_ns, 80 * US);
	assert_int_equal(budget.worst_late_ns, 30 * US);
	assert_int_equal(budget.nr_boosts, 1);
	assert_int_equal(budget_ready_at(&budget, 50 * US, S), 16 * S / 10);
	budget_begin(&budget, 50 * US, 16 * S / 10);
	budget_charge_late(&budget, 10 * US, 16 * S / 10);
	assert_int_equal(budget_settle(&budget, 50 * US, 16 * S / 10), 0);
	assert_int_equal(budget_debt_ns(&budget), 10 * US);
	assert_in_range(budget.worst_debt_ns, 29 * US, 30 * US);
}

/* what was granted and not used is there again */
static void what_was_not_used_comes_back(void **state)
{
	struct budget budget = make(10 * MS, S);

	(void)state;
	assert_int_equal(boost(&budget, 10 * MS, 1 * MS, 0), 0);
	assert_true(budget_affords(&budget, 9 * MS, 1 * MS));
	assert_int_equal(boost(&budget, 9 * MS, 0, 1 * MS), 0);
	assert_int_equal(budget.charged_ns, 1 * MS);
	assert_int_equal(budget.nr_boosts, 1);
}

static void while_reserved_it_does_not_fill_up(void **state)
{
	struct budget budget = make(10 * MS, S);

	(void)state;
	budget_begin(&budget, 10 * MS, 0);
	assert_int_equal(budget_settle(&budget, 10 * MS, 0), 0);
	budget_begin(&budget, 0, 0);
	assert_int_equal(budget_settle(&budget, 0, 100 * S), 0);
	assert_true(budget_affords(&budget, 10 * MS, 100 * S));
	assert_int_equal(boost(&budget, 10 * MS, 10 * MS, 100 * S), 0);
	assert_false(budget_affords(&budget, 1 * MS, 100 * S));
}

static void a_grant_is_never_more_than_the_whole(void **state)
{
	struct budget budget = make(50 * US, S);

	(void)state;
	assert_int_equal(budget_grant(&budget, MS), 50 * US);
	assert_int_equal(budget_grant(&budget, 20 * US), 20 * US);
	assert_false(budget_affords(&budget, MS, 1000 * S));
	assert_true(budget_ready_at(&budget, MS, 0) == UINT64_MAX);
}

static void nothing_affords_nothing(void **state)
{
	struct budget budget = make(0, S);

	(void)state;
	assert_false(budget_affords(&budget, 1, 1000 * S));
	assert_true(budget_ready_at(&budget, 1, 0) == UINT64_MAX);
}

static void all_the_time_affords_everything(void **state)
{
	struct budget budget = make(S, S);

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(boost(&budget, 10 * MS, 10 * MS, i * 10 * MS), 0);
	assert_int_equal(budget_debt_ns(&budget), 0);
}

static void time_that_goes_back_gives_nothing(void **state)
{
	struct budget budget = make(50 * US, S);

	(void)state;
	assert_int_equal(boost(&budget, 50 * US, 50 * US, 10 * S), 0);
	assert_false(budget_affords(&budget, 1 * US, 9 * S));
	assert_true(budget_ready_at(&budget, 50 * US, 9 * S) > 10 * S);
	assert_true(budget_affords(&budget, 50 * US, 11 * S));
}

static void extremes_do_not_wrap(void **state)
{
	struct budget budget = make(UINT64_MAX, 1);

	(void)state;
	assert_true(budget_affords(&budget, UINT64_MAX, UINT64_MAX));
	budget = make(1, UINT64_MAX);
	assert_int_equal(boost(&budget, 1, 1, 0), 0);
	assert_true(budget_ready_at(&budget, 1, 0) > UINT64_MAX / 2);
	for (int i = 0; i < 8; i++) {
		budget_begin(&budget, 0, 0);
		assert_true(budget_settle(&budget, UINT64_MAX, UINT64_MAX) == UINT64_MAX);
	}
	assert_true(budget_debt_ns(&budget) > INT64_MAX / 2);
	assert_true(budget_ready_at(&budget, 1, UINT64_MAX) == UINT64_MAX);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/*
 * Whatever the history: what was charged is at most the budget at the beginning, what has accrued since,
 * the largest overrun of one boost, and what came late of two, the largest. And ready_at is the first instant
 * at which it is affordable.
 */
static void check_history(uint64_t seed)
{
	uint64_t per_ns = 1 + next_random(&seed) % S;
	uint64_t ns = next_random(&seed) % (2 * per_ns);
	struct budget budget = make(ns, per_ns);
	uint64_t at = 0, charged_ns = 0, late_ns = 0;

	for (int i = 0; i < 60; i++) {
		uint64_t grant_ns = budget_grant(&budget, 1 + next_random(&seed) % (ns + 10));
		uint64_t ready_at, took_ns;
		unsigned __int128 accrued;

		at += next_random(&seed) % (per_ns / 4 + 2);
		ready_at = budget_ready_at(&budget, grant_ns, at);
		assert_true(ready_at >= at);
		if (!budget_affords(&budget, grant_ns, at)) {
			struct budget before = budget;

			assert_true(ready_at > at);
			if (ready_at == UINT64_MAX)
				continue;
			assert_false(budget_affords(&before, grant_ns, ready_at - 1));
			at = ready_at;
		}
		assert_true(budget_affords(&budget, grant_ns, at));
		budget_begin(&budget, grant_ns, at);
		took_ns = next_random(&seed) % 4 ? next_random(&seed) % (grant_ns + 1) :
						   next_random(&seed) % (3 * grant_ns + 1);
		at += took_ns;
		budget_charge_late(&budget, late_ns, at);
		budget_settle(&budget, took_ns, at);
		charged_ns += took_ns + late_ns;
		late_ns = next_random(&seed) % 2 ? next_random(&seed) % (grant_ns + 1) : 0;
		accrued = (unsigned __int128)at * ns / per_ns + 1;
		assert_true(charged_ns <= ns + accrued + budget.worst_excess_ns + 2 * budget.worst_late_ns);
		assert_int_equal(budget.charged_ns, charged_ns);
	}
}

static void it_holds_over_any_history(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= NR_HISTORIES; seed++)
		check_history(seed * UINT64_C(0x9e3779b97f4a7c15));
}

/* one third of a nanosecond at a time is a third in all */
static void fractions_are_carried_on(void **state)
{
	struct budget budget = make(1000, 3000);

	(void)state;
	assert_int_equal(boost(&budget, 1000, 1000, 0), 0);
	for (uint64_t at = 1000; at < 1000 + 2999; at++)
		assert_int_equal(budget_affords(&budget, 1000, at), at >= 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_begins_full),
		cmocka_unit_test(an_overrun_is_paid_back_before_the_next),
		cmocka_unit_test(what_comes_late_is_paid_back_before_the_next),
		cmocka_unit_test(what_was_not_taken_is_given_back),
		cmocka_unit_test(what_was_not_used_comes_back),
		cmocka_unit_test(while_reserved_it_does_not_fill_up),
		cmocka_unit_test(a_grant_is_never_more_than_the_whole),
		cmocka_unit_test(nothing_affords_nothing),
		cmocka_unit_test(all_the_time_affords_everything),
		cmocka_unit_test(time_that_goes_back_gives_nothing),
		cmocka_unit_test(extremes_do_not_wrap),
		cmocka_unit_test(it_holds_over_any_history),
		cmocka_unit_test(fractions_are_carried_on),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
