// SPDX-License-Identifier: GPL-2.0-only
/* The ledger on the twin: what is recorded, what is restored, and what is left alone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
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

#include "boost/ledger.h"
#include "boost/restorer.h"
#include "sched_twin.h"
#include "util/error.h"

#define MS UINT64_C(1000000)
#define PATIENCE_TRIES 3000

static char dir[64];

struct fixture {
	struct sched_sys *sys;
	struct twin_machine *machine;
	struct twin_machine before;
	struct ledger *ledger;
	struct error err;
};

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_ledger.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static bool is_file_there(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/boosts", dir);
	return !access(path, F_OK);
}

static void setup(struct fixture *fixture)
{
	*fixture = (struct fixture){ .sys = sched_twin_create() };
	fixture->machine = sched_twin_machine(fixture->sys);
	for (int32_t tid = 1; tid <= 4; tid++)
		sched_twin_add(fixture->sys, tid);
	fixture->before = *fixture->machine;
	assert_int_equal(ledger_create(dir, fixture->sys, &fixture->ledger, NULL, &fixture->err), 0);
}

static void teardown(struct fixture *fixture)
{
	ledger_destroy(fixture->ledger);
	assert_false(is_file_there());
	sched_sys_close(fixture->sys);
}

static struct ledger_order fifo(int32_t tid)
{
	return (struct ledger_order){
		.tid = tid, .comm = "kworker/1:0", .policy = SCHED_SYS_FIFO, .rt_priority = 56,
		.until_at = 100 * MS,
	};
}

static struct ledger_order deadline(int32_t tid)
{
	return (struct ledger_order){
		.tid = tid, .policy = SCHED_SYS_DEADLINE, .runtime_ns = MS, .deadline_ns = 100 * MS,
		.period_ns = 100 * MS, .until_at = 100 * MS, .may_lift_admission = true,
	};
}

static struct ledger_boost boost(struct fixture *fixture, struct ledger_order order)
{
	struct ledger_boost made = { .id = { 0 } };

	assert_int_equal(ledger_boost(fixture->ledger, &order, &made, &fixture->err), 0);
	return made;
}

static void check_fate(struct fixture *fixture, struct ledger_id id, enum ledger_fate fate)
{
	struct ledger_outcome outcome;

	ledger_restore(fixture->ledger, id, &outcome, &fixture->err);
	assert_int_equal(outcome.fate, fate);
}

static void pass_time(void *arg)
{
	((struct twin_machine *)arg)->now_at += 5 * MS;
}

/* the thread may run, in our place, before the call returns: that is no part of its wait */
static void boost_begins_before_the_call_that_makes_it(void **state)
{
	struct fixture fixture;
	struct ledger_boost made;
	uint32_t nr_calls;

	(void)state;
	setup(&fixture);
	assert_int_equal(ledger_prepare(fixture.ledger, 1, 0), 0);
	made = boost(&fixture, deadline(1));
	nr_calls = fixture.machine->nr_calls;
	check_fate(&fixture, made.id, LEDGER_RESTORED);
	teardown(&fixture);
	setup(&fixture);
	assert_int_equal(ledger_prepare(fixture.ledger, 1, 0), 0);
	/* the last call of a boost */
	fixture.machine->meanwhile_at = nr_calls;
	fixture.machine->meanwhile = pass_time;
	fixture.machine->meanwhile_arg = fixture.machine;
	made = boost(&fixture, deadline(1));
	assert_int_equal(fixture.machine->now_at, fixture.before.now_at + 5 * MS);
	assert_int_equal(made.boosted_at, fixture.before.now_at);
	check_fate(&fixture, made.id, LEDGER_RESTORED);
	teardown(&fixture);
}

/* ---- what is given back ----------------------------------------------------------------------- */

