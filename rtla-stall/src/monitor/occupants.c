// SPDX-License-Identifier: GPL-2.0-only
#include "occupants.h"

#include <stdio.h>
#include <string.h>

#include "../util/clock.h"

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

/* Who has it, if it is a thread that others wait for. */
static bool find_occupant(const struct engine *eng, uint32_t number, struct engine_cpu *cpu,
			  struct culprit *who)
{
	if (!engine_cpu(eng, number, cpu) || !cpu->nr_waits)
		return false;
	*who = engine_culprit(eng, cpu->occupant);
	return who->kind == CULPRIT_THREAD;
}

static void ask(struct occupants *occupants, const struct engine *eng, uint64_t now_at)
{
	for (uint32_t number = 0; number < engine_nr_cpus(eng) && occupants->nr_answers < OCCUPANTS_MOST;
	     number++) {
		struct occupants_answer answer = { .cpu = number };
		struct engine_cpu cpu;
		struct culprit who;

		if (!find_occupant(eng, number, &cpu, &who) || now_at < cpu.since_at + OCCUPANTS_LONG_NS ||
		    occupants_read(who.id, &answer.prio) < 0 || answer.prio == cpu.prio)
			continue;
		answer.tid = who.id;
		answer.known_prio = cpu.prio;
		answer.since_at = cpu.since_at;
		occupants->answers[occupants->nr_answers++] = answer;
	}
}

static int tell(const struct occupants *occupants, const struct engine *eng, uint64_t now_at,
		int (*feed)(const struct event *event, void *arg), void *arg)
{
	for (uint32_t i = 0; i < occupants->nr_answers; i++) {
		const struct occupants_answer *answer = &occupants->answers[i];
		struct event event = {
			.at = now_at, .cpu = answer->cpu, .tid = TID_UNKNOWN, .type = EVENT_FOUND_RUNNING,
			.found = { .tid = answer->tid, .prio = answer->prio },
		};
		struct engine_cpu cpu;
		struct culprit who;
		int result;

		if (!find_occupant(eng, answer->cpu, &cpu, &who) || who.id != answer->tid ||
		    cpu.since_at != answer->since_at || cpu.prio != answer->known_prio)
			continue;
		memcpy(event.found.comm, who.name, strnlen(who.name, COMM_LEN - 1));
		result = feed(&event, arg);
		if (result)
			return result;
	}
	return 0;
}

int occupants_find(struct occupants *occupants, const struct engine *eng, uint64_t now_at,
		   int (*feed)(const struct event *event, void *arg), void *arg)
{
	int result = 0;

	if (occupants->nr_answers && now_at >= occupants->looked_at) {
		result = tell(occupants, eng, now_at, feed, arg);
		occupants->nr_answers = 0;
	}
	if (result || occupants->nr_answers ||
	    (occupants->looked_at && clock_mono_ns() < occupants->looked_at + OCCUPANTS_PAUSE_NS))
		return result;
	ask(occupants, eng, now_at);
	occupants->looked_at = clock_mono_ns();
	return 0;
}
