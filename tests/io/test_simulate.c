// SPDX-License-Identifier: GPL-2.0-only
/*
 * Simulations of traces that a person can work out by hand. CPU 1 belongs to hog (FIFO 55) from 0.1 s on;
 * times below are ms of trace time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json.h>

#include "boost/simulate.h"
#include "util/error.h"
#include "util/parse.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)
#define SAMPLE "sample-traces/kworker-starved-6.1-rt.dat"

static char path[64];
static FILE *trace;
static uint8_t list;		/* what judge() says of everybody */

static void begin_trace(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/test_simulate.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	trace = fdopen(fd, "w");
	assert_non_null(trace);
	fputs("          <idle>-0       [001] d..2.     0.100000000: sched_switch: prev_comm=swapper/1 "
	      "prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=hog next_pid=70 next_prio=44\n", trace);
	list = PLAN_WHY_NONE;
}

static void put_time(uint64_t at)
{
	fprintf(trace, "%5llu.%09llu", (unsigned long long)(at / S), (unsigned long long)(at % S));
}

static void put_waking(const char *comm, int tid, uint64_t at)
{
	fprintf(trace, "             cat-90      [000] d..3. ");
	put_time(at);
	fprintf(trace, ": sched_waking: comm=%s pid=%d prio=120 target_cpu=001\n", comm, tid);
	fprintf(trace, "             cat-90      [000] d..4. ");
	put_time(at);
	fprintf(trace, ": sched_wakeup: comm=%s pid=%d prio=120 target_cpu=001\n", comm, tid);
}

static void put_switch(const char *prev, int prev_tid, int prev_prio, char state, const char *next,
		       int next_tid, int next_prio, uint64_t at)
{
	fprintf(trace, "%16s-%-7d [001] d..2. ", prev, prev_tid);
	put_time(at);
	fprintf(trace, ": sched_switch: prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%c ==> next_comm=%s "
		"next_pid=%d next_prio=%d\n", prev, prev_tid, prev_prio, state, next, next_tid, next_prio);
}

/* It waits from @from to @to, runs until @until, and sleeps. */
static void put_stall(const char *comm, int tid, uint64_t from, uint64_t to, uint64_t until)
{
	put_waking(comm, tid, from);
	put_switch("hog", 70, 44, 'S', comm, tid, 120, to);
	put_switch(comm, tid, 120, 'S', "hog", 70, 44, until);
}

static void judge(const char *comm, void *arg, struct simulate_rule *ret)
{
	(void)arg;
	*ret = (struct simulate_rule){ .list = list, .has_own_threshold = true, .threshold_ns = 100 * MS };
	if (!strcmp(comm, "rcuc/1"))
		ret->threshold_ns = 20 * MS;
}

static struct simulate_setting standard(void)
{
	return (struct simulate_setting){
		.path = path, .judge = judge, .least_ns = 20 * MS,
		.plan = {
			.policy = PLAN_FIFO, .runtime_ns = 1 * MS, .period_ns = 20 * MS, .duration_ns = 3 * S,
			.budget_ns = 50 * MS, .budget_per_ns = S, .tick_ns = 4 * MS,
		},
	};
}

static struct simulate_result run(const struct simulate_setting *setting)
{
	struct simulate_result result;
	struct error err = { 0 };

	if (trace)
		assert_int_equal(fclose(trace), 0);
	trace = NULL;
	assert_int_equal(simulate_run(setting, &result, &err), 0);
	return result;
}

static void end_trace(struct simulate_result *result)
{
	simulate_deinit(result);
	assert_int_equal(unlink(path), 0);
}

/* ---- one stall -------------------------------------------------------------------------------- */

