// SPDX-License-Identifier: GPL-2.0-only
#include "hits.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine/recycle.h"
#include "../stats/longest.h"
#include "../util/cleanup.h"
#include "../util/proc_read.h"

#define PENDING_MOST 256u
#define MAX_CHARGES 64u

struct pending {
	enum monitor_hit_kind kind;
	uint64_t began_at;
	struct episode *episode;	/* ours; NULL */
	struct timerlat_activation activation; /* charges and stack point to those below */
	struct charge charges[MAX_CHARGES];
	struct episode_stack stack;
};

/* The last wait of a thread of timerlat's, for the activation that it is part of. */
struct timer_wait {
	int32_t tid;
	struct episode *episode;
};

struct hits {
	struct hits_setting setting;
	uint64_t *told_at;		/* by task: when its wait began that was told of, and 1 */
	uint32_t nr_told;
	struct pending *pending[PENDING_MOST];
	uint32_t nr_pending;
	uint64_t nr_overflown;		/* since they were delivered */
	uint64_t nr_dropped;
	uint64_t count;
	int32_t *timer_tids;		/* by CPU: of the last activation; 0 none */
	uint32_t nr_timer_tids;
	uint8_t *verdicts;		/* by task: whether a kernel thread of timerlat's name is one */
	uint32_t nr_verdicts;
	struct timer_wait *timer_waits;
	uint32_t nr_timer_waits;
	struct engine *eng;		/* during hits_look() */
	uint64_t now_at;
	int result;
};

struct hits *hits_create(const struct hits_setting *setting)
{
	struct hits *hits = calloc(1, sizeof(*hits));

	if (hits)
		hits->setting = *setting;
	return hits;
}

static void free_pending(struct hits *hits)
{
	for (uint32_t i = 0; i < hits->nr_pending; i++) {
		longest_free(hits->pending[i]->episode);
		free(hits->pending[i]);
	}
	hits->nr_pending = 0;
}

void hits_destroy(struct hits *hits)
{
	if (!hits)
		return;
	free_pending(hits);
	for (uint32_t i = 0; i < hits->nr_timer_waits; i++)
		longest_free(hits->timer_waits[i].episode);
	free(hits->timer_waits);
	free(hits->timer_tids);
	free(hits->verdicts);
	free(hits->told_at);
	free(hits);
}

void hits_set(struct hits *hits, const struct hits_setting *setting)
{
	hits->setting = *setting;
}

enum tristate hits_is_kthread(int32_t tid)
{
	__cleanup_close int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct proc_thread thread;

	if (proc_fd < 0 || proc_read_stat(proc_fd, tid, &thread))
		return TRI_UNKNOWN;
	return thread.is_kthread ? TRI_YES : TRI_NO;
}

enum { NOT_ASKED, IS_NO_TIMER, IS_TIMER };

/* An array by number, with room for one more. Return: NULL when out of memory; then it is as it was */
static void *with_room(void *array, uint32_t *nr, uint32_t number, size_t size)
{
	uint32_t wanted = *nr ? *nr : 256;
	char *grown;

	if (number < *nr)
		return array;
	while (wanted <= number)
		wanted *= 2;
	grown = reallocarray(array, wanted, size);
	if (!grown)
		return NULL;
	memset(grown + *nr * size, 0, (wanted - *nr) * size);
	*nr = wanted;
	return grown;
}

/* Asked once: it is a look into /proc. */
static bool is_kernel_timer(struct hits *hits, const struct engine_task *task)
{
	enum tristate is_kthread = TRI_UNKNOWN;
	uint8_t *verdicts = with_room(hits->verdicts, &hits->nr_verdicts, task->index, sizeof(*verdicts));

	if (!verdicts) {
		hits->result = -ENOMEM;
		return false;
	}
	hits->verdicts = verdicts;
	if (verdicts[task->index] == NOT_ASKED) {
		if (hits->setting.is_kthread)
			is_kthread = hits->setting.is_kthread(task->tid);
		if (is_kthread == TRI_UNKNOWN)
			is_kthread = task->kthread;
		verdicts[task->index] = is_kthread == TRI_YES ? IS_TIMER : IS_NO_TIMER;
	}
	return verdicts[task->index] == IS_TIMER;
}

/* The name alone proves nothing. */
static bool is_timer_thread(struct hits *hits, const struct engine_task *task)
{
	const struct hits_setting *setting = &hits->setting;

	if (!setting->has_timerlat || task->tid <= 0)
		return false;
	if (task->cpu < hits->nr_timer_tids && hits->timer_tids[task->cpu] == task->tid)
		return true;
	if (!strncmp(task->comm, "timerlat/", 9))
		return is_kernel_timer(hits, task);
	return setting->is_workload && setting->is_workload(task->tid, setting->arg);
}

