// SPDX-License-Identifier: GPL-2.0-only
#include "detach.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
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

void detach_session(const char *name, int kept)
{
	detach_signals();
	setsid();
	prctl(PR_SET_NAME, name);
	detach_standard_files(kept);
	if (chdir("/"))
		return;
}
