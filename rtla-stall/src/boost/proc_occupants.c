// SPDX-License-Identifier: GPL-2.0-only
#include "proc_occupants.h"

#include <stdlib.h>

#include "../engine/sched_rank.h"
#include "../util/parse.h"

#define PRIO_FAIR_LEAST 100
#define NR_KEPT 16u		/* of those above the fair class, on one CPU */
#define SETTLE_NS 20000000u	/* it is charged at ticks of 10 ms at most, or when it is read */

enum verdict { VERDICT_UNKNOWN, VERDICT_RUNS, VERDICT_STANDS };

struct candidate {
	struct proc_thread thread;
	int rank;
	enum verdict verdict;
	uint64_t ran_ns;	/* since it was seen before */
};

/* As it was when its run time was seen to grow last, or when it was seen first. */
struct sample {
	int32_t tid;
	uint64_t start_ticks;
	uint64_t run_ns;
	uint64_t at;
	bool ran;
};

struct seat {
	uint32_t nr_candidates;
	uint32_t nr_samples;
	bool is_asked;		/* else its samples stay as they were */
	bool has_more;		/* than can be kept */
	bool has_fair;
	bool is_known;
	struct proc_thread fair;	/* the highest of its class */
	struct proc_thread occupant;
	struct candidate candidates[NR_KEPT];	/* the highest first */
	struct sample samples[NR_KEPT];
};

struct proc_occupants {
	uint32_t nr_cpus;
	struct seat seats[];
};

struct proc_occupants *proc_occupants_create(uint32_t nr_cpus)
{
	struct proc_occupants *occupants =
		calloc(1, sizeof(*occupants) + (size_t)nr_cpus * sizeof(*occupants->seats));

	if (occupants)
		occupants->nr_cpus = nr_cpus;
	return occupants;
}

void proc_occupants_destroy(struct proc_occupants *occupants)
{
	free(occupants);
}

void proc_occupants_begin(struct proc_occupants *occupants, const struct cpu_list *cpus)
{
	for (uint32_t cpu = 0; cpu < occupants->nr_cpus; cpu++) {
		struct seat *seat = &occupants->seats[cpu];

		seat->is_asked = parse_cpus_has(cpus, cpu);
		seat->nr_candidates = 0;
		seat->has_more = false;
		seat->has_fair = false;
		seat->is_known = false;
	}
}

static int rank_of(const struct proc_thread *thread)
{
	return sched_rank(thread->prio, thread->comm);
}

/* ---- those who are ready ---------------------------------------------------------------------- */

/* Those above the fair class of whom so many outrank it are not worth reading more of. */
bool proc_occupants_wants(struct proc_occupants *occupants, const struct proc_thread *thread)
{
	struct seat *seat = &occupants->seats[thread->cpu];

	if (!seat->is_asked)
		return false;
	if (thread->prio >= PRIO_FAIR_LEAST)
		return !seat->has_fair || rank_of(thread) >= rank_of(&seat->fair);
	if (seat->nr_candidates < NR_KEPT || seat->candidates[NR_KEPT - 1].rank < rank_of(thread))
		return true;
	seat->has_more = true;
	return false;
}

static void add_fair(struct seat *seat, const struct proc_thread *thread)
{
	/* among equals, the one that got more */
	if (seat->has_fair && rank_of(thread) == rank_of(&seat->fair) && thread->run_ns <= seat->fair.run_ns)
		return;
	seat->has_fair = true;
	seat->fair = *thread;
}

void proc_occupants_add(struct proc_occupants *occupants, const struct proc_thread *thread)
{
	struct seat *seat = &occupants->seats[thread->cpu];
	int rank = rank_of(thread);
	uint32_t at;

	if (thread->prio >= PRIO_FAIR_LEAST) {
		add_fair(seat, thread);
		return;
	}
	if (seat->nr_candidates == NR_KEPT) {
		seat->has_more = true;
		seat->nr_candidates--;
	}
	for (at = seat->nr_candidates++; at && seat->candidates[at - 1].rank < rank; at--)
		seat->candidates[at] = seat->candidates[at - 1];
	seat->candidates[at] = (struct candidate){ .thread = *thread, .rank = rank };
}

/* ---- who runs --------------------------------------------------------------------------------- */

static const struct sample *find_sample(const struct seat *seat, const struct proc_thread *thread)
{
	for (uint32_t i = 0; i < seat->nr_samples; i++) {
		if (seat->samples[i].tid == thread->tid &&
		    seat->samples[i].start_ticks == thread->start_ticks)
			return &seat->samples[i];
	}
	return NULL;
}

static struct sample judge(const struct seat *seat, struct candidate *candidate, uint64_t now)
{
	const struct proc_thread *thread = &candidate->thread;
	const struct sample *before = find_sample(seat, thread);
	struct sample sample = {
		.tid = thread->tid, .start_ticks = thread->start_ticks, .run_ns = thread->run_ns, .at = now,
	};

	if (!before)
		return sample;
	if (thread->run_ns > before->run_ns) {
		candidate->verdict = VERDICT_RUNS;
		candidate->ran_ns = thread->run_ns - before->run_ns;
		sample.ran = true;
		return sample;
	}
	sample = *before;
	if (now - before->at >= SETTLE_NS) {
		candidate->verdict = VERDICT_STANDS;
		sample.ran = false;
	} else if (before->ran) {
		candidate->verdict = VERDICT_RUNS;
	}
	return sample;
}

static void judge_all(struct seat *seat, uint64_t now)
{
	struct sample samples[NR_KEPT];

	for (uint32_t i = 0; i < seat->nr_candidates; i++)
		samples[i] = judge(seat, &seat->candidates[i], now);
	for (uint32_t i = 0; i < seat->nr_candidates; i++)
		seat->samples[i] = samples[i];
	seat->nr_samples = seat->nr_candidates;
}

static void choose(struct seat *seat)
{
	const struct candidate *best = NULL;
	bool is_unknown = false;

	for (uint32_t i = 0; i < seat->nr_candidates; i++) {
		const struct candidate *candidate = &seat->candidates[i];

		if (i && candidate->rank != seat->candidates[i - 1].rank && (best || is_unknown))
			break;
		if (candidate->verdict == VERDICT_RUNS && (!best || candidate->ran_ns > best->ran_ns))
			best = candidate;
		is_unknown |= candidate->verdict == VERDICT_UNKNOWN;
	}
	seat->is_known = best || (!is_unknown && !seat->has_more && seat->has_fair);
	if (seat->is_known)
		seat->occupant = best ? best->thread : seat->fair;
}

void proc_occupants_end(struct proc_occupants *occupants, uint64_t now)
{
	for (uint32_t cpu = 0; cpu < occupants->nr_cpus; cpu++) {
		if (!occupants->seats[cpu].is_asked)
			continue;
		judge_all(&occupants->seats[cpu], now);
		choose(&occupants->seats[cpu]);
	}
}

bool proc_occupants_get(const struct proc_occupants *occupants, uint32_t cpu, struct proc_thread *ret)
{
	if (cpu >= occupants->nr_cpus || !occupants->seats[cpu].is_known)
		return false;
	*ret = occupants->seats[cpu].occupant;
	return true;
}
