// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/monitor_options.h"
#include "monitor/monitor_params.h"
#include "util/error.h"
#include "util/strbuf.h"

#define MAX_WORDS 80
#define NR_ELEMENTS(array) (sizeof(array) / sizeof(*(array)))

/* Splits at blanks; "" stands for an empty argument, ~ for a blank in one. */
static int parse(const char *line, struct monitor_params *params, struct error *err)
{
	static char copy[1024];
	char *words[MAX_WORDS + 1] = { NULL };
	char *rest;
	int nr = 0;

	*err = (struct error){ 0 };
	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(nr < MAX_WORDS);
		for (char *blank = strchr(word, '~'); blank; blank = strchr(word, '~'))
			*blank = ' ';
		words[nr++] = strcmp(word, "\"\"") ? word : word + 2;
	}
	return monitor_params_parse(nr, words, params, err);
}

static void check_refused(const char *line, const char *words)
{
	struct monitor_params params = { .top = 4711 };
	struct error err;

	if (!parse(line, &params, &err))
		fail_msg("%s: taken", line);
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(err.text, words);
	assert_int_equal(params.top, 4711);	/* set on success only */
}

/* What it says is valid until the next one; nothing of it is used after that. */
static const struct monitor_params *taken(const char *line)
{
	static struct monitor_params params;
	static bool has_params;
	struct error err;

	if (has_params)
		monitor_params_deinit(&params);
	has_params = false;
	if (parse(line, &params, &err))
		fail_msg("%s: %s", line, err.text);
	has_params = true;
	return &params;
}

static void done_with_taken(void)
{
	monitor_params_deinit((struct monitor_params *)taken("top"));
}

static void defaults_are_those_of_the_manual(void **state)
{
	static const char *const lines[] = { "top", "hist" };

	(void)state;
	for (size_t i = 0; i < NR_ELEMENTS(lines); i++) {
		const struct monitor_params *p = taken(lines[i]);

		assert_int_equal(p->face, i ? MONITOR_HIST : MONITOR_TOP);
		assert_int_equal(p->stall_ns, 10000000);
		assert_int_equal(p->top, 10);
		assert_int_equal(p->trace_keep, 8);
		assert_int_equal(p->bucket_us, 1);
		assert_int_equal(p->nr_entries, 256);
		assert_int_equal(p->tracer, LIVE_TRACER_AUTO);
		assert_int_equal(p->threads, MONITOR_THREADS_AUTO);
		assert_int_equal(p->stack_format, MONITOR_STACK_TRUNCATE);
		assert_int_equal(
			p->duration_ns + p->warm_up_ns + p->threshold_ns + p->irq_threshold_ns, 0);
		assert_int_equal(p->period_us + p->align_us + p->print_stack_us + p->buffer_kb, 0);
		assert_int_equal(p->nr_extras + p->on_threshold.nr_items + p->on_end.nr_items, 0);
		assert_false(p->wants_timerlat || p->has_workload || p->selection.has_cpus ||
			     p->is_quiet);
		assert_false(p->has_dma_latency || p->has_deepest_idle_state || p->has_cgroup ||
			     p->sched.is_wanted);
		assert_false(p->json.is_wanted || p->csv.is_wanted || p->json_lines.is_wanted ||
			     p->is_per_cpu);
		assert_null(p->merge);
	}
	done_with_taken();
}

/* ---- one option at a time --------------------------------------------------------------------- */

/* What an option with a number writes; for both commands, by letter and by word. */
static const struct {
	const char *option;
	const char *value;
	size_t at;
	size_t size;
	uint64_t wanted;
} numbers[] = {
#define NUMBER(member) \
	offsetof(struct monitor_params, member), sizeof(((struct monitor_params *)0)->member)
	{ "-d", "5", NUMBER(duration_ns), 5000000000 },
	{ "-d", "10ms", NUMBER(duration_ns), 10000000 },
	{ "-d", "1M", NUMBER(duration_ns), 60000000000 },
	{ "-d", "1m", NUMBER(duration_ns), 60000000000 },
	{ "-d", "2H", NUMBER(duration_ns), 7200000000000 },
	{ "-d", "30S", NUMBER(duration_ns), 30000000000 },
	{ "--duration", "2d", NUMBER(duration_ns), 172800000000000 },
	{ "--warm-up", "5", NUMBER(warm_up_ns), 5000000000 },
	{ "--warm-up", "250ms", NUMBER(warm_up_ns), 250000000 },
	{ "--stall", "20", NUMBER(stall_ns), 20000 },
	{ "-T", "20", NUMBER(threshold_ns), 20000 },
	{ "-T", "3s", NUMBER(threshold_ns), 3000000000 },
	{ "-T", "0", NUMBER(threshold_ns), 0 },
	{ "--thread", "20", NUMBER(threshold_ns), 20000 },
	{ "--threshold", "9223372036854775", NUMBER(threshold_ns), 9223372036854775000 },
	{ "-i", "20", NUMBER(irq_threshold_ns), 20000 },
	{ "--irq", "1.5ms", NUMBER(irq_threshold_ns), 1500000 },
	{ "-p", "100", NUMBER(period_us), 100 },
	{ "-p", "1000000", NUMBER(period_us), 1000000 },
	{ "--period", "10ms", NUMBER(period_us), 10000 },
	{ "-s", "20", NUMBER(print_stack_us), 20 },
	{ "--stack", "3s", NUMBER(print_stack_us), 3000000 },
	{ "-A", "500", NUMBER(align_us), 500 },
	{ "--aligned", "0", NUMBER(align_us), 0 },
	{ "--dma-latency", "0", NUMBER(dma_latency_us), 0 },
	{ "--dma-latency", "10ms", NUMBER(dma_latency_us), 10000 },
	{ "--deepest-idle-state", "-1", NUMBER(deepest_idle_state), UINT32_MAX },
	{ "--deepest-idle-state", "2147483647", NUMBER(deepest_idle_state), INT32_MAX },
	{ "--trace-buffer-size", "200", NUMBER(buffer_kb), 200 },
	{ "--trace-keep", "1", NUMBER(trace_keep), 1 },
	{ "--top", "0", NUMBER(top), 0 },
#undef NUMBER
};

