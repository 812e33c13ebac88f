/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_ACTIONS_H
#define RTLA_STALL_MONITOR_ACTIONS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What is done when a threshold is reached (--on-threshold), or at the end (--on-end), in the order given,
 * up to the first that fails:
 *
 *     trace[,file=F]              save the trace: trace.dat, or text when F ends in .txt
 *     signal,num=N,pid=P|parent   send a signal; N may be a name: TERM, SIGTERM
 *     shell,command=CMD           run CMD by the shell; everything after "command=" is CMD, commas and all
 *     continue                    go on after the threshold
 */

struct error;

enum action_kind { ACTION_TRACE, ACTION_SIGNAL, ACTION_SHELL, ACTION_CONTINUE };

struct action {
	enum action_kind kind;
	const char *text;	/* TRACE: the file, NULL the default; SHELL: the command. Borrowed from
				 * what actions_add() was given */
	int32_t signal;		/* SIGNAL */
	int32_t pid;		/* SIGNAL; 0: our parent */
};

struct actions {
	struct action *items;
	uint32_t nr_items;
};

/**
 * actions_add() - append what the text of one option says
 * @option: for the words of an error
 *
 * Keys may come in any order, each once. Return: 0 or a negative errno with words in @err; nothing is
 * appended then.
 */
int actions_add(struct actions *actions, const char *option, const char *text, struct error *err)
	__attribute__((warn_unused_result));

/**
 * actions_add_trace() - append "trace"
 * @file: NULL: the default
 *
 * Return: 0 or -ENOMEM with words in @err.
 */
int actions_add_trace(struct actions *actions, const char *file, struct error *err)
	__attribute__((warn_unused_result));

/** actions_has() - there is one of this kind */
bool actions_has(const struct actions *actions, enum action_kind kind);

/** actions_deinit() - free it; a zeroed struct is empty */
void actions_deinit(struct actions *actions);

/* What an action needs of whoever runs it. */
struct actions_context {
	/* save the trace; @path NULL: the default. Return: 0 or a negative errno with words in @err */
	int (*save_trace)(const char *path, void *arg, struct error *err);
	void *arg;
	int32_t parent;		/* who started us, by getppid() when the run began; 0: whoever it is now. A
				 * parent that is gone is not signalled: its heir is somebody else */
	/* set by a signal: no command is waited for any longer. NULL: each is, for ever */
	const volatile sig_atomic_t *is_interrupted;
};

/*
 * One run through them:
 *
 *     actions_begin(&run, actions)
 *     while (!actions_step(&run, &context, err))
 *             what else there is to do, until run.pidfd is readable, or for a moment
 */
struct actions_run {
	const struct actions *actions;	/* borrowed */
	uint32_t next;
	int32_t pid;			/* of a command that runs; 0 none */
	int pidfd;			/* readable when it has ended; -1 */
	bool has_to_wait;		/* set by the caller: no command may be started yet */
	bool goes_on;			/* a `continue` was reached */
};

/** actions_begin() - nothing is done yet */
void actions_begin(struct actions_run *run, const struct actions *actions);

/**
 * actions_step() - do what can be done now
 *
 * A shell command is a child of ours, in a process group of its own. It gets the usual handling of signals,
 * our standard output and standard error, nothing to read, and none of our other open files. It is not
 * waited for here; what comes after it is done by a step after its end. Once we are interrupted it is ended,
 * group and all, with SIGTERM and then SIGKILL, and that is a failure (-EINTR). What is pending on stdout is
 * written before it runs.
 *
 * Return: 1 all is done; 0 a command runs, or is not to be started yet; or the first failure, with words in
 * @err (a shell command that does not end with 0 is one: -ECHILD), and nothing more is done.
 */
int actions_step(struct actions_run *run, const struct actions_context *context, struct error *err)
	__attribute__((warn_unused_result));

/** actions_finish() - all of them, waiting for commands. Return: 0, or as actions_step() */
int actions_finish(struct actions_run *run, const struct actions_context *context, struct error *err)
	__attribute__((warn_unused_result));

#endif
