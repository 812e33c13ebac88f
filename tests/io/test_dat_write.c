// SPDX-License-Identifier: GPL-2.0-only
/*
 * What dat_write writes, read back: the head by what it says, the pages by the events in them, which
 * are those of the file that the pages were taken from.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "dat_build.h"
#include "event_words.h"
#include "source/dat_file.h"
#include "source/dat_formats.h"
#include "source/dat_write.h"
#include "source/source.h"
#include "util/error.h"
#include "util/names.h"

static int open_room(void)
{
	int fd = memfd_create("trace.dat", 0);

	assert_true(fd >= 0);
	return fd;
}

/* ---- the head --------------------------------------------------------------------------------- */

static void fill_meta(struct dat_meta *meta)
{
	dat_meta_init(meta);
	meta->page_size = 4096;
	meta->nr_cpus = 3;
	strbuf_adds(&meta->header_page, "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		    "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
		    "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n");
	strbuf_adds(&meta->header_event, "# compressed entry header\n");
	strbuf_adds(&meta->kallsyms, "ffffffff81000000 T start_here\n");
	strbuf_adds(&meta->cmdlines, "7 seven\n");
	strbuf_adds(&meta->clock, "local global [mono] boot\n");
	strbuf_adds(&meta->uname, "Linux box 6.12.1-rt #1 SMP PREEMPT_RT x86_64");
	assert_int_equal(dat_meta_add_format(meta, "ftrace", "name: function\n", 15), 0);
	assert_int_equal(dat_meta_add_format(meta, "irq", "name: softirq_entry\n", 20), 0);
	assert_int_equal(dat_meta_add_format(meta, "sched", "name: sched_switch\n", 19), 0);
	assert_int_equal(dat_meta_add_format(meta, "sched", "name: sched_waking\n", 19), 0);
}

static int add_words(const char *system, const char *text, size_t size, void *arg)
{
	strbuf_addf(arg, "%s %.*s", system, (int)size, text);
	return 0;
}

static void head_says_what_the_kernel_said(void **state)
{
	struct strbuf words = STRBUF_INIT;
	struct dat_bytes bytes;
	struct dat_file file;
	struct dat_meta meta;
	struct error err;
	int fd = open_room();

	(void)state;
	fill_meta(&meta);
	assert_int_equal(dat_write_head(fd, &meta, &err), 0);
	assert_int_equal(dat_file_open(fd, &file, &err), 0);
	assert_int_equal(file.version, 6);
	assert_false(file.is_damaged);
	assert_int_equal(file.page_size, 4096);
	assert_int_equal(file.first_offset, 16);
	assert_int_equal(file.nr_cpus, 3);
	assert_string_equal(file.clock, "mono");
	assert_string_equal(file.uname, meta.uname.text);
	bytes = dat_file_bytes(&file, file.ftrace_formats.offset, file.ftrace_formats.size);
	assert_int_equal(dat_formats_walk_ftrace(&bytes, add_words, &words), 0);
	bytes = dat_file_bytes(&file, file.event_formats.offset, file.event_formats.size);
	assert_int_equal(dat_formats_walk_events(&bytes, add_words, &words), 0);
	assert_string_equal(words.text, "ftrace name: function\nirq name: softirq_entry\n"
			    "sched name: sched_switch\nsched name: sched_waking\n");
	strbuf_deinit(&words);
	dat_meta_deinit(&meta);
	dat_file_close(&file);
	close(fd);
}

/* ---- the pages -------------------------------------------------------------------------------- */

static void build_three_cpus(struct dat_build *build, uint32_t page_size)
{
	struct dat_shape shape = { .version = 6, .long_size = sizeof(long), .page_size = page_size,
				   .codec = "none", .nr_cpus = 3 };
	char clock[] = "[mono]\n";

	dat_build_init(build, &shape);
	dat_build_option(build, 4, clock, sizeof(clock));
	for (uint32_t page = 0; page < 7; page++) {
		for (uint32_t cpu = 0; cpu < 3; cpu += 2) {	/* CPU 1 has none */
			dat_build_page(build, cpu, 1000000 * (page + 1) + cpu, page == 4 ? 12 : LOST_NONE);
			for (int32_t tid = 1; tid < 20; tid++) {
				dat_build_waking(build, cpu, 100, tid, 1);
				dat_build_switch(build, cpu, 200, tid, tid + 1, 1);
			}
		}
	}
	dat_build_finish(build);
}

static void read_lines(int fd, struct strbuf *lines)
{
	struct source_options options = { .names = names_create() };
	struct source *source;
	struct event event;
	struct error err;
	char line[512];

	if (source_dat_open(fd, "trace.dat", &options, &source, &err))
		fail_msg("%s", err.text);
	while (source_next(source, &event, &err) > 0) {
		strbuf_adds(lines, event_words(&event, options.names, EVENT_WORDS_ALL, line, sizeof(line)));
		strbuf_addch(lines, '\n', 1);
	}
	assert_false(source->info.is_truncated);
	assert_string_equal(source->info.clock, "mono");
	source_close(source);
	names_destroy(options.names);
}

