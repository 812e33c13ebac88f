/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_MONITOR_STATE_H
#define RTLA_STALL_MONITOR_MONITOR_STATE_H

#include "../account.h"
#include "../source/source.h"
#include "../util/cpus_on.h"
#include "ended.h"
#include "hits.h"
#include "lingering.h"
#include "lost_waits.h"
#include "monitor.h"
#include "occupants.h"
#include "rates.h"
#include "stall_count.h"
#include "works.h"

/* The monitor's own state, shared by the files of monitor and snapshot.c, and nobody else. */

struct monitor {
	struct monitor_config config;
	struct names *names;
	struct account account;
	struct hits *hits;
	struct rates rates;
	struct occupants occupants;
	struct lingering lingering;
	struct lost_waits lost_waits;
	struct ended ended;
	struct works works;
	struct live_setup *setup;	/* until tracing is up */
	struct source *proc;		/* likewise */
	struct source *live;		/* from then on */
	enum snapshot_phase phase;
	uint64_t began_at;		/* CLOCK_MONOTONIC, ns, as all here */
	uint64_t live_at;
	uint64_t counted_from_at;	/* the warm-up is over; 0: not yet */
	uint64_t recycled_at;
	uint64_t ended_at;		/* SNAPSHOT_ENDED */
	uint64_t last_at;		/* trace time has come so far */
	uint64_t skip_to_at;		/* of the trace, what /proc has told of is left out */
	uint64_t nr_unreported;
	struct stall_count stalls;
	struct wall_clock wall;
	struct cpus_on cpus_on;
	char saved_path[256];

	/* Memory of the snapshot that is out. */
	struct longest *open;		/* copies of open waits */
};

/** monitor_info() - of the source there is now */
const struct source_info *monitor_info(const struct monitor *monitor);

/** monitor_own_ns() - CPU time of ours so far */
uint64_t monitor_own_ns(void);

/* how long the set-up may take to end */
#define MONITOR_SETUP_STOP_MS 1000

/** monitor_open_account() - an empty one. Return: 0 or a negative errno with words in @err */
int monitor_open_account(struct monitor *monitor, const struct source_info *info, struct error *err)
	__attribute__((warn_unused_result));

#endif
