// SPDX-License-Identifier: GPL-2.0-only
#include "live_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/error.h"
#include "../util/guard.h"
#include "../util/strbuf.h"
#include "../util/undo.h"
#include "dat_write.h"
#include "live_events.h"
#include "live_extras.h"
#include "live_lockdown.h"
#include "live_message.h"
#include "live_setup.h"
#include "live_tracefs.h"
#include "live_tracer.h"

#define BUFFER_KB_MOST 8192u
#define BUFFER_KB_LEAST 256u
#define BUFFER_SHARE 16u	/* of the memory that is available, for all CPUs together */
#define NAME_TRIES 100

struct making {
	const struct live_config *config;
	struct guard *guard;
	int to;
	int pid;
	enum live_tracer tracer;
	unsigned int groups;
	uint32_t nr_cpus;		/* that the instance has buffers for */
	uint32_t buffer_kb;
	uint32_t page_size;
	char root[LIVE_PATH_MAX];
	char instance[LIVE_PATH_MAX];	/* of watched CPUs */
	char others[LIVE_PATH_MAX];	/* of the other ones; "" none */
};

static int tell(const struct making *making, const struct live_message *message, int fd,
		struct error *err)
{
	int result = live_message_send(making->to, message, fd);

	return result ? error_set(err, result, "whom tracing is set up for is gone: %s",
				  strerror(-result)) : 0;
}

static int say_step(const struct making *making, const char *text, struct error *err)
{
	struct live_message message = { .kind = LIVE_MESSAGE_STEP };

	snprintf(message.text, sizeof(message.text), "%s", text);
	return tell(making, &message, -1, err);
}

/* What cannot be undone must not keep everybody from tracing for ever: it is said. */
static int undo_leftovers(const struct making *making, struct error *err)
{
	struct live_message message = { .kind = LIVE_MESSAGE_WARNING };
	struct error failure = { 0 };
	int result = say_step(making, "what a run that was killed left behind", err);

	if (result || undo_stale(making->config->undo_dir, &failure) >= 0)
		return result;
	memcpy(message.text, failure.text, sizeof(message.text));
	return tell(making, &message, -1, err);
}

/* Inside our own instances, which go as a whole. */
static int set(const char *dir, const char *name, const char *text, struct error *err)
{
	char path[LIVE_PATH_MAX];
	int result = live_tracefs_path(path, dir, name) ? undo_write_file(path, text) : -ENAMETOOLONG;

	return result ? error_set(err, result, "%s: writing '%.60s': %s", path, text,
				  strerror(-result)) : 0;
}

static int set_both(const struct making *making, const char *name, const char *text,
		    struct error *err)
{
	int result = set(making->instance, name, text, err);

	return !result && *making->others ? set(making->others, name, text, err) : result;
}

/* ---- CPUs ------------------------------------------------------------------------------------- */

static int read_cpus(const char *name, char *text, size_t size, struct cpu_list *cpus)
{
	struct strbuf words = STRBUF_INIT;
	int result = live_tracefs_read("/sys/devices/system/cpu", name, &words, NULL);

	if (!result) {
		snprintf(text, size, "%.*s", (int)strcspn(words.text, "\n"), words.text);
		result = parse_cpus(text, cpus);
	}
	strbuf_deinit(&words);
	return result;
}

static int check_cpus(const struct cpu_list *wanted, struct error *err)
{
	struct cpu_list present;
	struct cpu_list online;
	char present_text[80];
	char online_text[80];

	if (read_cpus("present", present_text, sizeof(present_text), &present) ||
	    read_cpus("online", online_text, sizeof(online_text), &online))
		return 0;	/* a list that is too long to be looked at is taken as it is */
	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++) {
		if (!parse_cpus_has(wanted, cpu))
			continue;
		if (!parse_cpus_has(&present, cpu))
			return error_set(err, -EINVAL, "there is no CPU %u; this machine has %s", cpu,
					 present_text);
		if (!parse_cpus_has(&online, cpu))
			return error_set(err, -EINVAL, "CPU %u is off; %s are on", cpu, online_text);
	}
	return 0;
}

