// SPDX-License-Identifier: GPL-2.0-only
/*
 * Law 12 where it matters: plan, ledger and restorer together on the twin. Every successful boost has exactly
 * one restore, whichever call fails, and whichever call whoever makes it is killed before or after.
 */
#include <errno.h>
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

#include "boost/ledger.h"
#include "boost/plan.h"
#include "boost/restorer.h"
#include "sched_twin.h"
#include "util/error.h"

#define MS UINT64_C(1000000)
#define NR_THREADS 6
#define NR_ROUNDS 12
#define NR_CPUS 2
#define PATIENCE_TRIES 3000

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_boost_laws.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

/* ---- what the machine does -------------------------------------------------------------------- */

struct run {
	struct sched_sys *sys;
	struct twin_machine *machine;
	struct plan *plan;
	struct ledger *ledger;
	struct restorer *restorer;
	struct ledger_id boosts[NR_CPUS];
};

/* Fair ones, an RR one, one with clamps and nice; half of them confined to a CPU. */
static void add_threads(struct sched_sys *sys)
{
	for (int32_t tid = 1; tid <= NR_THREADS; tid++)
		sched_twin_add(sys, tid)->is_confined = tid % 2;
	sched_twin_find(sys, 2)->nice = -5;
	sched_twin_find(sys, 3)->attr = (struct sched_sys_attr){ .policy = SCHED_SYS_RR, .priority = 3 };
	sched_twin_find(sys, 3)->util_min = 1024;
	sched_twin_find(sys, 4)->util_max = 200;
	sched_twin_find(sys, 4)->has_own_clamps = true;
}

static struct plan_wait wait_of(const struct run *run, int32_t tid)
{
	return (struct plan_wait){
		.tid = tid, .key = 1, .comm = "kworker/0:1", .prio = tid == 3 ? 96 : 120,
		.cpu = (uint32_t)tid % NR_CPUS, .began_at = (uint64_t)tid, .is_kthread = true,
		.is_confined = sched_twin_find(run->sys, tid)->is_confined, .threshold_ns = MS,
		.has_own_threshold = true, .behind_tid = TID_UNKNOWN,
		/* against a deadline culprit there is only deadline */
		.occupant = { .kind = PLAN_OCCUPANT_THREAD, .tid = 900, .prio = tid == 5 ? -1 : 44 },
	};
}

static void do_command(struct run *run, const struct plan_command *command)
{
	struct ledger_order order = ledger_order_of(command);
	struct plan_result result = { .is_granted_known = true };
	struct ledger_outcome outcome;
	struct ledger_boost made;
	int code;

	switch (command->verb) {
	case PLAN_BOOST:
		code = ledger_boost(run->ledger, &order, &made, NULL);
		if (code) {
			plan_refused(run->plan, command, code);
			break;
		}
		plan_boosted(run->plan, command, run->machine->now_at);
		run->boosts[command->cpu] = made.id;
		if (run->restorer)
			restorer_note(run->restorer);
		break;
	case PLAN_RESTORE:
		/* what fails is the ledger's, which goes on trying */
		if (ledger_restore(run->ledger, run->boosts[command->cpu], &outcome, NULL))
			outcome.usage.granted_ns = 0;
		result.granted_ns = outcome.usage.granted_ns;
		plan_restored(run->plan, command, &result, run->machine->now_at);
		break;
	default:
		break;
	}
}

static void do_commands(struct run *run)
{
	struct plan_command command;

	while (plan_next(run->plan, &command))
		do_command(run, &command);
}

/* Who is boosted runs, and every other one is done after that. */
static void let_run(struct run *run, int32_t tid)
{
	struct twin_thread *thread = sched_twin_find(run->sys, tid);

	thread->nr_runs++;
	thread->cpu_ns += MS / 2;
	if (tid % 3 == 0)
		thread->state = 'S';
}

static void do_round(struct run *run)
{
	struct plan_boost boost;

	plan_begin(run->plan, run->machine->now_at);
	while (plan_next_check(run->plan, &boost)) {
		struct ledger_usage usage = { .seen = { .is_gone = true } };

		let_run(run, boost.tid);
		if (!ledger_measure(run->ledger, run->boosts[boost.cpu], &usage))
			plan_checked(run->plan, &boost, &usage.seen);
	}
	for (int32_t tid = 1; tid <= NR_THREADS; tid++) {
		struct plan_wait wait = wait_of(run, tid);

		if (sched_twin_find(run->sys, tid)->state == 'R')
			plan_add(run->plan, &wait);
	}
	do_commands(run);
	ledger_retry(run->ledger, NULL);
}

/* A whole life of the program. Return: 0, or a negative errno */
static int run_all(struct sched_sys *sys, bool has_restorer)
{
	const struct plan_config config = {
		.nr_cpus = NR_CPUS, .policy = PLAN_DEADLINE, .runtime_ns = MS, .period_ns = 4 * MS,
		.duration_ns = 100 * MS, .budget_ns = 1000 * MS, .budget_per_ns = 1000 * MS,
		.tick_ns = MS, .may_lift_admission = true,
	};
	struct run run = { .sys = sys, .machine = sched_twin_machine(sys) };
	int result;

	run.machine->now_at = 5 * MS;
	result = plan_create(&config, run.machine->now_at, &run.plan, NULL);
	if (result)
		return result;
	result = ledger_create(dir, sys, &run.ledger, NULL, NULL);
	if (!result && has_restorer)
		result = restorer_create(run.ledger, &run.restorer, NULL);
	for (int i = 0; !result && i < NR_ROUNDS; i++) {
		do_round(&run);
		run.machine->now_at += MS;
	}
	if (!result) {
		plan_stop(run.plan, run.machine->now_at);
		do_commands(&run);
	}
	restorer_destroy(run.restorer);
	ledger_destroy(run.ledger);
	plan_destroy(run.plan);
	return result;
}

