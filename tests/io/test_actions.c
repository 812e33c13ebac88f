// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "monitor/actions.h"
#include "monitor/own_nice.h"
#include "util/error.h"

#define NR_ELEMENTS(array) (sizeof(array) / sizeof(*(array)))

/* ---- reading ---------------------------------------------------------------------------------- */

static void actions_are_read(void **state)
{
	static const struct {
		const char *text;
		struct action wanted;
	} cases[] = {
		{ "trace", { ACTION_TRACE, NULL, 0, 0 } },
		{ "trace,file=a.txt", { ACTION_TRACE, "a.txt", 0, 0 } },
		{ "trace,file=a=b c", { ACTION_TRACE, "a=b c", 0, 0 } },
		{ "signal,num=1,pid=1234", { ACTION_SIGNAL, NULL, 1, 1234 } },
		{ "signal,pid=1234,num=64", { ACTION_SIGNAL, NULL, 64, 1234 } },
		{ "signal,pid=parent,num=2", { ACTION_SIGNAL, NULL, 2, 0 } },
		{ "signal,num=TERM,pid=2147483647", { ACTION_SIGNAL, NULL, SIGTERM, INT32_MAX } },
		{ "signal,num=SIGUSR1,pid=5", { ACTION_SIGNAL, NULL, SIGUSR1, 5 } },
		{ "signal,num=sigkill,pid=5", { ACTION_SIGNAL, NULL, SIGKILL, 5 } },
		{ "shell,command=echo Hello", { ACTION_SHELL, "echo Hello", 0, 0 } },
		{ "shell,command=echo a,b,file=c,command=d",
		  { ACTION_SHELL, "echo a,b,file=c,command=d", 0, 0 } },
		{ "continue", { ACTION_CONTINUE, NULL, 0, 0 } },
	};
	struct actions actions = { 0 };
	struct error err;

	(void)state;
	for (uint32_t i = 0; i < NR_ELEMENTS(cases); i++) {
		const struct action *found;

		if (actions_add(&actions, "--on-end", cases[i].text, &err))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_int_equal(actions.nr_items, i + 1);
		found = &actions.items[i];
		assert_int_equal(found->kind, cases[i].wanted.kind);
		assert_int_equal(found->signal, cases[i].wanted.signal);
		assert_int_equal(found->pid, cases[i].wanted.pid);
		if (cases[i].wanted.text)
			assert_string_equal(found->text, cases[i].wanted.text);
		else
			assert_null(found->text);
	}
	assert_int_equal(actions_add_trace(&actions, "x", &err), 0);
	assert_string_equal(actions.items[actions.nr_items - 1].text, "x");
	actions_deinit(&actions);
	assert_int_equal(actions.nr_items, 0);
	assert_false(actions_has(&actions, ACTION_TRACE));
}

static void what_is_no_action_is_refused_in_one_line(void **state)
{
	static const char *const cases[][2] = {
		{ "foobar", "--on-end: 'foobar' is not trace, signal, shell or continue" },
		{ "", "--on-end: '' is not trace, signal, shell or continue" },
		{ "traces", "--on-end: 'traces' is not trace, signal, shell or continue" },
		{ "trace,foo=bar", "--on-end: trace knows no 'foo'" },
		{ "trace,file", "--on-end: trace knows no 'file'" },
		{ "trace,file=", "--on-end: the name of the file is missing" },
		{ "trace,file=a,b", "--on-end: trace knows no 'b'" },
		{ "trace,file=a,file=b", "--on-end: trace has two file=" },
		{ "trace,", "--on-end: trace knows no ''" },
		{ "signal", "--on-end: signal needs num=N" },
		{ "signal,num=1", "--on-end: signal needs pid=P or pid=parent" },
		{ "signal,pid=1234", "--on-end: signal needs num=N" },
		{ "signal,foo=bar", "--on-end: signal knows no 'foo'" },
		{ "signal,num=0,pid=1", "--on-end: '0' is no signal" },
		{ "signal,num=,pid=1", "--on-end: '' is no signal" },
		{ "signal,num=65,pid=1", "--on-end: '65' is no signal" },
		{ "signal,num=TERMINATE,pid=1", "--on-end: 'TERMINATE' is no signal" },
		{ "signal,num=4294967297,pid=1", "--on-end: '4294967297' is no signal" },
		{ "signal,num=1,num=2,pid=1", "--on-end: signal has two num=" },
		{ "signal,num=1,pid=1,pid=2", "--on-end: signal has two pid=" },
		{ "signal,num=1,pid=0", "--on-end: '0' is no process: write a pid, or parent" },
		{ "signal,num=1,pid=-1", "--on-end: '-1' is no process: write a pid, or parent" },
		{ "signal,num=1,pid=2147483648",
		  "--on-end: '2147483648' is no process: write a pid, or parent" },
		{ "signal,num=1,pid=12345678901234567890",
		  "--on-end: '12345678901234567890' is no process: write a pid, or parent" },
		{ "shell", "--on-end: shell needs command=CMD, and nothing before it" },
		{ "shell,command=", "--on-end: shell needs command=CMD, and nothing before it" },
		{ "shell,foo=bar", "--on-end: shell needs command=CMD, and nothing before it" },
		{ "continue,foo=bar", "--on-end: continue knows no 'foo'" },
		{ "continue,", "--on-end: continue knows no ''" },
	};
	struct actions actions = { 0 };
	struct error err;

	(void)state;
	for (size_t i = 0; i < NR_ELEMENTS(cases); i++) {
		assert_int_equal(actions_add(&actions, "--on-end", cases[i][0], &err), -EINVAL);
		assert_string_equal(err.text, cases[i][1]);
		assert_int_equal(actions.nr_items, 0);
	}
}

