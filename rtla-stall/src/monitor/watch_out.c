// SPDX-License-Identifier: GPL-2.0-only
/*
 * What top and hist print at the end, and top where there is no screen.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "../util/error.h"
#include "../view/csv.h"
#include "../view/hist_rows.h"
#include "../view/hist_report.h"
#include "../view/json.h"
#include "../view/report.h"
#include "../view/timerlat_table.h"
#include "../view/top_model.h"
#include "../view/wall.h"
#include "watch_state.h"

#define PLAIN_REFRESH_NS 1000000000u
#define PLAIN_LINES 10u		/* beside the rows of threads */

static int say_write_failed(int result, const char *path, struct error *err)
{
	if (result == -EPIPE)	/* its reader has seen enough: that is no failure */
		return 0;
	if (result == -ENOMEM)
		return error_set(err, result, "out of memory");
	return error_set(err, result, "%s: %s", path, strerror(-result));
}

static int flush(FILE *out, int result)
{
	errno = 0;
	return !result && fflush(out) ? errno ? -errno : -EIO : result;
}

static int flush_out(FILE *out, int result, struct error *err)
{
	result = flush(out, result);
	return result ? say_write_failed(result, "standard output", err) : 0;
}

static bool has_user_samples(const struct watch *watch)
{
	return watch->workload ? workload_has_user_threads(watch->workload) : watch->had_user_threads;
}

static struct timerlat_table timerlat_table(const struct watch *watch, const struct snapshot *snapshot)
{
	const struct source_info *info = snapshot->doc.source;

	return (struct timerlat_table){
		.timers = snapshot->doc.timers,
		.duration_ns = snapshot->elapsed_ns,
		.is_nano = watch->params->is_nano,
		.has_user = has_user_samples(watch),
		.has_colour = watch->setting->layout.has_colour && !watch->params->is_quiet,
		.nr_events = info->nr_events,
		.nr_losses = info->nr_losses,
		.lost_events = snapshot->lost_events,
	};
}

static int write_report(const struct watch *watch, const struct snapshot *snapshot)
{
	struct document_layout layout = watch->setting->layout;

	layout.top = watch->params->top;
	layout.no_header = watch->params->no_header;
	return report_write(&snapshot->doc, &layout, watch->setting->out);
}

/* The screen's first view, as lines; like top -b. */
static int write_plain(struct watch *watch, const struct snapshot *snapshot)
{
	const struct document_layout *layout = &watch->setting->layout;
	const struct top_config config = { .is_utf8 = layout->is_utf8, .refresh_ns = PLAIN_REFRESH_NS };
	const struct top_page *page;
	time_t now = time(NULL);
	struct tm local;

	if (!watch->plain && top_model_create(&config, &watch->plain))
		return -ENOMEM;
	localtime_r(&now, &local);
	if (top_model_take(watch->plain, snapshot, (int32_t)local.tm_gmtoff))
		return -ENOMEM;
	page = top_model_draw(watch->plain, layout->width, PLAIN_LINES + watch->params->top);
	/* the last line tells of keys */
	for (uint32_t i = 0; i + 1 < page->nr_lines; i++)
		if (*top_page_line(page, i))
			fprintf(watch->setting->out, "%s\n", top_page_line(page, i));
	/* whether all that got out shows when it is flushed */
	fputc('\n', watch->setting->out);
	return 0;
}

int watch_show_plain(struct watch *watch, const struct snapshot *snapshot, struct error *err)
{
	const struct timerlat_table table = timerlat_table(watch, snapshot);
	int result = 0;

	if (watch->tracer == LIVE_TRACER_TIMERLAT)
		result = timerlat_table_write(&table, watch->setting->out);
	else
		result = write_plain(watch, snapshot);
	result = flush(watch->setting->out, result);
	if (result == -EPIPE)
		watch->is_over = true;
	return result ? say_write_failed(result, "standard output", err) : 0;
}

/* ---- hist ------------------------------------------------------------------------------------- */

/* Waits that are still open were not told of before. */
static int add_open(struct watch *watch, const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->nr_waits; i++) {
		const struct episode *wait = snapshot->waits[i].episode;
		uint32_t id = watch->params->is_per_cpu ? wait->cpu : wait->task;

		if (columns_add_wait(&watch->waits, id, wait))
			return -ENOMEM;
	}
	return 0;
}

