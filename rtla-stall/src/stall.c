// SPDX-License-Identifier: GPL-2.0-only
#include "stall.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "analyze.h"
#include "boost/enforce.h"
#include "hist_merge.h"
#include "monitor/watch.h"
#include "params.h"
#include "record.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/strbuf.h"
#include "util/undo.h"
#include "view/format.h"

#define MIN_WIDTH 80u
#define DEFAULT_WIDTH 100u
#define MAX_WIDTH 132u
#define SAME_SIGNAL_NS 200000000u

struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

/* Set by a signal, read by the loop over the events. */
static volatile sig_atomic_t is_interrupted;

/* Set by SIGUSR1: `enforce` is to say how things stand. */
static volatile sig_atomic_t wants_state;

static int run_top(int argc, char **argv);
static int run_hist(int argc, char **argv);
static int run_analyze(int argc, char **argv);
static int run_record(int argc, char **argv);
static int run_enforce(int argc, char **argv);

/* The first one is run when the first word is none of them. */
static const struct command commands[] = {
	{ "top", "watch the waits of kernel threads", run_top },
	{ "hist", "histograms of them, at the end of a run", run_hist },
	{ "analyze", "report on a recorded trace", run_analyze },
	{ "record", "record a trace for analyze", run_record },
	{ "enforce", "get starving threads running, within a budget", run_enforce },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

/*
 * A second signal ends the program as usual: it may be waiting for a pipe that says nothing. But timeout(1),
 * and a terminal that closes, send the same one twice at once, and mean it once.
 */
static void interrupt(int signal_number)
{
	static volatile uint64_t interrupted_at;
	uint64_t now_at = clock_mono_ns();

	if (!is_interrupted) {
		interrupted_at = now_at;
		is_interrupted = signal_number;
	} else if (now_at - interrupted_at > SAME_SIGNAL_NS) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
}

static void catch_signal(int signal_number)
{
	struct sigaction stop = { .sa_handler = interrupt, .sa_flags = SA_RESTART };
	struct sigaction before;

	/* one at a time: the handler is not interrupted by the next */
	sigfillset(&stop.sa_mask);
	/* nohup, and shells without job control, have them ignored */
	if (!sigaction(signal_number, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(signal_number, &stop, NULL);
}

static void catch_signals(void)
{
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
	signal(SIGPIPE, SIG_IGN);
}

static bool is_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static void complain(const char *where, const char *words)
{
	char safe[1024];

	format_safe(words, is_utf8(), safe, sizeof(safe));
	fprintf(stderr, "rtla-stall%s%s: %s\n", *where ? " " : "", where, safe);
}

/*
 * Started with one of the three closed, a file that is opened later would be taken for it: results would go
 * there, and the guard, which lets go of all three, could give nothing back. What stands for it cannot be
 * read, or written to, just as before.
 */
static int hold_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -1;
	}
	return 0;
}

static void usage(FILE *out)
{
	fputs("usage: rtla-stall [COMMAND] [options]\n\n", out);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n  --version  the version\n  --help     this text; COMMAND --help: its options\n\n"
	      "Without a command it is top.\n"
	      "`rtla stall` is the same as `rtla-stall`.\n", out);
}

/* What is printed for its own sake has to get out, or it is an error. */
static int end_output(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	complain("", "standard output: cannot be written");
	return STALL_EXIT_ERROR;
}

static struct document_layout find_layout(void)
{
	struct document_layout layout = { .width = DEFAULT_WIDTH, .is_utf8 = is_utf8() };
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return layout;
	layout.has_colour = !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb");
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		layout.width = size.ws_col < MIN_WIDTH ? MIN_WIDTH :
			       size.ws_col > MAX_WIDTH ? MAX_WIDTH : size.ws_col;
	return layout;
}

static int run_analyze(int argc, char **argv)
{
	struct analyze_setting setting = {
		.layout = find_layout(),
		.out = stdout,
		.progress = isatty(STDERR_FILENO) ? stderr : NULL,
		.is_interrupted = &is_interrupted,
	};
	struct analyze_result result;
	struct stall_params params;
	struct error err = { 0 };

	if (params_parse(argc, argv, &params, &err)) {
		complain("analyze", err.text);
		return STALL_EXIT_USAGE;
	}
	if (params.wants_help) {
		struct strbuf help = STRBUF_INIT;

		params_help(&help);
		fputs(help.text, stdout);
		strbuf_deinit(&help);
		return end_output(STALL_EXIT_USAGE);
	}
	catch_signals();
	if (analyze_run(&params, &setting, &result, &err)) {
		complain("analyze", err.text);
		return STALL_EXIT_ERROR;
	}
	if (*result.warning)
		complain("analyze: warning", result.warning);
	return result.is_threshold_reached ? STALL_EXIT_THRESHOLD : STALL_EXIT_DONE;
}

static void say_top(const char *words)
{
	complain("top", words);
}

static void say_hist(const char *words)
{
	complain("hist", words);
}

static int watch(const struct monitor_params *params, const char *name, void (*say)(const char *words))
{
	const struct watch_setting setting = {
		.layout = find_layout(),
		.out = stdout,
		.is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
		.undo_dir = UNDO_DIR,
		.is_interrupted = &is_interrupted,
		.say = say,
	};
	bool is_threshold_reached = false;
	struct error err = { 0 };

	catch_signals();
	/* a terminal that goes away is no reason to leave the system as it is */
	catch_signal(SIGHUP);
	if (watch_run(params, &setting, &is_threshold_reached, &err)) {
		complain(name, err.text);
		return STALL_EXIT_ERROR;
	}
	return is_threshold_reached ? STALL_EXIT_THRESHOLD : STALL_EXIT_DONE;
}

