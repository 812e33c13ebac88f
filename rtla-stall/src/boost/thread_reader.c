// SPDX-License-Identifier: GPL-2.0-only
#include "thread_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../util/array.h"
#include "../util/clock.h"
#include "../util/detach.h"
#include "../util/error.h"
#include "sched_sys.h"

#define STACK_BYTES (64u << 10)
#define END_MS 100
#define KTHREADD 2		/* it sleeps, nearly always */
#define MASK_BYTES 2048		/* 16384 CPUs */
#define PRIO_OF_NICE 120

struct thread_reader {
	char *proc;
	int proc_fd;
	pid_t owner;		/* who has opened it, and whose thread it is */
	bool has_wchan;
	bool has_thread;
	bool hangs;		/* nobody will answer, or nobody has yet */
	uint64_t nr_hangs;
	pthread_t thread;
	bool is_deadline;	/* who started it */
	int ask_fd;
	int answer_fd;
	/* the thread's, from being asked to the answer */
	bool is_ending;
	int32_t tid;
	int result;
	struct proc_thread found;
	unsigned long cpus[MASK_BYTES / sizeof(long)];	/* where it was sent last */
};

/* ---- the thread that may hang ----------------------------------------------------------------- */

static void *run(void *arg)
{
	const struct sched_param high = { .sched_priority = SCHED_SYS_OWN_PRIORITY };
	struct thread_reader *reader = arg;
	const int kept[] = { reader->proc_fd, reader->ask_fd, reader->answer_fd };
	uint64_t one = 1;
	uint64_t asked;

	/* where that cannot be had, who waits for our end waits for the hang's */
	(void)detach_thread_files(kept, NR_ELEMENTS(kept));
	if (reader->is_deadline)
		sched_setscheduler(0, SCHED_FIFO, &high);
	for (;;) {
		if (read(reader->ask_fd, &asked, sizeof(asked)) != sizeof(asked)) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (reader->is_ending)
			break;
		reader->result = proc_read_stat(reader->proc_fd, reader->tid, &reader->found);
		if (write(reader->answer_fd, &one, sizeof(one)) != sizeof(one))
			break;
	}
	return NULL;
}

/* A fork takes no thread along, and may have closed what was open. */
static void open_again(struct thread_reader *reader)
{
	if (reader->owner == getpid())
		return;
	reader->owner = getpid();
	reader->proc_fd = open(reader->proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	reader->has_thread = false;
	reader->hangs = false;
}

static int start(struct thread_reader *reader)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;
	int code = pthread_attr_init(&attributes);

	if (code)
		return code;
	reader->is_deadline = (sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_SYS_DEADLINE;
	reader->ask_fd = eventfd(0, EFD_CLOEXEC);
	reader->answer_fd = eventfd(0, EFD_CLOEXEC);
	code = reader->ask_fd < 0 || reader->answer_fd < 0 ? errno :
	       pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (!code) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		code = pthread_create(&reader->thread, &attributes, run, reader);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	pthread_attr_destroy(&attributes);
	reader->has_thread = !code;
	if (code) {
		if (reader->ask_fd >= 0)
			close(reader->ask_fd);
		if (reader->answer_fd >= 0)
			close(reader->answer_fd);
		reader->ask_fd = reader->answer_fd = -1;
	}
	return code;
}

/* ---- asking it -------------------------------------------------------------------------------- */

/* Return: whether the answer has come. */
static bool await_answer(const struct thread_reader *reader, int wait_ms)
{
	struct pollfd wait = { .fd = reader->answer_fd, .events = POLLIN };
	int64_t until_ms = (int64_t)clock_mono_ms() + wait_ms;
	int64_t left_ms = wait_ms;
	uint64_t answered;
	int result;

	do {
		result = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);
		left_ms = until_ms - (int64_t)clock_mono_ms();
	} while (result < 0 && errno == EINTR && left_ms > 0);
	return result > 0 && read(reader->answer_fd, &answered, sizeof(answered)) == sizeof(answered);
}

