// SPDX-License-Identifier: GPL-2.0-only
#include "dat_clock.h"

#include <errno.h>
#include <stdlib.h>

#define SHIFT_INTERPOLATE 1u	/* bit of the option's flags */
#define SAMPLE_BYTES 24u	/* time, offset, scaling */

void dat_clock_init(struct dat_clock *clock)
{
	*clock = (struct dat_clock){ .is_identity = true };
}

static void free_cpus(struct dat_clock_cpu *cpus, uint32_t nr_cpus)
{
	for (uint32_t i = 0; i < nr_cpus; i++)
		free(cpus[i].samples);
	free(cpus);
}

void dat_clock_deinit(struct dat_clock *clock)
{
	if (clock->cpus)
		free_cpus(clock->cpus, clock->nr_cpus);
	dat_clock_init(clock);
}

void dat_clock_add_offset(struct dat_clock *clock, int64_t offset_ns)
{
	clock->offset_ns = (int64_t)((uint64_t)clock->offset_ns + (uint64_t)offset_ns);
	clock->is_identity = clock->is_identity && !clock->offset_ns;
}

void dat_clock_set_tsc(struct dat_clock *clock, uint32_t multiplier, uint32_t shift)
{
	clock->tsc_multiplier = multiplier;
	clock->tsc_shift = shift;
	clock->is_identity = clock->is_identity && !multiplier;
}

static int by_time(const void *a, const void *b)
{
	const struct dat_clock_sample *one = a;
	const struct dat_clock_sample *other = b;

	return (one->at > other->at) - (one->at < other->at);
}

static bool read_samples(struct dat_bytes *bytes, struct dat_clock_cpu *cpu)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < cpu->nr_samples; i++) {
		if (!dat_bytes_u64(bytes, &value))
			return false;
		cpu->samples[i].at = (int64_t)value;
	}
	for (uint32_t i = 0; i < cpu->nr_samples; i++) {
		if (!dat_bytes_u64(bytes, &value))
			return false;
		cpu->samples[i].offset = (int64_t)value;
	}
	for (uint32_t i = 0; i < cpu->nr_samples; i++) {
		if (!dat_bytes_u64(bytes, &value))
			return false;
		cpu->samples[i].scaling = (int64_t)value;
	}
	return true;
}

static int read_cpus(struct dat_bytes *bytes, struct dat_clock_cpu *cpus, uint32_t nr_cpus)
{
	for (uint32_t i = 0; i < nr_cpus; i++) {
		struct dat_clock_cpu *cpu = &cpus[i];
		uint32_t nr_samples;

		if (!dat_bytes_u32(bytes, &nr_samples) ||
		    nr_samples > dat_bytes_left(bytes) / SAMPLE_BYTES)
			return -EINVAL;
		cpu->samples = calloc(nr_samples ? nr_samples : 1, sizeof(*cpu->samples));
		if (!cpu->samples)
			return -ENOMEM;
		cpu->nr_samples = nr_samples;
		if (!read_samples(bytes, cpu))
			return -EINVAL;
	}
	/* Old files end here: their scaling is a plain factor. */
	for (uint32_t i = 0; i < nr_cpus && dat_bytes_left(bytes); i++) {
		for (uint32_t j = 0; j < cpus[i].nr_samples; j++) {
			if (!dat_bytes_u64(bytes, &cpus[i].samples[j].fraction_bits))
				return -EINVAL;
		}
	}
	return 0;
}

static void sort_samples(struct dat_clock_cpu *cpu)
{
	uint32_t kept = 0;

	qsort(cpu->samples, cpu->nr_samples, sizeof(*cpu->samples), by_time);
	for (uint32_t i = 0; i < cpu->nr_samples; i++) {
		if (!kept || cpu->samples[i].at != cpu->samples[kept - 1].at)
			cpu->samples[kept++] = cpu->samples[i];
	}
	cpu->nr_samples = kept;
}

int dat_clock_read_shift(struct dat_clock *clock, struct dat_bytes bytes)
{
	struct dat_clock_cpu *cpus;
	uint64_t peer_id;
	uint32_t flags;
	uint32_t nr_cpus;
	int result;

	if (!dat_bytes_u64(&bytes, &peer_id) || !dat_bytes_u32(&bytes, &flags) ||
	    !dat_bytes_u32(&bytes, &nr_cpus) || nr_cpus > dat_bytes_left(&bytes) / sizeof(uint32_t))
		return -EINVAL;
	cpus = calloc(nr_cpus ? nr_cpus : 1, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	result = read_cpus(&bytes, cpus, nr_cpus);
	if (result) {
		free_cpus(cpus, nr_cpus);
		return result;
	}
	for (uint32_t i = 0; i < nr_cpus; i++)
		sort_samples(&cpus[i]);
	if (clock->cpus)
		free_cpus(clock->cpus, clock->nr_cpus);
	clock->cpus = cpus;
	clock->nr_cpus = nr_cpus;
	clock->is_interpolated = flags & SHIFT_INTERPOLATE;
	clock->is_identity = clock->is_identity && !nr_cpus;
	return 0;
}

/* All in 64 bits that wrap: a hostile file gets nonsense times, as anywhere else. */
static uint64_t correct(const struct dat_clock *clock, uint64_t stamp,
			const struct dat_clock_sample *from, const struct dat_clock_sample *to)
{
	uint64_t correction = (uint64_t)from->offset;
	uint64_t scaled = stamp * (uint64_t)from->scaling;

	if (clock->is_interpolated) {
		int64_t span = (int64_t)((uint64_t)to->at - (uint64_t)from->at);
		int64_t part = (int64_t)((stamp - (uint64_t)from->at) *
					 ((uint64_t)to->offset - (uint64_t)from->offset));

		if (span > 0)
			correction +=
				(uint64_t)((int64_t)((uint64_t)part + (uint64_t)(span / 2)) / span);
	}
	return (from->fraction_bits < 64 ? scaled >> from->fraction_bits : 0) + correction;
}

static uint64_t host_time(const struct dat_clock *clock, uint32_t cpu, uint64_t stamp)
{
	const struct dat_clock_sample *samples;
	uint32_t low = 0;
	uint32_t high;

	if (cpu >= clock->nr_cpus || !clock->cpus[cpu].nr_samples)
		return stamp;
	samples = clock->cpus[cpu].samples;
	high = clock->cpus[cpu].nr_samples - 1;
	if (!high)
		return stamp + (uint64_t)samples[0].offset;
	/* the last sample not after the stamp, but one that has a next one */
	while (low + 1 < high) {
		uint32_t middle = low + (high - low) / 2;

		if (stamp < (uint64_t)samples[middle].at)
			high = middle;
		else
			low = middle;
	}
	return correct(clock, stamp, &samples[low], &samples[low + 1]);
}

uint64_t dat_clock_convert(const struct dat_clock *clock, uint32_t cpu, uint64_t stamp)
{
	if (clock->nr_cpus)
		stamp = host_time(clock, cpu, stamp);
	if (clock->tsc_multiplier) {
		unsigned __int128 product = (unsigned __int128)stamp * clock->tsc_multiplier;

		stamp = clock->tsc_shift < 128 ? (uint64_t)(product >> clock->tsc_shift) : 0;
	}
	return stamp + (uint64_t)clock->offset_ns;
}