static void a_stall_is_cut_to_its_threshold(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 3000 * MS, 3000 * MS + 300000);
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 1);
	assert_int_equal(result.stalls[0].tid, 50);
	assert_string_equal(result.stalls[0].comm, "kworker/1:0");
	assert_int_equal(result.stalls[0].was_ns, 2 * S);
	assert_int_equal(result.stalls[0].would_ns, 100 * MS);
	assert_int_equal(result.stalls[0].needed_ns, 300000);
	assert_int_equal(result.stalls[0].granted_ns, 300000);
	assert_int_equal(result.stalls[0].nr_boosts, 1);
	assert_true(result.stalls[0].is_done);
	assert_int_equal(result.nr_culprits, 1);
	assert_int_equal(result.culprits[0].tid, 70);
	assert_int_equal(result.culprits[0].prio, 44);
	assert_int_equal(result.culprits[0].jitter_ns, 300000);
	assert_int_equal(result.would_longest_ns, 100 * MS);
	assert_int_equal(result.nr_cut, 1);
	end_trace(&result);
}

/* 3.5 ms at 1 ms in 20: boosts at 100, 120, 140, 160 ms of its wait; no part is longer than the first */
static void what_needs_more_than_a_grant_comes_again_every_period(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 1500 * MS, 1503 * MS + 500000);
	result = run(&setting);
	assert_int_equal(result.stalls[0].nr_boosts, 4);
	assert_int_equal(result.stalls[0].granted_ns, 3 * MS + 500000);
	assert_int_equal(result.stalls[0].would_ns, 100 * MS);
	assert_true(result.stalls[0].is_done);
	assert_int_equal(result.culprits[0].nr_boosts, 4);
	assert_int_equal(result.culprits[0].worst_ns, 1 * MS);
	end_trace(&result);
}

/* no care: each part but the last is a threshold long; at 500 ms the wait ends as recorded */
static void without_care_each_part_is_a_threshold_long(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	setting.plan.duration_ns = 0;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 1500 * MS, 1600 * MS);
	result = run(&setting);
	/* at 100, 201, 302, 403 ms */
	assert_int_equal(result.stalls[0].nr_boosts, 4);
	assert_int_equal(result.stalls[0].granted_ns, 4 * MS);
	assert_int_equal(result.stalls[0].would_ns, 100 * MS);
	assert_false(result.stalls[0].is_done);
	end_trace(&result);
}

static void a_wait_still_open_is_taken_to_need_one_grant(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	begin_trace();
	put_waking("kworker/1:0", 50, 1000 * MS);
	put_switch("hog", 70, 44, 'S', "other", 71, 44, 2000 * MS);
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 1);
	assert_true(result.stalls[0].is_open);
	assert_int_equal(result.stalls[0].was_ns, S);
	assert_int_equal(result.stalls[0].would_ns, 100 * MS);
	assert_int_equal(result.stalls[0].granted_ns, 1 * MS);
	end_trace(&result);
}

/* who pays is who has the CPU then, not who had it when the wait began */
static void the_culprit_is_the_one_of_that_moment(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	begin_trace();
	put_waking("kworker/1:0", 50, 1000 * MS);
	put_switch("hog", 70, 44, 'S', "second", 71, 20, 1050 * MS);
	put_switch("second", 71, 20, 'S', "kworker/1:0", 50, 120, 2000 * MS);
	put_switch("kworker/1:0", 50, 120, 'S', "second", 71, 20, 2001 * MS);
	result = run(&setting);
	assert_int_equal(result.nr_culprits, 1);
	assert_int_equal(result.culprits[0].tid, 71);
	assert_int_equal(result.stalls[0].culprit.tid, 71);
	end_trace(&result);
}

static void shorter_than_its_threshold_is_no_stall(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 1099 * MS, 1100 * MS);
	put_stall("rcuc/1", 51, 1200 * MS, 1299 * MS, 1300 * MS);
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 1);
	assert_int_equal(result.stalls[0].tid, 51);
	assert_int_equal(result.stalls[0].would_ns, 20 * MS);
	end_trace(&result);
}

/* ---- several ---------------------------------------------------------------------------------- */

