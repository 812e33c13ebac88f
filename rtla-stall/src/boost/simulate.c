// SPDX-License-Identifier: GPL-2.0-only
#include "simulate.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/sched_rank.h"
#include "../util/error.h"
#include "../util/parse.h"
#include "simulate_trace.h"

#define FAIR_SERVER_NS UINT64_C(1000000000)
#define NOBODY UINT32_MAX

/* A wait as it goes on in the simulation. */
struct entry {
	const struct simulate_wait *wait;
	struct simulate_rule rule;
	bool is_kthread;
	bool is_active;		/* it has begun, and is not over */
	bool is_boosted;
	uint64_t piece_began_at;	/* the wait since it last had the CPU */
	uint64_t left_ns;	/* of what it needs */
	struct plan_occupant occupant;
};

struct cpu_state {
	uint32_t boosted;	/* entry; NOBODY */
	uint64_t boosted_at;
	uint64_t window;	/* number of the budget period ... */
	uint64_t window_ns;	/* ... and what was charged in it */
	struct simulate_cpu sums;
};

struct simulation {
	const struct simulate_setting *setting;
	const struct simulate_trace *trace;
	struct simulate_result *result;
	struct plan_config config;
	struct plan *plan;
	struct entry *entries;	/* one per stall of the result */
	uint32_t nr_entries;
	uint32_t *active;	/* those going on */
	uint32_t nr_active;
	uint32_t nr_begun;	/* entries, in order */
	struct cpu_state *cpus;
	uint32_t nr_culprits_allocated;
};

/* ---- the stalls there are --------------------------------------------------------------------- */

static uint64_t grant_on(const struct simulation *sim, uint32_t cpu)
{
	return budget_grant(plan_budget(sim->plan, cpu), sim->config.runtime_ns);
}

static bool is_selected(const struct simulation *sim, const struct simulate_wait *wait,
			const struct engine_task *task)
{
	const struct cpu_list *cpus = sim->setting->cpus;

	if (task->kthread == TRI_NO && !sim->config.boosts_user_threads)
		return false;
	return !cpus || (wait->cpu < ENGINE_MAX_CPUS && cpus->bits[wait->cpu / 64] >> wait->cpu % 64 & 1);
}

static void add_stall(struct simulation *sim, const struct simulate_wait *wait)
{
	struct simulate_stall *stall = &sim->result->stalls[sim->nr_entries];
	struct entry *entry = &sim->entries[sim->nr_entries];
	struct simulate_rule rule = { 0 };
	struct engine_task task;

	engine_task(sim->trace->engine, wait->task, &task);
	sim->setting->judge(task.comm, sim->setting->arg, &rule);
	if (wait->ended_at - wait->began_at < rule.threshold_ns || !is_selected(sim, wait, &task) ||
	    wait->cpu >= sim->config.nr_cpus)
		return;
	*entry = (struct entry){
		.wait = wait, .rule = rule, .is_kthread = task.kthread != TRI_NO,
		.piece_began_at = wait->began_at,
		.left_ns = wait->needed_ns,
	};
	if (wait->is_open)
		entry->left_ns = grant_on(sim, wait->cpu);
	/* a run too short to be seen is one */
	if (!entry->left_ns)
		entry->left_ns = 1;
	*stall = (struct simulate_stall){
		.tid = wait->tid, .is_kthread = entry->is_kthread, .cpu = wait->cpu, .prio = wait->prio,
		.began_at = wait->began_at, .was_ns = wait->ended_at - wait->began_at,
		.is_open = wait->is_open, .threshold_ns = rule.threshold_ns, .needed_ns = wait->needed_ns,
	};
	memcpy(stall->comm, task.comm, sizeof(stall->comm));
	sim->cpus[wait->cpu].sums.nr_stalls++;
	sim->nr_entries++;
}

/* ---- who pays --------------------------------------------------------------------------------- */

