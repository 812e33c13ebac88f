// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/snapshot.h"
#include "util/names.h"
#include "view/top_header.h"
#include "view/top_model.h"
#include "view/top_words.h"

#define S UINT64_C(1000000000)
#define MS UINT64_C(1000000)
#define NR_THREADS 5u
#define NR_CPUS 4u
#define NR_NAMES 4u

/*
 * CPU 3: loop-rt (164, FIFO 55) for 5 s; kworker/3:1 (99) waits for 4.528 s, rcuc/3 (28, rt 1) for 2.1 s,
 * and one more that is not watched. CPU 0: idle. CPU 1: nothing is known of it. CPU 2: offline.
 * ksoftirqd/0 (14) had a stall of 20 ms, that has ended. now is 100 s; trace time 0 is 1970.
 */
struct fixture {
	struct top_model *model;
	struct names *names;
	struct snapshot *snapshot;
	struct source_info source;
	struct culprit culprits[NR_NAMES];
	struct engine_task tasks[NR_THREADS];
	struct charge charges[3];
	struct segment segments[3];
	struct episode waits[3];	/* kworker/3:1, rcuc/3, ksoftirqd/0 (ended) */
	const struct episode *stalls[3];
	struct summary_thread threads[NR_THREADS];
	struct summary_culprit rows[2];
	struct snapshot_wait open[2];
	uint32_t wait_of_thread[NR_THREADS];
	uint8_t states[NR_THREADS];
	struct snapshot_cpu cpus[NR_CPUS];
};

static void add_thread(struct fixture *fixture, uint32_t i, const char *comm, int32_t tid, int32_t prio,
		       uint32_t cpu, uint8_t state)
{
	struct engine_task *task = &fixture->tasks[i];

	*task = (struct engine_task){ .index = i, .tid = tid, .prio = prio, .cpu = cpu, .state = state };
	snprintf(task->comm, sizeof(task->comm), "%s", comm);
	fixture->threads[i] = (struct summary_thread){ .task = *task };
	fixture->states[i] = state;
	fixture->wait_of_thread[i] = UINT32_MAX;
}

static void add_wait(struct fixture *fixture, uint32_t i, uint32_t task, uint64_t began_at,
		     uint64_t ended_at, uint8_t flags)
{
	uint64_t ns = ended_at - began_at;

	fixture->charges[i] = (struct charge){ ns, 1, CAUSE_INTERFERENCE, REASON_THREAD };
	fixture->segments[i] = (struct segment){ began_at, ended_at, 3, 1, CULPRIT_NONE, 44,
						 CAUSE_INTERFERENCE, REASON_THREAD, false };
	fixture->waits[i] = (struct episode){
		.began_at = began_at, .ended_at = ended_at, .task = task,
		.causes = { ns }, .tid = fixture->tasks[task].tid, .prio = fixture->tasks[task].prio,
		.cpu = fixture->tasks[task].cpu, .flags = flags, .waker = 2,
		.work_queued_by = CULPRIT_NONE, .nr_charges = 1, .charges = &fixture->charges[i],
		.nr_segments = 1, .segments = &fixture->segments[i],
	};
	fixture->threads[task].waits = 12;
	fixture->threads[task].open = flags & EPISODE_STILL_OPEN ? 1 : 0;
	fixture->threads[task].wait_ns = ns;
	fixture->threads[task].causes[CAUSE_INTERFERENCE] = ns;
	fixture->threads[task].avg_ns = 35000 + i;
	fixture->threads[task].p99_ns = 800000 - i;
	fixture->threads[task].max_ns = ns;
	fixture->threads[task].has_worst = true;
	fixture->threads[task].worst = (struct tally_worst){ began_at, ended_at, 3, true,
							     fixture->charges[i] };
	fixture->stalls[i] = &fixture->waits[i];
}

static void add_cpus(struct fixture *fixture)
{
	for (uint32_t i = 0; i < NR_CPUS; i++)
		fixture->cpus[i] = (struct snapshot_cpu){
			.cpu = i, .is_online = true, .policy = "", .why = "",
			.occupant = { CULPRIT_UNKNOWN, -1, "" },
		};
	fixture->cpus[0].is_known = true;
	fixture->cpus[0].occupant = (struct culprit){ CULPRIT_IDLE, 0, "idle" };
	fixture->cpus[0].since_at = 99 * S;
	fixture->cpus[0].is_since_known = true;
	fixture->cpus[1].why = "it has not been heard of";
	fixture->cpus[2].is_online = false;
	fixture->cpus[3] = (struct snapshot_cpu){
		.cpu = 3, .is_online = true, .is_known = true, .is_isolated = true, .prio = 44,
		.occupant = { CULPRIT_THREAD, 164, "loop-rt" }, .policy = "FIFO", .why = "",
		.since_at = 95 * S, .irqs_per_s = 1002, .nr_waits = 3,
	};
}

