// SPDX-License-Identifier: GPL-2.0-only
/* What `hist` says of a run, as text, JSON and CSV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <json.h>

#include "hist_run.h"
#include "view/csv.h"
#include "view/hist_report.h"
#include "view/json.h"

static char text[1 << 17];	/* what was written last */

static FILE *open_text(void)
{
	FILE *out;

	memset(text, 0, sizeof(text));
	out = fmemopen(text, sizeof(text) - 1, "w");
	assert_non_null(out);
	return out;
}

static void add_facts(struct hist_run *run)
{
	run->facts = (struct facts){
		.kernel = "6.12.0\x1b",
		.preemption = FACTS_PREEMPT_RT,
		.online = { .is_known = true, .text = "0-3" },
		.isolated = { .is_known = true },
		.nohz_full = { .is_known = false },
		.knows_throttling = true,
		.rt_runtime_us = 950000,
		.rt_period_us = 1000000,
		.server = FACTS_SERVER_ON,
		.server_runtime_ns = 50000000,
		.server_period_ns = 1000000000,
	};
	run->doc.facts = &run->facts;
	run->doc.missing[run->doc.nr_missing++] =
		(struct document_missing){ .name = "workqueue", .hides = "work" };
}

static void check_report(const struct hist_run *run, const struct hist_table *table, const char *wanted)
{
	const struct document_layout layout = { .top = 10, .width = 100 };
	FILE *out = open_text();

	assert_int_equal(hist_report_write(&run->doc, table, &layout, out), 0);
	fclose(out);
	assert_string_equal(text, wanted);
}

static void the_report_has_facts_tables_stalls_and_totals(void **state)
{
	struct hist_rows rows;
	struct hist_table table = { .waits = &rows, .waiters = "kernel threads", .top = 1 };
	struct hist_run run;

	(void)state;
	hist_run_init(&run);
	add_facts(&run);
	assert_int_equal(hist_rows_of_threads(&rows, &run.columns, &run.summary), 0);
	check_report(&run, &table,
		     "# kernel: 6.12.0\\x1b\n"
		     "# preemption: PREEMPT_RT\n"
		     "# CPUs online: 0-3\n"
		     "# CPUs isolated: none\n"
		     "# CPUs nohz_full: unknown\n"
		     "# real-time throttling: 950 ms of 1 s\n"
		     "# fair server: 50 ms of 1 s\n"
		     "# tracer: osnoise\n"
		     "# events: 4,012,345; lost in 1 place\n"
		     "# no workqueue: work\n"
		     "# Waits of kernel threads\n"
		     "# Time unit is microseconds (us)\n"
		     "# Duration:   0 00:00:00\n"
		     "# T99: kworker/3:1, kernel thread\n"
		     "# 3 more waited, all of them less in sum: --top 0 shows all\n"
		     "Index       T99\n"
		     "over:         0 \n"
		     "count:        0 \n"
		     "min:          - \n"
		     "avg:          - \n"
		     "max:    4000000 \n"
		     "p50:          - \n"
		     "p99:          - \n"
		     "p99.9:        - \n"
		     "open:         1 \n"
		     "lost:         0 \n"
		     "ALL:       Wait\n"
		     "count:      102 \n"
		     "min:          0 \n"
		     "avg:        123 \n"
		     "max:    4000000 \n"
		     "p50:          3 \n"
		     "p99:        257 \n"
		     "p99.9:    11993 \n"
		     "open:         1 \n"
		     "lost:         1 \n"
		     "\n"
		     "STALLS  2 waits of at least 10 ms, longest first\n"
		     "wall-clock time              trace time thread           CPU       wait      "
		     "charged to     cause and reason\n"
		     "2023-11-14T22:13:29.668936Z 9.668936844 kworker/3:1 (99)   3 >=4.000 s  open "
		     "loop\\x1b (164) interference thread\n"
		     "2023-11-14T22:13:20.000012Z 0.000012345 \\x1b[2J%n (100)    0  12.000 ms      "
		     "-              -\n"
		     "\n"
		     "HITS  the threshold of 50 ms was reached 3 times\n"
		     "  1 of them came too fast to be reported\n"
		     "\n"
		     "TOTALS  104 waits of 4 kernel threads, still open: 1, touched by loss: 1\n"
		     "  interference    4.000000000 s   99.69 %\n"
		     "  blocking        0.000000000 s    0.00 %\n"
		     "  release jitter  0.000000000 s    0.00 %\n"
		     "  execution       0.000000000 s    0.00 %\n"
		     "  unattributed    0.012600000 s    0.31 %\n"
		     "  sum             4.012600000 s  100.00 %\n");
	hist_rows_deinit(&rows);
	hist_run_deinit(&run);
}

