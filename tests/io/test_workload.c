// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the workload and the settings of the tracers change, on trees of plain files that stand for sysfs and
 * tracefs, and on processes of our own. The real ones are in tests/live/workload.t.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "monitor/monitor_params.h"
#include "monitor/workload_idle.h"
#include "monitor/workload_sched.h"
#include "source/live_events.h"
#include "source/live_extras.h"
#include "source/live_hist.h"
#include "source/live_tracer.h"
#include "util/child.h"
#include "util/error.h"
#include "util/guard.h"
#include "util/strbuf.h"

static char tree[64];
static struct guard *guard;

static const char *at(const char *name)
{
	static char path[4][256];
	static unsigned int used;

	used = (used + 1) % 4;
	snprintf(path[used], sizeof(path[used]), "%s/%s", tree, name);
	return path[used];
}

/* With the directories it is in. */
static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s", at(name));
	for (char *slash = path + strlen(tree) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		assert_true(!mkdir(path, 0700) || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void check_holds(const char *name, const char *text)
{
	char found[256] = "";
	FILE *file = fopen(at(name), "r");

	assert_non_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(found, text);
}

static int make_tree(void **state)
{
	struct error err;

	(void)state;
	snprintf(tree, sizeof(tree), "/tmp/test_workload.XXXXXX");
	if (!mkdtemp(tree))
		return -1;
	return guard_create(at("lists"), &guard, &err);
}

static int remove_tree(void **state)
{
	char *const command[] = { "rm", "-rf", tree, NULL };
	pid_t pid;
	int status;

	(void)state;
	guard_destroy(guard);
	pid = fork();
	if (!pid) {
		execvp(command[0], command);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && !status ? 0 : -1;
}

static void give_back(void)
{
	struct error err = { 0 };

	assert_int_equal(guard_undo(guard, -1, &err), 0);
}

static struct cpu_list cpus_of(const char *text)
{
	struct cpu_list cpus;

	assert_int_equal(parse_cpus(text, &cpus), 0);
	return cpus;
}

/* ---- child ------------------------------------------------------------------------------------ */

static ssize_t hear(const struct child *child, void *room, size_t size)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	ssize_t got = 0;

	for (int i = 0; i < 5000 && !(got = child_hear(child, room, size)); i++)
		nanosleep(&pause, NULL);
	return got;
}

/* Says which files it has, and what it is told from @kept. */
static void say_files(int fd, int kept, void *arg)
{
	char text[64] = "";

	if (child_await(fd))
		return;
	for (int i = 0; i < 64; i++)
		text[i] = fcntl(i, F_GETFD) >= 0 ? '1' : '0';
	text[5] = (char)('0' + (pread(kept, text + 32, 5, 0) == 5));
	memcpy(text + 40, arg, 4);
	child_say(fd, text, sizeof(text));
}

static void child_has_one_file_of_ours(void **state)
{
	struct child child = CHILD_NONE;
	struct error err = { 0 };
	char text[64];
	int kept;

	(void)state;
	put("kept", "hello");
	kept = open(at("kept"), O_RDONLY);
	assert_int_equal(child_start(say_files, kept, "arg", "test_workload", &child, &err), 0);
	close(kept);
	assert_int_equal(child_hear(&child, text, sizeof(text)), 0);
	assert_int_equal(child_tell(&child), 0);
	assert_int_equal(hear(&child, text, sizeof(text)), sizeof(text));
	assert_memory_equal(text, "11111100", 5);
	assert_int_equal(text[5], '1');
	assert_memory_equal(text + 6, "00000000000000000000000000", 26);
	assert_memory_equal(text + 32, "hello", 5);
	assert_string_equal(text + 40, "arg");
	assert_int_equal(hear(&child, text, sizeof(text)), -EPIPE);
	assert_int_equal(child_end(&child, 5000), 0);
	assert_int_equal(child.pid, 0);
}

static void hang(int fd, int kept, void *arg)
{
	(void)kept;
	(void)arg;
	child_say(fd, "x", 1);
	for (;;)
		pause();
}

static void child_that_hangs_is_ended(void **state)
{
	struct child child = CHILD_NONE;
	struct error err = { 0 };
	pid_t pid;
	char text[4];

	(void)state;
	assert_int_equal(child_start(hang, -1, NULL, "test_workload", &child, &err), 0);
	pid = child.pid;
	assert_int_equal(hear(&child, text, sizeof(text)), 1);
	/* the terminal's signals are not for it */
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(child_reap(&child, NULL), 0);
	assert_int_equal(child_end(&child, 5000), 0);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(child_end(&child, 0), 0);
}

static void child_ends_with_its_parent(void **state)
{
	struct child child = CHILD_NONE;
	struct error err = { 0 };
	int ends[2];
	int status;
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		/* ends[1] is what it keeps: the pipe ends with it */
		if (child_start(hang, ends[1], NULL, "test_workload", &child, &err))
			_exit(1);
		hear(&child, &byte, 1);
		raise(SIGKILL);
	}
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

/* ---- idle states ------------------------------------------------------------------------------ */

static void put_states(void)
{
	char name[64];

	for (unsigned int cpu = 0; cpu < 3; cpu++) {
		for (unsigned int state = 0; state < 3; state++) {
			snprintf(name, sizeof(name), "cpu%u/cpuidle/state%u/disable", cpu, state);
			put(name, cpu == 1 && state == 2 ? "1\n" : "0\n");
		}
		snprintf(name, sizeof(name), "cpu%u/online", cpu);
		put(name, cpu == 2 ? "0\n" : "1\n");
	}
	put("cpuidle/current_driver", "none\n");
}

/* Nine digits: the states of CPU 0, 1, 2. */
static void check_states(const char *digits)
{
	char found[10] = "";
	char name[64];

	for (unsigned int i = 0; i < 9; i++) {
		FILE *file;

		snprintf(name, sizeof(name), "cpu%u/cpuidle/state%u/disable", i / 3, i % 3);
		file = fopen(at(name), "r");
		assert_non_null(file);
		found[i] = (char)fgetc(file);
		fclose(file);
	}
	assert_string_equal(found, digits);
}

static void idle_states_deeper_than_asked_for_are_off_until_the_end(void **state)
{
	const struct cpu_list second = cpus_of("1");
	struct error err = { 0 };

	(void)state;
	put_states();
	assert_int_equal(workload_idle_limit(tree, NULL, 0, guard, &err), 0);
	check_states("011011000");	/* CPU 2 is off */
	give_back();
	check_states("000001000");
	assert_int_equal(workload_idle_limit(tree, &second, 1, guard, &err), 0);
	check_states("000001000");
	assert_int_equal(workload_idle_limit(tree, &second, -1, guard, &err), 0);
	check_states("000111000");
	give_back();
	check_states("000001000");
	assert_int_equal(workload_idle_limit(tree, NULL, 7, guard, &err), 0);
	check_states("000001000");
}

static void idle_states_that_are_missing_are_an_error(void **state)
{
	struct error err = { 0 };

	(void)state;
	put("cpu0/online", "1\n");
	assert_int_equal(workload_idle_limit(tree, NULL, 0, guard, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "--deepest-idle-state: CPU 0 has no idle states"));
	assert_int_equal(workload_idle_limit(at("none"), NULL, 0, guard, &err), -ENOENT);
}

static void dma_latency_is_held_as_a_binary_number(void **state)
{
	struct error err = { 0 };
	int32_t numbers[2];
	int fd;

	(void)state;
	put("dma", "");
	fd = workload_idle_hold_dma(at("dma"), 10000, &err);
	assert_true(fd >= 0);
	close(fd);
	fd = open(at("dma"), O_RDONLY);
	assert_int_equal(read(fd, numbers, sizeof(numbers)), sizeof(*numbers));
	assert_int_equal(numbers[0], 10000);
	close(fd);
	assert_int_equal(workload_idle_hold_dma(at("none"), 0, &err), -ENOENT);
	assert_non_null(strstr(err.text, "--dma-latency: this system has no"));
}

/* ---- scheduling ------------------------------------------------------------------------------- */

/* In a process of its own, whose affinity is nobody's. Return: its exit status */
static int apart(int (*check)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(check());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int runs_elsewhere(void)
{
	struct cpu_list cpus = { { 0 } };
	cpu_set_t before, after;
	int first = 0;

	if (sched_getaffinity(0, sizeof(before), &before))
		return 1;
	while (!CPU_ISSET(first, &before))
		first++;
	cpus.bits[first / 64] = UINT64_C(1) << first % 64;
	if (workload_sched_avoid(&cpus) || sched_getaffinity(0, sizeof(after), &after))
		return 2;
	/* there is nowhere to go from the only one */
	if (CPU_COUNT(&before) == 1)
		return CPU_EQUAL(&before, &after) ? 0 : 3;
	if (CPU_ISSET(first, &after) || CPU_COUNT(&after) != CPU_COUNT(&before) - 1)
		return 4;
	if (workload_sched_confine(&cpus) || sched_getaffinity(0, sizeof(after), &after))
		return 5;
	return CPU_COUNT(&after) == 1 && CPU_ISSET(first, &after) ? 0 : 6;
}

static void sched_leaves_cpus_where_it_can(void **state)
{
	const struct cpu_list none = cpus_of("16000");

	(void)state;
	assert_int_equal(apart(runs_elsewhere), 0);
	assert_int_equal(workload_sched_confine(&none), -EINVAL);
}

static int is_made_nice(void)
{
	const struct monitor_sched sched = { .policy = SCHED_OTHER, .nice = 7 };

	return workload_sched_apply(0, &sched, NULL) || getpriority(PRIO_PROCESS, 0) != 7;
}

static void sched_applies_what_is_possible_and_says_what_is_not(void **state)
{
	const struct monitor_sched wrong = { .policy = SCHED_FIFO, .rt_priority = 100 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(apart(is_made_nice), 0);
	assert_int_equal(workload_sched_apply(0, &wrong, &err), -EINVAL);
	assert_string_equal(err.text, "-P: Invalid argument");
}

static int count(pid_t tid, void *arg, struct error *err)
{
	(void)tid;
	(void)err;
	++*(int *)arg;
	return 0;
}

static void pretend(int fd, int kept, void *arg)
{
	hang(fd, kept, arg);
}

static void sched_finds_threads_of_the_kernel_only(void **state)
{
	const struct cpu_list first = cpus_of("0");
	const struct cpu_list beyond = cpus_of("16000");
	struct child child = CHILD_NONE;
	struct error err = { 0 };
	int nr_found = 0;
	char byte;

	(void)state;
	assert_int_equal(child_start(pretend, -1, NULL, "no_such_thread/0", &child, &err), 0);
	assert_int_equal(hear(&child, &byte, 1), 1);
	assert_int_equal(workload_sched_find("no_such_thread", NULL, count, &nr_found, &err), 0);
	assert_int_equal(nr_found, 0);
	child_end(&child, 5000);
	if (access("/proc/2/stat", F_OK) || !workload_sched_find("ksoftirqd", NULL, count, &nr_found, &err))
		skip();	/* a container does not show them */
	nr_found = 0;
	assert_int_equal(workload_sched_find("ksoftirqd", &first, count, &nr_found, &err), 1);
	assert_int_equal(nr_found, 1);
	assert_int_equal(workload_sched_find("ksoftirqd", &beyond, count, &nr_found, &err), 0);
	assert_int_equal(workload_sched_find("ksoft", &first, count, &nr_found, &err), 0);
}

static void cgroup_that_is_none_is_an_error(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_true(workload_sched_open_cgroup("no/such/cgroup", &err) < 0);
	assert_memory_equal(err.text, "-C: ", 4);
}

/* ---- settings of the tracers ------------------------------------------------------------------ */

static void put_tracefs(void)
{
	put("t/available_tracers", "timerlat osnoise nop\n");
	put("t/instances/x/current_tracer", "nop\n");
	put("t/instances/y/current_tracer", "nop\n");
	put("t/osnoise/cpus", "0-7\n");
	put("t/osnoise/options", "DEFAULTS OSNOISE_WORKLOAD NO_PANIC_ON_STOP\n");
	put("t/osnoise/timerlat_period_us", "1000\n");
	put("t/osnoise/print_stack", "30\n");
	put("t/osnoise/stop_tracing_us", "0\n");
	put("t/osnoise/stop_tracing_total_us", "500\n");
	put("t/osnoise/per_cpu/cpu0/timerlat_fd", "");
}

static int start_tracer(enum live_tracer tracer, const struct live_config *config, struct error *err)
{
	char root[256], instance[256];
	const struct live_tracer_setting setting = {
		.config = config,
		.guard = guard,
		.root = root,
		.instance = instance,
		.nr_cpus = 8,
		.tracer = tracer,
	};

	snprintf(root, sizeof(root), "%s", at("t"));
	snprintf(instance, sizeof(instance), "%s", at("t/instances/x"));
	return live_tracer_start(&setting, err);
}

static void tracer_settings_hold_for_the_run_and_are_given_back(void **state)
{
	const struct cpu_list cpus = cpus_of("1-3,5");
	const struct live_config config = { .cpus = &cpus, .period_us = 250, .has_user_workload = true };
	struct error err = { 0 };

	(void)state;
	put_tracefs();
	assert_int_equal(start_tracer(LIVE_TRACER_TIMERLAT, &config, &err), 0);
	check_holds("t/instances/x/current_tracer", "timerlat");
	check_holds("t/osnoise/cpus", "1-3,5");
	check_holds("t/osnoise/options", "NO_OSNOISE_WORKLOAD");
	check_holds("t/osnoise/timerlat_period_us", "250");
	check_holds("t/osnoise/print_stack", "0");
	check_holds("t/osnoise/stop_tracing_us", "0\n");
	check_holds("t/osnoise/stop_tracing_total_us", "0");
	give_back();
	check_holds("t/instances/x/current_tracer", "nop");
	check_holds("t/osnoise/cpus", "0-7\n");
	check_holds("t/osnoise/options", "OSNOISE_WORKLOAD");
	check_holds("t/osnoise/timerlat_period_us", "1000\n");
	check_holds("t/osnoise/print_stack", "30\n");
	check_holds("t/osnoise/stop_tracing_total_us", "500\n");
}

static void tracer_settings_of_others_are_not_taken_for_ours(void **state)
{
	const struct live_config config = { 0 };
	struct error err = { 0 };

	(void)state;
	put_tracefs();
	put("t/osnoise/cpus", "3\n");
	put("t/osnoise/options", "NO_OSNOISE_WORKLOAD TIMERLAT_ALIGN\n");
	put("t/osnoise/timerlat_align_us", "7\n");
	put("t/osnoise/timerlat_period_us", "5000\n");
	assert_int_equal(start_tracer(LIVE_TRACER_TIMERLAT, &config, &err), 0);
	check_holds("t/osnoise/cpus", "0-7");
	check_holds("t/osnoise/timerlat_period_us", "1000");
	/* a plain file holds the last thing written: that the threads are the kernel's comes first */
	check_holds("t/osnoise/options", "OSNOISE_WORKLOAD");
	give_back();
	check_holds("t/osnoise/cpus", "3\n");
	check_holds("t/osnoise/timerlat_align_us", "7\n");
	check_holds("t/osnoise/options", "NO_OSNOISE_WORKLOAD");
}

static void tracer_without_its_workload_or_with_it(void **state)
{
	struct live_config config = { 0 };
	struct error err = { 0 };

	(void)state;
	put_tracefs();
	assert_int_equal(start_tracer(LIVE_TRACER_OSNOISE, &config, &err), 0);
	check_holds("t/osnoise/options", "NO_OSNOISE_WORKLOAD");
	check_holds("t/osnoise/print_stack", "30\n");
	give_back();
	put_tracefs();
	config.has_workload = true;
	assert_int_equal(start_tracer(LIVE_TRACER_OSNOISE, &config, &err), 0);
	check_holds("t/osnoise/options", "DEFAULTS OSNOISE_WORKLOAD NO_PANIC_ON_STOP\n");
	give_back();
	put("t/instances/y/current_tracer", "timerlat\n");
	assert_int_equal(start_tracer(LIVE_TRACER_OSNOISE, &config, &err), -EBUSY);
	assert_non_null(strstr(err.text, "instance y runs timerlat"));
}

static void tracer_of_a_kernel_that_cannot_is_an_error(void **state)
{
	struct live_config config = { .is_aligned = true, .align_us = 5 };
	enum live_tracer tracer;
	struct error err = { 0 };

	(void)state;
	put_tracefs();
	assert_int_equal(start_tracer(LIVE_TRACER_TIMERLAT, &config, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "-A is not possible here"));
	config = (struct live_config){ .has_user_workload = true };
	unlink(at("t/osnoise/per_cpu/cpu0/timerlat_fd"));
	assert_int_equal(start_tracer(LIVE_TRACER_TIMERLAT, &config, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "cannot have threads of user space"));
	unlink(at("t/osnoise/options"));
	config = (struct live_config){ 0 };
	assert_int_equal(start_tracer(LIVE_TRACER_OSNOISE, &config, &err), -ENOTSUP);
	assert_int_equal(start_tracer(LIVE_TRACER_TIMERLAT, &config, &err), 0);
	give_back();
	put("t/available_tracers", "nop\n");
	assert_int_equal(live_tracer_choose(at("t"), LIVE_TRACER_TIMERLAT, &tracer, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "no tracer timerlat"));
}

/* ---- more events ------------------------------------------------------------------------------ */

static void put_event(const char *name)
{
	char path[128];

	for (const char *instance = "xy"; *instance; instance++) {
		static const char *const files[] = { "enable", "filter", "trigger" };

		for (int i = 0; i < 3; i++) {
			snprintf(path, sizeof(path), "%c/events/%s/%s", *instance, name, files[i]);
			put(path, i ? "none\n" : "0\n");
		}
	}
}

static int enable(const struct live_extra *extra, char *warning, struct error *err)
{
	const struct live_config config = { .extras = extra, .nr_extras = 1 };
	char first[256], second[256];

	snprintf(first, sizeof(first), "%s", at("x"));
	snprintf(second, sizeof(second), "%s", at("y"));
	warning[0] = '\0';
	return live_extras_enable(&config, first, second, LIVE_GROUP_BASE, warning, 256, err);
}

static void extras_are_switched_on_with_filter_and_trigger(void **state)
{
	const struct live_extra one = { "a:e1", "x > 0", "stacktrace" };
	const struct live_extra all = { "a", NULL, NULL };
	char warning[256];
	struct error err = { 0 };

	(void)state;
	put_event("a/e1");
	put_event("a/e2");
	put_event("b/e1");
	put("x/events/a/enable", "0\n");
	assert_int_equal(enable(&one, warning, &err), 0);
	assert_string_equal(warning, "");
	check_holds("x/events/a/e1/enable", "1");
	check_holds("y/events/a/e1/enable", "1");
	check_holds("x/events/a/e1/filter", "x > 0");
	check_holds("y/events/a/e1/filter", "x > 0");
	check_holds("x/events/a/e1/trigger", "stacktrace");
	check_holds("y/events/a/e1/trigger", "none\n");
	check_holds("x/events/a/e2/enable", "0\n");
	assert_int_equal(enable(&all, warning, &err), 0);
	check_holds("x/events/a/e2/enable", "1");
	check_holds("x/events/a/enable", "0\n");
	check_holds("x/events/b/e1/enable", "0\n");
}

static void extras_that_cannot_be_had_are_an_error(void **state)
{
	static const char *const wrong[] = { "a:none", "none", "a:", ":e1", "../a:e1", "a:../b/e1" };
	struct live_extra extra = { "sched:sched_waking", "pid == 1", NULL };
	char warning[256];
	struct error err = { 0 };

	(void)state;
	put_event("a/e1");
	put_event("sched/sched_waking");
	/* the analysis needs all of these */
	assert_int_equal(enable(&extra, warning, &err), 0);
	assert_non_null(strstr(warning, "sched:sched_waking: the filter is left out"));
	check_holds("x/events/sched/sched_waking/filter", "none\n");
	check_holds("x/events/sched/sched_waking/enable", "1");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		extra = (struct live_extra){ wrong[i], NULL, NULL };
		assert_true(enable(&extra, warning, &err) < 0);
		assert_memory_equal(err.text, "-e ", 3);
	}
	/* why the kernel does not take it, the instance's log says last */
	put("x/error_log", "[ 1] hist: error: older\n  Command: x\n"
	    "[ 2] trace: error: Field not found\n  Command: x\n");
	unlink(at("x/events/a/e1/filter"));
	extra = (struct live_extra){ "a:e1", "x > 0", NULL };
	assert_int_equal(enable(&extra, warning, &err), -ENOENT);
	assert_string_equal(err.text, "-e a:e1: filter 'x > 0': No such file or directory: Field not found");
}

static void extras_are_wanted_by_pattern(void **state)
{
	const struct live_extra extras[] = { { "a", NULL, NULL }, { "b:e*1", NULL, NULL } };
	const struct live_config config = { .extras = extras, .nr_extras = 2 };

	(void)state;
	assert_true(live_extras_is_wanted(&config, "a", "anything"));
	assert_true(live_extras_is_wanted(&config, "b", "event1"));
	assert_false(live_extras_is_wanted(&config, "b", "event2"));
	assert_false(live_extras_is_wanted(&config, "c", "e1"));
	assert_false(live_extras_is_wanted(&config, "ab", "e1"));
}

static int note(const char *system, const char *event, void *arg, struct error *err)
{
	(void)err;
	strbuf_addf(arg, "%s:%s ", system, event);
	return 0;
}

static void hists_are_found_and_read_whole(void **state)
{
	const struct live_extra extras[] = { { "a:e1", NULL, "hist:keys=x" },
					     { "b:e1", NULL, "stacktrace" } };
	const struct live_config config = { .extras = extras, .nr_extras = 2 };
	struct live_hist hist = { .event = "a:e1" };
	struct strbuf names = STRBUF_INIT;
	struct strbuf text = STRBUF_INIT;
	struct error err = { 0 };
	char file[64];
	FILE *out;

	(void)state;
	put_event("a/e1");
	put_event("b/e1");
	assert_int_equal(live_extras_for_each_hist(&config, at("x"), note, &names, &err), 0);
	assert_string_equal(names.text, "a:e1 ");
	live_hist_file(&hist, file, sizeof(file));
	assert_string_equal(file, "a_e1_hist.txt");
	put("hist", "");
	out = fopen(at("hist"), "w");
	for (int i = 0; i < 10000; i++)
		fprintf(out, "{ x: %6d } hitcount: 1\n", i);
	fclose(out);
	hist.fd = open(at("hist"), O_RDONLY);
	assert_int_equal(live_hist_read(&hist, 10000, &text, &err), 0);
	assert_int_equal(text.length, 10000 * strlen("{ x: 000000 } hitcount: 1\n"));
	assert_non_null(strstr(text.text, "{ x:   9999 }"));
	/* and a second time */
	strbuf_reset(&text);
	assert_int_equal(live_hist_read(&hist, 10000, &text, &err), 0);
	assert_int_equal(text.length, 10000 * strlen("{ x: 000000 } hitcount: 1\n"));
	close(hist.fd);
	hist.fd = open(tree, O_RDONLY);
	assert_int_equal(live_hist_read(&hist, 10000, &text, &err), -EISDIR);
	assert_string_equal(err.text, "the histogram of a:e1: Is a directory");
	close(hist.fd);
	strbuf_deinit(&names);
	strbuf_deinit(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(child_has_one_file_of_ours),
		TEST(child_that_hangs_is_ended),
		TEST(child_ends_with_its_parent),
		TEST(idle_states_deeper_than_asked_for_are_off_until_the_end),
		TEST(idle_states_that_are_missing_are_an_error),
		TEST(dma_latency_is_held_as_a_binary_number),
		TEST(sched_leaves_cpus_where_it_can),
		TEST(sched_applies_what_is_possible_and_says_what_is_not),
		TEST(sched_finds_threads_of_the_kernel_only),
		TEST(cgroup_that_is_none_is_an_error),
		TEST(tracer_settings_hold_for_the_run_and_are_given_back),
		TEST(tracer_settings_of_others_are_not_taken_for_ours),
		TEST(tracer_without_its_workload_or_with_it),
		TEST(tracer_of_a_kernel_that_cannot_is_an_error),
		TEST(extras_are_switched_on_with_filter_and_trigger),
		TEST(extras_that_cannot_be_had_are_an_error),
		TEST(extras_are_wanted_by_pattern),
		TEST(hists_are_found_and_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
