// SPDX-License-Identifier: GPL-2.0-only
#include "dat_item.h"

#include "dat_stream.h"
#include "decode.h"
#include "source.h"

void dat_item_record(struct decoder *decoder, const struct dat_stream *stream, struct source_info *info,
		     struct event *event)
{
	enum decode_result result = decoder_decode(decoder, stream->cpu, stream->at, stream->record,
						   stream->record_size, event);

	if (result == DECODE_SHORT)
		info->odd[SOURCE_ODD_SHORT_RECORD]++;
	else if (result == DECODE_UNKNOWN)
		info->odd[SOURCE_ODD_UNKNOWN_EVENT]++;
	if (!info->nr_events++)
		info->first_at = stream->at;
	if (stream->at > info->last_at)
		info->last_at = stream->at;
}

void dat_item_loss(const struct dat_stream *stream, struct source_info *info, struct event *event)
{
	event->at = stream->at;
	event->cpu = stream->cpu;
	event->tid = TID_UNKNOWN;
	event->type = EVENT_LOSS;
	event->flags = 0;
	event->preempt_depth = 0;
	event->loss.to_at = stream->loss_to_at;
	event->loss.lost_events = stream->lost_events;
	info->nr_losses++;
}
