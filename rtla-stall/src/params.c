// SPDX-License-Identifier: GPL-2.0-only
#include "params.h"

#include <errno.h>
#include <string.h>

#include "option_value.h"
#include "options.h"
#include "util/array.h"
#include "util/error.h"
#include "util/strbuf.h"

#define DEFAULT_STALL_NS 10000000u
#define DEFAULT_TOP 10u
#define PLAIN_US 1000u
#define PLAIN_SECONDS 1000000000u

#define AT(member) OPTION_AT(struct stall_params, member)
#define HAS(member) .has = offsetof(struct stall_params, member)

static const struct option_row option_rows[] = {
	{ .letter = 'c', .word = "cpus", .argument = ARGUMENT_REQUIRED, .argument_name = "LIST",
	  .group = "What is reported",
	  .kind = OPTION_CPUS, AT(selection.cpus), HAS(selection.has_cpus),
	  .help = "waits any part of which was on these CPUs, whole: 0-3,7" },
	{ .word = "all", .kind = OPTION_FLAG, AT(selection.wants_all),
	  .help = "user threads too, not only kernel threads" },
	{ .word = "task", .argument = ARGUMENT_REQUIRED, .argument_name = "SEL",
	  .kind = OPTION_TASK, AT(selection),
	  .help = "this thread, of whatever kind: tid, name, or pattern like 'ksoftirqd/*'; repeatable" },
	{ .word = "from", .argument = ARGUMENT_REQUIRED, .argument_name = "TIME",
	  .kind = OPTION_TIME, AT(selection.from_at), HAS(selection.has_from),
	  .plain_ns = PLAIN_SECONDS,
	  .help = "waits that end at or after this trace time: 9.668936844" },
	{ .word = "to", .argument = ARGUMENT_REQUIRED, .argument_name = "TIME",
	  .kind = OPTION_TIME, AT(selection.to_at), HAS(selection.has_to),
	  .plain_ns = PLAIN_SECONDS,
	  .help = "waits that begin at or before this trace time" },
	{ .word = "stall", .argument = ARGUMENT_REQUIRED, .argument_name = "TIME",
	  .group = "Stalls",
	  .kind = OPTION_TIME, AT(stall_ns), HAS(has_stall), .plain_ns = PLAIN_US,
	  .help = "list waits of at least this long (default 10ms; a plain number is us)" },
	{ .letter = 'T', .word = "threshold", .argument = ARGUMENT_REQUIRED,
	  .argument_name = "TIME",
	  .kind = OPTION_TIME, AT(threshold_ns), HAS(has_threshold), .plain_ns = PLAIN_US,
	  .help = "the same, and exit with status 2 if there is one" },
	{ .word = "top", .argument = ARGUMENT_REQUIRED, .argument_name = "N", .group = "Output",
	  .kind = OPTION_COUNT, AT(top),
	  .help = "rows per table of the text (default 10; 0: all)" },
	{ .word = "no-header", .kind = OPTION_FLAG, AT(no_header),
	  .help = "tables only" },
	{ .word = "json", .argument = ARGUMENT_OPTIONAL, .argument_name = "FILE",
	  .kind = OPTION_OUTPUT, AT(json),
	  .help = "JSON instead of the text, to standard output or FILE" },
	{ .word = "csv", .argument = ARGUMENT_OPTIONAL, .argument_name = "FILE",
	  .kind = OPTION_OUTPUT, AT(csv),
	  .help = "the table of threads as CSV instead of the text" },
	{ .letter = 'h', .word = "help", .kind = OPTION_FLAG, AT(wants_help),
	  .help = "this text" },
};

static const struct option_table option_table = {
	.rows = option_rows,
	.nr_rows = NR_ELEMENTS(option_rows),
};

static int check_together(const struct stall_params *params, struct error *err)
{
	const struct option_value_output outputs[] = {
		{ "--json", &params->json },
		{ "--csv", &params->csv },
	};

	if (!params->path)
		return error_set(err, -EINVAL, "the name of a trace file is missing");
	if (params->selection.has_from && params->selection.has_to &&
	    params->selection.from_at > params->selection.to_at)
		return error_set(err, -EINVAL, "--from is later than --to");
	return option_value_check_outputs(outputs, NR_ELEMENTS(outputs), err);
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
