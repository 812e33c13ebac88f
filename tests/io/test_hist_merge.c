// SPDX-License-Identifier: GPL-2.0-only
/* Documents of several runs, added up: by hand, byte for byte, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <json.h>

#include "hist_merge.h"
#include "monitor/monitor_params.h"
#include "util/error.h"

#define MAX_FILES 4

static char text[1 << 17];	/* what was written last */
static char dir[] = "/tmp/test_hist_merge.XXXXXX";

/*
 * ---- documents --------------------------------------------------------------------------------
 */

#define Q(text) "\"" text "\""	/* quoted */
#define KEY(name, value) Q(name) ":" value
#define CAUSES(interference, unattributed) "{"					\
	KEY("interference_ns", interference) ",\"blocking_ns\":0,"		\
	"\"release_jitter_ns\":0,\"execution_ns\":0," KEY("unattributed_ns", unattributed) "}"
#define ZERO_CAUSES CAUSES("0", "0")
#define DOCUMENT(schema, totals, threads, culprits, stalls, histograms)		\
	"{" KEY("schema", Q(schema)) ",\"command\":\"hist\",\"version\":\"0.1.0\",\n" \
	"\"source\":{\"path\":\"\",\"format\":\"live\",\"kernel\":\"6.12\",\"first_ns\":5," \
	"\"last_ns\":2000000005,\"events\":10,\"losses\":1,\"lost_events\":7,\"truncated\":false},\n" \
	KEY("totals", totals) ",\n"						\
	"\"hits\":{\"threshold_ns\":null,\"count\":2,\"unreported\":1},\n"	\
	KEY("threads", "[" threads "]") "," KEY("culprits", "[" culprits "]") ","	\
	KEY("stalls", "[" stalls "]") ",\"stalls_omitted\":0,\n"		\
	KEY("histograms", "[" histograms "]") "}\n"
#define TOTALS(threads, waits, ns, causes) "{" KEY("threads", threads) "," KEY("waits", waits) "," \
	KEY("open", "1") "," KEY("wait_ns", ns) "," KEY("causes", causes) "," KEY("touched_by_loss", "1") "}"
#define THREAD(tid, comm, waits, ns, max) "{" KEY("tid", tid) "," KEY("comm", Q(comm)) ","	\
	KEY("waits", waits) ",\"open\":0," KEY("wait_ns", ns) "," KEY("max_ns", max) ","	\
	KEY("causes", CAUSES(ns, "0")) ",\"touched_by_loss\":0}"
#define CULPRIT(kind, name, id, reason, ns, worst) "{" KEY("kind", Q(kind)) ","	\
	KEY("name", Q(name)) "," KEY("id", id) ",\"cause\":\"interference\","	\
	KEY("reason", reason) "," KEY("ns", ns) ",\"waits\":2," KEY("worst_ns", worst) "}"
#define STALL(comm, tid, began, ns, more) "{" KEY("tid", tid) "," KEY("comm", Q(comm)) ",\"cpu\":3,"	\
	KEY("began_ns", began) ",\"open\":false," KEY("wait_ns", ns) more "}"
#define HIST(key, what, count, sum, min, max, log, linear) "{" key "," KEY("what", Q(what)) ","	\
	KEY("count", count) "," KEY("sum_ns", sum) "," KEY("min_ns", min) "," KEY("max_ns", max) ","	\
	KEY("log", "[" log "]") "," KEY("linear", "{" linear "}") "}"
#define LINEAR(over, counts) "\"bucket_ns\":1000,\"entries\":10," KEY("over", over) ","	\
	KEY("counts", "[" counts "]")

#define IRQ_A HIST("\"cpu\":0", "irq", "3", "13006", "1000", "11000", "[1000,1007,2],[10880,11007,1]", \
		   LINEAR("1", "0,2"))
#define IRQ_B HIST("\"cpu\":0", "irq", "6000000001", "6000000001002", "1000", "1002",	\
		   "[1000,1007,6000000001]", LINEAR("0", "0,6000000001"))
