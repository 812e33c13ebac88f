// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "monitor/stacks.h"
#include "monitor/stacks_read.h"
#include "util/error.h"
#include "util/parse.h"

#define TIMEOUT_MS 300

static uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/*
 * ---- symbols ----------------------------------------------------------------------------------
 */

static int read_symbols(const char *text, struct symbols **ret, struct error *err)
{
	char path[] = "/tmp/test_stacks.XXXXXX";
	int fd = mkstemp(path);
	FILE *file;
	int result;

	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	result = symbols_create(path, ret, err);
	unlink(path);
	return result;
}

static void symbols_find_names_functions_and_modules(void **state)
{
	static const struct {
		uint64_t address;
		bool is_return;
		const char *name;	/* NULL: none */
	} rows[] = {
		{ 0xffffffff80ffffff, false, NULL },
		{ 0xffffffff81000000, false, "plain" },		/* of three names the plainest */
		{ 0xffffffff810000ff, false, "plain" },
		{ 0xffffffff81000100, false, "second" },
		{ 0xffffffff81000100, true, "plain" },		/* behind a call that does not return */
		{ 0xffffffff810001f8, false, "second" },	/* padding is no function */
		{ 0xffffffff81000200, false, "third" },
		{ 0xffffffff81000300, false, "third" },		/* data is none either */
		{ 0xffffffffc0000010, false, "ip_rcv [ipv6]" },
		{ 0xffffffffc00fffff, false, NULL },		/* far beyond the last function */
		{ UINT64_MAX, false, NULL },
		{ 0, true, NULL },
	};
	struct symbols *symbols;
	struct error err;
	char name[SYMBOLS_MAX_NAME];

	(void)state;
	assert_int_equal(read_symbols("ffffffffc0000000 t ip_rcv\t[ipv6]\n"
				      "ffffffff81000000 T __plain\n"
				      "ffffffff81000000 T plain\n"
				      "ffffffff81000000 t another\n"
				      "ffffffff810001f0 t __pfx_third\n"
				      "ffffffff81000100 W second\n"
				      "ffffffff81000300 D data\n"
				      "ffffffff81000200 t third\n"
				      "\n"
				      "rubbish\n"
				      "ffffffff81000250\n"
				      "ffffffff81000260 t \n", &symbols, &err), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_found = symbols_find(symbols, rows[i].address, rows[i].is_return, name);

		if (is_found != (rows[i].name != NULL) || (is_found && strcmp(name, rows[i].name)))
			fail_msg("row %zu: %s", i, is_found ? name : "none");
	}
	symbols_destroy(symbols);
}

static void symbols_create_says_why_there_are_none(void **state)
{
	struct symbols *symbols = NULL;
	struct error err;

	(void)state;
	assert_int_equal(read_symbols("0000000000000000 T _text\n0000000000000000 t foo\n", &symbols, &err),
			 -EACCES);
	assert_non_null(strstr(err.text, "kptr_restrict"));
	assert_int_equal(read_symbols("ffffffff81000300 D data\n", &symbols, &err), -ENODATA);
	assert_int_equal(symbols_create("/nonexistent/kallsyms", &symbols, &err), -ENOENT);
	assert_null(symbols);
}

static void symbols_find_cuts_a_long_name(void **state)
{
	char line[4096] = "ffffffff81000000 t ";
	struct symbols *symbols;
	struct error err;
	char name[SYMBOLS_MAX_NAME];

	(void)state;
	memset(line + strlen(line), 'x', 3000);
	assert_int_equal(read_symbols(line, &symbols, &err), 0);
	assert_true(symbols_find(symbols, 0xffffffff81000001, false, name));
	assert_int_equal(strlen(name), SYMBOLS_MAX_NAME - 1);
	symbols_destroy(symbols);
}

/*
 * ---- samples ----------------------------------------------------------------------------------
 */

