// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole texts: recordings of one moment printed with different tracing options, losses, damage, facts
 * about the machine, and what is refused.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/text_losses.h"
#include "source/text_reader.h"
#include "text_feed.h"

#define VARIANTS "tests/io/text-variants/"

static struct text_fed feed(const char *text, enum text_feed how)
{
	struct text_fed fed = text_feed(text, strlen(text), how, EVENT_WORDS_ALL);

	assert_int_equal(fed.result, 0);
	return fed;
}

/* The same ring buffer, read six times with other options of ftrace set. */
static void test_options(void **state)
{
	static const struct {
		const char *name;
		enum event_words words;
	} variants[] = {
		{ "6.18-record-tgid", EVENT_WORDS_ALL },
		{ "6.18-latency-format", EVENT_WORDS_ALL },
		{ "6.18-verbose", EVENT_WORDS_ALL },
		{ "6.18-noirq-info", EVENT_WORDS_NO_FLAGS },
		{ "6.18-fields", EVENT_WORDS_NO_ADDRESS },
	};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		struct text_fed expected, got;

		snprintf(path, sizeof(path), VARIANTS "%s.txt", variants[i].name);
		expected = text_feed_file(VARIANTS "6.18-trace.txt", variants[i].words);
		got = text_feed_file(path, variants[i].words);
		assert_string_equal(got.events, expected.events);
		assert_int_equal(got.info.nr_events, 95);
		assert_int_equal(got.info.odd[SOURCE_ODD_CUT_LINE], 0);
		assert_int_equal(got.at_open.events_present, expected.at_open.events_present);
		free(expected.events);
		free(got.events);
	}
}

/* Symbols are the same with their offsets and addresses printed. */
static void test_symbols(void **state)
{
	struct text_fed plain = text_feed_file(VARIANTS "6.18-stacktrace.txt", EVENT_WORDS_ALL);
	struct text_fed offset, addr;

	(void)state;
	offset = text_feed_file(VARIANTS "6.18-stacktrace-sym-offset.txt", EVENT_WORDS_ALL);
	addr = text_feed_file(VARIANTS "6.18-stacktrace-sym-addr.txt", EVENT_WORDS_ALL);
	assert_non_null(strstr(plain.events, "stack trace_event_raw_event_x86_irq_vector "
			       "__sysvec_call_function_single "));
	assert_string_equal(offset.events, plain.events);
	assert_string_equal(addr.events, plain.events);
	free(plain.events);
	free(offset.events);
	free(addr.events);
}

/* Raw counters: absolute in trace and verbose, since the beginning in the latency format. */
static void test_counter_clock(void **state)
{
	struct text_fed trace = text_feed_file(VARIANTS "6.18-clock-counter.txt", EVENT_WORDS_ALL);
	struct text_fed verbose, from_zero;

	(void)state;
	verbose = text_feed_file(VARIANTS "6.18-clock-counter-verbose.txt", EVENT_WORDS_ALL);
	from_zero = text_feed_file(VARIANTS "6.18-clock-counter-latency-format.txt", EVENT_WORDS_ALL);
	assert_string_equal(verbose.events, trace.events);
	assert_int_equal(trace.info.first_at, 3);
	assert_int_equal(trace.info.last_at, 14);
	assert_int_equal(from_zero.info.first_at, 1);
	assert_int_equal(from_zero.info.last_at, 12);
	free(trace.events);
	free(verbose.events);
	free(from_zero.events);
}

struct decoration {
	const char *from;	/* variant it is put on */
	const char *before;	/* in front of each line */
	const char *after;	/* and at its end */
	bool is_stripped;	/* of leading blanks */
	bool is_headless;	/* no comments */
};

static char *decorate(const char *text, const struct decoration *decoration)
{
	size_t size;
	char *ret;
	FILE *out;

	out = open_memstream(&ret, &size);
	assert_non_null(out);
	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		if (*text == '#' && decoration->is_headless)
			continue;
		if (decoration->is_stripped)
			text += strspn(text, " ");
		fprintf(out, "%s%.*s%s\n", decoration->before, (int)(end - text), text,
			decoration->after);
	}
	fclose(out);
	return ret;
}

