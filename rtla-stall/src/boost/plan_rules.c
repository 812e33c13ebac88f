// SPDX-License-Identifier: GPL-2.0-only
#include "plan_rules.h"

#include <errno.h>

#include "../engine/sched_rank.h"
#include "../util/error.h"

/* kernel/sched/deadline.c and core.c: sched_deadline_period_{min,max}_us, DL_SCALE */
#define DEADLINE_PERIOD_LEAST_NS 100000u
#define DEADLINE_PERIOD_MOST_NS 4194304000u
#define DEADLINE_RUNTIME_LEAST_NS 1024u

#define CPUS_MOST (UINT32_C(1) << 20)
#define BIT(number) (1u << (number))

int plan_rules_check(const struct plan_config *config, struct error *err)
{
	bool may_be_deadline = config->policy != PLAN_FIFO;

	if (!config->nr_cpus || config->nr_cpus > CPUS_MOST)
		return error_set(err, -EINVAL, "%u CPUs are not possible", config->nr_cpus);
	if (!config->runtime_ns || config->period_ns < config->runtime_ns)
		return error_set(err, -EINVAL,
				 "a boost's runtime has to be more than 0 and at most its period");
	if (may_be_deadline && (config->period_ns < DEADLINE_PERIOD_LEAST_NS ||
				config->period_ns > DEADLINE_PERIOD_MOST_NS))
		return error_set(err, -EINVAL, "SCHED_DEADLINE takes periods from 100us to 4194304us");
	if (config->policy == PLAN_DEADLINE && config->runtime_ns < DEADLINE_RUNTIME_LEAST_NS)
		return error_set(err, -EINVAL, "SCHED_DEADLINE takes runtimes from 1024ns on");
	if (!config->budget_per_ns)
		return error_set(err, -EINVAL, "a budget is so much time in a time of more than 0");
	if (config->fifo_priority > 99)
		return error_set(err, -EINVAL, "SCHED_FIFO has priorities 1 to 99");
	return 0;
}

/* ---- whether, when, and who first ------------------------------------------------------------- */

static int rank_of_occupant(const struct plan_occupant *occupant)
{
	switch (occupant->kind) {
	case PLAN_OCCUPANT_THREAD:
		return sched_rank(occupant->prio, occupant->comm);
	case PLAN_OCCUPANT_IDLE:
		return RANK_IDLE;
	default:
		return RANK_UNKNOWN;
	}
}

static bool is_left_to_server(const struct plan_wait *wait)
{
	return wait->fair_server_ns && !wait->has_own_threshold;
}

uint8_t plan_rules_judge(const struct plan_config *config, const struct plan_wait *wait, uint64_t now_at)
{
	int occupant = rank_of_occupant(&wait->occupant);
	int rank = sched_rank(wait->prio, wait->comm);

	if (wait->is_ourselves)
		return PLAN_WHY_OURSELVES;
	if (wait->state == PLAN_IN_D)
		return PLAN_WHY_IN_D;
	if (wait->list)
		return wait->list;
	if (!wait->is_kthread && !config->boosts_user_threads)
		return PLAN_WHY_USER_THREAD;
	if (rank == RANK_DEADLINE || rank == RANK_STOP)
		return PLAN_WHY_DEADLINE;
	if (occupant == RANK_IDLE)
		return PLAN_WHY_CPU_IDLE;
	if (wait->occupant.kind == PLAN_OCCUPANT_THREAD && wait->occupant.is_ourselves)
		return PLAN_WHY_CULPRIT_OURSELVES;
	if (occupant == RANK_STOP)
		return PLAN_WHY_CULPRIT_STOP;
	if (occupant != RANK_UNKNOWN && rank > occupant)
		return PLAN_WHY_OUTRANKS;
	if (is_left_to_server(wait) && now_at < plan_rules_due_at(wait))
		return PLAN_WHY_FAIR_SERVER;
	return PLAN_WHY_NONE;
}

bool plan_rules_is_for_good(uint8_t why)
{
	return why != PLAN_WHY_NONE && why <= PLAN_WHY_DEADLINE;
}

