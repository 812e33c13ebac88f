/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DECODE_H
#define RTLA_STALL_SOURCE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../engine/engine.h"
#include "../engine/event.h"

/*
 * From a record of the kernel's ring buffer to struct event, by the formats that came with it.
 *
 *     decoder_create(&config, &decoder);
 *     for each event's format text:  decoder_add_format(decoder, system, text, size);
 *     for each record:               decoder_decode(decoder, cpu, at, record, size, &event);
 *
 * Where a field is, how long, and whether it is signed comes from the format (libtraceevent parses
 * it) and is resolved once, when the format is added; so do the letters of prev_state and the names
 * of softirqs, from the format's print fmt. Nothing is known beforehand but names of events and
 * fields.
 *
 * Formats and records are not trusted. A format that lacks a field its event cannot do without
 * counts as an event that is not understood: its records become EVENT_OTHER.
 */

struct error;
struct names;
struct decoder;

struct decoder_config {
	struct names *names;		/* borrowed; outlives the decoder */
	bool is_big_endian;
	uint32_t long_size;		/* of the recording kernel: 4 or 8 */
	uint32_t nr_cpus;		/* 0 unknown; a work item's CPU beyond them is none */
	bool is_lazy_flag_known;	/* bit 02 of common_flags is need_resched_lazy */

	/* the name of the function an address is in, or begins, if @is_entry; 0 unknown; may be NULL */
	uint32_t (*find_symbol)(void *arg, uint64_t address, bool is_entry);
	void *arg;
};

enum decode_result {
	DECODE_OK,
	DECODE_SHORT,		/* shorter than its format says: it became EVENT_OTHER */
	DECODE_UNKNOWN,		/* no format for its id: likewise */
};

/**
 * decoder_create() - make a decoder that knows no format yet
 * @config: copied
 *
 * Return: 0 or -ENOMEM.
 */
int decoder_create(const struct decoder_config *config, struct decoder **ret)
	__attribute__((warn_unused_result));

/** decoder_destroy() - free it; @decoder may be NULL */
void decoder_destroy(struct decoder *decoder);

/**
 * decoder_add_format() - learn one event
 * @text: of its format file; need not end in NUL
 *
 * A text that is not a format, or that gives an id a second time, is ignored.
 *
 * Return: 0 or -ENOMEM.
 */
int decoder_add_format(struct decoder *decoder, const char *system, const char *text, size_t size)
	__attribute__((warn_unused_result));

/** decoder_set_lazy_flag() - say later what config.is_lazy_flag_known is for */
void decoder_set_lazy_flag(struct decoder *decoder, bool is_known);

/** decoder_nr_formats() - how many events it knows, of use or not */
uint32_t decoder_nr_formats(const struct decoder *decoder);

/** decoder_has_lazy_count() - the formats have common_preempt_lazy_count (older PREEMPT_RT) */
bool decoder_has_lazy_count(const struct decoder *decoder);

/** decoder_events() - EVENT_BIT()s of what the formats can give */
uint64_t decoder_events(const struct decoder *decoder);

/** decoder_has_vectors() - formats of irq_vectors:* or ipi:* are there */
bool decoder_has_vectors(const struct decoder *decoder);

/** decoder_has_x86_vectors() - those of irq_vectors:* */
bool decoder_has_x86_vectors(const struct decoder *decoder);

/** decoder_seen_vectors() - a record of irq_vectors:* or ipi:* was decoded */
bool decoder_seen_vectors(const struct decoder *decoder);

/**
 * decoder_decode() - turn one record into an event
 * @record: its contents, without the ring buffer's head
 * @event: filled in always: the head, and what belongs to its type
 */
enum decode_result decoder_decode(struct decoder *decoder, uint32_t cpu, uint64_t at,
				  const uint8_t *record, size_t size, struct event *event);

#endif
