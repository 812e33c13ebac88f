// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/summary.h"
#include "../stats/timers.h"
#include "format.h"
#include "page.h"
#include "report_stall.h"
#include "report_trace.h"
#include "table.h"

#define INDENT 2u
#define BAR_WIDTH 40u

static const char *threads_in_words(const struct document *doc, uint64_t nr)
{
	if (doc->is_narrowed)
		return nr == 1 ? "selected thread" : "selected threads";
	return nr == 1 ? "thread" : "threads";
}

static bool leaves_out_users(const struct document *doc)
{
	return !doc->has_all_threads && !doc->has_tasks;
}

/* A trace file seldom proves that a thread is the kernel's: where that matters, it is marked. */
static bool is_marked(const struct document *doc, const struct engine_task *task)
{
	return task->kthread == TRI_UNKNOWN && leaves_out_users(doc);
}

static struct format name_of(const struct document *doc, const struct engine_task *task)
{
	struct format ret = format_thread(task->comm, task->tid);

	if (is_marked(doc, task))
		strncat(ret.text, " ?", sizeof(ret.text) - strlen(ret.text) - 1);
	return ret;
}

static int by_before_trace(const void *a, const void *b)
{
	const struct summary_thread *left = *(const struct summary_thread *const *)a;
	const struct summary_thread *right = *(const struct summary_thread *const *)b;

	if (left->task.before_trace_ns != right->task.before_trace_ns)
		return left->task.before_trace_ns > right->task.before_trace_ns ? -1 : 1;
	return left < right ? -1 : left > right;
}

static int by_worst(const void *a, const void *b)
{
	const struct summary_thread *left = *(const struct summary_thread *const *)a;
	const struct summary_thread *right = *(const struct summary_thread *const *)b;

	if (left->max_ns != right->max_ns)
		return left->max_ns > right->max_ns ? -1 : 1;
	return left < right ? -1 : left > right;
}

static bool was_ready_before(const struct summary_thread *thread)
{
	return thread->task.before_trace_ns;
}

static bool has_worst(const struct summary_thread *thread)
{
	return thread->has_worst;
}

/* Return: those of the threads that @is_in, ordered; NULL when there is none, or no memory */
static const struct summary_thread **
order_threads(struct page *page, bool (*is_in)(const struct summary_thread *thread),
	      int (*compare)(const void *, const void *), uint32_t *nr)
{
	const struct summary *summary = page->doc->summary;
	const struct summary_thread **threads = calloc(summary->nr_threads + 1u, sizeof(*threads));

	*nr = 0;
	if (!threads) {
		page->text.has_failed = true;
		return NULL;
	}
	for (uint32_t i = 0; i < summary->nr_threads; i++) {
		if (is_in(&summary->threads[i]))
			threads[(*nr)++] = &summary->threads[i];
	}
	if (*nr) {
		qsort(threads, *nr, sizeof(*threads), compare);
		return threads;
	}
	free(threads);
	return NULL;
}

static void write_rest(struct page *page, uint64_t nr_shown, uint64_t nr)
{
	if (nr_shown < nr)
		strbuf_addf(&page->text, "  %s more: --top 0 shows all\n",
			    format_count(nr - nr_shown).text);
}

static void write_before_trace(struct page *page)
{
	static const struct table_column columns[] = { { "thread", false, 0 }, { "waited", false, 0 } };
	const struct summary_thread **threads;
	struct table table;
	uint32_t nr, nr_shown;

	threads = order_threads(page, was_ready_before, by_before_trace, &nr);
	if (!threads)
		return;
	nr_shown = page_rows(page, nr);
	page_title(page, "READY BEFORE THE TRACE BEGAN  how long is not known; in no sum below");
	table_init(&table, columns, 2);
	for (uint32_t i = 0; i < nr_shown; i++) {
		const struct engine_task *task = &threads[i]->task;

		table_cell(&table, "%s", name_of(page->doc, task).text);
		table_cell(&table, "at least %s", format_duration(task->before_trace_ns).text);
	}
	table_print(&table, &page->text, INDENT, page->layout->width, false);
	write_rest(page, nr_shown, nr);
	table_deinit(&table);
	free(threads);
}

/* "interference 99.98 %": the largest cause */
static struct format mostly(const uint64_t causes[CAUSE_NR], uint64_t ns)
{
	struct format ret;
	int most = 0;

