// SPDX-License-Identifier: GPL-2.0-only
#include "longest.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/recycle.h"

struct longest {
	struct episode **waits;	/* what each points to is one allocation, its segments another */
	size_t nr_waits;
	size_t nr_allocated;
	size_t bytes_of_waits;
	size_t bytes_of_segments;
	size_t max_bytes_of_waits;
	size_t max_bytes_of_segments;
	uint64_t wait_floor_ns;		/* waits of at most so much are not kept any more ... */
	uint64_t segments_floor_ns;	/* ... or kept without segments ... */
	bool has_wait_floor;		/* ... once this is so */
	bool has_segments_floor;
};

struct longest *longest_create(size_t bytes_of_waits, size_t bytes_of_segments)
{
	struct longest *longest = calloc(1, sizeof(*longest));

	if (!longest)
		return NULL;
	longest->max_bytes_of_waits = bytes_of_waits;
	longest->max_bytes_of_segments = bytes_of_segments;
	return longest;
}

void longest_free(struct episode *wait)
{
	if (!wait)
		return;
	free((void *)wait->segments);
	free(wait);
}

void longest_destroy(struct longest *longest)
{
	if (!longest)
		return;
	for (size_t i = 0; i < longest->nr_waits; i++)
		longest_free(longest->waits[i]);
	free(longest->waits);
	free(longest);
}

static uint64_t wait_ns(const struct episode *wait)
{
	return wait->ended_at - wait->began_at;
}

static size_t size_of_wait(const struct episode *wait)
{
	return sizeof(*wait) + wait->nr_charges * sizeof(*wait->charges) +
	       wait->nr_cpus * sizeof(*wait->cpus) + wait->nr_stacks * sizeof(*wait->stacks);
}

static size_t size_of_segments(const struct episode *wait)
{
	return wait->nr_segments * sizeof(*wait->segments);
}

static int compare_waits(const void *a, const void *b)
{
	const struct episode *left = *(const struct episode *const *)a;
	const struct episode *right = *(const struct episode *const *)b;

	if (wait_ns(left) != wait_ns(right))
		return wait_ns(left) > wait_ns(right) ? -1 : 1;
	if (left->began_at != right->began_at)
		return left->began_at < right->began_at ? -1 : 1;
	return left->tid < right->tid ? -1 : left->tid > right->tid;
}

size_t longest_sort(struct longest *longest, const struct episode *const **ret)
{
	if (longest->nr_waits)
		qsort(longest->waits, longest->nr_waits, sizeof(*longest->waits), compare_waits);
	*ret = (const struct episode *const *)longest->waits;
	return longest->nr_waits;
}

static void forget_segments(struct episode *wait)
{
	wait->segments = NULL;
	wait->nr_folded += wait->nr_segments;
	wait->nr_segments = 0;
	wait->folded_ns = wait_ns(wait);
}

static void strip_segments(struct longest *longest, struct episode *wait)
{
	if (!wait->nr_segments)
		return;
	longest->bytes_of_segments -= size_of_segments(wait);
	free((void *)wait->segments);
	forget_segments(wait);
}

/* Down to half of the room, so that the sorting is paid for by many waits. */
static void make_room(struct longest *longest)
{
	const struct episode *const *sorted;
	size_t nr = longest_sort(longest, &sorted);

	if (longest->bytes_of_segments > longest->max_bytes_of_segments) {
		longest->has_segments_floor = true;
		for (size_t i = nr; i && longest->bytes_of_segments > longest->max_bytes_of_segments / 2;) {
			struct episode *wait = longest->waits[--i];

			longest->segments_floor_ns = wait_ns(wait);
			strip_segments(longest, wait);
		}
		for (size_t i = 0; i < nr; i++) {
			if (wait_ns(longest->waits[i]) == longest->segments_floor_ns)
				strip_segments(longest, longest->waits[i]);
		}
	}
	if (longest->bytes_of_waits <= longest->max_bytes_of_waits)
		return;
	longest->has_wait_floor = true;
	while (longest->nr_waits && longest->bytes_of_waits > longest->max_bytes_of_waits / 2) {
		struct episode *wait = longest->waits[--longest->nr_waits];

		longest->wait_floor_ns = wait_ns(wait);
		longest->bytes_of_waits -= size_of_wait(wait);
		longest->bytes_of_segments -= size_of_segments(wait);
		longest_free(wait);
	}
}

static struct episode *copy_wait(const struct episode *episode, bool with_segments)
{
	char *memory = malloc(size_of_wait(episode));
	struct episode *wait = (struct episode *)memory;
	size_t used = sizeof(*wait);

