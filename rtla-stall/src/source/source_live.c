// SPDX-License-Identifier: GPL-2.0-only
#include "source_live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../util/clock.h"
#include "../util/error.h"
#include "dat_decoder.h"
#include "dat_facts.h"
#include "dat_heap.h"
#include "dat_item.h"
#include "dat_stream.h"
#include "live_read.h"
#include "live_ring.h"
#include "source_live_state.h"

#define SLACK_NS 1000000u	/* between a record's stamp and when it can be read, at first */
#define SLACK_MOST_NS 100000000u
#define PAUSE_LEAST_NS 1000000u
#define RING_PAGES_LEAST 32u
#define RING_PAGES_MOST 262144u

/* ---- reading ---------------------------------------------------------------------------------- */

/* Go to the stream's next item, over as many pages as it takes. Return: false when there is none now */
static bool advance(struct reader *reader)
{
	struct dat_stream *stream = &reader->stream;

	while (dat_stream_next(stream) == DAT_END) {
		const uint8_t *page = live_ring_next(&reader->ring);

		if (!page)
			return false;
		stream->pages = page;
		stream->pages_end = page + reader->ring.page_size;
	}
	return true;
}

static int read_cpu(struct source_live *live, uint32_t number, uint64_t *bytes, struct error *err)
{
	struct reader *reader = &live->readers[number];
	const struct live_cpu *cpu = &live->instance.cpus[number];

	*bytes = 0;
	for (;;) {
		size_t room_size;
		uint8_t *room = live_ring_room(&reader->ring, &room_size);
		ssize_t size;

		if (!room_size)
			return 0;	/* the rest stays in the kernel until these are decoded */
		size = live_read_pages(cpu, reader->ring.page_size, room, room_size);
		if (size < 0)
			return error_set(err, (int)size, "the buffer of CPU %u: %s", cpu->cpu,
					 strerror((int)-size));
		live_ring_add(&reader->ring, (size_t)size);
		*bytes += (uint64_t)size;
		if ((size_t)size < room_size)
			return 0;
	}
}

/*
 * A CPU whose ring is full has more in the kernel, but nothing older than its newest page, of which the
 * stamp is the first thing.
 */
static void limit_horizon(struct source_live *live, struct live_ring *ring, uint64_t *horizon_at)
{
	const uint8_t *newest = live_ring_newest(ring);
	uint64_t stamp;
	size_t room;

	live_ring_room(ring, &room);
	if (room || !newest)
		return;
	live->is_behind = true;
	stamp = dat_load_u64(newest, false);
	if (stamp < *horizon_at)
		*horizon_at = stamp;
}

static int read_round(struct source_live *live, struct error *err)
{
	uint64_t horizon_at;
	uint64_t most = 0;

	live->is_behind = false;
	live->read_at = clock_mono_ns();
	horizon_at = live->read_at - live->slack_ns;
	for (uint32_t i = 0; i < live->nr_readers; i++) {
		struct reader *reader = &live->readers[i];
		uint64_t bytes;
		int result = read_cpu(live, i, &bytes, err);

		if (result)
			return result;
		if (bytes > most)
			most = bytes;
		limit_horizon(live, &reader->ring, &horizon_at);
		if (reader->is_waiting && advance(reader)) {
			reader->is_waiting = false;
			live->slots[live->nr_slots++] =
				(struct dat_heap_slot){ reader->stream.at, reader->stream.cpu, i };
		}
	}
	for (uint32_t i = live->nr_slots / 2; i-- > 0;)
		dat_heap_sift_down(live->slots, live->nr_slots, i);
	live_pace_update(&live->pace, most, (uint64_t)live->instance.buffer_kb * 1024);
	if (horizon_at > live->horizon_at)
		live->horizon_at = horizon_at;
	live->is_tick_due = true;
	return 0;
}

static void await_next_round(const struct source_live *live)
{
	uint64_t now = clock_mono_ns();
	uint64_t due_at = live->read_at + live->pace.pause_ns;
	struct timespec pause;

	if (now >= due_at || live->is_behind)
		return;
	pause = (struct timespec){
		.tv_sec = (time_t)((due_at - now) / 1000000000u),
		.tv_nsec = (long)((due_at - now) % 1000000000u),
	};
	nanosleep(&pause, NULL);
}

/* ---- handing on ------------------------------------------------------------------------------- */

static uint64_t count_lost(const struct live_cpu *cpu)
{
	struct strbuf text = STRBUF_INIT;
	struct live_counts counts;

	live_read_stats(cpu, &text);
	live_read_counts(text.text, &counts);
	strbuf_deinit(&text);
	return counts.lost;
}

/*
 * A page has no room for the number of events lost before it when it is full. Then what the kernel
 * counted in all says it, which may be some of the next loss already: the sum does not count them twice.
 */