/* The kernel's way to write masks: groups of 32 bits, the highest first. */
static void add_mask(struct strbuf *out, const struct cpu_list *cpus, uint32_t nr_cpus, bool is_inverted)
{
	for (uint32_t group = (nr_cpus + 31) / 32; group-- > 0;) {
		uint32_t mask = 0;

		for (uint32_t cpu = group * 32; cpu < nr_cpus && cpu < group * 32 + 32; cpu++)
			mask |= (uint32_t)(parse_cpus_has(cpus, cpu) != is_inverted) << (cpu % 32);
		strbuf_addf(out, "%08x%s", mask, group ? "," : "");
	}
}

static uint32_t count_cpus(const char *instance)
{
	char path[LIVE_PATH_MAX];
	__cleanup_closedir DIR *list = NULL;
	const struct dirent *entry;
	uint32_t nr_cpus = 0;
	uint32_t cpu;

	if (live_tracefs_path(path, instance, "per_cpu"))
		list = opendir(path);
	while (list && (entry = readdir(list))) {
		if (sscanf(entry->d_name, "cpu%u", &cpu) == 1 && cpu < ENGINE_MAX_CPUS &&
		    cpu >= nr_cpus)
			nr_cpus = cpu + 1;
	}
	return nr_cpus;
}

/* ---- the tracer and the events ---------------------------------------------------------------- */

static int choose_tracer(struct making *making, struct error *err)
{
	int result = live_tracer_choose(making->root, making->config->tracer, &making->tracer, err);

	making->groups = LIVE_GROUP_BASE | LIVE_GROUP_VECTORS;
	if (making->tracer != LIVE_TRACER_NONE)
		making->groups |= LIVE_GROUP_NOISE;
	if (making->tracer == LIVE_TRACER_TIMERLAT)
		making->groups |= LIVE_GROUP_THREAD_NOISE;
	return result;
}

static int enable_extras(const struct making *making, struct error *err)
{
	struct live_message message = { .kind = LIVE_MESSAGE_WARNING };
	int result = live_extras_enable(making->config, making->instance, making->others, making->groups,
					message.text, sizeof(message.text), err);

	return !result && *message.text ? tell(making, &message, -1, err) : result;
}

static int enable_events(const struct making *making, struct error *err)
{
	int result = say_step(making, "its events", err);

	if (!result)
		result = live_events_enable(making->instance, making->groups, NULL, err);
	if (!result && *making->others)
		result = live_events_enable(making->others, making->groups, making->config->cpus, err);
	return result ? result : enable_extras(making, err);
}

static int start_tracer(const struct making *making, struct error *err)
{
	const struct live_tracer_setting setting = {
		.config = making->config,
		.guard = making->guard,
		.root = making->root,
		.instance = making->instance,
		.nr_cpus = making->nr_cpus,
		.tracer = making->tracer,
	};
	int result = say_step(making, "its tracer", err);

	return result ? result : live_tracer_start(&setting, err);
}

/* ---- the instances ---------------------------------------------------------------------------- */

static int make_instance(const struct making *making, const char *suffix, char *path, struct error *err)
{
	int result = -EEXIST;

	for (int i = 0; result == -EEXIST && i < NAME_TRIES; i++) {
		char name[64];

		if (i)
			snprintf(name, sizeof(name), "instances/rtla-stall.%d.%d%s", making->pid, i, suffix);
		else
			snprintf(name, sizeof(name), "instances/rtla-stall.%d%s", making->pid, suffix);
		if (!live_tracefs_path(path, making->root, name))
			return error_set(err, -ENAMETOOLONG, "%s: %s", name, strerror(ENAMETOOLONG));
		result = guard_mkdir(making->guard, path, err);
	}
	if (result == -EEXIST)
		return error_set(err, result, "%s: there are too many of this name", path);
	return result ? result : set(path, "tracing_on", "0", err);
}

