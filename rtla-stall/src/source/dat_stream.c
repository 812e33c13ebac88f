// SPDX-License-Identifier: GPL-2.0-only
#include "dat_stream.h"

#include <stdlib.h>

#define COMMIT_SIZE_MASK 0x7ffffffu
#define COMMIT_LOST (1u << 31)		/* records are missing before this page */
#define COMMIT_LOST_STORED (1u << 30)	/* how many is written after its last record */
#define PIECE_MAX (1u << 20)		/* expanded; trace-cmd writes ten pages */
#define PIECE_MAX_PAGES 16u

enum head_type {	/* of a record in a page; 1..28: its length in words */
	HEAD_LONG = 0,
	HEAD_PADDING = 29,
	HEAD_TIME_EXTEND = 30,
	HEAD_TIME_STAMP = 31,
};

void dat_stream_init(struct dat_stream *stream, struct dat_stream_shared *shared,
		     const struct dat_cpu *cpu)
{
	const struct dat_file *file = shared->file;
	struct dat_bytes bytes = dat_file_bytes(file, cpu->offset, cpu->size);

	*stream = (struct dat_stream){
		.shared = shared,
		.cpu = cpu->cpu,
		.is_swapped = file->is_swapped,
		.is_big_endian = file->is_big_endian,
		.is_converted = !file->time.is_identity,
		.is_cut = dat_bytes_left(&bytes) < cpu->size,
	};
	if (!shared->is_compressed) {
		stream->pages = bytes.at;
		stream->pages_end = bytes.end;
		return;
	}
	/* the size leaves out the count before the pieces; those say themselves where they end */
	stream->pieces = dat_file_bytes(file, cpu->offset, UINT64_MAX);
	if (cpu->size && !dat_bytes_u32(&stream->pieces, &stream->pieces_left))
		stream->is_cut = true;
}

void dat_stream_deinit(struct dat_stream *stream)
{
	if (stream->room)
		stream->shared->room_left += stream->room_size;
	free(stream->room);
	stream->room = NULL;
}

static void add_loss(struct dat_stream *stream, bool is_count_known, uint64_t nr_lost)
{
	if (!stream->is_loss_pending)
		stream->is_lost_count_known = true;
	stream->is_loss_pending = true;
	stream->is_lost_count_known = stream->is_lost_count_known && is_count_known;
	stream->lost_pending += nr_lost;
}

static void add_bad_page(struct dat_stream *stream)
{
	stream->shared->bad_pages++;
	add_loss(stream, false, 0);
}

static bool make_room(struct dat_stream *stream, size_t size)
{
	uint8_t *room;

	if (size <= stream->room_size)
		return true;
	if (size - stream->room_size > stream->shared->room_left)
		return false;
	room = malloc(size);
	if (!room)
		return false;
	stream->shared->room_left -= size - stream->room_size;
	free(stream->room);
	stream->room = room;
	stream->room_size = size;
	return true;
}

/* Return: false when there is none left. */
static bool expand_piece(struct dat_stream *stream)
{
	struct dat_stream_shared *shared = stream->shared;
	uint64_t limit = (uint64_t)shared->page_size * PIECE_MAX_PAGES;
	const uint8_t *packed;
	uint32_t packed_size;
	uint32_t size;

	if (limit < PIECE_MAX)
		limit = PIECE_MAX;
	while (stream->pieces_left) {
		const uint8_t *start = stream->pieces.at;

		if (!dat_bytes_u32(&stream->pieces, &packed_size) ||
		    !dat_bytes_u32(&stream->pieces, &size) ||
		    !(packed = dat_bytes_take(&stream->pieces, packed_size))) {
			stream->pieces_left = 0;
			stream->is_cut = true;
			return false;
		}
		stream->pieces_left--;
		shared->bytes_done += (uint64_t)(stream->pieces.at - start);
		if (size && size <= limit && make_room(stream, size) &&
		    !dat_codec_expand(shared->file->codec, packed, packed_size, stream->room,
				      size)) {
			stream->pages = stream->room;
			stream->pages_end = stream->room + size;
			return true;
		}
		add_bad_page(stream);
	}
	return false;
}

static uint64_t convert(const struct dat_stream *stream, uint64_t stamp)
{
	if (!stream->is_converted)
		return stamp;
	return dat_clock_convert(&stream->shared->file->time, stream->cpu, stamp);
}

static uint64_t load_long(const struct dat_file *file, const uint8_t *at)
{
	return file->commit_size == 8 ? dat_load_u64(at, file->is_swapped) :
					dat_load_u32(at, file->is_swapped);
}

static void open_page(struct dat_stream *stream, const uint8_t *page, uint32_t size)
{
	const struct dat_file *file = stream->shared->file;
	uint32_t room = size - file->first_offset;
	uint64_t commit = load_long(file, page + file->commit_offset);
	uint32_t used = (uint32_t)commit & COMMIT_SIZE_MASK;

	stream->stamp = dat_load_u64(page, stream->is_swapped);
	stream->next = page + file->first_offset;
	stream->page_end = stream->next;
	if (!stream->has_last) {
		stream->has_last = true;
		stream->last_at = convert(stream, stream->stamp);
	}
	if (used > stream->shared->page_size - file->first_offset) {
		add_bad_page(stream);
		return;
	}
	if (commit & COMMIT_LOST) {
		bool is_stored = commit & COMMIT_LOST_STORED && room >= used &&
				 room - used >= file->commit_size;
		uint64_t nr_lost = is_stored ? load_long(file, stream->next + used) : 0;

		add_loss(stream, is_stored, nr_lost);
	}
	if (used > room) {	/* the last page of a file that is cut */
		used = room;
		stream->is_cut = true;
	}
	stream->page_end = stream->next + used;
}

