// SPDX-License-Identifier: GPL-2.0-only
#include "value.h"

#include "../stats/summary.h"
#include "format.h"

struct json_object *value_object(struct value_maker *json)
{
	struct json_object *object = json_object_new_object();

	json->has_failed |= !object;
	return object;
}

void value_add(struct value_maker *json, struct json_object *object, const char *key,
	       struct json_object *value)
{
	if (!value || json->has_failed || json_object_object_add(object, key, value)) {
		json->has_failed = true;
		json_object_put(value);
	}
}

void value_number(struct value_maker *json, struct json_object *object, const char *key,
		  uint64_t number)
{
	value_add(json, object, key, json_object_new_uint64(number));
}

void value_signed(struct value_maker *json, struct json_object *object, const char *key,
		  int64_t number)
{
	value_add(json, object, key, json_object_new_int64(number));
}

void value_bool(struct value_maker *json, struct json_object *object, const char *key, bool is_so)
{
	value_add(json, object, key, json_object_new_boolean(is_so));
}

void value_null(struct value_maker *json, struct json_object *object, const char *key)
{
	if (!json->has_failed && json_object_object_add(object, key, NULL))
		json->has_failed = true;
}

struct json_object *value_new_string(struct value_maker *json, const char *text)
{
	struct strbuf clean = STRBUF_INIT;
	struct json_object *string;

	while (*text) {
		size_t length = format_utf8_length(text, NULL);

		if (length)
			strbuf_add(&clean, text, length);
		else
			strbuf_adds(&clean, "\xef\xbf\xbd");	/* U+FFFD */
		text += length ? length : 1;
	}
	string = json_object_new_string(clean.text);
	json->has_failed |= clean.has_failed || !string;
	strbuf_deinit(&clean);
	return string;
}

void value_string(struct value_maker *json, struct json_object *object, const char *key,
		  const char *text)
{
	value_add(json, object, key, value_new_string(json, text));
}

void value_prio(struct value_maker *json, struct json_object *object, int32_t prio)
{
	if (prio == PRIO_UNKNOWN)
		value_null(json, object, "prio");
	else
		value_signed(json, object, "prio", prio);
}

void value_causes(struct value_maker *json, struct json_object *object, const char *key,
		  const uint64_t causes[CAUSE_NR])
{
	static const char *const keys[CAUSE_NR] = {
		[CAUSE_INTERFERENCE] = "interference_ns",
		[CAUSE_BLOCKING] = "blocking_ns",
		[CAUSE_RELEASE_JITTER] = "release_jitter_ns",
		[CAUSE_EXECUTION] = "execution_ns",
		[CAUSE_UNATTRIBUTED] = "unattributed_ns",
	};
	struct json_object *values = value_object(json);

	for (int i = 0; i < CAUSE_NR; i++)
		value_number(json, values, keys[i], causes[i]);
	value_add(json, object, key, values);
}

void value_kthread(struct value_maker *json, struct json_object *object,
		   enum tristate is_kthread)
{
	if (is_kthread == TRI_UNKNOWN)
		value_null(json, object, "kthread");
	else
		value_bool(json, object, "kthread", is_kthread == TRI_YES);
}

void value_reason(struct value_maker *json, struct json_object *object, uint8_t reason)
{
	const char *name = reason_name(reason);

	if (name)
		value_string(json, object, "reason", name);
	else
		value_null(json, object, "reason");
}

/* The K of the schema. */
struct json_object *value_new_culprit(struct value_maker *json, const struct culprit *culprit)
{
	struct json_object *object = value_object(json);

	value_string(json, object, "kind", culprit_kind_name(culprit->kind));
	value_string(json, object, "name", culprit->name);
	value_signed(json, object, "id", culprit->id);
	return object;
}

void value_culprit(struct value_maker *json, struct json_object *object, const char *key,
		   uint32_t culprit)
{
	if (culprit == CULPRIT_NONE)
		value_null(json, object, key);
	else
		value_add(json, object, key, value_new_culprit(json, &json->doc->summary->names[culprit]));
}

void value_append(struct value_maker *json, struct json_object *array, struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value)) {
		json->has_failed = true;
		json_object_put(value);
	}
}
