// SPDX-License-Identifier: GPL-2.0-only
#include "text_feed.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/error.h"

static void write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t nr = write(fd, text, length);

		if (nr <= 0)
			break;
		text += nr;
		length -= (size_t)nr;
	}
}

static int file_of(const char *text, size_t length)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	assert_true(fd >= 0);
	write_all(fd, text, length);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* A child writes, since a pipe holds less than some texts. */
static int pipe_of(const char *text, size_t length, pid_t *writer)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	*writer = fork();
	assert_true(*writer >= 0);
	if (!*writer) {
		close(ends[0]);
		write_all(ends[1], text, length);
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

static void read_events(struct source *source, const struct names *names, enum event_words words,
			struct text_fed *fed)
{
	char line[4096];
	struct event event;
	size_t size;
	FILE *out;

	out = open_memstream(&fed->events, &size);
	assert_non_null(out);
	while ((fed->result = source_next(source, &event, NULL)) > 0)
		fprintf(out, "%s\n", event_words(&event, names, words, line, sizeof(line)));
	fclose(out);
	assert_non_null(fed->events);
}

struct text_fed text_feed(const char *text, size_t length, enum text_feed how,
			  enum event_words words)
{
	struct names *names = names_create();
	struct source_options options = { .names = names };
	struct text_fed fed = { .events = NULL };
	struct error err = { .code = 0 };
	struct source *source = NULL;
	pid_t writer = 0;
	int fd;

	fd = how == TEXT_FEED_FILE ? file_of(text, length) : pipe_of(text, length, &writer);
	fed.result = source_text_open(fd, "input", &options, &source, &err);
	if (fed.result) {
		memcpy(fed.error, err.text, sizeof(fed.error));
		/* It is taken over on success only. */
		assert_int_equal(close(fd), 0);
	} else {
		fed.at_open = source->info;
		read_events(source, names, words, &fed);
		fed.info = source->info;
		source_close(source);
	}
	if (writer)
		waitpid(writer, NULL, 0);
	names_destroy(names);
	return fed;
}

char *text_feed_read(const char *path, size_t *length)
{
	FILE *file = fopen(path, "r");
	char *text;

	if (!file)
		fail_msg("%s is missing", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	*length = (size_t)ftell(file);
	rewind(file);
	text = malloc(*length + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, *length, file), *length);
	text[*length] = '\0';
	fclose(file);
	return text;
}

struct text_fed text_feed_file(const char *path, enum event_words words)
{
	struct text_fed fed;
	size_t length;
	char *text;

	text = text_feed_read(path, &length);
	fed = text_feed(text, length, TEXT_FEED_FILE, words);
	free(text);
	assert_int_equal(fed.result, 0);
	return fed;
}
