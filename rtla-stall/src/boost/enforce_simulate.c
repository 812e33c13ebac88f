// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../util/error.h"
#include "../util/outfile.h"
#include "enforce_run.h"
#include "sched_sys.h"
#include "simulate.h"

#define TICK_LEAST_NS 1000000u
#define PERIOD_MOST_NS UINT64_C(1000000000)
#define TEXT_ROWS 10u

/*
 * A grant of a tick, or a millisecond, is enforced precisely enough everywhere; and as often as the budget
 * has it on average.
 */
struct plan_config enforce_plan_config(const struct enforce_params *params,
				       const struct sched_sys_facts *facts)
{
	struct plan_config config = {
		.nr_cpus = facts->nr_cpus,
		.policy = params->policy,
		.runtime_ns = params->runtime_ns,
		.period_ns = params->period_ns,
		.duration_ns = params->duration_ns,
		.budget_ns = params->budget_ns,
		.budget_per_ns = params->budget_per_ns,
		.boosts_user_threads = params->wants_user_threads,
		.is_dry_run = params->is_dry_run,
		.tick_ns = facts->tick_ns,
		.has_hrtick_dl = facts->has_hrtick_dl,
		.is_admission_off = facts->rt_runtime_us == -1,
		.may_lift_admission = facts->is_rt_runtime_writable && params->policy != PLAN_FIFO,
	};

	if (!config.runtime_ns)
		config.runtime_ns = facts->tick_ns > TICK_LEAST_NS ? facts->tick_ns : TICK_LEAST_NS;
	if (!params->runtime_ns && config.runtime_ns > params->budget_ns)
		config.runtime_ns = params->budget_ns;
	if (!params->runtime_ns && params->period_ns && config.runtime_ns > params->period_ns)
		config.runtime_ns = params->period_ns;
	if (!config.period_ns) {
		/* neither overflows: a runtime is 4 s at most, a budget's second time an hour */
		config.period_ns =
			config.runtime_ns * (params->budget_per_ns / 1000) / params->budget_ns * 1000;
		if (config.period_ns > PERIOD_MOST_NS)
			config.period_ns = PERIOD_MOST_NS;
		if (config.period_ns < 4 * config.runtime_ns)
			config.period_ns = 4 * config.runtime_ns;
	}
	return config;
}

static void judge(const char *comm, void *arg, struct simulate_rule *ret)
{
	const struct enforce_params *params = arg;
	struct enforce_verdict verdict = enforce_rules_judge(&params->rules, comm, NULL);

	ret->list = verdict.list;
	ret->has_own_threshold = verdict.has_own_threshold;
	ret->threshold_ns = verdict.threshold_ns;
}

static int write_json(const struct simulate_result *result, const char *path, FILE *out, struct error *err)
{
	struct outfile file = { 0 };
	int code;

	if (!path) {
		code = simulate_write_json(result, out);
		return code ? error_set(err, code, "standard output: %s", strerror(-code)) : 0;
	}
	code = outfile_open(&file, path, err);
	if (code)
		return code;
	code = simulate_write_json(result, file.stream);
	if (code)
		error_set(err, code, "%s: %s", path, strerror(-code));
	else
		code = outfile_commit(&file, err);
	outfile_deinit(&file);
	return code;
}

int enforce_simulate(const struct enforce_params *params, const struct enforce_setting *setting,
		     struct error *err)
{
	struct simulate_setting simulation = {
		.path = params->simulate,
		.least_ns = params->smallest_ns,
		.judge = judge,
		.arg = (void *)params,
		.cpus = params->has_cpus ? &params->cpus : NULL,
		.is_interrupted = setting->is_interrupted,
	};
	struct simulate_result result;
	struct sched_sys_facts facts = { .tick_ns = TICK_LEAST_NS };
	struct sched_sys *sys;
	int code = sched_sys_open(&sys, err);

	if (code)
		return code;
	sched_sys_find_facts(sys, &facts);
	sched_sys_close(sys);
	facts.nr_cpus = 0;	/* the trace's */
	simulation.plan = enforce_plan_config(params, &facts);
	code = simulate_run(&simulation, &result, err);
	if (code)
		return code;
	if (params->json_lines.is_wanted) {
		code = write_json(&result, params->json_lines.path, setting->out, err);
	} else {
		code = simulate_write_text(&result, TEXT_ROWS, setting->out);
		if (code)
			error_set(err, code, "standard output: %s", strerror(-code));
	}
	simulate_deinit(&result);
	return code;
}