/* A text stays what it is when a log, an editor or grep had it in their hands. */
static void test_decorated(void **state)
{
	static const struct decoration decorations[] = {
		{ "6.18-trace", "", "", false, true },
		{ "6.18-trace", "", "\r", false, false },
		{ "6.18-trace", "", "", true, false },
		{ "6.18-trace", "  buffer:  ", "", false, true },
		{ "6.18-trace", "[    5.123456] ", "", false, false },
		{ "6.18-latency-format", "", "", false, true },
		{ "6.18-latency-format", "", "\r", true, true },
		{ "6.18-latency-format", "[   12.345678] ", "", false, true },
		{ "6.18-latency-format", "<4>[   12.345678][  T123] ", "", false, false },
		{ "6.18-latency-format", "Nov 20 21:00:01 box kernel: [   12.345678] ", "\r", false,
		  true },
		{ "6.18-verbose", "[   12.345678] ", "", false, true },
		{ "6.18-stacktrace", "[   12.345678] ", "", false, true },
	};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(decorations) / sizeof(decorations[0]); i++) {
		struct text_fed expected, got;
		size_t length;
		char *text, *decorated;

		snprintf(path, sizeof(path), VARIANTS "%s.txt", decorations[i].from);
		text = text_feed_read(path, &length);
		decorated = decorate(text, &decorations[i]);
		expected = feed(text, TEXT_FEED_FILE);
		got = feed(decorated, TEXT_FEED_FILE);
		assert_string_equal(got.events, expected.events);
		assert_int_equal(got.info.odd[SOURCE_ODD_CUT_LINE], 0);
		free(expected.events);
		free(got.events);
		free(decorated);
		free(text);
	}
}

/* Text files among the samples, and the excerpts here, have no line that is not understood. */
static void test_recordings(void **state)
{
	static const char *const patterns[] = { "sample-traces/*.txt", VARIANTS "*.txt" };
	size_t nr = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t files;

		if (glob(patterns[i], 0, NULL, &files))
			continue;
		for (size_t j = 0; j < files.gl_pathc; j++) {
			struct text_fed fed = text_feed_file(files.gl_pathv[j], EVENT_WORDS_ALL);

			assert_true(fed.info.nr_events > 0);
			assert_int_equal(fed.info.odd[SOURCE_ODD_CUT_LINE], 0);
			assert_int_equal(fed.info.odd[SOURCE_ODD_TIME_BACKWARDS], 0);
			assert_false(fed.info.is_truncated);
			free(fed.events);
			nr++;
		}
		globfree(&files);
	}
	assert_true(nr > 10);
}

/* More than is held of a pipe to be read twice, in lines that say nothing. */
static char *pad(const char *text)
{
	size_t size;
	char *ret;
	FILE *out;

	out = open_memstream(&ret, &size);
	assert_non_null(out);
	for (int i = 0; i < 70000; i++)
		fprintf(out, "# %100s\n", "");
	fputs(text, out);
	fclose(out);
	return ret;
}

#define EVENT(cpu, at) "            bash-9       [00" #cpu "]  " #at ": foo: bar\n"
#define GOT(cpu, at) #at "000000000 " #cpu " 9 ? other\n"
#define GOT_LOSS(cpu, at, to, lost) \
	#at "000000000 " #cpu " -1 ? loss " #to "000000000 " #lost "\n"

