// SPDX-License-Identifier: GPL-2.0-only
#include "decode.h"

#include <string.h>

#include "../util/names.h"
#include "dat_bytes.h"
#include "decode_table.h"

static inline uint64_t load(const struct decoder *decoder, const struct decode_field *field,
			    const uint8_t *record)
{
	const uint8_t *at = record + field->offset;

	switch (field->size) {
	case 4: {
		uint32_t value = dat_load_u32(at, decoder->is_swapped);

		return field->kind == DECODE_INT ? (uint64_t)(int64_t)(int32_t)value : value;
	}
	case 8:
		return dat_load_u64(at, decoder->is_swapped);
	case 2: {
		uint16_t value = dat_load_u16(at, decoder->is_swapped);

		return field->kind == DECODE_INT ? (uint64_t)(int64_t)(int16_t)value : value;
	}
	default:
		return field->kind == DECODE_INT ? (uint64_t)(int64_t)(int8_t)*at : *at;
	}
}

static inline int32_t load_s32(const struct decoder *decoder, const struct decode_field *field,
			       const uint8_t *record, int32_t none)
{
	return field->kind == DECODE_NONE ? none : (int32_t)load(decoder, field, record);
}

static inline uint32_t load_u32(const struct decoder *decoder, const struct decode_field *field,
				const uint8_t *record, uint32_t none)
{
	return field->kind == DECODE_NONE ? none : (uint32_t)load(decoder, field, record);
}

static inline uint64_t load_u64(const struct decoder *decoder, const struct decode_field *field,
				const uint8_t *record)
{
	return field->kind == DECODE_NONE ? 0 : load(decoder, field, record);
}

/* The text of a field of any kind, within the record. Return: its length; may hold NULs. */
static size_t find_text(const struct decoder *decoder, const struct decode_field *field,
			const uint8_t *record, size_t size, const char **text)
{
	uint32_t word;
	size_t offset;
	size_t length;

	if (field->kind == DECODE_TEXT) {
		*text = (const char *)record + field->offset;
		return field->size;
	}
	if (field->kind != DECODE_DATA_LOC && field->kind != DECODE_REL_LOC)
		return 0;
	word = dat_load_u32(record + field->offset, decoder->is_swapped);
	offset = word & 0xffff;
	length = word >> 16;
	if (field->kind == DECODE_REL_LOC)
		offset += decode_field_end(field);
	if (offset > size || length > size - offset)
		return 0;
	*text = (const char *)record + offset;
	return length;
}

/* Bytes after the NUL are made zero, so that equal names have equal bytes. */
static inline void load_comm(const struct decoder *decoder, const struct decode_field *field,
			     const uint8_t *record, size_t size, char *comm)
{
	const char *text = NULL;
	size_t length;

	if (field->kind == DECODE_TEXT && field->size == COMM_LEN) {
#if __BYTE_ORDER == __LITTLE_ENDIAN
		const uint64_t ones = UINT64_C(0x0101010101010101);
		uint64_t words[2];

		memcpy(words, record + field->offset, COMM_LEN);
		for (int i = 0; i < 2; i++) {
			uint64_t zeros = (words[i] - ones) & ~words[i] & (ones << 7);

			if (!zeros)
				continue;
			words[i] &= (zeros & -zeros) - 1; /* the bytes before the first zero */
			if (!i)
				words[1] = 0;
			break;
		}
		memcpy(comm, words, COMM_LEN);
		comm[COMM_LEN - 1] = '\0';
		return;
#endif
	}
	length = find_text(decoder, field, record, size, &text);
	if (length >= COMM_LEN)
		length = COMM_LEN - 1;
	if (length)
		length = strnlen(text, length);
	memset(comm, 0, COMM_LEN);
	if (length)
		memcpy(comm, text, length);
}

static uint32_t load_name(const struct decoder *decoder, const struct decode_field *field,
			  const uint8_t *record, size_t size)
{
	const char *text = NULL;
	size_t length = find_text(decoder, field, record, size, &text);

	return length ? names_add(decoder->config.names, text, length) : 0;
}

