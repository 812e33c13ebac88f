/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PROC_LIST_H
#define RTLA_STALL_BOOST_PROC_LIST_H

#include <stdint.h>

/*
 * The numbers in a directory of /proc: processes, or threads of one. Raw, where readdir() would allocate.
 *
 *     proc_list_init(&list, fd)
 *     while ((number = proc_list_next(&list)) > 0)
 */

#define PROC_LIST_BYTES 32768u

struct proc_list {
	int fd;			/* the caller's */
	long nr_bytes;		/* read and not looked at yet: from at on */
	long at;
	char room[PROC_LIST_BYTES];
};

/** proc_list_init() - of an open directory, at its beginning */
void proc_list_init(struct proc_list *list, int fd);

/** proc_list_rewind() - from the beginning again. Return: 0 or a negative errno */
int proc_list_rewind(struct proc_list *list) __attribute__((warn_unused_result));

/** proc_list_next() - Return: the next number; 0 at the end; a negative errno */
int32_t proc_list_next(struct proc_list *list);

#endif
