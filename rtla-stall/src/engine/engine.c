// SPDX-License-Identifier: GPL-2.0-only
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/names.h"
#include "hand_out.h"
#include "state.h"
#include "wait.h"

/* Records of what is over already: lanes then keep some of their past. */
#define TELLS_OF_PAST                                                                            \
	(EVENT_BIT(EVENT_NMI) | EVENT_BIT(EVENT_IRQ_NOISE) | EVENT_BIT(EVENT_SOFTIRQ_NOISE) |     \
	 EVENT_BIT(EVENT_NMI_NOISE) | EVENT_BIT(EVENT_TIMERLAT))

const char *anomaly_name(enum anomaly anomaly)
{
	static const char *const anomalies[ANOMALY_NR] = {
		[ANOMALY_TIME_BACKWARDS] = "time_backwards",
		[ANOMALY_TIME_JUMP] = "time_jump",
		[ANOMALY_CPU_RANGE] = "cpu_range",
		[ANOMALY_TID_RANGE] = "tid_range",
		[ANOMALY_SWITCH_FROM_OTHER] = "switch_from_other",
		[ANOMALY_SWITCH_FROM_READY] = "switch_from_ready",
		[ANOMALY_SWITCH_TO_RUNNING] = "switch_to_running",
		[ANOMALY_SWITCH_TO_SLEEPING] = "switch_to_sleeping",
		[ANOMALY_SWITCH_TO_DEAD] = "switch_to_dead",
		[ANOMALY_WAKING_TWICE] = "waking_twice",
		[ANOMALY_RUNS_ELSEWHERE] = "runs_elsewhere",
		[ANOMALY_EXIT_WITHOUT_ENTRY] = "exit_without_entry",
		[ANOMALY_ENTRY_WITHOUT_EXIT] = "entry_without_exit",
		[ANOMALY_CPU_MISMATCH] = "cpu_mismatch",
		[ANOMALY_NOISE_TOO_LONG] = "noise_too_long",
		[ANOMALY_NOISE_DISAGREES] = "noise_disagrees",
		[ANOMALY_LATE_CUT] = "late_cut",
		[ANOMALY_SEGMENTS_FOLDED] = "segments_folded",
	};

	return anomalies[anomaly];
}

static void take_facts(struct engine *eng)
{
	const uint64_t queues = EVENT_BIT(EVENT_WAKEUP) | EVENT_BIT(EVENT_MIGRATE);
	const struct engine_facts *facts = &eng->config.facts;

	eng->is_preempt_rt = facts->is_preempt_rt;
	eng->nr_kept_slots = facts->events_present & TELLS_OF_PAST ? LANE_KEPT_SLOTS : 1;
	eng->facts.knows_queues = !facts->events_present || (facts->events_present & queues) == queues;
	eng->facts.has_server = facts->has_fair_server == TRI_YES;
	eng->facts.has_reschedule = facts->has_reschedule;
}

int engine_create(const struct engine_config *config, struct engine **ret)
{
	struct engine *eng = calloc(1, sizeof(*eng));
	int err = -ENOMEM;

	if (!eng)
		return err;
	eng->config = *config;
	take_facts(eng);
	if (!task_table_init(&eng->tasks) && !culprit_table_init(&eng->culprits))
		err = culprit_table_context(&eng->culprits, CULPRIT_NMI, -1, 0, false, &eng->nmi);
	if (err) {
		engine_destroy(eng);
		return err;
	}
	*ret = eng;
	return 0;
}

void engine_set_facts(struct engine *eng, const struct engine_facts *facts)
{
	eng->config.facts = *facts;
	take_facts(eng);
	/* Its trace begins now, whatever /proc has shown. */
	for (uint32_t i = 0; i < eng->nr_cpus; i++) {
		if (eng->cpus[i])
			eng->cpus[i]->is_seen = false;
	}
}

void engine_destroy(struct engine *eng)
{
	struct wait *wait;

	if (!eng)
		return;
	for (uint32_t i = 0; i < eng->nr_cpus; i++) {
		struct cpu *cpu = eng->cpus[i];

		while (cpu && (wait = cpu->waits)) {
			cpu->waits = wait->next;
			wait_free(wait);
		}
		if (cpu)
			cpu_deinit(cpu);
		free(cpu);
	}
	free(eng->cpus);
	while ((wait = eng->free_waits)) {
		eng->free_waits = wait->next;
		wait_free(wait);
	}
	free(eng->gone);
	work_table_deinit(&eng->works);
	task_table_deinit(&eng->tasks);
	culprit_table_deinit(&eng->culprits);
	free(eng);
}

