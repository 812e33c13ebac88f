// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracecmd_iterate FILE: walk all records of a trace.dat with libtracecmd, in order of time, and do nothing
 * with them: what reading costs there. Prints how many there are.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <trace-cmd.h>

static int count(struct tracecmd_input *handle, struct tep_record *record, int cpu, void *arg)
{
	uint64_t *nr_records = arg;

	(void)handle;
	(void)record;
	(void)cpu;
	(*nr_records)++;
	return 0;
}

int main(int argc, char **argv)
{
	struct tracecmd_input *handle;
	uint64_t nr_records = 0;
	int err;

	if (argc != 2) {
		fputs("usage: tracecmd_iterate FILE\n", stderr);
		return 129;
	}
	handle = tracecmd_open(argv[1], 0);
	if (!handle) {
		fprintf(stderr, "tracecmd_iterate: %s: cannot be opened\n", argv[1]);
		return 1;
	}
	err = tracecmd_iterate_events(handle, NULL, 0, count, &nr_records);
	tracecmd_close(handle);
	printf("%llu\n", (unsigned long long)nr_records);
	return err < 0;
}
