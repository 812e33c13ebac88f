// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which waits and activations are told of when a threshold is reached, and how often; and how rates are made.
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

#include "../../rtla-stall/src/monitor/hits.h"
#include "../../rtla-stall/src/monitor/lost_waits.h"
#include "../../rtla-stall/src/monitor/rates.h"
#include "../../rtla-stall/src/monitor/stall_count.h"
#include "../../rtla-stall/src/util/names.h"

enum { HOG = 70, WORKER = 50, USER = 60, THRESHOLD = 1000 };

struct bed {
	struct engine *eng;
	struct names *names;
	struct hits *hits;
	struct selection selection;
	unsigned int nr_hits;
	enum monitor_hit_kind kind;
	int32_t tid;
	uint64_t wait_ns;
	uint8_t flags;
	uint64_t number;
	uint32_t nr_segments;
	bool has_episode;
	uint64_t thread_latency_ns;
};

static void on_episode(const struct episode *episode, void *arg)
{
	struct bed *bed = arg;

	assert_int_equal(hits_on_episode(bed->hits, bed->eng, episode), 0);
}

static void on_hit(const struct monitor_hit *hit, void *arg)
{
	struct bed *bed = arg;

	bed->nr_hits++;
	bed->kind = hit->kind;
	bed->number = hit->number;
	bed->has_episode = hit->episode;
	if (hit->episode) {
		bed->tid = hit->episode->tid;
		bed->wait_ns = hit->episode->ended_at - hit->episode->began_at;
		bed->flags = hit->episode->flags;
		bed->nr_segments = hit->episode->nr_segments;
	}
	if (hit->activation)
		bed->thread_latency_ns = hit->activation->thread_latency_ns;
}

static void open_bed(struct bed *bed, const struct hits_setting *setting)
{
	struct engine_config config = { .on_episode = on_episode, .arg = bed };

	bed->names = names_create();
	assert_non_null(bed->names);
	config.names = bed->names;
	bed->hits = hits_create(setting);
	assert_non_null(bed->hits);
	assert_int_equal(engine_create(&config, &bed->eng), 0);
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	const struct hits_setting setting = { .selection = &bed->selection, .threshold_ns = THRESHOLD };

	open_bed(bed, &setting);
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	hits_destroy(bed->hits);
	engine_destroy(bed->eng);
	names_destroy(bed->names);
	free(bed);
	return 0;
}

static void switch_at(struct bed *bed, uint64_t at, int32_t prev_tid, enum event_left left, int32_t next_tid,
		      const char *comm)
{
	struct event event = {
		.at = at, .cpu = 1, .tid = prev_tid, .type = EVENT_SWITCH,
		.sw = { .prev_tid = prev_tid, .next_tid = next_tid, .prev_prio = PRIO_UNKNOWN,
			.next_prio = 44, .left = (uint8_t)left },
	};

	snprintf(event.sw.next_comm, COMM_LEN, "%s", comm);
	assert_int_equal(engine_feed(bed->eng, &event), 0);
}

static void wake_at(struct bed *bed, uint64_t at, int32_t tid, const char *comm)
{
	struct event event = {
		.at = at, .cpu = 0, .tid = 90, .type = EVENT_WAKING,
		.wake = { .tid = tid, .prio = 120, .target_cpu = 1 },
	};

	snprintf(event.wake.comm, COMM_LEN, "%s", comm);
	assert_int_equal(engine_feed(bed->eng, &event), 0);
	event.type = EVENT_WAKEUP;
	assert_int_equal(engine_feed(bed->eng, &event), 0);
	assert_int_equal(engine_set_kthread(bed->eng, tid, tid == WORKER), 0);
}

static uint64_t look_at(struct bed *bed, uint64_t at)
{
	assert_int_equal(hits_look(bed->hits, bed->eng, at), 0);
	return hits_deliver(bed->hits, on_hit, bed);
}

static void open_wait_is_told_of_once_when_it_reaches_the_threshold(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 100, 0, LEFT_READY, HOG, "hog");
	wake_at(bed, 200, WORKER, "kworker/1:0");
	assert_int_equal(hits_due_at(bed->hits, bed->eng), 1200);
	assert_int_equal(look_at(bed, 1199), 0);
	assert_int_equal(look_at(bed, 1200), 1);
	assert_int_equal(bed->kind, MONITOR_HIT_WAIT);
	assert_int_equal(bed->tid, WORKER);
	assert_int_equal(bed->wait_ns, 1000);
	assert_true(bed->flags & EPISODE_STILL_OPEN);
	assert_int_equal(bed->nr_segments, 1);
	assert_int_equal(hits_due_at(bed->hits, bed->eng), UINT64_MAX);
	assert_int_equal(look_at(bed, 9000), 0);
	switch_at(bed, 9500, HOG, LEFT_SLEEPING, WORKER, "kworker/1:0");
	assert_int_equal(look_at(bed, 9600), 0);
	assert_int_equal(bed->nr_hits, 1);
}

