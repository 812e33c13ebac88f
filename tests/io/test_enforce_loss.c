// SPDX-License-Identifier: GPL-2.0-only
/* What a boost cost, and who is named, of waits made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boost/enforce_blame.h"
#include "boost/enforce_loss.h"
#include "engine/engine.h"

#define US UINT64_C(1000)
#define PAYER 7

struct fixture {
	struct engine *engine;
	struct enforce_losses *losses;
};

static void on_episode(const struct episode *episode, void *arg)
{
	(void)episode;
	(void)arg;
}

static void setup(struct fixture *fixture)
{
	const struct engine_config config = { .on_episode = on_episode };

	assert_int_equal(engine_create(&config, &fixture->engine), 0);
	assert_int_equal(enforce_losses_create(2, &fixture->losses, NULL), 0);
}

static void teardown(struct fixture *fixture)
{
	enforce_losses_destroy(fixture->losses);
	engine_destroy(fixture->engine);
}

static void end_wait(struct fixture *fixture, uint64_t began_at, uint64_t ended_at, uint8_t flags)
{
	const struct episode episode = {
		.tid = PAYER, .cpu = 1, .began_at = began_at, .ended_at = ended_at, .flags = flags,
	};

	enforce_losses_on_episode(fixture->losses, &episode);
}

static bool hold(struct fixture *fixture, uint64_t restored_at)
{
	const struct enforce_boost_record record = { .cpu = 1, .restored_at = restored_at };

	return enforce_losses_hold(fixture->losses, &record, 50 * US);
}

/* Of PAYER, from @from_at on. */
static void boost(struct fixture *fixture, uint64_t from_at, uint64_t restored_at)
{
	enforce_losses_begin(fixture->losses, 1, PAYER, from_at);
	assert_true(hold(fixture, restored_at));
}

/* What the boost that is held has cost. */
static void check_known(struct fixture *fixture, uint64_t seen_at, uint64_t jitter_ns)
{
	struct enforce_held held;

	assert_true(enforce_losses_next(fixture->losses, fixture->engine, seen_at, &held));
	assert_true(held.record.is_jitter_known);
	assert_int_equal(held.record.jitter_ns, jitter_ns);
	assert_int_equal(held.charged_ns, 50 * US);
	assert_false(enforce_losses_next(fixture->losses, fixture->engine, 10 * seen_at, &held));
}

static void loss_is_the_wait_from_boost_until_it_settles(void **state)
{
	struct enforce_held held;
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	boost(&fixture, 1000 * US, 1060 * US);
	assert_false(enforce_losses_next(fixture.losses, fixture.engine, 1100 * US, &held));
	end_wait(&fixture, 990 * US, 1080 * US, 0);
	/* of other making */
	end_wait(&fixture, 1090 * US, 1100 * US, 0);
	check_known(&fixture, 1160 * US, 80 * US);
	teardown(&fixture);
}

static void two_boosts_in_one_wait_share_it(void **state)
{
	struct enforce_held held;
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	boost(&fixture, 1000 * US, 1060 * US);
	enforce_losses_begin(fixture.losses, 1, PAYER, 1070 * US);
	end_wait(&fixture, 1000 * US, 1130 * US, 0);
	assert_true(enforce_losses_take(fixture.losses, 1, fixture.engine, 1200 * US, &held));
	assert_int_equal(held.record.jitter_ns, 70 * US);
	assert_true(hold(&fixture, 1120 * US));
	check_known(&fixture, 1220 * US, 60 * US);
	teardown(&fixture);
}

static void what_is_not_known_is_not_said(void **state)
{
	struct enforce_held held;
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	/* nobody to ask */
	enforce_losses_begin(fixture.losses, 1, TID_UNKNOWN, 1000 * US);
	assert_false(hold(&fixture, 1060 * US));
	/* not read so far */
	boost(&fixture, 2000 * US, 2060 * US);
	assert_true(enforce_losses_take(fixture.losses, 1, fixture.engine, 2070 * US, &held));
	assert_false(held.record.is_jitter_known);
	/* events are missing */
	boost(&fixture, 3000 * US, 3060 * US);
	end_wait(&fixture, 3000 * US, 3070 * US, EPISODE_TOUCHED_BY_LOSS);
	assert_true(enforce_losses_next(fixture.losses, fixture.engine, 4000 * US, &held));
	assert_false(held.record.is_jitter_known);
	assert_int_equal(held.record.jitter_ns, 0);
	teardown(&fixture);
}

static void throttling_is_no_loss_by_a_boost(void **state)
{
	const struct charge charges[] = {
		{ .ns = 70 * US, .reason = REASON_THREAD }, { .ns = 930 * US, .reason = REASON_THROTTLED },
	};
	const struct episode episode = {
		.tid = PAYER, .cpu = 1, .began_at = 1000 * US, .ended_at = 2000 * US,
		.charges = charges, .nr_charges = 2,
	};
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	enforce_losses_begin(fixture.losses, 1, PAYER, 1000 * US);
	enforce_losses_on_episode(fixture.losses, &episode);
	assert_true(hold(&fixture, 3000 * US));
	check_known(&fixture, 4000 * US, 70 * US);
	teardown(&fixture);
}

static bool is_own(int32_t tid, void *arg)
{
	(void)arg;
	return tid == 30;
}

/* 900 us behind the hog, for two reasons; 1000 behind us, who have the CPU now; 600 behind a third */
static void thread_with_largest_share_is_named_and_never_ourselves(void **state)
{
	struct charge charges[] = {
		{ .ns = 500 * US, .reason = REASON_THREAD }, { .ns = 1000 * US, .reason = REASON_THREAD },
		{ .ns = 400 * US, .reason = REASON_EQUAL }, { .ns = 600 * US, .reason = REASON_THREAD },
	};
	struct enforce_boost_record record = {
		.culprit = { .kind = PLAN_OCCUPANT_THREAD, .tid = 30, .comm = "rtla-stall/rst" },
	};
	struct episode episode = { .charges = charges, .nr_charges = 4 };
	const int32_t tids[] = { 10, 30, 10, 20 };
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	for (uint32_t i = 0; i < 4; i++) {
		struct engine_task task;

		assert_int_equal(engine_set_kthread(fixture.engine, tids[i], false), 0);
		for (uint32_t index = 0; index < engine_nr_tasks(fixture.engine); index++) {
			engine_task(fixture.engine, index, &task);
			if (task.tid == tids[i])
				charges[i].culprit = task.culprit;
		}
	}
	enforce_blame_episode(fixture.engine, &episode, is_own, NULL, &record);
	assert_int_equal(record.culprit.tid, 10);
	/* nobody else: then it is us */
	episode.charges = &charges[1];
	episode.nr_charges = 1;
	enforce_blame_episode(fixture.engine, &episode, is_own, NULL, &record);
	assert_int_equal(record.culprit.tid, 30);
	teardown(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_is_the_wait_from_boost_until_it_settles),
		cmocka_unit_test(two_boosts_in_one_wait_share_it),
		cmocka_unit_test(what_is_not_known_is_not_said),
		cmocka_unit_test(throttling_is_no_loss_by_a_boost),
		cmocka_unit_test(thread_with_largest_share_is_named_and_never_ourselves),
	};

	return cmocka_run_group_tests_name("enforce_loss", tests, NULL, NULL);
}
