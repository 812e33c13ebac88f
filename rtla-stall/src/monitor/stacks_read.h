/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_STACKS_READ_H
#define RTLA_STALL_MONITOR_STACKS_READ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What /proc tells for stacks.c, in its words. Reading any of it may wait for a lock; only threads call
 * these that may wait.
 */

struct sample;
struct stacks_frames;
struct stacks_suspended;
struct symbols;

/** stacks_read_comm() - the name of a thread. @ret: 16 bytes; "" when it is gone */
void stacks_read_comm(int32_t tid, char *ret);

/**
 * stacks_read_sleeper() - frames of /proc/TID/stack, else of /proc/TID/wchan; sets why when there is none
 * @ret: tid is set
 */
void stacks_read_sleeper(struct stacks_frames *ret);

/**
 * stacks_read_sample() - frames of a sample
 * @symbols: NULL: frames are addresses
 */
void stacks_read_sample(const struct sample *sample, const struct symbols *symbols,
			struct stacks_frames *ret);

/**
 * stacks_read_place() - "user code in loop+0x1129": where in a process' memory an address is
 * @ret: SYMBOLS_MAX_NAME bytes; left alone when it cannot be told
 */
void stacks_read_place(int32_t tgid, uint64_t address, char *ret);

/**
 * stacks_read_suspended() - all threads in D
 *
 * Not by libproc2, as the census is: that keeps 256 KiB for each thread that ever asked it.
 *
 * Return: false when /proc cannot be read.
 */
bool stacks_read_suspended(struct stacks_suspended *ret);

#endif
