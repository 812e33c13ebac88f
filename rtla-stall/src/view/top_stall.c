// SPDX-License-Identifier: GPL-2.0-only
#include "top_stall.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/names.h"
#include "parts.h"
#include "table.h"
#include "timeline.h"
#include "top_words.h"

#define INDENT 2u
#define FACT_INDENT 12u
#define MAX_PARTS 12u	/* rows; the rest is one row */
#define MAX_FRAMES 20u

static uint32_t nr_shown_of(const struct episode *stall)
{
	return stall->nr_charges <= MAX_PARTS ? stall->nr_charges : MAX_PARTS - 1;
}

/* "loop-rt (164, rt 55)" */
static struct format name_and_prio(const struct top_scene *scene, uint32_t culprit, int32_t prio)
{
	struct format ret = top_words_culprit(scene->snapshot, culprit);
	struct format words = format_prio(prio);
	size_t length = strlen(ret.text);

	if (*words.text && scene->snapshot->summary.names[culprit].kind == CULPRIT_THREAD)
		snprintf(ret.text + length - 1, sizeof(ret.text) - length + 1, ", %.32s)", words.text);
	return ret;
}

static void draw_headline(const struct top_scene *scene, const struct episode *stall,
			  const struct part *parts, struct top_page *page)
{
	uint64_t ns = stall->ended_at - stall->began_at;
	bool is_open = stall->flags & EPISODE_STILL_OPEN;
	struct format prio = format_prio(stall->prio);
	struct strbuf words = STRBUF_INIT;

	strbuf_addf(&words, "%s (tid %" PRId32 "%s%s) %s %s%s on CPU %" PRIu32 "%s",
		    format_name(scene->snapshot->summary.tasks[stall->task].comm).text, stall->tid,
		    *prio.text ? ", " : "", prio.text, is_open ? "has waited" : "waited",
		    top_words_at_least(stall), format_duration(ns).text, stall->cpu,
		    is_open ? ", and still waits" : "");
	top_page_wrap(page, is_open ? TOP_ALARM : TOP_STRONG, 0, words.text);
	strbuf_reset(&words);
	if (parts) {
		const struct charge *most = &parts->charge;

		strbuf_addf(&words, "%s %s: %s", format_percent(most->ns, ns).text,
			    format_reason(most->cause, most->reason).text,
			    most->cause == CAUSE_UNATTRIBUTED ? "the trace does not say more" :
			    name_and_prio(scene, most->culprit, parts->prio).text);
		top_page_wrap(page, (uint8_t)(TOP_CAUSE + most->cause), 0, words.text);
	}
	strbuf_deinit(&words);
}

static void draw_fact(struct top_page *page, const char *name, const char *text)
{
	top_page_add(page, TOP_FAINT, "%*s%s", INDENT, "", name);
	top_page_wrap(page, TOP_PLAIN, FACT_INDENT, text);
}

static struct format how_it_began(const struct top_scene *scene, const struct episode *stall)
{
	struct format ret = { "woken" };

	if (stall->began_by == EPISODE_BEGAN_BEFORE)
		strcpy(ret.text, "was ready already when it was first looked at");
	else if (stall->began_by == EPISODE_BEGAN_BY_PREEMPTION)
		strcpy(ret.text, "preempted");
	else if (stall->waker != CULPRIT_NONE)
		snprintf(ret.text, sizeof(ret.text), "woken by %.120s%s",
			 top_words_culprit(scene->snapshot, stall->waker).text,
			 stall->waker_inferred ? " (inferred)" : "");
	return ret;
}

static struct format instant(const struct top_scene *scene, uint64_t at)
{
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "%.20s (trace %.40s)",
		 top_words_clock(scene->snapshot, at, scene->utc_offset_s, true).text,
		 format_instant(at).text);
	return ret;
}

static void draw_work(const struct top_scene *scene, const struct episode *stall, struct top_page *page)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, format_name(names_get(scene->snapshot->doc.names, stall->work_function)).text);
	if (stall->work_queued_by != CULPRIT_NONE)
		strbuf_addf(&text, ", queued by %s",
			    top_words_culprit(scene->snapshot, stall->work_queued_by).text);
	if (stall->work_inferred)
		strbuf_adds(&text, " (inferred)");
	draw_fact(page, "work", text.text);
	strbuf_deinit(&text);
}

