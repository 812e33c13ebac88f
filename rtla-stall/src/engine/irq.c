// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts on top of threads: interrupts, softirqs, NMIs, as raw entry and exit or as noise told
 * afterwards.
 */
#include <string.h>

#include "../util/array.h"
#include "../util/names.h"
#include "state.h"
#include "wait.h"

/* Noise within so long of a raw exit of the same interrupt tells of that one. */
#define NOISE_AFTER_EXIT_NS 50000u
/* Net times of the two may differ by a quarter, and by what taking the stamps costs. */
#define NOISE_SLACK_NS 20000u

static int find_culprit(struct engine *eng, const struct event *event, uint8_t slot_kind, uint32_t *ret)
{
	const char *name = names_get(eng->config.names, event->irq.name);
	enum culprit_kind kind = slot_kind == SLOT_IRQ ? CULPRIT_IRQ :
				 slot_kind == SLOT_SOFTIRQ ? CULPRIT_SOFTIRQ : CULPRIT_NMI;

	if (kind == CULPRIT_NMI) {
		*ret = eng->nmi;
		return 0;
	}
	return culprit_table_context(&eng->culprits, kind, event->irq.number, event->irq.name,
				     kind == CULPRIT_IRQ && !strncmp(name, "reschedule", 10), ret);
}

static void enter_top(struct cpu *cpu, uint64_t at)
{
	if (!cpu->nr_frames)
		cpu->top_since_at = at;
}

/* The innermost context ends. */
static void pop(struct cpu *cpu, uint64_t at)
{
	const struct frame *top = &cpu->frames[--cpu->nr_frames];
	uint64_t gross_ns = at - top->entry_at;

	if (top->kind == SLOT_IRQ)
		cpu->raw_irq = (struct raw_irq){
			.entry_at = top->entry_at,
			.exit_at = at,
			.net_ns = gross_ns > top->nested_ns ? gross_ns - top->nested_ns : 0,
			.number = top->number,
		};
	if (cpu->nr_frames)
		cpu->frames[cpu->nr_frames - 1].nested_ns += gross_ns;
	else
		cpu->on_top_ns += at - cpu->top_since_at;
}

bool irq_softirq_is_thread(const struct engine *eng, const struct cpu *cpu)
{
	return eng->is_preempt_rt == TRI_YES ||
	       (cpu->occupant == OCCUPANT_THREAD && cpu->running->is_ksoftirqd);
}

/*
 * The record of an interrupt shows whether preemption was off in what it interrupted. With
 * need-resched set that holds until the switch, for whoever comes later too: no other interrupt
 * will be sent. A reschedule interrupt without it tells of those that are queued already.
 */
static void learn_evidence(struct cpu *cpu, const struct event *event, uint64_t now_at,
			   bool is_reschedule)
{
	const uint8_t due = EVENT_FLAG_NEED_RESCHED | EVENT_FLAG_NEED_RESCHED_LAZY;

	if (!(event->flags & EVENT_HAS_FLAGS) || (!is_reschedule && !(event->flags & due)))
		return;
	cpu->evidence = event->preempt_depth ? EVIDENCE_PREEMPT_OFF : EVIDENCE_NO_PREEMPT;
	cpu->evidence_at = event->flags & due ? UINT64_MAX : now_at;
	cpu->evidence_inferred = false;
}

int irq_on_entry(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	uint8_t kind = event->type == EVENT_IRQ_ENTRY ? SLOT_IRQ : SLOT_SOFTIRQ;
	uint32_t culprit;
	bool is_reschedule;
	int err;

	cpu->is_settled = true;
	if (kind == SLOT_SOFTIRQ && irq_softirq_is_thread(eng, cpu))
		return 0;
	err = find_culprit(eng, event, kind, &culprit);
	if (err)
		return err;
	/* Softirqs do not run on top of hard interrupts, and nothing nests so deep. */
	while (cpu->nr_frames && (cpu->nr_frames == CPU_MAX_FRAMES ||
				  cpu->frames[cpu->nr_frames - 1].kind > kind)) {
		eng->anomalies[ANOMALY_ENTRY_WITHOUT_EXIT]++;
		pop(cpu, eng->now_at);
	}
	is_reschedule = eng->culprits.entries[culprit].is_reschedule;
	if (kind == SLOT_IRQ && !cpu->nr_frames)
		learn_evidence(cpu, event, eng->now_at, is_reschedule);
	enter_top(cpu, eng->now_at);
	cpu->frames[cpu->nr_frames++] = (struct frame){
		.entry_at = eng->now_at,
		.serial = ++eng->frame_serial,
		.culprit = culprit,
		.number = event->irq.number,
		.kind = kind,
		.depth = event->preempt_depth,
		.has_depth = event->flags & EVENT_HAS_FLAGS,
	};
	err = state_push(eng, cpu, eng->now_at);
	lane_last(&cpu->lane)->is_reschedule = is_reschedule;
	return err;
}

