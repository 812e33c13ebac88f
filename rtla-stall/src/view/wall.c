// SPDX-License-Identifier: GPL-2.0-only
#include "wall.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
