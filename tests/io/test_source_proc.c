// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc tells while there is no trace: looks made up here, in which it is known who runs, and threads of
 * this machine that wait because they are made to.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/proc_compare.h"
#include "source/source_proc.h"
#include "util/error.h"

#define NR_CPUS 4
#define MS UINT64_C(1000000)
#define PATIENCE_NS UINT64_C(20000000000)

/* ---- looks made up ---------------------------------------------------------------------------- */

/* As /proc would show a thread. */
struct shown {
	int32_t tid;
	char state;
	uint32_t cpu;
	int32_t prio;
	const char *comm;
	uint64_t run_ms;
	uint64_t nr_runs;
	bool is_kthread;
	uint64_t start_ticks;
};

/* A look takes from at_ms to 2 ms later. Idle: ms per CPU. */
struct shown_look {
	uint64_t at_ms;
	uint64_t idle_ms[NR_CPUS];
	struct shown threads[8];	/* in the order of tids; up to tid 0 */
};

#define HOG(ms) { 50, 'R', 3, 44, "hog", ms, 7, false, 1 }
#define WORKER(ms, runs) { 30, 'R', 3, 120, "kworker/3:1", ms, runs, true, 1 }

static void fill(struct proc_look *look, const struct shown_look *shown)
{
	proc_look_deinit(look);
	look->from_at = shown->at_ms * MS;
	look->to_at = look->from_at + 2 * MS;
	look->census.threads = calloc(8, sizeof(*look->census.threads));
	look->ready = calloc(8, sizeof(*look->ready));
	look->cpus = calloc(NR_CPUS, sizeof(*look->cpus));
	look->nr_cpus = NR_CPUS;
	for (int i = 0; i < NR_CPUS; i++)
		look->cpus[i] = (struct proc_idle){ .is_online = true, .ns = shown->idle_ms[i] * MS };
	for (const struct shown *thread = shown->threads; thread->tid; thread++) {
		struct proc_runs runs = { .ns = thread->run_ms * MS, .nr = thread->nr_runs };
		struct census_thread *listed = &look->census.threads[look->census.nr_threads++];
		struct proc_ready *ready;

		*listed = (struct census_thread){
			.tid = thread->tid, .tgid = thread->tid, .is_kthread = thread->is_kthread,
			.state = thread->state, .prio = thread->prio, .cpu = thread->cpu,
			.start_ticks = thread->start_ticks, .run_ns = runs.ns, .nr_runs = runs.nr,
		};
		memcpy(listed->comm, thread->comm, strlen(thread->comm));
		if (thread->state != 'R')
			continue;
		ready = &look->ready[look->nr_ready++];
		*ready = (struct proc_ready){
			.tid = thread->tid, .is_kthread = thread->is_kthread, .prio = thread->prio,
			.cpu = thread->cpu, .start_ticks = thread->start_ticks, .before = runs, .after = runs,
		};
		memcpy(ready->comm, thread->comm, strlen(thread->comm));
	}
}

struct script {
	const struct shown_look *looks;
	size_t nr_looks;
	size_t next;
};

static int take_scripted(struct proc_look *look, void *arg, struct error *err)
{
	struct script *script = arg;

	if (script->next == script->nr_looks)
		return error_set(err, -ENODATA, "no more looks");
	fill(look, &script->looks[script->next++]);
	return 0;
}

static void append(char *text, size_t size, const struct event *event)
{
	static const char *const words[EVENT_NR_TYPES] = {
		[EVENT_TICK] = "tick", [EVENT_FOUND_READY] = "ready", [EVENT_FOUND_RUNNING] = "running",
		[EVENT_FOUND_ENDED] = "ended",
	};
	size_t length = strlen(text);
	unsigned long long ms = event->at / MS;

	assert_non_null(words[event->type]);
	assert_int_equal(event->tid, TID_UNKNOWN);
	if (event->type == EVENT_TICK)
		snprintf(text + length, size - length, "%llu tick\n", ms);
	else if (event->found.prio == PRIO_UNKNOWN)
		snprintf(text + length, size - length, "%llu cpu%u %s %d\n", ms, event->cpu,
			 words[event->type], event->found.tid);
	else
		snprintf(text + length, size - length, "%llu cpu%u %s %d %s prio %d\n", ms, event->cpu,
			 words[event->type], event->found.tid, event->found.comm, event->found.prio);
}

