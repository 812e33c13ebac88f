/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_STALL_H
#define RTLA_STALL_VIEW_TOP_STALL_H

#include "top_page.h"
#include "top_table.h"

/*
 * One wait, opened: the sentence, when and how it began, the work, the parts, the time-line, who has the
 * CPU now, the stacks; as `analyze` tells it. Pure: no I/O.
 */

/** top_stall_draw() - append all its lines */
void top_stall_draw(const struct top_scene *scene, const struct episode *stall, struct top_page *page);

#endif
