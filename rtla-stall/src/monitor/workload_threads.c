// SPDX-License-Identifier: GPL-2.0-only
#include "workload_threads.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../source/live_tracefs.h"
#include "../util/child.h"
#include "../util/cleanup.h"
#include "../util/error.h"
#include "../util/parse.h"
#include "monitor_params.h"
#include "workload_sched.h"

#define END_MS 1000
#define DEFAULT_RT_PRIORITY 95	/* as the kernel's own threads of timerlat */

struct thread {
	struct child child;
	uint32_t cpu;
	bool is_up;
};

struct workload_threads {
	struct workload_threads_setting setting;
	uint32_t nr_threads;
	struct thread *threads;
};

/* What a process begins with. */
struct task {
	const struct workload_threads_setting *setting;
	uint32_t cpu;
};

/* ---- the processes ---------------------------------------------------------------------------- */

static int pin(uint32_t cpu, struct error *err)
{
	struct cpu_list only = { { 0 } };
	int result;

	only.bits[cpu / 64] = UINT64_C(1) << cpu % 64;
	result = workload_sched_confine(&only);
	return result ? error_set(err, result, "pinning it: %s", strerror(-result)) : 0;
}

/* Return: a file, or a negative errno with words in @err */
static int open_timer(uint32_t cpu, struct error *err)
{
	char root[LIVE_PATH_MAX];
	char name[64];
	char path[LIVE_PATH_MAX];
	int result = live_tracefs_find(root, err);
	int fd;

	if (result)
		return result;
	snprintf(name, sizeof(name), "osnoise/per_cpu/cpu%u/timerlat_fd", cpu);
	if (!live_tracefs_path(path, root, name))
		return error_set(err, -ENAMETOOLONG, "%s: %s", root, strerror(ENAMETOOLONG));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "%.120s: %s%s", path, strerror(errno),
				 errno == EBUSY ? " (another program has it open)" : "");
	return fd;
}

static int set_up_user(const struct task *task, int cgroup, struct error *err)
{
	static const struct monitor_sched by_default = { .policy = SCHED_FIFO,
							 .rt_priority = DEFAULT_RT_PRIORITY };
	const struct monitor_sched *sched = task->setting->sched;
	int result = cgroup >= 0 ? workload_sched_move(cgroup, 0, err) : 0;

	/* In this order: a thread of SCHED_DEADLINE cannot be pinned any more. */
	if (!result)
		result = pin(task->cpu, err);
	if (!result)
		result = workload_sched_apply(0, sched ? sched : &by_default, err);
	return result ? result : open_timer(task->cpu, err);
}

static void run_user(int fd, int cgroup, void *arg)
{
	const struct task *task = arg;
	struct error err = { 0 };
	char room[64];
	int timer;

	if (child_await(fd))
		return;
	timer = set_up_user(task, cgroup, &err);
	if (timer < 0)
		error_prefix(&err, "timerlat's thread of CPU %u: ", task->cpu);
	child_say(fd, &err, sizeof(err));
	if (timer < 0)
		return;
	/* Every read is one activation; it returns when the next one begins. */
	while (read(timer, room, sizeof(room)) >= 0 || errno == EINTR)
		;
	error_set(&err, -errno, "timerlat's thread of CPU %u: %s", task->cpu,
		  errno == EINVAL ? "it was moved to another CPU" : strerror(errno));
	child_say(fd, &err, sizeof(err));
}

struct seeing {
	const struct workload_threads_setting *setting;
	int cgroup;
};

static int see_to(pid_t tid, void *arg, struct error *err)
{
	const struct seeing *seeing = arg;
	int result = 0;

	if (seeing->cgroup >= 0)
		result = workload_sched_move(seeing->cgroup, tid, err);
	if (!result && seeing->setting->sched)
		result = workload_sched_apply(tid, seeing->setting->sched, err);
	return result;
}

static void run_kernel(int fd, int cgroup, void *arg)
{
	const struct task *task = arg;
	const struct workload_threads_setting *setting = task->setting;
	struct seeing seeing = { setting, cgroup };
	struct error err = { 0 };

	if (child_await(fd))
		return;
	if (!workload_sched_find(setting->kernel_name, setting->cpus, see_to, &seeing, &err))
		error_set(&err, -ESRCH, "there is no thread %s/N of the kernel", setting->kernel_name);
	if (err.code)
		error_prefix(&err, "the threads of %s: ", setting->kernel_name);
	child_say(fd, &err, sizeof(err));
}

/* ---- make and unmake -------------------------------------------------------------------------- */

static int make(const struct workload_threads *threads, struct thread *thread, struct error *err)
{
	bool is_user = !threads->setting.kernel_name;
	struct task task = { &threads->setting, thread->cpu };
	char name[16];

	if (is_user)
		snprintf(name, sizeof(name), "timerlatu/%u", thread->cpu);
	else
		snprintf(name, sizeof(name), "rtla-stall/wl");
	return child_start(is_user ? run_user : run_kernel, threads->setting.cgroup, &task, name,
			   &thread->child, err);
}

