// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trace.dat source on small files of every shape that are made here: what it hands out, in what
 * order, with which losses, and how far it gets when a file is cut or corrupt.
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
#include <zstd.h>

#include "source/source.h"
#include "util/error.h"
#include "util/names.h"
#include "dat_build.h"

#define NR_MAX 4096
#define NEVER UINT64_MAX

static const struct dat_shape shapes[] = {
	{ .version = 6, .long_size = 8, .page_size = 4096, .codec = "none", .nr_cpus = 3 },
	{ .version = 6, .long_size = 4, .page_size = 4096, .codec = "none", .nr_cpus = 3 },
	{ .version = 6, .long_size = 8, .page_size = 4096, .codec = "none", .nr_cpus = 3,
	  .is_big_endian = true },
	{ .version = 6, .long_size = 4, .page_size = 4096, .codec = "none", .nr_cpus = 3,
	  .is_big_endian = true },
	{ .version = 6, .long_size = 8, .page_size = 65536, .codec = "none", .nr_cpus = 3 },
	{ .version = 6, .long_size = 8, .page_size = 4096, .codec = "none", .nr_cpus = 3,
	  .instance = "rtla" },
	{ .version = 7, .long_size = 8, .page_size = 4096, .codec = "none", .nr_cpus = 3 },
	{ .version = 7, .long_size = 8, .page_size = 4096, .codec = "zstd", .nr_cpus = 3 },
	{ .version = 7, .long_size = 4, .page_size = 4096, .codec = "zlib", .nr_cpus = 3,
	  .is_big_endian = true },
	{ .version = 7, .long_size = 8, .page_size = 65536, .codec = "zlib", .nr_cpus = 3 },
	{ .version = 7, .long_size = 8, .page_size = 4096, .codec = "zstd", .nr_cpus = 3,
	  .instance = "rtla" },
};

#define NR_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

struct reading {
	struct names *names;
	int result;		/* of the opening */
	struct error err;
	size_t nr_events;
	struct event events[NR_MAX];
	struct source_info info;
};

static void read_file(struct reading *reading, int fd, const char *buffer)
{
	struct source_options options = { .buffer = buffer };
	struct source *source;
	struct event event;
	int more;

	reading->names = options.names = names_create();
	reading->nr_events = 0;
	reading->result = source_dat_open(fd, "trace.dat", &options, &source, &reading->err);
	if (reading->result) {
		close(fd);
		return;
	}
	do {
		more = source_next(source, &event, &reading->err);
		assert_true(more >= 0);
		if (more && reading->nr_events < NR_MAX)
			reading->events[reading->nr_events++] = event;
	} while (more);
	assert_int_equal(source_next(source, &event, NULL), 0);
	reading->info = source->info;
	source_close(source);
}

static void read_build(struct reading *reading, const struct dat_build *build, size_t size)
{
	read_file(reading, dat_build_fd(build, size), NULL);
}

static void forget(struct reading *reading)
{
	names_destroy(reading->names);
}

static void check_event(const struct event *event, uint32_t cpu, uint64_t at, enum event_type type)
{
	assert_int_equal(event->type, type);
	assert_int_equal(event->cpu, cpu);
	assert_int_equal(event->at, at);
}

static void check_loss(const struct event *event, uint32_t cpu, uint64_t at, uint64_t to_at,
		       uint64_t lost_events)
{
	check_event(event, cpu, at, EVENT_LOSS);
	assert_int_equal(event->loss.to_at, to_at);
	assert_int_equal(event->loss.lost_events, lost_events);
}

static void check_intact(const struct reading *reading, size_t nr_events)
{
	assert_int_equal(reading->result, 0);
	assert_int_equal(reading->nr_events, nr_events);
	assert_false(reading->info.is_truncated);
	assert_string_equal(reading->info.truncated_why, "");
	for (int i = 0; i < SOURCE_ODD_NR; i++)
		assert_int_equal(reading->info.odd[i], 0);
}

/* Two CPUs, three pages: 1000 on 1, 1000 on 0, 1010 on 0, 1020 on 1, 1030 on 0. */
static void build_two_cpus(struct dat_build *build, const struct dat_shape *shape)
{
	dat_build_init(build, shape);
	dat_build_page(build, 1, 900, LOST_NONE);
	dat_build_switch(build, 1, 100, 0, 5, 0);
	dat_build_switch(build, 1, 20, 5, 6, 1);
	dat_build_page(build, 0, 1000, LOST_NONE);
	dat_build_switch(build, 0, 0, 7, 8, 0x100);
	dat_build_waking(build, 0, 10, 6, 0x9);
	dat_build_page(build, 0, 1030, LOST_NONE);
	dat_build_switch(build, 0, 0, 8, 7, 2);
	dat_build_finish(build);
}

