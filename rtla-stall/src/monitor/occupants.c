// SPDX-License-Identifier: GPL-2.0-only
#include "occupants.h"

#include <stdio.h>
#include <string.h>

#define FIELD_PRIORITY 18
#define FIELD_POLICY 41
#define PRIORITY_TO_PRIO 100	/* the kernel's MAX_RT_PRIO: what stat leaves out (fs/proc/array.c) */

int occupants_read(int32_t tid, int32_t *prio)
{
	char path[64];
	char text[1024];
	const char *field;
	int priority = 0;
	int policy = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	field = strrchr(text, ')');	/* a name may hold anything else */
	for (int number = 2; field && number <= FIELD_POLICY; number++) {
		if (number == FIELD_PRIORITY && sscanf(field, "%d", &priority) != 1)
			return -1;
		if (number == FIELD_POLICY && sscanf(field, "%d", &policy) != 1)
			return -1;
		field = strchr(field, ' ');
		field += field != NULL;
	}
	*prio = priority + PRIORITY_TO_PRIO;
	return policy;
}

int occupants_find(struct occupants *occupants, const struct engine *eng, uint64_t now_at,
		   int (*feed)(const struct event *event, void *arg), void *arg)
{
	if (occupants->looked_at && now_at < occupants->looked_at + OCCUPANTS_PAUSE_NS)
		return 0;
	occupants->looked_at = now_at;
	for (uint32_t number = 0; number < engine_nr_cpus(eng); number++) {
		struct event event = {
			.at = now_at, .cpu = number, .tid = TID_UNKNOWN, .type = EVENT_FOUND_RUNNING,
		};
		struct engine_cpu cpu;
		struct culprit who;
		int result;

		if (!engine_cpu(eng, number, &cpu) || !cpu.nr_waits ||
		    now_at < cpu.since_at + OCCUPANTS_LONG_NS)
			continue;
		who = engine_culprit(eng, cpu.occupant);
		if (who.kind != CULPRIT_THREAD || occupants_read(who.id, &event.found.prio) < 0 ||
		    event.found.prio == cpu.prio)
			continue;
		event.found.tid = who.id;
		memcpy(event.found.comm, who.name, strnlen(who.name, COMM_LEN - 1));
		result = feed(&event, arg);
		if (result)
			return result;
	}
	return 0;
}
