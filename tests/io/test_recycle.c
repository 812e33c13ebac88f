// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is kept of the threads that have ended, and how those are found whose end was not recorded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../rtla-stall/src/account.h"
#include "../../rtla-stall/src/engine/recycle.h"
#include "../../rtla-stall/src/monitor/ended.h"
#include "../../rtla-stall/src/util/error.h"
#include "../../rtla-stall/src/util/names.h"

enum { WORKER = 9, FIRST = 100, LONG_NS = 5000 };

struct bed {
	struct names *names;
	struct selection selection;
	struct account account;
	uint64_t at;
	int32_t next_tid;
};

static void feed(struct bed *bed, uint8_t type, int32_t tid, struct event event)
{
	struct error err = { 0 };

	event.at = bed->at;
	event.type = type;
	event.tid = tid;
	assert_int_equal(account_feed(&bed->account, &event, &err), 0);
}

static void wake(struct bed *bed, uint8_t type, int32_t tid, const char *comm)
{
	struct event event = { .wake = { .tid = tid, .prio = 120 } };

	snprintf(event.wake.comm, COMM_LEN, "%s", comm);
	feed(bed, type, 0, event);
}

static void switch_over(struct bed *bed, int32_t prev, int32_t next, uint8_t left)
{
	feed(bed, EVENT_SWITCH, prev, (struct event){ .sw = {
		.prev_tid = prev, .next_tid = next, .prev_prio = 120, .next_prio = 120, .left = left } });
}

/* A user thread waits for @wait_ns, runs for @run_ns while a worker waits, and ends. Return: its tid */
static int32_t live_once(struct bed *bed, const char *comm, uint64_t wait_ns, uint64_t run_ns)
{
	int32_t tid = bed->next_tid++;
	struct event event = { .fork = { .parent_tid = 1, .tid = tid } };

	snprintf(event.fork.comm, COMM_LEN, "%s", comm);
	feed(bed, EVENT_FORK, 0, event);
	wake(bed, EVENT_WAKEUP_NEW, tid, comm);
	bed->at += wait_ns;
	switch_over(bed, 0, tid, LEFT_SLEEPING);
	wake(bed, EVENT_WAKING, WORKER, "kworker/0:1");
	wake(bed, EVENT_WAKEUP, WORKER, "kworker/0:1");
	bed->at += run_ns;
	switch_over(bed, tid, WORKER, LEFT_DEAD);
	bed->at += 10;
	switch_over(bed, WORKER, 0, LEFT_SLEEPING);
	return tid;
}

static void pass_time(struct bed *bed)
{
	for (int i = 0; i < 4; i++) {
		bed->at += 10;
		switch_over(bed, i % 2 ? WORKER : 0, i % 2 ? 0 : WORKER, LEFT_SLEEPING);
	}
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	struct account_setting setting = { .stall_ns = LONG_NS, .segments_from_ns = LONG_NS };
	struct error err = { 0 };

	if (!bed)
		return -1;
	*state = bed;
	bed->at = 1000;
	bed->next_tid = FIRST;
	bed->names = names_create();
	setting.names = bed->names;
	setting.selection = &bed->selection;
	if (account_init(&bed->account, &setting, &err))
		return -1;
	return engine_set_kthread(bed->account.engine, WORKER, true);
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	account_deinit(&bed->account);
	names_destroy(bed->names);
	free(bed);
	return 0;
}

static void recycle(struct bed *bed)
{
	struct recycle_map map;
	struct error err = { 0 };

	pass_time(bed);
	assert_int_equal(account_recycle(&bed->account, 0, &map, &err), 0);
	recycle_map_deinit(&map);
}

static void sum_up(const struct bed *bed, struct summary *summary)
{
	struct error err = { 0 };

	assert_int_equal(account_sum_up(&bed->account, 0, summary, &err), 0);
}

/* Return: what was charged to a thread of this name with this tid; 0: nothing */
static uint64_t charged_to(const struct summary *summary, const char *comm, int32_t tid)
{
	uint64_t ns = 0;

	for (uint32_t i = 0; i < summary->nr_culprits; i++) {
		const struct culprit *who = &summary->culprits[i].who;

		if (who->kind == CULPRIT_THREAD && who->id == tid && !strcmp(who->name, comm))
			ns += summary->culprits[i].ns;
	}
	return ns;
}

static void those_without_a_row_go_and_the_main_culprit_stays(void **state)
{
	struct bed *bed = *state;
	uint32_t nr_before = engine_nr_tasks(bed->account.engine);
	struct summary summary;
	int32_t hog, second;

	for (int i = 0; i < 50; i++)
		live_once(bed, "sh", 10, 100);
	hog = live_once(bed, "sh", 10, 3 * LONG_NS);
	second = live_once(bed, "sh", 10, 2 * LONG_NS);
	assert_false(account_is_recycle_due(&bed->account));
	recycle(bed);
	sum_up(bed, &summary);
	assert_int_equal(summary.nr_threads, 1);
	assert_int_equal(summary.totals.gone, 0);
	assert_int_equal(summary.nr_stalls, 2);
	assert_int_equal(charged_to(&summary, "sh", hog), 3 * LONG_NS);
	assert_int_equal(charged_to(&summary, "sh", second), 2 * LONG_NS);
	assert_int_equal(charged_to(&summary, "sh", TID_UNKNOWN), 50 * 100);
	assert_string_equal(summary.names[summary.stalls[0]->charges[0].culprit].name, "sh");
	summary_deinit(&summary);
	/* worker, two that stay, one that stands for the others */
	assert_int_equal(engine_nr_tasks(bed->account.engine) - engine_nr_free(bed->account.engine),
			 nr_before + 3);
}

