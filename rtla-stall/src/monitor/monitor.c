// SPDX-License-Identifier: GPL-2.0-only
#include "monitor_state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "../source/source_live.h"
#include "../source/source_proc.h"
#include "../stats/longest.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "../util/names.h"

static uint64_t cpu_ns(int who)
{
	struct rusage usage;

	if (getrusage(who, &usage))
		return 0;
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000u +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000u;
}

uint64_t monitor_own_ns(void)
{
	return cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN);
}

const struct source_info *monitor_info(const struct monitor *monitor)
{
	return &(monitor->live ? monitor->live : monitor->proc)->info;
}

/* ---- what the engine says --------------------------------------------------------------------- */

static void on_episode(const struct episode *episode, void *arg)
{
	struct monitor *monitor = arg;

	if (hits_on_episode(monitor->hits, monitor->account.engine, episode))
		monitor->account.has_failed = true;
	if (monitor->config.on_episode)
		monitor->config.on_episode(episode, monitor->config.arg);
}

static void on_timerlat(const struct timerlat_activation *activation, void *arg)
{
	struct monitor *monitor = arg;

	if (hits_on_timerlat(monitor->hits, activation))
		monitor->account.has_failed = true;
	if (monitor->config.on_timerlat)
		monitor->config.on_timerlat(activation, monitor->config.arg);
}

int monitor_open_account(struct monitor *monitor, const struct source_info *info, struct error *err)
{
	const struct monitor_config *config = &monitor->config;
	uint64_t threshold_ns = config->threshold_ns ? config->threshold_ns : UINT64_MAX;
	const struct account_setting setting = {
		.selection = config->selection,
		.names = monitor->names,
		.facts = source_facts(info),
		.stall_ns = config->stall_ns,
		.segments_from_ns = threshold_ns < config->stall_ns ? threshold_ns : config->stall_ns,
		.on_episode = on_episode,
		.on_timerlat = on_timerlat,
		.arg = monitor,
	};

	account_deinit(&monitor->account);
	return account_init(&monitor->account, &setting, err);
}

static struct hits_setting hits_setting(const struct monitor *monitor)
{
	return (struct hits_setting){
		.selection = monitor->config.selection,
		.threshold_ns = monitor->config.threshold_ns,
		.irq_threshold_ns = monitor->config.irq_threshold_ns,
		.has_timerlat = monitor->config.live.tracer == LIVE_TRACER_TIMERLAT,
		.is_ready = lost_waits_is_ready,
		.is_kthread = hits_is_kthread,
		.is_workload = monitor->config.is_workload,
		.arg = monitor->config.arg,
	};
}

/* ---- open and close --------------------------------------------------------------------------- */

static int open_all(struct monitor *monitor, struct error *err)
{
	const struct source_proc_options proc_options = { 0 };
	const struct hits_setting hits = hits_setting(monitor);
	int result;

	monitor->hits = hits_create(&hits);
	if (!monitor->names || !monitor->hits)
		return error_set(err, -ENOMEM, "out of memory");
	/* First, so that the set-up goes on while /proc is read. */
	result = live_setup_start(&monitor->config.live, monitor->config.guard, &monitor->setup, err);
	if (!result)
		result = source_proc_open(&proc_options, &monitor->proc, err);
	if (!result)
		result = monitor_open_account(monitor, &monitor->proc->info, err);
	return result;
}

int monitor_create(const struct monitor_config *config, struct monitor **ret, struct error *err)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));
	int result;

	if (!monitor)
		return error_set(err, -ENOMEM, "out of memory");
	monitor->config = *config;
	monitor->began_at = clock_mono_ns();
	wall_read(&monitor->wall);
	monitor->names = names_create();
	cpus_on_open(&monitor->cpus_on, CPUS_ON_PATH);
	result = open_all(monitor, err);
	if (result) {
		monitor_destroy(monitor);
		return result;
	}
	*ret = monitor;
	return 0;
}

void monitor_destroy(struct monitor *monitor)
{
	if (!monitor)
		return;
	live_setup_stop(monitor->setup, MONITOR_SETUP_STOP_MS);
	longest_destroy(monitor->open);
	account_deinit(&monitor->account);
	source_close(monitor->live);
	source_close(monitor->proc);
	cpus_on_close(&monitor->cpus_on);
	hits_destroy(monitor->hits);
	rates_deinit(&monitor->rates);
	ended_deinit(&monitor->ended);
	names_destroy(monitor->names);
	free(monitor);
}

/* ---- what is asked of it ---------------------------------------------------------------------- */

bool monitor_is_live(const struct monitor *monitor)
{
	return monitor->live;
}

const struct live_instance *monitor_instance(const struct monitor *monitor)
{
	return monitor->live ? source_live_instance(monitor->live) : NULL;
}

const struct engine *monitor_engine(const struct monitor *monitor)
{
	return monitor->account.engine;
}

const struct works *monitor_works(const struct monitor *monitor)
{
	return &monitor->works;
}

const struct names *monitor_names(const struct monitor *monitor)
{
	return monitor->names;
}

/* Those of the moment that are open are not counted yet, and are not among those kept. */
static void change_count(struct monitor *monitor, uint64_t stall_ns)
{
	struct stall_count_change change = {
		.before_ns = monitor->config.stall_ns,
		.stall_ns = stall_ns,
		.at = monitor->last_at ? monitor->last_at : 1,
		.has_omitted = true,
	};
	struct summary summary = { 0 };

	if (!account_sum_up(&monitor->account, monitor_info(monitor)->first_at, &summary, NULL)) {
		change.nr_counted = summary.nr_stalls + summary.stalls_omitted;
		change.has_omitted = summary.stalls_omitted;
	}
	for (size_t i = 0; i < summary.nr_stalls; i++)
		change.nr_kept += summary.stalls[i]->ended_at - summary.stalls[i]->began_at >= stall_ns;
	summary_deinit(&summary);
	stall_count_change(&monitor->stalls, &change);
}

void monitor_set_stall(struct monitor *monitor, uint64_t stall_ns)
{
	change_count(monitor, stall_ns);
	monitor->config.stall_ns = stall_ns;
	monitor->account.setting.stall_ns = stall_ns;
	monitor->account.tally.stall_ns = stall_ns;
	engine_set_segments_from(monitor->account.engine,
				 monitor->config.threshold_ns && monitor->config.threshold_ns < stall_ns ?
					 monitor->config.threshold_ns : stall_ns);
}

void monitor_count_unreported(struct monitor *monitor)
{
	monitor->nr_unreported++;
}
