// SPDX-License-Identifier: GPL-2.0-only
#include "dat_recover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dat_stream.h"

#define NR_LOOKED_AT 100000	/* records of a CPU */
#define ROOM_MAX (UINT64_C(4) << 20)

static int add_cpu(struct dat_buffer *buffer, uint64_t from, uint64_t to)
{
	uint32_t nr = buffer->nr_cpus;

	if (nr >= DAT_CPUS_MAX)
		return 0;
	if (!(nr & (nr - 1))) {	/* full: grows at each power of two */
		struct dat_cpu *cpus =
			reallocarray(buffer->cpus, nr ? 2 * (size_t)nr : 1, sizeof(*cpus));

		if (!cpus)
			return -ENOMEM;
		buffer->cpus = cpus;
	}
	buffer->cpus[nr] = (struct dat_cpu){ nr, from, to - from };
	buffer->nr_cpus = nr + 1;
	return 0;
}

/* Each CPU's compressed pieces are preceded by their count, and start at a page's multiple. */
static int recover_compressed(struct dat_file *file, struct dat_buffer *buffer, uint64_t at,
			      uint64_t end)
{
	while (at < end) {
		struct dat_bytes bytes;
		uint32_t nr_pieces;
		uint32_t packed_size;
		uint32_t size;
		int result;

		at = (at + file->page_size - 1) / file->page_size * file->page_size;
		bytes = dat_file_bytes(file, at, end > at ? end - at : 0);
		if (!dat_bytes_u32(&bytes, &nr_pieces))
			break;
		while (nr_pieces && dat_bytes_u32(&bytes, &packed_size) &&
		       dat_bytes_u32(&bytes, &size) && dat_bytes_take(&bytes, packed_size))
			nr_pieces--;
		if (nr_pieces)
			bytes.at = bytes.end;
		result = add_cpu(buffer, at, (uint64_t)(bytes.at - file->map));
		if (result)
			return result;
		at = (uint64_t)(bytes.at - file->map);
	}
	return 0;
}

/* Within one CPU pages follow each other in time: where time goes back, the next CPU begins. */
static int recover_plain(struct dat_file *file, struct dat_buffer *buffer, uint64_t at,
			 uint64_t end)
{
	uint64_t page_size = file->page_size;
	uint64_t start;
	uint64_t last_at = 0;

	start = at = (at + page_size - 1) / page_size * page_size;
	for (; at < end; at += page_size) {
		struct dat_bytes bytes = dat_file_bytes(file, at, 8);
		uint64_t stamp;

		if (!dat_bytes_u64(&bytes, &stamp))
			break;
		if (stamp < last_at && add_cpu(buffer, start, at))
			return -ENOMEM;
		if (stamp < last_at)
			start = at;
		last_at = stamp;
	}
	/* one byte more than there is: that CPU's pages end early */
	return start < end ? add_cpu(buffer, start, end + buffer->is_cut) : 0;
}

int dat_recover_buffer(struct dat_file *file, const struct dat_place *pages)
{
	struct dat_buffer *buffer = dat_file_add_buffer(file);
	uint64_t end = file->size;

	if (!buffer)
		return -ENOMEM;
	buffer->is_recovered = true;
	buffer->is_cut = pages->size > file->size - pages->offset;
	if (!buffer->is_cut)
		end = pages->offset + pages->size;
	buffer->offset = pages->offset - DAT_SECTION_HEAD_SIZE;
	buffer->is_compressed = pages->is_compressed;
	if (pages->is_compressed)
		return recover_compressed(file, buffer, pages->offset, end);
	return recover_plain(file, buffer, pages->offset, end);
}

/* "swapper/3" is the idle thread of CPU 3. */
static bool is_idle_of(int32_t tid, const char *comm, uint32_t *cpu)
{
	char end;

	return !tid && sscanf(comm, "swapper/%5u%c", cpu, &end) == 1 && *cpu < DAT_CPUS_MAX;
}

static bool find_cpu(struct dat_stream *stream, struct decoder *decoder, uint32_t *cpu)
{
	struct event event;

	for (int i = 0; i < NR_LOOKED_AT && dat_stream_next(stream) != DAT_END; i++) {
		if (stream->item != DAT_RECORD)
			continue;
		decoder_decode(decoder, 0, 0, stream->record, stream->record_size, &event);
		if (event.type == EVENT_SWITCH &&
		    (is_idle_of(event.sw.prev_tid, event.sw.prev_comm, cpu) ||
		     is_idle_of(event.sw.next_tid, event.sw.next_comm, cpu)))
			return true;
	}
	return false;
}

int dat_recover_cpus(struct dat_file *file, struct dat_buffer *buffer, struct decoder *decoder,
		     uint32_t page_size)
{
	struct dat_stream_shared shared = {
		.file = file,
		.page_size = page_size,
		.is_compressed = buffer->is_compressed,
		.room_left = ROOM_MAX,
	};
	uint32_t next = 0;

	for (uint32_t i = 0; i < buffer->nr_cpus; i++) {
		struct dat_stream stream;
		uint32_t cpu;

		dat_stream_init(&stream, &shared, &buffer->cpus[i]);
		if (!find_cpu(&stream, decoder, &cpu) || cpu < next)
			cpu = next;
		dat_stream_deinit(&stream);
		buffer->cpus[i].cpu = cpu;
		next = cpu + 1;
	}
	/* those that would come after the cut: a loss is all they give */
	for (; buffer->is_cut && next < file->nr_cpus && next < DAT_CPUS_MAX; next++) {
		if (add_cpu(buffer, file->size, file->size + 1))
			return -ENOMEM;
		buffer->cpus[buffer->nr_cpus - 1].cpu = next;
	}
	return 0;
}
