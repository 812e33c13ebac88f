// SPDX-License-Identifier: GPL-2.0-only
#include "live_tracer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../util/error.h"
#include "../util/guard.h"
#include "../util/strbuf.h"
#include "live_tracefs.h"

#define TIMERLAT_PERIOD_US 1000u	/* the kernel's default, and rtla's */

static const char *name_of(enum live_tracer tracer)
{
	return tracer == LIVE_TRACER_TIMERLAT ? "timerlat" : "osnoise";
}

int live_tracer_choose(const char *root, enum live_tracer wanted, enum live_tracer *ret,
		       struct error *err)
{
	bool is_there = live_tracefs_has_word(root, "available_tracers", name_of(wanted));
	bool has_vectors = live_tracefs_has(root, "events/irq_vectors");

	if (wanted == LIVE_TRACER_AUTO)
		wanted = !has_vectors && is_there ? LIVE_TRACER_OSNOISE : LIVE_TRACER_NONE;
	if (wanted != LIVE_TRACER_NONE && !is_there)
		return error_set(err, -ENOTSUP, "this kernel has no tracer %s (CONFIG_%s_TRACER); "
				 "--tracer none does without", name_of(wanted),
				 wanted == LIVE_TRACER_TIMERLAT ? "TIMERLAT" : "OSNOISE");
	*ret = wanted;
	return 0;
}

bool live_tracer_has_user_threads(const char *root)
{
	return live_tracefs_has(root, "osnoise/per_cpu/cpu0/timerlat_fd");
}

void live_tracer_add_list(struct strbuf *out, const struct cpu_list *cpus)
{
	size_t before = out->length;

	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++) {
		uint32_t first = cpu;

		if (!parse_cpus_has(cpus, cpu))
			continue;
		while (cpu + 1 < ENGINE_MAX_CPUS && parse_cpus_has(cpus, cpu + 1))
			cpu++;
		strbuf_addf(out, out->length > before ? ",%u" : "%u", first);
		if (cpu > first)
			strbuf_addf(out, "-%u", cpu);
	}
}

/* ---- settings --------------------------------------------------------------------------------- */

/* Where settings differ from ours, who uses the tracer is in the way. */
static int check_holder(const struct live_tracer_setting *setting, struct error *err)
{
	char tracer[16];
	char who[128];

	if (!live_tracefs_holder(setting->root, tracer, who, sizeof(who)))
		return 0;
	return error_set(err, -EBUSY, "tracer %s is in use: %s runs %s, and its settings are everybody's",
			 name_of(setting->tracer), who, tracer);
}

static int change(const struct live_tracer_setting *setting, const char *dir, const char *name,
		  const char *value, const char *old, struct error *err)
{
	char path[LIVE_PATH_MAX];

	if (!live_tracefs_path(path, dir, name))
		return error_set(err, -ENAMETOOLONG, "%s: %s", name, strerror(ENAMETOOLONG));
	return guard_write(setting->guard, path, value, old, err);
}

static int put(const struct live_tracer_setting *setting, const char *name, const char *value,
	       struct error *err)
{
	if (live_tracefs_has_word(setting->root, name, value))
		return 0;
	return change(setting, setting->root, name, value, NULL, err);
}

static int put_number(const struct live_tracer_setting *setting, const char *name, uint32_t number,
		      struct error *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return put(setting, name, text, err);
}

/* It would switch tracing off for everybody. */
static int clear_stop(const struct live_tracer_setting *setting, const char *name, struct error *err)
{
	return live_tracefs_has(setting->root, name) ? put(setting, name, "0", err) : 0;
}

/* The file lists every option there is, with NO_ in front of those that are off. */
static bool has_option(const struct live_tracer_setting *setting, const char *option)
{
	char off[64];

	snprintf(off, sizeof(off), "NO_%s", option);
	return live_tracefs_has_word(setting->root, "osnoise/options", option) ||
	       live_tracefs_has_word(setting->root, "osnoise/options", off);
}

static int put_option(const struct live_tracer_setting *setting, const char *option, bool is_on,
		      struct error *err)
{
	char off[64];

