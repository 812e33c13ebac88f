/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PROC_WATCH_H
#define RTLA_STALL_BOOST_PROC_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../util/proc_read.h"

/*
 * Who waits, from /proc alone: for the time when tracing cannot be had.
 *
 *     proc_watch_create()
 *     for (;;)
 *             proc_watch_look()            -> on_ready(), on_ended()
 *     proc_watch_find_occupants(), proc_watch_occupant()
 *
 *          look       look       look
 *            |----------|----------|
 *      R     ^ on_ready()                it may also be running
 *      R, not switched in, no run time   it has waited since then
 *      R, switched in       ^ on_ended(), on_ready()
 *      S                    ^ on_ended()
 *
 * Everything is allocated when it is made. A look is made of raw system calls on /proc, and reads only
 * what it must: nothing at all when the kernel counts nobody ready but us; threads bound to a CPU that
 * was idle since the last look are left out, and so are user threads, unless asked for. What was found
 * ready is looked at again in any case. A kernel thread that is starved with a lock of the
 * kernel's does not keep it from going on (thread_reader.h).
 */

struct cpu_list;
struct error;
struct proc_watch;

struct proc_watch_config {
	const struct cpu_list *cpus;	/* waits on these; NULL all. Borrowed */
	bool wants_user_threads;
	uint32_t room;			/* for so many threads; 0: by how many there are now */
	const char *proc;		/* the directory; NULL: /proc */
	/* borrowed for the call; NULL allowed */
	void (*on_ready)(const struct proc_thread *thread, void *arg);
	void (*on_ended)(const struct proc_thread *thread, void *arg); /* tid, comm, prio, cpu only */
	void *arg;
};

/* What looking costs. */
struct proc_watch_cost {
	uint64_t nr_looks;
	uint64_t nr_quiet;		/* of those, with nobody ready: one small file was read */
	uint64_t cpu_ns;		/* CPU time of all looks */
	uint64_t last_cpu_ns;		/* of the last one */
	uint32_t last_nr_threads;	/* met in the last one that was not quiet */
	uint32_t last_nr_read;		/* and read */
	uint64_t nr_left_out;		/* threads for which there was no room */
	uint64_t nr_hangs;		/* how often reading a kernel thread did not come back in time */
};

/**
 * proc_watch_create() - open /proc and make room
 *
 * Return: 0 or a negative errno with words in @err; -ENOTSUP where the kernel does not count how often
 * a thread was switched in.
 */
int proc_watch_create(const struct proc_watch_config *config, struct proc_watch **ret,
		      struct error *err) __attribute__((warn_unused_result));

/** proc_watch_destroy() - @watch may be NULL */
void proc_watch_destroy(struct proc_watch *watch);

/** proc_watch_look() - look at all of it. Return: 0, or a negative errno when /proc cannot be read */
int proc_watch_look(struct proc_watch *watch) __attribute__((warn_unused_result));

/** proc_watch_tell_again() - it was taken for running: ready at the next look, it is told anew */
void proc_watch_tell_again(struct proc_watch *watch, int32_t tid);

/** proc_watch_nr_ready() - how many were ready at the last look */
uint32_t proc_watch_nr_ready(const struct proc_watch *watch);

/* What is known of a thread before it is read. */
enum proc_watch_known {
	PROC_WATCH_UNKNOWN,
	PROC_WATCH_READY,	/* ready or running: prio, comm and cpu are set */
	PROC_WATCH_WAITS,	/* it is no occupant, though it may outrank everybody */
};

/** proc_watch_ask() - whom to ask of a thread before it is read; @know NULL: nobody */
void proc_watch_ask(struct proc_watch *watch,
		    enum proc_watch_known (*know)(int32_t tid, struct proc_thread *ret, void *arg),
		    void *arg);

/**
 * proc_watch_find_occupants() - see which ready thread of each of @cpus outranks the others there
 *
 * Looks at every thread, and reads those that may run there, user threads too. Return: 0 or a negative errno.
 */
int proc_watch_find_occupants(struct proc_watch *watch, const struct cpu_list *cpus)
	__attribute__((warn_unused_result));

/**
 * proc_watch_occupant() - who that was, of a CPU that was asked for
 *
 * Return: false: nobody was ready there, or nobody knows who runs.
 */
bool proc_watch_occupant(const struct proc_watch *watch, uint32_t cpu, struct proc_thread *ret);

/** proc_watch_read() - one thread: thread_reader_any(); it does not hang */
int proc_watch_read(struct proc_watch *watch, int32_t tid, const struct proc_thread *known,
		    struct proc_thread *ret) __attribute__((warn_unused_result));

/** proc_watch_hangs() - kernel threads are read without their stat: thread_reader_hangs() */
bool proc_watch_hangs(const struct proc_watch *watch);

/** proc_watch_fd() - /proc, for proc_read.h */
int proc_watch_fd(const struct proc_watch *watch);

/** proc_watch_cost() - so far */
struct proc_watch_cost proc_watch_cost(const struct proc_watch *watch);

#endif
