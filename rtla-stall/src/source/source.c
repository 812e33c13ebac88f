// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/error.h"
#include "dat_file.h"
#include "foreign.h"

#define START_SIZE 4096		/* looked at to tell what a file is */

const char *source_format_name(enum source_format format)
{
	static const char *const names[] = {
		[SOURCE_TRACE_DAT] = "trace.dat",
		[SOURCE_TEXT] = "text",
		[SOURCE_LIVE] = "live",
		[SOURCE_PROC] = "proc",
		[SOURCE_ARRAY] = "array",
	};

	return names[format];
}

struct engine_facts source_facts(const struct source_info *info)
{
	return (struct engine_facts){
		.events_present = info->events_present,
		.is_preempt_rt = info->is_preempt_rt,
		.has_fair_server = info->has_fair_server,
		.has_reschedule = info->has_irq_vectors,
		.watched = info->watched,
	};
}

const char *source_odd_name(enum source_odd odd)
{
	static const char *const names[SOURCE_ODD_NR] = {
		[SOURCE_ODD_CUT_LINE] = "cut_line",
		[SOURCE_ODD_LONG_LINE] = "long_line",
		[SOURCE_ODD_SHORT_RECORD] = "short_record",
		[SOURCE_ODD_UNKNOWN_EVENT] = "unknown_event",
		[SOURCE_ODD_BAD_PAGE] = "bad_page",
		[SOURCE_ODD_CPU_RANGE] = "cpu_range",
		[SOURCE_ODD_TIME_BACKWARDS] = "time_backwards",
	};

	return names[odd];
}

static bool is_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; *at < end && shift < 35; shift += 7) {
		uint8_t byte = *(*at)++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* A Perfetto trace is nothing but packets: field 1, length-delimited, one after the other. */
static bool is_perfetto(const uint8_t *start, size_t size)
{
	const uint8_t *end = start + size;
	uint64_t length;
	int nr_packets = 0;

	for (const uint8_t *at = start; at < end; nr_packets++) {
		if (*at++ != 0x0a)
			return false;
		if (!is_varint(&at, end, &length) || !length)
			return false;
		/* the first field of a packet: a small field number */
		if (at < end && (*at == 0 || (*at & 7) > 5))
			return false;
		if (length >= (uint64_t)(end - at))
			return nr_packets || length > 8;
		at += length;
	}
	return nr_packets > 1;
}

static bool is_text(const uint8_t *start, size_t size)
{
	size_t nr_odd = 0;

	for (size_t i = 0; i < size; i++)
		nr_odd += start[i] < ' ' && start[i] != '\t' && start[i] != '\n' &&
			  start[i] != '\r' && start[i] != '\x1b' && start[i] != '\b' &&
			  start[i] != '\a';
	return nr_odd * 10 <= size;	/* a damaged line or a hostile comm is still text */
}

static const char *foreign_name(const uint8_t *start, size_t size)
{
	const char *name = foreign_magic(start, size);

	if (name || is_text(start, size))
		return name;
	return is_perfetto(start, size) ? "a Perfetto trace (protobuf)" : "neither a trace.dat nor text";
}

static int refuse(struct error *err, const char *path, const char *name)
{
	return error_set(err, -ENOTSUP, "%s is %s; trace.dat and ftrace text can be read", path,
			 name);
}

static ssize_t read_start(int fd, uint8_t *start)
{
	size_t size = 0;

	while (size < START_SIZE) {
		ssize_t result = pread(fd, start + size, START_SIZE - size, (off_t)size);

		if (result < 0 && errno == EINTR)
			continue;
		if (result < 0)
			return -errno;
		if (!result)
			break;
		size += (size_t)result;
	}
	return (ssize_t)size;
}

static int open_file(int fd, const char *path, const struct source_options *options,
		     struct source **ret, struct error *err)
{
	uint8_t start[START_SIZE];
	const char *name;
	ssize_t size = read_start(fd, start);

	if (size < 0)
		return error_set(err, (int)size, "%s cannot be read: %s", path,
				 strerror((int)-size));
	if (!size)
		return error_set(err, -EINVAL, "%s is empty", path);
	if (size >= 3 &&
	    !memcmp(start, DAT_MAGIC, size < DAT_MAGIC_SIZE ? (size_t)size : DAT_MAGIC_SIZE))
		return source_dat_open(fd, path, options, ret, err);
	name = foreign_name(start, (size_t)size);
	if (name)
		return refuse(err, path, name);
	return source_text_open(fd, path, options, ret, err);
}

int source_open(const char *path, const struct source_options *options, struct source **ret,
		struct error *err)
{
	bool is_stdin = !strcmp(path, "-");
	struct stat status;
	int result;
	int fd;

	fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
	if (is_stdin)
		path = "standard input";
	if (fd < 0)
		return error_set(err, -errno, "%s cannot be opened: %s", path, strerror(errno));
	if (fstat(fd, &status))
		result = error_set(err, -errno, "%s cannot be read: %s", path, strerror(errno));
	else if (S_ISDIR(status.st_mode))
		result = error_set(err, -EISDIR, "%s is a directory; a trace is a file", path);
	else if (S_ISCHR(status.st_mode) && !is_stdin)
		result = error_set(err, -ENOTSUP, "%s is a device; a trace is a file", path);
	else if (S_ISREG(status.st_mode) && lseek(fd, 0, SEEK_CUR) < 0)
		result = error_set(err, -ENOTSUP,
				   "%s does not end by itself: save it to a file, or pipe it to "
				   "`rtla-stall analyze -`", path);
	else if (S_ISREG(status.st_mode))
		result = open_file(fd, path, options, ret, err);
	else	/* a pipe: there is no looking at it beforehand, so it must be text */
		result = source_text_open(fd, path, options, ret, err);
	if (result)	/* otherwise the source has it now */
		close(fd);
	return result;
}
