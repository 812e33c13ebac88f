// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/parse.h"
#include "dat_file.h"

enum option_id {
	OPTION_DONE = 0,
	OPTION_DATE = 1,
	OPTION_BUFFER = 3,
	OPTION_TRACECLOCK = 4,
	OPTION_UNAME = 5,
	OPTION_OFFSET = 7,
	OPTION_CPUCOUNT = 8,
	OPTION_VERSION = 9,
	OPTION_TIME_SHIFT = 12,
	OPTION_TSC2NSEC = 14,
	OPTION_HEADER_INFO = 16,
	OPTION_FTRACE_EVENTS = 17,
	OPTION_EVENT_FORMATS = 18,
	OPTION_KALLSYMS = 19,
	OPTION_CMDLINES = 21,
	OPTION_BUFFER_TEXT = 22,
};

void dat_options_set_clock(struct dat_file *file, const char *text, uint64_t size)
{
	const char *open = size ? memchr(text, '[', size) : NULL;
	const char *close = open ? memchr(open, ']', size - (uint64_t)(open - text)) : NULL;
	size_t length;

	if (!close)
		return;
	length = (size_t)(close - open) - 1;
	if (length >= sizeof(file->clock))
		return;
	memcpy(file->clock, open + 1, length);
	file->clock[length] = '\0';
}

static void copy_text(char *to, size_t room, const uint8_t *text, uint64_t size)
{
	size_t length = size ? strnlen((const char *)text, size) : 0;

	if (length >= room)
		length = room - 1;
	memcpy(to, text, length);
	to[length] = '\0';
}

static int64_t number_of(const uint8_t *text, uint64_t size)
{
	char digits[32];

	copy_text(digits, sizeof(digits), text, size);
	return strtoll(digits, NULL, 0);
}

static int read_buffer_cpus(struct dat_file *file, struct dat_buffer *buffer,
			    struct dat_bytes *bytes)
{
	uint32_t nr_cpus;

	if (!dat_bytes_u32(bytes, &buffer->page_size) || !dat_bytes_u32(bytes, &nr_cpus))
		return -EILSEQ;
	if (nr_cpus > DAT_CPUS_MAX || nr_cpus > dat_bytes_left(bytes) / 20)
		return -EILSEQ;
	buffer->cpus = calloc(nr_cpus ? nr_cpus : 1, sizeof(*buffer->cpus));
	if (!buffer->cpus)
		return -ENOMEM;
	buffer->nr_cpus = nr_cpus;
	for (uint32_t i = 0; i < nr_cpus; i++) {
		struct dat_cpu *cpu = &buffer->cpus[i];

		if (!dat_bytes_u32(bytes, &cpu->cpu) || !dat_bytes_u64(bytes, &cpu->offset) ||
		    !dat_bytes_u64(bytes, &cpu->size))
			return -EILSEQ;
	}
	if (nr_cpus > file->nr_cpus && !*buffer->name)
		file->nr_cpus = nr_cpus;
	return 0;
}

static int read_buffer(struct dat_file *file, uint16_t id, struct dat_bytes bytes)
{
	struct dat_bytes section;
	struct dat_buffer *buffer;
	const char *clock;
	const char *name;
	uint16_t section_id;
	uint16_t flags;
	uint64_t offset;

	if (!dat_bytes_u64(&bytes, &offset))
		return -EILSEQ;
	name = dat_bytes_string(&bytes);
	if (!name || file->nr_buffers >= DAT_BUFFERS_MAX)
		return -EILSEQ;
	buffer = dat_file_add_buffer(file);
	if (!buffer)
		return -ENOMEM;
	buffer->offset = offset;
	copy_text(buffer->name, sizeof(buffer->name), (const uint8_t *)name, strlen(name));
	if (file->version == 6)
		return 0;
	clock = dat_bytes_string(&bytes);
	if (!clock)
		return -EILSEQ;
	copy_text(buffer->clock, sizeof(buffer->clock), (const uint8_t *)clock, strlen(clock));
	section = dat_file_bytes(file, offset, 4);
	if (!dat_bytes_u16(&section, &section_id) || !dat_bytes_u16(&section, &flags))
		dat_file_add_damage(file, "the pages of a buffer are beyond the end of the file");
	else
		buffer->is_compressed = flags & 1;
	buffer->is_text = id == OPTION_BUFFER_TEXT;
	return buffer->is_text ? 0 : read_buffer_cpus(file, buffer, &bytes);
}