static int init_rows(const struct watch *watch, const struct snapshot *snapshot, struct hist_rows rows[2])
{
	int result = 0;

	if (watch->tracer == LIVE_TRACER_TIMERLAT)
		result = hist_rows_of_cpus(&rows[0], &watch->timerlat);
	if (!result)
		result = watch->params->is_per_cpu ? hist_rows_of_cpus(&rows[1], &watch->waits) :
			 hist_rows_of_threads(&rows[1], &watch->waits, &snapshot->summary);
	return result;
}

static const char *waiters(const struct selection *selection)
{
	return selection->nr_tasks ? "selected threads" : selection->wants_all ? "threads" : "kernel threads";
}

static int write_hist(struct watch *watch, struct snapshot *snapshot, const struct hist_rows rows[2])
{
	const struct monitor_params *params = watch->params;
	const struct hist_table table = {
		.timerlat = watch->tracer == LIVE_TRACER_TIMERLAT ? &rows[0] : NULL,
		.waits = &rows[1],
		.waiters = waiters(&params->selection),
		.duration_ns = snapshot->elapsed_ns,
		.top = params->top,
		.is_nano = params->is_nano,
		.has_user = has_user_samples(watch),
		.no_header = params->no_header,
		.no_summary = params->no_summary,
		.no_index = params->no_index,
		.with_zeros = params->with_zeros,
		.no_irq = params->no_irq,
		.no_thread = params->no_thread,
	};

	struct document_layout layout = watch->setting->layout;

	layout.top = params->top;
	layout.no_header = params->no_header;
	return hist_report_write(&snapshot->doc, &table, &layout, watch->setting->out);
}

/* ---- all of it -------------------------------------------------------------------------------- */

/* What is no regular file has been open from the beginning. */
static int reopen(struct outfile *file, const char *path, struct error *err)
{
	return file->stream ? 0 : outfile_open(file, path, err);
}

static int write_json(struct watch *watch, const struct document *doc, struct error *err)
{
	struct outfile *file = &watch->json;
	int result;

	if (!watch->params->json.path)
		return flush_out(watch->setting->out, json_write(doc, watch->setting->out), err);
	result = reopen(file, watch->params->json.path, err);
	if (result)
		return result;
	result = json_write(doc, file->stream);
	return result ? say_write_failed(result, file->path, err) : outfile_commit(file, err);
}

static int write_csv(struct watch *watch, const struct document *doc, struct error *err)
{
	struct outfile *file = &watch->csv;
	bool with_titles = !watch->params->no_header;
	int result = watch->params->csv.path ? reopen(file, watch->params->csv.path, err) : 0;
	FILE *out = file->stream ? file->stream : watch->setting->out;

	if (result)
		return result;
	result = watch->params->face == MONITOR_HIST ?
			 csv_write_histograms(doc->histograms, doc->nr_histograms, with_titles, out) :
			 csv_write(doc, with_titles, out);
	if (!file->stream)
		return flush_out(out, result, err);
	return result ? say_write_failed(result, file->path, err) : outfile_commit(file, err);
}

static int write_aa_only(const struct watch *watch, const struct snapshot *snapshot)
{
	const struct timers *timers = snapshot->doc.timers;
	uint64_t most_ns = 0;

	if (watch->is_threshold_reached)
		return 0;
	for (uint32_t i = 0; i < timers->nr_cpus; i++) {
		if (timers->cpus[i]->thread.max_ns > most_ns)
			most_ns = timers->cpus[i]->thread.max_ns;
	}
	return fprintf(watch->setting->out, "  Max latency was %llu\n",
		       (unsigned long long)(watch->params->is_nano ? most_ns : most_ns / 1000)) < 0 ?
		       -EIO :
		       0;
}

/* What the list of stalls does not say for itself. */
static void say_since(const struct watch *watch, const struct snapshot *snapshot)
{
	char words[200];

	if (!snapshot->stalls_from_at)
		return;
	snprintf(words, sizeof(words),
		 "the threshold of stalls was changed: shorter ones than before are listed from %.40s on",
		 wall_format(snapshot_wall(snapshot, snapshot->stalls_from_at)).text);
	watch->setting->say(words);
}