static void numbers_are_read_by_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * NR_ELEMENTS(numbers); i++) {
		const char *face = i % 2 ? "hist" : "top";
		char line[100];
		uint64_t found = 0;

		snprintf(line, sizeof(line), "%s %s %s", face, numbers[i / 2].option,
			 numbers[i / 2].value);
		memcpy(&found, (const char *)taken(line) + numbers[i / 2].at, numbers[i / 2].size);
		if (found != numbers[i / 2].wanted)
			fail_msg("%s: %llu", line, (unsigned long long)found);
	}
	done_with_taken();
}

static void numbers_out_of_range_are_refused(void **state)
{
	(void)state;
	check_refused("hist -E 9", "--entries: '9' is out of range [10, 9999999]");
	check_refused("hist -E 10000000", "--entries: '10000000' is out of range [10, 9999999]");
	check_refused("hist -E 99999999999999999999",
		      "--entries: '99999999999999999999' is out of range [10, 9999999]");
	check_refused("hist -E abc", "--entries: 'abc' is no number");
	check_refused("hist -b 0", "--bucket-size: '0' is out of range [1, 999999] us");
	check_refused("hist -b 1000000", "--bucket-size: '1000000' is out of range [1, 999999] us");
	check_refused("hist -n -b 1us -b 1ms",
		      "--bucket-size: '1000000' is out of range [1, 999999] ns");
	check_refused(
		"hist -b 500ns",
		"--bucket-size: is no whole number of microseconds; with --nano it need not be");
	check_refused("hist -b -1",
		      "--bucket-size: '-1' is no time: write a number and ns, us, ms, s, m or h");
	check_refused("top -p 99", "--period: '99' is out of range [100, 1000000] us");
	check_refused("top -p 1000001", "--period: '1000001' is out of range [100, 1000000] us");
	check_refused("top -p 100500ns", "--period: '100500ns' is no whole number of microseconds");
	check_refused("top -s 4294967296",
		      "--stack: '4294967296' is out of range [0, 4294967295] us");
	check_refused("top --dma-latency 10001",
		      "--dma-latency: '10001' is out of range [0, 10000] us");
	check_refused("top --dma-latency -1",
		      "--dma-latency: '-1' is no time: write a number and ns, us, ms, s, m or h");
	check_refused("top --deepest-idle-state -2",
		      "--deepest-idle-state: '-2' is out of range [-1, 2147483647]");
	check_refused("top --deepest-idle-state 2147483648",
		      "--deepest-idle-state: '2147483648' is out of range [-1, 2147483647]");
	check_refused("top --deepest-idle-state x", "--deepest-idle-state: 'x' is no number");
	check_refused("top --trace-keep 0", "--trace-keep: '0' is out of range [1, 100000]");
	check_refused("top -T abc",
		      "--thread: 'abc' is no time: write a number and ns, us, ms, s, m or h");
	check_refused("top -T 18446744073709552", "--thread: '18446744073709552' is too long");
	check_refused("top -d 0", "--duration: nothing can be recorded in no time");
	check_refused("top -d abc",
		      "--duration: 'abc' is no time: write a number and ns, us, ms, s, m or h");
	check_refused("top -d 999999999999d", "--duration: '999999999999d' is too long");
	check_refused("top -d 250000d", "--duration: '250000d' is too long");
	check_refused("top -d d",
		      "--duration: 'd' is no time: write a number and ns, us, ms, s, m or h");
	check_refused("top -a 0", "--auto: needs a time that is not 0");
	check_refused("top --aa-only 0", "--aa-only: needs a time that is not 0");
}

