// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack_look cpu N | tid N ...: the kernel stacks of who has a CPU, or of a thread that does not run, and how
 * long it took to get them. Without arguments it opens what top and hist open, waits for a line on standard
 * input, and says how much time of a CPU it took meanwhile.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitor/stacks.h"
#include "util/error.h"
#include "view/format.h"

#define TIMEOUT_MS 200

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void look(struct stacks *stacks, const char *what, const char *number)
{
	uint64_t began_at = now(CLOCK_MONOTONIC);
	struct stacks_frames frames;

	if (!strcmp(what, "cpu"))
		stacks_of_occupant(stacks, (uint32_t)atoi(number), TIMEOUT_MS, &frames);
	else
		stacks_of_sleeper(stacks, STACKS_WAITER, atoi(number), UINT32_MAX, TIMEOUT_MS, &frames);
	printf("%s %s: %s %s, %" PRIu64 " us\n", what, number, stacks_kind_name(frames.kind),
	       format_thread(frames.comm, frames.tid).text, (now(CLOCK_MONOTONIC) - began_at) / 1000);
	for (uint32_t i = 0; i < frames.nr_frames; i++)
		printf("  %s\n", format_name(frames.frames[i]).text);
	if (*frames.why)
		printf("  (%s)\n", format_name(frames.why).text);
}

int main(int argc, char **argv)
{
	struct stacks *stacks;
	struct error err;
	uint64_t began_at;

	if (stacks_create(NULL, &stacks, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
	for (int i = 1; i + 1 < argc; i += 2)
		look(stacks, argv[i], argv[i + 1]);
	if (argc == 1) {
		printf("open\n");
		fflush(stdout);
		began_at = now(CLOCK_PROCESS_CPUTIME_ID);
		getchar();
		printf("idle: %" PRIu64 " us\n", (now(CLOCK_PROCESS_CPUTIME_ID) - began_at) / 1000);
	}
	stacks_destroy(stacks);
	return 0;
}
