// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc shows before there is a trace, and how the trace carries on from there.
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
#include "../../rtla-stall/src/stats/longest.h"
#include "../../rtla-stall/src/util/names.h"

enum { HOG = 70, WORKER = 50, OTHER = 60, HOG_PRIO = 44, FAIR = 120 };

struct bed {
	struct engine *eng;
	struct names *names;
	unsigned int nr_episodes;
	struct episode *last;
	unsigned int nr_waiting;
	struct engine_wait waiting;
};

static void keep(const struct episode *episode, void *arg)
{
	struct bed *bed = arg;

	bed->nr_episodes++;
	longest_free(bed->last);
	bed->last = longest_copy(episode);
}

static void see(const struct engine_wait *wait, void *arg)
{
	struct bed *bed = arg;

	bed->nr_waiting++;
	bed->waiting = *wait;
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	struct engine_config config = {
		.facts.is_preempt_rt = TRI_YES, .facts.has_fair_server = TRI_NO,
		.on_episode = keep, .arg = bed,
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
	longest_free(bed->last);
	free(bed);
	return 0;
}

static void find_at(struct bed *bed, uint64_t at, enum event_type type, uint32_t cpu, int32_t tid,
		    int32_t prio)
{
	struct event event = {
		.at = at, .cpu = cpu, .tid = TID_UNKNOWN, .type = (uint8_t)type,
		.found = { .tid = tid, .prio = prio, .comm = "found" },
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static void tick_at(struct bed *bed, uint64_t at)
{
	struct event event = { .at = at, .tid = TID_UNKNOWN, .type = EVENT_TICK };

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static void begin_trace(struct bed *bed)
{
	const struct engine_facts facts = {
		.events_present = EVENT_BIT(EVENT_SWITCH) | EVENT_BIT(EVENT_WAKING) |
				  EVENT_BIT(EVENT_WAKEUP) | EVENT_BIT(EVENT_MIGRATE),
		.is_preempt_rt = TRI_YES,
		.has_fair_server = TRI_NO,
	};

	engine_set_facts(bed->eng, &facts);
}

static void switch_at(struct bed *bed, uint32_t cpu, uint64_t at, int32_t prev_tid, enum event_left left,
		      int32_t next_tid, int32_t next_prio)
{
	struct event event = {
		.at = at, .cpu = cpu, .tid = prev_tid, .type = EVENT_SWITCH,
		.sw = { .prev_tid = prev_tid, .next_tid = next_tid, .prev_prio = PRIO_UNKNOWN,
			.next_prio = next_prio, .left = (uint8_t)left },
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static void wake_at(struct bed *bed, uint64_t at, int32_t tid)
{
	struct event event = {
		.at = at, .cpu = 0, .tid = OTHER, .type = EVENT_WAKING,
		.wake = { .tid = tid, .prio = FAIR, .target_cpu = 3 },
	};

	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static uint64_t sum_anomalies(const struct bed *bed)
{
	uint64_t sum = 0;

	for (int i = 0; i < ANOMALY_NR; i++)
		sum += engine_anomaly(bed->eng, (enum anomaly)i);
	return sum;
}

/* The hog has CPU 3 as of 1000, and the worker was ready then. */
static void begin_stall(struct bed *bed)
{
	find_at(bed, 1000, EVENT_FOUND_RUNNING, 3, HOG, HOG_PRIO);
	find_at(bed, 1000, EVENT_FOUND_READY, 3, WORKER, FAIR);
}

static void found_wait_is_charged_to_the_occupant_found(void **state)
{
	struct bed *bed = *state;

	begin_stall(bed);
	tick_at(bed, 5000);
	assert_int_equal(engine_for_each_open(bed->eng, 5000, keep, bed), 0);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last->began_by, EPISODE_BEGAN_BEFORE);
	assert_int_equal(bed->last->began_at, 1000);
	assert_int_equal(bed->last->causes[CAUSE_INTERFERENCE], 4000);
	assert_int_equal(bed->last->nr_segments, 1);
	assert_int_equal(bed->last->segments[0].reason, REASON_THREAD);
	assert_true(bed->last->segments[0].inferred);
	assert_int_equal(engine_culprit(bed->eng, bed->last->segments[0].culprit).id, HOG);
	assert_int_equal(bed->last->segments[0].culprit_prio, HOG_PRIO);
}

/*
 * 1000 found, 5000 the trace begins, 7000 the hog leaves and the worker runs: 6000 in all, one wait
 */
static void found_wait_goes_on_in_the_trace(void **state)
{
	struct bed *bed = *state;

	begin_stall(bed);
	tick_at(bed, 5000);
	begin_trace(bed);
	switch_at(bed, 3, 7000, HOG, LEFT_SLEEPING, WORKER, FAIR);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last->began_at, 1000);
	assert_int_equal(bed->last->ended_at, 7000);
	assert_int_equal(bed->last->causes[CAUSE_INTERFERENCE], 6000);
	assert_int_equal(bed->last->flags, 0);
	assert_int_equal(sum_anomalies(bed), 0);
}

/* 1000..4000 the hog as found; nobody saw it leave when 4000 shows another: no anomaly, /proc is coarse */
static void found_occupant_may_turn_out_to_be_another(void **state)
{
	struct bed *bed = *state;

	begin_stall(bed);
	begin_trace(bed);
	switch_at(bed, 3, 4000, OTHER, LEFT_SLEEPING, WORKER, FAIR);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last->causes[CAUSE_INTERFERENCE], 3000);
	assert_int_equal(sum_anomalies(bed), 0);
}

static void found_wait_ends_where_proc_says_so(void **state)
{
	struct bed *bed = *state;

	begin_stall(bed);
	find_at(bed, 3000, EVENT_FOUND_ENDED, 3, WORKER, FAIR);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last->ended_at, 3000);
	find_at(bed, 3500, EVENT_FOUND_ENDED, 3, WORKER, FAIR);
	assert_int_equal(bed->nr_episodes, 1);
}

/* It ran and slept where neither /proc nor the trace looked: how long it had waited is not known. */
static void found_wait_that_is_woken_had_ended_unseen(void **state)
{
	struct bed *bed = *state;

	begin_stall(bed);
	begin_trace(bed);
	wake_at(bed, 6000, WORKER);
	assert_int_equal(bed->nr_episodes, 1);
	assert_true(bed->last->flags & EPISODE_TOUCHED_BY_LOSS);
	switch_at(bed, 3, 6500, HOG, LEFT_SLEEPING, WORKER, FAIR);
	assert_int_equal(bed->nr_episodes, 2);
	assert_int_equal(bed->last->began_at, 6000);
	assert_int_equal(bed->last->began_by, EPISODE_BEGAN_BY_WAKING);
}

static void found_occupant_can_be_unsaid(void **state)
{
	struct bed *bed = *state;
	struct engine_cpu cpu;

	begin_stall(bed);
	assert_true(engine_cpu(bed->eng, 3, &cpu));
	assert_int_equal(engine_culprit(bed->eng, cpu.occupant).id, HOG);
	assert_int_equal(cpu.nr_waits, 1);
	assert_false(cpu.is_since_known);
	find_at(bed, 2000, EVENT_FOUND_RUNNING, 3, TID_UNKNOWN, PRIO_UNKNOWN);
	assert_true(engine_cpu(bed->eng, 3, &cpu));
	assert_int_equal(engine_culprit(bed->eng, cpu.occupant).kind, CULPRIT_UNKNOWN);
	tick_at(bed, 3000);
	assert_int_equal(engine_for_each_open(bed->eng, 3000, keep, bed), 0);
	assert_int_equal(bed->last->causes[CAUSE_INTERFERENCE], 1000);
	assert_int_equal(bed->last->causes[CAUSE_UNATTRIBUTED], 1000);
}

static void waiting_threads_are_listed_without_attribution(void **state)
{
	struct bed *bed = *state;
	struct engine_task task;

	begin_stall(bed);
	tick_at(bed, 9000);
	engine_for_each_waiting(bed->eng, see, bed);
	assert_int_equal(bed->nr_waiting, 1);
	assert_int_equal(bed->waiting.tid, WORKER);
	assert_int_equal(bed->waiting.prio, FAIR);
	assert_int_equal(bed->waiting.cpu, 3);
	assert_int_equal(bed->waiting.began_at, 1000);
	engine_task(bed->eng, bed->waiting.task, &task);
	assert_int_equal(task.state, TASK_READY);
	assert_int_equal(task.state_at, 1000);
	assert_int_equal(engine_show_open(bed->eng, bed->waiting.task, 9000, keep, bed), 0);
	assert_int_equal(bed->last->ended_at - bed->last->began_at, 8000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(found_wait_is_charged_to_the_occupant_found, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(found_wait_goes_on_in_the_trace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(found_occupant_may_turn_out_to_be_another, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(found_wait_ends_where_proc_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(found_wait_that_is_woken_had_ended_unseen, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(found_occupant_can_be_unsaid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waiting_threads_are_listed_without_attribution, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