static void fill_snapshot(struct fixture *fixture)
{
	struct snapshot *snapshot = fixture->snapshot;

	fixture->rows[0] = (struct summary_culprit){
		{ CULPRIT_THREAD, 164, "loop-rt" }, CAUSE_INTERFERENCE, REASON_THREAD, 6628 * MS, 2,
		4528 * MS, 2, 1,
	};
	fixture->rows[1] = (struct summary_culprit){
		{ CULPRIT_IRQ, 236, "local_timer" }, CAUSE_EXECUTION, REASON_RELEASE_PATH, 20 * MS, 7,
		20 * MS, 1, 2,
	};
	*snapshot = (struct snapshot){
		.doc = { .command = "top", .version = "0", .source = &fixture->source,
			 .names = fixture->names, .is_preempt_rt = TRI_YES, .tracer = "osnoise" },
		.summary = { .threads = fixture->threads, .nr_threads = NR_THREADS,
			     .culprits = fixture->rows, .nr_culprits = 2, .stalls = fixture->stalls,
			     .nr_stalls = 3, .names = fixture->culprits, .nr_names = NR_NAMES,
			     .tasks = fixture->tasks, .nr_tasks = NR_THREADS,
			     .totals = { .waits = 36, .open = 2, .wait_ns = 6648 * MS } },
		.states = fixture->states, .waits = fixture->open, .nr_waits = 2,
		.wait_of_thread = fixture->wait_of_thread, .cpus = fixture->cpus, .nr_cpus = NR_CPUS,
		.phase = SNAPSHOT_LIVE, .now_at = 100 * S, .elapsed_ns = 93 * S, .stall_ns = 10 * MS,
		.nr_stalls = 3, .events_per_s = 12345, .own_cpu_per_mille = 12,
	};
	snprintf(fixture->source.kernel, sizeof(fixture->source.kernel), "6.1.0-56-rt");
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->names = names_create();
	fixture->snapshot = calloc(1, sizeof(*fixture->snapshot));
	fixture->culprits[0] = (struct culprit){ CULPRIT_UNKNOWN, -1, "" };
	fixture->culprits[1] = (struct culprit){ CULPRIT_THREAD, 164, "loop-rt" };
	fixture->culprits[2] = (struct culprit){ CULPRIT_IRQ, 236, "local_timer" };
	fixture->culprits[3] = (struct culprit){ CULPRIT_IDLE, 0, "idle" };
	add_thread(fixture, 0, "ksoftirqd/0", 14, 120, 0, TASK_SLEEPING);
	add_thread(fixture, 1, "kworker/3:1", 99, 120, 3, TASK_READY);
	add_thread(fixture, 2, "rcuc/3", 28, 98, 3, TASK_READY);
	add_thread(fixture, 3, "kthreadd", 2, 120, 0, TASK_SUSPENDED);
	add_thread(fixture, 4, "loop-rt", 164, 44, 3, TASK_RUNNING);
	add_wait(fixture, 0, 1, 95472 * MS, 100 * S, EPISODE_STILL_OPEN);
	add_wait(fixture, 1, 2, 97900 * MS, 100 * S, EPISODE_STILL_OPEN);
	add_wait(fixture, 2, 0, 50 * S, 50 * S + 20 * MS, 0);
	fixture->open[0] = (struct snapshot_wait){ &fixture->waits[0], 1, 120 };
	fixture->open[1] = (struct snapshot_wait){ &fixture->waits[1], 2, 98 };
	fixture->wait_of_thread[1] = 0;
	fixture->wait_of_thread[2] = 1;
	add_cpus(fixture);
	fill_snapshot(fixture);
	assert_int_equal(top_model_create(&(struct top_config){ .refresh_ns = S }, &fixture->model), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	top_model_destroy(fixture->model);
	names_destroy(fixture->names);
	free(fixture->snapshot);
	free(fixture);
	return 0;
}

static void take(struct fixture *fixture)
{
	assert_int_equal(top_model_take(fixture->model, fixture->snapshot, 0), 0);
}

static void type(struct fixture *fixture, const char *keys)
{
	for (; *keys; keys++)
		assert_int_equal(top_model_key(fixture->model, (unsigned char)*keys), VIEW_WISH_NOTHING);
}

/* Which line of an 80x24 screen has @words; fails when none has. */
static uint32_t line_of(struct fixture *fixture, const char *words)
{
	const struct top_page *page = top_model_draw(fixture->model, 80, 24);

	for (uint32_t i = 0; i < page->nr_lines; i++) {
		if (strstr(top_page_line(page, i), words))
			return i;
	}
	for (uint32_t i = 0; i < page->nr_lines; i++)
		print_message("|%s\n", top_page_line(page, i));
	fail_msg("no line has \"%s\"", words);
	return 0;
}

static bool has(struct fixture *fixture, const char *words)
{
	const struct top_page *page = top_model_draw(fixture->model, 80, 24);

	for (uint32_t i = 0; i < page->nr_lines; i++) {
		if (strstr(top_page_line(page, i), words))
			return true;
	}
	return false;
}

static uint32_t bar(struct fixture *fixture)
{
	const struct top_page *page = top_model_draw(fixture->model, 80, 24);

	for (uint32_t i = 0; i < page->nr_lines; i++) {
		if (page->lines[i].rest == TOP_BAR)
			return i;
	}
	return 0;
}

static void times_have_three_digits(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0 ns" }, { 812, "812 ns" }, { 999, "999 ns" }, { 1000, "1.00 us" },
		{ 9994, "9.99 us" }, { 9995, "10.0 us" }, { 99949, "99.9 us" }, { 99950, "100 us" },
		{ 999499, "999 us" }, { 999500, "1.00 ms" }, { 4527589099, "4.53 s" },
		{ 9999 * S, "9999 s" }, { 10000 * S, "2.78 h" }, { 360000 * S, "4.17 d" },
		{ UINT64_MAX, "585 y" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_string_equal(top_words_time(rows[i].ns).text, rows[i].text);
		assert_true(strlen(top_words_cell(rows[i].ns, "").text) <= 7);
	}
	assert_string_equal(top_words_cell(4528 * MS, ">=").text, ">=4.53 s ");
}

static void numbers_are_short(void **state)
{
	(void)state;
	assert_string_equal(top_words_count(99999).text, "99999");
	assert_string_equal(top_words_count(100000).text, "100k");
	assert_string_equal(top_words_count(1234567).text, "1.2M");
	assert_string_equal(top_words_count(UINT64_MAX).text, "18.4E");
	assert_string_equal(top_words_percent(999, 1000).text, "99");
	assert_string_equal(top_words_percent(7, 7).text, "100");
	assert_string_equal(top_words_percent(1, 1000000).text, "<1");
	assert_string_equal(top_words_percent(0, 7).text, "0");
	assert_string_equal(top_words_percent(0, 0).text, "-");
	assert_string_equal(top_words_elapsed(93 * S).text, "0:01:33");
	assert_string_equal(top_words_prio(44).text, "rt 55");
	assert_string_equal(top_words_prio(115).text, "ni -5");
	assert_string_equal(top_words_prio(-1).text, "dl");
	assert_string_equal(top_words_policy("FIFO", 44).text, "FIFO 55");
	assert_string_equal(top_words_policy("OTHER", 120).text, "OTHER nice 0");
	assert_string_equal(top_words_policy("DEADLINE", -1).text, "DEADLINE");
	assert_string_equal(top_words_policy("RR", PRIO_UNKNOWN).text, "RR");
	assert_string_equal(top_words_policy("", 44).text, "rt 55");
}

static void worst_open_wait_is_first(void **state)
{
	struct fixture *fixture = *state;
	uint32_t titles;

	take(fixture);
	titles = line_of(fixture, "THREAD");
	assert_int_equal(line_of(fixture, "4.53 s   kworker/3:1"), titles + 1);
	assert_int_equal(line_of(fixture, "2.10 s   rcuc/3"), titles + 2);
	assert_int_equal(line_of(fixture, "ksoftirqd/0"), titles + 3);
	assert_int_equal(bar(fixture), titles + 1);
}

static void columns_are_left_out_by_rank(void **state)
{
	static const struct {
		uint32_t width;
		const char *shown;
		const char *left_out;
	} rows[] = {
		{ 40, "WAIT", "CPU" }, { 46, "CPU", "TID" }, { 54, "TID", "MAX" }, { 62, "MAX", "CAUSES" },
		{ 73, "CAUSES", "PRI " }, { 80, "PRI ", "P99" }, { 100, "P99", "AVG" },
		{ 104, "AVG", "%INT" }, { 160, "%UNA", "none" },
	};
	struct fixture *fixture = *state;

	take(fixture);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct top_page *page = top_model_draw(fixture->model, rows[i].width, 12);
		const char *titles = NULL;

		for (uint32_t k = 0; k < page->nr_lines; k++) {
			if (page->lines[k].rest == TOP_TITLES)
				titles = top_page_line(page, k);
		}
		assert_non_null(titles);
		assert_non_null(strstr(titles, "THREAD"));
		assert_non_null(strstr(titles, "CULPRIT"));
		assert_non_null(strstr(titles, rows[i].shown));
		assert_null(strstr(titles, rows[i].left_out));
	}
}