#define IRQ_ONE HIST("\"cpu\":7", "irq", "1", "5", "5", "5", "[5,5,1]", LINEAR("0", "1"))
#define WAIT(tid, comm) HIST(KEY("tid", tid) "," KEY("comm", Q(comm)), "wait", "1", "3000", "3000", "3000", \
			     "[2976,3007,1]", LINEAR("0", "0,0,0,1"))

#define MOST ",\"began_wall_ns\":1700000000000000000,\"most\":{\"kind\":\"thread\",\"name\":\"loop\","	\
	"\"id\":164,\"cause\":\"interference\",\"reason\":\"thread\",\"ns\":2999}"
#define DOCUMENT_A DOCUMENT("rtla-stall/1",					\
	TOTALS("2", "3", "6000", CAUSES("6000", "0")),				\
	THREAD("99", "kworker/3:1", "2", "5000", "3000") ","			\
	THREAD("7", "rcuc/0", "1", "1000", "1000"),				\
	CULPRIT("thread", "loop", "164", Q("thread"), "5000", "3000") ","	\
	CULPRIT("irq", "local_timer", "236", Q("irq"), "1000", "1000"),		\
	STALL("kworker/3:1", "99", "100", "3000", MOST),			\
	IRQ_A "," WAIT("99", "kworker/3:1") "," WAIT("7", "rcuc/0"))
#define DOCUMENT_B DOCUMENT("rtla-stall/1",					\
	TOTALS("2", "4294967296", "4294967296000", CAUSES("4294960000000", "7296000")), \
	THREAD("12", "kworker/3:1", "4294967295", "4294967290000", "2200000000") "," \
	THREAD("7", "a\\u001b\\\"b", "1", "6000", "6000"),			\
	CULPRIT("thread", "loop", "9", Q("thread"), "4294960000000", "2200000000") "," \
	CULPRIT("thread", "loop", "9", "null", "1", "1") ","			\
	CULPRIT("irq", "local_timer", "236", Q("irq"), "30", "20"),		\
	STALL("a\\u001bb", "7", "50", "2200000000", ",\"open\":true,\"began_by\":\"found\""),	\
	IRQ_B "," IRQ_ONE "," WAIT("12", "kworker/3:1") "," WAIT("13", "kworker/3:1"))

