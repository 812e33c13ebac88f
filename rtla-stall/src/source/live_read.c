// SPDX-License-Identifier: GPL-2.0-only
#include "live_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util/cleanup.h"

#define PAUSE_LEAST_NS 2000000u
#define STATS_MAX 1024
#define COMM_MAX 16

ssize_t live_read_pages(const struct live_cpu *cpu, uint32_t page_size, uint8_t *room, size_t size)
{
	size_t used = 0;

	while (used + page_size <= size) {
		ssize_t got = read(cpu->pages_fd, room + used, page_size);

		if (got < 0 && errno == EINTR)
			continue;
		/* a CPU that was off when the instance was made has no buffer until it comes */
		if (got < 0 && errno != EAGAIN && errno != ENODEV && !used)
			return -errno;
		if (got <= 0)
			break;
		/* the kernel hands out whole pages; what it left out holds nothing */
		memset(room + used + got, 0, page_size - (size_t)got);
		used += page_size;
	}
	return (ssize_t)used;
}

void live_read_stats(const struct live_cpu *cpu, struct strbuf *out)
{
	char text[STATS_MAX];
	ssize_t size = cpu->stats_fd < 0 ? 0 : pread(cpu->stats_fd, text, sizeof(text), 0);

	if (size > 0)
		strbuf_add(out, text, (size_t)size);
}

static uint64_t count_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, length) && line[length] == ':')
			return strtoull(line + length + 1, NULL, 10);
	}
	return 0;
}

void live_read_counts(const char *text, struct live_counts *ret)
{
	*ret = (struct live_counts){
		.lost = count_of(text, "overrun") + count_of(text, "commit overrun") +
			count_of(text, "dropped events"),
		.read = count_of(text, "read events"),
	};
}

/* ---- names ------------------------------------------------------------------------------------ */

struct cmdline {
	uint32_t tid;
	uint32_t order;		/* the first of several counts */
	char comm[COMM_MAX];
};

struct cmdlines {
	size_t nr;
	size_t nr_allocated;
	struct cmdline *lines;
};

static void add_cmdline(struct cmdlines *cmdlines, uint32_t tid, const char *comm, size_t length)
{
	struct cmdline *line;

	if (cmdlines->nr == cmdlines->nr_allocated) {
		size_t nr = cmdlines->nr ? cmdlines->nr * 2 : 1024;
		struct cmdline *more = reallocarray(cmdlines->lines, nr, sizeof(*more));

		if (!more)
			return;	/* a name less */
		cmdlines->lines = more;
		cmdlines->nr_allocated = nr;
	}
	line = &cmdlines->lines[cmdlines->nr];
	*line = (struct cmdline){ .tid = tid, .order = (uint32_t)cmdlines->nr++ };
	memcpy(line->comm, comm, length < COMM_MAX ? length : COMM_MAX - 1);
}

static void add_lines(struct cmdlines *cmdlines, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *end;
		unsigned long tid = strtoul(text, &end, 10);

		if (end > text && *end == ' ' && end + 1 < text + length)
			add_cmdline(cmdlines, (uint32_t)tid, end + 1, (size_t)(text + length - end - 1));
		text += length + (text[length] == '\n');
	}
}

static void add_threads_of(struct cmdlines *cmdlines, const char *process)
{
	char path[320];
	__cleanup_closedir DIR *tasks = NULL;
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%.20s/task", process);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		__cleanup_fclose FILE *file = NULL;
		char comm[64];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/comm", process, entry->d_name);
		file = fopen(path, "re");
		if (file && fgets(comm, sizeof(comm), file))
			add_cmdline(cmdlines, (uint32_t)strtoul(entry->d_name, NULL, 10), comm,
				    strcspn(comm, "\n"));
	}
}

static void add_threads(struct cmdlines *cmdlines)
{
	__cleanup_closedir DIR *processes = opendir("/proc");
	const struct dirent *entry;

	while (processes && (entry = readdir(processes))) {
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			add_threads_of(cmdlines, entry->d_name);
	}
}

static void add_saved(struct cmdlines *cmdlines, int fd)
{
	struct strbuf text = STRBUF_INIT;
	char room[4096];
	ssize_t size;

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return;
	while ((size = read(fd, room, sizeof(room))) > 0)
		strbuf_add(&text, room, (size_t)size);
	add_lines(cmdlines, text.text);
	strbuf_deinit(&text);
}

static int by_tid(const void *a, const void *b)
{
	const struct cmdline *one = a;
	const struct cmdline *other = b;

	if (one->tid != other->tid)
		return one->tid < other->tid ? -1 : 1;
	return one->order < other->order ? -1 : 1;
}

void live_read_cmdlines(const struct live_instance *instance, const struct strbuf *also,
			struct strbuf *out)
{
	struct cmdlines cmdlines = { 0 };

	add_threads(&cmdlines);
	add_saved(&cmdlines, instance->cmdlines_fd);
	if (also)
		add_lines(&cmdlines, also->text);
	if (cmdlines.nr)
		qsort(cmdlines.lines, cmdlines.nr, sizeof(*cmdlines.lines), by_tid);
	for (size_t i = 0; i < cmdlines.nr; i++) {
		if (!i || cmdlines.lines[i].tid != cmdlines.lines[i - 1].tid)
			strbuf_addf(out, "%u %s\n", cmdlines.lines[i].tid, cmdlines.lines[i].comm);
	}
	free(cmdlines.lines);
}

/* ---- how often -------------------------------------------------------------------------------- */

void live_pace_init(struct live_pace *pace, uint64_t most_ns)
{
	*pace = (struct live_pace){ .most_ns = most_ns, .pause_ns = most_ns / 8 };
}

/* Twice as fast from a quarter full on, so that a rate that doubles at once still fits. */
void live_pace_update(struct live_pace *pace, uint64_t bytes, uint64_t buffer_bytes)
{
	if (bytes >= buffer_bytes / 4)
		pace->pause_ns /= 2;
	else if (bytes < buffer_bytes / 16)
		pace->pause_ns *= 2;
	if (pace->pause_ns < PAUSE_LEAST_NS)
		pace->pause_ns = PAUSE_LEAST_NS;
	if (pace->pause_ns > pace->most_ns)
		pace->pause_ns = pace->most_ns;
}