/* Options that are a bool, and where it is. */
static const struct {
	const char *face;
	const char *option;
	size_t at;
} flags[] = {
#define FLAG(member) offsetof(struct monitor_params, member)
	{ "top", "-D", FLAG(is_debug) }, { "hist", "--debug", FLAG(is_debug) },
	{ "top", "-q", FLAG(is_quiet) }, { "top", "--quiet", FLAG(is_quiet) },
	{ "top", "-n", FLAG(is_nano) }, { "hist", "--nano", FLAG(is_nano) },
	{ "top", "--all", FLAG(selection.wants_all) },
	{ "hist", "--all", FLAG(selection.wants_all) }, { "top", "--no-aa", FLAG(has_no_aa) },
	{ "hist", "--no-aa", FLAG(has_no_aa) }, { "top", "--dump-tasks", FLAG(dumps_tasks) },
	{ "hist", "--dump-tasks", FLAG(dumps_tasks) }, { "top", "-A 1", FLAG(is_aligned) },
	{ "top", "-C", FLAG(has_cgroup) }, { "top", "-H 1", FLAG(has_house_keeping) },
	{ "top", "-c 1", FLAG(selection.has_cpus) }, { "top", "-P f:1", FLAG(sched.is_wanted) },
	{ "top", "-a 5", FLAG(has_auto) }, { "top", "--aa-only 5", FLAG(is_aa_only) },
	{ "top", "--dma-latency 0", FLAG(has_dma_latency) },
	{ "top", "--deepest-idle-state 0", FLAG(has_deepest_idle_state) },
	{ "hist", "--no-header", FLAG(no_header) }, { "hist", "--no-summary", FLAG(no_summary) },
	{ "hist", "--with-zeros --no-index", FLAG(no_index) },
	{ "hist", "--with-zeros", FLAG(with_zeros) }, { "hist", "--no-irq", FLAG(no_irq) },
	{ "hist", "--no-thread", FLAG(no_thread) }, { "hist", "--by cpu", FLAG(is_per_cpu) },
	{ "top", "-h", FLAG(wants_help) }, { "hist", "--help", FLAG(wants_help) },
	{ "hist", "merge -h", FLAG(wants_help) },
#undef FLAG
};

static bool flag(const char *line, size_t at)
{
	return *(const bool *)((const char *)taken(line) + at);
}

static void flags_are_set(void **state)
{
	char line[100];

	(void)state;
	for (size_t i = 0; i < NR_ELEMENTS(flags); i++) {
		bool is_merge = !strncmp(flags[i].option, "merge", 5);

		snprintf(line, sizeof(line), "%s %s%s", flags[i].face,
			 is_merge ? "" : "--tracer timerlat ", flags[i].option);
		if (!flag(line, flags[i].at))
			fail_msg("%s: is not set", line);
	}
	assert_true(taken("top --tracer osnoise --workload")->has_workload);
	done_with_taken();
}

static void cpus_and_threads_are_chosen(void **state)
{
	const struct monitor_params *p = taken("top -c 0-1,3,1000-1500 -H 2 --task 99 --task=ksoft*");

	(void)state;
	assert_int_equal(p->selection.cpus.bits[0], 11);
	assert_int_equal(p->selection.cpus.bits[1000 / 64], ~UINT64_C(0) << 1000 % 64);
	assert_int_equal(p->selection.cpus.bits[1500 / 64] >> 1500 % 64, 1);
	assert_int_equal(p->house_keeping.bits[0], 4);
	assert_int_equal(p->selection.nr_tasks, 2);
	assert_string_equal(p->selection.tasks[1], "ksoft*");
	check_refused("top -c 3-1", "--cpus: '3-1' is no list of CPUs: write 0-3,7");
	check_refused("top -H x", "--house-keeping: 'x' is no list of CPUs: write 0-3,7");
	check_refused("top -c 16384", "--cpus: '16384' has a CPU beyond 16383");
	check_refused("top --task \"\"", "--task: needs a tid, a name, or a pattern");
	done_with_taken();
}

static void an_optional_value_may_be_the_next_word(void **state)
{
	static const struct {
		const char *line;
		const char *file;
	} cases[] = {
		{ "top -t", NULL }, { "top --trace", NULL }, { "top -t -d 20", NULL },
		{ "top --trace -d 20", NULL }, { "top -t f.dat -d 20", "f.dat" },
		{ "top -t=f.dat -d20", "f.dat" }, { "top -tf.dat -d 20", "f.dat" },
		{ "top --trace f.dat -d 20", "f.dat" }, { "hist --trace=f.dat -d 20", "f.dat" },
		{ "top -nt f.dat", "f.dat" }, { "top -t a -t b", "b" },
	};

	(void)state;
	for (size_t i = 0; i < NR_ELEMENTS(cases); i++) {
		const struct monitor_params *p = taken(cases[i].line);

		assert_int_equal(p->on_threshold.nr_items, 1);
		assert_int_equal(p->on_threshold.items[0].kind, ACTION_TRACE);
		if (cases[i].file)
			assert_string_equal(p->on_threshold.items[0].text, cases[i].file);
		else
			assert_null(p->on_threshold.items[0].text);
		assert_int_equal(p->duration_ns, strstr(cases[i].line, "-d") ? 20000000000 : 0);
	}
	assert_null(taken("top -k -C")->cgroup);
	assert_null(taken("top -k -C -d 20")->cgroup);
	assert_string_equal(taken("top -k -C group")->cgroup, "group");
	assert_string_equal(taken("top -k -C=group")->cgroup, "group");
	assert_string_equal(taken("top -k -Cgroup")->cgroup, "group");
	assert_string_equal(taken("top -k --cgroup group")->cgroup, "group");
	assert_string_equal(taken("top -k --cgroup=group")->cgroup, "group");
	check_refused("top -t=", "--trace: the name of the file is missing");
	check_refused("top --trace=", "--trace: the name of the file is missing");
	check_refused("top -k -C=", "--cgroup: the name of the cgroup is missing");
	done_with_taken();
}

