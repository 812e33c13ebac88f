// SPDX-License-Identifier: GPL-2.0-only
#include "proc_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../util/clock.h"
#include "../util/error.h"
#include "../util/parse.h"
#include "proc_idle.h"
#include "proc_occupants.h"
#include "proc_walk.h"
#include "thread_reader.h"

#define ROOM_LEAST 4096u
#define USER_AGAIN 16u		/* a tid of a user thread may be a kernel thread's by now */
#define NOT_READY UINT32_MAX

struct entry {
	int32_t tid;
	uint32_t cpu;
	uint32_t look;		/* it was there */
	uint32_t ready;		/* its place in ready[]; NOT_READY */
	uint64_t start_ticks;
	uint64_t run_ns;
	uint64_t nr_switched_in;
	int32_t prio;
	char comm[COMM_LEN];
	bool is_known;		/* it was read at least once */
	bool is_kthread;
	bool stays;		/* bound to that CPU: while the CPU is idle, it does not wait */
};

struct proc_watch {
	struct proc_watch_config config;
	struct thread_reader *reader;
	int proc_fd;		/* the reader's */
	uint32_t look;
	uint32_t room;
	uint32_t nr_entries;
	struct entry *entries;
	uint32_t nr_slots;
	uint32_t *slots;	/* open addressing by tid: an entry's number and one; 0 free */
	uint32_t nr_ready;
	uint32_t *ready;	/* numbers of entries */
	uint32_t nr_cpus;
	struct proc_idle *idle;
	struct proc_occupants *occupants;
	const struct cpu_list *asked;	/* while they are looked for */
	struct proc_walk walk;
	struct proc_watch_cost cost;
	enum proc_watch_known (*know)(int32_t tid, struct proc_thread *ret, void *arg);
	void *know_arg;
};

/* ---- the table -------------------------------------------------------------------------------- */

static uint32_t slot_of(const struct proc_watch *watch, int32_t tid)
{
	uint32_t slot = (uint32_t)tid * 2654435761u & (watch->nr_slots - 1);

	while (watch->slots[slot] && watch->entries[watch->slots[slot] - 1].tid != tid)
		slot = (slot + 1) & (watch->nr_slots - 1);
	return slot;
}

static struct entry *find_or_add(struct proc_watch *watch, int32_t tid)
{
	uint32_t slot = slot_of(watch, tid);

	if (watch->slots[slot])
		return &watch->entries[watch->slots[slot] - 1];
	if (watch->nr_entries == watch->room) {
		watch->cost.nr_left_out++;
		return NULL;
	}
	watch->entries[watch->nr_entries] = (struct entry){ .tid = tid, .ready = NOT_READY };
	watch->slots[slot] = ++watch->nr_entries;
	return &watch->entries[watch->nr_entries - 1];
}

/* Forget threads that are gone, when the table is getting full. */
static void make_room(struct proc_watch *watch)
{
	uint32_t nr_kept = 0;

	if (watch->nr_entries < watch->room / 4 * 3)
		return;
	memset(watch->slots, 0, watch->nr_slots * sizeof(*watch->slots));
	for (uint32_t i = 0; i < watch->nr_entries; i++) {
		const struct entry *entry = &watch->entries[i];

		if (entry->look != watch->look)
			continue;
		watch->entries[nr_kept] = *entry;
		entry = &watch->entries[nr_kept++];
		if (entry->ready != NOT_READY)
			watch->ready[entry->ready] = nr_kept - 1;
	}
	watch->nr_entries = nr_kept;
	for (uint32_t i = 0; i < nr_kept; i++)
		watch->slots[slot_of(watch, watch->entries[i].tid)] = i + 1;
}

static void set_ready(struct proc_watch *watch, struct entry *entry)
{
	entry->ready = watch->nr_ready;
	watch->ready[watch->nr_ready++] = (uint32_t)(entry - watch->entries);
}

/* As it was when it was read last. */
static struct proc_thread shown_before(const struct entry *entry)
{
	struct proc_thread thread = {
		.tid = entry->tid,
		.prio = entry->prio,
		.cpu = entry->cpu,
		.is_kthread = entry->is_kthread,
		.start_ticks = entry->start_ticks,
	};

	memcpy(thread.comm, entry->comm, sizeof(thread.comm));
	return thread;
}

