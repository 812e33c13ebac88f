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

/* One engine, and what it said last. */
struct bed {
	struct engine *eng;
	struct names *names;
	unsigned int nr_episodes;
	struct episode last;	/* its pointers are stale */
};

static void keep(const struct episode *episode, void *arg)
{
	struct bed *bed = arg;

	bed->nr_episodes++;
	bed->last = *episode;
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	struct engine_config config = {
		.facts.is_preempt_rt = TRI_UNKNOWN, .facts.has_fair_server = TRI_UNKNOWN,
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
	free(bed);
	return 0;
}

static void feed(struct bed *bed, const struct event *event)
{
	assert_int_equal(engine_feed(bed->eng, event), 0);
}

static void switch_at(struct bed *bed, uint32_t cpu, uint64_t at, int32_t prev_tid, enum event_left left,
		      int32_t next_tid, int32_t next_prio)
{
	struct event event = {
		.at = at, .cpu = cpu, .tid = prev_tid, .type = EVENT_SWITCH,
		.sw = {
			.prev_tid = prev_tid, .next_tid = next_tid, .prev_prio = PRIO_UNKNOWN,
			.next_prio = next_prio, .left = (uint8_t)left,
		},
	};

	snprintf(event.sw.next_comm, COMM_LEN, "thread-%d", next_tid % 1000);
	feed(bed, &event);
}

static void wake_at(struct bed *bed, uint64_t at, int32_t tid, int32_t prio, uint32_t target_cpu)
{
	struct event event = {
		.at = at, .cpu = 0, .tid = 90, .type = EVENT_WAKING,
		.wake = { .tid = tid, .prio = prio, .target_cpu = target_cpu },
	};

	feed(bed, &event);
	event.type = EVENT_WAKEUP;
	feed(bed, &event);
}

/* hog (tid 70) has CPU 1 from 100 on, and thread 50 waits for it from 200 on. */
static void begin_wait(struct bed *bed)
{
	switch_at(bed, 0, 50, 0, LEFT_READY, 90, 120);
	switch_at(bed, 1, 100, 0, LEFT_READY, 70, 44);
	wake_at(bed, 200, 50, 120, 1);
}

static void engine_tick_makes_an_open_wait_grow(void **state)
{
	struct bed *bed = *state;
	struct event tick = { .at = 5000, .tid = TID_UNKNOWN, .type = EVENT_TICK };

	begin_wait(bed);
	feed(bed, &tick);
	assert_int_equal(bed->nr_episodes, 0);
	assert_int_equal(engine_for_each_open(bed->eng, 5000, keep, bed), 0);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last.flags, EPISODE_STILL_OPEN);
	assert_int_equal(bed->last.began_at, 200);
	assert_int_equal(bed->last.ended_at, 5000);
	assert_int_equal(bed->last.causes[CAUSE_INTERFERENCE], 4800);
}

static void engine_open_wait_is_cut_where_it_is_asked(void **state)
{
	struct bed *bed = *state;

	begin_wait(bed);
	assert_int_equal(engine_for_each_open(bed->eng, 1000, keep, bed), 0);
	assert_int_equal(bed->last.ended_at, 1000);
	assert_int_equal(engine_for_each_open(bed->eng, 700, keep, bed), 0);
	assert_int_equal(bed->last.ended_at, 700);
	switch_at(bed, 1, 1100, 70, LEFT_SLEEPING, 50, 120);
	assert_int_equal(bed->last.flags, 0);
	assert_int_equal(bed->last.causes[CAUSE_INTERFERENCE], 900);
	bed->nr_episodes = 0;
	assert_int_equal(engine_for_each_open(bed->eng, 2000, keep, bed), 0);
	assert_int_equal(bed->nr_episodes, 0);
}

static void engine_running_thread_is_counted_up_to_the_last_event(void **state)
{
	struct bed *bed = *state;
	struct engine_task task;
	bool is_found = false;

	begin_wait(bed);
	for (uint32_t i = 0; i < engine_nr_tasks(bed->eng); i++) {
		engine_task(bed->eng, i, &task);
		assert_int_equal(task.index, i);
		assert_int_equal(engine_task_of_culprit(bed->eng, task.culprit), i);
		assert_int_equal(engine_culprit(bed->eng, task.culprit).id, task.tid);
		assert_int_not_equal(task.tid, 0);
		if (task.tid != 70)
			continue;
		is_found = true;
		assert_int_equal(task.run_ns, 100);
		assert_string_equal(task.comm, "thread-70");
		assert_int_equal(task.prio, 44);
	}
	assert_true(is_found);
}

