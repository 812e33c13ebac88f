// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_self.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/error.h"
#include "../util/proc_read.h"
#include "sched_sys.h"
#include "thread_reader.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define HEAP_BYTES (8u << 20)
#define HEAP_STEP_BYTES (256u << 10)	/* each thread has a heap, and all of it is locked */
#define STACK_BYTES (256u << 10)
#define READ_TRIES 50		/* a second */
#define READ_PAUSE_NS 20000000

/* ---- others ----------------------------------------------------------------------------------- */

int enforce_self_check(struct error *err)
{
	__cleanup_closedir DIR *processes = opendir("/proc");
	const struct dirent *entry;

	while (processes && (entry = readdir(processes))) {
		struct proc_thread thread;
		int32_t tid = (int32_t)strtol(entry->d_name, NULL, 10);

		/* no kernel thread: to read of one may hang (thread_reader.h) */
		if (tid <= 0 || thread_reader_is_kernel(tid) ||
		    proc_read_stat(dirfd(processes), tid, &thread))
			continue;
		if (!strcmp(thread.comm, "stalld") && thread.state != 'Z')
			return error_set(
				err, -EBUSY,
				"stalld is running (pid %d), which boosts threads too: stop it, or "
				"say --force",
				tid);
	}
	return 0;
}

/* ---- where it runs ---------------------------------------------------------------------------- */

static void remove_cpus(cpu_set_t *cpus, size_t size, const char *path)
{
	struct cpu_list list;
	char text[4096];
	__cleanup_fclose FILE *file = fopen(path, "re");

	if (!file || !fgets(text, sizeof(text), file))
		return;
	text[strcspn(text, "\n")] = '\0';
	if (parse_cpus(text, &list))
		return;		/* none */
	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++) {
		if (list.bits[cpu / 64] >> cpu % 64 & 1)
			CPU_CLR_S(cpu, size, cpus);
	}
}

static int move_to(const cpu_set_t *cpus, size_t size)
{
	return sched_setaffinity(0, size, cpus) ? -errno : 0;
}

/* Those we may run on that nobody has set aside. */
static void move_aside(cpu_set_t *cpus, size_t size, void (*say)(const char *words))
{
	if (sched_getaffinity(0, size, cpus))
		return;
	remove_cpus(cpus, size, "/sys/devices/system/cpu/isolated");
	remove_cpus(cpus, size, "/sys/devices/system/cpu/nohz_full");
	if (!CPU_COUNT_S(size, cpus))
		say("all CPUs it may run on are isolated: it runs on any of them; see --affinity");
	else if (move_to(cpus, size))
		say("it cannot keep to the CPUs that are not isolated; see --affinity");
}

int enforce_self_move(const struct enforce_params *params, void (*say)(const char *words),
		      struct error *err)
{
	cpu_set_t *cpus = CPU_ALLOC(ENGINE_MAX_CPUS);
	size_t size = CPU_ALLOC_SIZE(ENGINE_MAX_CPUS);
	int result = 0;

	if (!cpus)
		return error_set(err, -ENOMEM, "out of memory");
	CPU_ZERO_S(size, cpus);
	if (!params->has_own_cpus) {
		move_aside(cpus, size, say);
	} else {
		for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++) {
			if (params->own_cpus.bits[cpu / 64] >> cpu % 64 & 1)
				CPU_SET_S(cpu, size, cpus);
		}
		result = move_to(cpus, size);
		if (result)
			error_set(err, result, "--affinity: it cannot run on these CPUs: %s",
				  strerror(-result));
	}
	CPU_FREE(cpus);
	return result;
}

/* ---- memory ----------------------------------------------------------------------------------- */

/* One write to each page. */
static void touch(volatile char *room, size_t size)
{
	for (size_t at = 0; at < size; at += 4096)
		room[at] = 0;
}

static __attribute__((noinline)) void touch_stack(void)
{
	volatile char room[STACK_BYTES];

	touch(room, sizeof(room));
}

void enforce_self_lock(void (*say)(const char *words))
{
	char *room;

	/* What is freed stays ours, and nothing comes from elsewhere than this heap. */
	mallopt(M_TRIM_THRESHOLD, INT32_MAX);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		say("its memory cannot be locked (CAP_IPC_LOCK): it may have to wait for pages");
	room = malloc(HEAP_BYTES);
	if (room)
		touch(room, HEAP_BYTES);
	free(room);
	touch_stack();
}

/*
 * The table of open files starts with room for 64 and never shrinks. Where several threads share it, the
 * kernel makes it larger only after an RCU grace period (fs/file.c, expand_fdtable()), which may be waiting
 * for a thread that starves.
 */
void enforce_self_reserve_files(uint32_t nr, void (*say)(const char *words))
{
	struct rlimit limit;
	int fd, last;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		if (nr > limit.rlim_cur)
			nr = (uint32_t)limit.rlim_cur;
	}
	fd = open("/", O_PATH | O_CLOEXEC);
	last = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, (int)nr - 1);
	if (last < 0)
		say("there is no room for its open files: it may have to wait for some");
	else
		close(last);
	if (fd >= 0)
		close(fd);
}

