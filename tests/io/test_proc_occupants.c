// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boost/proc_occupants.h"
#include "util/parse.h"

#define MS UINT64_C(1000000)
#define CPU 1u

static struct proc_occupants *occupants;

static int make(void **state)
{
	(void)state;
	occupants = proc_occupants_create(2);
	return !occupants;
}

static int end(void **state)
{
	(void)state;
	proc_occupants_destroy(occupants);
	return 0;
}

static struct proc_thread thread(int32_t tid, int32_t prio, uint64_t run_ns)
{
	return (struct proc_thread){
		.tid = tid, .prio = prio, .run_ns = run_ns, .cpu = CPU, .state = 'R', .start_ticks = 7,
		.comm = "x",
	};
}

/* A look at @now at which these are ready. Return: who has the CPU; 0 nobody knows */
static int32_t look(uint64_t now, const struct proc_thread *ready, size_t nr)
{
	const struct cpu_list both = { .bits = { 3 } };
	struct proc_thread found;

	proc_occupants_begin(occupants, &both);
	for (size_t i = 0; i < nr; i++) {
		if (proc_occupants_wants(occupants, &ready[i]))
			proc_occupants_add(occupants, &ready[i]);
	}
	proc_occupants_end(occupants, now);
	assert_false(proc_occupants_get(occupants, 0, &found));
	assert_false(proc_occupants_get(occupants, 2, &found));
	return proc_occupants_get(occupants, CPU, &found) ? found.tid : 0;
}

static int32_t look_at(uint64_t now, struct proc_thread ready)
{
	return look(now, &ready, 1);
}

static void highest_that_runs_has_the_cpu(void **state)
{
	const struct proc_thread before[] = { thread(5, 120, 1), thread(6, 49, 10), thread(7, 98, 3) };
	const struct proc_thread after[] = { thread(5, 120, 1), thread(6, 49, 20), thread(7, 98, 3) };

	(void)state;
	assert_int_equal(look(100 * MS, before, 3), 0);
	assert_int_equal(look(150 * MS, after, 3), 6);
}

static void throttled_thread_has_no_cpu(void **state)
{
	(void)state;
	look_at(100 * MS, thread(6, 49, 10));
	assert_int_equal(look_at(150 * MS, thread(6, 49, 20)), 6);
	/* its run time is counted at ticks */
	assert_int_equal(look_at(155 * MS, thread(6, 49, 20)), 6);
	assert_int_equal(look_at(250 * MS, thread(6, 49, 20)), 0);
	assert_int_equal(look_at(255 * MS, thread(6, 49, 20)), 0);
	assert_int_equal(look_at(300 * MS, thread(6, 49, 21)), 6);
}

static void throttled_deadline_thread_has_no_cpu(void **state)
{
	const struct proc_thread before[] = { thread(8, -1, 10), thread(6, 49, 20) };
	const struct proc_thread after[] = { thread(8, -1, 10), thread(6, 49, 120) };

	(void)state;
	look(100 * MS, before, 2);
	assert_int_equal(look(200 * MS, before, 2), 0);
	assert_int_equal(look(300 * MS, after, 2), 6);
}

static void of_equals_the_one_that_runs_has_the_cpu(void **state)
{
	const struct proc_thread before[] = { thread(6, 49, 1000), thread(7, 49, 10), thread(8, 98, 5) };
	const struct proc_thread after[] = { thread(6, 49, 1000), thread(7, 49, 20), thread(8, 98, 5) };
	const struct proc_thread both[] = { thread(6, 49, 1001), thread(7, 49, 30), thread(8, 98, 5) };

	(void)state;
	look(100 * MS, before, 3);
	assert_int_equal(look(150 * MS, after, 3), 7);
	/* and when both have run, the one that ran longer */
	assert_int_equal(look(200 * MS, both, 3), 7);
}

static void who_comes_in_above_is_not_known(void **state)
{
	const struct proc_thread before[] = { thread(6, 49, 10) };
	const struct proc_thread after[] = { thread(6, 49, 20), thread(7, 39, 5) };
	const struct proc_thread later[] = { thread(6, 49, 20), thread(7, 39, 50) };

	(void)state;
	look(100 * MS, before, 1);
	assert_int_equal(look(150 * MS, after, 2), 0);
	assert_int_equal(look(200 * MS, later, 2), 7);
}

