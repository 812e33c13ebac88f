// SPDX-License-Identifier: GPL-2.0-only
/*
 * pichain CPU LINKS MS LABEL
 *
 * A chain of PI mutexes. Thread pi-low (FIFO 5 on CPU) holds mutex 0; pi-mid1 (FIFO 6) holds mutex 1 and
 * waits for mutex 0, and so on for LINKS links, until pi-high (FIFO 60) waits for the last. All but
 * pi-low live on CPU 1. When /proc shows pi-high asleep, pi-low, which now has its rank, keeps its CPU until
 * MS after LABEL was noted, then lets go.
 *
 * The module notes pi-high.blocks (about to wait), pi-low.spins, pi-low.unlocks; printed: pi-high.got.
 */
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

#define MAX_LINKS 8

static pthread_mutex_t mutexes[MAX_LINKS];
static const char *label;
static int cpu, nr_links;
static uint64_t hold_ns, got_at;
static volatile int high_tid;

static void mutex_init_pi(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(mutex, &attr);
}

/* Low: holds mutex 0 until the label's time is over, spinning. */
static void *low_main(void *unused)
{
	uint64_t gap_ns;

	(void)unused;
	bench_place("pi-low", cpu, "fifo:5");
	pthread_mutex_lock(&mutexes[0]);
	bench_stamp("pi-low", "locked");
	bench_await("pi-high.blocked");
	bench_stamp("pi-low", "spins");
	while (!bench_find(label))
		;
	gap_ns = bench_spin_until(bench_find(label) + hold_ns);
	bench_stamp("pi-low", "unlocks");
	pthread_mutex_unlock(&mutexes[0]);
	printf("value pi-low.gaps %llu\n", (unsigned long long)gap_ns);
	return NULL;
}

/* A link of the chain: holds mutex i, waits for mutex i - 1. */
static void *link_main(void *arg)
{
	int i = (int)(intptr_t)arg;
	char name[32], policy[32];

	snprintf(name, sizeof(name), "pi-mid%d", i);
	snprintf(policy, sizeof(policy), "fifo:%d", 5 + i);
	bench_place(name, 1, policy);
	pthread_mutex_lock(&mutexes[i]);
	bench_stamp(name, "blocks");
	pthread_mutex_lock(&mutexes[i - 1]);
	pthread_mutex_unlock(&mutexes[i - 1]);
	pthread_mutex_unlock(&mutexes[i]);
	return NULL;
}

static void *high_main(void *unused)
{
	(void)unused;
	bench_place("pi-high", 1, "fifo:60");
	high_tid = bench_tid();
	bench_stamp("pi-high", "blocks");
	pthread_mutex_lock(&mutexes[nr_links - 1]);
	got_at = bench_now();
	pthread_mutex_unlock(&mutexes[nr_links - 1]);
	return NULL;
}

static void start(pthread_t *thread, void *(*main_of)(void *), void *arg)
{
	if (pthread_create(thread, NULL, main_of, arg))
		errx(1, "cannot start a thread");
}

int main(int argc, char **argv)
{
	pthread_t threads[MAX_LINKS + 1];
	char awaited[32];
	int i;

	if (argc != 5)
		errx(1, "usage: pichain CPU LINKS MS LABEL");
	cpu = (int)bench_number(argv[1]);
	nr_links = (int)bench_number(argv[2]);
	hold_ns = bench_number(argv[3]) * 1000000;
	label = argv[4];
	if (nr_links < 1 || nr_links > MAX_LINKS)
		errx(1, "1 to %d links", MAX_LINKS);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < nr_links; i++)
		mutex_init_pi(&mutexes[i]);
	start(&threads[0], low_main, NULL);
	bench_await("pi-low.locked");
	for (i = 1; i < nr_links; i++) {
		start(&threads[i], link_main, (void *)(intptr_t)i);
		snprintf(awaited, sizeof(awaited), "pi-mid%d.blocks", i);
		bench_await(awaited);
	}
	start(&threads[nr_links], high_main, NULL);
	bench_await("pi-high.blocks");
	while (!bench_is_asleep(high_tid))
		usleep(1000);
	bench_stamp("pi-high", "blocked");
	for (i = 0; i <= nr_links; i++)
		pthread_join(threads[i], NULL);
	bench_print_at("pi-high", "got", -1, got_at);
	return 0;
}