static void priorities_are_those_of_rtla(void **state)
{
	const struct monitor_sched *sched = &taken("top -k -P f:95")->sched;

	(void)state;
	assert_int_equal(sched->policy, SCHED_FIFO);
	assert_int_equal(sched->rt_priority, 95);
	sched = &taken("top -k -P F:1")->sched;
	assert_int_equal(sched->policy, SCHED_FIFO);
	assert_int_equal(sched->rt_priority, 1);
	sched = &taken("top -k --priority r:99")->sched;
	assert_int_equal(sched->policy, SCHED_RR);
	assert_int_equal(sched->rt_priority, 99);
	sched = &taken("top -k --priority=o:-20")->sched;
	assert_int_equal(sched->policy, SCHED_OTHER);
	assert_int_equal(sched->nice, -20);
	sched = &taken("top -k -P d:500us:1ms")->sched;
	assert_int_equal(sched->policy, 6);
	assert_int_equal(sched->runtime_ns, 500000);
	assert_int_equal(sched->period_ns, 1000000);
	assert_true(taken("top --tracer osnoise --workload -P f:1")->sched.is_wanted);

	done_with_taken();
}

static void what_is_no_priority_is_refused(void **state)
{
	static const char *const wrong[] = {
		"f:0", "f:100", "r:0", "r:-1", "o:20", "o:-21", "f", "f:", "f:1x", "x:1", "d:1ms",
		"d:1:2", "d:2ms:1ms", "d:0ns:1ms", "d:1ms:", "", "f1", "f:--1",
	};

	(void)state;
	for (size_t i = 0; i < NR_ELEMENTS(wrong); i++) {
		char line[60], words[200];

		snprintf(line, sizeof(line), "top -k -P %s", *wrong[i] ? wrong[i] : "\"\"");
		snprintf(words, sizeof(words),
			 "--priority: '%s' is no priority: write f:1 to f:99, r:1 to r:99, o:-20 "
			 "to o:19, or d:RUNTIME:PERIOD, as d:100us:1ms",
			 wrong[i]);
		check_refused(line, words);
	}
}

static void events_have_their_filters(void **state)
{
	const struct monitor_params *p =
		taken("hist -e sched -e irq:irq_handler_entry --filter irq==5 "
		      "--trigger stacktrace --event timer:timer_start --filter expires~>~0");

	(void)state;
	assert_int_equal(p->nr_extras, 3);
	assert_string_equal(p->extras[0].name, "sched");
	assert_null(p->extras[0].filter);
	assert_string_equal(p->extras[1].name, "irq:irq_handler_entry");
	assert_string_equal(p->extras[1].filter, "irq==5");
	assert_string_equal(p->extras[1].trigger, "stacktrace");
	assert_string_equal(p->extras[2].filter, "expires > 0");
	assert_null(p->extras[2].trigger);
	check_refused("top --filter x", "--filter: there is no event before it: -e SYSTEM:EVENT");
	check_refused("top --trigger x -e a:b",
		      "--trigger: there is no event before it: -e SYSTEM:EVENT");
	check_refused("top -e sched --filter x",
		      "--filter: is for one event, and sched is a whole system");
	check_refused("top -e a:b --filter x --filter y",
		      "--filter: the event before it has one already");
	check_refused("top -e a:b --trigger \"\"", "--trigger: is empty");
	check_refused("top -e ../../x",
		      "--event: '../../x' is no event: write SYSTEM or SYSTEM:EVENT");
	check_refused("top -e a:b:c", "--event: 'a:b:c' is no event: write SYSTEM or SYSTEM:EVENT");
	check_refused("top -e a:", "--event: 'a:' is no event: write SYSTEM or SYSTEM:EVENT");
	check_refused("top -e :a", "--event: ':a' is no event: write SYSTEM or SYSTEM:EVENT");
	check_refused("top -e \"\"", "--event: '' is no event: write SYSTEM or SYSTEM:EVENT");
	done_with_taken();
}

static void too_many_events_are_refused(void **state)
{
	char line[512] = "top";

	(void)state;
	for (uint32_t i = 0; i < MONITOR_MAX_EXTRAS; i++)
		strcat(line, " -e a:b");
	assert_int_equal(taken(line)->nr_extras, MONITOR_MAX_EXTRAS);
	strcat(line, " -e a:b");
	check_refused(line, "--event: given more than 32 times");
	done_with_taken();
}

static void words_choose(void **state)
{
	(void)state;
	assert_int_equal(taken("top --tracer auto")->tracer, LIVE_TRACER_AUTO);
	assert_int_equal(taken("top --tracer osnoise")->tracer, LIVE_TRACER_OSNOISE);
	assert_int_equal(taken("top --tracer=timerlat")->tracer, LIVE_TRACER_TIMERLAT);
	assert_int_equal(taken("hist --tracer none")->tracer, LIVE_TRACER_NONE);
	assert_int_equal(taken("top --stack-format skip")->stack_format, MONITOR_STACK_SKIP);
	assert_int_equal(taken("top --stack-format full")->stack_format, MONITOR_STACK_FULL);
	assert_false(taken("hist --tracer timerlat --by thread")->is_per_cpu);
	assert_true(taken("hist --tracer timerlat")->is_per_cpu);
	check_refused("top --tracer hwlat",
		      "--tracer: 'hwlat' is not auto, osnoise, timerlat or none");
	check_refused("top --stack-format x", "--stack-format: 'x' is not truncate, skip or full");
	check_refused("hist --by task", "--by: 'task' is not cpu or thread");
	check_refused("top --bpf-action x.o",
		      "--bpf-action: nothing here is collected by BPF, so there is no program "
		      "that could call yours: use --on-threshold");
	done_with_taken();
}

