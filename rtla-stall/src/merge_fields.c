// SPDX-License-Identifier: GPL-2.0-only
#include "merge_fields.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/episode.h"
#include "util/error.h"

int merge_fields_wrong(const struct merge_place *place, const char *fmt, ...)
{
	char words[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	if (!place->array)
		return error_set(place->err, -EINVAL, "%.80s: %s", place->path, words);
	return error_set(place->err, -EINVAL, "%.80s: %s[%zu]: %s", place->path, place->array, place->row,
			 words);
}

int merge_fields_value(const struct merge_place *place, struct json_object *value, const char *what,
		       uint64_t *ret)
{
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return merge_fields_wrong(place, "\"%s\" is no whole number", what);
	*ret = json_object_get_uint64(value);
	/* json-c's word for any number that does not fit */
	if (*ret == UINT64_MAX)
		return merge_fields_wrong(place, "\"%s\" is too large", what);
	return 0;
}

int merge_fields_number(const struct merge_place *place, struct json_object *object, const char *key,
			uint64_t *ret)
{
	struct json_object *value;

	*ret = 0;
	if (!json_object_object_get_ex(object, key, &value))
		return 0;
	return merge_fields_value(place, value, key, ret);
}

int merge_fields_add(const struct merge_place *place, struct json_object *object, const char *key,
		     uint64_t *sum)
{
	uint64_t number;

	if (merge_fields_number(place, object, key, &number))
		return -EINVAL;
	if (__builtin_add_overflow(*sum, number, sum))
		return merge_fields_wrong(place, "\"%s\" is too large to be added", key);
	return 0;
}

int merge_fields_add_causes(const struct merge_place *place, struct json_object *object,
			    uint64_t *sums)
{
	static const char *const keys[CAUSE_NR] = {
		[CAUSE_INTERFERENCE] = "interference_ns",
		[CAUSE_BLOCKING] = "blocking_ns",
		[CAUSE_RELEASE_JITTER] = "release_jitter_ns",
		[CAUSE_EXECUTION] = "execution_ns",
		[CAUSE_UNATTRIBUTED] = "unattributed_ns",
	};
	struct json_object *causes = merge_fields_object(object, "causes");

	if (!causes)
		return merge_fields_wrong(place, "there are no \"causes\"");
	for (int i = 0; i < CAUSE_NR; i++) {
		if (merge_fields_add(place, causes, keys[i], &sums[i]))
			return -EINVAL;
	}
	return 0;
}

static struct json_object *member(struct json_object *object, const char *key, json_type type)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

struct json_object *merge_fields_array(struct json_object *object, const char *key)
{
	return member(object, key, json_type_array);
}

struct json_object *merge_fields_object(struct json_object *object, const char *key)
{
	return member(object, key, json_type_object);
}

const char *merge_fields_text(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key, json_type_string);

	return value ? json_object_get_string(value) : "";
}

int64_t merge_fields_signed(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key, json_type_int);

	return value ? json_object_get_int64(value) : -1;
}
