// SPDX-License-Identifier: GPL-2.0-only
#include "plan.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "../util/error.h"
#include "plan_memory.h"
#include "plan_rules.h"
#include "plan_shared.h"

#define MAX_WAITS 4096u
#define MAX_THREADS 4096u
#define TRIES_PER_ROUND 8u	/* boosts that may be refused on one CPU before its turn is over */
#define PERIODS_OF_QUIET 10u	/* when no policy is left for a thread */

/* After a boost that got nothing yet; a thread that begins to run just after a check runs on for so long. */
#define AGAIN_LEAST_NS 250000u
#define EARLY_LEAST_NS 50000u

#define BIT(number) (1u << (number))
#define SAID_LOUD BIT(31)

/* ---- make and unmake -------------------------------------------------------------------------- */

int plan_create(const struct plan_config *config, uint64_t now_at, struct plan **ret, struct error *err)
{
	int result = plan_rules_check(config, err);
	struct plan *plan;

	if (result)
		return result;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return error_set(err, -ENOMEM, "out of memory");
	plan->config = *config;
	plan->config.max_waits = config->max_waits ? config->max_waits : MAX_WAITS;
	plan->lanes = calloc(config->nr_cpus, sizeof(*plan->lanes));
	plan->waits = calloc(plan->config.max_waits, sizeof(*plan->waits));
	result = plan_memory_init(&plan->memory, config->max_threads ? config->max_threads : MAX_THREADS);
	if (!plan->lanes || !plan->waits || result) {
		plan_destroy(plan);
		return error_set(err, -ENOMEM, "out of memory");
	}
	for (uint32_t cpu = 0; cpu < config->nr_cpus; cpu++)
		budget_init(&plan->lanes[cpu].budget, config->budget_ns, config->budget_per_ns, now_at);
	plan_begin(plan, now_at);
	*ret = plan;
	return 0;
}

void plan_destroy(struct plan *plan)
{
	if (!plan)
		return;
	plan_memory_deinit(&plan->memory);
	free(plan->waits);
	free(plan->lanes);
	free(plan);
}

/* ---- a round ---------------------------------------------------------------------------------- */

void plan_begin(struct plan *plan, uint64_t now_at)
{
	if (now_at > plan->now_at)
		plan->now_at = now_at;
	plan->round++;
	plan->nr_waits = 0;
	plan->phase = PHASE_ADD;
	plan->at_cpu = 0;
	for (uint32_t cpu = 0; cpu < plan->config.nr_cpus; cpu++) {
		plan->lanes[cpu].first = NO_WAIT;
		plan->lanes[cpu].nr_tries = 0;
	}
}

bool plan_next_check(struct plan *plan, struct plan_boost *ret)
{
	while (plan->phase == PHASE_ADD && plan->at_cpu < plan->config.nr_cpus) {
		const struct lane *lane = &plan->lanes[plan->at_cpu++];

		if (!lane->is_going || lane->is_over)
			continue;
		*ret = (struct plan_boost){
			.serial = lane->boost.serial, .cpu = lane->boost.cpu, .tid = lane->boost.wait.tid,
			.key = lane->boost.wait.key, .boosted_at = lane->boosted_at,
		};
		return true;
	}
	return false;
}

static void end_boost(struct plan *plan, struct lane *lane, uint8_t why)
{
	plan->nr_over += !lane->is_over;
	lane->is_over = true;
	lane->over_why = why;
}

