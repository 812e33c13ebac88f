// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc says of a thread's priority counts for the run in which it was asked, and for no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "monitor/occupants.h"
#include "util/clock.h"
#include "util/names.h"

enum { WAITER = 4000000, OTHER = 4000001, TRACED_PRIO = 49 };

struct bed {
	struct names *names;
	struct engine *eng;
	struct occupants occupants;
	uint64_t switched_in_at;
	uint32_t nr_told;
	struct event told;
};

static void switch_at(struct bed *bed, uint64_t at, int32_t prev, int32_t next, int32_t next_prio)
{
	const struct event event = {
		.at = at, .tid = prev, .type = EVENT_SWITCH,
		.sw = { .prev_tid = prev, .next_tid = next, .prev_prio = 120, .next_prio = next_prio,
			.left = LEFT_SLEEPING, .prev_comm = "prev", .next_comm = "next" },
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static void wake_at(struct bed *bed, uint64_t at)
{
	const struct event event = {
		.at = at, .tid = getpid(), .type = EVENT_WAKING,
		.wake = { .tid = WAITER, .prio = 98, .comm = "waiter" },
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

/* This process, which is of the fair class, is on CPU 0 as one of FIFO 50, as far as the trace tells. */
static void bed_init(struct bed *bed)
{
	struct engine_config config = { 0 };

	*bed = (struct bed){ .names = names_create() };
	config.names = bed->names;
	assert_int_equal(engine_create(&config, &bed->eng), 0);
	bed->switched_in_at = clock_mono_ns() - 2 * OCCUPANTS_LONG_NS;
	switch_at(bed, bed->switched_in_at, 0, getpid(), TRACED_PRIO);
	wake_at(bed, bed->switched_in_at + 1000);
}

static void bed_deinit(struct bed *bed)
{
	engine_destroy(bed->eng);
	names_destroy(bed->names);
}

static int on_told(const struct event *event, void *arg)
{
	struct bed *bed = arg;

	bed->nr_told++;
	bed->told = *event;
	return 0;
}

static void find(struct bed *bed, uint64_t now_at)
{
	assert_int_equal(occupants_find(&bed->occupants, bed->eng, now_at, on_told, bed), 0);
}

static void an_answer_waits_until_the_trace_has_come_to_it(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed);
	find(&bed, clock_mono_ns() - 1000000);
	assert_int_equal(bed.occupants.nr_answers, 1);
	find(&bed, bed.occupants.looked_at - 1);
	assert_int_equal(bed.nr_told, 0);
	find(&bed, bed.occupants.looked_at + 1);
	assert_int_equal(bed.nr_told, 1);
	assert_int_equal(bed.told.type, EVENT_FOUND_RUNNING);
	assert_int_equal(bed.told.found.tid, getpid());
	assert_int_equal(bed.told.found.prio, 120 + getpriority(PRIO_PROCESS, 0));
	assert_string_equal(bed.told.found.comm, "next");
	bed_deinit(&bed);
}

static void an_answer_about_a_run_that_was_over_is_none(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed);
	find(&bed, clock_mono_ns() - 1000000);
	assert_int_equal(bed.occupants.nr_answers, 1);
	/* it had left and come again, before it was asked */
	switch_at(&bed, bed.occupants.looked_at - 2000, getpid(), OTHER, 120);
	switch_at(&bed, bed.occupants.looked_at - 1000, OTHER, getpid(), TRACED_PRIO);
	wake_at(&bed, bed.occupants.looked_at - 500);
	find(&bed, bed.occupants.looked_at + 1);
	assert_int_equal(bed.nr_told, 0);
	bed_deinit(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_waits_until_the_trace_has_come_to_it),
		cmocka_unit_test(an_answer_about_a_run_that_was_over_is_none),
	};

	return cmocka_run_group_tests_name("occupants", tests, NULL, NULL);
}