static void sorted_column_is_shown_even_when_narrow(void **state)
{
	struct fixture *fixture = *state;

	take(fixture);
	assert_false(has(fixture, "P99"));
	type(fixture, ">>>>>>");
	assert_true(has(fixture, "P99v"));
	assert_true(line_of(fixture, "kworker/3:1  ") < line_of(fixture, "rcuc/3  "));
	type(fixture, "R");
	assert_true(has(fixture, "P99^"));
	assert_true(line_of(fixture, "kworker/3:1  ") > line_of(fixture, "rcuc/3  "));
	type(fixture, "<");
	assert_true(has(fixture, "AVGv"));
}

static void lower_bounds_and_losses_are_marked(void **state)
{
	struct fixture *fixture = *state;

	fixture->waits[0].began_by = EPISODE_BEGAN_BEFORE;
	fixture->waits[1].flags |= EPISODE_TOUCHED_BY_LOSS;
	take(fixture);
	line_of(fixture, ">=4.53 s   kworker/3:1");
	line_of(fixture, "2.10 s ! rcuc/3");
	line_of(fixture, "ready for at least 4.53 s");
	type(fixture, "\r");
	line_of(fixture, "has waited at least 4.528 s");
	line_of(fixture, "was ready already");
}

static const char *verdict(struct fixture *fixture, struct strbuf *words)
{
	struct top_scene scene = { .snapshot = fixture->snapshot };

	strbuf_reset(words);
	top_header_verdict(&scene, words);
	return words->text;
}

