// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../util/clock.h"
#include "../util/error.h"
#include "../util/strbuf.h"
#include "log_ring.h"

#define NR_LINES 256u
#define NR_BOOSTS 1024u
#define END_MS 1000
#define LINE_MAX 480u
#define LOG_DAEMON_BITS (3u << 3)

enum target { TARGET_STDERR, TARGET_KMSG, TARGET_SYSLOG, TARGET_FILE, TARGET_JSON, NR_TARGETS };

struct line {
	uint64_t wall_ns;	/* since 1970 */
	uint8_t level;
	char text[LINE_MAX];
};

struct boost_line {
	int64_t wall_offset_ns;
	struct enforce_boost_record record;
};

struct enforce_log {
	bool is_verbose;
	int file_fd;		/* ours to close, as the next one; -1 */
	int kmsg_fd;
	struct log_ring *rings[NR_TARGETS];
};

/* ---- in the writers' threads ------------------------------------------------------------------ */

static void render_stderr(const void *record, void *arg, struct strbuf *out)
{
	const struct line *line = record;

	(void)arg;
	strbuf_addf(out, "rtla-stall enforce: %s\n", line->text);
}

static void render_kmsg(const void *record, void *arg, struct strbuf *out)
{
	const struct line *line = record;

	(void)arg;
	strbuf_addf(out, "<%u>rtla-stall: %s\n", LOG_DAEMON_BITS | line->level, line->text);
}

static void render_syslog(const void *record, void *arg, struct strbuf *out)
{
	const struct line *line = record;

	(void)arg;
	strbuf_addf(out, "<%u>rtla-stall[%d]: %s\n", LOG_DAEMON_BITS | line->level, getpid(), line->text);
}

static void render_file(const void *record, void *arg, struct strbuf *out)
{
	const struct line *line = record;
	time_t seconds = (time_t)(line->wall_ns / 1000000000u);
	char when[32];
	struct tm parts;

	(void)arg;
	gmtime_r(&seconds, &parts);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &parts);
	strbuf_addf(out, "%s.%06uZ %s\n", when, (unsigned int)(line->wall_ns % 1000000000u / 1000),
		    line->text);
}

static void render_boost(const void *record, void *arg, struct strbuf *out)
{
	const struct boost_line *line = record;

	(void)arg;
	enforce_log_render_json(&line->record, line->wall_offset_ns, out);
}

static void render_dropped(uint64_t nr_dropped, void *arg, struct strbuf *out)
{
	void (*render)(const void *record, void *arg, struct strbuf *out) =
		*(void (**)(const void *, void *, struct strbuf *))arg;
	struct line line = { .wall_ns = clock_ns(CLOCK_REALTIME), .level = ENFORCE_LOG_WARNING };

	snprintf(line.text, sizeof(line.text),
		 "%llu lines are missing here, which this log could not take in time",
		 (unsigned long long)nr_dropped);
	render(&line, NULL, out);
}

static void render_boosts_dropped(uint64_t nr_dropped, void *arg, struct strbuf *out)
{
	(void)arg;
	strbuf_addf(out, "{\"type\":\"dropped\",\"boosts\":%llu}\n", (unsigned long long)nr_dropped);
}

/* ---- in the run ------------------------------------------------------------------------------- */

void enforce_log_say(struct enforce_log *log, enum enforce_level level, const char *fmt, ...)
{
	struct line line = { .wall_ns = clock_ns(CLOCK_REALTIME), .level = (uint8_t)level };
	va_list arguments;

	if (level == ENFORCE_LOG_DEBUG && !log->is_verbose)
		return;
	va_start(arguments, fmt);
	vsnprintf(line.text, sizeof(line.text), fmt, arguments);
	va_end(arguments);
	for (int target = TARGET_STDERR; target <= TARGET_FILE; target++) {
		if (log->rings[target])
			log_ring_put(log->rings[target], &line);
	}
}

void enforce_log_boost(struct enforce_log *log, const struct enforce_boost_record *record)
{
	struct boost_line line = { .record = *record };

	if (!log->rings[TARGET_JSON])
		return;
	line.wall_offset_ns = (int64_t)(clock_ns(CLOCK_REALTIME) - clock_mono_ns());
	log_ring_put(log->rings[TARGET_JSON], &line);
}