void plan_checked(struct plan *plan, const struct plan_boost *boost, const struct plan_usage *usage)
{
	struct lane *lane = &plan->lanes[boost->cpu];
	uint64_t granted_at = plan_rules_add_ns(lane->boosted_at, lane->boost.grant_ns);
	uint64_t again_ns = lane->boost.grant_ns;

	if (!lane->is_going || lane->is_over || lane->boost.serial != boost->serial)
		return;
	if (usage->is_gone)
		end_boost(plan, lane, PLAN_WHY_GONE);
	else if (usage->is_asleep || (plan->config.is_dry_run && plan->now_at >= granted_at))
		end_boost(plan, lane, PLAN_WHY_DONE);
	else if (usage->has_run && plan->now_at >= granted_at)
		end_boost(plan, lane, PLAN_WHY_GRANTED);
	else if (plan->now_at >= lane->boost.until_at)
		end_boost(plan, lane, PLAN_WHY_INEFFECTIVE);
	if (lane->is_over)
		return;
	if (again_ns < AGAIN_LEAST_NS)
		again_ns = AGAIN_LEAST_NS;
	lane->check_at = plan->now_at < granted_at ? granted_at : plan_rules_add_ns(plan->now_at, again_ns);
	if (lane->check_at > lane->boost.until_at)
		lane->check_at = lane->boost.until_at;
}

void plan_add(struct plan *plan, const struct plan_wait *wait)
{
	struct wait *added;

	assert(plan->phase == PHASE_ADD);
	/* who has the CPU does not wait: the trace is behind */
	if (wait->occupant.kind == PLAN_OCCUPANT_THREAD && wait->occupant.tid == wait->tid)
		return;
	if (wait->cpu >= plan->config.nr_cpus || plan->nr_waits == plan->config.max_waits ||
	    wait->tid <= 0 || wait->began_at > plan->now_at) {
		plan->nr_left_out++;
		return;
	}
	added = &plan->waits[plan->nr_waits];
	*added = (struct wait){ .is = *wait, .next = plan->lanes[wait->cpu].first };
	added->is.comm[COMM_LEN - 1] = '\0';
	added->is.occupant.comm[COMM_LEN - 1] = '\0';
	added->why = plan_rules_judge(&plan->config, &added->is, plan->now_at);
	plan->lanes[wait->cpu].first = plan->nr_waits++;
}

/* Those in D are victims of whom they wait for. */
static void count_victims(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->nr_waits; i++) {
		const struct plan_wait *victim = &plan->waits[i].is;

		if (victim->state != PLAN_IN_D || victim->behind_tid <= 0)
			continue;
		for (uint32_t j = 0; j < plan->nr_waits; j++) {
			struct plan_wait *wait = &plan->waits[j].is;

			if (wait->tid == victim->behind_tid && wait->state == PLAN_READY)
				wait->nr_victims++;
		}
	}
}

/* ---- commands --------------------------------------------------------------------------------- */

static struct wait *find_next_to_boost(struct plan *plan, const struct lane *lane)
{
	struct wait *best = NULL;

	for (uint32_t i = lane->first; i != NO_WAIT; i = plan->waits[i].next) {
		struct wait *wait = &plan->waits[i];
		const struct plan_thread *thread =
			plan_memory_find(&plan->memory, wait->is.tid, wait->is.key);

		if (wait->why || wait->is_tried || (thread && thread->is_boosted) ||
		    plan_memory_due_at(thread, &wait->is, plan->now_at) > plan->now_at)
			continue;
		if (!best || plan_rules_comes_before(&wait->is, &best->is))
			best = wait;
	}
	return best;
}

