// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds for the plan whatever happens: a toy machine of a few CPUs and threads on which boosts work,
 * are refused, have no effect, overrun, and whose trace is behind now and then.
 *
 * Law 12: every boost that was made is restored exactly once, newest first; never two on one CPU; nobody who
 * is never to be boosted is; and no CPU is charged more than its budget, what accrued, one overrun,
 * and what came late of two boosts.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boost/plan.h"
#include "util/error.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)
#define NR_CPUS 4
#define NR_THREADS 24
#define NR_ROUNDS 200
#define NR_HISTORIES 500u
#define MAX_OPEN 64

struct toy_thread {
	bool is_waiting;
	uint64_t began_at;
	struct plan_wait wait;
};

struct toy {
	uint64_t seed;
	uint64_t now_at;
	struct plan *plan;
	struct plan_config config;
	struct toy_thread threads[NR_THREADS];
	uint64_t open[MAX_OPEN];	/* serials of boosts not restored yet */
	uint32_t open_cpu[MAX_OPEN];
	uint32_t nr_open;
	uint64_t nr_boosts;
	uint64_t nr_restores;
	uint64_t late_ns[NR_CPUS];	/* not charged yet, of the last boost there */
	uint64_t digest;		/* of all commands */
};

static uint64_t next_random(struct toy *toy, uint64_t below)
{
	toy->seed ^= toy->seed << 13;
	toy->seed ^= toy->seed >> 7;
	toy->seed ^= toy->seed << 17;
	return toy->seed % below;
}

static void mix(struct toy *toy, uint64_t number)
{
	toy->digest = (toy->digest ^ number) * UINT64_C(0x100000001b3);
}

static struct plan_config any_config(struct toy *toy)
{
	struct plan_config config = {
		.nr_cpus = NR_CPUS,
		.max_waits = next_random(toy, 4) ? 0 : 8,
		.max_threads = next_random(toy, 4) ? 0 : 8,
		.policy = (enum plan_policy)next_random(toy, 3),
		.runtime_ns = MS / 2 + next_random(toy, 8) * MS,
		.duration_ns = next_random(toy, 2) * 3 * S,
		.budget_ns = next_random(toy, 60 * MS),
		.budget_per_ns = S,
		.boosts_user_threads = next_random(toy, 2),
		.tick_ns = 4 * MS,
		.has_hrtick_dl = next_random(toy, 2),
		.is_admission_off = next_random(toy, 2),
		.may_lift_admission = next_random(toy, 2),
	};

	config.period_ns = config.runtime_ns + next_random(toy, 100 * MS);
	return config;
}

static struct plan_wait any_wait(struct toy *toy, int32_t tid)
{
	struct plan_wait wait = {
		.tid = tid, .key = 7, .comm = "kworker/0:1",
		.prio = next_random(toy, 3) ? 120 : (int32_t)next_random(toy, 99) - 1,
		.cpu = (uint32_t)next_random(toy, NR_CPUS),
		.state = next_random(toy, 8) ? PLAN_READY : PLAN_IN_D,
		.is_kthread = next_random(toy, 4),
		.is_ourselves = !next_random(toy, 16),
		.is_confined = next_random(toy, 2),
		.list = next_random(toy, 8) ? PLAN_WHY_NONE : PLAN_WHY_DENIED,
		.threshold_ns = (1 + next_random(toy, 100)) * MS,
		.has_own_threshold = next_random(toy, 2),
		.fair_server_ns = next_random(toy, 4) ? 0 : S,
		.behind_tid = next_random(toy, 2) ? TID_UNKNOWN : (int32_t)next_random(toy, NR_THREADS) + 1,
		.occupant = {
			.kind = (uint8_t)(next_random(toy, 8) ? PLAN_OCCUPANT_THREAD : next_random(toy, 3)),
			.tid = 900, .prio = (int32_t)next_random(toy, 60) - 1, .comm = "hog",
			.is_ourselves = !next_random(toy, 16), .is_kthread = !next_random(toy, 4),
		},
	};

	return wait;
}

