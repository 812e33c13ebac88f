/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_RING_H
#define RTLA_STALL_SOURCE_LIVE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The last pages that were read of one CPU: those that are yet to be decoded, and before them those that
 * are kept in case they are to be saved. Memory is fixed; new pages take the place of the oldest that
 * was decoded.
 *
 *     |  kept ...  |  to be decoded ...  |  room  |      and round again
 *     oldest       nr_kept               nr_kept + nr_new
 */

struct live_ring {
	uint8_t *pages;
	uint32_t page_size;
	uint32_t nr_pages;	/* there is room for */
	uint32_t oldest;
	uint32_t nr_kept;	/* the last of them is being decoded */
	uint32_t nr_new;
	bool has_dropped;	/* pages older than the oldest there is */
};

/** live_ring_init() - Return: 0 or -ENOMEM */
int live_ring_init(struct live_ring *ring, uint32_t page_size, uint32_t nr_pages)
	__attribute__((warn_unused_result));

/** live_ring_deinit() - free what is inside; a zeroed struct is fine */
void live_ring_deinit(struct live_ring *ring);

/**
 * live_ring_room() - where the next pages may be put
 * @size: bytes there are in one piece; 0 when everything is yet to be decoded
 */
uint8_t *live_ring_room(struct live_ring *ring, size_t *size);

/** live_ring_add() - so many bytes, of whole pages, were put there */
void live_ring_add(struct live_ring *ring, size_t size);

/** live_ring_next() - the next page to decode, which counts as decoded from the next call on; NULL none */
const uint8_t *live_ring_next(struct live_ring *ring);

/** live_ring_newest() - the page that was added last; NULL none */
const uint8_t *live_ring_newest(const struct live_ring *ring);

/** live_ring_size() - bytes of all pages there are */
uint64_t live_ring_size(const struct live_ring *ring);

/** live_ring_page() - the page with this number, from 0, the oldest, on; NULL there are fewer */
uint8_t *live_ring_page(const struct live_ring *ring, uint32_t number);

/**
 * live_ring_piece() - all pages there are, oldest first, in two pieces
 * @number: 0, 1
 * @size: of the piece; may be 0
 */
const uint8_t *live_ring_piece(const struct live_ring *ring, int number, size_t *size);

#endif
