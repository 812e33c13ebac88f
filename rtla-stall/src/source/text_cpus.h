/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_CPUS_H
#define RTLA_STALL_SOURCE_TEXT_CPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the text has shown of each CPU so far. The table grows to the highest CPU met, which is
 * below ENGINE_MAX_CPUS.
 */

struct text_cpu {
	bool is_seen;		/* an event of it was met; the next two are of the last one */
	uint64_t last_at;
	uint64_t last_offset;	/* of its line in the text */
	size_t waiting;		/* text_scan.c: the last loss that waits for its to_at, plus 1; 0
				 * none */
};

/* All zeros is an empty table. */
struct text_cpus {
	struct text_cpu *list;
	uint32_t nr;
};

void text_cpus_deinit(struct text_cpus *cpus);

/**
 * text_cpus_get() - the row of a CPU, made when it is new
 *
 * Return: valid until the next call; NULL when the CPU is out of range, or memory is.
 */
struct text_cpu *text_cpus_get(struct text_cpus *cpus, uint32_t cpu);

#endif
