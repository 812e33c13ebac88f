// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is kept of the trace, written to a file.
 */
#include "monitor_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../source/source_live.h"
#include "../util/error.h"
#include "../util/outfile.h"
#include "../util/strbuf.h"
#include "save_text.h"

/* Names of threads as the engine knows them: the kernel's list forgets. */
static void add_cmdlines(const struct monitor *monitor, struct strbuf *out)
{
	for (int32_t tid = 1; tid < ENGINE_MAX_TID; tid++) {
		const char *comm = engine_comm(monitor->account.engine, tid);

		if (*comm && !strchr(comm, '\n'))
			strbuf_addf(out, "%d %s\n", tid, comm);
	}
}

static bool is_text(const char *path)
{
	size_t length = strlen(path);

	return length > 4 && !strcmp(path + length - 4, ".txt");
}

static int write_trace(struct monitor *monitor, const char *path, FILE *stream, struct error *err)
{
	struct strbuf cmdlines = STRBUF_INIT;
	int result = 0;

	add_cmdlines(monitor, &cmdlines);
	if (cmdlines.has_failed)
		result = error_set(err, -ENOMEM, "out of memory");
	else if (is_text(path))
		result = save_text(monitor->live, &cmdlines, stream, err);
	else
		result = source_live_save(monitor->live, fileno(stream), &cmdlines, err);
	strbuf_deinit(&cmdlines);
	return result;
}

int monitor_save(struct monitor *monitor, const char *path, struct error *err)
{
	struct outfile file;
	int result;

	if (!monitor->live)
		return error_set(err, -ENODATA, "there is no trace to save yet: tracing is being set up");
	result = outfile_open(&file, path, err);
	if (result)
		return result;
	result = write_trace(monitor, path, file.stream, err);
	if (result)
		error_prefix(err, "%s: ", path);
	else
		result = outfile_commit(&file, err);
	outfile_deinit(&file);
	if (!result)
		snprintf(monitor->saved_path, sizeof(monitor->saved_path), "%s", path);
	return result;
}