static void a_boost_is_given_and_taken_back(void **state)
{
	struct ledger_outcome outcome;
	struct fixture fixture;
	struct ledger_boost made;

	(void)state;
	setup(&fixture);
	made = boost(&fixture, fifo(1));
	assert_int_equal(fixture.machine->threads[0].attr.policy, SCHED_SYS_FIFO);
	assert_int_equal(fixture.machine->threads[0].attr.priority, 56);
	assert_int_equal(fixture.machine->threads[0].attr.flags, SCHED_SYS_RESET_ON_FORK);
	assert_int_equal(ledger_nr_boosted(fixture.ledger), 1);
	assert_int_equal(ledger_late_in_ns(fixture.ledger), 100 * MS + LEDGER_GRACE_NS);
	check_fate(&fixture, made.id, LEDGER_RESTORED);
	assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	assert_int_equal(ledger_nr_boosted(fixture.ledger), 0);
	assert_true(ledger_late_in_ns(fixture.ledger) == UINT64_MAX);
	/* a boost is restored once */
	assert_int_equal(ledger_restore(fixture.ledger, made.id, &outcome, NULL), -ENOENT);
	teardown(&fixture);
}

/* nice, batch and idle policies, RR, clamps of its own and the kernel's, slices, reset-on-fork */
static void whatever_it_was_it_is_again(void **state)
{
	struct fixture fixture;
	struct twin_thread *threads;

	(void)state;
	setup(&fixture);
	threads = fixture.machine->threads;
	threads[0].nice = -11;
	threads[0].slice = 3 * MS;
	threads[1].attr.policy = 5;	/* SCHED_IDLE */
	threads[1].attr.flags = SCHED_SYS_RESET_ON_FORK;
	threads[1].nice = 19;
	threads[2].attr = (struct sched_sys_attr){ .policy = SCHED_SYS_RR, .priority = 7 };
	threads[2].util_min = 1024;
	threads[2].nice = 5;		/* of the time before it was RR */
	threads[3].util_min = 100;
	threads[3].util_max = 300;
	threads[3].has_own_clamps = true;
	fixture.before = *fixture.machine;
	for (int32_t tid = 1; tid <= 4; tid++) {
		struct ledger_boost made = boost(&fixture, tid % 2 ? fifo(tid) : deadline(tid));

		assert_false(sched_twin_is_same(fixture.sys, &fixture.before));
		check_fate(&fixture, made.id, LEDGER_RESTORED);
		assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	}
	teardown(&fixture);
}

static void somebody_elses_change_stands(void **state)
{
	struct fixture fixture;
	struct ledger_boost first, second;

	(void)state;
	setup(&fixture);
	first = boost(&fixture, fifo(1));
	second = boost(&fixture, deadline(2));
	fixture.machine->threads[0].attr.priority = 80;
	fixture.machine->threads[1].attr.runtime = 2 * MS;
	check_fate(&fixture, second.id, LEDGER_CHANGED);
	check_fate(&fixture, first.id, LEDGER_CHANGED);
	assert_int_equal(fixture.machine->threads[0].attr.priority, 80);
	assert_int_equal(fixture.machine->threads[1].attr.policy, SCHED_SYS_DEADLINE);
	teardown(&fixture);
}

static void a_nice_given_during_the_boost_stands(void **state)
{
	struct fixture fixture;
	struct ledger_boost made;

	(void)state;
	setup(&fixture);
	made = boost(&fixture, fifo(1));
	fixture.machine->threads[0].nice = 7;
	check_fate(&fixture, made.id, LEDGER_RESTORED);
	assert_int_equal(fixture.machine->threads[0].attr.policy, SCHED_SYS_OTHER);
	assert_int_equal(fixture.machine->threads[0].nice, 7);
	teardown(&fixture);
}

static void one_that_has_ended_needs_nothing(void **state)
{
	struct fixture fixture;
	struct ledger_boost made;

	(void)state;
	setup(&fixture);
	made = boost(&fixture, fifo(1));
	fixture.machine->threads[0].tid = 0;
	check_fate(&fixture, made.id, LEDGER_GONE);
	teardown(&fixture);
}

