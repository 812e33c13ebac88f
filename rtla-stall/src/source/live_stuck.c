// SPDX-License-Identifier: GPL-2.0-only
#include "live_stuck.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../util/cleanup.h"

#define LOOK_NS 200000000
#define PF_KTHREAD 0x00200000u	/* include/linux/sched.h */

/* What /proc/TID/stat says. */
struct look {
	int tid;
	char comm[16];
	bool is_kthread;
	bool is_ready;		/* or running: state R */
	unsigned int cpu;
	uint64_t ticks;		/* it ran, in user and kernel */
};

struct looks {
	size_t nr;
	struct look *looks;	/* those in state R, by tid */
};

static bool parse_stat(const char *line, struct look *look)
{
	const char *open = strchr(line, '(');
	const char *close = strrchr(line, ')');
	unsigned long user;
	unsigned long kernel;
	unsigned int flags;
	char state;
	size_t length;

	if (!open || !close || close < open)
		return false;
	*look = (struct look){ .tid = atoi(line) };
	length = (size_t)(close - open) - 1;
	memcpy(look->comm, open + 1, length < sizeof(look->comm) ? length : sizeof(look->comm) - 1);
	/* after the name: 3 state, 9 flags, 14 utime, 15 stime, 39 processor */
	if (sscanf(close + 1, " %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d "
		   "%*d %*u %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %u",
		   &state, &flags, &user, &kernel, &look->cpu) != 5)
		return false;
	look->is_ready = state == 'R';
	look->is_kthread = flags & PF_KTHREAD;
	look->ticks = (uint64_t)user + kernel;
	return true;
}

static void look_at(struct looks *looks, const char *tid)
{
	char path[64];
	char line[1024];
	struct look *more;
	struct look look;
	bool is_read;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return;
	is_read = fgets(line, sizeof(line), file);
	fclose(file);
	if (!is_read || !parse_stat(line, &look) || !look.is_ready)
		return;
	more = reallocarray(looks->looks, looks->nr + 1, sizeof(*more));
	if (!more)
		return;
	looks->looks = more;
	more[looks->nr++] = look;
}

/* The leaders of processes: every kernel thread is one, and a hog usually is. */
static void look_around(struct looks *looks)
{
	__cleanup_closedir DIR *processes = opendir("/proc");
	const struct dirent *entry;

	while (processes && (entry = readdir(processes))) {
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			look_at(looks, entry->d_name);
	}
}

static const struct look *find(const struct looks *looks, int tid)
{
	for (size_t i = 0; i < looks->nr; i++) {
		if (looks->looks[i].tid == tid)
			return &looks->looks[i];
	}
	return NULL;
}

/* Who ran most on the CPU; what a CPU without tick ran is not counted in time: then a user thread there. */
static const struct look *find_occupant(const struct looks *before, const struct looks *after,
					unsigned int cpu)
{
	const struct look *most = NULL;
	uint64_t most_ticks = 0;

	for (size_t i = 0; i < after->nr; i++) {
		const struct look *now = &after->looks[i];
		const struct look *then = find(before, now->tid);

		if (!then || now->cpu != cpu || (most && now->ticks - then->ticks <= most_ticks) ||
		    (now->is_kthread && now->ticks == then->ticks))
			continue;
		most = now;
		most_ticks = now->ticks - then->ticks;
	}
	return most;
}

bool live_stuck_find(char *text, size_t size)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	struct looks before = { 0 };
	struct looks after = { 0 };
	bool is_found = false;

	look_around(&before);
	nanosleep(&pause, NULL);
	look_around(&after);
	for (size_t i = 0; i < after.nr && !is_found; i++) {
		const struct look *now = &after.looks[i];
		const struct look *then = find(&before, now->tid);
		const struct look *occupant;

		if (!now->is_kthread || !then || then->ticks != now->ticks || then->cpu != now->cpu)
			continue;
		is_found = true;
		occupant = find_occupant(&before, &after, now->cpu);
		if (occupant)
			snprintf(text, size, "CPU %u, where %s is ready and does not run while %s "
				 "(tid %d) does", now->cpu, now->comm, occupant->comm, occupant->tid);
		else
			snprintf(text, size, "CPU %u, where %s is ready and does not run", now->cpu,
				 now->comm);
	}
	free(before.looks);
	free(after.looks);
	return is_found;
}
