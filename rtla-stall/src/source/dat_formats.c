// SPDX-License-Identifier: GPL-2.0-only
#include "dat_formats.h"

#include <errno.h>

static int walk_list(struct dat_bytes *bytes, const char *system, dat_formats_fn *each, void *arg)
{
	uint32_t nr_formats;

	if (!dat_bytes_u32(bytes, &nr_formats))
		return -EILSEQ;
	for (uint32_t i = 0; i < nr_formats; i++) {
		const uint8_t *text;
		uint64_t size;
		int result;

		if (!dat_bytes_u64(bytes, &size))
			return -EILSEQ;
		text = dat_bytes_take(bytes, size);
		if (!text)
			return -EILSEQ;
		result = each ? each(system, (const char *)text, size, arg) : 0;
		if (result)
			return result;
	}
	return 0;
}

int dat_formats_walk_ftrace(struct dat_bytes *bytes, dat_formats_fn *each, void *arg)
{
	return walk_list(bytes, "ftrace", each, arg);
}

int dat_formats_walk_events(struct dat_bytes *bytes, dat_formats_fn *each, void *arg)
{
	uint32_t nr_systems;

	if (!dat_bytes_u32(bytes, &nr_systems))
		return -EILSEQ;
	for (uint32_t i = 0; i < nr_systems; i++) {
		const char *system = dat_bytes_string(bytes);
		int result = system ? walk_list(bytes, system, each, arg) : -EILSEQ;

		if (result)
			return result;
	}
	return 0;
}
