// SPDX-License-Identifier: GPL-2.0-only
#include "analyze.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/engine.h"
#include "progress.h"
#include "select.h"
#include "source/source.h"
#include "stats/longest.h"
#include "stats/summary.h"
#include "stats/tally.h"
#include "stats/timers.h"
#include "util/error.h"
#include "util/names.h"
#include "util/outfile.h"
#include "view/csv.h"
#include "view/document.h"
#include "view/json.h"
#include "view/report.h"

/* Room for stalls; what does not fit is counted and said. */
#define BYTES_OF_STALLS (8u << 20)
#define BYTES_OF_SEGMENTS (8u << 20)

#define EVENTS_PER_UPDATE 65536u

struct analysis {
	const struct stall_params *params;
	const struct analyze_setting *setting;
	struct names *names;
	struct source *source;
	struct engine *engine;
	struct tally tally;
	struct longest *longest;
	struct timers timers;
	struct summary summary;
	bool has_summary;
	uint64_t last_at;
	bool was_interrupted;
	bool has_failed;	/* out of memory in a callback of the engine */
	struct outfile json;
	struct outfile csv;
};

/*
 * ---- reading ----------------------------------------------------------------------------------
 */

static bool may_be_selected(const struct analysis *analysis, uint32_t index)
{
	struct engine_task task;

	engine_task(analysis->engine, index, &task);
	return !select_is_out_for_good(analysis->params, &task);
}

static void on_episode(const struct episode *episode, void *arg)
{
	struct analysis *analysis = arg;

	if (!select_wait(analysis->params, episode))
		return;
	if (tally_add(&analysis->tally, episode))
		analysis->has_failed = true;
	if (episode->ended_at - episode->began_at >= analysis->params->stall_ns &&
	    may_be_selected(analysis, episode->task) && longest_add(analysis->longest, episode))
		analysis->has_failed = true;
}

static void on_timerlat(const struct timerlat_activation *activation, void *arg)
{
	struct analysis *analysis = arg;

	if (timers_add(&analysis->timers, activation))
		analysis->has_failed = true;
}

/* Under whatever name: what is read must not be replaced by what is made of it. */
static int check_not_input(const char *option, const char *output, const char *input,
			   struct error *err)
{
	struct stat in, out;

	if (!output || stat(output, &out) || stat(input, &in) || out.st_dev != in.st_dev ||
	    out.st_ino != in.st_ino)
		return 0;
	return error_set(err, -EINVAL, "%s: %s is the trace itself", option, output);
}