/* both due at 100 ms: the one after the other, at once when the first sleeps */
static void two_on_one_cpu_take_turns(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	begin_trace();
	put_waking("kworker/1:0", 50, 1000 * MS);
	put_waking("kworker/1:1", 51, 1000 * MS);
	put_switch("hog", 70, 44, 'S', "kworker/1:0", 50, 120, 2000 * MS);
	put_switch("kworker/1:0", 50, 120, 'S', "kworker/1:1", 51, 120, 2001 * MS);
	put_switch("kworker/1:1", 51, 120, 'S', "hog", 70, 44, 2002 * MS);
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 2);
	assert_int_equal(result.stalls[0].tid, 51);
	assert_int_equal(result.stalls[0].was_ns, 1001 * MS);
	assert_int_equal(result.stalls[0].would_ns, 101 * MS);
	assert_int_equal(result.stalls[1].would_ns, 100 * MS);
	assert_int_equal(result.nr_cpus, 1);
	assert_int_equal(result.cpus[0].charged_ns, 2 * MS);
	end_trace(&result);
}

/* 1 ms in 1 s: the first at 100 ms, the next when it has accrued, 1 s after that; the third never */
static void a_small_budget_puts_them_off(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	setting.plan.budget_ns = 1 * MS;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 3000 * MS, 3003 * MS);
	result = run(&setting);
	assert_int_equal(result.stalls[0].nr_boosts, 2);
	assert_int_equal(result.stalls[0].granted_ns, 2 * MS);
	/* boosted at 100 ms for 1 ms, again at 1100 ms, and over at 2000 */
	assert_int_equal(result.stalls[0].would_ns, 999 * MS);
	assert_true(result.stalls[0].is_loud);
	assert_int_equal(result.stalls[0].why, PLAN_WHY_BUDGET);
	assert_int_equal(result.cpus[0].nr_postponed, 2);
	assert_int_equal(result.cpus[0].busiest_ns, 1 * MS);
	end_trace(&result);
}

/* ---- who -------------------------------------------------------------------------------------- */

static void whom_a_list_rules_out_is_let_be(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 3000 * MS, 3001 * MS);
	list = PLAN_WHY_DENIED;
	result = run(&setting);
	assert_int_equal(result.stalls[0].nr_boosts, 0);
	assert_int_equal(result.stalls[0].why, PLAN_WHY_DENIED);
	assert_int_equal(result.stalls[0].would_ns, 2 * S);
	assert_int_equal(result.nr_cut, 0);
	assert_int_equal(result.nr_culprits, 0);
	end_trace(&result);
}

/* 3000: both are due, 50 is boosted; 3010: 51 gets the CPU by itself */
static void whose_turn_does_not_come_has_that_as_its_reason(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	setting.plan.runtime_ns = setting.plan.period_ns = 20 * MS;
	begin_trace();
	put_waking("kworker/1:0", 50, 2900 * MS);
	put_waking("kworker/1:1", 51, 2900 * MS);
	put_switch("hog", 70, 44, 'S', "kworker/1:1", 51, 120, 3010 * MS);
	put_switch("kworker/1:1", 51, 120, 'S', "hog", 70, 44, 3011 * MS);
	put_switch("hog", 70, 44, 'S', "kworker/1:0", 50, 120, 3050 * MS);
	put_switch("kworker/1:0", 50, 120, 'S', "hog", 70, 44, 3100 * MS);
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 2);
	assert_int_equal(result.stalls[0].tid, 50);
	assert_int_equal(result.stalls[0].nr_boosts, 2);
	assert_int_equal(result.stalls[0].why, PLAN_WHY_NONE);
	assert_int_equal(result.stalls[1].tid, 51);
	assert_int_equal(result.stalls[1].nr_boosts, 0);
	assert_int_equal(result.stalls[1].would_ns, 110 * MS);
	assert_int_equal(result.stalls[1].why, PLAN_WHY_NOT_ITS_TURN);
	assert_int_equal(result.stalls[1].culprit.tid, 70);
	end_trace(&result);
}

