/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_ENGINE_H
#define RTLA_STALL_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "episode.h"
#include "event.h"

/*
 * Events in, wait episodes out. Pure: no I/O, no clock, no globals, no floats.
 *
 *     engine_create()
 *     while (source_next() > 0)
 *             engine_feed()                 -> on_episode(), once per closed episode
 *     engine_for_each_open(last_at)         -> those still open, cut there
 *     engine_task()                         -> what is kept per thread
 *     engine_destroy()
 *
 * The rules are explained in Documentation/engine.rst, the words in Documentation/terms.rst.
 *
 * Memory grows with the number of threads, culprits and open episodes, not with the trace; where
 * threads come and go without end, recycle.h bounds it.
 * Nothing in a trace makes it fail: what cannot be is counted (engine_anomaly()), flagged and
 * shown. Only -ENOMEM comes out.
 */

struct engine;
struct names;

enum tristate { TRI_NO, TRI_YES, TRI_UNKNOWN };

/* What the source knows of the trace as a whole. */
struct engine_facts {
	uint64_t events_present;	/* EVENT_BIT()s the trace may hold; 0: not known */
	enum tristate is_preempt_rt;	/* TRI_UNKNOWN: found out from the events */
	enum tristate has_fair_server;	/* kernel 6.12 and later; TRI_UNKNOWN counts as no */
	bool has_reschedule;		/* reschedule interrupts are recorded: one that does not show
					 * did not come in */
	/*
	 * Where switches are recorded: a bit per CPU, ENGINE_MAX_CPUS of them; NULL: everywhere. Of other
	 * CPUs only wake-ups and moves are known: a wait that goes there ends, touched by loss, since its end
	 * cannot be seen. Borrowed; outlives the engine.
	 */
	const uint64_t *watched;
};

/*
 * A timerlat activation as its samples tell it; all times in ns, gross, as the tracer measures
 * them.
 */
struct timerlat_activation {
	uint64_t arrival_at;		/* when the timer should have expired; 0 when has_irq is
					 * false */
	uint64_t irq_latency_ns;	/* arrival to the sample in the interrupt */
	uint64_t thread_latency_ns;	/* arrival to the sample in the thread */
	uint64_t user_latency_ns;	/* arrival to the return to user space */
	uint64_t before_waking[CAUSE_NR]; /* partition of irq_latency_ns by cause */
	uint32_t cpu;
	uint32_t seqnum;
	int32_t tid;			/* of its thread; TID_UNKNOWN until it ran */
	bool has_irq;
	bool has_thread;
	bool has_user;
	uint32_t nr_charges;
	const struct charge *charges;	/* what before_waking consists of */
	const struct episode_stack *stack; /* at its interrupt, if the thread was late; NULL: none */
};

struct engine_config {
	const struct names *names;	/* borrowed; outlives the engine */
	struct engine_facts facts;
	uint64_t segments_from_ns;	/* episodes at least so long come with their segments; so does
					 * each thread's longest one so far */

	/* Called once for each closed episode, in the order of their ends. @episode and what it points
	 * to are borrowed for the call. May be NULL. Must not call engine_feed(). */
	void (*on_episode)(const struct episode *episode, void *arg);

	/* Called once per timerlat activation, when the next one begins or at engine_finish(). May be
	 * NULL. */
	void (*on_timerlat)(const struct timerlat_activation *activation, void *arg);
	void *arg;
};

enum task_state {
	TASK_UNKNOWN,	/* nothing has proven it yet, or a loss has made it doubtful */
	TASK_SLEEPING,
	TASK_SUSPENDED,	/* in D */
	TASK_READY,	/* has a wait */
	TASK_RUNNING,
	TASK_DEAD
};

/** task_state_name() - "sleeping", "ready", ... */
const char *task_state_name(enum task_state state);

/* What is kept per thread beside its episodes; one per identity. */
struct engine_task {
	uint32_t index;			/* dense, from 0; struct episode's task */
	uint32_t culprit;		/* the same thread as a culprit */
	int32_t tid;
	char comm[COMM_LEN];		/* the last one known; hostile bytes and all; always ends
					 * in NUL */
	enum tristate kthread;		/* inferred, unless a live source knows it */
	bool is_dead;
	bool is_dropped;		/* nr_gone: threads that nobody asked for */
	bool is_met;			/* false: no event has told of it, only engine_set_kthread() */
	uint64_t nr_gone;		/* it stands for so many that ended (recycle.h): its tid is
					 * TID_UNKNOWN, times are sums, response is the worst; 0: it is one */
	uint8_t state;			/* enum task_state */
	uint64_t state_at;		/* in that state since; 0 with TASK_UNKNOWN */
	uint32_t cpu;			/* it runs or is queued there, or ran there last */
	int32_t prio;			/* the last one seen; PRIO_UNKNOWN */
	uint64_t run_ns;		/* on a CPU, net of what ran on top */
	uint64_t before_trace_ns;	/* ready at least so long before its first switch-in, counted from
					 * the first event of that CPU; part of no episode */
	uint64_t nr_activations;	/* completed ones */
	struct {			/* of the activation with the longest response */
		uint64_t max_ns;	/* the sum of the five below, exactly */
		uint64_t release_jitter_ns; /* arrival to waking */
		uint64_t waits_ns;
		uint64_t execution_ns;
		uint64_t on_top_ns;	/* irq, softirq, nmi on top of its execution */
		uint64_t suspension_ns;
	} response;
	struct {
		uint64_t count;
		uint64_t ns;		/* the sum of the three below */
		uint64_t lock_ns;
		uint64_t flush_ns;
		uint64_t other_ns;
	} suspension;
};

