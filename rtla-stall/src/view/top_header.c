// SPDX-License-Identifier: GPL-2.0-only
#include "top_header.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "top_words.h"

#define MAX_ITEMS 16u
#define LOW 16u		/* fewer lines than this, and the header is short */
#define NARROW 140u	/* fewer columns than this, and a sentence has two lines */
#define SECOND_INDENT 2u

struct items {
	struct top_item all[MAX_ITEMS];
	uint32_t nr;
};

static void __attribute__((format(printf, 4, 5)))
add(struct items *items, uint8_t paint, uint8_t leave_out, const char *fmt, ...)
{
	struct top_item *item = &items->all[items->nr++];
	va_list args;

	item->paint = paint;
	item->leave_out = leave_out;
	va_start(args, fmt);
	vsnprintf(item->text, sizeof(item->text), fmt, args);
	va_end(args);
}

void top_header_items(struct top_page *page, const struct top_item *items, uint32_t nr_items)
{
	uint32_t shown_to = UINT8_MAX, needed = UINT32_MAX;

	/* The lowest rank that has no room goes, and all above it. */
	while (needed > page->width) {
		uint32_t highest = 0;

		needed = 0;
		for (uint32_t i = 0; i < nr_items; i++) {
			if (items[i].leave_out > shown_to)
				continue;
			needed += top_page_columns(items[i].text) + (needed ? 2 : 0);
			if (items[i].leave_out > highest)
				highest = items[i].leave_out;
		}
		if (needed <= page->width || !highest)
			break;
		shown_to = highest - 1;
	}
	for (uint32_t i = 0; i < nr_items; i++) {
		if (items[i].leave_out > shown_to)
			continue;
		if (page->open.nr_columns)
			top_page_add(page, TOP_PLAIN, "  ");
		top_page_add(page, items[i].paint, "%s", items[i].text);
	}
	top_page_end(page, TOP_PLAIN);
}

static void draw_title(const struct top_scene *scene, struct top_page *page)
{
	const struct snapshot *snapshot = scene->snapshot;
	struct items items = { .nr = 0 };
	char safe[128];

	add(&items, TOP_STRONG, 0, "rtla-stall top - %s",
	    top_words_clock(snapshot, snapshot->now_at, scene->utc_offset_s, false).text);
	format_safe(snapshot->doc.source->kernel, false, safe, sizeof(safe));
	if (*safe)
		add(&items, TOP_PLAIN, 1, "%s%s", safe,
		    snapshot->doc.is_preempt_rt == TRI_YES ? " PREEMPT_RT" : "");
	add(&items, TOP_PLAIN, 2, "%" PRIu32 " CPU%s", snapshot->nr_cpus,
	    snapshot->nr_cpus == 1 ? "" : "s");
	if (snapshot->doc.tracer)
		add(&items, TOP_PLAIN, 3, "tracer %.20s", snapshot->doc.tracer);
	top_header_items(page, items.all, items.nr);
}

static void add_losses(const struct snapshot *snapshot, struct items *items)
{
	if (snapshot->lost_events || snapshot->doc.source->nr_losses)
		add(items, TOP_ALARM, 0, "LOST %s", snapshot->lost_events ?
		    top_words_count(snapshot->lost_events).text : "some");
	else
		add(items, TOP_PLAIN, 2, "lost 0");
}

static void add_hits(const struct snapshot *snapshot, const char *at_least, struct items *items)
{
	if (!snapshot->threshold_ns && !snapshot->nr_hits)
		return;
	add(items, snapshot->nr_hits ? TOP_ALARM : TOP_PLAIN, 1, "hits %s%s: %s%s%s", at_least,
	    format_limit(snapshot->threshold_ns).text, top_words_count(snapshot->nr_hits).text,
	    snapshot->nr_hits_unreported ? ", unreported " : "",
	    snapshot->nr_hits_unreported ? top_words_count(snapshot->nr_hits_unreported).text : "");
}

