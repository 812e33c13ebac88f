// SPDX-License-Identifier: GPL-2.0-only
#include "workload_sched.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/error.h"
#include "../util/parse.h"
#include "monitor_params.h"

#define POLICY_DEADLINE 6
#define FLAG_KTHREAD 0x200000u	/* PF_KTHREAD, in /proc/PID/stat */

/* What the kernel calls struct sched_attr: not every C library has it. */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t rt_priority;
	uint64_t runtime_ns;
	uint64_t deadline_ns;
	uint64_t period_ns;
};

/* ---- affinity --------------------------------------------------------------------------------- */

#define SET_SIZE CPU_ALLOC_SIZE(ENGINE_MAX_CPUS)

int workload_sched_confine(const struct cpu_list *cpus)
{
	cpu_set_t *set = CPU_ALLOC(ENGINE_MAX_CPUS);
	int result = 0;

	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(SET_SIZE, set);
	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++) {
		if (parse_cpus_has(cpus, cpu))
			CPU_SET_S(cpu, SET_SIZE, set);
	}
	if (sched_setaffinity(0, SET_SIZE, set))
		result = -errno;
	CPU_FREE(set);
	return result;
}

int workload_sched_avoid(const struct cpu_list *cpus)
{
	cpu_set_t *set = CPU_ALLOC(ENGINE_MAX_CPUS);
	struct cpu_list rest = { { 0 } };
	uint32_t nr_rest = 0;
	int result = 0;

	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(SET_SIZE, set);
	if (sched_getaffinity(0, SET_SIZE, set))
		result = -errno;
	for (uint32_t cpu = 0; !result && cpu < ENGINE_MAX_CPUS; cpu++) {
		if (!CPU_ISSET_S(cpu, SET_SIZE, set) || parse_cpus_has(cpus, cpu))
			continue;
		rest.bits[cpu / 64] |= UINT64_C(1) << cpu % 64;
		nr_rest++;
	}
	CPU_FREE(set);
	return nr_rest ? workload_sched_confine(&rest) : result;
}

/* ---- -P --------------------------------------------------------------------------------------- */

static const char *why_not(const struct monitor_sched *sched, int code)
{
	if (sched->policy == POLICY_DEADLINE && code == -EPERM)
		return " (SCHED_DEADLINE for a thread that is kept on one CPU needs "
		       "/proc/sys/kernel/sched_rt_runtime_us to be -1)";
	if (sched->policy == POLICY_DEADLINE && code == -EBUSY)
		return " (the CPU has no bandwidth left for SCHED_DEADLINE)";
	if (code == -EPERM)
		return " (it needs CAP_SYS_NICE, and in some cgroups a share of real-time)";
	return "";
}

int workload_sched_apply(pid_t tid, const struct monitor_sched *sched, struct error *err)
{
	const struct attributes attributes = {
		.size = sizeof(attributes),
		.policy = (uint32_t)sched->policy,
		.nice = sched->nice,
		.rt_priority = sched->rt_priority,
		.runtime_ns = sched->runtime_ns,
		.deadline_ns = sched->period_ns,
		.period_ns = sched->period_ns,
	};
	int code;

	if (!syscall(SYS_sched_setattr, tid, &attributes, 0))
		return 0;
	code = -errno;
	return error_set(err, code, "-P: %s%s", strerror(-code), why_not(sched, code));
}

/* ---- the kernel's threads --------------------------------------------------------------------- */

/* Return: false when it is gone */
static bool read_stat(const char *process, char *text, size_t size)
{
	char path[64];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", process);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	fclose(file);
	return length > 0;
}

/* The name is between the first and the last parenthesis, whatever it holds. */
static bool is_thread_of(const char *process, const char *name, const struct cpu_list *cpus)
{
	char text[512];
	const char *begin;
	const char *end;
	unsigned int flags;
	uint32_t cpu;

	if (!read_stat(process, text, sizeof(text)))
		return false;
	begin = strchr(text, '(');
	end = strrchr(text, ')');
	if (!begin || !end || sscanf(end, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1 ||
	    !(flags & FLAG_KTHREAD) || strncmp(begin + 1, name, strlen(name)) ||
	    sscanf(begin + 1 + strlen(name), "/%u)", &cpu) != 1)
		return false;
	return !cpus || (cpu < ENGINE_MAX_CPUS && parse_cpus_has(cpus, cpu));
}

int workload_sched_find(const char *name, const struct cpu_list *cpus,
			int (*found)(pid_t tid, void *arg, struct error *err), void *arg, struct error *err)
{
	__cleanup_closedir DIR *list = opendir("/proc");
	const struct dirent *entry;
	int nr_found = 0;
	int result = 0;

	if (!list)
		return error_set(err, -errno, "/proc: %s", strerror(errno));
	while (!result && (entry = readdir(list))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    !is_thread_of(entry->d_name, name, cpus))
			continue;
		nr_found++;
		result = found((pid_t)strtol(entry->d_name, NULL, 10), arg, err);
	}
	return result ? result : nr_found;
}

/* ---- -C --------------------------------------------------------------------------------------- */

static bool find_mount(char *path, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent entry;
	char room[PATH_MAX];
	bool is_found = false;

	while (mounts && !is_found && getmntent_r(mounts, &entry, room, sizeof(room))) {
		is_found = !strcmp(entry.mnt_type, "cgroup2") && strlen(entry.mnt_dir) < size;
		if (is_found)
			strcpy(path, entry.mnt_dir);
	}
	if (mounts)
		endmntent(mounts);
	return is_found;
}

/* The line of version 2 is "0::/path". */
static bool find_own(char **ret)
{
	__cleanup_fclose FILE *file = fopen("/proc/self/cgroup", "re");
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = '\0';
		memmove(line, line + 3, strlen(line + 3) + 1);
		*ret = line;
		return true;
	}
	free(line);
	return false;
}

int workload_sched_open_cgroup(const char *name, struct error *err)
{
	__cleanup_free char *own = NULL;
	char root[PATH_MAX / 2];
	char path[PATH_MAX];
	struct statfs status;
	int fd;

	if (!find_mount(root, sizeof(root)))
		return error_set(err, -ENOENT, "-C: no cgroup2 file system is mounted");
	if (!name && !find_own(&own))
		return error_set(err, -ENOENT, "-C: /proc/self/cgroup names no cgroup of version 2");
	name = name ? name : own;
	if (snprintf(path, sizeof(path), "%s/%s/cgroup.procs", root, name) >= (int)sizeof(path))
		return error_set(err, -ENAMETOOLONG, "-C %.80s...: %s", name, strerror(ENAMETOOLONG));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, -ENOENT, "-C: there is no cgroup %.80s below %.80s", name, root);
	if (fd < 0)
		return error_set(err, -errno, "-C: %.160s: %s", path, strerror(errno));
	if (!fstatfs(fd, &status) && status.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	close(fd);
	return error_set(err, -EINVAL, "-C: %.160s is no cgroup", path);
}

int workload_sched_move(int cgroup, pid_t tid, struct error *err)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)tid);
	ssize_t written;

	do {
		written = write(cgroup, text, (size_t)length);
	} while (written < 0 && errno == EINTR);
	if (written >= 0)
		return 0;
	/* Threads that are bound to a CPU for good cannot be moved; in 6.1 the tracers' are. */
	return error_set(err, -errno, "-C: moving thread %d: %s%s", (int)tid, strerror(errno),
			 errno == EINVAL && tid ?
			 " (this kernel does not let its tracers' threads be moved)" : "");
}