/* Everything handed on from these looks, without the idle CPUs 0 to 2. */
static void check_events(const struct shown_look *looks, size_t nr_looks, const char *wanted)
{
	struct script script = { .looks = looks, .nr_looks = nr_looks };
	struct source_proc_options options = { .take = take_scripted, .arg = &script };
	struct error err = { 0 };
	char found[2048] = "";
	struct source *src;
	struct event event;
	uint64_t last_at = 0;
	int result;

	assert_int_equal(source_proc_open(&options, &src, &err), 0);
	while ((result = source_next(src, &event, &err)) > 0) {
		assert_true(event.at >= last_at);
		last_at = event.at;
		assert_int_equal(src->info.last_at, last_at);
		if (event.type == EVENT_TICK || event.cpu == 3 || event.found.tid)
			append(found, sizeof(found), &event);
	}
	assert_int_equal(result, -ENODATA);
	assert_string_equal(found, wanted);
	source_close(src);
}

#define CHECK_EVENTS(looks, wanted) check_events(looks, sizeof(looks) / sizeof(*(looks)), wanted)

static void waiter_behind_a_hog_is_found_from_the_first_look_on(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), HOG(3000) } },
		{ 1050, { 0 }, { WORKER(10, 5), HOG(3050) } },
		{ 1200, { 0 }, { WORKER(10, 5), HOG(3200) } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu3 running 50 hog prio 44\n"
			    "1002 cpu3 ready 30 kworker/3:1 prio 120\n"
			    "1050 tick\n"
			    "1200 tick\n");
}

static void waiter_that_ran_has_ended_and_is_found_again(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), HOG(3000) } },
		{ 1100, { 0 }, { WORKER(10, 5), HOG(3100) } },
		{ 1200, { 0 }, { WORKER(15, 6), HOG(3195) } },
		{ 1300, { 0 }, { WORKER(15, 6), HOG(3295) } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu3 running 50 hog prio 44\n"
			    "1002 cpu3 ready 30 kworker/3:1 prio 120\n"
			    "1100 tick\n"
			    "1200 cpu3 ended 30 kworker/3:1 prio 120\n"
			    "1200 tick\n"
			    "1202 cpu3 ready 30 kworker/3:1 prio 120\n"
			    "1300 tick\n");
}

/* Given the CPU and taken off it again at once: no time was accounted, but it was there. */
static void waiter_given_the_cpu_for_no_time_has_ended(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), HOG(3000) } },
		{ 1100, { 0 }, { WORKER(10, 6), HOG(3100) } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu3 running 50 hog prio 44\n"
			    "1100 tick\n");
}

static void waiter_that_sleeps_or_is_gone_has_ended(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), { 40, 'R', 3, 120, "cat", 0, 0, false, 1 }, HOG(3000) } },
		{ 1100, { 0 }, { WORKER(10, 5), { 40, 'R', 3, 120, "cat", 0, 0, false, 1 }, HOG(3100) } },
		{ 1200, { 0 }, { { 30, 'I', 3, 120, "kworker/3:1", 11, 6, true, 1 }, HOG(3199) } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu3 running 50 hog prio 44\n"
			    "1002 cpu3 ready 30 kworker/3:1 prio 120\n"
			    "1002 cpu3 ready 40 cat prio 120\n"
			    "1100 tick\n"
			    "1200 cpu3 ended 30 kworker/3:1 prio 120\n"
			    "1200 cpu3 ended 40 cat prio 120\n"
			    "1200 tick\n");
}