static void test_every_shape_gives_the_same_events(void **state)
{
	static struct reading reading;

	(void)state;
	for (size_t i = 0; i < NR_SHAPES; i++) {
		const struct event *events = reading.events;
		struct dat_build build;

		build_two_cpus(&build, &shapes[i]);
		read_build(&reading, &build, build.file.size);
		check_intact(&reading, 5);
		check_event(&events[0], 0, 1000, EVENT_SWITCH);	/* equal stamps: the lower CPU first */
		check_event(&events[1], 1, 1000, EVENT_SWITCH);
		check_event(&events[2], 0, 1010, EVENT_WAKING);
		check_event(&events[3], 1, 1020, EVENT_SWITCH);
		check_event(&events[4], 0, 1030, EVENT_SWITCH);

		assert_int_equal(events[0].sw.prev_tid, 7);
		assert_int_equal(events[0].sw.next_tid, 8);
		assert_int_equal(events[0].sw.prev_prio, 120);
		assert_int_equal(events[0].sw.left, LEFT_PREEMPTED);
		assert_string_equal(events[0].sw.prev_comm, "a7");
		assert_string_equal(events[0].sw.next_comm, "a8");
		assert_int_equal(events[1].sw.left, LEFT_READY);
		assert_int_equal(events[3].sw.left, LEFT_SLEEPING);
		assert_int_equal(events[4].sw.left, LEFT_SUSPENDED);
		assert_int_equal(events[2].tid, 7);
		assert_int_equal(events[2].flags,
				 EVENT_HAS_FLAGS | EVENT_FLAG_IRQS_OFF | EVENT_FLAG_HARDIRQ);
		assert_int_equal(events[2].preempt_depth, 1);
		assert_int_equal(events[2].wake.tid, 6);
		assert_int_equal(events[2].wake.prio, 98);
		assert_int_equal(events[2].wake.target_cpu, 1);

		assert_int_equal(reading.info.format, SOURCE_TRACE_DAT);
		assert_int_equal(reading.info.nr_cpus, 3);
		assert_int_equal(reading.info.nr_events, 5);
		assert_int_equal(reading.info.first_at, 1000);
		assert_int_equal(reading.info.last_at, 1030);
		assert_int_equal(reading.info.events_present,
				 EVENT_BIT(EVENT_SWITCH) | EVENT_BIT(EVENT_WAKING));
		assert_true(reading.info.bytes_total > 0);
		assert_int_equal(reading.info.bytes_done, reading.info.bytes_total);
		forget(&reading);
		dat_build_deinit(&build);
	}
}

static void test_marks_of_lost_records_become_losses(void **state)
{
	static struct reading reading;

	(void)state;
	for (size_t i = 0; i < NR_SHAPES; i++) {
		const struct event *events = reading.events;
		struct dat_build build;

		dat_build_init(&build, &shapes[i]);
		dat_build_page(&build, 0, 100, 3);	/* lost before the first page */
		dat_build_switch(&build, 0, 5, 1, 2, 0);
		dat_build_page(&build, 0, 300, 1291);
		dat_build_switch(&build, 0, 10, 2, 1, 0);
		dat_build_page(&build, 0, 400, LOST_UNCOUNTED);
		dat_build_page(&build, 0, 500, 4);	/* of which the one before says nothing */
		dat_build_switch(&build, 0, 0, 1, 2, 0);
		dat_build_page(&build, 1, 100, LOST_NONE);
		dat_build_switch(&build, 1, 100, 3, 4, 0);
		dat_build_finish(&build);
		read_build(&reading, &build, build.file.size);
		check_intact(&reading, 7);
		check_loss(&events[0], 0, 100, 105, 3);
		check_event(&events[1], 0, 105, EVENT_SWITCH);
		check_loss(&events[2], 0, 105, 310, 1291); /* where it begins, not where it was found */
		check_event(&events[3], 1, 200, EVENT_SWITCH);
		check_event(&events[4], 0, 310, EVENT_SWITCH);
		check_loss(&events[5], 0, 310, 500, 0);
		check_event(&events[6], 0, 500, EVENT_SWITCH);
		assert_int_equal(reading.info.nr_losses, 3);
		assert_int_equal(reading.info.lost_events, 1294);
		assert_int_equal(reading.info.nr_events, 4);
		forget(&reading);
		dat_build_deinit(&build);
	}
}