static void engine_source_may_know_kernel_threads(void **state)
{
	struct bed *bed = *state;
	struct engine_task task;

	assert_int_equal(engine_set_kthread(bed->eng, 50, true), 0);
	assert_int_equal(engine_set_kthread(bed->eng, 51, false), 0);
	assert_int_equal(engine_nr_tasks(bed->eng), 2);
	for (uint32_t i = 0; i < 2; i++) {
		engine_task(bed->eng, i, &task);
		assert_int_equal(task.kthread, task.tid == 50 ? TRI_YES : TRI_NO);
	}
}

static void engine_cpu_beyond_the_last_is_counted(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, ENGINE_MAX_CPUS - 1, 100, 0, LEFT_READY, 70, 44);
	assert_int_equal(engine_anomaly(bed->eng, ANOMALY_CPU_RANGE), 0);
	switch_at(bed, ENGINE_MAX_CPUS, 200, 0, LEFT_READY, 71, 44);
	switch_at(bed, UINT32_MAX, 300, 0, LEFT_READY, 72, 44);
	assert_int_equal(engine_anomaly(bed->eng, ANOMALY_CPU_RANGE), 2);
	assert_int_equal(engine_nr_tasks(bed->eng), 1);
}

static void engine_target_cpu_beyond_the_last_is_no_harm(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 0, 50, 0, LEFT_READY, 90, 120);
	wake_at(bed, 100, 50, 120, 4000000000u);
	wake_at(bed, 200, 51, 120, UINT32_MAX);
	assert_int_equal(engine_for_each_open(bed->eng, 300, keep, bed), 0);
	assert_int_equal(bed->nr_episodes, 2);
}

static void engine_tid_no_kernel_gives_is_counted(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 0, 50, 0, LEFT_READY, 90, 120);
	wake_at(bed, 100, INT32_MAX, 120, 0);
	wake_at(bed, 200, -5, 120, 0);
	assert_in_range(engine_anomaly(bed->eng, ANOMALY_TID_RANGE), 2, 4);
	assert_int_equal(engine_nr_tasks(bed->eng), 1);
}

/* exec renames the thread underneath; where idle is underneath there is none. */
static void engine_exec_on_an_idle_cpu_is_no_harm(void **state)
{
	struct bed *bed = *state;
	struct event exec = {
		.at = 200, .cpu = 1, .tid = 60, .type = EVENT_EXEC, .task = { .tid = 60, .old_tid = 0 },
	};

	switch_at(bed, 1, 100, 70, LEFT_SLEEPING, 0, 120);
	feed(bed, &exec);
	assert_int_equal(engine_seen(bed->eng), EVENT_BIT(EVENT_SWITCH) | EVENT_BIT(EVENT_EXEC));
}

static void engine_loss_that_ends_before_it_begins_is_no_harm(void **state)
{
	struct bed *bed = *state;
	struct event loss = {
		.at = 300, .cpu = 1, .tid = TID_UNKNOWN, .type = EVENT_LOSS, .loss = { .to_at = 10 },
	};

	begin_wait(bed);
	feed(bed, &loss);
	switch_at(bed, 1, 400, 70, LEFT_SLEEPING, 50, 120);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last.flags, EPISODE_TOUCHED_BY_LOSS);
	assert_int_equal(bed->last.causes[CAUSE_INTERFERENCE], 100);
	assert_int_equal(bed->last.causes[CAUSE_UNATTRIBUTED], 100);
}

/* Interrupt after interrupt cuts a wait to pieces; beyond what is kept it is summed, and said. */
static void engine_segments_beyond_the_limit_are_folded(void **state)
{
	struct bed *bed = *state;
	struct event event = { .cpu = 1, .tid = 70 };
	uint64_t at = 200;

	begin_wait(bed);
	for (unsigned int i = 0; i < ENGINE_MAX_SEGMENTS; i++) {
		event.at = at += 10;
		event.type = EVENT_IRQ_ENTRY;
		event.irq.number = 236;
		feed(bed, &event);
		event.at = at += 3;
		event.type = EVENT_IRQ_EXIT;
		feed(bed, &event);
	}
	switch_at(bed, 1, at + 1000, 70, LEFT_SLEEPING, 50, 120);
	assert_int_equal(bed->nr_episodes, 1);
	assert_int_equal(bed->last.nr_segments, ENGINE_MAX_SEGMENTS);
	assert_int_equal(bed->last.nr_folded, ENGINE_MAX_SEGMENTS + 1);
	assert_int_equal(bed->last.folded_ns, ENGINE_MAX_SEGMENTS / 2 * 13 + 1000);
	assert_int_equal(bed->last.causes[CAUSE_INTERFERENCE], at + 1000 - 200);
	assert_int_equal(bed->last.nr_charges, 2);
	assert_int_equal(engine_anomaly(bed->eng, ANOMALY_SEGMENTS_FOLDED), 1);
}