/* An open wait, as far as that is known without attributing it. */
struct engine_wait {
	uint32_t task;			/* engine_task() */
	int32_t tid;
	int32_t prio;			/* at present */
	uint32_t cpu;			/* where it is queued */
	uint64_t began_at;
	uint8_t began_by;		/* enum episode_began */
	uint8_t flags;			/* enum episode_flag */
};

/* Who has a CPU. */
struct engine_cpu {
	uint32_t occupant;		/* culprit: the thread or idle underneath; CULPRIT_UNKNOWN's number 0
					 * when it is not known */
	uint32_t on_top;		/* culprit: the innermost irq or softirq on top of it; CULPRIT_NONE */
	int32_t prio;			/* of the occupant; PRIO_UNKNOWN */
	uint64_t since_at;		/* it was switched in, or was first seen there */
	bool is_since_known;		/* false: it may have been there longer */
	uint32_t nr_waits;		/* open waits queued there */
	uint64_t last_at;		/* of the last event recorded there */
};

/* Things in a trace that cannot be, or that only a guess explains. */
enum anomaly {
	ANOMALY_TIME_BACKWARDS,		/* an event older than the one before it */
	ANOMALY_TIME_JUMP,		/* an event ENGINE_MAX_JUMP_NS or more after the one before it */
	ANOMALY_CPU_RANGE,		/* a CPU number beyond ENGINE_MAX_CPUS */
	ANOMALY_TID_RANGE,		/* a tid that no kernel gives out */
	ANOMALY_SWITCH_FROM_OTHER,	/* prev is not the thread that was on this CPU */
	ANOMALY_SWITCH_FROM_READY,	/* prev was ready: its switch-in is missing */
	ANOMALY_SWITCH_TO_RUNNING,	/* next was on another CPU: its switch-out is missing */
	ANOMALY_SWITCH_TO_SLEEPING,	/* next slept: its waking is missing, or it never slept */
	ANOMALY_SWITCH_TO_DEAD,
	ANOMALY_WAKING_TWICE,		/* a second waking before the wakeup that a race needs */
	ANOMALY_RUNS_ELSEWHERE,		/* a record of a thread that is not on that CPU */
	ANOMALY_EXIT_WITHOUT_ENTRY,	/* of an interrupt, in the middle of the trace */
	ANOMALY_ENTRY_WITHOUT_EXIT,	/* an interrupt open at a switch, or nested impossibly
					 * deep */
	ANOMALY_CPU_MISMATCH,		/* switched in on another CPU than the one it was queued
					 * on */
	ANOMALY_NOISE_TOO_LONG,		/* net noise longer than there is time before it */
	ANOMALY_NOISE_DISAGREES,	/* with the raw entry and exit of the same interrupt */
	ANOMALY_LATE_CUT,		/* noise that reaches into an episode already handed out */
	ANOMALY_SEGMENTS_FOLDED,	/* episodes with more segments than are kept */
	ANOMALY_NR
};

/** anomaly_name() - "time_backwards", ...: the name in reports and JSON */
const char *anomaly_name(enum anomaly anomaly);

#define ENGINE_MAX_CPUS 16384u
#define ENGINE_MAX_TID 4194304	/* tids are below: PID_MAX_LIMIT of 64-bit kernels */

/*
 * Time that jumps by more than 104 days is damage, not waiting. One stamp that does is taken to be now; with
 * the next one agreeing it is another clock: all that waits ends there, as odd.
 */
#define ENGINE_MAX_JUMP_NS (UINT64_C(1) << 53)
#define ENGINE_MAX_SEGMENTS 4096u	/* per wait */
#define ENGINE_CPU_SEGMENTS 262144u	/* shared by the waits on one CPU, where that is less */