static void set_not_ready(struct proc_watch *watch, struct entry *entry)
{
	watch->ready[entry->ready] = watch->ready[--watch->nr_ready];
	watch->entries[watch->ready[entry->ready]].ready = entry->ready;
	entry->ready = NOT_READY;
}

static void set_ended(struct proc_watch *watch, struct entry *entry)
{
	const struct proc_thread ended = shown_before(entry);

	set_not_ready(watch, entry);
	if (watch->config.on_ended)
		watch->config.on_ended(&ended, watch->config.arg);
}

/* ---- looking ---------------------------------------------------------------------------------- */

/* Is anybody ready but us? The kernel's own count costs one small file. */
static bool is_quiet(const struct proc_watch *watch)
{
	char text[128];
	const char *at;

	if (watch->nr_ready || proc_read_file(watch->proc_fd, "loadavg", text, sizeof(text)) < 0)
		return false;
	at = strchr(text, '/');
	while (at && at > text && at[-1] != ' ')
		at--;
	return at && strtol(at, NULL, 10) <= 1;
}

static bool is_on_watched_cpu(const struct proc_watch *watch, uint32_t cpu)
{
	return cpu < ENGINE_MAX_CPUS && (!watch->config.cpus || parse_cpus_has(watch->config.cpus, cpu));
}

static bool can_be_left_out(const struct proc_watch *watch, const struct entry *entry)
{
	if (!entry->is_known || entry->ready != NOT_READY)
		return false;
	if (!entry->is_kthread && !watch->config.wants_user_threads)
		return (watch->look + (uint32_t)entry->tid) % USER_AGAIN;
	return entry->stays && proc_idle_was_idle(watch->idle, entry->cpu);
}

static void learn(struct entry *entry, const struct proc_thread *thread)
{
	entry->is_known = true;
	entry->is_kthread = thread->is_kthread;
	/* unbound workers are bound as well, to as many CPUs as the pool has */
	entry->stays = thread->is_bound && strncmp(thread->comm, "kworker/u", 9);
	entry->cpu = thread->cpu;
	entry->prio = thread->prio;
	entry->start_ticks = thread->start_ticks;
	memcpy(entry->comm, thread->comm, sizeof(entry->comm));
}

static bool has_run(const struct entry *entry, const struct proc_thread *thread)
{
	/* 0: its stat could not be read */
	bool is_other = entry->start_ticks && thread->start_ticks &&
			entry->start_ticks != thread->start_ticks;

	return is_other || entry->run_ns != thread->run_ns ||
	       entry->nr_switched_in != thread->nr_switched_in;
}

static int read_thread(struct proc_watch *watch, const struct entry *entry, int32_t tid,
		       struct proc_thread *ret)
{
	const struct proc_thread before = entry ? shown_before(entry) : (struct proc_thread){ 0 };

	return thread_reader_any(watch->reader, tid, before.is_kthread ? &before : NULL, ret);
}

/* Of a kernel thread that sleeps, stat would tell no more. */
static bool is_asleep(struct proc_watch *watch, const struct entry *entry)
{
	return entry->is_kthread && thread_reader_is_kernel(entry->tid) &&
	       thread_reader_is_asleep(watch->reader, entry->tid);
}

/* Where it may not run, it does not wait, nor keep others from running. */
static bool is_kept_off(int32_t tid, const struct cpu_list *cpus)
{
	uint64_t may_run[ENGINE_MAX_CPUS / 64] = { 0 };
	long size = syscall(SYS_sched_getaffinity, tid, sizeof(may_run), may_run);

	for (long i = 0; i < size / (long)sizeof(*may_run); i++) {
		if (may_run[i] & cpus->bits[i])
			return false;
	}
	return size > 0;
}

/* Without reading its stat. */
static void find_threads(struct proc_watch *watch, int32_t tid, bool *has_threads)
{
	if (has_threads && !thread_reader_is_kernel(tid))
		*has_threads = proc_walk_nr_threads(&watch->walk, tid) > 1;
}

