// SPDX-License-Identifier: GPL-2.0-only
/* What enforce says of the machine, and the room it makes for its open files. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "boost/enforce_log.h"
#include "boost/enforce_notice.h"
#include "boost/enforce_params.h"
#include "boost/enforce_self.h"

#define MS UINT64_C(1000000)

static struct enforce_params params;
static struct enforce_notice notice;
static char online_path[] = "/tmp/test_enforce_notice.online.XXXXXX";
static char log_path[] = "/tmp/test_enforce_notice.log.XXXXXX";

static void put_online(const char *text)
{
	FILE *file = fopen(online_path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make(void **state)
{
	static bool is_made;
	char *arguments[] = { "enforce", NULL };

	(void)state;
	if (!is_made && (close(mkstemp(online_path)) || close(mkstemp(log_path))))
		return -1;
	is_made = true;
	put_online("0-3\n");
	if (truncate(log_path, 0) || enforce_params_parse(1, arguments, &params, NULL))
		return -1;
	params.log = (struct enforce_log_targets){ .path = log_path };
	notice = (struct enforce_notice){ 0 };
	if (enforce_log_create(&params, -1, &notice.log, NULL))
		return -1;
	cpus_on_open(&notice.cpus_on, online_path);
	return 0;
}

/* What was said; ends the log. */
static const char *said(void)
{
	static char text[4096];
	FILE *file;
	size_t length;

	enforce_log_destroy(notice.log);
	notice.log = NULL;
	file = fopen(log_path, "r");
	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	return text;
}

static int end(void **state)
{
	(void)state;
	enforce_log_destroy(notice.log);
	cpus_on_close(&notice.cpus_on);
	enforce_params_deinit(&params);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	unlink(online_path);
	unlink(log_path);
	return 0;
}

static void cpu_that_goes_and_comes_back_is_said_once(void **state)
{
	const char *text;

	(void)state;
	put_online("0-1,3\n");
	enforce_notice_cpus(&notice, 1000 * MS);
	enforce_notice_cpus(&notice, 2000 * MS);
	put_online("0-3\n");
	/* not at each call */
	enforce_notice_cpus(&notice, 2001 * MS);
	enforce_notice_cpus(&notice, 2100 * MS);
	enforce_notice_cpus(&notice, 2200 * MS);
	text = said();
	assert_non_null(strstr(text, "CPU 2 went off\n"));
	assert_non_null(strstr(text, "CPU 2 is back\n"));
	assert_int_equal(strchr(strchr(text, '\n') + 1, '\n')[1], '\0');
}

static void cpu_that_is_not_served_is_not_said(void **state)
{
	const struct cpu_list cpus = { .bits = { 1 << 3 } };

	(void)state;
	notice.cpus = &cpus;
	put_online("0-1\n");
	enforce_notice_cpus(&notice, 1000 * MS);
	assert_non_null(strstr(said(), "CPU 3 went off\n"));
	assert_null(strstr(said(), "CPU 2"));
}

static void text_that_is_no_list_is_passed_over(void **state)
{
	(void)state;
	put_online("three\n");
	enforce_notice_cpus(&notice, 1000 * MS);
	assert_string_equal(said(), "");
}

static void hang_is_said_when_it_lasts(void **state)
{
	const char *text;

	(void)state;
	enforce_notice_hang(&notice, true, 1000 * MS);
	enforce_notice_hang(&notice, false, 1020 * MS);
	enforce_notice_hang(&notice, true, 2000 * MS);
	enforce_notice_hang(&notice, true, 2060 * MS);
	enforce_notice_hang(&notice, true, 2070 * MS);
	enforce_notice_hang(&notice, false, 2500 * MS);
	text = said();
	assert_non_null(strstr(text, "reading kernel threads in /proc hangs"));
	assert_non_null(strstr(text, "can be read in /proc again, after 500.000 ms\n"));
	assert_int_equal(strchr(strchr(text, '\n') + 1, '\n')[1], '\0');
}

static long nr_places(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long nr = -1;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) && sscanf(line, "FDSize: %ld", &nr) != 1)
		;
	fclose(file);
	return nr;
}

static void say(const char *words)
{
	fail_msg("%s", words);
}

static void place_for_open_files_is_there_before_they_are(void **state)
{
	struct rlimit limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < 1000)
		skip();
	assert_true(nr_places() < 1000);
	enforce_self_reserve_files(1000, say);
	assert_true(nr_places() >= 1000);
	/* and none of them is taken */
	assert_int_equal(fcntl(999, F_GETFD), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cpu_that_goes_and_comes_back_is_said_once, make, end),
		cmocka_unit_test_setup_teardown(cpu_that_is_not_served_is_not_said, make, end),
		cmocka_unit_test_setup_teardown(text_that_is_no_list_is_passed_over, make, end),
		cmocka_unit_test_setup_teardown(hang_is_said_when_it_lasts, make, end),
		cmocka_unit_test(place_for_open_files_is_there_before_they_are),
	};

	return cmocka_run_group_tests_name("enforce_notice", tests, NULL, remove_files);
}