static void verdict_says_who_has_the_cpu(void **state)
{
	struct fixture *fixture = *state;
	struct strbuf words = STRBUF_INIT;

	assert_string_equal(verdict(fixture, &words), "STALL: kworker/3:1 (99) on CPU 3 ready for 4.53 s: "
			    "loop-rt (164, FIFO 55) has the CPU (interference thread); 1 more stall now");
	fixture->cpus[3].has_on_top = true;
	fixture->cpus[3].on_top = fixture->culprits[2];
	fixture->snapshot->stall_ns = 3 * S;
	assert_string_equal(verdict(fixture, &words), "STALL: kworker/3:1 (99) on CPU 3 ready for 4.53 s: "
			    "loop-rt (164, FIFO 55) has the CPU, irq local_timer (236) on top "
			    "(interference thread)");
	fixture->cpus[3].has_on_top = false;
	fixture->snapshot->stall_ns = 30 * S;
	fixture->cpus[3].occupant = fixture->culprits[3];
	assert_string_equal(verdict(fixture, &words), "No stall; longest is kworker/3:1 (99) on CPU 3 ready "
			    "for 4.53 s: the CPU is idle (interference thread)");
	fixture->cpus[3].is_known = false;
	fixture->waits[0].nr_segments = 0;
	fixture->cpus[3].why = "it is\033[31m silent";
	assert_string_equal(verdict(fixture, &words), "No stall; longest is kworker/3:1 (99) on CPU 3 ready "
			    "for 4.53 s: who has the CPU is not known: it is\\x1b[31m silent");
	fixture->cpus[3].is_online = false;
	assert_string_equal(verdict(fixture, &words), "No stall; longest is kworker/3:1 (99) on CPU 3 ready "
			    "for 4.53 s: the CPU is offline");
	fixture->snapshot->nr_waits = 0;
	assert_string_equal(verdict(fixture, &words), "No thread that is watched waits. Longest so far: "
			    "kworker/3:1 (99) on CPU 3, 4.53 s: interference by loop-rt (164)");
	fixture->snapshot->summary.nr_stalls = 0;
	assert_string_equal(verdict(fixture, &words), "No thread that is watched waits.");
	strbuf_deinit(&words);
}

static void bar_follows_its_thread_once_it_was_moved(void **state)
{
	struct fixture *fixture = *state;

	take(fixture);
	type(fixture, "j");
	assert_int_equal(bar(fixture), line_of(fixture, "2.10 s   rcuc/3"));
	/* rcuc/3 is the longest now */
	fixture->waits[0].began_at = 99 * S;
	fixture->open[0] = (struct snapshot_wait){ &fixture->waits[1], 2, 98 };
	fixture->open[1] = (struct snapshot_wait){ &fixture->waits[0], 1, 120 };
	fixture->wait_of_thread[1] = 1;
	fixture->wait_of_thread[2] = 0;
	take(fixture);
	assert_int_equal(line_of(fixture, "2.10 s   rcuc/3"), line_of(fixture, "THREAD") + 1);
	assert_int_equal(bar(fixture), line_of(fixture, "2.10 s   rcuc/3"));
	/* and gone: the bar stays where it is */
	fixture->snapshot->summary.nr_threads = 2;
	fixture->snapshot->nr_waits = 0;
	fixture->wait_of_thread[1] = UINT32_MAX;
	take(fixture);
	assert_int_equal(bar(fixture), line_of(fixture, "THREAD") + 1);
}