/* Every form of mark, on CPU 1 between its events at 2 and 5; CPU 0 has some in between. */
static void test_loss_marks(void **state)
{
	static const struct {
		const char *mark;
		const char *lost;
	} marks[] = {
		{ "CPU:1 [LOST 1291 EVENTS]", "1291" },
		{ "CPU:1 [LOST EVENTS]", "0" },
		{ "CPU:1 [856 EVENTS DROPPED]", "856" },
		{ "CPU:1 [EVENTS DROPPED]", "0" },
		{ "CPU 1 [LOST EVENTS]", "0" },
		{ "[LOST EVENTS]", "0" },
		{ "[10611.835048] CPU:1 [LOST 16689746 EVENTS]", "16689746" },
		{ "##### CPU 1 buffer started ####", "0" },
	};
	char text[1024], expected[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct text_fed fed;
		char *padded;

		snprintf(text, sizeof(text), "%s%s%s%s\n%s",
			 EVENT(0, 1.0) EVENT(1, 2.0), EVENT(0, 3.0), EVENT(0, 4.0), marks[i].mark,
			 EVENT(1, 5.0) EVENT(0, 6.0));
		/* Known beforehand: where it began. */
		snprintf(expected, sizeof(expected),
			 GOT(0, 1) GOT(1, 2) "2000000000 1 -1 ? loss 5000000000 %s\n"
			 GOT(0, 3) GOT(0, 4) GOT(1, 5) GOT(0, 6), marks[i].lost);
		fed = feed(text, TEXT_FEED_FILE);
		assert_string_equal(fed.events, expected);
		assert_int_equal(fed.info.nr_losses, 1);
		assert_int_equal(fed.info.lost_events, strtoull(marks[i].lost, NULL, 10));
		assert_int_equal(fed.info.nr_events, 6);
		assert_int_equal(fed.info.odd[SOURCE_ODD_CUT_LINE], 0);
		free(fed.events);
		fed = feed(text, TEXT_FEED_PIPE);
		assert_string_equal(fed.events, expected);
		free(fed.events);
		/* In a long pipe: as soon as it can be known. */
		snprintf(expected, sizeof(expected),
			 GOT(0, 1) GOT(1, 2) GOT(0, 3) GOT(0, 4)
			 "2000000000 1 -1 ? loss 5000000000 %s\n" GOT(1, 5) GOT(0, 6), marks[i].lost);
		padded = pad(text);
		fed = feed(padded, TEXT_FEED_PIPE);
		assert_string_equal(fed.events, expected);
		assert_int_equal(fed.info.nr_losses, 1);
		free(fed.events);
		free(padded);
	}
}

static void test_loss_places(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		/* before the first event of that CPU: from the first event of all */
		{ EVENT(0, 1.0) EVENT(0, 2.0) "CPU:1 [LOST 7 EVENTS]\n" EVENT(1, 3.0),
		  GOT_LOSS(1, 1, 3, 7) GOT(0, 1) GOT(0, 2) GOT(1, 3) },
		/* at the beginning of the text */
		{ "CPU:1 [LOST 7 EVENTS]\n" EVENT(1, 3.0) EVENT(0, 4.0),
		  GOT_LOSS(1, 3, 3, 7) GOT(1, 3) GOT(0, 4) },
		/* no event of that CPU comes any more: to the end */
		{ EVENT(1, 1.0) EVENT(0, 2.0) "CPU:1 [LOST 7 EVENTS]\n" EVENT(0, 3.0),
		  GOT(1, 1) GOT_LOSS(1, 1, 3, 7) GOT(0, 2) GOT(0, 3) },
		/* two at once, and two of one CPU */
		{ EVENT(0, 1.0) EVENT(1, 2.0) "CPU:0 [LOST 1 EVENTS]\n" EVENT(0, 3.0)
		  "CPU:1 [LOST 2 EVENTS]\n" EVENT(1, 4.0) "CPU:1 [LOST 3 EVENTS]\n" EVENT(1, 5.0),
		  GOT(0, 1) GOT_LOSS(0, 1, 3, 1) GOT(1, 2) GOT_LOSS(1, 2, 4, 2) GOT(0, 3) GOT(1, 4)
		  GOT_LOSS(1, 4, 5, 3) GOT(1, 5) },
		/* after events of the same stamp */
		{ EVENT(1, 1.0) EVENT(0, 1.0) "CPU:1 [LOST 1 EVENTS]\n" EVENT(1, 2.0),
		  GOT(1, 1) GOT(0, 1) GOT_LOSS(1, 1, 2, 1) GOT(1, 2) },
		/* the beginning of a CPU that was not seen before loses nothing */
		{ EVENT(0, 1.0) "##### CPU 1 buffer started ####\n" EVENT(1, 2.0),
		  GOT(0, 1) GOT(1, 2) },
		/* time going back does not lose the loss */
		{ EVENT(1, 9.0) EVENT(0, 1.0) "CPU:1 [LOST 1 EVENTS]\n" EVENT(1, 2.0) EVENT(0, 3.0),
		  GOT(1, 9) GOT(0, 1) GOT_LOSS(1, 9, 9, 1) GOT(1, 2) GOT(0, 3) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text_fed fed = feed(cases[i].text, TEXT_FEED_FILE);

		assert_string_equal(fed.events, cases[i].expected);
		free(fed.events);
	}
}

static void test_real_loss(void **state)
{
	struct text_fed fed = text_feed_file(VARIANTS "6.18-trace_pipe-lost.txt", EVENT_WORDS_ALL);

	(void)state;
	assert_int_equal(fed.info.nr_losses, 1);
	assert_int_equal(fed.info.lost_events, 284);
	assert_non_null(strstr(fed.events, " 1 -1 ? loss 1825297117000 284\n1825"));
	free(fed.events);
}

