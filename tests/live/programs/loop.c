// SPDX-License-Identifier: GPL-2.0-only
/*
 * loop NAME CPU POLICY MS [LABEL [GAP_US]]
 *
 * Keeps a CPU for MS, and until MS after LABEL was noted ("-": none). The kernel module notes NAME.begin
 * and NAME.end. Between them the loop reads the clock all the time: where two readings are more than
 * GAP_US apart it did not run, and NAME.N.gone and NAME.N.back, the readings around it, are printed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

#define NR_GAPS 256
#define LOOK_NS 20000000
#define LIMIT_NS 60000000000

static struct { uint64_t gone_at, back_at; } gaps[NR_GAPS];
static int nr_gaps;
static uint64_t gap_ns = UINT64_MAX;

static void gap_add(uint64_t gone_at, uint64_t back_at)
{
	if (back_at - gone_at <= gap_ns || nr_gaps == NR_GAPS)
		return;
	gaps[nr_gaps].gone_at = gone_at;
	gaps[nr_gaps++].back_at = back_at;
}

int main(int argc, char **argv)
{
	uint64_t began_at, last_at, now, end_at, look_at, ms;
	const char *label = argc > 5 && strcmp(argv[5], "-") ? argv[5] : NULL;
	int i;

	if (argc < 5)
		errx(1, "usage: loop NAME CPU POLICY MS [LABEL [GAP_US]]");
	if (argc > 6)
		gap_ns = bench_number(argv[6]) * 1000;
	ms = bench_number(argv[4]) * 1000000;
	mlockall(MCL_CURRENT | MCL_FUTURE);
	bench_place(argv[1], (int)bench_number(argv[2]), argv[3]);
	fflush(stdout);

	last_at = bench_now();
	bench_stamp(argv[1], "begin");
	began_at = look_at = bench_now();
	end_at = label ? began_at + LIMIT_NS : began_at + ms;
	while ((now = bench_now()) < end_at) {
		gap_add(last_at, now);
		last_at = now;
		if (label && now >= look_at) {
			uint64_t label_at = bench_find(label);

			if (label_at) {
				end_at = (label_at > began_at ? label_at : began_at) + ms;
				label = NULL;
			}
			look_at = now + LOOK_NS;
			last_at = bench_now();
		}
	}
	bench_stamp(argv[1], "end");
	gap_add(last_at, bench_now());
	for (i = 0; i < nr_gaps; i++) {
		bench_print_at(argv[1], "gone", i, gaps[i].gone_at);
		bench_print_at(argv[1], "back", i, gaps[i].back_at);
	}
	return 0;
}
