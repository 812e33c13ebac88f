/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_FILE_H
#define RTLA_STALL_SOURCE_DAT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dat_bytes.h"
#include "dat_clock.h"
#include "dat_codec.h"

/*
 * What a trace.dat says about itself: where its parts are, who recorded it, how its pages are laid
 * out. It does not read the recorded pages (dat_stream.h), nor does it understand events
 * (decode.h).
 *
 * Version 6 is one sequence; version 7 is sections that a chain of options points to:
 *
 *     v6: magic, headers, ftrace formats, formats, kallsyms, printk, cmdlines, options, CPUs, pages
 *     v7: magic, options offset,  [section]...   options: where each section is, and the CPU tables
 *
 * A file that is cut or corrupt is read as far as it goes: what is wrong is put into words once
 * (is_damaged, damage). When version 7's chain of options is broken, the sections are found by
 * going from one to the next, and the CPUs' pages by the sizes that precede their compressed
 * pieces.
 */

struct error;

#define DAT_MAGIC "\x17\x08\x44tracing"
#define DAT_MAGIC_SIZE 10
#define DAT_VERSION_TEXT "rtla-stall"
#define DAT_WATCHED_TEXT ", switches of CPUs "
#define DAT_CPUS_MAX 16384u	/* of a buffer; more are not read */
#define DAT_BUFFERS_MAX 256u
#define DAT_SECTION_HEAD_SIZE 16u	/* v7 */

struct dat_place {
	uint64_t offset;	/* in the file; 0: it has none */
	uint64_t size;
	bool is_compressed;
};

/* The contents of a place, expanded where need be; dat_blob_deinit() it. */
struct dat_blob {
	const uint8_t *bytes;
	uint64_t size;
	uint8_t *owned;		/* what to free; NULL: @bytes lie in the mapped file */
};

struct dat_cpu {
	uint32_t cpu;
	uint64_t offset;	/* of its pages, or of the count of its compressed pieces */
	uint64_t size;		/* in the file, which may be shorter */
};

struct dat_buffer {
	char name[64];		/* of the instance; "" the main one */
	char clock[32];		/* "" unknown */
	uint64_t offset;
	uint32_t page_size;	/* 0 unknown */
	bool is_text;		/* a latency tracer's text instead of pages */
	bool is_compressed;
	bool is_recovered;	/* found without what says whose pages are where: cpu is a guess */
	bool is_cut;		/* recovered, and the file ends in it */
	uint32_t nr_cpus;
	struct dat_cpu *cpus;
};

struct dat_file {
	const uint8_t *map;
	uint64_t size;
	uint32_t version;	/* 6 or 7 */
	bool is_swapped;	/* the other byte order than ours */
	bool is_big_endian;
	uint32_t page_size;	/* of the recording machine */
	struct dat_codec *codec; /* NULL: not compressed */

	/* the head of every page of the ring buffer */
	uint32_t commit_offset;
	uint32_t commit_size;	/* the kernel's size of long: 4 or 8 */
	uint32_t first_offset;	/* of its first record */
	uint32_t subbuffer_size; /* of the whole page; 0 unknown */
	uint32_t long_size;

	struct dat_place headers;
	struct dat_place ftrace_formats;
	struct dat_place event_formats;
	struct dat_place kallsyms; /* text, after a count of its bytes */
	struct dat_place cmdlines;
	uint32_t nr_buffers;
	struct dat_buffer *buffers;

	uint32_t nr_cpus;	/* as the file says; 0 unknown */
	char clock[32];		/* "" unknown */
	char uname[256];	/* system, node, release, machine; "" unknown */
	/* of a file that we wrote, when switches were recorded on some CPUs only; NULL: on all */
	char *watched_text;	/* "1,3-5" */
	uint64_t *watched;	/* a bit per CPU, ENGINE_MAX_CPUS of them */
	struct dat_clock time;
	bool has_clock_text;	/* v6: the clock follows the CPU table */

	bool is_damaged;
	char damage[160];	/* the first thing that was wrong, in words */
};

/**
 * dat_file_open() - map a trace.dat and find its parts
 * @fd: seekable; may be closed afterwards
 * @file: filled in on success only; dat_file_close() it
 *
 * Return: 0, or a negative errno with words in @err (without the path): not a trace.dat, an unknown
 * version or compression, headers that cannot be read.
 */
int dat_file_open(int fd, struct dat_file *file, struct error *err)
	__attribute__((warn_unused_result));

/** dat_file_close() - unmap and free what is inside */
void dat_file_close(struct dat_file *file);

/** dat_file_bytes() - the part of the file from @offset on, at most @size long, cut at its end */
struct dat_bytes dat_file_bytes(const struct dat_file *file, uint64_t offset, uint64_t size);

/**
 * dat_file_read() - the contents of a place
 * @limit: more bytes than these are an error
 *
 * Return: 0; -ENOENT when the file has no such place; -EILSEQ when it is cut or does not decode
 * (nothing to free then); -ENOMEM.
 */
int dat_file_read(const struct dat_file *file, const struct dat_place *place, uint64_t limit,
		  struct dat_blob *ret) __attribute__((warn_unused_result));

/** dat_blob_deinit() - free it */
void dat_blob_deinit(struct dat_blob *blob);

/** dat_file_add_damage() - say what is wrong with the file; only the first word counts */
void dat_file_add_damage(struct dat_file *file, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The rest is between dat_file.c, dat_v6.c, dat_v7.c and dat_options.c. */

/** dat_v6_read() - everything after the page size */
int dat_v6_read(struct dat_file *file, struct dat_bytes bytes, struct error *err)
	__attribute__((warn_unused_result));

/** dat_v7_read() - everything after the page size */
int dat_v7_read(struct dat_file *file, struct dat_bytes bytes, struct error *err)
	__attribute__((warn_unused_result));

/**
 * dat_options_read() - take in options up to and including the one that ends them
 * @next: v7: offset of the next options section; 0: none
 *
 * Return: 0, -EILSEQ when they are cut, -ENOMEM.
 */
int dat_options_read(struct dat_file *file, struct dat_bytes *bytes, uint64_t *next)
	__attribute__((warn_unused_result));

/** dat_options_set_clock() - take the clock in brackets out of the text of trace_clock */
void dat_options_set_clock(struct dat_file *file, const char *text, uint64_t size);

/** dat_file_add_buffer() - one more, zeroed; NULL when out of memory */
struct dat_buffer *dat_file_add_buffer(struct dat_file *file);

#endif
