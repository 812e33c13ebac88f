// SPDX-License-Identifier: GPL-2.0-only
/*
 * What source_open() makes of what people give it: a trace is opened, anything else is refused with one
 * sentence that says what it is.
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

#include "dat_build.h"
#include "source/source.h"
#include "util/error.h"
#include "util/names.h"

struct fixture {
	char path[64];
	struct names *names;
	struct source *source;
	struct error err;
};

static int setup(void **state)
{
	static struct fixture fixture;
	int fd;

	memset(&fixture, 0, sizeof(fixture));
	strcpy(fixture.path, "/tmp/test_source.XXXXXX");
	fd = mkstemp(fixture.path);
	assert_true(fd >= 0);
	close(fd);
	fixture.names = names_create();
	assert_non_null(fixture.names);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	source_close(fixture->source);
	names_destroy(fixture->names);
	unlink(fixture->path);
	return 0;
}

static int open_with(struct fixture *fixture, const void *bytes, size_t size)
{
	struct source_options options = { .names = fixture->names };
	FILE *file = fopen(fixture->path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	source_close(fixture->source);
	fixture->source = NULL;
	fixture->err.text[0] = '\0';
	return source_open(fixture->path, &options, &fixture->source, &fixture->err);
}

#define BYTES(bytes) bytes, sizeof(bytes) - 1

static void test_foreign_formats_are_refused_by_name(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *name;
	} cases[] = {
		{ BYTES("PERFILE2\x68\0\0\0\0\0\0\0"), "a perf.data file" },
		{ BYTES("\x7f" "ELF\x02\x01\x01"), "ELF" },
		{ BYTES("\x1f\x8b\x08\0\0"), "gzip" },
		{ BYTES("\x28\xb5\x2f\xfd\x24"), "zstd" },
		{ BYTES("\xfd" "7zXZ\0\0"), "xz" },
		{ BYTES("BZh91AY"), "bzip2" },
		{ BYTES("PK\x03\x04\x14\0"), "zip" },
		{ BYTES("\xd4\xc3\xb2\xa1\x02\0\x04\0"), "pcap" },
		{ BYTES("\x0a\x0d\x0d\x0a\x1c\0\0\0"), "pcapng" },
		{ BYTES("\xc1\x1f\xfc\xc1\0\0"), "CTF" },
		{ BYTES("/* CTF 1.8 */\ntypealias"), "CTF" },
		{ BYTES("SQLite format 3\0"), "SQLite" },
		{ BYTES("{\"traceEvents\":[]}"), "JSON" },
		{ BYTES("[{\"name\":1}]"), "JSON" },
		{ BYTES("<?xml version=\"1.0\"?>"), "XML" },
		{ BYTES("<!DOCTYPE html><html>"), "HTML" },
		/* packets of 4 and 6 bytes: field 8, then fields 1 and 10 */
		{ BYTES("\x0a\x04\x40\x01\x50\x02\x0a\x06\x08\x80\x01\x50\x81\x01"), "Perfetto" },
		{ BYTES("\0\x01\x02\x03\xff\xfe\0\x05"), "neither a trace.dat nor text" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(open_with(fixture, cases[i].bytes, cases[i].size), -ENOTSUP);
		if (!strstr(fixture->err.text, cases[i].name))
			fail_msg("'%s' does not say '%s'", fixture->err.text, cases[i].name);
		assert_ptr_equal(strstr(fixture->err.text, fixture->path), fixture->err.text);
		assert_null(strchr(fixture->err.text, '\n'));
	}
}

static void test_tar_archive_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char block[512] = "trace.dat";

	strcpy(block + 257, "ustar");
	assert_int_equal(open_with(fixture, block, sizeof(block)), -ENOTSUP);
	assert_non_null(strstr(fixture->err.text, "tar archive"));
}

static void test_what_is_no_file_is_said(void **state)
{
	struct fixture *fixture = *state;
	struct source_options options = { .names = fixture->names };

	assert_int_equal(source_open("/tmp", &options, &fixture->source, &fixture->err), -EISDIR);
	assert_string_equal(fixture->err.text, "/tmp is a directory; a trace is a file");
	assert_int_equal(source_open("/tmp/no/such", &options, &fixture->source, &fixture->err), -ENOENT);
	assert_string_equal(fixture->err.text,
			    "/tmp/no/such cannot be opened: No such file or directory");
	assert_int_equal(open_with(fixture, "", 0), -EINVAL);
	assert_non_null(strstr(fixture->err.text, "is empty"));
}

static void test_beginning_of_a_trace_dat_is_known_as_one(void **state)
{
	struct fixture *fixture = *state;

	for (size_t size = 3; size < 12; size++) {
		assert_int_equal(open_with(fixture, "\x17\x08\x44tracing7\0", size), -EINVAL);
		assert_null(strstr(fixture->err.text, "neither"));
	}
}

static void test_trace_dat_and_text_are_told_apart_by_content(void **state)
{
	static const char text[] = "# tracer: nop\n#\n"
		"          <idle>-0       [000] d..2.     7.545784: sched_waking: "
		"comm=rcuc/0 pid=21 prio=98 target_cpu=000\n";
	const struct dat_shape shape = { .version = 7, .long_size = 8, .page_size = 4096,
					 .codec = "zstd", .nr_cpus = 1 };
	struct fixture *fixture = *state;
	struct dat_build build;
	struct event event;

	dat_build_init(&build, &shape);
	dat_build_page(&build, 0, 100, LOST_NONE);
	dat_build_switch(&build, 0, 5, 1, 2, 0);
	dat_build_finish(&build);
	assert_int_equal(open_with(fixture, build.file.at, build.file.size), 0);
	assert_int_equal(fixture->source->info.format, SOURCE_TRACE_DAT);
	assert_int_equal(source_next(fixture->source, &event, &fixture->err), 1);
	assert_int_equal(event.type, EVENT_SWITCH);
	dat_build_deinit(&build);

	assert_int_equal(open_with(fixture, text, sizeof(text) - 1), 0);
	assert_int_equal(fixture->source->info.format, SOURCE_TEXT);
	assert_int_equal(source_next(fixture->source, &event, &fixture->err), 1);
	assert_int_equal(event.type, EVENT_WAKING);
}

static void test_names_are_those_of_the_json(void **state)
{
	(void)state;
	assert_string_equal(source_format_name(SOURCE_TRACE_DAT), "trace.dat");
	assert_string_equal(source_format_name(SOURCE_TEXT), "text");
	assert_string_equal(source_format_name(SOURCE_LIVE), "live");
	assert_string_equal(source_format_name(SOURCE_PROC), "proc");
	for (int odd = 0; odd < SOURCE_ODD_NR; odd++) {
		const char *name = source_odd_name(odd);

		assert_non_null(name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
	}
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_foreign_formats_are_refused_by_name),
		TEST(test_tar_archive_is_refused),
		TEST(test_what_is_no_file_is_said),
		TEST(test_beginning_of_a_trace_dat_is_known_as_one),
		TEST(test_trace_dat_and_text_are_told_apart_by_content),
		TEST(test_names_are_those_of_the_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
