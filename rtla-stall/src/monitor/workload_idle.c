// SPDX-License-Identifier: GPL-2.0-only
#include "workload_idle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/error.h"
#include "../util/guard.h"
#include "../util/parse.h"

#define STATES_MAX 64

int workload_idle_hold_dma(const char *path, uint32_t most_us, struct error *err)
{
	int32_t number = (int32_t)most_us;
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0 && errno == ENOENT)
		return error_set(err, -ENOENT, "--dma-latency: this system has no %s", path);
	if (fd < 0)
		return error_set(err, -errno, "--dma-latency: %s: %s", path, strerror(errno));
	written = write(fd, &number, sizeof(number));
	if (written != (ssize_t)sizeof(number)) {
		int code = written < 0 ? -errno : -EIO;

		close(fd);
		return error_set(err, code, "--dma-latency: %s: writing %d: %s", path, number,
				 strerror(-code));
	}
	return fd;
}

static bool is_off(const char *dir, uint32_t cpu)
{
	char path[PATH_MAX];
	__cleanup_fclose FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/cpu%u/online", dir, cpu);
	file = fopen(path, "re");
	return file && fgetc(file) == '0';
}

static bool is_disabled(const char *path)
{
	__cleanup_fclose FILE *file = fopen(path, "re");

	return file && fgetc(file) == '1';
}

/* States are numbered from 0, without gaps, the deepest last. */
static int limit_cpu(const char *dir, uint32_t cpu, int32_t deepest, struct guard *guard, struct error *err)
{
	char path[PATH_MAX];
	int result = 0;

	snprintf(path, sizeof(path), "%s/cpu%u/cpuidle/state0/disable", dir, cpu);
	if (access(path, F_OK))
		return error_set(err, -ENOTSUP, "--deepest-idle-state: CPU %u has no idle states to choose "
				 "from (%s/cpu%u/cpuidle is missing or empty)", cpu, dir, cpu);
	for (int32_t state = deepest + 1; !result && state < STATES_MAX; state++) {
		snprintf(path, sizeof(path), "%s/cpu%u/cpuidle/state%d/disable", dir, cpu, state);
		if (access(path, F_OK))
			break;
		if (!is_disabled(path))
			result = guard_write(guard, path, "1", NULL, err);
	}
	if (result)
		error_prefix(err, "--deepest-idle-state: ");
	return result;
}

int workload_idle_limit(const char *dir, const struct cpu_list *cpus, int32_t deepest,
			struct guard *guard, struct error *err)
{
	__cleanup_closedir DIR *list = opendir(dir);
	const struct dirent *entry;
	int result = 0;

	if (!list)
		return error_set(err, -errno, "--deepest-idle-state: %s: %s", dir, strerror(errno));
	while (!result && (entry = readdir(list))) {
		uint32_t cpu;
		int end = 0;

		if (sscanf(entry->d_name, "cpu%u%n", &cpu, &end) != 1 || entry->d_name[end] ||
		    cpu >= ENGINE_MAX_CPUS || (cpus && !parse_cpus_has(cpus, cpu)) || is_off(dir, cpu))
			continue;
		result = limit_cpu(dir, cpu, deepest, guard, err);
	}
	return result;
}