static void check_boost(struct toy *toy, const struct plan_command *boost)
{
	const struct plan_wait *wait = &boost->wait;

	assert_false(wait->is_ourselves);
	assert_int_equal(wait->state, PLAN_READY);
	assert_int_equal(wait->list, PLAN_WHY_NONE);
	assert_true(wait->is_kthread || toy->config.boosts_user_threads);
	assert_int_not_equal(wait->prio, -1);
	assert_int_not_equal(wait->occupant.kind, PLAN_OCCUPANT_IDLE);
	assert_false(wait->occupant.kind == PLAN_OCCUPANT_THREAD && wait->occupant.is_ourselves);
	assert_true(boost->grant_ns && boost->grant_ns <= toy->config.runtime_ns);
	assert_true(boost->grant_ns <= toy->config.budget_ns);
	if (boost->policy == PLAN_FIFO) {
		assert_in_range(boost->rt_priority, 1, 99);
	} else {
		assert_int_equal(boost->policy, PLAN_DEADLINE);
		assert_true(boost->grant_ns <= boost->deadline_ns && boost->deadline_ns <= boost->period_ns);
	}
	for (uint32_t i = 0; i < toy->nr_open; i++)
		assert_int_not_equal(toy->open_cpu[i], boost->cpu);
}

static void do_boost(struct toy *toy, const struct plan_command *boost)
{
	static const int codes[] = { -EPERM, -EBUSY, -ESRCH, -EAGAIN, -EINVAL };

	check_boost(toy, boost);
	if (!next_random(toy, 4)) {
		plan_refused(toy->plan, boost, codes[next_random(toy, 5)]);
		return;
	}
	assert_true(toy->nr_open < MAX_OPEN);
	toy->open_cpu[toy->nr_open] = boost->cpu;
	toy->open[toy->nr_open++] = boost->serial;
	toy->nr_boosts++;
	plan_boosted(toy->plan, boost, toy->now_at);
}

/* Of the boost before: known some time after its restore, but before that of the next one. */
static void charge_late(struct toy *toy, uint32_t cpu)
{
	plan_charge_late(toy->plan, cpu, toy->late_ns[cpu], toy->now_at);
	toy->late_ns[cpu] = 0;
}

static void do_restore(struct toy *toy, const struct plan_command *restore)
{
	struct plan_result result = {
		.is_granted_known = next_random(toy, 8),
		.granted_ns = next_random(toy, 4) ? next_random(toy, restore->grant_ns + 1) :
						     next_random(toy, 4 * restore->grant_ns),
		.is_asleep = next_random(toy, 2),
	};
	uint32_t i = 0;

	while (i < toy->nr_open && toy->open[i] != restore->serial)
		i++;
	assert_true(i < toy->nr_open);
	memmove(&toy->open[i], &toy->open[i + 1], (toy->nr_open - i - 1) * sizeof(*toy->open));
	memmove(&toy->open_cpu[i], &toy->open_cpu[i + 1], (toy->nr_open - i - 1) * sizeof(*toy->open_cpu));
	toy->nr_open--;
	toy->nr_restores++;
	charge_late(toy, restore->cpu);
	plan_restored(toy->plan, restore, &result, toy->now_at);
	toy->late_ns[restore->cpu] = next_random(toy, 2) ? 0 : next_random(toy, restore->grant_ns + 1);
}

static void do_commands(struct toy *toy)
{
	uint64_t last_restored = UINT64_MAX;
	struct plan_command command;
	bool has_boosted = false;
	uint32_t nr = 0;

	while (plan_next(toy->plan, &command)) {
		assert_true(++nr < 1000);
		mix(toy, (uint64_t)command.verb << 32 | (uint32_t)command.wait.tid);
		mix(toy, command.serial);
		if (command.verb == PLAN_RESTORE) {
			assert_true(command.serial < last_restored);
			assert_false(has_boosted);
			last_restored = command.serial;
			do_restore(toy, &command);
		} else if (command.verb == PLAN_BOOST) {
			has_boosted = true;
			do_boost(toy, &command);
		} else {
			assert_true(command.why > PLAN_WHY_NONE && command.why < PLAN_WHY_DONE);
			assert_true(command.wait_ns >= command.wait.threshold_ns);
		}
	}
}

static void check_budgets(const struct toy *toy)
{
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++) {
		const struct budget *budget = plan_budget(toy->plan, cpu);
		unsigned __int128 accrued = (unsigned __int128)toy->now_at * budget->ns / budget->per_ns + 1;

		assert_true(budget->charged_ns <= budget->ns + accrued + budget->worst_excess_ns +
			    2 * budget->worst_late_ns);
	}
}