static int look_at(int32_t tid, bool *has_threads, void *arg)
{
	struct proc_watch *watch = arg;
	struct entry *entry = find_or_add(watch, tid);
	struct proc_thread thread;
	bool is_ready;
	int result;

	watch->cost.last_nr_threads++;
	if (!entry)
		return 0;
	entry->look = watch->look;
	if (can_be_left_out(watch, entry))
		return 0;
	if (entry->ready == NOT_READY && watch->config.cpus && is_kept_off(tid, watch->config.cpus)) {
		find_threads(watch, tid, has_threads);
		return 0;
	}
	watch->cost.last_nr_read++;
	if (is_asleep(watch, entry)) {
		if (entry->ready != NOT_READY)
			set_ended(watch, entry);
		return 0;
	}
	result = read_thread(watch, entry, tid, &thread);
	if (result) {
		/* it is gone: nobody was there at this look; or it is as it was, as far as can be told */
		if (result != -ETIMEDOUT)
			entry->look = watch->look - 1;
		return 0;
	}
	if (has_threads)
		*has_threads = watch->config.wants_user_threads && thread.nr_threads > 1;
	is_ready = thread.state == 'R' && (thread.is_kthread || watch->config.wants_user_threads) &&
		   is_on_watched_cpu(watch, thread.cpu) &&
		   !proc_read_runs(watch->proc_fd, tid, &thread);
	if (entry->ready != NOT_READY && (!is_ready || has_run(entry, &thread)))
		set_ended(watch, entry);
	learn(entry, &thread);
	if (!is_ready || entry->ready != NOT_READY)
		return 0;
	entry->run_ns = thread.run_ns;
	entry->nr_switched_in = thread.nr_switched_in;
	set_ready(watch, entry);
	if (watch->config.on_ready)
		watch->config.on_ready(&thread, watch->config.arg);
	return 0;
}

static int look_at_all(struct proc_watch *watch)
{
	int result;

	watch->look++;
	watch->cost.last_nr_threads = 0;
	watch->cost.last_nr_read = 0;
	proc_idle_read(watch->idle, watch->proc_fd);
	result = proc_walk_all(&watch->walk, look_at, watch);
	if (result)
		return result;
	for (uint32_t i = watch->nr_ready; i-- > 0;) {
		struct entry *entry = &watch->entries[watch->ready[i]];

		if (entry->look != watch->look)
			set_ended(watch, entry);
	}
	make_room(watch);
	return 0;
}

int proc_watch_look(struct proc_watch *watch)
{
	uint64_t before_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	int result = 0;

	watch->cost.nr_looks++;
	if (is_quiet(watch))
		watch->cost.nr_quiet++;
	else
		result = look_at_all(watch);
	watch->cost.last_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before_ns;
	watch->cost.cpu_ns += watch->cost.last_cpu_ns;
	return result;
}

void proc_watch_tell_again(struct proc_watch *watch, int32_t tid)
{
	uint32_t number = watch->slots[slot_of(watch, tid)];

	if (number && watch->entries[number - 1].ready != NOT_READY)
		set_not_ready(watch, &watch->entries[number - 1]);
}

uint32_t proc_watch_nr_ready(const struct proc_watch *watch)
{
	return watch->nr_ready;
}

/* ---- who has the CPUs ------------------------------------------------------------------------- */

static const struct entry *find(const struct proc_watch *watch, int32_t tid)
{
	uint32_t slot = slot_of(watch, tid);

	return watch->slots[slot] ? &watch->entries[watch->slots[slot] - 1] : NULL;
}

/* With many who are ready, those of whom others outrank enough need not be read. */
static bool is_worth_reading(struct proc_watch *watch, int32_t tid)
{
	struct proc_thread known;

	switch (watch->know ? watch->know(tid, &known, watch->know_arg) : PROC_WATCH_UNKNOWN) {
	case PROC_WATCH_WAITS:
		return false;
	case PROC_WATCH_READY:
		return known.cpu < watch->nr_cpus && proc_occupants_wants(watch->occupants, &known);
	default:
		return !is_kept_off(tid, watch->asked);
	}
}

static int find_occupant(int32_t tid, bool *has_threads, void *arg)
{
	struct proc_watch *watch = arg;
	const struct entry *entry = find(watch, tid);
	struct proc_thread thread;

	find_threads(watch, tid, has_threads);
	/* whoever looks runs, and keeps nobody waiting for long */
	if (tid == getpid() || !is_worth_reading(watch, tid) || (entry && is_asleep(watch, entry)) ||
	    read_thread(watch, entry, tid, &thread) || thread.state != 'R' || thread.cpu >= watch->nr_cpus ||
	    !proc_occupants_wants(watch->occupants, &thread) ||
	    proc_read_runs_now(watch->proc_fd, tid, &thread))
		return 0;
	proc_occupants_add(watch->occupants, &thread);
	return 0;
}