/* More marks than are kept: the rest come late, none is dropped. */
static void test_many_losses(void **state)
{
	const size_t nr = TEXT_LOSSES_MAX + 1000;
	struct text_fed fed;
	size_t size;
	char *text;
	FILE *out;

	(void)state;
	out = open_memstream(&text, &size);
	assert_non_null(out);
	for (size_t i = 0; i < nr; i++)
		fprintf(out, "a-1 [000] %zu: foo: bar\nCPU:0 [LOST 2 EVENTS]\n", i);
	fprintf(out, "a-1 [000] %zu: foo: bar\n", nr);
	fclose(out);
	fed = feed(text, TEXT_FEED_FILE);
	assert_int_equal(fed.info.nr_losses, nr);
	assert_int_equal(fed.info.lost_events, 2 * nr);
	assert_int_equal(fed.info.nr_events, nr + 1);
	free(fed.events);
	free(text);
}

/* What is cut keeps its columns where they are whole, and is counted. */
static void test_cut_lines(void **state)
{
	static const char *const cut[] = {
		"            bash-9       [000] d..2.    1.0: sched_switch: prev_comm=a prev_pid=1 prev_pr",
		"            bash-9       [000] d..2.    1.0: sched_switch: prev_comm=a prev_pid=1 "
		"prev_prio=120 prev_state=S ==> next_comm=b next_pid=2",
		"            bash-9       [000] d..2.    1.0: sched_waking: comm=a pid=99 prio=120",
		"            bash-9       [000] d..2.    1.0: sched_wakeup: a:1 [120]",
		"            bash-9       [000] d..2.    1.0: irq_noise: local_timer:236 start 13.0 dura",
		"            bash-9       [000] d..2.    1.0: irq_noise: local_timer:236 start 13.0 "
		"duration 19",
		"            bash-9       [000] d..2.    1.0: sched_switch:",
		"            bash-9       [000] d..2.    1.0: workqueue_queue_work: work struct=",
		"            bash-9       [000] d..2.    1.0: contention_begin: 0xff (flags=SP",
		"            bash-9       [000] d..2.    1.0: sched_waking: comm=a pid=99999999999 prio=1 "
		"target_cpu=000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		char text[512];
		struct text_fed fed;

		snprintf(text, sizeof(text), "%s\n%s", cut[i], EVENT(0, 2.0));
		fed = feed(text, TEXT_FEED_FILE);
		assert_string_equal(fed.events, "1000000000 0 9 d/2 other\n" GOT(0, 2));
		assert_int_equal(fed.info.odd[SOURCE_ODD_CUT_LINE], 1);
		assert_false(fed.info.is_truncated);
		free(fed.events);
		/* The last line, without its end: the text is cut here. */
		snprintf(text, sizeof(text), "%s%s", EVENT(0, 0.5), cut[i]);
		fed = feed(text, TEXT_FEED_PIPE);
		assert_true(fed.info.is_truncated);
		assert_string_not_equal(fed.info.truncated_why, "");
		assert_int_equal(fed.info.nr_events, 2);
		free(fed.events);
	}
}

/* Lines that do not even have whole columns. */
static void test_not_lines(void **state)
{
	static const char *const lines[] = {
		"            bash-9       [00", "            bash-9", "bash", "[003] d..1 1.0: foo: bar",
		"            bash-9       [000] d..2.    1.", "            bash-9       [000] d..2.",
		"            bash-99999999999 [000] 1.0: foo: bar",
		"            bash-9 [99999999999] 1.0: foo: bar",
		"            bash-9 [000] 99999999999999999999999: foo: bar",
		"            bash-9 [000] 99999999999999.1: foo: bar",
		"            bash-9 [000] 1.1234567890: foo: bar",
		"            bash-9 [000] d..........2 1.0: foo: bar",
		"            bash-9 [000] xyzw 1.0: foo: bar", "0 9 1797965084945 type: 375",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[512];
		struct text_fed fed;

		snprintf(text, sizeof(text), "%s\n%s", lines[i], EVENT(0, 2.0));
		fed = feed(text, TEXT_FEED_FILE);
		assert_string_equal(fed.events, GOT(0, 2));
		assert_int_equal(fed.info.odd[SOURCE_ODD_CUT_LINE], 1);
		free(fed.events);
	}
}

