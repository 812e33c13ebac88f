// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <errno.h>
#include <string.h>

#include "option_value.h"
#include "util/error.h"
#include "util/strbuf.h"

#define HELP_WIDTH 29

int options_time(const char *option, const char *value, uint64_t plain_ns, uint64_t *ret,
		 struct error *err)
{
	int result = parse_time(value, plain_ns, ret);

	if (result == -ERANGE)
		return error_set(err, -EINVAL, "%s: '%s' is too long", option, value);
	if (result)
		return error_set(err, -EINVAL,
				 "%s: '%s' is no time: write a number and ns, us, ms, s, m or h",
				 option, value);
	return 0;
}

int options_cpus(const char *option, const char *value, struct cpu_list *ret, struct error *err)
{
	int result = parse_cpus(value, ret);

	if (result == -ERANGE)
		return error_set(err, -EINVAL, "%s: '%s' has a CPU beyond %u", option, value,
				 ENGINE_MAX_CPUS - 1);
	if (result)
		return error_set(err, -EINVAL, "%s: '%s' is no list of CPUs: write 0-3,7", option,
				 value);
	return 0;
}

/* What a word on the command line means. */
struct meaning {
	const struct option_row *row;
	bool is_unset;			/* take it back */
};

static bool has_row(const struct option_table *table, const struct option_row *row)
{
	return !row->commands || row->commands & table->command;
}

static int apply_row(const struct option_row *row, void *params, const char *value, struct error *err)
{
	char option[32] = "--";

	strncat(option, row->word, sizeof(option) - 3);
	return option_value_take(row, params, option, value, err);
}

static void unset_row(const struct option_table *table, const struct option_row *row, void *params)
{
	memcpy((char *)params + row->at, (const char *)table->defaults + row->at, row->size);
	if (row->has)
		*(bool *)((char *)params + row->has) =
			*(const bool *)((const char *)table->defaults + row->has);
}

/* Two words for one thing are no choice. */
static bool is_same(const struct meaning *a, const struct meaning *b)
{
	return a->is_unset == b->is_unset && a->row->kind == b->row->kind && a->row->at == b->row->at &&
	       a->row->apply == b->row->apply;
}

/* Does @word begin with @prefix of @length bytes? @is_whole: and end there? */
static bool begins(const char *word, const char *prefix, size_t length, bool *is_whole)
{
	if (strncmp(word, prefix, length))
		return false;
	*is_whole = !word[length];
	return true;
}

/* How @word of @length bytes can be read as @row's word. */
static bool read_word(const struct option_row *row, const char *word, size_t length, bool can_unset,
		      struct meaning *ret, bool *is_whole)
{
	ret->row = row;
	ret->is_unset = false;
	if (begins(row->word, word, length, is_whole))
		return true;
	if (!can_unset || row->is_lasting)
		return false;
	ret->is_unset = true;
	if (!strncmp(row->word, "no-", 3))
		return begins(row->word + 3, word, length, is_whole);
	return length > 3 && !strncmp(word, "no-", 3) &&
	       begins(row->word, word + 3, length - 3, is_whole);
}

/* Return: what @option, "--" and @length bytes, means; its row is NULL where there are words in @err */
static struct meaning find_word(const struct option_table *table, const char *option, size_t length,
				struct error *err)
{
	struct meaning cut = { 0 }, other = { 0 };

	for (size_t i = 0; i < table->nr_rows && length; i++) {
		struct meaning meaning;
		bool is_whole;

		if (!has_row(table, &table->rows[i]) ||
		    !read_word(&table->rows[i], option + 2, length, table->defaults, &meaning,
			       &is_whole))
			continue;
		if (is_whole)
			return meaning;
		if (!cut.row)
			cut = meaning;
		else if (!is_same(&cut, &meaning))
			other = meaning;
	}
	if (cut.row && table->defaults && !other.row)
		return cut;
	if (other.row && table->defaults)
		error_set(err, -EINVAL, "%s may be --%s%s or --%s%s", option, cut.is_unset ? "no-" : "",
			  cut.row->word, other.is_unset ? "no-" : "", other.row->word);
	else
		error_set(err, -EINVAL, "no such option: %s", option);
	return (struct meaning){ 0 };
}