void proc_watch_ask(struct proc_watch *watch,
		    enum proc_watch_known (*know)(int32_t tid, struct proc_thread *ret, void *arg),
		    void *arg)
{
	watch->know = know;
	watch->know_arg = arg;
}

int proc_watch_find_occupants(struct proc_watch *watch, const struct cpu_list *cpus)
{
	uint64_t before_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	int result;

	watch->asked = cpus;
	proc_occupants_begin(watch->occupants, cpus);
	result = proc_walk_all(&watch->walk, find_occupant, watch);
	proc_occupants_end(watch->occupants, clock_mono_ns());
	watch->cost.cpu_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - before_ns;
	return result;
}

bool proc_watch_occupant(const struct proc_watch *watch, uint32_t cpu, struct proc_thread *ret)
{
	return proc_occupants_get(watch->occupants, cpu, ret);
}

bool proc_watch_hangs(const struct proc_watch *watch)
{
	return thread_reader_hangs(watch->reader);
}

int proc_watch_read(struct proc_watch *watch, int32_t tid, const struct proc_thread *known,
		    struct proc_thread *ret)
{
	return thread_reader_any(watch->reader, tid, known, ret);
}

int proc_watch_fd(const struct proc_watch *watch)
{
	return watch->proc_fd;
}

struct proc_watch_cost proc_watch_cost(const struct proc_watch *watch)
{
	struct proc_watch_cost cost = watch->cost;

	cost.nr_hangs = thread_reader_nr_hangs(watch->reader);
	return cost;
}

/* ---- making it -------------------------------------------------------------------------------- */

static uint32_t count_threads(int proc_fd)
{
	char text[128];
	const char *at;

	if (proc_read_file(proc_fd, "loadavg", text, sizeof(text)) < 0)
		return 0;
	at = strchr(text, '/');
	return at ? (uint32_t)strtoul(at + 1, NULL, 10) : 0;
}

static int make_tables(struct proc_watch *watch)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);

	watch->room = watch->config.room;
	if (!watch->room)
		watch->room = 4 * count_threads(watch->proc_fd);
	if (watch->room < ROOM_LEAST)
		watch->room = ROOM_LEAST;
	for (watch->nr_slots = 1; watch->nr_slots < 2 * watch->room;)
		watch->nr_slots *= 2;
	watch->nr_cpus = nr_cpus > ENGINE_MAX_CPUS ? ENGINE_MAX_CPUS : nr_cpus > 0 ? (uint32_t)nr_cpus : 1;
	watch->entries = calloc(watch->room, sizeof(*watch->entries));
	watch->slots = calloc(watch->nr_slots, sizeof(*watch->slots));
	watch->ready = calloc(watch->room, sizeof(*watch->ready));
	watch->idle = proc_idle_create(watch->nr_cpus);
	watch->occupants = proc_occupants_create(watch->nr_cpus);
	return watch->entries && watch->slots && watch->ready && watch->idle && watch->occupants ?
	       0 : -ENOMEM;
}

int proc_watch_create(const struct proc_watch_config *config, struct proc_watch **ret,
		      struct error *err)
{
	struct proc_watch *watch = calloc(1, sizeof(*watch));
	struct proc_thread self;
	int result;

	if (!watch)
		return error_set(err, -ENOMEM, "out of memory");
	watch->config = *config;
	result = thread_reader_create(config->proc ? config->proc : "/proc", &watch->reader, err);
	if (result) {
		free(watch);
		return result;
	}
	watch->proc_fd = thread_reader_fd(watch->reader);
	proc_walk_init(&watch->walk, watch->proc_fd);
	if (make_tables(watch))
		result = error_set(err, -ENOMEM, "out of memory");
	else if (proc_read_stat(watch->proc_fd, getpid(), &self))
		result = error_set(err, -EINVAL, "/proc: it does not show this process");
	else if (proc_read_runs(watch->proc_fd, getpid(), &self) || !self.nr_switched_in)
		result = error_set(err, -ENOTSUP, "/proc: this kernel does not count how often threads run "
				   "(CONFIG_SCHED_INFO)");
	if (result) {
		proc_watch_destroy(watch);
		return result;
	}
	*ret = watch;
	return 0;
}

void proc_watch_destroy(struct proc_watch *watch)
{
	if (!watch)
		return;
	thread_reader_destroy(watch->reader);
	proc_occupants_destroy(watch->occupants);
	free(watch->entries);
	free(watch->slots);
	free(watch->ready);
	proc_idle_destroy(watch->idle);
	free(watch);
}