static int open_all(struct analysis *analysis, struct error *err)
{
	const struct stall_params *params = analysis->params;
	struct source_options options = { 0 };
	struct engine_config config = {
		.segments_from_ns = params->stall_ns,
		.on_episode = on_episode,
		.on_timerlat = on_timerlat,
		.arg = analysis,
	};
	int result = 0;

	result = check_not_input("--json", params->json.path, params->path, err);
	if (!result)
		result = check_not_input("--csv", params->csv.path, params->path, err);
	/* First, so that a long run does not end in "permission denied". */
	if (!result && params->json.path)
		result = outfile_open(&analysis->json, params->json.path, err);
	if (!result && params->csv.path)
		result = outfile_open(&analysis->csv, params->csv.path, err);
	if (result)
		return result;

	tally_init(&analysis->tally, params->stall_ns);
	analysis->longest = longest_create(BYTES_OF_STALLS, BYTES_OF_SEGMENTS);
	analysis->names = names_create();
	if (!analysis->longest || !analysis->names)
		return error_set(err, -ENOMEM, "out of memory");

	options.names = analysis->names;
	options.is_interrupted = analysis->setting->is_interrupted;
	result = source_open(params->path, &options, &analysis->source, err);
	if (result)
		return result;
	config.names = analysis->names;
	config.events_present = analysis->source->info.events_present;
	config.is_preempt_rt = analysis->source->info.is_preempt_rt;
	config.has_fair_server = analysis->source->info.has_fair_server;
	config.has_reschedule = analysis->source->info.has_irq_vectors;
	if (engine_create(&config, &analysis->engine))
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int read_events(struct analysis *analysis, struct error *err)
{
	const volatile sig_atomic_t *is_interrupted = analysis->setting->is_interrupted;
	const struct source_info *info = &analysis->source->info;
	struct progress progress;
	struct event event;
	uint32_t nr = 0;
	int result;

	progress_init(&progress, analysis->setting->progress);
	while ((result = source_next(analysis->source, &event, err)) > 0) {
		if (event.at > analysis->last_at)
			analysis->last_at = event.at;
		if (engine_feed(analysis->engine, &event) || analysis->has_failed) {
			result = error_set(err, -ENOMEM, "out of memory");
			break;
		}
		/* A pipe's writer gets a terminal's SIGINT too and ends by itself; what is in it counts. */
		if (*is_interrupted && (info->bytes_total || *is_interrupted != SIGINT)) {
			analysis->was_interrupted = true;
			result = 0;
			break;
		}
		if (!(++nr % EVENTS_PER_UPDATE))
			progress_update(&progress, info->bytes_done, info->bytes_total,
					info->nr_events);
	}
	progress_deinit(&progress);
	if (result)
		return result;
	if (!info->nr_events)
		return error_set(err, -ENODATA, "%s: there is no event in it%s%s", analysis->params->path,
				 info->is_truncated ? ": " : "",
				 info->is_truncated ? info->truncated_why : "");
	if (info->last_at > analysis->last_at)
		analysis->last_at = info->last_at;
	if (engine_finish(analysis->engine) ||
	    engine_for_each_open(analysis->engine, analysis->last_at, on_episode, analysis) ||
	    analysis->has_failed)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

/*
 * ---- reporting --------------------------------------------------------------------------------
 */

static bool is_selected(const struct engine_task *task, bool has_waits, const void *arg)
{
	const struct analysis *analysis = arg;

	return select_thread(analysis->params, task, has_waits, analysis->source->info.first_at);
}

static void fill_document(struct analysis *analysis, struct document *doc)
{
	const struct stall_params *params = analysis->params;

	*doc = (struct document){
		.command = "analyze",
		.version = RTLA_STALL_VERSION,
		.path = params->path,
		.source = &analysis->source->info,
		.last_at = analysis->last_at,
		.is_preempt_rt = engine_is_preempt_rt(analysis->engine),
		.was_interrupted = analysis->was_interrupted,
		.summary = &analysis->summary,
		.timers = &analysis->timers,
		.names = analysis->names,
		.stall_ns = params->stall_ns,
		.has_all_threads = params->wants_all,
		.has_tasks = params->nr_tasks,
		.is_narrowed = params->nr_tasks || params->has_cpus || params->has_from ||
			       params->has_to,
	};
	document_find_missing(doc, engine_seen(analysis->engine));
	for (int i = 0; i < ANOMALY_NR; i++)
		document_add_anomaly(doc, anomaly_name(i), engine_anomaly(analysis->engine, i));
	for (int i = 0; i < SOURCE_ODD_NR; i++)
		document_add_anomaly(doc, source_odd_name(i), analysis->source->info.odd[i]);
}

static int say_write_failed(int result, const char *path, struct error *err)
{
	if (result == -ENOMEM)
		return error_set(err, result, "out of memory");
	return error_set(err, result, "%s: %s", path, strerror(-result));
}

/* The reader of standard output may have seen enough: that is no failure. */
static int flush_out(FILE *out, int result, struct error *err)
{
	errno = 0;
	if (!result && fflush(out))
		result = errno ? -errno : -EIO;
	if (result == -EPIPE)
		return 0;
	return result ? say_write_failed(result, "standard output", err) : 0;
}

static int write_json(struct analysis *analysis, const struct document *doc, struct error *err)
{
	struct outfile *file = &analysis->json;
	int result;

	if (!file->stream)
		return flush_out(analysis->setting->out, json_write(doc, analysis->setting->out), err);
	result = json_write(doc, file->stream);
	return result ? say_write_failed(result, file->path, err) : outfile_commit(file, err);
}

static int write_csv(struct analysis *analysis, const struct document *doc, struct error *err)
{
	bool with_titles = !analysis->params->no_header;
	struct outfile *file = &analysis->csv;
	int result;

	if (!file->stream)
		return flush_out(analysis->setting->out,
				 csv_write(doc, with_titles, analysis->setting->out), err);
	result = csv_write(doc, with_titles, file->stream);
	return result ? say_write_failed(result, file->path, err) : outfile_commit(file, err);
}

static int write_text(struct analysis *analysis, const struct document *doc, struct error *err)
{
	struct document_layout layout = analysis->setting->layout;

	layout.top = analysis->params->top;
	layout.no_header = analysis->params->no_header;
	return flush_out(analysis->setting->out,
			 report_write(doc, &layout, analysis->setting->out), err);
}

static int report(struct analysis *analysis, struct error *err)
{
	const struct stall_params *params = analysis->params;
	struct summary_selection selection = { .is_selected = is_selected, .arg = analysis };
	struct document doc;
	int result = 0;

	if (summary_init(&analysis->summary, analysis->engine, &analysis->tally, analysis->longest,
			 &selection))
		return error_set(err, -ENOMEM, "out of memory");
	analysis->has_summary = true;
	fill_document(analysis, &doc);
	if (!params->json.is_wanted && !params->csv.is_wanted)
		return write_text(analysis, &doc, err);
	if (params->json.is_wanted)
		result = write_json(analysis, &doc, err);
	if (!result && params->csv.is_wanted)
		result = write_csv(analysis, &doc, err);
	return result;
}

static void fill_result(const struct analysis *analysis, struct analyze_result *result)
{
	const struct source_info *info = &analysis->source->info;

	*result = (struct analyze_result){
		.is_threshold_reached = analysis->params->has_threshold &&
					analysis->summary.totals.waits &&
					analysis->summary.totals.longest_ns >=
					analysis->params->threshold_ns,
	};
	if (info->is_truncated)
		snprintf(result->warning, sizeof(result->warning),
			 "%.256s: damaged (%s): reported as far as it goes", analysis->params->path,
			 *info->truncated_why ? info->truncated_why : "cut");
}

static void analysis_deinit(struct analysis *analysis)
{
	if (analysis->has_summary)
		summary_deinit(&analysis->summary);
	timers_deinit(&analysis->timers);
	longest_destroy(analysis->longest);
	tally_deinit(&analysis->tally);
	engine_destroy(analysis->engine);
	source_close(analysis->source);
	names_destroy(analysis->names);
	outfile_deinit(&analysis->csv);
	outfile_deinit(&analysis->json);
}

int analyze_run(const struct stall_params *params, const struct analyze_setting *setting,
		struct analyze_result *result, struct error *err)
{
	struct analysis analysis = { .params = params, .setting = setting };
	int code = open_all(&analysis, err);

	if (!code)
		code = read_events(&analysis, err);
	if (!code)
		code = report(&analysis, err);
	if (!code)
		fill_result(&analysis, result);
	analysis_deinit(&analysis);
	return code;
}
