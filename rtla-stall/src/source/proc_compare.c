// SPDX-License-Identifier: GPL-2.0-only
#include "proc_compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/sched_rank.h"
#include "../util/cleanup.h"

/* What is gathered of one CPU. */
struct gathered {
	const struct census_thread *most;	/* ran longest there; NULL nobody ran */
	uint64_t most_ns;
	const struct proc_ready *user;		/* a user thread in R both times */
	uint32_t nr_users;
	int others_rank;			/* the highest of the others in R both times */
};

struct comparison {
	const struct proc_look *first;
	const struct proc_look *second;
	const struct cpu_list *nohz_full;
	uint64_t between_ns;
	uint32_t nr_cpus;
	struct gathered *cpus;
};

static bool is_nohz_full(const struct comparison *comparison, uint32_t cpu)
{
	return comparison->nohz_full->bits[cpu / 64] >> cpu % 64 & 1;
}

/* Return: the same thread in the look before, seen in R on whatever CPU; NULL */
static const struct proc_ready *find_earlier(const struct comparison *comparison,
					     const struct proc_ready *ready)
{
	const struct proc_ready *earlier = proc_look_find(comparison->first, ready->tid);

	return earlier && earlier->start_ticks == ready->start_ticks ? earlier : NULL;
}

/* As of the end of its reading. */
static uint64_t run_ns_of(const struct proc_look *look, const struct census_thread *thread)
{
	const struct proc_ready *ready = thread->state == 'R' ? proc_look_find(look, thread->tid) : NULL;

	return ready && ready->start_ticks == thread->start_ticks ? ready->after.ns : thread->run_ns;
}

static void gather_runs(struct comparison *comparison)
{
	const struct census *census = &comparison->second->census;

	for (size_t i = 0; i < census->nr_threads; i++) {
		const struct census_thread *now = &census->threads[i];
		const struct census_thread *then = census_find(&comparison->first->census, now->tid);
		struct gathered *cpu;
		uint64_t then_ns;
		uint64_t now_ns;

		/* who has moved, ran at a place that is not known */
		if (!then || then->start_ticks != now->start_ticks || then->cpu != now->cpu ||
		    now->cpu >= comparison->nr_cpus)
			continue;
		cpu = &comparison->cpus[now->cpu];
		then_ns = run_ns_of(comparison->first, then);
		now_ns = run_ns_of(comparison->second, now);
		if (now_ns > then_ns && now_ns - then_ns > cpu->most_ns) {
			cpu->most = now;
			cpu->most_ns = now_ns - then_ns;
		}
	}
}

static void gather_ready(struct comparison *comparison)
{
	for (uint32_t i = 0; i < comparison->nr_cpus; i++)
		comparison->cpus[i].others_rank = RANK_IDLE;
	for (size_t i = 0; i < comparison->second->nr_ready; i++) {
		const struct proc_ready *ready = &comparison->second->ready[i];
		const struct proc_ready *earlier = find_earlier(comparison, ready);
		struct gathered *cpu;
		int rank;

		if (!earlier || earlier->cpu != ready->cpu || ready->cpu >= comparison->nr_cpus)
			continue;
		cpu = &comparison->cpus[ready->cpu];
		if (!ready->is_kthread) {
			cpu->user = ready;
			cpu->nr_users++;
			continue;
		}
		rank = sched_rank(ready->prio, ready->comm);
		if (rank > cpu->others_rank)
			cpu->others_rank = rank;
	}
}

static bool was_idle(const struct comparison *comparison, uint32_t cpu)
{
	const struct proc_look *first = comparison->first;
	const struct proc_look *second = comparison->second;

	if (cpu >= first->nr_cpus || cpu >= second->nr_cpus || !first->cpus[cpu].is_online ||
	    !second->cpus[cpu].is_online || second->cpus[cpu].ns < first->cpus[cpu].ns)
		return false;
	return second->cpus[cpu].ns - first->cpus[cpu].ns > comparison->between_ns / 2;
}