static bool is_same(const struct simulate_culprit *culprit, const struct plan_occupant *occupant)
{
	if (occupant->kind != PLAN_OCCUPANT_THREAD)
		return culprit->tid == TID_UNKNOWN;
	return culprit->tid == occupant->tid && !memcmp(culprit->comm, occupant->comm, COMM_LEN);
}

static int charge_culprit(struct simulation *sim, const struct plan_occupant *occupant, uint64_t ns)
{
	struct simulate_result *result = sim->result;
	struct simulate_culprit *culprit = NULL;

	for (uint32_t i = 0; i < result->nr_culprits && !culprit; i++) {
		if (is_same(&result->culprits[i], occupant))
			culprit = &result->culprits[i];
	}
	if (!culprit) {
		if (result->nr_culprits == sim->nr_culprits_allocated) {
			uint32_t more = sim->nr_culprits_allocated ? 2 * sim->nr_culprits_allocated : 16;
			void *grown = reallocarray(result->culprits, more, sizeof(*result->culprits));

			if (!grown)
				return -ENOMEM;
			result->culprits = grown;
			sim->nr_culprits_allocated = more;
		}
		culprit = &result->culprits[result->nr_culprits++];
		*culprit = (struct simulate_culprit){
			.tid = occupant->kind == PLAN_OCCUPANT_THREAD ? occupant->tid : TID_UNKNOWN,
			.prio = occupant->prio, .is_kthread = occupant->is_kthread,
		};
		memcpy(culprit->comm, occupant->comm, sizeof(culprit->comm));
	}
	culprit->nr_boosts++;
	culprit->jitter_ns += ns;
	if (ns > culprit->worst_ns)
		culprit->worst_ns = ns;
	return 0;
}

static void charge_cpu(struct simulation *sim, struct cpu_state *cpu, uint64_t ns, uint64_t at)
{
	uint64_t window = (at - sim->trace->first_at) / sim->config.budget_per_ns;

	if (window != cpu->window)
		cpu->window_ns = 0;
	cpu->window = window;
	cpu->window_ns += ns;
	cpu->sums.charged_ns += ns;
	if (cpu->window_ns > cpu->sums.busiest_ns)
		cpu->sums.busiest_ns = cpu->window_ns;
}

/* ---- commands --------------------------------------------------------------------------------- */

static void end_piece(struct simulate_stall *stall, const struct entry *entry, uint64_t at)
{
	if (at > entry->piece_began_at && at - entry->piece_began_at > stall->would_ns)
		stall->would_ns = at - entry->piece_began_at;
}

static uint32_t find_active(const struct simulation *sim, const struct plan_wait *wait)
{
	for (uint32_t i = 0; i < sim->nr_active; i++) {
		const struct entry *entry = &sim->entries[sim->active[i]];

		if (entry->wait->tid == wait->tid && entry->wait->task == wait->key && !entry->is_boosted)
			return sim->active[i];
	}
	return NOBODY;
}

static void do_boost(struct simulation *sim, const struct plan_command *command, uint64_t now_at)
{
	uint32_t number = find_active(sim, &command->wait);
	struct cpu_state *cpu = &sim->cpus[command->cpu];
	struct simulate_stall *stall = &sim->result->stalls[number];
	struct entry *entry = &sim->entries[number];

	assert(number != NOBODY && cpu->boosted == NOBODY);
	plan_boosted(sim->plan, command, now_at);
	cpu->boosted = number;
	cpu->boosted_at = now_at;
	entry->is_boosted = true;
	entry->occupant = command->wait.occupant;
	end_piece(stall, entry, now_at);
	if (!stall->nr_boosts++) {
		stall->policy = command->policy;
		stall->culprit = command->wait.occupant;
	}
	stall->why = PLAN_WHY_NONE;
	cpu->sums.nr_boosts++;
	sim->result->nr_boosts++;
}

/* What the boosted thread of a CPU has run by now. */
static uint64_t ran_ns(const struct simulation *sim, const struct cpu_state *cpu, uint64_t grant_ns,
		       uint64_t now_at)
{
	uint64_t ns = sim->entries[cpu->boosted].left_ns;

	if (ns > grant_ns)
		ns = grant_ns;
	return now_at - cpu->boosted_at < ns ? now_at - cpu->boosted_at : ns;
}