static uint32_t buffer_kb_of(const struct making *making)
{
	struct strbuf text = STRBUF_INIT;
	uint64_t available_kb = 0;
	const char *line;
	uint64_t kb;

	if (making->config->buffer_kb)
		return making->config->buffer_kb;
	if (!live_tracefs_read("/proc", "meminfo", &text, NULL)) {
		line = strstr(text.text, "MemAvailable:");
		if (line)
			available_kb = strtoull(line + strlen("MemAvailable:"), NULL, 10);
	}
	strbuf_deinit(&text);
	kb = available_kb / BUFFER_SHARE / (making->nr_cpus ? making->nr_cpus : 1);
	if (kb > BUFFER_KB_MOST)
		return BUFFER_KB_MOST;
	return kb < BUFFER_KB_LEAST ? BUFFER_KB_LEAST : (uint32_t)kb;
}

static int set_masks(const struct making *making, struct error *err)
{
	const struct cpu_list *cpus = making->config->cpus;
	struct strbuf mask = STRBUF_INIT;
	int result;

	add_mask(&mask, cpus, making->nr_cpus, false);
	result = set(making->instance, "tracing_cpumask", mask.text, err);
	strbuf_reset(&mask);
	add_mask(&mask, cpus, making->nr_cpus, true);
	if (!result)
		result = set(making->others, "tracing_cpumask", mask.text, err);
	strbuf_deinit(&mask);
	return result;
}

static bool watches_all(const struct making *making)
{
	for (uint32_t cpu = 0; cpu < making->nr_cpus; cpu++) {
		if (making->config->cpus && !parse_cpus_has(making->config->cpus, cpu))
			return false;
	}
	return true;
}

static int make_instances(struct making *making, struct error *err)
{
	char kb[16];
	int result = say_step(making, "an instance of tracing", err);

	if (!result)
		result = make_instance(making, "", making->instance, err);
	if (result)
		return result;
	making->nr_cpus = count_cpus(making->instance);
	if (!making->nr_cpus)
		return error_set(err, -ENOTSUP, "%s/per_cpu lists no CPU", making->instance);
	if (!watches_all(making))
		result = make_instance(making, ".others", making->others, err);
	if (!result)
		result = set_both(making, "trace_clock", "mono", err);
	if (!result && *making->others)
		result = set_masks(making, err);
	if (!result)
		result = say_step(making, "the size of its buffers", err);
	making->buffer_kb = buffer_kb_of(making);
	snprintf(kb, sizeof(kb), "%u", making->buffer_kb);
	return result ? result : set_both(making, "buffer_size_kb", kb, err);
}

/* ---- what is handed over ---------------------------------------------------------------------- */

static bool is_wanted(const char *system, const char *name, void *arg)
{
	const struct making *making = arg;

	return live_events_is_wanted(system, name, making->groups) ||
	       live_extras_is_wanted(making->config, system, name);
}

static int make_head(struct making *making, struct error *err)
{
	__cleanup_close int fd = memfd_create("rtla-stall head", MFD_CLOEXEC);
	struct live_message message = { .kind = LIVE_MESSAGE_HEAD };
	struct strbuf subbuffer = STRBUF_INIT;
	struct dat_meta meta;
	int result;

	if (fd < 0)
		return error_set(err, -errno, "memory for the formats: %s", strerror(errno));
	dat_meta_init(&meta);
	meta.nr_cpus = making->nr_cpus;
	if (*making->others)
		live_tracer_add_list(&meta.watched, making->config->cpus);
	result = live_tracefs_read_meta(making->root, making->instance, &meta, is_wanted, making, err);
	if (!result)
		result = dat_write_head(fd, &meta, err);
	making->page_size = meta.page_size;
	dat_meta_deinit(&meta);
	/* since 6.8 the pages of a buffer may be larger than the machine's */
	if (!result && live_tracefs_has(making->instance, "buffer_subbuf_size_kb") &&
	    !live_tracefs_read(making->instance, "buffer_subbuf_size_kb", &subbuffer, NULL))
		making->page_size = (uint32_t)strtoul(subbuffer.text, NULL, 10) * 1024;
	strbuf_deinit(&subbuffer);
	message.value = making->page_size;
	return result ? result : tell(making, &message, fd, err);
}