static void wait_that_ended_between_two_looks_is_told_of(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 100, 0, LEFT_READY, HOG, "hog");
	wake_at(bed, 200, WORKER, "kworker/1:0");
	switch_at(bed, 1500, HOG, LEFT_SLEEPING, WORKER, "kworker/1:0");
	assert_int_equal(look_at(bed, 2000), 1);
	assert_int_equal(bed->wait_ns, 1300);
	assert_false(bed->flags & EPISODE_STILL_OPEN);
	/* its next wait is another one */
	switch_at(bed, 2100, WORKER, LEFT_PREEMPTED, HOG, "hog");
	assert_int_equal(look_at(bed, 3100), 1);
	assert_int_equal(bed->number, 2);
	assert_int_equal(hits_count(bed->hits), 2);
}

static void user_thread_is_told_of_only_when_it_is_asked_for(void **state)
{
	struct bed *bed = *state;

	switch_at(bed, 100, 0, LEFT_READY, HOG, "hog");
	wake_at(bed, 200, USER, "user");
	assert_int_equal(look_at(bed, 5000), 0);
	assert_int_equal(hits_due_at(bed->hits, bed->eng), UINT64_MAX);
	bed->selection.wants_all = true;
	assert_int_equal(look_at(bed, 6000), 1);
}

static void wait_of_another_cpu_is_not_told_of(void **state)
{
	struct bed *bed = *state;

	bed->selection.has_cpus = true;
	bed->selection.cpus.bits[0] = 1 << 3;
	switch_at(bed, 100, 0, LEFT_READY, HOG, "hog");
	wake_at(bed, 200, WORKER, "kworker/1:0");
	assert_int_equal(look_at(bed, 5000), 0);
	bed->selection.cpus.bits[0] = 1 << 1;
	assert_int_equal(look_at(bed, 6000), 1);
}

/* timerlat's thread waits 600 of 1100 since its timer should have expired: told once, as an activation */
static void timer_thread_is_told_of_by_its_activation(void **state)
{
	struct bed *bed = *state;
	const struct hits_setting setting = {
		.selection = &bed->selection, .threshold_ns = THRESHOLD, .irq_threshold_ns = 300,
		.has_timerlat = true,
	};
	struct timerlat_activation activation = {
		.arrival_at = 10000,
		.irq_latency_ns = 500,
		.thread_latency_ns = 1100,
		.cpu = 1,
		.tid = WORKER,
		.has_irq = true,
		.has_thread = true,
	};

	hits_set(bed->hits, &setting);
	switch_at(bed, 100, 0, LEFT_READY, HOG, "hog");
	wake_at(bed, 10500, WORKER, "timerlat/1");
	switch_at(bed, 11100, HOG, LEFT_SLEEPING, WORKER, "timerlat/1");
	assert_int_equal(hits_on_timerlat(bed->hits, &activation), 0);
	assert_int_equal(look_at(bed, 12000), 1);
	assert_int_equal(bed->kind, MONITOR_HIT_THREAD);
	assert_int_equal(bed->thread_latency_ns, 1100);
	assert_true(bed->has_episode);
	assert_int_equal(bed->wait_ns, 600);
	/* only its interrupt was late, and the wait is of the activation before */
	activation.arrival_at = 20000;
	activation.irq_latency_ns = 300;
	activation.thread_latency_ns = 999;
	assert_int_equal(hits_on_timerlat(bed->hits, &activation), 0);
	activation.irq_latency_ns = 299;
	assert_int_equal(hits_on_timerlat(bed->hits, &activation), 0);
	assert_int_equal(look_at(bed, 21000), 1);
	assert_int_equal(bed->kind, MONITOR_HIT_IRQ);
	assert_false(bed->has_episode);
}

static bool is_own_user_thread(int32_t tid, void *arg)
{
	return arg && tid == 61;
}

static enum tristate is_no_kthread(int32_t tid)
{
	(void)tid;
	return TRI_NO;
}

