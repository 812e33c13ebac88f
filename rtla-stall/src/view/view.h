/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_VIEW_H
#define RTLA_STALL_VIEW_VIEW_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Somebody who looks at a run while it goes on: the ncurses screen, or nobody.
 */

struct snapshot;

/* What a key asks of the run; the view itself has redrawn already. */
enum view_wish {
	VIEW_WISH_NOTHING,
	VIEW_WISH_QUIT,
	VIEW_WISH_SAVE,		/* the trace, now */
	VIEW_WISH_REFRESH,	/* a new snapshot, now */
	VIEW_WISH_STALL_UP,	/* a longer wait is to be a stall */
	VIEW_WISH_STALL_DOWN
};

struct view_ops {
	void (*show)(void *view, const struct snapshot *snapshot);
	/* reads what was typed, without waiting; call until VIEW_WISH_NOTHING */
	enum view_wish (*key)(void *view);
	/* one line for the user: what became of a wish */
	void (*say)(void *view, const char *words);
	void (*close)(void *view);	/* the terminal is as it was */
};

struct view {
	const struct view_ops *ops;
	void *self;
	int fd;			/* readable when a key was typed; -1 */
	uint64_t refresh_ns;	/* how often it wants to be shown something new */
};

#endif
