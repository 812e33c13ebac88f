// SPDX-License-Identifier: GPL-2.0-only
#include "restorer.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../util/detach.h"
#include "../util/error.h"

#define NR_KEPT 5
#define FIRST_FREE 3		/* behind the standard files */
#define LOOK_MS 200		/* whether the owner lives, on kernels that do not tell */
#define LONGEST_NS 1000000000
#define RETRY_NS 100000000
#define RETRIES 300
#define END_PAUSE_NS 2000000
#define END_TRIES 500

struct restorer {
	struct ledger *ledger;
	int fd;			/* our end of its socket */
	pid_t pid;
};

/* ---- its process ------------------------------------------------------------------------------ */

/* Whoever reads our output, or waits for a file of ours to be closed, must not wait for the restorer. */
static void leave_others_alone(const int *kept, uint32_t nr)
{
	detach_session("rtla-stall/rst", -1);
	prctl(PR_SET_PDEATHSIG, 0);
	detach_close_files(FIRST_FREE, kept, nr);
}

/* For poll(): not too early; negative: nothing to wait for. */
static int time_left_ms(const struct ledger *ledger)
{
	uint64_t ns = ledger_late_in_ns(ledger);

	if (ns == UINT64_MAX)
		return -1;
	return ns < LONGEST_NS ? (int)((ns + 999999) / 1000000) : LONGEST_NS / 1000000;
}

/* Until the owner has let go, or is dead. Others may hold its end of the socket by a fork, and may hang. */
static void watch(struct ledger *ledger, int fd, int owner_fd, pid_t owner)
{
	const struct timespec pause = { .tv_nsec = RETRY_NS };

	for (;;) {
		struct pollfd waits[] = {
			{ .fd = fd, .events = POLLIN }, { .fd = owner_fd, .events = POLLIN },
		};
		int timeout_ms = time_left_ms(ledger);
		ssize_t got;
		char note;

		if (owner_fd < 0 && (timeout_ms < 0 || timeout_ms > LOOK_MS))
			timeout_ms = LOOK_MS;
		poll(waits, 2, timeout_ms);
		if (waits[1].revents || (owner_fd < 0 && getppid() != owner))
			return;
		got = recv(fd, &note, sizeof(note), MSG_DONTWAIT);
		if (!got || (got < 0 && errno != EAGAIN && errno != EINTR))
			return;
		/* what cannot be restored is tried again, not for ever at once */
		if (ledger_restore_late(ledger) && !ledger_late_in_ns(ledger))
			nanosleep(&pause, NULL);
	}
}

/* One that is started anew may be so by a thread that hands nothing on. */
static void keep_priority(pid_t owner)
{
	const struct sched_param high = { .sched_priority = SCHED_SYS_OWN_PRIORITY };
	int policy = sched_getscheduler(owner);

	if (policy >= 0 && (policy & ~SCHED_RESET_ON_FORK) == SCHED_SYS_DEADLINE)
		sched_setscheduler(0, SCHED_FIFO, &high);
}

__attribute__((noreturn)) static void restorer_run(struct ledger *ledger, int fd, pid_t owner)
{
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	int kept[NR_KEPT] = { fd, -1 };
	int owner_fd = (int)syscall(SYS_pidfd_open, owner, 0u);
	uint32_t nr = 2;

	keep_priority(owner);
	kept[1] = owner_fd;
	nr += ledger_fds(ledger, &kept[2]);
	ledger_let_go(ledger);
	leave_others_alone(kept, nr);
	/* it is not the run's heap that it needs */
	malloc_trim(0);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	/* a process that has ended before it could be watched is not our parent any more */
	if (getppid() == owner)
		watch(ledger, fd, owner_fd, owner);
	for (int i = 0; i < RETRIES && ledger_is_ours(ledger) && ledger_restore_all(ledger, NULL); i++)
		nanosleep(&pause, NULL);
	if (ledger_is_ours(ledger))
		ledger_destroy(ledger);
	_exit(0);
}

/* ---- its client ------------------------------------------------------------------------------- */

static int start(struct restorer *restorer, struct error *err)
{
	pid_t owner = getpid();
	int ends[2];
	int code;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return error_set(err, -errno, "a socket for the restorer: %s", strerror(errno));
	restorer->pid = fork();
	if (!restorer->pid) {
		close(ends[0]);
		restorer_run(restorer->ledger, ends[1], owner);
	}
	code = errno;
	close(ends[1]);
	if (restorer->pid < 0) {
		close(ends[0]);
		return error_set(err, -code, "a process for the restorer: %s", strerror(code));
	}
	restorer->fd = ends[0];
	return 0;
}

int restorer_create(struct ledger *ledger, struct restorer **ret, struct error *err)
{
	struct restorer *restorer = calloc(1, sizeof(*restorer));
	int result;

	if (!restorer)
		return error_set(err, -ENOMEM, "out of memory");
	restorer->ledger = ledger;
	result = start(restorer, err);
	if (result) {
		free(restorer);
		return result;
	}
	*ret = restorer;
	return 0;
}

void restorer_destroy(struct restorer *restorer)
{
	const struct timespec pause = { .tv_nsec = END_PAUSE_NS };

	if (!restorer)
		return;
	shutdown(restorer->fd, SHUT_RDWR);
	close(restorer->fd);
	for (int i = 0; restorer->pid > 0 && i < END_TRIES; i++) {
		if (waitpid(restorer->pid, NULL, WNOHANG))
			break;
		nanosleep(&pause, NULL);
	}
	free(restorer);
}

void restorer_note(struct restorer *restorer)
{
	/* when it is full, it has not yet looked since the last one: then it will */
	if (send(restorer->fd, "n", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

int restorer_ensure(struct restorer *restorer, struct error *err)
{
	struct pollfd wait = { .fd = restorer->fd };
	int result;

	if (restorer->pid > 0 && (poll(&wait, 1, 0) <= 0 || !(wait.revents & (POLLHUP | POLLERR))))
		return 0;
	close(restorer->fd);
	if (restorer->pid > 0)
		waitpid(restorer->pid, NULL, WNOHANG);
	result = start(restorer, err);
	if (result) {
		restorer->fd = -1;
		restorer->pid = -1;
	}
	return result ? result : 1;
}

pid_t restorer_pid(const struct restorer *restorer)
{
	return restorer->pid;
}

int restorer_fd(const struct restorer *restorer)
{
	return restorer->fd;
}
