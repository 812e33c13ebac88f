// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event decoder, by formats of kernels of several ages: fields are found wherever they are, and
 * the letters of a state are those of the kernel that wrote it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "source/decode.h"
#include "util/names.h"

#define HEAD \
	"format:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

#define SWITCH_FIELDS \
	"\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:1;\n" \
	"\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n" \
	"\tfield:int prev_prio;\toffset:28;\tsize:4;\tsigned:1;\n" \
	"\tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n" \
	"\tfield:char next_comm[16];\toffset:40;\tsize:16;\tsigned:1;\n" \
	"\tfield:pid_t next_pid;\toffset:56;\tsize:4;\tsigned:1;\n" \
	"\tfield:int next_prio;\toffset:60;\tsize:4;\tsigned:1;\n\n"

#define ID 7

struct fixture {
	struct names *names;
	struct decoder *decoder;
	uint8_t record[256];
	struct event event;
};

static uint32_t find_symbol(void *arg, uint64_t address, bool is_entry)
{
	char name[32];
	int length = snprintf(name, sizeof(name), "%s_%llx", is_entry ? "entry" : "f",
			      (unsigned long long)address);

	return names_add(arg, name, (size_t)length);
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct decoder_config config = { .long_size = 8, .nr_cpus = 8, .find_symbol = find_symbol };

	memset(&fixture, 0, sizeof(fixture));
	fixture.names = config.names = config.arg = names_create();
	assert_non_null(fixture.names);
	assert_int_equal(decoder_create(&config, &fixture.decoder), 0);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	decoder_destroy(fixture->decoder);
	names_destroy(fixture->names);
	return 0;
}

/* A second decoder for the same names, where one test needs several. */
static void start_again(struct fixture *fixture)
{
	void *state = fixture;

	teardown(&state);
	setup(&state);
}

static void add(struct fixture *fixture, const char *system, const char *name, const char *rest)
{
	char text[8192];
	int length = snprintf(text, sizeof(text), "name: %s\nID: %d\n%s", name, ID, rest);

	assert_true(length > 0 && (size_t)length < sizeof(text));
	assert_int_equal(decoder_add_format(fixture->decoder, system, text, (size_t)length), 0);
	memset(fixture->record, 0, sizeof(fixture->record));
	fixture->record[0] = ID;
	fixture->record[4] = 42;
}

