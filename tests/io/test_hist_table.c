// SPDX-License-Identifier: GPL-2.0-only
/* The tables of `hist`, byte for byte, and timerlat's of `top`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hist_run.h"
#include "stats/timers.h"
#include "view/hist_table.h"
#include "view/timerlat_table.h"

#define ONE_MINUTE_NS UINT64_C(60000000000)

static char text[1 << 17];	/* what was written last */

static FILE *open_text(void)
{
	FILE *out;

	memset(text, 0, sizeof(text));
	out = fmemopen(text, sizeof(text) - 1, "w");
	assert_non_null(out);
	return out;
}

static void check_table(const struct hist_table *table, const char *wanted)
{
	FILE *out = open_text();

	assert_int_equal(hist_table_write(table, out), 0);
	fclose(out);
	assert_string_equal(text, wanted);
}

/*
 * ---- timerlat per CPU -------------------------------------------------------------------------
 */

static void activate(struct columns *columns, uint32_t cpu, uint64_t irq_ns, uint64_t thread_ns,
		     uint64_t user_ns)
{
	const struct timerlat_activation activation = {
		.cpu = cpu, .has_irq = irq_ns, .irq_latency_ns = irq_ns, .has_thread = thread_ns,
		.thread_latency_ns = thread_ns, .has_user = user_ns, .user_latency_ns = user_ns,
	};

	assert_int_equal(columns_add_timerlat(columns, &activation), 0);
}

static void fill_timerlat(struct columns *columns)
{
	columns_init(columns, COLUMNS_OF_CPUS, 1000, 256);
	activate(columns, 0, 1500, 5000, 7000);
	activate(columns, 0, 1999, 300000, 4000000000);
	activate(columns, 0, 2000, 5001, 7999);
	activate(columns, 12, 255999, 256000, 0);
	activate(columns, 12, 2200000000, 0, 0);
}

static void check_timerlat(struct hist_table table, const char *wanted)
{
	struct columns columns;
	struct hist_rows rows;

	fill_timerlat(&columns);
	assert_int_equal(hist_rows_of_cpus(&rows, &columns), 0);
	table.timerlat = &rows;
	table.duration_ns = 5 * UINT64_C(1000000000);
	check_table(&table, wanted);
	hist_rows_deinit(&rows);
	columns_deinit(&columns);
}

static void timerlat_is_laid_out_as_rtla_does(void **state)
{
	(void)state;
	check_timerlat((struct hist_table){ .has_user = true },
		       "# RTLA timerlat histogram\n"
		       "# Time unit is microseconds (us)\n"
		       "# Duration:   0 00:00:05\n"
		       "Index   IRQ-000   Thr-000   Usr-000   IRQ-012   Thr-012   Usr-012\n"
		       "1             2         0         0         0         0         0 \n"
		       "2             1         0         0         0         0         0 \n"
		       "5             0         2         0         0         0         0 \n"
		       "7             0         0         2         0         0         0 \n"
		       "255           0         0         0         1         0         0 \n"
		       "over:         0         1         1         1         1         0 \n"
		       "count:        3         3         3         2         1         0 \n"
		       "min:          1         5         7       255       256         - \n"
		       "avg:          1       103   1333338   1100127       256         - \n"
		       "max:          2       300   4000000   2200000       256         - \n"
		       "ALL:        IRQ       Thr       Usr\n"
		       "count:        5         4         3 \n"
		       "min:          1         5         7 \n"
		       "avg:     440052       141   1333338 \n"
		       "max:    2200000       300   4000000 \n");
}

static void columns_and_labels_can_be_left_out(void **state)
{
	(void)state;
	check_timerlat((struct hist_table){ .no_irq = true, .no_summary = true },
		       "# RTLA timerlat histogram\n"
		       "# Time unit is microseconds (us)\n"
		       "# Duration:   0 00:00:05\n"
		       "Index   Thr-000   Thr-012\n"
		       "5             2         0 \n"
		       "over:         1         1 \n");
	check_timerlat((struct hist_table){ .no_thread = true, .no_header = true, .no_index = true },
		       "        2         0 \n"
		       "        1         0 \n"
		       "        0         1 \n"
		       "        0         1 \n"
		       "        3         2 \n"
		       "        1       255 \n"
		       "        1   1100127 \n"
		       "        2   2200000 \n"
		       "      IRQ\n"
		       "        5 \n"
		       "        1 \n"
		       "   440052 \n"
		       "  2200000 \n");
}