/* ---- the laws --------------------------------------------------------------------------------- */

/* Per thread, what was set and succeeded: a boost, then a restore, then a boost, ... Return: boosts */
static uint32_t check_records(const struct twin_machine *machine)
{
	bool is_boosted[NR_THREADS + 1] = { false };
	uint32_t nr_boosts = 0;

	assert_true(machine->nr_calls <= TWIN_CALLS);
	for (uint32_t i = 0; i < machine->nr_calls; i++) {
		const struct twin_record *record = &machine->records[i];
		bool is_boost = record->policy == SCHED_SYS_FIFO || record->policy == SCHED_SYS_DEADLINE;

		/* clamps and slices are set again with the policy that is there already */
		if (record->call != TWIN_SET || record->result ||
		    (!is_boost && !is_boosted[record->tid]))
			continue;
		assert_int_not_equal(is_boost, is_boosted[record->tid]);
		is_boosted[record->tid] = is_boost;
		nr_boosts += is_boost;
	}
	for (int32_t tid = 1; tid <= NR_THREADS; tid++)
		assert_false(is_boosted[tid]);
	return nr_boosts;
}

static uint32_t nr_calls_of_a_run(void)
{
	struct sched_sys *sys = sched_twin_create();
	struct twin_machine before;
	uint32_t nr;

	add_threads(sys);
	before = *sched_twin_machine(sys);
	assert_int_equal(run_all(sys, false), 0);
	assert_true(sched_twin_is_same(sys, &before));
	/* the scenario is one: several boosts of each policy */
	assert_true(check_records(sched_twin_machine(sys)) >= 10);
	nr = sched_twin_machine(sys)->nr_calls;
	sched_sys_close(sys);
	return nr;
}

static void check_failure(uint32_t call, uint32_t nr, int code)
{
	struct sched_sys *sys = sched_twin_create();
	struct twin_machine *machine = sched_twin_machine(sys);
	struct twin_machine before;
	struct ledger *ledger;

	add_threads(sys);
	before = *machine;
	machine->fail_at = call;
	machine->fails_until = call + nr - 1;
	machine->fail_code = code;
	assert_int_equal(run_all(sys, false), 0);
	/* what failed to the very end is the next start's */
	if (!sched_twin_is_same(sys, &before)) {
		assert_true(nr > 1);
		machine->fails_until = 0;
		assert_int_equal(ledger_create(dir, sys, &ledger, NULL, NULL), 0);
		ledger_destroy(ledger);
	}
	check_records(machine);
	assert_true(sched_twin_is_same(sys, &before));
	sched_sys_close(sys);
}

static void whichever_call_fails(void **state)
{
	static const int codes[] = { -EPERM, -EBUSY, -EINVAL, -EIO };
	uint32_t nr_calls = nr_calls_of_a_run();

	(void)state;
	for (uint32_t call = 1; call <= nr_calls; call++) {
		for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
			check_failure(call, 1, codes[i]);
			check_failure(call, 30, codes[i]);
		}
	}
}

static void await_same(struct sched_sys *sys, const struct twin_machine *before)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < PATIENCE_TRIES && !sched_twin_is_same(sys, before); i++)
		nanosleep(&pause, NULL);
	assert_true(sched_twin_is_same(sys, before));
}

static void check_kill(uint32_t before_call, uint32_t after_call, bool has_restorer)
{
	struct sched_sys *sys = sched_twin_create();
	struct twin_machine *machine = sched_twin_machine(sys);
	struct ledger *ledger = NULL;
	struct twin_machine before;
	struct error err = { 0 };
	pid_t child;
	int status;

	add_threads(sys);
	before = *machine;
	machine->die_before = before_call;
	machine->die_after = after_call;
	child = fork();
	if (!child)
		_exit(run_all(sys, has_restorer) ? 1 : 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || (WIFEXITED(status) && !WEXITSTATUS(status)));
	machine->die_before = 0;
	machine->die_after = 0;
	if (has_restorer && WIFSIGNALED(status))
		await_same(sys, &before);
	assert_int_equal(ledger_create(dir, sys, &ledger, NULL, &err), 0);
	assert_true(sched_twin_is_same(sys, &before));
	assert_int_equal(ledger_nr_boosted(ledger), 0);
	ledger_destroy(ledger);
	sched_sys_close(sys);
}

static void whichever_call_it_is_killed_at_the_next_start_restores(void **state)
{
	uint32_t nr_calls = nr_calls_of_a_run();

	(void)state;
	for (uint32_t call = 1; call <= nr_calls; call++) {
		check_kill(call, 0, false);
		check_kill(0, call, false);
	}
}

static void whichever_call_it_is_killed_at_the_restorer_restores(void **state)
{
	uint32_t nr_calls = nr_calls_of_a_run();

	(void)state;
	for (uint32_t call = 1; call <= nr_calls; call += 7) {
		check_kill(call, 0, true);
		check_kill(0, call + 3, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whichever_call_fails),
		cmocka_unit_test(whichever_call_it_is_killed_at_the_next_start_restores),
		cmocka_unit_test(whichever_call_it_is_killed_at_the_restorer_restores),
	};

	return cmocka_run_group_tests_name("boost laws", tests, make_dir, remove_dir);
}
