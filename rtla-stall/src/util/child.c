// SPDX-License-Identifier: GPL-2.0-only
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "array.h"
#include "clock.h"
#include "detach.h"
#include "error.h"

#define END_PAUSE_NS 2000000
#define FIRST_FREE 3		/* behind the standard files */

/* ---- the child -------------------------------------------------------------------------------- */

/* Keep @end as 3 and @kept as 4. Return: false when that cannot be had */
static bool keep_only(int end, int kept)
{
	const int both[] = { FIRST_FREE, kept >= 0 ? FIRST_FREE + 1 : -1 };

	end = fcntl(end, F_DUPFD_CLOEXEC, FIRST_FREE + 2);
	if (kept >= 0)
		kept = fcntl(kept, F_DUPFD_CLOEXEC, FIRST_FREE + 2);
	if (end < 0)
		return false;
	detach_standard_files(-1);
	if (dup2(end, FIRST_FREE) < 0 || (kept >= 0 && dup2(kept, FIRST_FREE + 1) < 0))
		return false;
	detach_close_files(FIRST_FREE, both, NR_ELEMENTS(both));
	return true;
}

int child_await(int fd)
{
	ssize_t size;
	char word;

	do {
		size = recv(fd, &word, 1, 0);
	} while (size < 0 && errno == EINTR);
	return size == 1 ? 0 : -EPIPE;
}

int child_say(int fd, const void *message, size_t size)
{
	ssize_t sent;

	do {
		sent = send(fd, message, size, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* ---- whose child it is ------------------------------------------------------------------------ */

int child_start(void (*run)(int fd, int kept, void *arg), int kept, void *arg, const char *name,
		struct child *ret, struct error *err)
{
	pid_t parent = getpid();
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return error_set(err, -errno, "a socket for process %s: %s", name, strerror(errno));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		detach_signals();
		if (getppid() != parent || !keep_only(ends[1], kept))
			_exit(1);
		prctl(PR_SET_NAME, name);
		run(FIRST_FREE, kept >= 0 ? FIRST_FREE + 1 : -1, arg);
		_exit(0);
	}
	close(ends[1]);
	if (pid < 0) {
		int code = -errno;

		close(ends[0]);
		return error_set(err, code, "a process for %s: %s", name, strerror(-code));
	}
	*ret = (struct child){ .pid = pid, .fd = ends[0] };
	return 0;
}

int child_tell(const struct child *child)
{
	return send(child->fd, "g", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? 0 : -errno;
}

ssize_t child_hear(const struct child *child, void *room, size_t size)
{
	ssize_t got;

	do {
		got = recv(child->fd, room, size, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		return got;
	if (got < 0 && errno == EAGAIN)
		return 0;
	return got && errno != ECONNRESET ? -errno : -EPIPE;
}

int child_reap(struct child *child, int *status)
{
	pid_t result;

	if (!child->pid)
		return 1;
	do {
		result = waitpid(child->pid, status, WNOHANG);
	} while (result < 0 && errno == EINTR);
	if (!result)
		return 0;
	child->pid = 0;
	return 1;
}

int child_end(struct child *child, int timeout_ms)
{
	const struct timespec pause = { .tv_nsec = END_PAUSE_NS };
	uint64_t until = clock_mono_ms() + (uint64_t)timeout_ms;

	if (child->pid)
		kill(child->pid, SIGKILL);
	while (!child_reap(child, NULL) && clock_mono_ms() < until)
		nanosleep(&pause, NULL);
	if (child->fd >= 0)
		close(child->fd);
	child->fd = -1;
	return child->pid ? -EBUSY : 0;
}
