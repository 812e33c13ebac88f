// SPDX-License-Identifier: GPL-2.0-only
#include "decode_format.h"

#include <errno.h>
#include <event-parse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 200
#define CLEAN_MAX (DECODE_FIELDS_MAX * (LINE_MAX_LEN + 1) + 256)

struct line {
	const char *at;
	size_t length;
};

static bool next_line(const char **text, const char *end, struct line *line)
{
	const char *newline;

	if (*text >= end)
		return false;
	newline = memchr(*text, '\n', (size_t)(end - *text));
	line->at = *text;
	line->length = (size_t)((newline ? newline : end) - *text);
	*text = newline ? newline + 1 : end;
	return true;
}

static bool starts_with(const struct line *line, const char *word)
{
	return line->length >= strlen(word) && !memcmp(line->at, word, strlen(word));
}

static bool is_name_letter(char letter)
{
	return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
	       (letter >= '0' && letter <= '9') || letter == '_';
}

bool decode_format_identify(const char *text, size_t size, char *name, uint32_t *id)
{
	const char *end = text + size;
	struct line line;
	uint32_t number = 0;

	if (!next_line(&text, end, &line) || !starts_with(&line, "name: ") ||
	    line.length - 6 >= DECODE_NAME_LEN || line.length == 6)
		return false;
	for (size_t i = 6; i < line.length; i++) {
		if (!is_name_letter(line.at[i]))
			return false;
	}
	memcpy(name, line.at + 6, line.length - 6);
	name[line.length - 6] = '\0';
	if (!next_line(&text, end, &line) || !starts_with(&line, "ID: ") || line.length == 4)
		return false;
	for (size_t i = 4; i < line.length; i++) {
		if (line.at[i] < '0' || line.at[i] > '9' || number > UINT16_MAX)
			return false;
		number = number * 10 + (uint32_t)(line.at[i] - '0');
	}
	*id = number;
	return number <= UINT16_MAX;
}

static const char *pass_number(const char *at, const char *end, const char *word)
{
	size_t length = strlen(word);
	const char *digits;

	while (at < end && *at == '\t')
		at++;
	if ((size_t)(end - at) < length || memcmp(at, word, length))
		return NULL;
	digits = at + length;
	for (at = digits; at < end && *at >= '0' && *at <= '9';)
		at++;
	return at < end && *at == ';' && at > digits && at - digits <= 5 ? at + 1 : NULL;
}

static bool is_dynamic(const char *at, const char *end)
{
	size_t length = (size_t)(end - at);

	return (length > 11 && !memcmp(at, "__data_loc ", 11)) ||
	       (length > 10 && !memcmp(at, "__rel_loc ", 10));
}

/*
 * "char comm[16]", "__data_loc char[] name", "const char * reason": words, stars, and brackets
 * behind words. libtraceevent 1.7 leaks memory on brackets elsewhere, and on names like VIF_PR_FMT,
 * which it takes for macros of a print fmt.
 */
static bool is_declaration(const char *at, const char *end)
{
	bool has_type_brackets = is_dynamic(at, end);
	bool is_in_brackets = false;
	size_t nr_brackets = 0;
	size_t nr_spaces = 0;

	if (at == end || !is_name_letter(*at) || (!is_name_letter(end[-1]) && end[-1] != ']') ||
	    memmem(at, (size_t)(end - at), "PR_FMT", 6))
		return false;
	for (; at < end; at++) {
		if (*at == '[') {
			if (is_in_brackets || !is_name_letter(at[-1]) || ++nr_brackets > 2)
				return false;
			is_in_brackets = true;
		} else if (*at == ']') {
			if (!is_in_brackets ||
			    (at + 1 < end && (at[1] != ' ' || !has_type_brackets || !nr_spaces)))
				return false;
			is_in_brackets = false;
		} else if (*at == ' ' || *at == '*') {
			if (is_in_brackets)
				return false;
			nr_spaces += *at == ' ';
		} else if (!is_name_letter(*at)) {
			return false;
		}
	}
	return !is_in_brackets && nr_spaces;
}

/* "\tfield:pid_t prev_pid;\toffset:28;\tsize:4;\tsigned:1;" */
static bool is_field_line(const struct line *line)
{
	const char *end = line->at + line->length;
	const char *at = line->at;
	const char *semicolon;

	if (line->length > LINE_MAX_LEN || !starts_with(line, "\tfield:"))
		return false;
	at += 7;
	semicolon = memchr(at, ';', (size_t)(end - at));
	if (!semicolon || !is_declaration(at, semicolon))
		return false;
	at = pass_number(semicolon + 1, end, "offset:");
	at = at ? pass_number(at, end, "size:") : NULL;
	if (at && at < end)	/* very old kernels do not say whether it is signed */
		at = pass_number(at, end, "signed:");
	return at == end;
}

