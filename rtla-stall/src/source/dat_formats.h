/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_FORMATS_H
#define RTLA_STALL_SOURCE_DAT_FORMATS_H

#include "dat_bytes.h"

/*
 * The lists of event format texts in a trace.dat: which system each belongs to, and where it is.
 * The two lists are laid out alike in versions 6 and 7. The texts themselves are not looked into.
 */

/* @text need not end in NUL; a return value other than 0 ends the walk */
typedef int dat_formats_fn(const char *system, const char *text, size_t size, void *arg);

/**
 * dat_formats_walk_ftrace() - each format of the tracers' own events; their system is "ftrace"
 * @bytes: moved past the list
 * @each: NULL: only move
 *
 * Return: 0, -EILSEQ when the list is cut, or what @each returned.
 */
int dat_formats_walk_ftrace(struct dat_bytes *bytes, dat_formats_fn *each, void *arg)
	__attribute__((warn_unused_result));

/** dat_formats_walk_events() - likewise for the events of all other systems */
int dat_formats_walk_events(struct dat_bytes *bytes, dat_formats_fn *each, void *arg)
	__attribute__((warn_unused_result));

#endif