static void draw_now(const struct top_scene *scene, const struct episode *stall, struct top_page *page)
{
	const struct snapshot_cpu *cpu = top_words_find_cpu(scene->snapshot, stall->cpu);
	struct strbuf text = STRBUF_INIT;

	if (cpu && cpu->is_online && cpu->is_known) {
		strbuf_addf(&text, "%s on CPU %" PRIu32 " for %s%s without a switch",
			    top_words_occupant(cpu).text, cpu->cpu, cpu->is_since_known ? "" : "at least ",
			    top_words_time(scene->snapshot->now_at - cpu->since_at).text);
		if (cpu->has_on_top)
			strbuf_addf(&text, ", %s on top", format_culprit(&cpu->on_top).text);
		draw_fact(page, "now", text.text);
	}
	strbuf_deinit(&text);
}

static void draw_facts(const struct top_scene *scene, const struct episode *stall,
		       struct top_page *page)
{
	bool is_open = stall->flags & EPISODE_STILL_OPEN;

	draw_fact(page, "began", instant(scene, stall->began_at).text);
	draw_fact(page, "by", how_it_began(scene, stall).text);
	draw_fact(page, is_open ? "until" : "ended", instant(scene, stall->ended_at).text);
	if (is_open)
		draw_now(scene, stall, page);
	if (stall->work_function)
		draw_work(scene, stall, page);
	if (stall->flags & EPISODE_TOUCHED_BY_LOSS)
		draw_fact(page, "loss", "events were lost meanwhile: what was then is unattributed");
	if (stall->flags & EPISODE_ODD)
		draw_fact(page, "odd", "its switch-in was not seen: it ended by what followed");
}

/* The letter of each row in the paint of its cause. */
static void draw_lines(struct top_page *page, const char *text, const struct part *parts, uint32_t nr)
{
	int row = -1;

	for (; *text; row++) {
		const char *end = strchr(text, '\n');
		size_t length = end ? (size_t)(end - text) : strlen(text);
		uint32_t letter = row >= 0 && (uint32_t)row < nr ? INDENT + 1 : 0;

		if (letter)
			top_page_add(page, (uint8_t)(TOP_CAUSE + parts[row].charge.cause), "%.*s",
				     (int)letter, text);
		top_page_add(page, row < 0 ? TOP_FAINT : TOP_PLAIN, "%.*s", (int)(length - letter),
			     text + letter);
		top_page_end(page, TOP_PLAIN);
		text += length + !!end;
	}
}

static void draw_parts(const struct top_scene *scene, const struct episode *stall,
		       const struct part *parts, struct top_page *page)
{
	static const struct table_column columns[] = {
		{ "", false, 0 }, { "share", true, 0 }, { "time", true, 0 },
		{ "cause and reason", false, 0 }, { "charged to", false, 0 }, { "", false, 1 },
	};
	uint64_t ns = stall->ended_at - stall->began_at, shown_ns = 0;
	struct strbuf text = STRBUF_INIT;
	uint32_t nr = nr_shown_of(stall);
	struct table table;

	table_init(&table, columns, 6);
	for (uint32_t i = 0; i < nr; i++) {
		const struct charge *charge = &parts[i].charge;

		shown_ns += charge->ns;
		table_cell(&table, "%c", 'A' + (int)i);
		table_cell(&table, "%s", format_percent(charge->ns, ns).text);
		table_cell(&table, "%s", format_cell(charge->ns).text);
		table_cell(&table, "%s", format_reason(charge->cause, charge->reason).text);
		table_cell(&table, "%s", name_and_prio(scene, charge->culprit, parts[i].prio).text);
		if (parts[i].on_behalf_of != CULPRIT_NONE)
			table_cell(&table, "on behalf of %s",
				   top_words_culprit(scene->snapshot, parts[i].on_behalf_of).text);
		else
			table_cell(&table, "%s", parts[i].inferred ? "(inferred)" : "");
	}
	if (nr < stall->nr_charges) {
		table_cell(&table, "*");
		table_cell(&table, "%s", format_percent(ns - shown_ns, ns).text);
		table_cell(&table, "%s", format_cell(ns - shown_ns).text);
		table_cell(&table, "%" PRIu32 " others", stall->nr_charges - nr);
		table_cell(&table, "%s", "");
		table_cell(&table, "%s", "");
	}
	table_print(&table, &text, INDENT, page->width, true);
	top_page_end(page, TOP_PLAIN);
	draw_lines(page, text.text, parts, nr);
	table_deinit(&table);
	strbuf_deinit(&text);
}

