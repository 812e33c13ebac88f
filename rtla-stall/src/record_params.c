// SPDX-License-Identifier: GPL-2.0-only
#include "record_params.h"

#include <errno.h>
#include <string.h>

#include "options.h"
#include "util/array.h"
#include "util/error.h"
#include "util/strbuf.h"

static int apply_output(void *arg, const char *option, const char *value, struct error *err)
{
	struct record_params *params = arg;

	if (!*value)
		return error_set(err, -EINVAL, "%s: the name of the file is missing", option);
	if (!strcmp(value, "-"))
		return error_set(err, -EINVAL, "%s: a trace.dat cannot be written to a pipe", option);
	params->path = value;
	return 0;
}

#define AT(member) OPTION_AT(struct record_params, member)
#define HAS(member) .has = offsetof(struct record_params, member)

static const struct option_row option_rows[] = {
	{ .letter = 'c', .word = "cpus", .argument = ARGUMENT_REQUIRED, .argument_name = "LIST",
	  .group = "What is recorded",
	  .kind = OPTION_CPUS, AT(cpus), HAS(has_cpus),
	  .help = "watch these CPUs: 0-3,7 (default: all)" },
	{ .word = "tracer", .argument = ARGUMENT_REQUIRED, .argument_name = "NAME",
	  .kind = OPTION_TRACER, AT(tracer),
	  .help = "auto, osnoise, timerlat or none (default: auto)" },
	{ .letter = 'd', .word = "duration", .argument = ARGUMENT_REQUIRED,
	  .argument_name = "TIME", .group = "Until when",
	  .kind = OPTION_DURATION, AT(duration_ns), HAS(has_duration),
	  .help = "end after this time (a plain number is s)" },
	{ .letter = 'o', .word = "output", .argument = ARGUMENT_REQUIRED, .argument_name = "FILE",
	  .group = "Output",
	  .apply = apply_output,
	  .help = "the trace.dat to write" },
	{ .letter = 'h', .word = "help", .kind = OPTION_FLAG, AT(wants_help),
	  .help = "this text" },
};

static const struct option_table option_table = {
	.rows = option_rows,
	.nr_rows = NR_ELEMENTS(option_rows),
};

int record_params_parse(int argc, char **argv, struct record_params *params, struct error *err)
{
	struct record_params parsed = { .tracer = LIVE_TRACER_AUTO };

	for (int at = 1, used; at < argc && !parsed.wants_help; at += used) {
		if (!strcmp(argv[at], "--")) {
			if (at + 1 >= argc)
				return error_set(err, -EINVAL, "there is no command after --");
			parsed.command = argv + at + 1;
			break;
		}
		if (argv[at][0] != '-' || !argv[at][1])
			return error_set(err, -EINVAL, "a command goes after --: -- %s", argv[at]);
		used = options_parse(&option_table, argc, argv, at, &parsed, err);
		if (used < 0)
			return used;
	}
	if (!parsed.wants_help && !parsed.path)
		return error_set(err, -EINVAL, "the name of the file to write is missing: -o FILE");
	*params = parsed;
	return 0;
}

void record_params_help(struct strbuf *out)
{
	strbuf_adds(out, "usage: rtla-stall record [options] -o FILE [-- COMMAND [ARGUMENT...]]\n\n"
		    "Records what `rtla-stall analyze` wants to know, until COMMAND ends, the time is over,\n"
		    "or an interrupt from the keyboard. Needs root.\n");
	options_help(&option_table, out);
	strbuf_adds(out, "\nTIME is a number and ns, us, ms, s, m or h.\n"
		    "Exit status: 0 done, whatever COMMAND's was; 1 error; 129 this text or bad usage.\n");
}