static uint32_t symbol_of(struct decoder *decoder, uint64_t address, bool is_entry)
{
	size_t slot = (address >> 4 ^ address >> 14) & (DECODE_CACHED_SYMBOLS - 1);

	if (!address || !decoder->config.find_symbol)
		return 0;
	if (decoder->symbols[slot].address != address ||
	    decoder->symbols[slot].is_entry != is_entry) {
		decoder->symbols[slot].address = address;
		decoder->symbols[slot].is_entry = is_entry;
		decoder->symbols[slot].name =
			decoder->config.find_symbol(decoder->config.arg, address, is_entry);
	}
	return decoder->symbols[slot].name;
}

static void decode_switch(const struct decoder *decoder, const struct decode_field *fields,
			  const uint8_t *record, size_t size, struct event *event)
{
	const struct decode_field *state = &fields[SWITCH_PREV_STATE];

	event->sw.prev_tid = (int32_t)load(decoder, &fields[SWITCH_PREV_TID], record);
	event->sw.next_tid = (int32_t)load(decoder, &fields[SWITCH_NEXT_TID], record);
	event->sw.prev_prio = load_s32(decoder, &fields[SWITCH_PREV_PRIO], record, PRIO_UNKNOWN);
	event->sw.next_prio = load_s32(decoder, &fields[SWITCH_NEXT_PRIO], record, PRIO_UNKNOWN);
	event->sw.left = state->kind == DECODE_NONE ? LEFT_UNKNOWN :
			 (uint8_t)decode_state_left(&decoder->state, load(decoder, state, record));
	load_comm(decoder, &fields[SWITCH_PREV_COMM], record, size, event->sw.prev_comm);
	load_comm(decoder, &fields[SWITCH_NEXT_COMM], record, size, event->sw.next_comm);
}

static void decode_wake(const struct decoder *decoder, const struct decode_field *fields,
			const uint8_t *record, size_t size, struct event *event)
{
	/* old kernels also record a wakeup of a thread that needed none */
	if (fields[WAKE_SUCCESS].kind != DECODE_NONE &&
	    !load(decoder, &fields[WAKE_SUCCESS], record)) {
		event->type = EVENT_OTHER;
		return;
	}
	event->wake.tid = (int32_t)load(decoder, &fields[WAKE_TID], record);
	event->wake.prio = load_s32(decoder, &fields[WAKE_PRIO], record, PRIO_UNKNOWN);
	event->wake.target_cpu = load_u32(decoder, &fields[WAKE_TARGET], record, UINT32_MAX);
	load_comm(decoder, &fields[WAKE_COMM], record, size, event->wake.comm);
}

static uint32_t work_cpu(const struct decoder *decoder, const struct decode_field *field,
			 const uint8_t *record)
{
	uint32_t cpu = load_u32(decoder, field, record, UINT32_MAX);

	/* an unbound item has a number beyond all CPUs */
	return decoder->config.nr_cpus && cpu >= decoder->config.nr_cpus ? UINT32_MAX : cpu;
}

static void decode_work(struct decoder *decoder, const struct decode_field *fields,
			const uint8_t *record, size_t size, struct event *event)
{
	const struct decode_field *queue = &fields[WORK_QUEUE];

	event->work.work = load(decoder, &fields[WORK_ADDRESS], record);
	event->work.function =
		symbol_of(decoder, load_u64(decoder, &fields[WORK_FUNCTION], record), true);
	event->work.workqueue =
		decode_is_number(queue) ? 0 : load_name(decoder, queue, record, size);
	event->work.req_cpu = work_cpu(decoder, &fields[WORK_REQ_CPU], record);
	event->work.cpu = work_cpu(decoder, &fields[WORK_CPU], record);
}