static void bar_on_top_stays_on_top(void **state)
{
	struct fixture *fixture = *state;

	take(fixture);
	type(fixture, "jg");
	type(fixture, ">");
	assert_int_equal(bar(fixture), line_of(fixture, "THREADv") + 1);
	type(fixture, "G");
	assert_int_equal(bar(fixture), line_of(fixture, "THREADv") + NR_THREADS);
}

static void filter_works_while_it_is_typed(void **state)
{
	struct fixture *fixture = *state;

	take(fixture);
	type(fixture, "/rcu");
	line_of(fixture, "Filter: rcu");
	assert_true(has(fixture, "rcuc/3  "));
	assert_false(has(fixture, "ksoftirqd"));
	type(fixture, "xq");
	line_of(fixture, "None of 5 threads matches \"rcuxq\" (Esc shows all).");
	type(fixture, "\177\177\r");
	line_of(fixture, "filter: rcu");
	type(fixture, "2");
	line_of(fixture, "loop-rt (164)");
	assert_false(has(fixture, "offline"));
	type(fixture, "\033");
	assert_true(has(fixture, "offline"));
	type(fixture, "/abc\033");
	assert_true(has(fixture, "offline"));
}

static void frozen_screen_shows_what_it_did(void **state)
{
	struct fixture *fixture = *state;

	take(fixture);
	type(fixture, " ");
	line_of(fixture, "FROZEN");
	fixture->waits[0].began_at = 10 * S;
	take(fixture);
	line_of(fixture, "4.53 s   kworker/3:1");
	assert_int_equal(top_model_key(fixture->model, ' '), VIEW_WISH_REFRESH);
	take(fixture);
	line_of(fixture, "90.0 s   kworker/3:1");
}

static void what_was_shown_needs_no_snapshot_any_more(void **state)
{
	struct fixture *fixture = *state;

	take(fixture);
	memset(fixture->threads, 0xa5, sizeof(fixture->threads));
	memset(fixture->waits, 0xa5, sizeof(fixture->waits));
	memset(fixture->charges, 0xa5, sizeof(fixture->charges));
	memset(fixture->segments, 0xa5, sizeof(fixture->segments));
	memset(fixture->culprits, 0xa5, sizeof(fixture->culprits));
	memset(fixture->tasks, 0xa5, sizeof(fixture->tasks));
	memset(fixture->rows, 0xa5, sizeof(fixture->rows));
	memset(fixture->cpus, 0xa5, sizeof(fixture->cpus));
	memset(&fixture->source, 0xa5, sizeof(fixture->source));
	memset(fixture->snapshot, 0xa5, sizeof(*fixture->snapshot));
	line_of(fixture, "6.1.0-56-rt PREEMPT_RT");
	type(fixture, "2");
	line_of(fixture, "loop-rt (164)");
	type(fixture, "3");
	line_of(fixture, "local_timer");
	type(fixture, "4\r");
	line_of(fixture, "100.00 % interference thread: loop-rt (164, rt 55)");
	line_of(fixture, "woken by irq local_timer (236)");
}

static void keys_become_wishes(void **state)
{
	static const struct {
		int key;
		enum view_wish wish;
	} rows[] = {
		{ 'q', VIEW_WISH_QUIT }, { TOP_KEY_F10, VIEW_WISH_QUIT }, { 's', VIEW_WISH_SAVE },
		{ '+', VIEW_WISH_STALL_UP }, { '-', VIEW_WISH_STALL_DOWN }, { 'r', VIEW_WISH_REFRESH },
		{ 'x', VIEW_WISH_NOTHING }, { TOP_KEY_NONE, VIEW_WISH_NOTHING },
	};
	struct fixture *fixture = *state;

	/* there is nothing to show yet: it can be ended all the same */
	assert_int_equal(top_model_key(fixture->model, 'q'), VIEW_WISH_QUIT);
	assert_int_equal(top_model_key(fixture->model, '\r'), VIEW_WISH_NOTHING);
	take(fixture);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(top_model_key(fixture->model, rows[i].key), rows[i].wish);
	/* in a prompt they are text, and in the help q closes that */
	type(fixture, "/qs+-r\r");
	line_of(fixture, "filter: qs+-r");
	type(fixture, "?");
	line_of(fixture, "[help]");
	type(fixture, "q");
	line_of(fixture, "[1 waits]");
}

