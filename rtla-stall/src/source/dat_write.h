/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_WRITE_H
#define RTLA_STALL_SOURCE_DAT_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "../util/strbuf.h"

/*
 * Writes trace.dat, version 6, out of pages of the ring buffer as the kernel hands them out.
 *
 * It is done in two steps, because the second one may happen in the middle of a stall, when nothing of
 * tracefs can be opened any more:
 *
 *     dat_write_head(fd, &meta, err)             set-up: a trace.dat with everything but pages
 *     dat_file_open(fd, &head, err)              which is read like any other; as long as needed
 *     ...
 *     dat_write_open(&write, fd, &head, &pages, err)   a file with that beginning, and room for pages
 *     dat_write_pages(&write, ...)               those of CPU 0, of CPU 1, ...: as announced
 *     dat_write_close(&write, err)
 *
 * So the decoder of a live source and the reader of the file that is saved from it learn formats,
 * symbols and clock from the same bytes. Nothing here touches tracefs or /proc.
 */

struct dat_file;
struct error;

struct dat_meta_format {
	char *system;		/* "sched"; "ftrace": the tracers' own */
	struct strbuf text;	/* of its format file */
};

/* What a tracefs instance shows of itself. */
struct dat_meta {
	uint32_t page_size;	/* of the machine */
	uint32_t nr_cpus;
	struct strbuf header_page;
	struct strbuf header_event;
	uint32_t nr_formats;
	struct dat_meta_format *formats; /* those of one system follow each other */
	struct strbuf kallsyms;	/* lines of /proc/kallsyms; may be empty */
	struct strbuf printk;	/* printk_formats; may be empty */
	struct strbuf cmdlines;	/* "TID COMM" lines */
	struct strbuf clock;	/* trace_clock: "local [mono] ..." */
	struct strbuf uname;	/* system, node, release, version, machine */
	struct strbuf watched;	/* "1,3-5": the CPUs whose switches are recorded; empty: all */
};

/** dat_meta_init() - empty */
void dat_meta_init(struct dat_meta *meta);

/** dat_meta_deinit() - free what is inside */
void dat_meta_deinit(struct dat_meta *meta);

/**
 * dat_meta_add_format() - one more event
 * @text: copied
 *
 * Return: 0 or -ENOMEM.
 */
int dat_meta_add_format(struct dat_meta *meta, const char *system, const char *text, size_t size)
	__attribute__((warn_unused_result));

/**
 * dat_write_head() - write a trace.dat that has no pages
 * @fd: at its beginning
 *
 * Return: 0 or a negative errno with words in @err.
 */
int dat_write_head(int fd, const struct dat_meta *meta, struct error *err)
	__attribute__((warn_unused_result));

struct dat_write_pages_of {
	uint64_t size;		/* bytes; of whole pages */
	const char *stats;	/* text of per_cpu/cpuN/stats; NULL unknown */
};

struct dat_write_setting {
	uint32_t nr_cpus;
	const struct dat_write_pages_of *cpus;
	const struct strbuf *cmdlines;	/* instead of those of the head; NULL: keep them */
};

struct dat_write {
	int fd;
	uint64_t left;		/* bytes announced and not written yet */
};

/**
 * dat_write_open() - write everything that comes before the pages
 * @fd: at its beginning; borrowed
 * @head: of dat_write_head(); borrowed for the call
 *
 * Return: 0 or a negative errno with words in @err.
 */
int dat_write_open(struct dat_write *write, int fd, const struct dat_file *head,
		   const struct dat_write_setting *setting, struct error *err)
	__attribute__((warn_unused_result));

/** dat_write_pages() - the next pages, in the order of CPUs */
int dat_write_pages(struct dat_write *write, const void *pages, size_t size, struct error *err)
	__attribute__((warn_unused_result));

/** dat_write_from() - likewise, @size bytes of another file from its beginning on */
int dat_write_from(struct dat_write *write, int from_fd, uint64_t size, struct error *err)
	__attribute__((warn_unused_result));

/** dat_write_close() - Return: 0; -EINVAL when other sizes were announced than written */
int dat_write_close(const struct dat_write *write, struct error *err)
	__attribute__((warn_unused_result));

#endif
