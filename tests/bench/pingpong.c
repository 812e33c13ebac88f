// SPDX-License-Identifier: GPL-2.0-only
/*
 * pingpong CPU LOOPS_PER_S SECONDS
 *
 * Two processes on one CPU pass a byte to and fro: two switches a loop, so many loops a second, in a batch
 * every millisecond; 0: as many as can be. Prints how many there were, and ns per loop while it was at it.
 */
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define BATCH_NS 1000000
#define NS_PER_S 1000000000ull

static uint64_t now_at(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t at)
{
	const struct timespec until = { .tv_sec = (time_t)(at / NS_PER_S), .tv_nsec = (long)(at % NS_PER_S) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (end == text || *end)
		errx(1, "not a number: %s", text);
	return value;
}

static void pass(int from, int to)
{
	char byte;

	if (read(from, &byte, 1) != 1 || write(to, &byte, 1) != 1)
		exit(0);	/* the other one is gone */
}

static void loop(int to, int from)
{
	char byte = 0;

	if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
		err(1, "pipe");
}

int main(int argc, char **argv)
{
	uint64_t loops_per_s, end_at, began_at, due_at, loops = 0, busy_ns = 0;
	int there[2], back[2];
	cpu_set_t cpus;
	pid_t child;

	if (argc != 4)
		errx(1, "usage: pingpong CPU LOOPS_PER_S SECONDS");
	loops_per_s = number(argv[2]);
	CPU_ZERO(&cpus);
	CPU_SET(number(argv[1]), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || pipe(there) || pipe(back))
		err(1, "CPU %s, or pipes", argv[1]);
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pass(there[0], back[1]);
	}
	began_at = due_at = now_at();
	end_at = began_at + number(argv[3]) * NS_PER_S;
	while (due_at < end_at && now_at() < end_at) {
		uint64_t batch_at = now_at();
		uint64_t wanted =
			loops_per_s ? (due_at + BATCH_NS - began_at) * loops_per_s / NS_PER_S : UINT64_MAX;

		while (loops < wanted && now_at() < (loops_per_s ? end_at : batch_at + BATCH_NS)) {
			loop(there[1], back[0]);
			loops++;
		}
		busy_ns += now_at() - batch_at;
		due_at += BATCH_NS;
		if (loops_per_s)
			sleep_until(due_at);
		else
			due_at = now_at();
	}
	kill(child, SIGKILL);
	printf("%llu %llu\n", (unsigned long long)loops, (unsigned long long)(loops ? busy_ns / loops : 0));
	return 0;
}