static void test_long_times_and_odd_records(void **state)
{
	const uint64_t extended_at = 105 + (UINT64_C(3) << 27) + 9;
	const uint64_t absolute_at = (UINT64_C(0x12345678) << 27) + 77;
	static struct reading reading;
	uint8_t large[200] = { 0 };

	(void)state;
	for (size_t i = 0; i < NR_SHAPES; i++) {
		const struct event *events = reading.events;
		struct dat_build build;

		dat_build_init(&build, &shapes[i]);
		large[shapes[i].is_big_endian ? 1 : 0] = 99;	/* an id without a format */
		dat_build_page(&build, 0, 100, LOST_NONE);
		dat_build_switch(&build, 0, 5, 1, 2, 0);
		dat_build_odd(&build, 0, 30, 9, 3);
		dat_build_switch(&build, 0, 0, 2, 1, 0);
		dat_build_odd(&build, 0, 29, 1, 4);		/* a record that was taken back */
		dat_build_record(&build, 0, 10, large, sizeof(large));
		dat_build_odd(&build, 0, 31, 77, 0x12345678);
		dat_build_switch(&build, 0, 0, 1, 2, 0);
		dat_build_finish(&build);
		read_build(&reading, &build, build.file.size);
		assert_int_equal(reading.nr_events, 4);
		check_event(&events[0], 0, 105, EVENT_SWITCH);
		check_event(&events[1], 0, extended_at, EVENT_SWITCH);
		check_event(&events[2], 0, extended_at + 11, EVENT_OTHER);
		check_event(&events[3], 0, absolute_at, EVENT_SWITCH);
		assert_int_equal(reading.info.odd[SOURCE_ODD_UNKNOWN_EVENT], 1);
		forget(&reading);
		dat_build_deinit(&build);
	}
}

static void test_time_that_goes_back_is_handed_on_and_counted(void **state)
{
	static struct reading reading;
	struct dat_build build;

	(void)state;
	dat_build_init(&build, &shapes[0]);
	dat_build_page(&build, 0, 500, LOST_NONE);
	dat_build_switch(&build, 0, 0, 1, 2, 0);
	dat_build_page(&build, 0, 400, LOST_UNCOUNTED);
	dat_build_switch(&build, 0, 0, 2, 1, 0);
	dat_build_page(&build, 1, 450, LOST_NONE);
	dat_build_switch(&build, 1, 0, 3, 4, 0);
	dat_build_finish(&build);
	read_build(&reading, &build, build.file.size);
	assert_int_equal(reading.nr_events, 4);
	check_event(&reading.events[0], 1, 450, EVENT_SWITCH);
	check_event(&reading.events[1], 0, 500, EVENT_SWITCH);
	check_loss(&reading.events[2], 0, 500, 500, 0);
	check_event(&reading.events[3], 0, 400, EVENT_SWITCH);
	assert_int_equal(reading.info.odd[SOURCE_ODD_TIME_BACKWARDS], 1);
	assert_int_equal(reading.info.last_at, 500);
	forget(&reading);
	dat_build_deinit(&build);
}

/* Overwrite bytes of a CPU's page in an uncompressed file. */
static void spoil(struct dat_build *build, uint32_t cpu, size_t at, const void *bytes, size_t size)
{
	memcpy(build->file.at + build->pages_offset[cpu] + at, bytes, size);
}