int irq_on_exit(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	uint8_t kind = event->type == EVENT_IRQ_EXIT ? SLOT_IRQ : SLOT_SOFTIRQ;
	uint32_t depth = cpu->nr_frames;
	int err = 0;

	while (depth && (cpu->frames[depth - 1].kind != kind ||
			 cpu->frames[depth - 1].number != event->irq.number))
		depth--;
	if (!depth) {
		if (kind == SLOT_IRQ && event->irq.name)
			err = find_culprit(eng, event, kind, &cpu->tail);
		if (cpu->is_settled && !(kind == SLOT_SOFTIRQ && irq_softirq_is_thread(eng, cpu)))
			eng->anomalies[ANOMALY_EXIT_WITHOUT_ENTRY]++;
		return err;
	}
	while (cpu->nr_frames > depth) {
		eng->anomalies[ANOMALY_ENTRY_WITHOUT_EXIT]++;
		pop(cpu, eng->now_at);
	}
	if (kind == SLOT_IRQ)
		cpu->tail = cpu->frames[depth - 1].culprit;
	if (kind == SLOT_IRQ && cpu->timerlat)
		timerlat_on_irq_end(eng, cpu, cpu->frames[depth - 1].entry_at, eng->now_at);
	pop(cpu, eng->now_at);
	return state_push(eng, cpu, eng->now_at);
}

void irq_leave_all(struct engine *eng, struct cpu *cpu)
{
	while (cpu->nr_frames) {
		bool is_softirq = cpu->frames[cpu->nr_frames - 1].kind == SLOT_SOFTIRQ;

		/* A switch inside a softirq proves that a thread runs it. */
		if (is_softirq && eng->is_preempt_rt == TRI_UNKNOWN)
			eng->is_preempt_rt = TRI_YES;
		else if (!is_softirq || eng->is_preempt_rt != TRI_YES)
			eng->anomalies[ANOMALY_ENTRY_WITHOUT_EXIT]++;
		pop(cpu, eng->now_at);
	}
}

/* Whether raw entry and exit tell of this interrupt; then the noise only checks them. */
static bool is_raw(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct raw_irq *raw = &cpu->raw_irq;
	uint64_t noise_ns = event->irq.duration_ns;
	uint64_t apart_ns;

	for (uint32_t i = 0; i < cpu->nr_frames; i++) {
		if (cpu->frames[i].kind == SLOT_IRQ && cpu->frames[i].number == event->irq.number)
			return true;
	}
	if (!raw->exit_at || raw->is_checked || raw->number != event->irq.number ||
	    eng->now_at - raw->exit_at > NOISE_AFTER_EXIT_NS)
		return false;
	raw->is_checked = true;
	apart_ns = raw->net_ns > noise_ns ? raw->net_ns - noise_ns : noise_ns - raw->net_ns;
	if (apart_ns > raw->net_ns / 4 + NOISE_SLACK_NS)
		eng->anomalies[ANOMALY_NOISE_DISAGREES]++;
	return true;
}

static bool tells_of_past(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	switch (event->type) {
	case EVENT_NMI:
		cpu->has_raw_nmi = true;
		return true;
	case EVENT_NMI_NOISE:
		return !cpu->has_raw_nmi;
	case EVENT_IRQ_NOISE:
		return !is_raw(eng, cpu, event);
	default:
		return eng->is_preempt_rt != TRI_YES && !(eng->seen & EVENT_BIT(EVENT_SOFTIRQ_ENTRY)) &&
		       !irq_softirq_is_thread(eng, cpu);
	}
}

/*
 * A wait that began while the context was on top was begun by it: now its name is known, and the
 * wait, if it has been nowhere else, is attributed anew. Returns whether it was.
 */
static bool name_waker(struct wait *wait, const struct cpu *cpu, const struct slot *top,
		       uint64_t first_at)
{
	if (!wait->has_waker || wait->waker.cpu != cpu->number || wait->began_at < first_at ||
	    wait->nr_cpus != 1 || wait->waker.how == WAKER_FRAME || wait->is_lost)
		return false;
	wait->waker.how = WAKER_FRAME;
	wait->waker.frame = top->frame;
	wait->waker.culprit = top->culprit;
	wait_restart(wait, cpu);
	return true;
}