static void another_thread_of_the_same_tid_is_another_waiter(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { { 40, 'R', 3, 120, "cat", 0, 0, false, 1 }, HOG(3000) } },
		{ 1100, { 0 }, { { 40, 'R', 3, 120, "cat", 0, 0, false, 1 }, HOG(3100) } },
		{ 1200, { 0 }, { { 40, 'R', 3, 120, "dog", 0, 0, false, 2 }, HOG(3200) } },
		{ 1300, { 0 }, { { 40, 'R', 3, 120, "dog", 0, 0, false, 2 }, HOG(3300) } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu3 running 50 hog prio 44\n"
			    "1002 cpu3 ready 40 cat prio 120\n"
			    "1100 tick\n"
			    "1200 cpu3 ended 40 cat prio 120\n"
			    "1200 tick\n"
			    "1202 cpu3 ready 40 dog prio 120\n"
			    "1300 tick\n");
}

static void waiter_moved_while_ready_waits_on(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { { 40, 'R', 3, 120, "cat", 0, 0, false, 1 }, HOG(3000) } },
		{ 1100, { 0 }, { { 40, 'R', 3, 120, "cat", 0, 0, false, 1 }, HOG(3100) } },
		{ 1200, { 0 }, { { 40, 'R', 2, 120, "cat", 0, 0, false, 1 }, HOG(3200) } },
		{ 1300, { 0 }, { { 40, 'R', 2, 120, "cat", 9, 1, false, 1 }, HOG(3300) } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu3 running 50 hog prio 44\n"
			    "1002 cpu3 ready 40 cat prio 120\n"
			    "1100 tick\n"
			    "1200 cpu2 ready 40 cat prio 120\n"
			    "1200 tick\n"
			    "1300 cpu2 ended 40 cat prio 120\n"
			    "1300 tick\n");
}

/* Interrupts may be off, and it may be the one that runs. One that was found waiting waits on. */
static void nobody_accounted_says_nothing(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), HOG(3000) } },
		{ 1100, { 0 }, { WORKER(10, 5), HOG(3000) } },
		{ 1200, { 0 }, { WORKER(10, 5), HOG(3200) } },
		{ 1300, { 0 }, { WORKER(10, 5), HOG(3200) } },
		{ 1400, { 0 }, { WORKER(10, 5), HOG(3400) } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1100 tick\n"
			    "1102 cpu3 running 50 hog prio 44\n"
			    "1102 cpu3 ready 30 kworker/3:1 prio 120\n"
			    "1200 tick\n"
			    "1202 cpu3 running -1\n"
			    "1300 tick\n"
			    "1302 cpu3 running 50 hog prio 44\n"
			    "1400 tick\n");
}

static void shared_cpu_has_no_occupant_and_still_a_waiter(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), HOG(3000), { 51, 'R', 3, 44, "hog2", 0, 3, false, 1 } } },
		{ 1100, { 0 }, { WORKER(10, 5), HOG(3050), { 51, 'R', 3, 44, "hog2", 50, 4, false, 1 } } },
		{ 1200, { 0 }, { WORKER(10, 5), HOG(3070), { 51, 'R', 3, 44, "hog2", 130, 5, false, 1 } } },
		{ 1300, { 0 }, { WORKER(10, 5), HOG(3120), { 51, 'R', 3, 44, "hog2", 180, 6, false, 1 } } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu3 ready 30 kworker/3:1 prio 120\n"
			    "1100 tick\n"
			    "1102 cpu3 running 51 hog2 prio 44\n"
			    "1200 tick\n"
			    "1202 cpu3 running -1\n"
			    "1300 tick\n");
}

static void idle_cpu_with_a_waiter_is_throttled(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0, 0, 0, 500 }, { HOG(3000) } },
		{ 1100, { 0, 0, 0, 600 }, { HOG(3000) } },
		{ 1200, { 0, 0, 0, 600 }, { HOG(3100) } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu3 running 0\n"
			    "1002 cpu3 ready 50 hog prio 44\n"
			    "1100 tick\n"
			    "1102 cpu3 running 50 hog prio 44\n"
			    "1200 cpu3 ended 50 hog prio 44\n"
			    "1200 tick\n");
}