static void test_page_that_cannot_be_is_a_loss(void **state)
{
	static struct reading reading;
	struct dat_build build;

	(void)state;
	dat_build_init(&build, &shapes[0]);
	for (uint64_t page = 0; page < 3; page++) {
		dat_build_page(&build, 0, 100 * page, LOST_NONE);
		dat_build_switch(&build, 0, 1, 1, 2, 0);
		dat_build_switch(&build, 0, 1, 2, 1, 0);
	}
	dat_build_finish(&build);
	spoil(&build, 0, 4096 + 8, "\xf1\x0f", 2);	/* says that it holds more than fits */
	read_build(&reading, &build, build.file.size);
	assert_int_equal(reading.nr_events, 5);
	check_loss(&reading.events[2], 0, 2, 201, 0);
	assert_int_equal(reading.info.odd[SOURCE_ODD_BAD_PAGE], 1);
	assert_true(reading.info.is_truncated);
	forget(&reading);

	spoil(&build, 0, 4096 + 8, "\x88\x00", 2);
	spoil(&build, 0, 4096 + 16 + 68, "\x3c\x00", 2); /* its second record is longer than the page */
	read_build(&reading, &build, build.file.size);
	assert_int_equal(reading.nr_events, 6);
	check_event(&reading.events[2], 0, 101, EVENT_SWITCH);
	check_loss(&reading.events[3], 0, 101, 201, 0);
	check_event(&reading.events[4], 0, 201, EVENT_SWITCH);
	assert_int_equal(reading.info.odd[SOURCE_ODD_BAD_PAGE], 1);
	forget(&reading);
	dat_build_deinit(&build);
}

static void test_piece_that_does_not_decode_is_a_loss(void **state)
{
	static struct reading reading;
	struct dat_build build;

	(void)state;
	dat_build_init(&build, &shapes[7]);
	for (uint64_t page = 0; page < 6; page++) {	/* two to a piece */
		dat_build_page(&build, 0, 100 * page, LOST_NONE);
		dat_build_switch(&build, 0, 1, 1, 2, 0);
	}
	dat_build_finish(&build);
	spoil(&build, 0, 4 + 8 + (size_t)build.file.at[build.pages_offset[0] + 4] + 8, "\0\0\0\0", 4);
	read_build(&reading, &build, build.file.size);
	assert_int_equal(reading.result, 0);
	assert_int_equal(reading.nr_events, 5);
	check_event(&reading.events[1], 0, 101, EVENT_SWITCH);
	check_loss(&reading.events[2], 0, 101, 401, 0);
	check_event(&reading.events[3], 0, 401, EVENT_SWITCH);
	assert_int_equal(reading.info.odd[SOURCE_ODD_BAD_PAGE], 1);
	forget(&reading);
	dat_build_deinit(&build);
}

static void build_many(struct dat_build *build, const struct dat_shape *shape)
{
	dat_build_init(build, shape);
	for (uint64_t page = 0; page < 5; page++) {
		for (uint32_t cpu = 0; cpu < 3; cpu++) {
			dat_build_page(build, cpu, 10000 * (page + 1), LOST_NONE);
			for (int i = 0; i < 6; i++)
				dat_build_switch(build, cpu, 100, i, i + 1, 1);
		}
	}
	dat_build_finish(build);
}

static size_t count_records(const struct reading *reading)
{
	size_t nr = 0;

	for (size_t i = 0; i < reading->nr_events; i++)
		nr += reading->events[i].type != EVENT_LOSS;
	return nr;
}

/* What a cut file gives is the whole's, less what is gone, with each gap announced. */
static void check_cut(const struct reading *cut, const struct reading *whole)
{
	size_t taken[BUILD_CPUS] = { 0 };
	bool is_lost[BUILD_CPUS] = { false };

	for (size_t i = 0; i < cut->nr_events; i++) {
		const struct event *event = &cut->events[i];
		size_t nr = 0;

		assert_true(event->cpu < BUILD_CPUS && !is_lost[event->cpu]);
		if (event->type == EVENT_LOSS) {
			assert_int_equal(event->loss.to_at, NEVER);
			is_lost[event->cpu] = true;
			continue;
		}
		for (size_t j = 0; j < whole->nr_events; j++) {
			if (whole->events[j].cpu != event->cpu || nr++ != taken[event->cpu])
				continue;
			check_event(event, whole->events[j].cpu, whole->events[j].at,
				    whole->events[j].type);
			break;
		}
		taken[event->cpu]++;
	}
	for (uint32_t cpu = 0; cpu < BUILD_CPUS; cpu++) {
		size_t nr = 0;

		for (size_t i = 0; i < whole->nr_events; i++)
			nr += whole->events[i].cpu == cpu;
		assert_true(taken[cpu] == nr || (is_lost[cpu] && taken[cpu] < nr));
	}
}

