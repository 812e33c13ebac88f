// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "boost/proc_watch.h"
#include "util/error.h"
#include "util/parse.h"

/* What the looks said of one thread. */
struct story {
	int32_t tid;
	uint32_t nr_ready;
	uint32_t nr_ended;
	uint32_t nr_kthreads;
	uint32_t nr_user;
};

static void on_ready(const struct proc_thread *thread, void *arg)
{
	struct story *story = arg;

	story->nr_ready += thread->tid == story->tid;
	story->nr_kthreads += thread->is_kthread;
	story->nr_user += !thread->is_kthread;
}

static void on_ended(const struct proc_thread *thread, void *arg)
{
	struct story *story = arg;

	story->nr_ended += thread->tid == story->tid;
}

static struct proc_watch *make_watch(struct story *story, bool wants_user_threads)
{
	const struct proc_watch_config config = {
		.wants_user_threads = wants_user_threads,
		.on_ready = on_ready,
		.on_ended = on_ended,
		.arg = story,
	};
	struct proc_watch *watch = NULL;
	struct error err = { 0 };
	int result = proc_watch_create(&config, &watch, &err);

	if (result == -ENOTSUP)
		skip();
	if (result)
		fail_msg("%s", err.text);
	return watch;
}

/* A process that turns round and round. */
static pid_t spin(void)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(30);
		for (volatile unsigned int i = 0;; i++)
			;
	}
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

static void stat_files_are_understood(void **state)
{
	static const char plain[] =
		"1234 (kworker/3:1-events) R 2 0 0 0 -1 69238880 0 0 0 0 0 7 0 0 20 0 1 0 4321 0 0 "
		"18446744073709551615 0 0 0 0 0 0 0 2147483647 0 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
	static const char hostile[] =
		"77 (a) S 1 (\nb) S 1 77 77 0 -1 4194304 "
		"0 0 0 0 0 0 0 0 -51 0 9 0 55 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
		"0 -1 1 50 1 0 0 0 0 0 0 0 0 0 0 0\n";
	static const char deadline[] =
		"9 (dl) R 1 9 9 0 -1 4194304 0 0 0 0 0 0 0 0 -101 "
		"0 1 0 55 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -1 0 0 6 0";
	/* the second is a user thread of that name, the third a kernel thread that is no worker */
	static const struct {
		const char *shown;
		const char *flags;
		const char *comm;
	} names[] = {
		{ "kworker/3:1-events", "69238880", "kworker/3:1" },
		{ "kworker/3:1-x", "4194304", "kworker/3:1-x" },
		{ "kworker/3:1-x", "69238848", "kworker/3:1-x" },
		{ "kworker/u8:0+events_unbound", "69238880", "kworker/u8:0" },
		{ "kworker/R-md+md", "69238880", "kworker/R-md" },
		{ "kworker/R-a-b-a-b", "69238880", "kworker/R-a-b" },
		{ "kworker/R-a-b", "69238880", "kworker/R-a-b" },
		{ "kworker/R-", "69238880", "kworker/R-" },
		{ "md+md", "69238880", "md" },
		{ "a name of more than fifteen bytes", "69238848", "a name of more " },
	};
	struct proc_thread thread = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char text[512];
		int length = snprintf(text, sizeof(text),
				      "7 (%s) S 2 0 0 0 -1 %s 0 0 0 0 0 7 0 0 20 0 1 0 4321 0 0 0 0 0 0 "
				      "0 0 0 0 0 0 0 0 0 17 3 0 0 0",
				      names[i].shown, names[i].flags);

		assert_true(proc_read_parse_stat(text, (size_t)length, &thread));
		assert_string_equal(thread.comm, names[i].comm);
		assert_int_equal(thread.is_worker, !strcmp(names[i].flags, "69238880"));
	}
	assert_true(proc_read_parse_stat(plain, sizeof(plain) - 1, &thread));
	assert_true(thread.is_worker);
	assert_int_equal(thread.tid, 1234);
	assert_string_equal(thread.comm, "kworker/3:1");
	assert_int_equal(thread.state, 'R');
	assert_true(thread.is_kthread);
	assert_true(thread.is_bound);
	assert_int_equal(thread.prio, 120);
	assert_int_equal(thread.cpu, 3);
	assert_int_equal(thread.start_ticks, 4321);
	assert_int_equal(thread.policy, SCHED_OTHER);
	assert_true(proc_read_parse_stat(hostile, sizeof(hostile) - 1, &thread));
	assert_string_equal(thread.comm, "a) S 1 (\nb");
	assert_int_equal(thread.state, 'S');
	assert_false(thread.is_kthread);
	assert_int_equal(thread.prio, 49);
	assert_int_equal(thread.nr_threads, 9);
	assert_int_equal(thread.cpu, 1);
	assert_int_equal(thread.rt_priority, 50);
	assert_int_equal(thread.policy, SCHED_FIFO);
	assert_true(proc_read_parse_stat(deadline, sizeof(deadline) - 1, &thread));
	assert_int_equal(thread.prio, -1);
	/* cut anywhere, it is none, or what it says is whole */
	for (size_t length = 0; length < sizeof(plain) - 20; length++) {
		char text[sizeof(plain)];

		memcpy(text, plain, length);
		text[length] = '\0';
		if (proc_read_parse_stat(text, length, &thread))
			assert_true(length > 120);
	}
}

static void thread_that_is_gone_is_no_such_process(void **state)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY);
	struct proc_thread thread;
	pid_t pid = spin();

	(void)state;
	assert_int_equal(proc_read_stat(proc_fd, pid, &thread), 0);
	stop(pid);
	assert_int_equal(proc_read_stat(proc_fd, pid, &thread), -ESRCH);
	assert_int_equal(proc_read_runs(proc_fd, pid, &thread), -ESRCH);
	close(proc_fd);
}

