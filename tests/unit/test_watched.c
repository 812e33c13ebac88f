// SPDX-License-Identifier: GPL-2.0-only
/*
 * Switches are recorded on some CPUs only: waits that go elsewhere end, and none begins there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../rtla-stall/src/engine/engine.h"
#include "../../rtla-stall/src/util/names.h"

enum { HOG = 70, WORKER = 50, WAKER = 90, SEEN = 1, UNSEEN = 0 };

struct bed {
	struct engine *eng;
	struct names *names;
	uint64_t watched[ENGINE_MAX_CPUS / 64];
	unsigned int nr_episodes;
	struct episode last;	/* its pointers are stale */
	unsigned int nr_waiting;
};

static void keep(const struct episode *episode, void *arg)
{
	struct bed *bed = arg;

	bed->nr_episodes++;
	bed->last = *episode;
}

static void see(const struct engine_wait *wait, void *arg)
{
	struct bed *bed = arg;

	(void)wait;
	bed->nr_waiting++;
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	struct engine_config config = { .facts.is_preempt_rt = TRI_YES, .on_episode = keep };

	if (!bed)
		return -1;
	bed->watched[0] = 1 << SEEN;
	bed->names = names_create();
	config.names = bed->names;
	config.facts.watched = bed->watched;
	config.facts.events_present = EVENT_BIT(EVENT_SWITCH) | EVENT_BIT(EVENT_WAKING) |
				      EVENT_BIT(EVENT_WAKEUP) | EVENT_BIT(EVENT_MIGRATE);
	config.arg = bed;
	*state = bed;
	return bed->names ? engine_create(&config, &bed->eng) : -1;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	engine_destroy(bed->eng);
	names_destroy(bed->names);
	free(bed);
	return 0;
}

static void wake_at(struct bed *bed, uint64_t at, enum event_type type, int32_t tid, uint32_t target_cpu)
{
	struct event event = {
		.at = at, .cpu = UNSEEN, .tid = WAKER, .type = (uint8_t)type,
		.wake = { .tid = tid, .prio = 120, .target_cpu = target_cpu },
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static void switch_at(struct bed *bed, uint64_t at, int32_t prev_tid, enum event_left left, int32_t next_tid)
{
	struct event event = {
		.at = at, .cpu = SEEN, .tid = prev_tid, .type = EVENT_SWITCH,
		.sw = { .prev_tid = prev_tid, .next_tid = next_tid, .prev_prio = PRIO_UNKNOWN,
			.next_prio = 44, .left = (uint8_t)left },
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static void migrate_at(struct bed *bed, uint64_t at, uint32_t orig_cpu, uint32_t dest_cpu)
{
	struct event event = {
		.at = at, .cpu = UNSEEN, .tid = WAKER, .type = EVENT_MIGRATE,
		.migrate = { .tid = WORKER, .prio = 120, .orig_cpu = orig_cpu, .dest_cpu = dest_cpu },
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static unsigned int count_waiting(struct bed *bed)
{
	bed->nr_waiting = 0;
	engine_for_each_waiting(bed->eng, see, bed);
	return bed->nr_waiting;
}

static uint64_t sum_anomalies(const struct bed *bed)
{
	uint64_t sum = 0;

	for (int i = 0; i < ANOMALY_NR; i++)
		sum += engine_anomaly(bed->eng, (enum anomaly)i);
	return sum;
}

/* 200 ready on CPU 1, 500 pulled to CPU 0: 300 of it were seen, and that it is not all is said */
static void wait_that_migrates_out_of_sight_ends_there(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 100, 0, LEFT_READY, HOG);
	wake_at(bed, 200, EVENT_WAKING, WORKER, SEEN);
	wake_at(bed, 200, EVENT_WAKEUP, WORKER, SEEN);
	assert_int_equal(count_waiting(bed), 1);
	migrate_at(bed, 500, SEEN, UNSEEN);
	assert_int_equal(count_waiting(bed), 0);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last.ended_at - bed->last.began_at, 300);
	assert_true(bed->last.flags & EPISODE_TOUCHED_BY_LOSS);
	assert_int_equal(sum_anomalies(bed), 0);
}

/* It last ran on CPU 1, but is queued on CPU 0: no wait of a watched CPU. */
static void waking_that_ends_up_out_of_sight_is_no_wait(void **state)
{
	struct bed *bed = *state;

	wake_at(bed, 200, EVENT_WAKING, WORKER, SEEN);
	wake_at(bed, 210, EVENT_WAKEUP, WORKER, UNSEEN);
	assert_int_equal(count_waiting(bed), 0);
	assert_int_equal(bed->nr_episodes, 0);
	switch_at(bed, 900, 0, LEFT_READY, WORKER);
	assert_int_equal(bed->nr_episodes, 0);
	assert_int_equal(sum_anomalies(bed), 0);
}

/*
 * WAKER's records are on CPU 0, where its switches are not: it is not taken to run there for ever, and its
 * own wait on CPU 1 counts from its wakeup to its switch-in: 300..450.
 */
static void thread_of_an_unwatched_cpu_can_be_woken_onto_a_watched_one(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 100, 0, LEFT_READY, HOG);
	wake_at(bed, 200, EVENT_WAKING, WORKER, SEEN);
	wake_at(bed, 200, EVENT_WAKEUP, WORKER, SEEN);
	wake_at(bed, 300, EVENT_WAKEUP, WAKER, SEEN);
	switch_at(bed, 450, HOG, LEFT_SLEEPING, WAKER);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last.tid, WAKER);
	assert_int_equal(bed->last.began_at, 300);
	assert_int_equal(bed->last.ended_at, 450);
	assert_int_equal(sum_anomalies(bed), 0);
}

/* Ready on CPU 0 since nobody knows when, 300 pulled to CPU 1: 150 were seen, not all, and that is said */
static void ready_thread_that_migrates_into_sight_is_seen_waiting(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 100, 0, LEFT_READY, HOG);
	migrate_at(bed, 300, UNSEEN, SEEN);
	assert_int_equal(count_waiting(bed), 1);
	switch_at(bed, 450, HOG, LEFT_SLEEPING, WORKER);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last.tid, WORKER);
	assert_int_equal(bed->last.began_at, 300);
	assert_int_equal(bed->last.ended_at, 450);
	assert_true(bed->last.flags & EPISODE_TOUCHED_BY_LOSS);
	assert_int_equal(sum_anomalies(bed), 0);
}

/* Woken, and placed on CPU 1 on the way, by a kernel that records no wakings: the wakeup begins its wait. */
static void woken_thread_that_is_placed_in_sight_waits_from_its_wakeup(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 100, 0, LEFT_READY, HOG);
	migrate_at(bed, 205, UNSEEN, SEEN);
	wake_at(bed, 210, EVENT_WAKEUP, WORKER, SEEN);
	assert_int_equal(count_waiting(bed), 1);
	switch_at(bed, 450, HOG, LEFT_SLEEPING, WORKER);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last.began_at, 210);
	assert_int_equal(bed->last.ended_at, 450);
	assert_false(bed->last.flags & EPISODE_TOUCHED_BY_LOSS);
	assert_int_equal(sum_anomalies(bed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wait_that_migrates_out_of_sight_ends_there, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(waking_that_ends_up_out_of_sight_is_no_wait, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(thread_of_an_unwatched_cpu_can_be_woken_onto_a_watched_one,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(ready_thread_that_migrates_into_sight_is_seen_waiting, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			woken_thread_that_is_placed_in_sight_waits_from_its_wakeup, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
