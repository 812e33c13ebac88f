// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of the live source that need no tracefs: the ring of pages, filters, names, pace.
 */
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

#include "source/live_events.h"
#include "source/live_read.h"
#include "source/live_ring.h"
#include "util/strbuf.h"

#define PAGE 8u		/* a page of the ring: its number, so that it can be told */

/* ---- the ring ---------------------------------------------------------------------------------- */

/* Return: how many fitted */
static uint32_t add_pages(struct live_ring *ring, uint64_t *next_number, uint32_t nr_pages)
{
	uint32_t nr_added = 0;

	while (nr_added < nr_pages) {
		size_t size;
		uint8_t *room = live_ring_room(ring, &size);

		if (!size)
			break;
		memcpy(room, next_number, PAGE);
		live_ring_add(ring, PAGE);
		(*next_number)++;
		nr_added++;
	}
	return nr_added;
}

static uint64_t number_of(const uint8_t *page)
{
	uint64_t number;

	assert_non_null(page);
	memcpy(&number, page, sizeof(number));
	return number;
}

/* All that is there is in order and ends with @last. Return: the first */
static uint64_t check_in_order(const struct live_ring *ring, uint64_t last)
{
	uint64_t nr_pages = live_ring_size(ring) / PAGE;
	uint64_t number = last + 1 - nr_pages;

	for (int i = 0; i < 2; i++) {
		size_t size;
		const uint8_t *piece = live_ring_piece(ring, i, &size);

		for (size_t at = 0; at < size; at += PAGE)
			assert_int_equal(number_of(piece + at), number++);
	}
	assert_int_equal(number, last + 1);
	return last + 1 - nr_pages;
}

static void ring_hands_on_every_page_and_keeps_the_last(void **state)
{
	struct live_ring ring;
	uint64_t next_number = 1;
	uint64_t next_wanted = 1;
	unsigned int seed = 4711;

	(void)state;
	assert_int_equal(live_ring_init(&ring, PAGE, 7), 0);
	for (int round = 0; round < 10000; round++) {
		uint32_t nr_taken = (uint32_t)rand_r(&seed) % 9;

		add_pages(&ring, &next_number, (uint32_t)rand_r(&seed) % 9);
		if (next_number > 1) {
			assert_int_equal(number_of(live_ring_newest(&ring)), next_number - 1);
			check_in_order(&ring, next_number - 1);
		}
		for (uint32_t i = 0; i < nr_taken && next_wanted < next_number; i++)
			assert_int_equal(number_of(live_ring_next(&ring)), next_wanted++);
		if (next_wanted == next_number)
			assert_null(live_ring_next(&ring));
	}
	assert_true(next_number > 10000);
	live_ring_deinit(&ring);
}

static void ring_gives_no_room_over_pages_that_are_needed(void **state)
{
	struct live_ring ring;
	const uint8_t *decoded;
	uint64_t next_number = 1;

	(void)state;
	assert_int_equal(live_ring_init(&ring, PAGE, 4), 0);
	assert_int_equal(add_pages(&ring, &next_number, 100), 4);
	decoded = live_ring_next(&ring);
	/* the first page is being decoded, and three are yet to be */
	assert_int_equal(add_pages(&ring, &next_number, 100), 0);
	assert_int_equal(number_of(decoded), 1);
	assert_int_equal(number_of(live_ring_next(&ring)), 2);
	assert_int_equal(add_pages(&ring, &next_number, 100), 1);
	assert_int_equal(check_in_order(&ring, 5), 2);
	live_ring_deinit(&ring);
}

/* ---- filters ----------------------------------------------------------------------------------- */

static void check_filter(const char *list, const char *other_field, const char *wanted)
{
	struct strbuf filter = STRBUF_INIT;
	struct cpu_list cpus;

	assert_int_equal(parse_cpus(list, &cpus), 0);
	assert_true(live_events_add_filter(&filter, "to", other_field, &cpus));
	assert_string_equal(filter.text, wanted);
	strbuf_deinit(&filter);
}

static void filter_passes_the_cpus_of_the_list(void **state)
{
	(void)state;
	check_filter("3", NULL, "to == 3");
	check_filter("0-3,7", NULL, "(to >= 0 && to <= 3) || to == 7");
	check_filter("5", "from", "to == 5 || from == 5");
	check_filter("63-64", NULL, "(to >= 63 && to <= 64)");
}

