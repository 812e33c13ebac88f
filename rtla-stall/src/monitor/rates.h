/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_RATES_H
#define RTLA_STALL_MONITOR_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/event.h"

/*
 * How often things happen, over the last second that is over. A zeroed struct counts from nothing.
 */

struct rates_cpu {
	uint64_t irqs;		/* so far in this second */
	uint64_t switches;
	uint64_t irqs_per_s;	/* in the last one */
	uint64_t switches_per_s;
};

struct rates {
	struct rates_cpu *cpus;
	uint32_t nr_cpus;
	bool has_entries;	/* interrupts are recorded by their entries; else by osnoise */
	uint64_t events;
	uint64_t events_per_s;
	uint64_t from_at;	/* this second began; CLOCK_MONOTONIC, ns */
	uint64_t own_ns;	/* CPU time of ours then */
	uint64_t own_per_mille;	/* of one CPU */
};

/** rates_deinit() - free it */
void rates_deinit(struct rates *rates);

/** rates_count() - one event. Return: 0 or -ENOMEM */
int rates_count(struct rates *rates, const struct event *event) __attribute__((warn_unused_result));

/** rates_update() - call it now and then; @own_ns: CPU time of ours so far */
void rates_update(struct rates *rates, uint64_t now_at, uint64_t own_ns);

#endif