/*
 * A fork leaves every page to be copied when it is written to for the first time: have that over with.
 * Kernels before 5.14 do not know the request; there each page costs a fault, once.
 */
void enforce_self_own_pages(void)
{
	__cleanup_fclose FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128];
	unsigned long from, to;
	char rights[5];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) == 3 && !strcmp(rights, "rw-p"))
			(void)madvise((void *)from, to - from, MADV_POPULATE_WRITE);
	}
}

/* ---- priority --------------------------------------------------------------------------------- */

static int set_attr(const struct enforce_own_sched *own)
{
	struct sched_sys_attr attr = {
		.size = sizeof(attr),
		.policy = own->policy == ENFORCE_OWN_DEADLINE ? SCHED_SYS_DEADLINE :
			  own->policy == ENFORCE_OWN_RR ? SCHED_SYS_RR : SCHED_SYS_FIFO,
		.priority = own->rt_priority,
		.runtime = own->runtime_ns,
		.deadline = own->period_ns,
		.period = own->period_ns,
	};

	/* a deadline thread cannot have children that are */
	if (own->policy == ENFORCE_OWN_DEADLINE)
		attr.flags = SCHED_SYS_RESET_ON_FORK;
	return syscall(SYS_sched_setattr, 0, &attr, 0) ? -errno : 0;
}

int enforce_self_schedule(const struct enforce_own_sched *own, void (*say)(const char *words),
			  struct error *err)
{
	char words[256];
	const char *hint;
	int result;

	if (own->policy == ENFORCE_OWN_LEFT)
		return 0;
	result = set_attr(own);
	if (!result)
		return 0;
	hint = own->policy == ENFORCE_OWN_DEADLINE ?
		       "; with SCHED_DEADLINE it has to be allowed on all CPUs" :
	       result == -EPERM ?
		       "; where control groups share real-time out (RT_GROUP_SCHED), its group may have "
		       "none" :
		       "";
	snprintf(words, sizeof(words), "it cannot be scheduled as --priority says: %s%s", strerror(-result),
		 hint);
	if (own->is_given)
		return error_set(err, result, "%s", words);
	say(words);
	return 0;
}

/* ---- pidfile, systemd ------------------------------------------------------------------------- */

/* Nothing but a number in @text. Return: it; -1 something else. An empty one is nobody's: 0. */
static long find_pid(const char *text, size_t length)
{
	size_t start = strspn(text, " ");
	size_t end = start + strspn(text + start, "0123456789");
	long pid;

	if (!length)
		return 0;
	if (end == start || end + strspn(text + end, " \r\n") != length)
		return -1;
	errno = 0;
	pid = strtol(text + start, NULL, 10);
	return errno || pid <= 0 || pid > INT_MAX ? -1 : pid;
}

/*
 * One that was killed stays as a zombie while a thread of it hangs in the kernel: it does nothing any more.
 * The number may be a kernel thread's by now, of which to read may hang.
 */
static bool does_live(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = READ_PAUSE_NS };
	struct thread_reader *reader = NULL;
	struct proc_thread thread;
	int result = -ETIMEDOUT;

	if (kill(pid, 0) && errno == ESRCH)
		return false;
	if (thread_reader_create("/proc", &reader, NULL))
		return true;
	for (int i = 0; i < READ_TRIES && result == -ETIMEDOUT; i++) {
		if (i)
			nanosleep(&pause, NULL);
		result = thread_reader_stat(reader, pid, &thread);
	}
	thread_reader_destroy(reader);
	return result ? result != -ESRCH : thread.state != 'Z' && thread.state != 'X';
}

/* What is there may be replaced if it is a pidfile, and of nobody who lives. */
static int check_pidfile(const char *path, struct error *err)
{
	__cleanup_close int fd = -1;
	struct stat status;
	char text[64] = "";
	ssize_t length;
	long pid = -1;

	if (lstat(path, &status))
		return errno == ENOENT ? 0 : error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (S_ISREG(status.st_mode)) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			return error_set(err, -errno, "%s: %s", path, strerror(errno));
		length = read(fd, text, sizeof(text) - 1);
		if (length >= 0)
			pid = find_pid(text, (size_t)length);
	}
	if (pid < 0)
		return error_set(err, -EEXIST, "%s: what is there is no pidfile", path);
	if (pid && pid != getpid() && does_live((pid_t)pid))
		return error_set(err, -EEXIST, "%s: it is of process %ld, which runs", path, pid);
	return 0;
}

int enforce_self_write_pidfile(const char *path, struct error *err)
{
	int result = check_pidfile(path, err);
	int fd;
	int length;
	int code = 0;

	if (result)
		return result;
	if (unlink(path) && errno != ENOENT)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	length = dprintf(fd, "%d\n", getpid());
	if (length < 0)
		code = -errno;
	if (close(fd) && !code)
		code = -errno;
	if (!code)
		return 0;
	unlink(path);
	return error_set(err, code, "%s: %s", path, strerror(-code));
}

void enforce_self_notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	__cleanup_close int fd = -1;
	size_t length = path ? strlen(path) : 0;

	if (!length || length >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)!sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
			      (const struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}
