// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <errno.h>
#include <string.h>

#include "util/error.h"
#include "util/strbuf.h"

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

static int apply_row(const struct option_row *row, void *params, const char *value,
		     struct error *err)
{
	char option[24] = "--";

	strncat(option, row->word, sizeof(option) - 3);
	return row->apply(params, option, value, err);
}

static int parse_word(const struct option_table *table, int argc, char **argv, int at, void *params,
		      struct error *err)
{
	const char *word = argv[at] + 2;
	size_t length = strcspn(word, "=");
	const char *value = word[length] ? word + length + 1 : NULL;
	int used = 1;
	int result;

	for (size_t i = 0; i < table->nr_rows; i++) {
		const struct option_row *row = &table->rows[i];

		if (strlen(row->word) != length || strncmp(row->word, word, length))
			continue;
		if (row->argument == ARGUMENT_NONE && value)
			return error_set(err, -EINVAL, "--%s takes no value", row->word);
		if (row->argument == ARGUMENT_REQUIRED && !value) {
			if (at + 1 >= argc)
				return error_set(err, -EINVAL, "--%s needs a value: %s", row->word,
						 row->argument_name);
			value = argv[at + 1];
			used = 2;
		}
		result = apply_row(row, params, value, err);
		return result ? result : used;
	}
	return error_set(err, -EINVAL, "no such option: %s", argv[at]);
}

static int parse_letters(const struct option_table *table, int argc, char **argv, int at,
			 void *params, struct error *err)
{
	for (const char *letter = argv[at] + 1; *letter; letter++) {
		const struct option_row *row = NULL;
		const char *value = letter + 1;
		int used = 1;
		int result;

		for (size_t i = 0; i < table->nr_rows; i++) {
			if (table->rows[i].letter == *letter)
				row = &table->rows[i];
		}
		if (!row)
			return error_set(err, -EINVAL, "no such option: -%c", *letter);
		if (row->argument != ARGUMENT_REQUIRED) {
			result = apply_row(row, params, NULL, err);
			if (result)
				return result;
			continue;
		}
		if (!*value) {
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

void options_help(const struct option_table *table, struct strbuf *out)
{
	for (size_t i = 0; i < table->nr_rows; i++) {
		const struct option_row *row = &table->rows[i];
		struct strbuf left = STRBUF_INIT;

		if (row->group)
			strbuf_addf(out, "\n%s:\n", row->group);
		if (row->letter)
			strbuf_addf(&left, "  -%c, ", row->letter);
		else
			strbuf_adds(&left, "      ");
		strbuf_addf(&left, "--%s", row->word);
		if (row->argument == ARGUMENT_REQUIRED)
			strbuf_addf(&left, " %s", row->argument_name);
		else if (row->argument == ARGUMENT_OPTIONAL)
			strbuf_addf(&left, "[=%s]", row->argument_name);
		strbuf_addf(out, "%-25s %s\n", left.text, row->help);
		strbuf_deinit(&left);
	}
}
