// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "boost/enforce_place.h"
#include "util/error.h"

#define LATER (ENFORCE_PLACE_CALM_NS / 2)

static cpu_set_t cpus_of(pid_t pid)
{
	cpu_set_t cpus;

	assert_int_equal(sched_getaffinity(pid, sizeof(cpus), &cpus), 0);
	return cpus;
}

static uint32_t nth_cpu(const cpu_set_t *cpus, int n)
{
	uint32_t cpu = 0;

	while (!CPU_ISSET(cpu, cpus) || n--)
		cpu++;
	return cpu;
}

static struct enforce_place *make_place(void)
{
	struct enforce_place *place = NULL;
	struct error err = { 0 };

	if (enforce_place_create(&place, &err))
		fail_msg("%s", err.text);
	return place;
}

static void assert_cpus(pid_t pid, const cpu_set_t *all, uint32_t but)
{
	cpu_set_t wanted = *all;
	cpu_set_t cpus = cpus_of(pid);

	if (but != UINT32_MAX)
		CPU_CLR(but, &wanted);
	assert_true(CPU_EQUAL(&cpus, &wanted));
}

static void cpu_on_which_one_waits_is_left_until_it_is_calm_for_a_while(void **state)
{
	const cpu_set_t all = cpus_of(0);
	struct enforce_place *place;
	uint64_t now = 1000;
	pid_t companion;
	uint32_t first;

	(void)state;
	if (CPU_COUNT(&all) < 2)
		skip();
	first = nth_cpu(&all, 0);
	companion = fork();
	if (!companion) {
		alarm(30);
		pause();
		_exit(0);
	}
	place = make_place();
	enforce_place_settle(place, companion, now);
	assert_cpus(0, &all, UINT32_MAX);
	enforce_place_avoid(place, first, now);
	enforce_place_settle(place, companion, now);
	assert_cpus(0, &all, first);
	assert_cpus(companion, &all, first);
	/* the wait goes on */
	now += LATER;
	enforce_place_avoid(place, first, now);
	enforce_place_settle(place, companion, now);
	now += ENFORCE_PLACE_CALM_NS - 1;
	enforce_place_settle(place, companion, now);
	assert_cpus(0, &all, first);
	enforce_place_settle(place, companion, now + 1);
	assert_cpus(0, &all, UINT32_MAX);
	assert_cpus(companion, &all, UINT32_MAX);
	enforce_place_destroy(place);
	kill(companion, SIGKILL);
	waitpid(companion, NULL, 0);
}

static void where_all_cpus_have_waits_none_is_left(void **state)
{
	const cpu_set_t all = cpus_of(0);
	struct enforce_place *place = make_place();
	uint64_t now = 1000;
	cpu_set_t only;
	uint32_t last;

	(void)state;
	if (CPU_COUNT(&all) < 2) {
		enforce_place_destroy(place);
		skip();
	}
	last = nth_cpu(&all, CPU_COUNT(&all) - 1);
	for (int i = 0; i < CPU_COUNT(&all) - 1; i++)
		enforce_place_avoid(place, nth_cpu(&all, i), now);
	enforce_place_settle(place, 0, now);
	only = cpus_of(0);
	assert_int_equal(CPU_COUNT(&only), 1);
	assert_int_equal(nth_cpu(&only, 0), last);
	enforce_place_avoid(place, last, now + LATER);
	enforce_place_settle(place, 0, now + LATER);
	assert_cpus(0, &all, UINT32_MAX);
	/* the others are calm again */
	enforce_place_settle(place, 0, now + ENFORCE_PLACE_CALM_NS);
	assert_cpus(0, &all, last);
	enforce_place_settle(place, 0, now + LATER + ENFORCE_PLACE_CALM_NS);
	assert_cpus(0, &all, UINT32_MAX);
	enforce_place_destroy(place);
}

static void other_cpus_than_its_own_are_never_taken(void **state)
{
	const cpu_set_t all = cpus_of(0);
	struct enforce_place *place;
	uint32_t only = nth_cpu(&all, 0);
	cpu_set_t one;

	(void)state;
	CPU_ZERO(&one);
	CPU_SET(only, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	place = make_place();
	enforce_place_avoid(place, only, 1000);
	enforce_place_avoid(place, UINT32_MAX, 1000);
	enforce_place_settle(place, 0, 1000);
	assert_cpus(0, &one, UINT32_MAX);
	enforce_place_settle(place, 0, 1000 + ENFORCE_PLACE_CALM_NS);
	assert_cpus(0, &one, UINT32_MAX);
	enforce_place_destroy(place);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_on_which_one_waits_is_left_until_it_is_calm_for_a_while),
		cmocka_unit_test(where_all_cpus_have_waits_none_is_left),
		cmocka_unit_test(other_cpus_than_its_own_are_never_taken),
	};

	return cmocka_run_group_tests_name("enforce_place", tests, NULL, NULL);
}