static void run_round(struct toy *toy)
{
	struct plan_boost boost;
	uint64_t due_at;

	plan_begin(toy->plan, toy->now_at);
	charge_late(toy, next_random(toy, NR_CPUS));
	while (plan_next_check(toy->plan, &boost)) {
		struct plan_usage usage = {
			.is_gone = !next_random(toy, 32), .has_run = next_random(toy, 2),
			.is_asleep = !next_random(toy, 4),
		};

		plan_checked(toy->plan, &boost, &usage);
	}
	for (int32_t i = 0; i < NR_THREADS; i++) {
		struct toy_thread *thread = &toy->threads[i];

		if (!next_random(toy, 16)) {
			thread->is_waiting = !thread->is_waiting;
			thread->wait = any_wait(toy, i + 1);
			thread->wait.began_at = toy->now_at;
		}
		if (thread->is_waiting)
			plan_add(toy->plan, &thread->wait);
	}
	do_commands(toy);
	check_budgets(toy);
	due_at = plan_due_at(toy->plan);
	assert_true(due_at >= toy->now_at);
	/* its timer, or an event before it */
	if (due_at == UINT64_MAX || next_random(toy, 2))
		toy->now_at += next_random(toy, 30 * MS);
	else if (due_at > toy->now_at + 500 * MS)
		toy->now_at += 500 * MS;
	else
		toy->now_at = due_at;
}

/* The end comes after any round. */
static uint64_t run_history(uint64_t seed, uint32_t nr_rounds)
{
	struct toy toy = { .seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1 };
	struct error err = { 0 };

	toy.config = any_config(&toy);
	assert_int_equal(plan_create(&toy.config, 0, &toy.plan, &err), 0);
	for (uint32_t i = 0; i < nr_rounds; i++)
		run_round(&toy);
	plan_stop(toy.plan, toy.now_at);
	do_commands(&toy);
	assert_int_equal(toy.nr_open, 0);
	assert_int_equal(toy.nr_boosts, toy.nr_restores);
	plan_destroy(toy.plan);
	mix(&toy, toy.nr_boosts);
	return toy.digest;
}

static void each_boost_is_restored_once_newest_first_whatever_happens(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= NR_HISTORIES; seed++)
		run_history(seed, NR_ROUNDS);
}

static void the_end_may_come_after_any_round(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		for (uint32_t nr_rounds = 0; nr_rounds < NR_ROUNDS; nr_rounds += 3)
			run_history(seed, nr_rounds);
	}
}

static void the_same_input_gives_the_same_commands(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++)
		assert_true(run_history(seed, NR_ROUNDS) == run_history(seed, NR_ROUNDS));
}

/* The timer is what makes it exact: with nothing else to wake it, a thread is boosted when it is due. */
static void the_timer_alone_is_enough(void **state)
{
	struct toy toy = { .seed = 99 };
	struct error err = { 0 };
	struct plan_command command;
	struct plan_wait wait;

	(void)state;
	toy.config = (struct plan_config){
		.nr_cpus = NR_CPUS, .policy = PLAN_FIFO, .runtime_ns = MS, .period_ns = 100 * MS,
		.budget_ns = 50 * MS, .budget_per_ns = S, .tick_ns = 4 * MS,
	};
	for (int i = 0; i < 100; i++) {
		uint64_t due_at;

		assert_int_equal(plan_create(&toy.config, 0, &toy.plan, &err), 0);
		wait = any_wait(&toy, 1);
		wait.state = PLAN_READY;
		wait.prio = 120;
		wait.is_kthread = true;
		wait.is_ourselves = false;
		wait.list = PLAN_WHY_NONE;
		wait.fair_server_ns = 0;
		wait.occupant = (struct plan_occupant){
			.kind = PLAN_OCCUPANT_THREAD, .tid = 900, .prio = 44,
		};
		wait.began_at = next_random(&toy, 50 * MS);
		plan_begin(toy.plan, wait.began_at);
		plan_add(toy.plan, &wait);
		assert_false(plan_next(toy.plan, &command));
		due_at = plan_due_at(toy.plan);
		assert_int_equal(due_at, wait.began_at + wait.threshold_ns);
		plan_begin(toy.plan, due_at);
		plan_add(toy.plan, &wait);
		assert_true(plan_next(toy.plan, &command));
		assert_int_equal(command.verb, PLAN_BOOST);
		assert_int_equal(command.wait_ns, wait.threshold_ns);
		plan_destroy(toy.plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_boost_is_restored_once_newest_first_whatever_happens),
		cmocka_unit_test(the_end_may_come_after_any_round),
		cmocka_unit_test(the_same_input_gives_the_same_commands),
		cmocka_unit_test(the_timer_alone_is_enough),
	};

	return cmocka_run_group_tests_name("plan laws", tests, NULL, NULL);
}
