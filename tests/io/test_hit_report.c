// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json.h>

#include "monitor/hit_lines.h"
#include "monitor/hit_report.h"
#include "monitor/hit_split.h"
#include "monitor/hit_stacks.h"
#include "monitor/monitor.h"
#include "monitor/works.h"
#include "stats/summary.h"
#include "util/names.h"

#define MS UINT64_C(1000000)
#define START_AT (1000 * MS)
#define HOSTILE "\033[2J\x9b%s%n\"\\"

/*
 * CPU 3 from START_AT on: loop-rt (164, rt 55) has it; kworker (99) is woken 2 ms later, and irq/9 (77,
 * rt 50) another 3 ms later; ip (412) is switched out in D on CPU 0 at 4 ms.
 */
struct bed {
	struct engine *eng;
	struct names *names;
	struct snapshot snapshot;
	struct snapshot_cpu cpu;
	struct source_info source;
	struct document_layout layout;
	struct monitor_hit hit;
	struct hit_report_input input;
	struct hit_stacks stacks;
	char *text;
	int32_t asked_tid;
	int result;
};

static void feed(struct bed *bed, const struct event *event)
{
	assert_int_equal(engine_feed(bed->eng, event), 0);
}

static void switch_at(struct bed *bed, uint64_t at, uint32_t cpu, int32_t prev, enum event_left left,
		      int32_t next, int32_t prio, const char *comm)
{
	struct event event = {
		.at = at, .cpu = cpu, .tid = prev, .type = EVENT_SWITCH,
		.sw = { .prev_tid = prev, .next_tid = next, .prev_prio = PRIO_UNKNOWN, .next_prio = prio,
			.left = (uint8_t)left },
	};

	snprintf(event.sw.next_comm, COMM_LEN, "%s", comm);
	feed(bed, &event);
}

static void wake_at(struct bed *bed, uint64_t at, int32_t tid, int32_t prio, const char *comm)
{
	struct event event = {
		.at = at, .cpu = 0, .tid = 90, .type = EVENT_WAKING,
		.wake = { .tid = tid, .prio = prio, .target_cpu = 3 },
	};

	snprintf(event.wake.comm, COMM_LEN, "%s", comm);
	feed(bed, &event);
	event.type = EVENT_WAKEUP;
	feed(bed, &event);
}

/* The hit reports while this runs: the episode is borrowed. */
static void report(const struct episode *episode, void *arg)
{
	struct bed *bed = arg;
	size_t size;
	FILE *out;

	if (episode->tid != bed->asked_tid)
		return;
	bed->hit.episode = episode;
	free(bed->text);
	out = open_memstream(&bed->text, &size);
	bed->result = hit_report_write(&bed->input, &bed->layout, out);
	fclose(out);
}

static void report_line(const struct episode *episode, void *arg)
{
	struct bed *bed = arg;
	size_t size;
	FILE *out;

	if (episode->tid != bed->asked_tid)
		return;
	bed->hit.episode = episode;
	free(bed->text);
	out = open_memstream(&bed->text, &size);
	bed->result = hit_lines_write(&bed->input, out);
	fclose(out);
}