/* What only has its name is told of like any other thread. */
static void thread_that_calls_itself_timerlat_is_no_timer_thread(void **state)
{
	struct bed *bed = *state;
	struct hits_setting setting = {
		.selection = &bed->selection, .threshold_ns = THRESHOLD, .has_timerlat = true,
		.is_workload = is_own_user_thread, .arg = bed,
	};
	struct timerlat_activation activation = { .cpu = 1, .tid = 62, .has_thread = true };

	bed->selection.wants_all = true;
	hits_set(bed->hits, &setting);
	switch_at(bed, 100, 0, LEFT_READY, HOG, "hog");
	wake_at(bed, 200, USER, "timerlat/x");
	wake_at(bed, 210, WORKER, "timerlat/1");
	wake_at(bed, 220, 63, "timerlatu/1");
	wake_at(bed, 230, 61, "timerlatu/1");
	wake_at(bed, 240, 62, "own-name");
	assert_int_equal(hits_on_timerlat(bed->hits, &activation), 0);
	assert_int_equal(look_at(bed, 5000), 2);
	assert_int_equal(bed->tid, 63);
	/* the engine may infer it from the name: the kernel's own word counts */
	switch_at(bed, 6000, HOG, LEFT_SLEEPING, WORKER, "timerlat/1");
	switch_at(bed, 6010, WORKER, LEFT_SLEEPING, HOG, "hog");
	hits_destroy(bed->hits);
	setting.is_kthread = is_no_kthread;
	bed->hits = hits_create(&setting);
	wake_at(bed, 6020, WORKER, "timerlat/1");
	bed->nr_hits = 0;
	/* 60, 62, whose activation this one was not told of, 63, and the worker */
	assert_int_equal(look_at(bed, 9000), 4);
}

static void kernel_says_who_is_a_thread_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(hits_is_kthread(getpid()), TRI_NO);
	assert_int_equal(hits_is_kthread(INT32_MAX), TRI_UNKNOWN);
}

static void stalls_are_counted_by_the_threshold_there_is_now(void **state)
{
	struct stall_count count = { 0 };
	struct stall_count_change change = {
		.before_ns = 10, .stall_ns = 20, .at = 5000, .nr_counted = 12, .nr_kept = 3,
	};

	(void)state;
	assert_int_equal(stall_count_of(&count, 12), 12);
	/* raised: 3 of the 12 are long enough */
	stall_count_change(&count, &change);
	assert_int_equal(stall_count_of(&count, 12), 3);
	assert_int_equal(count.from_at, 0);
	assert_int_equal(stall_count_of(&count, 14), 5);
	/* lowered: nobody knows how many of 5 there were before */
	change = (struct stall_count_change){ .before_ns = 20, .stall_ns = 5, .at = 7000, .nr_counted = 14,
					      .nr_kept = 14 };
	stall_count_change(&count, &change);
	assert_int_equal(stall_count_of(&count, 14), 0);
	assert_int_equal(stall_count_of(&count, 15), 1);
	assert_int_equal(count.from_at, 7000);
	/* up again, to what has been looked for all the time */
	change = (struct stall_count_change){ .before_ns = 5, .stall_ns = 20, .at = 8000, .nr_counted = 30,
					      .nr_kept = 6 };
	stall_count_change(&count, &change);
	assert_int_equal(stall_count_of(&count, 30), 6);
	assert_int_equal(count.from_at, 0);
	/* some could not be kept */
	change = (struct stall_count_change){ .before_ns = 20, .stall_ns = 50, .at = 9000, .nr_counted = 30,
					      .nr_kept = 2, .has_omitted = true };
	stall_count_change(&count, &change);
	assert_int_equal(stall_count_of(&count, 30), 0);
	assert_int_equal(count.from_at, 9000);
}

static void too_many_at_once_are_counted(void **state)
{
	struct bed *bed = *state;

	bed->selection.wants_all = true;
	switch_at(bed, 100, 0, LEFT_READY, HOG, "hog");
	for (int32_t tid = 1000; tid < 1300; tid++)
		wake_at(bed, 200, tid, "many");
	assert_int_equal(look_at(bed, 5000), 300);
	assert_int_equal(bed->nr_hits, 256);
	assert_int_equal(hits_count(bed->hits), 300);
	assert_int_equal(hits_dropped(bed->hits), 44);
}

static void rates_are_of_the_last_second(void **state)
{
	struct rates rates = { .has_entries = true };
	struct event event = { .cpu = 2, .type = EVENT_SWITCH };

	(void)state;
	rates_update(&rates, 1000000000, 5000000);
	for (int i = 0; i < 300; i++)
		assert_int_equal(rates_count(&rates, &event), 0);
	event.type = EVENT_IRQ_ENTRY;
	for (int i = 0; i < 30; i++)
		assert_int_equal(rates_count(&rates, &event), 0);
	event.type = EVENT_IRQ_NOISE;	/* the same interrupts once more */
	assert_int_equal(rates_count(&rates, &event), 0);
	event.type = EVENT_TICK;
	assert_int_equal(rates_count(&rates, &event), 0);
	rates_update(&rates, 1900000000, 6000000);
	assert_int_equal(rates.events_per_s, 0);
	rates_update(&rates, 2500000000, 20000000);
	assert_int_equal(rates.events_per_s, 221);	/* 331 in 1.5 s */
	assert_int_equal(rates.cpus[2].switches_per_s, 200);
	assert_int_equal(rates.cpus[2].irqs_per_s, 20);
	assert_int_equal(rates.cpus[0].switches_per_s, 0);
	assert_int_equal(rates.own_per_mille, 10);	/* 15 ms of 1.5 s */
	rates_deinit(&rates);
}

