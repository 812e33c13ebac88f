// SPDX-License-Identifier: GPL-2.0-only
#include "dat_write.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util/error.h"
#include "dat_file.h"

#define COPY_SIZE (256u << 10)
#define OPTION_DONE 0
#define OPTION_CPUSTAT 2
#define OPTION_TRACECLOCK 4
#define OPTION_UNAME 5
#define OPTION_CPUCOUNT 8
#define OPTION_VERSION 9

void dat_meta_init(struct dat_meta *meta)
{
	*meta = (struct dat_meta){
		.header_page = STRBUF_INIT,
		.header_event = STRBUF_INIT,
		.kallsyms = STRBUF_INIT,
		.printk = STRBUF_INIT,
		.cmdlines = STRBUF_INIT,
		.clock = STRBUF_INIT,
		.uname = STRBUF_INIT,
		.watched = STRBUF_INIT,
	};
}

void dat_meta_deinit(struct dat_meta *meta)
{
	for (uint32_t i = 0; i < meta->nr_formats; i++) {
		free(meta->formats[i].system);
		strbuf_deinit(&meta->formats[i].text);
	}
	free(meta->formats);
	strbuf_deinit(&meta->header_page);
	strbuf_deinit(&meta->header_event);
	strbuf_deinit(&meta->kallsyms);
	strbuf_deinit(&meta->printk);
	strbuf_deinit(&meta->cmdlines);
	strbuf_deinit(&meta->clock);
	strbuf_deinit(&meta->uname);
	strbuf_deinit(&meta->watched);
}

int dat_meta_add_format(struct dat_meta *meta, const char *system, const char *text, size_t size)
{
	const struct strbuf empty = STRBUF_INIT;
	struct dat_meta_format *formats;
	struct dat_meta_format format = { .system = strdup(system), .text = empty };

	strbuf_add(&format.text, text, size);
	formats = reallocarray(meta->formats, meta->nr_formats + 1, sizeof(*formats));
	if (formats)
		meta->formats = formats;
	if (!formats || !format.system || format.text.has_failed) {
		free(format.system);
		strbuf_deinit(&format.text);
		return -ENOMEM;
	}
	formats[meta->nr_formats++] = format;
	return 0;
}

/* ---- numbers and texts, in this machine's byte order ------------------------------------------ */

static void add_u16(struct strbuf *out, uint16_t value)
{
	strbuf_add(out, (const char *)&value, sizeof(value));
}

static void add_u32(struct strbuf *out, uint32_t value)
{
	strbuf_add(out, (const char *)&value, sizeof(value));
}

static void add_u64(struct strbuf *out, uint64_t value)
{
	strbuf_add(out, (const char *)&value, sizeof(value));
}

static void add_string(struct strbuf *out, const char *text)
{
	strbuf_add(out, text, strlen(text) + 1);
}

static void add_text_u64(struct strbuf *out, const struct strbuf *text)
{
	add_u64(out, text->length);
	strbuf_add(out, text->text, text->length);
}

static void add_text_u32(struct strbuf *out, const struct strbuf *text)
{
	add_u32(out, (uint32_t)text->length);
	strbuf_add(out, text->text, text->length);
}

static void add_option(struct strbuf *out, uint16_t id, const void *bytes, size_t size)
{
	add_u16(out, id);
	add_u32(out, (uint32_t)size);
	strbuf_add(out, bytes, size);
}

