/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_UNDO_H
#define RTLA_STALL_UTIL_UNDO_H

#include <stddef.h>

/*
 * The list of what was changed in the system, kept in a file, so that somebody else can undo it.
 *
 *     undo_create("/run/rtla-stall", &undo, err)
 *     undo_note_write(undo, path, old, &id, err)    first it is noted,
 *     write(path, ...)                              then it is done
 *     undo_all(undo, err)                           newest first; what is undone is noted too
 *     undo_close(undo)
 *
 * The file is locked as long as any process has it open (a lock goes with the open file, so children
 * share it). A file that nobody has open any more, with changes in it, is what a run that was killed
 * left behind: undo_stale() undoes it. Each note is one write() that no crash of the writer can take
 * back; a note that was cut is of a change that was not made, and is ignored.
 *
 * Undoing twice is harmless, and what is gone needs no undoing. This decides nothing about when.
 */

#define UNDO_DIR "/run/rtla-stall"

struct error;
struct undo;

/* Of one note; unique among all processes that share the list. */
struct undo_id {
	int pid;
	unsigned int number;
};

/**
 * undo_create() - begin an empty list
 * @dir: made when it is not there; must belong to the user alone
 *
 * Return: 0 or a negative errno with words in @err.
 */
int undo_create(const char *dir, struct undo **ret, struct error *err)
	__attribute__((warn_unused_result));

/** undo_close() - close the list; its file goes when all was undone. @undo may be NULL */
void undo_close(struct undo *undo);

/**
 * undo_stale() - undo the lists in @dir that nobody has open
 *
 * One that cannot be undone does not keep it from the rest. May hang as long as a stall does. Return: how
 * many, or the first failure with words in @err.
 */
int undo_stale(const char *dir, struct error *err) __attribute__((warn_unused_result));

/**
 * undo_note_write() - a file is about to be written
 * @path: absolute
 * @old: what to write to have it back as it was
 * @id: may be NULL
 */
int undo_note_write(struct undo *undo, const char *path, const char *old, struct undo_id *id,
		    struct error *err) __attribute__((warn_unused_result));

/** undo_note_mkdir() - a directory is about to be made; an instance of tracefs goes with all in it */
int undo_note_mkdir(struct undo *undo, const char *path, struct undo_id *id, struct error *err)
	__attribute__((warn_unused_result));

/** undo_note_file() - a file is about to be made */
int undo_note_file(struct undo *undo, const char *path, struct undo_id *id, struct error *err)
	__attribute__((warn_unused_result));

/** undo_note_done() - nothing to undo there any more */
int undo_note_done(struct undo *undo, struct undo_id id, struct error *err)
	__attribute__((warn_unused_result));

/**
 * undo_all() - undo what is noted and not undone, newest first
 *
 * A directory somebody still has something open in is tried again for ten seconds. One failure does
 * not keep it from the rest.
 *
 * Return: 0, or the first failure, with words in @err; another call tries again.
 */
int undo_all(struct undo *undo, struct error *err) __attribute__((warn_unused_result));

/** undo_path() - of the file */
const char *undo_path(const struct undo *undo);

/** undo_write_file() - write a whole file at once, as tracefs and sysctl want it */
int undo_write_file(const char *path, const char *text) __attribute__((warn_unused_result));

#endif
