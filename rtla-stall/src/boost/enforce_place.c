// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_place.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../util/error.h"
#include "../util/parse.h"

struct enforce_place {
	size_t size;		/* of each set */
	cpu_set_t *allowed;
	cpu_set_t *wanted;
	cpu_set_t *taken;
	uint64_t calm_at;	/* the earliest of those that are avoided; UINT64_MAX none */
	bool has_news;		/* one more is avoided */
	uint64_t avoid_until_at[ENGINE_MAX_CPUS];
};

int enforce_place_create(struct enforce_place **ret, struct error *err)
{
	struct enforce_place *place = calloc(1, sizeof(*place));
	int code = ENOMEM;

	if (place) {
		place->size = CPU_ALLOC_SIZE(ENGINE_MAX_CPUS);
		place->calm_at = UINT64_MAX;
		place->allowed = calloc(1, place->size);
		place->wanted = calloc(1, place->size);
		place->taken = calloc(1, place->size);
		if (place->allowed && place->wanted && place->taken)
			code = sched_getaffinity(0, place->size, place->allowed) ? errno : 0;
	}
	if (code) {
		enforce_place_destroy(place);
		return error_set(err, -code, "the CPUs to run on: %s", strerror(code));
	}
	memcpy(place->taken, place->allowed, place->size);
	*ret = place;
	return 0;
}

void enforce_place_destroy(struct enforce_place *place)
{
	if (!place)
		return;
	free(place->allowed);
	free(place->wanted);
	free(place->taken);
	free(place);
}

void enforce_place_avoid(struct enforce_place *place, uint32_t cpu, uint64_t now)
{
	uint64_t *until_at;

	if (cpu >= ENGINE_MAX_CPUS || !CPU_ISSET_S(cpu, place->size, place->allowed))
		return;
	until_at = &place->avoid_until_at[cpu];
	place->has_news |= *until_at <= now;
	*until_at = now + ENFORCE_PLACE_CALM_NS;
	if (*until_at < place->calm_at)
		place->calm_at = *until_at;
}

static void choose(struct enforce_place *place, uint64_t now)
{
	place->has_news = false;
	place->calm_at = UINT64_MAX;
	memcpy(place->wanted, place->allowed, place->size);
	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++) {
		if (place->avoid_until_at[cpu] <= now)
			continue;
		CPU_CLR_S(cpu, place->size, place->wanted);
		if (place->avoid_until_at[cpu] < place->calm_at)
			place->calm_at = place->avoid_until_at[cpu];
	}
	if (!CPU_COUNT_S(place->size, place->wanted))
		memcpy(place->wanted, place->allowed, place->size);
}

void enforce_place_settle(struct enforce_place *place, pid_t companion, uint64_t now)
{
	if (!place->has_news && now < place->calm_at)
		return;
	choose(place, now);
	if (CPU_EQUAL_S(place->size, place->wanted, place->taken))
		return;
	/* what is refused is not asked for again before it is something else */
	memcpy(place->taken, place->wanted, place->size);
	if (sched_setaffinity(0, place->size, place->wanted))	/* all of them are off */
		(void)sched_setaffinity(0, place->size, place->allowed);
	else if (companion > 0)
		(void)sched_setaffinity(companion, place->size, place->wanted);
}
