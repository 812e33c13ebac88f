// SPDX-License-Identifier: GPL-2.0-only
#include "screen_crash.h"

#include <curses.h>
#include <signal.h>
#include <stddef.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "../util/array.h"

static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGQUIT };

static struct {
	int owner;			/* a child that crashes leaves the terminal alone */
	struct termios modes;
	char words[256];		/* what makes the terminal show what it did, with its cursor */
	size_t length;
	struct sigaction actions[NR_ELEMENTS(crashes)];	/* as they were */
	stack_t stack;			/* likewise */
	char room[16384];		/* ours: the other one may be used up */
} crash;

static int keep_word(int byte)
{
	if (crash.length < sizeof(crash.words))
		crash.words[crash.length++] = (char)byte;
	return byte;
}

/* tcsetattr() and write() are among what a handler may call (signal-safety(7)). */
static void give_terminal_back(int signal_number)
{
	struct termios modes = crash.modes;
	ssize_t written = 0;

	if (getpid() == crash.owner) {
		/* what was stopped by ^S would not take the words */
		modes.c_iflag &= ~(tcflag_t)IXON;
		tcsetattr(STDOUT_FILENO, TCSANOW, &modes);
		written = write(STDOUT_FILENO, crash.words, crash.length);
		tcsetattr(STDOUT_FILENO, TCSANOW, &crash.modes);
	}
	(void)written;
	/* it is the default action's from here on (SA_RESETHAND); blocked until we return */
	raise(signal_number);
}

void screen_crash_forget(void)
{
	for (size_t i = 0; i < NR_ELEMENTS(crashes); i++)
		sigaction(crashes[i], &crash.actions[i], NULL);
	sigaltstack(&crash.stack, NULL);
}

void screen_crash_look(void)
{
	tcgetattr(STDOUT_FILENO, &crash.modes);
}

void screen_crash_expect(void)
{
	static const char *const names[] = { "sgr0", "rmkx", "cnorm", "rmcup" };
	const struct sigaction action = {
		.sa_handler = give_terminal_back,
		.sa_flags = (int)(SA_RESETHAND | SA_ONSTACK),
	};
	const stack_t stack = { .ss_sp = crash.room, .ss_size = sizeof(crash.room) };

	crash.owner = getpid();
	crash.length = 0;
	for (size_t i = 0; i < NR_ELEMENTS(names); i++) {
		const char *word = tigetstr(names[i]);

		if (word && word != (char *)-1)
			tputs(word, 1, keep_word);
	}
	sigaltstack(&stack, &crash.stack);
	for (size_t i = 0; i < NR_ELEMENTS(crashes); i++) {
		sigaction(crashes[i], NULL, &crash.actions[i]);
		/* what somebody handles, or ignores, is theirs */
		if (crash.actions[i].sa_handler == SIG_DFL)
			sigaction(crashes[i], &action, NULL);
	}
}
