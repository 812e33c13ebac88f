/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_LOSSES_H
#define RTLA_STALL_SOURCE_TEXT_LOSSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/event.h"

/*
 * Losses of a text, each delivered where it begins.
 *
 *     CPU 1   a        b             x----- lost ----- [mark] c
 *     CPU 0       d        e     f       g      h                 (file order = order of time)
 *                          |                             |
 *                         at = stamp of b               to_at = stamp of c
 *
 * The text has its mark only before c, when e to h have been handed on; the engine wants to hear of
 * it after b and before e's successors. So a text that can be read twice is read for its marks
 * first (text_scan.h); this keeps what was found, in the order of its delivery. In a pipe it is not
 * known before, and the loss comes late.
 *
 * At most TEXT_LOSSES_MAX are kept; those beyond are delivered at their marks, as in a pipe.
 */

#define TEXT_LOSSES_MAX 65536u
#define TEXT_LOSS_NONE SIZE_MAX

struct text_loss {
	uint32_t cpu;
	uint64_t at;		/* of the last event of this CPU before the mark, else of the first one
				 * of all */
	uint64_t to_at;		/* of its next event, else of the last one of all */
	uint64_t lost_events;	/* 0 unknown */
	uint64_t from_offset;	/* in the text, of the line of that last event */
	uint64_t mark_offset;	/* of the mark */
	bool is_from_start;	/* no event of this CPU before it */
	size_t older;		/* while scanning: the one before it that waits for the same
				 * event */
};

/* All zeros is an empty list; add() is called in the order of marks. */
struct text_losses {
	struct text_loss *list;
	size_t nr;
	size_t nr_allocated;
	size_t next;		/* the next one to deliver */
	bool is_full;		/* one did not fit */
	uint64_t full_offset;	/* of its mark: those from here on are not in the list */
};

void text_losses_deinit(struct text_losses *losses);

/** text_losses_add() - false when the list is full or memory is out; then it stays as it is */
bool text_losses_add(struct text_losses *losses, const struct text_loss *loss);

/** text_losses_knows() - true when the loss of the mark at @mark_offset is in the list, or none */
bool text_losses_knows(const struct text_losses *losses, uint64_t mark_offset);

/** text_losses_sort() - once all are there: into the order of delivery */
void text_losses_sort(struct text_losses *losses);

/**
 * text_losses_take() - the next loss to deliver before an event
 * @at: stamp of the event; UINT64_MAX at the end of the text
 * @offset: of its line; UINT64_MAX at the end
 * @ret: filled in when true is returned
 */
bool text_losses_take(struct text_losses *losses, uint64_t at, uint64_t offset, struct event *ret);

#endif
