/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_RECORD_PARAMS_H
#define RTLA_STALL_RECORD_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "source/live_setup.h"
#include "util/parse.h"

/*
 * The command line of `rtla-stall record`, as values; like params.h for `analyze`.
 */

struct error;
struct strbuf;

struct record_params {
	bool wants_help;		/* -h: nothing else is meaningful */
	bool has_cpus;
	struct cpu_list cpus;		/* to watch */
	bool has_duration;
	uint64_t duration_ns;
	enum live_tracer tracer;
	const char *path;		/* of the file to write */
	char *const *command;		/* and its arguments, ends in NULL; NULL: none */
};

/**
 * record_params_parse() - read the arguments of `rtla-stall record`
 * @argc, @argv: argv[0] is the word "record"; argv is kept unchanged, and ends in NULL
 * @params: set on success only; borrows from @argv
 *
 * Return: 0 or -EINVAL with one line of words in @err.
 */
int record_params_parse(int argc, char **argv, struct record_params *params, struct error *err)
	__attribute__((warn_unused_result));

/** record_params_help() - append what --help prints */
void record_params_help(struct strbuf *out);

#endif
