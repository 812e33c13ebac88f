// SPDX-License-Identifier: GPL-2.0-only
#include "document.h"

#include <string.h>

#include "../util/array.h"

#define WAKEUPS (EVENT_BIT(EVENT_WAKEUP) | EVENT_BIT(EVENT_WAKEUP_NEW))
#define NEEDS_SWITCH                                                                              \
	(EVENT_BIT(EVENT_WAKING) | WAKEUPS | EVENT_BIT(EVENT_MIGRATE) |                           \
	 EVENT_BIT(EVENT_PI_SETPRIO) | EVENT_BIT(EVENT_WORK_QUEUE))

/* When a row applies beside "none of its events was seen". */
enum rule {
	RULE_SEEN,		/* every trace of some length has them */
	RULE_PRESENT,		/* they may well never happen: only if they were not recorded */
	RULE_VECTORS,		/* x86 interrupt vectors */
};

static const struct {
	uint64_t events;	/* EVENT_BIT()s: any of them will do */
	enum rule rule;
	struct document_missing missing;
} rows[] = {
	{ EVENT_BIT(EVENT_SWITCH), RULE_SEEN,
	  { .name = "sched_switch",
	    .hides = "who had a CPU is not known, so no wait can be seen" } },
	{ EVENT_BIT(EVENT_WAKING), RULE_SEEN,
	  { .name = "sched_waking",
	    .hides = "waits begin at the wakeup, which is later, and wakers are not known" } },
	{ WAKEUPS, RULE_SEEN,
	  { .name = "sched_wakeup",
	    .hides = "on which CPU a woken thread queues is known only from its switch-in or move" } },
	{ EVENT_BIT(EVENT_MIGRATE), RULE_PRESENT,
	  { .name = "sched_migrate_task",
	    .hides = "a wait that moves to another CPU is judged by the CPU it was on before" } },
	{ EVENT_BIT(EVENT_PI_SETPRIO), RULE_PRESENT,
	  { .name = "sched_pi_setprio",
	    .hides = "a lower thread at a rank lent to it passes for one that outranks the waiter" } },
	{ EVENT_BIT(EVENT_IRQ_ENTRY) | EVENT_BIT(EVENT_IRQ_NOISE), RULE_SEEN,
	  { .name = "irq_handler_entry",
	    .hides = "device interrupts are charged to the threads they hit" } },
	{ EVENT_BIT(EVENT_IRQ_NOISE), RULE_VECTORS,
	  { .name = "irq_vectors",
	    .hides = "timer and inter-processor interrupts are charged to the threads they hit" } },
	{ EVENT_BIT(EVENT_SOFTIRQ_ENTRY) | EVENT_BIT(EVENT_SOFTIRQ_NOISE), RULE_SEEN,
	  { .name = "softirq_entry",
	    .hides = "softirqs are charged to the threads they hit" } },
	{ EVENT_BIT(EVENT_WORK_QUEUE) | EVENT_BIT(EVENT_WORK_START), RULE_PRESENT,
	  { .name = "workqueue",
	    .hides = "what a kworker should have run, and who queued it, is not known" } },
};

void document_find_missing(struct document *doc, uint64_t seen)
{
	uint64_t present = doc->source->events_present;

	for (size_t i = 0; i < NR_ELEMENTS(rows); i++) {
		uint64_t events = rows[i].events;

		if (seen & events)
			continue;
		if (rows[i].rule == RULE_PRESENT && (present & events))
			continue;
		if (rows[i].rule == RULE_VECTORS &&
		    (doc->source->has_irq_vectors || !doc->source->is_x86))
			continue;
		/* On PREEMPT_RT a softirq is the thread it runs in: nothing is charged wrongly. */
		if ((events & EVENT_BIT(EVENT_SOFTIRQ_ENTRY)) && doc->is_preempt_rt == TRI_YES)
			continue;
		doc->missing[doc->nr_missing] = rows[i].missing;
		doc->missing[doc->nr_missing++].is_moot = !(seen & EVENT_BIT(EVENT_SWITCH)) &&
							  (events & NEEDS_SWITCH);
		if ((events & EVENT_BIT(EVENT_WAKING)) && !(seen & WAKEUPS))
			doc->missing[doc->nr_missing - 1].hides =
				"only waits that begin with a preemption are seen";
	}
}

void document_add_anomaly(struct document *doc, const char *name, uint64_t count)
{
	if (!count)
		return;
	/* Source and engine count some things alike, each what it sees. */
	for (uint32_t i = 0; i < doc->nr_anomalies; i++) {
		struct document_anomaly *known = &doc->anomalies[i];

		if (!strcmp(known->name, name)) {
			known->count = known->count > count ? known->count : count;
			return;
		}
	}
	doc->anomalies[doc->nr_anomalies++] = (struct document_anomaly){ name, count };
}
