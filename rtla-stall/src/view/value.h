/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_VALUE_H
#define RTLA_STALL_VIEW_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json.h>

#include "../util/strbuf.h"
#include "document.h"

/*
 * The values that the JSON document is made of, on top of json-c, and how they get out. Only the files that
 * write JSON use it.
 *
 * A document on its way out carries along whether memory ran out: once it did, values may be NULL,
 * nothing is added any more, and no more of it is written. Values that are added belong to what
 * they were added to, also when that failed. A member's key is borrowed, and outlives the object.
 */
struct value_maker {
	const struct document *doc; /* NULL: no value_culprit() */
	FILE *out;
	struct strbuf text;	/* not yet written to out */
	bool has_failed;	/* out of memory */
	const void *arg;	/* of whoever writes */
};

/** value_write() - append the text of @object, which is taken over; flush it later */
void value_write(struct value_maker *json, struct json_object *object);

/** value_write_member() - a member of the document; @value is taken over */
void value_write_member(struct value_maker *json, const char *key, struct json_object *value);

/**
 * value_write_rows() - a member of the document that is an array, a row at a time
 *
 * Return: 0 or a negative errno; -EPIPE included.
 */
int value_write_rows(struct value_maker *json, const char *key, size_t nr,
		     struct json_object *(*new_row)(struct value_maker *json, size_t row));

/** value_flush() - write out what there is. Return: 0 or a negative errno; -EPIPE included */
int value_flush(struct value_maker *json) __attribute__((warn_unused_result));

/** value_object() - an empty object */
struct json_object *value_object(struct value_maker *json);

/** value_new_string() - a string in valid UTF-8: bytes that are not become U+FFFD */
struct json_object *value_new_string(struct value_maker *json, const char *text);

/** value_new_culprit() - the K of the schema: kind, name, id */
struct json_object *value_new_culprit(struct value_maker *json, const struct culprit *culprit);

/** value_append() - the next element of an array */
void value_append(struct value_maker *json, struct json_object *array, struct json_object *value);

/** value_add() - a member of an object */
void value_add(struct value_maker *json, struct json_object *object, const char *key,
	       struct json_object *value);

/* Members of an object, by what they are. */
void value_number(struct value_maker *json, struct json_object *object, const char *key,
		  uint64_t number);
void value_signed(struct value_maker *json, struct json_object *object, const char *key,
		  int64_t number);
void value_bool(struct value_maker *json, struct json_object *object, const char *key, bool is_so);
void value_null(struct value_maker *json, struct json_object *object, const char *key);
void value_string(struct value_maker *json, struct json_object *object, const char *key,
		  const char *text);

/** value_prio() - "prio"; null when it is not known */
void value_prio(struct value_maker *json, struct json_object *object, int32_t prio);

/** value_causes() - the C of the schema */
void value_causes(struct value_maker *json, struct json_object *object, const char *key,
		  const uint64_t causes[CAUSE_NR]);

/** value_kthread() - "kthread": true, false, or null */
void value_kthread(struct value_maker *json, struct json_object *object, enum tristate is_kthread);

/** value_reason() - "reason"; null for REASON_NONE */
void value_reason(struct value_maker *json, struct json_object *object, uint8_t reason);

/** value_culprit() - a K by its number; null for CULPRIT_NONE */
void value_culprit(struct value_maker *json, struct json_object *object, const char *key,
		   uint32_t culprit);

#endif
