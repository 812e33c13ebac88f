// SPDX-License-Identifier: GPL-2.0-only
#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../source/live_setup.h"
#include "../source/source_live.h"
#include "../stats/longest.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "../util/parse.h"
#include "monitor_state.h"

#define ROOM_FOR_OPEN (64u << 20)	/* bytes; thousands of waits with thousands of segments */

void snapshot_deinit(struct snapshot *snapshot)
{
	summary_deinit(&snapshot->summary);
	free(snapshot->states);
	free(snapshot->waits);
	free(snapshot->wait_of_thread);
	free(snapshot->cpus);
	*snapshot = (struct snapshot){ 0 };
}

/* ---- waits that are open ---------------------------------------------------------------------- */

struct opening {
	struct monitor *monitor;
	struct tally_lend lend;
	bool has_failed;
};

static void add_open(const struct episode *episode, void *arg)
{
	struct opening *opening = arg;
	struct monitor *monitor = opening->monitor;

	if (!selection_wait(monitor->config.selection, episode))
		return;
	if (longest_add(monitor->open, episode) ||
	    tally_lend(&monitor->account.tally, &opening->lend, episode))
		opening->has_failed = true;
}

static int by_thread(const void *a, const void *b)
{
	const uint32_t *left = a;
	const uint32_t *right = b;

	return left[0] < right[0] ? -1 : left[0] > right[0];
}

/* Return: pairs of task index and row, ordered; NULL when out of memory */
static uint32_t (*index_rows(const struct summary *summary))[2]
{
	uint32_t (*rows)[2] = calloc(summary->nr_threads + 1u, sizeof(*rows));

	for (uint32_t i = 0; rows && i < summary->nr_threads; i++) {
		rows[i][0] = summary->threads[i].task.index;
		rows[i][1] = i;
	}
	if (rows)
		qsort(rows, summary->nr_threads, sizeof(*rows), by_thread);
	return rows;
}

static int list_waits(struct monitor *monitor, struct snapshot *snapshot)
{
	const struct summary *summary = &snapshot->summary;
	const struct episode *const *open;
	size_t nr_open = longest_sort(monitor->open, &open);
	uint32_t (*rows)[2] = index_rows(summary);

	snapshot->waits = calloc(nr_open + 1, sizeof(*snapshot->waits));
	snapshot->wait_of_thread = calloc(summary->nr_threads + 1u, sizeof(*snapshot->wait_of_thread));
	snapshot->states = calloc(summary->nr_threads + 1u, 1);
	if (!rows || !snapshot->waits || !snapshot->wait_of_thread || !snapshot->states) {
		free(rows);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < summary->nr_threads; i++) {
		snapshot->wait_of_thread[i] = UINT32_MAX;
		snapshot->states[i] = summary->threads[i].task.state;
	}
	for (size_t i = 0; i < nr_open; i++) {
		const uint32_t key[2] = { open[i]->task };
		uint32_t (*row)[2] = bsearch(key, rows, summary->nr_threads, sizeof(*rows), by_thread);

		if (!row)	/* not selected */
			continue;
		snapshot->wait_of_thread[(*row)[1]] = snapshot->nr_waits;
		snapshot->waits[snapshot->nr_waits++] = (struct snapshot_wait){
			.episode = open[i],
			.thread = (*row)[1],
			.prio = summary->threads[(*row)[1]].task.prio,
		};
	}
	free(rows);
	return 0;
}

static int by_length(const void *a, const void *b)
{
	const struct episode *left = *(const struct episode *const *)a;
	const struct episode *right = *(const struct episode *const *)b;
	uint64_t left_ns = left->ended_at - left->began_at;
	uint64_t right_ns = right->ended_at - right->began_at;

	if (left_ns != right_ns)
		return left_ns > right_ns ? -1 : 1;
	return left->began_at < right->began_at ? -1 : left->began_at > right->began_at;
}

/* Those that are long enough are stalls, too. */
static int add_open_stalls(struct snapshot *snapshot)
{
	struct summary *summary = &snapshot->summary;
	const struct episode **stalls = reallocarray(summary->stalls,
						     summary->nr_stalls + snapshot->nr_waits + 1,
						     sizeof(*stalls));

	if (!stalls)
		return -ENOMEM;
	summary->stalls = stalls;
	for (uint32_t i = 0; i < snapshot->nr_waits; i++) {
		const struct episode *wait = snapshot->waits[i].episode;

		if (!wait || wait->ended_at - wait->began_at < snapshot->stall_ns)
			break;	/* longest first */
		stalls[summary->nr_stalls++] = wait;
		summary->stalls_omitted -= summary->stalls_omitted > 0;
	}
	qsort(stalls, summary->nr_stalls, sizeof(*stalls), by_length);
	return 0;
}

