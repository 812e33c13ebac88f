// SPDX-License-Identifier: GPL-2.0-only
#include "live_extras.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "../util/cleanup.h"
#include "../util/error.h"
#include "../util/strbuf.h"
#include "../util/undo.h"
#include "live_events.h"
#include "live_tracefs.h"

/* An extra, in two parts. */
struct pattern {
	char system[64];
	char event[128];		/* "*" when only a system is named */
};

/* What is done for each event that is found. */
struct visit {
	int (*found)(struct visit *visit, const char *system, const char *event, struct error *err);
	const struct live_extra *extra;
	const char *instance;
	const char *others;
	unsigned int groups;
	char *warning;
	size_t warning_size;
	int (*hist)(const char *system, const char *event, void *arg, struct error *err);
	void *arg;
	uint32_t nr_found;
};

static bool split(const char *name, struct pattern *ret)
{
	size_t system_length = strcspn(name, ":");
	const char *event = name[system_length] ? name + system_length + 1 : "*";

	if (!system_length || system_length >= sizeof(ret->system) || !*event ||
	    strlen(event) >= sizeof(ret->event) || strchr(name, '/'))
		return false;
	snprintf(ret->system, sizeof(ret->system), "%.*s", (int)system_length, name);
	snprintf(ret->event, sizeof(ret->event), "%s", event);
	return true;
}

bool live_extras_is_wanted(const struct live_config *config, const char *system, const char *name)
{
	struct pattern pattern;

	for (uint32_t i = 0; i < config->nr_extras; i++) {
		if (split(config->extras[i].name, &pattern) && !fnmatch(pattern.system, system, 0) &&
		    !fnmatch(pattern.event, name, 0))
			return true;
	}
	return false;
}

/* ---- finding them ----------------------------------------------------------------------------- */

static int visit_system(struct visit *visit, const char *system_dir, const char *system,
			const char *event, struct error *err)
{
	__cleanup_closedir DIR *list = opendir(system_dir);
	const struct dirent *entry;
	int result = 0;

	while (!result && list && (entry = readdir(list))) {
		char dir[LIVE_PATH_MAX];

		if (entry->d_name[0] == '.' || fnmatch(event, entry->d_name, 0) ||
		    !live_tracefs_path(dir, system_dir, entry->d_name) ||
		    !live_tracefs_has(dir, "enable"))
			continue;
		visit->nr_found++;
		result = visit->found(visit, system, entry->d_name, err);
	}
	return result;
}

/* In the order of the kernel's list; all of them exist in each instance. */
static int visit_extra(struct visit *visit, struct error *err)
{
	char events[LIVE_PATH_MAX];
	__cleanup_closedir DIR *list = NULL;
	const struct dirent *entry;
	struct pattern pattern;
	int result = 0;

	if (!split(visit->extra->name, &pattern))
		return error_set(err, -EINVAL, "-e %.80s: not SYSTEM or SYSTEM:EVENT", visit->extra->name);
	visit->nr_found = 0;
	if (live_tracefs_path(events, visit->instance, "events"))
		list = opendir(events);
	while (!result && list && (entry = readdir(list))) {
		char dir[LIVE_PATH_MAX];

		if (entry->d_name[0] != '.' && !fnmatch(pattern.system, entry->d_name, 0) &&
		    live_tracefs_path(dir, events, entry->d_name))
			result = visit_system(visit, dir, entry->d_name, pattern.event, err);
	}
	if (!result && !visit->nr_found)
		result = error_set(err, -ENOENT, "-e %.80s: this kernel has no such event",
				   visit->extra->name);
	return result;
}

/* ---- switching them on ------------------------------------------------------------------------ */

/* Why the kernel did not take what was written last, in its own words. */
static void add_reason(const char *instance, struct error *err)
{
	struct strbuf log = STRBUF_INIT;
	struct error said = *err;
	const char *reason = NULL;

	if (live_tracefs_has(instance, "error_log") &&
	    !live_tracefs_read(instance, "error_log", &log, NULL)) {
		for (const char *next = log.text; (next = strstr(next, "error: ")); next++)
			reason = next + strlen("error: ");
	}
	if (reason)
		error_set(err, said.code, "%.180s: %.*s", said.text, (int)strcspn(reason, "\n"), reason);
	strbuf_deinit(&log);
}

static int set(const char *instance, const char *system, const char *event, const char *file,
	       const char *text, struct error *err)
{
	char name[LIVE_PATH_MAX];
	char path[LIVE_PATH_MAX];
	int result = -ENAMETOOLONG;

	if (snprintf(name, sizeof(name), "events/%s/%s/%s", system, event, file) < (int)sizeof(name) &&
	    live_tracefs_path(path, instance, name))
		result = undo_write_file(path, text);
	if (!result)
		return 0;
	error_set(err, result, "-e %.40s:%.40s: %s '%.60s': %s", system, event, file, text,
		  strerror(-result));
	if (strcmp(file, "enable"))
		add_reason(instance, err);
	return result;
}

static int enable_in(const struct visit *visit, const char *instance, const char *system,
		     const char *event, struct error *err)
{
	const char *filter = visit->extra->filter;
	int result = 0;

	if (filter && !live_events_is_wanted(system, event, visit->groups))
		result = set(instance, system, event, "filter", filter, err);
	else if (filter)
		snprintf(visit->warning, visit->warning_size, "-e %.40s:%.60s: the filter is left out: the "
			 "analysis needs all of these", system, event);
	return result ? result : set(instance, system, event, "enable", "1", err);
}

static int enable_found(struct visit *visit, const char *system, const char *event, struct error *err)
{
	int result = 0;

	if (visit->extra->trigger)
		result = set(visit->instance, system, event, "trigger", visit->extra->trigger, err);
	if (!result)
		result = enable_in(visit, visit->instance, system, event, err);
	if (!result && *visit->others)
		result = enable_in(visit, visit->others, system, event, err);
	return result;
}

int live_extras_enable(const struct live_config *config, const char *instance, const char *others,
		       unsigned int groups, char *warning, size_t size, struct error *err)
{
	struct visit visit = { enable_found, .instance = instance, .others = others, .groups = groups,
			       .warning = warning, .warning_size = size };
	int result = 0;

	for (uint32_t i = 0; !result && i < config->nr_extras; i++) {
		visit.extra = &config->extras[i];
		result = visit_extra(&visit, err);
	}
	return result;
}

static int hist_found(struct visit *visit, const char *system, const char *event, struct error *err)
{
	return visit->hist(system, event, visit->arg, err);
}

int live_extras_for_each_hist(const struct live_config *config, const char *instance,
			      int (*found)(const char *system, const char *event, void *arg,
					   struct error *err),
			      void *arg, struct error *err)
{
	struct visit visit = { hist_found, .instance = instance, .hist = found, .arg = arg };
	int result = 0;

	for (uint32_t i = 0; !result && i < config->nr_extras; i++) {
		visit.extra = &config->extras[i];
		if (visit.extra->trigger && !strncmp(visit.extra->trigger, "hist:", 5))
			result = visit_extra(&visit, err);
	}
	return result;
}
