/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ANALYZE_H
#define RTLA_STALL_ANALYZE_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "params.h"
#include "view/document.h"

/*
 * `rtla-stall analyze`: a trace file in, a report out.
 *
 *     source -> engine -> tally, longest, timers -> summary -> text, JSON, CSV
 *
 * Nothing is written before the trace has been read, so an error leaves the output empty.
 */

struct error;

/* What surrounds the run; found out by the caller. */
struct analyze_setting {
	struct document_layout layout;		/* of the text; top and no_header come from the
						 * params */
	FILE *out;				/* standard output */
	FILE *progress;				/* a terminal, or NULL */
	const volatile sig_atomic_t *is_interrupted; /* the signal: stop reading, report what there is */
};

struct analyze_result {
	bool is_threshold_reached;	/* there is a wait of at least params.threshold_ns */
	char warning[512];		/* one line for the user; "" none */
};

/**
 * analyze_run() - read, and report
 * @result: set on success only
 *
 * Return: 0, also when the reader of the output went away; a negative errno with words in @err.
 */
int analyze_run(const struct stall_params *params, const struct analyze_setting *setting,
		struct analyze_result *result, struct error *err) __attribute__((warn_unused_result));

#endif
