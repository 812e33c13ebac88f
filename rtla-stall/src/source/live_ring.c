// SPDX-License-Identifier: GPL-2.0-only
#include "live_ring.h"

#include <errno.h>
#include <stdlib.h>

int live_ring_init(struct live_ring *ring, uint32_t page_size, uint32_t nr_pages)
{
	*ring = (struct live_ring){
		.pages = calloc(nr_pages, page_size),
		.page_size = page_size,
		.nr_pages = nr_pages,
	};
	return ring->pages ? 0 : -ENOMEM;
}

void live_ring_deinit(struct live_ring *ring)
{
	free(ring->pages);
	*ring = (struct live_ring){ 0 };
}

uint8_t *live_ring_room(struct live_ring *ring, size_t *size)
{
	uint32_t nr_used = ring->nr_kept + ring->nr_new;
	uint32_t end = (ring->oldest + nr_used) % ring->nr_pages;
	/* all but the page that is being decoded, and those that are yet to be */
	uint32_t room = ring->nr_pages - ring->nr_new - (ring->nr_kept ? 1 : 0);

	if (room > ring->nr_pages - end)
		room = ring->nr_pages - end;
	*size = (size_t)room * ring->page_size;
	return ring->pages + (size_t)end * ring->page_size;
}

void live_ring_add(struct live_ring *ring, size_t size)
{
	uint32_t nr_added = (uint32_t)(size / ring->page_size);
	uint32_t nr_used = ring->nr_kept + ring->nr_new + nr_added;

	ring->nr_new += nr_added;
	if (nr_used > ring->nr_pages) {
		uint32_t nr_gone = nr_used - ring->nr_pages;

		ring->oldest = (ring->oldest + nr_gone) % ring->nr_pages;
		ring->nr_kept -= nr_gone;
		ring->has_dropped = true;
	}
}

const uint8_t *live_ring_next(struct live_ring *ring)
{
	uint32_t at = (ring->oldest + ring->nr_kept) % ring->nr_pages;

	if (!ring->nr_new)
		return NULL;
	ring->nr_new--;
	ring->nr_kept++;
	return ring->pages + (size_t)at * ring->page_size;
}

const uint8_t *live_ring_newest(const struct live_ring *ring)
{
	uint32_t nr = ring->nr_kept + ring->nr_new;

	if (!nr)
		return NULL;
	return ring->pages + (size_t)((ring->oldest + nr - 1) % ring->nr_pages) * ring->page_size;
}

uint8_t *live_ring_page(const struct live_ring *ring, uint32_t number)
{
	if (number >= ring->nr_kept + ring->nr_new)
		return NULL;
	return ring->pages + (size_t)((ring->oldest + number) % ring->nr_pages) * ring->page_size;
}

uint64_t live_ring_size(const struct live_ring *ring)
{
	return (uint64_t)(ring->nr_kept + ring->nr_new) * ring->page_size;
}

const uint8_t *live_ring_piece(const struct live_ring *ring, int number, size_t *size)
{
	uint32_t nr = ring->nr_kept + ring->nr_new;
	uint32_t nr_first = nr < ring->nr_pages - ring->oldest ? nr : ring->nr_pages - ring->oldest;

	*size = (size_t)(number ? nr - nr_first : nr_first) * ring->page_size;
	return number ? ring->pages : ring->pages + (size_t)ring->oldest * ring->page_size;
}
