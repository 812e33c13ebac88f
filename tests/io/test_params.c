// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "params.h"
#include "util/error.h"
#include "util/strbuf.h"

#define MAX_WORDS 16

/* Splits at blanks; "" stands for an empty argument. */
static int parse(const char *line, struct stall_params *params, struct error *err)
{
	static char copy[256];
	char *words[MAX_WORDS + 1] = { "analyze" };
	char *rest;
	int nr = 1;

	*err = (struct error){ 0 };
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(nr < MAX_WORDS);
		words[nr++] = strcmp(word, "\"\"") ? word : word + 2;
	}
	return params_parse(nr, words, params, err);
}

static void check_refused(const char *line, const char *words)
{
	struct stall_params params = { .top = 4711 };
	struct error err;

	assert_int_equal(parse(line, &params, &err), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(err.text, words);
	assert_int_equal(params.top, 4711);	/* set on success only */
}

static struct stall_params check_taken(const char *line)
{
	struct stall_params params;
	struct error err;

	if (parse(line, &params, &err))
		fail_msg("%s: %s", line, err.text);
	return params;
}

static void defaults_are_those_of_the_manual(void **state)
{
	struct stall_params params = check_taken("t.dat");

	(void)state;
	assert_string_equal(params.path, "t.dat");
	assert_int_equal(params.stall_ns, 10000000);
	assert_int_equal(params.top, 10);
	assert_false(params.selection.has_cpus || params.selection.has_from || params.selection.has_to);
	assert_false(params.has_threshold || params.selection.wants_all || params.no_header ||
		     params.wants_help);
	assert_false(params.json.is_wanted || params.csv.is_wanted);
	assert_int_equal(params.selection.nr_tasks, 0);
}

static void every_option_is_taken(void **state)
{
	struct stall_params params =
		check_taken("-c 0-2,64 --all --task 99 --task=ksoft* --stall 5ms "
			    "--top=3 --from 9.668936844 --to 15s --no-header t.dat");

	(void)state;
	assert_int_equal(params.selection.cpus.bits[0], 7);
	assert_int_equal(params.selection.cpus.bits[1], 1);
	assert_true(params.selection.wants_all);
	assert_int_equal(params.selection.nr_tasks, 2);
	assert_string_equal(params.selection.tasks[0], "99");
	assert_string_equal(params.selection.tasks[1], "ksoft*");
	assert_int_equal(params.stall_ns, 5000000);
	assert_int_equal(params.top, 3);
	assert_int_equal(params.selection.from_at, 9668936844);
	assert_int_equal(params.selection.to_at, 15000000000);
	assert_true(params.no_header);
	assert_false(params.has_threshold);
}

static void options_may_stand_anywhere_and_together(void **state)
{
	struct stall_params params = check_taken("t.dat -T200 -c1");

	(void)state;
	assert_string_equal(params.path, "t.dat");
	assert_int_equal(params.threshold_ns, 200000);
	assert_int_equal(params.selection.cpus.bits[0], 2);
	assert_string_equal(check_taken("-").path, "-");
	assert_string_equal(check_taken("-- --all").path, "--all");
	assert_true(check_taken("-h").wants_help);
	assert_true(check_taken("--help --nonsense").wants_help);
}

static void threshold_is_the_stall_unless_both_are_given(void **state)
{
	(void)state;
	assert_int_equal(check_taken("-T 1s t").stall_ns, 1000000000);
	assert_int_equal(check_taken("--threshold 1s t").threshold_ns, 1000000000);
	assert_int_equal(check_taken("-T 1s --stall 2ms t").stall_ns, 2000000);
	assert_int_equal(check_taken("--stall 2ms -T 1s t").threshold_ns, 1000000000);
}

static void output_needs_the_equals_sign(void **state)
{
	struct stall_params params = check_taken("--json t.dat --csv=out.csv");

	(void)state;
	assert_true(params.json.is_wanted);
	assert_null(params.json.path);
	assert_string_equal(params.csv.path, "out.csv");
	assert_string_equal(params.path, "t.dat");
	assert_null(check_taken("--json=- t").json.path);
	check_refused("--json out.json t.dat", "more than one trace file: t.dat");
}

static void what_makes_no_sense_is_refused_in_one_line(void **state)
{
	(void)state;
	check_refused("", "the name of a trace file is missing");
	check_refused("a b", "more than one trace file: b");
	check_refused("--nonsense t", "no such option: --nonsense");
	check_refused("-z t", "no such option: -z");
	check_refused("--al t", "no such option: --al");
	check_refused("t --top", "--top needs a value: N");
	check_refused("t -T", "-T needs a value: TIME");
	check_refused("--all=1 t", "--all takes no value");
	check_refused("--top x t", "--top: 'x' is no number");
	check_refused("--top -1 t", "--top: '-1' is no number");
	check_refused("--top 4294967296 t", "--top: '4294967296' is out of range [0, 4294967295]");
	check_refused("--stall 10xs t",
		      "--stall: '10xs' is no time: write a number and ns, us, ms, s, m or h");
	check_refused("-T 99999999999h t", "--threshold: '99999999999h' is too long");
	check_refused("-c 3- t", "--cpus: '3-' is no list of CPUs: write 0-3,7");
	check_refused("-c 16384 t", "--cpus: '16384' has a CPU beyond 16383");
	check_refused("--task \"\" t", "--task: needs a tid, a name, or a pattern");
	check_refused("--json= t", "--json: the name of the file is missing");
	check_refused("--json --csv t",
		      "--json and --csv cannot both be on standard output: give one a file");
	check_refused("--json=x --csv=x t", "--json and --csv name the same file: x");
	check_refused("--from 2 --to 1 t", "--from is later than --to");
}

static void too_many_tasks_are_refused(void **state)
{
	char *words[2 * SELECTION_MAX_TASKS + 4] = { "analyze" };
	struct stall_params params;
	struct error err = { 0 };
	int nr = 1;

	(void)state;
	for (uint32_t i = 0; i <= SELECTION_MAX_TASKS; i++) {
		words[nr++] = "--task";
		words[nr++] = "1";
	}
	words[nr++] = "t";
	assert_int_equal(params_parse(nr, words, &params, &err), -EINVAL);
	assert_string_equal(err.text, "--task: given more than 64 times");
}

static void help_lists_every_option_once(void **state)
{
	static const char *const options[] = {
		"-c, --cpus LIST",	"--all",	"--task SEL",  "--stall TIME",
		"-T, --threshold TIME", "--top N",	"--from TIME", "--to TIME",
		"--json[=FILE]",	"--csv[=FILE]", "--no-header", "-h, --help",
	};
	struct strbuf help = STRBUF_INIT;

	(void)state;
	params_help(&help);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		char needle[40];
		char *found;

		snprintf(needle, sizeof(needle), "%s ", options[i]);
		found = strstr(help.text, needle);
		assert_non_null(found);
		assert_null(strstr(found + 1, needle));
	}
	strbuf_deinit(&help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(every_option_is_taken),
		cmocka_unit_test(options_may_stand_anywhere_and_together),
		cmocka_unit_test(threshold_is_the_stall_unless_both_are_given),
		cmocka_unit_test(output_needs_the_equals_sign),
		cmocka_unit_test(what_makes_no_sense_is_refused_in_one_line),
		cmocka_unit_test(too_many_tasks_are_refused),
		cmocka_unit_test(help_lists_every_option_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
