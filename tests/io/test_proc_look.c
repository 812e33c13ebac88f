// SPDX-License-Identifier: GPL-2.0-only
/* What is read of /proc by hand, from files made up here. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/proc_look.h"
#include "util/error.h"

static char tree[64];

static void put(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(const char *name, const char *fmt, ...)
{
	char path[256];
	va_list args;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	for (char *slash = path + strlen(tree) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		assert_true(!mkdir(path, 0700) || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	va_start(args, fmt);
	assert_true(vfprintf(file, fmt, args) >= 0);
	va_end(args);
	assert_int_equal(fclose(file), 0);
}

static int open_tree(void)
{
	int fd = open(tree, O_PATH | O_DIRECTORY);

	assert_true(fd >= 0);
	return fd;
}

/* utime and stime are 6 and 4 ticks; prio is 44 as traced; queued on CPU 3; began at 4711. */
#define STAT(tid, comm, letter)								\
	#tid " (" comm ") " letter " 2 0 0 0 -1 69238880 0 0 0 0 6 4 0 0 -56 0 1 0 4711 0 "	\
	"0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 0 0 0 17 3 55 1 0 0 0 0 0 0 0 0 0 0 0\n"

static void thread_is_read_by_hand(void **state)
{
	struct proc_ready ready = { 0 };
	int fd = open_tree();

	(void)state;
	put("70/schedstat", "123456789 55 9\n");
	put("70/task/70/stat", STAT(70, "a) S 1 (b\nc", "R"));
	assert_true(proc_look_closely(fd, 70, true, 0, &ready));
	assert_int_equal(ready.tid, 70);
	assert_string_equal(ready.comm, "a) S 1 (b\nc");
	assert_int_equal(ready.prio, 44);
	assert_int_equal(ready.cpu, 3);
	assert_int_equal(ready.start_ticks, 4711);
	assert_true(ready.is_kthread);
	assert_int_equal(ready.before.ns, 123456789);
	assert_int_equal(ready.before.nr, 9);
	assert_int_equal(ready.after.ns, 123456789);
	assert_int_equal(ready.after.nr, 9);
	close(fd);
}

static void thread_without_run_counts_has_its_switches(void **state)
{
	struct proc_ready ready = { 0 };
	int fd = open_tree();

	(void)state;
	put("71/task/71/stat", STAT(71, "x", "R"));
	put("71/task/71/status", "Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t30\n");
	assert_true(proc_look_closely(fd, 71, false, 77, &ready));
	assert_int_equal(ready.before.ns, 77);
	assert_int_equal(ready.before.nr, 42);
	assert_int_equal(ready.after.nr, 42);
	assert_false(proc_look_closely(fd, 71, true, 77, &ready));
	close(fd);
}

static void thread_that_is_not_ready_is_not_read(void **state)
{
	struct proc_ready ready = { .tid = 1 };
	int fd = open_tree();

	(void)state;
	put("72/schedstat", "1 2 3\n");
	put("72/task/72/stat", STAT(72, "x", "S"));
	put("73/schedstat", "1 2 3\n");
	put("73/task/73/stat", "73 (cut) R 2 0 0\n");
	put("74/schedstat", "1 2\n");
	put("74/task/74/stat", STAT(74, "x", "R"));
	for (int32_t tid = 72; tid <= 75; tid++)
		assert_false(proc_look_closely(fd, tid, true, 0, &ready));
	assert_int_equal(ready.tid, 1);
	close(fd);
}

static void idle_time_is_read_of_cpus_that_are_online(void **state)
{
	struct proc_idle *cpus = NULL;
	struct error err;
	uint32_t nr_cpus;
	uint64_t tick_ns = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
	int fd = open_tree();

	(void)state;
	put("stat", "cpu  7 8 9 100 5 0 0 0 0 0\ncpu0 1 0 1 40 5 0 0 0 0 0\ncpu2 6 8 8 60 0 0 0 0 0 0\n"
		    "cpu99999 1 1 1 1 1 1 0 0 0 0\nintr 55 0 0\nctxt 1\n");
	assert_int_equal(proc_look_idle(fd, &cpus, &nr_cpus, &err), 0);
	assert_int_equal(nr_cpus, 3);
	assert_true(cpus[0].is_online);
	assert_int_equal(cpus[0].ns, 45 * tick_ns);
	assert_false(cpus[1].is_online);
	assert_true(cpus[2].is_online);
	assert_int_equal(cpus[2].ns, 60 * tick_ns);
	free(cpus);
	close(fd);
}

static void no_stat_file_is_a_failure(void **state)
{
	struct proc_idle *cpus = NULL;
	struct error err;
	uint32_t nr_cpus;
	char path[128];
	int fd;

	(void)state;
	put("empty/file", "x");
	snprintf(path, sizeof(path), "%s/empty", tree);
	fd = open(path, O_PATH | O_DIRECTORY);
	assert_true(fd >= 0);
	assert_int_equal(proc_look_idle(fd, &cpus, &nr_cpus, &err), -ENOENT);
	assert_null(cpus);
	close(fd);
}

static int make_tree(void **state)
{
	(void)state;
	strcpy(tree, "/tmp/test_proc_look.XXXXXX");
	return mkdtemp(tree) ? 0 : -1;
}

static int remove_tree(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", tree);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thread_is_read_by_hand),
		cmocka_unit_test(thread_without_run_counts_has_its_switches),
		cmocka_unit_test(thread_that_is_not_ready_is_not_read),
		cmocka_unit_test(idle_time_is_read_of_cpus_that_are_online),
		cmocka_unit_test(no_stat_file_is_a_failure),
	};

	return cmocka_run_group_tests_name("proc_look", tests, make_tree, remove_tree);
}
