// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stats/timers.h"

static void add(struct timers *timers, uint32_t cpu, uint32_t seqnum, uint64_t irq_ns, uint64_t thread_ns)
{
	struct timerlat_activation activation = {
		.cpu = cpu, .seqnum = seqnum, .has_irq = irq_ns, .irq_latency_ns = irq_ns,
		.has_thread = thread_ns, .thread_latency_ns = thread_ns,
	};

	assert_int_equal(timers_add(timers, &activation), 0);
}

static void cpus_are_in_order(void **state)
{
	struct timers timers = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		add(&timers, i * 37 % 50, i, 10, 20);
	assert_int_equal(timers.nr_cpus, 50);
	for (uint32_t i = 0; i < 50; i++) {
		assert_int_equal(timers.cpus[i]->cpu, i);
		assert_int_equal(timers.cpus[i]->activations, 2);
	}
	timers_deinit(&timers);
}

static void samples_add_up(void **state)
{
	struct timers timers = { 0 };

	(void)state;
	add(&timers, 0, 1, 10, 30);
	add(&timers, 0, 2, 50, 0);	/* no thread sample: the interrupt's counts */
	add(&timers, 0, 3, 20, 40);
	assert_int_equal(timers.cpus[0]->irq.count, 3);
	assert_int_equal(timers.cpus[0]->irq.sum_ns, 80);
	assert_int_equal(timers.cpus[0]->irq.min_ns, 10);
	assert_int_equal(timers.cpus[0]->irq.max_ns, 50);
	assert_int_equal(timers.cpus[0]->irq.last_ns, 20);
	assert_int_equal(timers.cpus[0]->thread.last_ns, 40);
	assert_int_equal(timers.cpus[0]->thread.count, 2);
	assert_int_equal(timers.cpus[0]->thread.min_ns, 30);
	assert_int_equal(timers.cpus[0]->user.count, 0);
	assert_int_equal(timers.cpus[0]->worst.seqnum, 2);
	timers_deinit(&timers);
}

static void of_the_worst_the_largest_charges_stay(void **state)
{
	struct charge charges[40];
	struct timerlat_activation activation = {
		.has_irq = true, .irq_latency_ns = 1000, .charges = charges, .nr_charges = 40,
	};
	struct timers timers = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 40; i++)
		charges[i] = (struct charge){ .ns = 1 + i * 7 % 40, .culprit = i };
	assert_int_equal(timers_add(&timers, &activation), 0);
	memset(charges, 0, sizeof(charges));
	assert_int_equal(timers.cpus[0]->worst.nr_charges, TIMERS_MAX_CHARGES);
	for (uint32_t i = 0; i < TIMERS_MAX_CHARGES; i++)
		assert_int_equal(timers.cpus[0]->worst.charges[i].ns, 40 - i);
	timers_deinit(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_are_in_order),
		cmocka_unit_test(samples_add_up),
		cmocka_unit_test(of_the_worst_the_largest_charges_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
