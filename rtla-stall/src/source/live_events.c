// SPDX-License-Identifier: GPL-2.0-only
#include "live_events.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "../util/array.h"
#include "../util/cleanup.h"
#include "../util/error.h"
#include "../util/strbuf.h"
#include "../util/undo.h"
#include "live_tracefs.h"

#define FILTER_MAX 3500		/* the kernel takes a page */

struct live_event {
	const char *system;
	const char *name;		/* a pattern */
	enum live_group group;
	bool is_on_others;		/* recorded on CPUs that are not watched, too */
	const char *fields[2];		/* ... only with a watched CPU in one of these; NULL: always */
};

static const struct live_event live_events[] = {
	{ "sched", "sched_switch", LIVE_GROUP_BASE, false, { 0 } },
	{ "sched", "sched_waking", LIVE_GROUP_BASE, true, { "target_cpu" } },
	/* all of them: one that went to another CPU than its waking said is no wait of ours */
	{ "sched", "sched_wakeup", LIVE_GROUP_BASE, true, { 0 } },
	{ "sched", "sched_wakeup_new", LIVE_GROUP_BASE, true, { 0 } },
	{ "sched", "sched_migrate_task", LIVE_GROUP_BASE, true, { "orig_cpu", "dest_cpu" } },
	{ "sched", "sched_pi_setprio", LIVE_GROUP_BASE, true, { 0 } },
	{ "sched", "sched_process_fork", LIVE_GROUP_BASE, true, { 0 } },
	{ "sched", "sched_process_exec", LIVE_GROUP_BASE, true, { 0 } },
	{ "sched", "sched_process_exit", LIVE_GROUP_BASE, true, { 0 } },
	{ "task", "task_newtask", LIVE_GROUP_BASE, true, { 0 } },
	{ "task", "task_rename", LIVE_GROUP_BASE, true, { 0 } },
	{ "workqueue", "workqueue_queue_work", LIVE_GROUP_BASE, true, { "req_cpu", "cpu" } },
	{ "workqueue", "workqueue_activate_work", LIVE_GROUP_BASE, true, { 0 } },
	{ "workqueue", "workqueue_execute_start", LIVE_GROUP_BASE, false, { 0 } },
	{ "workqueue", "workqueue_execute_end", LIVE_GROUP_BASE, false, { 0 } },
	{ "irq", "irq_handler_entry", LIVE_GROUP_BASE, false, { 0 } },
	{ "irq", "irq_handler_exit", LIVE_GROUP_BASE, false, { 0 } },
	{ "irq", "softirq_entry", LIVE_GROUP_BASE, false, { 0 } },
	{ "irq", "softirq_exit", LIVE_GROUP_BASE, false, { 0 } },
	{ "nmi", "nmi_handler", LIVE_GROUP_BASE, false, { 0 } },
	{ "irq_vectors", "*_entry", LIVE_GROUP_VECTORS, false, { 0 } },
	{ "irq_vectors", "*_exit", LIVE_GROUP_VECTORS, false, { 0 } },
	{ "ipi", "ipi_entry", LIVE_GROUP_VECTORS, false, { 0 } },
	{ "ipi", "ipi_exit", LIVE_GROUP_VECTORS, false, { 0 } },
	{ "osnoise", "irq_noise", LIVE_GROUP_NOISE, false, { 0 } },
	{ "osnoise", "softirq_noise", LIVE_GROUP_NOISE, false, { 0 } },
	{ "osnoise", "nmi_noise", LIVE_GROUP_NOISE, false, { 0 } },
	{ "osnoise", "thread_noise", LIVE_GROUP_THREAD_NOISE, false, { 0 } },
};

static bool is_named(const struct live_event *event, const char *system, const char *name)
{
	return !strcmp(event->system, system) && !fnmatch(event->name, name, 0);
}

bool live_events_is_wanted(const char *system, const char *name, unsigned int groups)
{
	for (size_t i = 0; i < NR_ELEMENTS(live_events); i++) {
		if (live_events[i].group & groups && is_named(&live_events[i], system, name))
			return true;
	}
	return false;
}

static bool is_in(const struct cpu_list *cpus, uint32_t cpu)
{
	return cpus->bits[cpu / 64] >> (cpu % 64) & 1;
}

static void add_range(struct strbuf *out, const char *field, uint32_t first, uint32_t last)
{
	if (out->length)
		strbuf_adds(out, " || ");
	if (first == last)
		strbuf_addf(out, "%s == %u", field, first);
	else
		strbuf_addf(out, "(%s >= %u && %s <= %u)", field, first, field, last);
}

bool live_events_add_filter(struct strbuf *out, const char *field, const char *other_field,
			    const struct cpu_list *cpus)
{
	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++) {
		uint32_t first = cpu;

		if (!is_in(cpus, cpu))
			continue;
		while (cpu + 1 < ENGINE_MAX_CPUS && is_in(cpus, cpu + 1))
			cpu++;
		add_range(out, field, first, cpu);
		if (other_field)
			add_range(out, other_field, first, cpu);
	}
	return out->length <= FILTER_MAX && !out->has_failed;
}

static int set(const char *dir, const char *name, const char *text, struct error *err)
{
	char path[LIVE_PATH_MAX];
	int result = live_tracefs_path(path, dir, name) ? undo_write_file(path, text) : -ENAMETOOLONG;

	return result ? error_set(err, result, "%s: writing '%.40s': %s", path, text,
				  strerror(-result)) : 0;
}

static int enable_one(const char *dir, const struct live_event *event, const struct cpu_list *cpus,
		      struct error *err)
{
	struct strbuf filter = STRBUF_INIT;
	int result = 0;

	/* Without a filter there is more to read, and nothing missing: an old kernel lacks a field. */
	if (cpus && event->fields[0] &&
	    live_events_add_filter(&filter, event->fields[0], event->fields[1], cpus))
		result = set(dir, "filter", filter.text, err);
	strbuf_deinit(&filter);
	if (result && result != -EINVAL)
		return result;
	return set(dir, "enable", "1", err);
}

static int enable_matching(const char *system_dir, const struct live_event *event,
			   const struct cpu_list *cpus, struct error *err)
{
	__cleanup_closedir DIR *list = opendir(system_dir);
	const struct dirent *entry;

	while (list && (entry = readdir(list))) {
		char dir[LIVE_PATH_MAX];
		int result;

		if (entry->d_name[0] == '.' || fnmatch(event->name, entry->d_name, 0) ||
		    !live_tracefs_path(dir, system_dir, entry->d_name) ||
		    !live_tracefs_has(dir, "enable"))
			continue;
		result = enable_one(dir, event, cpus, err);
		if (result)
			return result;
	}
	return 0;
}

int live_events_enable(const char *instance, unsigned int groups, const struct cpu_list *cpus,
		       struct error *err)
{
	char events[LIVE_PATH_MAX];
	int result = 0;

	if (!live_tracefs_path(events, instance, "events"))
		return error_set(err, -ENAMETOOLONG, "%s: %s", instance, strerror(ENAMETOOLONG));
	for (size_t i = 0; !result && i < NR_ELEMENTS(live_events); i++) {
		const struct live_event *event = &live_events[i];
		char dir[LIVE_PATH_MAX];

		if (!(event->group & groups) || (cpus && !event->is_on_others) ||
		    !live_tracefs_path(dir, events, event->system))
			continue;
		result = enable_matching(dir, event, cpus, err);
	}
	return result;
}
