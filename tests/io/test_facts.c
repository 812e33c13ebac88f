// SPDX-License-Identifier: GPL-2.0-only
/* The facts of a machine, from files that stand for its /proc and /sys; one tree for each kind of kernel. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "monitor/facts.h"

#define CPU_DIR "sys/devices/system/cpu/"
#define SCHED_DIR "sys/kernel/debug/sched/"

static char tree[64];

static int make_tree(void **state)
{
	(void)state;
	strcpy(tree, "/tmp/test_facts.XXXXXX");
	return mkdtemp(tree) ? 0 : -1;
}

static int remove_tree(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", tree);
	return system(command);
}

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", tree, name);
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

static void put_kernel(const char *release, const char *version)
{
	put("proc/sys/kernel/osrelease", release);
	put("proc/sys/kernel/version", version);
}

static bool has_cpu(const struct facts_cpus *cpus, unsigned int cpu)
{
	return cpus->list.bits[cpu / 64] >> cpu % 64 & 1;
}

/* ---- how it preempts -------------------------------------------------------------------------- */

static void check_preemption(const char *name)
{
	struct facts facts;

	facts_read(tree, &facts);
	assert_string_equal(facts_preemption_name(facts.preemption), name);
}

static void check_version(const char *release, const char *version, const char *name)
{
	put_kernel(release, version);
	check_preemption(name);
}

static void preemption_is_told_by_the_version(void **state)
{
	(void)state;
	check_version("6.1.0-56-rt-amd64\n", "#1 SMP PREEMPT_RT Debian 6.1.192-2\n", "PREEMPT_RT");
	check_version("3.10.0-1160.rt56\n", "#1 SMP PREEMPT RT Tue Aug 18 2020\n", "PREEMPT_RT");
	check_version("5.10.0-8-amd64\n", "#1 SMP Debian 5.10.46-4\n", "none or voluntary");
	check_version("5.10.0\n", "#1 SMP PREEMPT Mon\n", "full");
	check_version("6.13.2\n", "#1 SMP PREEMPT Mon\n", "full or lazy");
	check_version("6.1.0-18-amd64\n", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1\n", "chosen at boot");
}

static void preemption_is_told_by_the_command_line(void **state)
{
	(void)state;
	put_kernel("6.18.44\n", "#1 SMP PREEMPT_DYNAMIC @0\n");
	put("proc/cmdline", "quiet preempt=voluntary x=preempt=none\n");
	check_preemption("voluntary");
	put("proc/cmdline", "preempt=full preempt=lazy preempt=whatever\n");
	check_preemption("lazy");
	put("proc/cmdline", "nopreempt=full preempt= preempt=fuller\n");
	check_preemption("chosen at boot");
}

static void preemption_is_told_by_the_scheduler(void **state)
{
	(void)state;
	put_kernel("6.18.44\n", "#1 SMP PREEMPT_DYNAMIC @0\n");
	put("proc/cmdline", "preempt=none\n");
	put(SCHED_DIR "preempt", "none voluntary (full) lazy \n");
	check_preemption("full");
	put(SCHED_DIR "preempt", "(none) voluntary full\n");
	check_preemption("none");
	put(SCHED_DIR "preempt", "(undefined)\n");
	check_preemption("none");
	put(SCHED_DIR "preempt", "(\n");
	check_preemption("none");
	/* whatever else there is: real-time kernels before 6.x had this file alone */
	put("sys/kernel/realtime", "1\n");
	check_preemption("PREEMPT_RT");
	put("sys/kernel/realtime", "0\n");
	check_preemption("none");
}

/* ---- CPUs ------------------------------------------------------------------------------------- */

static void cpu_lists_are_read(void **state)
{
	struct facts facts;

	(void)state;
	put(CPU_DIR "online", "0-2,5\n");
	put(CPU_DIR "present", "0-5\n");
	put(CPU_DIR "isolated", "2,5\n");
	put(CPU_DIR "nohz_full", "5\n");
	facts_read(tree, &facts);
	assert_true(facts.online.is_known && facts.present.is_known && facts.isolated.is_known &&
		    facts.nohz_full.is_known);
	assert_string_equal(facts.online.text, "0-2,5");
	assert_string_equal(facts.present.text, "0-5");
	assert_string_equal(facts.isolated.text, "2,5");
	assert_string_equal(facts.nohz_full.text, "5");
	assert_true(has_cpu(&facts.online, 1) && has_cpu(&facts.online, 5) && !has_cpu(&facts.online, 3));
	assert_true(has_cpu(&facts.isolated, 5) && !has_cpu(&facts.isolated, 1));
}

static void no_cpus_is_something_known(void **state)
{
	struct facts facts;

	(void)state;
	put(CPU_DIR "online", "0-1\n");
	put(CPU_DIR "isolated", "\n");
	put(CPU_DIR "nohz_full", "(null)\n");
	facts_read(tree, &facts);
	assert_true(facts.isolated.is_known && facts.nohz_full.is_known && !facts.present.is_known);
	assert_string_equal(facts.isolated.text, "");
	assert_string_equal(facts.nohz_full.text, "");
	assert_false(has_cpu(&facts.isolated, 0));
}

static void kernel_without_nohz_full_has_no_such_cpus(void **state)
{
	struct facts facts;

	(void)state;
	facts_read(tree, &facts);
	assert_false(facts.nohz_full.is_known);
	put(CPU_DIR "online", "0-1\n");
	facts_read(tree, &facts);
	assert_true(facts.nohz_full.is_known);
	put(CPU_DIR "nohz_full", "what\n");
	facts_read(tree, &facts);
	assert_false(facts.nohz_full.is_known);
	assert_string_equal(facts.nohz_full.text, "");
}

static void long_list_is_cut_and_says_so(void **state)
{
	char list[1024] = "0";
	struct facts facts;

	(void)state;
	for (int cpu = 2; cpu < 200; cpu += 2)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), ",%d", cpu);
	put(CPU_DIR "online", list);
	facts_read(tree, &facts);
	assert_true(facts.online.is_known);
	assert_true(has_cpu(&facts.online, 198) && !has_cpu(&facts.online, 199));
	assert_int_equal(strlen(facts.online.text), sizeof(facts.online.text) - 1);
	assert_string_equal(facts.online.text + sizeof(facts.online.text) - 4, "...");
	assert_memory_equal(facts.online.text, list, sizeof(facts.online.text) - 4);
}

