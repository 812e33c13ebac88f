/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_CLEANUP_H
#define RTLA_STALL_UTIL_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Undo on leaving the scope, for locals only: __cleanup_free char *line = NULL; and so on. Every
 * such local is initialised where it is declared. NULL and -1 are left alone.
 */

static inline void cleanup_free_helper(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close_helper(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose_helper(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_closedir_helper(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define __cleanup_free __attribute__((cleanup(cleanup_free_helper)))
#define __cleanup_close __attribute__((cleanup(cleanup_close_helper)))
#define __cleanup_fclose __attribute__((cleanup(cleanup_fclose_helper)))
#define __cleanup_closedir __attribute__((cleanup(cleanup_closedir_helper)))

#endif
