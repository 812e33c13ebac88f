// SPDX-License-Identifier: GPL-2.0-only
#include "sched_sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "thread_reader.h"

#define RT_RUNTIME_PATH "/proc/sys/kernel/sched_rt_runtime_us"
#define NS_PER_S UINT64_C(1000000000)
#define MASK_BYTES 2048		/* 16384 CPUs */
#define FAIR_SERVER_SINCE 6012	/* kernel 6.12 */
#define FAIR_SERVER_DEFAULT_NS NS_PER_S

enum usage { USAGE_STAT, USAGE_SCHEDSTAT, USAGE_SCHED };

struct real {
	struct sched_sys sys;
	struct thread_reader *reader;
	int rt_runtime_fd;
	bool is_rt_runtime_writable;
	bool has_schedstat;	/* and it counts */
	uint64_t user_tick_ns;	/* of utime and stime */
};

static struct real *real_of(struct sched_sys *sys)
{
	return (struct real *)sys;
}

/* ---- files ------------------------------------------------------------------------------------ */

/* Return: bytes, with a NUL behind them; or a negative errno */
static ssize_t read_fd(int fd, char *text, size_t size)
{
	ssize_t got;

	do {
		got = pread(fd, text, size - 1, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	text[got] = '\0';
	return got;
}

static ssize_t read_path(const char *path, char *text, size_t size)
{
	__cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : read_fd(fd, text, size);
}

static int open_of(int32_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)tid, (int)tid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* ---- attributes ------------------------------------------------------------------------------- */

static int real_get_attr(struct sched_sys *sys, int32_t tid, struct sched_sys_attr *ret)
{
	struct sched_sys_attr attr = { .size = sizeof(attr) };

	(void)sys;
	if (syscall(SYS_sched_getattr, tid, &attr, (unsigned int)sizeof(attr), 0u))
		return -errno;
	*ret = attr;
	return 0;
}

static int real_set_attr(struct sched_sys *sys, int32_t tid, const struct sched_sys_attr *attr)
{
	struct sched_sys_attr given = *attr;

	(void)sys;
	given.size = sizeof(given);
	return syscall(SYS_sched_setattr, tid, &given, 0u) ? -errno : 0;
}

/* ---- threads ---------------------------------------------------------------------------------- */

void sched_sys_thread_init(struct sched_sys_thread *thread)
{
	*thread = (struct sched_sys_thread){ .stat_fd = -1, .usage_fd = -1 };
}

static void real_let_go(struct sched_sys *sys, struct sched_sys_thread *thread)
{
	(void)sys;
	if (thread->stat_fd >= 0)
		close(thread->stat_fd);
	if (thread->usage_fd >= 0)
		close(thread->usage_fd);
	sched_sys_thread_init(thread);
}

/* The file that tells its state: -1 with a kernel thread whose stat the reader is asked for. */
static int open_state(const struct real *real, int32_t tid, bool is_kernel, int *fd)
{
	*fd = -1;
	if (is_kernel && !thread_reader_has_wchan(real->reader))
		return 0;
	*fd = open_of(tid, is_kernel ? "wchan" : "stat");
	if (*fd >= 0)
		return 0;
	return errno == ENOENT ? -ESRCH : errno == ENFILE ? -EMFILE : -errno;
}

static int real_hold(struct sched_sys *sys, int32_t tid, struct sched_sys_thread *ret)
{
	struct real *real = real_of(sys);
	struct sched_sys_thread thread;
	struct proc_thread shown;
	int result;

	sched_sys_thread_init(&thread);
	if (tid <= 0)
		return -ESRCH;
	thread.tid = tid;
	thread.usage = real->has_schedstat ? USAGE_SCHEDSTAT : USAGE_SCHED;
	thread.is_kernel = thread_reader_is_kernel(tid);
	result = open_state(real, tid, thread.is_kernel, &thread.stat_fd);
	if (result)
		return result;
	thread.usage_fd = open_of(tid, thread.usage == USAGE_SCHEDSTAT ? "schedstat" : "sched");
	if (thread.usage_fd < 0 && (errno == EMFILE || errno == ENFILE))
		result = -EMFILE;
	else if (thread.usage_fd < 0 && thread.is_kernel)
		result = errno == ENOENT ? -ESRCH : -errno;
	else if (thread.usage_fd < 0)
		thread.usage = USAGE_STAT;
	/* these files are of one thread: it is this one as long as they can be read */
	if (!result && thread.is_kernel && !thread_reader_stat(real->reader, tid, &shown))
		thread.start_ticks = shown.start_ticks;
	if (result)
		real_let_go(sys, &thread);
	else
		*ret = thread;
	return result;
}

/* proc(5): fields after the name, which may hold anything, and ends in the last parenthesis */
static bool parse_stat(const char *text, struct sched_sys_look *look, uint64_t *ticks)
{
	unsigned long long utime, stime, start;
	const char *end = strrchr(text, ')');

	if (!end || sscanf(end + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu "
				    "%*d %*d %*d %d %*d %*d %llu",
			   &look->state, &utime, &stime, &look->nice, &start) != 5)
		return false;
	look->start_ticks = start;
	*ticks = utime + stime;
	return true;
}

/* /proc/TID/sched: "se.sum_exec_runtime : 219.045628", in ms, and "nr_switches : 12" */
static void parse_sched(const char *text, struct sched_sys_look *look)
{
	const char *line = strstr(text, "se.sum_exec_runtime");
	unsigned long long ms, ns, switches;

	if (line && sscanf(line, "%*[^:]:%llu.%6llu", &ms, &ns) == 2) {
		look->has_cpu_ns = true;
		look->cpu_ns = ms * 1000000 + ns;
	}
	line = strstr(text, "\nnr_switches");
	if (line && sscanf(line, "%*[^:]:%llu", &switches) == 1) {
		look->has_nr_runs = true;
		look->nr_runs = switches;
	}
}

static int look_at_usage(const struct sched_sys_thread *thread, struct sched_sys_look *look)
{
	unsigned long long cpu_ns, nr_runs;
	char text[4096];
	ssize_t size = read_fd(thread->usage_fd, text, sizeof(text));

	if (size <= 0)
		return size ? (int)size : -ESRCH;
	if (thread->usage == USAGE_SCHED) {
		parse_sched(text, look);
	} else if (sscanf(text, "%llu %*u %llu", &cpu_ns, &nr_runs) == 2) {
		look->has_cpu_ns = look->has_nr_runs = true;
		look->cpu_ns = cpu_ns;
		look->nr_runs = nr_runs;
	}
	return 0;
}

static int look_at_stat(struct real *real, const struct sched_sys_thread *thread, struct sched_sys_look *look)
{
	uint64_t ticks;
	char text[1024];
	ssize_t size = read_fd(thread->stat_fd, text, sizeof(text));

	if (size <= 0)
		return size ? (int)size : -ESRCH;
	if (!parse_stat(text, look, &ticks))
		return -EIO;
	look->cpu_ns = ticks * real->user_tick_ns;
	return 0;
}

/* Without its stat, which may not be had for long. */
static int look_at_kernel(struct real *real, const struct sched_sys_thread *thread,
			  struct sched_sys_look *look)
{
	struct proc_thread shown;
	char text[128];
	ssize_t size;

	look->start_ticks = thread->start_ticks;
	look->state = 'R';
	errno = 0;
	look->nice = getpriority(PRIO_PROCESS, (id_t)thread->tid);
	if (look->nice == -1 && errno)
		return -errno;
	if (thread->stat_fd < 0) {
		if (!thread_reader_stat(real->reader, thread->tid, &shown))
			look->state = shown.state;
		return 0;
	}
	size = read_fd(thread->stat_fd, text, sizeof(text));
	if (size < 0)
		return (int)size;
	if (thread_reader_says_asleep(text))
		look->state = 'S';
	return 0;
}

static int real_look(struct sched_sys *sys, const struct sched_sys_thread *thread, struct sched_sys_look *ret)
{
	struct real *real = real_of(sys);
	struct sched_sys_look look = { 0 };
	int result = thread->is_kernel ? look_at_kernel(real, thread, &look) :
					 look_at_stat(real, thread, &look);

	/* last: that it can be read means that it is there, and has been until now */
	if (!result && thread->usage != USAGE_STAT)
		result = look_at_usage(thread, &look);
	if (!result)
		*ret = look;
	return result;
}

static int real_is_confined(struct sched_sys *sys, int32_t tid, bool *ret)
{
	unsigned char mask[MASK_BYTES] __attribute__((aligned(sizeof(long)))) = { 0 };
	long size = syscall(SYS_sched_getaffinity, tid, sizeof(mask), mask);
	long nr = 0;

	(void)sys;
	if (size < 0)
		return -errno;
	for (long i = 0; i < size && i < MASK_BYTES; i++)
		nr += __builtin_popcount(mask[i]);
	*ret = nr < sysconf(_SC_NPROCESSORS_ONLN);
	return 0;
}

/* ---- the whole machine ------------------------------------------------------------------------ */

static int real_get_rt_runtime(struct sched_sys *sys, int64_t *us)
{
	char text[32];
	ssize_t size = read_fd(real_of(sys)->rt_runtime_fd, text, sizeof(text));

	if (size < 0)
		return (int)size;
	*us = strtoll(text, NULL, 10);
	return 0;
}

static int real_set_rt_runtime(struct sched_sys *sys, int64_t us)
{
	struct real *real = real_of(sys);
	char text[32];
	int length = snprintf(text, sizeof(text), "%lld\n", (long long)us);
	ssize_t written;

	if (!real->is_rt_runtime_writable)
		return -EACCES;
	do {
		written = pwrite(real->rt_runtime_fd, text, (size_t)length, 0);
	} while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return written == length ? 0 : -EIO;
}

static uint64_t real_now(struct sched_sys *sys)
{
	(void)sys;
	return clock_mono_ns();
}

static int real_kept_fd(struct sched_sys *sys)
{
	return real_of(sys)->rt_runtime_fd;
}

static void real_close(struct sched_sys *sys)
{
	struct real *real = real_of(sys);

	if (real->rt_runtime_fd >= 0)
		close(real->rt_runtime_fd);
	thread_reader_destroy(real->reader);
	free(real);
}

static const struct sched_sys_ops real_ops = {
	.get_attr = real_get_attr,
	.set_attr = real_set_attr,
	.hold = real_hold,
	.look = real_look,
	.let_go = real_let_go,
	.is_confined = real_is_confined,
	.get_rt_runtime = real_get_rt_runtime,
	.set_rt_runtime = real_set_rt_runtime,
	.now = real_now,
	.kept_fd = real_kept_fd,
	.close = real_close,
};

/* The file is there with the counting compiled in, and all zeros where that is switched off. */
static bool finds_schedstat(void)
{
	unsigned long long cpu_ns, nr_runs;
	char text[128];

	return read_path("/proc/self/schedstat", text, sizeof(text)) > 0 &&
	       sscanf(text, "%llu %*u %llu", &cpu_ns, &nr_runs) == 2 && nr_runs;
}

int sched_sys_open(struct sched_sys **ret, struct error *err)
{
	struct real *real = calloc(1, sizeof(*real));
	long per_second = sysconf(_SC_CLK_TCK);
	int result;

	if (!real)
		return error_set(err, -ENOMEM, "out of memory");
	result = thread_reader_create("/proc", &real->reader, err);
	if (result) {
		free(real);
		return result;
	}
	real->sys.ops = &real_ops;
	real->rt_runtime_fd = open(RT_RUNTIME_PATH, O_RDWR | O_CLOEXEC);
	real->is_rt_runtime_writable = real->rt_runtime_fd >= 0;
	if (real->rt_runtime_fd < 0)
		real->rt_runtime_fd = open(RT_RUNTIME_PATH, O_RDONLY | O_CLOEXEC);
	real->has_schedstat = finds_schedstat();
	real->user_tick_ns = NS_PER_S / (uint64_t)(per_second > 0 ? per_second : 100);
	*ret = &real->sys;
	return 0;
}

/* ---- what the kernel is like ------------------------------------------------------------------ */

static bool has_feature(const char *name)
{
	char text[4096] = "";

	if (read_path("/sys/kernel/debug/sched/features", text, sizeof(text)) <= 0 &&
	    read_path("/sys/kernel/debug/sched_features", text, sizeof(text)) <= 0)
		return false;
	for (char *rest = text, *word; (word = strsep(&rest, " \n"));) {
		if (!strcmp(word, name))
			return true;
	}
	return false;
}

static uint64_t find_fair_server(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname kernel;
	char text[32] = "";

	if (uname(&kernel) || sscanf(kernel.release, "%u.%u", &major, &minor) != 2 ||
	    major * 1000 + minor < FAIR_SERVER_SINCE)
		return 0;
	if (read_path("/sys/kernel/debug/sched/fair_server/cpu0/runtime", text, sizeof(text)) > 0 &&
	    !strtoull(text, NULL, 10))
		return 0;
	if (read_path("/sys/kernel/debug/sched/fair_server/cpu0/period", text, sizeof(text)) > 0 &&
	    strtoull(text, NULL, 10))
		return strtoull(text, NULL, 10);
	return FAIR_SERVER_DEFAULT_NS;
}

void sched_sys_find_facts(struct sched_sys *sys, struct sched_sys_facts *ret)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct timespec tick;
	char text[256] = "";

	*ret = (struct sched_sys_facts){
		.tick_ns = NS_PER_S / 100,
		.rt_runtime_us = 950000,
		.nr_cpus = nr_cpus > 0 ? (uint32_t)nr_cpus : 1,
		.has_hrtick_dl = has_feature("HRTICK_DL"),
		.is_rt_runtime_writable = real_of(sys)->is_rt_runtime_writable,
		.fair_server_ns = find_fair_server(),
	};
	/* the coarse clocks go by ticks */
	if (!clock_getres(CLOCK_MONOTONIC_COARSE, &tick) && tick.tv_nsec)
		ret->tick_ns = (uint64_t)tick.tv_nsec;
	if (sys->ops->get_rt_runtime(sys, &ret->rt_runtime_us))
		ret->is_rt_runtime_writable = false;
	/* "0-3" or "0-3,8-11": the last number is the highest */
	if (read_path("/sys/devices/system/cpu/possible", text, sizeof(text)) > 0) {
		const char *last = text;

		for (const char *byte = text; *byte; byte++) {
			if (*byte == '-' || *byte == ',')
				last = byte + 1;
		}
		ret->nr_cpus = (uint32_t)strtoul(last, NULL, 10) + 1;
	}
}

/* ---- words ------------------------------------------------------------------------------------ */

static bool has_nice_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return !syscall(SYS_capget, &header, caps) && caps[0].effective >> CAP_SYS_NICE & 1;
}

