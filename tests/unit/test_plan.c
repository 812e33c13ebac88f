// SPDX-License-Identifier: GPL-2.0-only
/* One situation each: waits in, commands out. Times are ms where nothing else is said. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boost/plan.h"
#include "util/error.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)
#define HOG 900
#define MAX_COMMANDS 64

struct fixture {
	struct plan *plan;
	struct plan_command commands[MAX_COMMANDS];
	uint32_t nr_commands;
	int refuse_deadline;		/* code with which it is refused; 0 not */
	int refuse_fifo;
	struct plan_result result;	/* of whatever is restored */
	struct plan_usage usage;	/* of whatever is checked */
};

/* FIFO only, 1 ms in 100 ms, for 3 s; 50 ms/s per CPU */
static struct plan_config standard(void)
{
	return (struct plan_config){
		.nr_cpus = 4, .policy = PLAN_FIFO, .runtime_ns = 1 * MS, .period_ns = 100 * MS,
		.duration_ns = 3 * S, .budget_ns = 50 * MS, .budget_per_ns = S, .tick_ns = 4 * MS,
	};
}

static struct plan_wait kthread(int32_t tid, uint32_t cpu, uint64_t began_at)
{
	struct plan_wait wait = {
		.tid = tid, .key = 1, .prio = 120, .cpu = cpu, .began_at = began_at, .is_kthread = true,
		.is_confined = true, .threshold_ns = 100 * MS, .has_own_threshold = true,
		.behind_tid = TID_UNKNOWN,
		.occupant = { .kind = PLAN_OCCUPANT_THREAD, .tid = HOG, .prio = 44, .comm = "hog" },
	};

	snprintf(wait.comm, sizeof(wait.comm), "kworker/%u:%d", cpu, (int)tid);
	return wait;
}

static void setup(struct fixture *fixture, const struct plan_config *config)
{
	struct error err = { 0 };

	*fixture = (struct fixture){ .result = { .is_granted_known = true, .granted_ns = 1 * MS } };
	assert_int_equal(plan_create(config, 0, &fixture->plan, &err), 0);
}

static void report(struct fixture *fixture, const struct plan_command *command, uint64_t now_at)
{
	int code = command->policy == PLAN_FIFO ? fixture->refuse_fifo : fixture->refuse_deadline;

	if (command->verb == PLAN_RESTORE)
		plan_restored(fixture->plan, command, &fixture->result, now_at);
	else if (command->verb == PLAN_BOOST && code)
		plan_refused(fixture->plan, command, code);
	else if (command->verb == PLAN_BOOST)
		plan_boosted(fixture->plan, command, now_at);
}

/* One round; the commands are left in the fixture. Return: how many */
static uint32_t run(struct fixture *fixture, uint64_t now_at, const struct plan_wait *waits, uint32_t nr)
{
	struct plan_boost boost;

	fixture->nr_commands = 0;
	plan_begin(fixture->plan, now_at);
	while (plan_next_check(fixture->plan, &boost))
		plan_checked(fixture->plan, &boost, &fixture->usage);
	for (uint32_t i = 0; i < nr; i++)
		plan_add(fixture->plan, &waits[i]);
	while (plan_next(fixture->plan, &fixture->commands[fixture->nr_commands])) {
		report(fixture, &fixture->commands[fixture->nr_commands], now_at);
		assert_true(++fixture->nr_commands < MAX_COMMANDS);
	}
	return fixture->nr_commands;
}

static void check_is(const struct fixture *fixture, uint32_t index, enum plan_verb verb, int32_t tid,
		     enum plan_why why)
{
	assert_true(index < fixture->nr_commands);
	assert_int_equal(fixture->commands[index].verb, verb);
	assert_int_equal(fixture->commands[index].wait.tid, tid);
	assert_int_equal(fixture->commands[index].why, why);
}

/* ---- due -------------------------------------------------------------------------------------- */

