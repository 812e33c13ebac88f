// SPDX-License-Identifier: GPL-2.0-only
#include "timers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/recycle.h"

void timers_deinit(struct timers *timers)
{
	for (uint32_t i = 0; i < timers->nr_cpus; i++)
		free(timers->cpus[i]);
	free(timers->cpus);
}

static struct timers_cpu *find_or_add(struct timers *timers, uint32_t cpu)
{
	struct timers_cpu *row;
	uint32_t at = timers->nr_cpus;

	while (at && timers->cpus[at - 1]->cpu >= cpu)
		at--;
	if (at < timers->nr_cpus && timers->cpus[at]->cpu == cpu)
		return timers->cpus[at];
	if (timers->nr_cpus == timers->nr_allocated) {
		uint32_t nr_allocated = timers->nr_allocated ? 2 * timers->nr_allocated : 16;
		struct timers_cpu **cpus = reallocarray(timers->cpus, nr_allocated, sizeof(*cpus));

		if (!cpus)
			return NULL;
		timers->cpus = cpus;
		timers->nr_allocated = nr_allocated;
	}
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->cpu = cpu;
	memmove(&timers->cpus[at + 1], &timers->cpus[at],
		(timers->nr_cpus - at) * sizeof(struct timers_cpu *));
	timers->cpus[at] = row;
	timers->nr_cpus++;
	return row;
}

static void add_sample(struct timers_samples *samples, uint64_t ns)
{
	if (!samples->count || ns < samples->min_ns)
		samples->min_ns = ns;
	if (ns > samples->max_ns)
		samples->max_ns = ns;
	samples->count++;
	samples->sum_ns += ns;
	samples->last_ns = ns;
}

/* In descending order; what does not fit is the smallest. */
static uint32_t keep_charges(struct charge *kept, const struct timerlat_activation *activation)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < activation->nr_charges; i++) {
		const struct charge *charge = &activation->charges[i];
		uint32_t at = nr < TIMERS_MAX_CHARGES ? nr++ : TIMERS_MAX_CHARGES;

		for (; at && kept[at - 1].ns < charge->ns; at--) {
			if (at < TIMERS_MAX_CHARGES)
				kept[at] = kept[at - 1];
		}
		if (at < TIMERS_MAX_CHARGES)
			kept[at] = *charge;
	}
	return nr;
}

static uint64_t lateness_ns(const struct timerlat_activation *activation)
{
	return activation->has_thread ? activation->thread_latency_ns : activation->irq_latency_ns;
}

int timers_add(struct timers *timers, const struct timerlat_activation *activation)
{
	struct timers_cpu *row = find_or_add(timers, activation->cpu);

	if (!row)
		return -ENOMEM;
	if (!row->activations++ || lateness_ns(activation) > lateness_ns(&row->worst)) {
		row->worst = *activation;
		row->worst.charges = row->worst_charges;
		row->worst.nr_charges = keep_charges(row->worst_charges, activation);
	}
	if (activation->has_irq)
		add_sample(&row->irq, activation->irq_latency_ns);
	if (activation->has_thread)
		add_sample(&row->thread, activation->thread_latency_ns);
	if (activation->has_user)
		add_sample(&row->user, activation->user_latency_ns);
	return 0;
}

static int by_ns(const void *a, const void *b)
{
	const struct charge *left = a, *right = b;

	return left->ns > right->ns ? -1 : left->ns < right->ns;
}

void timers_recycle(struct timers *timers, const struct recycle_map *map)
{
	for (uint32_t i = 0; i < timers->nr_cpus; i++) {
		struct timers_cpu *row = timers->cpus[i];

		row->worst.nr_charges = recycle_charges(map, row->worst_charges, row->worst.nr_charges);
		qsort(row->worst_charges, row->worst.nr_charges, sizeof(*row->worst_charges), by_ns);
	}
}
