// SPDX-License-Identifier: GPL-2.0-only
#include "params.h"

#include <errno.h>
#include <string.h>

#include "util/error.h"
#include "util/strbuf.h"

#define NR_ELEMENTS(array) (sizeof(array) / sizeof(*(array)))

#define DEFAULT_STALL_NS 10000000u
#define DEFAULT_TOP 10u
#define PLAIN_US 1000u
#define PLAIN_SECONDS 1000000000u

enum argument { ARGUMENT_NONE, ARGUMENT_REQUIRED, ARGUMENT_OPTIONAL };

struct option_row {
	char letter;			/* 0: none */
	const char *word;		/* without the dashes */
	enum argument argument;
	const char *argument_name;
	const char *group;		/* heading in --help; NULL: that of the row above */
	const char *help;
	/* @value: NULL when an optional argument is not there */
	int (*apply)(struct stall_params *params, const char *option, const char *value,
		     struct error *err);
};

static int apply_time(const char *option, const char *value, uint64_t plain_ns, uint64_t *ret,
		      struct error *err)
{
	int result = parse_time(value, plain_ns, ret);

	if (result == -ERANGE)
		return error_set(err, -EINVAL, "%s: '%s' is too long", option, value);
	if (result)
		return error_set(err, -EINVAL,
				 "%s: '%s' is no time: write a number and ns, us, ms, s, m or h",
				 option, value);
	return 0;
}

static int apply_cpus(struct stall_params *params, const char *option, const char *value,
		      struct error *err)
{
	int result = parse_cpus(value, &params->cpus);

	if (result == -ERANGE)
		return error_set(err, -EINVAL, "%s: '%s' has a CPU beyond %u", option, value,
				 ENGINE_MAX_CPUS - 1);
	if (result)
		return error_set(err, -EINVAL, "%s: '%s' is no list of CPUs: write 0-3,7", option,
				 value);
	params->has_cpus = true;
	return 0;
}

static int apply_all(struct stall_params *params, const char *option, const char *value,
		     struct error *err)
{
	(void)option;
	(void)value;
	(void)err;
	params->wants_all = true;
	return 0;
}

static int apply_task(struct stall_params *params, const char *option, const char *value,
		      struct error *err)
{
	if (!*value)
		return error_set(err, -EINVAL, "%s: needs a tid, a name, or a pattern", option);
	if (params->nr_tasks == PARAMS_MAX_TASKS)
		return error_set(err, -EINVAL, "%s: given more than %u times", option,
				 PARAMS_MAX_TASKS);
	params->tasks[params->nr_tasks++] = value;
	return 0;
}

static int apply_from(struct stall_params *params, const char *option, const char *value,
		      struct error *err)
{
	params->has_from = true;
	return apply_time(option, value, PLAIN_SECONDS, &params->from_at, err);
}

static int apply_to(struct stall_params *params, const char *option, const char *value,
		    struct error *err)
{
	params->has_to = true;
	return apply_time(option, value, PLAIN_SECONDS, &params->to_at, err);
}

static int apply_stall(struct stall_params *params, const char *option, const char *value,
		       struct error *err)
{
	params->has_stall = true;
	return apply_time(option, value, PLAIN_US, &params->stall_ns, err);
}

static int apply_threshold(struct stall_params *params, const char *option, const char *value,
			   struct error *err)
{
	params->has_threshold = true;
	return apply_time(option, value, PLAIN_US, &params->threshold_ns, err);
}

static int apply_top(struct stall_params *params, const char *option, const char *value,
		     struct error *err)
{
	uint64_t count;

	if (parse_count(value, UINT32_MAX, &count))
		return error_set(err, -EINVAL, "%s: '%s' is no number of rows", option, value);
	params->top = (uint32_t)count;
	return 0;
}

static int apply_output(struct params_output *output, const char *option, const char *value,
			struct error *err)
{
	if (value && !*value)
		return error_set(err, -EINVAL, "%s: the name of the file is missing", option);
	if (value && !strcmp(value, "-"))
		value = NULL;
	*output = (struct params_output){ .is_wanted = true, .path = value };
	return 0;
}

