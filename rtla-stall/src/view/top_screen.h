/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_SCREEN_H
#define RTLA_STALL_VIEW_TOP_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/*
 * The terminal of `top`: paints the lines of top_model.h by ncurses, and turns what is typed into its
 * keys.
 *
 *     struct view view;
 *     if (top_screen_open(&config, &view, err) == 0) {
 *             view.ops->show(view.self, snapshot);
 *             poll() on view.fd, for view.refresh_ns at most; EINTR counts as readable (SIGWINCH)
 *             while ((wish = view.ops->key(view.self)) != VIEW_WISH_NOTHING) ...
 *             view.ops->close(view.self);
 *     }
 *
 * Signals stay the caller's: neither SIGINT nor SIGTERM is caught here, so it is for its handlers to end
 * the loop, and for the loop to call close. SIGWINCH is caught while the screen is open, and the size
 * is looked at with each snapshot as well. Signals of a crash, where nobody handles them, first give the
 * terminal back and then do what they would have done. One screen at a time.
 */

struct error;

struct top_screen_config {
	bool has_colour;	/* the user does not mind; whether the terminal can is found out */
	bool is_utf8;		/* the terminal shows UTF-8, and LC_CTYPE is set so */
	uint64_t refresh_ns;	/* how often it is to be renewed; the user may change that */
};

/**
 * top_screen_open() - take the terminal over
 * @ret: set on success only; keeps its address: the user's changes to refresh_ns are written to it
 *
 * Return: 0; -ENOTTY when standard input or output is no terminal, -ENOTSUP when TERM names none that
 * can be painted, or another negative errno, with words in @err; the terminal is as it was then.
 */
int top_screen_open(const struct top_screen_config *config, struct view *ret, struct error *err)
	__attribute__((warn_unused_result));

#endif
