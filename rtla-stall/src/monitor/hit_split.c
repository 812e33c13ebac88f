// SPDX-License-Identifier: GPL-2.0-only
#include "hit_split.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "monitor.h"

void hit_split_deinit(struct hit_split *split)
{
	free(split->parts);
}

static enum hit_part_kind kind_in_wait(const struct charge *charge)
{
	switch (charge->cause) {
	case CAUSE_BLOCKING:
		return HIT_PART_BLOCKING;
	case CAUSE_RELEASE_JITTER:
		return HIT_PART_JITTER;
	case CAUSE_EXECUTION:
		return HIT_PART_TIMER_IRQ;
	case CAUSE_INTERFERENCE:
		return charge->reason == REASON_NMI ? HIT_PART_NMI :
		       charge->reason == REASON_IRQ ? HIT_PART_IRQ :
		       charge->reason == REASON_SOFTIRQ ? HIT_PART_SOFTIRQ : HIT_PART_THREAD;
	default:
		return HIT_PART_UNATTRIBUTED;
	}
}

/*
 * @charge: its ns is charged as far as something of the whole is left, so that stamps that contradict each
 * other cannot make the parts more than it
 */
static void add(struct hit_split *split, uint64_t *left_ns, enum hit_part_kind kind, struct charge charge)
{
	struct hit_part *part = NULL;

	if (charge.ns > *left_ns)
		charge.ns = *left_ns;
	if (!charge.ns)
		return;
	*left_ns -= charge.ns;
	split->kinds[kind] += charge.ns;
	for (uint32_t i = 0; i < split->nr_parts && !part; i++) {
		const struct charge *other = &split->parts[i].charge;

		if (split->parts[i].kind == kind && other->culprit == charge.culprit &&
		    other->cause == charge.cause && other->reason == charge.reason)
			part = &split->parts[i];
	}
	if (part)
		part->charge.ns += charge.ns;
	else
		split->parts[split->nr_parts++] = (struct hit_part){ kind, charge };
}

static struct charge charge_of(uint64_t ns, enum cause cause, enum reason reason)
{
	return (struct charge){ .ns = ns, .cause = (uint8_t)cause, .reason = (uint8_t)reason };
}

static void add_before_sample(struct hit_split *split, uint64_t *left_ns,
			      const struct timerlat_activation *activation)
{
	uint64_t known_ns = 0;

	for (uint32_t i = 0; i < activation->nr_charges; i++) {
		const struct charge *charge = &activation->charges[i];

		known_ns += charge->ns;
		add(split, left_ns, charge->cause == CAUSE_EXECUTION ? HIT_PART_TIMER_IRQ : HIT_PART_HANDLER,
		    *charge);
	}
	if (known_ns < activation->irq_latency_ns)
		add(split, left_ns, HIT_PART_HANDLER,
		    charge_of(activation->irq_latency_ns - known_ns, CAUSE_UNATTRIBUTED, REASON_UNKNOWN));
}

static uint64_t within(uint64_t from_at, uint64_t to_at, uint64_t after_at, uint64_t before_at)
{
	if (from_at < after_at)
		from_at = after_at;
	if (to_at > before_at)
		to_at = before_at;
	return from_at < to_at ? to_at - from_at : 0;
}

/* What of a charge no segment shows: it was folded. */
static uint64_t folded_of(const struct episode *wait, const struct charge *charge)
{
	uint64_t ns = charge->ns;

	for (uint32_t i = 0; i < wait->nr_segments; i++) {
		const struct segment *segment = &wait->segments[i];

		if (segment->culprit == charge->culprit && segment->cause == charge->cause &&
		    segment->reason == charge->reason)
			ns -= segment->to_at - segment->from_at;
	}
	return ns;
}

