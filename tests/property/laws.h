/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PROPERTY_LAWS_H
#define TESTS_PROPERTY_LAWS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sched_sim.h"

/*
 * What holds of the engine whatever happens. A law is tried on one history, and says in words how it was
 * broken. It makes the same choices each time it is tried with the same random number.
 */

/* What a law is tried on, and where it says how it was broken. */
struct trial {
	const struct sim *sim;
	const struct names *names;
	uint64_t random;	/* the law's own choices; the same each time it is tried */
	FILE *out;		/* NULL: do not explain */
	const char *why;
};

struct law {
	const char *name;
	bool (*holds)(struct trial *trial);
	bool is_of_plain;	/* of histories without what a loss on one CPU hides on another */
};

#define LAWS_NR 11

extern const struct law laws_all[LAWS_NR];

#endif
