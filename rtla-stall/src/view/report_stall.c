// SPDX-License-Identifier: GPL-2.0-only
#include "report_stall.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../stats/summary.h"
#include "../util/names.h"
#include "format.h"
#include "page.h"
#include "parts.h"
#include "table.h"
#include "timeline.h"
#include "wall.h"

#define INDENT 4u
#define MAX_PARTS 8u	/* rows per stall; the rest is one row */
#define MAX_STACKS 3u
#define MAX_FRAMES 10u
#define MIN_TIMELINE 20u

static struct format name_of(const struct page *page, uint32_t culprit)
{
	return format_culprit(&page->doc->summary->names[culprit]);
}

/* "loop-rt (164, rt 55)" */
static struct format name_and_prio(const struct page *page, uint32_t culprit, int32_t prio)
{
	struct format ret = name_of(page, culprit);
	struct format words = format_prio(prio);
	size_t length = strlen(ret.text);

	if (*words.text && page->doc->summary->names[culprit].kind == CULPRIT_THREAD)
		snprintf(ret.text + length - 1, sizeof(ret.text) - length + 1, ", %.32s)", words.text);
	return ret;
}

static void write_cpus(struct page *page, const struct episode *stall)
{
	if (stall->nr_cpus <= 1) {
		strbuf_addf(&page->text, " on CPU %" PRIu32, stall->cpu);
		return;
	}
	strbuf_adds(&page->text, " on CPUs");
	for (uint32_t i = 0; i < stall->nr_cpus && i < 8; i++)
		strbuf_addf(&page->text, "%s %" PRIu32, i ? "," : "", stall->cpus[i]);
	if (stall->nr_cpus > 8)
		strbuf_addf(&page->text, " and %" PRIu32 " others", stall->nr_cpus - 8);
}

static void write_headline(struct page *page, const struct episode *stall, uint64_t number)
{
	struct format prio = format_prio(stall->prio);
	bool is_open = stall->flags & EPISODE_STILL_OPEN;

	page_paint(page, PAINT_STRONG);
	strbuf_addf(&page->text, "%3" PRIu64 " ", number);
	strbuf_addf(&page->text, "%s (tid %" PRId32 "%s%s) %s %s%s",
		    format_name(page->doc->summary->tasks[stall->task].comm).text, stall->tid,
		    *prio.text ? ", " : "", prio.text, is_open ? "has waited" : "waited",
		    stall->began_by == EPISODE_BEGAN_BEFORE ? "at least " : "",
		    format_duration(stall->ended_at - stall->began_at).text);
	write_cpus(page, stall);
	if (is_open)
		strbuf_adds(&page->text, ", and still waits");
	page_paint(page, PAINT_PLAIN);
	strbuf_adds(&page->text, "\n");
}

/* What one cause's culprits have in common: threads of one name, say. */
struct crowd {
	uint64_t ns;
	uint32_t nr;
};

static struct crowd crowd_of(const struct page *page, const struct episode *stall,
			     const struct charge *charge)
{
	const struct culprit *names = page->doc->summary->names, *who = &names[charge->culprit];
	struct crowd crowd = { 0 };

	for (uint32_t i = 0; i < stall->nr_charges; i++) {
		const struct charge *other = &stall->charges[i];
		const struct culprit *whose = &names[other->culprit];

		if (other->cause != charge->cause || whose->kind != who->kind ||
		    strcmp(whose->name, who->name))
			continue;
		crowd.ns += other->ns;
		crowd.nr++;
	}
	return crowd;
}

/* "99.98 % interference by loop-rt (164, rt 55)" */
static void write_verdict(struct page *page, const struct episode *stall, const struct part *most)
{
	const struct charge *charge = &most->charge;
	uint64_t ns = stall->ended_at - stall->began_at;
	uint64_t cause_ns = stall->causes[charge->cause];
	uint64_t nearly_all_ns = cause_ns - cause_ns / 20;
	bool is_one = charge->ns >= nearly_all_ns;
	struct crowd crowd = crowd_of(page, stall, charge);
	struct format who = name_and_prio(page, charge->culprit, most->prio);

	strbuf_addch(&page->text, ' ', INDENT);
	page_paint_cause(page, charge->cause);
	strbuf_addf(&page->text, "%s %s", format_percent(is_one ? charge->ns : cause_ns, ns).text,
		    cause_name(charge->cause));
	if (charge->cause == CAUSE_UNATTRIBUTED)
		strbuf_addf(&page->text, " (%s): the trace does not say more",
			    reason_name(charge->reason));
	else if (charge->reason == REASON_IDLE_EXIT)
		strbuf_adds(&page->text, ": the CPU was idle, and slow to wake up");
	else if (is_one)
		strbuf_addf(&page->text, " by %s", who.text);
	else if (crowd.ns >= nearly_all_ns)
		strbuf_addf(&page->text, " by %" PRIu32 " %ss named %s", crowd.nr,
			    culprit_kind_name(page->doc->summary->names[charge->culprit].kind),
			    format_name(page->doc->summary->names[charge->culprit].name).text);
	else
		strbuf_addf(&page->text, ", the most of it by %s: %s", who.text,
			    format_percent(charge->ns, ns).text);
	page_paint(page, PAINT_PLAIN);
	strbuf_adds(&page->text, "\n");
}

