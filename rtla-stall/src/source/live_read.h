/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_READ_H
#define RTLA_STALL_SOURCE_LIVE_READ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../util/strbuf.h"
#include "live_setup.h"

/*
 * Reads what an instance of tracing recorded, through the files that live_setup.h handed over. Nothing
 * here waits: neither for events nor for a CPU that is busy.
 */

/* What the kernel counted for one CPU, since the instance was made. */
struct live_counts {
	uint64_t lost;		/* overwritten before they were read, or never written */
	uint64_t read;
};

/* How long to wait until the buffers are read again: shorter when they fill up faster. */
struct live_pace {
	uint64_t most_ns;
	uint64_t pause_ns;
};

/**
 * live_read_pages() - take pages out of a CPU's buffer
 * @room, @size: for whole pages
 *
 * The last page may be partly used: it is what there is so far.
 *
 * Return: bytes, of whole pages; 0 when there is nothing now; a negative errno.
 */
ssize_t live_read_pages(const struct live_cpu *cpu, uint32_t page_size, uint8_t *room, size_t size)
	__attribute__((warn_unused_result));

/** live_read_stats() - append the text of a CPU's counts; nothing where there is none */
void live_read_stats(const struct live_cpu *cpu, struct strbuf *out);

/** live_read_counts() - make numbers of it */
void live_read_counts(const char *text, struct live_counts *ret);

/**
 * live_read_cmdlines() - append "TID COMM" lines: what threads are called now, and what the kernel saved
 * @also: more such lines, for those that neither knows any more; NULL
 */
void live_read_cmdlines(const struct live_instance *instance, const struct strbuf *also,
			struct strbuf *out);

/** live_pace_init() - begin fast; @most_ns: the longest pause, for quiet times */
void live_pace_init(struct live_pace *pace, uint64_t most_ns);

/**
 * live_pace_update() - after a round
 * @bytes: most that was read from one CPU in it
 * @buffer_bytes: of one CPU
 */
void live_pace_update(struct live_pace *pace, uint64_t bytes, uint64_t buffer_bytes);

#endif
