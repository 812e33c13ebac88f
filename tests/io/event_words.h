/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_TESTS_EVENT_WORDS_H
#define RTLA_STALL_TESTS_EVENT_WORDS_H

#include <stddef.h>

#include "engine/event.h"
#include "util/names.h"

/* Which parts of an event are compared. */
enum event_words {
	EVENT_WORDS_ALL = 0,
	EVENT_WORDS_NO_FLAGS = 1 << 0,	/* neither flags nor preempt depth */
	EVENT_WORDS_NO_BH = 1 << 1,	/* not BH_OFF and NEED_RESCHED_LAZY, which not all tools print */
	EVENT_WORDS_NO_ADDRESS = 1 << 2, /* no work structs and locks: the kernel may print hashes */
	EVENT_WORDS_NO_LEFT = 1 << 3	/* R+ counts as R */
};

/**
 * event_words() - an event as one line, all its fields and nothing undefined
 *
 * Return: @buffer.
 */
const char *event_words(const struct event *event, const struct names *names,
			enum event_words words, char *buffer, size_t size);

#endif
