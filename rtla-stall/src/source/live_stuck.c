// SPDX-License-Identifier: GPL-2.0-only
#include "live_stuck.h"

#include <stdio.h>
#include <time.h>

#include "proc_compare.h"

#define PAUSE_NS 200000000

static void put_words(const struct proc_verdict *verdict, const struct proc_ready *ready, char *text,
		      size_t size)
{
	const struct proc_occupant *occupant = &verdict->cpus[ready->cpu];

	if (occupant->told == PROC_TOLD_THREAD)
		snprintf(text, size, "CPU %u, where %s is ready and does not run while %s (tid %d) does",
			 ready->cpu, ready->comm, occupant->comm, occupant->tid);
	else
		snprintf(text, size, "CPU %u, where %s is ready and does not run", ready->cpu, ready->comm);
}

static bool find(const struct proc_look *before, const struct proc_look *after, char *text, size_t size)
{
	static const struct cpu_list all = { .bits = { [0 ... ENGINE_MAX_CPUS / 64 - 1] = UINT64_MAX } };
	struct proc_verdict verdict = { 0 };
	bool is_found = false;

	/* of any CPU it is not asked whether it is nohz_full: the strict rule will do */
	if (!proc_compare(before, after, &all, &verdict)) {
		for (size_t i = 0; i < verdict.nr_stills && !is_found; i++) {
			const struct proc_still *still = &verdict.stills[i];

			is_found = still->is_waiting && still->ready->is_kthread;
			if (is_found)
				put_words(&verdict, still->ready, text, size);
		}
	}
	proc_verdict_deinit(&verdict);
	return is_found;
}

bool live_stuck_find(char *text, size_t size)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct proc_look before = { 0 };
	struct proc_look after = { 0 };
	bool is_found = false;

	if (!proc_look_take(&before, NULL)) {
		nanosleep(&pause, NULL);
		is_found = !proc_look_take(&after, NULL) && find(&before, &after, text, size);
	}
	proc_look_deinit(&before);
	proc_look_deinit(&after);
	return is_found;
}