static const char *path_of(const char *name)
{
	static char paths[MAX_FILES][64];
	static int nr;
	char *path = paths[nr++ % MAX_FILES];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static const char *put(const char *name, const char *document, size_t length)
{
	const char *path = path_of(name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(document, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
	return path;
}

static const char *put_text(const char *name, const char *document)
{
	return put(name, document, strlen(document));
}

/*
 * ---- merging ----------------------------------------------------------------------------------
 */

static int merge(const char **paths, uint32_t nr, struct monitor_params params, struct error *err)
{
	const struct document_layout layout = { .width = 100 };
	FILE *out;
	int result;

	memset(text, 0, sizeof(text));
	out = fmemopen(text, sizeof(text) - 1, "w");
	assert_non_null(out);
	*err = (struct error){ 0 };
	params.merge = paths;
	params.nr_merge = nr;
	result = hist_merge_run(&params, &layout, out, err);
	fclose(out);
	return result;
}

static void check_merged(const char **paths, uint32_t nr, struct monitor_params params)
{
	struct error err;

	if (merge(paths, nr, params, &err))
		fail_msg("%s", err.text);
}

/* Replaces the directory's name, which changes, by DIR. */
static void hide_dir(void)
{
	char *at;

	while ((at = strstr(text, dir))) {
		memcpy(at, "DIR", 3);
		memmove(at + 3, at + strlen(dir), strlen(at + strlen(dir)) + 1);
	}
}

static void two_machines_are_one_text(void **state)
{
	const char *paths[] = { put_text("a", DOCUMENT_A), put_text("b", DOCUMENT_B) };

	(void)state;
	check_merged(paths, 2, (struct monitor_params){ .top = 10 });
	hide_dir();
	assert_string_equal(
		text,
		"# 2 runs\n"
		"# run: DIR/a, kernel 6.12\n"
		"# run: DIR/b, kernel 6.12\n"
		"# events were lost in 2 places\n"
		"# RTLA timerlat histogram\n"
		"# Time unit is microseconds (us)\n"
		"# Duration:   0 00:00:04\n"
		"Index   IRQ-000   Thr-000   IRQ-007   Thr-007\n"
		"0             0         0         1         0 \n"
		"1     6000000003         0         0         0 \n"
		"over:         1         0         0         0 \n"
		"count:6000000004         0         1         0 \n"
		"min:          1         -         0         - \n"
		"avg:          1         -         0         - \n"
		"max:         11         -         0         - \n"
		"ALL:        IRQ       Thr\n"
		"count:6000000005         0 \n"
		"min:          0         - \n"
		"avg:          1         - \n"
		"max:         11         - \n"
		"\n"
		"# Waits of threads, by name\n"
		"# Time unit is microseconds (us)\n"
		"# Duration:   0 00:00:04\n"
		"# N1: kworker/3:1, 2 threads\n"
		"# T7: rcuc/0\n"
		"Index        N1        T7\n"
		"3             3         1 \n"
		"over:         0         0 \n"
		"count:        3         1 \n"
		"min:          3         3 \n"
		"avg:          3         3 \n"
		"max:          3         3 \n"
		"p50:          3         3 \n"
		"p99:          3         3 \n"
		"p99.9:        3         3 \n"
		"open:         0         0 \n"
		"lost:         0         0 \n"
		"ALL:       Wait\n"
		"count:        4 \n"
		"min:          3 \n"
		"avg:          3 \n"
		"max:          3 \n"
		"p50:          3 \n"
		"p99:          3 \n"
		"p99.9:        3 \n"
		"open:         0 \n"
		"lost:         0 \n"
		"\n"
		"STALLS  2 in all runs, longest first\n"
		"wall-clock time              trace time thread           CPU       wait      "
		"charged to cause and reason    run\n"
		"                            0.000000050 a\\x1bb (7)         3 >=2.200 s  open "
		"-          -                   DIR/b\n"
		"2023-11-14T22:13:20.000000Z 0.000000100 kworker/3:1 (99)   3   3.000 us      "
		"loop (164) interference thread DIR/a\n"
		"\n"
		"CULPRITS BY TIME CHARGED\n"
		"  charged to             cause and reason            time    share  waits     worst\n"
		"  loop                   interference thread  4294.960 s   99.99 %      4  2.200 s\n"
		"  irq local_timer (236)  interference irq        1.030 us  <0.01 %      4  1.000 us\n"
		"  loop (9)               interference            0.001 us  <0.01 %      2  0.001 us\n"
		"\n"
		"TOTALS  4,294,967,299 waits of 3 thread names, still open: 2, touched by loss: 2\n"
		"  interference    4294.960006000 s   99.99 %\n"
		"  blocking           0.000000000 s    0.00 %\n"
		"  release jitter     0.000000000 s    0.00 %\n"
		"  execution          0.000000000 s    0.00 %\n"
		"  unattributed       0.007296000 s   <0.01 %\n"
		"  sum             4294.967302000 s  100.00 %\n");
}

static const struct monitor_params as_json = { .json = { .is_wanted = true } };

static void csv_of_several_runs_is_their_sum(void **state)
{
	const char *paths[] = { put_text("a", DOCUMENT_A), put_text("b", DOCUMENT_B) };

	(void)state;
	check_merged(paths, 2, (struct monitor_params){ .csv = { .is_wanted = true } });
	assert_string_equal(text, "what,cpu,tid,comm,from_ns,to_ns,count\n"
				  "irq,0,,\"\",1000,1999,6000000003\n"
				  "irq,0,,\"\",10000,,1\n"
				  "irq,7,,\"\",0,999,1\n"
				  "wait,,-1,\"kworker/3:1\",3000,3999,3\n"
				  "wait,,7,\"rcuc/0\",3000,3999,1\n");
}

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

static struct json_object *row(struct json_object *root, const char *key, size_t at)
{
	assert_true(at < json_object_array_length(member(root, key)));
	return json_object_array_get_idx(member(root, key), at);
}

static void sums_of_the_document_are_exact(void **state)
{
	const char *paths[] = { put_text("a", DOCUMENT_A), put_text("b", DOCUMENT_B) };
	struct json_object *root, *irq;

	(void)state;
	check_merged(paths, 2, as_json);
	root = json_tokener_parse(text);
	assert_non_null(root);
	assert_string_equal(json_object_get_string(member(root, "schema")), "rtla-stall/1");
	assert_int_equal(number(member(root, "totals"), "waits"), 4294967299);
	assert_int_equal(number(member(root, "totals"), "wait_ns"), 4294967302000);
	assert_int_equal(number(member(member(root, "totals"), "causes"), "unattributed_ns"), 7296000);
	assert_int_equal(number(member(root, "source"), "events"), 20);
	assert_int_equal(number(member(root, "source"), "lost_events"), 14);
	assert_int_equal(number(member(root, "hits"), "count"), 4);
	assert_int_equal(json_object_array_length(member(root, "sources")), 2);
	irq = row(root, "histograms", 0);
	assert_int_equal(number(irq, "count"), 6000000004);
	assert_int_equal(number(irq, "sum_ns"), 6000000014008);
	assert_int_equal(number(irq, "min_ns"), 1000);
	assert_int_equal(number(irq, "max_ns"), 11000);
	assert_int_equal(number(irq, "p50_ns"), 1003);
	assert_int_equal(json_object_array_length(member(root, "culprits")), 3);
	assert_int_equal(number(row(root, "culprits", 0), "ns"), 4294960005000);
	assert_int_equal(number(row(root, "culprits", 0), "waits"), 4);
	assert_int_equal(number(row(root, "culprits", 0), "worst_ns"), 2200000000);
	assert_int_equal(number(row(root, "culprits", 1), "id"), 236);
	assert_string_equal(json_object_get_string(member(row(root, "stalls", 1), "path")), paths[0]);
	json_object_put(root);
}

/* What was merged is a run like any other: in whatever order, once or twice. */
static void merging_what_was_merged_is_merging_all(void **state)
{
	const char *parts[] = { put_text("b", DOCUMENT_B), put_text("a2", DOCUMENT_A) };
	const char *all[] = { put_text("a", DOCUMENT_A), parts[0], parts[1] };
	const char *twice[] = { all[0], NULL };
	struct json_object *at_once, *in_steps;

	(void)state;
	check_merged(all, 3, as_json);
	at_once = json_tokener_parse(text);
	check_merged(parts, 2, as_json);
	twice[1] = put_text("merged", text);
	check_merged(twice, 2, as_json);
	in_steps = json_tokener_parse(text);
	assert_non_null(at_once);
	assert_non_null(in_steps);
	assert_int_equal(json_object_array_length(member(at_once, "stalls")), 3);
	assert_int_equal(json_object_array_length(member(at_once, "sources")), 3);
	/* who was first among equals does not matter; sources and stalls say where they are from */
	json_object_object_del(at_once, "version");
	json_object_object_del(in_steps, "version");
	if (!json_object_equal(at_once, in_steps))
		assert_string_equal(json_object_to_json_string_ext(at_once, JSON_C_TO_STRING_PRETTY),
				    json_object_to_json_string_ext(in_steps, JSON_C_TO_STRING_PRETTY));
	json_object_put(at_once);
	json_object_put(in_steps);
}

/*
 * ---- what is refused --------------------------------------------------------------------------
 */

static void check_refused(const char *document, size_t length, const char *words)
{
	const char *paths[] = { put_text("a", DOCUMENT_A), put("x", document, length) };
	struct error err;
	char *at;

	assert_int_not_equal(merge(paths, 2, (struct monitor_params){ 0 }, &err), 0);
	at = strstr(err.text, ": ");
	assert_non_null(at);
	assert_int_equal(strncmp(err.text, paths[1], strlen(paths[1])), 0);
	assert_string_equal(at + 2, words);
	assert_string_equal(text, "");	/* nothing is written then */
}

static void refuse(const char *document, const char *words)
{
	check_refused(document, strlen(document), words);
}

#define EMPTY_TOTALS TOTALS("0", "0", "0", ZERO_CAUSES)
#define ONE(histogram) DOCUMENT("rtla-stall/1", EMPTY_TOTALS, "", "", "", histogram)

static void what_is_no_document_is_refused(void **state)
{
	static char deep[4096];

	(void)state;
	refuse("", "is empty");
	refuse("{", "the document is cut");
	refuse("{} {}", "is no JSON: unexpected character");
	refuse("nothing", "is no JSON: null expected");
	refuse("null\n", "is no document of rtla-stall");
	refuse("[1]", "is no document of rtla-stall");
	refuse("{\"schema\":\"rtla-stall/2\"}", "its schema is not rtla-stall/1");
	refuse("{\"schema\":\"rtla-stall/1\"}", "there are no \"histograms\"; is it of `hist --json`?");
	refuse("{\"schema\":\"rtla-stall/1\",\"a\":\"\xff\"}", "is no JSON: invalid utf-8 string");
	check_refused("{}\0{}", 5, "is no JSON: it is binary");
	memset(deep, '[', sizeof(deep));
	check_refused(deep, sizeof(deep), "is no JSON: nesting too deep");
}

static void histograms_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	refuse(ONE(HIST("\"cpu\":0", "irq", "0", "0", "0", "0", "",
			"\"bucket_ns\":2000,\"entries\":10,\"over\":0,\"counts\":[]")),
	       "histograms[0]: its buckets are 2000 ns wide, those before 1000 ns (-b)");
	refuse(ONE(HIST("\"cpu\":0", "irq", "0", "0", "0", "0", "",
			"\"bucket_ns\":1000,\"entries\":11,\"over\":0,\"counts\":[]")),
	       "histograms[0]: it has 11 buckets, those before 10 (-E)");
	refuse(ONE(HIST("\"cpu\":0", "irq", "0", "0", "0", "0", "",
			"\"bucket_ns\":0,\"entries\":10,\"over\":0,\"counts\":[]")),
	       "histograms[0]: \"linear\" has no usable \"bucket_ns\" and \"entries\"");
	refuse(ONE(HIST("\"cpu\":0", "irq", "1", "5", "5", "5", "[5,5,1]",
			LINEAR("0", "0,0,0,0,0,0,0,0,0,0,1"))),
	       "histograms[0]: \"counts\" is no array of as many buckets as it has");
	refuse(ONE(HIST("\"cpu\":0", "sirq", "0", "0", "0", "0", "", LINEAR("0", ""))),
	       "histograms[0]: \"what\" is none of irq, thread, user, wait");
	refuse(ONE(HIST("\"cpu\":4294967295", "irq", "0", "0", "0", "0", "", LINEAR("0", ""))),
	       "histograms[0]: there is no such CPU");
	refuse(ONE(HIST("\"tid\":1", "irq", "0", "0", "0", "0", "", LINEAR("0", ""))),
	       "histograms[0]: a timer has no \"cpu\"");
	refuse(ONE("5"), "histograms[0]: is no object");
}

static void histograms_that_do_not_add_up_are_refused(void **state)
{
	(void)state;
	refuse(ONE(HIST("\"cpu\":0", "irq", "2", "5", "5", "5", "[5,5,1]", LINEAR("0", "1"))),
	       "histograms[0]: \"count\" is not the sum of its buckets");
	refuse(ONE(IRQ_ONE "," HIST("\"cpu\":0", "irq", "1", "5", "5", "5", "[5,5,1]", LINEAR("1", "1"))),
	       "histograms[1]: \"count\" is not the sum of its buckets");
	refuse(ONE(HIST("\"cpu\":0", "irq", "1", "5", "5", "5", "[5,6,1]", LINEAR("0", "1"))),
	       "histograms[0]: there is no such bucket in \"log\"");
	refuse(ONE(HIST("\"cpu\":0", "irq", "1", "5", "5", "5", "[5,5]", LINEAR("0", "1"))),
	       "histograms[0]: a bucket of \"log\" has not three numbers");
	refuse(ONE(HIST("\"cpu\":0", "irq", "1", "5", "4", "5", "[5,5,1]", LINEAR("0", "1"))),
	       "histograms[0]: minimum, sum and maximum do not fit its buckets");
	refuse(ONE(HIST("\"cpu\":0", "irq", "1", "6", "5", "5", "[5,5,1]", LINEAR("0", "1"))),
	       "histograms[0]: minimum, sum and maximum do not fit its buckets");
	refuse(ONE(HIST("\"cpu\":0", "irq", "-1", "5", "5", "5", "[5,5,1]", LINEAR("0", "1"))),
	       "histograms[0]: \"count\" is no whole number");
	refuse(ONE(HIST("\"cpu\":0", "irq", "1.5", "5", "5", "5", "[5,5,1]", LINEAR("0", "1"))),
	       "histograms[0]: \"count\" is no whole number");
	refuse(ONE(HIST("\"cpu\":0", "irq", "1", "5", "5", "5", "[5,5,1]", LINEAR("0", "\"1\""))),
	       "histograms[0]: \"counts\" is no whole number");
}

static void sums_beyond_64_bits_are_refused(void **state)
{
	(void)state;
	refuse(DOCUMENT("rtla-stall/1", TOTALS("0", "0", "18446744073709551614", CAUSES("0", "0")), "",
			"", "", ""),
	       "\"wait_ns\" is too large to be added");
	refuse(ONE(HIST("\"cpu\":0", "irq", "18446744073709551614", "0", "0", "0",
			"[0,0,18446744073709551614]", LINEAR("18446744073709551614", ""))),
	       "histograms[0]: its counts are too large to be added");
	refuse(DOCUMENT("rtla-stall/1", TOTALS("0", "0", "18446744073709551616", ZERO_CAUSES), "", "", "",
			""),
	       "\"wait_ns\" is too large");
	refuse(DOCUMENT("rtla-stall/1", "{\"waits\":0}", "", "", "", ""), "there are no \"causes\"");
	refuse(DOCUMENT("rtla-stall/1", "[]", "", "", "", ""), "there are no \"totals\"");
}

static void the_same_file_twice_is_refused(void **state)
{
	const char *paths[] = { put_text("a", DOCUMENT_A), NULL };
	char other[64];
	struct error err;

	(void)state;
	snprintf(other, sizeof(other), "%s/./a", dir);
	paths[1] = other;
	assert_int_equal(merge(paths, 2, (struct monitor_params){ 0 }, &err), -EINVAL);
	assert_non_null(strstr(err.text, ": is given twice"));
	paths[1] = "/nonexistent/file";
	assert_int_equal(merge(paths, 2, (struct monitor_params){ 0 }, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/file: No such file or directory");
	assert_int_equal(merge(paths, 0, (struct monitor_params){ 0 }, &err), -EINVAL);
}

static void runs_without_samples_say_so(void **state)
{
	const char *paths[] = { put_text("empty", ONE("")) };

	(void)state;
	check_merged(paths, 1, (struct monitor_params){ .no_summary = true });
	hide_dir();
	assert_string_equal(text, "# 1 run\n# run: DIR/empty, kernel 6.12\n# events were lost in 1 place\n"
				  "# there is no sample in any run\n");
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "a", "a2", "b", "x", "empty", "merged" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(path_of(names[i]));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_machines_are_one_text),
		cmocka_unit_test(csv_of_several_runs_is_their_sum),
		cmocka_unit_test(sums_of_the_document_are_exact),
		cmocka_unit_test(merging_what_was_merged_is_merging_all),
		cmocka_unit_test(what_is_no_document_is_refused),
		cmocka_unit_test(histograms_that_do_not_fit_are_refused),
		cmocka_unit_test(histograms_that_do_not_add_up_are_refused),
		cmocka_unit_test(sums_beyond_64_bits_are_refused),
		cmocka_unit_test(the_same_file_twice_is_refused),
		cmocka_unit_test(runs_without_samples_say_so),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	if (!mkdtemp(dir))
		return 1;
	return cmocka_run_group_tests(tests, NULL, remove_dir);
}
