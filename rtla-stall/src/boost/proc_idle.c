// SPDX-License-Identifier: GPL-2.0-only
#include "proc_idle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/proc_read.h"

#define CPU_LINE_BYTES 160u

struct cpu_state {
	uint64_t idle_ticks;
	bool was_idle;
};

struct proc_idle {
	uint32_t nr_cpus;
	char *text;		/* of /proc/stat's first lines */
	size_t text_size;
	struct cpu_state cpus[];
};

struct proc_idle *proc_idle_create(uint32_t nr_cpus)
{
	struct proc_idle *idle = calloc(1, sizeof(*idle) + (size_t)nr_cpus * sizeof(*idle->cpus));

	if (!idle)
		return NULL;
	idle->nr_cpus = nr_cpus;
	idle->text_size = ((size_t)nr_cpus + 2) * CPU_LINE_BYTES;
	idle->text = calloc(1, idle->text_size);
	if (idle->text)
		return idle;
	free(idle);
	return NULL;
}

void proc_idle_destroy(struct proc_idle *idle)
{
	if (!idle)
		return;
	free(idle->text);
	free(idle);
}

/* "cpu3 user nice system idle iowait ...": idle time stands still where a CPU is never idle. */
void proc_idle_read(struct proc_idle *idle, int proc_fd)
{
	const char *line;

	for (uint32_t i = 0; i < idle->nr_cpus; i++)
		idle->cpus[i].was_idle = false;
	if (proc_read_file(proc_fd, "stat", idle->text, idle->text_size) < 0)
		return;
	for (line = strchr(idle->text, '\n'); line && !strncmp(line, "\ncpu", 4);
	     line = strchr(line + 1, '\n')) {
		unsigned long long idle_ticks;
		unsigned long long iowait_ticks;
		unsigned int cpu;

		if (sscanf(line, "\ncpu%u %*u %*u %*u %llu %llu", &cpu, &idle_ticks, &iowait_ticks) != 3 ||
		    cpu >= idle->nr_cpus)
			continue;
		idle->cpus[cpu].was_idle = idle_ticks + iowait_ticks != idle->cpus[cpu].idle_ticks;
		idle->cpus[cpu].idle_ticks = idle_ticks + iowait_ticks;
	}
}

bool proc_idle_was_idle(const struct proc_idle *idle, uint32_t cpu)
{
	return cpu < idle->nr_cpus && idle->cpus[cpu].was_idle;
}