/* A text cut at any byte gives the events before the cut, as they are in the whole. */
static void test_cut_anywhere(void **state)
{
	struct text_fed whole, part;
	size_t length;
	char *text;

	(void)state;
	text = text_feed_read(VARIANTS "6.12-rt-timerlat.txt", &length);
	whole = feed(text, TEXT_FEED_FILE);
	for (size_t cut = 1; cut < length; cut += 7) {
		char *last;

		part = text_feed(text, cut, TEXT_FEED_FILE, EVENT_WORDS_ALL);
		assert_int_equal(part.result, 0);
		/* The last event may be one whose line or stack goes on. */
		last = part.events + strlen(part.events);
		if (last > part.events)
			last--;
		while (last > part.events && last[-1] != '\n')
			last--;
		*last = '\0';
		assert_memory_equal(part.events, whole.events, strlen(part.events));
		free(part.events);
	}
	free(whole.events);
	free(text);
}

static void test_last_line_without_newline(void **state)
{
	struct text_fed fed = feed("            bash-9       [000]  1.0: foo: bar", TEXT_FEED_FILE);

	(void)state;
	assert_string_equal(fed.events, GOT(0, 1));
	assert_false(fed.info.is_truncated);
	free(fed.events);
}

static void test_nul_bytes(void **state)
{
	static const char text[] = "\0\0\0\n            b\0sh-9       [000]  1.0: foo: b\0r\n"
				   "            bash-9       [000]  2.0: sched_waking: comm=a\0b pid=1 "
				   "prio=2 target_cpu=003\n";
	struct text_fed fed = text_feed(text, sizeof(text) - 1, TEXT_FEED_FILE, EVENT_WORDS_ALL);

	(void)state;
	assert_int_equal(fed.result, 0);
	assert_string_equal(fed.events, GOT(0, 1) "2000000000 0 9 ? waking a:1[2] 3\n");
	assert_int_equal(fed.info.odd[SOURCE_ODD_CUT_LINE], 1);
	free(fed.events);
}

static void test_long_lines(void **state)
{
	static const size_t lengths[] = {
		TEXT_LINE_MAX - 1, TEXT_LINE_MAX, TEXT_LINE_MAX + 1, TEXT_READER_MIN - 1,
		TEXT_READER_MIN, TEXT_READER_MIN + 1, 1 << 20, 5 << 20,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (int how = TEXT_FEED_FILE; how <= TEXT_FEED_PIPE; how++) {
			struct text_fed fed;
			size_t size;
			char *text;
			FILE *out;

			out = open_memstream(&text, &size);
			assert_non_null(out);
			fprintf(out, "%s", EVENT(0, 1.0));
			fprintf(out, "            bash-9       [001]  2.0: foo: %*s\n",
				(int)lengths[i] - 42, "x");
			fprintf(out, "%s", EVENT(0, 3.0));
			fclose(out);
			fed = text_feed(text, size, how, EVENT_WORDS_ALL);
			assert_int_equal(fed.result, 0);
			assert_string_equal(fed.events, GOT(0, 1) GOT(1, 2) GOT(0, 3));
			assert_int_equal(fed.info.odd[SOURCE_ODD_LONG_LINE],
					 lengths[i] > TEXT_LINE_MAX);
			assert_int_equal(fed.info.bytes_done, size);
			free(fed.events);
			free(text);
		}
	}
}

static void test_time_backwards(void **state)
{
	struct text_fed fed = feed(EVENT(0, 5.0) EVENT(1, 4.0) EVENT(0, 3.0) EVENT(1, 6.0),
				   TEXT_FEED_FILE);

	(void)state;
	assert_string_equal(fed.events, GOT(0, 5) GOT(1, 4) GOT(0, 3) GOT(1, 6));
	assert_int_equal(fed.info.odd[SOURCE_ODD_TIME_BACKWARDS], 1);
	assert_int_equal(fed.info.last_at, 6000000000);
	free(fed.events);
}

