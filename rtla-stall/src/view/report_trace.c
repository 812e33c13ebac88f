// SPDX-License-Identifier: GPL-2.0-only
#include "report_trace.h"

#include <inttypes.h>
#include <string.h>

#include "../stats/summary.h"
#include "format.h"
#include "page.h"

static void write_fact(struct page *page, const char *name, const char *text)
{
	strbuf_addf(&page->text, "  %-9s ", name);
	page_wrap(page, 12, "%s", text);
}

static void write_loss(struct page *page)
{
	const struct source_info *source = page->doc->source;
	const struct summary *summary = page->doc->summary;
	struct strbuf text = STRBUF_INIT;

	if (!source->nr_losses) {
		write_fact(page, "losses", "none");
		return;
	}
	strbuf_addf(&text, "in %s place%s", format_count(source->nr_losses).text,
		    source->nr_losses == 1 ? "" : "s");
	if (source->lost_events)
		strbuf_addf(&text, ", at least %s events", format_count(source->lost_events).text);
	strbuf_addf(&text, "; %s of %s waits were touched",
		    format_count(summary->totals.touched_by_loss).text,
		    format_count(summary->totals.waits).text);
	write_fact(page, "losses", text.text);
	strbuf_deinit(&text);
}

static void write_trace(struct page *page)
{
	const struct source_info *source = page->doc->source;
	struct strbuf text = STRBUF_INIT;
	char safe[1024];

	if (page->doc->path) {
		format_safe(page->doc->path, page->layout->is_utf8, safe, sizeof(safe));
		page_title(page, "TRACE  %.200s", safe);
	} else if (source->format == SOURCE_PROC) {
		page_title(page, "TRACE  none: tracing did not come up, and /proc shows long waits only");
	} else {
		page_title(page, "TRACE  the running kernel");
	}

	format_safe(source->kernel, false, safe, sizeof(safe));
	strbuf_adds(&text, *safe ? safe : "not known");
	if (page->doc->is_preempt_rt == TRI_YES)
		strbuf_adds(&text, ", PREEMPT_RT: softirqs run in threads");
	else if (page->doc->is_preempt_rt == TRI_NO)
		strbuf_adds(&text, ", not PREEMPT_RT: softirqs run above threads");
	write_fact(page, "kernel", text.text);

	strbuf_reset(&text);
	strbuf_addf(&text, "%s events", format_count(source->nr_events).text);
	if (source->nr_cpus)
		strbuf_addf(&text, " on %" PRIu32 " CPU%s", source->nr_cpus,
			    source->nr_cpus == 1 ? "" : "s");
	strbuf_addf(&text, " in %s, from %s to %s",
		    format_duration(page->doc->last_at - source->first_at).text,
		    format_instant(source->first_at).text, format_instant(page->doc->last_at).text);
	format_safe(source->clock, false, safe, sizeof(safe));
	if (*safe)
		strbuf_addf(&text, " (clock %s)", safe);
	write_fact(page, source_format_name(source->format), text.text);
	strbuf_deinit(&text);

	write_loss(page);
	format_safe(source->truncated_why, page->layout->is_utf8, safe, sizeof(safe));
	if (source->is_truncated)
		write_fact(page, "damage", *safe ? safe : "the trace is cut");
	if (page->doc->was_interrupted)
		write_fact(page, "stopped", "by a signal: the rest was not read");
}

static void write_missing(struct page *page)
{
	const struct document *doc = page->doc;
	size_t width = 0;

	if (!doc->nr_missing)
		return;
	page_title(page, "NOT IN THIS TRACE");
	for (uint32_t i = 0; i < doc->nr_missing; i++) {
		if (!doc->missing[i].is_moot && strlen(doc->missing[i].name) > width)
			width = strlen(doc->missing[i].name);
	}
	for (uint32_t i = 0; i < doc->nr_missing; i++) {
		if (doc->missing[i].is_moot)
			continue;
		strbuf_addf(&page->text, "  %-*s  ", (int)width, doc->missing[i].name);
		page_wrap(page, width + 4, "%s", doc->missing[i].hides);
	}
}

void report_trace_write(struct page *page)
{
	write_trace(page);
	write_missing(page);
}