static void learn_names(struct bed *bed)
{
	struct summary *summary = &bed->snapshot.summary;

	summary_deinit(summary);
	*summary = (struct summary){
		.nr_names = engine_nr_culprits(bed->eng),
		.nr_tasks = engine_nr_tasks(bed->eng),
	};
	summary->names = calloc(summary->nr_names, sizeof(*summary->names));
	summary->tasks = calloc(summary->nr_tasks, sizeof(*summary->tasks));
	for (uint32_t i = 0; i < summary->nr_names; i++)
		summary->names[i] = engine_culprit(bed->eng, i);
	for (uint32_t i = 0; i < summary->nr_tasks; i++)
		engine_task(bed->eng, i, &summary->tasks[i]);
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	struct engine_config config = { .facts.is_preempt_rt = TRI_NO };

	assert_non_null(bed);
	setenv("TZ", "UTC", 1);
	bed->names = names_create();
	config.names = bed->names;
	assert_int_equal(engine_create(&config, &bed->eng), 0);
	switch_at(bed, START_AT - 2 * MS, 0, 0, LEFT_READY, 412, 120, "ip");
	switch_at(bed, START_AT, 3, 0, LEFT_READY, 164, 44, "loop-rt");
	wake_at(bed, START_AT + 2 * MS, 99, 120, HOSTILE);
	switch_at(bed, START_AT + 4 * MS, 0, 412, LEFT_SUSPENDED, 90, 120, "waker");
	wake_at(bed, START_AT + 5 * MS, 77, 49, "irq/9-eth0");

	bed->cpu = (struct snapshot_cpu){ .cpu = 3, .is_known = true, .prio = 44, .since_at = START_AT,
					  .is_since_known = true, .irqs_per_s = 1234, .why = "" };
	bed->cpu.occupant = (struct culprit){ CULPRIT_THREAD, 164, "loop-rt" };
	bed->snapshot = (struct snapshot){
		.doc = { .names = bed->names, .source = &bed->source, .stall_ns = 10 * MS,
			 .summary = &bed->snapshot.summary },
		.cpus = &bed->cpu, .nr_cpus = 1, .now_at = START_AT + 14 * MS, .phase = SNAPSHOT_LIVE,
		.wall = { .steps = { { 0, INT64_C(1700000000) * 1000000000 } }, .nr_steps = 1 },
	};
	bed->layout = (struct document_layout){ .width = 100 };
	bed->hit = (struct monitor_hit){ .kind = MONITOR_HIT_WAIT, .number = 3 };
	bed->input = (struct hit_report_input){
		.hit = &bed->hit, .engine = bed->eng, .snapshot = &bed->snapshot, .threshold_ns = 10 * MS,
	};
	bed->asked_tid = 99;
	learn_names(bed);
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	summary_deinit(&bed->snapshot.summary);
	engine_destroy(bed->eng);
	names_destroy(bed->names);
	hit_stacks_deinit(&bed->stacks);
	free(bed->text);
	free(bed);
	return 0;
}

static void show(struct bed *bed, void (*write)(const struct episode *episode, void *arg))
{
	bed->result = -1;
	assert_int_equal(engine_for_each_open(bed->eng, bed->snapshot.now_at, write, bed), 0);
	assert_int_equal(bed->result, 0);
	assert_non_null(bed->text);
}

static void assert_says(const struct bed *bed, const char *words)
{
	if (!strstr(bed->text, words))
		fail_msg("it does not say \"%s\":\n%s", words, bed->text);
}

static void assert_says_not(const struct bed *bed, const char *words)
{
	if (strstr(bed->text, words))
		fail_msg("it says \"%s\":\n%s", words, bed->text);
}

static struct stacks_frames *add_stack(struct bed *bed, enum stacks_kind kind, int32_t tid, const char *comm)
{
	struct stacks_frames *frames;

	bed->input.stacks = &bed->stacks;
	if (!bed->stacks.items)
		bed->stacks.items = calloc(8, sizeof(*bed->stacks.items));
	assert_true(bed->stacks.nr_items < 8);
	bed->stacks.items[bed->stacks.nr_items].since_at = START_AT + 4 * MS;
	frames = &bed->stacks.items[bed->stacks.nr_items++].frames;
	*frames = (struct stacks_frames){ .kind = kind, .tid = tid, .cpu = 3 };
	snprintf(frames->comm, sizeof(frames->comm), "%s", comm);
	return frames;
}

static void add_frame(struct stacks_frames *frames, const char *name)
{
	snprintf(frames->frames[frames->nr_frames++], SYMBOLS_MAX_NAME, "%s", name);
}

/*
 * ---- waits ------------------------------------------------------------------------------------
 */

static void hit_report_of_a_wait_says_who_why_and_what_is_around(void **state)
{
	struct bed *bed = *state;

	bed->input.saved_path = "stall_trace.dat";
	bed->input.nr_unreported = 7;
	show(bed, report);
	assert_says(bed, "HIT 3  2023-11-14T22:13:21.014");
	assert_says(bed, "CPU 3: a wait of at least 10 ms");
	assert_says(bed, "has waited 12.000 ms on CPU 3, and still waits");
	assert_says(bed, "100.00 % interference by loop-rt (164, rt 55)");
	assert_says(bed, "CPU 3 now: loop-rt (164), rt 55, for 14.000 ms without a switch; "
		    "1,234 interrupts/s");
	assert_says(bed, "ready on CPU 3: 2 threads, the highest rank first");
	assert_true(strstr(bed->text, "irq/9-eth0 (77)") < strstr(bed->text, "12.000 ms  fair nice 0"));
	assert_says(bed, "not reported since the last one of this CPU: 7 hits");
	assert_says(bed, "the trace is saved: stall_trace.dat");
}