static void decode_stack(struct decoder *decoder, const struct decode_field *fields,
			 const uint8_t *record, size_t size, struct event *event)
{
	const struct decode_field *frames = &fields[STACK_FRAMES];
	uint32_t word_size = decoder->config.long_size == 4 ? 4 : 8;
	size_t nr_words = (size - frames->offset) / word_size;
	const uint8_t *at = record + frames->offset;
	uint32_t nr_frames = 0;

	if (frames->kind != DECODE_ARRAY) {
		const char *text = NULL;

		nr_words = find_text(decoder, frames, record, size, &text) / word_size;
		at = (const uint8_t *)text;
	}
	if (decode_is_number(&fields[STACK_SIZE])) {
		uint64_t nr_told = load(decoder, &fields[STACK_SIZE], record);

		nr_words = nr_told < nr_words ? (size_t)nr_told : nr_words;
	}
	for (; nr_words && nr_frames < STACK_MAX; nr_words--, at += word_size) {
		uint64_t address = word_size == 8 ? dat_load_u64(at, decoder->is_swapped) :
						    dat_load_u32(at, decoder->is_swapped);

		if (address == (word_size == 8 ? UINT64_MAX : UINT32_MAX))
			break;
		event->stack.frames[nr_frames++] = symbol_of(decoder, address, false);
	}
	event->stack.nr_frames = nr_frames;
}

static void decode_irq(struct decoder *decoder, const struct decode_event *kind,
		       const uint8_t *record, size_t size, struct event *event)
{
	const struct decode_field *fields = kind->fields;

	event->irq.number = load_s32(decoder, &fields[IRQ_NUMBER], record, -1);
	if (kind->is_vector) {
		event->irq.name = kind->name;
		decoder->seen_vectors = true;
		return;
	}
	event->irq.name = load_name(decoder, &fields[IRQ_NAME], record, size);
	event->irq.duration_ns = load_u64(decoder, &fields[IRQ_DURATION], record);
	switch (event->type) {
	case EVENT_SOFTIRQ_ENTRY:
	case EVENT_SOFTIRQ_EXIT:
	case EVENT_SOFTIRQ_NOISE:
		if (event->irq.number >= 0 && event->irq.number < DECODE_SOFTIRQS)
			event->irq.name = decoder->softirq_names[event->irq.number];
		break;
	case EVENT_NMI:
		event->irq.name =
			symbol_of(decoder, load_u64(decoder, &fields[IRQ_NAME], record), true);
		if (!event->irq.name)
			event->irq.name = decoder->nmi_name;
		break;
	case EVENT_NMI_NOISE:
		event->irq.name = decoder->nmi_name;
		break;
	default:
		break;
	}
}

static void decode_task(const struct decoder *decoder, const struct decode_field *fields,
			const uint8_t *record, size_t size, struct event *event)
{
	event->task.tid = load_s32(decoder, &fields[TASK_TID], record, event->tid);
	event->task.old_tid = load_s32(decoder, &fields[TASK_OLD_TID], record, event->task.tid);
	load_comm(decoder, &fields[TASK_COMM], record, size, event->task.comm);
}

static void decode_rest(struct decoder *decoder, const struct decode_field *fields,
			const uint8_t *record, size_t size, struct event *event)
{
	switch (event->type) {
	case EVENT_MIGRATE:
		event->migrate.tid = (int32_t)load(decoder, &fields[MIGRATE_TID], record);
		event->migrate.prio =
			load_s32(decoder, &fields[MIGRATE_PRIO], record, PRIO_UNKNOWN);
		event->migrate.orig_cpu = (uint32_t)load(decoder, &fields[MIGRATE_ORIG], record);
		event->migrate.dest_cpu = (uint32_t)load(decoder, &fields[MIGRATE_DEST], record);
		load_comm(decoder, &fields[MIGRATE_COMM], record, size, event->migrate.comm);
		break;
	case EVENT_PI_SETPRIO:
		event->pi.tid = (int32_t)load(decoder, &fields[PI_TID], record);
		event->pi.old_prio = (int32_t)load(decoder, &fields[PI_OLD_PRIO], record);
		event->pi.new_prio = (int32_t)load(decoder, &fields[PI_NEW_PRIO], record);
		load_comm(decoder, &fields[PI_COMM], record, size, event->pi.comm);
		break;
	case EVENT_FORK:
		event->fork.parent_tid =
			load_s32(decoder, &fields[FORK_PARENT], record, TID_UNKNOWN);
		event->fork.tid = (int32_t)load(decoder, &fields[FORK_CHILD], record);
		load_comm(decoder, &fields[FORK_COMM], record, size, event->fork.comm);
		break;
	case EVENT_THREAD_NOISE:
		event->thread_noise.tid = (int32_t)load(decoder, &fields[NOISE_TID], record);
		event->thread_noise.duration_ns = load(decoder, &fields[NOISE_DURATION], record);
		load_comm(decoder, &fields[NOISE_COMM], record, size, event->thread_noise.comm);
		break;
	case EVENT_TIMERLAT:
		event->timerlat.seqnum = load_u32(decoder, &fields[TIMERLAT_SEQNUM], record, 0);
		event->timerlat.context =
			(uint32_t)load(decoder, &fields[TIMERLAT_CONTEXT], record);
		event->timerlat.timer_latency_ns = load(decoder, &fields[TIMERLAT_VALUE], record);
		break;
	case EVENT_LOCK_BEGIN:
	case EVENT_LOCK_END:
		event->lock.address = load(decoder, &fields[LOCK_ADDRESS], record);
		event->lock.flags = load_u32(decoder, &fields[LOCK_FLAGS], record, 0);
		event->lock.result = load_s32(decoder, &fields[LOCK_RESULT], record, 0);
		break;
	default:	/* all is in the head */
		break;
	}
}

