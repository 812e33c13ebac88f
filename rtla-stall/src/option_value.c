// SPDX-License-Identifier: GPL-2.0-only
#include "option_value.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "options.h"
#include "params.h"
#include "selection.h"
#include "source/live_setup.h"
#include "util/array.h"
#include "util/error.h"

#define NS_PER_US 1000u
#define NS_PER_SECOND 1000000000u
#define HOURS_PER_DAY 24u
#define MAX_DURATION_TEXT 32u

static bool is_in_range(const struct option_row *row, uint64_t number)
{
	return number >= row->min && number <= (row->max ? row->max : UINT32_MAX);
}

static int refuse_range(const struct option_row *row, const char *option, const char *value,
			const char *unit, struct error *err)
{
	return error_set(err, -EINVAL, "%s: '%s' is out of range [%llu, %llu]%s", option, value,
			 (unsigned long long)row->min,
			 (unsigned long long)(row->max ? row->max : UINT32_MAX), unit);
}

static int take_count(const struct option_row *row, const char *option, const char *value,
		      uint32_t *ret, struct error *err)
{
	uint64_t count;
	int result = parse_count(value, UINT64_MAX, &count);

	if (result == -EINVAL)
		return error_set(err, -EINVAL, "%s: '%s' is no number", option, value);
	if (result || !is_in_range(row, count))
		return refuse_range(row, option, value, "", err);
	*ret = (uint32_t)count;
	return 0;
}

static int take_us(const struct option_row *row, const char *option, const char *value, uint32_t *ret,
		   struct error *err)
{
	uint64_t time_ns;
	int result = options_time(option, value, NS_PER_US, &time_ns, err);

	if (result)
		return result;
	if (!is_in_range(row, time_ns / NS_PER_US))
		return refuse_range(row, option, value, " us", err);
	if (time_ns % NS_PER_US)
		return error_set(err, -EINVAL, "%s: '%s' is no whole number of microseconds",
				 option, value);
	*ret = (uint32_t)(time_ns / NS_PER_US);
	return 0;
}

/* rtla's -d: also 10S, 5M, 2h, 1d. */
static int take_duration(const char *option, const char *value, uint64_t *ret, struct error *err)
{
	char text[MAX_DURATION_TEXT];
	size_t length = strlen(value);
	uint64_t scale = 1;
	uint64_t time_ns;
	int result;

	if (length >= sizeof(text))
		return error_set(err, -EINVAL, "%s: '%s' is too long", option, value);
	for (size_t i = 0; i <= length; i++)
		text[i] = value[i] >= 'A' && value[i] <= 'Z' ? (char)(value[i] - 'A' + 'a') : value[i];
	if (length && text[length - 1] == 'd') {
		text[length - 1] = 'h';
		scale = HOURS_PER_DAY;
	}
	result = parse_time(text, NS_PER_SECOND, &time_ns);
	if (result == -EINVAL)	/* said in the words of every time */
		return options_time(option, value, NS_PER_SECOND, &time_ns, err);
	if (result || __builtin_mul_overflow(time_ns, scale, &time_ns))
		return error_set(err, -EINVAL, "%s: '%s' is too long", option, value);
	if (!time_ns)
		return error_set(err, -EINVAL, "%s: nothing can be recorded in no time", option);
	*ret = time_ns;
	return 0;
}

static int take_task(struct selection *selection, const char *option, const char *value,
		     struct error *err)
{
	if (!*value)
		return error_set(err, -EINVAL, "%s: needs a tid, a name, or a pattern", option);
	if (selection->nr_tasks == SELECTION_MAX_TASKS)
		return error_set(err, -EINVAL, "%s: given more than %u times", option,
				 SELECTION_MAX_TASKS);
	selection->tasks[selection->nr_tasks++] = value;
	return 0;
}

static int take_tracer(const char *option, const char *value, enum live_tracer *ret, struct error *err)
{
	static const char *const names[] = {
		[LIVE_TRACER_AUTO] = "auto",
		[LIVE_TRACER_OSNOISE] = "osnoise",
		[LIVE_TRACER_TIMERLAT] = "timerlat",
		[LIVE_TRACER_NONE] = "none",
	};

	for (size_t i = 0; i < NR_ELEMENTS(names); i++) {
		if (!strcmp(value, names[i])) {
			*ret = (enum live_tracer)i;
			return 0;
		}
	}
	return error_set(err, -EINVAL, "%s: '%s' is not auto, osnoise, timerlat or none", option,
			 value);
}

static int take_output(const char *option, const char *value, struct params_output *ret,
		       struct error *err)
{
	if (value && !*value)
		return error_set(err, -EINVAL, "%s: the name of the file is missing", option);
	if (value && !strcmp(value, "-"))
		value = NULL;
	*ret = (struct params_output){ .is_wanted = true, .path = value };
	return 0;
}

static int take(const struct option_row *row, void *params, const char *option, const char *value,
		struct error *err)
{
	void *at = (char *)params + row->at;

	switch (row->kind) {
	case OPTION_SPECIAL:
		return row->apply(params, option, value, err);
	case OPTION_FLAG:
		*(bool *)at = true;
		return 0;
	case OPTION_COUNT:
		return take_count(row, option, value, at, err);
	case OPTION_TIME:
		return options_time(option, value, row->plain_ns, at, err);
	case OPTION_US:
		return take_us(row, option, value, at, err);
	case OPTION_DURATION:
		return take_duration(option, value, at, err);
	case OPTION_CPUS:
		return options_cpus(option, value, at, err);
	case OPTION_TASK:
		return take_task(at, option, value, err);
	case OPTION_TRACER:
		return take_tracer(option, value, at, err);
	case OPTION_OUTPUT:
		break;
	}
	return take_output(option, value, at, err);
}

int option_value_take(const struct option_row *row, void *params, const char *option, const char *value,
		      struct error *err)
{
	int result = take(row, params, option, value, err);

	if (!result && row->has)
		*(bool *)((char *)params + row->has) = true;
	return result;
}

int option_value_check_outputs(const struct option_value_output *outputs, size_t nr, struct error *err)
{
	for (size_t i = 0; i < nr; i++) {
		const struct option_value_output *one = &outputs[i];

		for (size_t j = i + 1; j < nr && one->output->is_wanted; j++) {
			const struct option_value_output *other = &outputs[j];
			const char *path = other->output->path;

			if (!other->output->is_wanted || !one->output->path != !path)
				continue;
			if (!path)
				return error_set(err, -EINVAL,
						 "%s and %s cannot both be on standard output: "
						 "give one a file",
						 one->option, other->option);
			if (!strcmp(one->output->path, path))
				return error_set(err, -EINVAL, "%s and %s name the same file: %s",
						 one->option, other->option, path);
		}
	}
	return 0;
}
