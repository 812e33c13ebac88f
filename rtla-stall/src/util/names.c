// SPDX-License-Identifier: GPL-2.0-only
#include "names.h"

#include <stdlib.h>
#include <string.h>

struct names {
	char **texts;		/* by number */
	uint32_t nr_texts;
	uint32_t nr_allocated;
	uint32_t *slots;	/* open addressing: numbers, 0 is free */
	uint32_t nr_slots;	/* a power of two, at least twice nr_texts */
	size_t bytes;
};

static uint32_t hash_text(const char *text, size_t length)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

struct names *names_create(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->nr_slots = 256;
	names->nr_allocated = 64;
	names->slots = calloc(names->nr_slots, sizeof(*names->slots));
	names->texts = calloc(names->nr_allocated, sizeof(*names->texts));
	names->nr_texts = 1;
	if (!names->slots || !names->texts) {
		names_destroy(names);
		return NULL;
	}
	return names;
}

void names_destroy(struct names *names)
{
	if (!names)
		return;
	if (names->texts) {
		for (uint32_t i = 1; i < names->nr_texts; i++)
			free(names->texts[i]);
	}
	free(names->texts);
	free(names->slots);
	free(names);
}

static uint32_t *find_slot(const struct names *names, const char *text, size_t length)
{
	uint32_t at = hash_text(text, length) & (names->nr_slots - 1);

	for (;; at = (at + 1) & (names->nr_slots - 1)) {
		uint32_t name = names->slots[at];

		if (!name || (!strncmp(names->texts[name], text, length) && !names->texts[name][length]))
			return &names->slots[at];
	}
}

static int grow(struct names *names)
{
	if (names->nr_texts == names->nr_allocated) {
		char **texts = realloc(names->texts, 2 * (size_t)names->nr_allocated * sizeof(*texts));

		if (!texts)
			return -1;
		names->texts = texts;
		names->nr_allocated *= 2;
	}
	if (2 * (names->nr_texts + 1) > names->nr_slots) {
		uint32_t *slots = calloc(2 * (size_t)names->nr_slots, sizeof(*slots));

		if (!slots)
			return -1;
		free(names->slots);
		names->slots = slots;
		names->nr_slots *= 2;
		for (uint32_t i = 1; i < names->nr_texts; i++)
			*find_slot(names, names->texts[i], strlen(names->texts[i])) = i;
	}
	return 0;
}

uint32_t names_add(struct names *names, const char *text, size_t length)
{
	uint32_t *slot;
	char *copy;

	length = strnlen(text, length);
	if (!length)
		return 0;
	slot = find_slot(names, text, length);
	if (*slot)
		return *slot;
	if (names->nr_texts >= NAMES_MAX || length > NAMES_MAX_BYTES - names->bytes || grow(names))
		return 0;
	copy = strndup(text, length);
	if (!copy)
		return 0;
	slot = find_slot(names, text, length);
	*slot = names->nr_texts;
	names->texts[names->nr_texts] = copy;
	names->bytes += length;
	return names->nr_texts++;
}

const char *names_get(const struct names *names, uint32_t name)
{
	return name && name < names->nr_texts ? names->texts[name] : "";
}