/* Return: false when no policy is left; then nothing is tried for a while. */
static bool fill_boost(struct plan *plan, struct wait *wait, struct plan_command *boost)
{
	const struct plan_config *config = &plan->config;
	struct plan_thread *thread = plan_memory_add(&plan->memory, wait->is.tid, wait->is.key, plan->round);

	*boost = (struct plan_command){
		.verb = PLAN_BOOST,
		.cpu = wait->is.cpu,
		.grant_ns = budget_grant(&plan->lanes[wait->is.cpu].budget, config->runtime_ns),
		.until_at = plan_rules_add_ns(plan->now_at, config->period_ns),
		.wait_ns = plan->now_at - wait->is.began_at,
		.wait = wait->is,
	};
	if (!thread || !plan_rules_choose(config, thread, boost)) {
		wait->why = thread && thread->failed ? thread->failed_why : PLAN_WHY_REFUSED;
		if (thread) {
			thread->quiet_until_at = plan_rules_add_ns(plan->now_at,
								   PERIODS_OF_QUIET * config->period_ns);
			thread->quiet_why = wait->why;
			thread->failed = 0;
		}
		return false;
	}
	if (boost->grant_ns < config->runtime_ns)
		boost->notes |= PLAN_NOTE_GRANT_CUT;
	if (wait->is.occupant.kind == PLAN_OCCUPANT_THREAD && wait->is.occupant.is_kthread)
		boost->notes |= PLAN_NOTE_CULPRIT_KTHREAD;
	if (thread->care_until_at > plan->now_at)
		boost->notes |= PLAN_NOTE_IN_CARE;
	return true;
}

static bool next_restore(struct plan *plan, struct plan_command *ret)
{
	const struct lane *newest = NULL;

	for (uint32_t cpu = 0; plan->nr_over && cpu < plan->config.nr_cpus; cpu++) {
		const struct lane *lane = &plan->lanes[cpu];

		if (lane->is_over && (!newest || lane->boost.serial > newest->boost.serial))
			newest = lane;
	}
	if (!newest)
		return false;
	*ret = newest->boost;
	ret->verb = PLAN_RESTORE;
	ret->why = newest->over_why;
	return true;
}

/* The budget comes first: what it does not afford asks nothing of the thread. */
static uint64_t affordable_at(const struct plan *plan, const struct lane *lane)
{
	struct budget budget = lane->budget;
	uint64_t grant_ns = budget_grant(&budget, plan->config.runtime_ns);

	return budget_ready_at(&budget, grant_ns, plan->now_at);
}

static bool next_boost(struct plan *plan, struct plan_command *ret)
{
	for (; plan->at_cpu < plan->config.nr_cpus; plan->at_cpu++) {
		struct lane *lane = &plan->lanes[plan->at_cpu];

		if (lane->first == NO_WAIT || affordable_at(plan, lane) > plan->now_at)
			continue;
		while (!lane->is_going && lane->nr_tries < TRIES_PER_ROUND) {
			struct wait *wait = find_next_to_boost(plan, lane);

			if (!wait)
				break;
			if (!fill_boost(plan, wait, ret))
				continue;
			wait->is_tried = true;
			ret->serial = ++plan->serial;
			lane->nr_tries++;
			return true;
		}
	}
	return false;
}

/* And waits again since its boost, of one in each period. */
static bool is_in_care(const struct plan *plan, const struct wait *wait, const struct plan_thread *thread)
{
	return thread && thread->care_until_at > plan->now_at && thread->quiet_until_at <= plan->now_at &&
	       wait->is.began_at > thread->boosted_at;
}

/* Return: PLAN_WHY_NONE when there is nothing to be said of it */
static uint8_t find_why_let_be(const struct plan *plan, const struct wait *wait,
			       const struct plan_thread *thread, struct plan_command *ret)
{
	const struct lane *lane = &plan->lanes[wait->is.cpu];
	bool is_due = plan_memory_due_at(thread, &wait->is, plan->now_at) <= plan->now_at;
	uint8_t why = wait->why;
	uint64_t ready_at;

	if (thread && thread->is_boosted)
		return PLAN_WHY_NONE;
	if (!why && thread && thread->quiet_until_at > plan->now_at)
		why = thread->quiet_why;
	if (why == PLAN_WHY_REFUSED || why == PLAN_WHY_NO_EFFECT)
		ret->notes = PLAN_NOTE_LOUD;
	if (why || lane->is_going || wait->is_tried)
		return why;
	if (!is_due)
		return is_in_care(plan, wait, thread) ? PLAN_WHY_PERIOD : PLAN_WHY_NONE;
	ready_at = affordable_at(plan, lane);
	if (ready_at <= plan->now_at)
		return PLAN_WHY_NONE;
	ret->until_at = ready_at;
	if (ready_at - wait->is.began_at >= 2 * wait->is.threshold_ns)
		ret->notes = PLAN_NOTE_LOUD;
	return PLAN_WHY_BUDGET;
}

