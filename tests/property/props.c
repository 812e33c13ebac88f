// SPDX-License-Identifier: GPL-2.0-only
/*
 * Laws that hold of the engine whatever happens, tried on seeded random histories (sched_sim.h).
 *
 *     props [NR]          NR histories, default 10000; PROPS_SEED=N for others than the default ones
 *     props --seed N      the one history N, in full
 *
 * A failure is shrunk to its shortest prefix and printed with the seed that makes it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../rtla-stall/src/util/names.h"
#include "laws.h"
#include "sched_sim.h"

#define MAX_EXPLAINED 4

static void print_event(FILE *out, const struct event *event)
{
	static const char *const types[] = {
		[EVENT_OTHER] = "other", [EVENT_SWITCH] = "switch", [EVENT_WAKING] = "waking",
		[EVENT_WAKEUP] = "wakeup", [EVENT_WAKEUP_NEW] = "wakeup_new",
		[EVENT_MIGRATE] = "migrate", [EVENT_PI_SETPRIO] = "pi", [EVENT_FORK] = "fork",
		[EVENT_IRQ_ENTRY] = "irq_entry", [EVENT_IRQ_EXIT] = "irq_exit",
		[EVENT_SOFTIRQ_ENTRY] = "softirq_entry", [EVENT_SOFTIRQ_EXIT] = "softirq_exit",
	};

	fprintf(out, "    %8" PRIu64 " cpu%u tid %" PRId32 " flags %02x depth %u %s", event->at,
		event->cpu, event->tid, event->flags, event->preempt_depth, types[event->type]);
	if (event->type == EVENT_SWITCH)
		fprintf(out, " %" PRId32 "(%" PRId32 ") left %u -> %" PRId32 "(%" PRId32 ") %s",
			event->sw.prev_tid, event->sw.prev_prio, event->sw.left,
			event->sw.next_tid, event->sw.next_prio, event->sw.next_comm);
	else if (event->type == EVENT_WAKING || event->type == EVENT_WAKEUP ||
		 event->type == EVENT_WAKEUP_NEW)
		fprintf(out, " %" PRId32 "(%" PRId32 ") to cpu%u", event->wake.tid, event->wake.prio,
			event->wake.target_cpu);
	else if (event->type == EVENT_MIGRATE)
		fprintf(out, " %" PRId32 " cpu%u -> cpu%u", event->migrate.tid,
			event->migrate.orig_cpu, event->migrate.dest_cpu);
	else if (event->type == EVENT_PI_SETPRIO)
		fprintf(out, " %" PRId32 " %" PRId32 " -> %" PRId32, event->pi.tid,
			event->pi.old_prio, event->pi.new_prio);
	else if (event->type == EVENT_FORK)
		fprintf(out, " %" PRId32, event->fork.tid);
	else if (event->type >= EVENT_IRQ_ENTRY && event->type <= EVENT_SOFTIRQ_EXIT)
		fprintf(out, " %" PRId32, event->irq.number);
	fputc('\n', out);
}

/* The first @nr_events of a history, as if nothing had followed. */
static void cut_short(const struct sim *whole, size_t nr_events, struct sim *ret)
{
	*ret = *whole;
	ret->nr_events = nr_events;
	while (ret->nr_waits && ret->waits[ret->nr_waits - 1].first >= nr_events)
		ret->nr_waits--;
	for (size_t i = 0; i < ret->nr_waits; i++)
		if (ret->waits[i].last > nr_events)
			ret->waits[i].last = nr_events;
}

static bool try_law(const struct law *law, const struct sim *sim, const struct names *names,
		    uint64_t seed, FILE *out, const char **why)
{
	struct trial trial = { .sim = sim, .names = names, .random = seed ^ 0x5eed, .out = out };
	bool holds = law->holds(&trial);

	*why = trial.why;
	return holds;
}

static void explain(const struct law *law, const struct sim *sim, const struct names *names,
		    uint64_t seed)
{
	static struct sim shorter;
	size_t works = sim->nr_cpus, fails_at = sim->nr_events;
	const char *why;

	while (works + 1 < fails_at) {
		size_t middle = works + (fails_at - works) / 2;

		cut_short(sim, middle, &shorter);
		if (try_law(law, &shorter, names, seed, NULL, &why))
			works = middle;
		else
			fails_at = middle;
	}
	cut_short(sim, fails_at, &shorter);
	printf("law %s, seed %" PRIu64 ": first %zu of %zu events, %s, fair server %s\n", law->name,
	       seed, fails_at, sim->nr_events, sim->is_preempt_rt ? "PREEMPT_RT" : "not PREEMPT_RT",
	       sim->has_fair_server ? "yes" : "no");
	for (size_t i = 0; i < fails_at; i++)
		print_event(stdout, &shorter.events[i]);
	try_law(law, &shorter, names, seed, stdout, &why);
	printf("  broken: %s\n", why);
}

/* What has happened so far. */
struct results {
	uint64_t failures[LAWS_NR];
	unsigned int explained;
};

static void try_history(uint64_t seed, struct names *names, struct results *results)
{
	static struct sim sim, plain;
	const char *why;

	sim_init(&sim, seed, &(struct sim_options) { 0 }, names);
	sim_init(&plain, seed, &(struct sim_options) {
		.no_lending = true, .no_migration = true, .no_needless_wakings = true,
		.no_wakers_in_irq = true,
	}, names);
	for (size_t i = 0; i < LAWS_NR; i++) {
		const struct sim *history = laws_all[i].is_of_plain ? &plain : &sim;

		if (try_law(&laws_all[i], history, names, seed, NULL, &why))
			continue;
		if (!results->failures[i]++ && results->explained++ < MAX_EXPLAINED)
			explain(&laws_all[i], history, names, seed);
	}
}

static bool read_number(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return !errno && end != text && !*end;
}

int main(int argc, char **argv)
{
	struct names *names = names_create();
	struct results results = { .explained = 0 };
	uint64_t nr_failed = 0, nr_histories = 10000, seed = 1;
	const char *from = getenv("PROPS_SEED");
	bool is_single = argc == 3 && !strcmp(argv[1], "--seed");

	if (!names)
		return 1;
	if ((from && !read_number(from, &seed)) || (is_single && !read_number(argv[2], &seed)) ||
	    (argc == 2 && !read_number(argv[1], &nr_histories)) || argc > 3 ||
	    (argc == 3 && !is_single)) {
		fputs("usage: props [HISTORIES | --seed SEED]\n", stderr);
		return 1;
	}
	if (is_single)
		nr_histories = 1;
	printf("props: %" PRIu64 " histories from seed %" PRIu64 ", %d laws\n", nr_histories, seed,
	       LAWS_NR);
	for (uint64_t i = 0; i < nr_histories; i++)
		try_history(seed + i, names, &results);
	for (size_t i = 0; i < LAWS_NR; i++) {
		nr_failed += results.failures[i];
		if (results.failures[i])
			printf("props: law %s failed %" PRIu64 " times\n", laws_all[i].name,
			       results.failures[i]);
	}
	printf("props: %" PRIu64 " passed, %" PRIu64 " failed\n", nr_histories * LAWS_NR - nr_failed,
	       nr_failed);
	names_destroy(names);
	return nr_failed ? 1 : 0;
}
