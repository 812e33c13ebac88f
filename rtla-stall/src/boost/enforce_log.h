/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_LOG_H
#define RTLA_STALL_BOOST_ENFORCE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/episode.h"
#include "enforce_params.h"
#include "plan_command.h"

/*
 * What a run says: lines of text to stderr, the kernel's log, the system's log, a file; and each boost as a
 * line of JSON. Every target has a ring and a writer of its own (log_ring.h): none of them can hold up the
 * run, or another target.
 *
 *     enforce_log_create(); enforce_log_say(); enforce_log_boost(); enforce_log_destroy()
 */

struct error;
struct enforce_log;

enum enforce_level {		/* syslog's numbers */
	ENFORCE_LOG_ERROR = 3,
	ENFORCE_LOG_WARNING = 4,
	ENFORCE_LOG_NOTICE = 5,
	ENFORCE_LOG_INFO = 6,
	ENFORCE_LOG_DEBUG = 7	/* only with --verbose */
};

enum enforce_seen_by { ENFORCE_SEEN_BY_TRACE, ENFORCE_SEEN_BY_PROC };

/* All about one boost, known when it has been restored. */
struct enforce_boost_record {
	uint64_t serial;		/* numbers the boosts of this run */
	int32_t tid;
	char comm[COMM_LEN];
	int32_t prio;			/* before it */
	bool is_kthread;
	uint32_t cpu;
	uint64_t threshold_ns;
	uint64_t wait_began_at;		/* CLOCK_MONOTONIC, as all instants */
	uint64_t wait_ns;		/* when it was boosted */
	uint64_t boosted_at;		/* just before the call that does it */
	uint64_t boosting_ns;		/* from the decision until then */
	uint64_t late_ns;		/* after the instant it was due; 0 unless is_late_known */
	bool is_late_known;		/* the first boost of a wait */
	struct plan_occupant culprit;	/* the thread with the largest share of the wait, by the trace; else
					 * who has the CPU */
	bool has_causes;		/* the engine could say */
	uint64_t causes[CAUSE_NR];	/* ns of wait_ns */
	char work[64];			/* the function a kworker is to run; "" not known */
	struct plan_occupant waited_by;	/* a thread in D for it; UNKNOWN: none known */
	uint64_t waited_by_ns;		/* so long already */
	uint32_t nr_victims;
	uint8_t policy;			/* PLAN_DEADLINE, PLAN_FIFO */
	uint8_t notes;			/* enum plan_note */
	uint8_t why;			/* it ended: enum plan_why of the RESTORE */
	uint8_t seen_by;		/* enum enforce_seen_by */
	uint8_t fate;			/* enum ledger_fate */
	bool is_dry_run;
	uint32_t rt_priority;		/* FIFO */
	uint64_t grant_ns;
	uint64_t period_ns;		/* deadline */
	bool is_granted_known;
	uint64_t granted_ns;		/* CPU time it got */
	bool is_jitter_known;
	uint64_t jitter_ns;		/* what it cost whoever had the CPU; 0 unless known */
	uint64_t excess_ns;		/* of the larger of both, what is beyond its grant */
	bool is_ran_known;
	uint64_t ran_after_ns;		/* from the boost until it ran */
	uint64_t restored_at;
	uint64_t budget_debt_ns;	/* of the CPU, afterwards */
};

/**
 * enforce_log_create() - open the targets, start their writers
 *
 * Return: 0 or a negative errno with words in @err.
 */
int enforce_log_create(const struct enforce_params *params, int json_fd, struct enforce_log **ret,
		       struct error *err) __attribute__((warn_unused_result));

/** enforce_log_destroy() - write what is left, for at most a second; @log may be NULL */
void enforce_log_destroy(struct enforce_log *log);

/** enforce_log_say() - one line; never blocks. Text from elsewhere has gone through view/format.h */
void enforce_log_say(struct enforce_log *log, enum enforce_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** enforce_log_boost() - the record of a boost; never blocks */
void enforce_log_boost(struct enforce_log *log, const struct enforce_boost_record *record);

/** enforce_log_dropped() - lines no target got, of all targets together */
uint64_t enforce_log_dropped(const struct enforce_log *log);

/** enforce_log_render_json() - one line of JSON, with its newline */
struct strbuf;
void enforce_log_render_json(const struct enforce_boost_record *record, int64_t wall_offset_ns,
			     struct strbuf *out);

#endif