/* Return: false when there is none left. */
static bool next_page(struct dat_stream *stream)
{
	const struct dat_stream_shared *shared = stream->shared;
	uint32_t size = shared->page_size;

	if (stream->pages == stream->pages_end) {
		if (!shared->is_compressed || !expand_piece(stream))
			return false;
	} else if (!shared->is_compressed) {
		stream->shared->bytes_done += size;
	}
	if (size > stream->pages_end - stream->pages)
		size = (uint32_t)(stream->pages_end - stream->pages);
	if (size >= shared->file->first_offset) {
		open_page(stream, stream->pages, size);
	} else {
		stream->is_cut = true;
		stream->next = stream->page_end = stream->pages;
	}
	stream->pages += size;
	return true;
}

/* Take a head that is not a record of 1..28 words. Return: true when it is a record. */
static bool take_odd_head(struct dat_stream *stream, uint32_t type, uint64_t since)
{
	const uint8_t *body = stream->next + 4;
	uint64_t room = (uint64_t)(stream->page_end - body);
	uint64_t length;
	uint32_t word;

	if (room < 4) {
		stream->next = stream->page_end;
		if (type != HEAD_PADDING)
			add_bad_page(stream);
		return false;
	}
	word = dat_load_u32(body, stream->is_swapped);
	switch (type) {
	case HEAD_TIME_EXTEND:
		stream->stamp += since + ((uint64_t)word << 27);
		stream->next = body + 4;
		return false;
	case HEAD_TIME_STAMP:	/* 59 bits; the upper ones are those of the time before */
		stream->stamp = (stream->stamp & (UINT64_C(0x1f) << 59)) |
				(since + ((uint64_t)word << 27));
		stream->next = body + 4;
		return false;
	case HEAD_PADDING:	/* a record taken back, or the rest of the page */
		length = word;
		stream->stamp += since;
		stream->next = length > room ? stream->page_end : body + length;
		return false;
	default:		/* the length word counts itself */
		length = ((uint64_t)word + 3) & ~UINT64_C(3);
		if (word < 4 || length > room) {
			add_bad_page(stream);
			stream->next = stream->page_end;
			return false;
		}
		stream->stamp += since;
		stream->record = body + 4;
		stream->record_size = (uint32_t)length - 4;
		stream->next = body + length;
		return true;
	}
}

/* Return: true when a record was found on the present page. */
static bool find_record(struct dat_stream *stream)
{
	while (stream->page_end - stream->next >= 4) {
		uint32_t head = dat_load_u32(stream->next, stream->is_swapped);
		uint32_t type = stream->is_big_endian ? head >> 27 : head & 31;
		uint64_t since = stream->is_big_endian ? head & 0x7ffffff : head >> 5;
		uint32_t size = type * 4;

		if (type >= HEAD_PADDING || type == HEAD_LONG) {
			if (take_odd_head(stream, type, since))
				return true;
			continue;
		}
		if (size > stream->page_end - stream->next - 4) {
			add_bad_page(stream);
			break;
		}
		stream->stamp += since;
		stream->record = stream->next + 4;
		stream->record_size = size;
		stream->next += 4 + size;
		return true;
	}
	return false;
}

static enum dat_item hand_out_loss(struct dat_stream *stream, uint64_t to_at)
{
	stream->is_loss_pending = false;
	stream->at = stream->last_at;
	stream->loss_to_at = to_at < stream->at ? stream->at : to_at;
	stream->lost_events = stream->is_lost_count_known ? stream->lost_pending : 0;
	stream->lost_pending = 0;
	return stream->item = DAT_LOSS;
}

static enum dat_item hand_out_record(struct dat_stream *stream, uint64_t at)
{
	if (at < stream->last_at)
		stream->shared->times_backwards++;
	stream->at = stream->last_at = at;
	return stream->item = DAT_RECORD;
}

void dat_stream_set_lost(struct dat_stream *stream, uint64_t at)
{
	stream->has_last = true;
	stream->last_at = at;
	stream->is_cut_told = true;
	hand_out_loss(stream, UINT64_MAX);
}

enum dat_item dat_stream_next_page(struct dat_stream *stream)
{
	if (stream->is_record_pending) {
		stream->is_record_pending = false;
		return hand_out_record(stream, stream->pending_at);
	}
	while (!find_record(stream)) {
		if (next_page(stream))
			continue;
		if (stream->is_cut && stream->has_last && !stream->is_cut_told) {
			add_loss(stream, false, 0);
			stream->is_cut_told = true;
		}
		stream->next = stream->page_end;
		if (stream->is_loss_pending && !stream->is_open_ended)
			return hand_out_loss(stream, UINT64_MAX);
		return stream->item = DAT_END;
	}
	if (!stream->is_loss_pending)
		return hand_out_record(stream, convert(stream, stream->stamp));
	stream->is_record_pending = true;
	stream->pending_at = convert(stream, stream->stamp);
	return hand_out_loss(stream, stream->pending_at);
}
