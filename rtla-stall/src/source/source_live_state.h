/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_SOURCE_LIVE_STATE_H
#define RTLA_STALL_SOURCE_SOURCE_LIVE_STATE_H

#include "dat_heap.h"
#include "dat_stream.h"
#include "live_lent.h"
#include "live_read.h"
#include "live_ring.h"
#include "source_live.h"

/* The live source's own state: source_live.c reads, source_live_save.c saves what was read. */

struct reader {
	struct dat_stream stream;
	struct live_ring ring;
	bool is_waiting;	/* for pages: it is not in the heap */
	uint64_t lost_told;	/* events, by losses handed on */
};

struct source_live {
	struct source source;
	struct live_instance instance;
	struct dat_symbols *symbols;
	struct decoder *decoder;
	struct dat_stream_shared shared;
	uint32_t nr_readers;
	struct reader *readers;
	uint32_t nr_slots;
	struct dat_heap_slot *slots;
	struct live_pace pace;
	struct live_lent lent;
	uint64_t slack_ns;	/* no record that can still come is older than that */
	uint64_t read_at;	/* when the buffers were last emptied */
	uint64_t horizon_at;	/* everything older was read */
	uint64_t handed_at;	/* of the last event handed on */
	bool is_tick_due;
	bool is_behind;		/* there is more to read, and no room for it */
	bool is_stopped;
	uint64_t lost_at_stop;	/* is_stopped: what the kernel had counted */
};

#endif