	for (int i = 1; i < CAUSE_NR; i++) {
		if (causes[i] > causes[most])
			most = i;
	}
	snprintf(ret.text, sizeof(ret.text), "%s %.20s", cause_name((enum cause)most),
		 format_percent(causes[most], ns).text);
	return ret;
}

static void write_threads_by_sum(struct page *page)
{
	static const struct table_column columns[] = {
		{ "thread", false, 0 }, { "waits", true, 0 }, { "open", true, 5 },
		{ "sum", true, 0 }, { "avg", true, 0 }, { "p50", true, 3 }, { "p99", true, 1 },
		{ "p99.9", true, 7 }, { "max", true, 0 }, { "mostly", false, 4 },
	};
	const struct summary *summary = page->doc->summary;
	uint32_t nr_shown = page_rows(page, summary->totals.waiting);
	bool has_mark = false;
	struct table table;

	page_title(page, "THREADS BY SUMMED WAIT  %s of %s %s waited%s",
		   format_count(summary->totals.waiting).text,
		   format_count(summary->totals.threads).text,
		   threads_in_words(page->doc, summary->totals.threads),
		   leaves_out_users(page->doc) ? "; user threads are left out" : "");
	table_init(&table, columns, 10);
	for (uint32_t i = 0; i < nr_shown; i++) {
		const struct summary_thread *thread = &summary->threads[i];
		bool has_closed = thread->waits > thread->open;

		has_mark |= is_marked(page->doc, &thread->task);
		table_cell(&table, "%s", name_of(page->doc, &thread->task).text);
		table_cell(&table, "%s", format_count(thread->waits).text);
		table_cell(&table, "%s", thread->open ? format_count(thread->open).text : "");
		table_cell(&table, "%s", format_cell(thread->wait_ns).text);
		table_cell(&table, "%s", has_closed ? format_cell(thread->avg_ns).text : "-  ");
		table_cell(&table, "%s", has_closed ? format_cell(thread->p50_ns).text : "-  ");
		table_cell(&table, "%s", has_closed ? format_cell(thread->p99_ns).text : "-  ");
		table_cell(&table, "%s", has_closed ? format_cell(thread->p999_ns).text : "-  ");
		table_cell(&table, "%s", thread->has_worst ? format_cell(thread->max_ns).text : "-  ");
		table_cell(&table, "%s", mostly(thread->causes, thread->wait_ns).text);
	}
	table_print(&table, &page->text, INDENT, page->layout->width, true);
	write_rest(page, nr_shown, summary->totals.waiting);
	if (has_mark)
		strbuf_adds(&page->text, "  ?: whether it is a kernel thread is not known\n");
	table_deinit(&table);
}

static void write_threads_by_worst(struct page *page)
{
	static const struct table_column columns[] = {
		{ "thread", false, 0 }, { "worst wait", true, 0 }, { "began at", true, 3 },
		{ "CPU", true, 2 }, { "share", true, 1 }, { "charged to", false, 0 },
		{ "cause and reason", false, 0 },
	};
	const struct summary_thread **threads;
	struct table table;
	uint32_t nr, nr_shown;

	threads = order_threads(page, has_worst, by_worst, &nr);
	if (!threads)
		return;
	nr_shown = page_rows(page, nr);
	page_title(page, "THREADS BY WORST WAIT");
	table_init(&table, columns, 7);
	for (uint32_t i = 0; i < nr_shown; i++) {
		const struct tally_worst *worst = &threads[i]->worst;
		const struct engine_task *task = &threads[i]->task;

		table_cell(&table, "%s", name_of(page->doc, task).text);
		table_cell(&table, "%s", format_cell(threads[i]->max_ns).text);
		table_cell(&table, "%s", format_instant(worst->began_at).text);
		table_cell(&table, "%" PRIu32, worst->cpu);
		table_cell(&table, "%s", format_percent(worst->most.ns, threads[i]->max_ns).text);
		/* of length 0: nothing was in its way */
		if (!threads[i]->max_ns) {
			table_cell(&table, "-");
			table_cell(&table, "-");
			continue;
		}
		table_cell(&table, "%s",
			   format_culprit(&page->doc->summary->names[worst->most.culprit]).text);
		table_cell(&table, "%s", format_reason(worst->most.cause, worst->most.reason).text);
	}
	table_print(&table, &page->text, INDENT, page->layout->width, true);
	write_rest(page, nr_shown, nr);
	table_deinit(&table);
	free(threads);
}

