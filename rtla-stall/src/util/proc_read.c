// SPDX-License-Identifier: GPL-2.0-only
#include "proc_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_MAX 1024u
/* include/linux/sched.h */
#define PF_WQ_WORKER 0x00000020u
#define PF_KTHREAD 0x00200000u
#define PF_NO_SETAFFINITY 0x04000000u
#define PRIO_OF_SHOWN 100	/* field 18 is prio less this */

/* Fields of a stat file behind the name, counted from the state, which is the third. */
enum stat_field {
	FIELD_FLAGS = 9 - 3,
	FIELD_PRIORITY = 18 - 3,
	FIELD_NICE = 19 - 3,
	FIELD_NUM_THREADS = 20 - 3,
	FIELD_START_TIME = 22 - 3,
	FIELD_PROCESSOR = 39 - 3,
	FIELD_RT_PRIORITY = 40 - 3,
	FIELD_POLICY = 41 - 3,
	NR_FIELDS
};

int proc_read_file(int proc_fd, const char *path, char *room, size_t size)
{
	int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	int code = 0;

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (length + 1 < size) {
		ssize_t got = read(fd, room + length, size - 1 - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			code = -errno;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	close(fd);
	if (code)
		return code;
	room[length] = '\0';
	return (int)length;
}

/* "R-md+md", from behind the dash on */
static size_t rescuer_length(const char *shown, size_t length, size_t name_at)
{
	for (size_t at = name_at; at < length; at++) {
		size_t name_length = at - name_at;

		if ((shown[at] == '+' || shown[at] == '-') && at + 1 + name_length == length &&
		    !memcmp(shown + at + 1, shown + name_at, name_length))
			return at;
	}
	return length;
}

size_t proc_read_worker_length(const char *shown, size_t length)
{
	static const char rescuer[] = "kworker/R-";
	size_t at = 0;

	if (length >= sizeof(rescuer) - 1 && !memcmp(shown, rescuer, sizeof(rescuer) - 1))
		return rescuer_length(shown, length, sizeof(rescuer) - 1);
	while (at < length && shown[at] != '-' && shown[at] != '+')
		at++;
	return at;
}

static void take_comm(const char *shown, size_t length, struct proc_thread *ret)
{
	if (ret->is_worker)
		length = proc_read_worker_length(shown, length);
	if (length > COMM_LEN - 1)
		length = COMM_LEN - 1;
	memset(ret->comm, 0, COMM_LEN);
	memcpy(ret->comm, shown, length);
}

bool proc_read_parse_stat(const char *text, size_t length, struct proc_thread *ret)
{
	const char *open = memchr(text, '(', length);
	const char *close = memrchr(text, ')', length);
	long long fields[NR_FIELDS];
	const char *at;
	char *end;

	if (!open || !close || close < open || close + 3 > text + length)
		return false;
	ret->tid = (int32_t)strtol(text, NULL, 10);
	ret->state = close[2];
	at = close + 3;
	for (int i = 1; i < NR_FIELDS; i++) {
		fields[i] = (long long)strtoull(at, &end, 10);
		if (end == at)
			return false;
		at = end;
	}
	ret->is_kthread = fields[FIELD_FLAGS] & PF_KTHREAD;
	ret->is_worker = ret->is_kthread && fields[FIELD_FLAGS] & PF_WQ_WORKER;
	ret->is_bound = fields[FIELD_FLAGS] & PF_NO_SETAFFINITY;
	ret->prio = (int32_t)fields[FIELD_PRIORITY] + PRIO_OF_SHOWN;
	ret->nice = (int32_t)fields[FIELD_NICE];
	ret->nr_threads = (uint32_t)fields[FIELD_NUM_THREADS];
	ret->start_ticks = (uint64_t)fields[FIELD_START_TIME];
	ret->cpu = (uint32_t)fields[FIELD_PROCESSOR];
	ret->rt_priority = (uint32_t)fields[FIELD_RT_PRIORITY];
	ret->policy = (uint32_t)fields[FIELD_POLICY];
	take_comm(open + 1, (size_t)(close - open - 1), ret);
	return true;
}

static int read_stat(int proc_fd, const char *path, struct proc_thread *ret)
{
	char text[STAT_MAX];
	int length = proc_read_file(proc_fd, path, text, sizeof(text));
	if (length < 0)
		return length;
	*ret = (struct proc_thread){ 0 };
	return proc_read_parse_stat(text, (size_t)length, ret) ? 0 : -EINVAL;
}

int proc_read_stat(int proc_fd, int32_t tid, struct proc_thread *ret)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/stat", tid);
	return read_stat(proc_fd, path, ret);
}

int proc_read_task_stat(int proc_fd, int32_t tid, struct proc_thread *ret)
{
	char path[48];

	snprintf(path, sizeof(path), "%d/task/%d/stat", tid, tid);
	return read_stat(proc_fd, path, ret);
}

int proc_read_runs(int proc_fd, int32_t tid, struct proc_thread *ret)
{
	unsigned long long numbers[3];
	char path[32];
	char text[128];
	const char *at = text;
	int length;

	snprintf(path, sizeof(path), "%d/schedstat", tid);
	length = proc_read_file(proc_fd, path, text, sizeof(text));
	if (length < 0)
		return length;
	for (int i = 0; i < 3; i++) {
		char *end;

		numbers[i] = strtoull(at, &end, 10);
		if (end == at)
			return -ENOTSUP;
		at = end;
	}
	ret->run_ns = numbers[0];
	ret->nr_switched_in = numbers[2];
	/* a kernel without the numbers shows zeros; whoever asks has been switched in */
	return 0;
}

/* Among what it shows is CPU time, of the thread and not of its process: the kernel does its sums for it. */
static void have_charged(int proc_fd, int32_t tid)
{
	char path[64];
	char text[STAT_MAX];
	int length;

	snprintf(path, sizeof(path), "%d/task/%d/stat", tid, tid);
	length = proc_read_file(proc_fd, path, text, sizeof(text));
	(void)length;
}

int proc_read_runs_now(int proc_fd, int32_t tid, struct proc_thread *ret)
{
	if (!ret->is_worker)
		have_charged(proc_fd, tid);
	return proc_read_runs(proc_fd, tid, ret);
}
