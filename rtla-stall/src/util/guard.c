// SPDX-License-Identifier: GPL-2.0-only
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "detach.h"
#include "error.h"
#include "undo.h"

#define OLD_MAX 65536
#define END_MS 1000

struct guard {
	struct undo *undo;
	int fd;			/* our end of its socket */
	pid_t pid;
	int pidfd;		/* -1: the kernel has no such thing */
	pid_t owner;		/* who made it: only there does its end matter */
	bool is_busy;		/* with undoing: it did not answer in time */
};

/* ---- the guard's process ---------------------------------------------------------------------- */

__attribute__((noreturn)) static void guard_run(struct undo *undo, int fd)
{
	struct error err = { 0 };
	ssize_t size;
	char request;

	detach_session("rtla-stall/grd", fd);
	for (;;) {
		size = recv(fd, &request, 1, 0);
		if (size < 0 && errno == EINTR)
			continue;
		err = (struct error){ 0 };
		err.code = undo_all(undo, &err);
		if (size <= 0)
			break;
		if (send(fd, &err, sizeof(err), MSG_NOSIGNAL) < 0)
			break;
	}
	undo_close(undo);
	_exit(0);
}

/* ---- its clients ------------------------------------------------------------------------------ */

/*
 * It is nobody's child: not to be mistaken for one that does our work, nor waited for by those who wait for
 * our children. Return: 0 or a negative errno
 */
static int start(struct guard *guard, const int ends[2])
{
	pid_t between = fork();
	pid_t pid;

	if (!between) {
		close(ends[0]);
		pid = fork();
		if (!pid)
			guard_run(guard->undo, ends[1]);
		if (pid < 0)
			pid = -errno;
		_exit(send(ends[1], &pid, sizeof(pid), MSG_NOSIGNAL) != (ssize_t)sizeof(pid));
	}
	if (between < 0)
		return -errno;
	while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
		;
	if (recv(ends[0], &pid, sizeof(pid), MSG_DONTWAIT) != (ssize_t)sizeof(pid))
		return -EAGAIN;
	guard->pid = pid;
#ifdef SYS_pidfd_open
	guard->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (guard->pidfd >= 0)
		fcntl(guard->pidfd, F_SETFD, FD_CLOEXEC);
#endif
	return pid < 0 ? pid : 0;
}

int guard_create(const char *dir, struct guard **ret, struct error *err)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	int ends[2];
	int result;

	if (!guard)
		return error_set(err, -ENOMEM, "out of memory");
	guard->pidfd = -1;
	result = undo_create(dir, &guard->undo, err);
	if (result) {
		free(guard);
		return result;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		result = error_set(err, -errno, "a socket for the guard: %s", strerror(errno));
		goto failed;
	}
	guard->owner = getpid();
	guard->fd = ends[0];
	result = start(guard, ends);
	close(ends[1]);
	if (result) {
		error_set(err, result, "a process for the guard: %s", strerror(-result));
		close(ends[0]);
		goto failed;
	}
	*ret = guard;
	return 0;
failed:
	undo_close(guard->undo);
	free(guard);
	return result;
}

void guard_destroy(struct guard *guard)
{
	struct pollfd end = { .events = POLLIN };

	if (!guard)
		return;
	undo_close(guard->undo);
	close(guard->fd);
	/* It ends by itself, now or later; at best it is seen to. */
	end.fd = guard->pidfd;
	if (guard->pidfd >= 0) {
		if (!guard->is_busy && guard->owner == getpid())
			poll(&end, 1, END_MS);
		close(guard->pidfd);
	}
	free(guard);
}

pid_t guard_pid(const struct guard *guard)
{
	return guard->pid;
}

static int read_old(const char *path, char *old, struct error *err)
{
	__cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;

	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	while (size < OLD_MAX) {
		ssize_t got = read(fd, old + size, OLD_MAX - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, -errno, "%s: %s", path, strerror(errno));
		if (!got)
			break;
		size += (size_t)got;
	}
	old[size] = '\0';
	return 0;
}

int guard_write(struct guard *guard, const char *path, const char *value, const char *old,
		struct error *err)
{
	__cleanup_free char *room = NULL;
	struct undo_id id;
	int result = 0;

	if (!old) {
		room = malloc(OLD_MAX + 1);
		if (!room)
			return error_set(err, -ENOMEM, "out of memory");
		result = read_old(path, room, err);
		old = room;
	}
	if (!result)
		result = undo_note_write(guard->undo, path, old, &id, err);
	if (result)
		return result;
	result = undo_write_file(path, value);
	if (!result)
		return 0;
	error_set(err, result, "%s: writing '%.60s': %s", path, value, strerror(-result));
	/* it was not changed; should this fail too, it will be written back as it is */
	if (undo_note_done(guard->undo, id, NULL))
		return result;
	return result;
}

int guard_mkdir(struct guard *guard, const char *path, struct error *err)
{
	struct stat status;
	struct undo_id id;
	int result;

	/* Looked for first: what is noted would be removed, whoever made it. */
	if (!lstat(path, &status))
		return -EEXIST;
	result = undo_note_mkdir(guard->undo, path, &id, err);
	if (result)
		return result;
	if (!mkdir(path, 0700))
		return 0;
	result = -errno;
	if (undo_note_done(guard->undo, id, err))
		return result;
	return result == -EEXIST ? result :
				   error_set(err, result, "%s: %s", path, strerror(-result));
}

int guard_add_file(struct guard *guard, const char *path, struct error *err)
{
	return undo_note_file(guard->undo, path, NULL, err);
}

/*
 * A signal that comes meanwhile is no reason not to wait.
 * Return: 1 it answered, 0 it did not yet, -1 it is not there any more
 */
static int await_answer(struct guard *guard, int timeout_ms, struct error *answer)
{
	struct pollfd wait = { .fd = guard->fd, .events = POLLIN };
	int64_t until_ms = (int64_t)clock_mono_ms() + timeout_ms;
	int64_t left_ms = timeout_ms;
	ssize_t size;
	int result;

	while ((result = poll(&wait, 1, (int)left_ms)) < 0 && errno == EINTR) {
		if (timeout_ms < 0)
			continue;
		left_ms = until_ms - (int64_t)clock_mono_ms();
		if (left_ms < 0)
			left_ms = 0;
	}
	if (result <= 0)
		return 0;
	do {
		size = recv(guard->fd, answer, sizeof(*answer), 0);
	} while (size < 0 && errno == EINTR);
	return size == (ssize_t)sizeof(*answer) ? 1 : -1;
}

int guard_undo(struct guard *guard, int timeout_ms, struct error *err)
{
	struct error answer = { 0 };
	int result = -1;

	if (send(guard->fd, "u", 1, MSG_NOSIGNAL) == 1)
		result = await_answer(guard, timeout_ms, &answer);
	guard->is_busy = !result;
	if (!result)
		return error_set(err, -EINPROGRESS,
				 "giving back what was changed takes long: process %d goes on with it",
				 (int)guard->pid);
	if (result < 0) {
		result = undo_all(guard->undo, err);
	} else {
		result = answer.code;
		if (result)
			error_set(err, result, "%.*s", (int)sizeof(answer.text), answer.text);
	}
	return result;
}