static int do_restore(struct simulation *sim, const struct plan_command *command, uint64_t now_at)
{
	struct cpu_state *cpu = &sim->cpus[command->cpu];
	struct entry *entry = &sim->entries[cpu->boosted];
	struct simulate_stall *stall = &sim->result->stalls[cpu->boosted];
	struct plan_result outcome = { .is_granted_known = true };

	outcome.granted_ns = ran_ns(sim, cpu, command->grant_ns, now_at);
	entry->left_ns -= outcome.granted_ns;
	outcome.is_asleep = !entry->left_ns;
	plan_restored(sim->plan, command, &outcome, now_at);
	stall->granted_ns += outcome.granted_ns;
	entry->is_boosted = false;
	entry->piece_began_at = cpu->boosted_at + outcome.granted_ns;
	if (!entry->left_ns) {
		stall->is_done = true;
		entry->is_active = false;
	}
	cpu->boosted = NOBODY;
	charge_cpu(sim, cpu, outcome.granted_ns, now_at);
	return charge_culprit(sim, &entry->occupant, outcome.granted_ns);
}

static void let_be(struct simulation *sim, const struct plan_command *command)
{
	uint32_t number = find_active(sim, &command->wait);
	struct simulate_stall *stall = &sim->result->stalls[number];

	/* that it waits for its next boost is no news */
	if (number == NOBODY || (command->why == PLAN_WHY_PERIOD && stall->nr_boosts))
		return;
	if (command->why == PLAN_WHY_BUDGET && stall->why != PLAN_WHY_BUDGET)
		sim->cpus[command->cpu].sums.nr_postponed++;
	stall->why = command->why;
	stall->is_loud = stall->is_loud || command->notes & PLAN_NOTE_LOUD;
	if (!stall->nr_boosts)
		stall->culprit = command->wait.occupant;
}

/* One boost at a time on a CPU: the plan has nothing to say of those behind it. */
static void note_turns(struct simulation *sim, uint64_t now_at)
{
	for (uint32_t i = 0; i < sim->nr_active; i++) {
		const struct entry *entry = &sim->entries[sim->active[i]];
		struct simulate_stall *stall = &sim->result->stalls[sim->active[i]];

		if (!entry->is_active || sim->cpus[stall->cpu].boosted == NOBODY || stall->nr_boosts ||
		    stall->why || now_at - entry->piece_began_at < entry->rule.threshold_ns)
			continue;
		stall->why = PLAN_WHY_NOT_ITS_TURN;
		stall->culprit = simulate_trace_occupant(sim->trace, entry->wait, now_at);
	}
}

static int do_commands(struct simulation *sim, uint64_t now_at)
{
	struct plan_command command;
	int result = 0;

	while (!result && plan_next(sim->plan, &command)) {
		if (command.verb == PLAN_BOOST)
			do_boost(sim, &command, now_at);
		else if (command.verb == PLAN_RESTORE)
			result = do_restore(sim, &command, now_at);
		else
			let_be(sim, &command);
	}
	return result;
}

/* ---- time ------------------------------------------------------------------------------------- */

/* "ktimers/3", "kworker/3:1H": bound to a CPU, by their names */
static bool has_bound_name(const char *comm)
{
	const char *slash = strrchr(comm, '/');
	size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;

	if (!digits)
		return false;
	return !slash[1 + digits] || (!strncmp(comm, "kworker/", 8) && slash[1 + digits] == ':');
}

static struct plan_wait wait_of(const struct simulation *sim, uint32_t number, uint64_t now_at)
{
	const struct entry *entry = &sim->entries[number];
	const struct simulate_stall *stall = &sim->result->stalls[number];
	struct plan_wait wait = {
		.tid = stall->tid, .key = entry->wait->task, .prio = stall->prio, .cpu = stall->cpu,
		.began_at = entry->piece_began_at, .is_kthread = entry->is_kthread,
		.is_confined = has_bound_name(stall->comm), .list = entry->rule.list,
		.threshold_ns = entry->rule.threshold_ns, .has_own_threshold = entry->rule.has_own_threshold,
		.behind_tid = TID_UNKNOWN,
		.occupant = simulate_trace_occupant(sim->trace, entry->wait, now_at),
	};

