// SPDX-License-Identifier: GPL-2.0-only
#include "source_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../util/error.h"
#include "../util/proc_read.h"
#include "proc_compare.h"

#define FIRST_LOOK_NS 50000000u
#define LOOK_NS 150000000u
#define NR_FIRST_LOOKS 5u
#define MOST_NS 1000000000u	/* between looks, however long one takes */
#define SHARE 10u		/* of the time is spent looking, at most: one part in so many */

/* A wait that was handed on and goes on. */
struct found {
	int32_t tid;
	uint64_t start_ticks;
	uint32_t cpu;
	int32_t prio;
	char comm[COMM_LEN];
};

struct source_proc {
	struct source source;
	struct source_proc_options options;
	struct cpu_list nohz_full;
	struct proc_look looks[2];
	uint32_t latest;		/* number of the look taken last */
	uint64_t nr_looks;
	struct proc_verdict verdict;
	struct found *found;		/* in the order of tids */
	size_t nr_found;
	struct proc_occupant *told;	/* who has each CPU, as handed on */
	uint32_t nr_told;
	struct event *events;		/* to be handed on */
	size_t nr_events;
	size_t nr_events_allocated;
	size_t next_event;
	uint64_t due_at;
};

static int out_of_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

/* ---- events ----------------------------------------------------------------------------------- */

static int push(struct source_proc *proc, const struct event *event, struct error *err)
{
	if (proc->nr_events == proc->nr_events_allocated) {
		size_t nr = proc->nr_events ? proc->nr_events * 2 : 64;
		struct event *more = reallocarray(proc->events, nr, sizeof(*more));

		if (!more)
			return out_of_memory(err);
		proc->events = more;
		proc->nr_events_allocated = nr;
	}
	proc->events[proc->nr_events++] = *event;
	return 0;
}

static int push_found(struct source_proc *proc, uint64_t at, enum event_type type, const struct found *found,
		      struct error *err)
{
	struct event event = {
		.at = at, .cpu = found->cpu, .tid = TID_UNKNOWN, .type = (uint8_t)type,
		.found = { .tid = found->tid, .prio = found->prio },
	};

	memcpy(event.found.comm, found->comm, COMM_LEN);
	return push(proc, &event, err);
}

/* In the order of time, then of CPUs; on one CPU an end comes before who runs, and that before who waits. */
static int compare_events(const void *left, const void *right)
{
	static const int ranks[EVENT_NR_TYPES] = {
		[EVENT_FOUND_ENDED] = 0, [EVENT_FOUND_RUNNING] = 1, [EVENT_FOUND_READY] = 2, [EVENT_TICK] = 3,
	};
	const struct event *a = left;
	const struct event *b = right;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->type == EVENT_TICK || b->type == EVENT_TICK)
		return ranks[a->type] - ranks[b->type];
	if (a->cpu != b->cpu)
		return a->cpu < b->cpu ? -1 : 1;
	if (a->type != b->type)
		return ranks[a->type] - ranks[b->type];
	return (a->found.tid > b->found.tid) - (a->found.tid < b->found.tid);
}

/* ---- what has changed ------------------------------------------------------------------------- */

static bool is_same(const struct proc_occupant *a, const struct proc_occupant *b)
{
	if (a->told != b->told)
		return false;
	return a->told != PROC_TOLD_THREAD ||
	       (a->tid == b->tid && a->prio == b->prio && !memcmp(a->comm, b->comm, COMM_LEN));
}

static int tell_occupants(struct source_proc *proc, uint64_t at, struct error *err)
{
	struct proc_occupant *told = proc->told;
	uint32_t nr_cpus = proc->verdict.nr_cpus;

	if (nr_cpus > proc->nr_told) {
		told = reallocarray(told, nr_cpus, sizeof(*told));
		if (!told)
			return out_of_memory(err);
		memset(told + proc->nr_told, 0, (nr_cpus - proc->nr_told) * sizeof(*told));
		proc->told = told;
		proc->nr_told = nr_cpus;
	}
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		const struct proc_occupant *now = &proc->verdict.cpus[cpu];
		struct found found = { .tid = TID_UNKNOWN, .cpu = cpu, .prio = PRIO_UNKNOWN };
		int result;

		if (is_same(&told[cpu], now))
			continue;
		told[cpu] = *now;
		if (now->told == PROC_TOLD_IDLE)
			found.tid = 0;
		if (now->told == PROC_TOLD_THREAD) {
			found.tid = now->tid;
			found.prio = now->prio;
			memcpy(found.comm, now->comm, COMM_LEN);
		}
		result = push_found(proc, at, EVENT_FOUND_RUNNING, &found, err);
		if (result)
			return result;
	}
	return 0;
}

