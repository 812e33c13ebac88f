// SPDX-License-Identifier: GPL-2.0-only
#include "dat_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../util/error.h"

#define HEADERS_MAX (64u << 10)
#define PAGE_MIN 256u
#define PAGE_MAX (1u << 20)

void dat_file_add_damage(struct dat_file *file, const char *fmt, ...)
{
	va_list args;

	if (file->is_damaged)
		return;
	file->is_damaged = true;
	va_start(args, fmt);
	vsnprintf(file->damage, sizeof(file->damage), fmt, args);
	va_end(args);
}

struct dat_bytes dat_file_bytes(const struct dat_file *file, uint64_t offset, uint64_t size)
{
	struct dat_bytes bytes = { .is_swapped = file->is_swapped };

	if (offset > file->size)
		offset = file->size;
	if (size > file->size - offset)
		size = file->size - offset;
	bytes.at = file->map + offset;
	bytes.end = bytes.at + size;
	return bytes;
}

int dat_file_read(const struct dat_file *file, const struct dat_place *place, uint64_t limit,
		  struct dat_blob *ret)
{
	struct dat_bytes bytes = dat_file_bytes(file, place->offset, place->size);
	uint32_t packed_size;
	uint32_t size;
	uint8_t *room;

	if (!place->offset)
		return -ENOENT;
	if (dat_bytes_left(&bytes) < place->size)
		return -EILSEQ;
	if (!place->is_compressed) {
		if (place->size > limit)
			return -EILSEQ;
		*ret = (struct dat_blob){ .bytes = bytes.at, .size = place->size };
		return 0;
	}
	if (!dat_bytes_u32(&bytes, &packed_size) || !dat_bytes_u32(&bytes, &size) ||
	    packed_size > dat_bytes_left(&bytes) || size > limit || !size)
		return -EILSEQ;
	room = malloc(size);
	if (!room)
		return -ENOMEM;
	if (dat_codec_expand(file->codec, bytes.at, packed_size, room, size)) {
		free(room);
		return -EILSEQ;
	}
	*ret = (struct dat_blob){ .bytes = room, .size = size, .owned = room };
	return 0;
}

void dat_blob_deinit(struct dat_blob *blob)
{
	free(blob->owned);
	*blob = (struct dat_blob){ 0 };
}

struct dat_buffer *dat_file_add_buffer(struct dat_file *file)
{
	struct dat_buffer *buffers;

	buffers = reallocarray(file->buffers, file->nr_buffers + 1, sizeof(*buffers));
	if (!buffers)
		return NULL;
	file->buffers = buffers;
	buffers[file->nr_buffers] = (struct dat_buffer){ 0 };
	return &buffers[file->nr_buffers++];
}

/* "offset:8;" and the like inside one line of a format */
static bool number_after(const char *line, const char *end, const char *word, uint32_t *ret)
{
	const char *at = memmem(line, (size_t)(end - line), word, strlen(word));
	uint32_t number = 0;
	int nr_digits = 0;

	if (!at)
		return false;
	for (at += strlen(word); at < end && *at >= '0' && *at <= '9' && nr_digits < 8; at++) {
		number = number * 10 + (uint32_t)(*at - '0');
		nr_digits++;
	}
	*ret = number;
	return nr_digits;
}

static bool line_has(const char *line, const char *end, const char *word)
{
	return memmem(line, (size_t)(end - line), word, strlen(word));
}

/* The text of events/header_page. */
static void read_header_page(struct dat_file *file, const char *text, uint64_t size)
{
	const char *end = text + size;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		uint32_t offset;
		uint32_t length;

		if (number_after(line, line_end, "offset:", &offset) &&
		    number_after(line, line_end, "size:", &length)) {
			if (line_has(line, line_end, " commit;") && (length == 4 || length == 8) &&
			    offset <= PAGE_MIN) {
				file->commit_offset = offset;
				file->commit_size = length;
				file->long_size = length;
			} else if (line_has(line, line_end, " data;") && offset <= PAGE_MIN) {
				file->first_offset = offset;
				file->subbuffer_size = offset + length;
			}
		}
		line = newline ? newline + 1 : end;
	}
	if (file->first_offset < file->commit_offset + file->commit_size)
		file->first_offset = file->commit_offset + file->commit_size;
	if (file->subbuffer_size < PAGE_MIN || file->subbuffer_size > PAGE_MAX ||
	    file->subbuffer_size & (file->subbuffer_size - 1))
		file->subbuffer_size = 0;
}

