// SPDX-License-Identifier: GPL-2.0-only
/*
 * timerlat's activations: one sample in the timer's interrupt, one in its thread, one on the return
 * to user space.
 *
 *     arrival_at          entry_at    sample_at             thread's sample
 *         |-------------------|-----------|------ wait, -------|
 *           idle exit, irqs     release       as any other
 *           off, another irq    path
 *         |<---- irq_latency_ns --------->|
 *         |<--------------- thread_latency_ns ---------------->|
 */
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include "../util/names.h"
#include "state.h"

/* What taking the stamps costs is in the arrival. */
#define ARRIVAL_SLACK_NS 20000u

static void add(struct timerlat_split *split, enum reason reason, uint32_t culprit, uint64_t ns)
{
	enum cause cause = cause_of_reason(reason);
	uint32_t i;

	if (!ns)
		return;
	split->causes[cause] += ns;
	for (i = 0; i < split->nr_charges; i++) {
		if (split->charges[i].culprit == culprit && split->charges[i].reason == reason)
			break;
	}
	if (i == TIMERLAT_MAX_CHARGES) {
		/*
		 * More culprits than one interrupt's lateness can have: the last row takes the
		 * rest.
		 */
		i = TIMERLAT_MAX_CHARGES - 1;
		split->charges[i].culprit = 0;
		split->charges[i].cause = (uint8_t)cause;
		split->charges[i].reason = (uint8_t)reason;
	} else if (i == split->nr_charges) {
		split->charges[split->nr_charges++] = (struct charge){
			.culprit = culprit,
			.cause = (uint8_t)cause,
			.reason = (uint8_t)reason,
		};
	}
	split->charges[i].ns += ns;
}

/* What kept the timer's interrupt out while a thread, or idle, was underneath? */
static void add_underneath(const struct engine *eng, const struct timerlat_state *state,
			   struct timerlat_split *split, const struct slot *slot, uint64_t ns,
			   bool sees_kernel)
{
	const struct task *task = NULL;
	uint32_t culprit = slot->thread;
	bool is_idle = slot->kind == SLOT_IDLE;
	bool has_switches = (eng->seen | eng->config.facts.events_present) & EVENT_BIT(EVENT_SWITCH);

	if (slot->kind < SLOT_IDLE || !has_switches) {
		/* Nothing was recorded of it but the thread that the interrupt met. */
		task = task_table_find(&eng->tasks, state->sample_tid);
		is_idle = !state->sample_tid;
		culprit = task ? task->culprit : 0;
	} else if (slot->kind == SLOT_THREAD) {
		uint32_t index = eng->culprits.entries[slot->thread].task;

		task = index == UINT32_MAX ? NULL : task_table_at(&eng->tasks, index);
	}
	if (slot->kind == SLOT_LOSS)
		add(split, REASON_LOSS, 0, ns);
	else if (is_idle)
		add(split, REASON_IDLE_EXIT, eng->cpus[state->activation.cpu]->idle, ns);
	else if (task && (sees_kernel || task_is_kthread(task) == TRI_YES))
		add(split, REASON_IRQS_OFF, culprit, ns);
	else
		add(split, REASON_UNKNOWN, 0, ns);
}

static void add_slot(const struct engine *eng, const struct timerlat_state *state,
		     struct timerlat_split *split, const struct slot *slot, uint64_t ns, bool sees_kernel)
{
	switch ((enum slot_kind)slot->kind) {
	case SLOT_NMI:
		add(split, REASON_NMI, slot->culprit, ns);
		break;
	case SLOT_IRQ:
		add(split, REASON_IRQ, slot->culprit, ns);
		break;
	case SLOT_SOFTIRQ:
		add(split, REASON_SOFTIRQ, slot->culprit, ns);
		break;
	case SLOT_TRACE_START:
	case SLOT_LOSS:
	case SLOT_UNKNOWN:
	case SLOT_IDLE:
	case SLOT_THREAD:
		add_underneath(eng, state, split, slot, ns, sees_kernel);
		break;
	}
}

/*
 * Take irq_latency_ns to pieces: what lies before the interrupt's entry, and from there to its
 * sample.
 */
static void split_lateness(const struct engine *eng, const struct cpu *cpu,
			   const struct timerlat_state *state, struct timerlat_split *split, bool sees_kernel)
{
	uint64_t entry_at = state->entry_at ? state->entry_at : state->sample_at;
	uint64_t from_at = state->activation.arrival_at;
	const struct lane *lane = &cpu->lane;
	enum reason reason = REASON_RELEASE_PATH;
	uint32_t top = 0;

	/* It came in before this timer expired: for something else, which kept it busy. */
	if (entry_at + ARRIVAL_SLACK_NS < from_at)
		reason = REASON_IRQ;
	if (entry_at < from_at)
		entry_at = from_at;
	if (lane->slots[0].at > from_at) {
		uint64_t end_at = lane->slots[0].at < entry_at ? lane->slots[0].at : entry_at;

		add(split, REASON_UNKNOWN, 0, end_at - from_at);
		from_at = end_at;
	}
	for (uint32_t i = 0; i < lane->nr_slots && from_at < entry_at; i++) {
		uint64_t end_at = i + 1 < lane->nr_slots ? lane->slots[i + 1].at : entry_at;

		if (end_at > entry_at)
			end_at = entry_at;
		if (end_at <= from_at)
			continue;
		add_slot(eng, state, split, &lane->slots[i], end_at - from_at, sees_kernel);
		from_at = end_at;
	}
	for (uint32_t i = lane->nr_slots; i-- > 0 && !top;) {
		if (lane->slots[i].at <= entry_at)
			top = lane->slots[i].kind == SLOT_IRQ ? lane->slots[i].culprit : UINT32_MAX;
	}
	if (top == UINT32_MAX) {
		reason = REASON_RELEASE_PATH;
		top = 0;
	}
	add(split, reason, top, state->sample_at - entry_at);
}