/* ---- what is done for those that starve ------------------------------------------------------- */

static void throttling_is_read(void **state)
{
	struct facts facts;

	(void)state;
	put("proc/sys/kernel/sched_rt_runtime_us", "950000\n");
	facts_read(tree, &facts);
	assert_false(facts.knows_throttling);
	put("proc/sys/kernel/sched_rt_period_us", "1000000\n");
	facts_read(tree, &facts);
	assert_true(facts.knows_throttling);
	assert_int_equal(facts.rt_runtime_us, 950000);
	assert_int_equal(facts.rt_period_us, 1000000);
	put("proc/sys/kernel/sched_rt_runtime_us", "-1\n");
	facts_read(tree, &facts);
	assert_true(facts.knows_throttling);
	assert_int_equal(facts.rt_runtime_us, -1);
	put("proc/sys/kernel/sched_rt_runtime_us", "95x\n");
	facts_read(tree, &facts);
	assert_false(facts.knows_throttling);
}

static void put_server(int cpu, const char *runtime, const char *period)
{
	char path[128];

	snprintf(path, sizeof(path), SCHED_DIR "fair_server/cpu%d/runtime", cpu);
	put(path, runtime);
	snprintf(path, sizeof(path), SCHED_DIR "fair_server/cpu%d/period", cpu);
	put(path, period);
}

static void check_server(const char *name, uint64_t runtime_ns, uint64_t period_ns, bool differs)
{
	struct facts facts;

	facts_read(tree, &facts);
	assert_string_equal(facts_server_name(facts.server), name);
	assert_int_equal(facts.server_runtime_ns, runtime_ns);
	assert_int_equal(facts.server_period_ns, period_ns);
	assert_int_equal(facts.server_differs, differs);
}

static void fair_server_is_told_by_the_kernel_when_not_by_its_files(void **state)
{
	(void)state;
	check_server("unknown", 0, 0, false);
	put_kernel("6.11.9\n", "#1\n");
	check_server("none", 0, 0, false);
	put_kernel("6.12.0\n", "#1\n");
	check_server("unknown", 0, 0, false);
	put_kernel("7.1.0\n", "#1\n");
	check_server("unknown", 0, 0, false);
}

static void fair_server_is_read_of_each_cpu(void **state)
{
	(void)state;
	put_kernel("6.12.0\n", "#1\n");
	put(CPU_DIR "present", "0,10-11\n");
	put_server(0, "50000000\n", "1000000000\n");
	put_server(10, "50000000\n", "1000000000\n");
	put_server(11, "50000000\n", "1000000000\n");
	check_server("on", 50000000, 1000000000, false);
	put_server(10, "30000000\n", "1000000000\n");
	check_server("on", 50000000, 1000000000, true);
	put_server(10, "50000000\n", "1000000000\n");
	put_server(0, "0\n", "1000000000\n");
	check_server("on", 50000000, 1000000000, true);
	put_server(10, "0\n", "1000000000\n");
	put_server(11, "0\n", "1000000000\n");
	check_server("off", 0, 0, false);
}

/* ---- nothing, and everything ------------------------------------------------------------------ */

static void nothing_to_read_is_nothing_known(void **state)
{
	struct facts facts;

	(void)state;
	facts_read(tree, &facts);
	assert_string_equal(facts.kernel, "");
	assert_string_equal(facts_preemption_name(facts.preemption), "unknown");
	assert_false(facts.online.is_known || facts.present.is_known || facts.isolated.is_known ||
		     facts.nohz_full.is_known || facts.knows_throttling);
	assert_string_equal(facts_server_name(facts.server), "unknown");
}

static void this_machine_is_known(void **state)
{
	struct utsname name;
	struct facts facts;

	(void)state;
	assert_int_equal(uname(&name), 0);
	facts_read("", &facts);
	assert_string_equal(facts.kernel, name.release);
	assert_int_not_equal(facts.preemption, FACTS_PREEMPT_UNKNOWN);
	assert_true(facts.online.is_known);
	assert_true(strlen(facts.online.text) > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(preemption_is_told_by_the_version),
		TEST(preemption_is_told_by_the_command_line),
		TEST(preemption_is_told_by_the_scheduler),
		TEST(cpu_lists_are_read),
		TEST(no_cpus_is_something_known),
		TEST(kernel_without_nohz_full_has_no_such_cpus),
		TEST(long_list_is_cut_and_says_so),
		TEST(throttling_is_read),
		TEST(fair_server_is_told_by_the_kernel_when_not_by_its_files),
		TEST(fair_server_is_read_of_each_cpu),
		TEST(nothing_to_read_is_nothing_known),
		TEST(this_machine_is_known),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