/* so there is nobody to say anything of */
static void who_runs_at_the_instant_he_is_due_has_no_reason(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 1100 * MS, 1101 * MS);
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 1);
	assert_int_equal(result.stalls[0].nr_boosts, 0);
	assert_int_equal(result.stalls[0].why, PLAN_WHY_NONE);
	end_trace(&result);
}

static void other_cpus_are_left_out(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;
	struct cpu_list cpus;

	(void)state;
	assert_int_equal(parse_cpus("0,2-3", &cpus), 0);
	setting.cpus = &cpus;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 3000 * MS, 3001 * MS);
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 0);
	simulate_deinit(&result);
	assert_int_equal(parse_cpus("1", &cpus), 0);
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 1);
	end_trace(&result);
}

/* its exec shows that it is no kernel thread */
static void user_threads_are_there_when_asked_for(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	begin_trace();
	fputs("           shell-80      [000] .....     0.500000000: sched_process_exec: filename=/bin/x "
	      "pid=80 old_pid=80\n", trace);
	put_stall("shell", 80, 1000 * MS, 3000 * MS, 3001 * MS);
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 0);
	simulate_deinit(&result);
	setting.plan.boosts_user_threads = true;
	result = run(&setting);
	assert_int_equal(result.nr_stalls, 1);
	assert_false(result.stalls[0].is_kthread);
	assert_int_equal(result.stalls[0].nr_boosts, 1);
	end_trace(&result);
}

/* ---- what cannot be read ---------------------------------------------------------------------- */

