// SPDX-License-Identifier: GPL-2.0-only
#include "symbols.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"
#include "strbuf.h"

/* No function is that long; /proc/kallsyms does not say how long they are. */
#define MAX_FUNCTION (256u << 10)

struct symbol {
	uint64_t address;
	uint32_t name;		/* offset in names */
	uint32_t place;		/* in the file */
};

struct symbols {
	struct symbol *symbols;	/* by address, one for each */
	size_t nr_symbols;
	size_t nr_allocated;
	struct strbuf names;	/* one after the other, each with its NUL */
	bool has_addresses;	/* one was not 0 */
};

void symbols_destroy(struct symbols *symbols)
{
	if (!symbols)
		return;
	strbuf_deinit(&symbols->names);
	free(symbols->symbols);
	free(symbols);
}

/* What the compiler puts before a function is never where a program counter is. */
static bool is_padding(const char *name)
{
	return !strncmp(name, "__pfx_", 6) || !strncmp(name, "__cfi_", 6);
}

static int add(struct symbols *symbols, uint64_t address, const char *name, const char *module)
{
	struct symbol *more;
	size_t nr;

	if (symbols->nr_symbols == symbols->nr_allocated) {
		nr = symbols->nr_allocated ? symbols->nr_allocated * 2 : 4096;
		more = reallocarray(symbols->symbols, nr, sizeof(*more));
		if (!more)
			return -ENOMEM;
		symbols->symbols = more;
		symbols->nr_allocated = nr;
	}
	if (symbols->names.has_failed || symbols->names.length >= UINT32_MAX)
		return -ENOMEM;
	symbols->symbols[symbols->nr_symbols] = (struct symbol){
		.address = address,
		.name = (uint32_t)symbols->names.length,
		.place = (uint32_t)symbols->nr_symbols,
	};
	symbols->nr_symbols++;
	strbuf_adds(&symbols->names, name);
	if (*module) {
		strbuf_adds(&symbols->names, " ");
		strbuf_adds(&symbols->names, module);
	}
	strbuf_addch(&symbols->names, '\0', 1);
	return symbols->names.has_failed ? -ENOMEM : 0;
}

/* "ffffffff81000000 t name\t[module]" */
static int take_line(struct symbols *symbols, char *line)
{
	char *name;
	char *module = "";
	char *rest = line;
	uint64_t address = strtoull(line, &rest, 16);

	if (rest == line || rest[0] != ' ' || !rest[1] || rest[2] != ' ')
		return 0;
	symbols->has_addresses |= address != 0;
	if (!strchr("tTwW", rest[1]))
		return 0;
	name = rest + 3;
	name[strcspn(name, "\n")] = '\0';
	rest = strchr(name, '\t');
	if (rest) {
		*rest = '\0';
		module = rest + 1;
	}
	if (!address || !*name || is_padding(name))
		return 0;
	return add(symbols, address, name, module);
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return left->place < right->place ? -1 : 1;
}

static const char *name_of(const struct symbols *symbols, const struct symbol *symbol)
{
	return symbols->names.text + symbol->name;
}

/* Of names for one address the one with the fewest underscores before it; of equals the first. */
static void keep_plainest(struct symbols *symbols)
{
	size_t nr_kept = 0;

	for (size_t i = 0; i < symbols->nr_symbols; i++) {
		const struct symbol *symbol = &symbols->symbols[i];
		struct symbol *last = nr_kept ? &symbols->symbols[nr_kept - 1] : NULL;

		if (!last || last->address != symbol->address)
			symbols->symbols[nr_kept++] = *symbol;
		else if (strspn(name_of(symbols, symbol), "_") < strspn(name_of(symbols, last), "_"))
			*last = *symbol;
	}
	symbols->nr_symbols = nr_kept;
}

int symbols_create(const char *path, struct symbols **ret, struct error *err)
{
	__cleanup_fclose FILE *file = fopen(path, "re");
	__cleanup_free char *line = NULL;
	struct symbols *symbols;
	size_t size = 0;
	int result = 0;

	if (!file)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	symbols = calloc(1, sizeof(*symbols));
	if (!symbols)
		return error_set(err, -ENOMEM, "out of memory");
	symbols->names = (struct strbuf)STRBUF_INIT;
	while (!result && getline(&line, &size, file) >= 0)
		result = take_line(symbols, line);
	if (result) {
		error_set(err, result, "%s: out of memory", path);
	} else if (!symbols->has_addresses) {
		result = error_set(err, -EACCES, "%s shows no addresses (kernel.kptr_restrict, or no "
				   "CAP_SYSLOG)", path);
	} else if (!symbols->nr_symbols) {
		result = error_set(err, -ENODATA, "%s has no functions", path);
	}
	if (result || !symbols->symbols) {
		symbols_destroy(symbols);
		return result;
	}
	qsort(symbols->symbols, symbols->nr_symbols, sizeof(*symbols->symbols), by_address);
	keep_plainest(symbols);
	*ret = symbols;
	return 0;
}

bool symbols_find(const struct symbols *symbols, uint64_t address, bool is_return, char *ret)
{
	size_t from = 0, to = symbols->nr_symbols;

	if (is_return && address)
		address--;
	/* the first one that is beyond it */
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (symbols->symbols[middle].address <= address)
			from = middle + 1;
		else
			to = middle;
	}
	if (!from || address - symbols->symbols[from - 1].address >= MAX_FUNCTION)
		return false;
	snprintf(ret, SYMBOLS_MAX_NAME, "%s", name_of(symbols, &symbols->symbols[from - 1]));
	return true;
}