static void ask(const struct thread_reader *reader)
{
	uint64_t one = 1;
	ssize_t written = write(reader->ask_fd, &one, sizeof(one));

	(void)written;
}

/* Who asks may have left a CPU on which nobody can run in time; its thread, which sleeps, goes with it. */
static void take_along(struct thread_reader *reader)
{
	unsigned long cpus[MASK_BYTES / sizeof(long)];
	long size = syscall(SYS_sched_getaffinity, 0, sizeof(cpus), cpus);

	if (size <= 0 || !memcmp(cpus, reader->cpus, (size_t)size))
		return;
	memcpy(reader->cpus, cpus, (size_t)size);
	(void)pthread_setaffinity_np(reader->thread, (size_t)size, (const cpu_set_t *)cpus);
}

bool thread_reader_is_kernel(int32_t tid)
{
	return !getpgid(tid);
}

int thread_reader_stat(struct thread_reader *reader, int32_t tid, struct proc_thread *ret)
{
	open_again(reader);
	if (!thread_reader_is_kernel(tid))
		return proc_read_task_stat(reader->proc_fd, tid, ret);
	/* an answer that comes late is to a question of before */
	if (reader->has_thread && thread_reader_hangs(reader))
		return -ETIMEDOUT;
	reader->hangs = !reader->has_thread && start(reader);
	if (reader->hangs)
		return -ETIMEDOUT;
	take_along(reader);
	reader->tid = tid;
	ask(reader);
	reader->hangs = !await_answer(reader, THREAD_READER_WAIT_MS);
	if (reader->hangs) {
		reader->nr_hangs++;
		return -ETIMEDOUT;
	}
	*ret = reader->found;
	return reader->result;
}

/* ---- without it ------------------------------------------------------------------------------- */

bool thread_reader_says_asleep(const char *wchan)
{
	return *wchan && strcmp(wchan, "0");
}

static bool read_wchan(const struct thread_reader *reader, int32_t tid)
{
	char text[128];
	char path[32];

	snprintf(path, sizeof(path), "%d/wchan", tid);
	return proc_read_file(reader->proc_fd, path, text, sizeof(text)) >= 0 &&
	       thread_reader_says_asleep(text);
}

bool thread_reader_is_asleep(struct thread_reader *reader, int32_t tid)
{
	return reader->has_wchan && read_wchan(reader, tid);
}

bool thread_reader_has_wchan(const struct thread_reader *reader)
{
	return reader->has_wchan;
}