uint64_t enforce_log_dropped(const struct enforce_log *log)
{
	uint64_t nr_dropped = 0;

	for (int target = 0; target < NR_TARGETS; target++) {
		if (log->rings[target])
			nr_dropped += log_ring_dropped(log->rings[target]);
	}
	return nr_dropped;
}

/* ---- beginning and end ------------------------------------------------------------------------ */

static void (*const renders[])(const void *record, void *arg, struct strbuf *out) = {
	[TARGET_STDERR] = render_stderr,
	[TARGET_KMSG] = render_kmsg,
	[TARGET_SYSLOG] = render_syslog,
	[TARGET_FILE] = render_file,
};

static int add_ring(struct enforce_log *log, enum target number, enum log_ring_kind kind, int fd,
		    struct error *err)
{
	bool is_json = number == TARGET_JSON;
	const struct log_ring_target target = {
		.kind = kind,
		.fd = fd,
		.path = LOG_RING_SYSLOG_PATH,
		.record_size = is_json ? sizeof(struct boost_line) : sizeof(struct line),
		.nr_records = is_json ? NR_BOOSTS : NR_LINES,
		.render = is_json ? render_boost : renders[number],
		.render_dropped = is_json ? render_boosts_dropped : render_dropped,
		.arg = is_json ? NULL : (void *)&renders[number],
	};

	return log_ring_create(&target, &log->rings[number], err);
}

static int open_file(const char *path, int flags, int *fd, struct error *err)
{
	*fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0644);
	return *fd < 0 ? error_set(err, -errno, "%s: %s", path, strerror(errno)) : 0;
}

static int open_targets(struct enforce_log *log, const struct enforce_params *params, int json_fd,
			struct error *err)
{
	const struct enforce_log_targets *wanted = &params->log;
	int result = 0;

	if (wanted->has_stderr)
		result = add_ring(log, TARGET_STDERR, LOG_RING_FD, STDERR_FILENO, err);
	if (!result && wanted->has_kmsg)
		result = open_file("/dev/kmsg", O_NONBLOCK, &log->kmsg_fd, err);
	if (!result && wanted->has_kmsg)
		result = add_ring(log, TARGET_KMSG, LOG_RING_KMSG, log->kmsg_fd, err);
	if (!result && wanted->has_syslog)
		result = add_ring(log, TARGET_SYSLOG, LOG_RING_SYSLOG, -1, err);
	if (!result && wanted->path)
		result = open_file(wanted->path, O_APPEND | O_CREAT, &log->file_fd, err);
	if (!result && wanted->path)
		result = add_ring(log, TARGET_FILE, LOG_RING_FD, log->file_fd, err);
	if (!result && json_fd >= 0)
		result = add_ring(log, TARGET_JSON, LOG_RING_FD, json_fd, err);
	return result;
}

/* It may come later: at boot, or when it is started anew. */
static void look_for_syslog(struct enforce_log *log)
{
	struct error failure = { 0 };
	int fd = log_ring_open_syslog(LOG_RING_SYSLOG_PATH, &failure);

	if (fd >= 0)
		close(fd);
	else
		enforce_log_say(log, ENFORCE_LOG_WARNING, "%s; it is tried again with what there is to say",
				failure.text);
}

int enforce_log_create(const struct enforce_params *params, int json_fd, struct enforce_log **ret,
		       struct error *err)
{
	struct enforce_log *log = calloc(1, sizeof(*log));
	int result;

	if (!log)
		return error_set(err, -ENOMEM, "out of memory");
	log->is_verbose = params->is_verbose;
	log->file_fd = -1;
	log->kmsg_fd = -1;
	result = open_targets(log, params, json_fd, err);
	if (result) {
		enforce_log_destroy(log);
		return result;
	}
	if (params->log.has_syslog)
		look_for_syslog(log);
	*ret = log;
	return 0;
}

void enforce_log_destroy(struct enforce_log *log)
{
	bool is_idle = true;

	if (!log)
		return;
	for (int target = 0; target < NR_TARGETS; target++)
		is_idle = log_ring_destroy(log->rings[target], END_MS) && is_idle;
	if (is_idle && log->file_fd >= 0)
		close(log->file_fd);
	if (is_idle && log->kmsg_fd >= 0)
		close(log->kmsg_fd);
	free(log);
}