static void test_file_cut_anywhere_gives_what_is_left(void **state)
{
	static struct reading whole;
	static struct reading cut;

	(void)state;
	for (size_t i = 0; i < NR_SHAPES; i++) {
		size_t last_nr = 0;
		struct dat_build build;

		build_many(&build, &shapes[i]);
		read_build(&whole, &build, build.file.size);
		check_intact(&whole, 90);
		for (size_t size = 0; size < build.file.size; size += 1 + size / 128) {
			size_t nr;

			read_build(&cut, &build, size);
			if (cut.result) {
				assert_int_equal(last_nr, 0);
				assert_true(strlen(cut.err.text) > 10);
				forget(&cut);
				continue;
			}
			nr = count_records(&cut);
			assert_true(cut.info.is_truncated);
			assert_true(strlen(cut.info.truncated_why) > 10);
			assert_true(nr >= 1 && nr >= last_nr && nr <= 90);
			check_cut(&cut, &whole);
			last_nr = nr;
			forget(&cut);
		}
		assert_true(last_nr > 45);
		forget(&whole);
		dat_build_deinit(&build);
	}
}

static void test_version_7_without_its_last_options_is_whole(void **state)
{
	static struct reading reading;

	(void)state;
	for (size_t i = 0; i < NR_SHAPES; i++) {
		struct dat_build build;

		if (shapes[i].version != 7)
			continue;
		build_many(&build, &shapes[i]);
		read_build(&reading, &build, build.second_options_offset);
		assert_int_equal(reading.result, 0);
		assert_int_equal(count_records(&reading), 90);
		assert_true(reading.info.is_truncated);
		for (size_t j = 1; j < reading.nr_events; j++)
			assert_true(reading.events[j].at >= reading.events[j - 1].at);
		forget(&reading);
		dat_build_deinit(&build);
	}
}

static void test_corrupt_files_do_no_harm(void **state)
{
	static struct reading reading;
	uint32_t random = 12345;

	(void)state;
	for (size_t i = 0; i < NR_SHAPES; i++) {
		struct dat_build build;

		build_two_cpus(&build, &shapes[i]);
		for (int round = 0; round < 300; round++) {
			uint8_t saved[8];
			size_t at[8];

			for (int j = 0; j < 8; j++) {
				random = random * 1103515245 + 12345;
				at[j] = (random >> 3) % (j % 2 ? build.file.size : 2500);
				saved[j] = build.file.at[at[j]];
				build.file.at[at[j]] = (uint8_t)(random >> 16);
			}
			read_build(&reading, &build, build.file.size);
			assert_true(!reading.result || *reading.err.text);
			forget(&reading);
			for (int j = 7; j >= 0; j--)
				build.file.at[at[j]] = saved[j];
		}
		dat_build_deinit(&build);
	}
}

static void test_instance_is_chosen_by_name(void **state)
{
	static struct reading reading;

	(void)state;
	for (size_t i = 0; i < NR_SHAPES; i++) {
		struct dat_build build;

		if (!shapes[i].instance)
			continue;
		build_two_cpus(&build, &shapes[i]);
		read_file(&reading, dat_build_fd(&build, build.file.size), "rtla");
		check_intact(&reading, 5);
		forget(&reading);
		read_file(&reading, dat_build_fd(&build, build.file.size), "other");
		assert_int_equal(reading.result, -ENOENT);
		assert_string_equal(reading.err.text, "trace.dat has no buffer 'other'");
		forget(&reading);
		dat_build_deinit(&build);
	}
}

struct fact_case {
	const char *uname;
	const char *kernel;
	bool is_x86;
	enum tristate is_preempt_rt;
	enum tristate has_fair_server;
};

