// SPDX-License-Identifier: GPL-2.0-only
#include "recycle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"
#include "wait.h"

/* ---- who is who ------------------------------------------------------------------------------- */

void recycle_map_deinit(struct recycle_map *map)
{
	free(map->tasks);
	free(map->culprits);
	free(map->verdicts);
	*map = (struct recycle_map){ 0 };
}

static int map_init(struct recycle_map *map, const struct engine *eng)
{
	*map = (struct recycle_map){
		.nr_tasks = eng->tasks.nr_tasks,
		.nr_culprits = eng->culprits.nr_entries,
		.tasks = calloc(eng->tasks.nr_tasks + 1u, sizeof(*map->tasks)),
		.culprits = calloc(eng->culprits.nr_entries + 1u, sizeof(*map->culprits)),
		.verdicts = calloc(eng->tasks.nr_tasks + 1u, sizeof(*map->verdicts)),
	};
	if (!map->tasks || !map->culprits || !map->verdicts) {
		recycle_map_deinit(map);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < map->nr_tasks; i++)
		map->tasks[i] = i;
	for (uint32_t i = 0; i < map->nr_culprits; i++)
		map->culprits[i] = i;
	return 0;
}

static int by_culprit(const void *a, const void *b)
{
	const struct charge *left = a, *right = b;

	if (left->culprit != right->culprit)
		return left->culprit < right->culprit ? -1 : 1;
	return left->reason < right->reason ? -1 : left->reason > right->reason;
}

uint32_t recycle_charges(const struct recycle_map *map, struct charge *charges, uint32_t nr_charges)
{
	bool has_changed = false;
	uint32_t nr_left = 0;

	for (uint32_t i = 0; i < nr_charges; i++) {
		uint32_t culprit = recycle_culprit(map, charges[i].culprit);

		has_changed |= culprit != charges[i].culprit;
		charges[i].culprit = culprit;
	}
	if (!has_changed)
		return nr_charges;
	qsort(charges, nr_charges, sizeof(*charges), by_culprit);
	for (uint32_t i = 0; i < nr_charges; i++) {
		if (nr_left && !by_culprit(&charges[nr_left - 1], &charges[i]))
			charges[nr_left - 1].ns += charges[i].ns;
		else
			charges[nr_left++] = charges[i];
	}
	return nr_left;
}

uint32_t recycle_segments(const struct recycle_map *map, struct segment *segments, uint32_t nr_segments)
{
	uint32_t nr_left = 0;

	for (uint32_t i = 0; i < nr_segments; i++) {
		struct segment *last = nr_left ? &segments[nr_left - 1] : NULL;
		struct segment next = segments[i];

		next.culprit = recycle_culprit(map, next.culprit);
		next.on_behalf_of = recycle_culprit(map, next.on_behalf_of);
		if (!last || last->reason != next.reason || last->culprit != next.culprit ||
		    last->cpu != next.cpu || last->on_behalf_of != next.on_behalf_of) {
			segments[nr_left++] = next;
			continue;
		}
		last->to_at = next.to_at;
		last->inferred |= next.inferred;
		if (last->culprit_prio != next.culprit_prio)
			last->culprit_prio = PRIO_UNKNOWN;
	}
	return nr_left;
}

/* ---- whoever stands for the dead -------------------------------------------------------------- */

static int compare(const struct task *left, const struct task *right)
{
	int order = strcmp(left->comm, right->comm);

	if (order)
		return order;
	if (left->kthread != right->kthread)
		return left->kthread < right->kthread ? -1 : 1;
	return left->kept.is_dropped - right->kept.is_dropped;
}