static void tell_occupant(const struct comparison *comparison, uint32_t cpu, struct proc_occupant *ret)
{
	const struct gathered *gathered = &comparison->cpus[cpu];

	*ret = (struct proc_occupant){ .told = PROC_TOLD_NOTHING };
	if (gathered->most && gathered->most_ns > comparison->between_ns / 2) {
		*ret = (struct proc_occupant){
			.told = PROC_TOLD_THREAD, .tid = gathered->most->tid, .prio = gathered->most->prio,
		};
		memcpy(ret->comm, gathered->most->comm, COMM_LEN);
	} else if (was_idle(comparison, cpu)) {
		ret->told = PROC_TOLD_IDLE;
	} else if (is_nohz_full(comparison, cpu) && gathered->nr_users == 1 &&
		   sched_rank(gathered->user->prio, gathered->user->comm) > gathered->others_rank) {
		*ret = (struct proc_occupant){
			.told = PROC_TOLD_THREAD, .tid = gathered->user->tid, .prio = gathered->user->prio,
		};
		memcpy(ret->comm, gathered->user->comm, COMM_LEN);
	}
}

static bool is_occupant(const struct proc_verdict *verdict, const struct proc_ready *ready)
{
	return ready->cpu < verdict->nr_cpus && verdict->cpus[ready->cpu].told == PROC_TOLD_THREAD &&
	       verdict->cpus[ready->cpu].tid == ready->tid;
}

static bool is_waiting(const struct comparison *comparison, const struct proc_ready *ready,
		       const struct proc_verdict *verdict)
{
	if (ready->cpu >= verdict->nr_cpus)
		return false;
	if (verdict->cpus[ready->cpu].told != PROC_TOLD_NOTHING)
		return !is_occupant(verdict, ready);
	return comparison->cpus[ready->cpu].most && !is_nohz_full(comparison, ready->cpu);
}

static void find_stills(const struct comparison *comparison, struct proc_verdict *verdict)
{
	for (size_t i = 0; i < comparison->second->nr_ready; i++) {
		const struct proc_ready *ready = &comparison->second->ready[i];
		const struct proc_ready *earlier = find_earlier(comparison, ready);

		if (!earlier || earlier->before.ns != ready->after.ns ||
		    earlier->before.nr != ready->after.nr) {
			verdict->has_suspects = verdict->has_suspects || !is_occupant(verdict, ready);
			continue;
		}
		verdict->stills[verdict->nr_stills++] = (struct proc_still){
			.ready = ready,
			.is_moved = earlier->cpu != ready->cpu,
			.is_waiting = earlier->cpu == ready->cpu && is_waiting(comparison, ready, verdict),
		};
	}
}

int proc_compare(const struct proc_look *first, const struct proc_look *second,
		 const struct cpu_list *nohz_full, struct proc_verdict *ret)
{
	uint32_t nr_cpus = first->nr_cpus > second->nr_cpus ? first->nr_cpus : second->nr_cpus;
	__cleanup_free struct gathered *cpus = calloc(nr_cpus + 1, sizeof(*cpus));
	struct comparison comparison = {
		.first = first, .second = second, .nohz_full = nohz_full, .nr_cpus = nr_cpus, .cpus = cpus,
		.between_ns = second->from_at - first->from_at,
	};

	proc_verdict_deinit(ret);
	ret->cpus = calloc(nr_cpus + 1, sizeof(*ret->cpus));
	ret->stills = calloc(second->nr_ready + 1, sizeof(*ret->stills));
	if (!cpus || !ret->cpus || !ret->stills)
		return -ENOMEM;
	ret->nr_cpus = nr_cpus;
	gather_runs(&comparison);
	gather_ready(&comparison);
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		tell_occupant(&comparison, cpu, &ret->cpus[cpu]);
	find_stills(&comparison, ret);
	return 0;
}

static int compare_tids(const void *left, const void *right)
{
	const struct proc_still *a = left;
	const struct proc_still *b = right;

	return (a->ready->tid > b->ready->tid) - (a->ready->tid < b->ready->tid);
}

const struct proc_still *proc_verdict_find(const struct proc_verdict *verdict, int32_t tid)
{
	const struct proc_ready ready = { .tid = tid };
	const struct proc_still key = { .ready = &ready };

	if (!verdict->nr_stills)
		return NULL;
	return bsearch(&key, verdict->stills, verdict->nr_stills, sizeof(key), compare_tids);
}

void proc_verdict_deinit(struct proc_verdict *verdict)
{
	free(verdict->cpus);
	free(verdict->stills);
	*verdict = (struct proc_verdict){ 0 };
}
