// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same recording as trace.dat and as text: every sample is printed by trace-cmd report in three
 * ways, and each text has to give the events of the trace.dat, field by field.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event_words.h"
#include "source/source.h"
#include "util/error.h"
#include "util/names.h"

#define SAMPLES "sample-traces/*.dat"

static const struct {
	const char *options;
	enum event_words words;
} reports[] = {
	/* -l has flags; BH_OFF is newer than trace-cmd 3.1. */
	{ "-t -l -N", EVENT_WORDS_NO_BH },
	{ "-t -N", EVENT_WORDS_NO_FLAGS },
	{ "-t -R", EVENT_WORDS_NO_FLAGS },
	/* The plugin of sched_switch knows no R+. */
	{ "-t", EVENT_WORDS_NO_FLAGS | EVENT_WORDS_NO_LEFT },
};

static FILE *report_of(const char *path, const char *options)
{
	char command[512], block[65536];
	FILE *from, *to = tmpfile();
	size_t nr;

	assert_non_null(to);
	snprintf(command, sizeof(command), "trace-cmd report %s '%s' 2>/dev/null", options, path);
	from = popen(command, "r");
	assert_non_null(from);
	while ((nr = fread(block, 1, sizeof(block), from)) > 0)
		assert_int_equal(fwrite(block, 1, nr, to), nr);
	assert_int_equal(pclose(from), 0);
	rewind(to);
	return to;
}

/* How many events were equal; the first that is not ends the test. */
static uint64_t compare(struct source *dat, struct source *text, const struct names *names,
			enum event_words words)
{
	char expected[1024], got[1024];
	struct event dat_event, text_event;
	struct error err;
	uint64_t nr = 0;
	int dat_result, text_result;

	for (;;) {
		dat_result = source_next(dat, &dat_event, &err);
		text_result = source_next(text, &text_event, &err);
		assert_int_equal(dat_result, text_result);
		if (dat_result <= 0)
			break;
		event_words(&dat_event, names, words, expected, sizeof(expected));
		event_words(&text_event, names, words, got, sizeof(got));
		assert_string_equal(got, expected);
		nr++;
	}
	assert_int_equal(dat_result, 0);
	return nr;
}

static void test_pair(const char *path, const char *options, enum event_words words)
{
	FILE *report = report_of(path, options);
	struct source *dat = NULL, *text = NULL;
	struct names *names = names_create();
	struct source_options source_options = { .names = names };
	struct error err;
	uint64_t nr;

	assert_int_equal(source_open(path, &source_options, &dat, &err), 0);
	assert_int_equal(source_text_open(dup(fileno(report)), "report", &source_options, &text,
					  &err), 0);
	assert_int_equal(text->info.nr_cpus, dat->info.nr_cpus);
	nr = compare(dat, text, names, words);
	assert_true(nr > 0);
	assert_int_equal(text->info.odd[SOURCE_ODD_CUT_LINE], 0);
	assert_int_equal(text->info.nr_events, dat->info.nr_events);
	assert_int_equal(text->info.first_at, dat->info.first_at);
	assert_int_equal(text->info.last_at, dat->info.last_at);
	print_message("# %s: %llu events of report %s\n", path, (unsigned long long)nr, options);
	source_close(text);
	source_close(dat);
	names_destroy(names);
	fclose(report);
}

static void test_pairs(void **state)
{
	glob_t samples;

	(void)state;
	if (system("command -v trace-cmd >/dev/null")) {
		print_message("# trace-cmd is not installed\n");
		skip();
	}
	if (glob(SAMPLES, 0, NULL, &samples)) {
		print_message("# no sample matches %s here\n", SAMPLES);
		skip();
	}
	for (size_t i = 0; i < samples.gl_pathc; i++) {
		for (size_t j = 0; j < sizeof(reports) / sizeof(reports[0]); j++)
			test_pair(samples.gl_pathv[i], reports[j].options, reports[j].words);
	}
	globfree(&samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
