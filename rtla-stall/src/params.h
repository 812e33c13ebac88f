/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_PARAMS_H
#define RTLA_STALL_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "selection.h"

/*
 * The command line, as values.
 *
 * One table of options, in params.c, drives parsing and --help; tests/lint/check-man.sh compares it
 * with the man page. Parsing is a function: it prints nothing, asks nothing of the system, exits
 * never, and keeps nothing but pointers into argv.
 */

struct error;
struct strbuf;

/* Where machine output goes. */
struct params_output {
	bool is_wanted;
	const char *path;	/* NULL: standard output */
};

struct stall_params {
	bool wants_help;		/* -h: nothing else is meaningful */
	const char *path;		/* the trace; "-": standard input */

	struct selection selection;

	bool has_stall;			/* false: stall_ns follows from the threshold, or is the
					 * default */
	uint64_t stall_ns;		/* waits at least so long are listed */
	bool has_threshold;
	uint64_t threshold_ns;		/* ... and waits at least so long make the exit status 2 */

	uint32_t top;			/* rows per table of the text; 0: all */
	bool no_header;
	struct params_output json;
	struct params_output csv;
};

/**
 * params_parse() - read the arguments of `rtla-stall analyze`
 * @argc, @argv: argv[0] is the word "analyze"; argv is kept unchanged
 * @params: set on success only; borrows from @argv
 *
 * Return: 0 or -EINVAL with one line of words in @err.
 */
int params_parse(int argc, char **argv, struct stall_params *params, struct error *err)
	__attribute__((warn_unused_result));

/** params_help() - append what --help prints */
void params_help(struct strbuf *out);

#endif