static int add(struct workload_threads *threads, uint32_t cpu, struct error *err)
{
	struct thread *more = reallocarray(threads->threads, threads->nr_threads + 1, sizeof(*more));
	int result;

	if (!more)
		return error_set(err, -ENOMEM, "out of memory");
	threads->threads = more;
	more[threads->nr_threads] = (struct thread){ .child = CHILD_NONE, .cpu = cpu };
	result = make(threads, &more[threads->nr_threads], err);
	if (!result)
		threads->nr_threads++;
	return result;
}

static bool is_on(uint32_t cpu)
{
	char path[64];
	__cleanup_fclose FILE *file = NULL;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
	if (access(path, F_OK))
		return false;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	file = fopen(path, "re");
	return !file || fgetc(file) == '1';
}

int workload_threads_create(const struct workload_threads_setting *setting, struct workload_threads **ret,
			    struct error *err)
{
	struct workload_threads *threads = calloc(1, sizeof(*threads));
	long configured = sysconf(_SC_NPROCESSORS_CONF);
	uint32_t nr_cpus = configured > 0 && configured < ENGINE_MAX_CPUS ? (uint32_t)configured :
									     ENGINE_MAX_CPUS;
	int result = 0;

	if (!threads)
		return error_set(err, -ENOMEM, "out of memory");
	threads->setting = *setting;
	if (setting->kernel_name)
		result = add(threads, 0, err);
	/* A CPU that is not there or off is complained of by who sets tracing up. */
	for (uint32_t cpu = 0; !setting->kernel_name && !result && cpu < nr_cpus; cpu++) {
		if ((!setting->cpus || parse_cpus_has(setting->cpus, cpu)) && is_on(cpu))
			result = add(threads, cpu, err);
	}
	if (result) {
		workload_threads_destroy(threads);
		return result;
	}
	*ret = threads;
	return 0;
}

void workload_threads_destroy(struct workload_threads *threads)
{
	if (!threads)
		return;
	/* first all at once, so that they are waited for together */
	for (uint32_t i = 0; i < threads->nr_threads; i++) {
		if (threads->threads[i].child.pid)
			kill(threads->threads[i].child.pid, SIGKILL);
	}
	for (uint32_t i = 0; i < threads->nr_threads; i++)
		child_end(&threads->threads[i].child, END_MS);
	free(threads->threads);
	free(threads);
}

/* ---- meanwhile -------------------------------------------------------------------------------- */

static int let_go(const struct thread *thread, struct error *err)
{
	int result = child_tell(&thread->child);

	return result ? error_set(err, result, "starting the workload's thread of CPU %u: %s", thread->cpu,
				  strerror(-result)) : 0;
}

int workload_threads_start(struct workload_threads *threads, struct error *err)
{
	int result = 0;

	for (uint32_t i = 0; !result && i < threads->nr_threads; i++)
		result = let_go(&threads->threads[i], err);
	return result;
}

/* The end of a thread's process, when it said no reason. */
static int judge_end(const struct workload_threads *threads, const struct thread *thread, int status,
		     struct error *err)
{
	if (threads->setting.kernel_name && thread->is_up)
		return 0;
	/*
	 * It cannot wait for its CPU: when that comes back, the kernel (6.12) makes a thread of its own
	 * beside, and crashes when the tracer ends.
	 */
	if (!threads->setting.kernel_name && !is_on(thread->cpu))
		return error_set(err, -ENODEV, "CPU %u was switched off, and timerlat's thread of user space "
				 "ended with it; threads of the kernel (-k) can go on", thread->cpu);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return error_set(err, -ECANCELED, "timerlat's thread of CPU %u was killed", thread->cpu);
	return error_set(err, -ECHILD, "the process for the workload of CPU %u ended early", thread->cpu);
}

static int check(const struct workload_threads *threads, struct thread *thread, struct error *err)
{
	struct error said;
	int status = 0;
	ssize_t size;

	if (!thread->child.pid)
		return 0;
	while ((size = child_hear(&thread->child, &said, sizeof(said))) > 0) {
		if (size != (ssize_t)sizeof(said))
			return error_set(err, -EPROTO, "the workload of CPU %u: %s", thread->cpu,
					 strerror(EPROTO));
		if (said.code)
			return error_set(err, said.code, "%.*s", (int)sizeof(said.text), said.text);
		thread->is_up = true;
	}
	if (!size || !child_reap(&thread->child, &status))
		return 0;
	return judge_end(threads, thread, status, err);
}

int workload_threads_check(struct workload_threads *threads, struct error *err)
{
	int result = 0;

	for (uint32_t i = 0; !result && i < threads->nr_threads; i++)
		result = check(threads, &threads->threads[i], err);
	return result;
}

bool workload_threads_has(const struct workload_threads *threads, int32_t tid)
{
	for (uint32_t i = 0; i < threads->nr_threads; i++) {
		if (threads->threads[i].child.pid == tid)
			return true;
	}
	return false;
}

bool workload_threads_are_up(const struct workload_threads *threads)
{
	for (uint32_t i = 0; i < threads->nr_threads; i++) {
		if (!threads->threads[i].is_up)
			return false;
	}
	return true;
}
