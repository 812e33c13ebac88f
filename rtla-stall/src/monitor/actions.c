// SPDX-License-Identifier: GPL-2.0-only
#include "actions.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/error.h"
#include "../util/parse.h"

#define MAX_SIGNAL_TEXT 16u
#define LOOK_MS 100		/* how often a command that runs is looked at */
#define END_TRIES 10		/* looks, after SIGTERM and again after SIGKILL */

/* ---- reading them ---------------------------------------------------------------------------- */

/* One "key=value" of an action. */
struct part {
	const char *key;
	size_t key_length;
	const char *value;	/* not ended by a NUL; NULL: there is no "=" */
	size_t value_length;
};

/* Takes the next part of @text, which is at its beginning or at a comma. Return: false at its end. */
static bool next_part(const char **text, struct part *ret)
{
	const char *begin = *text;
	size_t length;

	if (!*begin)
		return false;
	begin++;	/* the comma */
	length = strcspn(begin, ",");
	ret->key = begin;
	ret->key_length = strcspn(begin, ",=");
	ret->value = begin[ret->key_length] == '=' ? begin + ret->key_length + 1 : NULL;
	ret->value_length = ret->value ? length - ret->key_length - 1 : 0;
	*text = begin + length;
	return true;
}

static bool is_key(const struct part *part, const char *key)
{
	return part->key_length == strlen(key) && !strncmp(part->key, key, part->key_length);
}

static int refuse_part(const char *option, const char *name, const struct part *part, struct error *err)
{
	return error_set(err, -EINVAL, "%s: %s knows no '%.*s'", option, name,
			 (int)part->key_length, part->key);
}

static int take_signal_number(const char *option, const struct part *part, int32_t *ret,
			      struct error *err)
{
	char text[MAX_SIGNAL_TEXT] = "";
	const char *name;
	uint64_t number;

	if (part->value_length < sizeof(text))
		memcpy(text, part->value, part->value_length);
	if (!parse_count(text, (uint64_t)SIGRTMAX, &number) && number) {
		*ret = (int32_t)number;
		return 0;
	}
	name = strncasecmp(text, "SIG", 3) ? text : text + 3;
	for (int signal = 1; signal < SIGRTMIN; signal++) {
		const char *known = sigabbrev_np(signal);

		if (known && !strcasecmp(name, known)) {
			*ret = signal;
			return 0;
		}
	}
	return error_set(err, -EINVAL, "%s: '%.*s' is no signal", option, (int)part->value_length,
			 part->value);
}

static int take_pid(const char *option, const struct part *part, int32_t *ret, struct error *err)
{
	char text[MAX_SIGNAL_TEXT] = "";
	uint64_t number;

	if (part->value_length < sizeof(text))
		memcpy(text, part->value, part->value_length);
	if (!strcmp(text, "parent")) {
		*ret = 0;
		return 0;
	}
	if (parse_count(text, INT32_MAX, &number) || !number)
		return error_set(err, -EINVAL, "%s: '%.*s' is no process: write a pid, or parent",
				 option, (int)part->value_length, part->value);
	*ret = (int32_t)number;
	return 0;
}

static int read_signal(const char *option, const char *rest, struct action *action, struct error *err)
{
	bool has_num = false, has_pid = false;
	struct part part;
	int result;

	action->kind = ACTION_SIGNAL;
	while (next_part(&rest, &part)) {
		bool is_num = is_key(&part, "num");

		if (!part.value || (!is_num && !is_key(&part, "pid")))
			return refuse_part(option, "signal", &part, err);
		if (is_num ? has_num : has_pid)
			return error_set(err, -EINVAL, "%s: signal has two %s=", option,
					 is_num ? "num" : "pid");
		result = is_num ? take_signal_number(option, &part, &action->signal, err) :
				  take_pid(option, &part, &action->pid, err);
		if (result)
			return result;
		has_num |= is_num;
		has_pid |= !is_num;
	}
	if (!has_num || !has_pid)
		return error_set(err, -EINVAL, "%s: signal needs %s", option,
				 has_num ? "pid=P or pid=parent" : "num=N");
	return 0;
}

static int read_trace(const char *option, const char *rest, struct action *action, struct error *err)
{
	struct part part;

	action->kind = ACTION_TRACE;
	while (next_part(&rest, &part)) {
		if (!part.value || !is_key(&part, "file"))
			return refuse_part(option, "trace", &part, err);
		if (action->text)
			return error_set(err, -EINVAL, "%s: trace has two file=", option);
		if (!part.value_length)
			return error_set(err, -EINVAL, "%s: the name of the file is missing", option);
		/* it ends where the text does: whatever follows a comma is refused */
		action->text = part.value;
	}
	return 0;
}

