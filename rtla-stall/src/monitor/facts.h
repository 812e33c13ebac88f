/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_FACTS_H
#define RTLA_STALL_MONITOR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "../util/parse.h"

/*
 * What of the machine decides how long threads wait: the kernel and how it preempts, the CPUs set apart,
 * and what the kernel itself does for those that starve. For the header of a report; read once, from small
 * files that no stall holds. Nothing here fails: what cannot be read is unknown, and says so.
 */

enum facts_preemption {
	FACTS_PREEMPT_UNKNOWN,
	FACTS_PREEMPT_NONE,
	FACTS_PREEMPT_VOLUNTARY,
	FACTS_PREEMPT_NONE_OR_VOLUNTARY,	/* the kernel does not tell the two apart */
	FACTS_PREEMPT_FULL,
	FACTS_PREEMPT_LAZY,
	FACTS_PREEMPT_FULL_OR_LAZY,		/* likewise, 6.13 and later */
	FACTS_PREEMPT_DYNAMIC,			/* chosen when it booted; which one cannot be read */
	FACTS_PREEMPT_RT
};

struct facts_cpus {
	bool is_known;
	struct cpu_list list;
	char text[128];			/* "0-3,7", as the kernel writes it; "" none, or unknown; a long
					 * one ends in "..." */
};

enum facts_server {
	FACTS_SERVER_UNKNOWN,		/* its settings cannot be read; a kernel of 6.12 or later has one */
	FACTS_SERVER_ABSENT,		/* the kernel is older */
	FACTS_SERVER_OFF,		/* on all CPUs */
	FACTS_SERVER_ON			/* on some CPU at least */
};

struct facts {
	char kernel[128];		/* "6.1.0-56-rt-amd64"; "" unknown */
	enum facts_preemption preemption;
	struct facts_cpus online;
	struct facts_cpus present;
	struct facts_cpus isolated;	/* isolcpus= and the like */
	struct facts_cpus nohz_full;
	bool knows_throttling;		/* of real-time threads */
	int64_t rt_runtime_us;		/* -1: no throttling */
	int64_t rt_period_us;
	enum facts_server server;	/* the fair server */
	uint64_t server_runtime_ns;	/* ON: of the first CPU that has it */
	uint64_t server_period_ns;
	bool server_differs;		/* ON: other CPUs have other settings */
};

/**
 * facts_read() - read them
 * @root: "" the machine's own files; else a directory with copies of them
 */
void facts_read(const char *root, struct facts *ret);

/** facts_preemption_name() - "PREEMPT_RT", "full", "none or voluntary", ...; "unknown" */
const char *facts_preemption_name(enum facts_preemption preemption);

/** facts_server_name() - "on", "off", "none", "unknown" */
const char *facts_server_name(enum facts_server server);

#endif