static void test_facts_come_from_the_options(void **state)
{
	static const struct fact_case cases[] = {
		{ "Linux (none) 6.1.0-56-rt-amd64 x86_64", "6.1.0-56-rt-amd64", true, TRI_YES, TRI_NO },
		{ "Linux host 6.12.3 x86_64", "6.12.3", true, TRI_UNKNOWN, TRI_YES },
		{ "Linux host 7.0.0-rc1 aarch64", "7.0.0-rc1", false, TRI_UNKNOWN, TRI_YES },
		{ "Linux host 5.10.1 #1 SMP PREEMPT_RT i686", "5.10.1", true, TRI_YES, TRI_NO },
		{ "", "", false, TRI_UNKNOWN, TRI_UNKNOWN },
		{ "nonsense", "", false, TRI_UNKNOWN, TRI_UNKNOWN },
	};
	static struct reading reading;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dat_build build;

		dat_build_init(&build, &shapes[7]);
		if (*cases[i].uname)
			dat_build_option(&build, 5, cases[i].uname, strlen(cases[i].uname) + 1);
		dat_build_option(&build, 4, "local [mono] boot\n", 19);
		dat_build_page(&build, 0, 0, LOST_NONE);
		dat_build_switch(&build, 0, 0, 1, 2, 0);
		dat_build_finish(&build);
		read_build(&reading, &build, build.file.size);
		check_intact(&reading, 1);
		assert_string_equal(reading.info.kernel, cases[i].kernel);
		assert_int_equal(reading.info.is_x86, cases[i].is_x86);
		assert_int_equal(reading.info.is_preempt_rt, cases[i].is_preempt_rt);
		assert_int_equal(reading.info.has_fair_server, cases[i].has_fair_server);
		assert_string_equal(reading.info.clock, "local");	/* of its buffer */
		forget(&reading);
		dat_build_deinit(&build);
	}
}

static void put_shift(struct dat_build *build)
{
	/* CPU 0 only: +100 at 1000, +300 at 2000, in between in proportion; scaling 1 */
	static const uint64_t samples[] = { 1000, 2000, 100, 300, 1, 1, 0, 0 };
	struct bytes option = { 0 };

	dat_build_number(build, &option, 1, 8);
	dat_build_number(build, &option, 1, 4);
	dat_build_number(build, &option, 1, 4);
	dat_build_number(build, &option, 2, 4);
	for (size_t i = 0; i < 8; i++)
		dat_build_number(build, &option, samples[i], 8);
	dat_build_option(build, 12, option.at, option.size);
	free(option.at);
}

static void put_tsc(struct dat_build *build)
{
	struct bytes option = { 0 };

	dat_build_number(build, &option, 3, 4);	/* 3/2 ns per cycle */
	dat_build_number(build, &option, 1, 4);
	dat_build_number(build, &option, 0, 8);
	dat_build_option(build, 14, option.at, option.size);
	free(option.at);
}

static void test_times_are_corrected_as_the_options_say(void **state)
{
	static struct reading reading;

	(void)state;
	for (size_t i = 0; i < NR_SHAPES; i++) {
		struct dat_build build;

		dat_build_init(&build, &shapes[i]);
		put_shift(&build);
		put_tsc(&build);
		dat_build_option(&build, 7, "-50", 4);
		dat_build_option(&build, 1, "0x1", 4);	/* in us */
		dat_build_page(&build, 0, 1000, LOST_NONE);
		dat_build_switch(&build, 0, 0, 1, 2, 0);
		dat_build_switch(&build, 0, 500, 2, 1, 0);
		dat_build_page(&build, 1, 1000, 2);
		dat_build_switch(&build, 1, 200, 3, 4, 0);
		dat_build_finish(&build);
		read_build(&reading, &build, build.file.size);
		check_intact(&reading, 4);
		check_loss(&reading.events[0], 1, 1000 * 3 / 2 + 950, 1200 * 3 / 2 + 950, 2);
		check_event(&reading.events[1], 0, 1100 * 3 / 2 + 950, EVENT_SWITCH);
		check_event(&reading.events[2], 1, 1200 * 3 / 2 + 950, EVENT_SWITCH);
		check_event(&reading.events[3], 0, 1700 * 3 / 2 + 950, EVENT_SWITCH);
		forget(&reading);
		dat_build_deinit(&build);
	}
}

static void test_file_without_an_event_is_read_in_silence(void **state)
{
	static struct reading reading;
	struct dat_build build;

	(void)state;
	dat_build_init(&build, &shapes[0]);
	dat_build_finish(&build);
	read_build(&reading, &build, build.file.size);
	check_intact(&reading, 0);
	forget(&reading);
	dat_build_deinit(&build);
}

#define TEXT \
	"# tracer: wakeup_rt\n#\n" \
	"          <idle>-0       [001] d..2.     7.545784: sched_waking: " \
	"comm=rcuc/0 pid=21 prio=98 target_cpu=000\n"

static void check_text(struct dat_build *build)
{
	static struct reading reading;

	read_build(&reading, build, build->file.size);
	assert_int_equal(reading.result, 0);
	assert_int_equal(reading.nr_events, 1);
	assert_int_equal(reading.info.format, SOURCE_TEXT);
	check_event(&reading.events[0], 1, 7545784000, EVENT_WAKING);
	assert_int_equal(reading.events[0].wake.tid, 21);
	forget(&reading);
	dat_build_deinit(build);
}