	memcpy(wait.comm, stall->comm, sizeof(wait.comm));
	if (sim->trace->has_fair_server == TRI_YES && sched_rank(wait.prio, wait.comm) == RANK_FAIR &&
	    wait.occupant.kind == PLAN_OCCUPANT_THREAD &&
	    sched_rank(wait.occupant.prio, wait.occupant.comm) > RANK_FAIR)
		wait.fair_server_ns = FAIR_SERVER_NS;
	return wait;
}

/* Those that begin by now, and those that were over, as recorded, before they were done. */
static void begin_and_end(struct simulation *sim, uint64_t now_at)
{
	uint32_t nr_kept = 0;

	while (sim->nr_begun < sim->nr_entries && sim->entries[sim->nr_begun].wait->began_at <= now_at) {
		sim->entries[sim->nr_begun].is_active = true;
		sim->active[sim->nr_active++] = sim->nr_begun++;
	}
	for (uint32_t i = 0; i < sim->nr_active; i++) {
		uint32_t number = sim->active[i];
		struct entry *entry = &sim->entries[number];

		if (entry->is_active && !entry->is_boosted && entry->wait->ended_at <= now_at) {
			end_piece(&sim->result->stalls[number], entry, entry->wait->ended_at);
			entry->is_active = false;
		}
		if (entry->is_active)
			sim->active[nr_kept++] = number;
	}
	sim->nr_active = nr_kept;
}

static void check_boosts(struct simulation *sim, uint64_t now_at)
{
	struct plan_boost boost;

	while (plan_next_check(sim->plan, &boost)) {
		const struct cpu_state *cpu = &sim->cpus[boost.cpu];
		uint64_t left_ns = sim->entries[cpu->boosted].left_ns;
		struct plan_usage usage = {
			.has_run = true,
			.is_asleep = now_at - boost.boosted_at >= left_ns &&
				     left_ns <= grant_on(sim, boost.cpu),
		};

		plan_checked(sim->plan, &boost, &usage);
	}
}

/* When a wait begins, reaches its threshold, or ends; or the plan's timer. Return: UINT64_MAX: never */
static uint64_t next_at(const struct simulation *sim, uint64_t now_at)
{
	uint64_t at = plan_due_at(sim->plan);

	if (sim->nr_begun < sim->nr_entries && sim->entries[sim->nr_begun].wait->began_at < at)
		at = sim->entries[sim->nr_begun].wait->began_at;
	for (uint32_t i = 0; i < sim->nr_active; i++) {
		const struct entry *entry = &sim->entries[sim->active[i]];
		uint64_t stall_at = entry->piece_began_at + entry->rule.threshold_ns;

		if (!entry->is_active)
			continue;
		if (entry->wait->ended_at > now_at && entry->wait->ended_at < at)
			at = entry->wait->ended_at;
		if (stall_at > now_at && stall_at < at)
			at = stall_at;
	}
	return at;
}

static int run_plan(struct simulation *sim)
{
	uint64_t now_at = sim->nr_entries ? sim->entries[0].wait->began_at : 0;
	int result = 0;

	while (!result && now_at != UINT64_MAX && now_at <= sim->trace->last_at) {
		begin_and_end(sim, now_at);
		plan_begin(sim->plan, now_at);
		check_boosts(sim, now_at);
		for (uint32_t i = 0; i < sim->nr_active; i++) {
			struct plan_wait wait = wait_of(sim, sim->active[i], now_at);

			/* those that are boosted too: their next boost is due some time after this one */
			plan_add(sim->plan, &wait);
		}
		result = do_commands(sim, now_at);
		note_turns(sim, now_at);
		now_at = next_at(sim, now_at);
	}
	/* the trace is over: what is boosted then is not waiting, the others are cut */
	plan_stop(sim->plan, sim->trace->last_at);
	if (!result)
		result = do_commands(sim, sim->trace->last_at);
	begin_and_end(sim, UINT64_MAX);
	return result;
}

