// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls themselves, on threads of our own. What needs CAP_SYS_NICE is left out without it; no
 * thread spins at a real-time priority here.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "boost/ledger.h"
#include "boost/sched_sys.h"
#include "util/error.h"

static struct sched_sys *sys;

static int open_sys(void **state)
{
	(void)state;
	return sched_sys_open(&sys, NULL);
}

static int close_sys(void **state)
{
	(void)state;
	sched_sys_close(sys);
	return 0;
}

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* A process that spins, or sleeps. */
static pid_t start(bool spins)
{
	pid_t child = fork();

	if (!child) {
		alarm(30);
		if (!spins)
			pause();
		for (;;)
			;
	}
	assert_true(child > 0);
	return child;
}

static void end(pid_t child)
{
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static struct sched_sys_look look_at(const struct sched_sys_thread *thread)
{
	struct sched_sys_look look;

	assert_int_equal(sys->ops->look(sys, thread, &look), 0);
	return look;
}

static void who_spins_is_seen_to_use_cpu_time(void **state)
{
	pid_t child = start(true);
	struct sched_sys_look first, second = { 0 };
	struct sched_sys_thread thread;

	(void)state;
	assert_int_equal(sys->ops->hold(sys, child, &thread), 0);
	first = look_at(&thread);
	assert_int_equal(first.state, 'R');
	assert_true(first.start_ticks);
	for (int i = 0; i < 1000; i++) {
		second = look_at(&thread);
		if (second.cpu_ns > first.cpu_ns + 10000000 && second.nr_runs >= first.nr_runs)
			break;
		pause_ms(5);
	}
	assert_true(second.cpu_ns > first.cpu_ns);
	assert_int_equal(second.start_ticks, first.start_ticks);
	end(child);
	sys->ops->let_go(sys, &thread);
}

static void who_sleeps_is_seen_to_sleep(void **state)
{
	pid_t child = start(false);
	struct sched_sys_thread thread;
	char seen = 0;

	(void)state;
	assert_int_equal(setpriority(PRIO_PROCESS, (id_t)child, 7), 0);
	assert_int_equal(sys->ops->hold(sys, child, &thread), 0);
	for (int i = 0; i < 1000 && seen != 'S'; i++) {
		seen = look_at(&thread).state;
		pause_ms(1);
	}
	assert_int_equal(seen, 'S');
	assert_int_equal(look_at(&thread).nice, 7);
	end(child);
	sys->ops->let_go(sys, &thread);
}

/* what is held never becomes another thread */
static void who_has_ended_is_gone(void **state)
{
	pid_t child = start(false);
	struct sched_sys_thread thread, other;
	struct sched_sys_look look;
	struct sched_sys_attr attr;

	(void)state;
	assert_int_equal(sys->ops->hold(sys, child, &thread), 0);
	end(child);
	assert_int_equal(sys->ops->look(sys, &thread, &look), -ESRCH);
	assert_int_equal(sys->ops->hold(sys, child, &other), -ESRCH);
	assert_int_equal(sys->ops->get_attr(sys, child, &attr), -ESRCH);
	assert_int_equal(sys->ops->hold(sys, 0, &other), -ESRCH);
	assert_int_equal(sys->ops->hold(sys, -1, &other), -ESRCH);
	sys->ops->let_go(sys, &thread);
	assert_int_equal(thread.stat_fd, -1);
}

static void attributes_are_read_and_set(void **state)
{
	pid_t child = start(false);
	struct sched_sys_attr attr, again;

	(void)state;
	assert_int_equal(sys->ops->get_attr(sys, child, &attr), 0);
	assert_int_equal(attr.policy, SCHED_SYS_OTHER);
	attr.nice = 5;
	attr.runtime = 0;
	assert_int_equal(sys->ops->set_attr(sys, child, &attr), 0);
	assert_int_equal(sys->ops->get_attr(sys, child, &again), 0);
	assert_int_equal(again.nice, 5);
	end(child);
}

static void who_may_run_everywhere_is_not_confined(void **state)
{
	pid_t child = start(false);
	bool is_confined = true;
	cpu_set_t one;

	(void)state;
	if (sched_getaffinity(0, sizeof(one), &one) || CPU_COUNT(&one) < 2 ||
	    CPU_COUNT(&one) != sysconf(_SC_NPROCESSORS_ONLN)) {
		end(child);
		skip();
	}
	assert_int_equal(sys->ops->is_confined(sys, child, &is_confined), 0);
	assert_false(is_confined);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(child, sizeof(one), &one), 0);
	assert_int_equal(sys->ops->is_confined(sys, child, &is_confined), 0);
	assert_true(is_confined);
	end(child);
}

