// SPDX-License-Identifier: GPL-2.0-only
#include "text_losses.h"

#include <stdlib.h>

void text_losses_deinit(struct text_losses *losses)
{
	free(losses->list);
	*losses = (struct text_losses){ .list = NULL };
}

static bool grow(struct text_losses *losses)
{
	size_t nr = losses->nr ? 2 * losses->nr : 16;
	struct text_loss *list;

	if (losses->nr == TEXT_LOSSES_MAX)
		return false;
	list = reallocarray(losses->list, nr, sizeof(*list));
	if (!list)
		return false;
	losses->list = list;
	losses->nr_allocated = nr;
	return true;
}

bool text_losses_add(struct text_losses *losses, const struct text_loss *loss)
{
	if (losses->is_full)
		return false;
	if (losses->nr == losses->nr_allocated && !grow(losses)) {
		losses->is_full = true;
		losses->full_offset = loss->mark_offset;
		return false;
	}
	losses->list[losses->nr++] = *loss;
	return true;
}

bool text_losses_knows(const struct text_losses *losses, uint64_t mark_offset)
{
	return !losses->is_full || mark_offset < losses->full_offset;
}

/* A loss with no event before it comes first of all; the others where their last event is. */
static int compare(const void *a, const void *b)
{
	const struct text_loss *x = a, *y = b;

	if (x->is_from_start != y->is_from_start)
		return x->is_from_start ? -1 : 1;
	if (!x->is_from_start && x->from_offset != y->from_offset)
		return x->from_offset < y->from_offset ? -1 : 1;
	return x->mark_offset < y->mark_offset ? -1 : x->mark_offset > y->mark_offset;
}

void text_losses_sort(struct text_losses *losses)
{
	if (losses->nr)
		qsort(losses->list, losses->nr, sizeof(*losses->list), compare);
}

bool text_losses_take(struct text_losses *losses, uint64_t at, uint64_t offset, struct event *ret)
{
	const struct text_loss *loss;

	if (losses->next == losses->nr)
		return false;
	loss = &losses->list[losses->next];
	/* The mark itself is the latest place, should time go back in this text. */
	if (!loss->is_from_start && loss->mark_offset > offset &&
	    (loss->from_offset >= offset || loss->at >= at))
		return false;
	losses->next++;
	ret->type = EVENT_LOSS;
	ret->at = loss->at;
	ret->cpu = loss->cpu;
	ret->tid = TID_UNKNOWN;
	ret->flags = 0;
	ret->preempt_depth = 0;
	ret->loss.to_at = loss->to_at;
	ret->loss.lost_events = loss->lost_events;
	return true;
}
