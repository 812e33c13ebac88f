// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util/error.h"
#include "dat_decoder.h"
#include "dat_facts.h"
#include "dat_file.h"
#include "dat_heap.h"
#include "dat_item.h"
#include "dat_recover.h"
#include "dat_stream.h"
#include "dat_symbols.h"
#include "dat_text.h"
#include "decode.h"

#define ROOM_MAX (UINT64_C(256) << 20)	/* for expanded pieces of all CPUs */

struct source_dat {
	struct source source;
	int fd;
	struct dat_file file;
	struct dat_symbols *symbols;
	struct decoder *decoder;
	struct dat_stream_shared shared;
	uint32_t nr_streams;
	struct dat_stream *streams;
	uint32_t nr_slots;
	struct dat_heap_slot *slots;
};

static void take_loss(struct source_info *info, const struct dat_stream *stream,
		      struct event *event)
{
	dat_item_loss(stream, info, event);
	if (__builtin_add_overflow(info->lost_events, stream->lost_events, &info->lost_events))
		info->lost_events = UINT64_MAX;
}

static void take_end(struct source_dat *dat)
{
	struct source_info *info = &dat->source.info;
	uint32_t nr_cut = 0;

	for (uint32_t i = 0; i < dat->nr_streams; i++)
		nr_cut += dat->streams[i].is_cut;
	if (nr_cut && !info->is_truncated) {
		info->is_truncated = true;
		snprintf(info->truncated_why, sizeof(info->truncated_why),
			 "pages of %u of %u CPUs end early", nr_cut, dat->nr_streams);
	}
	info->bytes_done = info->bytes_total;
	if (info->nr_events)
		info->has_irq_vectors = decoder_seen_vectors(dat->decoder);
	if (dat->shared.bad_pages && !info->is_truncated) {
		info->is_truncated = true;
		snprintf(info->truncated_why, sizeof(info->truncated_why),
			 "%llu pages or parts of pages do not decode",
			 (unsigned long long)dat->shared.bad_pages);
	}
}

static void take_counts(struct source_dat *dat)
{
	struct source_info *info = &dat->source.info;

	info->odd[SOURCE_ODD_BAD_PAGE] = dat->shared.bad_pages;
	info->odd[SOURCE_ODD_TIME_BACKWARDS] = dat->shared.times_backwards;
	info->bytes_done = dat->shared.bytes_done;
}

static int source_dat_next(struct source *src, struct event *event, struct error *err)
{
	struct source_dat *dat = (struct source_dat *)src;
	struct dat_heap_slot *top = dat->slots;
	struct dat_stream *stream;

	(void)err;
	if (!dat->nr_slots) {
		take_end(dat);
		return 0;
	}
	stream = &dat->streams[top->stream];
	if (stream->item == DAT_RECORD)
		dat_item_record(dat->decoder, stream, &src->info, event);
	else
		take_loss(&src->info, stream, event);
	if (dat_stream_next(stream) != DAT_END)
		top->at = stream->at;
	else
		*top = dat->slots[--dat->nr_slots];
	if (dat->nr_slots > 1)
		dat_heap_sift_down(dat->slots, dat->nr_slots, 0);
	take_counts(dat);
	return 1;
}

static void source_dat_close(struct source *src)
{
	struct source_dat *dat = (struct source_dat *)src;

	for (uint32_t i = 0; i < dat->nr_streams; i++)
		dat_stream_deinit(&dat->streams[i]);
	free(dat->streams);
	free(dat->slots);
	decoder_destroy(dat->decoder);
	dat_symbols_destroy(dat->symbols);
	dat_file_close(&dat->file);
	if (dat->fd >= 0)
		close(dat->fd);
	free(dat);
}

static const struct source_ops source_dat_ops = {
	.next = source_dat_next,
	.close = source_dat_close,
};

static bool has_pages(const struct dat_buffer *buffer)
{
	for (uint32_t i = 0; i < buffer->nr_cpus; i++) {
		if (buffer->cpus[i].size)
			return true;
	}
	return false;
}

static int use_of(const struct dat_buffer *buffer)
{
	return has_pages(buffer) ? 2 : buffer->is_text;
}

static struct dat_buffer *find_buffer(const struct dat_file *file, const char *name)
{
	struct dat_buffer *only = NULL;
	struct dat_buffer *named = NULL;
	uint32_t nr_with_pages = 0;

	for (uint32_t i = 0; i < file->nr_buffers; i++) {
		struct dat_buffer *buffer = &file->buffers[i];

		if (!strcmp(buffer->name, name ? name : "") &&
		    (!named || use_of(buffer) > use_of(named)))
			named = buffer;
		if (has_pages(buffer)) {
			only = buffer;
			nr_with_pages++;
		}
	}
	/* an instance was recorded, and the main buffer just came along */
	if (!name && nr_with_pages == 1 && (!named || !use_of(named)))
		return only;
	return named;
}

static uint32_t page_size_of(const struct dat_file *file, const struct dat_buffer *buffer)
{
	if (file->subbuffer_size)
		return file->subbuffer_size;
	if (buffer->page_size >= 256 && buffer->page_size <= (1u << 20))
		return buffer->page_size;
	return file->page_size;
}

