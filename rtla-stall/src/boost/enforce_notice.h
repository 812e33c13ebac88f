/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_NOTICE_H
#define RTLA_STALL_BOOST_ENFORCE_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "../util/cpus_on.h"

/*
 * What a run says of the machine it watches: that kernel threads cannot be read in /proc, that a CPU goes off
 * line or comes back, that the trace has lost events. Each change once.
 */

struct enforce_log;

struct enforce_notice {
	struct enforce_log *log;	/* borrowed */
	const struct cpu_list *cpus;	/* those that matter; NULL: all. Borrowed */
	uint64_t hangs_from_at;		/* stat of kernel threads cannot be read; 0: it can */
	bool is_hang_said;
	uint64_t nr_losses;		/* of the trace, the last time */
	struct cpus_on cpus_on;		/* the caller opens and closes it */
};

/** enforce_notice_cpus() - see which went off or came back; not at each call. @now: CLOCK_MONOTONIC, ns */
void enforce_notice_cpus(struct enforce_notice *notice, uint64_t now);

/** enforce_notice_hang() - whether kernel threads can be read now */
void enforce_notice_hang(struct enforce_notice *notice, bool hangs, uint64_t now);

/** enforce_notice_losses() - how often the trace has lost events, and how many */
void enforce_notice_losses(struct enforce_notice *notice, uint64_t nr_losses, uint64_t lost_events);

#endif