static int on_lock(struct engine *eng, const struct event *event)
{
	struct task *task = task_table_find(&eng->tasks, event->tid);

	if (task)	/* 1 is LCB_F_SPIN: it does not sleep */
		task->is_contending = event->type == EVENT_LOCK_BEGIN && !(event->lock.flags & 1);
	return 0;
}

static int dispatch(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	switch ((enum event_type)event->type) {
	case EVENT_SWITCH:
		return sched_on_switch(eng, cpu, event);
	case EVENT_WAKING:
		return wake_on_waking(eng, cpu, event);
	case EVENT_WAKEUP:
		return wake_on_wakeup(eng, cpu, event);
	case EVENT_WAKEUP_NEW:
		return wake_on_wakeup_new(eng, cpu, event);
	case EVENT_MIGRATE:
		return wake_on_migrate(eng, cpu, event);
	case EVENT_PI_SETPRIO:
		return identity_on_pi(eng, cpu, event);
	case EVENT_FORK:
		return identity_on_fork(eng, cpu, event);
	case EVENT_EXEC:
	case EVENT_EXIT:
	case EVENT_RENAME:
		return identity_on_event(eng, cpu, event);
	case EVENT_IRQ_ENTRY:
	case EVENT_SOFTIRQ_ENTRY:
		return irq_on_entry(eng, cpu, event);
	case EVENT_IRQ_EXIT:
	case EVENT_SOFTIRQ_EXIT:
		return irq_on_exit(eng, cpu, event);
	case EVENT_NMI:
	case EVENT_IRQ_NOISE:
	case EVENT_SOFTIRQ_NOISE:
	case EVENT_NMI_NOISE:
		eng->nr_kept_slots = LANE_KEPT_SLOTS;
		return irq_on_noise(eng, cpu, event);
	case EVENT_TIMERLAT:
		return timerlat_on_sample(eng, cpu, event);
	case EVENT_WORK_QUEUE:
	case EVENT_WORK_ACTIVATE:
	case EVENT_WORK_START:
	case EVENT_WORK_END:
		return wake_on_work(eng, cpu, event);
	case EVENT_LOCK_BEGIN:
	case EVENT_LOCK_END:
		return on_lock(eng, event);
	case EVENT_IRQS_OFF:
	case EVENT_IRQS_ON:
	case EVENT_PREEMPT_OFF:
	case EVENT_PREEMPT_ON:
		return irq_on_preemptirq(eng, cpu, event);
	case EVENT_STACK:
		return irq_on_stack(eng, cpu, event);
	case EVENT_OTHER:
		return irq_on_evidence(eng, cpu, event);
	case EVENT_THREAD_NOISE:
	case EVENT_LOSS:
	case EVENT_TICK:
	case EVENT_FOUND_READY:
	case EVENT_FOUND_RUNNING:
	case EVENT_FOUND_ENDED:
	case EVENT_NR_TYPES:
		break;
	}
	return 0;
}

/* An interrupt's wakings on its way out come after its exit; in idle's name, several of them. */
static bool keeps_tail(const struct cpu *cpu, uint8_t type)
{
	const uint64_t wakings = EVENT_BIT(EVENT_WAKING) | EVENT_BIT(EVENT_WAKEUP) |
				 EVENT_BIT(EVENT_MIGRATE);
	const uint64_t endings = EVENT_BIT(EVENT_IRQ_EXIT) | EVENT_BIT(EVENT_IRQ_NOISE);

	return EVENT_BIT(type) & (cpu->occupant == OCCUPANT_IDLE ? wakings | endings : endings);
}

/* The clock is another one from here on: nothing that was going on has a length any more. */
static int change_clock(struct engine *eng, uint64_t at)
{
	int err = 0;

	for (uint32_t i = 0; i < eng->tasks.nr_tasks && !err; i++) {
		struct task *task = task_table_at(&eng->tasks, i);

		if (task->state == TASK_READY)
			err = wait_end(eng, task->wait, eng->now_at, EPISODE_ODD);
		else if (task->state == TASK_RUNNING)
			err = sched_forget_occupant(eng, eng->cpus[task->cpu], eng->now_at);
		if (task->state != TASK_DEAD)
			task->state = TASK_UNKNOWN;
		activation_forget(&task->activation);
	}
	for (uint32_t i = 0; i < eng->nr_cpus && !err; i++) {
		struct cpu *cpu = eng->cpus[i];

		if (!cpu)
			continue;
		err = sched_forget_occupant(eng, cpu, eng->now_at);
		cpu->nr_frames = 0;
		cpu->run_from_at = cpu->first_at = at;
	}
	eng->now_at = at;
	return err;
}

