// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process whose main thread has ended while another one hangs: a zombie, which is what a SIGKILL leaves of
 * a process with a thread that hangs in the kernel. Who waits for what it held must not wait for that thread.
 *
 * The threads are those of enforce that may hang: the reader of /proc, which here opens a pipe that nobody
 * writes to, and the writer of a log, here to a full pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "boost/enforce_self.h"
#include "boost/ledger.h"
#include "boost/log_ring.h"
#include "boost/restorer.h"
#include "boost/thread_reader.h"
#include "sched_twin.h"
#include "util/array.h"
#include "util/error.h"
#include "util/proc_read.h"
#include "util/strbuf.h"

#define KTHREADD 2
#define PATIENCE_MS 10000
#define LONG_BYTES 200000	/* more than a pipe takes */

static char dir[64];
static int ends[2];	/* the process has the second one */
static int word[2];	/* it writes there once it has got so far */
static pid_t process;
static struct sched_sys *sys;
static struct twin_machine before;

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* ---- the process ------------------------------------------------------------------------------ */

static void hang_reading(void)
{
	struct thread_reader *reader = NULL;
	struct proc_thread thread;

	if (thread_reader_create(path_of("proc"), &reader, NULL) ||
	    thread_reader_stat(reader, KTHREADD, &thread) != -ETIMEDOUT || !thread_reader_hangs(reader))
		_exit(1);
}

static void render_long(const void *record, void *arg, struct strbuf *out)
{
	(void)record;
	(void)arg;
	strbuf_addch(out, 'x', LONG_BYTES);
}

static void hang_writing(void)
{
	struct log_ring_target target = {
		.kind = LOG_RING_FD, .record_size = 1, .nr_records = 2, .render = render_long,
	};
	struct log_ring *ring = NULL;
	int full[2];

	if (pipe(full))
		_exit(2);
	target.fd = full[1];
	/* once it writes it has come past what it does first */
	if (log_ring_create(&target, &ring, NULL) || !log_ring_put(ring, "") ||
	    poll(&(struct pollfd){ .fd = full[0], .events = POLLIN }, 1, PATIENCE_MS) != 1)
		_exit(3);
}

static void boost(void)
{
	const struct ledger_order order = {
		.tid = 1, .comm = "kworker/1:0", .policy = SCHED_SYS_FIFO, .rt_priority = 56,
		.until_at = UINT64_MAX,
	};
	struct restorer *restorer = NULL;
	struct ledger *ledger = NULL;
	struct ledger_boost made;

	if (ledger_create(dir, sys, &ledger, NULL, NULL) || restorer_create(ledger, &restorer, NULL) ||
	    ledger_boost(ledger, &order, &made, NULL))
		_exit(4);
}

static void run(void (*hang)(void))
{
	int held = open(path_of("held"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	close(ends[0]);
	close(word[0]);
	if (flock(held, LOCK_EX) || enforce_self_write_pidfile(path_of("pid"), NULL))
		_exit(5);
	hang();
	boost();
	if (write(word[1], "w", 1) != 1)
		_exit(6);
	/* this thread, and no other */
	syscall(SYS_exit, 0);
}

/* ---- who waits for it ------------------------------------------------------------------------- */

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

static int make(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_hanging.XXXXXX");
	if (!mkdtemp(dir) || mkdir(path_of("proc"), 0700) || mkdir(path_of("proc/2"), 0700) ||
	    mkfifo(path_of("proc/2/stat"), 0600) || pipe(ends) || pipe(word))
		return -1;
	sys = sched_twin_create();
	sched_twin_add(sys, 1);
	before = *sched_twin_machine(sys);
	return 0;
}

static int clean(void **state)
{
	static const char *const names[] = { "proc/2/stat", "held", "pid" };

	(void)state;
	if (process > 0) {
		kill(process, SIGKILL);
		waitpid(process, NULL, 0);
	}
	process = 0;
	sched_sys_close(sys);
	close(ends[0]);
	close(word[0]);
	for (size_t i = 0; i < NR_ELEMENTS(names); i++)
		unlink(path_of(names[i]));
	rmdir(path_of("proc/2"));
	rmdir(path_of("proc"));
	return rmdir(dir);
}

static char state_of(pid_t pid)
{
	struct proc_thread thread;
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = proc_read_stat(fd, pid, &thread);

	close(fd);
	return result ? '-' : thread.state;
}

static void start(void (*hang)(void))
{
	char got;

	process = fork();
	if (!process)
		run(hang);
	close(ends[1]);
	close(word[1]);
	assert_int_equal(read(word[0], &got, 1), 1);
	for (int i = 0; i < PATIENCE_MS / 2 && state_of(process) != 'Z'; i++)
		pause_ms(2);
	assert_int_equal(state_of(process), 'Z');
}

static bool is_locked(void)
{
	int fd = open(path_of("held"), O_RDWR | O_CLOEXEC);
	bool is_locked = flock(fd, LOCK_EX | LOCK_NB);

	close(fd);
	return is_locked;
}

static void check_all_is_let_go(void)
{
	struct pollfd wait = { .fd = ends[0], .events = POLLIN };
	struct ledger *ledger = NULL;
	struct error err = { 0 };

	assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
	assert_true(wait.revents & POLLHUP);
	for (int i = 0; i < PATIENCE_MS / 2 && is_locked(); i++)
		pause_ms(2);
	assert_false(is_locked());
	/* by the restorer: the next start has not come yet */
	for (int i = 0; i < PATIENCE_MS / 2 && !access(path_of("boosts"), F_OK); i++)
		pause_ms(2);
	assert_int_not_equal(access(path_of("boosts"), F_OK), 0);
	assert_true(sched_twin_is_same(sys, &before));
	assert_int_equal(ledger_create(dir, sys, &ledger, NULL, &err), 0);
	ledger_destroy(ledger);
	if (enforce_self_write_pidfile(path_of("pid"), &err))
		fail_msg("%s", err.text);
	/* and all that while it was there */
	assert_int_equal(waitpid(process, NULL, WNOHANG), 0);
}

static void a_reader_of_proc_that_hangs_keeps_nothing(void **state)
{
	(void)state;
	if (!thread_reader_is_kernel(KTHREADD))
		skip();
	start(hang_reading);
	check_all_is_let_go();
}

static void a_log_that_hangs_keeps_nothing(void **state)
{
	(void)state;
	start(hang_writing);
	check_all_is_let_go();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reader_of_proc_that_hangs_keeps_nothing, make, clean),
		cmocka_unit_test_setup_teardown(a_log_that_hangs_keeps_nothing, make, clean),
	};

	return cmocka_run_group_tests_name("hanging_threads", tests, NULL, NULL);
}
