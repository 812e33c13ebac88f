// SPDX-License-Identifier: GPL-2.0-only
#include "decode_rules.h"

#include <stddef.h>
#include <string.h>

#include "../util/array.h"

#define BIT(field) (1u << (field))

#define WAKE_FIELDS .required = BIT(WAKE_TID), \
	.wanted = { "comm", "pid", "prio", "target_cpu|cpu", "success" }
#define WORK_FIELDS .required = BIT(WORK_ADDRESS), \
	.wanted = { "work", "function", "workqueue", "req_cpu", "cpu" }
#define SOFTIRQ_FIELDS .required = BIT(IRQ_NUMBER), .wanted = { "vec" }
#define TIMERLAT_FIELDS .required = BIT(TIMERLAT_CONTEXT) | BIT(TIMERLAT_VALUE), \
	.wanted = { "seqnum", "context", "timer_latency" }

static const struct decode_rule rules[] = {
	{ "sched", "sched_switch", EVENT_SWITCH,
	  .required = BIT(SWITCH_PREV_TID) | BIT(SWITCH_NEXT_TID),
	  .wanted = { "prev_comm", "prev_pid", "prev_prio", "prev_state",
		      "next_comm", "next_pid", "next_prio" } },
	{ "sched", "sched_waking", EVENT_WAKING, WAKE_FIELDS },
	{ "sched", "sched_wakeup", EVENT_WAKEUP, WAKE_FIELDS },
	{ "sched", "sched_wakeup_new", EVENT_WAKEUP_NEW, WAKE_FIELDS },
	{ "sched", "sched_migrate_task", EVENT_MIGRATE,
	  .required = BIT(MIGRATE_TID) | BIT(MIGRATE_ORIG) | BIT(MIGRATE_DEST),
	  .wanted = { "comm", "pid", "prio", "orig_cpu", "dest_cpu" } },
	{ "sched", "sched_pi_setprio", EVENT_PI_SETPRIO,
	  .required = BIT(PI_TID) | BIT(PI_OLD_PRIO) | BIT(PI_NEW_PRIO),
	  .wanted = { "comm", "pid", "oldprio", "newprio" } },
	{ "sched", "sched_process_fork", EVENT_FORK, .required = BIT(FORK_CHILD),
	  .wanted = { "parent_pid", "child_comm", "child_pid" } },
	{ "task", "task_newtask", EVENT_FORK, .required = BIT(FORK_CHILD),
	  .wanted = { NULL, "comm", "pid" } },
	{ "sched", "sched_process_exec", EVENT_EXEC, .required = BIT(TASK_TID),
	  .wanted = { "pid", "old_pid" } },
	{ "sched", "sched_process_exit", EVENT_EXIT, .required = BIT(TASK_TID),
	  .wanted = { "pid", NULL, "comm" } },
	{ "task", "task_rename", EVENT_RENAME, .required = BIT(TASK_COMM),
	  .wanted = { "pid", NULL, "newcomm" } },
	{ "irq", "irq_handler_entry", EVENT_IRQ_ENTRY, .required = BIT(IRQ_NUMBER),
	  .wanted = { "irq", "name" } },
	{ "irq", "irq_handler_exit", EVENT_IRQ_EXIT, .required = BIT(IRQ_NUMBER),
	  .wanted = { "irq" } },
	{ "irq", "softirq_entry", EVENT_SOFTIRQ_ENTRY, SOFTIRQ_FIELDS },
	{ "irq", "softirq_exit", EVENT_SOFTIRQ_EXIT, SOFTIRQ_FIELDS },
	{ "nmi", "nmi_handler", EVENT_NMI, .required = BIT(IRQ_DURATION),
	  .wanted = { NULL, "handler", "delta_ns" } },
	{ "osnoise", "irq_noise", EVENT_IRQ_NOISE, .required = BIT(IRQ_DURATION),
	  .wanted = { "vector", "desc", "duration" } },
	{ "osnoise", "softirq_noise", EVENT_SOFTIRQ_NOISE, .required = BIT(IRQ_DURATION),
	  .wanted = { "vector", NULL, "duration" } },
	{ "osnoise", "nmi_noise", EVENT_NMI_NOISE, .required = BIT(IRQ_DURATION),
	  .wanted = { NULL, NULL, "duration" } },
	{ "osnoise", "thread_noise", EVENT_THREAD_NOISE,
	  .required = BIT(NOISE_TID) | BIT(NOISE_DURATION),
	  .wanted = { "pid", "comm", "duration" } },
	{ "ftrace", "timerlat", EVENT_TIMERLAT, TIMERLAT_FIELDS },
	{ "osnoise", "timerlat_sample", EVENT_TIMERLAT, TIMERLAT_FIELDS },
	{ "workqueue", "workqueue_queue_work", EVENT_WORK_QUEUE, WORK_FIELDS },
	{ "workqueue", "workqueue_activate_work", EVENT_WORK_ACTIVATE, WORK_FIELDS },
	{ "workqueue", "workqueue_execute_start", EVENT_WORK_START, WORK_FIELDS },
	{ "workqueue", "workqueue_execute_end", EVENT_WORK_END, WORK_FIELDS },
	{ "lock", "contention_begin", EVENT_LOCK_BEGIN, .required = BIT(LOCK_ADDRESS),
	  .wanted = { "lock_addr", "flags" } },
	{ "lock", "contention_end", EVENT_LOCK_END, .required = BIT(LOCK_ADDRESS),
	  .wanted = { "lock_addr", NULL, "ret" } },
	{ "preemptirq", "irq_disable", EVENT_IRQS_OFF, .required = 0 },
	{ "preemptirq", "irq_enable", EVENT_IRQS_ON, .required = 0 },
	{ "preemptirq", "preempt_disable", EVENT_PREEMPT_OFF, .required = 0 },
	{ "preemptirq", "preempt_enable", EVENT_PREEMPT_ON, .required = 0 },
	{ "ftrace", "kernel_stack", EVENT_STACK, .required = BIT(STACK_FRAMES),
	  .wanted = { "size", "caller" } },
};

/* Any event of these systems whose name ends in _entry or _exit. */
static const struct decode_rule vector_rules[] = {
	{ "irq_vectors", "_entry", EVENT_IRQ_ENTRY, .wanted = { "vector" } },
	{ "irq_vectors", "_exit", EVENT_IRQ_EXIT, .wanted = { "vector" } },
	{ "ipi", "ipi_entry", EVENT_IRQ_ENTRY, .required = 0 },
	{ "ipi", "ipi_exit", EVENT_IRQ_EXIT, .required = 0 },
};

static bool ends_in(const char *name, const char *ending)
{
	size_t length = strlen(name);
	size_t ending_length = strlen(ending);

	return length >= ending_length && !strcmp(name + length - ending_length, ending);
}

const struct decode_rule *decode_rule_find(const char *system, const char *name)
{
	for (size_t i = 0; i < NR_ELEMENTS(rules); i++) {
		if (!strcmp(rules[i].name, name) && !strcmp(rules[i].system, system))
			return &rules[i];
	}
	for (size_t i = 0; i < NR_ELEMENTS(vector_rules); i++) {
		if (!strcmp(vector_rules[i].system, system) && ends_in(name, vector_rules[i].name))
			return &vector_rules[i];
	}
	return NULL;
}

bool decode_rule_is_vector(const struct decode_rule *rule)
{
	return rule >= vector_rules &&
	       rule < vector_rules + NR_ELEMENTS(vector_rules);
}