static void add_wait(struct hit_split *split, uint64_t *left_ns, const struct episode *wait,
		     uint64_t after_at, uint64_t before_at)
{
	bool is_folded_inside = wait->began_at >= after_at && wait->ended_at <= before_at;

	for (uint32_t i = 0; i < wait->nr_segments; i++) {
		const struct segment *segment = &wait->segments[i];
		const struct charge charge = {
			.ns = within(segment->from_at, segment->to_at, after_at, before_at),
			.culprit = segment->culprit,
			.cause = segment->cause,
			.reason = segment->reason,
		};

		add(split, left_ns, kind_in_wait(&charge), charge);
	}
	/* Those folded have no instants: which of them were before the sample is not known. */
	for (uint32_t i = 0; i < wait->nr_charges && is_folded_inside; i++) {
		struct charge charge = wait->charges[i];

		charge.ns = folded_of(wait, &charge);
		add(split, left_ns, kind_in_wait(&charge), charge);
	}
}

/* From the interrupt's sample on, on the clock of the trace. */
static void add_after_sample(struct hit_split *split, uint64_t *left_ns, const struct monitor_hit *hit)
{
	const struct timerlat_activation *activation = hit->activation;
	uint64_t sample_at = activation->arrival_at + activation->irq_latency_ns;
	uint64_t end_at = activation->arrival_at +
			  (activation->has_thread ? activation->thread_latency_ns : split->total_ns);
	const struct episode *wait = hit->episode;

	if (!activation->has_irq || !wait || wait->began_at >= end_at || wait->ended_at <= sample_at)
		return;
	if (wait->began_by == EPISODE_BEGAN_BY_WAKING)
		add(split, left_ns, HIT_PART_TIMER_IRQ,
		    charge_of(within(sample_at, wait->began_at, sample_at, end_at), CAUSE_EXECUTION,
			      REASON_RELEASE_PATH));
	add_wait(split, left_ns, wait, sample_at, end_at);
	if (!(wait->flags & EPISODE_STILL_OPEN))
		add(split, left_ns, HIT_PART_OWN,
		    charge_of(within(wait->ended_at, end_at, sample_at, end_at), CAUSE_EXECUTION,
			      REASON_NONE));
}

static int by_kind(const void *a, const void *b)
{
	const struct hit_part *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->charge.ns != right->charge.ns)
		return left->charge.ns > right->charge.ns ? -1 : 1;
	return left->charge.culprit < right->charge.culprit ? -1 :
	       left->charge.culprit > right->charge.culprit;
}

int hit_split_init(struct hit_split *split, const struct monitor_hit *hit)
{
	const struct timerlat_activation *activation = hit->activation;
	uint32_t nr = activation->nr_charges + 8;
	uint64_t left_ns;

	*split = (struct hit_split){ .total_ns = activation->irq_latency_ns };
	if (hit->kind == MONITOR_HIT_THREAD)
		split->total_ns = activation->has_user &&
				  activation->user_latency_ns > activation->thread_latency_ns ?
				  activation->user_latency_ns : activation->thread_latency_ns;
	if (hit->episode)
		nr += hit->episode->nr_segments + hit->episode->nr_charges;
	split->parts = calloc(nr, sizeof(*split->parts));
	if (!split->parts)
		return -ENOMEM;
	left_ns = split->total_ns;
	if (activation->has_irq)
		add_before_sample(split, &left_ns, activation);
	if (hit->kind == MONITOR_HIT_THREAD && activation->has_thread &&
	    split->total_ns > activation->thread_latency_ns)
		add(split, &left_ns, HIT_PART_USER,
		    charge_of(split->total_ns - activation->thread_latency_ns, CAUSE_EXECUTION, REASON_NONE));
	if (hit->kind == MONITOR_HIT_THREAD)
		add_after_sample(split, &left_ns, hit);
	add(split, &left_ns, HIT_PART_UNATTRIBUTED, charge_of(left_ns, CAUSE_UNATTRIBUTED, REASON_UNKNOWN));
	qsort(split->parts, split->nr_parts, sizeof(*split->parts), by_kind);
	return 0;
}
