/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_LOG_RING_H
#define RTLA_STALL_BOOST_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lines for a place that may block, from a thread that must not.
 *
 *     log_ring_create(&target, &ring, err)     a ring of records, a thread that writes them
 *     log_ring_put(ring, &record)              copies; true, or false: full, and counted
 *     log_ring_destroy(ring, 1000)             what is left is written, if that goes on that long
 *
 *       producer -> | record | record | ...  | -> writer thread -> terminal, pipe, kmsg, socket, file
 *                     never waits                    waits as long as it has to
 *
 * One ring has one producer and one target: a target that hangs keeps neither the producer nor another
 * target from anything. What did not fit is counted, and said there, as soon as there is room again. The
 * ring is memory of its own, touched when it is made; putting a record allocates nothing, takes no lock
 * and makes one system call, a write to an eventfd that cannot block.
 *
 * The writer has open files of its own: one that hangs in the kernel, in a file's disk, keeps nothing else
 * open when the process is killed.
 *
 * What a record says is the producer's affair: @render makes bytes of it, in the writer thread, where
 * allocating is fine.
 */

struct error;
struct log_ring;
struct strbuf;

#define LOG_RING_RECORD_MAX 4096u	/* bytes of one record */

enum log_ring_kind {
	LOG_RING_FD, /* write() to a descriptor: terminal, pipe, file */
	LOG_RING_KMSG, /* one write() per line; what printk_devkmsg leaves out, the kernel does not tell */
	LOG_RING_SYSLOG /* a datagram per line, to the system's log; connected again when that has gone */
};

struct log_ring_target {
	enum log_ring_kind kind;
	int fd;				/* stays the caller's: log_ring_destroy(). LOG_RING_SYSLOG: unused */
	const char *path;		/* LOG_RING_SYSLOG: its socket; borrowed */
	size_t record_size;		/* bytes, up to LOG_RING_RECORD_MAX */
	uint32_t nr_records;		/* room for so many, a power of two */
	/* append what is written of a record: whole lines; nothing: the target leaves it out */
	void (*render)(const void *record, void *arg, struct strbuf *out);
	/* append the words for records that were dropped; NULL: nothing is said */
	void (*render_dropped)(uint64_t nr_dropped, void *arg, struct strbuf *out);
	void *arg;			/* handed to both; they run in the writer thread */
};

/**
 * log_ring_create() - begin
 * @target: copied
 *
 * Return: 0 or a negative errno with words in @err.
 */
int log_ring_create(const struct log_ring_target *target, struct log_ring **ret, struct error *err)
	__attribute__((warn_unused_result));

/** log_ring_put() - hand a record over. Return: false when there was no room: it is dropped */
bool log_ring_put(struct log_ring *ring, const void *record);

/** log_ring_dropped() - how many were dropped so far: no room, or refused by the target */
uint64_t log_ring_dropped(const struct log_ring *ring);

/**
 * log_ring_flush() - wait until everything is written, for at most @timeout_ms
 *
 * Return: true when it is.
 */
bool log_ring_flush(const struct log_ring *ring, int timeout_ms);

/**
 * log_ring_destroy() - end it, after at most @timeout_ms; @ring may be NULL
 *
 * Return: false: the writer hangs in its target. It is left to itself, with its memory, and ends with the
 * process.
 */
bool log_ring_destroy(struct log_ring *ring, int timeout_ms);

/**
 * log_ring_open_syslog() - a socket to the system's log; a ring does that by itself
 *
 * Return: a descriptor, or a negative errno with words in @err.
 */
int log_ring_open_syslog(const char *path, struct error *err) __attribute__((warn_unused_result));

#define LOG_RING_SYSLOG_PATH "/dev/log"

#endif