static uint64_t tell_lost(struct source_live *live, uint32_t number)
{
	struct reader *reader = &live->readers[number];
	uint64_t counted = live->is_stopped ? 0 : count_lost(&live->instance.cpus[number]);
	uint64_t untold = counted > reader->lost_told ? counted - reader->lost_told : 0;
	uint64_t lost = reader->stream.lost_events ? reader->stream.lost_events : untold;
	uint64_t told = lost < untold || !counted ? lost : untold;

	reader->lost_told += told;
	live->source.info.lost_events += told;
	return lost;
}

static void take_loss(struct source_live *live, uint32_t number, struct event *event)
{
	const struct dat_stream *stream = &live->readers[number].stream;

	dat_item_loss(stream, &live->source.info, event);
	event->loss.lost_events = tell_lost(live, number);
	live_lent_lose(&live->lent);
	/* The record before it was handed on long ago; time has gone on since. */
	if (event->at < live->handed_at)
		event->at = live->handed_at;
	if (event->loss.to_at < event->at)
		event->loss.to_at = event->at;
}

/* When the oldest page was begun that any CPU still has. */
static uint64_t find_oldest(const struct source_live *live)
{
	uint64_t oldest_at = UINT64_MAX;

	for (uint32_t i = 0; i < live->nr_readers; i++) {
		const uint8_t *page = live_ring_page(&live->readers[i].ring, 0);

		if (page && dat_load_u64(page, false) < oldest_at)
			oldest_at = dat_load_u64(page, false);
	}
	return oldest_at;
}

static void take_record(struct source_live *live, const struct dat_stream *stream, struct event *event)
{
	struct source_info *info = &live->source.info;

	dat_item_record(live->decoder, stream, info, event);
	if (event->type == EVENT_PI_SETPRIO)
		live_lent_add(&live->lent, event, stream->record, stream->record_size, find_oldest(live));
	if (stream->at >= live->handed_at)
		return;
	/* A CPU that was held up in between, as those of a guest are: from now on that is waited for. */
	info->odd[SOURCE_ODD_TIME_BACKWARDS]++;
	if (live->slack_ns < SLACK_MOST_NS)
		live->slack_ns *= 2;
}

static void take_tick(struct source_live *live, struct event *event)
{
	*event = (struct event){ .at = live->horizon_at, .tid = TID_UNKNOWN, .type = EVENT_TICK };
	live->is_tick_due = false;
	live->handed_at = live->horizon_at;
}

static void take_item(struct source_live *live, struct event *event)
{
	struct dat_heap_slot *top = live->slots;
	struct reader *reader = &live->readers[top->stream];

	if (reader->stream.item == DAT_RECORD)
		take_record(live, &reader->stream, event);
	else
		take_loss(live, top->stream, event);
	if (event->at > live->handed_at)
		live->handed_at = event->at;
	if (advance(reader)) {
		top->at = reader->stream.at;
	} else {
		reader->is_waiting = true;
		*top = live->slots[--live->nr_slots];
	}
	if (live->nr_slots > 1)
		dat_heap_sift_down(live->slots, live->nr_slots, 0);
	live->source.info.odd[SOURCE_ODD_BAD_PAGE] = live->shared.bad_pages;
}

static int source_live_next(struct source *src, struct event *event, struct error *err)
{
	struct source_live *live = (struct source_live *)src;
	int result;

	if (live->nr_slots && live->slots[0].at <= live->horizon_at) {
		take_item(live, event);
		return 1;
	}
	if (!live->is_tick_due && live->is_stopped)
		return 0;
	if (!live->is_tick_due) {
		await_next_round(live);
		result = read_round(live, err);
		if (result)
			return result;
		if (live->nr_slots && live->slots[0].at <= live->horizon_at) {
			take_item(live, event);
			return 1;
		}
	}
	take_tick(live, event);
	return 1;
}

/* ---- open and close --------------------------------------------------------------------------- */

static void source_live_close(struct source *src)
{
	struct source_live *live = (struct source_live *)src;

	for (uint32_t i = 0; i < live->nr_readers; i++) {
		dat_stream_deinit(&live->readers[i].stream);
		live_ring_deinit(&live->readers[i].ring);
	}
	free(live->readers);
	free(live->slots);
	live_lent_deinit(&live->lent);
	decoder_destroy(live->decoder);
	dat_symbols_destroy(live->symbols);
	live_instance_deinit(&live->instance);
	free(live);
}

static const struct source_ops source_live_ops = {
	.next = source_live_next,
	.close = source_live_close,
};

static void open_stream(struct dat_stream *stream, struct dat_stream_shared *shared, uint32_t cpu)
{
	*stream = (struct dat_stream){
		.shared = shared,
		.cpu = cpu,
		.is_big_endian = shared->file->is_big_endian,
		.is_open_ended = true,
	};
}

