/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_IO_DAT_BUILD_H
#define TESTS_IO_DAT_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Makes small trace.dat files, of either version, byte order, word size and compression, out of pages
 * and records given one by one:
 *
 *     dat_build_init(&build, &(struct dat_shape){ .version = 7, .codec = "zstd", ... });
 *     dat_build_page(&build, cpu, stamp, lost);
 *     dat_build_switch(&build, delta, ...);  ...more records, more pages, of any CPU in any order...
 *     fd = dat_build_file(&build, size of it to keep);
 *     dat_build_deinit(&build);
 *
 * A page is closed by the next one of its CPU. Failures are the test's: they abort.
 */

#define BUILD_CPUS 4
#define LOST_NONE 0
#define LOST_UNCOUNTED (-1)

struct dat_shape {
	int version;			/* 6, 7 */
	bool is_big_endian;
	uint32_t long_size;		/* 4, 8 */
	uint32_t page_size;
	const char *codec;		/* v7: "none", "zlib", "zstd" */
	const char *instance;		/* put the pages there instead of the main buffer; NULL */
	uint32_t nr_cpus;		/* up to BUILD_CPUS */
};

struct bytes {
	uint8_t *at;
	size_t size;
	size_t room;
};

struct dat_build {
	struct dat_shape shape;
	struct bytes options;		/* the caller's, beside those that must be */
	struct bytes formats;
	struct bytes pages[BUILD_CPUS];
	size_t page_at[BUILD_CPUS];	/* where the open page begins; SIZE_MAX none */
	size_t used[BUILD_CPUS];	/* of the open page, its head included */
	struct bytes file;
	size_t pages_offset[BUILD_CPUS]; /* in the file */
	size_t second_options_offset;	/* v7: of the options that say where the pages are */
};

void dat_build_init(struct dat_build *build, const struct dat_shape *shape);
void dat_build_deinit(struct dat_build *build);

/* numbers in the file's byte order */
void dat_build_number(const struct dat_build *build, struct bytes *to, uint64_t value, size_t size);
void dat_build_bytes(struct bytes *to, const void *from, size_t size);

void dat_build_option(struct dat_build *build, uint16_t id, const void *from, size_t size);

void dat_build_page(struct dat_build *build, uint32_t cpu, uint64_t stamp, int lost);
void dat_build_record(struct dat_build *build, uint32_t cpu, uint64_t delta, const void *from,
		      size_t size);
/* a head of the ring buffer's own kind, 29..31 or 0, and the words after it */
void dat_build_odd(struct dat_build *build, uint32_t cpu, uint32_t type, uint32_t delta,
		   uint32_t word);

/* sched_switch from one tid to the other, priorities 120; "a"+tid are the names */
void dat_build_switch(struct dat_build *build, uint32_t cpu, uint64_t delta, int32_t prev,
		      int32_t next, uint64_t state);
/* sched_waking with target_cpu; common_flags as given */
void dat_build_waking(struct dat_build *build, uint32_t cpu, uint64_t delta, int32_t tid,
		      uint8_t flags);

/* Write it all into build->file; to be called once. */
void dat_build_finish(struct dat_build *build);

/* A file of the first @size bytes of build->file; the caller closes it. */
int dat_build_fd(const struct dat_build *build, size_t size);

#endif
