/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_WATCH_H
#define RTLA_STALL_MONITOR_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "../view/document.h"
#include "monitor_params.h"

/*
 * `rtla-stall top` and `rtla-stall hist`: a run over the live kernel, from the first change to the system
 * to the last line printed.
 *
 *     guard -> workload -> monitor -+-> screen, or plain tables
 *                                   +-> hits: report, stacks, trace, actions
 *           -> everything given back -> the final tables, JSON, CSV
 */

struct error;

/* What surrounds the run; found out by the caller. */
struct watch_setting {
	struct document_layout layout;		/* of text; top comes from the params */
	FILE *out;				/* standard output */
	bool is_terminal;			/* in and out: a screen can be shown */
	const char *undo_dir;			/* UNDO_DIR but in tests */
	const volatile sig_atomic_t *is_interrupted; /* end the run */
	void (*say)(const char *words);		/* one line for the user, now */
};

/**
 * watch_run() - watch
 * @is_threshold_reached: set on success: a threshold ended the run
 *
 * Return: 0, also when the reader of the output went away; a negative errno with words in @err. The system
 * is as it was, or @err or setting.say() said what is not.
 */
int watch_run(const struct monitor_params *params, const struct watch_setting *setting,
	      bool *is_threshold_reached, struct error *err) __attribute__((warn_unused_result));

#endif
