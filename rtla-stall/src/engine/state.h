/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_STATE_H
#define RTLA_STALL_ENGINE_STATE_H

#include "attribute.h"
#include "cpu.h"
#include "culprit.h"
#include "engine.h"
#include "task.h"
#include "work.h"

/* The engine's own state, shared by its files and nobody else. */

struct engine {
	struct engine_config config;
	struct attribute_facts facts;
	uint64_t now_at;		/* of the last event; never goes back */
	uint64_t jumped_to_at;		/* the last event's stamp, when it was too far off to be taken */
	uint64_t seen;			/* EVENT_BIT()s */
	uint64_t lost_to_at;		/* the latest end of any loss so far */
	uint64_t lost_from_at;		/* where the latest loss began */
	uint64_t loss_seq;		/* how many losses so far */
	struct culprit_table culprits;
	struct task_table tasks;
	struct work_table works;
	struct task **gone;		/* who stand for the dead (recycle.c), ordered */
	uint32_t nr_gone;
	struct cpu **cpus;		/* by number; NULL: never met */
	uint32_t nr_cpus;
	struct wait *free_waits;
	uint32_t frame_serial;
	uint32_t mark_serial;
	uint32_t nmi;			/* culprit */
	uint32_t nr_kept_slots;		/* of a lane without waits; more where events tell of the
					 * past */
	enum tristate is_preempt_rt;
	uint64_t anomalies[ANOMALY_NR];
};

/** state_cpu() - the CPU of this number, made when it is new. Return: 0 or -ENOMEM */
int state_cpu(struct engine *eng, uint32_t number, struct cpu **ret);

/** state_is_watched() - whether switches of this CPU are recorded */
static inline bool state_is_watched(const struct engine *eng, uint32_t cpu)
{
	const uint64_t *watched = eng->config.facts.watched;

	return !watched || cpu >= ENGINE_MAX_CPUS || watched[cpu / 64] >> cpu % 64 & 1;
}

/** state_push() - what cpu_slot() says is on top from @at on. Return: 0 or -ENOMEM */
int state_push(struct engine *eng, struct cpu *cpu, uint64_t at);

/**
 * state_is_after_loss() - whether records may be missing since this thread's state was last proven
 */
static inline bool state_is_after_loss(const struct engine *eng, const struct task *task)
{
	return eng->loss_seq > task->loss_seq || task->state_at < eng->lost_to_at;
}

/* What becomes of one event, by its kind. Each returns 0 or -ENOMEM. */

/** sched_on_any() - what any record proves: who is on its CPU. Before the event's own handler */
int sched_on_any(struct engine *eng, struct cpu *cpu, const struct event *event);
int sched_on_switch(struct engine *eng, struct cpu *cpu, const struct event *event);
int sched_on_loss(struct engine *eng, struct cpu *cpu, const struct event *event);

/** sched_learn_occupant() - a tid is on this CPU, though no switch to it was seen; 0: idle */
int sched_learn_occupant(struct engine *eng, struct cpu *cpu, int32_t tid);

/** found_on_event() - FOUND_*: what /proc shows */
int found_on_event(struct engine *eng, struct cpu *cpu, const struct event *event);

/** sched_forget_occupant() - whoever was on this CPU, it cannot be told any more */
int sched_forget_occupant(struct engine *eng, struct cpu *cpu, uint64_t at);

int wake_on_waking(struct engine *eng, struct cpu *cpu, const struct event *event);
int wake_on_wakeup(struct engine *eng, struct cpu *cpu, const struct event *event);
int wake_on_wakeup_new(struct engine *eng, struct cpu *cpu, const struct event *event);
int wake_on_migrate(struct engine *eng, struct cpu *cpu, const struct event *event);
int wake_on_work(struct engine *eng, struct cpu *cpu, const struct event *event);

/**
 * identity_task() - the present holder of a tid, made when it is new
 * @ret: NULL for tid 0, and for what is no tid
 */
int identity_task(struct engine *eng, int32_t tid, struct task **ret);

/** identity_learn() - a record tells a thread's name and priority; either may be missing */
void identity_learn(struct engine *eng, struct task *task, const char comm[COMM_LEN], int32_t prio);

/**
 * identity_culprit() - a tid on a CPU as a culprit: idle for 0, the unknown one for what is no tid
 */
int identity_culprit(struct engine *eng, const struct cpu *cpu, int32_t tid, uint32_t *ret);

int identity_on_fork(struct engine *eng, struct cpu *cpu, const struct event *event);
int identity_on_event(struct engine *eng, struct cpu *cpu, const struct event *event);
int identity_on_pi(struct engine *eng, struct cpu *cpu, const struct event *event);

/**
 * identity_renew() - the tid is given to a new thread: the old identity ends. Return: 0 or -ENOMEM
 */
int identity_renew(struct engine *eng, int32_t tid, struct task **ret);

int irq_on_entry(struct engine *eng, struct cpu *cpu, const struct event *event);
int irq_on_exit(struct engine *eng, struct cpu *cpu, const struct event *event);
int irq_on_noise(struct engine *eng, struct cpu *cpu, const struct event *event);
int irq_on_preemptirq(struct engine *eng, struct cpu *cpu, const struct event *event);

/**
 * irq_softirq_is_thread() - whether softirqs on this CPU are now the thread that runs them: on
 * PREEMPT_RT all are, elsewhere ksoftirqd's
 */
bool irq_softirq_is_thread(const struct engine *eng, const struct cpu *cpu);

/** irq_on_evidence() - a record of a thread shows why it keeps the CPU */
int irq_on_evidence(struct engine *eng, struct cpu *cpu, const struct event *event);

/** irq_leave_all() - contexts that cannot be any more, at a switch */
void irq_leave_all(struct engine *eng, struct cpu *cpu);

/** irq_on_stack() - a stack: for the waits on this CPU, the suspension, and timerlat */
int irq_on_stack(struct engine *eng, struct cpu *cpu, const struct event *event);

int timerlat_on_sample(struct engine *eng, struct cpu *cpu, const struct event *event);
void timerlat_on_stack(struct engine *eng, struct cpu *cpu, const struct event *event);

/** timerlat_on_irq_end() - an interrupt that began at @entry_at ends: it may be the sample's own */
void timerlat_on_irq_end(const struct engine *eng, struct cpu *cpu, uint64_t entry_at,
			 uint64_t exit_at);

/** timerlat_finish() - hand out the activation in the making */
int timerlat_finish(struct engine *eng, struct cpu *cpu);

#endif
