// SPDX-License-Identifier: GPL-2.0-only
#include "top_copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (256u << 10)

struct top_block {
	struct top_block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

/* A copy while it is made. */
struct copying {
	struct top_copy *copy;
	const struct snapshot *from;
	uint32_t nr_segments;	/* copied so far */
	bool has_failed;
};

static void *allocate(struct copying *copying, size_t size)
{
	struct top_block *block = copying->copy->blocks;

	size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		block = malloc(sizeof(*block) + room);
		if (!block) {
			copying->has_failed = true;
			return NULL;
		}
		*block = (struct top_block){ .next = copying->copy->blocks, .size = room };
		copying->copy->blocks = block;
	}
	block->used += size;
	return block->bytes + block->used - size;
}

/* Return: a copy; NULL for nothing, and when out of memory */
static void *copied(struct copying *copying, const void *from, size_t nr, size_t size)
{
	void *to = nr && from ? allocate(copying, nr * size) : NULL;

	if (to)
		memcpy(to, from, nr * size);
	return to;
}

static const char *copied_text(struct copying *copying, const char *text)
{
	return text ? copied(copying, text, strlen(text) + 1, 1) : "";
}

static void keep_name(struct copying *copying, uint32_t culprit)
{
	struct summary *to = &copying->copy->snapshot.summary;
	const struct summary *from = &copying->from->summary;

	if (culprit >= to->nr_names || to->names[culprit].name)
		return;
	to->names[culprit] = from->names[culprit];
	to->names[culprit].name = copied_text(copying, from->names[culprit].name);
}

static void copy_segments(struct copying *copying, struct episode *to)
{
	const struct segment *from = to->segments;

	to->segments = NULL;
	if (to->nr_segments > TOP_COPY_MAX_SEGMENTS - copying->nr_segments) {
		to->nr_folded += to->nr_segments;
		to->folded_ns = to->ended_at - to->began_at;
		to->nr_segments = 0;
		return;
	}
	to->segments = copied(copying, from, to->nr_segments, sizeof(*from));
	if (!to->segments)
		to->nr_segments = 0;
	copying->nr_segments += to->nr_segments;
	for (uint32_t i = 0; i < to->nr_segments; i++) {
		keep_name(copying, to->segments[i].culprit);
		keep_name(copying, to->segments[i].on_behalf_of);
	}
}

static const struct episode *copy_wait(struct copying *copying, const struct episode *from)
{
	struct summary *summary = &copying->copy->snapshot.summary;
	struct episode *to = copied(copying, from, 1, sizeof(*from));

	if (!to)
		return NULL;
	copy_segments(copying, to);
	to->charges = copied(copying, from->charges, from->nr_charges, sizeof(*from->charges));
	to->cpus = copied(copying, from->cpus, from->nr_cpus, sizeof(*from->cpus));
	if (to->nr_stacks > TOP_COPY_MAX_STACKS)
		to->nr_stacks = TOP_COPY_MAX_STACKS;
	to->stacks = copied(copying, from->stacks, to->nr_stacks, sizeof(*from->stacks));
	for (uint32_t i = 0; to->charges && i < to->nr_charges; i++)
		keep_name(copying, to->charges[i].culprit);
	for (uint32_t i = 0; to->stacks && i < to->nr_stacks; i++)
		keep_name(copying, to->stacks[i].of);
	keep_name(copying, to->waker);
	keep_name(copying, to->work_queued_by);
	if (to->task < summary->nr_tasks)
		summary->tasks[to->task] = copying->from->summary.tasks[to->task];
	return to;
}

/*
 * Arrays by number, of which only what is referred to is filled in: their untouched pages cost nothing,
 * and a machine may have met a hundred thousand threads.
 */
static void make_names(struct copying *copying)
{
	struct summary *summary = &copying->copy->snapshot.summary;

	summary->names = calloc(summary->nr_names + 1u, sizeof(*summary->names));
	summary->tasks = calloc(summary->nr_tasks + 1u, sizeof(*summary->tasks));
	if (!summary->names || !summary->tasks)
		copying->has_failed = true;
	else
		keep_name(copying, 0);
}

