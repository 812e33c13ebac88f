// SPDX-License-Identifier: GPL-2.0-only
#include "dat_decoder.h"

#include <errno.h>

#include "../util/error.h"
#include "dat_formats.h"

#define FORMATS_MAX (64u << 20)

static int add_format(const char *system, const char *text, size_t size, void *arg)
{
	return decoder_add_format(arg, system, text, size);
}

static int add_formats(struct dat_file *file, const struct dat_place *place, bool is_ftrace,
		       struct decoder *decoder)
{
	struct dat_bytes bytes;
	struct dat_blob blob;
	int result = dat_file_read(file, place, FORMATS_MAX, &blob);

	if (!result) {
		bytes = (struct dat_bytes){ blob.bytes, blob.bytes + blob.size, file->is_swapped };
		result = is_ftrace ? dat_formats_walk_ftrace(&bytes, add_format, decoder) :
				     dat_formats_walk_events(&bytes, add_format, decoder);
		dat_blob_deinit(&blob);
	}
	if (result == -EILSEQ)
		dat_file_add_damage(file, "the formats of its events do not all decode");
	return result == -ENOMEM ? result : 0;
}

int dat_decoder_open(struct dat_file *file, uint32_t nr_cpus, struct names *names,
		     struct dat_symbols **symbols, struct decoder **decoder, struct error *err)
{
	struct decoder_config config = {
		.names = names,
		.is_big_endian = file->is_big_endian,
		.long_size = file->long_size,
		.nr_cpus = nr_cpus,
		.find_symbol = dat_symbols_find,
	};
	int result;

	*symbols = dat_symbols_create(file, names);
	config.arg = *symbols;
	result = *symbols ? decoder_create(&config, decoder) : -ENOMEM;
	if (!result)
		result = add_formats(file, &file->event_formats, false, *decoder);
	if (!result)
		result = add_formats(file, &file->ftrace_formats, true, *decoder);
	if (result)
		return error_set(err, result, "out of memory");
	if (!decoder_nr_formats(*decoder))
		return error_set(err, -EINVAL, "holds no event format that can be read");
	return 0;
}
