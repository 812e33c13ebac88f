// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "util/names.h"

#define TIMERLAT 61

struct seen {
	uint32_t nr;
	uint32_t seqnum[2];
	uint32_t nr_frames[2];
	uint32_t frame[2];
};

static void on_episode(const struct episode *episode, void *arg)
{
	(void)episode;
	(void)arg;
}

static void on_timerlat(const struct timerlat_activation *activation, void *arg)
{
	struct seen *seen = arg;

	assert_true(seen->nr < 2);
	seen->seqnum[seen->nr] = activation->seqnum;
	seen->nr_frames[seen->nr] = activation->stack ? activation->stack->nr_frames : 0;
	seen->frame[seen->nr] = activation->stack ? activation->stack->frames[0] : 0;
	seen->nr++;
}

static void sample_at(struct engine *eng, uint64_t at, uint32_t seqnum, uint32_t context, int32_t tid)
{
	struct event event = {
		.at = at, .cpu = 1, .tid = tid, .type = EVENT_TIMERLAT,
		.timerlat = { .seqnum = seqnum, .context = context, .timer_latency_ns = 500 },
	};

	assert_int_equal(engine_feed(eng, &event), 0);
}

static void stack_at(struct engine *eng, uint64_t at, int32_t tid, uint32_t frame)
{
	struct event event = {
		.at = at, .cpu = 1, .tid = tid, .type = EVENT_STACK,
		.stack = { .nr_frames = 2, .frames = { frame, frame } },
	};

	assert_int_equal(engine_feed(eng, &event), 0);
}

/* The thread records it after its sample; the next activation, which was in time, has none. */
static void stack_of_a_late_thread_is_its_activations(void **state)
{
	struct seen seen = { 0 };
	struct engine_config config = {
		.on_episode = on_episode, .on_timerlat = on_timerlat, .arg = &seen,
	};
	struct names *names = names_create();
	struct engine *eng;

	(void)state;
	assert_non_null(names);
	config.names = names;
	assert_int_equal(engine_create(&config, &eng), 0);
	sample_at(eng, 1000, 1, 0, 0);
	sample_at(eng, 9000, 1, 1, TIMERLAT);
	stack_at(eng, 9010, 99, 3);	/* somebody else's */
	stack_at(eng, 9020, TIMERLAT, 7);
	stack_at(eng, 9030, TIMERLAT, 8);
	sample_at(eng, 11000, 2, 0, 0);
	sample_at(eng, 11100, 2, 1, TIMERLAT);
	assert_int_equal(engine_finish(eng), 0);
	assert_int_equal(seen.nr, 2);
	assert_int_equal(seen.seqnum[0], 1);
	assert_int_equal(seen.nr_frames[0], 2);
	assert_int_equal(seen.frame[0], 7);
	assert_int_equal(seen.nr_frames[1], 0);
	engine_destroy(eng);
	names_destroy(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stack_of_a_late_thread_is_its_activations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
