// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a trace.dat: read to the end, whatever they are. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/source.h"
#include "util/error.h"
#include "util/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_event(const struct event *event)
{
	if (event->type >= EVENT_NR_TYPES || event->cpu >= ENGINE_MAX_CPUS)
		abort();
	if (event->type == EVENT_LOSS && event->loss.to_at < event->at)
		abort();
	if (event->type == EVENT_SWITCH && event->sw.next_comm[COMM_LEN - 1])
		abort();
	if (event->type == EVENT_STACK && event->stack.nr_frames > STACK_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct source_options options = { .names = names_create() };
	int fd = memfd_create("fuzz", 0);
	struct source *source;
	struct event event;
	struct error err;

	if (!options.names || fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	if (source_dat_open(fd, "fuzz", &options, &source, &err)) {
		if (!*err.text)
			abort();
		close(fd);
	} else {
		while (source_next(source, &event, &err) > 0)
			check_event(&event);
		source_close(source);
	}
	names_destroy(options.names);
	return 0;
}
