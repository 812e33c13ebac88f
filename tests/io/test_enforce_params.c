// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boost/enforce_params.h"
#include "util/error.h"
#include "util/strbuf.h"

#define MAX_ARGUMENTS 24

/* The words of @line, separated by blanks, as argv. */
static int parse(const char *line, struct enforce_params *params, struct error *err)
{
	static char text[512];
	char *argv[MAX_ARGUMENTS + 2] = { "enforce" };
	char *rest = text;
	int argc = 1;
	char *word;

	*err = (struct error){ 0 };
	snprintf(text, sizeof(text), "%s", line);
	while ((word = strsep(&rest, " "))) {
		if (*word && argc <= MAX_ARGUMENTS)
			argv[argc++] = word;
	}
	return enforce_params_parse(argc, argv, params, err);
}

static struct enforce_params accepted(const char *line)
{
	struct enforce_params params;
	struct error err;

	if (parse(line, &params, &err))
		fail_msg("'%s' is refused: %s", line, err.text);
	return params;
}

static void check_refused(const char *line, const char *words)
{
	struct enforce_params params;
	struct error err;

	if (!parse(line, &params, &err))
		fail_msg("'%s' is accepted", line);
	assert_string_equal(err.text, words);
}

static void defaults(void **state)
{
	struct enforce_params params = accepted("");

	(void)state;
	assert_int_equal(params.smallest_ns, 20000000000);
	assert_false(params.rules.is_threshold_given);
	assert_int_equal(params.look_ns, 250000000);
	assert_int_equal(params.budget_ns, 50000000);
	assert_int_equal(params.budget_per_ns, 1000000000);
	assert_int_equal(params.policy, PLAN_AUTO);
	assert_int_equal(params.duration_ns, 3000000000);
	assert_int_equal(params.own.policy, ENFORCE_OWN_FIFO);
	assert_int_equal(params.own.rt_priority, 98);
	assert_false(params.own.is_given);
	assert_true(params.log.has_stderr);
	assert_false(params.log.has_syslog);
	assert_false(params.is_dry_run);
	enforce_params_deinit(&params);
}