static int hand_over(const struct making *making, const char *dir, const char *name, int kind,
		     uint32_t cpu, struct error *err)
{
	struct live_message message = { .kind = (uint32_t)kind, .cpu = cpu };
	char path[LIVE_PATH_MAX];
	__cleanup_close int fd = -1;

	if (!live_tracefs_path(path, dir, name))
		return error_set(err, -ENAMETOOLONG, "%s: %s", name, strerror(ENAMETOOLONG));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	return tell(making, &message, fd, err);
}

static int hand_over_hist(const char *system, const char *event, void *arg, struct error *err)
{
	struct live_message message = { .kind = LIVE_MESSAGE_HIST };
	const struct making *making = arg;
	char path[LIVE_PATH_MAX];
	__cleanup_close int fd = -1;

	snprintf(message.text, sizeof(message.text), "%.60s:%.120s", system, event);
	snprintf(path, sizeof(path), "%.200s/events/%.60s/%.120s/hist", making->instance, system, event);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	return tell(making, &message, fd, err);
}

static int hand_over_files(struct making *making, struct error *err)
{
	int result = 0;

	if (live_tracefs_has(making->root, "saved_cmdlines"))
		result = hand_over(making, making->root, "saved_cmdlines", LIVE_MESSAGE_CMDLINES, 0, err);
	for (uint32_t cpu = 0; !result && cpu < making->nr_cpus; cpu++) {
		bool is_watched = !*making->others || parse_cpus_has(making->config->cpus, cpu);
		const char *instance = is_watched ? making->instance : making->others;
		char name[64];

		snprintf(name, sizeof(name), "per_cpu/cpu%u", cpu);
		if (!live_tracefs_has(instance, name))
			continue;
		snprintf(name, sizeof(name), "per_cpu/cpu%u/trace_pipe_raw", cpu);
		result = hand_over(making, instance, name, LIVE_MESSAGE_PAGES, cpu, err);
		snprintf(name, sizeof(name), "per_cpu/cpu%u/stats", cpu);
		if (!result && live_tracefs_has(instance, name))
			result = hand_over(making, instance, name, LIVE_MESSAGE_STATS, cpu, err);
	}
	return result ? result : live_extras_for_each_hist(making->config, making->instance,
							   hand_over_hist, making, err);
}

static int make(struct making *making, struct error *err)
{
	struct live_message done = { .kind = LIVE_MESSAGE_DONE };
	int result = choose_tracer(making, err);

	if (!result)
		result = make_instances(making, err);
	if (!result)
		result = enable_events(making, err);
	if (!result)
		result = start_tracer(making, err);
	if (!result)
		result = say_step(making, "the formats of its events", err);
	if (!result)
		result = make_head(making, err);
	if (!result)
		result = hand_over_files(making, err);
	if (!result)
		result = say_step(making, "its start", err);
	if (!result)
		result = set_both(making, "tracing_on", "1", err);
	if (result)
		return result;
	done.value = making->tracer;
	done.cpu = making->buffer_kb;
	return tell(making, &done, -1, err);
}

int live_make(const struct live_config *config, struct guard *guard, int to, int pid,
	      struct error *err)
{
	struct making making = { .config = config, .guard = guard, .to = to, .pid = pid };
	int result = undo_leftovers(&making, err);

	if (!result && config->cpus)
		result = check_cpus(config->cpus, err);
	if (result)
		return result;
	result = live_tracefs_find(making.root, err);
	if (!result)
		result = make(&making, err);
	return result && live_lockdown_explain(LIVE_LOCKDOWN_FILE, err) ? -EPERM : result;
}