static int note_timer(struct hits *hits, const struct timerlat_activation *activation)
{
	int32_t *tids;

	if (activation->tid <= 0)
		return 0;
	tids = with_room(hits->timer_tids, &hits->nr_timer_tids, activation->cpu, sizeof(*tids));
	if (!tids)
		return -ENOMEM;
	hits->timer_tids = tids;
	tids[activation->cpu] = activation->tid;
	return 0;
}

static bool is_watched(struct hits *hits, const struct engine_task *task)
{
	return task->tid && !is_timer_thread(hits, task) &&
	       selection_thread(hits->setting.selection, task, true, 0);
}

/* Return: whether it is the first time it is asked about this wait */
static bool is_new(struct hits *hits, uint32_t task, uint64_t began_at)
{
	uint64_t *told_at = with_room(hits->told_at, &hits->nr_told, task, sizeof(*told_at));

	if (!told_at) {
		hits->result = -ENOMEM;
		return false;
	}
	hits->told_at = told_at;
	if (hits->told_at[task] == began_at + 1)
		return false;
	hits->told_at[task] = began_at + 1;
	return true;
}

static int add(struct hits *hits, enum monitor_hit_kind kind, const struct episode *episode,
	       const struct timerlat_activation *activation)
{
	struct pending *pending;

	if (hits->nr_pending == PENDING_MOST) {
		hits->nr_overflown++;
		return 0;
	}
	pending = calloc(1, sizeof(*pending));
	if (!pending)
		return -ENOMEM;
	pending->kind = kind;
	if (episode) {
		pending->episode = longest_copy(episode);
		if (!pending->episode) {
			free(pending);
			return -ENOMEM;
		}
		pending->began_at = episode->began_at;
	}
	if (activation) {
		uint32_t nr = activation->nr_charges < MAX_CHARGES ? activation->nr_charges : MAX_CHARGES;

		pending->activation = *activation;
		if (nr)
			memcpy(pending->charges, activation->charges, nr * sizeof(*pending->charges));
		pending->activation.charges = pending->charges;
		pending->activation.nr_charges = nr;
		if (activation->stack) {
			pending->stack = *activation->stack;
			pending->activation.stack = &pending->stack;
		}
		if (activation->has_irq)
			pending->began_at = activation->arrival_at;
	}
	hits->pending[hits->nr_pending++] = pending;
	return 0;
}

static int keep_timer_wait(struct hits *hits, const struct episode *episode)
{
	struct timer_wait *waits = hits->timer_waits;
	uint32_t i = 0;

	while (i < hits->nr_timer_waits && waits[i].tid != episode->tid)
		i++;
	if (i == hits->nr_timer_waits) {
		waits = reallocarray(waits, i + 1u, sizeof(*waits));
		if (!waits)
			return -ENOMEM;
		hits->timer_waits = waits;
		waits[i] = (struct timer_wait){ .tid = episode->tid };
		hits->nr_timer_waits++;
	}
	longest_free(waits[i].episode);
	waits[i].episode = longest_copy(episode);
	return waits[i].episode ? 0 : -ENOMEM;
}

int hits_on_episode(struct hits *hits, const struct engine *eng, const struct episode *episode)
{
	uint64_t threshold_ns = hits->setting.threshold_ns;
	bool is_long = threshold_ns && episode->ended_at - episode->began_at >= threshold_ns;
	struct engine_task task;

	if (!is_long && !hits->setting.has_timerlat)
		return 0;
	engine_task(eng, episode->task, &task);
	if (is_timer_thread(hits, &task))
		return keep_timer_wait(hits, episode);
	if (!is_long || !is_watched(hits, &task) || !selection_wait(hits->setting.selection, episode) ||
	    !is_new(hits, episode->task, episode->began_at))
		return hits->result;
	return add(hits, MONITOR_HIT_WAIT, episode, NULL);
}

int hits_on_timerlat(struct hits *hits, const struct timerlat_activation *activation)
{
	const struct hits_setting *setting = &hits->setting;
	uint64_t woken_at = activation->arrival_at + activation->irq_latency_ns;
	const struct episode *episode = NULL;
	bool is_irq = setting->irq_threshold_ns && activation->has_irq &&
		      activation->irq_latency_ns >= setting->irq_threshold_ns;
	bool is_thread =
		setting->threshold_ns &&
		((activation->has_thread && activation->thread_latency_ns >= setting->threshold_ns) ||
		 (activation->has_user && activation->user_latency_ns >= setting->threshold_ns));

	if (note_timer(hits, activation))
		return -ENOMEM;
	if (!is_irq && !is_thread)
		return 0;
	for (uint32_t i = 0; activation->has_irq && i < hits->nr_timer_waits; i++) {
		const struct timer_wait *wait = &hits->timer_waits[i];

		/* the one of this activation, not of one before */
		if (wait->tid == activation->tid && wait->episode->ended_at >= woken_at)
			episode = wait->episode;
	}
	/* A thread that is late is the whole story; its interrupt is part of it. */
	return add(hits, is_thread ? MONITOR_HIT_THREAD : MONITOR_HIT_IRQ, episode, activation);
}

