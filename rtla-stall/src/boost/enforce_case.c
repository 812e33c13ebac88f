// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/sched_rank.h"
#include "../util/error.h"
#include "../util/parse.h"
#include "../util/proc_read.h"
#include "enforce_occupant.h"
#include "thread_reader.h"

#define NR_CHAINS 1024u
#define NONE UINT32_MAX
#define MAX_OWN 8u
#define PRIO_FAIR_LEAST 100
#define READ_AGAIN_NS 2000000u	/* for each thread that waits: reading again takes a small part of one CPU */

/* Who has a CPU, as found in this round: with many who wait, it is asked once. */
struct occupied {
	uint64_t round;
	struct plan_occupant occupant;
};

struct enforce_cases {
	struct enforce_cases_setting setting;
	struct enforce_case *items;
	struct occupied *cpus;		/* ENGINE_MAX_CPUS */
	uint32_t chains[NR_CHAINS];
	uint32_t free_item;
	uint64_t round;
	uint64_t now;
	uint64_t next_due_at;
	uint64_t nr_left_out;
	uint32_t nr_waiting;		/* in the round before this one ... */
	uint32_t nr_waiting_now;	/* ... and so far in this one */
	int32_t own[MAX_OWN];
	uint32_t nr_own;
};

/* ---- the table -------------------------------------------------------------------------------- */

static uint32_t *chain_of(struct enforce_cases *cases, int32_t tid)
{
	return &cases->chains[(uint32_t)tid % NR_CHAINS];
}

struct enforce_case *enforce_cases_find(struct enforce_cases *cases, int32_t tid)
{
	for (uint32_t i = *chain_of(cases, tid); i != NONE; i = cases->items[i].next) {
		if (cases->items[i].tid == tid)
			return &cases->items[i];
	}
	return NULL;
}

static struct enforce_case *add(struct enforce_cases *cases, int32_t tid)
{
	uint32_t number = cases->free_item;
	uint32_t *chain = chain_of(cases, tid);

	if (number == NONE) {
		cases->nr_left_out++;
		return NULL;
	}
	cases->free_item = cases->items[number].next;
	cases->items[number] = (struct enforce_case){ .tid = tid, .next = *chain };
	*chain = number;
	return &cases->items[number];
}

static void drop_old(struct enforce_cases *cases)
{
	for (uint32_t chain = 0; chain < NR_CHAINS; chain++) {
		uint32_t *link = &cases->chains[chain];

		while (*link != NONE) {
			struct enforce_case *item = &cases->items[*link];
			uint32_t number = *link;

			if (item->round == cases->round || item->is_boosted ||
			    item->care_until_at > cases->now) {
				link = &item->next;
				continue;
			}
			*link = item->next;
			item->next = cases->free_item;
			cases->free_item = number;
		}
	}
}

void enforce_cases_for_each(struct enforce_cases *cases,
			    void (*visit)(struct enforce_case *item, void *arg), void *arg)
{
	for (uint32_t chain = 0; chain < NR_CHAINS; chain++) {
		for (uint32_t i = cases->chains[chain]; i != NONE; i = cases->items[i].next)
			visit(&cases->items[i], arg);
	}
}

/* ---- reading /proc ---------------------------------------------------------------------------- */

bool enforce_cases_is_own(const struct enforce_cases *cases, int32_t tid)
{
	int proc_fd = enforce_watch_proc_fd(cases->setting.watch);
	char path[48];

	for (uint32_t i = 0; i < cases->nr_own; i++) {
		if (cases->own[i] == tid)
			return true;
	}
	snprintf(path, sizeof(path), "self/task/%d", tid);
	return !faccessat(proc_fd, path, F_OK, 0);
}

/* The name of a thread's process, for the list of processes. */
static bool read_process_comm(const struct enforce_cases *cases, int32_t tid, char comm[COMM_LEN])
{
	int proc_fd = enforce_watch_proc_fd(cases->setting.watch);
	struct proc_thread leader;
	char path[32];
	char text[512];
	const char *tgid;

	snprintf(path, sizeof(path), "%d/status", tid);
	if (proc_read_file(proc_fd, path, text, sizeof(text)) < 0)
		return false;
	tgid = strstr(text, "\nTgid:");
	if (!tgid || enforce_watch_read(cases->setting.watch, (int32_t)strtol(tgid + 6, NULL, 10), NULL,
					&leader))
		return false;
	memcpy(comm, leader.comm, COMM_LEN);
	return true;
}

