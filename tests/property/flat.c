// SPDX-License-Identifier: GPL-2.0-only
#include "flat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct flat_wait *flat_add(struct flat_list *list, const struct flat_wait *wait)
{
	if (list->nr_waits == list->nr_allocated) {
		list->nr_allocated = list->nr_allocated ? 2 * list->nr_allocated : 16;
		list->waits = reallocarray(list->waits, list->nr_allocated, sizeof(*list->waits));
		if (!list->waits)
			abort();
	}
	list->waits[list->nr_waits] = *wait;
	list->waits[list->nr_waits].segments = NULL;
	list->waits[list->nr_waits].nr_segments = 0;
	return &list->waits[list->nr_waits++];
}

static bool is_same_culprit(const struct flat_culprit *a, const struct flat_culprit *b)
{
	return a->kind == b->kind && a->id == b->id;
}

static bool is_same_charge(const struct flat_segment *a, const struct flat_segment *b)
{
	return a->cpu == b->cpu && a->cause == b->cause && a->reason == b->reason &&
	       is_same_culprit(&a->culprit, &b->culprit) &&
	       a->has_on_behalf_of == b->has_on_behalf_of &&
	       (!a->has_on_behalf_of || is_same_culprit(&a->on_behalf_of, &b->on_behalf_of));
}

void flat_append(struct flat_wait *wait, const struct flat_segment *segment)
{
	struct flat_segment *last = wait->nr_segments ? &wait->segments[wait->nr_segments - 1] : NULL;

	if (segment->from_at == segment->to_at)
		return;
	if (last && is_same_charge(last, segment) && last->to_at == segment->from_at) {
		last->to_at = segment->to_at;
		return;
	}
	wait->segments = reallocarray(wait->segments, wait->nr_segments + 1, sizeof(*segment));
	if (!wait->segments)
		abort();
	wait->segments[wait->nr_segments++] = *segment;
}

void flat_free(struct flat_list *list)
{
	for (size_t i = 0; i < list->nr_waits; i++)
		free(list->waits[i].segments);
	free(list->waits);
	*list = (struct flat_list) { 0 };
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_waits(const void *left, const void *right)
{
	const struct flat_wait *a = left, *b = right;

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->began_at != b->began_at)
		return compare(a->began_at, b->began_at);
	if (a->ended_at != b->ended_at)
		return compare(a->ended_at, b->ended_at);
	return compare(a->flags & EPISODE_STILL_OPEN, b->flags & EPISODE_STILL_OPEN);
}

void flat_sort(struct flat_list *list)
{
	if (list->nr_waits)
		qsort(list->waits, list->nr_waits, sizeof(*list->waits), compare_waits);
}

void flat_shift(struct flat_list *list, uint64_t by_ns)
{
	for (size_t i = 0; i < list->nr_waits; i++) {
		struct flat_wait *wait = &list->waits[i];

		wait->began_at += by_ns;
		wait->ended_at += by_ns;
		for (uint32_t j = 0; j < wait->nr_segments; j++) {
			wait->segments[j].from_at += by_ns;
			wait->segments[j].to_at += by_ns;
		}
	}
}

bool flat_is_same_wait(const struct flat_wait *a, const struct flat_wait *b)
{
	if (a->tid != b->tid || a->prio != b->prio || a->cpu != b->cpu ||
	    a->began_by != b->began_by || a->flags != b->flags || a->began_at != b->began_at ||
	    a->ended_at != b->ended_at || a->nr_segments != b->nr_segments ||
	    a->has_waker != b->has_waker)
		return false;
	if (a->has_waker && (!is_same_culprit(&a->waker, &b->waker) ||
			     a->is_waker_inferred != b->is_waker_inferred))
		return false;
	for (uint32_t i = 0; i < a->nr_segments; i++)
		if (!is_same_charge(&a->segments[i], &b->segments[i]) ||
		    a->segments[i].from_at != b->segments[i].from_at ||
		    a->segments[i].to_at != b->segments[i].to_at)
			return false;
	return true;
}

/* The charge of a segment without its reason; the index moves on to the next that differs in it. */
static bool next_charge(const struct flat_wait *wait, uint32_t *at, struct flat_segment *ret)
{
	if (*at == wait->nr_segments)
		return false;
	*ret = wait->segments[(*at)++];
	while (*at < wait->nr_segments) {
		const struct flat_segment *next = &wait->segments[*at];

		if (next->cpu != ret->cpu || next->cause != ret->cause ||
		    !is_same_culprit(&next->culprit, &ret->culprit))
			break;
		ret->to_at = next->to_at;
		(*at)++;
	}
	return true;
}

bool flat_is_same_story(const struct flat_wait *a, const struct flat_wait *b)
{
	struct flat_segment of_a, of_b;
	uint32_t i = 0, j = 0;

	if (a->tid != b->tid || a->cpu != b->cpu || a->began_by != b->began_by ||
	    a->flags != b->flags || a->began_at != b->began_at || a->ended_at != b->ended_at)
		return false;
	while (next_charge(a, &i, &of_a)) {
		if (!next_charge(b, &j, &of_b) || of_a.from_at != of_b.from_at ||
		    of_a.to_at != of_b.to_at || of_a.cpu != of_b.cpu || of_a.cause != of_b.cause ||
		    !is_same_culprit(&of_a.culprit, &of_b.culprit))
			return false;
	}
	return j == b->nr_segments;
}

bool flat_difference(const struct flat_list *a, const struct flat_list *b, size_t *at)
{
	size_t i;

	for (i = 0; i < a->nr_waits && i < b->nr_waits; i++)
		if (!flat_is_same_wait(&a->waits[i], &b->waits[i]))
			break;
	*at = i;
	return i < a->nr_waits || i < b->nr_waits;
}

static void print_culprit(FILE *out, const struct flat_culprit *culprit)
{
	fprintf(out, "%s/%" PRId32, culprit_kind_name(culprit->kind), culprit->id);
}

void flat_print(FILE *out, const struct flat_wait *wait)
{
	fprintf(out, "    tid %" PRId32 " prio %" PRId32 " cpu %" PRIu32 " %" PRIu64 "..%" PRIu64
		" %s flags %u", wait->tid, wait->prio, wait->cpu, wait->began_at, wait->ended_at,
		wait->began_by == EPISODE_BEGAN_BY_WAKING ? "waking" : "preemption", wait->flags);
	if (wait->has_waker) {
		fputs(" waker ", out);
		print_culprit(out, &wait->waker);
		fputs(wait->is_waker_inferred ? " inferred" : "", out);
	}
	fputc('\n', out);
	for (uint32_t i = 0; i < wait->nr_segments; i++) {
		const struct flat_segment *segment = &wait->segments[i];
		const char *reason = reason_name(segment->reason);

		fprintf(out, "      %" PRIu64 "..%" PRIu64 " cpu%" PRIu32 " %s/%s ", segment->from_at,
			segment->to_at, segment->cpu, cause_name(segment->cause),
			reason ? reason : "");
		print_culprit(out, &segment->culprit);
		if (segment->has_on_behalf_of) {
			fputs(" on behalf of ", out);
			print_culprit(out, &segment->on_behalf_of);
		}
		fputc('\n', out);
	}
}
