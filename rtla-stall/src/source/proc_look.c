// SPDX-License-Identifier: GPL-2.0-only
#include "proc_look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../engine/engine.h"
#include "../util/cleanup.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "../util/proc_read.h"

#define STAT_SIZE 1024u
#define STATUS_SIZE 8192u	/* that of 8192 CPUs is about as long */

/* ---- one thread ------------------------------------------------------------------------------- */

/* How often it left a CPU: "voluntary_ctxt_switches:\t12", and the same of "nonvoluntary_". */
static bool read_switches(int proc_fd, int32_t tid, uint64_t *ret)
{
	static const char word[] = "voluntary_ctxt_switches:";
	char text[STATUS_SIZE];
	const char *at = text;
	char path[48];

	*ret = 0;
	snprintf(path, sizeof(path), "%d/task/%d/status", tid, tid);
	if (proc_read_file(proc_fd, path, text, sizeof(text)) < 0)
		return false;
	while ((at = strstr(at, word))) {
		at += strlen(word);
		*ret += strtoull(at, NULL, 10);
	}
	return true;
}

static bool read_runs(int proc_fd, int32_t tid, bool has_runs, uint64_t ticks_ns, struct proc_runs *ret)
{
	struct proc_thread thread = { 0 };

	if (!has_runs) {
		ret->ns = ticks_ns;
		return read_switches(proc_fd, tid, &ret->nr);
	}
	if (proc_read_runs(proc_fd, tid, &thread))
		return false;
	*ret = (struct proc_runs){ .ns = thread.run_ns, .nr = thread.nr_switched_in };
	return true;
}

bool proc_look_closely(int proc_fd, int32_t tid, bool has_runs, uint64_t ticks_ns, struct proc_ready *ret)
{
	struct proc_thread thread = { 0 };
	struct proc_runs before;
	struct proc_runs after;
	char text[STAT_SIZE];
	char path[48];
	int length;

	if (!read_runs(proc_fd, tid, has_runs, ticks_ns, &before))
		return false;
	snprintf(path, sizeof(path), "%d/task/%d/stat", tid, tid);
	length = proc_read_file(proc_fd, path, text, sizeof(text));
	if (length < 0 || !proc_read_parse_stat(text, (size_t)length, &thread) || thread.state != 'R' ||
	    thread.cpu >= ENGINE_MAX_CPUS || !read_runs(proc_fd, tid, has_runs, ticks_ns, &after))
		return false;
	*ret = (struct proc_ready){
		.tid = tid,
		.is_kthread = thread.is_kthread,
		.prio = thread.prio,
		.cpu = thread.cpu,
		.start_ticks = thread.start_ticks,
		.before = before,
		.after = after,
	};
	memcpy(ret->comm, thread.comm, COMM_LEN);
	return true;
}

/* ---- idle CPUs -------------------------------------------------------------------------------- */

static int add_idle(struct proc_idle **cpus, uint32_t *nr_cpus, uint32_t cpu, uint64_t ns)
{
	if (cpu >= *nr_cpus) {
		struct proc_idle *more = reallocarray(*cpus, cpu + 1, sizeof(*more));

		if (!more)
			return -ENOMEM;
		memset(more + *nr_cpus, 0, (cpu + 1 - *nr_cpus) * sizeof(*more));
		*cpus = more;
		*nr_cpus = cpu + 1;
	}
	(*cpus)[cpu] = (struct proc_idle){ .is_online = true, .ns = ns };
	return 0;
}

int proc_look_idle(int proc_fd, struct proc_idle **cpus, uint32_t *nr_cpus, struct error *err)
{
	uint64_t tick_ns = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
	int fd = openat(proc_fd, "stat", O_RDONLY | O_CLOEXEC);
	__cleanup_fclose FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	__cleanup_free struct proc_idle *found = NULL;
	uint32_t nr_found = 0;
	char line[512];

	if (!file)
		return error_set(err, -errno, "/proc/stat: %s", strerror(errno));
	/* The first lines: all CPUs together, after a blank, then those that are online. */
	while (fgets(line, sizeof(line), file) && !strncmp(line, "cpu", 3)) {
		unsigned long long idle;
		unsigned long long iowait;
		unsigned int cpu;

		if (line[3] != ' ' &&
		    sscanf(line, "cpu%7u %*u %*u %*u %llu %llu", &cpu, &idle, &iowait) == 3 &&
		    cpu < ENGINE_MAX_CPUS && add_idle(&found, &nr_found, cpu, (idle + iowait) * tick_ns))
			return error_set(err, -ENOMEM, "out of memory");
	}
	free(*cpus);
	*cpus = found;
	*nr_cpus = nr_found;
	found = NULL;
	return 0;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static int look_at_ready(struct proc_look *look, const struct census_thread *thread, struct error *err)
{
	struct proc_ready *ready;

	if (look->nr_ready == look->nr_ready_allocated) {
		size_t nr = look->nr_ready_allocated ? look->nr_ready_allocated * 2 : 64;
		struct proc_ready *more = reallocarray(look->ready, nr, sizeof(*more));

		if (!more)
			return error_set(err, -ENOMEM, "out of memory");
		look->ready = more;
		look->nr_ready_allocated = nr;
	}
	ready = &look->ready[look->nr_ready];
	if (proc_look_closely(look->census.proc_fd, thread->tid, look->census.has_runs, thread->run_ns,
			      ready) && ready->start_ticks == thread->start_ticks) {
		memcpy(ready->comm, thread->comm, COMM_LEN);
		look->nr_ready++;
	}
	return 0;
}

int proc_look_take(struct proc_look *look, struct error *err)
{
	int32_t self = gettid();
	int result;

	look->from_at = clock_mono_ns();
	look->nr_ready = 0;
	result = census_take(&look->census, err);
	if (!result)
		result = proc_look_idle(look->census.proc_fd, &look->cpus, &look->nr_cpus, err);
	for (size_t i = 0; !result && i < look->census.nr_threads; i++) {
		const struct census_thread *thread = &look->census.threads[i];

		if (thread->state == 'R' && thread->tid != self)
			result = look_at_ready(look, thread, err);
	}
	look->to_at = clock_mono_ns();
	return result;
}

static int compare_tids(const void *left, const void *right)
{
	const struct proc_ready *a = left;
	const struct proc_ready *b = right;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

const struct proc_ready *proc_look_find(const struct proc_look *look, int32_t tid)
{
	const struct proc_ready key = { .tid = tid };

	if (!look->nr_ready)
		return NULL;
	return bsearch(&key, look->ready, look->nr_ready, sizeof(key), compare_tids);
}

void proc_look_deinit(struct proc_look *look)
{
	census_deinit(&look->census);
	free(look->ready);
	free(look->cpus);
	*look = (struct proc_look){ 0 };
}
