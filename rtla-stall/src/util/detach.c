// SPDX-License-Identifier: GPL-2.0-only
#include "detach.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "array.h"

#define NR_STANDARD 3

void detach_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2,
				       SIGALRM, SIGTSTP, SIGWINCH };
	sigset_t none;

	for (size_t i = 0; i < NR_ELEMENTS(ignored); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void detach_standard_files(int kept)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0)
		return;
	for (int i = 0; i < NR_STANDARD; i++) {
		if (i != kept && i != null)
			dup2(null, i);
	}
	if (null >= NR_STANDARD)
		close(null);
}

/* Descriptors from @from on, up to the one before @to. Kernels before 5.9 have no call for it. */
static void close_between(unsigned int from, unsigned int to)
{
	long most = sysconf(_SC_OPEN_MAX);

	if (from >= to || !syscall(SYS_close_range, from, to - 1, 0))
		return;
	if (most > 0 && to > (unsigned int)most)
		to = (unsigned int)most;
	for (unsigned int fd = from; fd < to; fd++)
		close((int)fd);
}

void detach_close_files(unsigned int from, const int *kept, uint32_t nr_kept)
{
	for (;;) {
		unsigned int next = ~0u;

		for (uint32_t i = 0; i < nr_kept; i++) {
			if (kept[i] >= 0 && (unsigned int)kept[i] >= from && (unsigned int)kept[i] < next)
				next = (unsigned int)kept[i];
		}
		close_between(from, next);
		if (next == ~0u)
			return;
		from = next + 1;
	}
}

int detach_thread_files(const int *kept, uint32_t nr_kept)
{
	if (unshare(CLONE_FILES))
		return -errno;
	detach_close_files(0, kept, nr_kept);
	return 0;
}

void detach_session(const char *name, int kept)
{
	detach_signals();
	setsid();
	prctl(PR_SET_NAME, name);
	detach_standard_files(kept);
	if (chdir("/"))
		return;
}