static void occupant_with_another_priority_is_said_again(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { HOG(3000) } },
		{ 1100, { 0 }, { { 50, 'R', 3, 120, "hog", 3100, 7, false, 1 } } },
		{ 1200, { 0 }, { { 50, 'R', 3, 120, "hog", 3200, 7, false, 1 } } },
		{ 1300, { 0 }, { { 50, 'R', 3, 44, "hog", 3300, 7, false, 1 } } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu3 running 50 hog prio 120\n"
			    "1100 tick\n"
			    "1200 tick\n"
			    "1202 cpu3 running 50 hog prio 44\n"
			    "1300 tick\n");
}

/* It ran in between on a CPU that is not known: neither of them was its own for sure. */
static void thread_that_moved_is_nobodys_occupant(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), { 50, 'R', 2, 120, "hog", 3000, 7, false, 1 } } },
		{ 1100, { 0 }, { WORKER(10, 5), { 50, 'R', 3, 120, "hog", 3100, 8, false, 1 } } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1100 tick\n");
}

static void events_are_in_the_order_of_cpus(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { { 10, 'R', 2, 120, "c", 0, 0, true, 1 },
				 { 20, 'R', 0, 120, "a", 0, 0, true, 1 },
				 { 30, 'R', 2, 40, "d", 0, 1, false, 1 },
				 { 40, 'R', 0, 40, "b", 0, 1, false, 1 } } },
		{ 1100, { 0 }, { { 10, 'R', 2, 120, "c", 0, 0, true, 1 },
				 { 20, 'R', 0, 120, "a", 0, 0, true, 1 },
				 { 30, 'R', 2, 40, "d", 100, 1, false, 1 },
				 { 40, 'R', 0, 40, "b", 100, 1, false, 1 } } },
	};

	(void)state;
	CHECK_EVENTS(looks, "1002 cpu0 running 40 b prio 40\n"
			    "1002 cpu0 ready 20 a prio 120\n"
			    "1002 cpu2 running 30 d prio 40\n"
			    "1002 cpu2 ready 10 c prio 120\n"
			    "1100 tick\n");
}

/* ---- comparing: CPUs without a tick ----------------------------------------------------------- */

static void check_verdict(const struct shown_look *looks, uint32_t nohz_cpu, enum proc_told told, int32_t tid,
			  const char *waiters)
{
	struct cpu_list nohz_full = { 0 };
	struct proc_verdict verdict = { 0 };
	struct proc_look first = { 0 };
	struct proc_look second = { 0 };
	char found[256] = "";

	nohz_full.bits[0] = UINT64_C(1) << nohz_cpu;
	fill(&first, &looks[0]);
	fill(&second, &looks[1]);
	assert_int_equal(proc_compare(&first, &second, &nohz_full, &verdict), 0);
	assert_int_equal(verdict.cpus[3].told, told);
	assert_int_equal(verdict.cpus[3].tid, tid);
	for (size_t i = 0; i < verdict.nr_stills; i++) {
		size_t length = strlen(found);

		if (verdict.stills[i].is_waiting)
			snprintf(found + length, sizeof(found) - length, " %d", verdict.stills[i].ready->tid);
	}
	assert_string_equal(found, waiters);
	proc_verdict_deinit(&verdict);
	proc_look_deinit(&first);
	proc_look_deinit(&second);
}

static void only_user_thread_on_a_cpu_without_tick_is_its_occupant(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), HOG(3000) } },
		{ 1100, { 0 }, { WORKER(10, 5), HOG(3000) } },
	};

	(void)state;
	check_verdict(looks, 3, PROC_TOLD_THREAD, 50, " 30");
	check_verdict(looks, 2, PROC_TOLD_NOTHING, 0, "");
}

static void two_user_threads_on_a_cpu_without_tick_cannot_be_told(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), HOG(3000), { 51, 'R', 3, 49, "other", 5, 1, false, 1 } } },
		{ 1100, { 0 }, { WORKER(10, 5), HOG(3000), { 51, 'R', 3, 49, "other", 5, 1, false, 1 } } },
	};

	(void)state;
	check_verdict(looks, 3, PROC_TOLD_NOTHING, 0, "");
}

