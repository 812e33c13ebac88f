/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_LEDGER_BOOST_H
#define RTLA_STALL_BOOST_LEDGER_BOOST_H

#include <stdbool.h>
#include <stdint.h>

#include "plan_command.h"
#include "sched_sys.h"

/*
 * What goes into the ledger, and what comes out of it: values (ledger.h says how). Instants are
 * CLOCK_MONOTONIC.
 */

/* A boost that is asked for. */
struct ledger_order {
	int32_t tid;
	uint64_t start_ticks;	/* who it has to be; 0: whoever was prepared, or has the tid now */
	uint64_t began_at;	/* of its wait: as given to ledger_prepare() */
	char comm[COMM_LEN];	/* for the messages of whoever restores it */
	uint32_t policy;	/* SCHED_SYS_FIFO or SCHED_SYS_DEADLINE */
	uint32_t rt_priority;	/* FIFO */
	uint64_t runtime_ns;	/* deadline, as the next two */
	uint64_t deadline_ns;
	uint64_t period_ns;
	uint64_t until_at;	/* when it will be restored; CLOCK_MONOTONIC */
	bool may_lift_admission;
	bool has_nr_runs;	/* it has not run since it had been put on a CPU so often: else -EAGAIN */
	uint64_t nr_runs;
};

/* Which boost; never used again. */
struct ledger_id {
	uint32_t slot;
	uint64_t serial;	/* 0: none */
};

struct ledger_boost {
	struct ledger_id id;
	uint64_t boosted_at;	/* CLOCK_MONOTONIC, just before it was set: it may run at once, here */
	uint64_t start_ticks;
	struct sched_sys_attr original;
	bool has_lifted_admission;
};

/* What the thread did since its boost. */
struct ledger_usage {
	struct plan_usage seen;
	bool has_granted;	/* false: no file of this kernel tells */
	bool is_coarse;		/* granted_ns is only good to 10 ms */
	uint64_t granted_ns;	/* of a running thread: as of the last tick */
};

enum ledger_fate {
	LEDGER_RESTORED,
	LEDGER_RESTORED_LATE,	/* by the restorer: we did not in time */
	LEDGER_CHANGED,		/* somebody else has changed it since, which stands */
	LEDGER_GONE,		/* the thread has ended */
	LEDGER_FAILED		/* not restored: ledger_retry() goes on */
};

struct ledger_outcome {
	uint8_t fate;		/* enum ledger_fate */
	uint64_t restored_at;
	struct ledger_usage usage; /* after it was restored: exact */
};

/* What a killed run left behind, and what became of it. */
struct ledger_leftover {
	uint32_t nr_restored;
	uint32_t nr_changed;
	uint32_t nr_gone;
	uint32_t nr_failed;
	bool was_admission_restored;
	int32_t pid;		/* of that run; 0: none was left */
};

#endif
