// SPDX-License-Identifier: GPL-2.0-only
#include "params.h"

#include <errno.h>
#include <string.h>

#include "options.h"
#include "util/error.h"
#include "util/strbuf.h"

#define NR_ELEMENTS(array) (sizeof(array) / sizeof(*(array)))

#define DEFAULT_STALL_NS 10000000u
#define DEFAULT_TOP 10u
#define PLAIN_US 1000u
#define PLAIN_SECONDS 1000000000u

static int apply_cpus(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	params->selection.has_cpus = true;
	return options_cpus(option, value, &params->selection.cpus, err);
}

static int apply_all(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	(void)option;
	(void)value;
	(void)err;
	params->selection.wants_all = true;
	return 0;
}

static int apply_task(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	if (!*value)
		return error_set(err, -EINVAL, "%s: needs a tid, a name, or a pattern", option);
	if (params->selection.nr_tasks == SELECTION_MAX_TASKS)
		return error_set(err, -EINVAL, "%s: given more than %u times", option,
				 SELECTION_MAX_TASKS);
	params->selection.tasks[params->selection.nr_tasks++] = value;
	return 0;
}

static int apply_from(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	params->selection.has_from = true;
	return options_time(option, value, PLAIN_SECONDS, &params->selection.from_at, err);
}

static int apply_to(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	params->selection.has_to = true;
	return options_time(option, value, PLAIN_SECONDS, &params->selection.to_at, err);
}

static int apply_stall(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	params->has_stall = true;
	return options_time(option, value, PLAIN_US, &params->stall_ns, err);
}

static int apply_threshold(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	params->has_threshold = true;
	return options_time(option, value, PLAIN_US, &params->threshold_ns, err);
}

static int apply_top(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;
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

static int apply_json(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	return apply_output(&params->json, option, value, err);
}

static int apply_csv(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	return apply_output(&params->csv, option, value, err);
}

static int apply_no_header(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

	(void)option;
	(void)value;
	(void)err;
	params->no_header = true;
	return 0;
}

static int apply_help(void *arg, const char *option, const char *value, struct error *err)
{
	struct stall_params *params = arg;

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

static const struct option_table option_table = { option_rows, NR_ELEMENTS(option_rows) };

static int check_together(const struct stall_params *params, struct error *err)
{
	if (!params->path)
		return error_set(err, -EINVAL, "the name of a trace file is missing");
	if (params->selection.has_from && params->selection.has_to &&
	    params->selection.from_at > params->selection.to_at)
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
		used = options_parse(&option_table, argc, argv, at, &parsed, err);
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
	options_help(&option_table, out);
	strbuf_adds(out, "\nTIME is a number and ns, us, ms, s, m or h; a plain number is seconds of "
		    "trace time\nfor --from and --to, and microseconds for --stall and --threshold.\n"
		    "Exit status: 0 done, 1 error, 2 a wait reached --threshold, 129 this text or bad "
		    "usage.\n");
}
