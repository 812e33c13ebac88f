/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_HELP_H
#define RTLA_STALL_VIEW_TOP_HELP_H

#include "top_page.h"
#include "top_table.h"

/* The keys and the words of `top`, and what this run cannot see. Pure: no I/O. */

/** top_help_draw() - append all lines of the help */
void top_help_draw(const struct top_scene *scene, struct top_page *page);

/** top_help_keys() - the last line of a table: the keys most used */
void top_help_keys(struct top_page *page);

#endif