/* the tid is another's, who even has what we set by chance: not ours to touch */
static void a_reused_tid_is_not_touched(void **state)
{
	struct fixture fixture;
	struct ledger_boost made;

	(void)state;
	setup(&fixture);
	made = boost(&fixture, fifo(1));
	fixture.machine->threads[0].start_ticks++;
	check_fate(&fixture, made.id, LEDGER_GONE);
	assert_int_equal(fixture.machine->threads[0].attr.policy, SCHED_SYS_FIFO);
	teardown(&fixture);
}

static void what_fails_is_tried_again(void **state)
{
	struct fixture fixture;
	struct ledger_outcome outcome;
	struct ledger_boost made;

	(void)state;
	setup(&fixture);
	made = boost(&fixture, fifo(1));
	fixture.machine->fail_at = fixture.machine->nr_calls + 1;
	fixture.machine->fails_until = UINT32_MAX;
	fixture.machine->fail_code = -EIO;
	assert_int_equal(ledger_restore(fixture.ledger, made.id, &outcome, &fixture.err), -EIO);
	assert_int_equal(outcome.fate, LEDGER_FAILED);
	assert_non_null(strstr(fixture.err.text, "thread 1 is still SCHED_FIFO"));
	assert_int_equal(ledger_retry(fixture.ledger, &fixture.err), 1);
	fixture.machine->fails_until = 0;
	assert_int_equal(ledger_retry(fixture.ledger, &fixture.err), 0);
	assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	teardown(&fixture);
}

static void all_are_restored_newest_first(void **state)
{
	int32_t last_tid = 5;
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	for (int32_t tid = 1; tid <= 4; tid++)
		boost(&fixture, fifo(tid));
	fixture.machine->nr_calls = 0;
	assert_int_equal(ledger_restore_all(fixture.ledger, &fixture.err), 0);
	for (uint32_t i = 0; i < fixture.machine->nr_calls; i++) {
		const struct twin_record *record = &fixture.machine->records[i];

		if (record->call != TWIN_SET)
			continue;
		assert_int_equal(record->tid, last_tid - 1);
		last_tid = record->tid;
	}
	assert_int_equal(last_tid, 1);
	assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	teardown(&fixture);
}

/* ---- what is refused -------------------------------------------------------------------------- */

static void check_refused(struct fixture *fixture, const struct ledger_order *order, int code)
{
	struct ledger_boost made;

	assert_int_equal(ledger_boost(fixture->ledger, order, &made, &fixture->err), code);
	assert_true(*fixture->err.text);
	assert_true(sched_twin_is_same(fixture->sys, &fixture->before));
	assert_int_equal(ledger_nr_boosted(fixture->ledger), 0);
}

static void who_does_not_wait_any_more_is_not_boosted(void **state)
{
	struct ledger_order order = fifo(1);
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	/* it has run since it was prepared for this wait */
	order.began_at = 5 * MS;
	assert_int_equal(ledger_prepare(fixture.ledger, 1, 5 * MS), 0);
	fixture.machine->threads[0].nr_runs++;
	check_refused(&fixture, &order, -EAGAIN);
	/* prepared for another wait, that says nothing */
	assert_int_equal(ledger_prepare(fixture.ledger, 1, 4 * MS), 0);
	fixture.machine->threads[0].nr_runs++;
	check_fate(&fixture, boost(&fixture, order).id, LEDGER_RESTORED);
	/* or since the caller saw it */
	order = fifo(1);
	order.has_nr_runs = true;
	order.nr_runs = 1;
	check_refused(&fixture, &order, -EAGAIN);
	order = fifo(2);
	fixture.machine->threads[1].state = 'S';
	check_refused(&fixture, &order, -EAGAIN);
	fixture.machine->threads[1].state = 'D';
	check_refused(&fixture, &order, -EAGAIN);
	fixture.machine->threads[1].state = 'Z';
	check_refused(&fixture, &order, -ESRCH);
	teardown(&fixture);
}