static void judge(struct enforce_cases *cases, struct enforce_case *item, const struct proc_thread *thread)
{
	const struct enforce_params *params = cases->setting.params;
	char process[COMM_LEN];
	bool has_process = !thread->is_kthread && params->rules.deny_processes.nr &&
			   read_process_comm(cases, item->tid, process);

	item->is_known = true;
	if (thread->start_ticks)
		item->start_ticks = thread->start_ticks;
	memcpy(item->comm, thread->comm, sizeof(item->comm));
	item->is_kthread = thread->is_kthread;
	item->is_wanted = thread->is_kthread || params->wants_user_threads;
	item->is_ourselves = !thread->is_kthread && enforce_cases_is_own(cases, item->tid);
	item->verdict = enforce_rules_judge(&params->rules, item->comm, has_process ? process : NULL);
	if (cases->setting.sys->ops->is_confined(cases->setting.sys, item->tid, &item->is_confined))
		item->is_confined = true;
}

static void prepare(struct enforce_cases *cases, const struct enforce_case *item)
{
	if (cases->setting.ledger && item->is_wanted && item->verdict.list == PLAN_WHY_NONE &&
	    !item->is_boosted)
		(void)ledger_prepare(cases->setting.ledger, item->tid, item->began_at);
}

/* What is known of a kernel thread before it is read: from the last time, or from the trace. */
static bool known_of(struct enforce_cases *cases, const struct enforce_case *item, struct proc_thread *ret)
{
	struct engine_task task;

	*ret = (struct proc_thread){ .tid = item->tid, .cpu = item->cpu, .start_ticks = item->start_ticks };
	memcpy(ret->comm, item->comm, sizeof(ret->comm));
	if (*ret->comm)
		return true;
	engine_task(enforce_watch_engine(cases->setting.watch), item->task, &task);
	memcpy(ret->comm, task.comm, sizeof(ret->comm));
	return *ret->comm;
}

/* As far as can be told. */
static bool is_one_thread(const struct enforce_case *item, const struct proc_thread *thread)
{
	return !item->start_ticks || !thread->start_ticks || item->start_ticks == thread->start_ticks;
}

/*
 * Who waited and did not get a CPU since still waits: that costs one small file, and no lock. Whoever was
 * changed meanwhile, by us or by others, is read.
 */
static bool waits_as_before(struct enforce_cases *cases, struct enforce_case *item)
{
	int proc_fd = enforce_watch_proc_fd(cases->setting.watch);
	struct proc_thread thread;

	if (item->was_asleep || proc_read_runs(proc_fd, item->tid, &thread) ||
	    thread.nr_switched_in != item->nr_runs || thread_reader_scheduling(item->tid, &thread) ||
	    thread.prio != item->prio)
		return false;
	item->read_at = cases->now;
	return true;
}

/* Read it, first or again. Return: whether it waits. */
static bool read_case(struct enforce_cases *cases, struct enforce_case *item, bool is_new_wait)
{
	int proc_fd = enforce_watch_proc_fd(cases->setting.watch);
	struct proc_thread known, thread;
	bool is_known = known_of(cases, item, &known);
	bool is_other;
	bool has_ended;

	if (enforce_watch_read(cases->setting.watch, item->tid, is_known ? &known : NULL, &thread) ||
	    proc_read_runs(proc_fd, item->tid, &thread))
		return false;
	is_other = !is_one_thread(item, &thread);
	if (is_other && item->is_boosted)
		return false;	/* the ledger will find that it is gone */
	if (is_other || !item->is_known || memcmp(item->comm, thread.comm, sizeof(item->comm)))
		judge(cases, item, &thread);
	/* it has run or slept, and nobody has told when that ended */
	has_ended = !is_new_wait && (item->was_asleep || thread.nr_switched_in != item->nr_runs);
	if (has_ended)
		item->began_at = cases->now;
	if (is_other || is_new_wait || has_ended)
		prepare(cases, item);
	item->was_asleep = thread.state != 'R';
	item->nr_runs = thread.nr_switched_in;
	item->prio = thread.prio;
	item->is_fair = thread.prio >= PRIO_FAIR_LEAST;
	item->read_at = cases->now;
	return !item->was_asleep;
}

/* ---- rounds ----------------------------------------------------------------------------------- */

static bool is_on_watched_cpu(const struct enforce_params *params, uint32_t cpu)
{
	return cpu < ENGINE_MAX_CPUS && (!params->has_cpus || parse_cpus_has(&params->cpus, cpu));
}

/* Who is it for? A queue of work has somebody at its other end, who may be waiting. */
static void on_open_wait(const struct episode *episode, void *arg)
{
	struct enforce_cases *cases = ((void **)arg)[0];
	struct enforce_case *item = ((void **)arg)[1];
	struct engine *engine = enforce_watch_engine(cases->setting.watch);
	struct engine_task task;
	uint32_t index;

	item->work_function = episode->work_function;
	snprintf(item->work, sizeof(item->work), "%s",
		 enforce_watch_name(cases->setting.watch, episode->work_function));
	item->waited_by.kind = PLAN_OCCUPANT_UNKNOWN;
	if (episode->work_queued_by == CULPRIT_NONE)
		return;
	index = engine_task_of_culprit(engine, episode->work_queued_by);
	if (index == UINT32_MAX)
		return;
	engine_task(engine, index, &task);
	if (task.state != TASK_SUSPENDED)
		return;
	item->waited_by = enforce_occupant_of(&task, task.prio);
	item->waited_by_at = task.state_at;
}

