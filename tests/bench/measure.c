// SPDX-License-Identifier: GPL-2.0-only
/*
 * measure time COMMAND...     CPU time of the command and its children, user and system, in seconds
 * measure memory COMMAND...   the most anonymous memory the command itself held, in KiB
 *
 * Standard output of the command goes nowhere. Memory is polled, so that a run for memory is not one for
 * time. Exits with the command's status, 127 when it cannot be run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS 500000

static pid_t start(char **command)
{
	pid_t child = fork();

	if (child == 0) {
		int fd = open("/dev/null", O_WRONLY);

		if (fd >= 0)
			dup2(fd, STDOUT_FILENO);
		execvp(command[0], command);
		fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	return child;
}

/* 0 when it cannot be read, as for a process that has ended. */
static unsigned long anonymous_kib(int fd)
{
	const char *line;
	char text[4096];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	if (length <= 0)
		return 0;
	text[length] = '\0';
	line = strstr(text, "\nRssAnon:");
	return line ? strtoul(line + strlen("\nRssAnon:"), NULL, 10) : 0;
}

static int measure_memory(pid_t child, unsigned long *ret)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	unsigned long most = 0;
	char path[64];
	int status;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (waitpid(child, &status, WNOHANG) == 0) {
		unsigned long now = fd < 0 ? 0 : anonymous_kib(fd);

		if (now > most)
			most = now;
		nanosleep(&pause, NULL);
	}
	if (fd >= 0)
		close(fd);
	*ret = most;
	return status;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	unsigned long most;
	struct rusage usage;
	pid_t child;
	int status;

	if (argc < 3) {
		fputs("usage: measure time|memory COMMAND...\n", stderr);
		return 127;
	}
	child = start(argv + 2);
	if (child < 0) {
		perror("measure: fork");
		return 127;
	}
	if (!strcmp(argv[1], "memory")) {
		status = measure_memory(child, &most);
		printf("%lu\n", most);
	} else {
		if (wait4(child, &status, 0, &usage) < 0) {
			perror("measure: wait4");
			return 127;
		}
		printf("%.3f\n", seconds(usage.ru_utime) + seconds(usage.ru_stime));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
