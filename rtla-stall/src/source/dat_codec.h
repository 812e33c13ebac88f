/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_CODEC_H
#define RTLA_STALL_SOURCE_DAT_CODEC_H

#include <stddef.h>
#include <stdint.h>

/*
 * Undoing the compression of a version 7 trace.dat: zstd or zlib, one independent piece at a time.
 * The size before compression is known beforehand, so memory is the caller's and bounded.
 */

struct dat_codec;

/**
 * dat_codec_create() - make what undoes one kind of compression
 * @name: as the file calls it: "zstd", "zlib"
 * @ret: set on success only
 *
 * Return: 0, -ENOTSUP for another name, -ENOMEM.
 */
int dat_codec_create(const char *name, struct dat_codec **ret) __attribute__((warn_unused_result));

/** dat_codec_destroy() - free it; @codec may be NULL */
void dat_codec_destroy(struct dat_codec *codec);

/**
 * dat_codec_expand() - undo the compression of one piece
 * @codec: NULL: nothing can be expanded
 * @to: room for @to_size bytes; bytes that did not decode are zero
 *
 * Return: 0, or -EILSEQ when @from does not decode to exactly @to_size bytes.
 */
int dat_codec_expand(struct dat_codec *codec, const uint8_t *from, size_t from_size, uint8_t *to,
		     size_t to_size) __attribute__((warn_unused_result));

#endif
