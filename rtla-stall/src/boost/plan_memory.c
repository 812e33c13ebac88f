// SPDX-License-Identifier: GPL-2.0-only
#include "plan_memory.h"

#include <errno.h>
#include <stdlib.h>

#include "plan_rules.h"

#define WAYS 8u			/* places a thread can have */
#define MOST_SETS (UINT32_C(1) << 20)

int plan_memory_init(struct plan_memory *memory, uint32_t places)
{
	memory->nr_sets = 1;
	while (memory->nr_sets * WAYS < places && memory->nr_sets < MOST_SETS)
		memory->nr_sets *= 2;
	memory->threads = calloc((size_t)memory->nr_sets * WAYS, sizeof(*memory->threads));
	return memory->threads ? 0 : -ENOMEM;
}

void plan_memory_deinit(struct plan_memory *memory)
{
	free(memory->threads);
	*memory = (struct plan_memory){ 0 };
}

static struct plan_thread *set_of(const struct plan_memory *memory, int32_t tid)
{
	uint32_t hash = (uint32_t)tid * UINT32_C(2654435769);

	return &memory->threads[(size_t)((hash >> 8) & (memory->nr_sets - 1)) * WAYS];
}

struct plan_thread *plan_memory_find(const struct plan_memory *memory, int32_t tid, uint64_t key)
{
	struct plan_thread *set = set_of(memory, tid);

	for (uint32_t i = 0; i < WAYS; i++) {
		if (set[i].tid == tid && set[i].key == key)
			return &set[i];
	}
	return NULL;
}

struct plan_thread *plan_memory_add(struct plan_memory *memory, int32_t tid, uint64_t key, uint64_t round)
{
	struct plan_thread *thread = plan_memory_find(memory, tid, key);
	struct plan_thread *set = set_of(memory, tid);

	if (thread) {
		thread->seen = round;
		return thread;
	}
	for (uint32_t i = 0; i < WAYS; i++) {
		if (!set[i].tid) {
			thread = &set[i];
			break;
		}
		if (!set[i].is_boosted && (!thread || set[i].seen < thread->seen))
			thread = &set[i];
	}
	if (thread)
		*thread = (struct plan_thread){ .tid = tid, .key = key, .seen = round };
	return thread;
}

uint64_t plan_memory_due_at(const struct plan_thread *thread, const struct plan_wait *wait, uint64_t now_at)
{
	uint64_t at = plan_rules_due_at(wait);
	bool is_stale;

	if (!thread)
		return at;
	is_stale = thread->was_boosted && wait->began_at <= thread->boosted_at;
	if (thread->care_until_at > now_at && !is_stale &&
	    at > plan_rules_add_ns(wait->began_at, thread->pause_ns))
		at = plan_rules_add_ns(wait->began_at, thread->pause_ns);
	if ((thread->care_until_at > now_at || is_stale) && at < thread->next_at)
		at = thread->next_at;
	return thread->quiet_until_at > at ? thread->quiet_until_at : at;
}

void plan_memory_note_boost(struct plan_thread *thread, uint64_t at, uint64_t grant_ns,
			    const struct plan_config *config)
{
	thread->is_boosted = true;
	thread->was_boosted = true;
	thread->boosted_at = at;
	thread->next_at = plan_rules_add_ns(at, config->period_ns);
	thread->pause_ns = config->period_ns - grant_ns;
	thread->quiet_until_at = 0;
	if (thread->care_until_at <= at)
		thread->care_until_at = config->duration_ns ? plan_rules_add_ns(at, config->duration_ns) : 0;
}

void plan_memory_note_failure(struct plan_thread *thread, const struct plan_command *boost, uint8_t why)
{
	thread->failed |= (uint8_t)(1u << boost->policy);
	thread->failed_why = why;
	if (boost->policy == PLAN_FIFO)
		thread->failed_priority = why == PLAN_WHY_REFUSED ? UINT32_MAX : boost->rt_priority;
}

void plan_memory_note_result(struct plan_thread *thread, const struct plan_command *restore,
			     const struct plan_result *result, uint64_t now_at)
{
	thread->is_boosted = false;
	if (restore->why == PLAN_WHY_DONE || restore->why == PLAN_WHY_GONE || result->is_asleep) {
		thread->care_until_at = 0;
		thread->failed = 0;
	} else if (restore->why == PLAN_WHY_INEFFECTIVE &&
		   !(result->is_granted_known && result->granted_ns)) {
		plan_memory_note_failure(thread, restore, PLAN_WHY_NO_EFFECT);
		thread->next_at = now_at;
	}
}
