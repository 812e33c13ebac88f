// SPDX-License-Identifier: GPL-2.0-only
#include "text_cpus.h"

#include <stdlib.h>
#include <string.h>

#include "../engine/engine.h"

#define NR_AT_FIRST 64

void text_cpus_deinit(struct text_cpus *cpus)
{
	free(cpus->list);
	*cpus = (struct text_cpus){ .list = NULL };
}

static bool grow(struct text_cpus *cpus, uint32_t cpu)
{
	uint32_t nr = cpus->nr ? cpus->nr : NR_AT_FIRST;
	struct text_cpu *list;

	while (nr <= cpu)
		nr *= 2;
	list = reallocarray(cpus->list, nr, sizeof(*list));
	if (!list)
		return false;
	memset(list + cpus->nr, 0, (nr - cpus->nr) * sizeof(*list));
	cpus->list = list;
	cpus->nr = nr;
	return true;
}

struct text_cpu *text_cpus_get(struct text_cpus *cpus, uint32_t cpu)
{
	if (cpu >= cpus->nr && (cpu >= ENGINE_MAX_CPUS || !grow(cpus, cpu)))
		return NULL;
	return &cpus->list[cpu];
}