static void stacks_read_sample_tells_kernel_from_user_code(void **state)
{
	struct sample sample = { .tid = 7, .mode = SAMPLE_KERNEL, .nr_frames = 2,
				 .frames = { 0xffffffff81000010, 0xffffffff81000100 } };
	struct stacks_frames frames = { 0 };
	struct symbols *symbols;
	struct error err;

	(void)state;
	assert_int_equal(read_symbols("ffffffff81000000 t inner\n"
				      "ffffffff81000100 t next\n", &symbols, &err), 0);
	stacks_read_sample(&sample, symbols, &frames);
	assert_int_equal(frames.nr_frames, 2);
	assert_string_equal(frames.frames[0], "inner");
	assert_string_equal(frames.frames[1], "inner");	/* a return address */
	assert_false(frames.is_user);
	stacks_read_sample(&sample, NULL, &frames);
	assert_string_equal(frames.frames[0], "0xffffffff81000010");
	sample.mode = SAMPLE_USER;
	stacks_read_sample(&sample, symbols, &frames);
	assert_int_equal(frames.nr_frames, 1);
	assert_string_equal(frames.frames[0], "user code");
	assert_true(frames.is_user);
	sample.mode = SAMPLE_GUEST;
	stacks_read_sample(&sample, symbols, &frames);
	assert_string_equal(frames.frames[0], "code of a virtual machine");
	sample = (struct sample){ .mode = SAMPLE_KERNEL };
	frames = (struct stacks_frames){ 0 };
	stacks_read_sample(&sample, symbols, &frames);
	assert_int_equal(frames.nr_frames, 0);
	assert_true(*frames.why);
	symbols_destroy(symbols);
}

static void stacks_read_place_finds_the_file(void **state)
{
	char place[SYMBOLS_MAX_NAME] = "user code";
	void *anonymous = malloc(1 << 24);
	uint64_t on_stack = (uint64_t)(uintptr_t)&place;

	(void)state;
	stacks_read_place(getpid(), (uint64_t)(uintptr_t)stacks_read_place_finds_the_file, place);
	assert_true(!strncmp(place, "user code in test_stacks+0x", 27));
	stacks_read_place(getpid(), (uint64_t)(uintptr_t)anonymous + 4096, place);
	assert_string_equal(place, "user code in anonymous memory");
	stacks_read_place(getpid(), on_stack, place);
	assert_true(!strncmp(place, "user code in ", 13));
	snprintf(place, sizeof(place), "user code");
	stacks_read_place(getpid(), UINT64_MAX - 1, place);
	assert_string_equal(place, "user code");
	stacks_read_place(-1, 0, place);
	assert_string_equal(place, "user code");
	free(anonymous);
}

/*
 * ---- the machine ------------------------------------------------------------------------------
 */

static int set_up(void **state)
{
	struct stacks *stacks = NULL;

	assert_int_equal(stacks_create(NULL, &stacks, NULL), 0);
	*state = stacks;
	return 0;
}

static int tear_down(void **state)
{
	stacks_destroy(*state);
	return 0;
}

static void stacks_of_sleeper_has_frames_or_words(void **state)
{
	struct stacks_frames frames;
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	stacks_of_sleeper(*state, STACKS_SUSPENDED, child, 0, TIMEOUT_MS, &frames);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(frames.kind, STACKS_SUSPENDED);
	assert_int_equal(frames.tid, child);
	assert_string_equal(frames.comm, "test_stacks");
	assert_true(frames.nr_frames || *frames.why);
	for (uint32_t i = 0; i < frames.nr_frames; i++)
		assert_null(strpbrk(frames.frames[i], "+\n"));
	stacks_of_sleeper(*state, STACKS_SUSPENDED, child, 0, TIMEOUT_MS, &frames);
	assert_int_equal(frames.nr_frames, 0);
	assert_string_equal(frames.why, "the thread is gone");
}

static void stacks_of_occupant_has_frames_or_words_in_time(void **state)
{
	struct stacks_frames frames;
	uint64_t began_ms = now_ms();
	long nr = sysconf(_SC_NPROCESSORS_CONF);

	for (uint32_t cpu = 0; cpu < (uint32_t)nr && cpu < 4; cpu++) {
		stacks_of_occupant(*state, cpu, TIMEOUT_MS, &frames);
		assert_int_equal(frames.kind, STACKS_OCCUPANT);
		assert_int_equal(frames.cpu, cpu);
		assert_true(frames.nr_frames || *frames.why);
		assert_true(frames.nr_frames <= STACKS_MAX_FRAMES);
	}
	assert_true(now_ms() - began_ms < 4 * TIMEOUT_MS + 2000);
	stacks_of_occupant(*state, ENGINE_MAX_CPUS - 1, TIMEOUT_MS, &frames);
	assert_int_equal(frames.nr_frames, 0);
	assert_non_null(strstr(frames.why, "there is no CPU"));
}

