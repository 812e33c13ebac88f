/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_RECORD_SPOOL_H
#define RTLA_STALL_RECORD_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "source/live_setup.h"
#include "util/strbuf.h"

/*
 * Where the pages of each CPU are kept until the recording ends, since a trace.dat has those of one CPU
 * in one piece: files without a name beside the one to be written, so that none is left behind.
 */

struct error;

struct record_spool_cpu {
	int fd;
	uint64_t size;
	struct strbuf stats;	/* of the kernel, at the end */
};

struct record_spool {
	uint32_t nr_cpus;	/* the highest number and one */
	struct record_spool_cpu *cpus;
	uint8_t *room;
	uint64_t bytes;		/* of all */
	uint64_t lost_events;
};

/**
 * record_spool_init() - open the files
 * @path: of the file beside which they are
 *
 * Return: 0 or a negative errno with words in @err; record_spool_deinit() it in any case.
 */
int record_spool_init(struct record_spool *spool, const struct live_instance *instance,
		      const char *path, struct error *err) __attribute__((warn_unused_result));

/** record_spool_deinit() - close them; a zeroed struct is fine */
void record_spool_deinit(struct record_spool *spool);

/**
 * record_spool_take() - take what the CPUs' buffers hold
 * @most: set to the bytes of the CPU that had most
 *
 * Return: 0 or a negative errno with words in @err: the disk is full.
 */
int record_spool_take(struct record_spool *spool, const struct live_instance *instance,
		      uint64_t *most, struct error *err) __attribute__((warn_unused_result));

/** record_spool_end() - read what the kernel counted */
void record_spool_end(struct record_spool *spool, const struct live_instance *instance);

/**
 * record_spool_write() - write the trace.dat, and let go of the pages
 * @fd: at its beginning
 * @cmdlines: names of threads
 */
int record_spool_write(struct record_spool *spool, const struct live_instance *instance,
		       const struct strbuf *cmdlines, int fd, struct error *err)
	__attribute__((warn_unused_result));

#endif
