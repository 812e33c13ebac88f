// SPDX-License-Identifier: GPL-2.0-only
/*
 * waker NAME CPU POLICY WAKER_CPU COUNT US
 *
 * Thread NAME sleeps on CPU; thread NAME-waker (FIFO 70 on WAKER_CPU) wakes it COUNT times through an
 * eventfd, every US us. Printed for each: NAME.N.before, NAME.N.after (around the write that wakes), and
 * NAME.N.ran (when it returned from its read); every 50 wakings the module notes NAME.passed.N, for those who
 * wait for them. The next waking waits for the one before, and until the
 * sleeper is back in its read: /proc says that it sleeps.
 *
 * With WAKER_CPU equal to CPU every waking costs two switches and nothing else; the median time from
 * NAME.N.before to NAME.N.ran is printed as "value switch NS".
 */
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench.h"

#define MAX_COUNT 1000

static struct { uint64_t before_at, after_at, ran_at; } wakes[MAX_COUNT];
static const char *name, *policy;
static int cpu, waker_cpu, count, event_fd;
static useconds_t period_us;
static volatile int sleeper_tid, nr_ran;

static void *sleeper_main(void *unused)
{
	uint64_t value;
	int i;

	(void)unused;
	bench_place(name, cpu, policy);
	sleeper_tid = bench_tid();
	for (i = 0; i < count; i++) {
		if (read(event_fd, &value, sizeof(value)) != sizeof(value))
			err(1, "read");
		wakes[i].ran_at = bench_now();
		nr_ran = i + 1;
	}
	return NULL;
}

static void wake_all(void)
{
	uint64_t one = 1;
	char passed[32];
	int i;

	while (!sleeper_tid)
		usleep(1000);
	for (i = 0; i < count; i++) {
		while (nr_ran != i || !bench_is_asleep(sleeper_tid))
			usleep(200);
		usleep(period_us);
		wakes[i].before_at = bench_now();
		if (write(event_fd, &one, sizeof(one)) != sizeof(one))
			err(1, "write");
		wakes[i].after_at = bench_now();
		if (i && i % 50 == 0) {
			snprintf(passed, sizeof(passed), "passed.%d", i);
			bench_stamp(name, passed);
		}
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	static uint64_t took_ns[MAX_COUNT];
	char waker_name[16];
	pthread_t sleeper;
	int i;

	if (argc != 7)
		errx(1, "usage: waker NAME CPU POLICY WAKER_CPU COUNT US");
	name = argv[1];
	cpu = (int)bench_number(argv[2]);
	policy = argv[3];
	waker_cpu = (int)bench_number(argv[4]);
	count = (int)bench_number(argv[5]);
	period_us = (useconds_t)bench_number(argv[6]);
	event_fd = eventfd(0, EFD_CLOEXEC);
	if (event_fd < 0 || count < 1 || count > MAX_COUNT)
		errx(1, "1 to %d wakings", MAX_COUNT);
	snprintf(waker_name, sizeof(waker_name), "%.9s-waker", name);
	setvbuf(stdout, NULL, _IOLBF, 0);
	bench_place(waker_name, waker_cpu, "fifo:70");
	if (pthread_create(&sleeper, NULL, sleeper_main, NULL))
		errx(1, "cannot start a thread");
	wake_all();
	pthread_join(sleeper, NULL);
	for (i = 0; i < count; i++) {
		bench_print_at(name, "before", i, wakes[i].before_at);
		bench_print_at(name, "after", i, wakes[i].after_at);
		bench_print_at(name, "ran", i, wakes[i].ran_at);
		took_ns[i] = wakes[i].ran_at - wakes[i].before_at;
	}
	qsort(took_ns, (size_t)count, sizeof(took_ns[0]), compare);
	printf("value switch %llu\n", (unsigned long long)took_ns[count / 2]);
	return 0;
}