static void kernel_thread_of_the_same_rank_may_be_the_one_that_runs(void **state)
{
	static const struct shown_look same[] = {
		{ 1000, { 0 }, { { 30, 'R', 3, 100, "kworker/3:1H", 1, 5, true, 1 },
				 { 50, 'R', 3, 120, "loop", 3000, 7, false, 1 } } },
		{ 1100, { 0 }, { { 30, 'R', 3, 100, "kworker/3:1H", 1, 5, true, 1 },
				 { 50, 'R', 3, 120, "loop", 3000, 7, false, 1 } } },
	};
	static const struct shown_look higher[] = {
		{ 1000, { 0 }, { { 30, 'R', 3, 98, "rcuc/3", 1, 5, true, 1 },
				 { 50, 'R', 3, 120, "loop", 3000, 7, false, 1 } } },
		{ 1100, { 0 }, { { 30, 'R', 3, 98, "rcuc/3", 1, 5, true, 1 },
				 { 50, 'R', 3, 120, "loop", 3000, 7, false, 1 } } },
	};

	(void)state;
	check_verdict(same, 3, PROC_TOLD_NOTHING, 0, "");
	check_verdict(higher, 3, PROC_TOLD_NOTHING, 0, "");
}

/* A little run time of another may be older than the one who runs now, unaccounted. */
static void a_little_run_time_proves_nothing_without_tick(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), { 31, 'S', 3, 120, "rcu", 7, 5, true, 1 } } },
		{ 1100, { 0 }, { WORKER(10, 5), { 31, 'S', 3, 120, "rcu", 9, 6, true, 1 } } },
	};

	(void)state;
	check_verdict(looks, 3, PROC_TOLD_NOTHING, 0, "");
	check_verdict(looks, 2, PROC_TOLD_NOTHING, 0, " 30");
}

static void occupant_that_sleeps_at_the_look_had_the_cpu(void **state)
{
	static const struct shown_look looks[] = {
		{ 1000, { 0 }, { WORKER(10, 5), { 50, 'S', 3, 44, "hog", 3000, 7, false, 1 } } },
		{ 1100, { 0 }, { WORKER(10, 5), { 50, 'S', 3, 44, "hog", 3090, 70, false, 1 } } },
	};

	(void)state;
	check_verdict(looks, 2, PROC_TOLD_THREAD, 50, " 30");
}

/* ---- when it looks ---------------------------------------------------------------------------- */

