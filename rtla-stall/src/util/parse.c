// SPDX-License-Identifier: GPL-2.0-only
#include "parse.h"

#include <errno.h>
#include <string.h>

#include "array.h"

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Takes the digits at *text, at least one. Return: 0, -EINVAL, -ERANGE */
static int take_number(const char **text, uint64_t *ret)
{
	uint64_t number = 0;

	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); ++*text) {
		if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
		    __builtin_add_overflow(number, (uint64_t)(**text - '0'), &number))
			return -ERANGE;
	}
	*ret = number;
	return 0;
}

static uint64_t unit_ns(const char *unit, uint64_t plain_ns)
{
	static const struct {
		char unit[3];
		uint64_t ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", UINT64_C(1000000000) },
		{ "m", UINT64_C(60000000000) }, { "h", UINT64_C(3600000000000) },
	};

	if (!*unit)
		return plain_ns;
	for (size_t i = 0; i < NR_ELEMENTS(units); i++) {
		if (!strcmp(unit, units[i].unit))
			return units[i].ns;
	}
	return 0;
}

int parse_time(const char *text, uint64_t plain_ns, uint64_t *ret)
{
	const char *decimals = NULL;
	uint64_t number, ns;
	uint64_t scale;
	int result = take_number(&text, &number);

	if (result)
		return result;
	if (*text == '.') {
		decimals = ++text;
		if (!is_digit(*text))
			return -EINVAL;
		while (is_digit(*text))
			text++;
	}
	scale = unit_ns(text, plain_ns);
	if (!scale)
		return -EINVAL;
	if (__builtin_mul_overflow(number, scale, &ns))
		return -ERANGE;
	for (; decimals && is_digit(*decimals); decimals++) {
		/* "0.33m" is whole nanoseconds, "0.0001us" is not. */
		if ((scale % 10 || !scale) && *decimals != '0')
			return -EINVAL;
		scale /= 10;
		if (__builtin_add_overflow(ns, scale * (uint64_t)(*decimals - '0'), &ns))
			return -ERANGE;
	}
	*ret = ns;
	return 0;
}

int parse_count(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t number;
	int result = take_number(&text, &number);

	if (result)
		return result;
	if (*text)
		return -EINVAL;
	if (number > max)
		return -ERANGE;
	*ret = number;
	return 0;
}

int parse_cpus(const char *text, struct cpu_list *ret)
{
	struct cpu_list cpus = { { 0 } };
	uint64_t first, last;
	int result;

	for (;; text++) {
		result = take_number(&text, &first);
		if (result)
			return result;
		last = first;
		if (*text == '-') {
			text++;
			result = take_number(&text, &last);
			if (result)
				return result;
		}
		if (last < first)
			return -EINVAL;
		if (last >= ENGINE_MAX_CPUS)
			return -ERANGE;
		for (; first <= last; first++)
			cpus.bits[first / 64] |= UINT64_C(1) << first % 64;
		if (*text != ',')
			break;
	}
	if (*text)
		return -EINVAL;
	*ret = cpus;
	return 0;
}
