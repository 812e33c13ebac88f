// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring PROCESSES SECONDS: processes that hand a byte round a ring of pipes, four bytes at a time under way:
 * a load of little but switches and wakings.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCESSES 256
#define BYTES_UNDER_WAY 4

static int pipes[MAX_PROCESSES][2];

static void hand_on(int from, int to)
{
	char byte;

	while (read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1)
		;
	_exit(0);
}

int main(int argc, char **argv)
{
	long nr_processes = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	long seconds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	struct timespec left = { .tv_sec = seconds };
	pid_t children[MAX_PROCESSES];

	if (nr_processes < 2 || nr_processes > MAX_PROCESSES || seconds < 1) {
		fputs("usage: ring PROCESSES SECONDS\n", stderr);
		return 129;
	}
	for (long i = 0; i < nr_processes; i++)
		if (pipe(pipes[i]) < 0) {
			perror("ring: pipe");
			return 1;
		}
	for (long i = 0; i < nr_processes; i++) {
		children[i] = fork();
		if (children[i] == 0)
			hand_on(pipes[i][0], pipes[(i + 1) % nr_processes][1]);
		if (children[i] < 0) {
			perror("ring: fork");
			nr_processes = i;
			seconds = 0;
			left.tv_sec = 0;
		}
	}
	for (int i = 0; seconds && i < BYTES_UNDER_WAY; i++)
		if (write(pipes[i * nr_processes / BYTES_UNDER_WAY][1], "x", 1) != 1)
			perror("ring: write");
	nanosleep(&left, NULL);
	for (long i = 0; i < nr_processes; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return seconds ? 0 : 1;
}
