// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "../util/error.h"
#include "dat_file.h"
#include "dat_formats.h"

#define TYPE_SIZE 10	/* "options  ", "flyrecord", "latency  ", each with its NUL */

static struct dat_place place_between(const struct dat_file *file, const uint8_t *from,
				      const uint8_t *to)
{
	return (struct dat_place){ .offset = (uint64_t)(from - file->map),
				   .size = (uint64_t)(to - from) };
}

static bool pass_headers(struct dat_file *file, struct dat_bytes *bytes)
{
	const uint8_t *start = bytes->at;
	uint64_t size;

	if (!dat_bytes_take(bytes, sizeof("header_page")) || !dat_bytes_u64(bytes, &size) ||
	    !dat_bytes_take(bytes, size) || !dat_bytes_take(bytes, sizeof("header_event")) ||
	    !dat_bytes_u64(bytes, &size) || !dat_bytes_take(bytes, size))
		return false;
	file->headers = place_between(file, start, bytes->at);
	return true;
}

static bool pass_formats(struct dat_file *file, struct dat_bytes *bytes)
{
	const uint8_t *start = bytes->at;

	if (dat_formats_walk_ftrace(bytes, NULL, NULL))
		return false;
	file->ftrace_formats = place_between(file, start, bytes->at);
	start = bytes->at;
	if (dat_formats_walk_events(bytes, NULL, NULL))
		return false;
	file->event_formats = place_between(file, start, bytes->at);
	return true;
}

static bool pass_names(struct dat_file *file, struct dat_bytes *bytes)
{
	const uint8_t *start = bytes->at;
	uint32_t size;
	uint64_t cmdlines_size;

	if (!dat_bytes_u32(bytes, &size) || !dat_bytes_take(bytes, size))
		return false;
	file->kallsyms = place_between(file, start, bytes->at);
	if (!dat_bytes_u32(bytes, &size) || !dat_bytes_take(bytes, size))
		return false;
	start = bytes->at;
	if (!dat_bytes_u64(bytes, &cmdlines_size) || !dat_bytes_take(bytes, cmdlines_size))
		return false;
	file->cmdlines = place_between(file, start, bytes->at);
	return true;
}

static int read_cpu_table(struct dat_file *file, struct dat_buffer *buffer, struct dat_bytes *bytes)
{
	uint32_t nr_cpus = file->nr_cpus;

	if (nr_cpus > DAT_CPUS_MAX || nr_cpus > dat_bytes_left(bytes) / 16) {
		dat_file_add_damage(file, "it ends in the table of CPUs");
		nr_cpus = (uint32_t)(dat_bytes_left(bytes) / 16);
		if (nr_cpus > DAT_CPUS_MAX)
			nr_cpus = DAT_CPUS_MAX;
	}
	buffer->cpus = calloc(nr_cpus ? nr_cpus : 1, sizeof(*buffer->cpus));
	if (!buffer->cpus)
		return -ENOMEM;
	buffer->nr_cpus = nr_cpus;
	for (uint32_t i = 0; i < nr_cpus; i++) {
		buffer->cpus[i].cpu = i;
		if (!dat_bytes_u64(bytes, &buffer->cpus[i].offset) ||
		    !dat_bytes_u64(bytes, &buffer->cpus[i].size))
			return -EILSEQ;
	}
	return 0;
}

/* The main buffer's table follows the options; an instance's is where its option says. */
static int read_instances(struct dat_file *file)
{
	for (uint32_t i = 0; i < file->nr_buffers; i++) {
		struct dat_buffer *buffer = &file->buffers[i];
		struct dat_bytes bytes = dat_file_bytes(file, buffer->offset, UINT64_MAX);
		const uint8_t *type;

		if (buffer->cpus || buffer->is_text)
			continue;
		type = dat_bytes_take(&bytes, TYPE_SIZE);
		if (!type || memcmp(type, "flyrecord", TYPE_SIZE)) {
			dat_file_add_damage(file,
					    "the buffer of an instance is not where it should be");
			continue;
		}
		if (read_cpu_table(file, buffer, &bytes) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

static int read_main_buffer(struct dat_file *file, struct dat_bytes *bytes, const uint8_t *type)
{
	struct dat_buffer *buffer = dat_file_add_buffer(file);
	const uint8_t *text;
	uint64_t size;

	if (!buffer)
		return -ENOMEM;
	if (!memcmp(type, "latency  ", TYPE_SIZE)) {
		buffer->is_text = true;
		buffer->offset = (uint64_t)(bytes->at - file->map);
		return 0;
	}
	if (read_cpu_table(file, buffer, bytes) == -ENOMEM)
		return -ENOMEM;
	if (file->has_clock_text && dat_bytes_u64(bytes, &size)) {
		text = dat_bytes_take(bytes, size);
		if (text)
			dat_options_set_clock(file, (const char *)text, size);
	}
	return 0;
}

int dat_v6_read(struct dat_file *file, struct dat_bytes bytes, struct error *err)
{
	const uint8_t *type = NULL;
	uint64_t next;
	int result = 0;

	if (!pass_headers(file, &bytes) || !pass_formats(file, &bytes) ||
	    !pass_names(file, &bytes) || !dat_bytes_u32(&bytes, &file->nr_cpus) ||
	    !(type = dat_bytes_take(&bytes, TYPE_SIZE)))
		return error_set(err, -EINVAL, "is cut off before the table of its CPUs");
	if (!memcmp(type, "options  ", TYPE_SIZE)) {
		result = dat_options_read(file, &bytes, &next);
		type = result ? NULL : dat_bytes_take(&bytes, TYPE_SIZE);
	}
	if (!result && type && (!memcmp(type, "flyrecord", TYPE_SIZE) ||
				!memcmp(type, "latency  ", TYPE_SIZE)))
		result = read_main_buffer(file, &bytes, type);
	else if (!result)
		result = -EILSEQ;
	if (!result)
		result = read_instances(file);
	if (result == -ENOMEM)
		return error_set(err, result, "out of memory");
	if (result)
		return error_set(err, -EINVAL,
				 "is cut off or corrupt before the table of its CPUs");
	return 0;
}
