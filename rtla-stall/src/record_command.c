// SPDX-License-Identifier: GPL-2.0-only
#include "record_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/error.h"

#define STOP_PAUSE_NS 20000000
#define STOP_TRIES 100

void record_command_init(struct record_command *command)
{
	*command = (struct record_command){ .pidfd = -1 };
}

__attribute__((noreturn)) static void run(char *const *argv, int report_fd)
{
	int code;

	/* what is caught is as usual again after exec; what is ignored would stay so */
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	code = errno;
	if (write(report_fd, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

int record_command_start(struct record_command *command, char *const *argv, struct error *err)
{
	int ends[2];
	ssize_t size;
	int code;

	if (pipe2(ends, O_CLOEXEC))
		return error_set(err, -errno, "%s: %s", argv[0], strerror(errno));
	command->pid = fork();
	if (!command->pid)
		run(argv, ends[1]);
	code = errno;
	close(ends[1]);
	if (command->pid < 0) {
		command->pid = 0;
		close(ends[0]);
		return error_set(err, -code, "%s: %s", argv[0], strerror(code));
	}
	do {	/* exec closes the other end; or what kept it from that comes */
		size = read(ends[0], &code, sizeof(code));
	} while (size < 0 && errno == EINTR);
	close(ends[0]);
	if (size == (ssize_t)sizeof(code)) {
		while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR)
			;
		command->pid = 0;
		return error_set(err, -code, "%s: %s", argv[0], strerror(code));
	}
#ifdef SYS_pidfd_open
	command->pidfd = (int)syscall(SYS_pidfd_open, command->pid, 0);
	if (command->pidfd >= 0)
		fcntl(command->pidfd, F_SETFD, FD_CLOEXEC);
#endif
	return 0;
}

bool record_command_has_ended(struct record_command *command)
{
	if (command->pid > 0 && waitpid(command->pid, &command->status, WNOHANG) == command->pid) {
		command->pid = 0;
		command->has_ended = true;
	}
	return command->has_ended;
}

void record_command_stop(struct record_command *command)
{
	const struct timespec pause = { .tv_nsec = STOP_PAUSE_NS };

	if (command->pid <= 0 || record_command_has_ended(command))
		return;
	kill(command->pid, SIGTERM);
	for (int i = 0; i < STOP_TRIES && !record_command_has_ended(command); i++)
		nanosleep(&pause, NULL);
}

void record_command_words(const struct record_command *command, const char *name, char *text,
			  size_t size)
{
	if (!command->has_ended)
		snprintf(text, size, "%s still runs (process %d)", name, (int)command->pid);
	else if (WIFSIGNALED(command->status))
		snprintf(text, size, "%s was ended by signal %d (%s)", name, WTERMSIG(command->status),
			 strsignal(WTERMSIG(command->status)));
	else
		snprintf(text, size, "%s ended with status %d", name, WEXITSTATUS(command->status));
}

void record_command_deinit(struct record_command *command)
{
	if (command->pidfd >= 0)
		close(command->pidfd);
	record_command_init(command);
}