static void read_place(struct dat_file *file, struct dat_place *place, struct dat_bytes bytes)
{
	struct dat_bytes section;
	uint16_t id;
	uint16_t flags;
	uint32_t description;
	uint64_t offset;
	uint64_t size;

	if (!dat_bytes_u64(&bytes, &offset))
		return;
	section = dat_file_bytes(file, offset, UINT64_MAX);
	if (!dat_bytes_u16(&section, &id) || !dat_bytes_u16(&section, &flags) ||
	    !dat_bytes_u32(&section, &description) || !dat_bytes_u64(&section, &size)) {
		dat_file_add_damage(file, "a section is beyond the end of the file");
		return;
	}
	*place = (struct dat_place){ (uint64_t)(section.at - file->map), size, flags & 1 };
}

static void read_tsc(struct dat_file *file, struct dat_bytes bytes)
{
	uint32_t multiplier;
	uint32_t shift;

	if (dat_bytes_left(&bytes) >= 16 && dat_bytes_u32(&bytes, &multiplier) &&
	    dat_bytes_u32(&bytes, &shift))
		dat_clock_set_tsc(&file->time, multiplier, shift);
}

/* "rtla-stall 0.1.0, switches of CPUs 1,3-5"; whatever else it says is of no use here. */
static int read_version(struct dat_file *file, const char *text, uint64_t size)
{
	static const char ours[] = DAT_VERSION_TEXT " ";
	struct cpu_list *cpus;
	char *list;
	char *copy;

	if (file->watched || size < sizeof(ours) || memcmp(text, ours, sizeof(ours) - 1))
		return 0;
	copy = strndup(text, size);
	if (!copy)
		return -ENOMEM;
	list = strstr(copy, DAT_WATCHED_TEXT);
	cpus = list ? malloc(sizeof(*cpus)) : NULL;
	if (cpus && !parse_cpus(list + strlen(DAT_WATCHED_TEXT), cpus)) {
		file->watched_text = strdup(list + strlen(DAT_WATCHED_TEXT));
		file->watched = (uint64_t *)cpus;	/* its bits are all there is to it */
		cpus = NULL;
	}
	free(cpus);
	free(copy);
	return file->watched && !file->watched_text ? -ENOMEM : 0;
}

static int read_option(struct dat_file *file, uint16_t id, struct dat_bytes bytes)
{
	uint64_t size = dat_bytes_left(&bytes);

	switch (id) {
	case OPTION_DATE:
		dat_clock_add_offset(&file->time,
				     (int64_t)((uint64_t)number_of(bytes.at, size) * 1000));
		return 0;
	case OPTION_OFFSET:
		dat_clock_add_offset(&file->time, number_of(bytes.at, size));
		return 0;
	case OPTION_BUFFER:
	case OPTION_BUFFER_TEXT:
		return read_buffer(file, id, bytes);
	case OPTION_TRACECLOCK:
		file->has_clock_text = true;
		dat_options_set_clock(file, (const char *)bytes.at, size);
		return 0;
	case OPTION_UNAME:
		copy_text(file->uname, sizeof(file->uname), bytes.at, size);
		return 0;
	case OPTION_CPUCOUNT:
		dat_bytes_u32(&bytes, &file->nr_cpus);
		return 0;
	case OPTION_VERSION:
		return read_version(file, (const char *)bytes.at, size);
	case OPTION_TIME_SHIFT:
		return size < 16 ? 0 : dat_clock_read_shift(&file->time, bytes);
	case OPTION_TSC2NSEC:
		read_tsc(file, bytes);
		return 0;
	case OPTION_HEADER_INFO:
		read_place(file, &file->headers, bytes);
		return 0;
	case OPTION_FTRACE_EVENTS:
		read_place(file, &file->ftrace_formats, bytes);
		return 0;
	case OPTION_EVENT_FORMATS:
		read_place(file, &file->event_formats, bytes);
		return 0;
	case OPTION_KALLSYMS:
		read_place(file, &file->kallsyms, bytes);
		return 0;
	case OPTION_CMDLINES:
		read_place(file, &file->cmdlines, bytes);
		return 0;
	default:	/* of no use here, or not known yet */
		return 0;
	}
}

int dat_options_read(struct dat_file *file, struct dat_bytes *bytes, uint64_t *next)
{
	*next = 0;
	for (;;) {
		struct dat_bytes option = *bytes;
		uint16_t id;
		uint32_t size;
		int result;

		if (!dat_bytes_u16(bytes, &id))
			return -EILSEQ;
		if (id == OPTION_DONE && file->version == 6)
			return 0;
		if (!dat_bytes_u32(bytes, &size))
			return -EILSEQ;
		option.at = dat_bytes_take(bytes, size);
		if (!option.at)
			return -EILSEQ;
		option.end = option.at + size;
		if (id == OPTION_DONE)
			return dat_bytes_u64(&option, next) ? 0 : -EILSEQ;
		result = read_option(file, id, option);
		if (result == -ENOMEM)
			return result;
		if (result)
			dat_file_add_damage(file, "option %u is shorter than what it announces",
					    id);
	}
}
