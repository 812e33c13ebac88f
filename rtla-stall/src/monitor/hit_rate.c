// SPDX-License-Identifier: GPL-2.0-only
#include "hit_rate.h"

#include <stdlib.h>
#include <string.h>

void hit_rate_deinit(struct hit_rate *rate)
{
	free(rate->cpus);
	*rate = (struct hit_rate){ .cpus = NULL };
}

static struct hit_rate_cpu *find(struct hit_rate *rate, uint32_t cpu)
{
	struct hit_rate_cpu *more;

	if (cpu < rate->nr_cpus)
		return &rate->cpus[cpu];
	if (cpu >= HIT_RATE_MAX_CPUS)
		return NULL;
	more = reallocarray(rate->cpus, cpu + 1, sizeof(*more));
	if (!more)
		return NULL;
	memset(more + rate->nr_cpus, 0, (cpu + 1 - rate->nr_cpus) * sizeof(*more));
	rate->cpus = more;
	rate->nr_cpus = cpu + 1;
	return &rate->cpus[cpu];
}

/*
 * Each report puts off by a second when all of the burst is there again; it may be put off by as many
 * seconds as the burst has.
 */
bool hit_rate_allows(struct hit_rate *rate, uint32_t cpu, uint64_t now_at)
{
	struct hit_rate_cpu *entry = find(rate, cpu);
	uint64_t full_at;

	if (entry) {
		full_at = entry->full_at > now_at ? entry->full_at : now_at;
		if (full_at - now_at <= (HIT_RATE_BURST - 1) * HIT_RATE_EVERY_NS) {
			entry->full_at = full_at + HIT_RATE_EVERY_NS;
			return true;
		}
		entry->nr_unreported++;
	}
	rate->nr_unreported++;
	return false;
}

uint64_t hit_rate_take_unreported(struct hit_rate *rate, uint32_t cpu)
{
	struct hit_rate_cpu *entry = cpu < rate->nr_cpus ? &rate->cpus[cpu] : NULL;
	uint64_t nr_unreported = entry ? entry->nr_unreported : 0;

	if (entry)
		entry->nr_unreported = 0;
	return nr_unreported;
}