static void engine_callback_may_be_missing(void **state)
{
	struct engine_config config = { .facts.is_preempt_rt = TRI_NO, .facts.has_fair_server = TRI_NO };
	struct bed bed = { .names = names_create() };

	(void)state;
	config.names = bed.names;
	assert_int_equal(engine_create(&config, &bed.eng), 0);
	begin_wait(&bed);
	switch_at(&bed, 1, 400, 70, LEFT_SLEEPING, 50, 120);
	assert_int_equal(engine_finish(bed.eng), 0);
	engine_destroy(bed.eng);
	names_destroy(bed.names);
}

static void engine_destroy_accepts_null(void **state)
{
	(void)state;
	engine_destroy(NULL);
}

static void engine_everything_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < ANOMALY_NR; i++) {
		assert_non_null(anomaly_name(i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(anomaly_name(i), anomaly_name(j));
	}
	for (int i = REASON_NONE + 1; i < REASON_NR; i++)
		for (int j = REASON_NONE + 1; j < i; j++)
			assert_string_not_equal(reason_name(i), reason_name(j));
	assert_null(reason_name(REASON_NONE));
}

static void engine_reasons_belong_to_their_causes(void **state)
{
	static const struct {
		enum reason first, last;
		enum cause cause;
		const char *name;
	} rows[] = {
		{ REASON_NONE, REASON_NONE, CAUSE_BLOCKING, "blocking" },
		{ REASON_NMI, REASON_FAIR, CAUSE_INTERFERENCE, "interference" },
		{ REASON_IRQS_OFF, REASON_SERVER, CAUSE_BLOCKING, "blocking" },
		{ REASON_IDLE_EXIT, REASON_REMOTE, CAUSE_RELEASE_JITTER, "release jitter" },
		{ REASON_RELEASE_PATH, REASON_RELEASE_PATH, CAUSE_EXECUTION, "execution" },
		{ REASON_TRACE_START, REASON_UNKNOWN, CAUSE_UNATTRIBUTED, "unattributed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int reason = (int)rows[i].first; reason <= (int)rows[i].last; reason++)
			assert_int_equal(cause_of_reason((enum reason)reason), rows[i].cause);
		assert_string_equal(cause_name(rows[i].cause), rows[i].name);
	}
}

/*
 * 100 threads wait on CPU 1 and share the room for segments; one of them goes on to wait when the others are
 * gone, and there is more room for each: what was folded before stays at the end.
 */
static void engine_folds_at_the_end_only(void **state)
{
	struct bed *bed = *state;
	uint64_t at = 1000;

	begin_wait(bed);
	for (int32_t tid = 1000; tid < 1100; tid++)
		wake_at(bed, 300, tid, 139, 1);
	for (int i = 0; i < 5000; i++, at += 10)
		switch_at(bed, 1, at, 70 + i % 2, LEFT_SLEEPING, 71 - i % 2, 44);
	for (int32_t tid = 1000; tid < 1100; tid++, at += 10)
		switch_at(bed, 1, at, tid == 1000 ? 70 : tid - 1, LEFT_SLEEPING, tid, 44);
	for (int i = 0; i < 100; i++, at += 10)
		switch_at(bed, 1, at, i ? 70 + i % 2 : 1099, LEFT_SLEEPING, 71 - i % 2, 44);
	switch_at(bed, 1, at, 70, LEFT_SLEEPING, 50, 120);
	assert_int_equal(bed->last.tid, 50);
	assert_int_equal(bed->last.ended_at - bed->last.began_at, at - 200);
	assert_true(bed->last.nr_folded > 100);
	assert_true(bed->last.nr_segments < ENGINE_MAX_SEGMENTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(engine_tick_makes_an_open_wait_grow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(engine_open_wait_is_cut_where_it_is_asked, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(engine_running_thread_is_counted_up_to_the_last_event,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(engine_source_may_know_kernel_threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(engine_cpu_beyond_the_last_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(engine_target_cpu_beyond_the_last_is_no_harm, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(engine_tid_no_kernel_gives_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(engine_exec_on_an_idle_cpu_is_no_harm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(engine_loss_that_ends_before_it_begins_is_no_harm, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(engine_segments_beyond_the_limit_are_folded, set_up,
						tear_down),
		cmocka_unit_test(engine_callback_may_be_missing),
		cmocka_unit_test(engine_destroy_accepts_null),
		cmocka_unit_test(engine_everything_has_a_name),
		cmocka_unit_test(engine_reasons_belong_to_their_causes),
		cmocka_unit_test_setup_teardown(engine_folds_at_the_end_only, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
