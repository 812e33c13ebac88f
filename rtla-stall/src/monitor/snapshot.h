/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_SNAPSHOT_H
#define RTLA_STALL_MONITOR_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../stats/summary.h"
#include "../stats/timers.h"
#include "../view/document.h"
#include "../view/wall.h"

/*
 * How things stand at one instant of a run: what the interactive views and the final tables show. Made by
 * the monitor; plain values, but for what the document and the summary borrow: valid until the monitor is
 * given its next turn.
 */

/* A thread that waits now. */
struct snapshot_wait {
	const struct episode *episode;	/* cut at now_at, with segments; also among summary.stalls when it is
					 * long enough */
	uint32_t thread;		/* index in summary.threads */
	int32_t prio;			/* at present */
};

struct snapshot_cpu {
	uint32_t cpu;
	bool is_online;
	bool is_isolated;		/* isolcpus, nohz_full: nothing is placed there by itself */
	bool is_known;			/* false: nothing has shown yet who is on it, see why */
	struct culprit occupant;	/* a thread or idle */
	int32_t prio;			/* of the occupant, as traced; PRIO_UNKNOWN */
	const char *policy;		/* FIFO RR DEADLINE OTHER BATCH IDLE EXT; "" unknown */
	uint64_t since_at;		/* on this CPU without a switch */
	bool is_since_known;		/* false: it may have been there longer */
	bool has_on_top;
	struct culprit on_top;		/* irq, softirq */
	uint64_t irqs_per_s;		/* interrupts taken, over the last second */
	uint64_t switches_per_s;
	uint64_t lost_events;		/* so far */
	uint32_t nr_waits;		/* of all threads, watched or not; those watched are in waits[] with
					 * episode->cpu == cpu */
	const char *why;		/* when something cannot be shown: the reason, in words; "" */
};

/* What was seen of a wait on the machine, and is in no trace: lines of text that are safe to show. */
struct snapshot_note {
	int32_t tid;
	uint64_t began_at;		/* of the wait */
	const char *text;		/* borrowed; each line ends in '\n' */
};

enum snapshot_phase {
	SNAPSHOT_PROC,		/* tracing is being set up; what there is comes from /proc */
	SNAPSHOT_LIVE,
	SNAPSHOT_ENDED
};

struct snapshot {
	struct document doc;		/* source, totals, anomalies; doc.summary, doc.timers */
	struct summary summary;		/* open waits included, cut at now_at; stalls too */
	uint8_t *states;		/* enum task_state, by index in summary.threads */
	struct snapshot_wait *waits;	/* of selected threads, longest first */
	uint32_t nr_waits;
	uint32_t *wait_of_thread;	/* index in waits[] by index in summary.threads; UINT32_MAX none */
	struct snapshot_cpu *cpus;	/* watched ones, ascending */
	uint32_t nr_cpus;

	const struct snapshot_note *notes; /* borrowed, and given by whoever shows the snapshot; NULL */
	uint32_t nr_notes;

	enum snapshot_phase phase;
	char phase_words[256];		/* PROC: what is being waited for; "" nothing to say */
	uint64_t now_at;		/* ns of trace time */
	struct wall_clock wall;
	uint64_t elapsed_ns;		/* since the run began, warm-up left out */
	uint64_t stall_ns;
	uint64_t threshold_ns;		/* 0: none */
	uint64_t nr_hits;		/* so far */
	uint64_t nr_hits_unreported;	/* beyond the rate of reports */
	uint64_t nr_stalls;		/* waits of at least stall_ns so far, open ones included */
	uint64_t stalls_from_at;	/* they were counted from then on, since the threshold was changed;
					 * trace time; 0: from the beginning */
	uint64_t events_per_s;		/* over the last second */
	uint64_t own_cpu_ns;		/* CPU time of ours so far, helpers included */
	uint64_t own_cpu_per_mille;	/* of one CPU, over the last second */
	uint64_t lost_events;
	char saved_path[256];		/* the trace saved last; "" none */
};

/** snapshot_deinit() - free what it owns; a zeroed struct is fine */
void snapshot_deinit(struct snapshot *snapshot);

/** snapshot_wall() - wall-clock time of an instant of trace time, in ns since 1970 */
static inline uint64_t snapshot_wall(const struct snapshot *snapshot, uint64_t at)
{
	return wall_at(&snapshot->wall, at);
}

#endif
