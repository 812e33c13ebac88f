// SPDX-License-Identifier: GPL-2.0-only
#include "wall.h"
#include "../util/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define READ_TRIES 10
#define READ_NS 1000000

struct format wall_format(uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char day[32] = "", zone[16] = "";
	struct format ret = { "" };
	struct tm split;

	if (!localtime_r(&seconds, &split))
		return ret;
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &split);
	if (!split.tm_gmtoff)
		strcpy(zone, "Z");
	else if (strftime(zone, sizeof(zone), "%z", &split) == 5)
		snprintf(zone + 3, sizeof(zone) - 3, ":%02ld", labs(split.tm_gmtoff) / 60 % 60);
	snprintf(ret.text, sizeof(ret.text), "%s.%06" PRIu64 "%s", day, ns % 1000000000 / 1000, zone);
	return ret;
}

int64_t wall_note(struct wall_clock *wall, uint64_t at, int64_t offset_ns)
{
	int64_t step_ns = 0;

	if (wall->nr_steps) {
		step_ns = offset_ns - wall->steps[wall->nr_steps - 1].offset_ns;
		if (step_ns < WALL_LEAST_STEP_NS && step_ns > -WALL_LEAST_STEP_NS)
			return 0;
	}
	/* what the beginning was stays known; of the others, the last ones */
	if (wall->nr_steps == WALL_MAX_STEPS) {
		memmove(&wall->steps[1], &wall->steps[2], (WALL_MAX_STEPS - 2) * sizeof(*wall->steps));
		wall->nr_steps--;
	}
	wall->steps[wall->nr_steps].from_at = at;
	wall->steps[wall->nr_steps++].offset_ns = offset_ns;
	return step_ns;
}

int64_t wall_read(struct wall_clock *wall)
{
	int64_t before, after, now;

	/* Together, or as good as: somebody may have run in between. */
	for (int tries = 0; tries < READ_TRIES; tries++) {
		before = (int64_t)clock_ns(CLOCK_MONOTONIC);
		now = (int64_t)clock_ns(CLOCK_REALTIME);
		after = (int64_t)clock_ns(CLOCK_MONOTONIC);
		if (after - before < READ_NS)
			return wall_note(wall, (uint64_t)after, now - before - (after - before) / 2);
	}
	return wall->nr_steps ? 0 : wall_note(wall, (uint64_t)after, now - after);
}