static void the_totals_tell_of_ended_threads_that_share_rows(void **state)
{
	const struct document_layout layout = { .top = 10, .width = 100 };
	struct hist_rows rows;
	struct hist_table table = { .waits = &rows, .waiters = "threads", .top = 1 };
	struct hist_run run;
	FILE *out = open_text();

	(void)state;
	hist_run_init(&run);
	assert_int_equal(hist_rows_of_threads(&rows, &run.columns, &run.summary), 0);
	run.summary.totals.gone = 12345;
	assert_int_equal(hist_report_write(&run.doc, &table, &layout, out), 0);
	fclose(out);
	assert_non_null(strstr(text, ", touched by loss: 1; ended threads that share a row per name: "
				     "12,345\n"));
	hist_rows_deinit(&rows);
	hist_run_deinit(&run);
}

static void tables_alone_are_tables_alone(void **state)
{
	struct hist_rows rows;
	struct hist_table table = { .waits = &rows, .waiters = "kernel threads", .no_header = true,
				    .no_summary = true };
	struct hist_run run;

	(void)state;
	hist_run_init(&run);
	add_facts(&run);
	assert_int_equal(hist_rows_of_threads(&rows, &run.columns, &run.summary), 0);
	check_report(&run, &table, "0             0         0         1         0 \n"
				   "3             0        99         0         0 \n"
				   "over:         0         1         0         1 \n");
	hist_rows_deinit(&rows);
	hist_run_deinit(&run);
}

/*
 * ---- JSON -------------------------------------------------------------------------------------
 */

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(object, key, &value));
	return value;
}

static uint64_t number(struct json_object *object, const char *key)
{
	assert_true(json_object_is_type(member(object, key), json_type_int));
	return json_object_get_uint64(member(object, key));
}

static const char *string(struct json_object *object, const char *key)
{
	assert_true(json_object_is_type(member(object, key), json_type_string));
	return json_object_get_string(member(object, key));
}

static struct json_object *element(struct json_object *object, const char *key, size_t at)
{
	struct json_object *array = member(object, key);

	assert_true(json_object_is_type(array, json_type_array) && at < json_object_array_length(array));
	return json_object_array_get_idx(array, at);
}

/* The count in the head is the sum of the buckets, of either kind. */
static void check_histogram(struct json_object *row, uint64_t count)
{
	struct json_object *linear = member(row, "linear"), *counts = member(linear, "counts");
	struct json_object *log = member(row, "log");
	uint64_t total = number(linear, "over"), of_log = 0;

	for (size_t i = 0; i < json_object_array_length(counts); i++)
		total += json_object_get_uint64(json_object_array_get_idx(counts, i));
	for (size_t i = 0; i < json_object_array_length(log); i++) {
		struct json_object *bucket = json_object_array_get_idx(log, i);

		assert_int_equal(json_object_array_length(bucket), 3);
		of_log += json_object_get_uint64(json_object_array_get_idx(bucket, 2));
	}
	assert_int_equal(number(row, "count"), count);
	assert_int_equal(total, count);
	assert_int_equal(of_log, count);
}

