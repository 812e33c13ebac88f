/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_HIT_REPORT_H
#define RTLA_STALL_MONITOR_HIT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "monitor_params.h"

/*
 * What is said when a threshold is reached.
 *
 * Of a wait: what `analyze` will say of it again from the saved trace, and what only the running machine
 * can tell. Of a timerlat activation: its time by cause and culprit, in the layout that readers of rtla's
 * auto-analysis know (the lines' words, their order, "us" and a share), but with parts that add up to the
 * whole to the nanosecond: three decimals where rtla prints two, and lines of our own for what it leaves out.
 *
 *     hit_stacks_take()       stacks first: the stall may end
 *     monitor_snapshot()
 *     hit_report_write()      and hit_lines_write()
 */

struct document_layout;
struct engine;
struct hit_stacks;
struct monitor_hit;
struct snapshot;
struct timerlat_activation;
struct works;

/* The latest timer interrupt that found its CPU idle, over a run. A zeroed struct knows of none. */
struct hit_idle {
	bool is_known;
	uint32_t cpu;
	uint64_t ns;
};

/** hit_idle_count() - take in one activation */
void hit_idle_count(struct hit_idle *idle, const struct timerlat_activation *activation);

struct hit_report_input {
	const struct monitor_hit *hit;
	const struct engine *engine;
	const struct snapshot *snapshot;	/* made after the hit */
	const struct hit_stacks *stacks;	/* NULL: none were taken */
	const struct works *works;		/* NULL: not known */
	const struct hit_idle *idle;		/* NULL: not counted */
	uint64_t threshold_ns;			/* the one that was reached */
	uint64_t nr_unreported;			/* hits of this CPU since its last report */
	const char *saved_path;			/* the trace is there; NULL: not saved */
	bool dumps_tasks;			/* --dump-tasks */
	enum monitor_stack_format stack_format;	/* frames without a name */
};

/** hit_report_cpu() - which CPU a hit belongs to */
uint32_t hit_report_cpu(const struct monitor_hit *hit);

/** hit_report_at() - when it was seen to reach the threshold: trace time, ns */
uint64_t hit_report_at(const struct monitor_hit *hit);

/** hit_report_is_covered() - does the snapshot know everybody the hit speaks of? It is too old if not */
bool hit_report_is_covered(const struct hit_report_input *input);

/**
 * hit_report_stacks() - its stacks alone, as lines that are safe to show
 *
 * Return: to be freed; NULL when out of memory.
 */
char *hit_report_stacks(const struct hit_report_input *input, const struct document_layout *layout);

/**
 * hit_report_write() - write it
 *
 * Return: 0 or a negative errno; -EPIPE included, -EINVAL when it is not covered.
 */
int hit_report_write(const struct hit_report_input *input, const struct document_layout *layout, FILE *out)
	__attribute__((warn_unused_result));

#endif
