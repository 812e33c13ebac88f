/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_OPTION_VALUE_H
#define RTLA_STALL_OPTION_VALUE_H

#include <stddef.h>

/*
 * The values that options of several commands have: counts, times, CPUs, threads, tracers, files for
 * machine output. Each is read here, and refused here in the same words, whichever command it belongs to.
 */

struct error;
struct option_row;
struct params_output;

/**
 * option_value_take() - read the value of an option, and write it where the row says; or have it applied
 * @option: "--word"
 * @value: NULL when an optional argument is not there
 *
 * Return: 0 or -EINVAL with one line of words in @err; nothing is written then.
 */
int option_value_take(const struct option_row *row, void *params, const char *option, const char *value,
		      struct error *err) __attribute__((warn_unused_result));

/* An output and the option that asks for it. */
struct option_value_output {
	const char *option;
	const struct params_output *output;
};

/**
 * option_value_check_outputs() - can all of them be had?
 *
 * Standard output is for one of them, and so is each file.
 *
 * Return: 0 or -EINVAL with one line of words in @err.
 */
int option_value_check_outputs(const struct option_value_output *outputs, size_t nr, struct error *err)
	__attribute__((warn_unused_result));

#endif