/* ---- CPUs ------------------------------------------------------------------------------------- */

static bool is_in(const struct cpu_list *cpus, uint32_t cpu)
{
	return cpus->bits[cpu / 64] >> (cpu % 64) & 1;
}

static bool read_cpus(const char *path, struct cpu_list *ret)
{
	char text[4096] = "";
	FILE *file = fopen(path, "re");
	bool is_read = file && fgets(text, sizeof(text), file);

	if (file)
		fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return is_read && !parse_cpus(text, ret);
}

static const char *read_policy(int32_t tid)
{
	static const char *const names[] = { "OTHER", "FIFO", "RR", "BATCH", "", "IDLE", "DEADLINE", "EXT" };
	int32_t prio;
	int policy = occupants_read(tid, &prio);

	return policy >= 0 && policy < (int)(sizeof(names) / sizeof(*names)) ? names[policy] : "";
}

static void fill_cpu(const struct monitor *monitor, struct snapshot_cpu *cpu, enum snapshot_phase phase)
{
	const struct engine *eng = monitor->account.engine;
	struct engine_cpu known;

	cpu->occupant = cpu->on_top = (struct culprit){ .kind = CULPRIT_UNKNOWN, .id = -1, .name = "" };
	cpu->prio = PRIO_UNKNOWN;
	cpu->policy = "";
	cpu->why = "";
	if (cpu->cpu < monitor->rates.nr_cpus) {
		cpu->irqs_per_s = monitor->rates.cpus[cpu->cpu].irqs_per_s;
		cpu->switches_per_s = monitor->rates.cpus[cpu->cpu].switches_per_s;
	}
	if (monitor->live)
		cpu->lost_events = source_live_lost_of(monitor->live, cpu->cpu);
	if (!engine_cpu(eng, cpu->cpu, &known)) {
		cpu->why =
			!cpu->is_online ?
				"off" :
			phase == SNAPSHOT_PROC ?
				"tracing is being set up, and /proc does not tell who runs" :
				"no event of this CPU yet: what it runs has run since before the trace";
		return;
	}
	cpu->nr_waits = known.nr_waits;
	cpu->occupant = engine_culprit(eng, known.occupant);
	cpu->is_known = cpu->occupant.kind != CULPRIT_UNKNOWN;
	cpu->prio = known.prio;
	cpu->since_at = known.since_at;
	cpu->is_since_known = known.is_since_known;
	cpu->has_on_top = known.on_top != CULPRIT_NONE;
	if (cpu->has_on_top)
		cpu->on_top = engine_culprit(eng, known.on_top);
	if (!cpu->is_known)
		cpu->why = "events of it are missing, and none since tells who runs";
	else if (cpu->occupant.kind == CULPRIT_THREAD && phase != SNAPSHOT_ENDED)
		cpu->policy = read_policy(cpu->occupant.id);
}