/* Take a file's pages, and write them again; @to_file: by way of another file. */
static int write_again(const struct dat_file *file, bool by_file)
{
	struct dat_write_pages_of cpus[3] = { 0 };
	struct strbuf cmdlines = STRBUF_INIT;
	struct dat_write_setting setting = { .nr_cpus = 3, .cpus = cpus, .cmdlines = &cmdlines };
	struct dat_write write;
	struct error err;
	int fd = open_room();

	strbuf_adds(&cmdlines, "1 one\n2 two\n");
	for (int i = 0; i < 3; i++)
		cpus[i].size = file->buffers[0].cpus[i].size;
	cpus[2].stats = "entries: 0\noverrun: 12\n";
	assert_int_equal(dat_write_open(&write, fd, file, &setting, &err), 0);
	for (int i = 0; i < 3; i++) {
		const uint8_t *pages = file->map + file->buffers[0].cpus[i].offset;
		int from = open_room();

		if (by_file) {
			assert_int_equal(pwrite(from, pages, cpus[i].size, 0), cpus[i].size);
			assert_int_equal(dat_write_from(&write, from, cpus[i].size, &err), 0);
		} else {
			assert_int_equal(dat_write_pages(&write, pages, cpus[i].size, &err), 0);
		}
		close(from);
	}
	assert_int_equal(dat_write_close(&write, &err), 0);
	strbuf_deinit(&cmdlines);
	return fd;
}

static void check_same_events(uint32_t page_size, bool by_file)
{
	struct strbuf before = STRBUF_INIT;
	struct strbuf after = STRBUF_INIT;
	struct dat_build build;
	struct dat_file file;
	struct error err;
	int again;
	int fd;

	build_three_cpus(&build, page_size);
	fd = dat_build_fd(&build, build.file.size);
	assert_int_equal(dat_file_open(fd, &file, &err), 0);
	again = write_again(&file, by_file);
	dat_file_close(&file);
	read_lines(fd, &before);
	read_lines(again, &after);
	assert_true(before.length > 20000);
	assert_string_equal(after.text, before.text);
	strbuf_deinit(&before);
	strbuf_deinit(&after);
	dat_build_deinit(&build);
}

static void pages_hold_the_same_events_and_losses(void **state)
{
	(void)state;
	check_same_events(4096, false);
	check_same_events(65536, false);
}

static void pages_may_come_from_another_file(void **state)
{
	(void)state;
	check_same_events(4096, true);
}

static void pages_are_where_the_machines_pages_begin(void **state)
{
	struct dat_build build;
	struct dat_file file;
	struct dat_file again;
	struct error err;
	int again_fd;
	int fd;

	(void)state;
	build_three_cpus(&build, 4096);
	fd = dat_build_fd(&build, build.file.size);
	assert_int_equal(dat_file_open(fd, &file, &err), 0);
	again_fd = write_again(&file, false);
	assert_int_equal(dat_file_open(again_fd, &again, &err), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(again.buffers[0].cpus[i].offset % 4096, 0);
	assert_int_equal(again.buffers[0].cpus[1].size, 0);
	assert_int_equal(again.size, again.buffers[0].cpus[2].offset + again.buffers[0].cpus[2].size);
	dat_file_close(&again);
	dat_file_close(&file);
	close(again_fd);
	close(fd);
	dat_build_deinit(&build);
}

static void other_sizes_than_announced_are_refused(void **state)
{
	static const uint8_t page[4096];
	struct dat_write_pages_of cpus[1] = { { .size = 4096 } };
	struct dat_write_setting setting = { .nr_cpus = 1, .cpus = cpus };
	struct dat_write write;
	struct dat_meta meta;
	struct dat_file head;
	struct error err;
	int head_fd = open_room();
	int fd = open_room();

	(void)state;
	fill_meta(&meta);
	assert_int_equal(dat_write_head(head_fd, &meta, &err), 0);
	assert_int_equal(dat_file_open(head_fd, &head, &err), 0);
	assert_int_equal(dat_write_open(&write, fd, &head, &setting, &err), 0);
	assert_int_equal(dat_write_close(&write, &err), -EINVAL);
	assert_int_equal(dat_write_pages(&write, page, 4096, &err), 0);
	assert_int_equal(dat_write_close(&write, &err), 0);
	assert_int_equal(dat_write_pages(&write, page, 4096, &err), -EINVAL);
	assert_int_equal(dat_write_from(&write, head_fd, 1, &err), -EINVAL);
	dat_file_close(&head);
	dat_meta_deinit(&meta);
	close(head_fd);
	close(fd);
}

static void full_disk_is_an_error(void **state)
{
	struct dat_meta meta;
	struct error err;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip();
	fill_meta(&meta);
	assert_int_equal(dat_write_head(fileno(full), &meta, &err), -ENOSPC);
	dat_meta_deinit(&meta);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head_says_what_the_kernel_said),
		cmocka_unit_test(pages_hold_the_same_events_and_losses),
		cmocka_unit_test(pages_may_come_from_another_file),
		cmocka_unit_test(pages_are_where_the_machines_pages_begin),
		cmocka_unit_test(other_sizes_than_announced_are_refused),
		cmocka_unit_test(full_disk_is_an_error),
	};

	return cmocka_run_group_tests_name("dat_write", tests, NULL, NULL);
}