static void interval_is_kept_within_limits(void **state)
{
	static const struct {
		const char *typed;
		uint64_t ns;
	} rows[] = {
		{ "d2\r", 2 * S }, { "d0.25\r", 250 * MS }, { "d0\r", 250 * MS }, { "d61\r", 250 * MS },
		{ "dabc\r", 250 * MS }, { "d1.2.3\r", 250 * MS }, { "d9\033", 250 * MS }, { "d\r", 250 * MS },
		{ "d99999999999999\r", 250 * MS }, { "d.5\r", 500 * MS },
	};
	struct fixture *fixture = *state;

	take(fixture);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		type(fixture, rows[i].typed);
		assert_int_equal(top_model_refresh_ns(fixture->model), rows[i].ns);
	}
	type(fixture, "d61\r");
	line_of(fixture, "the interval is 0.1 to 60 seconds");
}

static void cpus_show_occupant_and_queue_by_rank(void **state)
{
	struct fixture *fixture = *state;
	uint32_t line;

	take(fixture);
	type(fixture, "2");
	line = line_of(fixture, "   3 loop-rt (164)");
	line_of(fixture, "FIFO 55   >=5.00 s       3   4.53 s      1002");
	assert_int_equal(line_of(fixture, "|- rt 1     2.10 s   rcuc/3 (28)  interference thread"), line + 1);
	assert_int_equal(line_of(fixture, "|- ni 0     4.53 s   kworker/3:1 (99)"), line + 2);
	assert_int_equal(line_of(fixture, "`- and 1 that is not watched"), line + 3);
	assert_int_equal(line_of(fixture, "   1 not known") + 1,
			 line_of(fixture, "`- not shown: it has not been heard of"));
	line_of(fixture, "   2 offline");
	line_of(fixture, "   0 idle                         1.00 s ");
}

static void stalls_are_newest_first(void **state)
{
	struct fixture *fixture = *state;

	take(fixture);
	type(fixture, "4");
	assert_int_equal(line_of(fixture, "00:01:37.900   2.10 s   open rcuc/3"),
			 line_of(fixture, "BEGANv") + 1);
	assert_int_equal(line_of(fixture, "00:01:35.472   4.53 s   open kworker/3:1"),
			 line_of(fixture, "BEGANv") + 2);
	assert_int_equal(line_of(fixture, "00:00:50.000   20.0 ms       ksoftirqd/0"),
			 line_of(fixture, "BEGANv") + 3);
}

static void opened_wait_tells_all_of_it(void **state)
{
	struct fixture *fixture = *state;

	fixture->waits[0].work_function = names_add(fixture->names, "vmstat_update", 13);
	fixture->waits[0].work_queued_by = 1;
	take(fixture);
	type(fixture, "\r");
	line_of(fixture, "kworker/3:1 (tid 99, fair nice 0) has waited 4.528 s on CPU 3, and still waits");
	line_of(fixture, "began     00:01:35.472 (trace 95.472000000)");
	line_of(fixture, "woken by irq local_timer (236)");
	line_of(fixture, "now       loop-rt (164, FIFO 55) on CPU 3 for at least 5.00 s without a switch");
	line_of(fixture, "work      vmstat_update, queued by loop-rt (164)");
	line_of(fixture, "A  100.00 %  4.528 s   interference thread  loop-rt (164, rt 55)");
	line_of(fixture, "|AAAAAAAAAAAAAAAAAAAA");
	/* it ends, and is not kept */
	fixture->snapshot->nr_waits = 0;
	fixture->wait_of_thread[1] = UINT32_MAX;
	fixture->wait_of_thread[2] = UINT32_MAX;
	fixture->snapshot->summary.nr_stalls = 0;
	take(fixture);
	line_of(fixture, "This wait has ended and is not kept");
	type(fixture, "\033");
	line_of(fixture, "[1 waits]");
	type(fixture, "\r");
	line_of(fixture, "nothing waits here now, and no stall of it is kept");
	type(fixture, "3\r");
	line_of(fixture, "only waits can be opened");
}

static void proc_phase_is_loud(void **state)
{
	struct fixture *fixture = *state;

	fixture->snapshot->phase = SNAPSHOT_PROC;
	snprintf(fixture->snapshot->phase_words, sizeof(fixture->snapshot->phase_words), "waiting for CPU 3");
	take(fixture);
	line_of(fixture, "NOT TRACING YET, /proc is all there is: waiting for CPU 3");
	line_of(fixture, "/proc 0:01:33");
}