uint64_t plan_rules_due_at(const struct plan_wait *wait)
{
	uint64_t at = plan_rules_add_ns(wait->began_at, wait->threshold_ns);
	uint64_t served_at = plan_rules_add_ns(wait->began_at, 2 * wait->fair_server_ns);

	return is_left_to_server(wait) && at < served_at ? served_at : at;
}

bool plan_rules_comes_before(const struct plan_wait *a, const struct plan_wait *b)
{
	if (!a->nr_victims != !b->nr_victims)
		return a->nr_victims;
	if (a->is_kthread != b->is_kthread)
		return a->is_kthread;
	if (a->began_at != b->began_at)
		return a->began_at < b->began_at;
	return a->tid != b->tid ? a->tid < b->tid : a->key < b->key;
}

/* ---- how -------------------------------------------------------------------------------------- */

/* Return: 0 when FIFO cannot outrank whoever has the CPU, or would not raise the waiter */
static uint32_t fifo_priority(const struct plan_config *config, const struct plan_wait *wait)
{
	int occupant = rank_of_occupant(&wait->occupant);
	int rank = sched_rank(wait->prio, wait->comm);
	int needed = RANK_RT_LOWEST + 1;

	if (occupant == RANK_UNKNOWN)
		needed = RANK_RT_HIGHEST - 1;
	else if (occupant >= needed)
		needed = occupant + 1;
	if (rank >= needed)
		needed = rank + 1;
	if (config->fifo_priority)
		return RANK_RT_LOWEST + (int)config->fifo_priority >= needed ? config->fifo_priority : 0;
	return needed <= RANK_RT_HIGHEST ? (uint32_t)(needed - RANK_RT_LOWEST) : 0;
}

static uint8_t first_choice(const struct plan_config *config, const struct plan_command *boost)
{
	if (config->policy != PLAN_AUTO)
		return (uint8_t)config->policy;
	if (boost->wait.is_confined && !config->is_admission_off)
		return PLAN_FIFO;
	return config->has_hrtick_dl || boost->grant_ns >= config->tick_ns ? PLAN_DEADLINE : PLAN_FIFO;
}

static bool may_be_deadline(const struct plan_config *config, const struct plan_command *boost)
{
	if (boost->grant_ns < DEADLINE_RUNTIME_LEAST_NS || config->period_ns < DEADLINE_PERIOD_LEAST_NS ||
	    config->period_ns > DEADLINE_PERIOD_MOST_NS)
		return false;
	return !boost->wait.is_confined || config->is_admission_off || config->may_lift_admission;
}

static void set_policy(const struct plan_config *config, struct plan_command *boost, uint8_t policy,
		       uint32_t rt_priority)
{
	boost->policy = policy;
	if (policy == PLAN_FIFO) {
		boost->rt_priority = rt_priority;
		return;
	}
	boost->period_ns = config->period_ns;
	boost->deadline_ns = config->period_ns;
	/* among deadlines the earliest wins, whatever the culprit's is */
	if (rank_of_occupant(&boost->wait.occupant) == RANK_DEADLINE)
		boost->deadline_ns = boost->grant_ns;
	if (boost->wait.is_confined && !config->is_admission_off)
		boost->notes |= PLAN_NOTE_LIFTS_ADMISSION;
}

bool plan_rules_choose(const struct plan_config *config, const struct plan_thread *thread,
		       struct plan_command *boost)
{
	uint32_t rt_priority = fifo_priority(config, &boost->wait);
	uint8_t policy = first_choice(config, boost);

	for (int i = 0; i < 2; i++) {
		bool is_possible = policy == PLAN_FIFO ? rt_priority : may_be_deadline(config, boost);
		bool has_failed = thread->failed & BIT(policy);

		if (policy == PLAN_FIFO && rt_priority > thread->failed_priority)
			has_failed = false;
		if (is_possible && !has_failed) {
			set_policy(config, boost, policy, rt_priority);
			return true;
		}
		if (has_failed)
			boost->notes |= PLAN_NOTE_SECOND_POLICY;
		policy = policy == PLAN_FIFO ? PLAN_DEADLINE : PLAN_FIFO;
	}
	return false;
}
