/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_H
#define RTLA_STALL_BOOST_ENFORCE_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "enforce_params.h"

/*
 * `rtla-stall enforce`: kernel threads that wait too long get a CPU, within a budget.
 *
 *     checks, ledger, guard, set-up of tracing (a process that may hang), restorer, own priority
 *        |
 *        v            /proc, until tracing is up (enforce_watch.h)
 *     +-- round ---------------------------------------------------------+
 *     |  watch: waits -> cases (enforce_case.h) -> plan -> ledger -> log |   a timer for what is next
 *     +------------------------------------------------------------------+
 *        |
 *        v
 *     everything restored and given back
 *
 * A round waits for nothing and nobody: it reads files of /proc that are made on the spot, pages of the
 * trace without blocking, and puts what it has to say into rings (log_ring.h). Its memory is locked, and what
 * it allocates comes from a heap that is there already.
 */

struct error;

/* What surrounds the run. */
struct enforce_setting {
	const char *undo_dir;			/* UNDO_DIR but in tests */
	const volatile sig_atomic_t *is_interrupted; /* end: restore everything, and return. SIGINT, SIGTERM,
						      * SIGHUP set it */
	volatile sig_atomic_t *wants_state; /* say how things stand, and reset it. SIGUSR1 sets it; NULL */
	void (*say)(const char *words); /* one line for the user, before and after the loop; what is said
						 * in it goes to the log */
	FILE *out;				/* --simulate's report, --json-lines without a file */
};

/**
 * enforce_run() - enforce, or simulate, until it is ended
 *
 * Return: 0 or a negative errno with words in @err; nothing is boosted then, and the system is as it was,
 * or @err or setting.say() said what is not.
 */
int enforce_run(const struct enforce_params *params, const struct enforce_setting *setting,
		struct error *err) __attribute__((warn_unused_result));

#endif
