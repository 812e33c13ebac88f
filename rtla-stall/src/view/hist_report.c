// SPDX-License-Identifier: GPL-2.0-only
#include "hist_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../monitor/facts.h"
#include "../stats/summary.h"
#include "hist_list.h"
#include "page.h"
#include "wall.h"

static void write_fact(struct page *page, const char *name, const char *text)
{
	char safe[1024];

	format_safe(text, page->layout->is_utf8, safe, sizeof(safe));
	strbuf_addf(&page->text, "# %s: %s\n", name, safe);
}

/* "950 ms of 1 s" */
static void write_share(struct page *page, const char *name, uint64_t runtime_ns, uint64_t period_ns)
{
	strbuf_addf(&page->text, "# %s: %s of %s", name, format_limit(runtime_ns).text,
		    format_limit(period_ns).text);
}

static void write_throttling(struct page *page, const struct facts *facts)
{
	if (!facts->knows_throttling || facts->rt_period_us < 0 || facts->rt_runtime_us < -1) {
		write_fact(page, "real-time throttling", "unknown");
	} else if (facts->rt_runtime_us == -1) {
		write_fact(page, "real-time throttling", "off");
	} else {
		write_share(page, "real-time throttling", (uint64_t)facts->rt_runtime_us * 1000,
			    (uint64_t)facts->rt_period_us * 1000);
		strbuf_adds(&page->text, "\n");
	}
}

static void write_cpus(struct page *page, const char *name, const struct facts_cpus *cpus)
{
	write_fact(page, name, !cpus->is_known ? "unknown" : *cpus->text ? cpus->text : "none");
}

static void write_facts(struct page *page, const struct facts *facts)
{
	write_fact(page, "kernel", *facts->kernel ? facts->kernel : "unknown");
	write_fact(page, "preemption", facts_preemption_name(facts->preemption));
	write_cpus(page, "CPUs online", &facts->online);
	write_cpus(page, "CPUs isolated", &facts->isolated);
	write_cpus(page, "CPUs nohz_full", &facts->nohz_full);
	write_throttling(page, facts);
	if (facts->server == FACTS_SERVER_ON) {
		write_share(page, "fair server", facts->server_runtime_ns, facts->server_period_ns);
		strbuf_adds(&page->text, facts->server_differs ? ", not on all CPUs alike\n" : "\n");
	} else {
		write_fact(page, "fair server", facts_server_name(facts->server));
	}
}

/* What was read, and what it lacks. */
static void write_source(struct page *page)
{
	const struct document *doc = page->doc;
	const struct source_info *source = doc->source;

	if (doc->tracer)
		write_fact(page, "tracer", doc->tracer);
	strbuf_addf(&page->text, "# events: %s", format_count(source->nr_events).text);
	if (source->nr_losses)
		strbuf_addf(&page->text, "; lost in %s place%s", format_count(source->nr_losses).text,
			    source->nr_losses == 1 ? "" : "s");
	if (source->lost_events)
		strbuf_addf(&page->text, ", at least %s", format_count(source->lost_events).text);
	strbuf_adds(&page->text, "\n");
	if (source->format == SOURCE_PROC)
		write_fact(page, "source",
			   "/proc alone: tracing did not come up, so waits are found late, and "
			   "short ones are not");
	for (uint32_t i = 0; i < doc->nr_missing; i++) {
		if (!doc->missing[i].is_moot)
			strbuf_addf(&page->text, "# no %s: %s\n", doc->missing[i].name,
				    doc->missing[i].hides);
	}
}

static void fill_stall(const struct document *doc, const struct episode *episode, struct hist_stall *row)
{
	const struct charge *most = NULL;

	for (uint32_t i = 0; i < episode->nr_charges; i++) {
		if (!most || episode->charges[i].ns > most->ns)
			most = &episode->charges[i];
	}
	*row = (struct hist_stall){
		.who = format_thread(doc->summary->tasks[episode->task].comm, episode->tid),
		.culprit = { "-" },
		.why = { "-" },
		.began_at = episode->began_at,
		.wait_ns = episode->ended_at - episode->began_at,
		.most_ns = most ? most->ns : 0,
		.cpu = episode->cpu,
		.is_open = episode->flags & EPISODE_STILL_OPEN,
		.is_at_least = episode->began_by == EPISODE_BEGAN_BEFORE,
	};
	if (doc->has_wall)
		row->wall = wall_format(document_wall(doc, episode->began_at));
	if (most) {
		row->culprit = format_culprit(&doc->summary->names[most->culprit]);
		row->why = format_reason(most->cause, most->reason);
	}
}

static int write_stalls(struct page *page)
{
	const struct summary *summary = page->doc->summary;
	uint64_t nr = summary->nr_stalls + summary->stalls_omitted;
	uint32_t nr_rows = page_rows(page, summary->nr_stalls);
	struct hist_stall *rows = calloc(nr_rows + 1u, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr_rows; i++)
		fill_stall(page->doc, summary->stalls[i], &rows[i]);
	page_title(page, "STALLS  %s wait%s of at least %s%s", nr ? format_count(nr).text : "no",
		   nr <= 1 ? "" : "s", format_limit(page->doc->stall_ns).text,
		   nr > 1 ? ", longest first" : "");
	if (nr_rows)
		hist_list_stalls(page, rows, nr_rows, nr);
	free(rows);
	return 0;
}

static void write_hits(struct page *page)
{
	const struct document *doc = page->doc;

	if (!doc->has_threshold)
		return;
	page_title(page, "HITS  the threshold of %s was reached %s time%s",
		   format_limit(doc->threshold_ns).text, format_count(doc->nr_hits).text,
		   doc->nr_hits == 1 ? "" : "s");
	if (doc->nr_hits_unreported)
		strbuf_addf(&page->text, "  %s of them came too fast to be reported\n",
			    format_count(doc->nr_hits_unreported).text);
}

static void write_totals(struct page *page, const char *waiters)
{
	const struct summary *summary = page->doc->summary;
	struct hist_totals totals = {
		.waits = summary->totals.waits,
		.waiting = summary->totals.waiting,
		.open = summary->totals.open,
		.touched_by_loss = summary->totals.touched_by_loss,
		.gone = summary->totals.gone,
		.wait_ns = summary->totals.wait_ns,
	};

	memcpy(totals.causes, summary->totals.causes, sizeof(totals.causes));
	hist_list_totals(page, &totals, waiters);
}

int hist_report_write(const struct document *doc, const struct hist_table *table,
		      const struct document_layout *layout, FILE *out)
{
	struct page page = {
		.doc = doc, .layout = layout, .out = out, .text = STRBUF_INIT, .has_title = true
	};
	struct hist_table first = *table;
	struct hist_table second = *table;
	int result = 0;

	/* rtla's lines come first, unbroken, for those who read them by program */
	first.waits = NULL;
	second.timerlat = NULL;
	if (table->timerlat)
		result = hist_table_write(&first, out);
	if (!table->no_header && doc->facts)
		write_facts(&page, doc->facts);
	if (!table->no_header)
		write_source(&page);
	if (!result)
		result = page_flush(&page);
	if (!result && table->waits)
		result = hist_table_write(&second, out);
	if (!result && !table->no_summary) {
		result = write_stalls(&page);
		write_hits(&page);
		write_totals(&page, table->waiters);
		if (!result)
			result = page_flush(&page);
	}
	strbuf_deinit(&page.text);
	return result;
}