/* Without leave for perf events there are words, else it is user code and of this program. */
static void stacks_of_occupant_says_that_it_is_user_code(void **state)
{
	struct stacks_frames frames;
	cpu_set_t set;
	int cpu;
	pid_t child = fork();

	if (!child) {
		cpu = sched_getcpu();
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			_exit(1);
		for (;;)
			;
	}
	for (int i = 0; i < 50; i++) {
		uint32_t nr = 0;
		FILE *file;
		char path[64];

		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		snprintf(path, sizeof(path), "/proc/%d/stat", child);
		file = fopen(path, "r");
		assert_non_null(file);
		/* 39: the CPU it runs on; its name has no blank */
		for (int field = 1; field < 39; field++)
			assert_int_equal(fscanf(file, "%*s"), 0);
		if (fscanf(file, "%" SCNu32, &nr) != 1)
			fail();
		fclose(file);
		stacks_of_occupant(*state, nr, TIMEOUT_MS, &frames);
		if ((frames.tid == child && frames.is_user) || !frames.nr_frames)
			break;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	if (!frames.nr_frames) {
		assert_true(*frames.why);
		return;
	}
	assert_int_equal(frames.tid, child);
	assert_true(frames.is_user);
	assert_true(!strncmp(frames.frames[0], "user code in test_stacks+0x", 27));
}

static void stacks_of_other_cpus_are_prepared_when_asked_for(void **state)
{
	struct stacks_frames frames;
	struct stacks *stacks = NULL;
	struct cpu_list cpus;

	(void)state;
	assert_int_equal(parse_cpus("9000", &cpus), 0);
	assert_int_equal(stacks_create(&cpus, &stacks, NULL), 0);
	stacks_of_occupant(stacks, 0, TIMEOUT_MS, &frames);
	assert_true(frames.nr_frames || *frames.why);
	assert_null(strstr(frames.why, "there is no CPU"));
	stacks_of_occupant(stacks, 9000, TIMEOUT_MS, &frames);
	assert_int_equal(frames.nr_frames, 0);
	assert_string_equal(frames.why, "there is no CPU 9000");
	stacks_destroy(stacks);
	stacks_destroy(NULL);
}

/* Who waits for the child of a vfork() does so in D. */
static void stacks_find_suspended_finds_who_is_in_d(void **state)
{
	struct stacks_suspended found;
	bool is_met = false;
	pid_t child = fork();

	if (!child) {
		if (!vfork()) {
			nanosleep(&(struct timespec){ .tv_sec = 20 }, NULL);
			_exit(0);
		}
		_exit(0);
	}
	for (int i = 0; i < 100 && !is_met; i++) {
		if (!stacks_find_suspended(*state, 2000, &found))
			continue;
		assert_true(found.nr_kept <= found.nr);
		for (uint32_t k = 0; k < found.nr_kept; k++) {
			if (found.threads[k].tid != child)
				continue;
			is_met = true;
			assert_string_equal(found.threads[k].comm, "test_stacks");
		}
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(is_met);
}

static void stacks_can_go_while_they_are_set_up(void **state)
{
	struct stacks_frames frames;
	struct stacks *stacks = NULL;

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(stacks_create(NULL, &stacks, NULL), 0);
		if (i & 1)
			stacks_of_occupant(stacks, 0, 1, &frames);
		if (i & 2)
			stacks_of_sleeper(stacks, STACKS_WAITER, getpid(), 0, 0, &frames);
		stacks_destroy(stacks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_find_names_functions_and_modules),
		cmocka_unit_test(symbols_create_says_why_there_are_none),
		cmocka_unit_test(symbols_find_cuts_a_long_name),
		cmocka_unit_test(stacks_read_sample_tells_kernel_from_user_code),
		cmocka_unit_test(stacks_read_place_finds_the_file),
		cmocka_unit_test_setup_teardown(stacks_of_sleeper_has_frames_or_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stacks_of_occupant_has_frames_or_words_in_time, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(stacks_of_occupant_says_that_it_is_user_code, set_up,
						tear_down),
		cmocka_unit_test(stacks_of_other_cpus_are_prepared_when_asked_for),
		cmocka_unit_test_setup_teardown(stacks_find_suspended_finds_who_is_in_d, set_up, tear_down),
		cmocka_unit_test(stacks_can_go_while_they_are_set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
