// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any bytes as ftrace text, read twice as from a file, and line by line as from a long pipe.
 * Beyond not crashing: what comes out keeps the promises of event.h and source.h, and both give the
 * same events.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/source.h"
#include "source/text_parser.h"
#include "source/text_reader.h"
#include "util/names.h"

#define PROMISE(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "broken: %s\n", #condition);	\
			abort();					\
		}							\
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_comm(const char *comm)
{
	PROMISE(memchr(comm, '\0', COMM_LEN));
}

static void check(const struct event *event, const struct names *names)
{
	switch (event->type) {
	case EVENT_SWITCH:
		check_comm(event->sw.prev_comm);
		check_comm(event->sw.next_comm);
		PROMISE(event->sw.left <= LEFT_UNKNOWN);
		break;
	case EVENT_WAKING:
	case EVENT_WAKEUP:
	case EVENT_WAKEUP_NEW:
		check_comm(event->wake.comm);
		break;
	case EVENT_MIGRATE:
		check_comm(event->migrate.comm);
		break;
	case EVENT_PI_SETPRIO:
		check_comm(event->pi.comm);
		break;
	case EVENT_FORK:
		check_comm(event->fork.comm);
		break;
	case EVENT_EXEC:
	case EVENT_EXIT:
	case EVENT_RENAME:
		check_comm(event->task.comm);
		break;
	case EVENT_THREAD_NOISE:
		check_comm(event->thread_noise.comm);
		break;
	case EVENT_STACK:
		PROMISE(event->stack.nr_frames <= STACK_MAX);
		for (uint32_t i = 0; i < event->stack.nr_frames; i++)
			PROMISE(*names_get(names, event->stack.frames[i]));
		break;
	case EVENT_LOSS:
		PROMISE(event->loss.to_at >= event->at);
		break;
	default:
		PROMISE(event->type < EVENT_LOSS);
	}
}

/* Tells lists of events apart; losses stand elsewhere when they are not known beforehand. */
struct summary {
	uint64_t sum;
	uint64_t nr_events;
	uint64_t nr_losses;
};

static void add(struct summary *summary, const struct event *event, const struct names *names)
{
	check(event, names);
	if (event->type == EVENT_LOSS) {
		summary->nr_losses++;
		return;
	}
	summary->nr_events++;
	summary->sum = (summary->sum + event->at + event->cpu + (uint32_t)event->tid +
			event->type) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool read_file(const uint8_t *bytes, size_t size, struct summary *summary)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	struct names *names = names_create();
	struct source_options options = { .names = names };
	struct source *source;
	struct event event;

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
		abort();
	if (source_text_open(fd, "input", &options, &source, NULL)) {
		close(fd);
		names_destroy(names);
		return false;
	}
	while (source_next(source, &event, NULL) > 0) {
		add(summary, &event, names);
		PROMISE(event.type == EVENT_OTHER || event.type == EVENT_LOSS ||
			source->info.events_present & EVENT_BIT(event.type));
	}
	PROMISE(source->info.nr_events == summary->nr_events);
	PROMISE(source->info.nr_losses == summary->nr_losses);
	PROMISE(summary->nr_events + summary->nr_losses <= size);
	source_close(source);
	names_destroy(names);
	return true;
}

static void take_all(struct text_parser *parser, const struct names *names, struct summary *summary)
{
	const struct event *event;
	uint64_t offset;

	while ((event = text_parser_peek(parser, &offset))) {
		add(summary, event, names);
		text_parser_drop(parser);
	}
}

static void read_lines(const char *text, size_t size, struct summary *summary)
{
	struct names *names = names_create();
	const char *end = text + size;
	struct source_info info;
	struct text_parser parser;

	memset(&info, 0, sizeof(info));
	text_parser_init(&parser, names, &info);
	for (const char *at = text; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		text_parser_line(&parser, at, length < TEXT_LINE_MAX ? length : TEXT_LINE_MAX,
				 (uint64_t)(at - text), false);
		take_all(&parser, names, summary);
		at = newline ? newline + 1 : end;
	}
	text_parser_finish(&parser);
	take_all(&parser, names, summary);
	text_parser_deinit(&parser);
	names_destroy(names);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct summary file = { .sum = 0 }, lines = { .sum = 0 };

	read_lines((const char *)bytes, size, &lines);
	if (read_file(bytes, size, &file)) {
		PROMISE(file.sum == lines.sum);
		PROMISE(file.nr_events == lines.nr_events);
	}
	return 0;
}