static void empty_tables_say_why(void **state)
{
	struct fixture *fixture = *state;

	fixture->snapshot->nr_waits = 0;
	fixture->snapshot->nr_cpus = 0;
	fixture->snapshot->summary.nr_threads = 0;
	fixture->snapshot->summary.nr_culprits = 0;
	fixture->snapshot->summary.nr_stalls = 0;
	fixture->snapshot->summary.totals.waits = 0;
	take(fixture);
	line_of(fixture, "No thread that is watched has run or waited yet.");
	type(fixture, "2");
	line_of(fixture, "No CPU is watched.");
	type(fixture, "3");
	line_of(fixture, "Nobody made anybody wait yet.");
	type(fixture, "4");
	line_of(fixture, "No thread that is watched has waited long enough to be a stall");
	type(fixture, "jkgG\r>R");
}

static void hostile_names_are_harmless(void **state)
{
	struct fixture *fixture = *state;

	memcpy(fixture->threads[1].task.comm, "\033[2J\033]0;x\007\n%n\xff", 15);
	memcpy(fixture->tasks[1].comm, "\033[2J\033]0;x\007\n%n\xff", 15);
	fixture->cpus[3].occupant.name = "\r\033c";
	take(fixture);
	line_of(fixture, "\\x1b[2J\\x1b]0;x\\x07\\x0a%n\\xff (99) on CPU 3");
	type(fixture, "2");
	line_of(fixture, "\\x0d\\x1bc (164)");
	type(fixture, "1\r");
	line_of(fixture, "\\x1b[2J\\x1b]0;x\\x07\\x0a%n\\xff (tid 99");
}

static void what_is_said_goes_with_time_or_a_key(void **state)
{
	struct fixture *fixture = *state;

	take(fixture);
	top_model_say(fixture->model, "saved to\033 here");
	line_of(fixture, "saved to\\x1b here");
	fixture->snapshot->now_at += 7 * S;
	take(fixture);
	assert_true(has(fixture, "saved to"));
	fixture->snapshot->now_at += 2 * S;
	take(fixture);
	assert_false(has(fixture, "saved to"));
	top_model_say(fixture->model, "saved again");
	type(fixture, "j");
	assert_false(has(fixture, "saved again"));
}

static void too_small_is_said(void **state)
{
	struct fixture *fixture = *state;
	const struct top_page *page;

	take(fixture);
	page = top_model_draw(fixture->model, 39, 24);
	assert_string_equal(top_page_line(page, 0), "39x24 is too small:");
	page = top_model_draw(fixture->model, 80, 9);
	assert_string_equal(top_page_line(page, 1), "40x10 it takes (q quits)");
	page = top_model_draw(fixture->model, 3, 1);
	assert_true(top_page_columns(top_page_line(page, 0)) <= 3);
}

/* Whatever is typed, on whatever screen: no line is wider than it, and nothing but text comes out. */
static void check_page(const struct top_page *page, uint32_t width, uint32_t height)
{
	assert_true(page->nr_lines <= height || height < 2);
	for (uint32_t i = 0; i < page->nr_lines; i++) {
		const char *text = top_page_line(page, i);
		const struct top_line *line = &page->lines[i];

		assert_int_equal(top_page_columns(text), line->nr_columns);
		assert_true(line->nr_columns <= width);
		for (const char *at = text; *at; at++)
			assert_true(*at >= ' ' && *at < 127);
		for (uint32_t k = 0; k < line->nr_runs; k++) {
			assert_true(page->runs[line->first_run + k].paint < TOP_NR_PAINTS);
			assert_true(page->runs[line->first_run + k].from >= line->from);
			assert_true(page->runs[line->first_run + k].from <= line->from + strlen(text));
		}
	}
}

static void any_key_on_any_screen_is_safe(void **state)
{
	static const char keys[] = "1234\t\r\033/?jkgG<>RI d+-srh\177xyz:0.%[(*\002\006\014\025\027";
	struct fixture *fixture = *state;
	uint32_t random = 1;

	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t width, height;
		int key;

		random = random * 1103515245 + 12345;
		key = random >> 16 & 64 ? TOP_KEY_UP + (int)(random >> 8 & 15) :
			keys[(random >> 16) % (sizeof(keys) - 1)];
		width = 1 + (random >> 9) % 300;
		height = 1 + (random >> 19) % 60;
		top_model_key(fixture->model, key);
		if (i % 7 == 0) {
			fixture->snapshot->nr_waits = 2 * (random >> 20 & 1);
			fixture->snapshot->summary.nr_threads = 3 + (random >> 21) % 3;
			fixture->snapshot->summary.nr_stalls = (random >> 22) % 4;
			fixture->snapshot->nr_cpus = (random >> 23) % 5;
			fixture->snapshot->phase = (random >> 24) % 3;
			fixture->wait_of_thread[1] = fixture->snapshot->nr_waits ? 0 : UINT32_MAX;
			fixture->wait_of_thread[2] = fixture->snapshot->nr_waits ? 1 : UINT32_MAX;
			take(fixture);
		}
		check_page(top_model_draw(fixture->model, width, height), width, height);
	}
}

