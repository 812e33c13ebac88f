/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_OUTFILE_H
#define RTLA_STALL_UTIL_OUTFILE_H

#include <stdio.h>

/*
 * A file that appears whole or not at all.
 *
 *     outfile_open(&file, path, err)     early: a path that cannot be written is known before the work
 *     fprintf(file.stream, ...)
 *     outfile_commit(&file, err)         now it is there, in place of what was
 *     outfile_deinit(&file)              always; without a commit nothing has changed
 *
 * What is written goes to "PATH.XXXXXX" beside it until then. Where PATH is no regular file (a
 * pipe, /dev/stdout), it is written to directly.
 */

struct error;

struct outfile {
	FILE *stream;		/* NULL: not open */
	const char *path;	/* borrowed */
	char *temporary;	/* NULL: @path is written to directly */
};

/** outfile_open() - Return: 0 or a negative errno with words in @err */
int outfile_open(struct outfile *file, const char *path, struct error *err)
	__attribute__((warn_unused_result));

/** outfile_commit() - put it in its place. Return: 0 or a negative errno with words in @err */
int outfile_commit(struct outfile *file, struct error *err) __attribute__((warn_unused_result));

/**
 * outfile_finish() - what was written is all: commit the file, or flush what goes to a stream
 * @file: may be not open; then it was written to @out, standard output
 * @result: of the writing: 0 or a negative errno
 *
 * That the reader of standard output has seen enough (-EPIPE) is no failure.
 *
 * Return: 0 or a negative errno with words in @err.
 */
int outfile_finish(struct outfile *file, FILE *out, int result, struct error *err)
	__attribute__((warn_unused_result));

/** outfile_deinit() - close; remove what was not committed. A zeroed struct is fine */
void outfile_deinit(struct outfile *file);

#endif