static int read_shell(const char *option, const char *rest, struct action *action, struct error *err)
{
	static const char key[] = ",command=";

	action->kind = ACTION_SHELL;
	if (strncmp(rest, key, strlen(key)) || !rest[strlen(key)])
		return error_set(err, -EINVAL, "%s: shell needs command=CMD, and nothing before it",
				 option);
	action->text = rest + strlen(key);
	return 0;
}

static int read_continue(const char *option, const char *rest, struct action *action, struct error *err)
{
	struct part part;

	action->kind = ACTION_CONTINUE;
	return next_part(&rest, &part) ? refuse_part(option, "continue", &part, err) : 0;
}

static int append(struct actions *actions, const struct action *action, struct error *err)
{
	struct action *items = reallocarray(actions->items, actions->nr_items + 1, sizeof(*items));

	if (!items)
		return error_set(err, -ENOMEM, "out of memory");
	items[actions->nr_items++] = *action;
	actions->items = items;
	return 0;
}

int actions_add(struct actions *actions, const char *option, const char *text, struct error *err)
{
	static const struct {
		const char *name;
		int (*read)(const char *option, const char *rest, struct action *action,
			    struct error *err);
	} kinds[] = {
		{ "trace", read_trace },
		{ "signal", read_signal },
		{ "shell", read_shell },
		{ "continue", read_continue },
	};
	size_t length = strcspn(text, ",");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct action action = { 0 };
		int result;

		if (strlen(kinds[i].name) != length || strncmp(text, kinds[i].name, length))
			continue;
		result = kinds[i].read(option, text + length, &action, err);
		return result ? result : append(actions, &action, err);
	}
	return error_set(err, -EINVAL, "%s: '%.*s' is not trace, signal, shell or continue", option,
			 (int)length, text);
}

int actions_add_trace(struct actions *actions, const char *file, struct error *err)
{
	return append(actions, &(struct action){ .kind = ACTION_TRACE, .text = file }, err);
}

bool actions_has(const struct actions *actions, enum action_kind kind)
{
	for (uint32_t i = 0; i < actions->nr_items; i++) {
		if (actions->items[i].kind == kind)
			return true;
	}
	return false;
}

void actions_deinit(struct actions *actions)
{
	free(actions->items);
	*actions = (struct actions){ 0 };
}

/* ---- doing them ------------------------------------------------------------------------------ */

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

/* Return: 1 it has ended; 0 it has not; a negative errno */
static int look(pid_t pid, int pidfd, int *status)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	pid_t ended = waitpid(pid, status, WNOHANG);

	if (ended == pid)
		return 1;
	if (ended < 0 && errno != EINTR)
		return -errno;
	poll(&end, pidfd >= 0, pidfd >= 0 ? LOOK_MS : LOOK_MS / 5);
	return 0;
}

static void end_group(pid_t pid, int pidfd)
{
	static const int signals[] = { SIGTERM, SIGKILL };
	int status;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		kill(-pid, signals[i]);
		for (int n = 0; n < END_TRIES; n++) {
			if (look(pid, pidfd, &status))
				return;
		}
	}
}

static int run_shell(const char *command, const struct actions_context *context, struct error *err)
{
	__cleanup_close int pidfd = -1;
	int status = 0;
	pid_t pid = 0;
	int result;

	/* hits that were found together would begin and end one after the other */
	if (is_interrupted(context))
		return error_set(err, -EINTR, "interrupted before the command '%.100s'", command);
	fflush(stdout);
	result = start_shell(command, &pid);
	if (result)
		return error_set(err, result, "/bin/sh: %s", strerror(-result));
#ifdef SYS_pidfd_open
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
#endif
	while (!result && !is_interrupted(context))
		result = look(pid, pidfd, &status);
	if (!result) {
		end_group(pid, pidfd);
		return error_set(err, -EINTR, "interrupted in the command '%.100s'", command);
	}
	if (result < 0)
		return error_set(err, result, "the end of the command '%.100s' cannot be seen: %s",
				 command, strerror(-result));
	if (WIFSIGNALED(status))
		return error_set(err, -ECHILD, "the command '%.100s' was ended by signal %d (%s)",
				 command, WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return error_set(err, -ECHILD, "the command '%.100s' ended with status %d", command,
				 WEXITSTATUS(status));
	return 0;
}

int actions_run(const struct actions *actions, const struct actions_context *context, bool *goes_on,
		struct error *err)
{
	*goes_on = false;
	for (uint32_t i = 0; i < actions->nr_items; i++) {
		const struct action *action = &actions->items[i];
		int result = 0;

		switch (action->kind) {
		case ACTION_TRACE:
			result = context->save_trace(action->text, context->arg, err);
			break;
		case ACTION_SIGNAL:
			result = send_signal(action, context, err);
			break;
		case ACTION_SHELL:
			result = run_shell(action->text, context, err);
			break;
		case ACTION_CONTINUE:
			*goes_on = true;
			break;
		}
		if (result)
			return result;
	}
	return 0;
}