	snprintf(off, sizeof(off), "NO_%s", option);
	if (live_tracefs_has_word(setting->root, "osnoise/options", is_on ? option : off))
		return 0;
	return change(setting, setting->root, "osnoise/options", is_on ? option : off,
		      is_on ? off : option, err);
}

static int set_cpus(const struct live_tracer_setting *setting, struct error *err)
{
	struct strbuf list = STRBUF_INIT;
	int result;

	if (setting->config->cpus)
		live_tracer_add_list(&list, setting->config->cpus);
	else if (setting->nr_cpus > 1)
		strbuf_addf(&list, "0-%u", setting->nr_cpus - 1);
	else
		strbuf_adds(&list, "0");
	result = list.has_failed ? error_set(err, -ENOMEM, "out of memory") :
				   put(setting, "osnoise/cpus", list.text, err);
	strbuf_deinit(&list);
	return result;
}

/* With the tracer's own threads, or without. Kernels before 6.1 know nothing else than with them. */
static int set_workload(const struct live_tracer_setting *setting, struct error *err)
{
	const struct live_config *config = setting->config;
	bool is_timerlat = setting->tracer == LIVE_TRACER_TIMERLAT;
	bool is_wanted = is_timerlat ? !config->has_user_workload : config->has_workload;

	if (is_timerlat && config->has_user_workload && !live_tracer_has_user_threads(setting->root))
		return error_set(err, -ENOTSUP, "timerlat of this kernel cannot have threads of user space "
				 "(osnoise/per_cpu/cpu0/timerlat_fd is missing); -k takes the kernel's");
	if (has_option(setting, "OSNOISE_WORKLOAD"))
		return put_option(setting, "OSNOISE_WORKLOAD", is_wanted, err);
	return is_wanted ? 0 : error_set(err, -ENOTSUP, "this kernel's osnoise cannot do without its "
					 "workload (osnoise/options is missing); --tracer none");
}

static int set_alignment(const struct live_tracer_setting *setting, struct error *err)
{
	const struct live_config *config = setting->config;
	bool is_there = has_option(setting, "TIMERLAT_ALIGN") &&
			live_tracefs_has(setting->root, "osnoise/timerlat_align_us");
	int result;

	if (!is_there && config->is_aligned)
		return error_set(err, -ENOTSUP, "timerlat of this kernel cannot align its timers "
				 "(osnoise/timerlat_align_us is missing): -A is not possible here");
	if (!is_there)
		return 0;
	result = put_option(setting, "TIMERLAT_ALIGN", config->is_aligned, err);
	if (!result && config->is_aligned)
		result = put_number(setting, "osnoise/timerlat_align_us", config->align_us, err);
	return result;
}

static int set_timerlat(const struct live_tracer_setting *setting, struct error *err)
{
	const struct live_config *config = setting->config;
	int result = put_number(setting, "osnoise/timerlat_period_us",
				config->period_us ? config->period_us : TIMERLAT_PERIOD_US, err);

	if (!result && (config->print_stack_us || live_tracefs_has(setting->root, "osnoise/print_stack")))
		result = put_number(setting, "osnoise/print_stack", config->print_stack_us, err);
	return result ? result : set_alignment(setting, err);
}

int live_tracer_start(const struct live_tracer_setting *setting, struct error *err)
{
	int result;

	if (setting->tracer == LIVE_TRACER_NONE)
		return 0;
	result = check_holder(setting, err);
	if (!result)
		result = clear_stop(setting, "osnoise/stop_tracing_us", err);
	if (!result)
		result = clear_stop(setting, "osnoise/stop_tracing_total_us", err);
	if (!result)
		result = set_workload(setting, err);
	if (!result && setting->tracer == LIVE_TRACER_TIMERLAT)
		result = set_timerlat(setting, err);
	if (!result)
		result = set_cpus(setting, err);
	/* Noted too: it has to end before the settings are given back. */
	return result ? result : change(setting, setting->instance, "current_tracer",
					name_of(setting->tracer), "nop", err);
}