static bool next_let_be(struct plan *plan, struct plan_command *ret)
{
	while (plan->at_wait < plan->nr_waits) {
		const struct wait *wait = &plan->waits[plan->at_wait++];
		struct plan_thread *thread = plan_memory_find(&plan->memory, wait->is.tid, wait->is.key);
		uint32_t bits;

		*ret = (struct plan_command){
			.verb = PLAN_LET_BE, .cpu = wait->is.cpu, .wait = wait->is,
			.wait_ns = plan->now_at - wait->is.began_at,
		};
		if (ret->wait_ns < wait->is.threshold_ns)
			continue;
		ret->why = find_why_let_be(plan, wait, thread, ret);
		if (!ret->why)
			continue;
		thread = plan_memory_add(&plan->memory, wait->is.tid, wait->is.key, plan->round);
		if (!thread)
			continue;
		if (thread->said_began_at != wait->is.began_at)
			thread->said = 0;
		thread->said_began_at = wait->is.began_at;
		/* what becomes loud is said again */
		bits = BIT(ret->why) | (ret->notes & PLAN_NOTE_LOUD ? SAID_LOUD : 0);
		if ((thread->said & bits) == bits)
			continue;
		thread->said |= bits;
		return true;
	}
	return false;
}

bool plan_next(struct plan *plan, struct plan_command *ret)
{
	if (plan->phase == PHASE_ADD) {
		count_victims(plan);
		plan->phase = PHASE_RESTORE;
		plan->at_cpu = plan->at_wait = 0;
	}
	if (plan->phase == PHASE_RESTORE) {
		if (next_restore(plan, ret))
			return true;
		plan->phase = plan->is_stopped ? PHASE_OVER : PHASE_BOOST;
	}
	if (plan->phase == PHASE_BOOST) {
		if (next_boost(plan, ret))
			return true;
		plan->phase = PHASE_LET_BE;
	}
	if (plan->phase == PHASE_LET_BE && next_let_be(plan, ret))
		return true;
	plan->phase = PHASE_OVER;
	return false;
}

/* ---- what became of them ---------------------------------------------------------------------- */

void plan_boosted(struct plan *plan, const struct plan_command *command, uint64_t at)
{
	struct plan_thread *thread = plan_memory_find(&plan->memory, command->wait.tid, command->wait.key);
	struct lane *lane = &plan->lanes[command->cpu];
	uint64_t early_ns = command->grant_ns / 4;

	assert(command->verb == PLAN_BOOST && !lane->is_going && thread);
	if (early_ns < EARLY_LEAST_NS)
		early_ns = command->grant_ns < EARLY_LEAST_NS ? command->grant_ns : EARLY_LEAST_NS;
	lane->is_going = true;
	lane->boost = *command;
	lane->boost.until_at = plan_rules_add_ns(at, plan->config.period_ns);
	lane->boosted_at = at;
	lane->check_at = plan_rules_add_ns(at, early_ns);
	budget_begin(&lane->budget, command->grant_ns, at);
	plan_memory_note_boost(thread, at, command->grant_ns, &plan->config);
}

void plan_refused(struct plan *plan, const struct plan_command *command, int code)
{
	struct plan_thread *thread = plan_memory_find(&plan->memory, command->wait.tid, command->wait.key);

	assert(command->verb == PLAN_BOOST && thread);
	if (code == -ESRCH || code == -EAGAIN) {
		thread->quiet_until_at = plan_rules_add_ns(plan->now_at, plan->config.period_ns);
		thread->quiet_why = PLAN_WHY_NONE;
		return;
	}
	plan_memory_note_failure(thread, command, PLAN_WHY_REFUSED);
	for (uint32_t i = plan->lanes[command->cpu].first; i != NO_WAIT; i = plan->waits[i].next) {
		struct wait *wait = &plan->waits[i];

		if (wait->is.tid == command->wait.tid && wait->is.key == command->wait.key)
			wait->is_tried = false;
	}
}

