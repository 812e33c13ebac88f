// SPDX-License-Identifier: GPL-2.0-only
/*
 * starve NAME CPU fifo:N|other MS: keeps a CPU for MS and reads the clock all the while, so that it knows
 * when it did not have it. Then prints
 *
 *     NAME ran NS lost NS worst NS policy N priority N
 *
 * lost: in all gaps of more than 20 us; worst: the longest; policy and priority: as they are at the end.
 */
#include <err.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#define GAP_NS 20000u

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* First the policy: on its CPU somebody may be who would not let it get that far. */
static void place(const char *name, const char *cpu, const char *policy)
{
	struct sched_param param = { 0 };
	cpu_set_t cpus, before;

	prctl(PR_SET_NAME, name);
	mlockall(MCL_CURRENT);
	if (!strncmp(policy, "fifo:", 5)) {
		param.sched_priority = atoi(policy + 5);
		if (sched_setscheduler(0, SCHED_FIFO, &param))
			err(1, "%s", policy);
	}
	CPU_ZERO(&cpus);
	CPU_SET(atoi(cpu), &cpus);
	/* whoever is SCHED_DEADLINE by now, because it starves there, could not set it */
	if (!sched_getaffinity(0, sizeof(before), &before) && CPU_EQUAL(&before, &cpus))
		return;
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "CPU %s", cpu);
}

int main(int argc, char **argv)
{
	uint64_t end_at, last_at, now, ran_ns = 0, lost_ns = 0, worst_ns = 0;
	struct sched_param param;

	if (argc != 5)
		errx(1, "usage: starve NAME CPU fifo:N|other MS");
	/* getting onto that CPU may take long, too */
	last_at = now_ns();
	place(argv[1], argv[2], argv[3]);
	end_at = last_at + strtoull(argv[4], NULL, 10) * 1000000u;
	do {
		now = now_ns();
		if (now - last_at > GAP_NS)
			lost_ns += now - last_at;
		else
			ran_ns += now - last_at;
		if (now - last_at > worst_ns)
			worst_ns = now - last_at;
		last_at = now;
	} while (now < end_at);
	sched_getparam(0, &param);
	printf("%s ran %llu lost %llu worst %llu policy %d priority %d\n", argv[1],
	       (unsigned long long)ran_ns, (unsigned long long)lost_ns, (unsigned long long)worst_ns,
	       sched_getscheduler(0), param.sched_priority);
	return 0;
}
