// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "../view/format.h"
#include "enforce_words.h"

#define MOST_WAITS 100u		/* lines about them ... */
#define MOST_WAITS_OF_CPU 10u
#define MOST_LINES 192u		/* ... with those that say how many more there are, and the CPUs' */

struct table {
	const struct enforce_boosts_setting *setting;
	uint64_t now;
	uint32_t nr;
	uint32_t nr_lines;
	const struct enforce_case *items[ENFORCE_CASES];
};

static void collect(struct enforce_case *item, void *arg)
{
	struct table *table = arg;

	if (item->is_wanted && (item->is_waiting || item->is_boosted))
		table->items[table->nr++] = item;
}

/* By CPU, then who is boosted, then the longest wait. */
static int compare(const void *a, const void *b)
{
	const struct enforce_case *left = *(const struct enforce_case *const *)a;
	const struct enforce_case *right = *(const struct enforce_case *const *)b;

	if (left->cpu != right->cpu)
		return left->cpu < right->cpu ? -1 : 1;
	if (left->is_boosted != right->is_boosted)
		return left->is_boosted ? -1 : 1;
	if (left->began_at != right->began_at)
		return left->began_at < right->began_at ? -1 : 1;
	return left->tid < right->tid ? -1 : left->tid > right->tid;
}

static struct format waited(const struct table *table, const struct enforce_case *item)
{
	return enforce_words_seconds(table->now > item->began_at ? table->now - item->began_at : 0);
}

static void print_case(struct table *table, const struct enforce_case *item)
{
	struct format due = { "" };

	if (item->due_at > table->now)
		snprintf(due.text, sizeof(due.text), ", due in %.40s",
			 format_duration(item->due_at - table->now).text);
	table->nr_lines++;
	enforce_log_say(table->setting->log, ENFORCE_LOG_NOTICE,
			"state: %.40s-%d, CPU %u, %s: waits for %s seconds%s%s%s",
			format_name(item->comm).text, item->tid, item->cpu, format_prio(item->prio).text,
			waited(table, item).text, due.text, item->is_boosted ? ", boosted using " : "",
			item->is_boosted ? enforce_words_policy(item->record.policy) : "");
}

/* Those of one CPU. */
static void print_cpu(struct table *table, uint32_t from, uint32_t to, uint32_t most)
{
	uint32_t end = to - from > most ? from + most : to;

	for (uint32_t i = from; i < end; i++)
		print_case(table, table->items[i]);
	if (end == to)
		return;
	table->nr_lines++;
	enforce_log_say(table->setting->log, ENFORCE_LOG_NOTICE,
			"state: CPU %u: %u more wait, for %s seconds at most", table->items[from]->cpu,
			to - end, waited(table, table->items[end]).text);
}

static uint32_t end_of_cpu(const struct table *table, uint32_t from)
{
	uint32_t to = from;

	while (to < table->nr && table->items[to]->cpu == table->items[from]->cpu)
		to++;
	return to;
}

static void print_waits(struct table *table)
{
	uint32_t nr_cpus = 0;
	uint32_t most;
	uint32_t from, to;

	qsort(table->items, table->nr, sizeof(*table->items), compare);
	for (from = 0; from < table->nr; from = end_of_cpu(table, from))
		nr_cpus++;
	most = nr_cpus ? MOST_WAITS / nr_cpus : 0;
	if (most > MOST_WAITS_OF_CPU)
		most = MOST_WAITS_OF_CPU;
	for (from = 0; from < table->nr && table->nr_lines + most < MOST_LINES; from = to) {
		to = end_of_cpu(table, from);
		print_cpu(table, from, to, most);
	}
	if (from < table->nr)
		enforce_log_say(table->setting->log, ENFORCE_LOG_NOTICE,
				"state: %u more wait on the CPUs from %u on", table->nr - from,
				table->items[from]->cpu);
}

static void print_budget(const struct table *table, uint32_t cpu, const struct budget *budget)
{
	enforce_log_say(table->setting->log, ENFORCE_LOG_NOTICE,
			"state: CPU %u: %llu boosts, %s in all, %s beyond a grant at most, debt %s", cpu,
			(unsigned long long)budget->nr_boosts, format_duration(budget->charged_ns).text,
			format_duration(budget->worst_excess_ns).text,
			format_duration(budget_debt_ns(budget)).text);
}

static void print_budgets(struct table *table)
{
	uint32_t nr_left_out = 0;

	for (uint32_t cpu = 0; cpu < table->setting->nr_cpus; cpu++) {
		const struct budget *budget = plan_budget(table->setting->plan, cpu);

		if (!budget || !budget->nr_boosts)
			continue;
		if (table->nr_lines++ < MOST_LINES)
			print_budget(table, cpu, budget);
		else
			nr_left_out++;
	}
	if (nr_left_out)
		enforce_log_say(table->setting->log, ENFORCE_LOG_NOTICE, "state: boosts on %u more CPUs",
				nr_left_out);
}

void enforce_state_print(const struct enforce_boosts_setting *setting, uint64_t now)
{
	struct table table = { .setting = setting, .now = now };

	enforce_cases_for_each(setting->cases, collect, &table);
	print_waits(&table);
	print_budgets(&table);
}