static void test_text_of_a_latency_tracer_in_version_6(void **state)
{
	struct dat_build build;
	uint8_t *type;

	(void)state;
	dat_build_init(&build, &shapes[0]);
	dat_build_finish(&build);
	type = memmem(build.file.at, build.file.size, "flyrecord", 10);
	assert_non_null(type);
	memcpy(type, "latency  ", 10);
	build.file.size = (size_t)(type - build.file.at) + 10;
	dat_build_bytes(&build.file, TEXT, sizeof(TEXT) - 1);
	check_text(&build);
}

static void test_text_of_a_latency_tracer_in_version_7(void **state)
{
	static const char option[] = "MARKER!!\0local";	/* where it is, the main one, its clock */
	struct dat_shape shape = shapes[7];
	struct dat_build build;
	uint8_t packed[512];
	size_t length;
	uint8_t *marker;
	size_t at;

	(void)state;
	shape.nr_cpus = 0;
	dat_build_init(&build, &shape);
	dat_build_option(&build, 22, option, sizeof(option));
	dat_build_finish(&build);
	marker = memmem(build.file.at, build.file.size, "MARKER!!", 8);
	assert_non_null(marker);
	at = (size_t)(marker - build.file.at);
	for (size_t i = 0; i < 8; i++)
		build.file.at[at + i] = (uint8_t)(build.file.size >> 8 * i);
	length = ZSTD_compress(packed, sizeof(packed), TEXT, sizeof(TEXT) - 1, 3);
	dat_build_number(&build, &build.file, 22, 2);
	dat_build_number(&build, &build.file, 1, 2);
	dat_build_number(&build, &build.file, 0, 4);
	dat_build_number(&build, &build.file, length + 12, 8);
	dat_build_number(&build, &build.file, 1, 4);
	dat_build_number(&build, &build.file, length, 4);
	dat_build_number(&build, &build.file, sizeof(TEXT) - 1, 4);
	dat_build_bytes(&build.file, packed, length);
	check_text(&build);
}

static void test_what_is_no_trace_dat_is_refused(void **state)
{
	static const struct {
		size_t at;
		const char *bytes;
		size_t size;
		const char *words;
	} cases[] = {
		{ 0, "PK", 2, "trace.dat is not a trace.dat" },
		{ 10, "8", 1, "trace.dat is a trace.dat of a version that is not known; 6 and 7 are" },
		{ 12, "\x05", 1, "trace.dat has a byte order or word size that cannot be" },
		{ 14, "\x01", 1, "trace.dat has a page size that cannot be: 4097 bytes" },
		{ 18, "zst!", 4, "trace.dat is compressed in a way that is not known; zstd and zlib are" },
	};
	static struct reading reading;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dat_build build;

		build_two_cpus(&build, &shapes[7]);
		memcpy(build.file.at + cases[i].at, cases[i].bytes, cases[i].size);
		read_build(&reading, &build, build.file.size);
		assert_true(reading.result < 0);
		assert_string_equal(reading.err.text, cases[i].words);
		forget(&reading);
		dat_build_deinit(&build);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_shape_gives_the_same_events),
		cmocka_unit_test(test_marks_of_lost_records_become_losses),
		cmocka_unit_test(test_long_times_and_odd_records),
		cmocka_unit_test(test_time_that_goes_back_is_handed_on_and_counted),
		cmocka_unit_test(test_page_that_cannot_be_is_a_loss),
		cmocka_unit_test(test_piece_that_does_not_decode_is_a_loss),
		cmocka_unit_test(test_file_cut_anywhere_gives_what_is_left),
		cmocka_unit_test(test_version_7_without_its_last_options_is_whole),
		cmocka_unit_test(test_corrupt_files_do_no_harm),
		cmocka_unit_test(test_instance_is_chosen_by_name),
		cmocka_unit_test(test_facts_come_from_the_options),
		cmocka_unit_test(test_times_are_corrected_as_the_options_say),
		cmocka_unit_test(test_file_without_an_event_is_read_in_silence),
		cmocka_unit_test(test_text_of_a_latency_tracer_in_version_6),
		cmocka_unit_test(test_text_of_a_latency_tracer_in_version_7),
		cmocka_unit_test(test_what_is_no_trace_dat_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
