/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_ITEM_H
#define RTLA_STALL_SOURCE_DAT_ITEM_H

#include "../engine/event.h"

/* What a stream of pages is at, as an event. The facts about the source count it. */

struct dat_stream;
struct decoder;
struct source_info;

/** dat_item_record() - it is at a record */
void dat_item_record(struct decoder *decoder, const struct dat_stream *stream, struct source_info *info,
		     struct event *event);

/** dat_item_loss() - it is at a loss; how many events are lost is not added to those of @info */
void dat_item_loss(const struct dat_stream *stream, struct source_info *info, struct event *event);

#endif
