// SPDX-License-Identifier: GPL-2.0-only
#include "proc_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct record {		/* what getdents64 writes */
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

void proc_list_init(struct proc_list *list, int fd)
{
	list->fd = fd;
	list->nr_bytes = 0;
	list->at = 0;
}

int proc_list_rewind(struct proc_list *list)
{
	proc_list_init(list, list->fd);
	return lseek(list->fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

int32_t proc_list_next(struct proc_list *list)
{
	for (;;) {
		const struct record *record;

		if (list->at >= list->nr_bytes) {
			list->nr_bytes = syscall(SYS_getdents64, list->fd, list->room, sizeof(list->room));
			list->at = 0;
			if (list->nr_bytes < 0)
				return -errno;
			if (!list->nr_bytes)
				return 0;
		}
		record = (const struct record *)(list->room + list->at);
		list->at += record->length;
		if (record->name[0] > '0' && record->name[0] <= '9')
			return (int32_t)strtol(record->name, NULL, 10);
	}
}
