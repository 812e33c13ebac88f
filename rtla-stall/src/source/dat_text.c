// SPDX-License-Identifier: GPL-2.0-only
#include "dat_text.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../util/error.h"

#define PIECE_MAX (4u << 20)

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t done = write(fd, bytes, size);

		if (done < 0)
			return -errno;
		bytes += done;
		size -= (size_t)done;
	}
	return 0;
}

/* A text reader wants a file: the pieces are expanded, one at a time, into one without a name. */
static int expand(const struct dat_file *file, struct dat_bytes bytes, uint8_t *room, int to)
{
	const uint8_t *packed;
	uint32_t nr_pieces;
	uint32_t packed_size;
	uint32_t size;

	if (!dat_bytes_u32(&bytes, &nr_pieces))
		return -EILSEQ;
	for (; nr_pieces; nr_pieces--) {
		int result;

		if (!dat_bytes_u32(&bytes, &packed_size) || !dat_bytes_u32(&bytes, &size) ||
		    !(packed = dat_bytes_take(&bytes, packed_size)) || !size || size > PIECE_MAX ||
		    dat_codec_expand(file->codec, packed, packed_size, room, size))
			return -EILSEQ;
		result = write_all(to, room, size);
		if (result)
			return result;
	}
	return 0;
}

static int open_compressed(const struct dat_file *file, const struct dat_buffer *buffer,
			   const char *path, const struct source_options *options,
			   struct source **ret, struct error *err)
{
	uint64_t offset = buffer->offset + DAT_SECTION_HEAD_SIZE;
	uint8_t *room = malloc(PIECE_MAX);
	int text = memfd_create("trace", MFD_CLOEXEC);
	int result = -ENOMEM;

	if (room && text >= 0)
		result = expand(file, dat_file_bytes(file, offset, UINT64_MAX), room, text);
	free(room);
	if (result && (result != -EILSEQ || lseek(text, 0, SEEK_CUR) <= 0)) {
		result = error_set(err, result, "holds text that does not decode");
	} else {	/* as far as it does */
		lseek(text, 0, SEEK_SET);
		result = source_text_open(text, path, options, ret, err);
	}
	if (result && text >= 0)
		close(text);
	return result;
}

int dat_text_open(const struct dat_file *file, const struct dat_buffer *buffer, int fd,
		  const char *path, const struct source_options *options, struct source **ret,
		  struct error *err)
{
	uint64_t offset = buffer->offset + (file->version == 7 ? DAT_SECTION_HEAD_SIZE : 0);
	int result;

	if (buffer->is_compressed) {
		result = open_compressed(file, buffer, path, options, ret, err);
		if (!result)
			close(fd);
		return result;
	}
	if (offset >= file->size || lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return error_set(err, -EINVAL, "is cut off before its text");
	return source_text_open(fd, path, options, ret, err);
}