static void hit_report_keeps_hostile_names_from_the_terminal(void **state)
{
	struct bed *bed = *state;
	struct stacks_frames *frames = add_stack(bed, STACKS_OCCUPANT, 164, HOSTILE);

	add_frame(frames, "user code in " HOSTILE);
	bed->input.saved_path = "a\033[31mb";
	show(bed, report);
	for (const char *at = bed->text; *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at < 0x7f));
	assert_says(bed, "\\x1b[2J\\x9b%s%n\"\\ (tid 99");
}

static void hit_report_shows_stacks_or_says_why_there_is_none(void **state)
{
	struct bed *bed = *state;
	struct stacks_frames *frames = add_stack(bed, STACKS_WAITER, 99, "kworker/3:1");

	add_frame(frames, "worker_thread");
	add_frame(frames, "kthread");
	frames = add_stack(bed, STACKS_OCCUPANT, -1, "");
	snprintf(frames->why, sizeof(frames->why), "the CPU is off");
	frames = add_stack(bed, STACKS_SUSPENDED, 412, "ip");
	add_frame(frames, "__flush_work");
	bed->stacks.nr_suspended = 9;
	show(bed, report);
	assert_says(bed, "stack of the waiter, kworker/3:1 (99):\n      worker_thread\n      kthread\n");
	assert_says(bed, "stack of the occupant, whoever it is:\n      none: the CPU is off\n");
	assert_says(bed, "in D now: 9 threads\n    ip (412), for 10.000 ms:\n      __flush_work\n");
}

static void judge_and_write(const struct episode *episode, void *arg)
{
	struct bed *bed = arg;

	if (episode->tid == bed->asked_tid)
		hit_stacks_judge(&bed->stacks.items[0], &bed->stacks.items[1], bed->eng, episode);
	report(episode, arg);
}

/* The sample is of some microseconds later: the waiter runs. */
static void hit_report_never_takes_the_waiter_for_its_own_occupant(void **state)
{
	struct bed *bed = *state;

	add_frame(add_stack(bed, STACKS_WAITER, 99, "kworker/3:1"), "worker_thread");
	add_frame(add_stack(bed, STACKS_OCCUPANT, 99, "kworker/3:1"), "process_one_work");
	show(bed, judge_and_write);
	assert_says(bed, "stack of the waiter, kworker/3:1 (99):\n"
		    "      none: its wait was over when it was looked at\n");
	assert_says(bed, "stack of the occupant, loop-rt (164):\n"
		    "      none: when it was looked for, the waiter ran itself: who had the CPU");
	assert_says_not(bed, "process_one_work");
	assert_says_not(bed, "worker_thread");
	/* another one is left as it is */
	add_frame(&bed->stacks.items[1].frames, "do_syscall_64");
	bed->stacks.items[1].frames.why[0] = '\0';
	show(bed, judge_and_write);
	assert_says(bed, "stack of the occupant, loop-rt (164):\n      do_syscall_64\n");
	/* by the time of the snapshot it may have the CPU, too */
	bed->cpu.occupant = (struct culprit){ CULPRIT_THREAD, 99, "kworker/3:1" };
	show(bed, report);
	assert_says(bed, "CPU 3 now: by now the waiter itself, kworker/3:1 (99), rt 55");
}

static void hit_report_treats_addresses_as_it_was_told(void **state)
{
	static const struct {
		enum monitor_stack_format format;
		bool has_inner;
		bool has_address;
		bool has_outer;
	} rows[] = {
		{ MONITOR_STACK_TRUNCATE, true, false, false },
		{ MONITOR_STACK_SKIP, true, false, true },
		{ MONITOR_STACK_FULL, true, true, true },
	};
	struct bed *bed = *state;
	struct stacks_frames *frames = add_stack(bed, STACKS_OCCUPANT, 164, "loop-rt");

	add_frame(frames, "inner_function");
	add_frame(frames, "0xffffffffc0001234");
	add_frame(frames, "outer_function");
	for (size_t i = 0; i < 3; i++) {
		bed->input.stack_format = rows[i].format;
		show(bed, report);
		assert_int_equal(strstr(bed->text, "inner_function") != NULL, rows[i].has_inner);
		assert_int_equal(strstr(bed->text, "0xffffffffc0001234") != NULL, rows[i].has_address);
		assert_int_equal(strstr(bed->text, "outer_function") != NULL, rows[i].has_outer);
	}
}

