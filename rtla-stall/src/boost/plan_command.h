/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PLAN_COMMAND_H
#define RTLA_STALL_BOOST_PLAN_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/event.h"

/*
 * What goes into the plan, and what comes out of it: values (plan.h says how).
 *
 * Instants are of one monotonic clock, durations ns. Names come from the system and are hostile: bytes of
 * any kind, but always a NUL at the end.
 */

enum plan_policy {
	PLAN_AUTO,	/* in plan_config only: deadline where its runtime is enforced precisely (HRTICK_DL,
			 * or a grant of at least a tick) and the thread may have it as it is; else FIFO;
			 * deadline also where FIFO cannot outrank the culprit */
	PLAN_DEADLINE,
	PLAN_FIFO
};

enum plan_why {
	PLAN_WHY_NONE,
	/* LET_BE */
	PLAN_WHY_DENIED,	/* by the deny list */
	PLAN_WHY_NOT_ALLOWED,	/* there is an allow list, and it is not on it */
	PLAN_WHY_USER_THREAD,	/* and user threads were not asked for */
	PLAN_WHY_OURSELVES,
	PLAN_WHY_IN_D,		/* it waits for something, not for a CPU */
	PLAN_WHY_DEADLINE,	/* it is SCHED_DEADLINE, or of the stop class, already */
	PLAN_WHY_OUTRANKS,	/* it outranks who has the CPU: priority is not what it lacks */
	PLAN_WHY_CPU_IDLE,	/* nobody has the CPU: it is throttled, or the CPU is not told */
	PLAN_WHY_CULPRIT_OURSELVES, /* this program has the CPU */
	PLAN_WHY_CULPRIT_STOP,	/* migration/N: nothing outranks it */
	PLAN_WHY_FAIR_SERVER,	/* the kernel serves it */
	PLAN_WHY_BUDGET,	/* the CPU's budget does not afford it yet: until_at says when */
	PLAN_WHY_REFUSED,	/* the kernel refused every policy: tried again after a while */
	PLAN_WHY_NO_EFFECT,	/* no policy gave it any CPU time: tried again after a while */
	PLAN_WHY_PERIOD,	/* it is in care, and has had its boost of this period */
	PLAN_WHY_NOT_ITS_TURN,	/* its CPU has another boost: no command says so, simulate.h does */
	/* RESTORE */
	PLAN_WHY_DONE,		/* it ran, and sleeps */
	PLAN_WHY_GRANTED,	/* it ran: its grant counts as used */
	PLAN_WHY_INEFFECTIVE,	/* it did not run for a whole period */
	PLAN_WHY_GONE,		/* it has ended */
	PLAN_WHY_STOPPED,	/* plan_stop() */
	PLAN_WHY_NR
};

/** plan_why_name() - one word for JSON: "denied", "fair_server", ... */
const char *plan_why_name(enum plan_why why);

/** plan_why_words() - what follows "because": "it is on the deny list", ... */
const char *plan_why_words(enum plan_why why);

/** plan_policy_name() - "auto", "deadline", "fifo" */
const char *plan_policy_name(enum plan_policy policy);

enum plan_wait_state {
	PLAN_READY,	/* able to run, and does not */
	PLAN_IN_D	/* suspended; began_at: since when */
};

/* Who has the waiter's CPU: the thread underneath, whatever interrupt is on top of it. */
enum plan_occupant_kind { PLAN_OCCUPANT_UNKNOWN, PLAN_OCCUPANT_THREAD, PLAN_OCCUPANT_IDLE };

struct plan_occupant {
	uint8_t kind;		/* enum plan_occupant_kind */
	bool is_kthread;
	bool is_ourselves;	/* a thread of this program or of a child of it */
	int32_t tid;		/* THREAD */
	int32_t prio;		/* as traced; PRIO_UNKNOWN */
	char comm[COMM_LEN];	/* hostile bytes and all; ends in NUL */
};

