// SPDX-License-Identifier: GPL-2.0-only
#include "dat_symbols.h"

#include <stdlib.h>

#include "../util/names.h"

#define TEXT_MAX (64u << 20)
#define COUNT_SIZE 4		/* of the text's bytes, before it */
#define FUNCTION_MAX (1u << 20)	/* an address further from its symbol than this belongs to none */

struct symbol {
	uint64_t address;
	uint32_t name_at;	/* in text; ends at anything but a letter of a symbol */
};

struct dat_symbols {
	const struct dat_file *file;
	struct names *names;
	bool is_loaded;
	struct dat_blob text;
	uint32_t nr_symbols;
	struct symbol *symbols;	/* by address */
};

struct dat_symbols *dat_symbols_create(const struct dat_file *file, struct names *names)
{
	struct dat_symbols *symbols = calloc(1, sizeof(*symbols));

	if (symbols) {
		symbols->file = file;
		symbols->names = names;
	}
	return symbols;
}

void dat_symbols_destroy(struct dat_symbols *symbols)
{
	if (!symbols)
		return;
	dat_blob_deinit(&symbols->text);
	free(symbols->symbols);
	free(symbols);
}

static bool is_name_end(uint8_t letter)
{
	return letter <= ' ' || letter == 0x7f;
}

/* "ffffffff81000000 T _stext" */
static bool parse_line(const uint8_t *line, const uint8_t *end, uint64_t *address,
		       const uint8_t **name)
{
	int nr_digits = 0;

	*address = 0;
	for (; line < end; line++, nr_digits++) {
		uint8_t letter = *line;

		if (letter >= '0' && letter <= '9')
			*address = *address << 4 | (uint64_t)(letter - '0');
		else if (letter >= 'a' && letter <= 'f')
			*address = *address << 4 | (uint64_t)(letter - 'a' + 10);
		else
			break;
	}
	if (!nr_digits || nr_digits > 16 || end - line < 4 || line[0] != ' ' || line[2] != ' ' ||
	    is_name_end(line[3]))
		return false;
	*name = line + 3;
	return *address && strchr("tTwWiI", line[1]);
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *one = a;
	const struct symbol *other = b;

	if (one->address != other->address)
		return one->address < other->address ? -1 : 1;
	return (one->name_at > other->name_at) - (one->name_at < other->name_at);
}

static bool add_symbol(struct dat_symbols *symbols, uint32_t *nr_allocated, uint64_t address,
		       uint32_t name_at)
{
	if (symbols->nr_symbols == *nr_allocated) {
		uint32_t nr = *nr_allocated ? *nr_allocated * 2 : 16384;
		struct symbol *more = reallocarray(symbols->symbols, nr, sizeof(*more));

		if (!more)
			return false;
		symbols->symbols = more;
		*nr_allocated = nr;
	}
	symbols->symbols[symbols->nr_symbols++] = (struct symbol){ address, name_at };
	return true;
}

static void parse_text(struct dat_symbols *symbols)
{
	const uint8_t *text = symbols->text.bytes;
	const uint8_t *end = text + symbols->text.size;
	uint32_t nr_allocated = 0;
	bool is_sorted = true;
	uint64_t last_address = 0;

	if (symbols->text.size < COUNT_SIZE)
		return;
	for (const uint8_t *line = text + COUNT_SIZE; line < end;) {
		const uint8_t *newline = memchr(line, '\n', (size_t)(end - line));
		const uint8_t *line_end = newline ? newline : end;
		const uint8_t *name;
		uint64_t address;

		if (parse_line(line, line_end, &address, &name)) {
			if (!add_symbol(symbols, &nr_allocated, address, (uint32_t)(name - text)))
				break;
			is_sorted = is_sorted && address >= last_address;
			last_address = address;
		}
		line = newline ? newline + 1 : end;
	}
	if (!is_sorted)
		qsort(symbols->symbols, symbols->nr_symbols, sizeof(*symbols->symbols), by_address);
}

/* Text that was expanded is ours: keep nothing of it but the names of functions. */
static void keep_names_only(struct dat_symbols *symbols)
{
	uint8_t *text = symbols->text.owned;
	uint8_t *smaller;
	uint64_t size = 0;
	uint64_t room = 1;

	if (!text)
		return;
	for (uint32_t i = 0; i < symbols->nr_symbols; i++) {
		const uint8_t *name = text + symbols->symbols[i].name_at;

		while (name < text + symbols->text.size && !is_name_end(*name))
			name++;
		room += (uint64_t)(name - (text + symbols->symbols[i].name_at)) + 1;
	}
	smaller = malloc(room);
	if (!smaller)
		return;
	for (uint32_t i = 0; i < symbols->nr_symbols; i++) {
		const uint8_t *name = text + symbols->symbols[i].name_at;

		symbols->symbols[i].name_at = (uint32_t)size;
		while (name < text + symbols->text.size && !is_name_end(*name))
			smaller[size++] = *name++;
		smaller[size++] = '\n';
	}
	dat_blob_deinit(&symbols->text);
	symbols->text = (struct dat_blob){ .bytes = smaller, .size = size, .owned = smaller };
}

static void load(struct dat_symbols *symbols)
{
	struct symbol *exact;

	symbols->is_loaded = true;
	if (dat_file_read(symbols->file, &symbols->file->kallsyms, TEXT_MAX, &symbols->text))
		return;
	parse_text(symbols);
	keep_names_only(symbols);
	exact = symbols->nr_symbols ? reallocarray(symbols->symbols, symbols->nr_symbols,
						   sizeof(*exact)) : NULL;
	if (exact)
		symbols->symbols = exact;
}

uint32_t dat_symbols_find(void *arg, uint64_t address, bool is_entry)
{
	struct dat_symbols *symbols = arg;
	const uint8_t *name;
	const uint8_t *end;
	size_t length = 0;
	uint32_t low = 0;
	uint32_t high;

	if (!address)
		return 0;
	if (!symbols->is_loaded)
		load(symbols);
	high = symbols->nr_symbols;
	while (low < high) {	/* the first symbol beyond the address */
		uint32_t middle = low + (high - low) / 2;

		if (symbols->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - symbols->symbols[low - 1].address >= (is_entry ? 2 : FUNCTION_MAX))
		return 0;	/* a pointer to Thumb code is odd */
	for (low--; low && symbols->symbols[low - 1].address == symbols->symbols[low].address;)
		low--;	/* of several names, the first in the file */
	name = symbols->text.bytes + symbols->symbols[low].name_at;
	end = symbols->text.bytes + symbols->text.size;
	while (name + length < end && !is_name_end(name[length]))
		length++;
	return names_add(symbols->names, (const char *)name, length);
}
