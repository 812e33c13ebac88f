// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../rtla-stall/src/util/names.h"

static int set_up(void **state)
{
	*state = names_create();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	names_destroy(*state);
	return 0;
}

static uint32_t add(struct names *names, const char *text)
{
	return names_add(names, text, strlen(text));
}

static void names_same_text_same_number(void **state)
{
	struct names *names = *state;
	uint32_t timer = add(names, "local_timer");
	uint32_t other = add(names, "reschedule");

	assert_int_not_equal(timer, 0);
	assert_int_not_equal(timer, other);
	assert_int_equal(add(names, "local_timer"), timer);
	assert_string_equal(names_get(names, timer), "local_timer");
	assert_string_equal(names_get(names, other), "reschedule");
}

static void names_prefix_is_another_name(void **state)
{
	struct names *names = *state;
	uint32_t whole = add(names, "local_timer");
	uint32_t prefix = names_add(names, "local_timer", 5);

	assert_int_not_equal(prefix, whole);
	assert_string_equal(names_get(names, prefix), "local");
	assert_int_equal(add(names, "local"), prefix);
}

static void names_nothing_is_number_0(void **state)
{
	struct names *names = *state;

	assert_int_equal(add(names, ""), 0);
	assert_int_equal(names_add(names, "abc", 0), 0);
	assert_int_equal(names_add(names, "\0abc", 4), 0);
	assert_string_equal(names_get(names, 0), "");
}

static void names_text_ends_at_its_nul(void **state)
{
	struct names *names = *state;
	uint32_t name = names_add(names, "abc\0def", 7);

	assert_string_equal(names_get(names, name), "abc");
	assert_int_equal(add(names, "abc"), name);
}

static void names_text_need_not_end_in_nul(void **state)
{
	struct names *names = *state;
	char *text = malloc(3);
	uint32_t name;

	assert_non_null(text);
	memcpy(text, "abc", 3);
	name = names_add(names, text, 3);
	memset(text, 'x', 3);
	free(text);
	assert_string_equal(names_get(names, name), "abc");
}

static void names_bytes_are_kept_as_they_are(void **state)
{
	struct names *names = *state;

	assert_string_equal(names_get(names, add(names, "\x1b[2J\xff,\"")), "\x1b[2J\xff,\"");
}

static void names_unknown_number_is_empty(void **state)
{
	struct names *names = *state;
	uint32_t name = add(names, "abc");

	assert_string_equal(names_get(names, name + 1), "");
	assert_string_equal(names_get(names, UINT32_MAX), "");
}

/* Number @i of a family of texts that differ. */
static const char *text_of(uint32_t i)
{
	static char text[32];

	snprintf(text, sizeof(text), "function_%u", i);
	return text;
}

static void names_stay_valid_while_the_table_grows(void **state)
{
	struct names *names = *state;
	const char *first = names_get(names, add(names, "first"));
	uint32_t numbers[5000];

	for (uint32_t i = 0; i < 5000; i++)
		numbers[i] = add(names, text_of(i));
	assert_string_equal(first, "first");
	for (uint32_t i = 0; i < 5000; i++) {
		assert_string_equal(names_get(names, numbers[i]), text_of(i));
		assert_int_equal(add(names, text_of(i)), numbers[i]);
	}
}

static void names_full_table_gives_0_and_keeps_what_it_has(void **state)
{
	struct names *names = *state;
	uint32_t nr = 0;

	while (nr <= NAMES_MAX && add(names, text_of(nr)))
		nr++;
	assert_in_range(nr, NAMES_MAX - 2, NAMES_MAX);
	assert_int_equal(add(names, "one more"), 0);
	assert_string_equal(names_get(names, add(names, text_of(0))), "function_0");
	assert_string_equal(names_get(names, add(names, text_of(nr - 1))), text_of(nr - 1));
}

static void names_text_is_bounded_in_bytes(void **state)
{
	size_t length = NAMES_MAX_BYTES / 2 + 1;
	struct names *names = *state;
	char *text = malloc(length);

	assert_non_null(text);
	memset(text, 'a', length);
	assert_int_not_equal(names_add(names, text, length), 0);
	text[0] = 'b';
	assert_int_equal(names_add(names, text, length), 0);
	assert_int_not_equal(add(names, "small"), 0);
	free(text);
}

static void names_destroy_accepts_null(void **state)
{
	(void)state;
	names_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_same_text_same_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_prefix_is_another_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_nothing_is_number_0, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_text_ends_at_its_nul, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_text_need_not_end_in_nul, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_bytes_are_kept_as_they_are, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_unknown_number_is_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_stay_valid_while_the_table_grows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_full_table_gives_0_and_keeps_what_it_has, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(names_text_is_bounded_in_bytes, set_up, tear_down),
		cmocka_unit_test(names_destroy_accepts_null),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
