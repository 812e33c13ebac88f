/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_JSON_H
#define RTLA_STALL_VIEW_JSON_H

#include <stdio.h>

#include "document.h"

/*
 * The document as JSON, schema "rtla-stall/1": rtla-stall-analyze(1) describes it; fields are only
 * ever added. All times are integer nanoseconds of trace time. Valid UTF-8 whatever a name holds:
 * bytes that are not become U+FFFD; control characters are escaped, those beyond ASCII too.
 *
 * Each row of an array is made, written and freed before the next, so that memory does not grow
 * with the number of rows.
 */

struct json_object;
struct value_maker;

/**
 * json_write() - write it
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int json_write(const struct document *doc, FILE *out) __attribute__((warn_unused_result));

/** json_new_stall() - a row of "stalls". @json: its doc knows whoever is named, as below */
struct json_object *json_new_stall(struct value_maker *json, const struct episode *stall);

/**
 * json_write_stall() - write one wait as a line: what is a row of "stalls" in the document
 * @doc: summary->names and summary->tasks have to know whoever is named
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int json_write_stall(const struct document *doc, const struct episode *stall, FILE *out)
	__attribute__((warn_unused_result));

#endif