/*
 * Whether its stack shows a kernel function is told later; what the lane holds may be gone by then.
 */
static void split_both(const struct engine *eng, const struct cpu *cpu, struct timerlat_state *state)
{
	for (int i = 0; i < 2; i++) {
		state->splits[i] = (struct timerlat_split){ .nr_charges = 0 };
		split_lateness(eng, cpu, state, &state->splits[i], i);
	}
}

int timerlat_finish(struct engine *eng, struct cpu *cpu)
{
	struct timerlat_state *state = cpu->timerlat;
	const struct timerlat_split *split;

	if (!state || !state->is_open)
		return 0;
	state->is_open = false;
	split = &state->splits[state->sees_kernel];
	memcpy(state->activation.before_waking, split->causes, sizeof(split->causes));
	state->activation.nr_charges = split->nr_charges;
	state->activation.charges = split->charges;
	state->activation.stack = state->stack.nr_frames ? &state->stack : NULL;
	if (eng->config.on_timerlat)
		eng->config.on_timerlat(&state->activation, eng->config.arg);
	state->activation.charges = NULL;
	state->activation.stack = NULL;
	return 0;
}

static void begin(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	bool is_irq = !event->timerlat.context;
	bool has_arrival = is_irq && event->timerlat.timer_latency_ns <= eng->now_at;
	const struct frame *irq = cpu_outermost_irq(cpu);

	*cpu->timerlat = (struct timerlat_state){
		.activation = {
			.cpu = cpu->number,
			.seqnum = event->timerlat.seqnum,
			.tid = TID_UNKNOWN,
			.has_irq = has_arrival,
			.irq_latency_ns = has_arrival ? event->timerlat.timer_latency_ns : 0,
			.arrival_at = has_arrival ? eng->now_at - event->timerlat.timer_latency_ns : 0,
		},
		.sample_at = eng->now_at,
		.entry_at = has_arrival && irq ? irq->entry_at : 0,
		.sample_tid = event->tid,
		.is_open = true,
		.awaits_waking = has_arrival,
	};
	if (has_arrival)
		split_both(eng, cpu, cpu->timerlat);
}

int timerlat_on_sample(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct timerlat_activation *activation;
	int err;

	eng->nr_kept_slots = LANE_KEPT_SLOTS;
	if (!cpu->timerlat) {
		cpu->timerlat = calloc(1, sizeof(*cpu->timerlat));
		if (!cpu->timerlat)
			return -ENOMEM;
	}
	activation = &cpu->timerlat->activation;
	if (!cpu->timerlat->is_open || !event->timerlat.context ||
	    activation->seqnum != event->timerlat.seqnum) {
		err = timerlat_finish(eng, cpu);
		if (err)
			return err;
		begin(eng, cpu, event);
	}
	if (event->timerlat.context == 1) {
		activation->has_thread = true;
		activation->thread_latency_ns = event->timerlat.timer_latency_ns;
		activation->tid = event->tid;
	} else if (event->timerlat.context == 2) {
		activation->has_user = true;
		activation->user_latency_ns = event->timerlat.timer_latency_ns;
	}
	return 0;
}

void timerlat_on_irq_end(const struct engine *eng, struct cpu *cpu, uint64_t entry_at, uint64_t exit_at)
{
	struct timerlat_state *state = cpu->timerlat;

	if (!state->is_open || state->entry_at || !state->activation.has_irq)
		return;
	if (entry_at <= state->sample_at && state->sample_at <= exit_at) {
		state->entry_at = entry_at;
		split_both(eng, cpu, state);
	}
}

/* The thread records it, after its sample: what the interrupt met. */
static void keep_stack(const struct engine *eng, struct timerlat_state *state, const struct event *event)
{
	if (!state->activation.has_thread || event->tid != state->activation.tid || state->stack.nr_frames)
		return;
	state->stack.at = eng->now_at;
	state->stack.nr_frames = event->stack.nr_frames < STACK_MAX ? event->stack.nr_frames : STACK_MAX;
	memcpy(state->stack.frames, event->stack.frames,
	       state->stack.nr_frames * sizeof(state->stack.frames[0]));
}

void timerlat_on_stack(struct engine *eng, struct cpu *cpu, const struct event *event)
{
	struct timerlat_state *state = cpu->timerlat;
	bool is_entered = false;

	if (!state->is_open)
		return;
	keep_stack(eng, state, event);
	/*
	 * Beyond the interrupt's entry code is what it interrupted; of user code nothing is left
	 * there.
	 */
	for (uint32_t i = 0; i < event->stack.nr_frames && i < STACK_MAX; i++) {
		const char *name = names_get(eng->config.names, event->stack.frames[i]);

		if (is_entered)
			state->sees_kernel = true;
		if (!strncmp(name, "asm_", 4) || strstr(name, "interrupt_entry") ||
		    !strcmp(name, "el1h_64_irq") || !strcmp(name, "apic_timer_interrupt"))
			is_entered = true;
	}
}
