/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_RECORD_H
#define RTLA_STALL_RECORD_H

#include <signal.h>
#include <stdbool.h>

#include "record_params.h"

/*
 * `rtla-stall record`: pages of the ring buffer to a trace.dat, until something ends it.
 *
 *     guard -> set-up (in a process of its own) -> pages, CPU by CPU, to files without a name
 *           -> everything given back -> the trace.dat, whole or not at all
 *
 * Memory does not grow with the recording. Nothing is decoded.
 */

struct error;

/* What surrounds the run. */
struct record_setting {
	const char *undo_dir;			/* UNDO_DIR but in tests */
	const volatile sig_atomic_t *is_interrupted; /* end the recording, and write the file */
	void (*say)(const char *words);		/* one line for the user, now */
};

/**
 * record_run() - record
 *
 * Return: 0 or a negative errno with words in @err; the system is as it was, or @err or setting.say()
 * said what is not.
 */
int record_run(const struct record_params *params, const struct record_setting *setting,
	       struct error *err) __attribute__((warn_unused_result));

#endif