static void hit_report_dumps_tasks_when_asked(void **state)
{
	struct bed *bed = *state;
	struct event start = { .tid = 164, .type = EVENT_WORK_START };
	struct works works = { .nr = 0 };

	start.work.function = names_add(bed->names, "drain_all\033", 10);
	show(bed, report);
	assert_says_not(bed, "Printing CPU tasks");
	bed->input.dumps_tasks = true;
	show(bed, report);
	assert_says(bed, "Printing CPU tasks:\n    [000]                 waker:90\n");
	assert_says(bed, "    [003]              loop-rt:164\n");
	/* what a worker is at, from its beginning to its end */
	bed->input.works = &works;
	works_count(&works, &start);
	show(bed, report);
	assert_says(bed, "    [003]              loop-rt:164 kworker:drain_all\\x1b\n");
	start.type = EVENT_WORK_END;
	works_count(&works, &start);
	show(bed, report);
	assert_says(bed, "    [003]              loop-rt:164\n");
	start.type = EVENT_WORK_START;
	for (start.tid = 1; start.tid <= 1000; start.tid++)
		works_count(&works, &start);
	assert_int_equal(works_of(&works, 1), 0);
	assert_int_equal(works_of(&works, 1000), start.work.function);
}

static void hit_report_refuses_a_snapshot_that_is_too_old(void **state)
{
	struct bed *bed = *state;

	bed->snapshot.summary.nr_names = 1;
	assert_int_equal(engine_for_each_open(bed->eng, bed->snapshot.now_at, report, bed), 0);
	assert_int_equal(bed->result, -EINVAL);
	assert_string_equal(bed->text, "");
	assert_int_equal(engine_for_each_open(bed->eng, bed->snapshot.now_at, report_line, bed), 0);
	assert_int_equal(bed->result, -EINVAL);
	assert_string_equal(bed->text, "");
}

static void hit_stacks_without_stacks_finds_who_is_in_d(void **state)
{
	struct bed *bed = *state;
	struct event later = { .at = START_AT + 6 * MS, .cpu = 0, .tid = 90, .type = EVENT_OTHER };
	struct episode wait = { .began_at = START_AT + 2 * MS, .tid = 99, .flags = EPISODE_STILL_OPEN };
	struct monitor_hit hit = { .kind = MONITOR_HIT_WAIT, .episode = &wait };

	feed(bed, &later);
	assert_int_equal(hit_stacks_take(&bed->stacks, NULL, bed->eng, &hit), 0);
	assert_int_equal(bed->stacks.nr_suspended, 1);
	assert_int_equal(bed->stacks.nr_items, 1);
	assert_int_equal(bed->stacks.items[0].frames.tid, 412);
	assert_int_equal(bed->stacks.items[0].since_at, START_AT + 4 * MS);
	assert_string_equal(bed->stacks.why, "they could not be prepared");
	hit_stacks_deinit(&bed->stacks);
	/* it was in D before this one began */
	wait.began_at = START_AT + 5 * MS;
	assert_int_equal(hit_stacks_take(&bed->stacks, NULL, bed->eng, &hit), 0);
	assert_int_equal(bed->stacks.nr_suspended, 0);
}

/*
 * ---- timerlat ---------------------------------------------------------------------------------
 */

#define ARRIVAL_AT (START_AT + 20 * MS)

static uint32_t culprit_of_tid(const struct bed *bed, int32_t tid)
{
	for (uint32_t i = 0; i < engine_nr_culprits(bed->eng); i++) {
		struct culprit who = engine_culprit(bed->eng, i);

		if (who.kind == CULPRIT_THREAD && who.id == tid)
			return i;
	}
	fail();
	return 0;
}

static uint64_t sum_of(const struct hit_split *split)
{
	uint64_t of_kinds = 0;
	uint64_t of_parts = 0;

	for (int i = 0; i < HIT_PART_NR_KINDS; i++)
		of_kinds += split->kinds[i];
	for (uint32_t i = 0; i < split->nr_parts; i++)
		of_parts += split->parts[i].charge.ns;
	assert_int_equal(of_kinds, of_parts);
	return of_parts;
}

