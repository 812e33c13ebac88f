// SPDX-License-Identifier: GPL-2.0-only
#include "parts.h"

#include <stdlib.h>

static int by_ns(const void *a, const void *b)
{
	const struct part *left = a, *right = b;

	if (left->charge.ns != right->charge.ns)
		return left->charge.ns > right->charge.ns ? -1 : 1;
	if (left->charge.culprit != right->charge.culprit)
		return left->charge.culprit < right->charge.culprit ? -1 : 1;
	return (int)left->charge.reason - (int)right->charge.reason;
}

static void learn_from_segments(struct part *part, const struct episode *wait)
{
	uint64_t longest_ns = 0;

	for (uint32_t i = 0; i < wait->nr_segments; i++) {
		const struct segment *segment = &wait->segments[i];

		if (segment->culprit != part->charge.culprit || segment->cause != part->charge.cause ||
		    segment->reason != part->charge.reason)
			continue;
		part->inferred |= segment->inferred;
		if (segment->to_at - segment->from_at > longest_ns) {
			longest_ns = segment->to_at - segment->from_at;
			part->prio = segment->culprit_prio;
			part->on_behalf_of = segment->on_behalf_of;
		}
	}
}

struct part *parts_sort(const struct episode *wait, uint32_t nr_learnt)
{
	struct part *parts = wait->nr_charges ? calloc(wait->nr_charges, sizeof(*parts)) : NULL;

	if (!parts)
		return NULL;
	for (uint32_t i = 0; i < wait->nr_charges; i++)
		parts[i] = (struct part){ .charge = wait->charges[i], .prio = PRIO_UNKNOWN,
					  .on_behalf_of = CULPRIT_NONE };
	qsort(parts, wait->nr_charges, sizeof(*parts), by_ns);
	for (uint32_t i = 0; i < wait->nr_charges && i < nr_learnt; i++)
		learn_from_segments(&parts[i], wait);
	return parts;
}
