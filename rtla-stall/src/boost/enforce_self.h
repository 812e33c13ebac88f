/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_SELF_H
#define RTLA_STALL_BOOST_ENFORCE_SELF_H

#include <stdbool.h>
#include <stdint.h>

#include "enforce_params.h"

/*
 * What a run does to itself, so that it is never starved by what it cures; and what it checks before.
 *
 *     enforce_self_check()          somebody else who does the same
 *     enforce_self_move()           to house-keeping CPUs, before any process or thread of ours is made
 *     enforce_self_reserve_files()  before any thread is made
 *     enforce_self_lock()           memory, and a heap that is there already
 *     enforce_self_schedule()       the priority, last: only the loop, and the restorer, have it
 *
 * What cannot be had and was not asked for by the user is told to @say, and done without.
 */

struct error;

/** enforce_self_check() - is stalld running? Return: 0; -EBUSY with words in @err that name it */
int enforce_self_check(struct error *err) __attribute__((warn_unused_result));

/** enforce_self_move() - Return: 0 or a negative errno with words in @err */
int enforce_self_move(const struct enforce_params *params, void (*say)(const char *words),
		      struct error *err) __attribute__((warn_unused_result));

/** enforce_self_reserve_files() - room for @nr open files, and leave to have so many and more */
void enforce_self_reserve_files(uint32_t nr, void (*say)(const char *words));

/** enforce_self_lock() - lock memory, make room in the heap and on the stack */
void enforce_self_lock(void (*say)(const char *words));

/** enforce_self_own_pages() - after the last fork: writing to memory shall not cost a fault any more */
void enforce_self_own_pages(void);

/** enforce_self_schedule() - take the priority. Return: 0 or a negative errno with words in @err */
int enforce_self_schedule(const struct enforce_own_sched *own, void (*say)(const char *words),
			  struct error *err) __attribute__((warn_unused_result));

/**
 * enforce_self_write_pidfile() - our process id, for others
 *
 * What is there is replaced if it is a regular file with the number of a process that is gone, or a zombie,
 * or empty.
 * One of a process that lives is an error which names it; anything else is one, and is left alone.
 *
 * Return: 0 or a negative errno with words in @err.
 */
int enforce_self_write_pidfile(const char *path, struct error *err) __attribute__((warn_unused_result));

/** enforce_self_notify() - tell systemd: "READY=1". Nothing where nobody listens; never blocks */
void enforce_self_notify(const char *text);

#endif
