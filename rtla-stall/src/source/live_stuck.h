/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_STUCK_H
#define RTLA_STALL_SOURCE_LIVE_STUCK_H

#include <stdbool.h>
#include <stddef.h>

/**
 * live_stuck_find() - say which CPU keeps a kernel thread of its own from running, as far as /proc shows it
 * @text: "CPU 3, where kworker/3:1 is ready and does not run while loop (tid 164) does"
 *
 * Takes a fifth of a second: a thread that is ready both times, and ran not at all in between, is kept
 * from running. Opens nothing that a stall could hold.
 *
 * Return: false when there is none.
 */
bool live_stuck_find(char *text, size_t size);

#endif
