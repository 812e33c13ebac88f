// SPDX-License-Identifier: GPL-2.0-only
#include "cpus_on.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 4096	/* sysfs writes no more */

static bool read_list(const struct cpus_on *cpus, struct cpu_list *ret)
{
	char text[TEXT_MAX];
	ssize_t length = pread(cpus->fd, text, sizeof(text) - 1, 0);

	if (length <= 0)
		return false;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return !parse_cpus(text, ret);
}

void cpus_on_open(struct cpus_on *cpus, const char *path)
{
	*cpus = (struct cpus_on){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
	if (cpus->fd >= 0 && !read_list(cpus, &cpus->on))
		cpus_on_close(cpus);
}

void cpus_on_close(struct cpus_on *cpus)
{
	if (cpus->fd >= 0)
		close(cpus->fd);
	cpus->fd = -1;
}

void cpus_on_look(struct cpus_on *cpus, uint64_t now_at, void (*tell)(uint32_t cpu, bool is_on, void *arg),
		  void *arg)
{
	struct cpu_list on;

	if (cpus->fd < 0 || now_at - cpus->looked_at < CPUS_ON_PAUSE_NS)
		return;
	cpus->looked_at = now_at;
	if (!read_list(cpus, &on))
		return;
	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++) {
		if (parse_cpus_has(&on, cpu) != parse_cpus_has(&cpus->on, cpu))
			tell(cpu, parse_cpus_has(&on, cpu), arg);
	}
	cpus->on = on;
}