static void find_work(struct enforce_cases *cases, struct enforce_case *item)
{
	struct engine *engine = enforce_watch_engine(cases->setting.watch);

	if (!strncmp(item->comm, "kworker/", 8) &&
	    engine_show_open(engine, item->task, cases->now, on_open_wait, (void *[]){ cases, item }))
		item->waited_by.kind = PLAN_OCCUPANT_UNKNOWN;
}

/* The wait as it stands, without /proc. */
static void take_wait(struct enforce_case *item, const struct engine_wait *wait, bool is_new_wait,
		      uint64_t now)
{
	item->task = wait->task;
	item->cpu = wait->cpu;
	if (wait->prio != PRIO_UNKNOWN)
		item->prio = wait->prio;
	if (!is_new_wait)
		return;
	item->known_at = item->wait_at ? wait->began_at : now;
	item->wait_at = wait->began_at;
	item->began_at = wait->began_at;
}

/*
 * When it is due in any case, then as often as can be had cheaply: of a thread that is not read, the
 * trace tells whether it still waits, and the ledger looks once more before it boosts. One that is never
 * boosted need not be read.
 */
static bool is_to_be_read(const struct enforce_cases *cases, const struct enforce_case *item)
{
	uint64_t again_ns = (uint64_t)cases->nr_waiting * READ_AGAIN_NS;

	if (item->verdict.list != PLAN_WHY_NONE)
		return false;
	if (cases->now >= item->due_at && item->read_at < item->due_at)
		return true;
	if (again_ns < item->verdict.threshold_ns / 4)
		again_ns = item->verdict.threshold_ns / 4;
	return (cases->now >= item->due_at || item->care_until_at > cases->now) &&
	       cases->now - item->read_at >= again_ns;
}

static void on_wait(const struct engine_wait *wait, void *arg)
{
	struct enforce_cases *cases = arg;
	const struct enforce_params *params = cases->setting.params;
	struct enforce_case *item = enforce_cases_find(cases, wait->tid);
	uint64_t age_ns = cases->now > wait->began_at ? cases->now - wait->began_at : 0;
	bool is_new = !item;
	bool is_new_wait;

	if (!is_on_watched_cpu(params, wait->cpu) || (is_new && age_ns < params->smallest_ns / 4))
		return;
	if (is_new)
		item = add(cases, wait->tid);
	if (!item)
		return;
	if (is_new)
		enforce_watch_see_occupants(cases->setting.watch);
	is_new_wait = is_new || item->wait_at != wait->began_at;
	item->round = cases->round;
	take_wait(item, wait, is_new_wait, cases->now);
	item->is_waiting = true;
	if (!item->is_wanted && !is_new)
		return;
	item->due_at = item->began_at + item->verdict.threshold_ns;
	cases->nr_waiting_now++;
	if (is_new_wait)
		item->is_waiting = read_case(cases, item, true);
	else if (is_to_be_read(cases, item))
		item->is_waiting = waits_as_before(cases, item) || read_case(cases, item, false);
	else
		item->is_waiting = !item->was_asleep;
	item->due_at = item->began_at + item->verdict.threshold_ns;
	if (item->is_waiting && item->is_wanted && (cases->now >= item->due_at || is_new))
		find_work(cases, item);
	/* what is due already is the plan's affair, and no reason to miss what will be */
	if (item->is_waiting && item->is_wanted && item->due_at > cases->now &&
	    item->due_at < cases->next_due_at)
		cases->next_due_at = item->due_at;
}

void enforce_cases_round(struct enforce_cases *cases, uint64_t now)
{
	cases->round++;
	cases->now = now;
	cases->next_due_at = UINT64_MAX;
	cases->nr_waiting = cases->nr_waiting_now;
	cases->nr_waiting_now = 0;
	for (uint32_t i = 0; i < ENFORCE_CASES; i++)
		cases->items[i].is_waiting = false;
	engine_for_each_waiting(enforce_watch_engine(cases->setting.watch), on_wait, cases);
	drop_old(cases);
}

uint64_t enforce_cases_next_due_at(const struct enforce_cases *cases)
{
	return cases->next_due_at;
}

uint64_t enforce_cases_nr_left_out(const struct enforce_cases *cases)
{
	return cases->nr_left_out;
}

