// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/error.h"
#include "text_facts.h"
#include "text_losses.h"
#include "text_parser.h"
#include "text_reader.h"
#include "text_scan.h"

/*
 * ftrace text from a file or a pipe.
 *
 * A file is read twice: text_scan.h learns what has to be known beforehand, then every line is
 * decoded. So is what comes through a pipe, as long as it fits into the buffer. More than that is
 * read once: then events_present stays 0, the machine is known by the beginning, and a loss is
 * handed on at its mark, with a stamp older than that of the last event.
 *
 * The file's order is kept, also among equal stamps: the kernel merges by ns and prints us.
 */

#define PIPE_BUFFER (4u << 20)

struct source_text {
	struct source source;
	int fd;
	struct text_reader reader;
	struct text_parser parser;
	struct text_losses losses;
	bool is_scanned;	/* losses are known */
	bool is_finished;	/* the last line is read */
};

static void set_truncated(struct source_info *info, const char *why)
{
	info->is_truncated = true;
	strncpy(info->truncated_why, why, sizeof(info->truncated_why) - 1);
}

static void count(struct source_info *info, const struct event *event)
{
	if (event->type == EVENT_LOSS) {
		info->nr_losses++;
		info->lost_events += event->loss.lost_events;
		return;
	}
	if (!info->nr_events++)
		info->first_at = event->at;
	if (event->at > info->last_at)
		info->last_at = event->at;
}

static void read_line(struct source_text *text)
{
	struct source_info *info = &text->source.info;
	struct text_reader_line line;
	bool is_whole;
	int result;

	result = text_reader_next(&text->reader, &line);
	info->bytes_done = text->reader.offset;
	if (result <= 0) {
		if (result < 0)
			set_truncated(info, strerror(-result));
		text_parser_finish(&text->parser);
		text->is_finished = true;
		return;
	}
	if (line.is_long)
		info->odd[SOURCE_ODD_LONG_LINE]++;
	is_whole = text_parser_line(&text->parser, line.text, line.length, line.offset,
				    text->is_scanned &&
				    text_losses_knows(&text->losses, line.offset));
	if (!is_whole && !line.has_newline)
		set_truncated(info, "the last line is cut");
}

static int source_text_next(struct source *src, struct event *ret, struct error *err)
{
	struct source_text *text = (struct source_text *)src;
	const struct event *event;
	uint64_t offset;

	(void)err;
	while (!(event = text_parser_peek(&text->parser, &offset)) && !text->is_finished)
		read_line(text);
	if (text_losses_take(&text->losses, event ? event->at : UINT64_MAX,
			     event ? offset : UINT64_MAX, ret)) {
		count(&src->info, ret);
		return 1;
	}
	if (!event)
		return 0;
	*ret = *event;
	text_parser_drop(&text->parser);
	count(&src->info, ret);
	return 1;
}

static void source_text_close(struct source *src)
{
	struct source_text *text = (struct source_text *)src;

	text_losses_deinit(&text->losses);
	text_parser_deinit(&text->parser);
	text_reader_deinit(&text->reader);
	if (text->fd >= 0)
		close(text->fd);
	free(text);
}

static const struct source_ops source_text_ops = {
	.next = source_text_next,
	.close = source_text_close,
};

/*
 * What is left to read of a file; 0 for what cannot be read twice. Files of tracefs say they are
 * empty, and what is read from trace_pipe is gone.
 */
static uint64_t bytes_of_file(int fd)
{
	off_t begin = lseek(fd, 0, SEEK_CUR);
	struct stat status;

	if (begin < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_size <= begin)
		return 0;
	return (uint64_t)(status.st_size - begin);
}

static int read_failed(const char *path, int result, struct error *err)
{
	return error_set(err, result, "%s cannot be read: %s", path, strerror(-result));
}

/* Fill the buffer. What is not ftrace's is best refused before anything is said of it. */
static int read_beginning(struct source_text *text, const char *path, struct error *err)
{
	const char *whose;
	int result;

	while ((result = text_reader_fill(&text->reader)) > 0)
		;
	if (result < 0)
		return read_failed(path, result, err);
	if (!text->reader.end)
		return error_set(err, -EINVAL, "%s is empty", path);
	whose = text_facts_foreign(text->reader.buffer, text->reader.end);
	if (whose)
		return error_set(err, -ENOTSUP, "%s is %s; trace.dat and ftrace text can be read",
				 path, whose);
	return 0;
}

static int scan_file(struct source_text *text, const char *path, struct names *names,
		     struct error *err)
{
	off_t begin = lseek(text->fd, 0, SEEK_CUR) - (off_t)text->reader.end;
	int result;

	result = text_scan(&text->reader, names, &text->source.info, &text->losses);
	if (!result && (begin < 0 || lseek(text->fd, begin, SEEK_SET) < 0))
		result = -errno;
	if (result)
		return read_failed(path, result, err);
	text_reader_rewind(&text->reader);
	text->is_scanned = true;
	return 0;
}

static int scan_beginning(struct source_text *text, const char *path, struct names *names,
			  struct error *err)
{
	struct source_info *info = &text->source.info;
	struct text_reader look;
	int result;

	text_reader_look(&text->reader, &look);
	result = text_scan(&look, names, info, &text->losses);
	if (result)
		return read_failed(path, result, err);
	if (text->reader.is_at_end) {
		info->bytes_total = text->reader.end;
		text->is_scanned = true;
		return 0;
	}
	text_losses_deinit(&text->losses);
	info->events_present = 0;
	return 0;
}

int source_text_open(int fd, const char *path, const struct source_options *options,
		     struct source **ret, struct error *err)
{
	struct source_text *text = calloc(1, sizeof(*text));
	struct source_info *info;
	int result;

	if (!text)
		return error_set(err, -ENOMEM, "out of memory");
	info = &text->source.info;
	info->format = SOURCE_TEXT;
	info->is_preempt_rt = TRI_UNKNOWN;
	info->has_fair_server = TRI_UNKNOWN;
	text->source.ops = &source_text_ops;
	info->bytes_total = bytes_of_file(fd);
	text_parser_init(&text->parser, options->names, info);
	if (text_reader_init(&text->reader, fd, info->bytes_total ? TEXT_READER_MIN : PIPE_BUFFER)) {
		result = error_set(err, -ENOMEM, "out of memory");
		goto fail;
	}
	text->reader.is_interrupted = options->is_interrupted;
	text->reader.is_pipe = !info->bytes_total;
	text->fd = fd;
	result = read_beginning(text, path, err);
	if (result)
		goto fail;
	result = info->bytes_total ? scan_file(text, path, options->names, err) :
				     scan_beginning(text, path, options->names, err);
	if (result)
		goto fail;
	*ret = &text->source;
	return 0;
fail:
	/* The caller's still. */
	text->fd = -1;
	source_text_close(&text->source);
	return result;
}