static void it_is_boosted_at_the_instant_it_is_due(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 5 * MS);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	assert_int_equal(run(&fixture, 50 * MS, &wait, 1), 0);
	assert_int_equal(plan_due_at(fixture.plan), 105 * MS);
	assert_int_equal(run(&fixture, 105 * MS - 1, &wait, 1), 0);
	assert_int_equal(run(&fixture, 105 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	assert_int_equal(fixture.commands[0].policy, PLAN_FIFO);
	assert_int_equal(fixture.commands[0].rt_priority, 56);	/* the hog has 55 */
	assert_int_equal(fixture.commands[0].grant_ns, 1 * MS);
	assert_int_equal(fixture.commands[0].wait_ns, 100 * MS);
	assert_int_equal(fixture.commands[0].until_at, 205 * MS);
	/* looked at after a quarter of its grant */
	assert_int_equal(plan_due_at(fixture.plan), 105 * MS + MS / 4);
	plan_destroy(fixture.plan);
}

static void with_nobody_waiting_nothing_is_due(void **state)
{
	struct plan_config config = standard();
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	assert_int_equal(run(&fixture, 50 * MS, NULL, 0), 0);
	assert_true(plan_due_at(fixture.plan) == UINT64_MAX);
	plan_destroy(fixture.plan);
}

static void thresholds_differ_by_thread(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[] = { kthread(10, 1, 0), kthread(11, 1, 0) };
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	waits[0].threshold_ns = 5 * S;
	waits[1].threshold_ns = 1 * MS;
	assert_int_equal(run(&fixture, 1 * MS, waits, 2), 1);
	check_is(&fixture, 0, PLAN_BOOST, 11, PLAN_WHY_NONE);
	plan_destroy(fixture.plan);
}

/* ---- the life of a boost ---------------------------------------------------------------------- */

static void it_is_restored_when_it_sleeps(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	run(&fixture, 100 * MS, &wait, 1);
	fixture.usage = (struct plan_usage){ .has_run = true, .is_asleep = true };
	assert_int_equal(run(&fixture, 100 * MS + MS / 4, NULL, 0), 1);
	check_is(&fixture, 0, PLAN_RESTORE, 10, PLAN_WHY_DONE);
	assert_true(plan_due_at(fixture.plan) == UINT64_MAX);
	/* the next wait is one like any other */
	wait.began_at = 150 * MS;
	assert_int_equal(run(&fixture, 249 * MS, &wait, 1), 0);
	assert_int_equal(run(&fixture, 250 * MS, &wait, 1), 1);
	assert_int_equal(fixture.commands[0].notes & PLAN_NOTE_IN_CARE, 0);
	plan_destroy(fixture.plan);
}

static void it_is_restored_after_its_grant_and_boosted_again_a_period_later(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	run(&fixture, 100 * MS, &wait, 1);
	fixture.usage = (struct plan_usage){ .has_run = true };
	assert_int_equal(run(&fixture, 100 * MS + MS / 4, NULL, 0), 0);
	assert_int_equal(plan_due_at(fixture.plan), 101 * MS);
	wait.began_at = 101 * MS;
	assert_int_equal(run(&fixture, 101 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_RESTORE, 10, PLAN_WHY_GRANTED);
	/* in care: not after its threshold, but a period after its boost */
	assert_int_equal(plan_due_at(fixture.plan), 200 * MS);
	assert_int_equal(run(&fixture, 200 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	assert_int_equal(fixture.commands[0].notes, PLAN_NOTE_IN_CARE);
	assert_int_equal(fixture.commands[0].wait_ns, 99 * MS);
	/* when it has run meanwhile, it has to wait first: as long as it would have after a boost */
	assert_int_equal(run(&fixture, 201 * MS, NULL, 0), 1);
	wait.began_at = 350 * MS;
	assert_int_equal(run(&fixture, 400 * MS, &wait, 1), 0);
	assert_int_equal(plan_due_at(fixture.plan), 449 * MS);
	plan_destroy(fixture.plan);
}

/* a threshold of 100 ms, a period of 400 ms: not boosted after the threshold, and that is said */
static void one_that_had_its_boost_of_the_period_is_let_be_until_the_next(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	config.period_ns = 400 * MS;
	setup(&fixture, &config);
	run(&fixture, 100 * MS, &wait, 1);
	fixture.usage = (struct plan_usage){ .has_run = true };
	run(&fixture, 101 * MS, NULL, 0);
	wait.began_at = 101 * MS;
	assert_int_equal(run(&fixture, 200 * MS, &wait, 1), 0);
	assert_int_equal(run(&fixture, 201 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_LET_BE, 10, PLAN_WHY_PERIOD);
	assert_int_equal(fixture.commands[0].notes & PLAN_NOTE_LOUD, 0);
	/* once is enough */
	assert_int_equal(run(&fixture, 300 * MS, &wait, 1), 0);
	assert_int_equal(run(&fixture, 500 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	plan_destroy(fixture.plan);
}

/* what the trace says is older than the boost: no reason to boost it again at once */
static void a_trace_that_is_behind_does_not_boost_twice(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	config.duration_ns = 0;
	setup(&fixture, &config);
	run(&fixture, 100 * MS, &wait, 1);
	fixture.usage = (struct plan_usage){ .has_run = true };
	assert_int_equal(run(&fixture, 101 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_RESTORE, 10, PLAN_WHY_GRANTED);
	assert_int_equal(plan_due_at(fixture.plan), 200 * MS);
	plan_destroy(fixture.plan);
}

static void one_that_began_late_has_its_grant_from_then(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	run(&fixture, 100 * MS, &wait, 1);
	for (uint64_t at = 100 * MS + MS / 4; at < 110 * MS; at = plan_due_at(fixture.plan))
		assert_int_equal(run(&fixture, at, NULL, 0), 0);
	fixture.usage.has_run = true;
	assert_int_equal(run(&fixture, 110 * MS, NULL, 0), 1);
	check_is(&fixture, 0, PLAN_RESTORE, 10, PLAN_WHY_GRANTED);
	plan_destroy(fixture.plan);
}

static void one_that_ends_is_restored_as_gone(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	run(&fixture, 100 * MS, &wait, 1);
	fixture.usage.is_gone = true;
	assert_int_equal(run(&fixture, 100 * MS + MS / 4, NULL, 0), 1);
	check_is(&fixture, 0, PLAN_RESTORE, 10, PLAN_WHY_GONE);
	plan_destroy(fixture.plan);
}

/* after one period without CPU time the other policy takes over, in the same round */
static void one_without_effect_is_replaced_by_the_other_policy(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	config.policy = PLAN_DEADLINE;
	config.may_lift_admission = true;
	setup(&fixture, &config);
	fixture.result.granted_ns = 0;
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 1);
	assert_int_equal(fixture.commands[0].policy, PLAN_DEADLINE);
	assert_int_equal(fixture.commands[0].notes, PLAN_NOTE_LIFTS_ADMISSION);
	assert_int_equal(fixture.commands[0].period_ns, 100 * MS);
	assert_int_equal(fixture.commands[0].deadline_ns, 100 * MS);
	assert_int_equal(fixture.commands[0].rt_priority, 0);
	assert_int_equal(run(&fixture, 199 * MS, &wait, 1), 0);
	assert_int_equal(plan_due_at(fixture.plan), 200 * MS);
	assert_int_equal(run(&fixture, 200 * MS, &wait, 1), 2);
	check_is(&fixture, 0, PLAN_RESTORE, 10, PLAN_WHY_INEFFECTIVE);
	check_is(&fixture, 1, PLAN_BOOST, 10, PLAN_WHY_NONE);
	assert_int_equal(fixture.commands[1].policy, PLAN_FIFO);
	assert_true(fixture.commands[1].notes & PLAN_NOTE_SECOND_POLICY);
	/* and when that has none either, it is said, once, and left alone for a while */
	assert_int_equal(run(&fixture, 300 * MS, &wait, 1), 2);
	check_is(&fixture, 0, PLAN_RESTORE, 10, PLAN_WHY_INEFFECTIVE);
	check_is(&fixture, 1, PLAN_LET_BE, 10, PLAN_WHY_NO_EFFECT);
	assert_true(fixture.commands[1].notes & PLAN_NOTE_LOUD);
	assert_int_equal(run(&fixture, 400 * MS, &wait, 1), 0);
	assert_int_equal(plan_due_at(fixture.plan), 1300 * MS);
	assert_int_equal(run(&fixture, 1300 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	plan_destroy(fixture.plan);
}

/* it was not hog (55) that was in its way, but who has the CPU now (80): FIFO again, above that one */
static void fifo_below_whoever_is_there_now_is_tried_higher(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	fixture.result.granted_ns = 0;
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 1);
	assert_int_equal(fixture.commands[0].rt_priority, 56);
	wait.occupant.prio = 19;
	assert_int_equal(run(&fixture, 200 * MS, &wait, 1), 2);
	check_is(&fixture, 1, PLAN_BOOST, 10, PLAN_WHY_NONE);
	assert_int_equal(fixture.commands[1].policy, PLAN_FIFO);
	assert_int_equal(fixture.commands[1].rt_priority, 81);
	assert_int_equal(run(&fixture, 300 * MS, &wait, 1), 2);
	check_is(&fixture, 1, PLAN_LET_BE, 10, PLAN_WHY_NO_EFFECT);
	plan_destroy(fixture.plan);
}

static void a_refused_policy_is_replaced_at_once(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	config.policy = PLAN_DEADLINE;
	config.is_admission_off = true;
	setup(&fixture, &config);
	fixture.refuse_deadline = -EBUSY;
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 2);
	assert_int_equal(fixture.commands[0].policy, PLAN_DEADLINE);
	assert_int_equal(fixture.commands[0].notes, 0);
	assert_int_equal(fixture.commands[1].policy, PLAN_FIFO);
	assert_int_equal(fixture.commands[1].notes, PLAN_NOTE_SECOND_POLICY);
	plan_destroy(fixture.plan);
}

static void refused_altogether_it_is_said_and_left_alone(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	fixture.refuse_fifo = -EPERM;
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 2);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	check_is(&fixture, 1, PLAN_LET_BE, 10, PLAN_WHY_REFUSED);
	assert_int_equal(fixture.commands[1].notes, PLAN_NOTE_LOUD);
	assert_int_equal(run(&fixture, 101 * MS, &wait, 1), 0);
	assert_int_equal(plan_due_at(fixture.plan), 1100 * MS);
	/* nor is another wait meanwhile without its reason */
	wait.began_at = 500 * MS;
	assert_int_equal(run(&fixture, 599 * MS, &wait, 1), 0);
	assert_int_equal(run(&fixture, 600 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_LET_BE, 10, PLAN_WHY_REFUSED);
	assert_int_equal(fixture.commands[0].notes, PLAN_NOTE_LOUD);
	assert_int_equal(run(&fixture, 700 * MS, &wait, 1), 0);
	fixture.refuse_fifo = 0;
	assert_int_equal(run(&fixture, 1100 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	plan_destroy(fixture.plan);
}

static void one_that_has_run_meanwhile_is_not_tried_again_at_once(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	fixture.refuse_fifo = -EAGAIN;
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 1);
	assert_int_equal(plan_due_at(fixture.plan), 200 * MS);
	plan_destroy(fixture.plan);
}

static void at_the_end_all_are_restored_newest_first(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[] = { kthread(10, 2, 0), kthread(11, 0, 0), kthread(12, 3, 0) };
	struct plan_command command;
	struct fixture fixture;
	uint64_t last = UINT64_MAX;
	int nr = 0;

	(void)state;
	setup(&fixture, &config);
	assert_int_equal(run(&fixture, 100 * MS, waits, 3), 3);
	plan_stop(fixture.plan, 100 * MS);
	while (plan_next(fixture.plan, &command)) {
		assert_int_equal(command.verb, PLAN_RESTORE);
		assert_int_equal(command.why, PLAN_WHY_STOPPED);
		assert_true(command.serial < last);
		last = command.serial;
		report(&fixture, &command, 100 * MS);
		nr++;
	}
	assert_int_equal(nr, 3);
	assert_int_equal(run(&fixture, 10 * S, waits, 3), 0);
	assert_true(plan_due_at(fixture.plan) == UINT64_MAX);
	plan_destroy(fixture.plan);
}

static void a_dry_run_takes_each_boost_for_done(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	config.is_dry_run = true;
	setup(&fixture, &config);
	fixture.result = (struct plan_result){ 0 };
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 1);
	assert_int_equal(run(&fixture, 101 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_RESTORE, 10, PLAN_WHY_DONE);
	assert_int_equal(plan_budget(fixture.plan, 1)->charged_ns, 1 * MS);
	/* nothing was done, so it goes on waiting: said again only after the time it would be cared for */
	assert_int_equal(run(&fixture, 201 * MS, &wait, 1), 0);
	assert_int_equal(plan_due_at(fixture.plan), 3101 * MS);
	plan_destroy(fixture.plan);
}

/* ---- who -------------------------------------------------------------------------------------- */

static void the_longest_comes_first_and_one_at_a_time(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[10];
	struct fixture fixture;
	uint64_t at = 200 * MS;

	(void)state;
	setup(&fixture, &config);
	for (int32_t i = 0; i < 10; i++)
		waits[i] = kthread(10 + i, 1, (uint64_t)((i * 7) % 10) * MS);
	fixture.usage = (struct plan_usage){ .has_run = true, .is_asleep = true };
	/* 10 waits since 0 ms, 13 since 1 ms, 16, 19, ... */
	for (int i = 0; i < 10; i++) {
		int32_t tid = 10 + i * 3 % 10;

		assert_int_equal(run(&fixture, at, waits, 10), i ? 2 : 1);
		check_is(&fixture, i ? 1 : 0, PLAN_BOOST, tid, PLAN_WHY_NONE);
		at += MS;
	}
	plan_destroy(fixture.plan);
}

static void cpus_have_nothing_to_do_with_each_other(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[] = { kthread(10, 0, 0), kthread(11, 3, 50 * MS), kthread(12, 0, 1 * MS) };
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	assert_int_equal(run(&fixture, 150 * MS, waits, 3), 2);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	check_is(&fixture, 1, PLAN_BOOST, 11, PLAN_WHY_NONE);
	plan_destroy(fixture.plan);
}

static void kernel_threads_come_before_user_threads(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[] = { kthread(10, 1, 0), kthread(11, 1, 90 * MS) };
	struct fixture fixture;

	(void)state;
	config.boosts_user_threads = true;
	setup(&fixture, &config);
	waits[0].is_kthread = false;
	assert_int_equal(run(&fixture, 200 * MS, waits, 2), 1);
	check_is(&fixture, 0, PLAN_BOOST, 11, PLAN_WHY_NONE);
	plan_destroy(fixture.plan);
}

/* 12 is in D behind 11: it is not boosted, 11 is, before 10, which waits longer */
static void whoever_is_waited_for_comes_first_of_all(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[] = { kthread(10, 1, 0), kthread(11, 1, 50 * MS), kthread(12, 0, 0) };
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	waits[2].state = PLAN_IN_D;
	waits[2].behind_tid = 11;
	assert_int_equal(run(&fixture, 150 * MS, waits, 3), 2);
	check_is(&fixture, 0, PLAN_BOOST, 11, PLAN_WHY_NONE);
	assert_int_equal(fixture.commands[0].wait.nr_victims, 1);
	check_is(&fixture, 1, PLAN_LET_BE, 12, PLAN_WHY_IN_D);
	plan_destroy(fixture.plan);
}

/* stalld's lists hide who stands behind the one that is denied */
static void lists_are_applied_before_choosing(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[] = { kthread(10, 1, 0), kthread(11, 1, 1 * MS), kthread(12, 1, 2 * MS) };
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	waits[0].list = PLAN_WHY_DENIED;
	waits[1].list = PLAN_WHY_NOT_ALLOWED;
	assert_int_equal(run(&fixture, 200 * MS, waits, 3), 3);
	check_is(&fixture, 0, PLAN_BOOST, 12, PLAN_WHY_NONE);
	check_is(&fixture, 1, PLAN_LET_BE, 10, PLAN_WHY_DENIED);
	check_is(&fixture, 2, PLAN_LET_BE, 11, PLAN_WHY_NOT_ALLOWED);
	/* said once per wait */
	assert_int_equal(run(&fixture, 200 * MS, waits, 3), 0);
	waits[0].began_at = 150 * MS;
	assert_int_equal(run(&fixture, 200 * MS, waits, 3), 0);
	assert_int_equal(run(&fixture, 250 * MS, waits, 3), 1);
	check_is(&fixture, 0, PLAN_LET_BE, 10, PLAN_WHY_DENIED);
	plan_destroy(fixture.plan);
}

/* A wait that is let be for one reason: it is said, and never boosted. */
static void check_let_be(struct plan_wait wait, enum plan_why why)
{
	struct plan_config config = standard();
	struct fixture fixture;

	setup(&fixture, &config);
	assert_int_equal(run(&fixture, 99 * MS, &wait, 1), 0);
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_LET_BE, wait.tid, why);
	assert_int_equal(run(&fixture, 1000 * MS, &wait, 1), 0);
	assert_true(plan_due_at(fixture.plan) > 1000 * MS);
	plan_destroy(fixture.plan);
}

static void some_are_never_boosted(void **state)
{
	struct plan_wait wait = kthread(10, 1, 0);

	(void)state;
	wait.is_kthread = false;
	check_let_be(wait, PLAN_WHY_USER_THREAD);
	wait = kthread(10, 1, 0);
	wait.is_ourselves = true;
	check_let_be(wait, PLAN_WHY_OURSELVES);
	wait = kthread(10, 1, 0);
	wait.state = PLAN_IN_D;
	check_let_be(wait, PLAN_WHY_IN_D);
	wait = kthread(10, 1, 0);
	wait.prio = -1;
	check_let_be(wait, PLAN_WHY_DEADLINE);
	wait = kthread(10, 1, 0);
	wait.prio = 0;
	strcpy(wait.comm, "migration/1");
	check_let_be(wait, PLAN_WHY_DEADLINE);
	wait = kthread(10, 1, 0);
	wait.prio = 9;
	check_let_be(wait, PLAN_WHY_OUTRANKS);
	wait = kthread(10, 1, 0);
	wait.occupant = (struct plan_occupant){ .kind = PLAN_OCCUPANT_IDLE };
	check_let_be(wait, PLAN_WHY_CPU_IDLE);
	wait = kthread(10, 1, 0);
	wait.occupant.is_ourselves = true;
	check_let_be(wait, PLAN_WHY_CULPRIT_OURSELVES);
	wait = kthread(10, 1, 0);
	wait.occupant.prio = 0;
	strcpy(wait.occupant.comm, "migration/1");
	check_let_be(wait, PLAN_WHY_CULPRIT_STOP);
}

static void who_has_the_cpu_does_not_wait(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	wait.occupant.tid = 10;
	assert_int_equal(run(&fixture, 500 * MS, &wait, 1), 0);
	plan_destroy(fixture.plan);
}

static void that_the_culprit_is_a_kernel_thread_is_said(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	wait.occupant.is_kthread = true;
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	assert_int_equal(fixture.commands[0].notes, PLAN_NOTE_CULPRIT_KTHREAD);
	plan_destroy(fixture.plan);
}

static void the_fair_server_is_left_to_it_unless_the_threshold_says_otherwise(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	wait.fair_server_ns = S;
	wait.has_own_threshold = false;
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_LET_BE, 10, PLAN_WHY_FAIR_SERVER);
	assert_int_equal(plan_due_at(fixture.plan), 2 * S);
	/* two of its periods: it does not serve */
	assert_int_equal(run(&fixture, 2 * S, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	plan_destroy(fixture.plan);

	setup(&fixture, &config);
	wait.has_own_threshold = true;
	assert_int_equal(run(&fixture, 100 * MS, &wait, 1), 1);
	check_is(&fixture, 0, PLAN_BOOST, 10, PLAN_WHY_NONE);
	plan_destroy(fixture.plan);
}

/* ---- policies --------------------------------------------------------------------------------- */

static struct plan_command choice(const struct plan_config *config, const struct plan_wait *wait)
{
	struct plan_command command;
	struct fixture fixture;

	setup(&fixture, config);
	assert_int_equal(run(&fixture, 100 * MS, wait, 1), 1);
	command = fixture.commands[0];
	plan_destroy(fixture.plan);
	return command;
}

static void auto_takes_deadline_only_where_it_is_precise_and_needs_nothing(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);

	(void)state;
	config.policy = PLAN_AUTO;
	wait.is_confined = false;
	/* 1 ms is less than a tick of 4 ms, and there is no HRTICK_DL */
	assert_int_equal(choice(&config, &wait).policy, PLAN_FIFO);
	config.has_hrtick_dl = true;
	assert_int_equal(choice(&config, &wait).policy, PLAN_DEADLINE);
	config.has_hrtick_dl = false;
	config.tick_ns = 1 * MS;
	assert_int_equal(choice(&config, &wait).policy, PLAN_DEADLINE);
	/* what is pinned would need admission to be off */
	wait.is_confined = true;
	config.may_lift_admission = true;
	assert_int_equal(choice(&config, &wait).policy, PLAN_FIFO);
	config.is_admission_off = true;
	assert_int_equal(choice(&config, &wait).policy, PLAN_DEADLINE);
	assert_int_equal(choice(&config, &wait).notes, 0);
}

static void against_fifo_99_and_deadline_only_deadline_helps(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct plan_command command;

	(void)state;
	config.may_lift_admission = true;
	wait.occupant.prio = 0;		/* FIFO 99 */
	command = choice(&config, &wait);
	assert_int_equal(command.policy, PLAN_DEADLINE);
	assert_int_equal(command.deadline_ns, 100 * MS);
	wait.occupant.prio = -1;
	command = choice(&config, &wait);
	assert_int_equal(command.policy, PLAN_DEADLINE);
	assert_int_equal(command.deadline_ns, 1 * MS);
	assert_int_equal(command.notes, PLAN_NOTE_LIFTS_ADMISSION);
	/* and where that is not to be had, nothing does */
	config.may_lift_admission = false;
	command = choice(&config, &wait);
	assert_int_equal(command.verb, PLAN_LET_BE);
	assert_int_equal(command.why, PLAN_WHY_REFUSED);
}

static void fifo_is_one_above_the_culprit(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);

	(void)state;
	wait.occupant.prio = 1;		/* FIFO 98 */
	assert_int_equal(choice(&config, &wait).rt_priority, 99);
	wait.occupant.prio = 98;	/* FIFO 1 */
	assert_int_equal(choice(&config, &wait).rt_priority, 2);
	wait.occupant.prio = 100;	/* fair */
	assert_int_equal(choice(&config, &wait).rt_priority, 1);
	wait.prio = 49;			/* FIFO 50 behind FIFO 50 */
	wait.occupant.prio = 49;
	assert_int_equal(choice(&config, &wait).rt_priority, 51);
	wait.occupant.kind = PLAN_OCCUPANT_UNKNOWN;
	assert_int_equal(choice(&config, &wait).rt_priority, 98);
	/* the user's own choice, as far as it is one */
	config.fifo_priority = 60;
	assert_int_equal(choice(&config, &wait).verb, PLAN_LET_BE);
	wait.occupant.kind = PLAN_OCCUPANT_THREAD;
	assert_int_equal(choice(&config, &wait).rt_priority, 60);
	config.fifo_priority = 50;
	assert_int_equal(choice(&config, &wait).verb, PLAN_LET_BE);
}

/* ---- budget ----------------------------------------------------------------------------------- */

/* 2 ms in 100 ms: two boosts, and the third when 1 ms has accrued again */
static void boosts_keep_within_the_budget(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[4];
	struct fixture fixture;

	(void)state;
	config.budget_ns = 2 * MS;
	config.budget_per_ns = 100 * MS;
	setup(&fixture, &config);
	for (int32_t i = 0; i < 4; i++)
		waits[i] = kthread(10 + i, 1, (uint64_t)i * MS);
	fixture.usage = (struct plan_usage){ .has_run = true, .is_asleep = true };
	assert_int_equal(run(&fixture, 103 * MS, waits, 4), 1);
	assert_int_equal(run(&fixture, 103 * MS + 1, waits, 4), 2);
	check_is(&fixture, 1, PLAN_BOOST, 11, PLAN_WHY_NONE);
	assert_int_equal(run(&fixture, 103 * MS + 2, &waits[2], 2), 3);
	check_is(&fixture, 0, PLAN_RESTORE, 11, PLAN_WHY_DONE);
	check_is(&fixture, 1, PLAN_LET_BE, 12, PLAN_WHY_BUDGET);
	check_is(&fixture, 2, PLAN_LET_BE, 13, PLAN_WHY_BUDGET);
	assert_int_equal(fixture.commands[1].until_at, 153 * MS);
	assert_int_equal(fixture.commands[1].notes & PLAN_NOTE_LOUD, 0);
	assert_int_equal(plan_due_at(fixture.plan), 153 * MS);
	assert_int_equal(run(&fixture, 153 * MS - 1, &waits[2], 2), 0);
	assert_int_equal(run(&fixture, 153 * MS, &waits[2], 2), 1);
	check_is(&fixture, 0, PLAN_BOOST, 12, PLAN_WHY_NONE);
	plan_destroy(fixture.plan);
}

/* the boost took 8 ms of 1: 7 of debt, beyond the 2 there were, so 6 + 1 have to accrue at 20 us/ms */
static void an_overrun_puts_off_the_next_and_that_is_loud(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[] = { kthread(10, 1, 0), kthread(11, 1, 0) };
	struct fixture fixture;

	(void)state;
	config.budget_ns = 2 * MS;
	config.budget_per_ns = 100 * MS;
	setup(&fixture, &config);
	run(&fixture, 100 * MS, waits, 2);
	fixture.usage = (struct plan_usage){ .has_run = true, .is_asleep = true };
	fixture.result.granted_ns = 8 * MS;
	assert_int_equal(run(&fixture, 100 * MS, &waits[1], 1), 2);
	check_is(&fixture, 1, PLAN_LET_BE, 11, PLAN_WHY_BUDGET);
	assert_int_equal(fixture.commands[1].until_at, 450 * MS);
	assert_true(fixture.commands[1].notes & PLAN_NOTE_LOUD);
	plan_destroy(fixture.plan);
}

static void what_turns_out_later_is_charged_too(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct fixture fixture;

	(void)state;
	setup(&fixture, &config);
	fixture.usage.is_asleep = true;
	fixture.result = (struct plan_result){ .is_granted_known = true, .granted_ns = 5 };
	run(&fixture, 100 * MS, &wait, 1);
	run(&fixture, 101 * MS, NULL, 0);
	assert_int_equal(plan_budget(fixture.plan, 1)->charged_ns, 5);
	plan_charge_late(fixture.plan, 1, 4, 102 * MS);
	assert_int_equal(plan_budget(fixture.plan, 1)->charged_ns, 9);
	/* what is not known is taken to be all the time there was */
	fixture.result = (struct plan_result){ 0 };
	wait.began_at = 150 * MS;
	run(&fixture, 250 * MS, &wait, 1);
	run(&fixture, 253 * MS, NULL, 0);
	assert_int_equal(plan_budget(fixture.plan, 1)->charged_ns, 9 + 3 * MS);
	plan_destroy(fixture.plan);
}

static void a_budget_below_the_runtime_cuts_the_grant(void **state)
{
	struct plan_config config = standard();
	struct plan_wait wait = kthread(10, 1, 0);
	struct plan_command command;

	(void)state;
	config.budget_ns = 50000;
	command = choice(&config, &wait);
	assert_int_equal(command.grant_ns, 50000);
	assert_int_equal(command.notes, PLAN_NOTE_GRANT_CUT);
	config.budget_ns = 0;
	command = choice(&config, &wait);
	assert_int_equal(command.verb, PLAN_LET_BE);
	assert_int_equal(command.why, PLAN_WHY_BUDGET);
	assert_int_equal(command.notes, PLAN_NOTE_LOUD);
}

/* ---- limits ----------------------------------------------------------------------------------- */

static void a_thousand_on_one_cpu_are_served_in_turn(void **state)
{
	struct plan_config config = standard();
	static struct plan_wait waits[1000];
	struct fixture fixture;

	(void)state;
	config.budget_ns = S;
	setup(&fixture, &config);
	for (int32_t i = 0; i < 1000; i++)
		waits[i] = kthread(1000 + i, 1, (uint64_t)i);
	fixture.usage = (struct plan_usage){ .has_run = true, .is_asleep = true };
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(run(&fixture, 200 * MS + i * MS, &waits[i], 1000 - i), i ? 2 : 1);
		check_is(&fixture, i ? 1 : 0, PLAN_BOOST, 1000 + (int32_t)i, PLAN_WHY_NONE);
	}
	plan_destroy(fixture.plan);
}

static void what_does_not_fit_is_counted(void **state)
{
	struct plan_config config = standard();
	struct plan_wait waits[] = { kthread(10, 1, 0), kthread(11, 2, 0), kthread(12, 3, 0),
				     kthread(13, 4, 0) };
	struct fixture fixture;

	(void)state;
	config.max_waits = 2;
	setup(&fixture, &config);
	assert_int_equal(run(&fixture, 100 * MS, waits, 4), 2);
	assert_int_equal(plan_nr_left_out(fixture.plan), 2);
	waits[0].began_at = 200 * MS;
	assert_int_equal(run(&fixture, 150 * MS, waits, 1), 0);
	assert_int_equal(plan_nr_left_out(fixture.plan), 3);
	plan_destroy(fixture.plan);
}

static void numbers_that_do_not_go_together_are_refused(void **state)
{
	struct plan_config config = standard();
	struct error err = { 0 };
	struct plan *plan = NULL;

	(void)state;
	config.period_ns = config.runtime_ns - 1;
	assert_int_equal(plan_create(&config, 0, &plan, &err), -EINVAL);
	assert_true(*err.text);
	config = standard();
	config.nr_cpus = 0;
	assert_int_equal(plan_create(&config, 0, &plan, &err), -EINVAL);
	config = standard();
	config.policy = PLAN_AUTO;
	config.period_ns = 5 * S;
	assert_int_equal(plan_create(&config, 0, &plan, &err), -EINVAL);
	config = standard();
	config.policy = PLAN_DEADLINE;
	config.runtime_ns = 1000;
	assert_int_equal(plan_create(&config, 0, &plan, &err), -EINVAL);
	config = standard();
	config.budget_per_ns = 0;
	assert_int_equal(plan_create(&config, 0, &plan, &err), -EINVAL);
	assert_null(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_boosted_at_the_instant_it_is_due),
		cmocka_unit_test(with_nobody_waiting_nothing_is_due),
		cmocka_unit_test(thresholds_differ_by_thread),
		cmocka_unit_test(it_is_restored_when_it_sleeps),
		cmocka_unit_test(it_is_restored_after_its_grant_and_boosted_again_a_period_later),
		cmocka_unit_test(one_that_had_its_boost_of_the_period_is_let_be_until_the_next),
		cmocka_unit_test(a_trace_that_is_behind_does_not_boost_twice),
		cmocka_unit_test(one_that_began_late_has_its_grant_from_then),
		cmocka_unit_test(one_that_ends_is_restored_as_gone),
		cmocka_unit_test(one_without_effect_is_replaced_by_the_other_policy),
		cmocka_unit_test(fifo_below_whoever_is_there_now_is_tried_higher),
		cmocka_unit_test(a_refused_policy_is_replaced_at_once),
		cmocka_unit_test(refused_altogether_it_is_said_and_left_alone),
		cmocka_unit_test(one_that_has_run_meanwhile_is_not_tried_again_at_once),
		cmocka_unit_test(at_the_end_all_are_restored_newest_first),
		cmocka_unit_test(a_dry_run_takes_each_boost_for_done),
		cmocka_unit_test(the_longest_comes_first_and_one_at_a_time),
		cmocka_unit_test(cpus_have_nothing_to_do_with_each_other),
		cmocka_unit_test(kernel_threads_come_before_user_threads),
		cmocka_unit_test(whoever_is_waited_for_comes_first_of_all),
		cmocka_unit_test(lists_are_applied_before_choosing),
		cmocka_unit_test(some_are_never_boosted),
		cmocka_unit_test(who_has_the_cpu_does_not_wait),
		cmocka_unit_test(that_the_culprit_is_a_kernel_thread_is_said),
		cmocka_unit_test(the_fair_server_is_left_to_it_unless_the_threshold_says_otherwise),
		cmocka_unit_test(auto_takes_deadline_only_where_it_is_precise_and_needs_nothing),
		cmocka_unit_test(against_fifo_99_and_deadline_only_deadline_helps),
		cmocka_unit_test(fifo_is_one_above_the_culprit),
		cmocka_unit_test(boosts_keep_within_the_budget),
		cmocka_unit_test(an_overrun_puts_off_the_next_and_that_is_loud),
		cmocka_unit_test(what_turns_out_later_is_charged_too),
		cmocka_unit_test(a_budget_below_the_runtime_cuts_the_grant),
		cmocka_unit_test(a_thousand_on_one_cpu_are_served_in_turn),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(numbers_that_do_not_go_together_are_refused),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
