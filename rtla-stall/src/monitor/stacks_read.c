// SPDX-License-Identifier: GPL-2.0-only
#include "stacks_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../util/cleanup.h"
#include "stacks.h"

void stacks_read_comm(int32_t tid, char *ret)
{
	__cleanup_fclose FILE *file = NULL;
	char path[64];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/comm", tid);
	file = fopen(path, "re");
	length = file ? fread(ret, 1, 15, file) : 0;
	ret[length] = '\0';
	/* The last byte is the kernel's, the ones before may be anything. */
	if (length && ret[length - 1] == '\n')
		ret[length - 1] = '\0';
}

static void add_frame(struct stacks_frames *stack, const char *name, size_t length)
{
	if (stack->nr_frames < STACKS_MAX_FRAMES)
		snprintf(stack->frames[stack->nr_frames++], SYMBOLS_MAX_NAME, "%.*s", (int)length, name);
}

/* "[<0>] worker_thread+0x1c4/0x340 [module]" */
static void take_line(struct stacks_frames *stack, char *line)
{
	char *name = strstr(line, "] ");
	char frame[SYMBOLS_MAX_NAME];
	const char *module;

	name = name ? name + 2 : line;
	name[strcspn(name, "\n")] = '\0';
	/* where older kernels end every stack */
	if (!*name || !strncmp(name, "0xfffffffffffff", 15))
		return;
	module = strstr(name, " [");
	snprintf(frame, sizeof(frame), "%.*s%s", (int)strcspn(name, "+ "), name, module ? module : "");
	add_frame(stack, frame, strlen(frame));
}

/* One function only, but more is allowed to see it. */
static bool read_wchan(struct stacks_frames *stack)
{
	__cleanup_fclose FILE *file = NULL;
	char path[64];
	char name[SYMBOLS_MAX_NAME] = "";

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/wchan", stack->tid);
	file = fopen(path, "re");
	if (!file || !fgets(name, sizeof(name), file) || !*name || !strcmp(name, "0"))
		return false;
	add_frame(stack, name, strcspn(name, "\n"));
	return true;
}

static void explain(struct stacks_frames *stack, const char *path, int code)
{
	const char *only = "";

	if (!*stack->comm) {
		snprintf(stack->why, sizeof(stack->why), "the thread is gone");
		return;
	}
	if (read_wchan(stack))
		only = "; this is the function it sleeps in";
	if (code == ENOENT)
		snprintf(stack->why, sizeof(stack->why), "this kernel has no %s%s", path, only);
	else if (code == EACCES || code == EPERM)
		snprintf(stack->why, sizeof(stack->why), "%s needs CAP_SYS_ADMIN, or is refused by a "
			 "security module%s", path, only);
	else
		snprintf(stack->why, sizeof(stack->why), "%s: %s%s", path, strerror(code), only);
}

void stacks_read_sleeper(struct stacks_frames *ret)
{
	__cleanup_fclose FILE *file = NULL;
	char path[64];
	char line[256];

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/stack", ret->tid);
	stacks_read_comm(ret->tid, ret->comm);
	errno = 0;
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		take_line(ret, line);
	if (errno)
		explain(ret, path, errno);
	else if (!ret->nr_frames)
		snprintf(ret->why, sizeof(ret->why), "it is running, or in user code: the kernel shows none");
}

static bool place_in_line(const char *line, uint64_t address, char *ret)
{
	const char *name;
	uint64_t from;
	uint64_t to;
	uint64_t offset;
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n", &from, &to, &offset,
		   &at) != 3 || !at || address < from || address >= to)
		return false;
	name = strrchr(line + at, '/');
	if (name)
		snprintf(ret, SYMBOLS_MAX_NAME, "user code in %.64s+0x%" PRIx64, name + 1,
			 address - from + offset);
	else if (line[at])
		snprintf(ret, SYMBOLS_MAX_NAME, "user code in %.64s", line + at);
	else
		snprintf(ret, SYMBOLS_MAX_NAME, "user code in anonymous memory");
	return true;
}