static void write_facts(struct page *page, const struct episode *stall)
{
	struct format how = { "woken" };

	if (stall->began_by == EPISODE_BEGAN_BY_PREEMPTION)
		snprintf(how.text, sizeof(how.text), "preempted");
	else if (stall->began_by == EPISODE_BEGAN_BEFORE)
		snprintf(how.text, sizeof(how.text), "found waiting, it may have been for longer");
	else if (stall->waker != CULPRIT_NONE)
		snprintf(how.text, sizeof(how.text), "woken by %.120s%s",
			 name_of(page, stall->waker).text,
			 stall->waker_inferred ? " (inferred)" : "");
	page_wrap(page, INDENT, "from %s to %s, %s; %s", format_instant(stall->began_at).text,
		  format_instant(stall->ended_at).text,
		  format_seconds(stall->ended_at - stall->began_at).text, how.text);
	if (page->doc->has_wall)
		page_wrap(page, INDENT, "wall-clock time of its beginning: %s",
			  wall_format(document_wall(page->doc, stall->began_at)).text);
	if (stall->work_function)
		page_wrap(page, INDENT, "its work: %s%s%s%s",
			  format_name(names_get(page->doc->names, stall->work_function)).text,
			  stall->work_queued_by == CULPRIT_NONE ? "" : ", queued by ",
			  stall->work_queued_by == CULPRIT_NONE ? "" :
			  name_of(page, stall->work_queued_by).text,
			  stall->work_inferred ? " (inferred)" : "");
	if (stall->flags & EPISODE_TOUCHED_BY_LOSS) {
		strbuf_addch(&page->text, ' ', INDENT);
		strbuf_adds(&page->text, "events were lost meanwhile: what was then is unattributed\n");
	}
	if (stall->flags & EPISODE_ODD) {
		strbuf_addch(&page->text, ' ', INDENT);
		strbuf_adds(&page->text, "its switch-in is not in the trace: it ended by what followed\n");
	}
}

static void write_parts(struct page *page, const struct episode *stall, const struct part *parts)
{
	static const struct table_column columns[] = {
		{ "", false, 0 }, { "share", true, 0 }, { "time", true, 0 },
		{ "cause and reason", false, 0 }, { "charged to", false, 0 }, { "", false, 1 },
	};
	uint64_t ns = stall->ended_at - stall->began_at, shown_ns = 0;
	uint32_t nr_shown = stall->nr_charges <= MAX_PARTS ? stall->nr_charges : MAX_PARTS - 1;
	struct table table;

	table_init(&table, columns, 6);
	for (uint32_t i = 0; i < nr_shown; i++) {
		const struct charge *charge = &parts[i].charge;

		shown_ns += charge->ns;
		table_cell(&table, "%c", 'A' + (int)i);
		table_cell(&table, "%s", format_percent(charge->ns, ns).text);
		table_cell(&table, "%s", format_cell(charge->ns).text);
		table_cell(&table, "%s", format_reason(charge->cause, charge->reason).text);
		table_cell(&table, "%s", name_and_prio(page, charge->culprit, parts[i].prio).text);
		if (parts[i].on_behalf_of != CULPRIT_NONE)
			table_cell(&table, "on behalf of %s", name_of(page, parts[i].on_behalf_of).text);
		else
			table_cell(&table, "%s", parts[i].inferred ? "(inferred)" : "");
	}
	if (nr_shown < stall->nr_charges) {
		table_cell(&table, "*");
		table_cell(&table, "%s", format_percent(ns - shown_ns, ns).text);
		table_cell(&table, "%s", format_cell(ns - shown_ns).text);
		table_cell(&table, "%" PRIu32 " others", stall->nr_charges - nr_shown);
		table_cell(&table, "%s", "");
		table_cell(&table, "%s", "");
	}
	table_print(&table, &page->text, INDENT, page->layout->width, true);
	table_deinit(&table);
}

