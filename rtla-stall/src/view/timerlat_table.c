// SPDX-License-Identifier: GPL-2.0-only
#include "timerlat_table.h"

#include <errno.h>
#include <inttypes.h>

#include "../util/strbuf.h"
#include "format.h"

#define DASHES "---------------------------------------"

static void write_titles(const struct timerlat_table *table, struct strbuf *out)
{
	const char *unit = table->is_nano ? "ns" : "us";

	if (table->has_colour)
		strbuf_adds(out, "\033[2;37;40m");
	strbuf_addf(out, "%37sTimer Latency%46s%*s", "", "", table->has_user ? 41 : 0, "");
	strbuf_addf(out, "%s\n", table->has_colour ? "\033[0;0;0m" : "");
	strbuf_addf(out,
		    "%s   |          IRQ Timer Latency (%s)        |         Thread Timer Latency (%s)",
		    format_elapsed(table->duration_ns).text, unit, unit);
	if (table->has_user)
		strbuf_addf(out, "      |    Ret user Timer Latency (%s)", unit);
	strbuf_adds(out, "\n");
	if (table->has_colour)
		strbuf_adds(out, "\033[2;30;47m");
	strbuf_adds(out, "CPU COUNT      ");
	for (int block = 0; block < 2 + table->has_user; block++)
		strbuf_addf(out, "%s|      cur       min       avg       max", block ? " " : "");
	strbuf_addf(out, "%s\n", table->has_colour ? "\033[0;0;0m" : "");
}

static void write_number(const struct timerlat_table *table, struct strbuf *out, bool is_there, uint64_t ns)
{
	if (is_there)
		strbuf_addf(out, "%9" PRIu64, table->is_nano ? ns : ns / 1000);
	else
		strbuf_addf(out, "%9s", "-");
}

static void write_block(const struct timerlat_table *table, struct strbuf *out,
			const struct timers_samples *samples, bool has_last)
{
	bool is_there = samples->count;

	strbuf_adds(out, "|");
	if (has_last)
		write_number(table, out, is_there, samples->last_ns);
	else
		strbuf_addf(out, "%9s", "");
	strbuf_adds(out, " ");
	write_number(table, out, is_there, samples->min_ns);
	strbuf_adds(out, " ");
	write_number(table, out, is_there, is_there ? samples->sum_ns / samples->count : 0);
	strbuf_adds(out, " ");
	write_number(table, out, is_there, samples->max_ns);
}

static void write_blocks(const struct timerlat_table *table, struct strbuf *out,
			 const struct timers_cpu *row, bool has_last)
{
	write_block(table, out, &row->irq, has_last);
	strbuf_adds(out, " ");
	write_block(table, out, &row->thread, has_last);
	if (table->has_user) {
		strbuf_adds(out, " ");
		write_block(table, out, &row->user, has_last);
	}
	strbuf_adds(out, "\n");
}

static void add_samples(struct timers_samples *sum, const struct timers_samples *samples)
{
	if (!samples->count)
		return;
	if (!sum->count || samples->min_ns < sum->min_ns)
		sum->min_ns = samples->min_ns;
	if (samples->max_ns > sum->max_ns)
		sum->max_ns = samples->max_ns;
	sum->count += samples->count;
	sum->sum_ns += samples->sum_ns;
}

static void write_sum(const struct timerlat_table *table, struct strbuf *out, const struct timers_cpu *sum)
{
	uint64_t mantissa = sum->irq.count;
	int exponent = 0;

	for (; mantissa > 999999; mantissa /= 10)
		exponent++;
	strbuf_addf(out, "---------------|%s-|%s", DASHES, DASHES);
	strbuf_addf(out, "%s\n", table->has_user ? "-|" DASHES : "");
	strbuf_addf(out, "ALL #%-6" PRIu64 " e%d ", mantissa, exponent);
	write_blocks(table, out, sum, false);
}

static void write_losses(const struct timerlat_table *table, struct strbuf *out)
{
	unsigned __int128 lost = table->lost_events;
	uint64_t hundredths;

	if (!table->nr_losses)
		return;
	hundredths = lost ? (uint64_t)(lost * 10000 / (lost + table->nr_events)) : 0;
	if (lost)
		strbuf_addf(out, "%" PRIu64 " (%" PRIu64 ".%02" PRIu64 "%%) events missed",
			    table->lost_events, hundredths / 100, hundredths % 100);
	else
		strbuf_adds(out, "unknown number of events missed");
	strbuf_adds(out, ", results might not be accurate\n");
}

int timerlat_table_write(const struct timerlat_table *table, FILE *out)
{
	struct strbuf text = STRBUF_INIT;
	struct timers_cpu sum = { 0 };
	int result = 0;

	write_titles(table, &text);
	for (uint32_t i = 0; i < table->timers->nr_cpus; i++) {
		const struct timers_cpu *row = table->timers->cpus[i];

		if (!row->irq.count && !row->thread.count && !row->user.count)
			continue;
		strbuf_addf(&text, "%3" PRIu32 " #%-9" PRIu64 " ", row->cpu, row->irq.count);
		write_blocks(table, &text, row, true);
		add_samples(&sum.irq, &row->irq);
		add_samples(&sum.thread, &row->thread);
		add_samples(&sum.user, &row->user);
	}
	write_sum(table, &text, &sum);
	write_losses(table, &text);
	errno = 0;
	if (text.has_failed)
		result = -ENOMEM;
	else if (fwrite(text.text, 1, text.length, out) != text.length)
		result = errno ? -errno : -EIO;
	strbuf_deinit(&text);
	return result;
}