static int open_streams(struct source_dat *dat, const struct dat_buffer *buffer, struct error *err)
{
	uint8_t *is_taken = calloc(ENGINE_MAX_CPUS, 1);
	uint32_t nr_cut = 0;

	dat->shared = (struct dat_stream_shared){
		.file = &dat->file,
		.page_size = page_size_of(&dat->file, buffer),
		.is_compressed = buffer->is_compressed,
		.room_left = ROOM_MAX,
	};
	dat->streams = calloc(buffer->nr_cpus + 1, sizeof(*dat->streams));
	dat->slots = calloc(buffer->nr_cpus + 1, sizeof(*dat->slots));
	if (!dat->streams || !dat->slots || !is_taken) {
		free(is_taken);
		return error_set(err, -ENOMEM, "out of memory");
	}
	for (uint32_t i = 0; i < buffer->nr_cpus; i++) {
		const struct dat_cpu *cpu = &buffer->cpus[i];
		struct dat_stream *stream = &dat->streams[dat->nr_streams];

		if (cpu->cpu >= ENGINE_MAX_CPUS || is_taken[cpu->cpu]) {
			dat->source.info.odd[SOURCE_ODD_CPU_RANGE]++;
			dat_file_add_damage(&dat->file, "it gives pages to a CPU that cannot be");
			continue;
		}
		is_taken[cpu->cpu] = 1;
		dat_stream_init(stream, &dat->shared, cpu);
		dat->source.info.bytes_total += cpu->size;
		nr_cut += stream->is_cut;
		dat->nr_streams++;
	}
	free(is_taken);
	if (nr_cut)
		dat_file_add_damage(&dat->file, "it ends early: pages of %u of %u CPUs are missing",
				    nr_cut, buffer->nr_cpus);
	return 0;
}

/* Go to the first item of every CPU, and order them. */
static void open_slots(struct source_dat *dat)
{
	uint64_t first_at = UINT64_MAX;

	for (uint32_t i = 0; i < dat->nr_streams; i++) {
		if (dat_stream_next(&dat->streams[i]) != DAT_END && dat->streams[i].at < first_at)
			first_at = dat->streams[i].at;
	}
	for (uint32_t i = 0; i < dat->nr_streams; i++) {
		struct dat_stream *stream = &dat->streams[i];

		/* all of its pages are missing: nothing is known of it at any time */
		if (stream->item == DAT_END && stream->is_cut && first_at != UINT64_MAX)
			dat_stream_set_lost(stream, first_at);
		if (stream->item != DAT_END)
			dat->slots[dat->nr_slots++] = (struct dat_heap_slot){ stream->at, stream->cpu, i };
	}
	for (uint32_t i = dat->nr_slots / 2; i-- > 0;)
		dat_heap_sift_down(dat->slots, dat->nr_slots, i);
}

static bool has_record(const struct source_dat *dat)
{
	for (uint32_t i = 0; i < dat->nr_slots; i++) {
		const struct dat_stream *stream = &dat->streams[dat->slots[i].stream];

		if (stream->item == DAT_RECORD || stream->is_record_pending)
			return true;
	}
	return false;
}

static int open_source(struct source_dat *dat, const struct source_options *options,
		       struct dat_buffer *buffer, struct error *err)
{
	struct source_info *info = &dat->source.info;
	int result;

	info->format = SOURCE_TRACE_DAT;
	dat_facts_read(&dat->file, buffer, info);
	result = dat_decoder_open(&dat->file, info->nr_cpus, options->names, &dat->symbols, &dat->decoder,
				  err);
	if (!result && buffer->is_recovered &&
	    dat_recover_cpus(&dat->file, buffer, dat->decoder, page_size_of(&dat->file, buffer)))
		result = error_set(err, -ENOMEM, "out of memory");
	if (!result)
		result = open_streams(dat, buffer, err);
	if (result)
		return result;
	info->events_present = decoder_events(dat->decoder);
	info->has_irq_vectors = decoder_has_vectors(dat->decoder);
	info->is_x86 = info->is_x86 || decoder_has_x86_vectors(dat->decoder);
	decoder_set_lazy_flag(dat->decoder, dat_facts_has_lazy_flag(info) ||
			      decoder_has_lazy_count(dat->decoder));
	open_slots(dat);
	if (!has_record(dat) && (dat->file.is_damaged || dat->shared.bad_pages))
		return error_set(err, -EINVAL, "is damaged, and no event in it decodes: %s",
				 dat->file.is_damaged ? dat->file.damage : "its pages are corrupt");
	info->is_truncated = dat->file.is_damaged;
	memcpy(info->truncated_why, dat->file.damage, sizeof(info->truncated_why));
	return 0;
}

int source_dat_open(int fd, const char *path, const struct source_options *options,
		    struct source **ret, struct error *err)
{
	struct source_dat *dat = calloc(1, sizeof(*dat));
	struct dat_buffer *buffer;
	int result;

	if (!dat)
		return error_set(err, -ENOMEM, "out of memory");
	dat->source.ops = &source_dat_ops;
	dat->fd = -1;
	result = dat_file_open(fd, &dat->file, err);
	if (!result) {
		buffer = find_buffer(&dat->file, options->buffer);
		if (!buffer)
			result = error_set(err, -ENOENT, "has no buffer '%s'",
					   options->buffer ? options->buffer : "");
		else if (buffer->is_text)
			result = dat_text_open(&dat->file, buffer, fd, path, options, ret, err);
		else
			result = open_source(dat, options, buffer, err);
		if (buffer && buffer->is_text && !result) {
			source_dat_close(&dat->source);
			return 0;
		}
	}
	if (result) {
		source_dat_close(&dat->source);
		error_prefix(err, "%s ", path);
		return result;
	}
	dat->fd = fd;
	*ret = &dat->source;
	return 0;
}