static void each_command_has_its_own_options(void **state)
{
	(void)state;
	check_refused("top -E 100", "no such option: -E");
	check_refused("top -b 1", "no such option: -b");
	check_refused("top --no-header", "no such option: --no-header");
	check_refused("top --with-zeros", "no such option: --with-zeros");
	check_refused("top --by cpu", "no such option: --by");
	check_refused("hist -q", "no such option: -q");
	check_refused("hist --aa-only 5", "no such option: --aa-only");
	check_refused("hist merge -T 5 a", "no such option: -T");
	check_refused("hist merge --tracer none a", "no such option: --tracer");
	check_refused("top -z", "no such option: -z");
	check_refused("top --nonsense", "no such option: --nonsense");
	check_refused("top --=x", "no such option: --=x");
	check_refused("top x", "takes no argument: x");
	check_refused("hist -- -d", "takes no argument: -d");
	check_refused("top -T", "-T needs a value: TIME");
	check_refused("top --thread", "--thread needs a value: TIME");
	check_refused("top --debug=1", "--debug takes no value");
}

static void bucket_has_the_unit_of_the_output(void **state)
{
	(void)state;
	assert_int_equal(taken("hist -b 2")->bucket_us, 2);
	assert_int_equal(taken("hist -b 10ms")->bucket_us, 10000);
	assert_int_equal(taken("hist -b 2 -n")->bucket_us, 2);
	assert_int_equal(taken("hist -n -b 2us")->bucket_us, 2000);
	assert_int_equal(taken("hist -b 999999")->bucket_us, 999999);
	assert_int_equal(taken("hist -b 5 --no-bucket-size")->bucket_us, 1);
	assert_int_equal(taken("hist -E 9999999")->nr_entries, 9999999);
	done_with_taken();
}

/* ---- what they mean together ------------------------------------------------------------------ */

static void auto_stands_for_others_whatever_the_order(void **state)
{
	static const char *const lines[] = {
		"top -a 20 -T 30 --on-threshold continue --tracer timerlat -t f",
		"top --tracer timerlat -t f --on-threshold continue -T 30 -a 20",
	};
	const struct monitor_params *p = taken("top -a 20");

	(void)state;
	assert_int_equal(p->threshold_ns, 20000);
	assert_int_equal(p->stall_ns, 20000);
	assert_int_equal(p->irq_threshold_ns + p->print_stack_us, 0);
	assert_false(p->wants_timerlat);
	assert_int_equal(p->on_threshold.nr_items, 1);
	assert_int_equal(p->on_threshold.items[0].kind, ACTION_TRACE);
	assert_null(p->on_threshold.items[0].text);

	for (size_t i = 0; i < NR_ELEMENTS(lines); i++) {
		p = taken(lines[i]);
		assert_int_equal(p->threshold_ns, 30000);
		assert_int_equal(p->irq_threshold_ns, 20000);
		assert_int_equal(p->print_stack_us, 20);
		assert_int_equal(p->on_threshold.nr_items, 2);
		assert_int_equal(p->on_threshold.items[0].kind, ACTION_CONTINUE);
		assert_string_equal(p->on_threshold.items[1].text, "f");
	}
	p = taken("top -a 20 -p 200 -i 7 -s 9");
	assert_int_equal(p->irq_threshold_ns, 7000);
	assert_int_equal(p->print_stack_us, 9);
	assert_int_equal(taken("top -k -a 1500ns")->print_stack_us, 2);
	assert_int_equal(taken("top -a 20 --on-threshold trace,file=x")->on_threshold.nr_items, 1);
	assert_int_equal(taken("top -t --on-threshold trace,file=x")->on_threshold.nr_items, 2);
	p = taken("top -k --aa-only 20");
	assert_int_equal(p->threshold_ns, 20000);
	assert_int_equal(p->irq_threshold_ns, 20000);
	assert_int_equal(p->on_threshold.nr_items, 0);
	done_with_taken();
}

static void thresholds_are_independent_of_stalls(void **state)
{
	(void)state;
	assert_int_equal(taken("top -T 1s")->stall_ns, 1000000000);
	assert_int_equal(taken("top -T 1s --stall 2ms")->stall_ns, 2000000);
	assert_int_equal(taken("top --stall 2ms -T 1s")->threshold_ns, 1000000000);
	assert_int_equal(taken("top --stall 2ms")->threshold_ns, 0);
	assert_int_equal(taken("top -i 20")->stall_ns, 10000000);
	done_with_taken();
}

static void timerlat_is_wanted_by_what_needs_it(void **state)
{
	static const struct {
		const char *option;
		const char *word;
	} needs[] = {
		{ "-p 1000", "--period" }, { "-i 20", "--irq" }, { "-u", "--user-threads" },
		{ "-k", "--kernel-threads" }, { "-U", "--user-load" }, { "-s 20", "--stack" },
		{ "-A 0", "--aligned" },
	};
	char line[100], words[100];

	(void)state;
	for (size_t i = 0; i < NR_ELEMENTS(needs); i++) {
		snprintf(line, sizeof(line), "top %s", needs[i].option);
		assert_true(taken(line)->wants_timerlat);
		assert_int_equal(taken(line)->tracer, LIVE_TRACER_AUTO);
		snprintf(line, sizeof(line), "top %s --tracer none", needs[i].option);
		snprintf(words, sizeof(words),
			 "%s is about timerlat, and --tracer none leaves timerlat out",
			 needs[i].word);
		check_refused(line, words);
		snprintf(line, sizeof(line), "hist --tracer osnoise %s", needs[i].option);
		snprintf(words, sizeof(words),
			 "%s is about timerlat, and --tracer osnoise leaves timerlat out",
			 needs[i].word);
		check_refused(line, words);
	}
	assert_true(taken("top --tracer timerlat")->wants_timerlat);
	assert_false(taken("top -i 0 -s 0")->wants_timerlat);
	assert_false(taken("top -n -T 5 -H 0 --dma-latency 0 --deepest-idle-state 0 -e sched")
			     ->wants_timerlat);
	assert_false(taken("top -p 200 --no-period")->wants_timerlat);
	done_with_taken();
}

