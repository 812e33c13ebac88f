/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_TESTS_TEXT_FEED_H
#define RTLA_STALL_TESTS_TEXT_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "event_words.h"
#include "source/source.h"

/* A text handed to source_text_open(), and what came out of it. */

enum text_feed {
	TEXT_FEED_FILE,		/* can be read twice */
	TEXT_FEED_PIPE
};

struct text_fed {
	int result;		/* of source_text_open(), else of the last source_next() */
	char error[256];	/* words of a failed open */
	char *events;		/* event_words(), one per line; free() it */
	struct source_info at_open;
	struct source_info info;	/* at the end */
};

/** text_feed() - read a text to its end */
struct text_fed text_feed(const char *text, size_t length, enum text_feed how,
			  enum event_words words);

/** text_feed_file() - the same for a file; a failed assertion when it cannot be read */
struct text_fed text_feed_file(const char *path, enum event_words words);

/** text_feed_read() - a whole file; free() it */
char *text_feed_read(const char *path, size_t *length);

#endif