static uint64_t now_at(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static const struct shown_look quiet = { 0, { 0 }, { { 30, 'S', 3, 120, "calm", 10, 5, true, 1 } } };
static const struct shown_look waiting = { 0, { 0 }, { WORKER(10, 5) } };
static const struct shown_look busy = { 0, { 0 }, { WORKER(10, 6) } };

struct clockwork {
	const struct shown_look *shown;
	uint64_t from_at;
	uint64_t took_ns;
};

static int take_clockwork(struct proc_look *look, void *arg, struct error *err)
{
	const struct clockwork *clockwork = arg;

	(void)err;
	fill(look, clockwork->shown);
	look->from_at = clockwork->from_at;
	look->to_at = clockwork->from_at + clockwork->took_ns;
	return 0;
}

/* Take a look at @shown after so many quiet ones. Return: how long after it the next is due */
static uint64_t pause_after(int nr_before, const struct shown_look *shown, uint64_t took_ns)
{
	struct clockwork clockwork = { .shown = &quiet, .from_at = 1000, .took_ns = 1000 };
	struct source_proc_options options = { .take = take_clockwork, .arg = &clockwork };
	struct source *src;
	struct event event;
	uint64_t pause_ns;

	assert_int_equal(source_proc_open(&options, &src, NULL), 0);
	for (int i = 1; i <= nr_before; i++) {
		if (i == nr_before) {
			clockwork.shown = shown;
			clockwork.took_ns = took_ns;
		}
		clockwork.from_at += 1000000;
		do {
			assert_int_equal(source_next(src, &event, NULL), 1);
		} while (event.type != EVENT_TICK);
	}
	pause_ns = source_proc_due_at(src) - clockwork.from_at - clockwork.took_ns;
	source_close(src);
	return pause_ns;
}

static void first_looks_are_close_together(void **state)
{
	(void)state;
	assert_int_equal(pause_after(0, &quiet, 1000), 50 * MS);
	assert_int_equal(pause_after(3, &quiet, 1000), 50 * MS);
	assert_int_equal(pause_after(10, &quiet, 1000), 150 * MS);
}

static void suspects_are_looked_at_again_soon(void **state)
{
	(void)state;
	assert_int_equal(pause_after(10, &waiting, 1000), 50 * MS);
	assert_int_equal(pause_after(10, &busy, 1000), 50 * MS);
}

static void slow_looks_are_further_apart(void **state)
{
	(void)state;
	assert_int_equal(pause_after(10, &quiet, 14 * MS), 150 * MS);
	assert_int_equal(pause_after(10, &quiet, 40 * MS), 400 * MS);
	assert_int_equal(pause_after(10, &waiting, 40 * MS), 400 * MS);
	assert_int_equal(pause_after(10, &quiet, 4000 * MS), 1000 * MS);
	/* those in the middle of a stall want to know now */
	assert_int_equal(pause_after(2, &quiet, 40 * MS), 50 * MS);
}

static void on_signal(int number)
{
	(void)number;
}

static void signal_wakes_it_with_a_tick(void **state)
{
	struct clockwork clockwork = { .shown = &quiet, .from_at = now_at() + PATIENCE_NS, .took_ns = 1000 };
	struct source_proc_options options = { .take = take_clockwork, .arg = &clockwork };
	struct itimerval soon = { .it_interval = { .tv_usec = 20000 }, .it_value = { .tv_usec = 20000 } };
	struct sigaction action = { .sa_handler = on_signal };
	uint64_t began_at = now_at();
	struct source *src;
	struct event event;

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(source_proc_open(&options, &src, NULL), 0);
	assert_true(source_proc_due_at(src) > began_at + PATIENCE_NS);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(source_next(src, &event, NULL), 1);
	assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL), 0);
	assert_int_equal(event.type, EVENT_TICK);
	assert_int_equal(event.at, src->info.last_at);
	assert_true(now_at() < began_at + PATIENCE_NS);
	source_close(src);
}

static int fail_to_look(struct proc_look *look, void *arg, struct error *err)
{
	(void)look;
	(void)arg;
	return error_set(err, -EIO, "no /proc");
}

static void failing_first_look_opens_nothing(void **state)
{
	struct source_proc_options options = { .take = fail_to_look };
	struct source *src = NULL;
	struct error err;

	(void)state;
	assert_int_equal(source_proc_open(&options, &src, &err), -EIO);
	assert_string_equal(err.text, "no /proc");
	assert_null(src);
}

/* ---- threads of this machine ------------------------------------------------------------------ */

static pid_t make_spinner(int cpu, int policy)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		struct sched_param param = { 0 };
		cpu_set_t set;

		alarm(60);
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, policy, &param))
			_exit(1);
		for (;;)
			;
	}
	return child;
}

static int highest_cpu(void)
{
	int highest = 0;
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set))
			highest = cpu;
	}
	return highest;
}

/* As on a kernel that does not count runs: ticks and context switches have to do. */
static int take_without_runs(struct proc_look *look, void *arg, struct error *err)
{
	(void)arg;
	if (!look->census.pids && proc_look_take(look, err))
		return -EIO;
	look->census.has_runs = false;
	return proc_look_take(look, err);
}

/* Up to when something is said of @tid; a tick when nothing is in time. */
static struct event next_about(struct source *src, int32_t tid)
{
	uint64_t end_at = now_at() + PATIENCE_NS;
	struct event event;

