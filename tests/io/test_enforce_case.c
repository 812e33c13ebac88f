// SPDX-License-Identifier: GPL-2.0-only
/* Cases of threads of our own, by /proc. Needs what boosting needs, and two CPUs. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "boost/enforce_case.h"
#include "boost/enforce_params.h"
#include "boost/sched_sys.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/proc_read.h"

static struct enforce_params params;
static struct enforce_log *log_of_none;
static struct enforce_watch *watch;
static struct enforce_cases *cases;
static struct sched_sys *sys;
static uint32_t cpu;

static void on_episode(const struct episode *episode, void *arg)
{
	(void)episode;
	(void)arg;
}

static int make(void **state)
{
	char *arguments[] = { "enforce", "-T", "1ms", "--user-threads", NULL };
	struct enforce_cases_setting setting = { .params = &params };

	(void)state;
	cpu = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	if (enforce_params_parse(4, arguments, &params, NULL))
		return -1;
	params.log = (struct enforce_log_targets){ 0 };
	if (sched_sys_open(&sys, NULL) || enforce_log_create(&params, -1, &log_of_none, NULL) ||
	    enforce_watch_create(&params, log_of_none, NULL, "/nowhere", on_episode, NULL, &watch, NULL))
		return -1;
	setting.watch = watch;
	setting.sys = sys;
	return enforce_cases_create(&setting, &cases, NULL);
}

static int end(void **state)
{
	(void)state;
	enforce_cases_destroy(cases);
	enforce_watch_destroy(watch);
	enforce_log_destroy(log_of_none);
	sched_sys_close(sys);
	enforce_params_deinit(&params);
	return 0;
}

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

/* A process that turns round and round there; 0: it may not. */
static pid_t spin(int priority)
{
	const struct sched_param param = { .sched_priority = priority };
	pid_t pid = fork();
	cpu_set_t there;

	if (!pid) {
		alarm(20);
		for (volatile unsigned int i = 0;; i++)
			;
	}
	CPU_ZERO(&there);
	CPU_SET(cpu, &there);
	if (cpu && !sched_setaffinity(pid, sizeof(there), &there) &&
	    !sched_setscheduler(pid, SCHED_FIFO, &param))
		return pid;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Looks until this thread has the CPU; others may keep it busy too, and the kernel may throttle. */
static bool has_cpu_within(int32_t tid, int nr_looks)
{
	struct proc_thread thread;

	for (int i = 0; i < nr_looks; i++) {
		assert_int_equal(enforce_watch_turn(watch, NULL), 0);
		enforce_cases_round(cases, clock_mono_ns());
		if (enforce_watch_proc_occupant(watch, cpu, &thread) && thread.tid == tid)
			return true;
		pause_ms(40);
	}
	return false;
}

static void thread_that_is_boosted_is_not_whom_others_wait_for(void **state)
{
	const struct sched_param boosted = { .sched_priority = 98 };
	bool hog_had_it, waiter_had_it, has_it_boosted;
	struct enforce_case *item;
	pid_t hog = spin(97);
	pid_t waiter = hog ? spin(1) : 0;

	(void)state;
	if (!waiter) {
		if (hog)
			stop(hog);
		skip();
	}
	hog_had_it = has_cpu_within(hog, 100);
	item = enforce_cases_find(cases, waiter);
	if (item)
		item->care_until_at = UINT64_MAX;	/* it stays, though it waits no more */
	sched_setscheduler(waiter, SCHED_FIFO, &boosted);
	waiter_had_it = has_cpu_within(waiter, 100);
	if (item)
		item->is_boosted = true;
	has_it_boosted = has_cpu_within(waiter, 5);
	stop(waiter);	/* he is above the other */
	stop(hog);
	assert_non_null(item);
	assert_true(hog_had_it);
	/* it runs, and we are why */
	assert_true(waiter_had_it);
	assert_false(has_it_boosted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(thread_that_is_boosted_is_not_whom_others_wait_for, make,
						end),
	};

	return cmocka_run_group_tests_name("enforce_case", tests, NULL, NULL);
}
