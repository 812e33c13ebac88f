// SPDX-License-Identifier: GPL-2.0-only
#include "attribute.h"

#include "engine.h"
#include "lane.h"
#include "sched_rank.h"
#include "task.h"
#include "wait.h"

static struct verdict verdict(enum reason reason, uint32_t culprit, bool inferred)
{
	return (struct verdict){ culprit, CULPRIT_NONE, (uint8_t)reason, inferred };
}

/* Before that it is being woken, and on no run queue. */
static bool is_enqueued(const struct wait *wait, uint64_t at)
{
	return wait->is_enqueued && at >= wait->enqueued_at;
}

/* Whether the slot shows the context that performs this very wakeup, on the waiter's CPU. */
static bool is_release_path(const struct wait *wait, const struct slot *slot, uint64_t from_at)
{
	if (!wait->has_waker || wait->waker.cpu != wait->cpu)
		return false;
	switch ((enum waker_how)wait->waker.how) {
	case WAKER_FRAME:
		return slot->frame == wait->waker.frame;
	case WAKER_THREAD:
		return !is_enqueued(wait, from_at) && slot->kind == SLOT_THREAD &&
		       slot->thread == wait->waker.culprit;
	case WAKER_TAIL:
	case WAKER_UNRECORDED:
		/* Its end is not recorded; that it has done its work is. */
		return !is_enqueued(wait, from_at) && slot->kind >= SLOT_IDLE && slot->kind <= SLOT_SOFTIRQ;
	}
	return false;
}

/*
 * The scheduler picked what the slot shows although the waiter, which outranks it, was queued. The
 * switch that a waking raced with picked before that. Where it had picked so over other real-time
 * threads, all of the queue's are throttled, and one that comes later with them.
 */
static bool was_passed_over(const struct wait *wait, const struct slot *slot, uint64_t from_at)
{
	uint64_t queued_at = wait->queued_at + wait->is_unconfirmed;

	if (!is_enqueued(wait, from_at))
		return false;
	return slot->in_at >= queued_at || (slot->is_rt_throttled && wait->rank >= RANK_RT_LOWEST &&
					    wait->rank <= RANK_RT_HIGHEST);
}

static struct verdict throttled(const struct slot *slot, const struct attribute_facts *facts)
{
	if (!facts->knows_queues)
		return verdict(REASON_UNKNOWN, slot->culprit, false);
	if (facts->has_server && slot->kind == SLOT_THREAD && slot->rank == RANK_FAIR)
		return verdict(REASON_SERVER, slot->culprit, true);
	return verdict(REASON_THROTTLED, slot->culprit, true);
}

/* An outranked thread that was there first keeps the CPU: how? */
static struct verdict blocked(const struct wait *wait, const struct slot *slot, uint64_t from_at,
			      const struct attribute_facts *facts)
{
	bool has_evidence = slot->evidence_at >= wait->queued_at;

	if (has_evidence && slot->evidence == EVIDENCE_IRQS_OFF)
		return verdict(REASON_IRQS_OFF, slot->culprit, slot->evidence_inferred);
	if (wait->is_ipi_known && from_at < wait->ipi_at) {
		if (wait->was_late)
			return verdict(REASON_IRQS_OFF, slot->culprit, true);
		return verdict(REASON_REMOTE, slot->culprit, false);
	}
	if (has_evidence && slot->evidence == EVIDENCE_PREEMPT_OFF)
		return verdict(REASON_PREEMPT_OFF, slot->culprit, slot->evidence_inferred);
	if (has_evidence && slot->evidence == EVIDENCE_NO_PREEMPT)
		return verdict(REASON_NO_PREEMPT, slot->culprit, slot->evidence_inferred);
	if (wait->is_told_remotely && wait->was_late && facts->has_reschedule)
		return verdict(REASON_IRQS_OFF, slot->culprit, true);
	return verdict(REASON_NONE, slot->culprit, false);
}

static struct verdict by_rank(const struct wait *wait, const struct slot *slot, uint64_t from_at,
			      const struct attribute_facts *facts)
{
	struct verdict found;

	if (slot->rank == RANK_UNKNOWN || wait->rank == RANK_UNKNOWN)
		return verdict(REASON_UNKNOWN, slot->culprit, false);
	if (slot->rank >= wait->rank && slot->base_rank != RANK_UNKNOWN &&
	    slot->base_rank < wait->rank) {
		found = verdict(REASON_PI, slot->culprit, false);
		found.on_behalf_of = slot->lender;
		return found;
	}
	if (slot->rank > wait->rank)
		return verdict(REASON_THREAD, slot->culprit, slot->rank_inferred);
	if (slot->rank == wait->rank) {
		enum reason reason = slot->rank == RANK_FAIR	 ? REASON_FAIR :
				     slot->rank == RANK_DEADLINE ? REASON_DEADLINE :
								   REASON_EQUAL;

		return verdict(reason, slot->culprit, slot->rank_inferred);
	}
	if (!is_enqueued(wait, from_at))
		return verdict(wait->was_woken_late ? REASON_IRQS_OFF : REASON_REMOTE, slot->culprit,
			       wait->was_woken_late || slot->rank_inferred);
	found = was_passed_over(wait, slot, from_at) ? throttled(slot, facts) :
					      blocked(wait, slot, from_at, facts);
	found.inferred |= slot->rank_inferred;
	return found;
}

struct verdict attribute_slot(const struct wait *wait, const struct slot *slot,
			      uint64_t from_at, const struct attribute_facts *facts)
{
	if (wait->is_lost && from_at >= wait->lost_at)
		return verdict(REASON_LOSS, 0, false);
	if (wait->is_retroactive)
		return verdict(REASON_UNKNOWN, 0, true);
	if (is_release_path(wait, slot, from_at))
		return verdict(REASON_RELEASE_PATH, wait->waker.culprit,
			       wait->waker.how == WAKER_TAIL || wait->waker.how == WAKER_UNRECORDED);
	switch ((enum slot_kind)slot->kind) {
	case SLOT_TRACE_START:
		return verdict(REASON_TRACE_START, 0, false);
	case SLOT_LOSS:
		return verdict(REASON_LOSS, 0, false);
	case SLOT_UNKNOWN:
		return verdict(REASON_UNKNOWN, 0, false);
	case SLOT_NMI:
		return verdict(REASON_NMI, slot->culprit, false);
	case SLOT_IRQ:
		return verdict(REASON_IRQ, slot->culprit, false);
	case SLOT_SOFTIRQ:
		return verdict(REASON_SOFTIRQ, slot->culprit, false);
	case SLOT_IDLE:
		if (was_passed_over(wait, slot, from_at))
			return throttled(slot, facts);
		return verdict(REASON_IDLE_EXIT, slot->culprit, false);
	case SLOT_THREAD:
		break;
	}
	if (slot->thread == wait->task->culprit)
		return verdict(REASON_UNKNOWN, 0, false);
	return by_rank(wait, slot, from_at, facts);
}
