// SPDX-License-Identifier: GPL-2.0-only
#include "proc_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../engine/sched_rank.h"
#include "../util/error.h"
#include "../util/parse.h"
#include "proc_list.h"

#define ROOM_LEAST 4096u
#define USER_AGAIN 16u		/* a tid of a user thread may be a kernel thread's by now */
#define CPU_LINE_BYTES 160u
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

struct cpu_state {
	uint64_t idle_ticks;
	bool was_idle;		/* at some time since the look before */
	bool has_occupant;
	int occupant_rank;
	struct proc_thread occupant;
};

struct proc_watch {
	struct proc_watch_config config;
	int proc_fd;
	uint32_t look;
	uint32_t room;
	uint32_t nr_entries;
	struct entry *entries;
	uint32_t nr_slots;
	uint32_t *slots;	/* open addressing by tid: an entry's number and one; 0 free */
	uint32_t nr_ready;
	uint32_t *ready;	/* numbers of entries */
	uint32_t nr_cpus;
	struct cpu_state *cpus;
	char *text;		/* of /proc/stat's first lines */
	size_t text_size;
	struct proc_list processes;
	struct proc_list threads;
	struct proc_watch_cost cost;
	bool (*is_waiting)(const struct proc_thread *thread, void *arg);
	void *waiting_arg;
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

static void set_ended(struct proc_watch *watch, struct entry *entry)
{
	const struct proc_thread ended = {
		.tid = entry->tid,
		.prio = entry->prio,
		.cpu = entry->cpu,
		.is_kthread = entry->is_kthread,
		.start_ticks = entry->start_ticks,
	};
	struct proc_thread thread = ended;
	uint32_t last = watch->ready[--watch->nr_ready];

	watch->ready[entry->ready] = last;
	watch->entries[last].ready = entry->ready;
	entry->ready = NOT_READY;
	memcpy(thread.comm, entry->comm, sizeof(thread.comm));
	if (watch->config.on_ended)
		watch->config.on_ended(&thread, watch->config.arg);
}

/* ---- directories ------------------------------------------------------------------------------ */

/* Hand every thread of a process to @visit. */
static int visit_threads(struct proc_watch *watch, int32_t tgid,
			 int (*visit)(struct proc_watch *watch, int32_t tid, bool *has_threads))
{
	bool has_threads = false;
	int result = visit(watch, tgid, &has_threads);
	char path[32];
	int32_t tid;
	int fd;

	if (result || !has_threads)
		return result;
	snprintf(path, sizeof(path), "%d/task", tgid);
	fd = openat(watch->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	proc_list_init(&watch->threads, fd);
	while (!result && (tid = proc_list_next(&watch->threads)) > 0) {
		if (tid != tgid)
			result = visit(watch, tid, &has_threads);
	}
	close(fd);
	return result;
}

static int visit_all(struct proc_watch *watch,
		     int (*visit)(struct proc_watch *watch, int32_t tid, bool *has_threads))
{
	int result = proc_list_rewind(&watch->processes);
	int32_t tgid = 0;

	while (!result && (tgid = proc_list_next(&watch->processes)) > 0)
		result = visit_threads(watch, tgid, visit);
	return result ? result : tgid;
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

/* "cpu3 user nice system idle iowait ...": idle time stands still where a CPU is never idle. */
static void read_idle(struct proc_watch *watch)
{
	const char *line;

	for (uint32_t i = 0; i < watch->nr_cpus; i++)
		watch->cpus[i].was_idle = false;
	if (proc_read_file(watch->proc_fd, "stat", watch->text, watch->text_size) < 0)
		return;
	for (line = strchr(watch->text, '\n'); line && !strncmp(line, "\ncpu", 4);
	     line = strchr(line + 1, '\n')) {
		unsigned long long idle;
		unsigned long long iowait;
		unsigned int cpu;

		if (sscanf(line, "\ncpu%u %*u %*u %*u %llu %llu", &cpu, &idle, &iowait) != 3 ||
		    cpu >= watch->nr_cpus)
			continue;
		watch->cpus[cpu].was_idle = idle + iowait != watch->cpus[cpu].idle_ticks;
		watch->cpus[cpu].idle_ticks = idle + iowait;
	}
}

static bool is_on_watched_cpu(const struct proc_watch *watch, uint32_t cpu)
{
	if (cpu >= ENGINE_MAX_CPUS)
		return false;
	return !watch->config.cpus || watch->config.cpus->bits[cpu / 64] >> cpu % 64 & 1;
}

static bool can_be_left_out(const struct proc_watch *watch, const struct entry *entry)
{
	if (!entry->is_known || entry->ready != NOT_READY)
		return false;
	if (!entry->is_kthread && !watch->config.wants_user_threads)
		return (watch->look + (uint32_t)entry->tid) % USER_AGAIN;
	return entry->stays && entry->cpu < watch->nr_cpus && watch->cpus[entry->cpu].was_idle;
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
	return entry->start_ticks != thread->start_ticks || entry->run_ns != thread->run_ns ||
	       entry->nr_switched_in != thread->nr_switched_in;
}

static int look_at(struct proc_watch *watch, int32_t tid, bool *has_threads)
{
	struct entry *entry = find_or_add(watch, tid);
	struct proc_thread thread;
	bool is_ready;

	watch->cost.last_nr_threads++;
	if (!entry)
		return 0;
	entry->look = watch->look;
	if (can_be_left_out(watch, entry))
		return 0;
	watch->cost.last_nr_read++;
	if (proc_read_stat(watch->proc_fd, tid, &thread)) {
		/* it is gone: nobody was there at this look */
		entry->look = watch->look - 1;
		return 0;
	}
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

static uint64_t own_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int look_at_all(struct proc_watch *watch)
{
	int result;

	watch->look++;
	watch->cost.last_nr_threads = 0;
	watch->cost.last_nr_read = 0;
	read_idle(watch);
	result = visit_all(watch, look_at);
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
	uint64_t before_ns = own_cpu_ns();
	int result = 0;

	watch->cost.nr_looks++;
	if (is_quiet(watch))
		watch->cost.nr_quiet++;
	else
		result = look_at_all(watch);
	watch->cost.last_cpu_ns = own_cpu_ns() - before_ns;
	watch->cost.cpu_ns += watch->cost.last_cpu_ns;
	return result;
}

uint32_t proc_watch_nr_ready(const struct proc_watch *watch)
{
	return watch->nr_ready;
}

/* ---- who has the CPUs ------------------------------------------------------------------------- */

static int find_occupant(struct proc_watch *watch, int32_t tid, bool *has_threads)
{
	struct proc_thread thread;
	struct cpu_state *cpu;
	int rank;

	if (proc_read_stat(watch->proc_fd, tid, &thread))
		return 0;
	*has_threads = thread.nr_threads > 1;
	if (thread.state != 'R' || thread.cpu >= watch->nr_cpus)
		return 0;
	cpu = &watch->cpus[thread.cpu];
	rank = sched_rank(thread.prio, thread.comm);
	if (cpu->has_occupant && rank < cpu->occupant_rank)
		return 0;
	if (proc_read_runs(watch->proc_fd, tid, &thread) ||
	    (watch->is_waiting && watch->is_waiting(&thread, watch->waiting_arg)))
		return 0;
	/* among equals, the one that got more */
	if (cpu->has_occupant && rank == cpu->occupant_rank && thread.run_ns <= cpu->occupant.run_ns)
		return 0;
	cpu->has_occupant = true;
	cpu->occupant_rank = rank;
	cpu->occupant = thread;
	return 0;
}

void proc_watch_ask(struct proc_watch *watch, bool (*is_waiting)(const struct proc_thread *thread, void *arg),
		    void *arg)
{
	watch->is_waiting = is_waiting;
	watch->waiting_arg = arg;
}

int proc_watch_find_occupants(struct proc_watch *watch)
{
	uint64_t before_ns = own_cpu_ns();
	int result;

	for (uint32_t i = 0; i < watch->nr_cpus; i++)
		watch->cpus[i].has_occupant = false;
	result = visit_all(watch, find_occupant);
	watch->cost.cpu_ns += own_cpu_ns() - before_ns;
	return result;
}

bool proc_watch_occupant(const struct proc_watch *watch, uint32_t cpu, struct proc_thread *ret)
{
	if (cpu >= watch->nr_cpus || !watch->cpus[cpu].has_occupant)
		return false;
	*ret = watch->cpus[cpu].occupant;
	return true;
}

int proc_watch_fd(const struct proc_watch *watch)
{
	return watch->proc_fd;
}

struct proc_watch_cost proc_watch_cost(const struct proc_watch *watch)
{
	return watch->cost;
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
	watch->nr_cpus = nr_cpus > 0 ? (uint32_t)nr_cpus : 1;
	watch->text_size = (watch->nr_cpus + 2) * CPU_LINE_BYTES;
	watch->entries = calloc(watch->room, sizeof(*watch->entries));
	watch->slots = calloc(watch->nr_slots, sizeof(*watch->slots));
	watch->ready = calloc(watch->room, sizeof(*watch->ready));
	watch->cpus = calloc(watch->nr_cpus, sizeof(*watch->cpus));
	watch->text = calloc(1, watch->text_size);
	return watch->entries && watch->slots && watch->ready && watch->cpus && watch->text ? 0 : -ENOMEM;
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
	watch->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	proc_list_init(&watch->processes, watch->proc_fd);
	if (watch->proc_fd < 0)
		result = error_set(err, -errno, "/proc: %s", strerror(errno));
	else if (make_tables(watch))
		result = error_set(err, -ENOMEM, "out of memory");
	else if (proc_read_stat(watch->proc_fd, getpid(), &self))
		result = error_set(err, -EINVAL, "/proc: it does not show this process");
	else if (proc_read_runs(watch->proc_fd, getpid(), &self) || !self.nr_switched_in)
		result = error_set(err, -ENOTSUP, "/proc: this kernel does not count how often threads run "
				   "(CONFIG_SCHED_INFO)");
	else
		result = 0;
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
	if (watch->proc_fd >= 0)
		close(watch->proc_fd);
	free(watch->entries);
	free(watch->slots);
	free(watch->ready);
	free(watch->cpus);
	free(watch->text);
	free(watch);
}
