// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "bench.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CONTROL "/proc/stallbench"
#define AWAIT_MS 60000
#define GAP_NS 3000

uint64_t bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t bench_number(const char *text)
{
	uint64_t number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || *end)
		errx(1, "not a number: %s", text);
	return number;
}

int bench_tid(void)
{
	return (int)syscall(SYS_gettid);
}

bool bench_is_asleep(int tid)
{
	char path[64], text[256], *state;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	state = strrchr(text, ')');
	return state && state[2] == 'S';
}

static void set_cpu(int cpu)
{
	unsigned long mask = 1UL << cpu;

	if (syscall(SYS_sched_setaffinity, 0, sizeof(mask), &mask) < 0)
		err(1, "CPU %d", cpu);
}

static void set_policy(const char *policy)
{
	struct sched_attr attr = { .size = sizeof(attr) };
	unsigned long long runtime_us, period_us;
	unsigned int priority;

	if (!strcmp(policy, "other")) {
		attr.sched_policy = SCHED_NORMAL;
	} else if (!strcmp(policy, "batch")) {
		attr.sched_policy = SCHED_BATCH;
	} else if (!strcmp(policy, "idle")) {
		attr.sched_policy = SCHED_IDLE;
	} else if (sscanf(policy, "fifo:%u", &priority) == 1) {
		attr.sched_policy = SCHED_FIFO;
		attr.sched_priority = priority;
	} else if (sscanf(policy, "rr:%u", &priority) == 1) {
		attr.sched_policy = SCHED_RR;
		attr.sched_priority = priority;
	} else if (sscanf(policy, "deadline:%llu:%llu", &runtime_us, &period_us) == 2) {
		attr.sched_policy = SCHED_DEADLINE;
		attr.sched_runtime = runtime_us * 1000;
		attr.sched_period = period_us * 1000;
		attr.sched_deadline = attr.sched_period;
	} else {
		errx(1, "not a policy: %s", policy);
	}
	if (syscall(SYS_sched_setattr, 0, &attr, 0) < 0)
		err(1, "policy %s", policy);
}

void bench_place(const char *name, int cpu, const char *policy)
{
	prctl(PR_SET_NAME, name);
	set_cpu(cpu);
	set_policy(policy);
	printf("thread %s %d\n", name, bench_tid());
}

static void command(const char *text)
{
	int fd = open(CONTROL, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s: %s", CONTROL, text);
	close(fd);
}

void bench_stamp(const char *name, const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "stamp %s.%s", name, what);
	command(text);
}

void bench_await(const char *label)
{
	char text[128];

	snprintf(text, sizeof(text), "await %s %d", label, AWAIT_MS);
	command(text);
}

uint64_t bench_find(const char *label)
{
	static char text[256 * 1024];
	int fd = open(CONTROL, O_RDONLY | O_CLOEXEC);
	char line[128], *found;
	ssize_t len = 0, n;

	if (fd < 0)
		err(1, "%s", CONTROL);
	while ((n = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	snprintf(line, sizeof(line), "at %s ", label);
	found = strstr(text, line);
	return found ? strtoull(found + strlen(line), NULL, 10) : 0;
}

void bench_print_at(const char *name, const char *what, int i, uint64_t at)
{
	if (i >= 0)
		printf("at %s.%d.%s %" PRIu64 " 0 -1\n", name, i, what, at);
	else
		printf("at %s.%s %" PRIu64 " 0 -1\n", name, what, at);
}

uint64_t bench_spin_until(uint64_t at)
{
	uint64_t last_at = bench_now(), now, gap_ns = 0;

	while ((now = bench_now()) < at) {
		if (now - last_at > GAP_NS)
			gap_ns += now - last_at;
		last_at = now;
	}
	return gap_ns;
}