static void draw_figures(const struct top_scene *scene, uint64_t refresh_ns, struct top_page *page)
{
	static const char *const phases[] = {
		[SNAPSHOT_PROC] = "/proc", [SNAPSHOT_LIVE] = "LIVE", [SNAPSHOT_ENDED] = "ENDED",
	};
	const char *at_least = top_page_mark(scene->is_utf8, TOP_MARK_AT_LEAST);
	const struct snapshot *snapshot = scene->snapshot;
	struct items items = { .nr = 0 };
	char safe[160];

	add(&items, snapshot->phase == SNAPSHOT_LIVE ? TOP_GOOD : TOP_WARN, 0, "%s %s",
	    phases[snapshot->phase], top_words_elapsed(snapshot->elapsed_ns).text);
	add(&items, snapshot->nr_stalls ? TOP_ALARM : TOP_PLAIN, 0, "stalls %s%s%s%s: %s", at_least,
	    format_limit(snapshot->stall_ns).text, snapshot->stalls_from_at ? " since " : "",
	    !snapshot->stalls_from_at ? "" :
	    top_words_clock(snapshot, snapshot->stalls_from_at, scene->utc_offset_s, false).text,
	    top_words_count(snapshot->nr_stalls).text);
	add_hits(snapshot, at_least, &items);
	add_losses(snapshot, &items);
	add(&items, TOP_PLAIN, 5, "ready now %" PRIu32, snapshot->nr_waits);
	add(&items, TOP_PLAIN, 3, "own CPU %" PRIu64 ".%" PRIu64 " %%", snapshot->own_cpu_per_mille / 10,
	    snapshot->own_cpu_per_mille % 10);
	add(&items, TOP_PLAIN, 4, "%s events/s", top_words_count(snapshot->events_per_s).text);
	add(&items, TOP_PLAIN, 7, "waits %s", top_words_count(snapshot->summary.totals.waits).text);
	if (snapshot->summary.totals.gone)
		add(&items, TOP_PLAIN, 9, "%s ended threads by name",
		    top_words_count(snapshot->summary.totals.gone).text);
	add(&items, TOP_PLAIN, 8, "every %s", format_limit(refresh_ns).text);
	format_safe(snapshot->saved_path, false, safe, sizeof(safe));
	if (*safe)
		add(&items, TOP_PLAIN, 6, "saved %s", safe);
	top_header_items(page, items.all, items.nr);
}

/*
 * ---- the verdict ------------------------------------------------------------------------------
 */

static const struct segment *last_segment(const struct episode *wait)
{
	return wait->nr_segments && !wait->nr_folded ? &wait->segments[wait->nr_segments - 1] : NULL;
}

static void add_who_has_it(const struct top_scene *scene, const struct episode *wait,
			   struct strbuf *ret)
{
	const struct snapshot_cpu *cpu = top_words_find_cpu(scene->snapshot, wait->cpu);
	const struct segment *last = last_segment(wait);
	char why[256];

	if (cpu && !cpu->is_online) {
		strbuf_adds(ret, "the CPU is offline");
	} else if (cpu && cpu->is_known && cpu->occupant.kind == CULPRIT_IDLE) {
		strbuf_adds(ret, "the CPU is idle");
	} else if (cpu && cpu->is_known) {
		strbuf_addf(ret, "%s has the CPU", top_words_occupant(cpu).text);
	} else if (last && last->cause != CAUSE_UNATTRIBUTED) {
		strbuf_addf(ret, "%s has the CPU",
			    top_words_culprit(scene->snapshot, last->culprit).text);
	} else {
		strbuf_adds(ret, "who has the CPU is not known");
		format_safe(cpu ? cpu->why : "", false, why, sizeof(why));
		if (*why)
			strbuf_addf(ret, ": %s", why);
	}
	if (cpu && cpu->is_online && cpu->has_on_top)
		strbuf_addf(ret, ", %s on top", format_culprit(&cpu->on_top).text);
	if (last)
		strbuf_addf(ret, " (%s)", format_reason(last->cause, last->reason).text);
}

static uint32_t nr_open_stalls(const struct snapshot *snapshot)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < snapshot->nr_waits; i++) {
		const struct episode *wait = snapshot->waits[i].episode;

		nr += wait->ended_at - wait->began_at >= snapshot->stall_ns;
	}
	return nr;
}