/* Whether a screen so wide has @words somewhere. */
static bool has_in(struct fixture *fixture, uint32_t width, const char *words)
{
	const struct top_page *page;

	take(fixture);
	page = top_model_draw(fixture->model, width, 24);
	for (uint32_t i = 0; i < page->nr_lines; i++) {
		if (strstr(top_page_line(page, i), words))
			return true;
	}
	return false;
}

static void ended_threads_are_counted_in_their_row_and_in_the_head(void **state)
{
	struct fixture *fixture = *state;

	assert_false(has_in(fixture, 200, "ended"));
	fixture->threads[0].task.nr_gone = 1234;
	fixture->threads[0].task.tid = TID_UNKNOWN;
	fixture->snapshot->summary.totals.gone = 1234;
	assert_true(has_in(fixture, 200, "ksoftirqd/0 (1234 ended)"));
	assert_true(has_in(fixture, 200, "1234 ended threads by name"));
	assert_false(has_in(fixture, 200, " -1 "));
}

static void opened_wait_shows_what_was_seen_when_it_was_reported(void **state)
{
	struct fixture *fixture = *state;
	char text[] = "    stack of the waiter, kworker/3:1 (99):\n      worker_thread\n";
	struct snapshot_note notes[] = {
		{ 28, 95472 * MS, "    of another thread\n" }, { 99, 1, "    of another wait\n" },
		{ 99, 95472 * MS, text },
	};

	fixture->snapshot->notes = notes;
	fixture->snapshot->nr_notes = 3;
	take(fixture);
	memset(text, '?', sizeof(text) - 1);	/* it is a copy that is shown */
	type(fixture, "\r");
	assert_true(line_of(fixture, "      worker_thread") ==
		    line_of(fixture, "when it was reported:") + 2);
	assert_false(has(fixture, "of another"));
}

static void stalls_counted_since_a_change_say_since_when(void **state)
{
	struct fixture *fixture = *state;

	assert_true(has_in(fixture, 80, "stalls >=10 ms: 3"));
	fixture->snapshot->stalls_from_at = 42 * S;
	assert_true(has_in(fixture, 80, "stalls >=10 ms since 00:00:42: 3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_three_digits),
		cmocka_unit_test(numbers_are_short),
		cmocka_unit_test_setup_teardown(worst_open_wait_is_first, setup, teardown),
		cmocka_unit_test_setup_teardown(columns_are_left_out_by_rank, setup, teardown),
		cmocka_unit_test_setup_teardown(sorted_column_is_shown_even_when_narrow, setup, teardown),
		cmocka_unit_test_setup_teardown(lower_bounds_and_losses_are_marked, setup, teardown),
		cmocka_unit_test_setup_teardown(verdict_says_who_has_the_cpu, setup, teardown),
		cmocka_unit_test_setup_teardown(bar_follows_its_thread_once_it_was_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(bar_on_top_stays_on_top, setup, teardown),
		cmocka_unit_test_setup_teardown(filter_works_while_it_is_typed, setup, teardown),
		cmocka_unit_test_setup_teardown(frozen_screen_shows_what_it_did, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_shown_needs_no_snapshot_any_more, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_become_wishes, setup, teardown),
		cmocka_unit_test_setup_teardown(interval_is_kept_within_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(cpus_show_occupant_and_queue_by_rank, setup, teardown),
		cmocka_unit_test_setup_teardown(stalls_are_newest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(opened_wait_tells_all_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(proc_phase_is_loud, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_tables_say_why, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_names_are_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_said_goes_with_time_or_a_key, setup, teardown),
		cmocka_unit_test_setup_teardown(ended_threads_are_counted_in_their_row_and_in_the_head, setup,
						teardown),
		cmocka_unit_test_setup_teardown(opened_wait_shows_what_was_seen_when_it_was_reported, setup,
						teardown),
		cmocka_unit_test_setup_teardown(stalls_counted_since_a_change_say_since_when, setup,
						teardown),
		cmocka_unit_test_setup_teardown(too_small_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(any_key_on_any_screen_is_safe, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
