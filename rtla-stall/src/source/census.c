// SPDX-License-Identifier: GPL-2.0-only
#include "census.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libproc2/pids.h>

#include "../util/error.h"
#include "../util/proc_read.h"

#define PF_WQ_WORKER 0x00000020u	/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000u
#define PRIO_OF_SHOWN 100		/* stat shows prio less this */

/* Each from the stat file alone: others would have libproc2 open more. */
enum column {
	COLUMN_TID, COLUMN_TGID, COLUMN_COMM, COLUMN_FLAGS, COLUMN_STATE, COLUMN_POLICY, COLUMN_PRIORITY,
	COLUMN_CPU, COLUMN_START, COLUMN_TICKS, NR_COLUMNS
};

static enum pids_item items[NR_COLUMNS] = {
	[COLUMN_TID] = PIDS_ID_TID,
	[COLUMN_TGID] = PIDS_ID_TGID,
	[COLUMN_COMM] = PIDS_CMD,
	[COLUMN_FLAGS] = PIDS_FLAGS,
	[COLUMN_STATE] = PIDS_STATE,
	[COLUMN_POLICY] = PIDS_SCHED_CLASS,
	[COLUMN_PRIORITY] = PIDS_PRIORITY,
	[COLUMN_CPU] = PIDS_PROCESSOR,
	[COLUMN_START] = PIDS_TICS_BEGAN,
	[COLUMN_TICKS] = PIDS_TICS_ALL,
};

static int prepare(struct census *census, struct error *err)
{
	struct proc_thread self = { 0 };
	int result;

	if (census->pids)
		return 0;
	census->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (census->proc_fd < 0)
		return error_set(err, -errno, "/proc: %s", strerror(errno));
	result = procps_pids_new(&census->pids, items, NR_COLUMNS);
	if (result < 0) {
		census->pids = NULL;
		close(census->proc_fd);
		return error_set(err, result, "/proc: %s", strerror(-result));
	}
	/* Where the kernel does not count, it says 0; whoever asks has been given a CPU. */
	census->has_runs = !proc_read_runs(census->proc_fd, getpid(), &self) && self.nr_switched_in;
	return 0;
}

static int make_room(struct census *census, size_t nr, struct error *err)
{
	struct census_thread *more;

	if (nr <= census->nr_allocated)
		return 0;
	nr += nr / 4;
	more = reallocarray(census->threads, nr, sizeof(*more));
	if (!more)
		return error_set(err, -ENOMEM, "out of memory");
	census->threads = more;
	census->nr_allocated = nr;
	return 0;
}

static void take_comm(const struct census *census, struct census_thread *thread, const char *shown,
		      unsigned long flags)
{
	size_t length = strlen(shown);
	struct proc_thread exact;

	if (strpbrk(shown, "?.") && !proc_read_stat(census->proc_fd, thread->tid, &exact) &&
	    exact.start_ticks == thread->start_ticks) {
		/* libproc2 shows bytes that are not printable as one of these */
		memcpy(thread->comm, exact.comm, COMM_LEN);
		return;
	}
	if (flags & PF_WQ_WORKER)
		length = proc_read_worker_length(shown, length);
	if (length > COMM_LEN - 1)
		length = COMM_LEN - 1;
	memcpy(thread->comm, shown, length);
}

static void take_thread(const struct census *census, struct census_thread *thread,
			const struct pids_result *row, uint64_t tick_ns)
{
	unsigned long flags = row[COLUMN_FLAGS].result.ul_int;
	struct proc_thread runs = { 0 };

	*thread = (struct census_thread){
		.tid = row[COLUMN_TID].result.s_int,
		.tgid = row[COLUMN_TGID].result.s_int,
		.is_kthread = flags & PF_KTHREAD,
		.state = row[COLUMN_STATE].result.s_ch,
		.policy = (uint32_t)row[COLUMN_POLICY].result.s_int,
		.prio = row[COLUMN_PRIORITY].result.s_int + PRIO_OF_SHOWN,
		.cpu = (uint32_t)row[COLUMN_CPU].result.s_int,
		.start_ticks = row[COLUMN_START].result.ull_int,
		.run_ns = row[COLUMN_TICKS].result.ull_int * tick_ns,
	};
	take_comm(census, thread, row[COLUMN_COMM].result.str ?: "", flags);
	if (census->has_runs && !proc_read_runs(census->proc_fd, thread->tid, &runs)) {
		thread->run_ns = runs.run_ns;
		thread->nr_runs = runs.nr_switched_in;
	}
}

static int compare_tids(const void *left, const void *right)
{
	const struct census_thread *a = left;
	const struct census_thread *b = right;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

int census_take(struct census *census, struct error *err)
{
	uint64_t tick_ns = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
	const struct pids_fetch *fetch;
	size_t nr;
	int result;

	census->nr_threads = 0;
	result = prepare(census, err);
	if (result)
		return result;
	fetch = procps_pids_reap(census->pids, PIDS_FETCH_THREADS_TOO);
	if (!fetch)
		return error_set(err, errno ? -errno : -EIO, "/proc: %s", strerror(errno ? errno : EIO));
	nr = (size_t)fetch->counts->total;
	result = make_room(census, nr, err);
	if (result)
		return result;
	for (size_t i = 0; i < nr; i++)
		take_thread(census, &census->threads[i], fetch->stacks[i]->head, tick_ns);
	census->nr_threads = nr;
	qsort(census->threads, nr, sizeof(*census->threads), compare_tids);
	return 0;
}

const struct census_thread *census_find(const struct census *census, int32_t tid)
{
	const struct census_thread key = { .tid = tid };

	if (!census->nr_threads)
		return NULL;
	return bsearch(&key, census->threads, census->nr_threads, sizeof(key), compare_tids);
}

void census_deinit(struct census *census)
{
	if (census->pids) {
		procps_pids_unref(&census->pids);
		close(census->proc_fd);
	}
	free(census->threads);
	*census = (struct census){ 0 };
}