static void read_headers(struct dat_file *file)
{
	struct dat_blob blob;
	struct dat_bytes bytes;
	const uint8_t *text;
	uint64_t size;

	if (dat_file_read(file, &file->headers, HEADERS_MAX, &blob)) {
		dat_file_add_damage(file, "the page header's description does not decode");
		return;
	}
	bytes = (struct dat_bytes){ blob.bytes, blob.bytes + blob.size, file->is_swapped };
	text = dat_bytes_take(&bytes, 12);
	if (text && !memcmp(text, "header_page", 12) && dat_bytes_u64(&bytes, &size) &&
	    (text = dat_bytes_take(&bytes, size)))
		read_header_page(file, (const char *)text, size);
	else
		dat_file_add_damage(file, "the page header's description is missing");
	dat_blob_deinit(&blob);
}

static int read_start(struct dat_file *file, struct dat_bytes *bytes, struct error *err)
{
	const uint8_t *magic = dat_bytes_take(bytes, DAT_MAGIC_SIZE);
	const char *version;
	const uint8_t *sizes;

	if (!magic || memcmp(magic, DAT_MAGIC, DAT_MAGIC_SIZE))
		return error_set(err, -EINVAL, "is not a trace.dat");
	version = dat_bytes_string(bytes);
	sizes = dat_bytes_take(bytes, 2);
	if (!version || !sizes)
		return error_set(err, -EINVAL, "is cut off in its first bytes");
	if (strcmp(version, "6") && strcmp(version, "7"))
		return error_set(err, -ENOTSUP,
				 "is a trace.dat of a version that is not known; 6 and 7 are");
	file->version = (uint32_t)(version[0] - '0');
	if (sizes[0] > 1 || (sizes[1] != 4 && sizes[1] != 8))
		return error_set(err, -EINVAL, "has a byte order or word size that cannot be");
	file->is_big_endian = sizes[0];
	file->is_swapped = dat_is_swapped(sizes[0]);
	bytes->is_swapped = file->is_swapped;
	file->long_size = sizes[1];
	if (!dat_bytes_u32(bytes, &file->page_size))
		return error_set(err, -EINVAL, "is cut off in its first bytes");
	if (file->page_size < PAGE_MIN || file->page_size > PAGE_MAX ||
	    file->page_size & (file->page_size - 1))
		return error_set(err, -EINVAL, "has a page size that cannot be: %u bytes",
				 file->page_size);
	/* what every kernel since 2.6.30 has; the file's own description comes after */
	file->commit_offset = 8;
	file->commit_size = file->long_size;
	file->first_offset = 8 + file->long_size;
	return 0;
}

static int read_all(struct dat_file *file, struct error *err)
{
	struct dat_bytes bytes = dat_file_bytes(file, 0, file->size);
	int result = read_start(file, &bytes, err);

	if (result)
		return result;
	result = file->version == 6 ? dat_v6_read(file, bytes, err) : dat_v7_read(file, bytes, err);
	if (result)
		return result;
	read_headers(file);
	return 0;
}

int dat_file_open(int fd, struct dat_file *ret, struct error *err)
{
	struct dat_file file = { 0 };
	struct stat status;
	void *map;
	int result;

	if (fstat(fd, &status))
		return error_set(err, -errno, "%s", strerror(errno));
	if (status.st_size <= 0)
		return error_set(err, -EINVAL, "is empty");
	map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return error_set(err, -errno, "cannot be mapped: %s", strerror(errno));
	file.map = map;
	file.size = (uint64_t)status.st_size;
	dat_clock_init(&file.time);
	result = read_all(&file, err);
	if (result) {
		dat_file_close(&file);
		return result;
	}
	*ret = file;
	return 0;
}

void dat_file_close(struct dat_file *file)
{
	for (uint32_t i = 0; i < file->nr_buffers; i++)
		free(file->buffers[i].cpus);
	free(file->buffers);
	free(file->watched_text);
	free(file->watched);
	dat_clock_deinit(&file->time);
	dat_codec_destroy(file->codec);
	if (file->map)
		munmap((void *)(uintptr_t)file->map, (size_t)file->size);
	*file = (struct dat_file){ 0 };
}