static void copy_waits(struct copying *copying)
{
	struct snapshot *to = &copying->copy->snapshot;
	const struct snapshot *from = copying->from;

	to->waits = copied(copying, from->waits, from->nr_waits, sizeof(*from->waits));
	for (uint32_t i = 0; to->waits && i < to->nr_waits; i++)
		to->waits[i].episode = copy_wait(copying, from->waits[i].episode);
	to->summary.stalls = copied(copying, from->summary.stalls, from->summary.nr_stalls,
				    sizeof(*from->summary.stalls));
	for (size_t i = 0; to->summary.stalls && i < to->summary.nr_stalls; i++)
		to->summary.stalls[i] = copy_wait(copying, from->summary.stalls[i]);
}

static void copy_notes(struct copying *copying)
{
	struct snapshot *to = &copying->copy->snapshot;
	struct snapshot_note *notes = copied(copying, to->notes, to->nr_notes, sizeof(*notes));

	for (uint32_t i = 0; notes && i < to->nr_notes; i++)
		notes[i].text = copied_text(copying, notes[i].text);
	to->notes = notes;
	if (!notes)
		to->nr_notes = 0;
}

static void copy_rows(struct copying *copying)
{
	struct snapshot *to = &copying->copy->snapshot;
	const struct snapshot *from = copying->from;
	uint32_t nr_threads = from->summary.nr_threads;

	to->summary.threads = copied(copying, from->summary.threads, nr_threads,
				     sizeof(*from->summary.threads));
	to->states = copied(copying, from->states, nr_threads, sizeof(*from->states));
	to->wait_of_thread = copied(copying, from->wait_of_thread, nr_threads,
				    sizeof(*from->wait_of_thread));
	for (uint32_t i = 0; to->summary.threads && i < nr_threads; i++) {
		if (to->summary.threads[i].has_worst)
			keep_name(copying, to->summary.threads[i].worst.most.culprit);
	}
	to->summary.culprits = copied(copying, from->summary.culprits, from->summary.nr_culprits,
				      sizeof(*from->summary.culprits));
	for (uint32_t i = 0; to->summary.culprits && i < to->summary.nr_culprits; i++) {
		const char **name = &to->summary.culprits[i].who.name;

		*name = copied_text(copying, *name);
	}
	to->cpus = copied(copying, from->cpus, from->nr_cpus, sizeof(*from->cpus));
	for (uint32_t i = 0; to->cpus && i < to->nr_cpus; i++) {
		struct snapshot_cpu *cpu = &to->cpus[i];

		cpu->occupant.name = copied_text(copying, cpu->occupant.name);
		cpu->on_top.name = copied_text(copying, cpu->has_on_top ? cpu->on_top.name : NULL);
		cpu->why = copied_text(copying, cpu->why);
	}
}

int top_copy_init(struct top_copy *copy, const struct snapshot *from)
{
	struct copying copying = { .copy = copy, .from = from };

	*copy = (struct top_copy){ .snapshot = *from };
	if (from->doc.source)
		copy->source = *from->doc.source;
	copy->snapshot.doc.source = &copy->source;
	copy->snapshot.doc.summary = &copy->snapshot.summary;
	copy->snapshot.doc.timers = NULL;
	copy->snapshot.doc.facts = NULL;
	copy->snapshot.doc.histograms = NULL;
	copy->snapshot.doc.nr_histograms = 0;
	make_names(&copying);
	if (!copying.has_failed) {
		if (from->doc.tracer)
			copy->snapshot.doc.tracer = copied_text(&copying, from->doc.tracer);
		copy_rows(&copying);
		copy_waits(&copying);
		copy_notes(&copying);
	}
	if (!copying.has_failed)
		return 0;
	top_copy_deinit(copy);
	return -ENOMEM;
}

void top_copy_deinit(struct top_copy *copy)
{
	free(copy->snapshot.summary.names);
	free(copy->snapshot.summary.tasks);
	while (copy->blocks) {
		struct top_block *block = copy->blocks;

		copy->blocks = block->next;
		free(block);
	}
	*copy = (struct top_copy){ 0 };
}