static void the_machine_is_found_out(void **state)
{
	struct sched_sys_facts facts;
	uint64_t first_at, second_at;

	(void)state;
	sched_sys_find_facts(sys, &facts);
	/* HZ is from 24 to 1200 on all architectures */
	assert_in_range(facts.tick_ns, 800000, 42000000);
	assert_true(facts.nr_cpus >= (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
	assert_true(facts.rt_runtime_us >= -1);
	first_at = sys->ops->now(sys);
	pause_ms(1);
	second_at = sys->ops->now(sys);
	assert_true(second_at >= first_at + 1000000);
}

static void a_refusal_is_explained(void **state)
{
	struct sched_sys_attr attr = {
		.policy = SCHED_SYS_DEADLINE, .runtime = 2000, .deadline = 1000, .period = 1000,
	};
	struct error err = { 0 };
	int code;

	(void)state;
	code = sys->ops->set_attr(sys, getpid(), &attr);
	assert_true(code == -EINVAL || code == -EPERM);
	assert_int_equal(sched_sys_explain(sys, getpid(), &attr, code, &err), code);
	assert_non_null(strstr(err.text, "SCHED_DEADLINE is refused"));
	assert_non_null(strstr(err.text, code == -EPERM ? "CAP_SYS_NICE" : "sched_deadline_period_min_us"));
	sched_sys_explain(sys, getpid(), &attr, -EBUSY, &err);
	assert_non_null(strstr(err.text, "no deadline bandwidth is left"));
}

/* a nice, spinning thread is FIFO for a moment, and then what it was, to the field */
static void a_real_boost_is_given_and_taken_back(void **state)
{
	struct sched_sys_attr before, during, after;
	struct ledger_order order = { .comm = "spin", .policy = SCHED_SYS_FIFO, .rt_priority = 1 };
	struct ledger_outcome outcome;
	struct ledger_boost made;
	struct ledger *ledger;
	struct error err = { 0 };
	char dir[] = "/tmp/test_sched_sys.XXXXXX";
	pid_t child;

	(void)state;
	if (sched_sys_check(NULL))
		skip();
	child = start(true);
	assert_int_equal(setpriority(PRIO_PROCESS, (id_t)child, 3), 0);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(ledger_create(dir, sys, &ledger, NULL, &err), 0);
	assert_int_equal(sys->ops->get_attr(sys, child, &before), 0);
	order.tid = child;
	order.until_at = sys->ops->now(sys) + 1000000000;
	if (ledger_boost(ledger, &order, &made, &err) == -EPERM) {
		/* a container's control group may have no real-time share */
		ledger_destroy(ledger);
		rmdir(dir);
		end(child);
		skip();
	}
	assert_int_equal(sys->ops->get_attr(sys, child, &during), 0);
	assert_int_equal(during.policy, SCHED_SYS_FIFO);
	assert_int_equal(during.flags & SCHED_SYS_RESET_ON_FORK, SCHED_SYS_RESET_ON_FORK);
	assert_int_equal(ledger_restore(ledger, made.id, &outcome, &err), 0);
	assert_int_equal(outcome.fate, LEDGER_RESTORED);
	assert_int_equal(sys->ops->get_attr(sys, child, &after), 0);
	assert_memory_equal(&after, &before, sizeof(after));
	end(child);
	ledger_destroy(ledger);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_spins_is_seen_to_use_cpu_time),
		cmocka_unit_test(who_sleeps_is_seen_to_sleep),
		cmocka_unit_test(who_has_ended_is_gone),
		cmocka_unit_test(attributes_are_read_and_set),
		cmocka_unit_test(who_may_run_everywhere_is_not_confined),
		cmocka_unit_test(the_machine_is_found_out),
		cmocka_unit_test(a_refusal_is_explained),
		cmocka_unit_test(a_real_boost_is_given_and_taken_back),
	};

	return cmocka_run_group_tests_name("sched_sys", tests, open_sys, close_sys);
}