	do {
		assert_int_equal(source_next(src, &event, NULL), 1);
	} while ((event.type == EVENT_TICK || event.found.tid != tid) && now_at() < end_at);
	return event;
}

/* SCHED_IDLE beside a busy thread on the same CPU: it gets that 0.3 % of the time. */
static void check_idle_beside_busy(const struct source_proc_options *options)
{
	int cpu = highest_cpu();
	pid_t busy_one = make_spinner(cpu, SCHED_OTHER);
	pid_t idle_one = make_spinner(cpu, SCHED_IDLE);
	struct source *src;
	struct event event;

	assert_int_equal(source_proc_open(options, &src, NULL), 0);
	assert_non_null(census_find(source_proc_census(src), busy_one));
	do {
		event = next_about(src, idle_one);
		/* it may have had the CPU before the other one came to it */
	} while (event.type == EVENT_FOUND_RUNNING);
	assert_int_equal(event.type, EVENT_FOUND_READY);
	assert_int_equal(event.cpu, cpu);
	assert_int_equal(kill(busy_one, SIGKILL), 0);
	assert_int_equal(waitpid(busy_one, NULL, 0), busy_one);
	/* nobody is in its way any more */
	event = next_about(src, idle_one);
	assert_true(event.type == EVENT_FOUND_ENDED || event.type == EVENT_FOUND_RUNNING);
	assert_int_equal(kill(idle_one, SIGKILL), 0);
	assert_int_equal(waitpid(idle_one, NULL, 0), idle_one);
	assert_int_equal(src->info.format, SOURCE_PROC);
	assert_string_equal(src->info.clock, "mono");
	assert_true(src->info.nr_cpus > (uint32_t)cpu);
	source_close(src);
}

static void thread_of_policy_idle_waits_for_a_busy_one(void **state)
{
	(void)state;
	check_idle_beside_busy(&(struct source_proc_options){ 0 });
}

static void thread_waits_where_runs_are_not_counted(void **state)
{
	(void)state;
	check_idle_beside_busy(&(struct source_proc_options){ .take = take_without_runs });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiter_behind_a_hog_is_found_from_the_first_look_on),
		cmocka_unit_test(waiter_that_ran_has_ended_and_is_found_again),
		cmocka_unit_test(waiter_given_the_cpu_for_no_time_has_ended),
		cmocka_unit_test(waiter_that_sleeps_or_is_gone_has_ended),
		cmocka_unit_test(another_thread_of_the_same_tid_is_another_waiter),
		cmocka_unit_test(waiter_moved_while_ready_waits_on),
		cmocka_unit_test(nobody_accounted_says_nothing),
		cmocka_unit_test(shared_cpu_has_no_occupant_and_still_a_waiter),
		cmocka_unit_test(idle_cpu_with_a_waiter_is_throttled),
		cmocka_unit_test(occupant_with_another_priority_is_said_again),
		cmocka_unit_test(thread_that_moved_is_nobodys_occupant),
		cmocka_unit_test(events_are_in_the_order_of_cpus),
		cmocka_unit_test(only_user_thread_on_a_cpu_without_tick_is_its_occupant),
		cmocka_unit_test(two_user_threads_on_a_cpu_without_tick_cannot_be_told),
		cmocka_unit_test(kernel_thread_of_the_same_rank_may_be_the_one_that_runs),
		cmocka_unit_test(a_little_run_time_proves_nothing_without_tick),
		cmocka_unit_test(occupant_that_sleeps_at_the_look_had_the_cpu),
		cmocka_unit_test(first_looks_are_close_together),
		cmocka_unit_test(suspects_are_looked_at_again_soon),
		cmocka_unit_test(slow_looks_are_further_apart),
		cmocka_unit_test(signal_wakes_it_with_a_tick),
		cmocka_unit_test(failing_first_look_opens_nothing),
		cmocka_unit_test(thread_of_policy_idle_waits_for_a_busy_one),
		cmocka_unit_test(thread_waits_where_runs_are_not_counted),
	};

	return cmocka_run_group_tests_name("source_proc", tests, NULL, NULL);
}