/* Return: NULL when it does not wait any more: it ran, ended, or turns out to be the occupant */
static const struct proc_still *find_waiting(const struct source_proc *proc, const struct found *found)
{
	const struct proc_verdict *verdict = &proc->verdict;
	const struct proc_still *still = proc_verdict_find(verdict, found->tid);
	const struct proc_occupant *occupant;

	if (!still || still->ready->start_ticks != found->start_ticks ||
	    still->ready->cpu >= verdict->nr_cpus)
		return NULL;
	occupant = &verdict->cpus[still->ready->cpu];
	return occupant->told == PROC_TOLD_THREAD && occupant->tid == found->tid ? NULL : still;
}

/* Of the waits that were open, those that are not any more, or elsewhere. */
static int tell_changes(struct source_proc *proc, uint64_t at, struct error *err)
{
	size_t nr_kept = 0;

	for (size_t i = 0; i < proc->nr_found; i++) {
		struct found *found = &proc->found[i];
		const struct proc_still *still = find_waiting(proc, found);
		int result = 0;

		if (!still) {
			result = push_found(proc, at, EVENT_FOUND_ENDED, found, err);
		} else if (still->is_moved) {
			found->cpu = still->ready->cpu;
			result = push_found(proc, at, EVENT_FOUND_READY, found, err);
		}
		if (result)
			return result;
		if (still)
			proc->found[nr_kept++] = *found;
	}
	proc->nr_found = nr_kept;
	return 0;
}

static bool is_found(const struct found *found, size_t nr_found, int32_t tid, size_t *next)
{
	while (*next < nr_found && found[*next].tid < tid)
		++*next;
	return *next < nr_found && found[*next].tid == tid;
}