int sched_sys_check(struct error *err)
{
	if (has_nice_capability())
		return 0;
	return error_set(err, -EPERM, "boosting threads needs CAP_SYS_NICE: run it as root, or give it that");
}

int sched_sys_explain(struct sched_sys *sys, int32_t tid, const struct sched_sys_attr *attr, int code,
		      struct error *err)
{
	const char *policy = sched_sys_policy_name(attr->policy);
	bool is_confined = false;
	const char *why = strerror(-code);
	int64_t rt_runtime_us = 0;

	if (code == -EPERM && !has_nice_capability()) {
		why = "it needs CAP_SYS_NICE";
	} else if (code == -EPERM && attr->policy == SCHED_SYS_DEADLINE) {
		why = "a security module or a control group forbids it";
		if (!sys->ops->is_confined(sys, tid, &is_confined) && is_confined &&
		    !sys->ops->get_rt_runtime(sys, &rt_runtime_us) && rt_runtime_us >= 0)
			why = "it may not run on all CPUs: the kernel wants sched_rt_runtime_us to be -1";
	} else if (code == -EPERM) {
		why = "its control group has no real-time share, or a security module forbids it";
	} else if (code == -EBUSY && attr->policy == SCHED_SYS_DEADLINE) {
		why = "no deadline bandwidth is left on its CPUs";
	} else if (code == -EINVAL && attr->policy == SCHED_SYS_DEADLINE) {
		why = "it does not take this period (sched_deadline_period_min_us, _max_us) or runtime";
	} else if (code == -ESRCH) {
		why = "it has ended";
	}
	return error_set(err, code, "thread %d: %s is refused: %s", (int)tid, policy, why);
}

const char *sched_sys_policy_name(uint32_t policy)
{
	static const char *const names[] = {
		"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", NULL, "SCHED_IDLE", "SCHED_DEADLINE",
		"SCHED_EXT",
	};

	if (policy < sizeof(names) / sizeof(*names) && names[policy])
		return names[policy];
	return "SCHED_?";
}
