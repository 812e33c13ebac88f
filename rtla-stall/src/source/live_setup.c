// SPDX-License-Identifier: GPL-2.0-only
#include "live_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../util/clock.h"
#include "../util/error.h"
#include "live_make.h"
#include "live_message.h"

#define REAP_PAUSE_NS 5000000

struct live_setup {
	int fd;
	pid_t pid;			/* 0: reaped */
	char step[256];
	struct live_instance instance;	/* as far as it came */
};

void live_instance_init(struct live_instance *instance)
{
	*instance = (struct live_instance){ .head_fd = -1, .cmdlines_fd = -1 };
}

void live_instance_close(struct live_instance *instance)
{
	for (uint32_t i = 0; i < instance->nr_cpus; i++) {
		close(instance->cpus[i].pages_fd);
		if (instance->cpus[i].stats_fd >= 0)
			close(instance->cpus[i].stats_fd);
	}
	free(instance->cpus);
	instance->cpus = NULL;
	instance->nr_cpus = 0;
	for (uint32_t i = 0; i < instance->nr_hists; i++)
		close(instance->hists[i].fd);
	free(instance->hists);
	instance->hists = NULL;
	instance->nr_hists = 0;
	if (instance->cmdlines_fd >= 0)
		close(instance->cmdlines_fd);
	instance->cmdlines_fd = -1;
}

void live_instance_deinit(struct live_instance *instance)
{
	live_instance_close(instance);
	dat_file_close(&instance->head);
	if (instance->head_fd >= 0)
		close(instance->head_fd);
	live_instance_init(instance);
}

/* ---- the helper ------------------------------------------------------------------------------- */

__attribute__((noreturn)) static void help(const struct live_config *config, struct guard *guard, int fd,
					   pid_t parent)
{
	struct live_message failed = { .kind = LIVE_MESSAGE_FAILED };
	struct error err = { 0 };
	sigset_t none;
	int null;

	/* It ends with its parent, and by its parent's hand: not by the terminal's. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_NAME, "rtla-stall/set");
	/* whoever reads our output must not wait for a helper that hangs */
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; null >= 0 && i <= STDERR_FILENO; i++) {
		if (i != fd)
			dup2(null, i);
	}
	if (!live_make(config, guard, fd, parent, &err))
		_exit(0);
	failed.code = err.code;
	memcpy(failed.text, err.text, sizeof(failed.text));
	if (live_message_send(fd, &failed, -1))
		_exit(1);
	_exit(0);
}

/* Two open files for every CPU. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int live_setup_start(const struct live_config *config, struct guard *guard, struct live_setup **ret,
		     struct error *err)
{
	struct live_setup *setup = calloc(1, sizeof(*setup));
	pid_t parent = getpid();
	int ends[2];

	if (!setup)
		return error_set(err, -ENOMEM, "out of memory");
	live_instance_init(&setup->instance);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		free(setup);
		return error_set(err, -errno, "a socket for the set-up: %s", strerror(errno));
	}
	allow_files();
	setup->pid = fork();
	if (!setup->pid) {
		close(ends[0]);
		help(config, guard, ends[1], parent);
	}
	close(ends[1]);
	if (setup->pid < 0) {
		int code = -errno;

		close(ends[0]);
		free(setup);
		return error_set(err, code, "a process for the set-up: %s", strerror(-code));
	}
	setup->fd = ends[0];
	*ret = setup;
	return 0;
}

int live_setup_fd(const struct live_setup *setup)
{
	return setup->fd;
}

const char *live_setup_step(const struct live_setup *setup)
{
	return setup->step;
}

int live_setup_pid(const struct live_setup *setup)
{
	return setup->pid;
}

/* ---- what it hands over ----------------------------------------------------------------------- */

static int add_cpu(struct live_instance *instance, uint32_t cpu, int fd)
{
	struct live_cpu *cpus = reallocarray(instance->cpus, instance->nr_cpus + 1, sizeof(*cpus));

	if (!cpus)
		return -ENOMEM;
	instance->cpus = cpus;
	cpus[instance->nr_cpus++] = (struct live_cpu){ cpu, fd, -1 };
	return 0;
}

