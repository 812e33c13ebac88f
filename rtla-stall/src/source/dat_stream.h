/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_STREAM_H
#define RTLA_STALL_SOURCE_DAT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dat_file.h"

/*
 * The records of one CPU, one after the other, out of its ring buffer pages.
 *
 *     page:    | time of its start | size, lost? | record | record | ... | how many were lost? |
 *     record:  | type or length, time since the one before | contents |
 *
 * Nothing in a page is trusted: whatever sizes it holds, nothing beyond the page is read, and a
 * page that cannot be is passed over and counted. What is missing (the kernel's own mark, pages
 * that do not decode, a file that ends early) is a loss between the last record before and the
 * first one after. Compressed pages are expanded one piece at a time into one buffer per CPU.
 */

enum dat_item {
	DAT_END,	/* no more */
	DAT_RECORD,	/* at, record, record_size */
	DAT_LOSS,	/* at, loss_to_at, lost_events; a record may follow */
};

/* Shared by the streams of one file. */
struct dat_stream_shared {
	const struct dat_file *file;
	uint32_t page_size;
	bool is_compressed;
	uint64_t room_left;	/* bytes that may yet be allocated for expanded pieces */
	uint64_t bytes_done;	/* of the file */
	uint64_t bad_pages;
	uint64_t times_backwards;
};

struct dat_stream {
	struct dat_stream_shared *shared;
	uint32_t cpu;
	bool is_swapped;
	bool is_big_endian;
	bool is_converted;		/* stamps are not times yet */
	bool is_cut;			/* the file ends before this CPU's pages do */
	bool is_cut_told;		/* by a loss */
	bool is_open_ended;		/* more pages may come after DAT_END: a loss waits for them */

	/* what dat_stream_next() found */
	enum dat_item item;
	uint64_t at;			/* of the record or the loss; converted */
	const uint8_t *record;		/* valid until the next call */
	uint32_t record_size;
	uint64_t loss_to_at;		/* UINT64_MAX: nothing comes after */
	uint64_t lost_events;		/* 0 unknown */

	/* the present page */
	const uint8_t *next;		/* its next record's head */
	const uint8_t *page_end;
	uint64_t stamp;			/* of the last head read */

	/* pages yet to come: in the file, or in the piece last expanded */
	const uint8_t *pages;
	const uint8_t *pages_end;
	uint8_t *room;			/* expanded piece */
	size_t room_size;
	struct dat_bytes pieces;
	uint32_t pieces_left;

	bool has_last;
	uint64_t last_at;		/* of the last record handed out, or of the first page */
	bool is_loss_pending;
	bool is_lost_count_known;
	uint64_t lost_pending;
	bool is_record_pending;		/* found while a loss was handed out before it */
	uint64_t pending_at;
};

/** dat_stream_init() - start at the first page of a CPU */
void dat_stream_init(struct dat_stream *stream, struct dat_stream_shared *shared,
		     const struct dat_cpu *cpu);

/** dat_stream_deinit() - free what is inside */
void dat_stream_deinit(struct dat_stream *stream);

/** dat_stream_set_lost() - make a stream that gave nothing at all hand out a loss from @at on */
void dat_stream_set_lost(struct dat_stream *stream, uint64_t at);

/** dat_stream_next_page() - the rest of dat_stream_next(): anything but the usual record */
enum dat_item dat_stream_next_page(struct dat_stream *stream);

/**
 * dat_stream_next() - go to the next record or loss
 *
 * Return: what it is, also in @stream->item; after DAT_END it must not be called again, unless it is
 * open-ended and was given more pages.
 */
static inline enum dat_item dat_stream_next(struct dat_stream *stream)
{
	/* The usual case: the next record is on this page, short, and 27 bits of time suffice. */
	if (!stream->is_record_pending && stream->page_end - stream->next >= 4) {
		uint32_t head = dat_load_u32(stream->next, stream->is_swapped);
		uint32_t type = stream->is_big_endian ? head >> 27 : head & 31;
		uint32_t size = type * 4;

		if (type - 1 < 28 && size <= stream->page_end - stream->next - 4 &&
		    !stream->is_converted) {
			stream->stamp += stream->is_big_endian ? head & 0x7ffffff : head >> 5;
			stream->record = stream->next + 4;
			stream->record_size = size;
			stream->next += 4 + size;
			stream->at = stream->stamp;
			stream->shared->times_backwards += stream->at < stream->last_at;
			stream->last_at = stream->at;
			return stream->item = DAT_RECORD;
		}
	}
	return dat_stream_next_page(stream);
}

#endif