static void draw_timeline(const struct episode *stall, const struct part *parts, struct top_page *page)
{
	uint32_t width = page->width - 2 * INDENT - 2;
	struct charge charges[MAX_PARTS];
	char cpus[TIMELINE_MAX_WIDTH + 1];
	struct timeline timeline;

	top_page_end(page, TOP_PLAIN);
	if (!stall->nr_segments) {
		top_page_wrap(page, TOP_FAINT, INDENT, stall->nr_folded ?
			      "No time-line: there was no room to keep its segments." :
			      "No time-line: its segments were not kept.");
		return;
	}
	for (uint32_t i = 0; i < nr_shown_of(stall); i++)
		charges[i] = parts[i].charge;
	if (width > TIMELINE_MAX_WIDTH)
		width = TIMELINE_MAX_WIDTH;
	timeline_draw(&timeline, stall, charges, nr_shown_of(stall), width);
	top_page_add(page, TOP_FAINT, "%*s|", INDENT, "");
	for (uint32_t i = 0; i < width; i++)
		top_page_add(page, timeline.causes[i] < CAUSE_NR ?
			     (uint8_t)(TOP_CAUSE + timeline.causes[i]) : TOP_PLAIN, "%c",
			     timeline.letters[i]);
	top_page_add(page, TOP_FAINT, "|");
	top_page_end(page, TOP_PLAIN);
	if (stall->nr_cpus > 1) {
		timeline_cpus(&timeline, cpus);
		top_page_add(page, TOP_FAINT, "CPU%s", cpus);
		top_page_end(page, TOP_PLAIN);
	}
	if (stall->nr_folded) {
		top_page_add(page, TOP_FAINT, "%*s+: %" PRIu32 " segments, %s, were too many to keep", INDENT,
			     "", stall->nr_folded, format_duration(stall->folded_ns).text);
		top_page_end(page, TOP_PLAIN);
	}
}

static void draw_stacks(const struct top_scene *scene, const struct episode *stall,
			struct top_page *page)
{
	const struct names *names = scene->snapshot->doc.names;

	for (uint32_t i = 0; i < stall->nr_stacks; i++) {
		const struct episode_stack *stack = &stall->stacks[i];

		top_page_end(page, TOP_PLAIN);
		top_page_add(page, TOP_STRONG, "%*sstack of %s at %s", INDENT, "",
			     top_words_culprit(scene->snapshot, stack->of).text,
			     format_instant(stack->at).text);
		top_page_end(page, TOP_PLAIN);
		for (uint32_t k = 0; k < stack->nr_frames && k < MAX_FRAMES; k++) {
			top_page_add(page, TOP_PLAIN, "%*s%s", 2 * INDENT, "",
				     format_name(names_get(names, stack->frames[k])).text);
			top_page_end(page, TOP_PLAIN);
		}
	}
}

/* What was looked at when it was reported. */
static void draw_note(const struct top_scene *scene, const struct episode *stall, struct top_page *page)
{
	const struct snapshot_note *note = scene->snapshot->notes;
	uint32_t i = 0;

	while (i < scene->snapshot->nr_notes &&
	       (note[i].tid != stall->tid || note[i].began_at != stall->began_at))
		i++;
	if (i == scene->snapshot->nr_notes)
		return;
	top_page_end(page, TOP_PLAIN);
	top_page_add(page, TOP_FAINT, "%*swhen it was reported:", INDENT, "");
	top_page_end(page, TOP_PLAIN);
	for (const char *at = note[i].text, *end; (end = strchr(at, '\n')); at = end + 1) {
		top_page_add(page, TOP_PLAIN, "%.*s", (int)(end - at), at);
		top_page_end(page, TOP_PLAIN);
	}
}

void top_stall_draw(const struct top_scene *scene, const struct episode *stall, struct top_page *page)
{
	struct part *parts = parts_sort(stall, MAX_PARTS);

	draw_headline(scene, stall, parts, page);
	draw_facts(scene, stall, page);
	if (parts) {
		draw_parts(scene, stall, parts, page);
		draw_timeline(stall, parts, page);
	}
	draw_stacks(scene, stall, page);
	draw_note(scene, stall, page);
	free(parts);
}