static void who_is_another_is_not_boosted(void **state)
{
	struct ledger_order order = fifo(1);
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	order.start_ticks = 1002;
	check_refused(&fixture, &order, -ESRCH);
	assert_int_equal(ledger_prepare(fixture.ledger, 1, 0), 0);
	fixture.machine->threads[0].start_ticks++;
	order = fifo(1);
	check_refused(&fixture, &order, -ESRCH);
	order = fifo(99);
	check_refused(&fixture, &order, -ESRCH);
	assert_int_equal(ledger_prepare(fixture.ledger, 99, 0), -ESRCH);
	teardown(&fixture);
}

static void nobody_is_boosted_twice(void **state)
{
	struct ledger_order order = fifo(1);
	struct ledger_boost made, again;
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	made = boost(&fixture, order);
	assert_int_equal(ledger_boost(fixture.ledger, &order, &again, &fixture.err), -EALREADY);
	check_fate(&fixture, made.id, LEDGER_RESTORED);
	assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	teardown(&fixture);
}

static void a_refusal_leaves_nothing(void **state)
{
	struct ledger_order order = deadline(1);
	struct fixture fixture;

	(void)state;
	setup(&fixture);
	fixture.machine->threads[0].is_confined = true;
	order.may_lift_admission = false;
	check_refused(&fixture, &order, -EPERM);
	assert_non_null(strstr(fixture.err.text, "sched_rt_runtime_us"));
	teardown(&fixture);
}

/* ---- admission -------------------------------------------------------------------------------- */

static void admission_is_off_for_the_moment_only(void **state)
{
	struct fixture fixture;
	struct ledger_boost made;
	bool was_lifted = false;

	(void)state;
	setup(&fixture);
	fixture.machine->threads[0].is_confined = true;
	made = boost(&fixture, deadline(1));
	assert_true(made.has_lifted_admission);
	assert_int_equal(fixture.machine->rt_runtime_us, 950000);
	assert_int_equal(fixture.machine->threads[0].attr.policy, SCHED_SYS_DEADLINE);
	for (uint32_t i = 1; i < fixture.machine->nr_calls; i++) {
		if (fixture.machine->records[i].call == TWIN_SET_RT &&
		    fixture.machine->records[i - 1].call != TWIN_SET_RT)
			was_lifted = true;
	}
	assert_true(was_lifted);
	assert_false(ledger_is_admission_lifted(fixture.ledger));
	check_fate(&fixture, made.id, LEDGER_RESTORED);
	/* a thread that is not confined needs none of that */
	fixture.machine->nr_calls = 0;
	assert_false(boost(&fixture, deadline(2)).has_lifted_admission);
	for (uint32_t i = 0; i < fixture.machine->nr_calls; i++)
		assert_int_not_equal(fixture.machine->records[i].call, TWIN_SET_RT);
	teardown(&fixture);
}

/* ---- measuring -------------------------------------------------------------------------------- */

static void what_it_used_is_counted_from_the_boost_on(void **state)
{
	struct fixture fixture;
	struct ledger_outcome outcome;
	struct ledger_usage usage;
	struct ledger_boost made;

	(void)state;
	setup(&fixture);
	fixture.machine->threads[0].cpu_ns = 77;
	made = boost(&fixture, fifo(1));
	assert_int_equal(ledger_measure(fixture.ledger, made.id, &usage), 0);
	assert_false(usage.seen.has_run);
	assert_false(usage.seen.is_asleep);
	fixture.machine->threads[0].nr_runs++;
	assert_int_equal(ledger_measure(fixture.ledger, made.id, &usage), 0);
	assert_true(usage.seen.has_run);
	fixture.machine->threads[0].cpu_ns = 1077;
	fixture.machine->threads[0].state = 'S';
	assert_int_equal(ledger_restore(fixture.ledger, made.id, &outcome, &fixture.err), 0);
	assert_true(outcome.usage.has_granted);
	assert_int_equal(outcome.usage.granted_ns, 1000);
	assert_true(outcome.usage.seen.is_asleep);
	assert_int_equal(ledger_measure(fixture.ledger, made.id, &usage), -ENOENT);
	teardown(&fixture);
}

/* ---- processes that die ----------------------------------------------------------------------- */

