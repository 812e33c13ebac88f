// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doing what was asked for, one action after the other, beside whatever else there is to do.
 */
#include "actions.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../util/array.h"
#include "../util/error.h"
#include "own_nice.h"

#define LOOK_MS 100		/* how often a command that runs is looked at */
#define END_TRIES 10		/* looks, after SIGTERM and again after SIGKILL */

static int send_signal(const struct action *action, const struct actions_context *context,
		       struct error *err)
{
	pid_t pid = action->pid ? action->pid : getppid();

	if (!action->pid && context->parent && pid != context->parent)
		return error_set(err, -ESRCH, "no signal is sent: our parent is gone");
	if (pid <= 0)
		return error_set(err, -ESRCH, "no signal is sent: our parent cannot be seen from here");
	if (kill(pid, action->signal))
		return error_set(err, -errno, "no signal can be sent to process %d: %s", (int)pid,
				 strerror(errno));
	return 0;
}

static bool is_interrupted(const struct actions_context *context)
{
	return context->is_interrupted && *context->is_interrupted;
}

/* Return: 0 or a negative errno */
static int start_shell(const char *command, pid_t *ret)
{
	char *const words[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t all, none;
	int result = posix_spawn_file_actions_init(&files);

	if (result)
		return -result;
	result = posix_spawnattr_init(&how);
	if (result) {
		posix_spawn_file_actions_destroy(&files);
		return -result;
	}
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_setsigdefault(&how, &all);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
					       POSIX_SPAWN_SETPGROUP);
	result = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!result)
		result = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	if (!result)
		result = posix_spawn(ret, "/bin/sh", &files, &how, words, environ);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	return -result;
}

void actions_begin(struct actions_run *run, const struct actions *actions)
{
	*run = (struct actions_run){ .actions = actions, .pidfd = -1 };
}

static void pause_for(const struct actions_run *run)
{
	struct pollfd end = { .fd = run->pidfd, .events = POLLIN };

	poll(&end, run->pidfd >= 0, run->pidfd >= 0 ? LOOK_MS : LOOK_MS / 5);
}

/* Return: 1 the command has ended; 0 it has not; a negative errno */
static int look(const struct actions_run *run, int *status)
{
	pid_t ended = waitpid(run->pid, status, WNOHANG);

	if (ended == run->pid)
		return 1;
	return ended < 0 && errno != EINTR ? -errno : 0;
}

static void end_group(const struct actions_run *run)
{
	static const int signals[] = { SIGTERM, SIGKILL };
	int status;

	for (size_t i = 0; i < NR_ELEMENTS(signals); i++) {
		kill(-run->pid, signals[i]);
		for (int n = 0; n < END_TRIES; n++) {
			if (look(run, &status)) {
				kill(-run->pid, SIGKILL);	/* those who outlived it */
				return;
			}
			pause_for(run);
		}
	}
}

static void forget_command(struct actions_run *run)
{
	if (run->pidfd >= 0)
		close(run->pidfd);
	run->pidfd = -1;
	run->pid = 0;
}

static int start_command(struct actions_run *run, const char *command,
			 const struct actions_context *context, struct error *err)
{
	pid_t pid = 0;
	bool was_raised;
	int result;

	/* hits that were found together would begin and end one after the other */
	if (is_interrupted(context))
		return error_set(err, -EINTR, "interrupted before the command '%.100s'", command);
	fflush(stdout);
	was_raised = own_nice_lower();
	result = start_shell(command, &pid);
	if (was_raised)
		own_nice_raise();
	if (result)
		return error_set(err, result, "/bin/sh: %s", strerror(-result));
	run->pid = pid;
#ifdef SYS_pidfd_open
	run->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
#endif
	return 0;
}

/* Return: 1 it has ended well; 0 it runs; a negative errno with words in @err */
static int check_command(struct actions_run *run, const char *command,
			 const struct actions_context *context, struct error *err)
{
	int status = 0;
	int result = look(run, &status);

	if (!result && !is_interrupted(context))
		return 0;
	if (!result)
		end_group(run);
	forget_command(run);
	if (!result)
		return error_set(err, -EINTR, "interrupted in the command '%.100s'", command);
	if (result < 0)
		return error_set(err, result, "the end of the command '%.100s' cannot be seen: %s",
				 command, strerror(-result));
	if (WIFSIGNALED(status))
		return error_set(err, -ECHILD, "the command '%.100s' was ended by signal %d (%s)",
				 command, WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return error_set(err, -ECHILD, "the command '%.100s' ended with status %d", command,
				 WEXITSTATUS(status));
	return 1;
}

/* Return: 1 it is done; 0 it goes on; a negative errno with words in @err */
static int take_action(struct actions_run *run, const struct actions_context *context, struct error *err)
{
	const struct action *action = &run->actions->items[run->next];
	int result = 0;

	switch (action->kind) {
	case ACTION_TRACE:
		result = context->save_trace(action->text, context->arg, err);
		break;
	case ACTION_SIGNAL:
		result = send_signal(action, context, err);
		break;
	case ACTION_SHELL:
		if (run->pid)
			return check_command(run, action->text, context, err);
		if (run->has_to_wait && !is_interrupted(context))
			return 0;
		return start_command(run, action->text, context, err);
	case ACTION_CONTINUE:
		run->goes_on = true;
		break;
	}
	return result ? result : 1;
}

int actions_step(struct actions_run *run, const struct actions_context *context, struct error *err)
{
	while (run->next < run->actions->nr_items) {
		int result = take_action(run, context, err);

		if (result <= 0)
			return result;
		run->next++;
	}
	return 1;
}

int actions_finish(struct actions_run *run, const struct actions_context *context, struct error *err)
{
	int result;

	run->has_to_wait = false;
	while (!(result = actions_step(run, context, err)))
		pause_for(run);
	return result < 0 ? result : 0;
}
