// SPDX-License-Identifier: GPL-2.0-only
#include "value.h"

#include <errno.h>

#include "../stats/summary.h"
#include "format.h"

#define FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
/* No member is added twice, and the names of members are ours. */
#define MEMBER (JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT)

/*
 * json-c escapes the control characters of ASCII. DEL and those of U+0080..U+009F may stand in JSON
 * as they are, but some terminals obey them. Outside strings there are none.
 */
static void append_escaped(struct strbuf *text, const char *serialised)
{
	const char *plain = serialised;

	for (const char *at = serialised; *at; at++) {
		unsigned char byte = (unsigned char)at[0], next = (unsigned char)at[1];
		bool is_beyond_ascii = byte == 0xc2 && next >= 0x80 && next < 0xa0;

		if (byte != 0x7f && !is_beyond_ascii)
			continue;
		strbuf_add(text, plain, (size_t)(at - plain));
		strbuf_addf(text, "\\u00%02x", is_beyond_ascii ? next : byte);
		at += is_beyond_ascii;
		plain = at + 1;
	}
	strbuf_adds(text, plain);
}

void value_write(struct value_maker *json, struct json_object *object)
{
	const char *serialised = NULL;

	if (object && !json->has_failed)
		serialised = json_object_to_json_string_ext(object, FLAGS);
	if (serialised)
		append_escaped(&json->text, serialised);
	else
		json->has_failed = true;
	json_object_put(object);
}

int value_flush(struct value_maker *json)
{
	if (json->has_failed || json->text.has_failed)
		return -ENOMEM;
	errno = 0;
	if (fwrite(json->text.text, 1, json->text.length, json->out) != json->text.length)
		return errno ? -errno : -EIO;
	strbuf_reset(&json->text);
	return 0;
}

int value_write_rows(struct value_maker *json, const char *key, size_t nr,
		     struct json_object *(*new_row)(struct value_maker *json, size_t row))
{
	int result;

	strbuf_addf(&json->text, ",\n\"%s\": [", key);
	for (size_t row = 0; row < nr; row++) {
		strbuf_adds(&json->text, row ? ",\n  " : "\n  ");
		value_write(json, new_row(json, row));
		result = value_flush(json);
		if (result)
			return result;
	}
	strbuf_adds(&json->text, nr ? "\n]" : "]");
	return 0;
}

void value_write_member(struct value_maker *json, const char *key, struct json_object *value)
{
	strbuf_addf(&json->text, ",\n\"%s\": ", key);
	value_write(json, value);
}

struct json_object *value_object(struct value_maker *json)
{
	struct json_object *object = json_object_new_object();

	json->has_failed |= !object;
	return object;
}

void value_add(struct value_maker *json, struct json_object *object, const char *key,
	       struct json_object *value)
{
	if (!value || json->has_failed || json_object_object_add_ex(object, key, value, MEMBER)) {
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
	if (!json->has_failed && json_object_object_add_ex(object, key, NULL, MEMBER))
		json->has_failed = true;
}

/* How much of it, from the beginning, is valid UTF-8. */
static size_t valid_length(const char *text)
{
	const char *at = text;
	size_t length;

	while ((length = format_utf8_length(at, NULL)))
		at += length;
	return (size_t)(at - text);
}

struct json_object *value_new_string(struct value_maker *json, const char *text)
{
	size_t length = valid_length(text);
	struct strbuf clean = STRBUF_INIT;
	struct json_object *string;

	if (!text[length]) {
		string = json_object_new_string_len(text, (int)length);
		json->has_failed |= !string;
		return string;
	}
	for (; text[length]; text += length + 1, length = valid_length(text)) {
		strbuf_add(&clean, text, length);
		strbuf_adds(&clean, "\xef\xbf\xbd");	/* U+FFFD */
	}
	strbuf_add(&clean, text, length);
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