static void add_open(const struct episode *episode, void *arg)
{
	struct hits *hits = arg;

	if (!selection_wait(hits->setting.selection, episode) ||
	    !is_new(hits, episode->task, episode->began_at) || hits->result)
		return;
	hits->result = add(hits, MONITOR_HIT_WAIT, episode, NULL);
}

/* After a loss it may have run, and be asleep, or gone, for long. */
static bool still_waits(const struct hits *hits, const struct engine_wait *wait)
{
	return !(wait->flags & EPISODE_TOUCHED_BY_LOSS) || !hits->setting.is_ready ||
	       hits->setting.is_ready(wait->tid);
}

static void look_at(const struct engine_wait *wait, void *arg)
{
	struct hits *hits = arg;
	struct engine_task task;

	if (hits->result || hits->now_at < wait->began_at ||
	    hits->now_at - wait->began_at < hits->setting.threshold_ns)
		return;
	if (wait->task < hits->nr_told && hits->told_at[wait->task] == wait->began_at + 1)
		return;
	engine_task(hits->eng, wait->task, &task);
	if (is_watched(hits, &task) && still_waits(hits, wait) &&
	    engine_show_open(hits->eng, wait->task, hits->now_at, add_open, hits))
		hits->result = -ENOMEM;
}

int hits_look(struct hits *hits, struct engine *eng, uint64_t now_at)
{
	if (!hits->setting.threshold_ns)
		return 0;
	hits->eng = eng;
	hits->now_at = now_at;
	hits->result = 0;
	engine_for_each_waiting(eng, look_at, hits);
	return hits->result;
}

struct due {
	struct hits *hits;
	const struct engine *eng;
	uint64_t at;
};

static void find_due(const struct engine_wait *wait, void *arg)
{
	struct due *due = arg;
	struct hits *hits = due->hits;
	uint64_t at = wait->began_at + hits->setting.threshold_ns;
	struct engine_task task;

	if (at >= due->at ||
	    (wait->task < hits->nr_told && hits->told_at[wait->task] == wait->began_at + 1))
		return;
	engine_task(due->eng, wait->task, &task);
	if (is_watched(hits, &task))
		due->at = at;
}

uint64_t hits_due_at(struct hits *hits, const struct engine *eng)
{
	struct due due = { hits, eng, UINT64_MAX };

	if (hits->setting.threshold_ns)
		engine_for_each_waiting(eng, find_due, &due);
	return due.at;
}

static int by_beginning(const void *a, const void *b)
{
	const struct pending *left = *(struct pending *const *)a;
	const struct pending *right = *(struct pending *const *)b;

	return left->began_at < right->began_at ? -1 : left->began_at > right->began_at;
}

uint64_t hits_deliver(struct hits *hits, void (*on_hit)(const struct monitor_hit *hit, void *arg),
		      void *arg)
{
	uint64_t nr = hits->nr_pending + hits->nr_overflown;

	if (!nr)
		return 0;
	qsort(hits->pending, hits->nr_pending, sizeof(*hits->pending), by_beginning);
	for (uint32_t i = 0; i < hits->nr_pending; i++) {
		const struct pending *pending = hits->pending[i];
		const struct monitor_hit hit = {
			.kind = pending->kind,
			.episode = pending->episode,
			.activation = pending->kind == MONITOR_HIT_WAIT ? NULL : &pending->activation,
			.number = ++hits->count,
		};

		if (on_hit)
			on_hit(&hit, arg);
	}
	free_pending(hits);
	hits->count += hits->nr_overflown;
	hits->nr_dropped += hits->nr_overflown;
	hits->nr_overflown = 0;
	return nr;
}

void hits_recycle(struct hits *hits, const struct recycle_map *map)
{
	assert(!hits->nr_pending);
	for (uint32_t i = 0; i < map->nr_tasks && i < hits->nr_told; i++) {
		if (map->verdicts[i] != RECYCLE_KEEP)
			hits->told_at[i] = 0;
	}
	for (uint32_t i = 0; i < map->nr_tasks && i < hits->nr_verdicts; i++) {
		if (map->verdicts[i] != RECYCLE_KEEP)
			hits->verdicts[i] = NOT_ASKED;
	}
	for (uint32_t i = 0; i < hits->nr_timer_waits; i++)
		longest_recycle_copy(hits->timer_waits[i].episode, map);
}

uint64_t hits_count(const struct hits *hits)
{
	return hits->count;
}

uint64_t hits_dropped(const struct hits *hits)
{
	return hits->nr_dropped;
}