static int take_time(struct engine *eng, uint64_t at)
{
	uint64_t jumped_to_at = eng->jumped_to_at;

	eng->jumped_to_at = 0;
	if (at < eng->now_at) {
		eng->anomalies[ANOMALY_TIME_BACKWARDS]++;
		return 0;
	}
	if (!eng->seen || at - eng->now_at < ENGINE_MAX_JUMP_NS) {
		eng->now_at = at;
		return 0;
	}
	eng->anomalies[ANOMALY_TIME_JUMP]++;
	if (jumped_to_at && at >= jumped_to_at && at - jumped_to_at < ENGINE_MAX_JUMP_NS)
		return change_clock(eng, at);
	eng->jumped_to_at = at;
	return 0;
}

int engine_feed(struct engine *eng, const struct event *event)
{
	struct cpu *cpu;
	int err;

	if (event->type == EVENT_TICK) {
		if (event->at > eng->now_at)
			eng->now_at = event->at;
		return 0;
	}
	if (event->cpu >= ENGINE_MAX_CPUS) {
		eng->anomalies[ANOMALY_CPU_RANGE]++;
		return 0;
	}
	if (event->cpu < eng->nr_cpus && eng->cpus[event->cpu]) {
		cpu = eng->cpus[event->cpu];
	} else {
		err = state_cpu(eng, event->cpu, &cpu);
		if (err)
			return err;
	}
	if (event->type == EVENT_LOSS)
		return sched_on_loss(eng, cpu, event);
	err = take_time(eng, event->at);
	if (err)
		return err;
	if (event->type >= EVENT_FOUND_READY)	/* no record: it proves nothing else */
		return found_on_event(eng, cpu, event);
	eng->seen |= EVENT_BIT(event->type);
	err = sched_on_any(eng, cpu, event);
	if (!err)
		err = dispatch(eng, cpu, event);
	cpu->last_at = eng->now_at;
	if (cpu->tail != CULPRIT_NONE && !keeps_tail(cpu, event->type))
		cpu->tail = CULPRIT_NONE;
	return err;
}

int engine_finish(struct engine *eng)
{
	int err = 0;

	for (uint32_t i = 0; i < eng->nr_cpus && !err; i++) {
		if (eng->cpus[i])
			err = timerlat_finish(eng, eng->cpus[i]);
	}
	return err;
}

int engine_for_each_open(struct engine *eng, uint64_t now_at,
			 void (*on_episode)(const struct episode *episode, void *arg), void *arg)
{
	if (now_at < eng->now_at || now_at - eng->now_at >= ENGINE_MAX_JUMP_NS)
		now_at = eng->now_at;
	for (uint32_t i = 0; i < eng->nr_cpus; i++) {
		for (const struct wait *wait = eng->cpus[i] ? eng->cpus[i]->waits : NULL; wait;
		     wait = wait->next) {
			int err = hand_out_open(eng, wait, now_at, on_episode, arg);

			if (err)
				return err;
		}
	}
	return 0;
}

void engine_for_each_waiting(const struct engine *eng,
			     void (*on_wait)(const struct engine_wait *wait, void *arg), void *arg)
{
	for (uint32_t i = 0; i < eng->nr_cpus; i++) {
		for (const struct wait *wait = eng->cpus[i] ? eng->cpus[i]->waits : NULL; wait;
		     wait = wait->next) {
			const struct engine_wait waiting = {
				.task = wait->task->index,
				.tid = wait->task->tid,
				.prio = wait->task->prio,
				.cpu = i,
				.began_at = wait->began_at,
				.began_by = wait->began_by,
				.flags = wait->flags | EPISODE_STILL_OPEN,
			};

			on_wait(&waiting, arg);
		}
	}
}

int engine_show_open(struct engine *eng, uint32_t index, uint64_t now_at,
		     void (*on_episode)(const struct episode *episode, void *arg), void *arg)
{
	const struct task *task = task_table_at(&eng->tasks, index);

	if (now_at < eng->now_at || now_at - eng->now_at >= ENGINE_MAX_JUMP_NS)
		now_at = eng->now_at;
	return task->state == TASK_READY ? hand_out_open(eng, task->wait, now_at, on_episode, arg) : 0;
}

void engine_set_segments_from(struct engine *eng, uint64_t segments_from_ns)
{
	eng->config.segments_from_ns = segments_from_ns;
}

uint32_t engine_nr_cpus(const struct engine *eng)
{
	return eng->nr_cpus;
}

