// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which records of lent ranks are kept, and for how long. That an analysis needs them, test_cut.c shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/live_lent.h"

static void set_prio(struct live_lent *lent, uint64_t at, uint32_t cpu, int32_t tid, int32_t old_prio,
		     int32_t new_prio)
{
	const struct event event = {
		.at = at, .cpu = cpu, .type = EVENT_PI_SETPRIO,
		.pi = { .tid = tid, .old_prio = old_prio, .new_prio = new_prio },
	};
	uint8_t record[56];

	memset(record, (int)at, sizeof(record));
	live_lent_add(lent, &event, record, sizeof(record), 0);
}

/* The times of those of a CPU that are to be saved, in @expected, which ends in 0. */
static void check_found(const struct live_lent *lent, uint32_t cpu, uint64_t before_at, uint64_t start_at,
			const uint64_t *expected)
{
	const struct live_lent_record **found = calloc(live_lent_count(lent) + 1, sizeof(*found));
	size_t nr;

	assert_non_null(found);
	nr = live_lent_find(lent, cpu, before_at, start_at, found);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(found[i]->at, expected[i]);
	assert_int_equal(expected[nr], 0);
	free(found);
}

static void all_that_lent_are_found_until_it_is_given_back(void **state)
{
	struct live_lent lent = { 0 };

	(void)state;
	set_prio(&lent, 10, 0, 7, 120, 39);
	set_prio(&lent, 20, 1, 7, 39, 20);
	set_prio(&lent, 30, 0, 7, 20, 39);	/* not all of it */
	set_prio(&lent, 40, 0, 8, 98, 50);
	check_found(&lent, 0, 100, 100, (const uint64_t[]){ 10, 30, 40, 0 });
	check_found(&lent, 1, 100, 100, (const uint64_t[]){ 20, 0 });
	check_found(&lent, 2, 100, 100, (const uint64_t[]){ 0 });
	set_prio(&lent, 110, 1, 7, 39, 120);
	/* what begins before that still needs it */
	check_found(&lent, 0, 100, 100, (const uint64_t[]){ 10, 30, 40, 0 });
	check_found(&lent, 0, 200, 111, (const uint64_t[]){ 40, 0 });
	live_lent_deinit(&lent);
}

static void what_the_pages_have_is_not_found(void **state)
{
	struct live_lent lent = { 0 };

	(void)state;
	set_prio(&lent, 10, 0, 7, 120, 39);
	set_prio(&lent, 20, 0, 8, 120, 39);
	check_found(&lent, 0, 20, 20, (const uint64_t[]){ 10, 0 });
	live_lent_deinit(&lent);
}

static void a_loss_may_have_given_all_back(void **state)
{
	struct live_lent lent = { 0 };

	(void)state;
	set_prio(&lent, 10, 0, 7, 120, 39);
	live_lent_lose(&lent);
	check_found(&lent, 0, 100, 100, (const uint64_t[]){ 0 });
	live_lent_deinit(&lent);
}

static void memory_is_bounded(void **state)
{
	struct live_lent lent = { 0 };
	uint64_t at = 1;

	(void)state;
	for (int32_t i = 0; i < 3 * (int32_t)LIVE_LENT_MAX; i++) {
		set_prio(&lent, at++, 0, 7, 120, 39);
		set_prio(&lent, at++, 0, 7, 39, 120);
	}
	assert_true(live_lent_count(&lent) <= LIVE_LENT_MAX);
	check_found(&lent, 0, at, at - 2, (const uint64_t[]){ at - 2, 0 });
	live_lent_deinit(&lent);
}

static void a_page_holds_the_record_as_it_was(void **state)
{
	const struct live_lent_record *found[1];
	struct live_lent lent = { 0 };
	uint8_t page[4096];
	uint64_t stamp;
	uint64_t used;
	uint32_t head;

	(void)state;
	set_prio(&lent, 77, 0, 7, 120, 39);
	assert_int_equal(live_lent_find(&lent, 0, 100, 100, found), 1);
	live_lent_page(found[0], page, sizeof(page), 8, 8, 16);
	memcpy(&stamp, page, sizeof(stamp));
	memcpy(&used, page + 8, sizeof(used));
	memcpy(&head, page + 16, sizeof(head));
	assert_int_equal(stamp, 77);
	assert_int_equal(used, 4 + 56);
	assert_true(head == 56 / 4 || head == (56u / 4) << 27);	/* by byte order */
	assert_int_equal(page[20], 77);
	assert_int_equal(page[20 + 55], 77);
	assert_int_equal(page[20 + 56], 0);
	live_lent_deinit(&lent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_lent_are_found_until_it_is_given_back),
		cmocka_unit_test(what_the_pages_have_is_not_found),
		cmocka_unit_test(a_loss_may_have_given_all_back),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(a_page_holds_the_record_as_it_was),
	};

	return cmocka_run_group_tests_name("live_lent", tests, NULL, NULL);
}
