// SPDX-License-Identifier: GPL-2.0-only
#include "live_hist.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../util/child.h"
#include "../util/cleanup.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "../util/strbuf.h"
#include "live_setup.h"

/* A message: how it goes on, 1 or the errno of its end, and some of the text. */
struct piece {
	int32_t status;
	char text[32764];
};

static void read_it(int fd, int kept, void *arg)
{
	struct piece *piece = arg;
	ssize_t size;

	for (off_t offset = 0;; offset += size) {
		size = pread(kept, piece->text, sizeof(piece->text), offset);
		piece->status = size < 0 ? -errno : size > 0;
		if (child_say(fd, piece, sizeof(piece->status) + (size > 0 ? (size_t)size : 0)) || size <= 0)
			return;
	}
}

/* Return: 1 there is more to come; 0 that was all; a negative errno */
static int take_pieces(const struct child *child, struct piece *piece, struct strbuf *out)
{
	for (;;) {
		ssize_t size = child_hear(child, piece, sizeof(*piece));

		if (size <= 0)
			return size ? (int)size : 1;
		if (size < (ssize_t)sizeof(piece->status))
			return -EPROTO;
		if (piece->status <= 0)
			return piece->status;
		strbuf_add(out, piece->text, (size_t)size - sizeof(piece->status));
	}
}

static int await_pieces(const struct child *child, int timeout_ms, struct piece *piece, struct strbuf *out)
{
	struct pollfd wait = { .fd = child->fd, .events = POLLIN };
	uint64_t until = clock_mono_ms() + (uint64_t)timeout_ms;
	int result;

	while ((result = take_pieces(child, piece, out)) > 0) {
		uint64_t now = clock_mono_ms();

		if (now >= until)
			return -ETIMEDOUT;
		poll(&wait, 1, (int)(until - now));
	}
	return result;
}

int live_hist_read(const struct live_hist *hist, int timeout_ms, struct strbuf *out, struct error *err)
{
	__cleanup_free struct piece *piece = malloc(sizeof(*piece));
	struct child child = CHILD_NONE;
	int result;

	if (!piece)
		return error_set(err, -ENOMEM, "out of memory");
	result = child_start(read_it, hist->fd, piece, "rtla-stall/hst", &child, err);
	if (result)
		return result;
	result = await_pieces(&child, timeout_ms, piece, out);
	child_end(&child, 100);
	if (!result && out->has_failed)
		result = -ENOMEM;
	return result ? error_set(err, result, "the histogram of %s: %s", hist->event, strerror(-result)) :
			0;
}

void live_hist_file(const struct live_hist *hist, char *name, size_t size)
{
	snprintf(name, size, "%s_hist.txt", hist->event);
	name[strcspn(name, ":")] = '_';
}
