// SPDX-License-Identifier: GPL-2.0-only
/* Of the text report: time-lines, tables, and what is said of events that are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/strbuf.h"
#include "view/document.h"
#include "view/table.h"
#include "view/timeline.h"

#define CHARGE(number) { .culprit = (number), .cause = CAUSE_INTERFERENCE, .reason = REASON_THREAD }
#define SEGMENT(from, to, on, number)						\
	{ .from_at = (from), .to_at = (to), .cpu = (on), .culprit = (number),	\
	  .cause = CAUSE_INTERFERENCE, .reason = REASON_THREAD }

static const struct charge charges[] = { CHARGE(10), CHARGE(11), CHARGE(12) };

static void check_timeline(const struct segment *segments, uint32_t nr, uint64_t ended_at, uint32_t width,
			   const char *letters, const char *cpus)
{
	struct episode episode = {
		.began_at = segments[0].from_at, .ended_at = ended_at,
		.segments = segments, .nr_segments = nr,
	};
	char found_cpus[TIMELINE_MAX_WIDTH + 1];
	struct timeline timeline;

	timeline_draw(&timeline, &episode, charges, 3, width);
	timeline_cpus(&timeline, found_cpus);
	assert_string_equal(timeline.letters, letters);
	assert_string_equal(found_cpus, cpus);
}

static void columns_show_who_took_most(void **state)
{
	static const struct segment segments[] = {
		SEGMENT(1000, 1400, 3, 10), SEGMENT(1400, 1700, 3, 11), SEGMENT(1700, 2000, 12, 10),
	};

	(void)state;
	check_timeline(segments, 3, 2000, 10, "AAAABBBAAA", "3------12-");
}

static void small_parts_show_once_in_lower_case(void **state)
{
	static const struct segment segments[] = {
		SEGMENT(0, 310, 0, 10), SEGMENT(310, 311, 0, 11), SEGMENT(311, 620, 0, 10),
		SEGMENT(620, 623, 0, 11), SEGMENT(623, 1000, 0, 10),
	};

	(void)state;
	check_timeline(segments, 5, 1000, 10, "AAAAAAbAAA", "0---------");
}

static void culprits_without_a_letter_are_stars(void **state)
{
	static const struct segment segments[] = { SEGMENT(0, 500, 0, 10), SEGMENT(500, 1000, 0, 99) };

	(void)state;
	check_timeline(segments, 2, 1000, 4, "AA**", "0---");
}

static void folded_time_is_shown_as_such(void **state)
{
	static const struct segment segments[] = { SEGMENT(0, 500, 0, 10) };

	(void)state;
	check_timeline(segments, 1, 1000, 4, "AA++", "0-  ");
}

static void waits_shorter_than_the_line_are_drawn(void **state)
{
	static const struct segment segments[] = { SEGMENT(5, 6, 1, 10), SEGMENT(6, 7, 1, 11) };

	(void)state;
	check_timeline(segments, 2, 7, 8, "AAAABBBB", "1-------");
}

static void the_end_of_time_is_no_overflow(void **state)
{
	static const struct segment segments[] = {
		SEGMENT(0, UINT64_MAX / 2, 1, 10), SEGMENT(UINT64_MAX / 2, UINT64_MAX, 1, 11),
	};

	(void)state;
	check_timeline(segments, 2, UINT64_MAX, 4, "AABB", "1---");
}

static const struct table_column columns[] = {
	{ "name", false, 0 }, { "count", true, 0 }, { "never", false, 9 }, { "more", false, 1 },
};

static void check_table(size_t width, bool with_titles, const char *text)
{
	struct strbuf out = STRBUF_INIT;
	struct table table;

	table_init(&table, columns, 4);
	for (int row = 0; row < 2; row++) {
		table_cell(&table, "%s", row ? "b" : "longer name");
		table_cell(&table, "%d", row ? 12345678 : 7);
		table_cell(&table, "%s", "");
		table_cell(&table, "%s", row ? "x" : "");
	}
	table_print(&table, &out, 2, width, with_titles);
	assert_string_equal(out.text, text);
	table_deinit(&table);
	strbuf_deinit(&out);
}

static void tables_are_as_wide_as_their_cells(void **state)
{
	(void)state;
	check_table(80, true, "  name            count  more\n"
			      "  longer name         7\n"
			      "  b            12345678  x\n");
	check_table(80, false, "  longer name         7\n"
			       "  b            12345678  x\n");
}

static void without_room_columns_are_left_out(void **state)
{
	(void)state;
	check_table(24, true, "  name            count\n"
			      "  longer name         7\n"
			      "  b            12345678\n");
}

static void without_any_room_columns_move_together(void **state)
{
	(void)state;
	check_table(22, true, "  name           count\n"
			      "  longer name        7\n"
			      "  b           12345678\n");
	check_table(10, true, "name           count\n"
			      "longer name        7\n"
			      "b           12345678\n");
}

static const char *hidden_by(const struct document *doc, const char *name)
{
	for (uint32_t i = 0; i < doc->nr_missing; i++) {
		if (!strcmp(doc->missing[i].name, name))
			return doc->missing[i].is_moot ? "moot" : doc->missing[i].hides;
	}
	return NULL;
}

static void check_missing(uint64_t seen, uint64_t present, bool has_vectors, enum tristate is_rt,
			  const char *name, const char *hides)
{
	struct source_info source = { .events_present = present, .has_irq_vectors = has_vectors,
				      .is_x86 = true };
	struct document doc = { .source = &source, .is_preempt_rt = is_rt };

	document_find_missing(&doc, seen);
	if (hides) {
		assert_non_null(hidden_by(&doc, name));
		assert_string_equal(hidden_by(&doc, name), hides);
	} else {
		assert_null(hidden_by(&doc, name));
	}
}

static void missing_events_are_told_with_what_they_hide(void **state)
{
	const uint64_t sw = EVENT_BIT(EVENT_SWITCH), wakeup = EVENT_BIT(EVENT_WAKEUP);
	const char *vectors = "timer and inter-processor interrupts are charged to the threads they hit";

	(void)state;
	check_missing(0, 0, true, TRI_NO, "sched_switch",
		      "who had a CPU is not known, so no wait can be seen");
	check_missing(0, 0, true, TRI_NO, "sched_waking", "moot");
	check_missing(sw, 0, true, TRI_NO, "sched_waking",
		      "only waits that begin with a preemption are seen");
	check_missing(sw | wakeup, 0, true, TRI_NO, "sched_waking",
		      "waits begin at the wakeup, which is later, and wakers are not known");
	check_missing(sw | wakeup, 0, true, TRI_NO, "sched_wakeup", NULL);
	/* recorded, but nothing moved */
	check_missing(sw, EVENT_BIT(EVENT_MIGRATE), true, TRI_NO, "sched_migrate_task", NULL);
	check_missing(sw, 0, false, TRI_NO, "irq_vectors", vectors);
	check_missing(sw, 0, true, TRI_NO, "irq_vectors", NULL);
	check_missing(EVENT_BIT(EVENT_IRQ_NOISE), 0, false, TRI_NO, "irq_vectors", NULL);
	check_missing(sw, 0, true, TRI_NO, "softirq_entry", "softirqs are charged to the threads they hit");
	check_missing(sw, 0, true, TRI_YES, "softirq_entry", NULL);
}

static void anomalies_of_one_name_are_counted_once(void **state)
{
	struct document doc = { 0 };

	(void)state;
	document_add_anomaly(&doc, "time_backwards", 3);
	document_add_anomaly(&doc, "cpu_range", 0);
	document_add_anomaly(&doc, "time_backwards", 5);
	document_add_anomaly(&doc, "time_backwards", 4);
	assert_int_equal(doc.nr_anomalies, 1);
	assert_int_equal(doc.anomalies[0].count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_show_who_took_most),
		cmocka_unit_test(small_parts_show_once_in_lower_case),
		cmocka_unit_test(culprits_without_a_letter_are_stars),
		cmocka_unit_test(folded_time_is_shown_as_such),
		cmocka_unit_test(waits_shorter_than_the_line_are_drawn),
		cmocka_unit_test(the_end_of_time_is_no_overflow),
		cmocka_unit_test(tables_are_as_wide_as_their_cells),
		cmocka_unit_test(without_room_columns_are_left_out),
		cmocka_unit_test(without_any_room_columns_move_together),
		cmocka_unit_test(missing_events_are_told_with_what_they_hide),
		cmocka_unit_test(anomalies_of_one_name_are_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