/* Its interrupt: 700.001 us interrupts off in loop-rt, 1.999 us to its sample. */
static struct charge before[2] = {
	{ .ns = 700001, .cause = CAUSE_BLOCKING, .reason = REASON_IRQS_OFF },
	{ .ns = 1999, .cause = CAUSE_EXECUTION, .reason = REASON_RELEASE_PATH },
};

static struct timerlat_activation activation = {
	.arrival_at = ARRIVAL_AT, .irq_latency_ns = 702000, .thread_latency_ns = 1000000, .cpu = 3,
	.tid = 500, .has_irq = true, .has_thread = true, .nr_charges = 2, .charges = before,
};

/* Its thread: woken 1 us after the sample, loop-rt for 200 us, another timer interrupt for 50 us. */
static struct segment segments[2] = {
	{ .from_at = ARRIVAL_AT + 703000, .to_at = ARRIVAL_AT + 903000, .cpu = 3, .cause = CAUSE_INTERFERENCE,
	  .reason = REASON_THREAD, .on_behalf_of = CULPRIT_NONE },
	{ .from_at = ARRIVAL_AT + 903000, .to_at = ARRIVAL_AT + 953000, .cpu = 3, .cause = CAUSE_UNATTRIBUTED,
	  .reason = REASON_LOSS, .on_behalf_of = CULPRIT_NONE },
};

static struct charge charges[2] = {
	{ .ns = 200000, .cause = CAUSE_INTERFERENCE, .reason = REASON_THREAD },
	{ .ns = 50000, .cause = CAUSE_UNATTRIBUTED, .reason = REASON_LOSS },
};

static struct episode timer_wait(const struct bed *bed)
{
	uint32_t loop = culprit_of_tid(bed, 164);

	before[0].culprit = loop;
	segments[0].culprit = loop;
	charges[0].culprit = loop;
	return (struct episode){
		.began_at = ARRIVAL_AT + 703000, .ended_at = ARRIVAL_AT + 953000, .tid = 500, .cpu = 3,
		.began_by = EPISODE_BEGAN_BY_WAKING, .waker = CULPRIT_NONE, .work_queued_by = CULPRIT_NONE,
		.nr_charges = 2, .nr_segments = 2, .charges = charges, .segments = segments,
	};
}

static void write_timerlat(struct bed *bed, int (*write)(struct bed *bed, FILE *out))
{
	size_t size;
	FILE *out;

	free(bed->text);
	out = open_memstream(&bed->text, &size);
	assert_int_equal(write(bed, out), 0);
	fclose(out);
}

static int as_text(struct bed *bed, FILE *out)
{
	return hit_report_write(&bed->input, &bed->layout, out);
}

static void hit_split_of_a_thread_sums_and_knows_each_part(void **state)
{
	struct bed *bed = *state;
	struct episode wait = timer_wait(bed);
	struct hit_split split;

	bed->hit = (struct monitor_hit){ MONITOR_HIT_THREAD, &wait, &activation, 1 };
	assert_int_equal(hit_split_init(&split, &bed->hit), 0);
	assert_int_equal(split.total_ns, 1000000);
	assert_int_equal(sum_of(&split), 1000000);
	assert_int_equal(split.kinds[HIT_PART_HANDLER], 700001);
	assert_int_equal(split.kinds[HIT_PART_TIMER_IRQ], 1999 + 1000);
	assert_int_equal(split.kinds[HIT_PART_THREAD], 200000);
	assert_int_equal(split.kinds[HIT_PART_OWN], 47000);
	assert_int_equal(split.kinds[HIT_PART_UNATTRIBUTED], 50000);
	hit_split_deinit(&split);
}

static void hit_split_is_exact_whatever_is_missing_or_contradicts(void **state)
{
	struct bed *bed = *state;
	struct episode wait = timer_wait(bed);
	struct hit_split split;
	uint32_t seed = 1;

	/* arrivals, waits and latencies that need not fit together; folded segments; no interrupt */
	for (int i = 0; i < 20000; i++) {
		struct timerlat_activation odd = activation;
		struct episode any = wait;

		seed = seed * 1664525 + 1013904223;
		odd.has_irq = seed >> 8 & 7;
		odd.has_thread = seed >> 12 & 3;
		odd.has_user = seed >> 11 & 1;
		odd.thread_latency_ns = seed >> 9;
		odd.user_latency_ns = seed >> 7;
		odd.irq_latency_ns = i % 5 ? activation.irq_latency_ns : seed >> 10;
		odd.arrival_at = odd.has_irq ? ARRIVAL_AT - 500000 + (seed >> 12) : 0;
		any.nr_segments = seed >> 16 & 1 ? 2 : seed >> 17 & 1;
		any.flags = seed >> 18 & EPISODE_STILL_OPEN;
		any.began_by = seed >> 19 & 1;
		bed->hit = (struct monitor_hit){ seed >> 20 & 1 ? MONITOR_HIT_THREAD : MONITOR_HIT_IRQ,
						 seed >> 21 & 3 ? &any : NULL, &odd, 1 };
		assert_int_equal(hit_split_init(&split, &bed->hit), 0);
		assert_int_equal(sum_of(&split), split.total_ns);
		hit_split_deinit(&split);
	}
}