static void what_cannot_be_read_is_said(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;
	struct error err = { 0 };

	(void)state;
	setting.path = "/nonexistent/trace.dat";
	assert_int_equal(simulate_run(&setting, &result, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/trace.dat"));
	begin_trace();
	setting.path = path;
	setting.plan.period_ns = 0;
	assert_int_equal(fclose(trace), 0);
	trace = NULL;
	assert_int_equal(simulate_run(&setting, &result, &err), -EINVAL);
	assert_int_equal(truncate(path, 0), 0);
	assert_true(simulate_run(&setting, &result, &err) < 0);
	assert_true(*err.text);
	assert_int_equal(unlink(path), 0);
}

/* ---- output ----------------------------------------------------------------------------------- */

static char *written(const struct simulate_result *result, bool is_json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (is_json)
		assert_int_equal(simulate_write_json(result, out), 0);
	else
		assert_int_equal(simulate_write_text(result, 10, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), size);
	return text;
}

static int64_t number_of(struct json_object *object, const char *key)
{
	struct json_object *number;

	assert_true(json_object_object_get_ex(object, key, &number));
	return json_object_get_int64(number);
}

static void json_says_what_the_result_has(void **state)
{
	struct simulate_setting setting = standard();
	struct json_object *document, *rows, *stall, *text;
	struct simulate_result result;
	char *json;

	(void)state;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 3000 * MS, 3000 * MS + 300000);
	result = run(&setting);
	json = written(&result, true);
	document = json_tokener_parse(json);
	assert_non_null(document);
	assert_true(json_object_object_get_ex(document, "schema", &text));
	assert_string_equal(json_object_get_string(text), "rtla-stall/1");
	assert_true(json_object_object_get_ex(document, "simulated", &rows));
	assert_int_equal(json_object_array_length(rows), 1);
	stall = json_object_array_get_idx(rows, 0);
	assert_int_equal(number_of(stall, "was_ns"), 2 * S);
	assert_int_equal(number_of(stall, "would_ns"), 100 * MS);
	assert_int_equal(number_of(stall, "granted_ns"), 300000);
	assert_true(json_object_object_get_ex(document, "payers", &rows));
	assert_int_equal(number_of(json_object_array_get_idx(rows, 0), "jitter_ns"), 300000);
	json_object_put(document);
	free(json);
	end_trace(&result);
}

/* a name may hold anything; what is written can neither move a cursor nor break a line or a string */
static void names_are_made_safe(void **state)
{
	static const char comm[COMM_LEN] = "a\x1b[2J\"\\\xff\n%s";
	struct simulate_setting setting = standard();
	struct simulate_result result;
	struct json_object *document;
	char *text;

	(void)state;
	begin_trace();
	put_stall("kworker/1:0", 50, 1000 * MS, 3000 * MS, 3000 * MS + 300000);
	result = run(&setting);
	memcpy(result.stalls[0].comm, comm, sizeof(comm));
	memcpy(result.culprits[0].comm, comm, sizeof(comm));
	memcpy(result.stalls[0].culprit.comm, comm, sizeof(comm));
	text = written(&result, false);
	for (const char *byte = text; *byte; byte++)
		assert_true(*byte == '\n' || (*byte >= ' ' && *byte <= '~'));
	assert_non_null(strstr(text, "a\\x1b[2J"));
	free(text);
	text = written(&result, true);
	for (const char *byte = text; *byte; byte++)
		assert_int_not_equal(*byte, '\x1b');
	document = json_tokener_parse(text);
	assert_non_null(document);
	json_object_put(document);
	free(text);
	end_trace(&result);
}

static void nothing_to_cut_is_said_in_words(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;
	char *text;

	(void)state;
	begin_trace();
	result = run(&setting);
	text = written(&result, false);
	assert_non_null(strstr(text, "none: no wait was as long as its threshold"));
	free(text);
	end_trace(&result);
}

/* ---- a real one ------------------------------------------------------------------------------- */

/* README.md of the samples: kworker/3:1 waits 4.528 s behind loop-rt, FIFO 55 */
static void the_sample_would_have_been_cut_to_the_threshold(void **state)
{
	struct simulate_setting setting = standard();
	struct simulate_result result;

	(void)state;
	if (access(SAMPLE, R_OK))
		skip();
	setting.path = SAMPLE;
	result = run(&setting);
	assert_true(result.nr_stalls >= 1);
	assert_string_equal(result.stalls[0].comm, "kworker/3:1");
	assert_in_range(result.stalls[0].was_ns, 4527 * MS, 4528 * MS);
	assert_int_equal(result.stalls[0].would_ns, 100 * MS);
	assert_string_equal(result.stalls[0].culprit.comm, "loop-rt");
	assert_in_range(result.stalls[0].granted_ns, 100000, 200000);
	simulate_deinit(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stall_is_cut_to_its_threshold),
		cmocka_unit_test(what_needs_more_than_a_grant_comes_again_every_period),
		cmocka_unit_test(without_care_each_part_is_a_threshold_long),
		cmocka_unit_test(a_wait_still_open_is_taken_to_need_one_grant),
		cmocka_unit_test(the_culprit_is_the_one_of_that_moment),
		cmocka_unit_test(shorter_than_its_threshold_is_no_stall),
		cmocka_unit_test(two_on_one_cpu_take_turns),
		cmocka_unit_test(a_small_budget_puts_them_off),
		cmocka_unit_test(whom_a_list_rules_out_is_let_be),
		cmocka_unit_test(whose_turn_does_not_come_has_that_as_its_reason),
		cmocka_unit_test(who_runs_at_the_instant_he_is_due_has_no_reason),
		cmocka_unit_test(other_cpus_are_left_out),
		cmocka_unit_test(user_threads_are_there_when_asked_for),
		cmocka_unit_test(what_cannot_be_read_is_said),
		cmocka_unit_test(json_says_what_the_result_has),
		cmocka_unit_test(names_are_made_safe),
		cmocka_unit_test(nothing_to_cut_is_said_in_words),
		cmocka_unit_test(the_sample_would_have_been_cut_to_the_threshold),
	};

	return cmocka_run_group_tests_name("simulate", tests, NULL, NULL);
}