/* Timerlat's of two CPUs, one of them far into ten million buckets. */
static void fill_timerlat(struct columns *columns)
{
	const struct timerlat_activation activations[] = {
		{ .cpu = 0, .has_irq = true, .irq_latency_ns = 2000000 },
		{ .cpu = 0,
		  .has_irq = true,
		  .irq_latency_ns = 2200000000,
		  .has_thread = true,
		  .thread_latency_ns = 5 },
		{ .cpu = 0,
		  .has_irq = true,
		  .irq_latency_ns = 19999,
		  .has_thread = true,
		  .thread_latency_ns = 999 },
	};

	columns_init(columns, COLUMNS_OF_CPUS, 1000, COLUMNS_MAX_ENTRIES);
	for (size_t i = 0; i < sizeof(activations) / sizeof(*activations); i++)
		assert_int_equal(columns_add_timerlat(columns, &activations[i]), 0);
}

static struct json_object *write_document(struct hist_run *run, const struct hist_rows rows[2])
{
	struct json_object *root;
	FILE *out = tmpfile();
	char *whole;
	long length;

	assert_non_null(out);
	run->doc.histograms = rows;
	run->doc.nr_histograms = 2;
	assert_int_equal(json_write(&run->doc, out), 0);
	length = ftell(out);
	whole = calloc(1, (size_t)length + 1);
	assert_non_null(whole);
	rewind(out);
	assert_int_equal(fread(whole, 1, (size_t)length, out), length);
	fclose(out);
	root = json_tokener_parse(whole);
	free(whole);
	assert_non_null(root);
	return root;
}

static void check_live_fields(struct json_object *root)
{
	struct json_object *facts = member(root, "facts"), *stall = element(root, "stalls", 0);

	assert_string_equal(string(member(root, "source"), "format"), "live");
	assert_string_equal(string(member(root, "source"), "path"), "");
	assert_int_equal(number(member(root, "source"), "wall_offset_ns"), 1700000000000000000);
	assert_string_equal(string(facts, "kernel"), "6.12.0\x1b");
	assert_string_equal(string(facts, "preemption"), "PREEMPT_RT");
	assert_string_equal(string(facts, "isolated"), "");
	assert_null(member(facts, "nohz_full"));
	assert_int_equal(number(facts, "rt_runtime_us"), 950000);
	assert_string_equal(string(facts, "fair_server"), "on");
	assert_string_equal(string(facts, "tracer"), "osnoise");
	assert_int_equal(number(member(root, "hits"), "count"), 3);
	assert_int_equal(number(member(root, "hits"), "unreported"), 1);
	assert_int_equal(number(member(root, "hits"), "threshold_ns"), 50000000);
	assert_string_equal(string(stall, "began_by"), "found");
	assert_int_equal(number(stall, "began_wall_ns"), 1700000009668936844);
	assert_string_equal(string(member(stall, "most"), "name"), "loop\x1b");
	assert_int_equal(number(member(stall, "most"), "ns"), 4000000000);
	assert_null(member(element(root, "stalls", 1), "most"));
}

static void json_has_all_histograms_and_they_sum(void **state)
{
	static const uint64_t counts[] = { 3, 2, 0, 100, 1, 1 };
	struct json_object *root, *row;
	struct hist_rows rows[2];
	struct columns timerlat;
	struct hist_run run;

	(void)state;
	hist_run_init(&run);
	add_facts(&run);
	fill_timerlat(&timerlat);
	assert_int_equal(hist_rows_of_cpus(&rows[0], &timerlat), 0);
	assert_int_equal(hist_rows_of_threads(&rows[1], &run.columns, &run.summary), 0);
	root = write_document(&run, rows);
	check_live_fields(root);
	assert_int_equal(json_object_array_length(member(root, "histograms")), 6);
	for (size_t i = 0; i < 6; i++)
		check_histogram(element(root, "histograms", i), counts[i]);
	row = element(root, "histograms", 0);
	assert_string_equal(string(row, "what"), "irq");
	assert_int_equal(number(row, "cpu"), 0);
	assert_int_equal(json_object_array_length(member(member(row, "linear"), "counts")), 2200001);
	assert_int_equal(number(member(row, "linear"), "entries"), COLUMNS_MAX_ENTRIES);
	row = element(root, "histograms", 2);	/* it starves, and has no closed wait */
	assert_string_equal(string(row, "what"), "wait");
	assert_int_equal(number(row, "tid"), 99);
	assert_int_equal(number(row, "open"), 1);
	assert_int_equal(number(row, "open_max_ns"), 4000000000);
	row = element(root, "histograms", 3);
	assert_string_equal(string(row, "comm"), "\x1b[2J%n");
	assert_int_equal(number(row, "touched_by_loss"), 1);
	assert_int_equal(number(row, "max_ns"), 12000000);
	json_object_put(root);
	hist_rows_deinit(&rows[0]);
	hist_rows_deinit(&rows[1]);
	columns_deinit(&timerlat);
	hist_run_deinit(&run);
}