static int write_all(int fd, const void *bytes, size_t size, struct error *err)
{
	const char *at = bytes;

	while (size) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_set(err, -errno, "%s", strerror(errno));
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

/* ---- the head --------------------------------------------------------------------------------- */

static bool is_ftrace(const struct dat_meta_format *format)
{
	return !strcmp(format->system, "ftrace");
}

static bool is_same_system(const struct dat_meta *meta, uint32_t a, uint32_t b)
{
	return !strcmp(meta->formats[a].system, meta->formats[b].system);
}

static void add_formats(struct strbuf *out, const struct dat_meta *meta)
{
	uint32_t nr_ftrace = 0;
	uint32_t nr_systems = 0;
	uint32_t first = 0;

	for (uint32_t i = 0; i < meta->nr_formats; i++) {
		if (is_ftrace(&meta->formats[i]))
			nr_ftrace++;
		else if (!i || !is_same_system(meta, i, i - 1))
			nr_systems++;
	}
	add_u32(out, nr_ftrace);
	for (uint32_t i = 0; i < meta->nr_formats; i++) {
		if (is_ftrace(&meta->formats[i]))
			add_text_u64(out, &meta->formats[i].text);
	}
	add_u32(out, nr_systems);
	while (first < meta->nr_formats) {
		uint32_t end = first + 1;

		while (end < meta->nr_formats && is_same_system(meta, first, end))
			end++;
		if (!is_ftrace(&meta->formats[first])) {
			add_string(out, meta->formats[first].system);
			add_u32(out, end - first);
			for (uint32_t i = first; i < end; i++)
				add_text_u64(out, &meta->formats[i].text);
		}
		first = end;
	}
}

/* What comes after the cmdlines, up to the table of CPUs. */
static void add_options(struct strbuf *out, const char *uname, const char *watched,
			const struct dat_write_setting *setting)
{
	struct strbuf version = STRBUF_INIT;
	uint32_t nr_cpus = setting->nr_cpus;

	add_u32(out, nr_cpus);
	add_string(out, "options  ");
	/* empty: it says that the clock's text is behind the table of CPUs */
	add_option(out, OPTION_TRACECLOCK, "", 0);
	add_option(out, OPTION_UNAME, uname, strlen(uname) + 1);
	add_option(out, OPTION_CPUCOUNT, &nr_cpus, sizeof(nr_cpus));
	/* free text, for whoever wonders; ours is read again (dat_options.c) */
	strbuf_addf(&version, DAT_VERSION_TEXT " " RTLA_STALL_VERSION "%s%s",
		    *watched ? DAT_WATCHED_TEXT : "", watched);
	add_option(out, OPTION_VERSION, version.text, version.length + 1);
	out->has_failed = out->has_failed || version.has_failed;
	strbuf_deinit(&version);
	for (uint32_t i = 0; i < nr_cpus; i++) {
		struct strbuf text = STRBUF_INIT;

		if (!setting->cpus[i].stats)
			continue;
		strbuf_addf(&text, "CPU: %u\n%s", i, setting->cpus[i].stats);
		add_option(out, OPTION_CPUSTAT, text.text, text.length + 1);
		out->has_failed = out->has_failed || text.has_failed;
		strbuf_deinit(&text);
	}
	add_u16(out, OPTION_DONE);
}

/*
 * The table of CPUs, the clock, and blanks up to the first page. Pages begin where a page of the
 * machine begins in the file, since readers map them.
 */
static void add_table(struct strbuf *out, uint64_t offset, uint32_t page_size, const char *clock,
		      const struct dat_write_setting *setting)
{
	uint64_t clock_size = strlen(clock);
	uint64_t pages_at;

	add_string(out, "flyrecord");
	pages_at = offset + out->length + 16 * (uint64_t)setting->nr_cpus + 8 + clock_size;
	pages_at = (pages_at + page_size - 1) / page_size * page_size;
	for (uint32_t i = 0; i < setting->nr_cpus; i++) {
		uint64_t size = setting->cpus[i].size;

		add_u64(out, size ? pages_at : 0);
		add_u64(out, size);
		pages_at += size;
	}
	add_u64(out, clock_size);
	strbuf_add(out, clock, clock_size);
	strbuf_addch(out, '\0', (page_size - (offset + out->length) % page_size) % page_size);
}

int dat_write_head(int fd, const struct dat_meta *meta, struct error *err)
{
	const uint16_t order_probe = 1;
	struct dat_write_setting setting = { .nr_cpus = meta->nr_cpus };
	struct dat_write_pages_of *cpus = calloc(meta->nr_cpus + 1, sizeof(*cpus));
	struct strbuf out = STRBUF_INIT;
	int result;

	setting.cpus = cpus;
	strbuf_add(&out, DAT_MAGIC, DAT_MAGIC_SIZE);
	add_string(&out, "6");
	strbuf_addch(&out, *(const char *)&order_probe ? 0 : 1, 1);
	strbuf_addch(&out, (char)sizeof(long), 1);
	add_u32(&out, meta->page_size);
	add_string(&out, "header_page");
	add_text_u64(&out, &meta->header_page);
	add_string(&out, "header_event");
	add_text_u64(&out, &meta->header_event);
	add_formats(&out, meta);
	add_text_u32(&out, &meta->kallsyms);
	add_text_u32(&out, &meta->printk);
	add_text_u64(&out, &meta->cmdlines);
	if (cpus) {
		add_options(&out, meta->uname.text, meta->watched.text, &setting);
		add_table(&out, 0, meta->page_size, meta->clock.text, &setting);
	}
	if (!cpus || out.has_failed)
		result = error_set(err, -ENOMEM, "out of memory");
	else
		result = write_all(fd, out.text, out.length, err);
	strbuf_deinit(&out);
	free(cpus);
	return result;
}

/* ---- the file --------------------------------------------------------------------------------- */

int dat_write_open(struct dat_write *write, int fd, const struct dat_file *head,
		   const struct dat_write_setting *setting, struct error *err)
{
	const struct dat_place *cmdlines = &head->cmdlines;
	struct strbuf out = STRBUF_INIT;
	char clock[sizeof(head->clock) + 4];
	int result;

	*write = (struct dat_write){ .fd = fd };
	for (uint32_t i = 0; i < setting->nr_cpus; i++)
		write->left += setting->cpus[i].size;
	if (setting->cmdlines)
		add_text_u64(&out, setting->cmdlines);
	else
		strbuf_add(&out, (const char *)head->map + cmdlines->offset, cmdlines->size);
	add_options(&out, head->uname, head->watched_text ? head->watched_text : "", setting);
	snprintf(clock, sizeof(clock), "[%s]\n", head->clock);
	add_table(&out, cmdlines->offset, head->page_size, clock, setting);
	if (out.has_failed)
		result = error_set(err, -ENOMEM, "out of memory");
	else
		result = write_all(fd, head->map, cmdlines->offset, err);
	if (!result)
		result = write_all(fd, out.text, out.length, err);
	strbuf_deinit(&out);
	return result;
}

int dat_write_pages(struct dat_write *write, const void *pages, size_t size, struct error *err)
{
	if (size > write->left)
		return error_set(err, -EINVAL, "more pages than were announced");
	write->left -= size;
	return write_all(write->fd, pages, size, err);
}

int dat_write_from(struct dat_write *write, int from_fd, uint64_t size, struct error *err)
{
	char *room = malloc(COPY_SIZE);
	uint64_t done = 0;
	int result = 0;

	if (!room)
		return error_set(err, -ENOMEM, "out of memory");
	while (!result && done < size) {
		size_t wanted = size - done < COPY_SIZE ? (size_t)(size - done) : COPY_SIZE;
		ssize_t got = pread(from_fd, room, wanted, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			result = error_set(err, got ? -errno : -EIO, "pages read back: %s",
					   got ? strerror(errno) : "some are missing");
		else
			result = dat_write_pages(write, room, (size_t)got, err);
		done += got > 0 ? (uint64_t)got : 0;
	}
	free(room);
	return result;
}

int dat_write_close(const struct dat_write *write, struct error *err)
{
	return write->left ? error_set(err, -EINVAL, "fewer pages than were announced") : 0;
}