static int merge(const struct monitor_params *params)
{
	const struct document_layout layout = find_layout();
	struct error err = { 0 };

	catch_signals();
	if (!hist_merge_run(params, &layout, stdout, &err))
		return STALL_EXIT_DONE;
	complain("hist merge", err.text);
	return STALL_EXIT_ERROR;
}

static int run_monitor(int argc, char **argv, const char *name, enum monitor_face face,
		       void (*say)(const char *words))
{
	struct monitor_params params;
	struct error err = { 0 };
	int status;

	if (monitor_params_parse(argc, argv, &params, &err)) {
		complain(name, err.text);
		return STALL_EXIT_USAGE;
	}
	if (params.wants_help) {
		struct strbuf help = STRBUF_INIT;

		monitor_params_help(face, &help);
		fputs(help.text, stdout);
		strbuf_deinit(&help);
		status = end_output(STALL_EXIT_USAGE);
	} else {
		status = params.nr_merge ? merge(&params) : watch(&params, name, say);
	}
	monitor_params_deinit(&params);
	return status;
}

static int run_top(int argc, char **argv)
{
	return run_monitor(argc, argv, "top", MONITOR_TOP, say_top);
}

static int run_hist(int argc, char **argv)
{
	return run_monitor(argc, argv, "hist", MONITOR_HIST, say_hist);
}

static void say_record(const char *words)
{
	complain("record", words);
}

static int run_record(int argc, char **argv)
{
	struct record_setting setting = {
		.undo_dir = UNDO_DIR,
		.is_interrupted = &is_interrupted,
		.say = say_record,
	};
	struct record_params params;
	struct error err = { 0 };

	if (record_params_parse(argc, argv, &params, &err)) {
		complain("record", err.text);
		return STALL_EXIT_USAGE;
	}
	if (params.wants_help) {
		struct strbuf help = STRBUF_INIT;

		record_params_help(&help);
		fputs(help.text, stdout);
		strbuf_deinit(&help);
		return end_output(STALL_EXIT_USAGE);
	}
	catch_signals();
	/* a terminal that goes away is no reason to lose what was recorded */
	catch_signal(SIGHUP);
	if (record_run(&params, &setting, &err)) {
		complain("record", err.text);
		return STALL_EXIT_ERROR;
	}
	return STALL_EXIT_DONE;
}

static void say_enforce(const char *words)
{
	complain("enforce", words);
}

/* SIGUSR1 asks for the state as often as it comes; it ends nothing. */
static void ask_for_state(int signal_number)
{
	(void)signal_number;
	wants_state = 1;
}

static int enforce(const struct enforce_params *params)
{
	const struct enforce_setting setting = {
		.undo_dir = UNDO_DIR,
		.is_interrupted = &is_interrupted,
		.wants_state = &wants_state,
		.say = say_enforce,
		.out = stdout,
	};
	const struct sigaction state = { .sa_handler = ask_for_state, .sa_flags = SA_RESTART };
	struct error err = { 0 };

	catch_signals();
	catch_signal(SIGHUP);
	sigaction(SIGUSR1, &state, NULL);
	if (enforce_run(params, &setting, &err)) {
		complain("enforce", err.text);
		return STALL_EXIT_ERROR;
	}
	return end_output(STALL_EXIT_DONE);
}

static int run_enforce(int argc, char **argv)
{
	struct enforce_params params;
	struct error err = { 0 };
	int status;

	if (enforce_params_parse(argc, argv, &params, &err)) {
		complain("enforce", err.text);
		return STALL_EXIT_USAGE;
	}
	if (params.wants_help) {
		struct strbuf help = STRBUF_INIT;

		enforce_params_help(&help);
		fputs(help.text, stdout);
		strbuf_deinit(&help);
		status = end_output(STALL_EXIT_USAGE);
	} else if (params.wants_version) {
		puts("rtla-stall " RTLA_STALL_VERSION);
		status = end_output(STALL_EXIT_DONE);
	} else {
		status = enforce(&params);
	}
	enforce_params_deinit(&params);
	return status;
}

int stall_main(int argc, char **argv)
{
	char *top[] = { (char *)commands[0].name, NULL };
	const char *word = argc > 1 ? argv[1] : NULL;
	char unknown[256];

	if (hold_standard_files())
		return STALL_EXIT_ERROR;
	setlocale(LC_CTYPE, "");
	if (!word)
		return run_top(1, top);
	if (!strcmp(word, "--version")) {
		puts("rtla-stall " RTLA_STALL_VERSION);
		return end_output(STALL_EXIT_DONE);
	}
	if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
		usage(stdout);
		return end_output(STALL_EXIT_USAGE);
	}
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(word, commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	if (*word == '-') {
		/* an option: of top, which is what runs when nothing else is said */
		argv[0] = top[0];
		return run_top(argc, argv);
	}
	snprintf(unknown, sizeof(unknown), "no such command: %s", word);
	complain("", unknown);
	usage(stderr);
	return STALL_EXIT_USAGE;
}