static void nanoseconds_are_the_unit_if_wanted(void **state)
{
	struct hist_table table = { .is_nano = true,
				    .no_thread = true,
				    .duration_ns = 100000 * ONE_MINUTE_NS };
	struct columns columns;
	struct hist_rows rows;

	(void)state;
	columns_init(&columns, COLUMNS_OF_CPUS, 50, 10);
	activate(&columns, 3, 101, 0, 0);
	activate(&columns, 3, 499, 0, 0);
	activate(&columns, 3, 500, 0, 0);
	assert_int_equal(hist_rows_of_cpus(&rows, &columns), 0);
	table.timerlat = &rows;
	table.no_summary = true;
	check_table(&table, "# RTLA timerlat histogram\n"
			    "# Time unit is nanoseconds (ns)\n"
			    "# Duration:  69 10:40:00\n"
			    "Index   IRQ-003\n"
			    "100           1 \n"
			    "450           1 \n"
			    "over:         1 \n");
	table.with_zeros = true;
	table.no_header = true;
	check_table(&table, "0             0 \n"
			    "50            0 \n"
			    "100           1 \n"
			    "150           0 \n"
			    "200           0 \n"
			    "250           0 \n"
			    "300           0 \n"
			    "350           0 \n"
			    "400           0 \n"
			    "450           1 \n"
			    "over:         1 \n");
	hist_rows_deinit(&rows);
	columns_deinit(&columns);
}

static void without_samples_the_layout_stays(void **state)
{
	struct hist_rows rows, waits;
	struct columns columns, threads;
	struct summary summary = { 0 };
	struct hist_table table = { .timerlat = &rows, .waits = &waits, .waiters = "kernel threads" };

	(void)state;
	columns_init(&columns, COLUMNS_OF_CPUS, 1000, 256);
	columns_init(&threads, COLUMNS_OF_THREADS, 1000, 256);
	assert_int_equal(hist_rows_of_cpus(&rows, &columns), 0);
	assert_int_equal(hist_rows_of_threads(&waits, &threads, &summary), 0);
	check_table(&table, "# RTLA timerlat histogram\n"
			    "# Time unit is microseconds (us)\n"
			    "# Duration:   0 00:00:00\n"
			    "Index\n"
			    "over: \n"
			    "count:\n"
			    "min:  \n"
			    "avg:  \n"
			    "max:  \n"
			    "ALL:        IRQ       Thr\n"
			    "count:        0         0 \n"
			    "min:          -         - \n"
			    "avg:          -         - \n"
			    "max:          -         - \n"
			    "\n"
			    "# Waits of kernel threads\n"
			    "# Time unit is microseconds (us)\n"
			    "# Duration:   0 00:00:00\n"
			    "# None of them waited\n"
			    "Index\n"
			    "over: \n"
			    "count:\n"
			    "min:  \n"
			    "avg:  \n"
			    "max:  \n"
			    "p50:  \n"
			    "p99:  \n"
			    "p99.9:\n"
			    "open: \n"
			    "lost: \n"
			    "ALL:       Wait\n"
			    "count:        0 \n"
			    "min:          - \n"
			    "avg:          - \n"
			    "max:          - \n"
			    "p50:          - \n"
			    "p99:          - \n"
			    "p99.9:        - \n"
			    "open:         0 \n"
			    "lost:         0 \n");
	hist_rows_deinit(&rows);
	hist_rows_deinit(&waits);
	columns_deinit(&columns);
	columns_deinit(&threads);
}

static void counts_beyond_32_bits_are_counts(void **state)
{
	struct columns_hist *hist;
	struct columns columns;
	struct hist_rows rows;
	struct hist_table table = { .timerlat = &rows, .no_header = true, .no_thread = true };

	(void)state;
	columns_init(&columns, COLUMNS_OF_CPUS, 1000, 256);
	hist = columns_hist(columns_column(&columns, 0), COLUMNS_IRQ);
	assert_int_equal(columns_add_count(&columns, hist, 4, 6000000000), 0);
	assert_int_equal(hist_add_bucket(&hist->log, 4096, 4159, 6000000000), 0);
	hist->log.sum_ns = 6000000000 * UINT64_C(4100);
	hist->log.min_ns = hist->log.max_ns = 4100;
	assert_int_equal(hist_rows_of_cpus(&rows, &columns), 0);
	check_table(&table, "4     6000000000 \n"
			    "over:         0 \n"
			    "count:6000000000 \n"
			    "min:          4 \n"
			    "avg:          4 \n"
			    "max:          4 \n"
			    "ALL:        IRQ\n"
			    "count:6000000000 \n"
			    "min:          4 \n"
			    "avg:          4 \n"
			    "max:          4 \n");
	hist_rows_deinit(&rows);
	columns_deinit(&columns);
}

