// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as event formats and records. The input is lines "+system", each followed by a format text
 * up to a line "=": then the rest is records, each preceded by its length in one byte. Without formats
 * of its own it is all records, for those of a real kernel.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "real_formats.h"
#include "source/decode.h"
#include "util/names.h"

#define NR_REAL_FORMATS (sizeof(real_formats) / sizeof(real_formats[0]))

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint32_t find_symbol(void *arg, uint64_t address, bool is_entry)
{
	(void)arg;
	(void)is_entry;
	return (uint32_t)(address & 1);
}

static void add(struct decoder *decoder, const char *system, const char *text, size_t size)
{
	if (decoder_add_format(decoder, system, text, size))
		abort();
}

/* Return: where the records begin. */
static const uint8_t *add_formats(struct decoder *decoder, const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at == '+') {
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		const uint8_t *stop = newline ? memmem(newline, (size_t)(end - newline), "\n=\n", 3) : NULL;
		char system[32] = "";

		if (!stop)
			break;
		if ((size_t)(newline - at) < sizeof(system))
			memcpy(system, at + 1, (size_t)(newline - at) - 1);
		add(decoder, system, (const char *)newline + 1,
		    (size_t)(stop > newline ? stop - newline : 1) - 1);
		at = stop + 3;
	}
	return at;
}

static struct decoder *create(struct names *names)
{
	const struct decoder_config config = {
		.names = names, .long_size = 8, .nr_cpus = 4, .find_symbol = find_symbol,
	};
	struct decoder *decoder;

	if (!names || decoder_create(&config, &decoder))
		abort();
	return decoder;
}

/* One for all inputs: to parse the formats each time would leave no time for records. */
static struct decoder *real_decoder(void)
{
	static struct decoder *decoder;

	if (!decoder) {
		decoder = create(names_create());
		for (size_t i = 0; i < NR_REAL_FORMATS; i++)
			add(decoder, real_formats[i].system, real_formats[i].text,
			    strlen(real_formats[i].text));
	}
	return decoder;
}

static void decode_records(struct decoder *decoder, const uint8_t *at, const uint8_t *end)
{
	struct event event;

	while (at < end) {
		size_t length = *at++;
		uint8_t *record;

		if (length > (size_t)(end - at))
			length = (size_t)(end - at);
		record = malloc(length ? length : 1);	/* a read beyond it is seen */
		if (!record)
			abort();
		memcpy(record, at, length);
		decoder_decode(decoder, 1, 2, record, length, &event);
		if (event.type >= EVENT_NR_TYPES)
			abort();
		free(record);
		at += length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const uint8_t *end = bytes + size;
	struct names *names;
	struct decoder *decoder;

	if (!size || *bytes != '+') {
		decode_records(real_decoder(), bytes, end);
		return 0;
	}
	names = names_create();
	decoder = create(names);
	decode_records(decoder, add_formats(decoder, bytes, end), end);
	decoder_destroy(decoder);
	names_destroy(names);
	return 0;
}