/*
 * Up to so long from the wakeup to the reschedule interrupt's entry it counts as an ordinary
 * inter-processor interrupt (release jitter, remote); longer, with a lower thread on top, as
 * interrupts being off. See engine.rst for the measurements behind it.
 */
#define ENGINE_ORDINARY_IPI_NS 100000u

/**
 * engine_create() - make an engine
 * @config: copied
 * @ret: set on success only
 *
 * Return: 0 or -ENOMEM.
 */
int engine_create(const struct engine_config *config, struct engine **ret)
	__attribute__((warn_unused_result));

/** engine_destroy() - free it; @eng may be NULL */
void engine_destroy(struct engine *eng);

/**
 * engine_feed() - take in one event
 * @event: borrowed for the call
 *
 * Return: 0 or -ENOMEM.
 */
int engine_feed(struct engine *eng, const struct event *event) __attribute__((warn_unused_result));

/**
 * engine_finish() - say that the trace ends here: hands out the last timerlat activations
 *
 * Open episodes stay open; ask for them with engine_for_each_open().
 */
int engine_finish(struct engine *eng) __attribute__((warn_unused_result));

/**
 * engine_for_each_open() - each open episode as if it were cut at @now_at
 * @now_at: not before the last event fed; trace clock, ns
 * @on_episode: gets them with EPISODE_STILL_OPEN set, with segments, in no particular order;
 *              borrowed for the call. The episodes themselves go on unchanged.
 *
 * Return: 0 or -ENOMEM.
 */
int engine_for_each_open(struct engine *eng, uint64_t now_at,
			 void (*on_episode)(const struct episode *episode, void *arg), void *arg)
	__attribute__((warn_unused_result));

/**
 * engine_for_each_waiting() - each open wait, without attributing it: cheap
 */
void engine_for_each_waiting(const struct engine *eng,
			     void (*on_wait)(const struct engine_wait *wait, void *arg), void *arg);

/**
 * engine_show_open() - the open wait of one thread as if it were cut at @now_at
 * @task: index; nothing is handed out when it does not wait
 *
 * Return: 0 or -ENOMEM.
 */
int engine_show_open(struct engine *eng, uint32_t task, uint64_t now_at,
		     void (*on_episode)(const struct episode *episode, void *arg), void *arg)
	__attribute__((warn_unused_result));

/** engine_nr_cpus() - the highest CPU met, and one */
uint32_t engine_nr_cpus(const struct engine *eng);

/** engine_cpu() - who has a CPU. Return: false when nothing was met of it */
bool engine_cpu(const struct engine *eng, uint32_t cpu, struct engine_cpu *ret);

/** engine_set_facts() - the source has come to know more: tracing came up after /proc was read */
void engine_set_facts(struct engine *eng, const struct engine_facts *facts);

/** engine_set_segments_from() - episodes that end from now on come with segments when at least so long */
void engine_set_segments_from(struct engine *eng, uint64_t segments_from_ns);

/** engine_nr_tasks() - how many identities were seen; indexes run from 0 */
uint32_t engine_nr_tasks(const struct engine *eng);

/** engine_nr_free() - how many of these indexes nobody has now (recycle.h); engine_task() says tid 0 */
uint32_t engine_nr_free(const struct engine *eng);

/** engine_comm() - the last name of a tid's last holder, dead or alive; any number may be asked for; "" */
const char *engine_comm(const struct engine *eng, int32_t tid);

/**
 * engine_task() - what is kept of one thread
 * @index: below engine_nr_tasks()
 * @ret: filled in; running threads are counted up to the last event
 */
void engine_task(const struct engine *eng, uint32_t index, struct engine_task *ret);

/** engine_task_of_culprit() - the task index of a CULPRIT_THREAD; UINT32_MAX for other kinds */
uint32_t engine_task_of_culprit(const struct engine *eng, uint32_t culprit);

/** engine_nr_culprits() - how many were met; numbers run from 0 */
uint32_t engine_nr_culprits(const struct engine *eng);

/** engine_culprit() - who a culprit is; @culprit below engine_nr_culprits() */
struct culprit engine_culprit(const struct engine *eng, uint32_t culprit);

/** engine_anomaly() - how often it was met */
uint64_t engine_anomaly(const struct engine *eng, enum anomaly anomaly);

/** engine_is_preempt_rt() - what was decided about softirqs: TRI_YES they run in threads */
enum tristate engine_is_preempt_rt(const struct engine *eng);

/** engine_seen() - EVENT_BIT()s of the types fed so far */
uint64_t engine_seen(const struct engine *eng);

/**
 * engine_set_kthread() - say what a source knows of a thread from the kernel itself
 * @tid: the present holder of this tid; made known when it is not yet
 */
int engine_set_kthread(struct engine *eng, int32_t tid, bool is_kthread)
	__attribute__((warn_unused_result));

#endif
