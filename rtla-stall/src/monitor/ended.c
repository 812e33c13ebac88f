// SPDX-License-Identifier: GPL-2.0-only
#include "ended.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/engine.h"
#include "../engine/recycle.h"

void ended_deinit(struct ended *ended)
{
	free(ended->missing);
	*ended = (struct ended){ 0 };
}

bool ended_exists(int32_t tid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", tid);
	return !access(path, F_OK) || errno != ENOENT;
}

bool ended_has_traced_tids(void)
{
	char comm[COMM_LEN] = "";
	FILE *file = fopen("/proc/2/comm", "re");

	if (file) {
		if (!fgets(comm, sizeof(comm), file))
			*comm = '\0';
		fclose(file);
	}
	return !strncmp(comm, "kthreadd", 8);
}

static int by_index(const void *a, const void *b)
{
	const struct ended_thread *left = a, *right = b;

	return left->index < right->index ? -1 : left->index > right->index;
}

/* Whether it was missing the last time, and has not been heard of since. */
static bool was_missing(const struct ended *ended, const struct ended_thread *thread)
{
	const struct ended_thread *before = NULL;

	if (ended->nr_missing)
		before = bsearch(thread, ended->missing, ended->nr_missing, sizeof(*before), by_index);
	return before && before->tid == thread->tid && before->state == thread->state &&
	       before->state_at == thread->state_at;
}

static bool may_have_ended(const struct engine_task *task)
{
	return task->tid > 0 && (task->state == TASK_UNKNOWN || task->state == TASK_SLEEPING ||
				 task->state == TASK_SUSPENDED);
}

int64_t ended_look(struct ended *ended, struct engine *eng, bool (*exists)(int32_t tid))
{
	uint32_t nr_tasks = engine_nr_tasks(eng);
	struct ended_thread *missing;
	uint32_t nr_missing = 0;
	int64_t nr_buried = 0;

	/* all would seem to be missing */
	if (exists == ended_exists && !ended_has_traced_tids())
		return 0;
	missing = calloc(nr_tasks + 1u, sizeof(*missing));
	if (!missing)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr_tasks; i++) {
		struct ended_thread thread = { .index = i };
		struct engine_task task;

		engine_task(eng, i, &task);
		if (!may_have_ended(&task) || exists(task.tid))
			continue;
		thread.tid = task.tid;
		thread.state = task.state;
		thread.state_at = task.state_at;
		if (was_missing(ended, &thread)) {
			recycle_bury(eng, i);
			nr_buried++;
		} else {
			missing[nr_missing++] = thread;
		}
	}
	free(ended->missing);
	ended->missing = missing;
	ended->nr_missing = nr_missing;
	return nr_buried;
}