/* ---- for the plan ----------------------------------------------------------------------------- */

static void find_occupant(struct enforce_cases *cases, const struct enforce_case *item,
			  struct plan_occupant *ret)
{
	struct occupied *known = &cases->cpus[item->cpu];
	bool is_known = known->round == cases->round && known->occupant.kind == PLAN_OCCUPANT_THREAD &&
			sched_rank(known->occupant.prio, known->occupant.comm) >=
				sched_rank(item->prio, item->comm);

	if (!is_known) {
		enforce_occupant_find(cases->setting.watch, item->cpu, item->prio, item->comm,
				      &known->occupant);
		if (known->occupant.kind == PLAN_OCCUPANT_THREAD && !known->occupant.is_kthread)
			known->occupant.is_ourselves = enforce_cases_is_own(cases, known->occupant.tid);
		known->round = cases->round;
	}
	*ret = known->occupant;
}

bool enforce_cases_wait(struct enforce_cases *cases, const struct enforce_case *item,
			struct plan_wait *ret)
{
	*ret = (struct plan_wait){
		.tid = item->tid,
		.key = item->start_ticks,
		.prio = item->prio,
		.cpu = item->cpu,
		.began_at = item->began_at,
		.state = PLAN_READY,
		.is_kthread = item->is_kthread,
		.is_ourselves = item->is_ourselves,
		.is_confined = item->is_confined,
		.list = item->verdict.list,
		.threshold_ns = item->verdict.threshold_ns,
		.has_own_threshold = item->verdict.has_own_threshold,
		.behind_tid = TID_UNKNOWN,
		.work_function = item->work_function,
	};
	memcpy(ret->comm, item->comm, sizeof(ret->comm));
	ret->occupant = (struct plan_occupant){ .tid = TID_UNKNOWN, .prio = PRIO_UNKNOWN };
	/* of one that is boosted it is known whom it was put before */
	if (!item->is_boosted)
		find_occupant(cases, item, &ret->occupant);
	/* It serves those of its class that somebody of a higher one keeps from running. */
	if (item->is_fair && ret->occupant.kind == PLAN_OCCUPANT_THREAD &&
	    ret->occupant.prio < PRIO_FAIR_LEAST)
		ret->fair_server_ns = cases->setting.fair_server_ns;
	return ret->occupant.kind != PLAN_OCCUPANT_THREAD || ret->occupant.tid != item->tid;
}

/* Of one that is boosted nobody knows whether it runs: it may have been in vain, or is throttled. */
static enum proc_watch_known know(int32_t tid, struct proc_thread *ret, void *arg)
{
	struct enforce_cases *cases = arg;
	const struct enforce_case *item = enforce_cases_find(cases, tid);

	if (item && item->is_boosted)
		return PROC_WATCH_WAITS;
	if (!item || !item->is_known || item->was_asleep || item->round + 1 < cases->round)
		return PROC_WATCH_UNKNOWN;
	*ret = (struct proc_thread){ .tid = tid, .prio = item->prio, .cpu = item->cpu };
	memcpy(ret->comm, item->comm, sizeof(ret->comm));
	return PROC_WATCH_READY;
}

/* ---- beginning and end ------------------------------------------------------------------------ */

int enforce_cases_create(const struct enforce_cases_setting *setting, struct enforce_cases **ret,
			 struct error *err)
{
	struct enforce_cases *cases = calloc(1, sizeof(*cases));

	if (cases) {
		cases->items = calloc(ENFORCE_CASES, sizeof(*cases->items));
		cases->cpus = calloc(ENGINE_MAX_CPUS, sizeof(*cases->cpus));
	}
	if (!cases || !cases->items || !cases->cpus) {
		enforce_cases_destroy(cases);
		return error_set(err, -ENOMEM, "out of memory");
	}
	cases->setting = *setting;
	cases->next_due_at = UINT64_MAX;
	for (uint32_t i = 0; i < NR_CHAINS; i++)
		cases->chains[i] = NONE;
	for (uint32_t i = 0; i < ENFORCE_CASES; i++)
		cases->items[i].next = i + 1 < ENFORCE_CASES ? i + 1 : NONE;
	enforce_watch_ask(setting->watch, know, cases);
	*ret = cases;
	return 0;
}

void enforce_cases_destroy(struct enforce_cases *cases)
{
	if (!cases)
		return;
	if (cases->setting.watch)
		enforce_watch_ask(cases->setting.watch, NULL, NULL);
	free(cases->items);
	free(cases->cpus);
	free(cases);
}

void enforce_cases_add_own(struct enforce_cases *cases, int32_t pid)
{
	if (pid <= 0)
		return;
	if (cases->nr_own < MAX_OWN)
		cases->nr_own++;
	cases->own[cases->nr_own - 1] = pid;
}
