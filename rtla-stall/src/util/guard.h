/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_GUARD_H
#define RTLA_STALL_UTIL_GUARD_H

#include <sys/types.h>

/*
 * Changes to the system that are given back whatever happens to the process that made them.
 *
 *     guard_create(UNDO_DIR, &guard, err)      before anything is changed
 *     guard_write(guard, path, value, ...)     and guard_mkdir()
 *     guard_undo(guard, 5000, err)             the ordinary end, errors and signals
 *     guard_destroy(guard)
 *
 * A small process of its own, the guard, undoes what is noted (util/undo.h): when it is asked to, or
 * when nobody is left who could change anything: every process that has @guard from a fork holds the
 * other end of its socket, and the end of the last one, by whatever, wakes it. It ignores the signals
 * that end programs and belongs to no terminal. When only the guard was killed, guard_undo() does its
 * work; when all were, undo_stale() at the next start.
 *
 * Undoing may hang for as long as a stall does; then it is the guard that hangs, not its caller.
 */

struct error;
struct guard;

/**
 * guard_create() - start a guard
 * @dir: where the list is kept; UNDO_DIR but in tests
 * @ret: set on success only; guard_destroy() it
 *
 * Return: 0 or a negative errno with words in @err.
 */
int guard_create(const char *dir, struct guard **ret, struct error *err)
	__attribute__((warn_unused_result));

/**
 * guard_destroy() - let go of it; @guard may be NULL
 *
 * What is noted and not undone, the guard undoes then. Its end is waited for, unless that takes long.
 */
void guard_destroy(struct guard *guard);

/**
 * guard_write() - write to a file of tracefs or a sysctl
 * @old: what to write to have it back; NULL: what is read from it now
 *
 * Return: 0 or a negative errno with words in @err; nothing is changed then.
 */
int guard_write(struct guard *guard, const char *path, const char *value, const char *old,
		struct error *err) __attribute__((warn_unused_result));

/**
 * guard_mkdir() - make a directory, to be removed again
 *
 * Return: 0; -EEXIST without words when it is there; another negative errno with words in @err.
 */
int guard_mkdir(struct guard *guard, const char *path, struct error *err)
	__attribute__((warn_unused_result));

/** guard_add_file() - a file is about to be made that must not stay when we are killed */
int guard_add_file(struct guard *guard, const char *path, struct error *err)
	__attribute__((warn_unused_result));

/**
 * guard_undo() - undo everything, newest first
 * @timeout_ms: how long to wait for it; negative: until it is done
 *
 * Nobody may make changes meanwhile. Return: 0; -EINPROGRESS when it goes on by itself; another
 * negative errno with words in @err when something cannot be restored.
 */
int guard_undo(struct guard *guard, int timeout_ms, struct error *err)
	__attribute__((warn_unused_result));

/** guard_pid() - of its process */
pid_t guard_pid(const struct guard *guard);

#endif
