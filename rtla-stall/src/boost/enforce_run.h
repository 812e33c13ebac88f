/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_RUN_H
#define RTLA_STALL_BOOST_ENFORCE_RUN_H

#include "enforce.h"
#include "plan.h"

/* What the files of enforce_run() share, and nobody else. */

struct sched_sys_facts;

/** enforce_plan_config() - the plan's numbers: as asked for, else by what the kernel is like */
struct plan_config enforce_plan_config(const struct enforce_params *params,
				       const struct sched_sys_facts *facts);

/** enforce_simulate() - --simulate. Return: 0 or a negative errno with words in @err */
int enforce_simulate(const struct enforce_params *params, const struct enforce_setting *setting,
		     struct error *err) __attribute__((warn_unused_result));

#endif