static void test_cpu_range(void **state)
{
	struct text_fed fed = feed("cpus=2\n" EVENT(1, 1.0) EVENT(2, 2.0)
				   "            bash-9       [4000000000]  3.0: foo: bar\n"
				   "CPU:4000000000 [LOST 1 EVENTS]\n" EVENT(1, 4.0), TEXT_FEED_FILE);

	(void)state;
	assert_string_equal(fed.events, GOT(1, 1) GOT(2, 2) GOT(4000000000, 3) GOT(1, 4));
	assert_int_equal(fed.info.odd[SOURCE_ODD_CPU_RANGE], 2);
	assert_int_equal(fed.info.nr_cpus, 3);
	free(fed.events);
}

/* What a log with a dump in it says besides is no trace, and not cut. */
static void test_log(void **state)
{
	struct text_fed fed = feed(
		"[    0.000000] Linux version 6.12.1-rt5 (gcc) #1 SMP PREEMPT_RT Thu x86_64\n"
		"[    1.234567] ata1: link is up\n"
		"[   10.000000] BUG: unable to handle page fault [003] at 5-6\n"
		"[   10.000001] Call Trace:\n[   10.000002]  ? do_idle+0x1/0x2\n"
		"[   10.000003] Dumping ftrace buffer:\n"
		"[   10.000004] ---------------------------------\n"
		"[   10.000005] CPU:1 [LOST 5 EVENTS]\n"
		"[   10.000006]   <idle>-0         1d..2.  123us : <stack trace>\n"
		"[   10.000007]  => do_idle\n"
		"[   10.000008]   <idle>-0         1d..2.  12\n"
		"[   10.000009]   <idle>-0         1d..2.  124us : foo: bar\n"
		"[   10.000010] ---------------------------------\n"
		"[   10.000011] Modules linked in: foo bar\n", TEXT_FEED_FILE);

	(void)state;
	assert_string_equal(fed.events, "123000 1 -1 ? loss 123000 5\n"
			    "123000 1 0 d/2 stack do_idle\n124000 1 0 d/2 other\n");
	assert_int_equal(fed.info.odd[SOURCE_ODD_CUT_LINE], 1);
	assert_string_equal(fed.at_open.kernel, "6.12.1-rt5");
	assert_int_equal(fed.at_open.is_preempt_rt, TRI_YES);
	assert_int_equal(fed.at_open.has_fair_server, TRI_YES);
	assert_true(fed.at_open.is_x86);
	free(fed.events);
}

static void test_facts(void **state)
{
	static const struct {
		const char *text;
		const char *kernel;
		uint32_t nr_cpus;
		enum tristate is_preempt_rt, has_fair_server;
	} cases[] = {
		{ "# tracer: nop\n#\n# entries-in-buffer/entries-written: 13/13   #P:8\n#\n", "", 8,
		  TRI_UNKNOWN, TRI_UNKNOWN },
		{ "# nop latency trace v1.1.5 on 6.18.44\n# latency: 0 us, #4/4, CPU#0 | "
		  "(M:PREEMPT(none) VP:0, KP:0, SP:0 HP:0 #P:4)\n", "6.18.44", 4, TRI_NO, TRI_YES },
		{ "# irqsoff latency trace v1.1.5 on 6.1.0-56-rt-amd64\n# latency: 0 us, #4/4, CPU#0 "
		  "| (M:preempt_rt VP:0, KP:0, SP:0 HP:0 #P:4)\n", "6.1.0-56-rt-amd64", 4, TRI_YES,
		  TRI_NO },
		{ "# (M:desktop VP:0, KP:0, SP:0 HP:0 #P:4)\n", "", 4, TRI_NO, TRI_UNKNOWN },
		{ "#                              | / _----=> need-resched_lazy\n", "", 3, TRI_YES,
		  TRI_UNKNOWN },
		{ "#                              ||| / _--=> preempt-depth\n", "", 3, TRI_UNKNOWN,
		  TRI_UNKNOWN },
		{ "version = 6\ncpus=16\n", "", 16, TRI_UNKNOWN, TRI_UNKNOWN },
		{ "cpus=4\nLinux (none) 7.1.0-rc1 x86_64\n", "7.1.0-rc1", 4, TRI_UNKNOWN, TRI_YES },
		{ "cpus=99999999\nCPU 1 is empty\n", "", 3, TRI_UNKNOWN, TRI_UNKNOWN },
		{ "       ktimers/0-15      [000]  1.0: foo: bar\n", "", 3, TRI_YES, TRI_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024];
		struct text_fed fed;

		snprintf(text, sizeof(text), "%s%s", cases[i].text, EVENT(2, 2.0));
		fed = feed(text, i % 2 ? TEXT_FEED_FILE : TEXT_FEED_PIPE);
		assert_string_equal(fed.at_open.kernel, cases[i].kernel);
		assert_int_equal(fed.at_open.nr_cpus, cases[i].nr_cpus);
		assert_int_equal(fed.at_open.is_preempt_rt, cases[i].is_preempt_rt);
		assert_int_equal(fed.at_open.has_fair_server, cases[i].has_fair_server);
		assert_int_equal(fed.at_open.format, SOURCE_TEXT);
		assert_int_equal(fed.at_open.bytes_total, strlen(text));
		assert_int_equal(fed.info.odd[SOURCE_ODD_CUT_LINE], 0);
		free(fed.events);
	}
}

