// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "../util/error.h"
#include "dat_file.h"
#include "dat_recover.h"

#define OPTIONS_MAX (1u << 20)
#define CHAIN_MAX 1024u
enum section_id {
	SECTION_OPTIONS = 0,
	SECTION_PAGES = 3,
	SECTION_HEADER_INFO = 16,
	SECTION_FTRACE_EVENTS = 17,
	SECTION_EVENT_FORMATS = 18,
	SECTION_KALLSYMS = 19,
	SECTION_CMDLINES = 21,
};

static bool section_at(const struct dat_file *file, uint64_t offset, uint16_t *id,
		       struct dat_place *place)
{
	struct dat_bytes bytes = dat_file_bytes(file, offset, DAT_SECTION_HEAD_SIZE);
	uint32_t description;
	uint16_t flags;

	if (!dat_bytes_u16(&bytes, id) || !dat_bytes_u16(&bytes, &flags) ||
	    !dat_bytes_u32(&bytes, &description) || !dat_bytes_u64(&bytes, &place->size))
		return false;
	place->offset = offset + DAT_SECTION_HEAD_SIZE;
	place->is_compressed = flags & 1;
	return true;
}

/* Return: 0, -EILSEQ when it is cut or not an options section, -ENOMEM. */
static int read_options_at(struct dat_file *file, uint64_t offset, uint64_t *next)
{
	struct dat_place place;
	struct dat_bytes bytes;
	struct dat_blob blob;
	uint16_t id;
	int result;

	*next = 0;
	if (!section_at(file, offset, &id, &place) || id != SECTION_OPTIONS)
		return -EILSEQ;
	result = dat_file_read(file, &place, OPTIONS_MAX, &blob);
	if (result)
		return result;
	bytes = (struct dat_bytes){ blob.bytes, blob.bytes + blob.size, file->is_swapped };
	result = dat_options_read(file, &bytes, next);
	dat_blob_deinit(&blob);
	return result;
}

static int read_chain(struct dat_file *file, uint64_t offset)
{
	for (uint32_t i = 0; offset; i++) {
		int result = i < CHAIN_MAX ? read_options_at(file, offset, &offset) : -EILSEQ;

		if (result)
			return result;
	}
	return 0;
}

static struct dat_place *place_of(struct dat_file *file, uint16_t id)
{
	switch (id) {
	case SECTION_HEADER_INFO:
		return &file->headers;
	case SECTION_FTRACE_EVENTS:
		return &file->ftrace_formats;
	case SECTION_EVENT_FORMATS:
		return &file->event_formats;
	case SECTION_KALLSYMS:
		return &file->kallsyms;
	case SECTION_CMDLINES:
		return &file->cmdlines;
	default:
		return NULL;
	}
}

/* The chain is broken: go from section to section. Of several with pages, the first counts. */
static int read_in_sequence(struct dat_file *file, uint64_t offset)
{
	bool has_buffers = file->nr_buffers;
	struct dat_place pages = { 0 };
	struct dat_place place;
	uint16_t id;

	if (!has_buffers)
		dat_clock_deinit(&file->time);	/* its options are read again */
	for (; section_at(file, offset, &id, &place); offset = place.offset + place.size) {
		struct dat_place *wanted = place_of(file, id);
		uint64_t next;

		if (wanted && !wanted->offset)
			*wanted = place;
		else if (id == SECTION_PAGES && !pages.offset)
			pages = place;
		else if (id == SECTION_OPTIONS && !has_buffers &&
			 read_options_at(file, offset, &next) == -ENOMEM)
			return -ENOMEM;
		if (place.size > file->size - place.offset)
			break;
	}
	if (file->nr_buffers || !pages.offset)
		return 0;
	dat_file_add_damage(file, "its end, which says where each CPU's records are, is missing: "
			    "they were searched for");
	return dat_recover_buffer(file, &pages);
}

int dat_v7_read(struct dat_file *file, struct dat_bytes bytes, struct error *err)
{
	const char *codec = dat_bytes_string(&bytes);
	const char *codec_version = dat_bytes_string(&bytes);
	uint64_t offset;
	int result;

	if (!codec || !codec_version || !dat_bytes_u64(&bytes, &offset))
		return error_set(err, -EINVAL, "is cut off in its first bytes");
	if (strcmp(codec, "none")) {
		result = dat_codec_create(codec, &file->codec);
		if (result == -ENOTSUP)
			return error_set(err, result, "is compressed in a way that is not known; "
					 "zstd and zlib are");
		if (result)
			return error_set(err, result, "out of memory");
	}
	result = read_chain(file, offset);
	if (result == -EILSEQ || !file->nr_buffers) {
		result = read_in_sequence(file, (uint64_t)(bytes.at - file->map));
		dat_file_add_damage(file, "the list of what is in it is cut off or corrupt");
	}
	if (result == -ENOMEM)
		return error_set(err, result, "out of memory");
	if (!file->headers.offset || !file->event_formats.offset)
		return error_set(err, -EINVAL, "is cut off before the formats of its events");
	if (!file->nr_buffers)
		return error_set(err, -EINVAL, "is cut off before its first recorded page");
	return 0;
}