static void threads_are_whose_was_said(void **state)
{
	(void)state;
	assert_int_equal(taken("top -u")->threads, MONITOR_THREADS_USER);
	assert_int_equal(taken("top --kernel-threads")->threads, MONITOR_THREADS_KERNEL);
	assert_int_equal(taken("hist --user-load")->threads, MONITOR_THREADS_FOREIGN);
	assert_int_equal(taken("hist -uU")->threads, MONITOR_THREADS_USER);
	done_with_taken();
}

static void what_makes_no_sense_together_is_refused(void **state)
{
	(void)state;
	check_refused("top -u -k", "--user-threads and --kernel-threads exclude each other");
	check_refused("hist -kU", "--user-load and --kernel-threads exclude each other");
	check_refused("top --no-aa --aa-only 5", "--no-aa and --aa-only exclude each other");
	check_refused("top --aa-only 5 -a 5", "--auto and --aa-only exclude each other");
	check_refused("hist --tracer timerlat --no-irq --no-thread",
		      "--no-irq and --no-thread leave nothing to show");
	check_refused("hist --no-irq",
		      "--no-irq is about the columns of timerlat: add --tracer timerlat");
	check_refused("hist --no-index",
		      "--no-index needs --with-zeros: else nobody knows which row is which");
	check_refused("top --workload", "--workload is that of osnoise: add --tracer osnoise");
	check_refused("top --tracer timerlat --workload",
		      "--workload is that of osnoise: add --tracer osnoise");
	check_refused("top -P f:1",
		      "--priority is about the threads that are measured, and there are none: add "
		      "--tracer timerlat");
	check_refused("top --tracer osnoise -C",
		      "--cgroup is about the threads that are measured, and there are none: "
		      "add --tracer timerlat");
}

static void outputs_go_to_different_places(void **state)
{
	const struct monitor_params *p = taken("top --json=a --csv=b --json-lines");

	(void)state;
	assert_string_equal(p->json.path, "a");
	assert_string_equal(p->csv.path, "b");
	assert_true(p->json_lines.is_wanted);
	assert_null(p->json_lines.path);
	assert_true(p->is_quiet);	/* a screen cannot be there too */
	assert_false(taken("top --json=a")->is_quiet);
	assert_false(taken("hist --json")->is_quiet);
	assert_null(taken("hist --csv=-")->csv.path);
	check_refused("top --json --json-lines",
		      "--json and --json-lines cannot both be on standard output: give one a file");
	check_refused("hist --csv=x --json-lines=x", "--csv and --json-lines name the same file: x");
	check_refused("hist --json=", "--json: the name of the file is missing");
	check_refused("hist --json x", "takes no argument: x");
	done_with_taken();
}

static void actions_are_kept_in_order(void **state)
{
	const struct monitor_params *p =
		taken("hist -t x --on-threshold shell,command=echo~a,b --on-end trace "
		      "--on-threshold signal,num=9,pid=parent --on-threshold continue");

	(void)state;
	assert_int_equal(p->on_threshold.nr_items, 4);
	assert_string_equal(p->on_threshold.items[0].text, "echo a,b");
	assert_int_equal(p->on_threshold.items[1].signal, 9);
	assert_int_equal(p->on_threshold.items[2].kind, ACTION_CONTINUE);
	assert_string_equal(p->on_threshold.items[3].text, "x");
	assert_int_equal(p->on_end.nr_items, 1);
	assert_int_equal(p->on_end.items[0].kind, ACTION_TRACE);
	check_refused("top --on-threshold abc",
		      "--on-threshold: 'abc' is not trace, signal, shell or continue");
	check_refused("top --on-threshold trace --on-end abc",
		      "--on-end: 'abc' is not trace, signal, shell or continue");
	done_with_taken();
}

static void merge_takes_files(void **state)
{
	const struct monitor_params *p = taken("hist merge a.json --json=c.json b.json -- -d");

	(void)state;
	assert_int_equal(p->face, MONITOR_HIST);
	assert_int_equal(p->nr_merge, 3);
	assert_string_equal(p->merge[0], "a.json");
	assert_string_equal(p->merge[1], "b.json");
	assert_string_equal(p->merge[2], "-d");
	assert_string_equal(p->json.path, "c.json");
	assert_true(taken("hist merge --no-irq a")->no_irq);
	check_refused("hist merge", "merge needs files that --json has written");
	check_refused("hist -D merge", "takes no argument: merge");
	check_refused("top merge a", "takes no argument: merge");
	done_with_taken();
}

/* ---- --no-WORD, and words cut short ----------------------------------------------------------- */