/*
 * ---- waits ------------------------------------------------------------------------------------
 */

static void waits_have_a_column_per_thread(void **state)
{
	struct hist_rows rows;
	struct hist_table table = { .waits = &rows, .waiters = "kernel threads", .top = 3 };
	struct hist_run run;

	(void)state;
	hist_run_init(&run);
	assert_int_equal(hist_rows_of_threads(&rows, &run.columns, &run.summary), 0);
	check_table(&table, "# Waits of kernel threads\n"
			    "# Time unit is microseconds (us)\n"
			    "# Duration:   0 00:00:00\n"
			    "# T99: kworker/3:1, kernel thread\n"
			    "# T100: \\x1b[2J%n\n"
			    "# T101: rcuc/3, kernel thread\n"
			    "# 1 more waited, all of them less in sum: --top 0 shows all\n"
			    "Index       T99      T100      T101\n"
			    "0             0         0         1 \n"
			    "3             0        99         0 \n"
			    "over:         0         1         0 \n"
			    "count:        0       100         1 \n"
			    "min:          -         3         0 \n"
			    "avg:          -       123         0 \n"
			    "max:    4000000     12000         0 \n"
			    "p50:          -         3         0 \n"
			    "p99:          -         3         0 \n"
			    "p99.9:        -     11993         0 \n"
			    "open:         1         0         0 \n"
			    "lost:         0         1         0 \n"
			    "ALL:       Wait\n"
			    "count:      102 \n"
			    "min:          0 \n"
			    "avg:        123 \n"
			    "max:    4000000 \n"
			    "p50:          3 \n"
			    "p99:        257 \n"
			    "p99.9:    11993 \n"
			    "open:         1 \n"
			    "lost:         1 \n");
	table.top = 0;
	table.no_summary = true;
	table.no_header = true;
	check_table(&table, "0             0         0         1         0 \n"
			    "3             0        99         0         0 \n"
			    "over:         0         1         0         1 \n");
	hist_rows_deinit(&rows);
	hist_run_deinit(&run);
}

static void waits_can_have_a_column_per_cpu(void **state)
{
	struct hist_rows rows;
	struct hist_table table = { .waits = &rows, .waiters = "kernel threads", .top = 1 };
	struct episode episode = { .ended_at = 2500 };
	struct columns columns;

	(void)state;
	columns_init(&columns, COLUMNS_OF_CPUS, 1000, 256);
	assert_int_equal(columns_add_wait(&columns, 1, &episode), 0);
	assert_int_equal(columns_add_wait(&columns, 1023, &episode), 0);
	assert_int_equal(hist_rows_of_cpus(&rows, &columns), 0);
	table.no_summary = true;
	check_table(&table, "# Waits of kernel threads\n"
			    "# Time unit is microseconds (us)\n"
			    "# Duration:   0 00:00:00\n"
			    "Index   CPU-001  CPU-1023\n"
			    "2             1         1 \n"
			    "over:         0         0 \n");
	hist_rows_deinit(&rows);
	columns_deinit(&columns);
}

/*
 * ---- timerlat's table of `top` ----------------------------------------------------------------
 */

static void check_timers(const struct timerlat_table *table, const char *wanted)
{
	FILE *out = open_text();

	assert_int_equal(timerlat_table_write(table, out), 0);
	fclose(out);
	assert_string_equal(text, wanted);
}

#define TITLE \
	"                                     Timer Latency                                              "
#define TITLE_OF_USER "                                         "

static void add_samples(struct timers *timers, uint32_t cpu, uint64_t irq_ns, uint64_t thread_ns,
			uint64_t user_ns)
{
	const struct timerlat_activation activation = {
		.cpu = cpu, .has_irq = irq_ns, .irq_latency_ns = irq_ns, .has_thread = thread_ns,
		.thread_latency_ns = thread_ns, .has_user = user_ns, .user_latency_ns = user_ns,
	};

	assert_int_equal(timers_add(timers, &activation), 0);
}

