// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_forget.h"

#include <errno.h>
#include <stddef.h>

#include "../engine/recycle.h"

#define NEW_THREADS 1024u
#define PAUSE_NS 1000000000u

static enum recycle_verdict judge(const struct engine_task *task, void *arg)
{
	(void)task;
	(void)arg;
	return RECYCLE_DROP;
}

static uint32_t nr_known(const struct engine *engine)
{
	return engine_nr_tasks(engine) - engine_nr_free(engine);
}

int enforce_forget(struct enforce_forget *forget, struct engine *engine, uint64_t now, uint64_t read_to_at)
{
	struct recycle_map map;
	int result;

	if (nr_known(engine) < forget->nr_kept + NEW_THREADS || now < forget->forgot_at + PAUSE_NS)
		return 0;
	/* what was recorded of those that were missing the last time has been read */
	if (read_to_at < forget->forgot_at)
		return 0;
	if (ended_look(&forget->ended, engine, ended_exists) < 0)
		return -ENOMEM;
	result = recycle_dead(engine, judge, NULL, &map);
	if (result)
		return result;
	recycle_map_deinit(&map);
	forget->nr_kept = nr_known(engine);
	forget->forgot_at = now;
	return 0;
}

void enforce_forget_deinit(struct enforce_forget *forget)
{
	ended_deinit(&forget->ended);
}