static int compare_found(const void *left, const void *right)
{
	const struct found *a = left;
	const struct found *b = right;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

static int tell_waits(struct source_proc *proc, uint64_t at, struct error *err)
{
	size_t nr_before = proc->nr_found;
	size_t next = 0;
	size_t nr_most = nr_before + proc->verdict.nr_stills + 1;
	struct found *more = reallocarray(proc->found, nr_most, sizeof(*more));

	if (!more)
		return out_of_memory(err);
	proc->found = more;
	for (size_t i = 0; i < proc->verdict.nr_stills; i++) {
		const struct proc_still *still = &proc->verdict.stills[i];
		const struct proc_ready *ready = still->ready;
		struct found *found = &proc->found[proc->nr_found];
		int result;

		if (!still->is_waiting || is_found(proc->found, nr_before, ready->tid, &next))
			continue;
		*found = (struct found){
			.tid = ready->tid, .start_ticks = ready->start_ticks, .cpu = ready->cpu,
			.prio = ready->prio,
		};
		memcpy(found->comm, ready->comm, COMM_LEN);
		result = push_found(proc, at, EVENT_FOUND_READY, found, err);
		if (result)
			return result;
		proc->nr_found++;
	}
	qsort(proc->found, proc->nr_found, sizeof(*proc->found), compare_found);
	return 0;
}

/* ---- looking ---------------------------------------------------------------------------------- */

static int take(struct source_proc *proc, struct proc_look *look, struct error *err)
{
	const struct source_proc_options *options = &proc->options;

	return options->take ? options->take(look, options->arg, err) : proc_look_take(look, err);
}

static void set_due(struct source_proc *proc, const struct proc_look *look)
{
	bool is_early = proc->nr_looks < NR_FIRST_LOOKS;
	bool is_soon = is_early || proc->verdict.has_suspects;
	uint64_t pause_ns = is_soon ? proc->options.first_look_ns : proc->options.look_ns;
	uint64_t took_ns = look->to_at - look->from_at;

	if (!is_early && took_ns > pause_ns / SHARE)
		pause_ns = took_ns < MOST_NS / SHARE ? took_ns * SHARE : MOST_NS;
	proc->due_at = look->to_at + pause_ns;
}

static int look_again(struct source_proc *proc, struct error *err)
{
	const struct proc_look *before = &proc->looks[proc->latest];
	struct proc_look *look = &proc->looks[!proc->latest];
	struct event tick = { .type = EVENT_TICK, .tid = TID_UNKNOWN };
	int result = take(proc, look, err);

	if (result)
		return result;
	proc->latest = !proc->latest;
	proc->nr_looks++;
	if (proc_compare(before, look, &proc->nohz_full, &proc->verdict))
		return out_of_memory(err);
	set_due(proc, look);
	proc->nr_events = 0;
	proc->next_event = 0;
	tick.at = look->from_at;
	result = tell_changes(proc, look->from_at, err);
	if (!result)
		result = tell_occupants(proc, before->to_at, err);
	if (!result)
		result = tell_waits(proc, before->to_at, err);
	if (!result)
		result = push(proc, &tick, err);
	if (result)
		return result;
	qsort(proc->events, proc->nr_events, sizeof(*proc->events), compare_events);
	return 0;
}

/* Return: false when a signal ended it early. */
static bool sleep_until(uint64_t at)
{
	struct timespec until = {
		.tv_sec = (time_t)(at / 1000000000u), .tv_nsec = (long)(at % 1000000000u),
	};

	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != EINTR;
}

static int source_proc_next(struct source *src, struct event *event, struct error *err)
{
	struct source_proc *proc = (struct source_proc *)src;
	struct source_info *info = &src->info;

	if (proc->next_event == proc->nr_events) {
		int result;

		if (!sleep_until(proc->due_at)) {
			*event = (struct event){
				.at = info->last_at, .type = EVENT_TICK, .tid = TID_UNKNOWN,
			};
			return 1;
		}
		result = look_again(proc, err);
		if (result)
			return result;
	}
	*event = proc->events[proc->next_event++];
	info->last_at = event->at;
	if (event->type != EVENT_TICK)
		info->nr_events++;
	return 1;
}

static void source_proc_close(struct source *src)
{
	struct source_proc *proc = (struct source_proc *)src;

	proc_look_deinit(&proc->looks[0]);
	proc_look_deinit(&proc->looks[1]);
	proc_verdict_deinit(&proc->verdict);
	free(proc->found);
	free(proc->told);
	free(proc->events);
	free(proc);
}

static const struct source_ops source_proc_ops = {
	.next = source_proc_next,
	.close = source_proc_close,
};

static void read_nohz_full(struct cpu_list *ret)
{
	char text[4096];
	int length = proc_read_file(AT_FDCWD, "/sys/devices/system/cpu/nohz_full", text, sizeof(text));

	*ret = (struct cpu_list){ 0 };
	/* none is an empty line, or "(null)" */
	text[length > 0 ? strcspn(text, "\n") : 0] = '\0';
	if (parse_cpus(text, ret))
		*ret = (struct cpu_list){ 0 };
}

static void fill_info(struct source_proc *proc)
{
	struct source_info *info = &proc->source.info;
	const struct proc_look *look = &proc->looks[0];
	struct utsname name;

	info->format = SOURCE_PROC;
	snprintf(info->clock, sizeof(info->clock), "mono");
	info->nr_cpus = look->nr_cpus;
	info->first_at = look->to_at;
	info->last_at = look->to_at;
	info->events_present = EVENT_BIT(EVENT_FOUND_READY) | EVENT_BIT(EVENT_FOUND_RUNNING) |
			       EVENT_BIT(EVENT_FOUND_ENDED) | EVENT_BIT(EVENT_TICK);
	info->is_preempt_rt = TRI_UNKNOWN;
	info->has_fair_server = TRI_UNKNOWN;
	if (uname(&name))
		return;
	snprintf(info->kernel, sizeof(info->kernel), "%s", name.release);
	info->is_preempt_rt = strstr(name.version, "PREEMPT_RT") ? TRI_YES : TRI_NO;
}

int source_proc_open(const struct source_proc_options *options, struct source **ret, struct error *err)
{
	struct source_proc *proc = calloc(1, sizeof(*proc));
	int result;

	if (!proc)
		return out_of_memory(err);
	proc->source.ops = &source_proc_ops;
	proc->options = *options;
	if (!proc->options.first_look_ns)
		proc->options.first_look_ns = FIRST_LOOK_NS;
	if (!proc->options.look_ns)
		proc->options.look_ns = LOOK_NS;
	read_nohz_full(&proc->nohz_full);
	result = take(proc, &proc->looks[0], err);
	if (result) {
		source_proc_close(&proc->source);
		return result;
	}
	proc->nr_looks = 1;
	set_due(proc, &proc->looks[0]);
	fill_info(proc);
	*ret = &proc->source;
	return 0;
}

uint64_t source_proc_due_at(const struct source *src)
{
	const struct source_proc *proc = (const struct source_proc *)src;

	return proc->next_event < proc->nr_events ? 0 : proc->due_at;
}

const struct census *source_proc_census(const struct source *src)
{
	const struct source_proc *proc = (const struct source_proc *)src;

	return &proc->looks[proc->latest].census;
}