	if (!memory)
		return NULL;
	*wait = *episode;
	wait->segments = NULL;
	/* In the order of their alignment: 8 bytes, 8, 4. */
	wait->charges = (void *)(memory + used);
	if (episode->nr_charges)
		memcpy(memory + used, episode->charges, episode->nr_charges * sizeof(*episode->charges));
	used += episode->nr_charges * sizeof(*episode->charges);
	wait->stacks = (void *)(memory + used);
	if (episode->nr_stacks)
		memcpy(memory + used, episode->stacks, episode->nr_stacks * sizeof(*episode->stacks));
	used += episode->nr_stacks * sizeof(*episode->stacks);
	wait->cpus = (void *)(memory + used);
	if (episode->nr_cpus)
		memcpy(memory + used, episode->cpus, episode->nr_cpus * sizeof(*episode->cpus));

	if (with_segments && episode->nr_segments) {
		struct segment *segments = malloc(size_of_segments(episode));

		if (!segments) {
			free(wait);
			return NULL;
		}
		memcpy(segments, episode->segments, size_of_segments(episode));
		wait->segments = segments;
	}
	return wait;
}

int longest_add(struct longest *longest, const struct episode *episode)
{
	uint64_t ns = wait_ns(episode);
	bool with_segments = !longest->has_segments_floor || ns > longest->segments_floor_ns;
	struct episode *wait;

	if (longest->has_wait_floor && ns <= longest->wait_floor_ns)
		return 0;
	if (longest->nr_waits == longest->nr_allocated) {
		size_t nr_allocated = longest->nr_allocated ? 2 * longest->nr_allocated : 64;
		struct episode **waits = reallocarray(longest->waits, nr_allocated, sizeof(*waits));

		if (!waits)
			return -ENOMEM;
		longest->waits = waits;
		longest->nr_allocated = nr_allocated;
	}
	wait = copy_wait(episode, with_segments);
	if (!wait)
		return -ENOMEM;
	longest->waits[longest->nr_waits++] = wait;
	longest->bytes_of_waits += size_of_wait(wait);
	if (with_segments)
		longest->bytes_of_segments += size_of_segments(wait);
	else if (wait->nr_segments)
		forget_segments(wait);
	if (longest->bytes_of_waits > longest->max_bytes_of_waits ||
	    longest->bytes_of_segments > longest->max_bytes_of_segments)
		make_room(longest);
	return 0;
}

struct episode *longest_copy(const struct episode *episode)
{
	return copy_wait(episode, true);
}

void longest_recycle_copy(struct episode *copy, const struct recycle_map *map)
{
	struct episode_stack *stacks = (struct episode_stack *)copy->stacks;

	copy->task = recycle_task(map, copy->task);
	copy->waker = recycle_culprit(map, copy->waker);
	copy->work_queued_by = recycle_culprit(map, copy->work_queued_by);
	copy->nr_charges = recycle_charges(map, (struct charge *)copy->charges, copy->nr_charges);
	copy->nr_segments = recycle_segments(map, (struct segment *)copy->segments, copy->nr_segments);
	for (uint32_t i = 0; i < copy->nr_stacks; i++)
		stacks[i].of = recycle_culprit(map, stacks[i].of);
}

/* Return: the wait with its new numbers, in as much memory as it needs; NULL when out of memory */
static struct episode *renew(struct episode *wait, const struct recycle_map *map)
{
	uint32_t nr_charges = wait->nr_charges;
	uint32_t nr_segments = wait->nr_segments;
	struct episode *smaller;

	longest_recycle_copy(wait, map);
	if (wait->nr_charges == nr_charges && wait->nr_segments == nr_segments)
		return wait;
	smaller = copy_wait(wait, true);
	longest_free(wait);
	return smaller;
}

int longest_recycle(struct longest *longest, const struct recycle_map *map)
{
	size_t nr_left = 0;
	int err = 0;

	longest->bytes_of_waits = longest->bytes_of_segments = 0;
	for (size_t i = 0; i < longest->nr_waits; i++) {
		struct episode *wait = longest->waits[i];

		if (wait->task < map->nr_tasks && map->verdicts[wait->task] == RECYCLE_DROP) {
			longest_free(wait);
			continue;
		}
		wait = renew(wait, map);
		if (!wait) {
			err = -ENOMEM;
			continue;
		}
		longest->waits[nr_left++] = wait;
		longest->bytes_of_waits += size_of_wait(wait);
		longest->bytes_of_segments += size_of_segments(wait);
	}
	longest->nr_waits = nr_left;
	return err;
}