bool engine_cpu(const struct engine *eng, uint32_t number, struct engine_cpu *ret)
{
	const struct cpu *cpu = number < eng->nr_cpus ? eng->cpus[number] : NULL;

	if (!cpu)
		return false;
	*ret = (struct engine_cpu){
		.occupant = cpu->occupant == OCCUPANT_THREAD ? cpu->running->culprit :
			    cpu->occupant == OCCUPANT_IDLE ? cpu->idle : 0,
		.on_top = cpu->nr_frames ? cpu->frames[cpu->nr_frames - 1].culprit : CULPRIT_NONE,
		.prio = cpu->occupant == OCCUPANT_THREAD ? cpu->running->prio : PRIO_UNKNOWN,
		.since_at = cpu->in_at ? cpu->in_at : cpu->run_from_at,
		.is_since_known = cpu->in_at,
		.nr_waits = cpu->nr_waits,
		.last_at = cpu->last_at,
	};
	return true;
}

uint32_t engine_nr_tasks(const struct engine *eng)
{
	return eng->tasks.nr_tasks;
}

uint32_t engine_nr_free(const struct engine *eng)
{
	return eng->tasks.nr_free;
}

const char *engine_comm(const struct engine *eng, int32_t tid)
{
	const struct task *task = task_table_find(&eng->tasks, tid);

	return task ? task->comm : "";
}

void engine_task(const struct engine *eng, uint32_t index, struct engine_task *ret)
{
	const struct task *task = task_table_at(&eng->tasks, index);
	uint64_t since_ns;

	*ret = task->kept;
	memcpy(ret->comm, task->comm, COMM_LEN);
	ret->kthread = task_is_kthread(task);
	ret->is_dead = task->state == TASK_DEAD;
	ret->is_met = task->was_proven || task->is_fresh || *task->comm;
	ret->state = task->state;
	ret->state_at = task->state == TASK_UNKNOWN ? 0 : task->state_at;
	ret->cpu = task->state == TASK_READY ? task->wait->cpu : task->cpu;
	ret->prio = task->prio;
	if (task->state == TASK_RUNNING) {
		const struct cpu *cpu = eng->cpus[task->cpu];
		uint64_t on_top_ns = cpu->on_top_ns;

		since_ns = eng->now_at - cpu->run_from_at;
		if (cpu->nr_frames)
			on_top_ns += eng->now_at - cpu->top_since_at;
		ret->run_ns += since_ns > on_top_ns ? since_ns - on_top_ns : 0;
	} else if (task->state == TASK_SUSPENDED) {
		since_ns = eng->now_at - task->state_at;
		ret->suspension.count++;
		ret->suspension.ns += since_ns;
		if (task->suspension_kind == SUSPENSION_LOCK)
			ret->suspension.lock_ns += since_ns;
		else if (task->suspension_kind == SUSPENSION_FLUSH)
			ret->suspension.flush_ns += since_ns;
		else
			ret->suspension.other_ns += since_ns;
	}
}

uint32_t engine_task_of_culprit(const struct engine *eng, uint32_t culprit)
{
	return eng->culprits.entries[culprit].task;
}

uint32_t engine_nr_culprits(const struct engine *eng)
{
	return eng->culprits.nr_entries;
}

struct culprit engine_culprit(const struct engine *eng, uint32_t culprit)
{
	const struct culprit_entry *entry = &eng->culprits.entries[culprit];
	struct culprit ret = { .kind = (enum culprit_kind)entry->kind, .id = entry->id };

	switch (ret.kind) {
	case CULPRIT_THREAD:
		ret.name = task_table_at(&eng->tasks, entry->task)->comm;
		break;
	case CULPRIT_IRQ:
	case CULPRIT_SOFTIRQ:
		ret.name = names_get(eng->config.names, entry->name);
		break;
	case CULPRIT_NMI:
		ret.name = "nmi";
		break;
	case CULPRIT_IDLE:
		ret.name = "idle";
		break;
	case CULPRIT_UNKNOWN:
	case CULPRIT_NR_KINDS:
		ret.name = "";
		break;
	}
	return ret;
}

uint64_t engine_anomaly(const struct engine *eng, enum anomaly anomaly)
{
	return eng->anomalies[anomaly];
}

enum tristate engine_is_preempt_rt(const struct engine *eng)
{
	return eng->is_preempt_rt;
}

uint64_t engine_seen(const struct engine *eng)
{
	return eng->seen;
}

int engine_set_kthread(struct engine *eng, int32_t tid, bool is_kthread)
{
	struct task *task;
	int err = identity_task(eng, tid, &task);

	if (!err && task)
		task->kthread = is_kthread ? TRI_YES : TRI_NO;
	return err;
}
