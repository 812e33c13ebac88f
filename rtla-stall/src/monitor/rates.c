// SPDX-License-Identifier: GPL-2.0-only
#include "rates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/engine.h"

#define SECOND_NS 1000000000u

void rates_deinit(struct rates *rates)
{
	free(rates->cpus);
}

static int make_room(struct rates *rates, uint32_t cpu)
{
	struct rates_cpu *cpus;

	if (cpu >= ENGINE_MAX_CPUS)
		return -ERANGE;
	cpus = reallocarray(rates->cpus, cpu + 1u, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	memset(cpus + rates->nr_cpus, 0, (cpu + 1u - rates->nr_cpus) * sizeof(*cpus));
	rates->cpus = cpus;
	rates->nr_cpus = cpu + 1u;
	return 0;
}

int rates_count(struct rates *rates, const struct event *event)
{
	int result;

	if (event->type >= EVENT_LOSS)	/* no records: losses, ticks, what /proc shows */
		return 0;
	rates->events++;
	if (event->cpu >= rates->nr_cpus) {
		result = make_room(rates, event->cpu);
		if (result)
			return result == -ERANGE ? 0 : result;
	}
	if (event->type == EVENT_SWITCH)
		rates->cpus[event->cpu].switches++;
	else if (event->type == (rates->has_entries ? EVENT_IRQ_ENTRY : EVENT_IRQ_NOISE))
		rates->cpus[event->cpu].irqs++;
	return 0;
}

/* Return: so many per second, rounded */
static uint64_t per_second(uint64_t count, uint64_t span_ns)
{
	return (count * SECOND_NS + span_ns / 2) / span_ns;
}

void rates_update(struct rates *rates, uint64_t now_at, uint64_t own_ns)
{
	uint64_t span_ns = now_at - rates->from_at;

	if (!rates->from_at) {
		rates->from_at = now_at;
		rates->own_ns = own_ns;
		return;
	}
	if (span_ns < SECOND_NS)
		return;
	for (uint32_t i = 0; i < rates->nr_cpus; i++) {
		struct rates_cpu *cpu = &rates->cpus[i];

		cpu->irqs_per_s = per_second(cpu->irqs, span_ns);
		cpu->switches_per_s = per_second(cpu->switches, span_ns);
		cpu->irqs = cpu->switches = 0;
	}
	rates->events_per_s = per_second(rates->events, span_ns);
	rates->events = 0;
	rates->own_per_mille = (own_ns - rates->own_ns) * 1000 / span_ns;
	rates->own_ns = own_ns;
	rates->from_at = now_at;
}