/* Return: the length of the text in @clean, which has room for CLEAN_MAX bytes. */
static size_t clean_text(const char *text, size_t size, char *clean, const char *name, uint32_t id)
{
	const char *end = text + size;
	struct line line;
	size_t length;
	int nr_fields = 0;

	length = (size_t)snprintf(clean, CLEAN_MAX, "name: %s\nID: %u\nformat:\n", name, id);
	while (nr_fields < DECODE_FIELDS_MAX && next_line(&text, end, &line)) {
		if (starts_with(&line, "print fmt:"))
			break;
		if (!is_field_line(&line)) {
			/* an empty line parts the common fields from the event's own */
			if (!line.length && nr_fields && clean[length - 2] != '\n')
				clean[length++] = '\n';
			continue;
		}
		memcpy(clean + length, line.at, line.length);
		length += line.length;
		clean[length++] = '\n';
		nr_fields++;
	}
	return length + (size_t)snprintf(clean + length, CLEAN_MAX - length, "\nprint fmt: \"\"\n");
}

static struct decode_field field_of(const struct tep_format_field *field)
{
	struct decode_field ret = { .kind = DECODE_NONE };

	if (field->offset < 0 || field->size < 0 || field->offset + field->size > UINT16_MAX)
		return ret;
	ret.offset = (uint16_t)field->offset;
	ret.size = (uint16_t)field->size;
	if (field->flags & TEP_FIELD_IS_DYNAMIC) {
		if (field->size == 4)
			ret.kind = field->flags & TEP_FIELD_IS_RELATIVE ? DECODE_REL_LOC :
									  DECODE_DATA_LOC;
	} else if (field->flags & TEP_FIELD_IS_ARRAY) {
		ret.kind = field->flags & TEP_FIELD_IS_STRING ? DECODE_TEXT : DECODE_ARRAY;
	} else if (field->size == 1 || field->size == 2 || field->size == 4 || field->size == 8) {
		ret.kind = field->flags & TEP_FIELD_IS_SIGNED ? DECODE_INT : DECODE_UINT;
	}
	return ret;
}

static void add_fields(struct decode_format *format, const struct tep_format_field *field)
{
	for (; field && format->nr_fields < DECODE_FIELDS_MAX; field = field->next) {
		struct decode_field place = field_of(field);

		if (place.kind == DECODE_NONE || !field->name ||
		    strlen(field->name) >= DECODE_NAME_LEN)
			continue;
		memcpy(format->fields[format->nr_fields].name, field->name,
		       strlen(field->name) + 1);
		format->fields[format->nr_fields++].field = place;
	}
}

int decode_format_parse(const char *system, const char *text, size_t size, uint32_t long_size,
			bool is_big_endian, struct decode_format *ret)
{
	struct tep_handle *tep;
	struct tep_event *event;
	size_t length;
	char *clean;
	int result = -EINVAL;

	if (!decode_format_identify(text, size, ret->name, &ret->id))
		return -EINVAL;
	ret->nr_fields = 0;
	clean = malloc(CLEAN_MAX);
	tep = clean ? tep_alloc() : NULL;
	if (!tep) {
		free(clean);
		return -ENOMEM;
	}
	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_long_size(tep, (int)long_size);
	tep_set_file_bigendian(tep, is_big_endian ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	length = clean_text(text, size, clean, ret->name, ret->id);
	if (!tep_parse_event(tep, clean, length, system)) {
		event = tep_find_event(tep, (int)ret->id);
		if (event) {
			add_fields(ret, event->format.common_fields);
			add_fields(ret, event->format.fields);
			result = 0;
		}
	}
	tep_free(tep);
	free(clean);
	return result;
}

struct decode_field decode_format_field(const struct decode_format *format, const char *names)
{
	while (*names) {
		size_t length = strcspn(names, "|");

		for (uint32_t i = 0; i < format->nr_fields; i++) {
			const char *name = format->fields[i].name;

			if (!strncmp(name, names, length) && !name[length])
				return format->fields[i].field;
		}
		names += length + (names[length] == '|');
	}
	return (struct decode_field){ .kind = DECODE_NONE };
}