static void ended_threads_are_counted_in_json_and_csv(void **state)
{
	struct hist_rows rows[2] = { 0 };
	struct columns none = { 0 };
	struct json_object *root;
	struct hist_run run;
	FILE *out;

	(void)state;
	hist_run_init(&run);
	rows[0].columns = rows[1].columns = &none;
	run.threads[1].task.nr_gone = 1234;
	run.summary.totals.gone = 1234;
	root = write_document(&run, rows);
	assert_int_equal(number(member(root, "totals"), "ended"), 1234);
	assert_int_equal(number(element(root, "threads", 0), "threads"), 1);
	assert_int_equal(number(element(root, "threads", 1), "threads"), 1234);
	json_object_put(root);

	out = open_text();
	assert_int_equal(csv_write(&run.doc, false, out), 0);
	fclose(out);
	assert_memory_equal(strchr(text, '\n') - 2, ",1\n", 3);
	assert_non_null(strstr(strchr(text, '\n'), ",1234\n"));
	hist_run_deinit(&run);
}

static void a_stall_is_one_line(void **state)
{
	struct json_object *root;
	struct hist_run run;
	FILE *out = open_text();

	(void)state;
	hist_run_init(&run);
	assert_int_equal(json_write_stall(&run.doc, &run.stalls[0], out), 0);
	fclose(out);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	root = json_tokener_parse(text);
	assert_non_null(root);
	assert_int_equal(number(root, "tid"), 99);
	assert_int_equal(number(root, "wait_ns"), 4000000000);
	json_object_put(root);
	hist_run_deinit(&run);
}

static void csv_has_a_row_per_bucket(void **state)
{
	struct hist_rows rows[2];
	struct columns timerlat;
	struct hist_run run;
	FILE *out = open_text();

	(void)state;
	hist_run_init(&run);
	fill_timerlat(&timerlat);
	assert_int_equal(hist_rows_of_cpus(&rows[0], &timerlat), 0);
	assert_int_equal(hist_rows_of_threads(&rows[1], &run.columns, &run.summary), 0);
	assert_int_equal(csv_write_histograms(rows, 2, true, out), 0);
	fclose(out);
	assert_string_equal(text, "what,cpu,tid,comm,from_ns,to_ns,count\n"
				  "irq,0,,\"\",19000,19999,1\n"
				  "irq,0,,\"\",2000000,2000999,1\n"
				  "irq,0,,\"\",2200000000,2200000999,1\n"
				  "thread,0,,\"\",0,999,2\n"
				  "wait,,100,\"\\x1b[2J%n\",3000,3999,99\n"
				  "wait,,100,\"\\x1b[2J%n\",256000,,1\n"
				  "wait,,101,\"rcuc/3\",0,999,1\n"
				  "wait,,4194304,\"ksoftirqd/0\",256000,,1\n");
	hist_rows_deinit(&rows[0]);
	hist_rows_deinit(&rows[1]);
	columns_deinit(&timerlat);
	hist_run_deinit(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_report_has_facts_tables_stalls_and_totals),
		cmocka_unit_test(the_totals_tell_of_ended_threads_that_share_rows),
		cmocka_unit_test(tables_alone_are_tables_alone),
		cmocka_unit_test(json_has_all_histograms_and_they_sum),
		cmocka_unit_test(ended_threads_are_counted_in_json_and_csv),
		cmocka_unit_test(a_stall_is_one_line),
		cmocka_unit_test(csv_has_a_row_per_bucket),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
