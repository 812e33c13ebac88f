/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DECODE_TABLE_H
#define RTLA_STALL_SOURCE_DECODE_TABLE_H

#include "decode.h"
#include "decode_format.h"
#include "decode_rules.h"
#include "decode_state.h"

/*
 * The inside of struct decoder, between decode_learn.c, which fills it from formats, and decode.c,
 * which reads records by it.
 */

#define DECODE_SOFTIRQS 32
#define DECODE_CACHED_SYMBOLS 1024	/* a power of two */

/* One kind of record. */
struct decode_event {
	uint8_t type;			/* enum event_type */
	bool is_known;
	bool is_vector;
	uint16_t min_size;		/* holds all of its fields */
	uint32_t name;			/* of a vector */
	struct decode_field fields[DECODE_WANTED_MAX];
};

struct decode_head {
	bool is_known;
	uint16_t min_size;
	struct decode_field type;
	struct decode_field flags;
	struct decode_field preempt_count;
	struct decode_field tid;
};

struct decoder {
	struct decoder_config config;
	bool is_swapped;
	struct decode_head head;
	uint8_t flags[256];		/* enum event_flag of each value of common_flags */
	uint32_t nr_ids;
	struct decode_event *events;	/* by id */
	struct decode_state state;
	uint32_t softirq_names[DECODE_SOFTIRQS];
	struct {
		uint64_t address;	/* 0: free */
		uint32_t name;
		bool is_entry;
	} symbols[DECODE_CACHED_SYMBOLS];
	uint32_t ipi_name;
	uint32_t nmi_name;
	uint32_t nr_formats;
	uint64_t types;
	bool has_lazy_count;
	bool has_vectors;
	bool has_x86_vectors;
	bool seen_vectors;
};

/** decode_is_number() - can the field be loaded as an integer? */
static inline bool decode_is_number(const struct decode_field *field)
{
	return field->kind == DECODE_INT || field->kind == DECODE_UINT;
}

/** decode_field_end() - the first byte after it; decode_format.c sees to it that it fits */
static inline uint16_t decode_field_end(const struct decode_field *field)
{
	return (uint16_t)(field->offset + field->size);
}

#endif
