/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_LENT_H
#define RTLA_STALL_SOURCE_LIVE_LENT_H

#include <stddef.h>
#include <stdint.h>

#include "../engine/event.h"

/*
 * The records that lent a rank which may not have been given back yet (sched_pi_setprio). For as long as a
 * thread runs at it no other record tells what it would run at by itself, so they outlive the pages they
 * were on: a trace that is saved later begins with them.
 *
 *     boost 120 -> 39        boost 39 -> 20         back to 120
 *        |----------------------|----------------------|         both are kept until the last one is in no
 *        kept                   kept                   over      page that would be saved
 */

#define LIVE_LENT_RECORD_MAX 112u	/* what a short head can say; the kernel's has some 60 bytes */
#define LIVE_LENT_MAX 16384u		/* kept at most; of more the oldest go */

struct live_lent_record {
	uint64_t at;
	uint64_t over_at;	/* it was given back; UINT64_MAX: not yet */
	int32_t tid;
	int32_t base_prio;	/* what it was lent on top of, by the first of them */
	uint32_t cpu;		/* whose buffer it was in */
	uint32_t size;
	uint8_t bytes[LIVE_LENT_RECORD_MAX];
};

struct live_lent_list {
	struct live_lent_record *records;
	size_t nr;
	size_t nr_allocated;
};

struct live_lent {
	struct live_lent_list lent;	/* at present, in the order of their times */
	struct live_lent_list over;	/* in the order in which they were given back */
};

/**
 * live_lent_add() - take in an EVENT_PI_SETPRIO
 * @record: as it is in the page
 * @oldest_at: what was over before that is needed no more
 *
 * Where there is no memory, or the record is of another size than any kernel's, it is not kept.
 */
void live_lent_add(struct live_lent *lent, const struct event *event, const uint8_t *record, size_t size,
		   uint64_t oldest_at);

/** live_lent_lose() - records are missing: what was given back meanwhile cannot be told */
void live_lent_lose(struct live_lent *lent);

/** live_lent_deinit() - free what is inside; a zeroed struct is fine */
void live_lent_deinit(struct live_lent *lent);

/**
 * live_lent_find() - the records of a CPU, before @before_at, of what was still lent at @start_at
 * @ret: of live_lent_count() elements; in the order of their times
 *
 * Return: how many.
 */
size_t live_lent_find(const struct live_lent *lent, uint32_t cpu, uint64_t before_at, uint64_t start_at,
		      const struct live_lent_record **ret);

/** live_lent_count() - how many there are at all */
size_t live_lent_count(const struct live_lent *lent);

/**
 * live_lent_page() - a page of the ring buffer with that one record in it
 * @page: of @page_size; in the layout of @commit_offset, @commit_size, @first_offset (dat_file.h)
 */
void live_lent_page(const struct live_lent_record *record, uint8_t *page, uint32_t page_size,
		    uint32_t commit_offset, uint32_t commit_size, uint32_t first_offset);

#endif
