// SPDX-License-Identifier: GPL-2.0-only
#include "own_nice.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>

#define BEST_NICE (-20)

static __thread bool is_raised;

void own_nice_raise(void)
{
	errno = 0;
	if (is_raised || getpriority(PRIO_PROCESS, 0) || errno || sched_getscheduler(0) != SCHED_OTHER)
		return;
	is_raised = !setpriority(PRIO_PROCESS, 0, BEST_NICE);
}

bool own_nice_lower(void)
{
	bool was_raised = is_raised;

	if (is_raised)
		is_raised = setpriority(PRIO_PROCESS, 0, 0);
	return was_raised;
}