static void add_longest_stall(const struct snapshot *snapshot, struct strbuf *ret)
{
	const struct episode *stall = snapshot->summary.nr_stalls ? snapshot->summary.stalls[0] : NULL;
	const struct charge *most = stall ? top_words_worst_charge(stall) : NULL;

	if (!stall)
		return;
	strbuf_addf(ret, " Longest so far: %s on CPU %" PRIu32 ", %s%s",
		    format_thread(snapshot->summary.tasks[stall->task].comm, stall->tid).text, stall->cpu,
		    top_words_at_least(stall), top_words_time(stall->ended_at - stall->began_at).text);
	if (most && most->cause != CAUSE_UNATTRIBUTED)
		strbuf_addf(ret, ": %s by %s", cause_name(most->cause),
			    top_words_culprit(snapshot, most->culprit).text);
}

uint8_t top_header_verdict(const struct top_scene *scene, struct strbuf *ret)
{
	const struct snapshot *snapshot = scene->snapshot;
	const struct engine_task *task;
	const struct episode *wait;
	uint32_t nr;

	if (!snapshot->nr_waits) {
		strbuf_adds(ret, snapshot->phase == SNAPSHOT_PROC ?
			    "No thread that is watched was found waiting." :
			    "No thread that is watched waits.");
		add_longest_stall(snapshot, ret);
		return TOP_GOOD;
	}
	wait = snapshot->waits[0].episode;
	task = &snapshot->summary.threads[snapshot->waits[0].thread].task;
	nr = nr_open_stalls(snapshot);
	strbuf_addf(ret, "%s%s on CPU %" PRIu32 " ready for %s%s: ", nr ? "STALL: " : "No stall; longest is ",
		    format_thread(task->comm, task->tid).text, wait->cpu, top_words_at_least(wait),
		    top_words_time(wait->ended_at - wait->began_at).text);
	add_who_has_it(scene, wait, ret);
	if (nr > 1)
		strbuf_addf(ret, "; %" PRIu32 " more %s now", nr - 1, nr == 2 ? "stall" : "stalls");
	return nr ? TOP_ALARM : TOP_GOOD;
}

/* A sentence that has @nr_lines, 1 or 2, whatever it takes: what is below must not move. */
static void draw_sentence(const struct strbuf *words, uint8_t paint, uint32_t nr_lines,
			  struct top_page *page)
{
	uint32_t first = page->nr_lines;
	size_t cut = words->length;

	/* Broken at the last blank that has room in the first. */
	if (nr_lines == 2 && words->length > page->width) {
		for (cut = page->width; cut && words->text[cut] != ' '; cut--)
			;
		if (!cut)
			cut = page->width;
		top_page_add(page, paint, "%.*s", (int)cut, words->text);
		top_page_end(page, TOP_PLAIN);
		top_page_pad(page, TOP_PLAIN, SECOND_INDENT);
		cut += words->text[cut] == ' ';
		top_page_add(page, paint, "%s", words->text + cut);
	} else {
		top_page_add(page, paint, "%s", words->text);
	}
	top_page_end(page, TOP_PLAIN);
	while (page->nr_lines < first + nr_lines && !page->has_failed)
		top_page_end(page, TOP_PLAIN);
}

static void draw_verdict(const struct top_scene *scene, uint32_t nr_lines, struct top_page *page)
{
	struct strbuf words = STRBUF_INIT;
	uint8_t paint = top_header_verdict(scene, &words);

	draw_sentence(&words, paint, nr_lines, page);
	strbuf_deinit(&words);
}

/* Loud: what there is comes from /proc, and is coarse. */
static void draw_phase(const struct snapshot *snapshot, uint32_t nr_lines, struct top_page *page)
{
	struct strbuf words = STRBUF_INIT;
	char safe[256];

	format_safe(snapshot->phase_words, false, safe, sizeof(safe));
	strbuf_addf(&words, "NOT TRACING YET, /proc is all there is%s%s", *safe ? ": " : "", safe);
	draw_sentence(&words, TOP_WARN, nr_lines, page);
	strbuf_deinit(&words);
}

void top_header_draw(const struct top_scene *scene, uint32_t height, uint64_t refresh_ns,
		     struct top_page *page)
{
	uint32_t nr_lines = height >= LOW && page->width < NARROW ? 2 : 1;

	if (height >= LOW)
		draw_title(scene, page);
	draw_figures(scene, refresh_ns, page);
	if (scene->snapshot->phase == SNAPSHOT_PROC)
		draw_phase(scene->snapshot, nr_lines, page);
	draw_verdict(scene, nr_lines, page);
}