struct plan_wait {
	int32_t tid;
	uint64_t key;		/* with @tid, who it is: its start time, or the engine's task index; always
				 * the same kind in one plan */
	char comm[COMM_LEN];	/* hostile bytes and all; ends in NUL */
	int32_t prio;		/* as traced; PRIO_UNKNOWN */
	uint32_t cpu;		/* where it is queued */
	uint64_t began_at;	/* of the wait, on the clock of plan_begin(); may be older than the trace */
	uint8_t state;		/* enum plan_wait_state */
	bool is_kthread;
	bool is_ourselves;
	bool is_confined;	/* may run on a part of the CPUs only: deadline needs admission off */
	uint8_t list;		/* PLAN_WHY_NONE, _DENIED or _NOT_ALLOWED: what the user's lists say */
	uint64_t threshold_ns;	/* of threads of this name */
	bool has_own_threshold;	/* the user named it, for all or for this thread; not the built-in one */
	uint64_t fair_server_ns; /* period of the fair server that serves it; 0: none does */
	uint32_t nr_victims;	/* known to wait behind it, IN_D entries of this round not counted */
	int32_t behind_tid;	/* IN_D: whom it waits for (the worker it flushes; later a lock's owner);
				 * TID_UNKNOWN */
	uint32_t work_function;	/* name; handed on for the record; 0 unknown */
	struct plan_occupant occupant;
};

enum plan_note {
	PLAN_NOTE_CULPRIT_KTHREAD = 1 << 0,	/* a kernel thread has the CPU, and pays for the boost */
	PLAN_NOTE_SECOND_POLICY = 1 << 1,	/* the first choice was refused or had no effect */
	PLAN_NOTE_IN_CARE = 1 << 2,		/* it goes on from an earlier boost */
	PLAN_NOTE_LIFTS_ADMISSION = 1 << 3,	/* sched_rt_runtime_us will be touched */
	PLAN_NOTE_LOUD = 1 << 4,		/* LET_BE: this thread is not kept alive: its wait will reach
						 * twice its threshold, or nothing helps it */
	PLAN_NOTE_GRANT_CUT = 1 << 5		/* the whole budget is less than the runtime asked for */
};

enum plan_verb { PLAN_BOOST, PLAN_RESTORE, PLAN_LET_BE };

struct plan_command {
	uint8_t verb;		/* enum plan_verb */
	uint8_t why;		/* enum plan_why; BOOST: NONE */
	uint8_t policy;		/* BOOST, RESTORE: PLAN_DEADLINE or PLAN_FIFO */
	uint8_t notes;		/* enum plan_note */
	uint32_t cpu;
	uint32_t rt_priority;	/* FIFO: 1..99 */
	uint64_t grant_ns;	/* BOOST, RESTORE; deadline: its runtime */
	uint64_t deadline_ns;	/* deadline: relative; shorter than the period against a deadline culprit */
	uint64_t period_ns;	/* deadline */
	uint64_t until_at;	/* BOOST: restored by then; LET_BE for BUDGET: when it will be affordable;
				 * else 0 */
	uint64_t wait_ns;	/* so far */
	uint64_t serial;	/* BOOST, RESTORE: numbers the boosts of this plan, from 1 */
	struct plan_wait wait;	/* RESTORE: as it was when it was boosted */
};

/* A boost that is going on. */
struct plan_boost {
	uint64_t serial;
	uint32_t cpu;
	int32_t tid;
	uint64_t key;
	uint64_t boosted_at;
};

/* What a thread did since its boost began: ledger_measure(). */
struct plan_usage {
	bool is_gone;
	bool has_run;		/* it was put on a CPU */
	bool is_asleep;		/* neither running nor ready now */
};

/* What one boost came to. */
struct plan_result {
	bool is_granted_known;	/* false: the time that passed is charged */
	uint64_t granted_ns;	/* CPU time it got while it was boosted */
	bool is_asleep;		/* after it: it is done */
};

#endif