static void times(void **state)
{
	static const struct {
		const char *line;
		uint64_t smallest_ns;
		uint64_t look_ns;
	} cases[] = {
		{ "-T 100ms", 100000000, 25000000 },
		{ "--threshold=1ms", 1000000, 250000 },
		{ "-t 5", 5000000000, 250000000 },
		{ "-t 100ms", 100000000, 25000000 },
		{ "--starving_threshold=2", 2000000000, 250000000 },
		{ "--starving_threshold 2", 2000000000, 250000000 },
		{ "-T 5s -g 1", 5000000000, 1000000000 },
		{ "-T 5s -T rcuc/*=50ms", 50000000, 12500000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct enforce_params params = accepted(cases[i].line);

		assert_int_equal(params.smallest_ns, cases[i].smallest_ns);
		assert_int_equal(params.look_ns, cases[i].look_ns);
		enforce_params_deinit(&params);
	}
}

static void thresholds_of_names(void **state)
{
	struct enforce_params params = accepted("-T rcuc/*=50ms -T *=1s -T rcuc/3=7s");
	struct enforce_verdict verdict = enforce_rules_judge(&params.rules, "rcuc/3", NULL);

	(void)state;
	assert_int_equal(verdict.threshold_ns, 50000000);
	assert_true(verdict.has_own_threshold);
	verdict = enforce_rules_judge(&params.rules, "kworker/3:1", NULL);
	assert_int_equal(verdict.threshold_ns, 1000000000);
	enforce_params_deinit(&params);
}

static void threshold_nobody_named_is_not_the_users(void **state)
{
	struct enforce_params params = accepted("-T rcuc/*=50ms");
	struct enforce_verdict verdict = enforce_rules_judge(&params.rules, "kworker/3:1", NULL);

	(void)state;
	assert_int_equal(verdict.threshold_ns, 20000000000);
	assert_false(verdict.has_own_threshold);
	enforce_params_deinit(&params);
}

static void lists(void **state)
{
	struct enforce_params params =
		accepted("-i ^irq/,swapper -I bash --allow kworker,irq,bash,rcu --user-threads");
	const struct enforce_rules *rules = &params.rules;

	(void)state;
	assert_int_equal(enforce_rules_judge(rules, "irq/24-eth0", NULL).list, PLAN_WHY_DENIED);
	assert_int_equal(enforce_rules_judge(rules, "not-irq/24", NULL).list, PLAN_WHY_NONE);
	assert_int_equal(enforce_rules_judge(rules, "kworker/1:0", NULL).list, PLAN_WHY_NONE);
	assert_int_equal(enforce_rules_judge(rules, "rcu_preempt", "bash").list, PLAN_WHY_DENIED);
	assert_int_equal(enforce_rules_judge(rules, "bash", NULL).list, PLAN_WHY_DENIED);
	assert_int_equal(enforce_rules_judge(rules, "migration/1", NULL).list, PLAN_WHY_NOT_ALLOWED);
	assert_true(params.wants_user_threads);
	enforce_params_deinit(&params);
}

static void budget_and_policy(void **state)
{
	struct enforce_params params =
		accepted("--budget 50us/1s --policy deadline -r 20000 -p 1000000000 -d 3 -l -c 1,3");

	(void)state;
	assert_int_equal(params.budget_ns, 50000);
	assert_int_equal(params.budget_per_ns, 1000000000);
	assert_int_equal(params.policy, PLAN_DEADLINE);
	assert_int_equal(params.runtime_ns, 20000);
	assert_int_equal(params.period_ns, 1000000000);
	assert_int_equal(params.duration_ns, 3000000000);
	assert_true(params.is_dry_run);
	assert_true(params.has_cpus);
	assert_int_equal(params.cpus.bits[0], 0xa);
	enforce_params_deinit(&params);
	params = accepted(
		"-F --boost_runtime=1ms --boost_period 200ms --boost_duration 2 --cpu=2 --log_only");
	assert_int_equal(params.policy, PLAN_FIFO);
	assert_int_equal(params.runtime_ns, 1000000);
	assert_int_equal(params.period_ns, 200000000);
	assert_int_equal(params.duration_ns, 2000000000);
	assert_int_equal(params.cpus.bits[0], 4);
	assert_true(params.is_dry_run);
	enforce_params_deinit(&params);
}

static void ourselves(void **state)
{
	struct enforce_params params =
		accepted("--priority deadline:5ms/100ms -a 0 --pidfile /run/x -fS --force");

	(void)state;
	assert_int_equal(params.own.policy, ENFORCE_OWN_DEADLINE);
	assert_int_equal(params.own.runtime_ns, 5000000);
	assert_int_equal(params.own.period_ns, 100000000);
	assert_true(params.own.is_given);
	assert_true(params.has_own_cpus);
	assert_string_equal(params.pidfile, "/run/x");
	assert_true(params.has_systemd);
	assert_true(params.is_forced);
	enforce_params_deinit(&params);
	params = accepted("--priority rr:7");
	assert_int_equal(params.own.policy, ENFORCE_OWN_RR);
	assert_int_equal(params.own.rt_priority, 7);
	enforce_params_deinit(&params);
	params = accepted("--priority none");
	assert_int_equal(params.own.policy, ENFORCE_OWN_LEFT);
	enforce_params_deinit(&params);
}

static void log_targets(void **state)
{
	struct enforce_params params = accepted("--log kmsg,file:/var/log/a,b -s");

	(void)state;
	assert_false(params.log.has_stderr);
	assert_true(params.log.has_kmsg);
	assert_true(params.log.has_syslog);
	assert_string_equal(params.log.path, "/var/log/a,b");
	enforce_params_deinit(&params);
	params = accepted("--log none --json-lines=x.json");
	assert_false(params.log.has_stderr);
	assert_true(params.json_lines.is_wanted);
	assert_string_equal(params.json_lines.path, "x.json");
	enforce_params_deinit(&params);
	params = accepted("-k");
	assert_true(params.log.has_stderr);
	assert_true(params.log.has_kmsg);
	enforce_params_deinit(&params);
}

static void help_and_version_end_the_reading(void **state)
{
	struct enforce_params params = accepted("-h nonsense");

	(void)state;
	assert_true(params.wants_help);
	enforce_params_deinit(&params);
	params = accepted("-V -T");
	assert_true(params.wants_version);
	enforce_params_deinit(&params);
}

static void what_is_ambiguous_or_wrong_is_refused(void **state)
{
	(void)state;
	check_refused("-T 5", "--threshold: '5' is no time: write a number and ns, us, ms, s, m or h");
	check_refused("-T 100us", "--threshold: '100us' is less than a millisecond");
	check_refused("-T =1s", "--threshold: '=1s': write GLOB=TIME, the glob in 1 to 63 bytes");
	check_refused("-T rcuc=5", "--threshold: '5' is no time: write a number and ns, us, ms, s, m or h");
	check_refused("-i a(b", "--ignore-threads: 'a(b' is no regular expression: Unmatched ( or \\(");
	check_refused("-I a,,b",
		      "--ignore-processes: 'a,,b' has an empty expression, which would match every thread");
	check_refused("--allow a\\,b", "--allow: 'a\\' is no regular expression: Trailing backslash");
	check_refused("--budget 50us", "--budget: '50us' is not TIME/TIME, as in 50us/1s");
	check_refused("--budget 2s/1s", "--budget: '2s/1s': the first time is to be part of the second");
	check_refused("--budget 0s/1s", "--budget: '0s/1s': the first time is to be part of the second");
	check_refused("--policy rr", "--policy: 'rr' is not deadline, fifo or auto");
	check_refused("--priority fifo:0", "--priority: 'fifo:0': priorities are 1 to 99");
	check_refused("--priority 50",
		      "--priority: '50' is not fifo:N, rr:N, deadline:RUNTIME/PERIOD or none");
	check_refused("-T 10ms -g 1", "-g: looking less often than the smallest threshold misses stalls");
	check_refused("-r 2ms -p 1ms", "-r: it is to be a part of the period, -p");
	check_refused("-r 10", "-r: it is to be within 1024ns and 4s");
	check_refused("--log stdout", "--log: 'stdout' is not stderr, kmsg, syslog, file:PATH, or none");
	check_refused("--simulate f -l", "--simulate touches nothing anyway: leave -l out");
	check_refused("x", "it takes no arguments: x");
	check_refused("--no-such", "no such option: --no-such");
	check_refused("--log_only=1", "--log_only takes no value");
}

static void stallds_without_meaning_say_what_to_do(void **state)
{
	(void)state;
	check_refused("-M", "-M is stalld's: there is one way of watching here, which adapts: leave it out");
	check_refused("--adaptive_mode",
		      "--adaptive_mode is stalld's: there is one way of watching here, which adapts: "
		      "leave it out");
	check_refused(
		"-O",
		"-O is stalld's: there is one way of watching here, which costs little: leave it out");
	check_refused("-A", "-A is stalld's: for quicker answers give a lower threshold: -T 100ms");
	check_refused("-N",
		      "-N is stalld's: no CPU is passed over for having been idle at times: leave it out");
	check_refused(
		"--backend=S",
		"--backend is stalld's: the trace is read, and /proc where there is none: leave it out");
	check_refused(
		"-R 20",
		"-R is stalld's: say how it is to be scheduled itself: --priority deadline:RUNTIME/PERIOD");
	check_refused("-P x", "-P is stalld's: write --pidfile FILE");
}

static void help_lists_every_option(void **state)
{
	struct strbuf help = STRBUF_INIT;

	(void)state;
	enforce_params_help(&help);
	assert_false(help.has_failed);
	assert_non_null(strstr(help.text, "--budget TIME/TIME"));
	assert_non_null(strstr(help.text, "-i, --ignore-threads REGEX,..."));
	strbuf_deinit(&help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(times),
		cmocka_unit_test(thresholds_of_names),
		cmocka_unit_test(threshold_nobody_named_is_not_the_users),
		cmocka_unit_test(lists),
		cmocka_unit_test(budget_and_policy),
		cmocka_unit_test(ourselves),
		cmocka_unit_test(log_targets),
		cmocka_unit_test(help_and_version_end_the_reading),
		cmocka_unit_test(what_is_ambiguous_or_wrong_is_refused),
		cmocka_unit_test(stallds_without_meaning_say_what_to_do),
		cmocka_unit_test(help_lists_every_option),
	};

	return cmocka_run_group_tests_name("enforce_params", tests, NULL, NULL);
}
