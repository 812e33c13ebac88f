// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "view/format.h"

static void durations_have_three_decimals(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0.000 us" }, { 1, "0.001 us" }, { 812, "0.812 us" }, { 1000, "1.000 us" },
		{ 999999, "999.999 us" }, { 1000000, "1.000 ms" }, { 1000499, "1.000 ms" },
		{ 1000500, "1.001 ms" }, { 999999499, "999.999 ms" }, { 999999500, "1.000 s" },
		{ 4527589099, "4.528 s" }, { 86400000000000, "86400.000 s" },
		{ UINT64_MAX, "18446744073.710 s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(format_duration(rows[i].ns).text, rows[i].text);
}

static void cells_of_all_units_line_up(void **state)
{
	(void)state;
	assert_string_equal(format_cell(4527589099).text, "4.528 s ");
	assert_string_equal(format_cell(4527589).text, "4.528 ms");
	assert_string_equal(format_limit(10000000).text, "10 ms");
	assert_string_equal(format_limit(1500000000).text, "1.5 s");
	assert_string_equal(format_limit(100000000000).text, "100 s");
	assert_string_equal(format_limit(0).text, "0 us");
}

static void exact_times_keep_every_nanosecond(void **state)
{
	(void)state;
	assert_string_equal(format_seconds(4527589099).text, "4.527589099 s");
	assert_string_equal(format_instant(9668936844).text, "9.668936844");
	assert_string_equal(format_instant(5).text, "0.000000005");
	assert_string_equal(format_instant(UINT64_MAX).text, "18446744073.709551615");
}

static void counts_are_grouped(void **state)
{
	(void)state;
	assert_string_equal(format_count(0).text, "0");
	assert_string_equal(format_count(999).text, "999");
	assert_string_equal(format_count(1000).text, "1,000");
	assert_string_equal(format_count(4012345).text, "4,012,345");
	assert_string_equal(format_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

static void percents_never_round_to_all_or_nothing(void **state)
{
	(void)state;
	assert_string_equal(format_percent(9998, 10000).text, "99.98 %");
	assert_string_equal(format_percent(999999, 1000000).text, "99.99 %");
	assert_string_equal(format_percent(7, 7).text, "100.00 %");
	assert_string_equal(format_percent(0, 7).text, "0.00 %");
	assert_string_equal(format_percent(1, 1000000).text, "<0.01 %");
	assert_string_equal(format_percent(0, 0).text, "-");
	assert_string_equal(format_percent(UINT64_MAX / 2, UINT64_MAX).text, "50.00 %");
}

static void prio_is_shown_in_policy_words(void **state)
{
	(void)state;
	assert_string_equal(format_prio(-1).text, "deadline");
	assert_string_equal(format_prio(0).text, "rt 99");
	assert_string_equal(format_prio(44).text, "rt 55");
	assert_string_equal(format_prio(98).text, "rt 1");
	assert_string_equal(format_prio(99).text, "prio 99");
	assert_string_equal(format_prio(100).text, "fair nice -20");
	assert_string_equal(format_prio(120).text, "fair nice 0");
	assert_string_equal(format_prio(139).text, "fair nice 19");
	assert_string_equal(format_prio(140).text, "prio 140");
	assert_string_equal(format_prio(INT32_MIN).text, "prio -2147483648");
	assert_string_equal(format_prio(PRIO_UNKNOWN).text, "");
}

static void names_cannot_reach_the_terminal(void **state)
{
	char long_name[300];

	(void)state;
	assert_string_equal(format_name("kworker/3:1").text, "kworker/3:1");
	assert_string_equal(format_name("\033[2J\r\n\x7f").text, "\\x1b[2J\\x0d\\x0a\\x7f");
	assert_string_equal(format_name("\xc2\x9b" "31m").text, "\\xc2\\x9b31m");
	assert_string_equal(format_name("caf\xc3\xa9").text, "caf\\xc3\\xa9");
	memset(long_name, '\033', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(strlen(format_name(long_name).text), 60);
	assert_string_equal(format_name(long_name).text + 57, "...");
}

static void culprits_say_what_they_are(void **state)
{
	static const struct {
		struct culprit culprit;
		const char *text;
	} rows[] = {
		{ { CULPRIT_THREAD, 164, "loop-rt" }, "loop-rt (164)" },
		{ { CULPRIT_THREAD, 5, "" }, "<...> (5)" },
		{ { CULPRIT_IRQ, 236, "local_timer" }, "irq local_timer (236)" },
		{ { CULPRIT_IRQ, 9, "" }, "irq 9" },
		{ { CULPRIT_IRQ, -1, "eth0" }, "irq eth0" },
		{ { CULPRIT_IRQ, -1, "" }, "unrecorded irq" },
		{ { CULPRIT_SOFTIRQ, 1, "TIMER" }, "softirq TIMER (1)" },
		{ { CULPRIT_NMI, -1, "nmi" }, "nmi" },
		{ { CULPRIT_IDLE, 3, "idle" }, "idle CPU 3" },
		{ { CULPRIT_UNKNOWN, -1, "" }, "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(format_culprit(&rows[i].culprit).text, rows[i].text);
	assert_string_equal(format_reason(CAUSE_BLOCKING, REASON_NONE).text, "blocking");
	assert_string_equal(format_reason(CAUSE_BLOCKING, REASON_IRQS_OFF).text, "blocking irqs-off");
}

static void utf8_is_told_from_what_is_not(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
		{ "", 0 }, { "a", 1 }, { "\xc3\xa9", 2 }, { "\xe2\x82\xac", 3 }, { "\xf0\x9f\x98\x80", 4 },
		{ "\xc3", 0 }, { "\xe2\x82", 0 }, { "\xf0\x9f\x98", 0 }, { "\x80", 0 }, { "\xff", 0 },
		{ "\xc0\xaf", 0 }, { "\xe0\x80\xaf", 0 }, { "\xf0\x80\x80\xaf", 0 },	/* too long */
		{ "\xed\xa0\x80", 0 },				/* a surrogate */
		{ "\xf4\x90\x80\x80", 0 }, { "\xf5\x80\x80\x80", 0 },	/* beyond U+10FFFF */
		{ "\xf4\x8f\xbf\xbf", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(format_utf8_length(rows[i].bytes, NULL), rows[i].length);
}

static void safe_text_keeps_printable_utf8_where_asked(void **state)
{
	char safe[64];

	(void)state;
	format_safe("caf\xc3\xa9 \xe2\x80\xae \xc2\x9b \xff", true, safe, sizeof(safe));
	assert_string_equal(safe, "caf\xc3\xa9 \\xe2\\x80\\xae \\xc2\\x9b \\xff");
	format_safe("abcdef", true, safe, 4);
	assert_string_equal(safe, "abc");
	format_safe("ab\033", true, safe, 6);	/* an escape is not cut in two */
	assert_string_equal(safe, "ab");
	format_safe("x", true, safe, 1);
	assert_string_equal(safe, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_three_decimals),
		cmocka_unit_test(cells_of_all_units_line_up),
		cmocka_unit_test(exact_times_keep_every_nanosecond),
		cmocka_unit_test(counts_are_grouped),
		cmocka_unit_test(percents_never_round_to_all_or_nothing),
		cmocka_unit_test(prio_is_shown_in_policy_words),
		cmocka_unit_test(names_cannot_reach_the_terminal),
		cmocka_unit_test(culprits_say_what_they_are),
		cmocka_unit_test(utf8_is_told_from_what_is_not),
		cmocka_unit_test(safe_text_keeps_printable_utf8_where_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
