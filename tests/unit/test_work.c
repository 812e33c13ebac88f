// SPDX-License-Identifier: GPL-2.0-only
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

#define WORKER 50
#define OTHER_WORKER 51
#define QUEUER 90
#define WAKER 91

struct bed {
	struct engine *eng;
	struct names *names;
};

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	struct engine_config config = {
		.facts.is_preempt_rt = TRI_UNKNOWN, .facts.has_fair_server = TRI_UNKNOWN,
	};

	if (!bed)
		return -1;
	bed->names = names_create();
	config.names = bed->names;
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

static void switch_at(struct bed *bed, uint32_t cpu, uint64_t at, int32_t prev_tid, int32_t next_tid)
{
	struct event event = {
		.at = at, .cpu = cpu, .tid = prev_tid, .type = EVENT_SWITCH,
		.sw = {
			.prev_tid = prev_tid, .next_tid = next_tid, .prev_prio = 120, .next_prio = 120,
			.left = prev_tid ? LEFT_SLEEPING : LEFT_READY,
		},
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static void work_at(struct bed *bed, enum event_type type, uint64_t at, int32_t tid, uint64_t work)
{
	struct event event = {
		.at = at, .cpu = type == EVENT_WORK_QUEUE ? 0 : 1, .tid = tid, .type = (uint8_t)type,
		.work = { .work = work, .req_cpu = 1, .cpu = 1 },
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

/* The worker runs item 1 from 65 to 95, woken at 40 by a thread that queued nothing. */
static void run_work(struct bed *bed)
{
	struct event waking = {
		.at = 40, .cpu = 0, .tid = WAKER, .type = EVENT_WAKING,
		.wake = { .tid = WORKER, .prio = 120, .target_cpu = 1, .comm = "kworker/1:0" },
	};

	switch_at(bed, 0, 36, QUEUER, WAKER);
	assert_int_equal(engine_feed(bed->eng, &waking), 0);
	switch_at(bed, 1, 60, 0, WORKER);
	work_at(bed, EVENT_WORK_START, 65, WORKER, 1);
	work_at(bed, EVENT_WORK_END, 95, WORKER, 1);
	switch_at(bed, 1, 100, WORKER, 0);
}

static void check_jitter(struct bed *bed, uint64_t jitter_ns)
{
	struct engine_task worker = { .tid = 0 };

	for (uint32_t i = 0; worker.tid != WORKER; i++) {
		assert_true(i < engine_nr_tasks(bed->eng));
		engine_task(bed->eng, i, &worker);
	}
	assert_int_equal(worker.nr_activations, 1);
	assert_int_equal(worker.response.release_jitter_ns, jitter_ns);
	assert_int_equal(worker.response.waits_ns, 20);
	assert_int_equal(worker.response.max_ns, 60 + jitter_ns);
}

static void work_oldest_item_is_the_arrival(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 0, 5, 0, QUEUER);
	switch_at(bed, 1, 10, WORKER, 0);
	work_at(bed, EVENT_WORK_QUEUE, 30, QUEUER, 1);
	work_at(bed, EVENT_WORK_QUEUE, 32, QUEUER, 2);
	run_work(bed);
	check_jitter(bed, 10);
}

static void work_queued_before_the_worker_slept_is_no_arrival(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 0, 5, 0, QUEUER);
	work_at(bed, EVENT_WORK_QUEUE, 9, QUEUER, 1);
	switch_at(bed, 1, 10, WORKER, 0);
	run_work(bed);
	check_jitter(bed, 0);
}

static void work_that_a_later_item_overtook_is_no_arrival(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 0, 5, 0, QUEUER);
	switch_at(bed, 1, 10, WORKER, OTHER_WORKER);
	work_at(bed, EVENT_WORK_QUEUE, 20, QUEUER, 1);
	work_at(bed, EVENT_WORK_QUEUE, 22, QUEUER, 2);
	work_at(bed, EVENT_WORK_START, 24, OTHER_WORKER, 2);
	work_at(bed, EVENT_WORK_END, 26, OTHER_WORKER, 2);
	switch_at(bed, 1, 28, OTHER_WORKER, 0);
	run_work(bed);
	check_jitter(bed, 0);
}

static void work_that_a_loss_may_have_started_is_no_arrival(void **state)
{
	struct bed *bed = *state;
	struct event loss = { .at = 34, .cpu = 2, .tid = TID_UNKNOWN, .type = EVENT_LOSS, .loss.to_at = 35 };

	switch_at(bed, 0, 5, 0, QUEUER);
	switch_at(bed, 1, 10, WORKER, 0);
	work_at(bed, EVENT_WORK_QUEUE, 30, QUEUER, 1);
	assert_int_equal(engine_feed(bed->eng, &loss), 0);
	run_work(bed);
	check_jitter(bed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(work_oldest_item_is_the_arrival, set_up, tear_down),
		cmocka_unit_test_setup_teardown(work_queued_before_the_worker_slept_is_no_arrival, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(work_that_a_later_item_overtook_is_no_arrival, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(work_that_a_loss_may_have_started_is_no_arrival, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