static void write_timeline(struct page *page, const struct episode *stall, const struct part *parts)
{
	struct charge charges[MAX_PARTS];
	uint32_t nr = stall->nr_charges <= MAX_PARTS ? stall->nr_charges : MAX_PARTS - 1;
	uint32_t width = page->layout->width - INDENT - 2;
	char cpus[TIMELINE_MAX_WIDTH + 1];
	uint8_t painted = CAUSE_NR;
	struct timeline timeline;

	if (!stall->nr_segments) {
		if (stall->nr_folded)
			strbuf_addf(&page->text, "%*sno room was left to keep its %" PRIu32
				    " segments: no time-line\n", INDENT, "", stall->nr_folded);
		return;
	}
	if (width > TIMELINE_MAX_WIDTH)
		width = TIMELINE_MAX_WIDTH;
	for (uint32_t i = 0; i < nr; i++)
		charges[i] = parts[i].charge;
	timeline_draw(&timeline, stall, charges, nr, width);

	strbuf_addf(&page->text, "%*s|", INDENT, "");
	for (uint32_t i = 0; i < width; i++) {
		if (timeline.causes[i] != painted)
			page_paint_cause(page, timeline.causes[i]);
		painted = timeline.causes[i];
		strbuf_addch(&page->text, timeline.letters[i], 1);
	}
	page_paint(page, PAINT_PLAIN);
	strbuf_adds(&page->text, "|\n");
	if (stall->nr_cpus > 1) {
		timeline_cpus(&timeline, cpus);
		strbuf_addf(&page->text, "%*s  %s\n", (int)INDENT - 1, "CPU", cpus);
	}
	if (stall->nr_folded)
		strbuf_addf(&page->text, "%*s+: %" PRIu32 " segments, %s, were too many to keep\n",
			    INDENT, "", stall->nr_folded, format_duration(stall->folded_ns).text);
}

static void write_stacks(struct page *page, const struct episode *stall)
{
	for (uint32_t i = 0; i < stall->nr_stacks && i < MAX_STACKS; i++) {
		const struct episode_stack *stack = &stall->stacks[i];

		strbuf_addf(&page->text, "%*sstack of %s at %s:\n", INDENT, "",
			    name_of(page, stack->of).text, format_instant(stack->at).text);
		for (uint32_t k = 0; k < stack->nr_frames && k < MAX_FRAMES; k++)
			strbuf_addf(&page->text, "%*s%s\n", INDENT + 2, "",
				    format_name(names_get(page->doc->names, stack->frames[k])).text);
		if (stack->nr_frames > MAX_FRAMES)
			strbuf_addf(&page->text, "%*s... %" PRIu32 " more\n", INDENT + 2, "",
				    stack->nr_frames - MAX_FRAMES);
	}
	if (stall->nr_stacks > MAX_STACKS)
		strbuf_addf(&page->text, "%*s%" PRIu32 " more stacks: see --json\n", INDENT, "",
			    stall->nr_stacks - MAX_STACKS);
}

int report_stall_write_one(struct page *page, const struct episode *stall, uint64_t number)
{
	struct part *parts = parts_sort(stall, MAX_PARTS);

	write_headline(page, stall, number);
	if (parts)
		write_verdict(page, stall, &parts[0]);
	write_facts(page, stall);
	if (parts) {
		write_parts(page, stall, parts);
		write_timeline(page, stall, parts);
	}
	write_stacks(page, stall);
	free(parts);
	return page_flush(page);
}

int report_stall_write(struct page *page)
{
	const struct summary *summary = page->doc->summary;
	uint64_t nr_stalls = summary->nr_stalls + summary->stalls_omitted;
	uint32_t nr_shown = page_rows(page, summary->nr_stalls);
	int result;

	if (!nr_stalls) {
		page_title(page, "STALLS  no wait of at least %s",
			   format_limit(page->doc->stall_ns).text);
		return page_flush(page);
	}
	page_title(page, "STALLS  %s wait%s of at least %s%s", format_count(nr_stalls).text,
		   nr_stalls == 1 ? "" : "s", format_limit(page->doc->stall_ns).text,
		   nr_stalls == 1 ? "" : ", longest first");
	for (uint32_t i = 0; i < nr_shown; i++) {
		strbuf_adds(&page->text, "\n");
		result = report_stall_write_one(page, summary->stalls[i], i + 1);
		if (result)
			return result;
	}
	if (nr_shown < summary->nr_stalls)
		strbuf_addf(&page->text, "\n    %s more: --top 0 shows all\n",
			    format_count(summary->nr_stalls - nr_shown).text);
	if (summary->stalls_omitted)
		strbuf_addf(&page->text, "\n    %s more, none of them longer, were too many to keep\n",
			    format_count(summary->stalls_omitted).text);
	return page_flush(page);
}
