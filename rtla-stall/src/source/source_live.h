/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_SOURCE_LIVE_H
#define RTLA_STALL_SOURCE_SOURCE_LIVE_H

#include "live_setup.h"
#include "source.h"

/*
 * Events while they happen, from tracing that live_setup.h set up.
 *
 * Order is a promise: before it empties the buffers of all CPUs it asks the clock that the kernel stamps
 * records with, and hands on only what is older, by a little, since a record gets its stamp before it
 * can be read:
 *
 *                       asked      emptied: CPU 0, 1, 2 ...
 *     ------ handed on --|-- slack --|----|--|-- the next time --->
 *
 * When everything up to there is handed on, an EVENT_TICK says so, with or without events before it: that
 * is how an open wait grows. source_next() sleeps until it is time to read again; a signal wakes it, and
 * then it returns a tick early. Who has other things to wait for asks source_live_due_at() first. The pages
 * read are kept, up to a bound, to be saved.
 *
 * It never ends by itself. Nothing here opens or writes anything in tracefs.
 */

struct strbuf;

struct source_live_options {
	struct names *names;	/* borrowed; outlives the source */
	uint64_t pause_ns;	/* between readings, at most; less when buffers fill up */
	uint64_t kept_bytes;	/* of pages, for all CPUs together */
};

/**
 * source_live_open() - read an instance
 * @instance: taken over on success only
 * @ret: set on success only; source_close() it
 *
 * Return: 0 or a negative errno with words in @err.
 */
int source_live_open(struct live_instance *instance, const struct source_live_options *options,
		     struct source **ret, struct error *err) __attribute__((warn_unused_result));

/**
 * source_live_due_at() - CLOCK_MONOTONIC, ns: when source_next() will not sleep; 0: it does not now
 */
uint64_t source_live_due_at(const struct source *src);

/**
 * source_live_stop() - close the files of tracing, so that it can be removed
 *
 * What was read before goes on to be handed on, then it ends; source_live_save() goes on to work.
 */
void source_live_stop(struct source *src);

/** source_live_instance() - what it reads from; closed after source_live_stop() */
const struct live_instance *source_live_instance(const struct source *src);

/**
 * source_live_save() - write the pages that are kept as a trace.dat
 * @src: of source_live_open()
 * @fd: at the beginning of a file
 * @cmdlines: "TID COMM" lines, for readers that show names; NULL: those of the set-up
 *
 * Neither opens nor reads anything of tracefs. Return: 0 or a negative errno with words in @err.
 */
int source_live_save(const struct source *src, int fd, const struct strbuf *cmdlines, struct error *err)
	__attribute__((warn_unused_result));

/** source_live_lost() - records the kernel counted as lost, as far as it says; asks it */
uint64_t source_live_lost(const struct source *src);

/** source_live_lost_of() - those of one CPU, as far as they were handed on as losses */
uint64_t source_live_lost_of(const struct source *src, uint32_t cpu);

#endif