static void write_culprits(struct page *page)
{
	static const struct table_column columns[] = {
		{ "charged to", false, 0 }, { "cause and reason", false, 0 }, { "time", true, 0 },
		{ "share", true, 0 }, { "waits", true, 1 }, { "worst", true, 2 },
		{ "threads", true, 4 }, { "most of it from", false, 3 },
	};
	const struct summary *summary = page->doc->summary;
	uint32_t nr_shown = page_rows(page, summary->nr_culprits);
	struct table table;

	page_title(page, "CULPRITS BY TIME CHARGED");
	table_init(&table, columns, 8);
	for (uint32_t i = 0; i < nr_shown; i++) {
		const struct summary_culprit *culprit = &summary->culprits[i];
		const struct engine_task *waiter = &summary->threads[culprit->most_waiter].task;

		table_cell(&table, "%s", format_culprit(&culprit->who).text);
		table_cell(&table, "%s", format_reason(culprit->cause, culprit->reason).text);
		table_cell(&table, "%s", format_cell(culprit->ns).text);
		table_cell(&table, "%s", format_percent(culprit->ns, summary->totals.wait_ns).text);
		table_cell(&table, "%s", format_count(culprit->waits).text);
		table_cell(&table, "%s", format_cell(culprit->worst_ns).text);
		table_cell(&table, "%s", format_count(culprit->nr_waiters).text);
		table_cell(&table, "%s", name_of(page->doc, waiter).text);
	}
	table_print(&table, &page->text, INDENT, page->layout->width, true);
	write_rest(page, nr_shown, summary->nr_culprits);
	if (summary->nr_rows_folded)
		strbuf_adds(&page->text, "  more pairs of thread and culprit than are kept: the later "
			    "ones are charged to unknown\n");
	table_deinit(&table);
}

static void write_samples(struct table *table, const struct timers_samples *samples)
{
	table_cell(table, "%s", samples->count ?
		   format_cell(samples->sum_ns / samples->count).text : "-  ");
	table_cell(table, "%s", samples->count ? format_cell(samples->max_ns).text : "-  ");
}

/* What the worst activation's time from the expiry to its interrupt's sample is charged to. */
static void write_lateness(struct page *page, const struct timerlat_activation *worst)
{
	const struct summary *summary = page->doc->summary;

	if (!worst->has_irq || !worst->nr_charges)
		return;
	strbuf_addf(&page->text, "  CPU %" PRIu32 ", #%" PRIu32 ": its interrupt was %s late:\n",
		    worst->cpu, worst->seqnum, format_duration(worst->irq_latency_ns).text);
	for (uint32_t i = 0; i < worst->nr_charges; i++) {
		const struct charge *charge = &worst->charges[i];

		strbuf_addf(&page->text, "    %9s  %12s  %s, %s\n",
			    format_percent(charge->ns, worst->irq_latency_ns).text,
			    format_cell(charge->ns).text,
			    format_reason(charge->cause, charge->reason).text,
			    format_culprit(&summary->names[charge->culprit]).text);
	}
}

static void write_timers(struct page *page)
{
	static const struct table_column columns[] = {
		{ "CPU", true, 0 }, { "activations", true, 2 }, { "irq avg", true, 1 },
		{ "irq max", true, 0 }, { "thread avg", true, 1 }, { "thread max", true, 0 },
		{ "worst", true, 0 },
	};
	const struct timers *timers = page->doc->timers;
	struct table table;

	if (!timers->nr_cpus)
		return;
	page_title(page, "TIMERLAT  how late after the timer's expiry");
	table_init(&table, columns, 7);
	for (uint32_t i = 0; i < timers->nr_cpus; i++) {
		const struct timers_cpu *cpu = timers->cpus[i];
		const struct timerlat_activation *worst = &cpu->worst;

		table_cell(&table, "%" PRIu32, cpu->cpu);
		table_cell(&table, "%s", format_count(cpu->activations).text);
		write_samples(&table, &cpu->irq);
		write_samples(&table, &cpu->thread);
		table_cell(&table, "#%" PRIu32, worst->seqnum);
	}
	table_print(&table, &page->text, INDENT, page->layout->width, true);
	table_deinit(&table);
	for (uint32_t i = 0; i < timers->nr_cpus; i++)
		write_lateness(page, &timers->cpus[i]->worst);
}