static void filter_that_the_kernel_would_not_take_is_refused(void **state)
{
	struct strbuf filter = STRBUF_INIT;
	struct cpu_list cpus = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cpus.bits) / sizeof(*cpus.bits); i++)
		cpus.bits[i] = UINT64_C(0x5555555555555555);
	assert_false(live_events_add_filter(&filter, "target_cpu", NULL, &cpus));
	strbuf_deinit(&filter);
}

static void noise_events_are_wanted_with_the_tracer_only(void **state)
{
	(void)state;
	assert_true(live_events_is_wanted("sched", "sched_switch", LIVE_GROUP_BASE));
	assert_false(live_events_is_wanted("sched", "sched_stat_wait", LIVE_GROUP_BASE));
	assert_false(live_events_is_wanted("task", "sched_switch", LIVE_GROUP_BASE));
	assert_true(live_events_is_wanted("irq_vectors", "local_timer_entry", LIVE_GROUP_VECTORS));
	assert_false(live_events_is_wanted("irq_vectors", "vector_alloc", LIVE_GROUP_VECTORS));
	assert_false(live_events_is_wanted("osnoise", "irq_noise", LIVE_GROUP_BASE | LIVE_GROUP_VECTORS));
	assert_true(live_events_is_wanted("osnoise", "irq_noise", LIVE_GROUP_NOISE));
	assert_false(live_events_is_wanted("osnoise", "thread_noise", LIVE_GROUP_NOISE));
}

/* ---- counts, names, pace ----------------------------------------------------------------------- */

static void counts_are_those_of_the_kernels_text(void **state)
{
	struct live_counts counts;

	(void)state;
	live_read_counts("entries: 5\noverrun: 70\ncommit overrun: 8\nbytes: 1\noldest event ts:  2.5\n"
			 "dropped events: 900\nread events: 44\n", &counts);
	assert_int_equal(counts.lost, 978);
	assert_int_equal(counts.read, 44);
	live_read_counts("", &counts);
	assert_int_equal(counts.lost, 0);
}

static void names_are_one_per_thread_and_those_of_now_first(void **state)
{
	struct live_instance instance;
	struct strbuf also = STRBUF_INIT;
	struct strbuf names = STRBUF_INIT;
	char line[64];

	(void)state;
	live_instance_init(&instance);
	strbuf_addf(&also, "%d not me\n4194999 gone thread\n4194999 later\n\nno line\n77\n", (int)getpid());
	live_read_cmdlines(&instance, &also, &names);
	snprintf(line, sizeof(line), "%d test_live\n", (int)getpid());
	assert_non_null(strstr(names.text, line));
	assert_null(strstr(names.text, "not me"));
	assert_non_null(strstr(names.text, "4194999 gone thread\n"));
	assert_null(strstr(names.text, "later"));
	assert_null(strstr(names.text, "no line"));
	strbuf_deinit(&also);
	strbuf_deinit(&names);
}

static void pace_follows_the_rate(void **state)
{
	struct live_pace pace;

	(void)state;
	live_pace_init(&pace, 256000000);
	assert_int_equal(pace.pause_ns, 32000000);
	live_pace_update(&pace, 250, 1000);
	assert_int_equal(pace.pause_ns, 16000000);
	live_pace_update(&pace, 100, 1000);
	assert_int_equal(pace.pause_ns, 16000000);
	for (int i = 0; i < 100; i++)
		live_pace_update(&pace, 1000, 1000);
	assert_true(pace.pause_ns > 0 && pace.pause_ns <= 2000000);
	for (int i = 0; i < 100; i++)
		live_pace_update(&pace, 0, 1000);
	assert_int_equal(pace.pause_ns, 256000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_hands_on_every_page_and_keeps_the_last),
		cmocka_unit_test(ring_gives_no_room_over_pages_that_are_needed),
		cmocka_unit_test(filter_passes_the_cpus_of_the_list),
		cmocka_unit_test(filter_that_the_kernel_would_not_take_is_refused),
		cmocka_unit_test(noise_events_are_wanted_with_the_tracer_only),
		cmocka_unit_test(counts_are_those_of_the_kernels_text),
		cmocka_unit_test(names_are_one_per_thread_and_those_of_now_first),
		cmocka_unit_test(pace_follows_the_rate),
	};

	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
