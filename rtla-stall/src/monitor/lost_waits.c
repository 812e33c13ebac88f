// SPDX-License-Identifier: GPL-2.0-only
#include "lost_waits.h"

#include <stdio.h>
#include <string.h>

#include "ended.h"

struct looking {
	struct lost_waits *lost;
	bool (*is_ready)(int32_t tid);
};

bool lost_waits_is_ready(int32_t tid)
{
	char path[64];
	char text[256];
	const char *name_end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return !ended_has_traced_tids();
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	name_end = strrchr(text, ')');	/* a name may hold anything else */
	return name_end && !strncmp(name_end, ") R", 3);
}

static void look_at(const struct engine_wait *wait, void *arg)
{
	const struct looking *looking = arg;
	struct lost_waits *lost = looking->lost;

	if (wait->flags & EPISODE_TOUCHED_BY_LOSS && lost->nr_ended < LOST_WAITS_MOST &&
	    !looking->is_ready(wait->tid))
		lost->ended[lost->nr_ended++] = *wait;
}

int lost_waits_turn(struct lost_waits *lost, const struct engine *eng, uint64_t now_at, uint64_t last_at,
		    bool (*is_ready)(int32_t tid),
		    int (*feed)(const struct event *event, void *arg), void *arg)
{
	struct looking looking = { lost, is_ready };
	int result = 0;

	if (last_at < lost->looked_at)
		return 0;
	for (uint32_t i = 0; i < lost->nr_ended && !result; i++) {
		struct event event = {
			.at = last_at, .cpu = lost->ended[i].cpu, .tid = TID_UNKNOWN,
			.type = EVENT_FOUND_ENDED,
			.found = { .tid = lost->ended[i].tid, .prio = PRIO_UNKNOWN },
		};
		const char *comm = engine_comm(eng, event.found.tid);

		memcpy(event.found.comm, comm, strnlen(comm, COMM_LEN - 1));
		result = feed(&event, arg);
	}
	lost->nr_ended = 0;
	if (!result && now_at >= lost->looked_at + LOST_WAITS_PAUSE_NS) {
		engine_for_each_waiting(eng, look_at, &looking);
		lost->looked_at = now_at;
	}
	return result;
}