uint64_t plan_restored(struct plan *plan, const struct plan_command *command,
		       const struct plan_result *result, uint64_t at)
{
	struct plan_thread *thread = plan_memory_find(&plan->memory, command->wait.tid, command->wait.key);
	struct lane *lane = &plan->lanes[command->cpu];
	uint64_t charged_ns = result->granted_ns;

	assert(command->verb == PLAN_RESTORE && lane->is_over && thread);
	assert(lane->boost.serial == command->serial);
	if (plan->config.is_dry_run)
		charged_ns = command->grant_ns;
	else if (!result->is_granted_known)
		charged_ns = at > lane->boosted_at ? at - lane->boosted_at : 0;
	lane->is_going = lane->is_over = false;
	plan->nr_over--;
	plan_memory_note_result(thread, command, result, plan->now_at);
	if (plan->config.is_dry_run) {
		thread->quiet_until_at = plan_rules_add_ns(plan->now_at, plan->config.duration_ns);
		thread->quiet_why = PLAN_WHY_NONE;
	}
	return budget_settle(&lane->budget, charged_ns, at);
}

void plan_charge_late(struct plan *plan, uint32_t cpu, uint64_t ns, uint64_t at)
{
	budget_charge_late(&plan->lanes[cpu].budget, ns, at);
}

void plan_refund(struct plan *plan, uint32_t cpu, uint64_t ns, uint64_t at)
{
	budget_refund(&plan->lanes[cpu].budget, ns, at);
}

/* ---- what is asked ---------------------------------------------------------------------------- */

static uint64_t wait_due_at(const struct plan *plan, const struct wait *wait)
{
	const struct plan_thread *thread = plan_memory_find(&plan->memory, wait->is.tid, wait->is.key);
	const struct lane *lane = &plan->lanes[wait->is.cpu];
	uint64_t again_at = plan_rules_add_ns(plan->now_at, plan->config.period_ns);
	uint64_t at = plan_memory_due_at(thread, &wait->is, plan->now_at);

	if (plan_rules_is_for_good(wait->why) || lane->is_going || (thread && thread->is_boosted))
		return UINT64_MAX;
	if (at > plan->now_at)
		return at;
	if (wait->why || wait->is_tried || lane->nr_tries >= TRIES_PER_ROUND)
		return again_at;
	at = affordable_at(plan, lane);
	return at > plan->now_at ? at : again_at;
}

uint64_t plan_due_at(const struct plan *plan)
{
	uint64_t first_at = UINT64_MAX;

	for (uint32_t cpu = 0; cpu < plan->config.nr_cpus; cpu++) {
		const struct lane *lane = &plan->lanes[cpu];

		if (lane->is_going && lane->check_at < first_at)
			first_at = lane->check_at;
	}
	for (uint32_t i = 0; i < plan->nr_waits && !plan->is_stopped; i++) {
		uint64_t at = wait_due_at(plan, &plan->waits[i]);

		if (at < first_at)
			first_at = at;
	}
	return first_at;
}

void plan_stop(struct plan *plan, uint64_t now_at)
{
	plan_begin(plan, now_at);
	plan->is_stopped = true;
	for (uint32_t cpu = 0; cpu < plan->config.nr_cpus; cpu++) {
		if (plan->lanes[cpu].is_going)
			end_boost(plan, &plan->lanes[cpu], PLAN_WHY_STOPPED);
	}
}

const struct budget *plan_budget(const struct plan *plan, uint32_t cpu)
{
	return &plan->lanes[cpu].budget;
}

uint64_t plan_nr_left_out(const struct plan *plan)
{
	return plan->nr_left_out;
}