static int apply_json(struct stall_params *params, const char *option, const char *value,
		      struct error *err)
{
	return apply_output(&params->json, option, value, err);
}

static int apply_csv(struct stall_params *params, const char *option, const char *value,
		     struct error *err)
{
	return apply_output(&params->csv, option, value, err);
}

static int apply_no_header(struct stall_params *params, const char *option, const char *value,
			   struct error *err)
{
	(void)option;
	(void)value;
	(void)err;
	params->no_header = true;
	return 0;
}

static int apply_help(struct stall_params *params, const char *option, const char *value,
		      struct error *err)
{
	(void)option;
	(void)value;
	(void)err;
	params->wants_help = true;
	return 0;
}

static const struct option_row option_rows[] = {
	{ 'c', "cpus", ARGUMENT_REQUIRED, "LIST", "What is reported",
	  "waits any part of which was on these CPUs, whole: 0-3,7", apply_cpus },
	{ 0, "all", ARGUMENT_NONE, NULL, NULL,
	  "user threads too, not only kernel threads", apply_all },
	{ 0, "task", ARGUMENT_REQUIRED, "SEL", NULL,
	  "this thread, of whatever kind: tid, name, or pattern like 'ksoftirqd/*'; repeatable",
	  apply_task },
	{ 0, "from", ARGUMENT_REQUIRED, "TIME", NULL,
	  "waits that end at or after this trace time: 9.668936844", apply_from },
	{ 0, "to", ARGUMENT_REQUIRED, "TIME", NULL,
	  "waits that begin at or before this trace time", apply_to },
	{ 0, "stall", ARGUMENT_REQUIRED, "TIME", "Stalls",
	  "list waits of at least this long (default 10ms; a plain number is us)", apply_stall },
	{ 'T', "threshold", ARGUMENT_REQUIRED, "TIME", NULL,
	  "the same, and exit with status 2 if there is one", apply_threshold },
	{ 0, "top", ARGUMENT_REQUIRED, "N", "Output",
	  "rows per table of the text (default 10; 0: all)", apply_top },
	{ 0, "no-header", ARGUMENT_NONE, NULL, NULL,
	  "tables only", apply_no_header },
	{ 0, "json", ARGUMENT_OPTIONAL, "FILE", NULL,
	  "JSON instead of the text, to standard output or FILE", apply_json },
	{ 0, "csv", ARGUMENT_OPTIONAL, "FILE", NULL,
	  "the table of threads as CSV instead of the text", apply_csv },
	{ 'h', "help", ARGUMENT_NONE, NULL, NULL,
	  "this text", apply_help },
};

static int apply_row(const struct option_row *row, struct stall_params *params, const char *value,
		     struct error *err)
{
	char option[24] = "--";

	strncat(option, row->word, sizeof(option) - 3);
	return row->apply(params, option, value, err);
}

/* --word, --word=value, --word value. Return: arguments used up, or -EINVAL */
static int parse_word(int argc, char **argv, int at, struct stall_params *params, struct error *err)
{
	const char *word = argv[at] + 2;
	size_t length = strcspn(word, "=");
	const char *value = word[length] ? word + length + 1 : NULL;
	int used = 1;
	int result;

	for (size_t i = 0; i < NR_ELEMENTS(option_rows); i++) {
		const struct option_row *row = &option_rows[i];

		if (strlen(row->word) != length || strncmp(row->word, word, length))
			continue;
		if (row->argument == ARGUMENT_NONE && value)
			return error_set(err, -EINVAL, "--%s takes no value", row->word);
		if (row->argument == ARGUMENT_REQUIRED && !value) {
			if (at + 1 >= argc)
				return error_set(err, -EINVAL, "--%s needs a value: %s", row->word,
						 row->argument_name);
			value = argv[at + 1];
			used = 2;
		}
		result = apply_row(row, params, value, err);
		return result ? result : used;
	}
	return error_set(err, -EINVAL, "no such option: %s", argv[at]);
}

