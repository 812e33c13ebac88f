/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_TRACEFS_H
#define RTLA_STALL_SOURCE_LIVE_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../util/strbuf.h"

/*
 * The kernel's tracing files: where they are, what they offer, who uses them. Reads only; every call
 * may hang while another process changes tracing during a stall (see live_setup.h).
 */

struct dat_meta;
struct error;

#define LIVE_PATH_MAX 512

/**
 * live_tracefs_find() - where tracefs is mounted
 * @path: LIVE_PATH_MAX bytes
 *
 * Return: 0 or a negative errno; @err says how to mount it, or why nobody may use it.
 */
int live_tracefs_find(char *path, struct error *err) __attribute__((warn_unused_result));

/** live_tracefs_path() - join; false when it does not fit */
bool live_tracefs_path(char *path, const char *dir, const char *name);

/** live_tracefs_read() - append a file. Return: 0 or a negative errno with words in @err */
int live_tracefs_read(const char *dir, const char *name, struct strbuf *out, struct error *err)
	__attribute__((warn_unused_result));

/** live_tracefs_has() - there is such a file or directory */
bool live_tracefs_has(const char *dir, const char *name);

/** live_tracefs_has_word() - a file holds a word, as a whole, between blanks */
bool live_tracefs_has_word(const char *dir, const char *name, const char *word);

/**
 * live_tracefs_holder() - who runs tracer osnoise or timerlat
 * @root: of tracefs
 * @tracer: which one runs, 16 bytes
 * @who: the instance and, where one is found, the process that has it open
 *
 * Return: false when nobody does.
 */
bool live_tracefs_holder(const char *root, char *tracer, char *who, size_t who_size);

/**
 * live_tracefs_read_meta() - take in what trace.dat wants to know of an instance
 * @root: of tracefs
 * @instance: its directory
 * @is_wanted: asked for each event of the instance (but those of the tracers, which are all taken)
 *
 * Return: 0 or a negative errno with words in @err.
 */
int live_tracefs_read_meta(const char *root, const char *instance, struct dat_meta *meta,
			   bool (*is_wanted)(const char *system, const char *name, void *arg),
			   void *arg, struct error *err) __attribute__((warn_unused_result));

#endif