static int add_hist(struct live_instance *instance, const char *event, int fd)
{
	struct live_hist *hists = reallocarray(instance->hists, instance->nr_hists + 1, sizeof(*hists));
	struct live_hist *hist;

	if (!hists)
		return -ENOMEM;
	instance->hists = hists;
	hist = &hists[instance->nr_hists++];
	*hist = (struct live_hist){ .fd = fd };
	snprintf(hist->event, sizeof(hist->event), "%.*s", (int)sizeof(hist->event) - 1, event);
	return 0;
}

/* Return: 0; @fd is kept on success only */
static int take_fd(struct live_instance *instance, const struct live_message *message, int fd)
{
	if (fd < 0)
		return -EBADF;
	switch (message->kind) {
	case LIVE_MESSAGE_HEAD:
		instance->page_size = message->value;
		instance->head_fd = fd;
		return 0;
	case LIVE_MESSAGE_CMDLINES:
		instance->cmdlines_fd = fd;
		return 0;
	case LIVE_MESSAGE_PAGES:
		return add_cpu(instance, message->cpu, fd);
	case LIVE_MESSAGE_STATS:
		if (!instance->nr_cpus)
			return -EPROTO;
		instance->cpus[instance->nr_cpus - 1].stats_fd = fd;
		return 0;
	case LIVE_MESSAGE_HIST:
		return add_hist(instance, message->text, fd);
	default:
		return -EPROTO;
	}
}

static int take_message(struct live_setup *setup, const struct live_message *message, int fd,
			struct error *err)
{
	struct live_instance *instance = &setup->instance;
	int result;

	switch (message->kind) {
	case LIVE_MESSAGE_STEP:
		memcpy(setup->step, message->text, sizeof(setup->step));
		return 0;
	case LIVE_MESSAGE_WARNING:
		memcpy(instance->warning, message->text, sizeof(instance->warning));
		return 0;
	case LIVE_MESSAGE_FAILED:
		return error_set(err, message->code ? message->code : -EIO, "%s", message->text);
	case LIVE_MESSAGE_DONE:
		instance->tracer = message->value;
		instance->buffer_kb = message->cpu;
		result = dat_file_open(instance->head_fd, &instance->head, err);
		if (result)
			error_prefix(err, "what tracefs shows of itself ");
		return result ? result : 1;
	default:
		result = take_fd(instance, message, fd);
		if (result && fd >= 0)
			close(fd);
		return result ? error_set(err, result, "setting tracing up: %s", strerror(-result)) : 0;
	}
}

int live_setup_take(struct live_setup *setup, struct live_instance *ret, struct error *err)
{
	struct live_message message;
	int result;
	int fd;

	for (;;) {
		result = live_message_receive(setup->fd, &message, &fd);
		if (!result)
			return 0;
		if (result < 0)
			return error_set(err, result, "setting tracing up ended early, at %s: %s",
					 setup->step, strerror(-result));
		result = take_message(setup, &message, fd, err);
		if (result < 0)
			return result;
		if (result) {
			*ret = setup->instance;
			live_instance_init(&setup->instance);
			return 1;
		}
	}
}

static bool reap(struct live_setup *setup, int timeout_ms)
{
	const struct timespec pause = { .tv_nsec = REAP_PAUSE_NS };
	uint64_t until_ms = clock_mono_ms() + (uint64_t)timeout_ms;

	while (setup->pid > 0) {
		pid_t result = waitpid(setup->pid, NULL, WNOHANG);

		if (result == setup->pid || (result < 0 && errno == ECHILD)) {
			setup->pid = 0;
			break;
		}
		if (clock_mono_ms() >= until_ms)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

bool live_setup_stop(struct live_setup *setup, int timeout_ms)
{
	bool is_gone;

	if (!setup)
		return true;
	if (setup->pid > 0)
		kill(setup->pid, SIGKILL);
	is_gone = reap(setup, timeout_ms);
	close(setup->fd);
	live_instance_deinit(&setup->instance);
	free(setup);
	return is_gone;
}