/* -x, -xVALUE, -x VALUE, several letters in one. Return: arguments used up, or -EINVAL */
static int parse_letters(int argc, char **argv, int at, struct stall_params *params,
			 struct error *err)
{
	for (const char *letter = argv[at] + 1; *letter; letter++) {
		const struct option_row *row = NULL;
		const char *value = letter + 1;
		int used = 1;
		int result;

		for (size_t i = 0; i < NR_ELEMENTS(option_rows); i++) {
			if (option_rows[i].letter == *letter)
				row = &option_rows[i];
		}
		if (!row)
			return error_set(err, -EINVAL, "no such option: -%c", *letter);
		if (row->argument != ARGUMENT_REQUIRED) {
			result = apply_row(row, params, NULL, err);
			if (result)
				return result;
			continue;
		}
		if (!*value) {
			if (at + 1 >= argc)
				return error_set(err, -EINVAL, "-%c needs a value: %s", *letter,
						 row->argument_name);
			value = argv[at + 1];
			used = 2;
		}
		result = apply_row(row, params, value, err);
		return result ? result : used;
	}
	return 1;
}

static int check_together(const struct stall_params *params, struct error *err)
{
	if (!params->path)
		return error_set(err, -EINVAL, "the name of a trace file is missing");
	if (params->has_from && params->has_to && params->from_at > params->to_at)
		return error_set(err, -EINVAL, "--from is later than --to");
	if (params->json.is_wanted && params->csv.is_wanted && !params->json.path &&
	    !params->csv.path)
		return error_set(err, -EINVAL,
				 "--json and --csv cannot both be on standard output: give one a file");
	if (params->json.path && params->csv.path && !strcmp(params->json.path, params->csv.path))
		return error_set(err, -EINVAL, "--json and --csv name the same file: %s",
				 params->json.path);
	return 0;
}

int params_parse(int argc, char **argv, struct stall_params *params, struct error *err)
{
	struct stall_params parsed = { .top = DEFAULT_TOP };
	bool only_files = false;
	int result;

	for (int at = 1, used; at < argc && !parsed.wants_help; at += used) {
		const char *word = argv[at];

		used = 1;
		if (only_files || word[0] != '-' || !word[1]) {
			if (parsed.path)
				return error_set(err, -EINVAL, "more than one trace file: %s", word);
			parsed.path = word;
			continue;
		}
		if (!strcmp(word, "--")) {
			only_files = true;
			continue;
		}
		used = word[1] == '-' ? parse_word(argc, argv, at, &parsed, err) :
					parse_letters(argc, argv, at, &parsed, err);
		if (used < 0)
			return used;
	}
	if (!parsed.wants_help) {
		result = check_together(&parsed, err);
		if (result)
			return result;
	}
	if (!parsed.has_stall)
		parsed.stall_ns = parsed.has_threshold ? parsed.threshold_ns : DEFAULT_STALL_NS;
	*params = parsed;
	return 0;
}

void params_help(struct strbuf *out)
{
	strbuf_adds(out, "usage: rtla-stall analyze [options] FILE\n\n"
		    "Which threads of a trace waited, how long, who had the CPU, and by what right.\n"
		    "FILE is a trace.dat or ftrace text; - is text on standard input.\n");
	for (size_t i = 0; i < NR_ELEMENTS(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		struct strbuf left = STRBUF_INIT;

		if (row->group)
			strbuf_addf(out, "\n%s:\n", row->group);
		if (row->letter)
			strbuf_addf(&left, "  -%c, ", row->letter);
		else
			strbuf_adds(&left, "      ");
		strbuf_addf(&left, "--%s", row->word);
		if (row->argument == ARGUMENT_REQUIRED)
			strbuf_addf(&left, " %s", row->argument_name);
		else if (row->argument == ARGUMENT_OPTIONAL)
			strbuf_addf(&left, "[=%s]", row->argument_name);
		strbuf_addf(out, "%-25s %s\n", left.text, row->help);
		strbuf_deinit(&left);
	}
	strbuf_adds(out, "\nTIME is a number and ns, us, ms, s, m or h; a plain number is seconds of "
		    "trace time\nfor --from and --to, and microseconds for --stall and --threshold.\n"
		    "Exit status: 0 done, 1 error, 2 a wait reached --threshold, 129 this text or bad "
		    "usage.\n");
}
