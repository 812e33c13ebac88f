/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DECODE_FORMAT_H
#define RTLA_STALL_SOURCE_DECODE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The fields of one event, out of its format text.
 *
 *     name: sched_waking
 *     ID: 322
 *     format:
 *             field:unsigned short common_type;	offset:0;	size:2;	signed:0;
 *             ...
 *
 * libtraceevent parses it, but it is not given the text as it is: lines that do not look like the
 * above are left out beforehand, and so is the print fmt, whose grammar is large and whose parser
 * need not be exposed to hostile input.
 */

#define DECODE_NAME_LEN 40
#define DECODE_FIELDS_MAX 64

enum decode_kind {
	DECODE_NONE,	/* the event has no such field */
	DECODE_INT,	/* signed, 1, 2, 4 or 8 bytes */
	DECODE_UINT,	/* unsigned or a pointer, likewise */
	DECODE_TEXT,	/* char [size] */
	DECODE_DATA_LOC, /* a word: length << 16 | offset in the record */
	DECODE_REL_LOC,	/* a word: length << 16 | offset after the word */
	DECODE_ARRAY,	/* of anything but char; size 0: up to the record's end */
};

struct decode_field {
	uint16_t offset;
	uint16_t size;
	uint8_t kind;	/* enum decode_kind */
};

struct decode_format {
	uint32_t id;
	char name[DECODE_NAME_LEN];
	uint32_t nr_fields;
	struct {
		char name[DECODE_NAME_LEN];
		struct decode_field field;
	} fields[DECODE_FIELDS_MAX];
};

/**
 * decode_format_identify() - name and id of a format text, and nothing else
 * @text: need not end in NUL
 * @name: room for DECODE_NAME_LEN bytes
 *
 * Return: false when it is no format, its name too long, or its id beyond 16 bits.
 */
bool decode_format_identify(const char *text, size_t size, char *name, uint32_t *id);

/**
 * decode_format_parse() - parse a format text
 * @ret: filled in on success only
 *
 * Return: 0, -EINVAL when it is no format, -ENOMEM.
 */
int decode_format_parse(const char *system, const char *text, size_t size, uint32_t long_size,
			bool is_big_endian, struct decode_format *ret)
	__attribute__((warn_unused_result));

/**
 * decode_format_field() - where a field is
 * @names: "pid", or "target_cpu|cpu": the first of these that there is
 *
 * Return: its place; kind DECODE_NONE when there is none.
 */
struct decode_field decode_format_field(const struct decode_format *format, const char *names);

#endif