static bool is_ready;

static bool ask_ready(int32_t tid)
{
	assert_int_equal(tid, WORKER);
	return is_ready;
}

static int feed(const struct event *event, void *arg)
{
	struct bed *bed = arg;

	return engine_feed(bed->eng, event);
}

static void count_waiting(const struct engine_wait *wait, void *arg)
{
	unsigned int *nr = arg;

	(*nr)++;
	assert_int_equal(wait->tid, WORKER);
}

static unsigned int nr_waiting(const struct bed *bed)
{
	unsigned int nr = 0;

	engine_for_each_waiting(bed->eng, count_waiting, &nr);
	return nr;
}

/* 1000 it is woken; 1500..1700 records are lost */
static void begin_lost_wait(struct bed *bed)
{
	const struct hits_setting setting = {
		.selection = &bed->selection, .threshold_ns = THRESHOLD, .is_ready = ask_ready,
	};
	struct event loss = {
		.at = 1500, .cpu = 1, .tid = TID_UNKNOWN, .type = EVENT_LOSS, .loss = { .to_at = 1700 },
	};

	hits_set(bed->hits, &setting);
	switch_at(bed, 500, 0, LEFT_READY, HOG, "hog");
	wake_at(bed, 1000, WORKER, "kworker/1:0");
	assert_int_equal(engine_feed(bed->eng, &loss), 0);
}

static void wait_whose_end_may_be_lost_is_told_of_only_when_it_goes_on(void **state)
{
	struct bed *bed = *state;

	begin_lost_wait(bed);
	is_ready = false;
	assert_int_equal(hits_look(bed->hits, bed->eng, 9000), 0);
	assert_int_equal(hits_deliver(bed->hits, on_hit, bed), 0);
	is_ready = true;
	assert_int_equal(hits_look(bed->hits, bed->eng, 9000), 0);
	assert_int_equal(hits_deliver(bed->hits, on_hit, bed), 1);
	assert_int_equal(bed->tid, WORKER);
}

static void wait_whose_end_was_lost_ends_at_the_loss(void **state)
{
	const uint64_t look_at = LOST_WAITS_PAUSE_NS;
	struct lost_waits lost = { 0 };
	struct bed *bed = *state;

	begin_lost_wait(bed);
	is_ready = true;
	assert_int_equal(lost_waits_turn(&lost, bed->eng, look_at, 9000, ask_ready, feed, bed), 0);
	assert_int_equal(lost.nr_ended, 0);
	is_ready = false;
	assert_int_equal(lost_waits_turn(&lost, bed->eng, 2 * look_at, look_at, ask_ready, feed, bed), 0);
	assert_int_equal(lost.nr_ended, 1);
	/* a switch-in may still be among what is not read yet */
	assert_int_equal(lost_waits_turn(&lost, bed->eng, 3 * look_at, look_at, ask_ready, feed, bed), 0);
	assert_int_equal(nr_waiting(bed), 1);
	assert_int_equal(lost_waits_turn(&lost, bed->eng, 3 * look_at, 2 * look_at, ask_ready, feed, bed), 0);
	assert_int_equal(nr_waiting(bed), 0);
	/* 500 ns: it is no hit */
	assert_int_equal(hits_deliver(bed->hits, on_hit, bed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(open_wait_is_told_of_once_when_it_reaches_the_threshold,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(wait_that_ended_between_two_looks_is_told_of, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(user_thread_is_told_of_only_when_it_is_asked_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(wait_of_another_cpu_is_not_told_of, set_up, tear_down),
		cmocka_unit_test_setup_teardown(timer_thread_is_told_of_by_its_activation, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(thread_that_calls_itself_timerlat_is_no_timer_thread, set_up,
						tear_down),
		cmocka_unit_test(kernel_says_who_is_a_thread_of_its_own),
		cmocka_unit_test(stalls_are_counted_by_the_threshold_there_is_now),
		cmocka_unit_test_setup_teardown(too_many_at_once_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wait_whose_end_may_be_lost_is_told_of_only_when_it_goes_on,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(wait_whose_end_was_lost_ends_at_the_loss, set_up, tear_down),
		cmocka_unit_test(rates_are_of_the_last_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
