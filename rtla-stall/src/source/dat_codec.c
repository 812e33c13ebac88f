// SPDX-License-Identifier: GPL-2.0-only
#include "dat_codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

struct dat_codec {
	ZSTD_DCtx *zstd;	/* NULL: zlib */
};

int dat_codec_create(const char *name, struct dat_codec **ret)
{
	struct dat_codec *codec;

	if (strcmp(name, "zstd") && strcmp(name, "zlib"))
		return -ENOTSUP;
	codec = calloc(1, sizeof(*codec));
	if (!codec)
		return -ENOMEM;
	if (!strcmp(name, "zstd")) {
		codec->zstd = ZSTD_createDCtx();
		if (!codec->zstd) {
			free(codec);
			return -ENOMEM;
		}
	}
	*ret = codec;
	return 0;
}

void dat_codec_destroy(struct dat_codec *codec)
{
	if (!codec)
		return;
	ZSTD_freeDCtx(codec->zstd);
	free(codec);
}

int dat_codec_expand(struct dat_codec *codec, const uint8_t *from, size_t from_size, uint8_t *to,
		     size_t to_size)
{
	size_t done = 0;

	if (codec && codec->zstd) {
		size_t result = ZSTD_decompressDCtx(codec->zstd, to, to_size, from, from_size);

		if (!ZSTD_isError(result))
			done = result;
	} else if (codec) {
		uLongf length = to_size;

		if (uncompress(to, &length, from, from_size) == Z_OK)
			done = length;
	}
	if (done == to_size)
		return 0;
	memset(to + done, 0, to_size - done);
	return -EILSEQ;
}
