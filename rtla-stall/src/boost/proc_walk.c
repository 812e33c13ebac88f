// SPDX-License-Identifier: GPL-2.0-only
#include "proc_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_OF_DIRECTORY 2	/* fs/proc/base.c, proc_task_getattr(): and one for each thread */

void proc_walk_init(struct proc_walk *walk, int proc_fd)
{
	walk->proc_fd = proc_fd;
	proc_list_init(&walk->processes, proc_fd);
}

static int visit_process(struct proc_walk *walk, int32_t tgid, proc_walk_visit visit, void *arg)
{
	bool has_threads = false;
	int result = visit(tgid, &has_threads, arg);
	char path[32];
	int32_t tid;
	int fd;

	if (result || !has_threads)
		return result;
	snprintf(path, sizeof(path), "%d/task", tgid);
	fd = openat(walk->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	proc_list_init(&walk->threads, fd);
	while (!result && (tid = proc_list_next(&walk->threads)) > 0) {
		if (tid != tgid)
			result = visit(tid, NULL, arg);
	}
	close(fd);
	return result;
}

int proc_walk_all(struct proc_walk *walk, proc_walk_visit visit, void *arg)
{
	int result = proc_list_rewind(&walk->processes);
	int32_t tgid = 0;

	while (!result && (tgid = proc_list_next(&walk->processes)) > 0)
		result = visit_process(walk, tgid, visit, arg);
	return result ? result : tgid;
}

uint32_t proc_walk_nr_threads(const struct proc_walk *walk, int32_t tgid)
{
	struct stat about;
	char path[32];

	snprintf(path, sizeof(path), "%d/task", tgid);
	if (fstatat(walk->proc_fd, path, &about, 0) || about.st_nlink <= LINKS_OF_DIRECTORY)
		return 0;
	return (uint32_t)about.st_nlink - LINKS_OF_DIRECTORY;
}
