/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_WORKS_H
#define RTLA_STALL_MONITOR_WORKS_H

#include <stdint.h>

#include "../engine/event.h"

/*
 * What workers of work queues are at, as workqueue_execute_start and _end tell. A zeroed struct knows of
 * none. Bounded: of more workers in the middle of their work, those who began last are known. Pure.
 */

#define WORKS_MAX 512u

struct works {
	struct {
		int32_t tid;
		uint32_t function;	/* name */
	} items[WORKS_MAX];
	uint32_t nr;
};

/** works_count() - take in one event, of any kind */
void works_count(struct works *works, const struct event *event);

/** works_of() - the name of the function that a thread executes as a worker; 0 none, or not known */
uint32_t works_of(const struct works *works, int32_t tid);

#endif
