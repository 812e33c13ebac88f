// SPDX-License-Identifier: GPL-2.0-only
#include "record.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "record_command.h"
#include "record_spool.h"
#include "source/live_read.h"
#include "source/live_stuck.h"
#include "source/live_tracefs.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/guard.h"
#include "util/outfile.h"

#define PAUSE_MOST_NS 250000000u
#define COMMAND_PAUSE_NS 50000000u	/* where its end cannot be waited for */
#define SETUP_QUIET_NS 2000000000u	/* then it is said that it takes long */
#define SETUP_STOP_MS 1000
#define UNDO_QUIET_MS 5000

struct recording {
	const struct record_params *params;
	const struct record_setting *setting;
	struct guard *guard;
	struct live_setup *setup;
	struct live_instance instance;
	struct record_spool spool;
	struct record_command command;
	struct strbuf names;		/* of threads when it began */
	struct outfile file;
	uint64_t began_at;
	uint64_t ended_at;
};

static bool is_interrupted(const struct recording *recording)
{
	return *recording->setting->is_interrupted;
}

/* ---- before ----------------------------------------------------------------------------------- */

/* A path that cannot be written is known before the work. */
static int check_path(const char *path, struct error *err)
{
	struct outfile file;
	struct stat status;
	int result;

	if (!lstat(path, &status) && !S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? error_set(err, -EISDIR, "%s is a directory", path) : 0;
	result = outfile_open(&file, path, err);
	if (!result)
		outfile_deinit(&file);
	return result;
}

static int open_all(struct recording *recording, struct error *err)
{
	const struct record_params *params = recording->params;
	struct live_config config = {
		.tracer = params->tracer,
		.cpus = params->has_cpus ? &params->cpus : NULL,
		.undo_dir = recording->setting->undo_dir,
	};
	char tracefs[LIVE_PATH_MAX];
	int result;

	/* First what ends early: a path that cannot be written, rights that are missing. */
	result = check_path(params->path, err);
	if (!result)
		result = live_tracefs_find(tracefs, err);
	if (!result)
		result = guard_create(recording->setting->undo_dir, &recording->guard, err);
	if (!result)
		result = live_setup_start(&config, recording->guard, &recording->setup, err);
	return result;
}

static void say_setup_waits(const struct recording *recording)
{
	char where[160] = "a CPU that does not run its kernel threads, or another tracer";
	char text[512];

	live_stuck_find(where, sizeof(where));
	snprintf(text, sizeof(text), "setting tracing up waits, at %s, for %s; it goes on when that ends",
		 live_setup_step(recording->setup), where);
	recording->setting->say(text);
}

static int await_setup(struct recording *recording, struct error *err)
{
	uint64_t quiet_until_at = clock_mono_ns() + SETUP_QUIET_NS;
	bool is_said = false;

	for (;;) {
		struct pollfd wait = { .fd = live_setup_fd(recording->setup), .events = POLLIN };
		int result = live_setup_take(recording->setup, &recording->instance, err);

		if (result)
			return result < 0 ? result : 0;
		if (is_interrupted(recording))
			return error_set(err, -EINTR, "interrupted before the recording began");
		if (!is_said && clock_mono_ns() >= quiet_until_at) {
			is_said = true;
			say_setup_waits(recording);
		}
		poll(&wait, 1, 100);
	}
}

/* ---- meanwhile -------------------------------------------------------------------------------- */

/* Until the pause is over, a signal comes, or the command ends. */
static void take_a_pause(const struct recording *recording, uint64_t pause_ns, uint64_t end_at)
{
	struct pollfd wait = { .fd = recording->command.pidfd, .events = POLLIN };
	uint64_t now = clock_mono_ns();
	struct timespec pause;

	if (recording->command.pid > 0 && wait.fd < 0 && pause_ns > COMMAND_PAUSE_NS)
		pause_ns = COMMAND_PAUSE_NS;
	if (now >= end_at)
		return;
	if (pause_ns > end_at - now)
		pause_ns = end_at - now;
	pause = (struct timespec){ .tv_nsec = (long)pause_ns };
	ppoll(&wait, wait.fd < 0 ? 0 : 1, &pause, NULL);
}

static int record(struct recording *recording, struct error *err)
{
	const struct record_params *params = recording->params;
	const struct live_instance *instance = &recording->instance;
	uint64_t buffer_bytes = (uint64_t)instance->buffer_kb * 1024;
	uint64_t end_at = UINT64_MAX;
	struct live_pace pace;
	uint64_t most;
	int result = 0;

	recording->began_at = clock_mono_ns();
	if (params->has_duration && params->duration_ns < UINT64_MAX - recording->began_at)
		end_at = recording->began_at + params->duration_ns;
	live_pace_init(&pace, PAUSE_MOST_NS);
	if (params->command)
		result = record_command_start(&recording->command, params->command, err);
	while (!result) {
		bool is_last = is_interrupted(recording) || clock_mono_ns() >= end_at ||
			       (params->command && record_command_has_ended(&recording->command));

		if (is_last)
			recording->ended_at = clock_mono_ns();
		result = record_spool_take(&recording->spool, instance, &most, err);
		if (is_last || result)
			break;
		live_pace_update(&pace, most, buffer_bytes);
		take_a_pause(recording, pace.pause_ns, end_at);
	}
	return result;
}

/* ---- afterwards ------------------------------------------------------------------------------- */

/*
 * Give everything back, whatever went before. What cannot be, is an error if there is none yet, and said
 * if there is.
 */
static int give_back(struct recording *recording, int result, struct error *err)
{
	struct error failure = { 0 };
	int code;

	live_instance_close(&recording->instance);
	if (!live_setup_stop(recording->setup, SETUP_STOP_MS)) {
		recording->setting->say("the process that sets tracing up hangs in the kernel; when it "
					"returns, the guard gives back what it changed");
		return result;
	}
	if (!recording->guard)
		return result;
	code = guard_undo(recording->guard, UNDO_QUIET_MS, &failure);
	if (code && code != -EINPROGRESS && !result) {
		*err = failure;
		return code;
	}
	if (code)
		recording->setting->say(failure.text);
	return result;
}

/* A temporary name must not stay when we are killed; the guard's directory is another. */
static int note_file(struct recording *recording, struct error *err)
{
	const char *name = recording->file.temporary;
	char *path = NULL;
	char *dir;
	int result;

	if (!name)
		return 0;
	if (name[0] == '/')
		return guard_add_file(recording->guard, name, err);
	dir = getcwd(NULL, 0);
	if (!dir || asprintf(&path, "%s/%s", dir, name) < 0)
		path = NULL;
	free(dir);
	if (!path)
		return error_set(err, -ENOMEM, "%s: %s", name, strerror(ENOMEM));
	result = guard_add_file(recording->guard, path, err);
	free(path);
	return result;
}

static int write_file(struct recording *recording, struct error *err)
{
	int result = outfile_open(&recording->file, recording->params->path, err);

	if (!result)
		result = note_file(recording, err);
	if (result)
		return result;
	result = record_spool_write(&recording->spool, &recording->instance, &recording->names,
				    fileno(recording->file.stream), err);
	if (result)
		error_prefix(err, "%s: ", recording->params->path);
	return result ? result : outfile_commit(&recording->file, err);
}

static void say_result(const struct recording *recording)
{
	const struct record_spool *spool = &recording->spool;
	uint64_t span_ms = (recording->ended_at - recording->began_at) / 1000000;
	char text[512];

	if (recording->params->command) {
		record_command_words(&recording->command, recording->params->command[0], text,
				     sizeof(text));
		recording->setting->say(text);
	}
	if (spool->lost_events) {
		snprintf(text, sizeof(text), "%llu events were lost, because the buffers were full; the file "
			 "says where", (unsigned long long)spool->lost_events);
		recording->setting->say(text);
	}
	snprintf(text, sizeof(text), "%s: %llu.%03llu s, %llu.%llu MB, %s", recording->params->path,
		 (unsigned long long)span_ms / 1000, (unsigned long long)span_ms % 1000,
		 (unsigned long long)spool->bytes / 1000000,
		 (unsigned long long)spool->bytes / 100000 % 10,
		 spool->lost_events ? "with losses" : "no event lost");
	recording->setting->say(text);
}

/* Names of threads that are gone are among those from the beginning. */
static void read_names(struct recording *recording)
{
	struct strbuf names = STRBUF_INIT;

	live_read_cmdlines(&recording->instance, &recording->names, &names);
	strbuf_deinit(&recording->names);
	recording->names = names;
}

static int record_all(struct recording *recording, struct error *err)
{
	int result = open_all(recording, err);

	if (!result)
		result = await_setup(recording, err);
	if (result)
		return result;
	if (*recording->instance.warning)
		recording->setting->say(recording->instance.warning);
	read_names(recording);
	result = record_spool_init(&recording->spool, &recording->instance, recording->params->path,
				   err);
	if (!result)
		result = record(recording, err);
	if (result)
		return result;
	record_spool_end(&recording->spool, &recording->instance);
	read_names(recording);
	return 0;
}

int record_run(const struct record_params *params, const struct record_setting *setting,
	       struct error *err)
{
	struct recording recording = { .params = params, .setting = setting, .names = STRBUF_INIT };
	bool is_recorded;
	int result;

	live_instance_init(&recording.instance);
	record_command_init(&recording.command);
	result = record_all(&recording, err);
	is_recorded = !result;
	result = give_back(&recording, result, err);
	record_command_stop(&recording.command);
	if (is_recorded) {
		/* what was recorded is worth having, whatever became of the rest */
		struct error write_err = { 0 };
		int code = write_file(&recording, &write_err);

		if (!code)
			say_result(&recording);
		else if (!result)
			*err = write_err;
		result = result ? result : code;
	}
	live_instance_deinit(&recording.instance);
	record_command_deinit(&recording.command);
	record_spool_deinit(&recording.spool);
	outfile_deinit(&recording.file);
	guard_destroy(recording.guard);
	strbuf_deinit(&recording.names);
	return result;
}