static void test_events_present(void **state)
{
	static const char text[] =
		"            bash-9       [000]  1.0: local_timer_entry: vector=236\n"
		"            bash-9       [000]  1.1: hrtimer_expire_entry: hrtimer=00 now=1\n"
		"            bash-9       [000]  1.2: sched_waking: comm=a pid=1 prio=1 target_cpu=000\n";
	struct text_fed fed = feed(text, TEXT_FEED_FILE);
	char *padded;

	(void)state;
	assert_int_equal(fed.at_open.events_present, EVENT_BIT(EVENT_IRQ_ENTRY) |
			 EVENT_BIT(EVENT_OTHER) | EVENT_BIT(EVENT_WAKING));
	assert_true(fed.at_open.has_irq_vectors);
	assert_true(fed.at_open.is_x86);
	free(fed.events);
	/* A long pipe is read once. */
	padded = pad(text);
	fed = feed(padded, TEXT_FEED_PIPE);
	assert_int_equal(fed.info.events_present, 0);
	assert_true(fed.info.has_irq_vectors);
	free(fed.events);
	free(padded);
	/* An interrupt handler is no interrupt vector. */
	fed = feed("a-1 [000] 1.0: irq_handler_entry: irq=1 name=x\n", TEXT_FEED_FILE);
	assert_false(fed.at_open.has_irq_vectors);
	assert_false(fed.at_open.is_x86);
	free(fed.events);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *words;
	} cases[] = {
		{ "", "input is empty" },
		{ "{ \"traceEvents\": [] }\n", "input is JSON" },
		{ "\n  [{ \"a\": 1 }]\n", "input is JSON" },
		{ "<!DOCTYPE html>\n<html>\n", "input is HTML" },
		{ "#!/bin/sh\n", "input is a script" },
		{ "PERFILE2xxxx", "input is a perf.data file" },
		{ "\x17\x08\x44tracing6", "input is a trace.dat, which has to be named" },
		{ "swapper     0 [000]  7.545784:       sched:sched_switch: prev_comm=a\n",
		  "input is output of perf script" },
		{ "sh  1234 [001]  7.545784:          1 sched:sched_waking: comm=a pid=1\n",
		  "input is output of perf script" },
		{ "# tracer: function_graph\n#\n 3)   0.123 us    |  do_idle();\n",
		  "input is output of the function_graph tracer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int how = TEXT_FEED_FILE; how <= TEXT_FEED_PIPE; how++) {
			struct text_fed fed;

			fed = text_feed(cases[i].text, strlen(cases[i].text), how, EVENT_WORDS_ALL);
			assert_true(fed.result < 0);
			assert_non_null(strstr(fed.error, cases[i].words));
		}
	}
}

/* Text that is none of ftrace, of no kind known: no event, which the caller has to say. */
static void test_unknown_text(void **state)
{
	struct text_fed fed = feed("Dear Sir,\nit has been 5 - 6 weeks [7] since\n", TEXT_FEED_FILE);

	(void)state;
	assert_string_equal(fed.events, "");
	assert_int_equal(fed.info.nr_events, 0);
	assert_int_equal(fed.info.odd[SOURCE_ODD_CUT_LINE], 2);
	free(fed.events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_counter_clock),
		cmocka_unit_test(test_decorated),
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_loss_marks),
		cmocka_unit_test(test_loss_places),
		cmocka_unit_test(test_real_loss),
		cmocka_unit_test(test_many_losses),
		cmocka_unit_test(test_cut_lines),
		cmocka_unit_test(test_not_lines),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_last_line_without_newline),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_time_backwards),
		cmocka_unit_test(test_cpu_range),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_events_present),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unknown_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