static int list_cpus(const struct monitor *monitor, struct snapshot *snapshot)
{
	const struct selection *selection = monitor->config.selection;
	static struct cpu_list empty;
	struct cpu_list present, online, isolated;
	uint32_t nr = engine_nr_cpus(monitor->account.engine);

	if (!read_cpus("/sys/devices/system/cpu/present", &present))
		present = empty;
	if (!read_cpus("/sys/devices/system/cpu/online", &online))
		online = present;
	if (!read_cpus("/sys/devices/system/cpu/isolated", &isolated))
		isolated = empty;
	for (uint32_t cpu = ENGINE_MAX_CPUS; cpu-- > nr;) {
		if (is_in(&present, cpu))
			nr = cpu + 1;
	}
	snapshot->cpus = calloc(nr + 1u, sizeof(*snapshot->cpus));
	if (!snapshot->cpus)
		return -ENOMEM;
	for (uint32_t number = 0; number < nr; number++) {
		struct snapshot_cpu *cpu = &snapshot->cpus[snapshot->nr_cpus];

		if (selection->has_cpus ? !is_in(&selection->cpus, number) : !is_in(&present, number))
			continue;
		cpu->cpu = number;
		cpu->is_online = is_in(&online, number);
		cpu->is_isolated = is_in(&isolated, number);
		fill_cpu(monitor, cpu, snapshot->phase);
		snapshot->nr_cpus++;
	}
	return 0;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static void fill_words(const struct monitor *monitor, struct snapshot *snapshot)
{
	uint64_t waited_ms = (clock_mono_ns() - monitor->began_at) / 1000000;

	if (snapshot->phase != SNAPSHOT_PROC || !monitor->setup)
		return;
	snprintf(snapshot->phase_words, sizeof(snapshot->phase_words),
		 "tracing is being set up, for %llu.%llu s, at %s; until then /proc is what there is",
		 (unsigned long long)waited_ms / 1000, (unsigned long long)waited_ms / 100 % 10,
		 *live_setup_step(monitor->setup) ? live_setup_step(monitor->setup) : "its beginning");
}

static void fill_counters(const struct monitor *monitor, struct snapshot *snapshot)
{
	uint64_t until_at = monitor->ended_at ? monitor->ended_at : clock_mono_ns();
	uint64_t from_at = monitor->phase == SNAPSHOT_PROC || !monitor->live ? monitor->began_at :
			   monitor->counted_from_at;

	snapshot->wall = monitor->wall;
	snapshot->phase = monitor->phase;
	snapshot->now_at = monitor->last_at ? monitor->last_at : clock_mono_ns();
	snapshot->elapsed_ns = from_at && until_at > from_at ? until_at - from_at : 0;
	snapshot->stall_ns = monitor->config.stall_ns;
	snapshot->threshold_ns = monitor->config.threshold_ns;
	snapshot->nr_hits = hits_count(monitor->hits);
	snapshot->nr_hits_unreported = monitor->nr_unreported + hits_dropped(monitor->hits);
	snapshot->events_per_s = monitor->rates.events_per_s;
	snapshot->own_cpu_ns = monitor_own_ns();
	snapshot->own_cpu_per_mille = monitor->rates.own_per_mille;
	if (monitor->live)
		snapshot->lost_events = source_live_lost(monitor->live);
	memcpy(snapshot->saved_path, monitor->saved_path, sizeof(snapshot->saved_path));
	fill_words(monitor, snapshot);
}

static void fill_document(struct monitor *monitor, struct snapshot *snapshot)
{
	snapshot->doc = (struct document){
		.path = "",
		.last_at = snapshot->now_at,
		.summary = &snapshot->summary,
	};
	account_fill_document(&monitor->account, monitor_info(monitor), &snapshot->doc);
}

/* The threshold may have been changed: what was shorter than it is now is no stall any more. */
static void count_stalls(const struct monitor *monitor, struct snapshot *snapshot)
{
	const struct tally *tally = &monitor->account.tally;
	struct summary *summary = &snapshot->summary;
	uint64_t nr_counted = 0;
	size_t nr_kept = 0;

	for (uint32_t i = 0; i < summary->nr_threads; i++) {
		uint32_t task = summary->threads[i].task.index;

		nr_counted += task < tally->nr_threads ? tally->threads[task].stalls : 0;
	}
	snapshot->nr_stalls = stall_count_of(&monitor->stalls, nr_counted);
	snapshot->stalls_from_at = monitor->stalls.from_at;
	for (size_t i = 0; i < summary->nr_stalls; i++) {
		const struct episode *stall = summary->stalls[i];

		if (stall->ended_at - stall->began_at >= snapshot->stall_ns)
			summary->stalls[nr_kept++] = stall;
	}
	summary->nr_stalls = nr_kept;
}

static int fill(struct monitor *monitor, struct snapshot *snapshot, struct error *err)
{
	struct opening opening = { .monitor = monitor };
	int result;

	longest_destroy(monitor->open);
	monitor->open = longest_create(ROOM_FOR_OPEN, ROOM_FOR_OPEN);
	if (!monitor->open)
		return error_set(err, -ENOMEM, "out of memory");
	fill_counters(monitor, snapshot);
	if (!monitor->account.is_paused &&
	    engine_for_each_open(monitor->account.engine, snapshot->now_at, add_open, &opening))
		opening.has_failed = true;
	result = opening.has_failed ? error_set(err, -ENOMEM, "out of memory") :
		 account_sum_up(&monitor->account, monitor_info(monitor)->first_at, &snapshot->summary, err);
	if (!result)
		count_stalls(monitor, snapshot);
	tally_give_back(&monitor->account.tally, &opening.lend);
	if (result)
		return result;
	if (list_waits(monitor, snapshot) || add_open_stalls(snapshot) || list_cpus(monitor, snapshot))
		return error_set(err, -ENOMEM, "out of memory");
	fill_document(monitor, snapshot);
	return 0;
}

int monitor_snapshot(struct monitor *monitor, struct snapshot *ret, struct error *err)
{
	int result;

	*ret = (struct snapshot){ 0 };
	result = fill(monitor, ret, err);
	if (result)
		snapshot_deinit(ret);
	return result;
}