/* The argument after @at, where it may be the value of an optional one. */
static const char *next_value(int argc, char **argv, int at)
{
	return at + 1 < argc && argv[at + 1][0] != '-' ? argv[at + 1] : NULL;
}

static int parse_word(const struct option_table *table, int argc, char **argv, int at, void *params,
		      struct error *err)
{
	size_t length = strcspn(argv[at] + 2, "=");
	const char *value = argv[at][2 + length] ? argv[at] + 2 + length + 1 : NULL;
	const struct meaning meaning = find_word(table, argv[at], length, err);
	const struct option_row *row = meaning.row;
	int used = 1;
	int result;

	if (!row)
		return -EINVAL;
	if (value && (meaning.is_unset || row->argument == ARGUMENT_NONE))
		return error_set(err, -EINVAL, "--%.*s takes no value", (int)length, argv[at] + 2);
	if (meaning.is_unset) {
		unset_row(table, row, params);
		return used;
	}
	if (!value && row->argument == ARGUMENT_REQUIRED) {
		if (at + 1 >= argc)
			return error_set(err, -EINVAL, "--%s needs a value: %s", row->word,
					 row->argument_name);
		value = argv[at + 1];
		used = 2;
	} else if (!value && row->argument == ARGUMENT_NEXT) {
		value = next_value(argc, argv, at);
		used += value != NULL;
	}
	result = apply_row(row, params, value, err);
	return result ? result : used;
}

static const struct option_row *find_letter(const struct option_table *table, char letter)
{
	for (size_t i = 0; i < table->nr_rows; i++) {
		if (table->rows[i].letter == letter && has_row(table, &table->rows[i]))
			return &table->rows[i];
	}
	return NULL;
}

static int parse_letters(const struct option_table *table, int argc, char **argv, int at,
			 void *params, struct error *err)
{
	for (const char *letter = argv[at] + 1; *letter; letter++) {
		const struct option_row *row = find_letter(table, *letter);
		const char *value = letter + 1;
		int used = 1;
		int result;

		if (!row)
			return error_set(err, -EINVAL, "no such option: -%c", *letter);
		if (row->argument == ARGUMENT_NONE || row->argument == ARGUMENT_OPTIONAL) {
			result = apply_row(row, params, NULL, err);
			if (result)
				return result;
			continue;
		}
		if (row->argument == ARGUMENT_NEXT && *value == '=') {
			value++;
		} else if (row->argument == ARGUMENT_NEXT && !*value) {
			value = next_value(argc, argv, at);
			used += value != NULL;
		} else if (!*value) {
			if (at + 1 >= argc)
				return error_set(err, -EINVAL, "-%c needs a value: %s", *letter,
						 row->argument_name);
			value = argv[at + 1];
			used = 2;
		}
		result = apply_row(row, params, value, err);
		return result ? result : used;
	}
	return 1;
}

int options_parse(const struct option_table *table, int argc, char **argv, int at, void *params,
		  struct error *err)
{
	return argv[at][1] == '-' ? parse_word(table, argc, argv, at, params, err) :
				    parse_letters(table, argc, argv, at, params, err);
}

static void add_left(const struct option_row *row, struct strbuf *out)
{
	if (row->letter)
		strbuf_addf(out, "  -%c, ", row->letter);
	else
		strbuf_adds(out, "      ");
	strbuf_addf(out, "--%s", row->word);
	if (row->argument == ARGUMENT_REQUIRED)
		strbuf_addf(out, " %s", row->argument_name);
	else if (row->argument == ARGUMENT_OPTIONAL)
		strbuf_addf(out, "[=%s]", row->argument_name);
	else if (row->argument == ARGUMENT_NEXT)
		strbuf_addf(out, " [%s]", row->argument_name);
}

void options_help(const struct option_table *table, struct strbuf *out)
{
	const char *group = NULL;

	for (size_t i = 0; i < table->nr_rows; i++) {
		const struct option_row *row = &table->rows[i];
		struct strbuf left = STRBUF_INIT;

		if (row->group)
			group = row->group;
		if (!has_row(table, row))
			continue;
		if (group)
			strbuf_addf(out, "\n%s:\n", group);
		group = NULL;
		add_left(row, &left);
		strbuf_addf(out, "%-*s %s\n", HELP_WIDTH, left.text, row->help);
		strbuf_deinit(&left);
	}
}
