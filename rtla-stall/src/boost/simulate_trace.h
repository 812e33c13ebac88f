/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_SIMULATE_TRACE_H
#define RTLA_STALL_BOOST_SIMULATE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/engine.h"
#include "simulate.h"

/*
 * The long waits of a trace, with who had the CPU meanwhile and what the waiter needed afterwards. Only
 * simulate.c uses it.
 *
 *     |------------- wait -------------|== run ==| preempted, or asleep
 *     | loop-rt (164)  |  idle  | 164  |<------->|
 *      parts: who had the CPU until       needed
 *
 * Interrupts on top are left out of the parts: they belong to the thread underneath, or before.
 */

#define SIMULATE_MAX_WAITS 1000000u
#define SIMULATE_MAX_PARTS 4000000u

struct simulate_part {
	uint64_t to_at;
	uint32_t culprit;	/* engine_culprit() */
	int32_t prio;
};

struct simulate_wait {
	uint32_t task;		/* engine_task() */
	int32_t tid;
	int32_t prio;
	uint32_t cpu;
	uint64_t began_at;
	uint64_t ended_at;
	uint64_t needed_ns;
	bool is_open;
	uint32_t first_part;
	uint32_t nr_parts;	/* 0: not known who had it */
};

struct simulate_trace {
	struct names *names;
	struct engine *engine;	/* to be asked, not fed, any more */
	struct simulate_wait *waits; /* by beginning */
	uint32_t nr_waits;
	uint32_t nr_waits_allocated;
	struct simulate_part *parts;
	uint32_t nr_parts;
	uint32_t nr_parts_allocated;
	uint64_t nr_omitted;
	uint64_t first_at;
	uint64_t last_at;
	uint64_t nr_losses;
	enum tristate has_fair_server;
	bool is_truncated;
	bool was_interrupted;
	char kernel[128];
};

/** simulate_trace_read() - all of it. Return: 0 or a negative errno with words in @err; deinit it always */
int simulate_trace_read(const struct simulate_setting *setting, struct simulate_trace *trace,
			struct error *err);

void simulate_trace_deinit(struct simulate_trace *trace);

/** simulate_trace_occupant() - who had the waiter's CPU at @at */
struct plan_occupant simulate_trace_occupant(const struct simulate_trace *trace,
					     const struct simulate_wait *wait, uint64_t at);

#endif