/* "kworker/1:1 (123, #threads: 1)": the name that the kernel itself goes by, without what is added to it */
static bool read_comm(const struct thread_reader *reader, int32_t tid, char comm[COMM_LEN])
{
	char text[128];
	char path[32];
	const char *end;

	snprintf(path, sizeof(path), "%d/sched", tid);
	if (proc_read_file(reader->proc_fd, path, text, sizeof(text)) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	end = strrchr(text, '(');
	if (!end || end - text < 2 || end - text > COMM_LEN)
		return false;
	memset(comm, 0, COMM_LEN);
	memcpy(comm, text, (size_t)(end - text) - 1);
	return true;
}

int thread_reader_scheduling(int32_t tid, struct proc_thread *ret)
{
	struct sched_param param;
	int policy = sched_getscheduler(tid);

	if (policy < 0 || sched_getparam(tid, &param))
		return -errno;
	errno = 0;
	ret->nice = getpriority(PRIO_PROCESS, (id_t)tid);
	if (ret->nice == -1 && errno)
		return -errno;
	ret->policy = (uint32_t)policy & ~(uint32_t)SCHED_RESET_ON_FORK;
	ret->rt_priority = (uint32_t)param.sched_priority;
	ret->prio = ret->policy == SCHED_SYS_DEADLINE ? -1 :
		    ret->rt_priority ? 99 - (int32_t)ret->rt_priority : PRIO_OF_NICE + ret->nice;
	return 0;
}

/* Return: whether there is one CPU it may run on, and which. */
static bool read_cpu(int32_t tid, uint32_t *cpu)
{
	unsigned char mask[MASK_BYTES] __attribute__((aligned(sizeof(long)))) = { 0 };
	long size = syscall(SYS_sched_getaffinity, tid, sizeof(mask), mask);
	uint32_t nr = 0;

	for (uint32_t i = 0; size > 0 && i < (uint32_t)size * 8; i++) {
		if (!(mask[i / 8] >> i % 8 & 1))
			continue;
		*cpu = i;
		nr++;
	}
	return nr == 1;
}

static int read_without_stat(struct thread_reader *reader, int32_t tid, const struct proc_thread *known,
			     struct proc_thread *ret)
{
	struct proc_thread thread = { .tid = tid, .state = 'R', .is_kthread = true, .nr_threads = 1 };
	int result = thread_reader_scheduling(tid, &thread);

	if (result)
		return result;
	thread.is_bound = read_cpu(tid, &thread.cpu);
	if (known) {
		thread.cpu = known->cpu;
		thread.start_ticks = known->start_ticks;
		memcpy(thread.comm, known->comm, sizeof(thread.comm));
	} else if (!thread.is_bound || !read_comm(reader, tid, thread.comm)) {
		return -ETIMEDOUT;
	}
	thread.is_worker = true;	/* it may be one: a rescuer by any name */
	if (thread_reader_is_asleep(reader, tid))
		thread.state = 'S';
	*ret = thread;
	return 0;
}

int thread_reader_any(struct thread_reader *reader, int32_t tid, const struct proc_thread *known,
		      struct proc_thread *ret)
{
	int result = thread_reader_stat(reader, tid, ret);

	return result && result != -ESRCH && thread_reader_is_kernel(tid) ?
	       read_without_stat(reader, tid, known, ret) : result;
}

/* ---- beginning and end ------------------------------------------------------------------------ */

int thread_reader_create(const char *proc, struct thread_reader **ret, struct error *err)
{
	struct thread_reader *reader = calloc(1, sizeof(*reader));
	int code;

	if (reader)
		reader->proc = strdup(proc);
	if (!reader || !reader->proc) {
		free(reader);
		return error_set(err, -ENOMEM, "out of memory");
	}
	reader->proc_fd = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (reader->proc_fd < 0) {
		code = -errno;
		free(reader->proc);
		free(reader);
		return error_set(err, code, "%s: %s", proc, strerror(-code));
	}
	reader->owner = getpid();
	reader->ask_fd = -1;
	reader->answer_fd = -1;
	reader->has_wchan = read_wchan(reader, KTHREADD);
	*ret = reader;
	return 0;
}

static bool end_thread(struct thread_reader *reader)
{
	if (reader->owner != getpid() || !reader->has_thread)
		return true;
	/* it still uses what is here */
	if (reader->hangs && !await_answer(reader, END_MS)) {
		pthread_detach(reader->thread);
		return false;
	}
	reader->is_ending = true;
	ask(reader);
	return !pthread_join(reader->thread, NULL);
}

void thread_reader_destroy(struct thread_reader *reader)
{
	if (!reader || !end_thread(reader))
		return;
	close(reader->proc_fd);
	if (reader->ask_fd >= 0)
		close(reader->ask_fd);
	if (reader->answer_fd >= 0)
		close(reader->answer_fd);
	free(reader->proc);
	free(reader);
}

int thread_reader_fd(const struct thread_reader *reader)
{
	return reader->proc_fd;
}

uint64_t thread_reader_nr_hangs(const struct thread_reader *reader)
{
	return reader->nr_hangs;
}

bool thread_reader_hangs(struct thread_reader *reader)
{
	if (reader->hangs && reader->owner == getpid() && reader->has_thread && await_answer(reader, 0))
		reader->hangs = false;
	return reader->hangs;
}