static int write_text(struct watch *watch, struct snapshot *snapshot, const struct hist_rows rows[2],
		      struct error *err)
{
	const struct timerlat_table table = timerlat_table(watch, snapshot);
	FILE *out = watch->setting->out;
	int result = 0;

	if (watch->params->face == MONITOR_HIST)
		result = write_hist(watch, snapshot, rows);
	else if (watch->params->is_aa_only)
		result = write_aa_only(watch, snapshot);
	else if (watch->tracer == LIVE_TRACER_TIMERLAT)
		result = timerlat_table_write(&table, out);
	if (!result && watch->params->face == MONITOR_TOP && !watch->params->is_aa_only)
		result = write_report(watch, snapshot);
	say_since(watch, snapshot);
	if (!result && watch->is_threshold_reached && watch->tracer == LIVE_TRACER_TIMERLAT)
		fputs("timerlat hit stop tracing\n", out);
	return flush_out(out, result, err);
}

/* The one that runs; what was asked for may be AUTO. */
static const char *tracer_name(const struct watch *watch)
{
	const struct live_instance *instance = monitor_instance(watch->monitor);

	switch (instance ? instance->tracer : watch->tracer) {
	case LIVE_TRACER_OSNOISE:
		return "osnoise";
	case LIVE_TRACER_TIMERLAT:
		return "timerlat";
	case LIVE_TRACER_NONE:
		return "none";
	case LIVE_TRACER_AUTO:
		break;
	}
	return NULL;
}

static void fill_document(const struct watch *watch, const struct hist_rows rows[2],
			  struct snapshot *snapshot)
{
	struct document *doc = &snapshot->doc;

	doc->command = watch->params->face == MONITOR_HIST ? "hist" : "top";
	doc->path = NULL;
	doc->facts = &watch->facts;
	doc->tracer = tracer_name(watch);
	doc->has_wall = true;
	doc->wall_offset_ns = snapshot->wall.nr_steps ? snapshot->wall.steps[0].offset_ns : 0;
	doc->has_threshold = snapshot->threshold_ns;
	doc->threshold_ns = snapshot->threshold_ns;
	doc->nr_hits = snapshot->nr_hits;
	doc->nr_hits_unreported = snapshot->nr_hits_unreported;
	if (watch->params->face == MONITOR_HIST) {
		bool has_timerlat = watch->tracer == LIVE_TRACER_TIMERLAT;

		doc->histograms = has_timerlat ? rows : rows + 1;
		doc->nr_histograms = has_timerlat ? 2 : 1;
	}
}

void watch_hide_lines(const struct watch *watch, struct snapshot *snapshot)
{
	if (!watch->is_lines_only)
		return;
	snapshot->threshold_ns = 0;
	snapshot->nr_hits = snapshot->nr_hits_unreported = 0;
}

static int write_all(struct watch *watch, struct snapshot *snapshot, struct error *err)
{
	const struct monitor_params *params = watch->params;
	bool is_hist = params->face == MONITOR_HIST;
	struct hist_rows rows[2] = { 0 };
	int result = 0;

	if (is_hist && (add_open(watch, snapshot) || init_rows(watch, snapshot, rows)))
		result = error_set(err, -ENOMEM, "out of memory");
	watch_hide_lines(watch, snapshot);
	fill_document(watch, rows, snapshot);
	if (!result && params->json.is_wanted)
		result = write_json(watch, &snapshot->doc, err);
	if (!result && params->csv.is_wanted)
		result = write_csv(watch, &snapshot->doc, err);
	if (!result && !params->json.is_wanted && !params->csv.is_wanted &&
	    watch->lines != watch->setting->out)
		result = write_text(watch, snapshot, rows, err);
	hist_rows_deinit(&rows[0]);
	hist_rows_deinit(&rows[1]);
	return result;
}

int watch_write_results(struct watch *watch, struct error *err)
{
	struct snapshot snapshot;
	int result = monitor_snapshot(watch->monitor, &snapshot, err);

	if (result)
		return result;
	result = write_all(watch, &snapshot, err);
	snapshot_deinit(&snapshot);
	return result;
}