static void many_make_it_due(void **state)
{
	struct bed *bed = *state;

	for (uint32_t i = 0; i < ACCOUNT_RECYCLE_FROM; i++)
		live_once(bed, "sh", 10, 100);
	assert_true(account_is_recycle_due(&bed->account));
	recycle(bed);
	assert_false(account_is_recycle_due(&bed->account));
}

/* Ten thousand rows of their own; one for the rest, which says how many it stands for. */
static void rows_that_matter_stay_and_others_are_one(void **state)
{
	const uint32_t nr = ACCOUNT_MAX_DEAD + 3000;
	struct bed *bed = *state;
	uint64_t wait_ns, waits;
	struct summary summary;
	bool has_slow = false;
	int32_t slow;

	bed->selection.wants_all = true;
	for (uint32_t i = 0; i < nr / 2; i++)
		live_once(bed, "sh", 10, 100);
	slow = live_once(bed, "sh", 4000, 100);
	for (uint32_t i = 1; i < nr - nr / 2; i++)
		live_once(bed, "sh", 10, 100);
	pass_time(bed);
	sum_up(bed, &summary);
	wait_ns = summary.totals.wait_ns;
	waits = summary.totals.waits;
	assert_int_equal(summary.nr_threads, nr + 1);
	assert_int_equal(wait_ns, 10 * (nr - 1) + 4000 + 100 * nr);
	summary_deinit(&summary);

	recycle(bed);
	sum_up(bed, &summary);
	assert_int_equal(summary.totals.wait_ns, wait_ns);
	assert_int_equal(summary.totals.waits, waits);
	assert_in_range(summary.totals.gone, nr - ACCOUNT_MAX_DEAD - 2, nr - ACCOUNT_MAX_DEAD);
	assert_int_equal(summary.nr_threads, nr + 2 - summary.totals.gone);
	for (uint32_t i = 0; i < summary.nr_threads; i++) {
		const struct summary_thread *row = &summary.threads[i];

		has_slow |= row->task.tid == slow;
		if (!row->task.nr_gone)
			continue;
		assert_int_equal(row->task.tid, TID_UNKNOWN);
		assert_string_equal(row->task.comm, "sh");
		assert_int_equal(row->task.nr_gone, summary.totals.gone);
		assert_int_equal(row->waits, row->task.nr_gone);
		assert_int_equal(row->wait_ns, 10 * row->task.nr_gone);
		assert_int_equal(row->p99_ns, 10);
	}
	assert_true(has_slow);
	summary_deinit(&summary);
}

static int32_t absent_from;

static bool exists(int32_t tid)
{
	return tid < absent_from;
}

static void an_end_that_was_not_recorded_shows_in_proc(void **state)
{
	struct bed *bed = *state;
	struct engine *eng = bed->account.engine;
	struct ended ended = { 0 };
	struct engine_task task;

	/* two that sleep; the first is heard of once more */
	for (int32_t tid = 201; tid <= 202; tid++) {
		feed(bed, EVENT_FORK, 0, (struct event){ .fork = {
			.parent_tid = 1, .tid = tid, .comm = "sh" } });
		switch_over(bed, 0, tid, LEFT_SLEEPING);
		switch_over(bed, tid, 0, LEFT_SLEEPING);
	}
	wake(bed, EVENT_WAKING, WORKER, "kworker/0:1");
	absent_from = 300;
	assert_int_equal(ended_look(&ended, eng, exists), 0);
	assert_int_equal(ended_look(&ended, eng, exists), 0);
	absent_from = 1;
	assert_int_equal(ended_look(&ended, eng, exists), 0);
	bed->at += 10;
	wake(bed, EVENT_WAKING, 201, "sh");
	switch_over(bed, 0, 201, LEFT_SLEEPING);
	switch_over(bed, 201, 0, LEFT_SLEEPING);
	assert_int_equal(ended_look(&ended, eng, exists), 1);
	for (uint32_t i = 0; i < engine_nr_tasks(eng); i++) {
		engine_task(eng, i, &task);
		assert_int_equal(task.is_dead, task.tid == 202);
		/* that a thread waits is proof enough */
		assert_true(task.tid != WORKER || task.state == TASK_READY);
	}
	assert_int_equal(ended_look(&ended, eng, exists), 1);
	ended_deinit(&ended);
	assert_true(ended_exists((int32_t)getpid()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(those_without_a_row_go_and_the_main_culprit_stays, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(many_make_it_due, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_that_matter_stay_and_others_are_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_end_that_was_not_recorded_shows_in_proc, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