static void many_that_stand_still_leave_it_to_the_fair_one(void **state)
{
	struct proc_thread ready[41];

	(void)state;
	ready[0] = thread(100, 120, 10);
	for (int nr = 5; nr <= 40; nr += 35) {
		for (int i = 1; i <= nr; i++)
			ready[i] = thread(i, 50 + i, 1);
		look(1000 * MS * (uint64_t)nr, ready, (size_t)nr + 1);
		/* of more than are kept nobody knows whether one of them runs */
		assert_int_equal(look(1000 * MS * (uint64_t)nr + 100 * MS, ready, (size_t)nr + 1),
				 nr == 5 ? 100 : 0);
	}
}

static void another_thread_of_that_tid_is_not_known(void **state)
{
	struct proc_thread other = thread(6, 49, 20);

	(void)state;
	other.start_ticks = 8;
	look_at(100 * MS, thread(6, 49, 10));
	assert_int_equal(look_at(200 * MS, other), 0);
}

static void fair_thread_is_believed_at_once(void **state)
{
	const struct proc_thread ready[] = { thread(5, 120, 1), thread(6, 120, 10) };

	(void)state;
	assert_int_equal(look(100 * MS, ready, 2), 6);
	assert_int_equal(look(200 * MS, ready, 2), 6);
}

/* Of the other CPUs, what was seen before is kept. */
static void one_that_is_not_asked_for_is_not_known(void **state)
{
	const struct cpu_list other = { .bits = { 1 } };
	struct proc_thread found, ready = thread(6, 49, 20);

	(void)state;
	look_at(100 * MS, thread(6, 49, 10));
	proc_occupants_begin(occupants, &other);
	assert_false(proc_occupants_wants(occupants, &ready));
	proc_occupants_end(occupants, 120 * MS);
	assert_false(proc_occupants_get(occupants, CPU, &found));
	assert_int_equal(look_at(150 * MS, ready), 6);
}

static void those_that_many_outrank_are_not_wanted(void **state)
{
	const struct cpu_list both = { .bits = { 3 } };
	struct proc_thread low = thread(99, 98, 1);

	(void)state;
	proc_occupants_begin(occupants, &both);
	for (int32_t i = 1; i <= 16; i++) {
		struct proc_thread ready = thread(i, 49 + i, 1);

		assert_true(proc_occupants_wants(occupants, &low));
		assert_true(proc_occupants_wants(occupants, &ready));
		proc_occupants_add(occupants, &ready);
	}
	assert_false(proc_occupants_wants(occupants, &low));
	low.prio = 40;
	assert_true(proc_occupants_wants(occupants, &low));
}

static void nobody_ready_is_nobody(void **state)
{
	(void)state;
	look_at(100 * MS, thread(6, 49, 10));
	assert_int_equal(look_at(150 * MS, thread(6, 49, 20)), 6);
	assert_int_equal(look(160 * MS, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(highest_that_runs_has_the_cpu, make, end),
		cmocka_unit_test_setup_teardown(throttled_thread_has_no_cpu, make, end),
		cmocka_unit_test_setup_teardown(throttled_deadline_thread_has_no_cpu, make, end),
		cmocka_unit_test_setup_teardown(of_equals_the_one_that_runs_has_the_cpu, make, end),
		cmocka_unit_test_setup_teardown(who_comes_in_above_is_not_known, make, end),
		cmocka_unit_test_setup_teardown(many_that_stand_still_leave_it_to_the_fair_one, make, end),
		cmocka_unit_test_setup_teardown(another_thread_of_that_tid_is_not_known, make, end),
		cmocka_unit_test_setup_teardown(fair_thread_is_believed_at_once, make, end),
		cmocka_unit_test_setup_teardown(one_that_is_not_asked_for_is_not_known, make, end),
		cmocka_unit_test_setup_teardown(those_that_many_outrank_are_not_wanted, make, end),
		cmocka_unit_test_setup_teardown(nobody_ready_is_nobody, make, end),
	};

	return cmocka_run_group_tests_name("proc_occupants", tests, NULL, NULL);
}
