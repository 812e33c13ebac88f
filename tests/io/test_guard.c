// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guard, on a tree of plain files that stands for tracefs and sysctl: whoever is killed whenever,
 * the tree is as it was.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/error.h"
#include "util/guard.h"
#include "util/undo.h"

#define NR_FILES 8
#define NR_KILLS 50
#define PATIENCE_TRIES 2000

static char tree[64];
static char lists[80];

static void path_of(char *path, const char *kind, unsigned int number)
{
	snprintf(path, 256, "%s/%s%u", tree, kind, number);
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void check_holds(const char *path, const char *text)
{
	char found[256] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(found, text);
}

/* Contents that have to be written down with care. */
static const char *text_of(unsigned int number)
{
	static const char *const texts[] = { "950000\n", "", "a b\tc\n\nd", "%41 = end\n", "nop\n" };

	return texts[number % (sizeof(texts) / sizeof(*texts))];
}

static int make_tree(void **state)
{
	char path[256];

	(void)state;
	snprintf(tree, sizeof(tree), "/tmp/test_guard.XXXXXX");
	if (!mkdtemp(tree))
		return -1;
	snprintf(lists, sizeof(lists), "%s/lists", tree);
	for (unsigned int i = 0; i < NR_FILES; i++) {
		path_of(path, "file", i);
		put(path, text_of(i));
	}
	return 0;
}

static int remove_tree(void **state)
{
	char path[256];

	(void)state;
	for (unsigned int i = 0; i < NR_FILES; i++) {
		path_of(path, "file", i);
		unlink(path);
	}
	rmdir(lists);
	return rmdir(tree);
}

static bool is_list_left(void)
{
	DIR *dir = opendir(lists);
	const struct dirent *entry;
	bool is_left = false;

	while (dir && (entry = readdir(dir)))
		is_left = is_left || entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return is_left;
}

static void pause_ns(long ns)
{
	struct timespec pause = { .tv_nsec = ns };

	nanosleep(&pause, NULL);
}

static void await_no_list(void)
{
	for (int i = 0; i < PATIENCE_TRIES && is_list_left(); i++)
		pause_ns(5000000);
	assert_false(is_list_left());
}

static void check_tree(void)
{
	struct stat status;
	char path[256];

	for (unsigned int i = 0; i < NR_FILES; i++) {
		path_of(path, "file", i);
		check_holds(path, text_of(i));
		path_of(path, "dir", i);
		assert_int_equal(stat(path, &status), -1);
		path_of(path, "new", i);
		assert_int_equal(stat(path, &status), -1);
	}
}

/* ---- one after the other ---------------------------------------------------------------------- */

static void change_some(struct guard *guard)
{
	char path[256];
	struct error err;

	for (unsigned int i = 0; i < NR_FILES; i++) {
		path_of(path, "file", i);
		assert_int_equal(guard_write(guard, path, "changed\n", NULL, &err), 0);
		check_holds(path, "changed\n");
		path_of(path, "dir", i);
		assert_int_equal(guard_mkdir(guard, path, &err), 0);
		path_of(path, "new", i);
		assert_int_equal(guard_add_file(guard, path, &err), 0);
		put(path, "new");
	}
}

static void undo_gives_everything_back(void **state)
{
	struct guard *guard;
	struct error err;

	(void)state;
	assert_int_equal(guard_create(lists, &guard, &err), 0);
	change_some(guard);
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	check_tree();
	change_some(guard);
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	check_tree();
	guard_destroy(guard);
	assert_false(is_list_left());
}

static void undo_goes_back_step_by_step(void **state)
{
	struct guard *guard;
	struct error err;
	char path[256];

	(void)state;
	path_of(path, "file", 0);
	assert_int_equal(guard_create(lists, &guard, &err), 0);
	assert_int_equal(guard_write(guard, path, "one\n", NULL, &err), 0);
	assert_int_equal(guard_write(guard, path, "two\n", NULL, &err), 0);
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	check_holds(path, text_of(0));
	/* what to write back may be another thing than what is read */
	assert_int_equal(guard_write(guard, path, "NO_WORKLOAD", "WORKLOAD", &err), 0);
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	check_holds(path, "WORKLOAD");
	put(path, text_of(0));
	guard_destroy(guard);
}

static void undo_works_without_the_guard(void **state)
{
	struct guard *guard;
	struct error err;

	(void)state;
	assert_int_equal(guard_create(lists, &guard, &err), 0);
	change_some(guard);
	assert_int_equal(kill(guard_pid(guard), SIGKILL), 0);
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	check_tree();
	guard_destroy(guard);
	assert_false(is_list_left());
}

static void guard_outlives_the_signals_that_end_programs(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	struct guard *guard;
	struct error err;

	(void)state;
	assert_int_equal(guard_create(lists, &guard, &err), 0);
	change_some(guard);
	/* an answer shows that it is past its beginning */
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		assert_int_equal(kill(guard_pid(guard), signals[i]), 0);
	change_some(guard);
	guard_destroy(guard);
	await_no_list();
	check_tree();
}

static void directory_of_another_is_not_removed(void **state)
{
	struct stat status;
	struct guard *guard;
	struct error err;
	char path[256];

	(void)state;
	path_of(path, "dir", 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(guard_create(lists, &guard, &err), 0);
	assert_int_equal(guard_mkdir(guard, path, &err), -EEXIST);
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	assert_int_equal(stat(path, &status), 0);
	guard_destroy(guard);
	assert_int_equal(rmdir(path), 0);
}

static void failed_change_is_said_and_not_undone(void **state)
{
	struct guard *guard;
	struct error err;
	char path[256];

	(void)state;
	path_of(path, "nowhere/file", 0);
	assert_int_equal(guard_create(lists, &guard, &err), 0);
	assert_int_equal(guard_write(guard, path, "x", "y", &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(guard_mkdir(guard, path, &err), -ENOENT);
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	guard_destroy(guard);
}

static void what_cannot_be_undone_is_said_and_the_rest_is(void **state)
{
	struct guard *guard;
	struct error err;
	char path[256];
	char inner[280];

	(void)state;
	assert_int_equal(guard_create(lists, &guard, &err), 0);
	change_some(guard);
	path_of(path, "dir", 3);
	snprintf(inner, sizeof(inner), "%s/inner", path);
	assert_int_equal(mkdir(inner, 0700), 0);
	assert_int_equal(guard_undo(guard, -1, &err), -ENOTEMPTY);
	assert_non_null(strstr(err.text, path));
	path_of(path, "file", 0);
	check_holds(path, text_of(0));
	assert_int_equal(rmdir(inner), 0);
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	check_tree();
	guard_destroy(guard);
}

static void list_where_others_may_write_is_refused(void **state)
{
	struct guard *guard;
	struct error err;

	(void)state;
	assert_int_equal(mkdir(lists, 0700), 0);
	assert_int_equal(chmod(lists, 0777), 0);
	assert_int_equal(guard_create(lists, &guard, &err), -EPERM);
	assert_int_equal(rmdir(lists), 0);
}

static void note_that_was_cut_is_ignored(void **state)
{
	char path[256];
	char text[1024];
	struct error err;

	(void)state;
	assert_int_equal(mkdir(lists, 0700), 0);
	path_of(path, "file", 4);
	snprintf(text, sizeof(text), "\nw 1 1 =%s =new en\nw 1 2 =%s =ne\n\nw 1 3 =%s =nop%%0a end\nd 1 4",
		 path, path, path);
	snprintf(path, sizeof(path), "%s/state.1.0", lists);
	put(path, text);
	assert_int_equal(undo_stale(lists, &err), 1);
	assert_false(is_list_left());
	check_tree();
}

/* Every other list says that a directory is to be removed, which is not empty. */
static void list_that_cannot_be_undone_does_not_keep_from_the_rest(void **state)
{
	char path[512];
	char text[600];
	struct error err;

	(void)state;
	assert_int_equal(mkdir(lists, 0700), 0);
	for (unsigned int i = 0; i < NR_FILES; i++) {
		path_of(path, "file", i);
		snprintf(text, sizeof(text), "\n%s =%s =%s end\n", i % 2 ? "d 1 1" : "w 1 1",
			 i % 2 ? tree : path, i % 2 ? "" : "new");
		snprintf(path, sizeof(path), "%s/state.%u.0", lists, i + 1);
		put(path, text);
	}
	assert_int_equal(undo_stale(lists, &err), -ENOTEMPTY);
	for (unsigned int i = 0; i < NR_FILES; i++) {
		path_of(path, "file", i);
		check_holds(path, i % 2 ? text_of(i) : "new");
		put(path, text_of(i));
		snprintf(path, sizeof(path), "%s/state.%u.0", lists, i + 1);
		assert_int_equal(unlink(path), i % 2 ? 0 : -1);
	}
	assert_int_equal(rmdir(lists), 0);
}

/* ---- killed ----------------------------------------------------------------------------------- */

/* Makes changes, and now and then undoes them, until it is killed. */
__attribute__((noreturn)) static void change_for_ever(int pid_fd, unsigned int seed)
{
	struct guard *guard;
	char path[256];
	pid_t pid;

	if (guard_create(lists, &guard, NULL))
		_exit(1);
	pid = guard_pid(guard);
	if (write(pid_fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	for (;;) {
		unsigned int number = (unsigned int)rand_r(&seed) % NR_FILES;
		char value[32];

		snprintf(value, sizeof(value), "%u\n", seed);
		path_of(path, "file", number);
		if (guard_write(guard, path, value, NULL, NULL))
			_exit(2);
		path_of(path, "dir", number);
		if (guard_mkdir(guard, path, NULL) == -EIO)
			_exit(3);
		if (!(rand_r(&seed) % 64) && guard_undo(guard, -1, NULL))
			_exit(4);
	}
}

/* Return: the pid of the guard of the process that was killed after some time */
static pid_t start_and_kill(unsigned int seed, bool with_guard)
{
	pid_t guard_process = 0;
	int status;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		change_for_ever(ends[1], seed);
	close(ends[1]);
	assert_int_equal(read(ends[0], &guard_process, sizeof(guard_process)), sizeof(guard_process));
	close(ends[0]);
	pause_ns((long)(seed * 7919 % 20000000));
	if (with_guard)
		assert_int_equal(kill(guard_process, SIGKILL), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return guard_process;
}

static void killed_at_any_moment_the_guard_gives_back(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= NR_KILLS; i++) {
		start_and_kill(i, false);
		await_no_list();
		check_tree();
	}
}

/* Their locks go with them, which may take a moment after the signal. */
static void killed_with_the_guard_the_next_start_gives_back(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= NR_KILLS; i++) {
		int nr_undone = 0;

		start_and_kill(i, true);
		for (int tries = 0; tries < PATIENCE_TRIES && !nr_undone; tries++) {
			nr_undone = undo_stale(lists, NULL);
			assert_true(nr_undone >= 0);
			if (!nr_undone)
				pause_ns(1000000);
		}
		assert_int_equal(nr_undone, 1);
		assert_false(is_list_left());
		check_tree();
	}
}

static void list_of_the_living_is_not_touched(void **state)
{
	struct guard *guard;
	struct error err;
	char path[256];

	(void)state;
	path_of(path, "file", 0);
	assert_int_equal(guard_create(lists, &guard, &err), 0);
	assert_int_equal(guard_write(guard, path, "changed\n", NULL, &err), 0);
	assert_int_equal(undo_stale(lists, &err), 0);
	check_holds(path, "changed\n");
	assert_int_equal(guard_undo(guard, -1, &err), 0);
	guard_destroy(guard);
	check_tree();
}

/* As the helper that sets tracing up does: it may change things when its parent is dead already. */
static void guard_waits_for_children_that_can_still_change(void **state)
{
	struct guard *guard;
	int ready[2];
	int go_on[2];
	char path[256];
	char byte;
	pid_t pid;

	(void)state;
	path_of(path, "file", 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go_on, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(go_on[1]);
		if (guard_create(lists, &guard, NULL))
			_exit(1);
		if (fork())
			_exit(0);
		/* killed is its parent; it changes something now */
		if (read(go_on[0], &byte, 1) < 0 || guard_write(guard, path, "late\n", NULL, NULL))
			_exit(2);
		if (write(ready[1], "r", 1) != 1 || read(go_on[0], &byte, 1) < 0)
			_exit(3);
		_exit(0);
	}
	close(go_on[0]);
	close(ready[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(write(go_on[1], "g", 1), 1);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	check_holds(path, "late\n");
	close(go_on[1]);
	await_no_list();
	check_tree();
	close(ready[0]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)
	const struct CMUnitTest tests[] = {
		TEST(undo_gives_everything_back),
		TEST(undo_goes_back_step_by_step),
		TEST(undo_works_without_the_guard),
		TEST(guard_outlives_the_signals_that_end_programs),
		TEST(directory_of_another_is_not_removed),
		TEST(failed_change_is_said_and_not_undone),
		TEST(what_cannot_be_undone_is_said_and_the_rest_is),
		TEST(list_where_others_may_write_is_refused),
		TEST(note_that_was_cut_is_ignored),
		TEST(list_that_cannot_be_undone_does_not_keep_from_the_rest),
		TEST(killed_at_any_moment_the_guard_gives_back),
		TEST(killed_with_the_guard_the_next_start_gives_back),
		TEST(list_of_the_living_is_not_touched),
		TEST(guard_waits_for_children_that_can_still_change),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