/* Return: where it is or belongs among those there are; @is_there tells which */
static uint32_t place_of(const struct engine *eng, const struct task *key, bool *is_there)
{
	uint32_t from = 0, to = eng->nr_gone;

	*is_there = false;
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		int order = compare(key, eng->gone[middle]);

		if (!order) {
			*is_there = true;
			return middle;
		}
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

/*
 * The identity that stands for the dead of this name and kind, made when there is none; NULL: out of memory.
 * Those of too many names have none. Beside the empty name, each of the others has room for its kinds.
 */
static struct task *stand_in(struct engine *eng, const struct task *dead, bool is_dropped)
{
	struct task key = { .kthread = dead->kthread, .kept.is_dropped = is_dropped };
	struct task **gone;
	struct task *task;
	bool is_there;
	uint32_t at;

	memcpy(key.comm, dead->comm, COMM_LEN);
	at = place_of(eng, &key, &is_there);
	if (!is_there && eng->nr_gone >= RECYCLE_MAX_NAMES && *key.comm) {
		*key.comm = '\0';
		at = place_of(eng, &key, &is_there);
	}
	if (is_there)
		return eng->gone[at];
	gone = reallocarray(eng->gone, eng->nr_gone + 1u, sizeof(*gone));
	if (!gone)
		return NULL;
	eng->gone = gone;
	if (task_table_add(&eng->tasks, &eng->culprits, TID_UNKNOWN, &task))
		return NULL;
	task_set_comm(task, key.comm);
	task->kthread = key.kthread;
	task->state = TASK_DEAD;
	task->was_proven = true;
	task->kept.is_dropped = is_dropped;
	memmove(&gone[at + 1], &gone[at], (eng->nr_gone - at) * sizeof(*gone));
	gone[at] = task;
	eng->nr_gone++;
	return task;
}

static void add_figures(struct task *into, const struct task *dead)
{
	struct engine_task *sum = &into->kept;
	const struct engine_task *kept = &dead->kept;

	if (dead->state_at > into->state_at)
		into->state_at = dead->state_at;
	into->cpu = dead->cpu;
	sum->nr_gone++;
	sum->run_ns += kept->run_ns;
	if (kept->before_trace_ns > sum->before_trace_ns)
		sum->before_trace_ns = kept->before_trace_ns;
	sum->nr_activations += kept->nr_activations;
	if (kept->response.max_ns > sum->response.max_ns)
		sum->response = kept->response;
	sum->suspension.count += kept->suspension.count;
	sum->suspension.ns += kept->suspension.ns;
	sum->suspension.lock_ns += kept->suspension.lock_ns;
	sum->suspension.flush_ns += kept->suspension.flush_ns;
	sum->suspension.other_ns += kept->suspension.other_ns;
}

/* ---- which ------------------------------------------------------------------------------------ */

static void pin(const struct engine *eng, bool *is_pinned, uint32_t culprit)
{
	uint32_t task = culprit < eng->culprits.nr_entries ? eng->culprits.entries[culprit].task : UINT32_MAX;

	if (task != UINT32_MAX)
		is_pinned[task] = true;
}

/* What waits are yet to be attributed to tells threads apart that have one name. */
static void pin_lanes(const struct engine *eng, bool *is_pinned)
{
	for (uint32_t i = 0; i < eng->nr_cpus; i++) {
		const struct lane *lane = eng->cpus[i] ? &eng->cpus[i]->lane : NULL;

		for (uint32_t k = 0; lane && k < lane->nr_slots; k++) {
			pin(eng, is_pinned, lane->slots[k].culprit);
			pin(eng, is_pinned, lane->slots[k].thread);
			pin(eng, is_pinned, lane->slots[k].lender);
		}
		if (lane && eng->cpus[i]->running)
			is_pinned[eng->cpus[i]->running->index] = true;
	}
}

static void retire(struct engine *eng, struct task *dead, enum recycle_verdict verdict,
		   struct recycle_map *map)
{
	struct task *into = stand_in(eng, dead, verdict == RECYCLE_DROP);

	if (!into)	/* another time */
		return;
	add_figures(into, dead);
	map->tasks[dead->index] = into->index;
	map->culprits[dead->culprit] = into->culprit;
	map->verdicts[dead->index] = (uint8_t)verdict;
	map->nr_recycled++;
}

/* ---- what the engine itself keeps ------------------------------------------------------------- */

static void rename_waker(struct waker *waker, const struct recycle_map *map)
{
	waker->culprit = recycle_culprit(map, waker->culprit);
	waker->work_queued_by = recycle_culprit(map, waker->work_queued_by);
}

static void rename_wait(struct wait *wait, const struct recycle_map *map)
{
	rename_waker(&wait->waker, map);
	wait->nr_charges = recycle_charges(map, wait->charges, wait->nr_charges);
	wait->nr_segments = recycle_segments(map, wait->segments, wait->nr_segments);
	for (uint32_t i = 0; i < wait->nr_stacks; i++)
		wait->stacks[i].of = recycle_culprit(map, wait->stacks[i].of);
}

static void rename_cpu(struct cpu *cpu, const struct recycle_map *map)
{
	struct timerlat_state *timerlat = cpu->timerlat;

	cpu->queued_by = recycle_culprit(map, cpu->queued_by);
	for (struct wait *wait = cpu->waits; wait; wait = wait->next)
		rename_wait(wait, map);
	for (int i = 0; timerlat && i < 2; i++) {
		struct timerlat_split *split = &timerlat->splits[i];

		split->nr_charges = recycle_charges(map, split->charges, split->nr_charges);
	}
}

static void rename_all(struct engine *eng, const struct recycle_map *map)
{
	for (uint32_t i = 0; i < eng->tasks.nr_tasks; i++) {
		struct task *task = task_table_at(&eng->tasks, i);

		task->lender = recycle_culprit(map, task->lender);
		task->work_queued_by = recycle_culprit(map, task->work_queued_by);
		rename_waker(&task->pending, map);
	}
	for (uint32_t i = 0; i < eng->nr_cpus; i++) {
		if (eng->cpus[i])
			rename_cpu(eng->cpus[i], map);
	}
	for (uint32_t i = 0; i < eng->works.nr_items; i++)
		eng->works.items[i].queued_by = recycle_culprit(map, eng->works.items[i].queued_by);
}

int recycle_dead(struct engine *eng,
		 enum recycle_verdict (*judge)(const struct engine_task *task, void *arg), void *arg,
		 struct recycle_map *ret)
{
	bool *is_pinned = calloc(eng->tasks.nr_tasks + 1u, sizeof(*is_pinned));
	struct recycle_map map;
	int err = is_pinned ? map_init(&map, eng) : -ENOMEM;

	if (err) {
		free(is_pinned);
		return err;
	}
	pin_lanes(eng, is_pinned);
	for (uint32_t i = 0; i < map.nr_tasks; i++) {
		struct task *task = task_table_at(&eng->tasks, i);
		enum recycle_verdict verdict;
		struct engine_task known;

		if (task->state != TASK_DEAD || task->wait || task->kept.nr_gone || is_pinned[i])
			continue;
		engine_task(eng, i, &known);
		verdict = judge(&known, arg);
		if (verdict != RECYCLE_KEEP)
			retire(eng, task, verdict, &map);
	}
	free(is_pinned);
	if (map.nr_recycled)
		rename_all(eng, &map);
	for (uint32_t i = 0; i < map.nr_tasks; i++) {
		if (map.verdicts[i] != RECYCLE_KEEP)
			task_table_free(&eng->tasks, i, map.tasks[i]);
	}
	*ret = map;
	return 0;
}

void recycle_bury(struct engine *eng, uint32_t index)
{
	struct task *task = task_table_at(&eng->tasks, index);

	if (!task->tid || (task->state != TASK_UNKNOWN && task->state != TASK_SLEEPING &&
			   task->state != TASK_SUSPENDED))
		return;
	activation_forget(&task->activation);
	task->state = TASK_DEAD;
	task->state_at = eng->now_at;
}