static void thread_that_runs_is_found_and_ends_at_each_look(void **state)
{
	struct story story = { .tid = spin() };
	struct proc_watch *watch = make_watch(&story, true);

	(void)state;
	for (int i = 0; i < 5; i++) {
		/* several ticks, in which it gets some time whoever else there is */
		pause_ms(100);
		assert_int_equal(proc_watch_look(watch), 0);
	}
	assert_true(story.nr_ready >= 3);
	assert_int_equal(story.nr_ended, story.nr_ready - 1);
	stop(story.tid);
	assert_int_equal(proc_watch_look(watch), 0);
	assert_int_equal(story.nr_ended, story.nr_ready);
	proc_watch_destroy(watch);
}

static enum proc_watch_known know_it(int32_t tid, struct proc_thread *ret, void *arg)
{
	(void)ret;
	return tid == *(pid_t *)arg ? PROC_WATCH_WAITS : PROC_WATCH_UNKNOWN;
}

static void thread_that_waits_is_found_once(void **state)
{
	/* above whatever else may run on that CPU, such as the busy loops of other tests */
	struct sched_param urgent = { .sched_priority = 97 };
	struct sched_param less = { .sched_priority = 1 };
	struct story story = { 0 };
	struct proc_thread occupant, other;
	struct cpu_list all;
	bool was_known, is_still_it, is_known = false;
	struct proc_watch *watch;
	cpu_set_t last;
	pid_t hog;

	(void)state;
	CPU_ZERO(&last);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	story.tid = spin();
	hog = spin();
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || sched_setaffinity(story.tid, sizeof(last), &last) ||
	    sched_setaffinity(hog, sizeof(last), &last) || sched_setscheduler(story.tid, SCHED_FIFO, &less) ||
	    sched_setscheduler(hog, SCHED_FIFO, &urgent)) {
		stop(story.tid);
		stop(hog);
		skip();		/* not root, or one CPU */
	}
	memset(&all, 0xff, sizeof(all));
	watch = make_watch(&story, true);
	pause_ms(20);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(proc_watch_look(watch), 0);
		pause_ms(50);
	}
	/* nobody knows whether it runs, before it is seen that its run time grows */
	assert_int_equal(proc_watch_find_occupants(watch, &all), 0);
	was_known = proc_watch_occupant(watch, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &occupant);
	/* others may keep that CPU busy too, and the kernel may throttle */
	for (int i = 0; i < 50 && !is_known; i++) {
		pause_ms(100);
		assert_int_equal(proc_watch_find_occupants(watch, &all), 0);
		is_known = proc_watch_occupant(watch, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) - 1,
					       &occupant) && occupant.tid == hog;
	}
	/* were it known to wait, whatever its priority is, another one would have the CPU */
	proc_watch_ask(watch, know_it, &hog);
	assert_int_equal(proc_watch_find_occupants(watch, &all), 0);
	is_still_it = proc_watch_occupant(watch, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &other) &&
		      other.tid == hog;
	/* whoever took it for running has to be told that it waits, after all */
	proc_watch_tell_again(watch, story.tid);
	proc_watch_tell_again(watch, story.tid);
	assert_int_equal(proc_watch_look(watch), 0);
	assert_int_equal(proc_watch_look(watch), 0);
	stop(hog);
	stop(story.tid);
	assert_int_equal(story.nr_ready, 2);
	assert_int_equal(story.nr_ended, 0);
	assert_false(was_known);
	assert_true(is_known);
	assert_int_equal(occupant.tid, hog);
	assert_false(is_still_it);
	proc_watch_destroy(watch);
}

static void user_threads_are_left_alone_unless_asked_for(void **state)
{
	struct story story = { .tid = spin() };
	struct proc_watch *watch = make_watch(&story, false);

	(void)state;
	for (int i = 0; i < 40; i++)
		assert_int_equal(proc_watch_look(watch), 0);
	stop(story.tid);
	assert_int_equal(story.nr_user, 0);
	proc_watch_destroy(watch);
}

static void many_threads_come_and_go(void **state)
{
	const struct proc_watch_config config = { .wants_user_threads = true };
	struct proc_watch *watch = NULL;
	struct error err = { 0 };
	int result = proc_watch_create(&config, &watch, &err);

	(void)state;
	if (result == -ENOTSUP)
		skip();
	assert_int_equal(result, 0);
	/* more in all than there is room for */
	for (int round = 0; round < 60; round++) {
		pid_t pids[100];

		for (size_t i = 0; i < sizeof(pids) / sizeof(*pids); i++) {
			pids[i] = fork();
			if (!pids[i]) {
				pause();
				_exit(0);
			}
		}
		assert_int_equal(proc_watch_look(watch), 0);
		for (size_t i = 0; i < sizeof(pids) / sizeof(*pids); i++)
			stop(pids[i]);
	}
	assert_int_equal(proc_watch_cost(watch).nr_left_out, 0);
	print_message("# %u threads, %u read: %llu us\n", proc_watch_cost(watch).last_nr_threads,
		      proc_watch_cost(watch).last_nr_read,
		      (unsigned long long)proc_watch_cost(watch).last_cpu_ns / 1000);
	proc_watch_destroy(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_files_are_understood),
		cmocka_unit_test(thread_that_is_gone_is_no_such_process),
		cmocka_unit_test(thread_that_runs_is_found_and_ends_at_each_look),
		cmocka_unit_test(thread_that_waits_is_found_once),
		cmocka_unit_test(user_threads_are_left_alone_unless_asked_for),
		cmocka_unit_test(many_threads_come_and_go),
	};

	return cmocka_run_group_tests_name("proc_watch", tests, NULL, NULL);
}
