/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_OPTIONS_H
#define RTLA_STALL_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "util/parse.h"

/*
 * A command's options as a table, and what is done with one: reading argv, and printing --help.
 *
 * Nothing here knows what an option means: its row's apply() writes to whatever holds the command's
 * parameters. Pure like these: it prints nothing and exits never.
 */

struct error;
struct strbuf;

enum options_argument { ARGUMENT_NONE, ARGUMENT_REQUIRED, ARGUMENT_OPTIONAL };

struct option_row {
	char letter;			/* 0: none */
	const char *word;		/* without the dashes */
	enum options_argument argument;
	const char *argument_name;
	const char *group;		/* heading in --help; NULL: that of the row above */
	const char *help;
	/* @option: "--word"; @value: NULL when an optional argument is not there */
	int (*apply)(void *params, const char *option, const char *value, struct error *err);
};

struct option_table {
	const struct option_row *rows;
	size_t nr_rows;
};

/**
 * options_parse() - take in the option argv[at]: --word, --word=VALUE, --word VALUE, -x, -xVALUE, -x VALUE,
 * several letters in one
 * @argv: argv[at] begins with a dash and is not "-" or "--"
 *
 * Return: how many arguments it took, or -EINVAL with one line of words in @err.
 */
int options_parse(const struct option_table *table, int argc, char **argv, int at, void *params,
		  struct error *err) __attribute__((warn_unused_result));

/** options_help() - append the table, under its headings */
void options_help(const struct option_table *table, struct strbuf *out);

/* What several commands have. @option is for the words of an error. */

/**
 * options_time() - a time
 * @plain_ns: what a number without a unit counts; 0: it needs one
 */
int options_time(const char *option, const char *value, uint64_t plain_ns, uint64_t *ret,
		 struct error *err) __attribute__((warn_unused_result));

/** options_cpus() - a list of CPUs */
int options_cpus(const char *option, const char *value, struct cpu_list *ret, struct error *err)
	__attribute__((warn_unused_result));

#endif