static void top_of_timerlat_is_laid_out_as_rtla_does(void **state)
{
	struct timers timers = { 0 };
	struct timerlat_table table = { .timers = &timers, .duration_ns = 5000000000, .has_user = true };

	(void)state;
	add_samples(&timers, 0, 23999, 48000, 57000);
	add_samples(&timers, 0, 78589000, 78678000, 78705000);
	add_samples(&timers, 0, 429000, 482000, 514000);
	add_samples(&timers, 11, 13000, 0, 0);
	check_timers(
		&table, TITLE TITLE_OF_USER
		"\n"
		"  0 00:00:05   |          IRQ Timer Latency (us)        "
		"|         Thread Timer Latency (us)"
		"      |    Ret user Timer Latency (us)\n"
		"CPU COUNT      |      cur       min       avg       max "
		"|      cur       min       avg       max"
		" |      cur       min       avg       max\n"
		"  0 #3         |      429        23     26347     78589 "
		"|      482        48     26402     78678"
		" |      514        57     26425     78705\n"
		" 11 #1         |       13        13        13        13 "
		"|        -         -         -         -"
		" |        -         -         -         -\n"
		"---------------|----------------------------------------"
		"|----------------------------------------"
		"|---------------------------------------\n"
		"ALL #4      e0 |                 13     19763     78589 "
		"|                 48     26402     78678"
		" |                 57     26425     78705\n");
	timers_deinit(&timers);
}

static void two_blocks_and_a_line_of_losses(void **state)
{
	struct timers timers = { 0 };
	struct timerlat_table table = { .timers = &timers,
					.is_nano = true,
					.nr_losses = 2,
					.lost_events = 5,
					.nr_events = 95,
					.duration_ns = 90061 * UINT64_C(1000000000) };

	(void)state;
	add_samples(&timers, 0, 2200000000, 4294967296, 0);
	timers.cpus[0]->irq.count = 12345678;
	timers.cpus[0]->irq.sum_ns = 12345678 * UINT64_C(2200000000);
	check_timers(
		&table, TITLE
		"\n"
		"  1 01:01:01   |          IRQ Timer Latency (ns)        "
		"|         Thread Timer Latency (ns)\n"
		"CPU COUNT      |      cur       min       avg       max "
		"|      cur       min       avg       max\n"
		"  0 #12345678  |2200000000 2200000000 2200000000 2200000000 "
		"|4294967296 4294967296 4294967296 4294967296\n"
		"---------------|----------------------------------------"
		"|---------------------------------------\n"
		"ALL #123456 e2 |          2200000000 2200000000 2200000000 |          "
		"4294967296 4294967296 4294967296\n"
		"5 (5.00%) events missed, results might not be accurate\n");
	timers_deinit(&timers);
}

static void without_samples_the_table_is_empty(void **state)
{
	struct timers timers = { 0 };
	struct timerlat_table table = {
		.timers = &timers, .has_user = true, .has_colour = true, .nr_losses = 1
	};

	(void)state;
	check_timers(
		&table,
		"\033[2;37;40m" TITLE TITLE_OF_USER "\033[0;0;0m\n"
		"  0 00:00:00   |          IRQ Timer Latency (us)        "
		"|         Thread Timer Latency (us)"
		"      |    Ret user Timer Latency (us)\n"
		"\033[2;30;47mCPU COUNT      |      cur       min       avg       max |      cur       min"
		"       avg       max |      cur       min       avg       max\033[0;0;0m\n"
		"---------------|----------------------------------------"
		"|----------------------------------------"
		"|---------------------------------------\n"
		"ALL #0      e0 |                  -         -         - "
		"|                  -         -         -"
		" |                  -         -         -\n"
		"unknown number of events missed, results might not be accurate\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timerlat_is_laid_out_as_rtla_does),
		cmocka_unit_test(columns_and_labels_can_be_left_out),
		cmocka_unit_test(nanoseconds_are_the_unit_if_wanted),
		cmocka_unit_test(without_samples_the_layout_stays),
		cmocka_unit_test(counts_beyond_32_bits_are_counts),
		cmocka_unit_test(waits_have_a_column_per_thread),
		cmocka_unit_test(waits_can_have_a_column_per_cpu),
		cmocka_unit_test(top_of_timerlat_is_laid_out_as_rtla_does),
		cmocka_unit_test(two_blocks_and_a_line_of_losses),
		cmocka_unit_test(without_samples_the_table_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
