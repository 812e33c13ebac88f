/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_THREAD_READER_H
#define RTLA_STALL_BOOST_THREAD_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "../util/proc_read.h"

/*
 * A thread as /proc shows it, for those who must not wait for whom they are to help.
 *
 * The kernel shows the name of a kworker (stat, status, comm) under wq_pool_attach_mutex, which a kworker
 * of the starved CPU may hold while it starves. So the stat of kernel threads is read by a thread of its
 * own, which may hang:
 *
 *     thread_reader_stat()   --ask-->  reader:  open, read, close
 *                            <-answer-          within THREAD_READER_WAIT_MS; else -ETIMEDOUT: the reader
 *                                               hangs, and all who ask get that at once until it is back
 *
 * What is read without it: schedstat takes no lock. wchan and the calls about scheduling (sched(7)) take
 * spinlocks only, as does the stat of user threads: who holds one is not preempted, and on PREEMPT_RT
 * inherits our priority.
 *
 * It has open files of its own: when we are killed while it hangs, our pipes and locks are let go of at once,
 * although the process is not gone before the hang is over (a zombie, for kill(2) and pidfd_open(2)).
 *
 * The reader runs where its owner may. One thread at a time uses it. A process that was forked from ours
 * starts a reader of its own.
 */

#define THREAD_READER_WAIT_MS 20

struct error;
struct thread_reader;

/**
 * thread_reader_create() - nothing is started before it is asked
 * @proc: the directory; "/proc" but in tests
 *
 * Return: 0 or a negative errno with words in @err.
 */
int thread_reader_create(const char *proc, struct thread_reader **ret, struct error *err)
	__attribute__((warn_unused_result));

/** thread_reader_destroy() - @reader may be NULL. One that hangs is left to itself, until we end */
void thread_reader_destroy(struct thread_reader *reader);

/** thread_reader_fd() - the directory, for proc_read.h */
int thread_reader_fd(const struct thread_reader *reader);

/** thread_reader_is_kernel() - it is a kernel thread, or may be one: read by the reader */
bool thread_reader_is_kernel(int32_t tid);

/** thread_reader_stat() - as proc_read_stat(); -ETIMEDOUT: it cannot be had now */
int thread_reader_stat(struct thread_reader *reader, int32_t tid, struct proc_thread *ret)
	__attribute__((warn_unused_result));

/**
 * thread_reader_is_asleep() - a kernel thread sleeps
 *
 * Return: false: it is ready or runs, or this kernel does not say where threads sleep.
 */
bool thread_reader_is_asleep(struct thread_reader *reader, int32_t tid);

/** thread_reader_says_asleep() - the text of a wchan file says so */
bool thread_reader_says_asleep(const char *wchan);

/** thread_reader_has_wchan() - whether it can be told without stat */
bool thread_reader_has_wchan(const struct thread_reader *reader);

/**
 * thread_reader_scheduling() - policy, priorities and nice value as they were set, without stat
 * @ret: these are set, with prio what stat would say of one that has not been lent another one
 *
 * Return: 0 or a negative errno.
 */
int thread_reader_scheduling(int32_t tid, struct proc_thread *ret) __attribute__((warn_unused_result));

/**
 * thread_reader_any() - of a kernel thread what can be had, from stat or without
 * @known: what was known of it; its comm, cpu and start_ticks stand where stat cannot be had. NULL: nothing
 *
 * Without both, start_ticks is 0. Return: as thread_reader_stat().
 */
int thread_reader_any(struct thread_reader *reader, int32_t tid, const struct proc_thread *known,
		      struct proc_thread *ret) __attribute__((warn_unused_result));

/** thread_reader_nr_hangs() - how often the reader did not come back in time */
uint64_t thread_reader_nr_hangs(const struct thread_reader *reader);

/** thread_reader_hangs() - it has not come back yet */
bool thread_reader_hangs(struct thread_reader *reader);

#endif
