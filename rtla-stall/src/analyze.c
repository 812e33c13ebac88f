// SPDX-License-Identifier: GPL-2.0-only
#include "analyze.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "account.h"
#include "progress.h"
#include "source/source.h"
#include "util/error.h"
#include "util/names.h"
#include "util/outfile.h"
#include "view/csv.h"
#include "view/document.h"
#include "view/json.h"
#include "view/report.h"

#define EVENTS_PER_UPDATE 65536u

struct analysis {
	const struct stall_params *params;
	const struct analyze_setting *setting;
	struct names *names;
	struct source *source;
	struct account account;
	struct summary summary;
	bool has_summary;
	uint64_t last_at;
	bool was_interrupted;
	struct outfile json;
	struct outfile csv;
};

/*
 * ---- reading ----------------------------------------------------------------------------------
 */

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
	struct account_setting setting = {
		.selection = &params->selection,
		.stall_ns = params->stall_ns,
		.segments_from_ns = params->stall_ns,
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

	analysis->names = names_create();
	if (!analysis->names)
		return error_set(err, -ENOMEM, "out of memory");
	options.names = analysis->names;
	options.is_interrupted = analysis->setting->is_interrupted;
	result = source_open(params->path, &options, &analysis->source, err);
	if (result)
		return result;
	setting.names = analysis->names;
	setting.facts = source_facts(&analysis->source->info);
	return account_init(&analysis->account, &setting, err);
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
		result = account_feed(&analysis->account, &event, err);
		if (result)
			break;
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
	return account_finish(&analysis->account, analysis->last_at, err);
}

/*
 * ---- reporting --------------------------------------------------------------------------------
 */

static void fill_document(struct analysis *analysis, struct document *doc)
{
	*doc = (struct document){
		.command = "analyze",
		.path = analysis->params->path,
		.last_at = analysis->last_at,
		.was_interrupted = analysis->was_interrupted,
		.summary = &analysis->summary,
	};
	account_fill_document(&analysis->account, &analysis->source->info, doc);
}

static int write_json(struct analysis *analysis, const struct document *doc, struct error *err)
{
	struct outfile *file = &analysis->json;
	FILE *out = analysis->setting->out;

	return outfile_finish(file, out, json_write(doc, file->stream ? file->stream : out), err);
}

static int write_csv(struct analysis *analysis, const struct document *doc, struct error *err)
{
	bool with_titles = !analysis->params->no_header;
	struct outfile *file = &analysis->csv;
	FILE *out = analysis->setting->out;

	return outfile_finish(file, out, csv_write(doc, with_titles, file->stream ? file->stream : out), err);
}

static int write_text(struct analysis *analysis, const struct document *doc, struct error *err)
{
	struct document_layout layout = analysis->setting->layout;
	struct outfile none = { 0 };

	layout.top = analysis->params->top;
	layout.no_header = analysis->params->no_header;
	return outfile_finish(&none, analysis->setting->out,
			      report_write(doc, &layout, analysis->setting->out), err);
}

static int report(struct analysis *analysis, struct error *err)
{
	const struct stall_params *params = analysis->params;
	struct document doc;
	int result = account_sum_up(&analysis->account, analysis->source->info.first_at,
				    &analysis->summary, err);

	if (result)
		return result;
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
	account_deinit(&analysis->account);
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
