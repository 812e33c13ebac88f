/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_OPTIONS_H
#define RTLA_STALL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/parse.h"

/*
 * A command's options as a table, and what is done with one: reading argv, and printing --help.
 *
 * A row says where in the command's parameters its value goes, and what kind of value it is
 * (option_value.h); what is no plain value has an apply() of its own. Pure like these: it prints nothing
 * and exits never.
 *
 * A table with defaults has the habits of rtla: a word may be cut short as long as one option only begins
 * like that, and --no-WORD takes WORD back, that is, copies its default. (--WORD, when the word itself
 * begins with "no-".)
 */

struct error;
struct strbuf;

enum options_argument {
	ARGUMENT_NONE,
	ARGUMENT_REQUIRED,
	ARGUMENT_OPTIONAL,	/* only as --word=VALUE */
	ARGUMENT_NEXT		/* optional, as --word=VALUE, -xVALUE, -x=VALUE, or as the next
				 * argument, when that does not begin with a dash */
};

/* What is written where option_row.at says. */
enum option_kind {
	OPTION_SPECIAL,		/* apply() knows */
	OPTION_FLAG,		/* bool: true */
	OPTION_COUNT,		/* uint32_t */
	OPTION_TIME,		/* uint64_t, ns */
	OPTION_US,		/* uint32_t: a time, in whole microseconds */
	OPTION_DURATION,	/* uint64_t, ns, not 0: of a run; in days too, and in capitals; a plain
				 * number is seconds */
	OPTION_CPUS,		/* struct cpu_list */
	OPTION_TASK,		/* struct selection: one more of its tasks */
	OPTION_TRACER,		/* enum live_tracer */
	OPTION_OUTPUT		/* struct params_output */
};

struct option_row {
	char letter;			/* 0: none */
	const char *word;		/* without the dashes */
	enum options_argument argument;
	const char *argument_name;
	const char *group;		/* heading in --help; NULL: that of the row above */
	const char *help;
	/* SPECIAL. @option: "--word"; @value: NULL when an optional argument is not there */
	int (*apply)(void *params, const char *option, const char *value, struct error *err);

	enum option_kind kind;
	size_t at;			/* offset in the parameters */
	size_t size;			/* from there on, what --no-WORD copies from the defaults */
	size_t has;			/* offset of the bool that says it was given; 0: there is none */
	uint64_t min;			/* COUNT, and US in us */
	uint64_t max;			/* likewise; 0: as much as fits */
	uint64_t plain_ns;		/* TIME: what a number without a unit counts */
	bool is_lasting;		/* --no-WORD does not take it back */
	uint32_t commands;		/* which of those that share the table have it, as bits; 0: all */
};

/* The offset and size of a member, for a row. */
#define OPTION_AT(type, member) .at = offsetof(type, member), .size = sizeof(((type *)0)->member)

struct option_table {
	const struct option_row *rows;
	size_t nr_rows;
	uint32_t command;		/* the bit of the one that asks; 0: nobody shares it */
	const void *defaults;		/* parameters nobody has touched; NULL: without rtla's habits */
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

/* For an apply(). @option is for the words of an error. */

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
