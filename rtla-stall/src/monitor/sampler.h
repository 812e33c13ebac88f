/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_SAMPLER_H
#define RTLA_STALL_MONITOR_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One look at what one CPU runs: a perf event that is switched on for a single sample.
 *
 *     sampler_open()      beforehand: an event that is off costs its CPU nothing
 *     sampler_take()      switches it on, waits for the sample, switches it off
 *     sampler_close()
 *
 * Two events write to one buffer of two pages (a page of control, one of samples): cycles, where the
 * processor counts them, whose overflow is an NMI and shows code that has interrupts off; and the CPU's
 * clock, a high-resolution timer, which needs no tick and is to be had everywhere. The first sample counts.
 * The kernel switches an event off by itself after one sample, so that even if we are held up no CPU is
 * sampled for longer than that.
 *
 * Opening, switching and closing send the CPU an interrupt and wait for it to be served, as long as that CPU
 * has interrupts off. So only threads call these that may wait, one at a time for each sampler.
 */

struct error;

#define SAMPLER_MAX_FRAMES 64u

struct sampler {
	uint32_t cpu;
	int clock_fd;			/* -1: not open */
	int cycles_fd;			/* -1: there is none */
	void *buffer;			/* NULL: not open */
};

enum sample_mode { SAMPLE_KERNEL, SAMPLE_USER, SAMPLE_GUEST };

struct sample {
	uint64_t at;			/* CLOCK_MONOTONIC, ns */
	uint64_t address;		/* of the program counter */
	int32_t tid;			/* 0: idle */
	int32_t tgid;
	enum sample_mode mode;
	uint32_t nr_frames;		/* kernel only: addresses, innermost first; 0 in user code */
	uint64_t frames[SAMPLER_MAX_FRAMES];
};

/** sampler_init() - not open */
void sampler_init(struct sampler *sampler, uint32_t cpu);

/** sampler_open() - Return: 0 or a negative errno with words in @err; -ENODEV when the CPU is off */
int sampler_open(struct sampler *sampler, struct error *err) __attribute__((warn_unused_result));

/** sampler_is_open() */
static inline bool sampler_is_open(const struct sampler *sampler)
{
	return sampler->buffer;
}

/**
 * sampler_take() - one sample
 * @timeout_ns: from when it has been switched on, which takes as long as it takes
 *
 * Return: 0; -ETIME there was none, and the CPU may have been off since; or another negative errno; with
 * words in @err.
 */
int sampler_take(struct sampler *sampler, uint64_t timeout_ns, struct sample *ret, struct error *err)
	__attribute__((warn_unused_result));

/** sampler_close() - may be called when it is not open */
void sampler_close(struct sampler *sampler);

#endif
