// SPDX-License-Identifier: GPL-2.0-only
/*
 * A directory of ours in place of /proc, in which the stat of kthreadd is a pipe: opening it hangs until
 * somebody writes, as reading a kworker's stat hangs while somebody holds its lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "boost/thread_reader.h"
#include "util/error.h"

#define KTHREADD 2
#define STAT "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 4321 0 0 0 0 0 0 0 0 0 0 " \
	     "2147483647 0 0 0 0 0 1 0 0 0 0 0 0\n"

static char dir[] = "/tmp/thread_reader.XXXXXX";
static struct thread_reader *reader;

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make(void **state)
{
	(void)state;
	strcpy(strrchr(dir, '.'), ".XXXXXX");
	if (!mkdtemp(dir) || mkdir(path_of("2"), 0700) || mkfifo(path_of("2/stat"), 0600))
		return -1;
	put("2/wchan", "kthreadd");
	put("2/sched", "kworker/1:(9) (2, #threads: 1)\n---\n");
	/* who sees no kernel threads cannot tell them from others */
	return thread_reader_create(dir, &reader, NULL);
}

static int end(void **state)
{
	(void)state;
	thread_reader_destroy(reader);
	unlink(path_of("2/stat"));
	unlink(path_of("2/wchan"));
	unlink(path_of("2/sched"));
	rmdir(path_of("2"));
	rmdir(dir);
	return 0;
}

static void need_kthreadd(void)
{
	if (!thread_reader_is_kernel(KTHREADD))
		skip();
}

static void let_it_go_on(void)
{
	int fd = open(path_of("2/stat"), O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, STAT, sizeof(STAT) - 1), sizeof(STAT) - 1);
	close(fd);
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void await_recovery(void)
{
	struct proc_thread thread = { 0 };
	int result = -ETIMEDOUT;

	for (int i = 0; i < 500 && result; i++) {
		/* now it is a file like any other */
		unlink(path_of("2/stat"));
		put("2/stat", STAT);
		result = thread_reader_stat(reader, KTHREADD, &thread);
		usleep(2000);
	}
	assert_int_equal(result, 0);
	assert_int_equal(thread.start_ticks, 4321);
}

static void hang_is_waited_for_once(void **state)
{
	struct proc_thread thread;
	int64_t began_us = now_us();

	(void)state;
	need_kthreadd();
	assert_int_equal(thread_reader_stat(reader, KTHREADD, &thread), -ETIMEDOUT);
	assert_true(now_us() - began_us >= THREAD_READER_WAIT_MS * 1000);
	assert_true(thread_reader_hangs(reader));
	began_us = now_us();
	for (int i = 0; i < 100; i++)
		assert_int_equal(thread_reader_stat(reader, KTHREADD, &thread), -ETIMEDOUT);
	/* a hundred of them by themselves would be two seconds */
	assert_true(now_us() - began_us < 1000000);
	assert_int_equal(thread_reader_nr_hangs(reader), 1);
	let_it_go_on();
	await_recovery();
	assert_false(thread_reader_hangs(reader));
}

static void what_can_be_had_without_stat_is(void **state)
{
	const struct proc_thread known = { .cpu = 5, .start_ticks = 77, .comm = "kworker/5:1" };
	struct proc_thread thread = { 0 };

	(void)state;
	need_kthreadd();
	assert_int_equal(thread_reader_any(reader, KTHREADD, &known, &thread), 0);
	assert_string_equal(thread.comm, "kworker/5:1");
	assert_int_equal(thread.cpu, 5);
	assert_int_equal(thread.start_ticks, 77);
	assert_int_equal(thread.prio, 120);
	assert_int_equal(thread.state, 'S');
	assert_true(thread.is_kthread);
	assert_true(thread.is_worker);
	put("2/wchan", "0");
	assert_int_equal(thread_reader_any(reader, KTHREADD, &known, &thread), 0);
	assert_int_equal(thread.state, 'R');
	let_it_go_on();
	await_recovery();
}

static void unknown_thread_is_taken_only_with_its_name_and_cpu(void **state)
{
	cpu_set_t cpus, only;
	struct proc_thread thread = { 0 };
	int result;

	(void)state;
	need_kthreadd();
	CPU_ZERO(&only);
	CPU_SET(0, &only);
	if (sched_getaffinity(KTHREADD, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) < 2)
		skip();
	assert_int_equal(thread_reader_any(reader, KTHREADD, NULL, &thread), -ETIMEDOUT);
	if (!sched_setaffinity(KTHREADD, sizeof(only), &only)) {
		result = thread_reader_any(reader, KTHREADD, NULL, &thread);
		sched_setaffinity(KTHREADD, sizeof(cpus), &cpus);
		assert_int_equal(result, 0);
		assert_string_equal(thread.comm, "kworker/1:(9)");
		assert_int_equal(thread.cpu, 0);
		assert_int_equal(thread.start_ticks, 0);
	}
	let_it_go_on();
	await_recovery();
}

static void process_that_was_forked_has_a_reader_of_its_own(void **state)
{
	struct proc_thread thread;
	int status;
	pid_t child;

	(void)state;
	need_kthreadd();
	assert_int_equal(thread_reader_stat(reader, KTHREADD, &thread), -ETIMEDOUT);
	child = fork();
	if (!child) {
		unlink(path_of("2/stat"));
		put("2/stat", STAT);
		alarm(20);
		while (thread_reader_stat(reader, KTHREADD, &thread))
			usleep(1000);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* the one of before waits for the pipe that was removed: it is left to itself */
}

static void user_threads_are_read_without_it(void **state)
{
	struct thread_reader *real = NULL;
	struct proc_thread thread = { 0 };

	(void)state;
	assert_int_equal(thread_reader_create("/proc", &real, NULL), 0);
	assert_int_equal(thread_reader_stat(real, getpid(), &thread), 0);
	assert_int_equal(thread.tid, getpid());
	assert_int_equal(thread_reader_stat(real, 0x3ffffff, &thread), -ESRCH);
	if (thread_reader_is_kernel(KTHREADD)) {
		/* on a machine with much to do the reader may be late by itself */
		while (thread_reader_stat(real, KTHREADD, &thread))
			usleep(1000);
		assert_string_equal(thread.comm, "kthreadd");
		assert_true(thread.is_kthread);
		assert_true(thread.start_ticks < 1000);
	}
	thread_reader_destroy(real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hang_is_waited_for_once, make, end),
		cmocka_unit_test_setup_teardown(what_can_be_had_without_stat_is, make, end),
		cmocka_unit_test_setup_teardown(unknown_thread_is_taken_only_with_its_name_and_cpu, make,
						end),
		cmocka_unit_test_setup_teardown(process_that_was_forked_has_a_reader_of_its_own, make, end),
		cmocka_unit_test(user_threads_are_read_without_it),
	};

	return cmocka_run_group_tests_name("thread_reader", tests, NULL, NULL);
}
