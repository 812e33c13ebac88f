// SPDX-License-Identifier: GPL-2.0-only
#include "cpu.h"

#include <stdlib.h>

#include "sched_rank.h"
#include "task.h"

int cpu_init(struct cpu *cpu, uint32_t number, uint32_t idle)
{
	*cpu = (struct cpu){
		.number = number,
		.idle = idle,
		.prev_tid = TID_UNKNOWN,
		.tail = CULPRIT_NONE,
		.queued_by_tid = TID_UNKNOWN,
	};
	return lane_init(&cpu->lane);
}

void cpu_deinit(struct cpu *cpu)
{
	lane_deinit(&cpu->lane);
	free(cpu->timerlat);
}

struct slot cpu_slot(const struct cpu *cpu, uint64_t at)
{
	struct slot slot = {
		.at = at,
		.in_at = cpu->in_at,
		.lender = CULPRIT_NONE,
		.prio = PRIO_UNKNOWN,
		.rank = RANK_UNKNOWN,
		.base_rank = RANK_UNKNOWN,
		.evidence_at = cpu->evidence_at,
		.evidence = cpu->evidence,
		.evidence_inferred = cpu->evidence_inferred,
		.is_rt_throttled = cpu->is_rt_throttled,
	};

	switch ((enum occupant)cpu->occupant) {
	case OCCUPANT_IDLE:
		slot.kind = SLOT_IDLE;
		slot.thread = cpu->idle;
		slot.rank = slot.base_rank = RANK_IDLE;
		break;
	case OCCUPANT_THREAD:
		slot.kind = SLOT_THREAD;
		slot.thread = cpu->running->culprit;
		slot.lender = cpu->running->is_lent ? cpu->running->lender : CULPRIT_NONE;
		slot.prio = cpu->running->prio;
		slot.rank = (int16_t)cpu->running->rank;
		slot.base_rank = (int16_t)cpu->running->base_rank;
		slot.rank_inferred = cpu->is_found;
		break;
	case OCCUPANT_UNKNOWN:
		slot.kind = cpu->is_lost ? SLOT_LOSS : !cpu->is_seen ? SLOT_TRACE_START : SLOT_UNKNOWN;
		break;
	}
	if (cpu->are_irqs_off || cpu->is_preempt_off) {
		slot.evidence = cpu->are_irqs_off ? EVIDENCE_IRQS_OFF : EVIDENCE_PREEMPT_OFF;
		slot.evidence_at = UINT64_MAX;	/* its end is recorded: it holds for all waits */
		slot.evidence_inferred = false;
	}
	slot.culprit = slot.thread;
	if (cpu->nr_frames) {
		const struct frame *top = &cpu->frames[cpu->nr_frames - 1];

		slot.kind = top->kind;
		slot.culprit = top->culprit;
		slot.frame = top->serial;
	}
	return slot;
}

const struct frame *cpu_outermost_irq(const struct cpu *cpu)
{
	for (uint32_t i = 0; i < cpu->nr_frames; i++) {
		if (cpu->frames[i].kind == SLOT_IRQ)
			return &cpu->frames[i];
	}
	return NULL;
}