static int open_readers(struct source_live *live, uint64_t kept_bytes)
{
	uint32_t nr_cpus = live->instance.nr_cpus;
	uint64_t nr_pages = kept_bytes / live->instance.page_size / (nr_cpus ? nr_cpus : 1);

	if (nr_pages < RING_PAGES_LEAST)
		nr_pages = RING_PAGES_LEAST;
	if (nr_pages > RING_PAGES_MOST)
		nr_pages = RING_PAGES_MOST;
	live->shared = (struct dat_stream_shared){
		.file = &live->instance.head,
		.page_size = live->instance.page_size,
	};
	live->readers = calloc(nr_cpus + 1, sizeof(*live->readers));
	live->slots = calloc(nr_cpus + 1, sizeof(*live->slots));
	if (!live->readers || !live->slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr_cpus; i++) {
		struct reader *reader = &live->readers[i];

		open_stream(&reader->stream, &live->shared, live->instance.cpus[i].cpu);
		reader->is_waiting = true;
		live->nr_readers++;
		if (live_ring_init(&reader->ring, live->instance.page_size, (uint32_t)nr_pages))
			return -ENOMEM;
	}
	return 0;
}

static enum tristate ask_preempt_rt(enum tristate guess)
{
	FILE *file = fopen("/sys/kernel/realtime", "re");
	int answer = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return answer == '1' ? TRI_YES : guess;
}

static void fill_info(struct source_live *live)
{
	struct source_info *info = &live->source.info;
	struct dat_file *head = &live->instance.head;

	info->format = SOURCE_LIVE;
	dat_facts_read(head, &head->buffers[0], info);
	info->is_preempt_rt = ask_preempt_rt(info->is_preempt_rt);
}

int source_live_open(struct live_instance *instance, const struct source_live_options *options,
		     struct source **ret, struct error *err)
{
	struct source_live *live = calloc(1, sizeof(*live));
	struct source_info *info;
	int result;

	if (!live)
		return error_set(err, -ENOMEM, "out of memory");
	live->source.ops = &source_live_ops;
	live->slack_ns = SLACK_NS;
	live->instance = *instance;
	info = &live->source.info;
	fill_info(live);
	live_pace_init(&live->pace, options->pause_ns < PAUSE_LEAST_NS ? PAUSE_LEAST_NS :
									 options->pause_ns);
	result = dat_decoder_open(&live->instance.head, info->nr_cpus, options->names, &live->symbols,
				  &live->decoder, err);
	if (!result) {
		result = open_readers(live, options->kept_bytes);
		if (result)
			error_set(err, result, "out of memory");
	}
	if (result) {
		/* it stays the caller's */
		live_instance_init(&live->instance);
		source_live_close(&live->source);
		return result;
	}
	info->events_present = decoder_events(live->decoder);
	info->has_irq_vectors = decoder_has_vectors(live->decoder);
	decoder_set_lazy_flag(live->decoder, dat_facts_has_lazy_flag(info) ||
			      decoder_has_lazy_count(live->decoder));
	live_instance_init(instance);
	*ret = &live->source;
	return 0;
}

uint64_t source_live_lost(const struct source *src)
{
	const struct source_live *live = (const struct source_live *)src;
	uint64_t lost = live->lost_at_stop;

	for (uint32_t i = 0; i < live->instance.nr_cpus; i++)
		lost += count_lost(&live->instance.cpus[i]);
	return lost;
}

uint64_t source_live_lost_of(const struct source *src, uint32_t cpu)
{
	const struct source_live *live = (const struct source_live *)src;

	for (uint32_t i = 0; i < live->nr_readers; i++) {
		if (live->readers[i].stream.cpu == cpu)
			return live->readers[i].lost_told;
	}
	return 0;
}

uint64_t source_live_due_at(const struct source *src)
{
	const struct source_live *live = (const struct source_live *)src;

	if (live->is_tick_due || live->is_behind)
		return 0;
	return live->read_at + live->pace.pause_ns;
}

void source_live_stop(struct source *src)
{
	struct source_live *live = (struct source_live *)src;

	struct error err = { 0 };

	if (live->is_stopped)
		return;
	/*
	 * Nothing newer will come: all that was read is in order. But where a CPU's ring had no room for the
	 * rest of its records, the run ends for all CPUs where they do.
	 */
	if (read_round(live, &err) || !live->is_behind)
		live->horizon_at = UINT64_MAX - 1;
	live->is_behind = false;
	live->lost_at_stop = source_live_lost(src);
	live_instance_close(&live->instance);
	live->is_stopped = true;
	live->is_tick_due = false;
}

const struct live_instance *source_live_instance(const struct source *src)
{
	return &((const struct source_live *)src)->instance;
}