static void a_word_with_no_takes_back(void **state)
{
	static const char *const lines[] = {
		"top -c 1 --no-cpus", "top -d 5 --no-duration", "top -C x --no-cgroup",
		"top -H 1 --no-house-keeping", "top -P f:1 --no-priority", "top -p 200 --no-period",
		"top -s 5 --no-stack", "top -A 5 --no-aligned", "top -u --no-user-threads",
		"top -k --no-kernel-threads", "top -U --no-user-load", "top -n --no-nano",
		"top -q --no-quiet", "top -D --no-debug", "top -t x --no-trace",
		"top -a 5 --no-auto", "top -t x -a 5 --no-auto", "top --aa-only 5 --no-aa-only",
		"top --no-aa --aa", "top --warm-up 5 --no-warm-up",
		"top --dump-tasks --no-dump-tasks", "top --dma-latency 5 --no-dma-latency",
		"top --stall 5 --no-stall", "top --deepest-idle-state 0 --no-deepest-idle-state",
		"top --stack-format full --no-stack-format",
		"top --trace-buffer-size 5 --no-trace-buffer-size", "top --tracer none --no-tracer",
		"top --json --no-json", "top --top 5 --no-top", "top --all --no-all",
		"top --trace-keep 3 --no-trace-keep", "hist --no-header --header",
		"hist --no-summary --summary", "hist --no-index --index",
		"hist --with-zeros --no-with-zeros", "hist -b 5 --no-bucket-size",
		"hist -E 50 --no-entries", "hist --by cpu --no-by",
	};
	struct monitor_params untouched[2];
	struct error err;

	(void)state;
	assert_int_equal(parse("top", &untouched[0], &err), 0);
	assert_int_equal(parse("hist", &untouched[1], &err), 0);
	for (size_t i = 0; i < NR_ELEMENTS(lines); i++) {
		if (memcmp(taken(lines[i]), &untouched[*lines[i] == 'h'], sizeof(*untouched)))
			fail_msg("%s: leaves something behind", lines[i]);
	}
	check_refused("top --no-irq", "no such option: --no-irq");
	check_refused("top --no-thread", "no such option: --no-thread");
	check_refused("top --no-event", "no such option: --no-event");
	check_refused("top --no-on-end", "no such option: --no-on-end");
	check_refused("hist --irq", "--irq needs a value: TIME");
	check_refused("top --no-debug=1", "--no-debug takes no value");
	done_with_taken();
}

static void a_word_may_be_cut_short(void **state)
{
	(void)state;
	assert_int_equal(taken("top --thre 5")->threshold_ns, 5000);	/* two words for one option */
	assert_int_equal(taken("top --dur=5")->duration_ns, 5000000000);
	assert_int_equal(taken("hist --ent 500")->nr_entries, 500);
	assert_int_equal(taken("top -d 5 --no-dur")->duration_ns, 0);
	assert_true(taken("hist --no-sum")->no_summary);
	check_refused("top --on x", "--on may be --on-threshold or --on-end");
	check_refused("top --tr", "--tr may be --trace or --trace-buffer-size");
	/* a whole word, though others begin like that */
	assert_int_equal(taken("top --trace")->on_threshold.nr_items, 1);
	done_with_taken();
}

/* ---- rtla's own command lines ----------------------------------------------------------------- */

static void command_lines_of_rtlas_tests_are_taken(void **state)
{
	static const char *const lines[] = {
		"-s 3 -T 10 -t", "-i 2 -c 0 -n -d 10s", "-a 5", "-a 5 --dump-tasks",
		"-s 3 -T 10 -t --no-aa",
		"-P F:1 -c 0 -d 10s -T 1 --on-threshold shell,command=x/check-priority.sh~SCHED_FIFO~1",
		"-k -C -c 0 -d 10s -T 1 --on-threshold shell,command=x.sh", "-H 0 -d 10s -T 1",
		"-k -c 0 -d 10s -T 1", "-u -c 0 -d 10s -T 1", "-P F:1 -c 0 -d 1M", "-T 2 -t",
		"-T 2 -t custom_filename.txt", "-T 2 --on-threshold trace",
		"-T 2 --on-threshold trace,file=custom_filename.txt",
		"-T 2 --on-threshold shell,command=echo~-n~1 --on-threshold shell,command=echo~2",
		"-T 2 -d 5s --on-threshold shell,command=echo~TestOutput --on-threshold continue",
		"-T 2 --on-threshold shell,command=if~[~-f~a~];~then~exit~1;~fi --on-threshold continue",
		"-d 1s --on-end trace", "-t", "--on-threshold trace",
	};
	static const char *const of_top[] = { "--aa-only 5", "--aa-only 2000000 -d 1s", "-q -T 2" };
	static const char *const of_hist[] = {
		"-b 1 -d 1s", "-E 10 -d 1s", "--no-header -d 1s",
		"--with-zeros -b 100000 -E 21 -d 1s", "--no-index --with-zeros -d 1s",
		"--no-summary -d 1s", "--no-irq -d 1s", "--no-thread -d 1s",
	};
	char line[300];

	(void)state;
	for (size_t i = 0; i < 2 * NR_ELEMENTS(lines); i++) {
		snprintf(line, sizeof(line), "%s --tracer timerlat %s", i % 2 ? "hist" : "top",
			 lines[i / 2]);
		assert_true(taken(line)->wants_timerlat);
	}
	for (size_t i = 0; i < NR_ELEMENTS(of_top); i++) {
		snprintf(line, sizeof(line), "top --tracer timerlat %s", of_top[i]);
		assert_true(taken(line)->wants_timerlat);
	}
	for (size_t i = 0; i < NR_ELEMENTS(of_hist); i++) {
		snprintf(line, sizeof(line), "hist --tracer timerlat %s", of_hist[i]);
		assert_true(taken(line)->is_per_cpu);
	}
	done_with_taken();
}

