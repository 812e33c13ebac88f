/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_CHILD_H
#define RTLA_STALL_UTIL_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/*
 * A process of our own for what may hang in the kernel, or be killed by it, without harm to us.
 *
 *     us                               the child
 *     child_start(run, arg, ...)       run(fd, arg)
 *     child_tell(child)                child_await(fd)         it may go on
 *     child_hear(child, ...)           child_say(fd, ...)      how it went; any number of times
 *     child_end(child, 1000)           returning from run() ends it
 *
 * It has a copy of our memory as it is when it starts, and of our open files only the one it is given: so
 * it keeps nobody waiting, neither the guard nor who reads our output. It ends with us, and ignores the
 * signals that end programs: these are ours to act upon.
 */

struct error;

struct child {
	pid_t pid;	/* 0: there is none, or it was reaped */
	int fd;		/* our end; -1 none */
};

#define CHILD_NONE { .fd = -1 }

/**
 * child_start() - begin
 * @run: what it does; @fd is its end; its second argument is a file of ours, or -1
 * @kept: of our files, the one it has; -1 none
 * @name: its comm
 * @ret: set on success only; child_end() it
 *
 * Return: 0 or a negative errno with words in @err.
 */
int child_start(void (*run)(int fd, int kept, void *arg), int kept, void *arg, const char *name,
		struct child *ret, struct error *err) __attribute__((warn_unused_result));

/** child_tell() - let it go on. Return: 0 or a negative errno */
int child_tell(const struct child *child) __attribute__((warn_unused_result));

/**
 * child_hear() - what it said, without waiting; a message that is longer than @size is cut
 *
 * Return: the size of a message; 0 none now; -EPIPE it has ended; another negative errno.
 */
ssize_t child_hear(const struct child *child, void *room, size_t size) __attribute__((warn_unused_result));

/**
 * child_reap() - has it ended?
 * @status: as of waitpid(); may be NULL
 *
 * Return: 1 it has, and is gone now; 0 it has not.
 */
int child_reap(struct child *child, int *status);

/**
 * child_end() - kill it, and wait for its end
 *
 * Return: 0; -EBUSY when it hangs in the kernel: it ends when that returns.
 */
int child_end(struct child *child, int timeout_ms);

/** child_await() - in the child: until it may go on. Return: 0; -EPIPE when it shall not */
int child_await(int fd) __attribute__((warn_unused_result));

/** child_say() - in the child. Return: 0 or a negative errno */
int child_say(int fd, const void *message, size_t size);

#endif