static int cut(struct engine *eng, struct cpu *cpu, const struct event *event, struct slot *top)
{
	uint64_t first_at;
	int64_t found;
	int err;

	top->frame = ++eng->frame_serial;
	err = find_culprit(eng, event, top->kind, &top->culprit);
	if (err)
		return err;
	top->is_reschedule = eng->culprits.entries[top->culprit].is_reschedule;
	found = lane_cut(&cpu->lane, eng->now_at, event->irq.duration_ns, top, &first_at);
	if (found < 0)
		return (int)found;
	if ((uint64_t)found < event->irq.duration_ns && cpu->is_settled)
		eng->anomalies[ANOMALY_NOISE_TOO_LONG]++;
	if (!cpu->nr_frames)
		cpu->on_top_ns += (uint64_t)found;
	for (struct wait *wait = cpu->waits; wait; wait = wait->next) {
		if (name_waker(wait, cpu, top, first_at))
			continue;
		if (wait->done_at > first_at && wait->began_at < wait->done_at)
			eng->anomalies[ANOMALY_LATE_CUT]++;
		wait_seek(wait, cpu);
	}
	if (top->kind == SLOT_IRQ) {
		/* Noise is recorded inside a tracepoint, which some kernels count for one level. */
		if (event->preempt_depth != 1)
			learn_evidence(cpu, event, eng->now_at, top->is_reschedule);
		cpu->tail = top->culprit;
		if (cpu->timerlat)
			timerlat_on_irq_end(eng, cpu, first_at, eng->now_at);
	}
	return state_push(eng, cpu, eng->now_at);
}

int irq_on_noise(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct slot top = {
		.kind = event->type == EVENT_IRQ_NOISE ? SLOT_IRQ :
			event->type == EVENT_SOFTIRQ_NOISE ? SLOT_SOFTIRQ : SLOT_NMI,
	};

	if (!tells_of_past(eng, cpu, event) || cpu->occupant == OCCUPANT_UNKNOWN)
		return 0;
	return cut(eng, cpu, event, &top);
}

int irq_on_preemptirq(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	cpu->are_irqs_off = event->type == EVENT_IRQS_OFF ||
			    (cpu->are_irqs_off && event->type != EVENT_IRQS_ON);
	cpu->is_preempt_off = event->type == EVENT_PREEMPT_OFF ||
			      (cpu->is_preempt_off && event->type != EVENT_PREEMPT_ON);
	return cpu->nr_waits ? state_push(eng, cpu, eng->now_at) : 0;
}

int irq_on_evidence(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	uint8_t found = EVIDENCE_NONE;

	if (!(event->flags & EVENT_FLAG_NEED_RESCHED) || cpu->nr_frames || !cpu->nr_waits ||
	    (event->flags & (EVENT_FLAG_HARDIRQ | EVENT_FLAG_SOFTIRQ | EVENT_FLAG_NMI)))
		return 0;
	if (event->flags & EVENT_FLAG_IRQS_OFF)
		found = EVIDENCE_IRQS_OFF;
	else if (event->preempt_depth)
		found = EVIDENCE_PREEMPT_OFF;
	/* What an interrupt showed since the last wait came here is better evidence. */
	if (found == EVIDENCE_NONE ||
	    (cpu->evidence != EVIDENCE_NONE && cpu->evidence_at >= cpu->waits->queued_at))
		return 0;
	cpu->evidence = found;
	cpu->evidence_at = eng->now_at;
	cpu->evidence_inferred = true;
	return state_push(eng, cpu, eng->now_at);
}

/* Where the kernel sleeps for a lock, and where it waits for work on another thread's pool. */
static uint8_t suspension_of(const struct names *names, const struct event *event)
{
	static const char *const locks[] = { "mutex_lock", "__mutex_lock", "down_read", "down_write",
					     "rwsem_down", "rt_mutex", "__rt_mutex", "rtlock",
					     "rt_spin_lock", "__down", "percpu_rwsem_wait" };
	static const char *const flushes[] = { "flush_work", "__flush_work", "flush_workqueue",
					       "__flush_workqueue", "drain_workqueue", "kthread_flush" };

	for (uint32_t i = 0; i < event->stack.nr_frames && i < STACK_MAX; i++) {
		const char *name = names_get(names, event->stack.frames[i]);

		for (size_t j = 0; j < NR_ELEMENTS(locks); j++) {
			if (!strncmp(name, locks[j], strlen(locks[j])))
				return SUSPENSION_LOCK;
		}
		for (size_t j = 0; j < NR_ELEMENTS(flushes); j++) {
			if (!strncmp(name, flushes[j], strlen(flushes[j])))
				return SUSPENSION_FLUSH;
		}
	}
	return SUSPENSION_OTHER;
}

int irq_on_stack(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct task *task = task_table_find(&eng->tasks, event->tid);
	uint32_t of;
	int err = identity_culprit(eng, cpu, event->tid, &of);

	if (task && task->state == TASK_SUSPENDED && task->suspension_kind == SUSPENSION_OTHER)
		task->suspension_kind = suspension_of(eng->config.names, event);
	if (!err && task && task->state == TASK_READY)
		err = wait_add_stack(task->wait, eng->now_at, of, event);
	for (struct wait *wait = cpu->waits; wait && !err; wait = wait->next) {
		if (wait->task != task)
			err = wait_add_stack(wait, eng->now_at, of, event);
	}
	if (cpu->timerlat)
		timerlat_on_stack(eng, cpu, event);
	return err;
}
