// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/parse.h"

static void times_are_a_number_and_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t plain_ns;
		uint64_t ns;
	} rows[] = {
		{ "0ns", 0, 0 }, { "1ns", 0, 1 }, { "7us", 0, 7000 }, { "10ms", 0, 10000000 },
		{ "2s", 0, 2000000000 }, { "3m", 0, 180000000000 }, { "1h", 0, 3600000000000 },
		{ "1.5s", 0, 1500000000 }, { "0.000000001s", 0, 1 }, { "1.50us", 0, 1500 },
		{ "0.33m", 0, 19800000000 }, { "1.000ns", 0, 1 }, { "5", 1000, 5000 },
		{ "9.668936844", 1000000000, 9668936844 }, { "18446744073709551615ns", 0, UINT64_MAX },
		{ "18446744073.709551615s", 0, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t ns = 4711;

		if (parse_time(rows[i].text, rows[i].plain_ns, &ns) || ns != rows[i].ns)
			fail_msg("%s: %zu", rows[i].text, (size_t)ns);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{ "", -EINVAL }, { "ms", -EINVAL }, { "10xs", -EINVAL }, { "10", -EINVAL },
		{ "-1s", -EINVAL },
		{ "+1s", -EINVAL }, { " 1s", -EINVAL }, { "1 s", -EINVAL }, { "1s ", -EINVAL },
		{ "1.s", -EINVAL }, { ".5s", -EINVAL }, { "1..5s", -EINVAL }, { "0x10s", -EINVAL },
		{ "1e3s", -EINVAL }, { "1S", -EINVAL }, { "1sec", -EINVAL }, { "0.0000000001s", -EINVAL },
		{ "1.5ns", -EINVAL }, { "1.05ns", -EINVAL }, { "inf", -EINVAL }, { "1,5s", -EINVAL },
		{ "18446744073709551616ns", -ERANGE }, { "5124096h", -ERANGE },
		{ "18446744073.709551616s", -ERANGE }, { "99999999999999999999s", -ERANGE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t ns = 4711;
		int result = parse_time(rows[i].text, 0, &ns);

		if (result != rows[i].result || ns != 4711)
			fail_msg("%s: %d", rows[i].text, result);
	}
}

static void cpu_lists_are_read_whole(void **state)
{
	struct cpu_list cpus;

	(void)state;
	assert_int_equal(parse_cpus("0", &cpus), 0);
	assert_int_equal(cpus.bits[0], 1);
	assert_int_equal(parse_cpus("1-3,5,62-65", &cpus), 0);
	assert_int_equal(cpus.bits[0], 0xc00000000000002e);
	assert_int_equal(cpus.bits[1], 3);
	assert_int_equal(parse_cpus("0-16383", &cpus), 0);
	assert_int_equal(cpus.bits[255], UINT64_MAX);
}

static void what_is_no_cpu_list_is_refused(void **state)
{
	static const char *const lists[] = {
		"", ",", "1,", ",1", "-", "1-", "-1", "3-1", "a", "1a", "1-2-3", "0x1", "1 2", " 1",
	};
	struct cpu_list cpus = { { 4711 } };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if (parse_cpus(lists[i], &cpus) != -EINVAL)
			fail_msg("'%s'", lists[i]);
	}
	assert_int_equal(parse_cpus("16384", &cpus), -ERANGE);
	assert_int_equal(parse_cpus("0-99999999999999999999", &cpus), -ERANGE);
	assert_int_equal(cpus.bits[0], 4711);
}

static void counts_are_bounded(void **state)
{
	uint64_t count = 4711;

	(void)state;
	assert_int_equal(parse_count("0", 5, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(parse_count("5", 5, &count), 0);
	assert_int_equal(count, 5);
	assert_int_equal(parse_count("6", 5, &count), -ERANGE);
	assert_int_equal(parse_count("5x", 9, &count), -EINVAL);
	assert_int_equal(parse_count("", 9, &count), -EINVAL);
	assert_int_equal(count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_a_number_and_a_unit),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(cpu_lists_are_read_whole),
		cmocka_unit_test(what_is_no_cpu_list_is_refused),
		cmocka_unit_test(counts_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
