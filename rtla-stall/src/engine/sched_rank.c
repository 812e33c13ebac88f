// SPDX-License-Identifier: GPL-2.0-only
#include "sched_rank.h"

#include <string.h>

int sched_rank(int32_t prio, const char *comm)
{
	if (prio == -1)
		return RANK_DEADLINE;
	if (prio < -1 || prio > 139)
		return RANK_UNKNOWN;
	if (prio >= 100)
		return RANK_FAIR;
	if (prio == 0 && !strncmp(comm, "migration/", 10))
		return RANK_STOP;
	return RANK_RT_LOWEST + (99 - prio);
}