/* ---- results ---------------------------------------------------------------------------------- */

static void sum_up(struct simulation *sim)
{
	const struct simulate_trace *trace = sim->trace;
	struct simulate_result *result = sim->result;

	result->nr_stalls = sim->nr_entries;
	for (uint32_t i = 0; i < result->nr_stalls; i++) {
		const struct simulate_stall *stall = &result->stalls[i];

		result->nr_cut += stall->would_ns < stall->was_ns;
		if (stall->was_ns > result->was_longest_ns)
			result->was_longest_ns = stall->was_ns;
		if (stall->would_ns > result->would_longest_ns)
			result->would_longest_ns = stall->would_ns;
	}
	for (uint32_t cpu = 0; cpu < sim->config.nr_cpus; cpu++) {
		if (sim->cpus[cpu].sums.nr_stalls)
			result->cpus[result->nr_cpus++] = sim->cpus[cpu].sums;
	}
	simulate_sort(result);
	result->nr_omitted = trace->nr_omitted + plan_nr_left_out(sim->plan);
	result->first_at = trace->first_at;
	result->last_at = trace->last_at;
	result->nr_losses = trace->nr_losses;
	result->is_truncated = trace->is_truncated;
	result->was_interrupted = trace->was_interrupted;
	result->plan = sim->config;
	memcpy(result->kernel, trace->kernel, sizeof(result->kernel));
}

static int simulate(struct simulation *sim, struct error *err)
{
	uint32_t nr = sim->trace->nr_waits ? sim->trace->nr_waits : 1;
	int result;

	sim->config.is_dry_run = false;
	if (!sim->config.nr_cpus)
		sim->config.nr_cpus = engine_nr_cpus(sim->trace->engine);
	result = plan_create(&sim->config, sim->trace->first_at, &sim->plan, err);
	if (result)
		return result;
	sim->entries = calloc(nr, sizeof(*sim->entries));
	sim->active = calloc(nr, sizeof(*sim->active));
	sim->cpus = calloc(sim->config.nr_cpus, sizeof(*sim->cpus));
	sim->result->cpus = calloc(sim->config.nr_cpus, sizeof(*sim->result->cpus));
	sim->result->stalls = calloc(nr, sizeof(*sim->result->stalls));
	if (!sim->entries || !sim->active || !sim->cpus || !sim->result->cpus || !sim->result->stalls)
		return error_set(err, -ENOMEM, "out of memory");
	for (uint32_t cpu = 0; cpu < sim->config.nr_cpus; cpu++)
		sim->cpus[cpu] = (struct cpu_state){ .boosted = NOBODY, .sums = { .cpu = cpu } };
	for (uint32_t i = 0; i < sim->trace->nr_waits; i++)
		add_stall(sim, &sim->trace->waits[i]);
	result = run_plan(sim);
	if (result)
		return error_set(err, result, "out of memory");
	sum_up(sim);
	return 0;
}

int simulate_run(const struct simulate_setting *setting, struct simulate_result *ret, struct error *err)
{
	struct simulate_result result = { .nr_stalls = 0 };
	struct simulate_trace trace;
	struct simulation sim = {
		.setting = setting, .trace = &trace, .result = &result, .config = setting->plan,
	};
	int code = simulate_trace_read(setting, &trace, err);

	if (!code)
		code = simulate(&sim, err);
	plan_destroy(sim.plan);
	free(sim.entries);
	free(sim.active);
	free(sim.cpus);
	simulate_trace_deinit(&trace);
	if (code)
		simulate_deinit(&result);
	else
		*ret = result;
	return code;
}

void simulate_deinit(struct simulate_result *result)
{
	free(result->stalls);
	free(result->culprits);
	free(result->cpus);
	*result = (struct simulate_result){ .nr_stalls = 0 };
}
