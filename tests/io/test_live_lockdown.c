// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/live_lockdown.h"
#include "util/array.h"
#include "util/error.h"

static char path[64];

static int make(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/lockdown.XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int clean(void **state)
{
	(void)state;
	return unlink(path);
}

static bool explains(const char *text, struct error *err)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	error_set(err, -EINVAL, "instances/rtla-stall.1: Invalid argument");
	return live_lockdown_explain(path, err);
}

static void kernel_that_keeps_its_secrets_is_named_as_why(void **state)
{
	struct error err;

	(void)state;
	assert_true(explains("none integrity [confidentiality]\n", &err));
	assert_int_equal(err.code, -EPERM);
	assert_non_null(strstr(err.text, "the kernel is locked down ("));
	assert_non_null(strstr(err.text, "lets nobody trace"));
	assert_non_null(strstr(err.text, "analyze works, and enforce by /proc"));
	assert_null(strstr(err.text, "Invalid argument"));
}

static void other_kernels_have_other_reasons(void **state)
{
	static const char *const others[] = { "none [integrity] confidentiality\n",
					      "[none] integrity confidentiality\n", "", "\n" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < NR_ELEMENTS(others); i++) {
		assert_false(explains(others[i], &err));
		assert_string_equal(err.text, "instances/rtla-stall.1: Invalid argument");
		assert_int_equal(err.code, -EINVAL);
	}
	assert_false(live_lockdown_explain("/nonexistent/lockdown", &err));
	assert_string_equal(err.text, "instances/rtla-stall.1: Invalid argument");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kernel_that_keeps_its_secrets_is_named_as_why, make, clean),
		cmocka_unit_test_setup_teardown(other_kernels_have_other_reasons, make, clean),
	};

	return cmocka_run_group_tests_name("live_lockdown", tests, NULL, NULL);
}