static void put(struct fixture *fixture, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fixture->record[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_text(struct fixture *fixture, size_t at, const char *text)
{
	memcpy(fixture->record + at, text, strlen(text) + 1);
}

static const struct event *decode(struct fixture *fixture, size_t size)
{
	memset(&fixture->event, 0xa5, sizeof(fixture->event));
	assert_int_equal(decoder_decode(fixture->decoder, 3, 1000, fixture->record, size,
					&fixture->event), DECODE_OK);
	assert_int_equal(fixture->event.at, 1000);
	assert_int_equal(fixture->event.cpu, 3);
	return &fixture->event;
}

static void check_name(const struct fixture *fixture, uint32_t name, const char *text)
{
	assert_string_equal(names_get(fixture->names, name), text);
}

/* The state tables of kernels of four ages, as their format files have them. */
#define PRINT_6_1 \
	"print fmt: \"prev_comm=%s\", REC->prev_comm, (REC->prev_state & ((((0x00000000 | 0x00000001 " \
	"| 0x00000002 | 0x00000004 | 0x00000008 | 0x00000010 | 0x00000020 | 0x00000040) + 1) << 1) - 1)) " \
	"? __print_flags(REC->prev_state & ((((0x00000000 | 0x00000001 | 0x00000002 | 0x00000004 | " \
	"0x00000008 | 0x00000010 | 0x00000020 | 0x00000040) + 1) << 1) - 1), \"|\", { 0x00000001, \"S\" }, " \
	"{ 0x00000002, \"D\" }, { 0x00000004, \"T\" }, { 0x00000008, \"t\" }, { 0x00000010, \"X\" }, " \
	"{ 0x00000020, \"Z\" }, { 0x00000040, \"P\" }, { 0x00000080, \"I\" }) : \"R\", REC->prev_state & " \
	"(((0x00000000 | 0x00000001 | 0x00000002 | 0x00000004 | 0x00000008 | 0x00000010 | 0x00000020 | " \
	"0x00000040) + 1) << 1) ? \"+\" : \"\", REC->next_comm\n"
#define PRINT_4_14 \
	"print fmt: \"%s\", REC->prev_comm, REC->prev_state & (4096-1) ? __print_flags(REC->prev_state & " \
	"(4096-1), \"|\", { 0x01, \"S\" }, { 0x02, \"D\" }, { 0x04, \"T\" }, { 0x08, \"t\" }, " \
	"{ 0x10, \"X\" }, { 0x20, \"Z\" }, { 0x40, \"P\" }, { 0x80, \"I\" }) : \"R\", " \
	"REC->prev_state & 4096 ? \"+\" : \"\"\n"
#define PRINT_4_8 \
	"print fmt: \"%s\", REC->prev_comm, REC->prev_state & (2048-1) ? __print_flags(REC->prev_state & " \
	"(2048-1), \"|\", { 1, \"S\"} , { 2, \"D\" }, { 4, \"T\" }, { 8, \"t\" }, { 16, \"Z\" }, " \
	"{ 32, \"X\" }, { 64, \"x\" }, { 128, \"K\" }, { 256, \"W\" }, { 512, \"P\" }, " \
	"{ 1024, \"N\" }) : \"R\", REC->prev_state & 2048 ? \"+\" : \"\"\n"
#define PRINT_3_10 \
	"print fmt: \"%s\", REC->prev_comm, REC->prev_state & (1024-1) ? __print_flags(REC->prev_state & " \
	"(1024-1), \"|\", { 1, \"S\"} , { 2, \"D\" }, { 4, \"T\" }, { 8, \"t\" }, { 16, \"Z\" }, " \
	"{ 32, \"X\" }, { 64, \"x\" }, { 128, \"K\" }, { 256, \"W\" }, { 512, \"P\" }) : \"R\", " \
	"REC->prev_state & 1024 ? \"+\" : \"\"\n"

static void test_state_is_read_by_the_kernels_own_table(void **state)
{
	static const struct {
		const char *print;
		uint64_t value;
		enum event_left left;
	} cases[] = {
		{ PRINT_6_1, 0, LEFT_READY },
		{ PRINT_6_1, 0x100, LEFT_PREEMPTED },
		{ PRINT_6_1, 0x101, LEFT_PREEMPTED },
		{ PRINT_6_1, 0x01, LEFT_SLEEPING },
		{ PRINT_6_1, 0x02, LEFT_SUSPENDED },
		{ PRINT_6_1, 0x04, LEFT_SLEEPING },
		{ PRINT_6_1, 0x08, LEFT_SLEEPING },
		{ PRINT_6_1, 0x10, LEFT_DEAD },
		{ PRINT_6_1, 0x20, LEFT_DEAD },
		{ PRINT_6_1, 0x40, LEFT_SLEEPING },
		{ PRINT_6_1, 0x80, LEFT_SLEEPING },
		{ PRINT_6_1, 0x82, LEFT_SLEEPING },
		{ PRINT_6_1, 0x4000, LEFT_UNKNOWN },
		{ PRINT_4_14, 0x1000, LEFT_PREEMPTED },
		{ PRINT_4_14, 1, LEFT_SLEEPING },	/* here a state is the number of its row */
		{ PRINT_4_14, 2, LEFT_SUSPENDED },
		{ PRINT_4_14, 3, LEFT_SLEEPING },
		{ PRINT_4_14, 5, LEFT_DEAD },
		{ PRINT_4_14, 6, LEFT_DEAD },
		{ PRINT_4_14, 7, LEFT_SLEEPING },
		{ PRINT_4_14, 8, LEFT_SLEEPING },
		{ PRINT_4_8, 0x800, LEFT_PREEMPTED },
		{ PRINT_4_8, 0x02, LEFT_SUSPENDED },
		{ PRINT_4_8, 0x402, LEFT_SLEEPING },	/* D|N */
		{ PRINT_4_8, 0x82, LEFT_SUSPENDED },	/* D|K */
		{ PRINT_4_8, 0x40, LEFT_DEAD },
		{ PRINT_4_8, 0x84, LEFT_SLEEPING },
		{ PRINT_3_10, 0x400, LEFT_PREEMPTED },
		{ PRINT_3_10, 0x200, LEFT_SLEEPING },
		{ PRINT_3_10, 16, LEFT_DEAD },
		{ "print fmt: \"%s\"\n", 0, LEFT_READY },
		{ "print fmt: \"%s\"\n", 1, LEFT_UNKNOWN },
		{ "", 2, LEFT_UNKNOWN },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[4096];

		start_again(fixture);
		snprintf(text, sizeof(text), "%s%s", HEAD SWITCH_FIELDS, cases[i].print);
		add(fixture, "sched", "sched_switch", text);
		put(fixture, 32, cases[i].value, 8);
		assert_int_equal(decode(fixture, 64)->type, EVENT_SWITCH);
		if (fixture->event.sw.left != cases[i].left)
			fail_msg("case %zu: state 0x%llx gave %d", i,
				 (unsigned long long)cases[i].value, fixture->event.sw.left);
	}
}

static void test_switch_has_all_its_fields(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	add(fixture, "sched", "sched_switch", HEAD SWITCH_FIELDS PRINT_6_1);
	memset(fixture->record + 8, 'x', 16);	/* no NUL at all */
	put(fixture, 24, 0x7fffffff, 4);
	put(fixture, 28, (uint64_t)-1, 4);
	memcpy(fixture->record + 40, "kworker\0garbage!", 16);
	put(fixture, 56, 9, 4);
	put(fixture, 60, 139, 4);
	event = decode(fixture, 64);
	assert_string_equal(event->sw.prev_comm, "xxxxxxxxxxxxxxx");
	assert_int_equal(event->sw.prev_tid, 0x7fffffff);
	assert_int_equal(event->sw.prev_prio, -1);
	assert_memory_equal(event->sw.next_comm, "kworker\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(event->sw.next_tid, 9);
	assert_int_equal(event->sw.next_prio, 139);
	assert_int_equal(event->tid, 42);
	assert_int_equal(decoder_events(fixture->decoder), EVENT_BIT(EVENT_SWITCH));
}

static void test_comm_of_every_kind(void **state)
{
	static const struct {
		const char *field;
		size_t offset;		/* of the text */
		uint64_t word;
		const char *comm;
	} cases[] = {
		{ "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:1;\n", 8, 0, "rcuc/1" },
		{ "\tfield:char comm[8];\toffset:8;\tsize:8;\tsigned:1;\n", 8, 0, "rcuc/1" },
		{ "\tfield:char comm[32];\toffset:8;\tsize:32;\tsigned:1;\n", 8, 0, "a-name-longer-t" },
		{ "\tfield:__data_loc char[] comm;\toffset:8;\tsize:4;\tsigned:1;\n", 60,
		  20u << 16 | 60, "rcuc/1" },
		{ "\tfield:__rel_loc char[] comm;\toffset:8;\tsize:4;\tsigned:1;\n", 60,
		  20u << 16 | 48, "rcuc/1" },
		/* beyond the record, which has 80 bytes */
		{ "\tfield:__data_loc char[] comm;\toffset:8;\tsize:4;\tsigned:1;\n", 60,
		  21u << 16 | 60, "" },
		{ "\tfield:__data_loc char[] comm;\toffset:8;\tsize:4;\tsigned:1;\n", 60, UINT32_MAX, "" },
		{ "\tfield:__rel_loc char[] comm;\toffset:8;\tsize:4;\tsigned:1;\n", 60, UINT32_MAX, "" },
		{ "\tfield:__data_loc char[] comm;\toffset:8;\tsize:4;\tsigned:1;\n", 60, 60, "" },
		{ "\tfield:int comm;\toffset:8;\tsize:4;\tsigned:1;\n", 60, 0, "" },
		{ "", 60, 0, "" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[2048];

		start_again(fixture);
		snprintf(text, sizeof(text), "%s%s%s", HEAD, cases[i].field,
			 "\tfield:pid_t pid;\toffset:44;\tsize:4;\tsigned:1;\n"
			 "\tfield:int prio;\toffset:48;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n");
		add(fixture, "sched", "sched_waking", text);
		put(fixture, 44, 77, 4);
		put(fixture, 48, 98, 4);
		if (cases[i].offset == 60)
			put(fixture, 8, cases[i].word, 4);
		put_text(fixture, cases[i].offset,
			 strstr(cases[i].field, "[32]") ? "a-name-longer-than-a-comm" : "rcuc/1");
		assert_int_equal(decode(fixture, 80)->type, EVENT_WAKING);
		assert_string_equal(fixture->event.wake.comm, cases[i].comm);
		assert_int_equal(fixture->event.wake.tid, 77);
		assert_int_equal(fixture->event.wake.target_cpu, UINT32_MAX);
	}
}

static void test_wakeup_of_an_old_kernel(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "sched", "sched_wakeup", HEAD
	    "\tfield:char comm[16];\toffset:8;\tsize:16;\n"
	    "\tfield:pid_t pid;\toffset:24;\tsize:4;\n"
	    "\tfield:int prio;\toffset:28;\tsize:4;\n"
	    "\tfield:int success;\toffset:32;\tsize:4;\n"
	    "\tfield:int cpu;\toffset:36;\tsize:4;\n\nprint fmt: \"\"\n");
	put(fixture, 24, 5, 4);
	put(fixture, 28, 120, 4);
	put(fixture, 36, 2, 4);
	assert_int_equal(decode(fixture, 40)->type, EVENT_OTHER);	/* it was awake already */
	put(fixture, 32, 1, 4);
	assert_int_equal(decode(fixture, 40)->type, EVENT_WAKEUP);
	assert_int_equal(fixture->event.wake.target_cpu, 2);
}

static void test_flags_of_the_head(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	add(fixture, "preemptirq", "irq_disable", HEAD "print fmt: \"\"\n");
	fixture->record[2] = 0x01 | 0x02 | 0x08 | 0x80;
	fixture->record[3] = 0x43;
	event = decode(fixture, 8);
	assert_int_equal(event->type, EVENT_IRQS_OFF);
	assert_int_equal(event->flags, EVENT_HAS_FLAGS | EVENT_FLAG_IRQS_OFF | EVENT_FLAG_HARDIRQ |
			 EVENT_FLAG_BH_OFF);
	assert_int_equal(event->preempt_depth, 3);
	decoder_set_lazy_flag(fixture->decoder, true);
	fixture->record[2] = 0x02 | 0x04 | 0x10 | 0x20 | 0x40;
	event = decode(fixture, 8);
	assert_int_equal(event->flags, EVENT_HAS_FLAGS | EVENT_FLAG_NEED_RESCHED_LAZY |
			 EVENT_FLAG_NEED_RESCHED | EVENT_FLAG_SOFTIRQ | EVENT_FLAG_NMI);
}

static void test_interrupts_have_names_and_numbers(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	add(fixture, "irq", "irq_handler_entry", HEAD
	    "\tfield:int irq;\toffset:8;\tsize:4;\tsigned:1;\n"
	    "\tfield:__data_loc char[] name;\toffset:12;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n");
	put(fixture, 8, 24, 4);
	put(fixture, 12, 5u << 16 | 16, 4);
	put_text(fixture, 16, "eth0");
	event = decode(fixture, 24);
	assert_int_equal(event->type, EVENT_IRQ_ENTRY);
	assert_int_equal(event->irq.number, 24);
	check_name(fixture, event->irq.name, "eth0");
	assert_false(decoder_has_vectors(fixture->decoder));

	start_again(fixture);
	add(fixture, "irq_vectors", "local_timer_exit", HEAD
	    "\tfield:int vector;\toffset:8;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n");
	put(fixture, 8, 236, 4);
	assert_false(decoder_seen_vectors(fixture->decoder));
	event = decode(fixture, 12);
	assert_int_equal(event->type, EVENT_IRQ_EXIT);
	assert_int_equal(event->irq.number, 236);
	check_name(fixture, event->irq.name, "local_timer");
	assert_true(decoder_has_x86_vectors(fixture->decoder));
	assert_true(decoder_seen_vectors(fixture->decoder));

	start_again(fixture);
	add(fixture, "irq_vectors", "vector_alloc", HEAD
	    "\tfield:unsigned int irq;\toffset:8;\tsize:4;\tsigned:0;\n\nprint fmt: \"\"\n");
	assert_int_equal(decode(fixture, 12)->type, EVENT_OTHER);
	assert_false(decoder_has_vectors(fixture->decoder));

	start_again(fixture);
	add(fixture, "irq", "softirq_entry", HEAD
	    "\tfield:unsigned int vec;\toffset:8;\tsize:4;\tsigned:0;\n\n"
	    "print fmt: \"vec=%u [action=%s]\", REC->vec, __print_symbolic(REC->vec, { 0, \"HI\" }, "
	    "{ 1, \"TIMER\" }, { 2, \"NET_TX\" })\n");
	put(fixture, 8, 1, 4);
	event = decode(fixture, 12);
	check_name(fixture, event->irq.name, "TIMER");
	put(fixture, 8, 0xffffff, 4);
	event = decode(fixture, 12);
	assert_int_equal(event->irq.number, 0xffffff);
	check_name(fixture, event->irq.name, "");
}

static void test_work_items(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	add(fixture, "workqueue", "workqueue_queue_work", HEAD
	    "\tfield:void * work;\toffset:8;\tsize:8;\tsigned:0;\n"
	    "\tfield:void * function;\toffset:16;\tsize:8;\tsigned:0;\n"
	    "\tfield:__data_loc char[] workqueue;\toffset:24;\tsize:4;\tsigned:1;\n"
	    "\tfield:int req_cpu;\toffset:28;\tsize:4;\tsigned:1;\n"
	    "\tfield:int cpu;\toffset:32;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n");
	put(fixture, 8, UINT64_C(0xffff888012345678), 8);
	put(fixture, 16, 0xabc, 8);
	put(fixture, 24, 7u << 16 | 40, 4);
	put(fixture, 28, 8192, 4);
	put(fixture, 32, 3, 4);
	put_text(fixture, 40, "events");
	event = decode(fixture, 48);
	assert_int_equal(event->type, EVENT_WORK_QUEUE);
	assert_int_equal(event->work.work, UINT64_C(0xffff888012345678));
	check_name(fixture, event->work.function, "entry_abc");
	check_name(fixture, event->work.workqueue, "events");
	assert_int_equal(event->work.req_cpu, UINT32_MAX);
	assert_int_equal(event->work.cpu, 3);
	put(fixture, 32, (uint64_t)-1, 4);
	assert_int_equal(decode(fixture, 48)->work.cpu, UINT32_MAX);

	start_again(fixture);	/* before 5.11 the workqueue is an address */
	add(fixture, "workqueue", "workqueue_queue_work", HEAD
	    "\tfield:void * work;\toffset:8;\tsize:8;\tsigned:0;\n"
	    "\tfield:void * workqueue;\toffset:16;\tsize:8;\tsigned:0;\n\nprint fmt: \"\"\n");
	put(fixture, 16, 0xabc, 8);
	event = decode(fixture, 24);
	check_name(fixture, event->work.workqueue, "");
	check_name(fixture, event->work.function, "");
	assert_int_equal(event->work.req_cpu, UINT32_MAX);
}

static void test_stack_ends_where_it_says(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	add(fixture, "ftrace", "kernel_stack", HEAD
	    "\tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n"
	    "\tfield:unsigned long caller[8];\toffset:16;\tsize:64;\tsigned:0;\n\nprint fmt: \"\"\n");
	for (size_t i = 0; i < 12; i++)
		put(fixture, 16 + 8 * i, 0x100 + i, 8);
	put(fixture, 8, 10, 4);
	event = decode(fixture, 16 + 8 * 12);
	assert_int_equal(event->type, EVENT_STACK);
	assert_int_equal(event->stack.nr_frames, 10);	/* more than the format's eight */
	check_name(fixture, event->stack.frames[0], "f_100");
	check_name(fixture, event->stack.frames[9], "f_109");
	assert_int_equal(decode(fixture, 16 + 8 * 3)->stack.nr_frames, 3);	/* no more in the record */
	put(fixture, 16 + 8 * 2, UINT64_MAX, 8);
	assert_int_equal(decode(fixture, 16 + 8 * 12)->stack.nr_frames, 2);
	put(fixture, 8, UINT32_MAX, 4);
	assert_int_equal(decode(fixture, 16)->stack.nr_frames, 0);
}

static void test_the_other_events(void **state)
{
	struct fixture *fixture = *state;
	const struct event *event;

	add(fixture, "sched", "sched_pi_setprio", HEAD
	    "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"
	    "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	    "\tfield:int oldprio;\toffset:28;\tsize:4;\tsigned:1;\n"
	    "\tfield:int newprio;\toffset:32;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n");
	put(fixture, 24, 5, 4);
	put(fixture, 28, 120, 4);
	put(fixture, 32, 49, 4);
	event = decode(fixture, 36);
	assert_int_equal(event->type, EVENT_PI_SETPRIO);
	assert_int_equal(event->pi.tid, 5);
	assert_int_equal(event->pi.old_prio, 120);
	assert_int_equal(event->pi.new_prio, 49);

	start_again(fixture);
	add(fixture, "sched", "sched_process_exec", HEAD
	    "\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:1;\n"
	    "\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n"
	    "\tfield:pid_t old_pid;\toffset:16;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n");
	put(fixture, 12, 5, 4);
	put(fixture, 16, 6, 4);
	event = decode(fixture, 20);
	assert_int_equal(event->type, EVENT_EXEC);
	assert_int_equal(event->task.tid, 5);
	assert_int_equal(event->task.old_tid, 6);
	assert_string_equal(event->task.comm, "");

	start_again(fixture);	/* newest kernels: whose name it is, is in the head only */
	add(fixture, "task", "task_rename", HEAD
	    "\tfield:char newcomm[16];\toffset:8;\tsize:16;\tsigned:1;\n\nprint fmt: \"\"\n");
	put_text(fixture, 8, "new");
	event = decode(fixture, 24);
	assert_int_equal(event->type, EVENT_RENAME);
	assert_int_equal(event->task.tid, 42);
	assert_string_equal(event->task.comm, "new");

	start_again(fixture);
	add(fixture, "task", "task_newtask", HEAD
	    "\tfield:pid_t pid;\toffset:8;\tsize:4;\tsigned:1;\n"
	    "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:1;\n\nprint fmt: \"\"\n");
	put(fixture, 8, 99, 4);
	put_text(fixture, 12, "child");
	event = decode(fixture, 28);
	assert_int_equal(event->type, EVENT_FORK);
	assert_int_equal(event->fork.parent_tid, TID_UNKNOWN);
	assert_int_equal(event->fork.tid, 99);
	assert_string_equal(event->fork.comm, "child");

	start_again(fixture);
	add(fixture, "ftrace", "timerlat", HEAD
	    "\tfield:unsigned int seqnum;\toffset:8;\tsize:4;\tsigned:0;\n"
	    "\tfield:int context;\toffset:12;\tsize:4;\tsigned:1;\n"
	    "\tfield:u64 timer_latency;\toffset:16;\tsize:8;\tsigned:0;\n\nprint fmt: \"\"\n");
	put(fixture, 8, 6351, 4);
	put(fixture, 12, 1, 4);
	put(fixture, 16, 10532070, 8);
	event = decode(fixture, 24);
	assert_int_equal(event->type, EVENT_TIMERLAT);
	assert_int_equal(event->timerlat.seqnum, 6351);
	assert_int_equal(event->timerlat.context, 1);
	assert_int_equal(event->timerlat.timer_latency_ns, 10532070);

	start_again(fixture);
	add(fixture, "lock", "contention_end", HEAD
	    "\tfield:void * lock_addr;\toffset:8;\tsize:8;\tsigned:0;\n"
	    "\tfield:int ret;\toffset:16;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n");
	put(fixture, 8, 0xabcd, 8);
	put(fixture, 16, (uint64_t)-35, 4);
	event = decode(fixture, 20);
	assert_int_equal(event->type, EVENT_LOCK_END);
	assert_int_equal(event->lock.address, 0xabcd);
	assert_int_equal(event->lock.result, -35);

	start_again(fixture);
	add(fixture, "osnoise", "thread_noise", HEAD
	    "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"
	    "\tfield:u64 start;\toffset:24;\tsize:8;\tsigned:0;\n"
	    "\tfield:u64 duration;\toffset:32;\tsize:8;\tsigned:0;\n"
	    "\tfield:pid_t pid;\toffset:40;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n");
	put_text(fixture, 8, "rcu_preempt");
	put(fixture, 32, 4711, 8);
	put(fixture, 40, 17, 4);
	event = decode(fixture, 44);
	assert_int_equal(event->type, EVENT_THREAD_NOISE);
	assert_int_equal(event->thread_noise.tid, 17);
	assert_int_equal(event->thread_noise.duration_ns, 4711);
	assert_string_equal(event->thread_noise.comm, "rcu_preempt");
}

static void test_short_and_unknown_records(void **state)
{
	struct fixture *fixture = *state;
	struct event event;

	assert_int_equal(decoder_decode(fixture->decoder, 0, 5, fixture->record, 8, &event), DECODE_SHORT);
	assert_int_equal(event.tid, TID_UNKNOWN);
	add(fixture, "sched", "sched_switch", HEAD SWITCH_FIELDS PRINT_6_1);
	for (size_t size = 0; size < 64; size++) {
		assert_int_equal(decoder_decode(fixture->decoder, 0, 5, fixture->record, size, &event),
				 DECODE_SHORT);
		assert_int_equal(event.type, EVENT_OTHER);
		assert_int_equal(event.at, 5);
		assert_int_equal(event.tid, size < 8 ? TID_UNKNOWN : 42);
	}
	fixture->record[0] = ID + 1;
	assert_int_equal(decoder_decode(fixture->decoder, 0, 5, fixture->record, 64, &event),
			 DECODE_UNKNOWN);
	assert_int_equal(event.type, EVENT_OTHER);
	assert_int_equal(event.tid, 42);
	fixture->record[1] = 0xff;
	assert_int_equal(decoder_decode(fixture->decoder, 0, 5, fixture->record, 64, &event),
			 DECODE_UNKNOWN);
}

static void test_format_without_what_it_needs_is_of_no_use(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "sched", "sched_switch", HEAD
	    "\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n");
	assert_int_equal(decode(fixture, 64)->type, EVENT_OTHER);
	assert_int_equal(decoder_nr_formats(fixture->decoder), 1);
	assert_false(decoder_events(fixture->decoder) & EVENT_BIT(EVENT_SWITCH));
}

static void test_hostile_formats_do_no_harm(void **state)
{
	static const char *const bodies[] = {
		"",
		"format:\n",
		"format:\n\tfield:;\toffset:0;\tsize:2;\tsigned:0;\n",
		"format:\n\tfield:unsigned short common_type;\toffset:99999999999;\tsize:2;\tsigned:0;\n",
		"format:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:65535;\tsize:4;\tsigned:1;\n",
		"format:\n\tfield:char [[[[[[[[ x;\toffset:0;\tsize:2;\tsigned:0;\n",
		"format:\n\tfield:char x[[1];\toffset:0;\tsize:2;\tsigned:0;\n",
		"format:\n\tfield:__data_loc char[] ;\toffset:0;\tsize:4;\tsigned:0;\n",
		"format:\n\tfield:int common_pid\toffset:0;\tsize:4;\tsigned:0\n",
		HEAD "\tfield:char prev_comm[16];\toffset:65000;\tsize:536;\tsigned:1;\n",
		HEAD SWITCH_FIELDS "print fmt: \"\", REC->prev_state & "
				   "((((((((((((((((((((((((1 ? \"+\" : \"\"",
		HEAD SWITCH_FIELDS "print fmt: __print_flags(REC->prev_state, \"|\", { ",
		HEAD SWITCH_FIELDS "print fmt: __print_flags(REC->prev_state, \"|\", { 1 << 999, \"S",
	};
	struct fixture *fixture = *state;
	struct event event;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		start_again(fixture);
		add(fixture, "sched", "sched_switch", bodies[i]);
		memset(fixture->record, 0xff, sizeof(fixture->record));
		put(fixture, 0, ID, 2);
		for (size_t size = 0; size < sizeof(fixture->record); size++)
			decoder_decode(fixture->decoder, 0, 0, fixture->record, size, &event);
	}
	start_again(fixture);
	assert_int_equal(decoder_add_format(fixture->decoder, "sched", "name: x\nID: 65536\n", 18), 0);
	assert_int_equal(decoder_add_format(fixture->decoder, "sched", "name: a b\nID: 1\n", 16), 0);
	assert_int_equal(decoder_add_format(fixture->decoder, "sched", "", 0), 0);
	assert_int_equal(decoder_nr_formats(fixture->decoder), 0);
}

static void test_second_format_of_an_id_is_ignored(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "sched", "sched_switch", HEAD SWITCH_FIELDS PRINT_6_1);
	add(fixture, "preemptirq", "irq_disable", HEAD "print fmt: \"\"\n");
	assert_int_equal(decode(fixture, 64)->type, EVENT_SWITCH);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_state_is_read_by_the_kernels_own_table),
		TEST(test_switch_has_all_its_fields),
		TEST(test_comm_of_every_kind),
		TEST(test_wakeup_of_an_old_kernel),
		TEST(test_flags_of_the_head),
		TEST(test_interrupts_have_names_and_numbers),
		TEST(test_work_items),
		TEST(test_stack_ends_where_it_says),
		TEST(test_the_other_events),
		TEST(test_short_and_unknown_records),
		TEST(test_format_without_what_it_needs_is_of_no_use),
		TEST(test_hostile_formats_do_no_harm),
		TEST(test_second_format_of_an_id_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
