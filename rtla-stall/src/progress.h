/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_PROGRESS_H
#define RTLA_STALL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * One line on a terminal that says how far a long file has been read. It appears after a second, is
 * renewed a few times a second, and is wiped out at the end.
 */

struct progress {
	FILE *terminal;		/* NULL: none, and nothing is ever written */
	uint64_t begun_ms;	/* on the monotonic clock */
	uint64_t shown_ms;	/* last shown; 0 not yet */
};

/** progress_init() - begin now; @terminal may be NULL */
void progress_init(struct progress *progress, FILE *terminal);

/**
 * progress_update() - say how far it is; call it often, it looks at the clock
 * @done, @total: bytes; @total is 0 when it is not known
 */
void progress_update(struct progress *progress, uint64_t done, uint64_t total, uint64_t nr_events);

/** progress_deinit() - wipe the line out */
void progress_deinit(struct progress *progress);

#endif
