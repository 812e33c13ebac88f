/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_SAVE_TEXT_H
#define RTLA_STALL_MONITOR_SAVE_TEXT_H

#include <stdio.h>

/*
 * What is kept of the trace as ftrace text, for people and for tools that read no trace.dat.
 */

struct error;
struct source;
struct strbuf;

/**
 * save_text() - write it
 * @live: of source_live_open()
 * @cmdlines: "TID COMM" lines
 *
 * Return: 0 or a negative errno with words in @err.
 */
int save_text(const struct source *live, const struct strbuf *cmdlines, FILE *out, struct error *err)
	__attribute__((warn_unused_result));

#endif