/* ---- the table itself ------------------------------------------------------------------------- */

static void help_lists_what_the_command_has(void **state)
{
	static const char *const both[] = {
		"-c, --cpus LIST", "-H, --house-keeping LIST", "-d, --duration TIME", "-D, --debug",
		"-e, --event SYS[:EVENT]", "--filter FILTER", "--trigger TRIGGER",
		"-P, --priority PRIO", "-C, --cgroup [CGROUP]", "--trace-buffer-size KB",
		"--warm-up TIME", "-t, --trace [FILE]", "-a, --auto TIME", "--on-threshold ACTION",
		"--on-end ACTION", "-h, --help", "-p, --period TIME", "-i, --irq TIME",
		"-T, --thread TIME", "--threshold TIME", "-s, --stack TIME", "-n, --nano",
		"-u, --user-threads", "-k, --kernel-threads", "-U, --user-load",
		"-A, --aligned TIME", "--dma-latency TIME", "--deepest-idle-state N", "--no-aa",
		"--dump-tasks", "--bpf-action FILE", "--stack-format FORMAT", "--tracer NAME",
		"--workload", "--all", "--task SEL", "--stall TIME", "--top N", "--json[=FILE]",
		"--json-lines[=FILE]", "--csv[=FILE]", "--trace-keep N",
	};
	static const char *const top[] = { "-q, --quiet", "--aa-only TIME" };
	static const char *const hist[] = {
		"-b, --bucket-size N", "-E, --entries N", "--no-header", "--no-summary",
		"--no-index", "--with-zeros", "--no-irq", "--no-thread", "--by WHAT",
	};
	struct strbuf help[2] = { STRBUF_INIT, STRBUF_INIT };

	(void)state;
	monitor_params_help(MONITOR_TOP, &help[0]);
	monitor_params_help(MONITOR_HIST, &help[1]);
	for (size_t i = 0; i < NR_ELEMENTS(both); i++) {
		char needle[60];

		snprintf(needle, sizeof(needle), " %s ", both[i]);
		for (size_t face = 0; face < 2; face++) {
			char *found = strstr(help[face].text, needle);

			if (!found || strstr(found + 1, needle))
				fail_msg("%s: not once in the help of %s", both[i],
					 face ? "hist" : "top");
		}
	}
	for (size_t i = 0; i < NR_ELEMENTS(top); i++)
		assert_true(strstr(help[0].text, top[i]) && !strstr(help[1].text, top[i]));
	for (size_t i = 0; i < NR_ELEMENTS(hist); i++)
		assert_true(!strstr(help[0].text, hist[i]) && strstr(help[1].text, hist[i]));
	for (size_t face = 0; face < 2; face++) {
		for (const char *line = help[face].text; *line; line += strcspn(line, "\n") + 1)
			assert_true(strcspn(line, "\n") <= 100);
		strbuf_deinit(&help[face]);
	}
}

/* Nobody shares a letter or a word with another one of its command, whole or with "no-". */
static void no_two_options_are_alike(void **state)
{
	(void)state;
	for (uint32_t command = MONITOR_OPTIONS_TOP; command <= MONITOR_OPTIONS_MERGE; command *= 2) {
		const struct option_table table = monitor_options_table(command);

		for (size_t i = 0; i < table.nr_rows; i++) {
			const struct option_row *row = &table.rows[i];

			assert_int_not_equal(row->commands, 0);
			/* it is said what is taken back, or that nothing is */
			assert_true(row->is_lasting || row->size || row->has);
			assert_true(row->at + row->size <= sizeof(struct monitor_asked));
			for (size_t j = 0; j < i; j++) {
				if (!(row->commands & table.rows[j].commands & command))
					continue;
				assert_string_not_equal(row->word, table.rows[j].word);
				assert_true(!row->letter || row->letter != table.rows[j].letter);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(numbers_are_read_by_both),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(flags_are_set),
		cmocka_unit_test(cpus_and_threads_are_chosen),
		cmocka_unit_test(an_optional_value_may_be_the_next_word),
		cmocka_unit_test(priorities_are_those_of_rtla),
		cmocka_unit_test(what_is_no_priority_is_refused),
		cmocka_unit_test(events_have_their_filters),
		cmocka_unit_test(too_many_events_are_refused),
		cmocka_unit_test(words_choose),
		cmocka_unit_test(each_command_has_its_own_options),
		cmocka_unit_test(bucket_has_the_unit_of_the_output),
		cmocka_unit_test(auto_stands_for_others_whatever_the_order),
		cmocka_unit_test(thresholds_are_independent_of_stalls),
		cmocka_unit_test(timerlat_is_wanted_by_what_needs_it),
		cmocka_unit_test(threads_are_whose_was_said),
		cmocka_unit_test(what_makes_no_sense_together_is_refused),
		cmocka_unit_test(outputs_go_to_different_places),
		cmocka_unit_test(actions_are_kept_in_order),
		cmocka_unit_test(merge_takes_files),
		cmocka_unit_test(a_word_with_no_takes_back),
		cmocka_unit_test(a_word_may_be_cut_short),
		cmocka_unit_test(command_lines_of_rtlas_tests_are_taken),
		cmocka_unit_test(help_lists_what_the_command_has),
		cmocka_unit_test(no_two_options_are_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