/* ---- doing ------------------------------------------------------------------------------------ */

struct saved {
	char paths[100];
	int result;
};

static int save(const char *path, void *arg, struct error *err)
{
	struct saved *saved = arg;

	strcat(saved->paths, path ? path : "(default)");
	strcat(saved->paths, " ");
	return saved->result ? error_set(err, saved->result, "no room for %s", path ? path : "it") : 0;
}

/* Runs what the texts say, the last one is followed by NULL. Return: actions_finish()'s */
static int run_with(const struct actions_context *context, bool *goes_on, struct error *err,
		    const char *const *texts)
{
	struct actions actions = { 0 };
	struct actions_run run;
	int result;

	*err = (struct error){ 0 };
	for (; *texts; texts++)
		assert_int_equal(actions_add(&actions, "--on-end", *texts, err), 0);
	actions_begin(&run, &actions);
	result = actions_finish(&run, context, err);
	assert_int_equal(run.pid, 0);
	*goes_on = run.goes_on;
	actions_deinit(&actions);
	return result;
}

#define RUN(context, goes_on, err, ...) \
	run_with(context, goes_on, err, (const char *const[]){ __VA_ARGS__, NULL })

/* What @command said on standard output and standard error, as an action of ours. */
static const char *said(const char *command, struct error *err)
{
	static char text[4096];
	char name[] = "/tmp/test_actions.XXXXXX";
	char *action = NULL;
	int file = mkstemp(name);
	int before[2] = { dup(STDOUT_FILENO), dup(STDERR_FILENO) };
	const struct actions_context context = { 0 };
	bool goes_on;
	ssize_t size;
	int result;

	assert_true(file >= 0 && !unlink(name) && asprintf(&action, "shell,command=%s", command) > 0);
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	result = RUN(&context, &goes_on, err, action);
	dup2(before[0], STDOUT_FILENO);
	dup2(before[1], STDERR_FILENO);
	size = pread(file, text, sizeof(text) - 1, 0);
	assert_true(size >= 0);
	text[size] = '\0';
	assert_int_equal(result, err->code);
	close(before[0]);
	close(before[1]);
	close(file);
	free(action);
	return text;
}

static void shell_runs_the_whole_command(void **state)
{
	struct error err;

	(void)state;
	assert_string_equal(said("echo a,b,c; echo 'd  e' >&2", &err), "a,b,c\nd  e\n");
	assert_int_equal(err.code, 0);
	assert_string_equal(said("cat; echo end", &err), "end\n");	/* nothing to read */
	assert_int_equal(err.code, 0);
}

static void shell_has_nothing_of_ours_but_the_output(void **state)
{
	int file = open("/dev/null", O_RDONLY);
	struct error err;

	(void)state;
	assert_true(file >= 0 && dup2(file, 77) == 77);
	assert_string_equal(said("test -e /proc/$$/fd/77 || echo none", &err), "none\n");
	assert_int_equal(err.code, 0);
	close(file);
	close(77);
}

