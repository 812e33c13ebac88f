// SPDX-License-Identifier: GPL-2.0-only
/*
 * crowd CPU POLICY COUNT MS [WORK_US]
 *
 * COUNT threads, crowd-0 and so on, that go to CPU one after the other, the next one when the kernel says
 * that the one before is there. Each waits there until it is let in, works for WORK_US (default 100), and
 * sleeps. After MS, or when all have run, a line for each is printed:
 *
 *     crowd-N tid TID asked NS ran NS policy N priority N
 *
 * asked: just before it went there; ran: when it was on that CPU for the first time, 0: never; both on
 * CLOCK_MONOTONIC. Policy and priority are what the kernel says when all is over.
 */
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define MAX_COUNT 4096
#define STACK_BYTES 65536

static struct member {
	pthread_t thread;
	sem_t go;
	volatile int tid;
	volatile uint64_t asked_at, ran_at;
	int number;
} members[MAX_COUNT];

static struct sched_param param;
static uint64_t work_ns = 100000;
static sem_t over;
static int cpu, policy;

/* Field 39 of its stat: the CPU it is queued on. */
static int cpu_of(int tid)
{
	char path[64], text[1024], *at;
	ssize_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (!file)
		err(1, "%s", path);
	len = (ssize_t)fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; at && field < 39; field++)
		at = strchr(at + 1, ' ');
	return at ? atoi(at) : -1;
}

static void *member_main(void *arg)
{
	struct member *member = arg;
	char name[16];
	cpu_set_t cpus;

	snprintf(name, sizeof(name), "crowd-%d", member->number);
	pthread_setname_np(pthread_self(), name);
	member->tid = bench_tid();
	while (sem_wait(&member->go))
		;
	if (sched_setscheduler(0, policy, &param))
		err(1, "%s: policy", name);
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	member->asked_at = bench_now();
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "%s: CPU %d", name, cpu);
	member->ran_at = bench_now();
	bench_spin_until(member->ran_at + work_ns);
	while (sem_wait(&over))
		;
	return NULL;
}

static void start(struct member *member, int number)
{
	pthread_attr_t attr;

	member->number = number;
	sem_init(&member->go, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (pthread_create(&member->thread, &attr, member_main, member))
		errx(1, "cannot start a thread");
	while (!member->tid)
		usleep(100);
}

static int nr_ran(int count)
{
	int nr = 0;

	for (int i = 0; i < count; i++)
		nr += members[i].ran_at != 0;
	return nr;
}

static void place(const char *text)
{
	if (!strncmp(text, "fifo:", 5)) {
		policy = SCHED_FIFO;
		param.sched_priority = (int)bench_number(text + 5);
	} else if (strcmp(text, "other")) {
		errx(1, "%s: fifo:N or other", text);
	}
}

int main(int argc, char **argv)
{
	uint64_t end_at;
	int count;

	if (argc < 5)
		errx(1, "usage: crowd CPU POLICY COUNT MS [WORK_US]");
	cpu = (int)bench_number(argv[1]);
	place(argv[2]);
	count = (int)bench_number(argv[3]);
	end_at = bench_now() + bench_number(argv[4]) * 1000000;
	if (argc > 5)
		work_ns = bench_number(argv[5]) * 1000;
	if (count < 1 || count > MAX_COUNT)
		errx(1, "1 to %d threads", MAX_COUNT);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	sem_init(&over, 0, 0);
	for (int i = 0; i < count; i++)
		start(&members[i], i);
	for (int i = 0; i < count; i++) {
		sem_post(&members[i].go);
		while ((!members[i].asked_at || cpu_of(members[i].tid) != cpu) && bench_now() < end_at)
			usleep(100);
	}
	while (nr_ran(count) < count && bench_now() < end_at)
		usleep(2000);
	/* who was lent something may have to give it back yet */
	sleep(1);
	for (int i = 0; i < count; i++) {
		struct sched_param now;

		if (sched_getparam(members[i].tid, &now))
			err(1, "crowd-%d", i);
		printf("crowd-%d tid %d asked %llu ran %llu policy %d priority %d\n", i, members[i].tid,
		       (unsigned long long)members[i].asked_at, (unsigned long long)members[i].ran_at,
		       sched_getscheduler(members[i].tid), now.sched_priority);
	}
	return 0;
}
