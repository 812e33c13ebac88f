/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_DETACH_H
#define RTLA_STALL_UTIL_DETACH_H

#include <stdint.h>

/*
 * What a process of our own does first, when it is to outlive whatever ends us, or leave what ends us to us;
 * and a thread of ours that may hang.
 */

/** detach_signals() - signals that end or stop programs are ignored, and none is blocked */
void detach_signals(void);

/**
 * detach_standard_files() - let go of input, output and errors: whoever reads them must not wait for us
 * @kept: one of them that has another use; -1
 */
void detach_standard_files(int kept);

/**
 * detach_close_files() - close all open files from @from on, but those in @kept
 * @kept: in any order; what is below @from, -1, or there twice does no harm
 */
void detach_close_files(unsigned int from, const int *kept, uint32_t nr_kept);

/**
 * detach_thread_files() - from now on the calling thread has open files of its own: those in @kept
 *
 * A killed process lets go of its files, and of locks on them, when the last thread that shares them ends.
 * One that hangs in the kernel does not end: it must not share them, or whoever waits for our pipes and
 * locks waits for it.
 *
 * Return: 0 or a negative errno; it shares them as before then.
 */
int detach_thread_files(const int *kept, uint32_t nr_kept);

/** detach_session() - of its own: signals, session, comm, directory, standard files */
void detach_session(const char *name, int kept);

#endif
