/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MERGE_FIELDS_H
#define RTLA_STALL_MERGE_FIELDS_H

#include <stdint.h>

#include <json.h>

/*
 * Members of untrusted JSON objects, by the type they have to be of. What is wrong with one is said in
 * words, after the path of the document and where in it:
 *
 *     b.json: histograms[3]: "count" is no whole number
 */

struct error;

struct merge_place {
	const char *path;
	const char *array; /* NULL: the document itself, or a member of it */
	size_t row;
	struct error *err;
};

/** merge_fields_wrong() - say what is wrong. Return: -EINVAL */
int merge_fields_wrong(const struct merge_place *place, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** merge_fields_value() - a whole number, 0 or more. Return: 0 or -EINVAL with words */
int merge_fields_value(const struct merge_place *place, struct json_object *value, const char *what,
		       uint64_t *ret) __attribute__((warn_unused_result));

/** merge_fields_number() - such a member; missing: 0. Return: 0 or -EINVAL with words */
int merge_fields_number(const struct merge_place *place, struct json_object *object, const char *key,
			uint64_t *ret) __attribute__((warn_unused_result));

/** merge_fields_add() - add such a member to @sum. Return: 0 or -EINVAL with words */
int merge_fields_add(const struct merge_place *place, struct json_object *object, const char *key,
		     uint64_t *sum) __attribute__((warn_unused_result));

/** merge_fields_add_causes() - add those of "causes" to @sums. Return: 0 or -EINVAL with words */
int merge_fields_add_causes(const struct merge_place *place, struct json_object *object, uint64_t *sums)
	__attribute__((warn_unused_result));

/** merge_fields_array() - a member that is an array; NULL when it is not */
struct json_object *merge_fields_array(struct json_object *object, const char *key);

/** merge_fields_object() - a member that is an object; NULL when it is not */
struct json_object *merge_fields_object(struct json_object *object, const char *key);

/** merge_fields_text() - a member that is a string, up to its first NUL; "" when it is not */
const char *merge_fields_text(struct json_object *object, const char *key);

/** merge_fields_signed() - a member that is a whole number that fits; -1 when it is not */
int64_t merge_fields_signed(struct json_object *object, const char *key);

#endif
