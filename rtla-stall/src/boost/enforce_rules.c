// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../options.h"
#include "../util/error.h"
#include "plan_command.h"

int enforce_rules_add_threshold(struct enforce_rules *rules, const char *option, const char *text,
				uint64_t plain_ns, struct error *err)
{
	const char *equals = strrchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : 0;
	struct enforce_threshold *threshold;
	uint64_t ns;
	int result;

	if (equals && rules->nr_thresholds == ENFORCE_MAX_THRESHOLDS)
		return error_set(err, -EINVAL, "%s: more than %u names", option, ENFORCE_MAX_THRESHOLDS);
	if (equals && (!length || length >= ENFORCE_GLOB_MAX))
		return error_set(err, -EINVAL, "%s: '%s': write GLOB=TIME, the glob in 1 to %u bytes", option,
				 text, ENFORCE_GLOB_MAX - 1);
	result = options_time(option, equals ? equals + 1 : text, plain_ns, &ns, err);
	if (result)
		return result;
	if (ns < ENFORCE_THRESHOLD_LEAST_NS)
		return error_set(err, -EINVAL, "%s: '%s' is less than a millisecond", option, text);
	if (!equals) {
		rules->threshold_ns = ns;
		rules->is_threshold_given = true;
		return 0;
	}
	threshold = &rules->thresholds[rules->nr_thresholds++];
	memcpy(threshold->glob, text, length);
	threshold->glob[length] = '\0';
	threshold->threshold_ns = ns;
	return 0;
}

static int add_expression(struct enforce_list *list, const char *option, const char *text, struct error *err)
{
	regex_t *grown = reallocarray(list->expressions, list->nr + 1, sizeof(*grown));
	char words[128];
	int code;

	if (!grown)
		return error_set(err, -ENOMEM, "out of memory");
	list->expressions = grown;
	code = regcomp(&grown[list->nr], text, REG_EXTENDED | REG_NOSUB);
	if (code) {
		regerror(code, &grown[list->nr], words, sizeof(words));
		return error_set(err, -EINVAL, "%s: '%s' is no regular expression: %s", option, text, words);
	}
	list->nr++;
	return 0;
}

int enforce_rules_add(struct enforce_list *list, const char *option, const char *text, struct error *err)
{
	char *copy = strdup(text);
	char *rest = copy;
	const char *piece;
	int result = copy ? 0 : error_set(err, -ENOMEM, "out of memory");

	while (!result && (piece = strsep(&rest, ","))) {
		if (!*piece)
			result = error_set(err, -EINVAL,
					   "%s: '%s' has an empty expression, which would match "
					   "every thread",
					   option, text);
		else
			result = add_expression(list, option, piece, err);
	}
	free(copy);
	return result;
}

uint64_t enforce_rules_least_ns(const struct enforce_rules *rules)
{
	uint64_t least_ns = rules->threshold_ns;

	for (uint32_t i = 0; i < rules->nr_thresholds; i++) {
		if (rules->thresholds[i].threshold_ns < least_ns)
			least_ns = rules->thresholds[i].threshold_ns;
	}
	return least_ns;
}

static bool is_on(const struct enforce_list *list, const char *comm)
{
	for (uint32_t i = 0; i < list->nr; i++) {
		if (!regexec(&list->expressions[i], comm, 0, NULL, 0))
			return true;
	}
	return false;
}

struct enforce_verdict enforce_rules_judge(const struct enforce_rules *rules, const char *comm,
					   const char *process)
{
	struct enforce_verdict verdict = {
		.list = PLAN_WHY_NONE,
		.has_own_threshold = rules->is_threshold_given,
		.threshold_ns = rules->threshold_ns,
	};

	for (uint32_t i = 0; i < rules->nr_thresholds; i++) {
		if (fnmatch(rules->thresholds[i].glob, comm, 0))
			continue;
		verdict.has_own_threshold = true;
		verdict.threshold_ns = rules->thresholds[i].threshold_ns;
		break;
	}
	if (is_on(&rules->deny_threads, comm) || is_on(&rules->deny_processes, process ? process : comm))
		verdict.list = PLAN_WHY_DENIED;
	else if (rules->allow.nr && !is_on(&rules->allow, comm))
		verdict.list = PLAN_WHY_NOT_ALLOWED;
	return verdict;
}

static void free_list(struct enforce_list *list)
{
	for (uint32_t i = 0; i < list->nr; i++)
		regfree(&list->expressions[i]);
	free(list->expressions);
}

void enforce_rules_deinit(struct enforce_rules *rules)
{
	free_list(&rules->deny_threads);
	free_list(&rules->deny_processes);
	free_list(&rules->allow);
	*rules = (struct enforce_rules){ 0 };
}
