/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_EVENTS_H
#define RTLA_STALL_SOURCE_LIVE_EVENTS_H

#include <stdbool.h>

#include "../util/parse.h"

/*
 * Which events of the kernel are recorded, and where.
 *
 *     watched CPUs:   who runs, who becomes ready, interrupts, work items, births and deaths
 *     other CPUs:     wake-ups, moves and work that are meant for a watched CPU; births and deaths
 *
 * With no list of CPUs all are watched. Otherwise there are two instances of tracing, one for each row,
 * so that nothing else of the other CPUs costs anything; a CPU's pages come from one of them.
 */

struct error;
struct strbuf;

enum live_group {
	LIVE_GROUP_BASE = 1 << 0,	/* sched, task, workqueue, irq, softirq, nmi */
	LIVE_GROUP_VECTORS = 1 << 1,	/* irq_vectors, or ipi where there is no such thing */
	LIVE_GROUP_NOISE = 1 << 2,	/* osnoise: interrupts as its tracer measures them */
	LIVE_GROUP_THREAD_NOISE = 1 << 3, /* osnoise: threads, and the samples of timerlat */
};

/** live_events_is_wanted() - is the event in one of the groups? */
bool live_events_is_wanted(const char *system, const char *name, unsigned int groups);

/**
 * live_events_add_filter() - the text that passes only numbers of @cpus in one of two fields
 * @other_field: NULL: only @field
 *
 * Return: false when it would be longer than the kernel takes.
 */
bool live_events_add_filter(struct strbuf *out, const char *field, const char *other_field,
			    const struct cpu_list *cpus);

/**
 * live_events_enable() - switch them on in an instance
 * @cpus: NULL: this instance is of watched CPUs; else of the others, and these are watched
 *
 * An event that this kernel lacks is left out; one that matters is missed by the reader of the trace.
 *
 * Return: 0 or a negative errno with words in @err.
 */
int live_events_enable(const char *instance, unsigned int groups, const struct cpu_list *cpus,
		       struct error *err) __attribute__((warn_unused_result));

#endif
