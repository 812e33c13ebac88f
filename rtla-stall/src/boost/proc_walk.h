/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PROC_WALK_H
#define RTLA_STALL_BOOST_PROC_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "proc_list.h"

/*
 * Every thread of every process of /proc, or those of processes that the visitor wants to see more of. Raw
 * system calls; nothing is allocated.
 *
 *     proc_walk_init(&walk, proc_fd)
 *     proc_walk_all(&walk, visit, arg)        again and again
 */

struct proc_walk {
	int proc_fd;		/* the caller's */
	struct proc_list processes;
	struct proc_list threads;
};

/**
 * proc_walk_visit - sees one thread
 * @has_threads: of the first one of a process: set it to see the others. NULL: it is one of those
 *
 * Return: 0; a negative errno ends the walk
 */
typedef int (*proc_walk_visit)(int32_t tid, bool *has_threads, void *arg);

/** proc_walk_init() - @proc_fd: /proc, open */
void proc_walk_init(struct proc_walk *walk, int proc_fd);

/** proc_walk_all() - from the beginning. Return: 0, what @visit returned, or a negative errno */
int proc_walk_all(struct proc_walk *walk, proc_walk_visit visit, void *arg)
	__attribute__((warn_unused_result));

/**
 * proc_walk_nr_threads() - how many a process has, without reading its stat
 *
 * Return: 0 when it is gone.
 */
uint32_t proc_walk_nr_threads(const struct proc_walk *walk, int32_t tgid);

#endif