static void write_totals(struct page *page)
{
	static const struct table_column columns[] = {
		{ "", false, 0 }, { "time", true, 0 }, { "share", true, 0 }, { "", false, 1 },
	};
	const struct summary *summary = page->doc->summary;
	uint64_t ns = summary->totals.wait_ns;
	struct table table;

	page_title(page, "TOTALS  %s wait%s of %s %s%s%s", format_count(summary->totals.waits).text,
		   summary->totals.waits == 1 ? "" : "s", format_count(summary->totals.waiting).text,
		   threads_in_words(page->doc, summary->totals.waiting),
		   summary->totals.open ? ", still open: " : "",
		   summary->totals.open ? format_count(summary->totals.open).text : "");
	table_init(&table, columns, 4);
	for (int i = 0; i < CAUSE_NR; i++) {
		uint64_t cause_ns = summary->totals.causes[i];
		char bar[BAR_WIDTH + 1] = "";
		size_t length = ns ? (size_t)((unsigned __int128)cause_ns * BAR_WIDTH / ns) : 0;

		memset(bar, '#', length);
		if (cause_ns && !length)
			bar[0] = '.';
		table_cell(&table, "%s", cause_name((enum cause)i));
		table_cell(&table, "%s", format_seconds(cause_ns).text);
		table_cell(&table, "%s", format_percent(cause_ns, ns).text);
		table_cell(&table, "%s", bar);
	}
	table_cell(&table, "sum");
	table_cell(&table, "%s", format_seconds(ns).text);
	table_cell(&table, "%s", format_percent(ns, ns).text);
	table_cell(&table, "%s", "");
	table_print(&table, &page->text, INDENT, page->layout->width, false);
	table_deinit(&table);
}

static void write_anomalies(struct page *page)
{
	const struct document *doc = page->doc;
	static const struct table_column columns[] = { { "count", true, 0 }, { "what", false, 0 } };
	struct table table;

	if (!doc->nr_anomalies) {
		page_title(page, "ANOMALIES  none");
		return;
	}
	page_title(page, "ANOMALIES  what cannot be, or only a guess explains");
	table_init(&table, columns, 2);
	for (uint32_t i = 0; i < doc->nr_anomalies; i++) {
		struct format words = format_name(doc->anomalies[i].name);

		for (char *at = strchr(words.text, '_'); at; at = strchr(at, '_'))
			*at = ' ';
		table_cell(&table, "%s", format_count(doc->anomalies[i].count).text);
		table_cell(&table, "%s", words.text);
	}
	table_print(&table, &page->text, INDENT, page->layout->width, false);
	table_deinit(&table);
}

/* Without switches no wait can be seen, whoever is looked for. */
static bool misses_waits(const struct document *doc)
{
	for (uint32_t i = 0; i < doc->nr_missing; i++) {
		if (!strcmp(doc->missing[i].name, "sched_switch"))
			return true;
	}
	return false;
}

static void write_no_waits(struct page *page)
{
	const struct document *doc = page->doc;

	if (misses_waits(doc))
		page_title(page, "THREADS  whether any waited is not in this trace");
	else if (leaves_out_users(doc))
		page_title(page, "THREADS  no wait of kernel threads is in this %s; --all adds user threads",
			   doc->is_narrowed ? "part of the trace" : "trace");
	else
		page_title(page, "THREADS  none of the %s waited", threads_in_words(doc, 0));
}

int report_write(const struct document *doc, const struct document_layout *layout, FILE *out)
{
	struct page page = { .doc = doc, .layout = layout, .out = out, .text = STRBUF_INIT };
	int result;

	if (!layout->no_header)
		report_trace_write(&page);
	write_before_trace(&page);
	if (doc->summary->totals.waits) {
		result = report_stall_write(&page);
		if (result)
			goto out;
		write_threads_by_sum(&page);
		write_threads_by_worst(&page);
		write_culprits(&page);
		write_timers(&page);
		write_totals(&page);
	} else {
		write_no_waits(&page);
		write_timers(&page);
	}
	if (!layout->no_header)
		write_anomalies(&page);
	result = page_flush(&page);
out:
	strbuf_deinit(&page.text);
	return result;
}
