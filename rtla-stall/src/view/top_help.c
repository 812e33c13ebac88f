// SPDX-License-Identifier: GPL-2.0-only
#include "top_help.h"

#include <inttypes.h>
#include <string.h>

#include "format.h"

#define KEY_INDENT 2u
#define WORDS_INDENT 20u

struct line {
	const char *what;	/* NULL: words is a heading */
	const char *words;
};

static const struct line lines[] = {
	{ NULL, "Views" },
	{ "1 2 3 4, Tab", "waits, CPUs, culprits, stalls; the next one" },
	{ "Enter", "open the wait of a row: time-line, parts, waker, work, stacks; in waits: the present "
	  "one, else the longest stall kept" },
	{ "Esc, q", "back to the table" },
	{ NULL, "Rows" },
	{ "arrows, j k", "move the bar; it then stays with its row wherever that goes" },
	{ "PgUp PgDn, ^B ^F", "by a screen" },
	{ "Home End, g G", "to the first row (the bar stays there), to the last" },
	{ "< >, F6", "sort by the column to the left, to the right" },
	{ "R, I", "sort the other way round" },
	{ "/, F4", "show only rows with this text, or that match this regular expression; looked at are "
	  "names, tids, CPUs and reasons; Esc shows all again" },
	{ NULL, "The run" },
	{ "space", "freeze the screen; the run goes on, nothing is lost" },
	{ "+ -", "take only longer, or also shorter waits for stalls" },
	{ "s", "save the trace now" },
	{ "d", "how often the screen is renewed" },
	{ "r, ^L", "renew it now" },
	{ "q, ^C", "end the run" },
	{ NULL, "Columns" },
	{ "WAIT", "how long the thread has been ready without running; >= when it waited before it was first "
	  "looked at; ! when events were lost meanwhile" },
	{ "PRI", "rt 55: FIFO or RR 55; dl: deadline; ni 5: fair, nice 5" },
	{ "S", "W waits (ready, not running), R runs, S sleeps, D sleeps in the middle of its work, X is "
	  "dead, ? not known" },
	{ "AVG P99", "of waits that have ended; MAX and SUM: of open ones too" },
	{ "CAUSES, %", "what waiting time is due to:" },
	{ "  I %INT", "interference: something of higher or equal rank had the CPU" },
	{ "  B %BLK", "blocking: something of lower rank had the CPU" },
	{ "  J %JIT", "release jitter: the CPU was idle, or was told late" },
	{ "  E %EXE", "execution: the work of the wakeup itself" },
	{ "  U %UNA", "unattributed: the trace does not say" },
	{ "CULPRIT", "to whom most of the longest wait is charged" },
	{ "ON CPU", "how long the occupant has had the CPU without a switch" },
	{ "ON TOP", "the interrupt or softirq that is on top of the occupant" },
};

static void draw_missing(const struct document *doc, struct top_page *page)
{
	if (!doc->nr_missing)
		return;
	top_page_end(page, TOP_PLAIN);
	top_page_add(page, TOP_STRONG, "What is not recorded, and what that hides");
	top_page_end(page, TOP_PLAIN);
	for (uint32_t i = 0; i < doc->nr_missing; i++) {
		if (doc->missing[i].is_moot)
			continue;
		top_page_add(page, TOP_WARN, "%*s%s ", (int)KEY_INDENT, "", doc->missing[i].name);
		top_page_wrap(page, TOP_PLAIN, WORDS_INDENT, doc->missing[i].hides);
	}
}

static void draw_anomalies(const struct document *doc, struct top_page *page)
{
	if (!doc->nr_anomalies)
		return;
	top_page_end(page, TOP_PLAIN);
	top_page_add(page, TOP_STRONG, "What was odd, and how often");
	top_page_end(page, TOP_PLAIN);
	for (uint32_t i = 0; i < doc->nr_anomalies; i++) {
		top_page_add(page, TOP_PLAIN, "%*s%s  %s", (int)KEY_INDENT, "", doc->anomalies[i].name,
			     format_count(doc->anomalies[i].count).text);
		top_page_end(page, TOP_PLAIN);
	}
}

void top_help_draw(const struct top_scene *scene, struct top_page *page)
{
	const struct document *doc = &scene->snapshot->doc;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (!lines[i].what) {
			if (i)
				top_page_end(page, TOP_PLAIN);
			top_page_add(page, TOP_STRONG, "%s", lines[i].words);
			top_page_end(page, TOP_PLAIN);
			continue;
		}
		top_page_add(page, TOP_KEY, "%*s%s", (int)KEY_INDENT, "", lines[i].what);
		if (page->open.nr_columns >= WORDS_INDENT)
			top_page_add(page, TOP_PLAIN, " ");
		top_page_wrap(page, TOP_PLAIN, WORDS_INDENT, lines[i].words);
	}
	draw_missing(doc, page);
	draw_anomalies(doc, page);
	top_page_end(page, TOP_PLAIN);
	top_page_add(page, TOP_FAINT, "rtla-stall %s", doc->version ? doc->version : "");
	top_page_end(page, TOP_PLAIN);
}

void top_help_keys(struct top_page *page)
{
	static const struct {
		const char *key;
		const char *words;
	} keys[] = {
		{ "?", "help" }, { "q", "quit" }, { "Enter", "open" }, { "/", "filter" }, { "<>R", "sort" },
		{ "Space", "freeze" }, { "+-", "stalls" }, { "s", "save" }, { "Tab", "view" },
		{ "d", "interval" },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		uint32_t needed = (uint32_t)(strlen(keys[i].key) + strlen(keys[i].words)) + (i ? 3 : 1);

		if (page->open.nr_columns + needed > page->width)
			break;
		top_page_add(page, TOP_PLAIN, "%s", i ? "  " : "");
		top_page_add(page, TOP_KEY, "%s", keys[i].key);
		top_page_add(page, TOP_PLAIN, " %s", keys[i].words);
	}
	top_page_end(page, TOP_PLAIN);
}
