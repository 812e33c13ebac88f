// SPDX-License-Identifier: GPL-2.0-only
#include "dat_build.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#define SWITCH_ID 319
#define WAKING_ID 322
#define PIECE_PAGES 2

static void must(bool is_true)
{
	if (!is_true)
		abort();
}

static uint8_t *extend(struct bytes *to, size_t size)
{
	if (to->room < to->size + size) {
		to->room = 2 * (to->size + size);
		to->at = realloc(to->at, to->room);
		must(to->at);
	}
	memset(to->at + to->size, 0, size);
	to->size += size;
	return to->at + to->size - size;
}

void dat_build_bytes(struct bytes *to, const void *from, size_t size)
{
	uint8_t *at = extend(to, size);

	if (size)
		memcpy(at, from, size);
}

static void put_number(bool is_big_endian, uint8_t *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[is_big_endian ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

void dat_build_number(const struct dat_build *build, struct bytes *to, uint64_t value, size_t size)
{
	put_number(build->shape.is_big_endian, extend(to, size), value, size);
}

static void put_text(struct bytes *to, const char *text)
{
	dat_build_bytes(to, text, strlen(text) + 1);
}

#define COMMON_FIELDS \
	"format:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char switch_format[] = "name: sched_switch\nID: 319\n" COMMON_FIELDS
	"\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"
	"\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	"\tfield:int prev_prio;\toffset:28;\tsize:4;\tsigned:1;\n"
	"\tfield:long prev_state;\toffset:32;\tsize:%u;\tsigned:1;\n"
	"\tfield:char next_comm[16];\toffset:%u;\tsize:16;\tsigned:1;\n"
	"\tfield:pid_t next_pid;\toffset:%u;\tsize:4;\tsigned:1;\n"
	"\tfield:int next_prio;\toffset:%u;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"%%s\", (REC->prev_state & (0x100 - 1)) ? __print_flags(REC->prev_state & "
	"(0x100 - 1), \"|\", { 0x01, \"S\" }, { 0x02, \"D\" }) : \"R\", "
	"REC->prev_state & 0x100 ? \"+\" : \"\"\n";

static const char waking_format[] = "name: sched_waking\nID: 322\n" COMMON_FIELDS
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:1;\n"
	"\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	"\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n"
	"\tfield:int target_cpu;\toffset:32;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"comm=%s\", REC->comm\n";

void dat_build_init(struct dat_build *build, const struct dat_shape *shape)
{
	uint32_t after = 32 + shape->long_size;
	char text[2048];
	int length;

	*build = (struct dat_build){ .shape = *shape };
	for (int i = 0; i < BUILD_CPUS; i++)
		build->page_at[i] = SIZE_MAX;
	length = snprintf(text, sizeof(text), switch_format, shape->long_size, after, after + 16,
			  after + 20);
	dat_build_number(build, &build->formats, 1, 4);
	put_text(&build->formats, "sched");
	dat_build_number(build, &build->formats, 2, 4);
	dat_build_number(build, &build->formats, (uint64_t)length, 8);
	dat_build_bytes(&build->formats, text, (size_t)length);
	dat_build_number(build, &build->formats, sizeof(waking_format) - 1, 8);
	dat_build_bytes(&build->formats, waking_format, sizeof(waking_format) - 1);
}

void dat_build_deinit(struct dat_build *build)
{
	free(build->options.at);
	free(build->formats.at);
	for (int i = 0; i < BUILD_CPUS; i++)
		free(build->pages[i].at);
	free(build->file.at);
}

void dat_build_option(struct dat_build *build, uint16_t id, const void *from, size_t size)
{
	dat_build_number(build, &build->options, id, 2);
	dat_build_number(build, &build->options, size, 4);
	dat_build_bytes(&build->options, from, size);
}

static uint32_t head_size(const struct dat_build *build)
{
	return 8 + build->shape.long_size;
}

static uint64_t commit_of(const struct dat_build *build, uint32_t cpu)
{
	uint8_t *at = build->pages[cpu].at + build->page_at[cpu] + 8;
	uint64_t value = 0;

	for (uint32_t i = 0; i < build->shape.long_size; i++)
		value |= (uint64_t)at[build->shape.is_big_endian ? build->shape.long_size - 1 - i : i]
			 << 8 * i;
	return value;
}

static void put_commit(struct dat_build *build, uint32_t cpu, uint64_t value)
{
	put_number(build->shape.is_big_endian, build->pages[cpu].at + build->page_at[cpu] + 8, value,
		   build->shape.long_size);
}

void dat_build_page(struct dat_build *build, uint32_t cpu, uint64_t stamp, int lost)
{
	struct bytes *pages = &build->pages[cpu];
	uint8_t *page;

	build->page_at[cpu] = pages->size;
	build->used[cpu] = head_size(build);
	page = extend(pages, build->shape.page_size);
	put_number(build->shape.is_big_endian, page, stamp, 8);
	if (lost)
		put_commit(build, cpu, UINT64_C(1) << 31);
	if (lost > 0) {
		/* where it belongs is behind the last record: kept at the end until then */
		put_number(build->shape.is_big_endian, page + build->shape.page_size - 8,
			   (uint64_t)lost, 8);
		put_commit(build, cpu, UINT64_C(3) << 30);
	}
}

static uint8_t *take_room(struct dat_build *build, uint32_t cpu, size_t size)
{
	uint8_t *page = build->pages[cpu].at + build->page_at[cpu];
	uint8_t *at = page + build->used[cpu];

	must(build->page_at[cpu] != SIZE_MAX && build->used[cpu] + size + 8 <= build->shape.page_size);
	build->used[cpu] += size;
	put_commit(build, cpu, commit_of(build, cpu) + size);
	return at;
}

void dat_build_odd(struct dat_build *build, uint32_t cpu, uint32_t type, uint32_t delta,
		   uint32_t word)
{
	uint8_t *at = take_room(build, cpu, 8);
	bool is_big_endian = build->shape.is_big_endian;

	put_number(is_big_endian, at, is_big_endian ? type << 27 | delta : delta << 5 | type, 4);
	put_number(is_big_endian, at + 4, word, 4);
}

void dat_build_record(struct dat_build *build, uint32_t cpu, uint64_t delta, const void *from,
		      size_t size)
{
	bool is_big_endian = build->shape.is_big_endian;
	size_t words = (size + 3) / 4;
	uint8_t *at;

	if (words > 28) {
		dat_build_odd(build, cpu, 0, (uint32_t)delta, (uint32_t)(4 * words + 4));
		at = take_room(build, cpu, 4 * words);
	} else {
		at = take_room(build, cpu, 4 + 4 * words);
		put_number(is_big_endian, at,
			   is_big_endian ? words << 27 | delta : delta << 5 | words, 4);
		at += 4;
	}
	memcpy(at, from, size);
}

void dat_build_switch(struct dat_build *build, uint32_t cpu, uint64_t delta, int32_t prev,
		      int32_t next, uint64_t state)
{
	uint32_t after = 32 + build->shape.long_size;
	bool is_big_endian = build->shape.is_big_endian;
	uint8_t record[80] = { 0 };

	put_number(is_big_endian, record, SWITCH_ID, 2);
	put_number(is_big_endian, record + 4, (uint64_t)(int64_t)prev, 4);
	snprintf((char *)record + 8, 16, "a%d", prev);
	put_number(is_big_endian, record + 24, (uint64_t)(int64_t)prev, 4);
	put_number(is_big_endian, record + 28, 120, 4);
	put_number(is_big_endian, record + 32, state, build->shape.long_size);
	snprintf((char *)record + after, 16, "a%d", next);
	put_number(is_big_endian, record + after + 16, (uint64_t)(int64_t)next, 4);
	put_number(is_big_endian, record + after + 20, 120, 4);
	dat_build_record(build, cpu, delta, record, after + 24);
}

void dat_build_waking(struct dat_build *build, uint32_t cpu, uint64_t delta, int32_t tid,
		      uint8_t flags)
{
	bool is_big_endian = build->shape.is_big_endian;
	uint8_t record[36] = { 0 };

	put_number(is_big_endian, record, WAKING_ID, 2);
	record[2] = flags;
	record[3] = 0x21;	/* preempt depth 1, migration disabled twice */
	put_number(is_big_endian, record + 4, 7, 4);
	snprintf((char *)record + 8, 16, "a%d", tid);
	put_number(is_big_endian, record + 24, (uint64_t)(int64_t)tid, 4);
	put_number(is_big_endian, record + 28, 98, 4);
	put_number(is_big_endian, record + 32, 1, 4);
	dat_build_record(build, cpu, delta, record, sizeof(record));
}

/* The count of lost records goes behind the last record. */
static void close_pages(struct dat_build *build)
{
	for (uint32_t cpu = 0; cpu < BUILD_CPUS; cpu++) {
		uint32_t page_size = build->shape.page_size;

		for (size_t at = 0; at < build->pages[cpu].size; at += page_size) {
			uint8_t *page = build->pages[cpu].at + at;
			uint64_t commit;

			build->page_at[cpu] = at;
			commit = commit_of(build, cpu);
			if (!(commit & 1u << 30))
				continue;
			memmove(page + head_size(build) + (commit & 0x7ffffff),
				page + page_size - (build->shape.is_big_endian ?
						    build->shape.long_size : 8),
				build->shape.long_size);
		}
	}
}

static void put_headers(struct dat_build *build, struct bytes *to)
{
	char text[512];
	int length = snprintf(text, sizeof(text),
		"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		"\tfield: local_t commit;\toffset:8;\tsize:%u;\tsigned:1;\n"
		"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
		"\tfield: char data;\toffset:%u;\tsize:%u;\tsigned:1;\n",
		build->shape.long_size, head_size(build), build->shape.page_size - head_size(build));

	put_text(to, "header_page");
	dat_build_number(build, to, (uint64_t)length, 8);
	dat_build_bytes(to, text, (size_t)length);
	put_text(to, "header_event");
	dat_build_number(build, to, 0, 8);
}

static void align_file(struct dat_build *build)
{
	while (build->file.size % build->shape.page_size)
		extend(&build->file, 1);
}

static void patch(struct dat_build *build, size_t offset, uint64_t value, size_t size)
{
	put_number(build->shape.is_big_endian, build->file.at + offset, value, size);
}

static void put_start(struct dat_build *build)
{
	struct bytes *file = &build->file;
	uint8_t sizes[2] = { build->shape.is_big_endian, (uint8_t)build->shape.long_size };

	dat_build_bytes(file, "\x17\x08\x44tracing", 10);
	put_text(file, build->shape.version == 6 ? "6" : "7");
	dat_build_bytes(file, sizes, 2);
	dat_build_number(build, file, build->shape.page_size, 4);
}

static size_t put_table_v6(struct dat_build *build)
{
	size_t at;

	dat_build_bytes(&build->file, "flyrecord", 10);
	at = build->file.size;
	extend(&build->file, 16 * build->shape.nr_cpus);
	return at;
}

static void put_pages_v6(struct dat_build *build, size_t table)
{
	for (uint32_t cpu = 0; cpu < build->shape.nr_cpus; cpu++) {
		align_file(build);
		build->pages_offset[cpu] = build->file.size;
		patch(build, table + 16 * cpu, build->file.size, 8);
		patch(build, table + 16 * cpu + 8, build->pages[cpu].size, 8);
		dat_build_bytes(&build->file, build->pages[cpu].at, build->pages[cpu].size);
	}
}

static void finish_v6(struct dat_build *build)
{
	struct bytes *file = &build->file;
	const char *instance = build->shape.instance;
	size_t instance_at = 0;
	size_t table;

	put_headers(build, file);
	dat_build_number(build, file, 0, 4);
	dat_build_bytes(file, build->formats.at, build->formats.size);
	dat_build_number(build, file, 0, 4);	/* kallsyms */
	dat_build_number(build, file, 0, 4);	/* printk */
	dat_build_number(build, file, 0, 8);	/* cmdlines */
	dat_build_number(build, file, build->shape.nr_cpus, 4);
	dat_build_bytes(file, "options  ", 10);
	dat_build_bytes(file, build->options.at, build->options.size);
	if (instance) {
		dat_build_number(build, file, 3, 2);
		dat_build_number(build, file, 8 + strlen(instance) + 1, 4);
		instance_at = file->size;
		dat_build_number(build, file, 0, 8);
		put_text(file, instance);
	}
	dat_build_number(build, file, 0, 2);
	table = put_table_v6(build);
	if (instance) {
		align_file(build);
		patch(build, instance_at, file->size, 8);
		table = put_table_v6(build);
	}
	put_pages_v6(build, table);
}

static size_t compress_piece(const struct dat_build *build, const uint8_t *from, size_t size,
			     uint8_t *to, size_t room)
{
	uLongf length = room;

	if (!strcmp(build->shape.codec, "zstd")) {
		size_t result = ZSTD_compress(to, room, from, size, 3);

		must(!ZSTD_isError(result));
		return result;
	}
	must(compress(to, &length, from, size) == Z_OK);
	return length;
}

static void put_packed(struct dat_build *build, const uint8_t *from, size_t size)
{
	size_t room = size + size / 2 + 1024;
	uint8_t *packed = malloc(room);
	size_t length;

	must(packed);
	length = compress_piece(build, from, size, packed, room);
	dat_build_number(build, &build->file, length, 4);
	dat_build_number(build, &build->file, size, 4);
	dat_build_bytes(&build->file, packed, length);
	free(packed);
}

static bool is_packed(const struct dat_build *build)
{
	return strcmp(build->shape.codec, "none");
}

static size_t begin_section(struct dat_build *build, uint16_t id, bool is_compressed)
{
	size_t at = build->file.size;

	dat_build_number(build, &build->file, id, 2);
	dat_build_number(build, &build->file, is_compressed, 2);
	dat_build_number(build, &build->file, 0, 4);
	dat_build_number(build, &build->file, 0, 8);
	return at;
}

static void end_section(struct dat_build *build, size_t at)
{
	patch(build, at + 8, build->file.size - at - 16, 8);
}

static size_t put_section(struct dat_build *build, uint16_t id, const struct bytes *contents)
{
	size_t at = begin_section(build, id, is_packed(build));

	if (is_packed(build))
		put_packed(build, contents->at, contents->size);
	else
		dat_build_bytes(&build->file, contents->at, contents->size);
	end_section(build, at);
	return at;
}

static void put_place(struct dat_build *build, uint16_t id, size_t offset)
{
	dat_build_number(build, &build->file, id, 2);
	dat_build_number(build, &build->file, 8, 4);
	dat_build_number(build, &build->file, offset, 8);
}

static size_t put_pages_v7(struct dat_build *build, size_t *sizes)
{
	size_t section = begin_section(build, 3, is_packed(build));

	for (uint32_t cpu = 0; cpu < build->shape.nr_cpus; cpu++) {
		const struct bytes *pages = &build->pages[cpu];
		size_t piece_size = (size_t)build->shape.page_size * PIECE_PAGES;

		align_file(build);
		build->pages_offset[cpu] = build->file.size;
		if (!is_packed(build)) {
			dat_build_bytes(&build->file, pages->at, pages->size);
			sizes[cpu] = pages->size;
			continue;
		}
		dat_build_number(build, &build->file, (pages->size + piece_size - 1) / piece_size, 4);
		for (size_t at = 0; at < pages->size; at += piece_size)
			put_packed(build, pages->at + at,
				   pages->size - at < piece_size ? pages->size - at : piece_size);
		sizes[cpu] = build->file.size - build->pages_offset[cpu] - 4;
	}
	end_section(build, section);
	return section;
}

static void put_buffer_option(struct dat_build *build, size_t section, const size_t *sizes)
{
	const char *name = build->shape.instance ? build->shape.instance : "";
	struct bytes *file = &build->file;
	uint32_t nr_cpus = build->shape.nr_cpus;

	dat_build_number(build, file, 3, 2);
	dat_build_number(build, file, 8 + strlen(name) + 1 + sizeof("local") + 8 + 20 * nr_cpus, 4);
	dat_build_number(build, file, section, 8);
	put_text(file, name);
	put_text(file, "local");
	dat_build_number(build, file, build->shape.page_size, 4);
	dat_build_number(build, file, nr_cpus, 4);
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		dat_build_number(build, file, cpu, 4);
		dat_build_number(build, file, build->pages_offset[cpu], 8);
		dat_build_number(build, file, sizes[cpu], 8);
	}
}

static void finish_v7(struct dat_build *build)
{
	struct bytes *file = &build->file;
	struct bytes contents = { 0 };
	size_t sizes[BUILD_CPUS] = { 0 };
	size_t options_at;
	size_t headers;
	size_t formats;
	size_t next_at;
	size_t section;

	put_text(file, build->shape.codec);
	put_text(file, "1.0");
	options_at = file->size;
	dat_build_number(build, file, 0, 8);
	put_headers(build, &contents);
	headers = put_section(build, 16, &contents);
	formats = put_section(build, 18, &build->formats);
	free(contents.at);

	patch(build, options_at, file->size, 8);
	section = begin_section(build, 0, false);
	put_place(build, 16, headers);
	put_place(build, 18, formats);
	dat_build_number(build, file, 8, 2);	/* CPUCOUNT */
	dat_build_number(build, file, 4, 4);
	dat_build_number(build, file, build->shape.nr_cpus, 4);
	dat_build_bytes(file, build->options.at, build->options.size);
	next_at = file->size + 6;
	put_place(build, 0, 0);
	end_section(build, section);

	section = put_pages_v7(build, sizes);
	build->second_options_offset = file->size;
	patch(build, next_at, file->size, 8);
	options_at = begin_section(build, 0, false);
	put_buffer_option(build, section, sizes);
	put_place(build, 0, 0);
	end_section(build, options_at);
}

void dat_build_finish(struct dat_build *build)
{
	close_pages(build);
	put_start(build);
	if (build->shape.version == 6)
		finish_v6(build);
	else
		finish_v7(build);
}

int dat_build_fd(const struct dat_build *build, size_t size)
{
	int fd = memfd_create("trace.dat", MFD_CLOEXEC);

	must(fd >= 0 && size <= build->file.size);
	must(write(fd, build->file.at, size) == (ssize_t)size);
	must(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}