static void shell_has_the_ordinary_handling_of_signals(void **state)
{
	sigset_t blocked, before;
	struct error err;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	said("kill -s PIPE $$; echo ignored", &err);
	assert_int_equal(err.code, -ECHILD);
	assert_string_equal(
		err.text,
		"the command 'kill -s PIPE $$; echo ignored' was ended by signal 13 (Broken pipe)");
	said("kill -s TERM $$; echo blocked", &err);
	assert_int_equal(err.code, -ECHILD);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static void a_command_does_not_run_at_our_own_nice_value(void **state)
{
	int before = getpriority(PRIO_PROCESS, 0);
	struct error err;

	(void)state;
	if (setpriority(PRIO_PROCESS, 0, 1))
		skip();
	own_nice_raise();	/* somebody has chosen */
	assert_int_equal(getpriority(PRIO_PROCESS, 0), 1);
	if (setpriority(PRIO_PROCESS, 0, 0))
		skip();
	own_nice_raise();
	assert_int_equal(getpriority(PRIO_PROCESS, 0), -20);
	assert_string_equal(said("nice", &err), "0\n");
	assert_int_equal(getpriority(PRIO_PROCESS, 0), -20);
	assert_true(own_nice_lower());
	assert_false(own_nice_lower());
	assert_int_equal(getpriority(PRIO_PROCESS, 0), 0);
	assert_int_equal(setpriority(PRIO_PROCESS, 0, before), 0);
}

static void the_first_that_fails_is_the_last(void **state)
{
	struct saved saved = { .paths = "" };
	const struct actions_context context = { .save_trace = save, .arg = &saved };
	struct error err;
	bool goes_on = true;

	(void)state;
	assert_int_equal(RUN(&context, &goes_on, &err, "trace", "trace,file=x"), 0);
	assert_false(goes_on);
	assert_string_equal(saved.paths, "(default) x ");
	assert_int_equal(
		RUN(&context, &goes_on, &err, "shell,command=true", "continue", "trace,file=y"), 0);
	assert_true(goes_on);
	assert_string_equal(saved.paths, "(default) x y ");
	assert_int_equal(RUN(&context, &goes_on, &err, "shell,command=exit 3", "continue", "trace"),
			 -ECHILD);
	assert_string_equal(err.text, "the command 'exit 3' ended with status 3");
	assert_false(goes_on);
	saved.result = -ENOSPC;
	assert_int_equal(RUN(&context, &goes_on, &err, "trace,file=z", "continue"), -ENOSPC);
	assert_string_equal(err.text, "no room for z");
	assert_false(goes_on);
	assert_string_equal(saved.paths, "(default) x y z ");
}

static volatile sig_atomic_t nr_signals;

static void count_signal(int signal_number)
{
	(void)signal_number;
	nr_signals++;
}

static void a_signal_is_sent_to_a_process(void **state)
{
	const struct actions_context context = { 0 };
	struct error err;
	char text[60];
	bool goes_on;
	pid_t gone;

	(void)state;
	nr_signals = 0;
	signal(SIGUSR1, count_signal);
	snprintf(text, sizeof(text), "signal,num=USR1,pid=%d", (int)getpid());
	assert_int_equal(RUN(&context, &goes_on, &err, text), 0);
	assert_int_equal(nr_signals, 1);

	gone = fork();
	if (!gone)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	snprintf(text, sizeof(text), "signal,num=USR1,pid=%d", (int)gone);
	assert_int_equal(RUN(&context, &goes_on, &err, text), -ESRCH);
	assert_non_null(strstr(err.text, "No such process"));
	signal(SIGUSR1, SIG_DFL);
}

static void a_signal_is_sent_to_our_parent_and_to_nobody_instead(void **state)
{
	struct actions_context context = { .parent = getpid() };
	struct error err;
	bool goes_on;
	int status;
	pid_t child;

	(void)state;
	nr_signals = 0;
	signal(SIGUSR1, count_signal);
	child = fork();
	if (!child) {
		int result = RUN(&context, &goes_on, &err, "signal,num=USR1,pid=parent");

		context.parent = 1;	/* as if it had been another one */
		_exit(result ? 1 :
			       RUN(&context, &goes_on, &err, "signal,num=USR1,pid=parent") !=
				       -ESRCH);
	}
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_int_equal(status, 0);
	assert_int_equal(nr_signals, 1);
	signal(SIGUSR1, SIG_DFL);
}

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
	is_interrupted = signal_number;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A child of the shell's is ended as well: it would hold this pipe open. */
static void interrupted_ends(const char *command, uint64_t within_ms)
{
	struct sigaction act = { .sa_handler = interrupt, .sa_flags = SA_RESTART };
	const struct itimerval soon = { .it_value = { .tv_usec = 200000 } };
	const struct actions_context context = { .is_interrupted = &is_interrupted };
	char name[] = "/tmp/test_actions.XXXXXX";
	char text[200], byte;
	uint64_t began = now_ms();
	struct error err;
	bool goes_on;
	int fifo;

	is_interrupted = 0;
	assert_non_null(mkdtemp(name));
	snprintf(text, sizeof(text), "%s/fifo", name);
	assert_int_equal(mkfifo(text, 0600), 0);
	fifo = open(text, O_RDONLY | O_NONBLOCK);
	assert_true(fifo >= 0);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	snprintf(text, sizeof(text), "shell,command=exec >%s/fifo; %s", name, command);
	assert_int_equal(RUN(&context, &goes_on, &err, text), -EINTR);
	assert_true(now_ms() - began < within_ms);
	/* nobody has it open for writing any more, or soon will not */
	for (int i = 0; i < 100 && read(fifo, &byte, 1) < 0; i++)
		poll(NULL, 0, 10);
	assert_int_equal(read(fifo, &byte, 1), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	close(fifo);
	snprintf(text, sizeof(text), "%s/fifo", name);
	unlink(text);
	rmdir(name);
	signal(SIGALRM, SIG_DFL);
}

static void interrupted_is_not_for_ever(void **state)
{
	(void)state;
	interrupted_ends("sleep 60 & sleep 60", 1000);
	interrupted_ends("trap '' TERM; sleep 60; sleep 60", 3000);
}

static void a_command_that_runs_holds_up_nobody(void **state)
{
	struct saved saved = { .paths = "" };
	const struct actions_context context = { .save_trace = save, .arg = &saved };
	struct actions actions = { 0 };
	struct pollfd end = { .events = POLLIN };
	uint64_t began = now_ms();
	struct actions_run run;
	struct error err;

	(void)state;
	assert_int_equal(actions_add(&actions, "-", "trace,file=before", &err), 0);
	assert_int_equal(actions_add(&actions, "-", "shell,command=sleep 0.7", &err), 0);
	assert_int_equal(actions_add(&actions, "-", "trace,file=after", &err), 0);
	assert_int_equal(actions_add(&actions, "-", "continue", &err), 0);
	actions_begin(&run, &actions);
	run.has_to_wait = true;
	assert_int_equal(actions_step(&run, &context, &err), 0);
	assert_int_equal(actions_step(&run, &context, &err), 0);
	assert_int_equal(run.pid, 0);
	assert_string_equal(saved.paths, "before ");
	run.has_to_wait = false;
	assert_int_equal(actions_step(&run, &context, &err), 0);
	assert_true(run.pid > 0);
	assert_int_equal(actions_step(&run, &context, &err), 0);
	assert_true(now_ms() - began < 600);
	assert_string_equal(saved.paths, "before ");
	end.fd = run.pidfd;
	if (run.pidfd >= 0)
		assert_int_equal(poll(&end, 1, 10000), 1);
	assert_int_equal(actions_finish(&run, &context, &err), 0);
	assert_true(now_ms() - began >= 700);
	assert_string_equal(saved.paths, "before after ");
	assert_true(run.goes_on);
	actions_deinit(&actions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_are_read),
		cmocka_unit_test(what_is_no_action_is_refused_in_one_line),
		cmocka_unit_test(shell_runs_the_whole_command),
		cmocka_unit_test(shell_has_nothing_of_ours_but_the_output),
		cmocka_unit_test(shell_has_the_ordinary_handling_of_signals),
		cmocka_unit_test(a_command_does_not_run_at_our_own_nice_value),
		cmocka_unit_test(the_first_that_fails_is_the_last),
		cmocka_unit_test(a_signal_is_sent_to_a_process),
		cmocka_unit_test(a_signal_is_sent_to_our_parent_and_to_nobody_instead),
		cmocka_unit_test(a_command_that_runs_holds_up_nobody),
		cmocka_unit_test(interrupted_is_not_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