static void hit_split_of_an_interrupt_borrows_nothing_from_the_thread(void **state)
{
	struct bed *bed = *state;
	struct episode wait = timer_wait(bed);
	struct hit_split split;

	bed->hit = (struct monitor_hit){ MONITOR_HIT_IRQ, &wait, &activation, 1 };
	assert_int_equal(hit_split_init(&split, &bed->hit), 0);
	assert_int_equal(split.total_ns, 702000);
	assert_int_equal(split.kinds[HIT_PART_HANDLER], 700001);
	assert_int_equal(split.kinds[HIT_PART_TIMER_IRQ], 1999);
	assert_int_equal(split.nr_parts, 2);
	hit_split_deinit(&split);
}

static void hit_report_of_timerlat_has_the_lines_that_rtla_has(void **state)
{
	struct bed *bed = *state;
	struct episode wait = timer_wait(bed);
	struct hit_idle idle = { true, 3, 12345 };

	bed->hit = (struct monitor_hit){ MONITOR_HIT_THREAD, &wait, &activation, 1 };
	bed->input.idle = &idle;
	write_timerlat(bed, as_text);
	assert_says(bed, "\n## CPU 3 hit stop tracing, analyzing it ##\n");
	assert_says(bed, "\n  IRQ handler delay:                                     700.001 us (70.00 %)\n");
	assert_says(bed, "\n               loop-rt:164                             700.001 us  "
		    "blocking irqs-off\n");
	assert_says(bed, "\n  IRQ latency:                                           702.000 us\n");
	assert_says(bed, "\n  Timerlat IRQ duration:                                   2.999 us (0.30 %)\n");
	assert_says(bed, "\n  Thread interference                                    200.000 us (20.00 %)\n");
	assert_says(bed, "\n  Unattributed:                                           50.000 us (5.00 %)\n");
	assert_says(bed, "\n----------------------------------------------------------------------"
		    "--\n  Thread latency:                                       1000.000 us (100%)\n");
	assert_says(bed, "\nMax timerlat IRQ latency from idle: 12.345 us in cpu 3\n");
	bed->hit.kind = MONITOR_HIT_IRQ;
	write_timerlat(bed, as_text);
	assert_says(bed, "\n  Blocking thread:\n               loop-rt:164\n");
	assert_says(bed, "\n     IRQ latency:                                        702.000 us (100%)\n");
	assert_says_not(bed, "Thread latency");
}

static void hit_report_of_timerlat_says_that_it_left_idle(void **state)
{
	struct bed *bed = *state;
	struct episode wait = timer_wait(bed);
	struct hit_idle idle = { 0 };

	bed->hit = (struct monitor_hit){ MONITOR_HIT_IRQ, &wait, &activation, 1 };
	before[0] = (struct charge){ .ns = 700001, .cause = CAUSE_RELEASE_JITTER,
				     .reason = REASON_IDLE_EXIT };
	hit_idle_count(&idle, &activation);
	write_timerlat(bed, as_text);
	before[0] = (struct charge){ .ns = 700001, .cause = CAUSE_BLOCKING, .reason = REASON_IRQS_OFF };
	assert_says(bed, "  IRQ handler delay:                    (exit from idle)   700.001 us");
	assert_true(idle.is_known);
	assert_int_equal(idle.ns, 702000);
	hit_idle_count(&idle, &activation);
	assert_int_equal(idle.cpu, 3);
}

/*
 * ---- lines ------------------------------------------------------------------------------------
 */

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no \"%s\" in %s", key, json_object_to_json_string(object));
	return value;
}

static struct json_object *parse_line(const struct bed *bed)
{
	struct json_object *object;