static void decode_head(const struct decoder *decoder, const uint8_t *record, struct event *event)
{
	const struct decode_head *head = &decoder->head;

	event->tid = (int32_t)dat_load_u32(record + head->tid.offset, decoder->is_swapped);
	event->flags = head->flags.kind == DECODE_NONE ? 0 :
		       decoder->flags[record[head->flags.offset]];
	/* the upper half counts migrate_disable() */
	event->preempt_depth = head->preempt_count.kind == DECODE_NONE || !event->flags ? 0 :
			       record[head->preempt_count.offset] & 0xf;
}

static inline void decode_body(struct decoder *decoder, const struct decode_event *kind,
			       const uint8_t *record, size_t size, struct event *event)
{
	event->type = kind->type;
	switch (kind->type) {
	case EVENT_SWITCH:
		decode_switch(decoder, kind->fields, record, size, event);
		break;
	case EVENT_WAKING:
	case EVENT_WAKEUP:
	case EVENT_WAKEUP_NEW:
		decode_wake(decoder, kind->fields, record, size, event);
		break;
	case EVENT_IRQ_ENTRY:
	case EVENT_IRQ_EXIT:
	case EVENT_SOFTIRQ_ENTRY:
	case EVENT_SOFTIRQ_EXIT:
	case EVENT_NMI:
	case EVENT_IRQ_NOISE:
	case EVENT_SOFTIRQ_NOISE:
	case EVENT_NMI_NOISE:
		decode_irq(decoder, kind, record, size, event);
		break;
	case EVENT_WORK_QUEUE:
	case EVENT_WORK_ACTIVATE:
	case EVENT_WORK_START:
	case EVENT_WORK_END:
		decode_work(decoder, kind->fields, record, size, event);
		break;
	case EVENT_EXEC:
	case EVENT_EXIT:
	case EVENT_RENAME:
		decode_task(decoder, kind->fields, record, size, event);
		break;
	case EVENT_STACK:
		decode_stack(decoder, kind->fields, record, size, event);
		break;
	default:
		decode_rest(decoder, kind->fields, record, size, event);
		break;
	}
}

enum decode_result decoder_decode(struct decoder *decoder, uint32_t cpu, uint64_t at,
				  const uint8_t *record, size_t size, struct event *event)
{
	const struct decode_event *kind;
	uint16_t id;

	event->at = at;
	event->cpu = cpu;
	event->type = EVENT_OTHER;
	if (!decoder->head.is_known || size < decoder->head.min_size) {
		event->tid = TID_UNKNOWN;
		event->flags = 0;
		event->preempt_depth = 0;
		return DECODE_SHORT;
	}
	decode_head(decoder, record, event);
	id = dat_load_u16(record + decoder->head.type.offset, decoder->is_swapped);
	if (id >= decoder->nr_ids || !decoder->events[id].is_known)
		return DECODE_UNKNOWN;
	kind = &decoder->events[id];
	if (kind->type == EVENT_OTHER)
		return DECODE_OK;
	if (size < kind->min_size)
		return DECODE_SHORT;
	decode_body(decoder, kind, record, size, event);
	return DECODE_OK;
}
