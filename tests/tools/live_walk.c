// SPDX-License-Identifier: GPL-2.0-only
/*
 * live_walk MS KEPT_BYTES FILE: reads this machine's events as they happen for that long, prints "cpu time
 * tid" of each in the order they are handed on, as dat_walk -P does for a file, saves what it kept to FILE,
 * and says on standard error what it met. Fails when time goes back, or the ticks do not come.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/live_setup.h"
#include "source/source_live.h"
#include "util/error.h"
#include "util/guard.h"
#include "util/names.h"
#include "util/undo.h"

static int set_up(struct guard *guard, struct live_instance *instance, struct error *err)
{
	struct live_config config = { .tracer = LIVE_TRACER_AUTO, .undo_dir = UNDO_DIR };
	struct live_setup *setup;
	int result = live_setup_start(&config, guard, &setup, err);

	if (result)
		return result;
	while (!(result = live_setup_take(setup, instance, err))) {
		struct pollfd wait = { .fd = live_setup_fd(setup), .events = POLLIN };

		poll(&wait, 1, 1000);
	}
	live_setup_stop(setup, 1000);
	return result < 0 ? result : 0;
}

static int walk(struct source *source, uint64_t span_ns, struct error *err)
{
	uint64_t first_tick_at = 0;
	uint64_t last_at = 0;
	uint64_t nr_ticks = 0;
	struct event event;
	int result;

	while ((result = source_next(source, &event, err)) > 0) {
		if (event.at < last_at)
			return error_set(err, -EILSEQ, "time goes back from %" PRIu64 " to %" PRIu64, last_at,
					 event.at);
		last_at = event.at;
		if (event.type == EVENT_TICK) {
			first_tick_at = nr_ticks++ ? first_tick_at : event.at;
			if (event.at - first_tick_at >= span_ns)
				break;
		} else if (event.type != EVENT_LOSS) {
			printf("%u %" PRIu64 " %d\n", event.cpu, event.at, event.tid);
		}
	}
	fprintf(stderr, "ticks %" PRIu64 " events %" PRIu64 " losses %" PRIu64 " lost %" PRIu64 " of %" PRIu64
		"\n", nr_ticks, source->info.nr_events, source->info.nr_losses, source->info.lost_events,
		source_live_lost(source));
	return result < 0 ? result : 0;
}

int main(int argc, char **argv)
{
	struct source_live_options options = { .names = names_create(), .pause_ns = 20000000 };
	struct live_instance instance;
	struct guard *guard = NULL;
	struct source *source = NULL;
	struct error err = { 0 };
	int result;
	int fd;

	if (argc != 4)
		return 129;
	options.kept_bytes = strtoull(argv[2], NULL, 10);
	live_instance_init(&instance);
	result = guard_create(UNDO_DIR, &guard, &err);
	if (!result)
		result = set_up(guard, &instance, &err);
	if (!result)
		result = source_live_open(&instance, &options, &source, &err);
	if (!result)
		result = walk(source, strtoull(argv[1], NULL, 10) * 1000000, &err);
	if (!result) {
		fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		result = fd < 0 ? error_set(&err, -errno, "%s", strerror(errno)) :
				  source_live_save(source, fd, NULL, &err);
		if (fd >= 0)
			close(fd);
	}
	source_close(source);
	live_instance_deinit(&instance);
	if (guard && guard_undo(guard, -1, result ? NULL : &err) && !result)
		result = -EIO;
	guard_destroy(guard);
	names_destroy(options.names);
	if (result)
		fprintf(stderr, "live_walk: %s\n", err.text);
	return result ? 1 : 0;
}
