// SPDX-License-Identifier: GPL-2.0-only
#include "record_params.h"

#include <errno.h>
#include <string.h>

#include "options.h"
#include "util/error.h"
#include "util/strbuf.h"

#define NR_ELEMENTS(array) (sizeof(array) / sizeof(*(array)))

#define PLAIN_SECONDS 1000000000u

static int apply_cpus(void *arg, const char *option, const char *value, struct error *err)
{
	struct record_params *params = arg;

	params->has_cpus = true;
	return options_cpus(option, value, &params->cpus, err);
}

static int apply_duration(void *arg, const char *option, const char *value, struct error *err)
{
	struct record_params *params = arg;
	int result = options_time(option, value, PLAIN_SECONDS, &params->duration_ns, err);

	params->has_duration = true;
	if (!result && !params->duration_ns)
		return error_set(err, -EINVAL, "%s: nothing can be recorded in no time", option);
	return result;
}

static int apply_tracer(void *arg, const char *option, const char *value, struct error *err)
{
	static const char *const names[] = {
		[LIVE_TRACER_AUTO] = "auto",
		[LIVE_TRACER_OSNOISE] = "osnoise",
		[LIVE_TRACER_TIMERLAT] = "timerlat",
		[LIVE_TRACER_NONE] = "none",
	};
	struct record_params *params = arg;

	for (size_t i = 0; i < NR_ELEMENTS(names); i++) {
		if (!strcmp(value, names[i])) {
			params->tracer = (enum live_tracer)i;
			return 0;
		}
	}
	return error_set(err, -EINVAL, "%s: '%s' is not auto, osnoise, timerlat or none", option, value);
}

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

static int apply_help(void *arg, const char *option, const char *value, struct error *err)
{
	struct record_params *params = arg;

	(void)option;
	(void)value;
	(void)err;
	params->wants_help = true;
	return 0;
}

static const struct option_row option_rows[] = {
	{ 'c', "cpus", ARGUMENT_REQUIRED, "LIST", "What is recorded",
	  "watch these CPUs: 0-3,7 (default: all)", apply_cpus },
	{ 0, "tracer", ARGUMENT_REQUIRED, "NAME", NULL,
	  "auto, osnoise, timerlat or none (default: auto)", apply_tracer },
	{ 'd', "duration", ARGUMENT_REQUIRED, "TIME", "Until when",
	  "end after this time (a plain number is s)", apply_duration },
	{ 'o', "output", ARGUMENT_REQUIRED, "FILE", "Output",
	  "the trace.dat to write", apply_output },
	{ 'h', "help", ARGUMENT_NONE, NULL, NULL,
	  "this text", apply_help },
};

static const struct option_table option_table = { option_rows, NR_ELEMENTS(option_rows) };

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
