// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trace.dat source against libtracecmd, record by record, on real recordings: the same number, in
 * the same order, with the same times, CPUs and threads; and as converted to version 6 where trace-cmd
 * is installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <trace-cmd.h>

#include "source/source.h"
#include "util/error.h"
#include "util/names.h"

static const char *const samples[] = {
	"sample-traces/kworker-starved-6.1-rt.dat",
	"sample-traces/osnoise-sched-6.1-rt.dat",
	"sample-traces/timerlat-sched-6.1-rt.dat",
};

/* libtracecmd 1.3.1 leaks the name of the clock; that is not what is tested here. */
const char *__asan_default_options(void);	/* NOLINT: the sanitizer's name */
const char *__asan_default_options(void)	/* NOLINT */
{
	return "detect_leaks=0";
}

struct comparison {
	struct source *source;
	uint64_t nr_records;
};

static int compare_record(struct tracecmd_input *input, struct tep_record *record, int cpu, void *arg)
{
	struct comparison *comparison = arg;
	struct event event;

	do {
		assert_int_equal(source_next(comparison->source, &event, NULL), 1);
	} while (event.type == EVENT_LOSS);
	comparison->nr_records++;
	assert_int_equal(event.cpu, cpu);
	assert_int_equal(event.at, record->ts);
	assert_int_equal(event.tid, tep_data_pid(tracecmd_get_tep(input), record));
	return 0;
}

static void compare_file(const char *path)
{
	struct source_options options = { .names = names_create() };
	struct comparison comparison = { 0 };
	struct tracecmd_input *input;
	struct event event;
	struct error err;

	assert_non_null(options.names);
	assert_int_equal(source_open(path, &options, &comparison.source, &err), 0);
	input = tracecmd_open(path, TRACECMD_FL_LOAD_NO_PLUGINS);
	assert_non_null(input);
	assert_int_equal(tracecmd_iterate_events(input, NULL, 0, compare_record, &comparison), 0);
	assert_int_equal(source_next(comparison.source, &event, &err), 0);
	assert_true(comparison.nr_records > 1000);
	assert_int_equal(comparison.source->info.nr_events, comparison.nr_records);
	assert_int_equal(comparison.source->info.odd[SOURCE_ODD_BAD_PAGE], 0);
	assert_false(comparison.source->info.is_truncated);
	tracecmd_close(input);
	source_close(comparison.source);
	names_destroy(options.names);
}

static void test_same_records_in_the_same_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		compare_file(samples[i]);
}

static void test_same_records_after_conversion(void **state)
{
	static const char *const ways[] = {
		"--file-version 6", "--file-version 7 --compression none",
	};
	char path[] = "/tmp/test_dat_reference.XXXXXX";
	char command[512];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		for (size_t j = 0; j < sizeof(samples) / sizeof(samples[0]); j++) {
			snprintf(command, sizeof(command),
				 "trace-cmd convert %s -i %s -o %s >/dev/null 2>&1", ways[i], samples[j],
				 path);
			if (system(command)) {	/* NOLINT: a constant and names of ours */
				unlink(path);
				skip();
			}
			compare_file(path);
		}
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_records_in_the_same_order),
		cmocka_unit_test(test_same_records_after_conversion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