	assert_ptr_equal(strchr(bed->text, '\n'), bed->text + strlen(bed->text) - 1);
	object = json_tokener_parse(bed->text);
	assert_non_null(object);
	return object;
}

static void hit_lines_are_one_object_a_line(void **state)
{
	struct bed *bed = *state;
	struct stacks_frames *frames = add_stack(bed, STACKS_WAITER, 99, HOSTILE);
	struct json_object *line;
	struct json_object *stack;

	add_frame(frames, "worker_thread");
	bed->input.nr_unreported = 4;
	show(bed, report_line);
	line = parse_line(bed);
	assert_string_equal(json_object_get_string(member(line, "schema")), "rtla-stall/1");
	assert_int_equal(json_object_get_int64(member(line, "hit")), 3);
	assert_string_equal(json_object_get_string(member(line, "kind")), "wait");
	assert_int_equal(json_object_get_int64(member(line, "wall_ns")),
			 INT64_C(1700000000) * 1000000000 + (int64_t)(START_AT + 14 * MS));
	assert_int_equal(json_object_get_int64(member(line, "unreported")), 4);
	assert_int_equal(json_object_get_int64(member(member(line, "stall"), "wait_ns")), 12 * MS);
	assert_int_equal(json_object_array_length(member(line, "ready")), 2);
	assert_null(member(line, "trace"));
	stack = json_object_array_get_idx(member(line, "stacks"), 0);
	assert_string_equal(json_object_get_string(member(stack, "kind")), "waiter");
	assert_int_equal(json_object_get_int64(member(member(stack, "of"), "id")), 99);
	assert_int_equal(json_object_array_length(member(stack, "frames")), 1);
	json_object_put(line);
	for (const char *at = bed->text; *at; at++)
		assert_true(*at == '\n' || (*at & 0x80) || *at >= ' ');
}

static int as_line(struct bed *bed, FILE *out)
{
	return hit_lines_write(&bed->input, out);
}

static void hit_lines_of_timerlat_sum(void **state)
{
	struct bed *bed = *state;
	struct episode wait = timer_wait(bed);
	struct json_object *line;
	struct json_object *parts;
	int64_t sum = 0;

	bed->hit = (struct monitor_hit){ MONITOR_HIT_THREAD, &wait, &activation, 1 };
	write_timerlat(bed, as_line);
	line = parse_line(bed);
	assert_string_equal(json_object_get_string(member(line, "kind")), "thread");
	parts = member(member(line, "timerlat"), "parts");
	for (size_t i = 0; i < json_object_array_length(parts); i++)
		sum += json_object_get_int64(member(json_object_array_get_idx(parts, i), "ns"));
	assert_int_equal(sum, 1000000);
	assert_int_equal(json_object_get_int64(member(member(line, "timerlat"), "total_ns")), 1000000);
	json_object_put(line);
}

static void hit_report_says_that_nothing_more_can_be_written(void **state)
{
	struct bed *bed = *state;
	struct episode wait = timer_wait(bed);
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		skip();
	bed->hit = (struct monitor_hit){ MONITOR_HIT_THREAD, &wait, &activation, 1 };
	assert_int_equal(hit_report_write(&bed->input, &bed->layout, full), -ENOSPC);
	assert_int_equal(hit_lines_write(&bed->input, full), -ENOSPC);
	fclose(full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hit_report_of_a_wait_says_who_why_and_what_is_around),
		TEST(hit_report_keeps_hostile_names_from_the_terminal),
		TEST(hit_report_shows_stacks_or_says_why_there_is_none),
		TEST(hit_report_never_takes_the_waiter_for_its_own_occupant),
		TEST(hit_report_treats_addresses_as_it_was_told),
		TEST(hit_report_dumps_tasks_when_asked),
		TEST(hit_report_refuses_a_snapshot_that_is_too_old),
		TEST(hit_stacks_without_stacks_finds_who_is_in_d),
		TEST(hit_split_of_a_thread_sums_and_knows_each_part),
		TEST(hit_split_is_exact_whatever_is_missing_or_contradicts),
		TEST(hit_split_of_an_interrupt_borrows_nothing_from_the_thread),
		TEST(hit_report_of_timerlat_has_the_lines_that_rtla_has),
		TEST(hit_report_of_timerlat_says_that_it_left_idle),
		TEST(hit_lines_are_one_object_a_line),
		TEST(hit_lines_of_timerlat_sum),
		TEST(hit_report_says_that_nothing_more_can_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