void stacks_read_place(int32_t tgid, uint64_t address, char *ret)
{
	__cleanup_fclose FILE *file = NULL;
	__cleanup_free char *line = NULL;
	size_t size = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/maps", tgid);
	file = fopen(path, "re");
	while (file && getline(&line, &size, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (place_in_line(line, address, ret))
			break;
	}
}

void stacks_read_sample(const struct sample *sample, const struct symbols *symbols,
			struct stacks_frames *ret)
{
	ret->tid = sample->tid;
	ret->is_user = sample->mode == SAMPLE_USER;
	ret->nr_frames = sample->mode == SAMPLE_KERNEL ? sample->nr_frames : 1;
	if (sample->mode == SAMPLE_USER)
		snprintf(ret->frames[0], SYMBOLS_MAX_NAME, "user code");
	if (sample->mode == SAMPLE_GUEST)
		snprintf(ret->frames[0], SYMBOLS_MAX_NAME, "code of a virtual machine");
	if (sample->mode != SAMPLE_KERNEL)
		return;
	for (uint32_t i = 0; i < ret->nr_frames; i++) {
		if (!symbols || !symbols_find(symbols, sample->frames[i], i > 0, ret->frames[i]))
			snprintf(ret->frames[i], SYMBOLS_MAX_NAME, "0x%" PRIx64, sample->frames[i]);
	}
	if (!ret->nr_frames)
		snprintf(ret->why, sizeof(ret->why), "it is in the kernel, and its call chain could not be "
			 "read");
}

/* Return: how many threads its process has; 0 when it is gone */
static unsigned int take_if_suspended(int dir_fd, const char *path, struct stacks_suspended *ret)
{
	unsigned int nr_threads = 0;
	const char *name;
	char line[1024];
	unsigned int cpu;
	ssize_t length;
	char *close;
	char state;
	__cleanup_close int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);

	length = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	if (length <= 0)
		return 0;
	line[length] = '\0';
	name = strchr(line, '(');
	close = strrchr(line, ')');
	/* after the name: 3 state, 20 threads, 39 processor */
	if (!name || !close ||
	    sscanf(close + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u %*d "
		   "%*u %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %u",
		   &state, &nr_threads, &cpu) != 3)
		return 0;
	/* that our own set-up waits is no news */
	if (state == 'D' && strncmp(name + 1, "rtla-stall/", 11) && ret->nr++ < STACKS_MAX_SUSPENDED) {
		*close = '\0';
		ret->threads[ret->nr_kept].tid = atoi(line);
		ret->threads[ret->nr_kept].cpu = cpu;
		snprintf(ret->threads[ret->nr_kept++].comm, sizeof(ret->threads->comm), "%.15s", name + 1);
	}
	return nr_threads;
}

static void take_threads(int proc_fd, const char *process, struct stacks_suspended *ret)
{
	char path[64];
	int fd;
	DIR *dir;
	const struct dirent *entry;

	snprintf(path, sizeof(path), "%.20s/task", process);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.' || !strcmp(entry->d_name, process))
			continue;
		snprintf(path, sizeof(path), "%.20s/stat", entry->d_name);
		take_if_suspended(fd, path, ret);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

bool stacks_read_suspended(struct stacks_suspended *ret)
{
	__cleanup_closedir DIR *proc = opendir("/proc");
	const struct dirent *entry;
	char path[64];

	while (proc && (entry = readdir(proc))) {
		if (*entry->d_name < '0' || *entry->d_name > '9')
			continue;
		snprintf(path, sizeof(path), "%.20s/stat", entry->d_name);
		if (take_if_suspended(dirfd(proc), path, ret) > 1)
			take_threads(dirfd(proc), entry->d_name, ret);
	}
	return proc;
}