static void pause_ns(long ns)
{
	struct timespec pause = { .tv_nsec = ns };

	nanosleep(&pause, NULL);
}

static void a_second_one_is_refused_and_told_who_has_it(void **state)
{
	struct fixture fixture;
	char words[64];
	pid_t child;
	int status;

	(void)state;
	setup(&fixture);
	snprintf(words, sizeof(words), "process %d makes boosts already", (int)getpid());
	child = fork();
	if (!child) {
		struct ledger *second = NULL;
		int code = ledger_create(dir, fixture.sys, &second, NULL, &fixture.err);

		_exit(code != -EBUSY ? 1 : strstr(fixture.err.text, words) ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(is_file_there());
	teardown(&fixture);
}

static void a_directory_that_others_may_write_to_is_refused(void **state)
{
	struct sched_sys *sys = sched_twin_create();
	struct ledger *ledger = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(ledger_create(dir, sys, &ledger, NULL, &err), -EPERM);
	assert_int_equal(chmod(dir, 0700), 0);
	sched_sys_close(sys);
}

/* A child that boosts 1 to 4, with deadline admission on the way, and kills itself. */
static void boost_and_die(struct fixture *fixture, bool has_restorer)
{
	struct restorer *restorer;
	struct ledger *ledger;

	if (ledger_create(dir, fixture->sys, &ledger, NULL, NULL) ||
	    (has_restorer && restorer_create(ledger, &restorer, NULL)))
		_exit(1);
	for (int32_t tid = 1; tid <= 4; tid++) {
		struct ledger_order order = tid % 2 ? fifo(tid) : deadline(tid);
		struct ledger_boost made;

		if (ledger_boost(ledger, &order, &made, NULL))
			_exit(2);
	}
	fixture->machine->rt_runtime_us = 950000;
	kill(getpid(), SIGKILL);
}

static void run_child(struct fixture *fixture, bool has_restorer)
{
	pid_t child = fork();
	int status;

	if (!child) {
		boost_and_die(fixture, has_restorer);
		_exit(3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void without(struct fixture *fixture)
{
	setup(fixture);
	ledger_destroy(fixture->ledger);
	fixture->ledger = NULL;
}

static void the_next_start_restores_what_was_left(void **state)
{
	struct ledger_leftover leftover;
	struct fixture fixture;

	(void)state;
	without(&fixture);
	run_child(&fixture, false);
	assert_false(sched_twin_is_same(fixture.sys, &fixture.before));
	assert_true(is_file_there());
	/* meanwhile one has ended, one was changed */
	fixture.machine->threads[0].tid = 0;
	fixture.machine->threads[1].attr.policy = SCHED_SYS_OTHER;
	fixture.machine->threads[1].attr.flags = 0;
	fixture.machine->threads[1].nice = 4;
	assert_int_equal(ledger_create(dir, fixture.sys, &fixture.ledger, &leftover, &fixture.err), 0);
	assert_int_equal(leftover.nr_restored, 3);	/* nice is nobody's boost: nothing was left to do */
	assert_int_equal(leftover.nr_gone, 1);
	assert_int_not_equal(leftover.pid, 0);
	assert_int_equal(fixture.machine->threads[1].nice, 4);
	assert_int_equal(fixture.machine->threads[2].attr.policy, SCHED_SYS_OTHER);
	assert_int_equal(fixture.machine->threads[3].attr.policy, SCHED_SYS_OTHER);
	teardown(&fixture);
}

static bool await_same(struct fixture *fixture)
{
	for (int i = 0; i < PATIENCE_TRIES; i++) {
		if (sched_twin_is_same(fixture->sys, &fixture->before))
			return true;
		pause_ns(2000000);
	}
	return false;
}

static void the_restorer_restores_when_its_owner_is_killed(void **state)
{
	struct ledger_leftover leftover;
	struct fixture fixture;

	(void)state;
	without(&fixture);
	run_child(&fixture, true);
	assert_true(await_same(&fixture));
	/* and there is nothing left for the next start, which waits for it to end */
	assert_int_equal(ledger_create(dir, fixture.sys, &fixture.ledger, &leftover, &fixture.err), 0);
	assert_int_equal(leftover.pid, 0);
	teardown(&fixture);
}

static void the_restorer_restores_what_is_late(void **state)
{
	struct restorer *restorer;
	struct fixture fixture;
	struct ledger_boost made;

	(void)state;
	setup(&fixture);
	assert_int_equal(restorer_create(fixture.ledger, &restorer, &fixture.err), 0);
	fixture.machine->now_at = 100 * MS + LEDGER_GRACE_NS;
	made = boost(&fixture, fifo(1));
	restorer_note(restorer);
	assert_true(await_same(&fixture));
	for (int i = 0; i < PATIENCE_TRIES && ledger_nr_boosted(fixture.ledger); i++)
		pause_ns(1000000);
	check_fate(&fixture, made.id, LEDGER_RESTORED_LATE);
	restorer_destroy(restorer);
	teardown(&fixture);
}

/* The kernel takes its time with the second boost, and that of the first is over. */
static void hang(void *arg)
{
	((struct twin_machine *)arg)->now_at += 1000 * MS;
	pause_ns(600 * MS);
}

static uint64_t cpu_ns_of(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &time), 0);
	return (uint64_t)time.tv_sec * 1000 * MS + (uint64_t)time.tv_nsec;
}

/* the restorer has a high priority, and its owner hangs in the call that boosts: it must not spin */
static void the_restorer_sleeps_while_a_boost_is_being_made(void **state)
{
	struct restorer *restorer;
	struct fixture fixture;
	struct ledger_boost first, second;
	uint64_t cpu_ns;

	(void)state;
	setup(&fixture);
	assert_int_equal(restorer_create(fixture.ledger, &restorer, &fixture.err), 0);
	first = boost(&fixture, fifo(1));
	restorer_note(restorer);
	pause_ns(50 * MS);
	cpu_ns = cpu_ns_of(restorer_pid(restorer));
	assert_int_equal(ledger_prepare(fixture.ledger, 2, 0), 0);
	/* look, get, set */
	fixture.machine->meanwhile_at = fixture.machine->nr_calls + 3;
	fixture.machine->meanwhile = hang;
	fixture.machine->meanwhile_arg = fixture.machine;
	second = boost(&fixture, fifo(2));
	assert_true(cpu_ns_of(restorer_pid(restorer)) - cpu_ns < 100 * MS);
	check_fate(&fixture, first.id, LEDGER_RESTORED_LATE);
	check_fate(&fixture, second.id, LEDGER_RESTORED);
	restorer_destroy(restorer);
	assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	teardown(&fixture);
}

struct meanwhile {
	struct fixture *fixture;
	struct ledger_id first;
	struct ledger_boost second;
};

static void restore_and_boost_another(void *arg)
{
	struct meanwhile *meanwhile = arg;

	check_fate(meanwhile->fixture, meanwhile->first, LEDGER_RESTORED);
	meanwhile->second = boost(meanwhile->fixture, fifo(2));
}

/* One that is late is restored by somebody who is interrupted, before he sets anything. */
static void restore_late_while(struct meanwhile *meanwhile, void (*happens)(void *arg))
{
	struct twin_machine *machine = meanwhile->fixture->machine;

	meanwhile->first = boost(meanwhile->fixture, fifo(1)).id;
	machine->now_at = 100 * MS + LEDGER_GRACE_NS;
	machine->meanwhile = happens;
	machine->meanwhile_arg = meanwhile;
	machine->meanwhile_at = machine->nr_calls + 1;
	assert_int_equal(ledger_restore_late(meanwhile->fixture->ledger), 1);
	assert_int_equal(meanwhile->second.id.slot, meanwhile->first.slot);
}

/* who restores late is at it when the slot is freed and filled again; both threads began in the same tick */
static void a_slot_that_is_filled_again_meanwhile_is_left_alone(void **state)
{
	struct fixture fixture;
	struct meanwhile meanwhile = { .fixture = &fixture };

	(void)state;
	setup(&fixture);
	fixture.machine->threads[1].start_ticks = fixture.machine->threads[0].start_ticks;
	fixture.before = *fixture.machine;
	restore_late_while(&meanwhile, restore_and_boost_another);
	assert_int_equal(fixture.machine->threads[0].attr.policy, SCHED_SYS_OTHER);
	assert_int_equal(fixture.machine->threads[1].attr.policy, SCHED_SYS_FIFO);
	assert_int_equal(ledger_nr_boosted(fixture.ledger), 1);
	check_fate(&fixture, meanwhile.second.id, LEDGER_RESTORED);
	assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	teardown(&fixture);
}

/* As above, and the other boost is about to be restored, by one who is killed before he does it. */
static void restore_boost_another_and_be_killed(void *arg)
{
	struct meanwhile *meanwhile = arg;
	struct fixture *fixture = meanwhile->fixture;
	struct ledger_outcome outcome;
	int status;
	pid_t child;

	restore_and_boost_another(arg);
	child = fork();
	if (!child) {
		/* look, get, set */
		fixture->machine->die_before = fixture->machine->nr_calls + 3;
		ledger_restore(fixture->ledger, meanwhile->second.id, &outcome, NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	fixture->machine->die_before = 0;
}

static void a_slot_is_only_freed_for_the_boost_it_was_restored_for(void **state)
{
	struct fixture fixture;
	struct meanwhile meanwhile = { .fixture = &fixture };

	(void)state;
	setup(&fixture);
	restore_late_while(&meanwhile, restore_boost_another_and_be_killed);
	assert_int_equal(ledger_nr_boosted(fixture.ledger), 1);
	assert_int_equal(ledger_restore_all(fixture.ledger, &fixture.err), 0);
	assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	teardown(&fixture);
}

static uint32_t count_holds(const struct twin_machine *machine)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < machine->nr_calls; i++)
		nr += machine->records[i].call == TWIN_HOLD && !machine->records[i].result;
	return nr;
}

static void restoring_opens_no_files(void **state)
{
	struct fixture fixture;
	struct ledger_boost made;
	uint32_t nr_holds;

	(void)state;
	setup(&fixture);
	made = boost(&fixture, fifo(1));
	nr_holds = count_holds(fixture.machine);
	check_fate(&fixture, made.id, LEDGER_RESTORED);
	assert_int_equal(count_holds(fixture.machine), nr_holds);
	assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	teardown(&fixture);
}

static void where_few_files_may_be_open_the_oldest_are_closed(void **state)
{
	struct fixture fixture;
	uint32_t nr_holds;

	(void)state;
	setup(&fixture);
	assert_int_equal(ledger_prepare(fixture.ledger, 1, 0), 0);
	assert_int_equal(ledger_prepare(fixture.ledger, 2, 0), 0);
	fixture.machine->fail_at = fixture.machine->nr_calls + 1;
	fixture.machine->fails_until = fixture.machine->fail_at;
	fixture.machine->fail_code = -EMFILE;
	assert_int_equal(ledger_prepare(fixture.ledger, 3, 0), 0);
	nr_holds = count_holds(fixture.machine);
	assert_int_equal(nr_holds, 3);
	boost(&fixture, fifo(2));
	boost(&fixture, fifo(3));
	assert_int_equal(count_holds(fixture.machine), nr_holds);
	boost(&fixture, fifo(1));
	assert_int_equal(count_holds(fixture.machine), nr_holds + 1);
	/* when none is left to be closed, that is said */
	fixture.machine->fail_at = fixture.machine->nr_calls + 1;
	fixture.machine->fails_until = UINT32_MAX;
	assert_int_equal(ledger_prepare(fixture.ledger, 4, 0), -EMFILE);
	fixture.machine->fails_until = 0;
	teardown(&fixture);
}

static void a_restorer_that_was_killed_is_replaced(void **state)
{
	struct restorer *restorer;
	struct fixture fixture;
	int result = 0;

	(void)state;
	setup(&fixture);
	assert_int_equal(restorer_create(fixture.ledger, &restorer, &fixture.err), 0);
	assert_int_equal(restorer_ensure(restorer, &fixture.err), 0);
	assert_int_equal(kill(restorer_pid(restorer), SIGKILL), 0);
	for (int i = 0; i < PATIENCE_TRIES && !result; i++) {
		result = restorer_ensure(restorer, &fixture.err);
		pause_ns(1000000);
	}
	assert_int_equal(result, 1);
	boost(&fixture, fifo(1));
	restorer_destroy(restorer);
	assert_true(sched_twin_is_same(fixture.sys, &fixture.before));
	teardown(&fixture);
}

/* a child of ours that hangs keeps our end of the socket open: that must not keep the restorer asleep */
static void a_hanging_child_does_not_keep_the_restorer_from_it(void **state)
{
	struct fixture fixture;
	pid_t child, hanging;
	int status;
	int ends[2];

	(void)state;
	without(&fixture);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		struct ledger_order order = fifo(1);
		struct restorer *restorer;
		struct ledger_boost made;
		struct ledger *ledger;

		if (ledger_create(dir, fixture.sys, &ledger, NULL, NULL) ||
		    restorer_create(ledger, &restorer, NULL) || ledger_boost(ledger, &order, &made, NULL))
			_exit(1);
		hanging = fork();
		if (!hanging) {
			pause();
			_exit(0);
		}
		if (write(ends[1], &hanging, sizeof(hanging)) != (ssize_t)sizeof(hanging))
			_exit(2);
		/* it is to be asleep by then: one that has not begun yet sees for itself */
		pause_ns(100000000);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(read(ends[0], &hanging, sizeof(hanging)), sizeof(hanging));
	assert_true(await_same(&fixture));
	assert_int_equal(kill(hanging, SIGKILL), 0);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(ledger_create(dir, fixture.sys, &fixture.ledger, NULL, &fixture.err), 0);
	teardown(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boost_begins_before_the_call_that_makes_it),
		cmocka_unit_test(a_boost_is_given_and_taken_back),
		cmocka_unit_test(whatever_it_was_it_is_again),
		cmocka_unit_test(somebody_elses_change_stands),
		cmocka_unit_test(a_nice_given_during_the_boost_stands),
		cmocka_unit_test(one_that_has_ended_needs_nothing),
		cmocka_unit_test(a_reused_tid_is_not_touched),
		cmocka_unit_test(what_fails_is_tried_again),
		cmocka_unit_test(all_are_restored_newest_first),
		cmocka_unit_test(who_does_not_wait_any_more_is_not_boosted),
		cmocka_unit_test(who_is_another_is_not_boosted),
		cmocka_unit_test(nobody_is_boosted_twice),
		cmocka_unit_test(a_refusal_leaves_nothing),
		cmocka_unit_test(admission_is_off_for_the_moment_only),
		cmocka_unit_test(what_it_used_is_counted_from_the_boost_on),
		cmocka_unit_test(a_second_one_is_refused_and_told_who_has_it),
		cmocka_unit_test(a_directory_that_others_may_write_to_is_refused),
		cmocka_unit_test(the_next_start_restores_what_was_left),
		cmocka_unit_test(the_restorer_restores_when_its_owner_is_killed),
		cmocka_unit_test(the_restorer_restores_what_is_late),
		cmocka_unit_test(the_restorer_sleeps_while_a_boost_is_being_made),
		cmocka_unit_test(a_slot_that_is_filled_again_meanwhile_is_left_alone),
		cmocka_unit_test(a_slot_is_only_freed_for_the_boost_it_was_restored_for),
		cmocka_unit_test(restoring_opens_no_files),
		cmocka_unit_test(where_few_files_may_be_open_the_oldest_are_closed),
		cmocka_unit_test(a_restorer_that_was_killed_is_replaced),
		cmocka_unit_test(a_hanging_child_does_not_keep_the_restorer_from_it),
	};

	return cmocka_run_group_tests_name("ledger", tests, make_dir, remove_dir);
}
