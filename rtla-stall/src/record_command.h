/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_RECORD_COMMAND_H
#define RTLA_STALL_RECORD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The command that `record` runs while it records.
 */

struct error;

struct record_command {
	pid_t pid;		/* 0: none, or it has ended */
	int pidfd;		/* readable when it has ended; -1 where the kernel has no such thing */
	int status;		/* of waitpid() */
	bool has_ended;
};

/** record_command_init() - there is none */
void record_command_init(struct record_command *command);

/**
 * record_command_start() - run it
 * @argv: ends in NULL
 *
 * Return: 0 or a negative errno with words in @err: there is no such program.
 */
int record_command_start(struct record_command *command, char *const *argv, struct error *err)
	__attribute__((warn_unused_result));

/** record_command_has_ended() - has it? */
bool record_command_has_ended(struct record_command *command);

/** record_command_stop() - ask it to end, if it still runs, and wait a moment for that */
void record_command_stop(struct record_command *command);

/** record_command_words() - how it ended: "sleep ended with status 0" */
void record_command_words(const struct record_command *command, const char *name, char *text,
			  size_t size);

/** record_command_deinit() - let go of it; it is not ended */
void record_command_deinit(struct record_command *command);

#endif
