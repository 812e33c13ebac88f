/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_STALL_H
#define RTLA_STALL_STALL_H

/*
 * The program: its subcommands, the only place that prints errors, and the only one that chooses
 * exit statuses. A main() of whatever name calls stall_main().
 */

enum stall_exit {
	STALL_EXIT_DONE = 0,
	STALL_EXIT_ERROR = 1,
	STALL_EXIT_THRESHOLD = 2,	/* a threshold that was asked for was reached */
	STALL_EXIT_USAGE = 129		/* -h, or a command line that makes no sense */
};

/**
 * stall_main() - run the program
 * @argc, @argv: as main() gets them
 *
 * Return: enum stall_exit.
 */
int stall_main(int argc, char **argv);

#endif
