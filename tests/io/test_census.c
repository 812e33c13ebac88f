// SPDX-License-Identifier: GPL-2.0-only
/* Who exists, on the machine's own /proc: what is known of this process and of children made for it. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/census.h"
#include "util/error.h"

#define PATIENCE_NS UINT64_C(10000000000)

static const struct census_thread *take(struct census *census, int32_t tid)
{
	struct error err = { 0 };

	assert_int_equal(census_take(census, &err), 0);
	return census_find(census, tid);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void end_child(pid_t child)
{
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static pid_t make_child(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		alarm(30);
		for (;;)
			pause();
	}
	return child;
}

static void census_knows_who_asks(void **state)
{
	struct census census = { 0 };
	const struct census_thread *self;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "census"), 0);
	self = take(&census, getpid());
	assert_non_null(self);
	assert_int_equal(self->tid, getpid());
	assert_int_equal(self->tgid, getpid());
	assert_string_equal(self->comm, "census");
	assert_int_equal(self->state, 'R');
	assert_false(self->is_kthread);
	assert_int_equal(self->policy, sched_getscheduler(0));
	assert_true(self->start_ticks > 0);
	census_deinit(&census);
}

static void census_is_in_the_order_of_tids(void **state)
{
	struct census census = { 0 };

	(void)state;
	assert_non_null(take(&census, getpid()));
	for (size_t i = 1; i < census.nr_threads; i++)
		assert_true(census.threads[i - 1].tid < census.threads[i].tid);
	for (size_t i = 0; i < census.nr_threads; i++)
		assert_ptr_equal(census_find(&census, census.threads[i].tid), &census.threads[i]);
	assert_null(census_find(&census, 0));
	assert_null(census_find(&census, INT32_MAX));
	census_deinit(&census);
	assert_null(census_find(&census, getpid()));
}

static void check_name(const char *name)
{
	struct census census = { 0 };
	const struct census_thread *self;

	assert_int_equal(prctl(PR_SET_NAME, name), 0);
	self = take(&census, getpid());
	assert_non_null(self);
	assert_string_equal(self->comm, name);
	assert_int_equal(self->state, 'R');
	census_deinit(&census);
}

static void names_are_kept_to_the_byte(void **state)
{
	(void)state;
	check_name("a) S 1 1 1 (b");
	check_name("two\nlines) S");
	check_name("\x1b[31m\xff\xe2\x82 ?.");
	check_name("g\xc3\xbcltig");
	check_name("((((");
	check_name(" ");
	check_name("");
	/* of a thread of user space it is a name like others */
	check_name("kworker/R-a+a");
}

static void *wait_for_end(void *arg)
{
	pthread_barrier_t *barriers = arg;

	prctl(PR_SET_NAME, "second");
	pthread_barrier_wait(&barriers[0]);
	pthread_barrier_wait(&barriers[1]);
	return NULL;
}

static void threads_are_there_as_well_as_processes(void **state)
{
	const struct census_thread *second = NULL;
	struct census census = { 0 };
	pthread_barrier_t barriers[2];
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&barriers[0], NULL, 2);
	pthread_barrier_init(&barriers[1], NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_end, barriers), 0);
	pthread_barrier_wait(&barriers[0]);
	assert_non_null(take(&census, getpid()));
	for (size_t i = 0; i < census.nr_threads; i++) {
		if (census.threads[i].tgid == getpid() && census.threads[i].tid != getpid())
			second = &census.threads[i];
	}
	assert_non_null(second);
	assert_string_equal(second->comm, "second");
	pthread_barrier_wait(&barriers[1]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	census_deinit(&census);
}

static void threads_come_and_go(void **state)
{
	struct census census = { 0 };
	pid_t child;

	(void)state;
	child = make_child();
	assert_non_null(take(&census, child));
	end_child(child);
	assert_null(take(&census, child));
	assert_non_null(census_find(&census, getpid()));
	census_deinit(&census);
}

static void check_policy(pid_t child, int policy, int rt_priority, int32_t prio)
{
	struct sched_param param = { .sched_priority = rt_priority };
	struct census census = { 0 };
	const struct census_thread *thread;

	if (sched_setscheduler(child, policy, &param)) {
		print_message("# policy %d is refused here\n", policy);
		return;
	}
	thread = take(&census, child);
	assert_non_null(thread);
	assert_int_equal(thread->policy, policy);
	assert_int_equal(thread->prio, prio);
	census_deinit(&census);
}

static void priorities_are_as_traced(void **state)
{
	pid_t child = make_child();
	int nice_value = getpriority(PRIO_PROCESS, (id_t)child);

	(void)state;
	check_policy(child, SCHED_BATCH, 0, 120 + nice_value);
	check_policy(child, SCHED_FIFO, 1, 98);
	check_policy(child, SCHED_RR, 50, 49);
	check_policy(child, SCHED_FIFO, 99, 0);
	end_child(child);
}

static void kernel_threads_are_known_by_their_flag(void **state)
{
	struct census census = { 0 };
	const struct census_thread *kthreadd = take(&census, 2);
	size_t nr_kthreads = 0;

	(void)state;
	if (!kthreadd || strcmp(kthreadd->comm, "kthreadd"))
		skip();
	assert_true(kthreadd->is_kthread);
	for (size_t i = 0; i < census.nr_threads; i++) {
		const struct census_thread *thread = &census.threads[i];

		nr_kthreads += thread->is_kthread;
		/* what a kworker works on is no part of its name */
		if (thread->is_kthread && !strncmp(thread->comm, "kworker/", 8) &&
		    strncmp(thread->comm, "kworker/R-", 10))
			assert_null(strpbrk(thread->comm, "+-"));
	}
	assert_true(nr_kthreads > 2);
	census_deinit(&census);
}

static void run_time_grows_with_running(void **state)
{
	uint64_t end_at = clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
	uint64_t began_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	struct census census = { 0 };
	const struct census_thread *self = take(&census, getpid());
	uint64_t first_ns;

	(void)state;
	assert_non_null(self);
	first_ns = self->run_ns;
	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < began_ns + 100000000 && clock_ns(CLOCK_MONOTONIC) < end_at)
		;
	self = take(&census, getpid());
	assert_non_null(self);
	assert_true(self->run_ns >= first_ns + 80000000);
	assert_true(self->run_ns <= first_ns + PATIENCE_NS);
	assert_true(!census.has_runs || self->nr_runs > 0);
	census_deinit(&census);
}

static void sleeping_does_not_run(void **state)
{
	struct census census = { 0 };
	pid_t child = make_child();
	const struct census_thread *thread;
	struct census_thread first;

	(void)state;
	do {
		thread = take(&census, child);
		assert_non_null(thread);
	} while (thread->state != 'S');
	first = *thread;
	thread = take(&census, child);
	assert_non_null(thread);
	assert_int_equal(thread->run_ns, first.run_ns);
	assert_int_equal(thread->nr_runs, first.nr_runs);
	assert_int_equal(thread->start_ticks, first.start_ticks);
	end_child(child);
	census_deinit(&census);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(census_knows_who_asks),
		cmocka_unit_test(census_is_in_the_order_of_tids),
		cmocka_unit_test(names_are_kept_to_the_byte),
		cmocka_unit_test(threads_are_there_as_well_as_processes),
		cmocka_unit_test(threads_come_and_go),
		cmocka_unit_test(priorities_are_as_traced),
		cmocka_unit_test(kernel_threads_are_known_by_their_flag),
		cmocka_unit_test(run_time_grows_with_running),
		cmocka_unit_test(sleeping_does_not_run),
	};

	return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
