// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a simulation came to: its order, as text and as JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../util/strbuf.h"
#include "../view/format.h"
#include "../view/table.h"
#include "../view/value.h"
#include "simulate.h"

#define WIDTH 100u
#define INDENT 2u

/* ---- order ------------------------------------------------------------------------------------ */

static int by_length(const void *a, const void *b)
{
	const struct simulate_stall *left = a, *right = b;

	if (left->was_ns != right->was_ns)
		return left->was_ns > right->was_ns ? -1 : 1;
	if (left->began_at != right->began_at)
		return left->began_at < right->began_at ? -1 : 1;
	return left->tid < right->tid ? -1 : left->tid > right->tid;
}

static int by_jitter(const void *a, const void *b)
{
	const struct simulate_culprit *left = a, *right = b;

	if (left->jitter_ns != right->jitter_ns)
		return left->jitter_ns > right->jitter_ns ? -1 : 1;
	return left->tid < right->tid ? -1 : left->tid > right->tid;
}

void simulate_sort(struct simulate_result *result)
{
	if (result->nr_stalls)
		qsort(result->stalls, result->nr_stalls, sizeof(*result->stalls), by_length);
	if (result->nr_culprits)
		qsort(result->culprits, result->nr_culprits, sizeof(*result->culprits), by_jitter);
}

/* ---- text ------------------------------------------------------------------------------------- */

static struct format occupant_words(const struct plan_occupant *occupant)
{
	struct format words = { "unknown" };

	if (occupant->kind == PLAN_OCCUPANT_THREAD)
		return format_thread(occupant->comm, occupant->tid);
	if (occupant->kind == PLAN_OCCUPANT_IDLE)
		snprintf(words.text, sizeof(words.text), "idle");
	return words;
}

static uint32_t rows(uint32_t nr, uint32_t top)
{
	return top && top < nr ? top : nr;
}

static void say_more(struct strbuf *out, uint32_t nr, uint32_t nr_shown)
{
	if (nr > nr_shown)
		strbuf_addf(out, "  ... and %s more\n", format_count(nr - nr_shown).text);
}

static void write_head(const struct simulate_result *result, struct strbuf *out)
{
	const struct plan_config *plan = &result->plan;
	char kernel[256];

	format_safe(result->kernel, false, kernel, sizeof(kernel));
	strbuf_addf(out, "SIMULATION  nothing was boosted: what would have been\n");
	strbuf_addf(out, "  kernel    %s\n", *kernel ? kernel : "not known");
	strbuf_addf(out, "  trace     %s, from %s to %s",
		    format_duration(result->last_at - result->first_at).text,
		    format_instant(result->first_at).text, format_instant(result->last_at).text);
	strbuf_addf(out, "%s%s\n", result->is_truncated ? "; damaged" : "",
		    result->was_interrupted ? "; a signal ended the reading" : "");
	if (result->nr_losses)
		strbuf_addf(out, "  losses    in %s places\n", format_count(result->nr_losses).text);
	strbuf_addf(out, "  policy    %s, %s", plan_policy_name(plan->policy),
		    format_limit(plan->runtime_ns).text);
	strbuf_addf(out, " in %s", format_limit(plan->period_ns).text);
	if (plan->duration_ns)
		strbuf_addf(out, ", for up to %s", format_limit(plan->duration_ns).text);
	strbuf_addf(out, "\n  budget    %s", format_limit(plan->budget_ns).text);
	strbuf_addf(out, " in %s per CPU\n", format_limit(plan->budget_per_ns).text);
}

static void write_totals(const struct simulate_result *result, struct strbuf *out)
{
	if (!result->nr_stalls) {
		strbuf_adds(out, "  stalls    none: no wait was as long as its threshold\n");
		return;
	}
	strbuf_addf(out, "  stalls    %s, the longest %s", format_count(result->nr_stalls).text,
		    format_duration(result->was_longest_ns).text);
	strbuf_addf(out, "; %s boost%s would have cut %s of them, the longest left %s\n",
		    format_count(result->nr_boosts).text, result->nr_boosts == 1 ? "" : "s",
		    format_count(result->nr_cut).text, format_duration(result->would_longest_ns).text);
	if (result->nr_omitted)
		strbuf_addf(out, "  left out  %s waits there was no room for\n",
			    format_count(result->nr_omitted).text);
}

static struct format fate(const struct simulate_stall *stall)
{
	const char *words = stall->nr_boosts ? "boosted in vain" : "over as it was due";
	struct format text;

	if (stall->would_ns < stall->was_ns)
		words = stall->is_done ? "done early" : "shorter";
	else if (stall->why)
		words = plan_why_name(stall->why);
	snprintf(text.text, sizeof(text.text), "%s%.60s", stall->is_loud ? "NOT KEPT ALIVE: " : "", words);
	for (char *byte = text.text; *byte; byte++) {
		if (*byte == '_')
			*byte = ' ';
	}
	return text;
}

static void write_stalls(const struct simulate_result *result, uint32_t top, struct strbuf *out)
{
	static const struct table_column columns[] = {
		{ "thread", false, 0 }, { "CPU", true, 5 }, { "began", true, 6 }, { "was", true, 0 },
		{ "would", true, 0 }, { "boosts", true, 3 }, { "granted", true, 2 }, { "needed", true, 7 },
		{ "by", false, 4 }, { "culprit", false, 1 }, { "", false, 0 },
	};
	uint32_t nr_shown = rows(result->nr_stalls, top);
	struct table table;

	strbuf_adds(out, "\nSTALLS, LONGEST FIRST  what they were, and would have been\n");
	table_init(&table, columns, sizeof(columns) / sizeof(*columns));
	for (uint32_t i = 0; i < nr_shown; i++) {
		const struct simulate_stall *stall = &result->stalls[i];

		table_cell(&table, "%s", format_thread(stall->comm, stall->tid).text);
		table_cell(&table, "%" PRIu32, stall->cpu);
		table_cell(&table, "%s", format_instant(stall->began_at).text);
		table_cell(&table, "%s%s", stall->is_open ? ">= " : "", format_cell(stall->was_ns).text);
		table_cell(&table, "%s", format_cell(stall->would_ns).text);
		table_cell(&table, "%" PRIu32, stall->nr_boosts);
		table_cell(&table, "%s", format_cell(stall->granted_ns).text);
		table_cell(&table, "%s", stall->is_open ? "-  " : format_cell(stall->needed_ns).text);
		table_cell(&table, "%s", stall->nr_boosts ? plan_policy_name(stall->policy) : "-");
		table_cell(&table, "%s", occupant_words(&stall->culprit).text);
		table_cell(&table, "%s", fate(stall).text);
	}
	table_print(&table, out, INDENT, WIDTH, true);
	table_deinit(&table);
	say_more(out, result->nr_stalls, nr_shown);
}

static void write_culprits(const struct simulate_result *result, uint32_t top, struct strbuf *out)
{
	static const struct table_column columns[] = {
		{ "thread", false, 0 }, { "runs as", false, 1 }, { "boosts", true, 0 }, { "lost", true, 0 },
		{ "worst", true, 0 }, { "of the trace", true, 2 }, { "", false, 3 },
	};
	uint32_t nr_shown = rows(result->nr_culprits, top);
	struct table table;

	strbuf_adds(out, "\nWHO PAYS  CPU time that the boosts would have taken\n");
	table_init(&table, columns, sizeof(columns) / sizeof(*columns));
	for (uint32_t i = 0; i < nr_shown; i++) {
		const struct simulate_culprit *culprit = &result->culprits[i];

		if (culprit->tid == TID_UNKNOWN)
			table_cell(&table, "unknown");
		else
			table_cell(&table, "%s", format_thread(culprit->comm, culprit->tid).text);
		table_cell(&table, "%s", format_prio(culprit->prio).text);
		table_cell(&table, "%" PRIu32, culprit->nr_boosts);
		table_cell(&table, "%s", format_cell(culprit->jitter_ns).text);
		table_cell(&table, "%s", format_cell(culprit->worst_ns).text);
		table_cell(&table, "%s",
			   format_percent(culprit->jitter_ns, result->last_at - result->first_at).text);
		table_cell(&table, "%s", culprit->is_kthread ? "a kernel thread" : "");
	}
	table_print(&table, out, INDENT, WIDTH, true);
	table_deinit(&table);
	say_more(out, result->nr_culprits, nr_shown);
}

static void write_cpus(const struct simulate_result *result, struct strbuf *out)
{
	static const struct table_column columns[] = {
		{ "CPU", true, 0 }, { "stalls", true, 0 }, { "boosts", true, 0 }, { "charged", true, 0 },
		{ "at most per period", true, 0 }, { "of the budget", true, 2 }, { "put off by it", true, 1 },
	};
	struct table table;

	strbuf_adds(out, "\nBUDGET  per CPU\n");
	table_init(&table, columns, sizeof(columns) / sizeof(*columns));
	for (uint32_t i = 0; i < result->nr_cpus; i++) {
		const struct simulate_cpu *cpu = &result->cpus[i];

		table_cell(&table, "%" PRIu32, cpu->cpu);
		table_cell(&table, "%" PRIu32, cpu->nr_stalls);
		table_cell(&table, "%" PRIu32, cpu->nr_boosts);
		table_cell(&table, "%s", format_cell(cpu->charged_ns).text);
		table_cell(&table, "%s", format_cell(cpu->busiest_ns).text);
		table_cell(&table, "%s", format_percent(cpu->busiest_ns, result->plan.budget_ns).text);
		table_cell(&table, "%" PRIu32, cpu->nr_postponed);
	}
	table_print(&table, out, INDENT, WIDTH, true);
	table_deinit(&table);
}

static int flush(struct strbuf *text, FILE *out)
{
	int result = 0;

	errno = 0;
	if (text->has_failed)
		result = -ENOMEM;
	else if (fwrite(text->text, 1, text->length, out) != text->length || fflush(out))
		result = errno ? -errno : -EIO;
	strbuf_deinit(text);
	return result;
}

int simulate_write_text(const struct simulate_result *result, uint32_t top, FILE *out)
{
	struct strbuf text = STRBUF_INIT;

	write_head(result, &text);
	write_totals(result, &text);
	if (result->nr_stalls) {
		write_stalls(result, top, &text);
		if (result->nr_culprits)
			write_culprits(result, top, &text);
		write_cpus(result, &text);
		strbuf_adds(&text, "\nA boosted thread runs at once what it used after its wait, up to the "
			    "grant; all else stays as recorded.\n");
	}
	return flush(&text, out);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static void add_culprit(struct value_maker *json, struct json_object *object,
			const struct plan_occupant *occupant)
{
	static const enum culprit_kind kinds[] = { CULPRIT_UNKNOWN, CULPRIT_THREAD, CULPRIT_IDLE };
	bool is_thread = occupant->kind == PLAN_OCCUPANT_THREAD;
	const struct culprit culprit = {
		.kind = kinds[occupant->kind], .name = is_thread ? occupant->comm :
						       occupant->kind == PLAN_OCCUPANT_IDLE ? "idle" : "",
		.id = is_thread ? occupant->tid : -1,
	};

	value_add(json, object, "culprit", value_new_culprit(json, &culprit));
}

static struct json_object *new_stall(struct value_maker *json, const struct simulate_stall *stall)
{
	struct json_object *object = value_object(json);

	value_signed(json, object, "tid", stall->tid);
	value_string(json, object, "comm", stall->comm);
	value_number(json, object, "cpu", stall->cpu);
	value_prio(json, object, stall->prio);
	value_number(json, object, "began_ns", stall->began_at);
	value_number(json, object, "threshold_ns", stall->threshold_ns);
	value_number(json, object, "was_ns", stall->was_ns);
	value_number(json, object, "would_ns", stall->would_ns);
	value_bool(json, object, "open", stall->is_open);
	if (stall->is_open)
		value_null(json, object, "needed_ns");
	else
		value_number(json, object, "needed_ns", stall->needed_ns);
	value_number(json, object, "boosts", stall->nr_boosts);
	value_number(json, object, "granted_ns", stall->granted_ns);
	if (stall->nr_boosts)
		value_string(json, object, "policy", plan_policy_name(stall->policy));
	else
		value_null(json, object, "policy");
	value_bool(json, object, "done", stall->is_done);
	if (stall->why)
		value_string(json, object, "let_be", plan_why_name(stall->why));
	else
		value_null(json, object, "let_be");
	value_bool(json, object, "kept_alive", !stall->is_loud);
	add_culprit(json, object, &stall->culprit);
	return object;
}

static struct json_object *new_culprit(struct value_maker *json, const struct simulate_culprit *culprit)
{
	bool is_known = culprit->tid != TID_UNKNOWN;
	const struct culprit who = {
		.kind = is_known ? CULPRIT_THREAD : CULPRIT_UNKNOWN, .id = culprit->tid,
		.name = is_known ? culprit->comm : "",
	};
	struct json_object *object = value_new_culprit(json, &who);

	value_prio(json, object, culprit->prio);
	value_number(json, object, "boosts", culprit->nr_boosts);
	value_number(json, object, "jitter_ns", culprit->jitter_ns);
	value_number(json, object, "worst_ns", culprit->worst_ns);
	return object;
}

static struct json_object *new_cpu(struct value_maker *json, const struct simulate_cpu *cpu)
{
	struct json_object *object = value_object(json);

	value_number(json, object, "cpu", cpu->cpu);
	value_number(json, object, "stalls", cpu->nr_stalls);
	value_number(json, object, "boosts", cpu->nr_boosts);
	value_number(json, object, "charged_ns", cpu->charged_ns);
	value_number(json, object, "busiest_ns", cpu->busiest_ns);
	value_number(json, object, "postponed", cpu->nr_postponed);
	return object;
}

static void add_head(struct value_maker *json, struct json_object *document,
		     const struct simulate_result *result)
{
	struct json_object *source = value_object(json), *plan = value_object(json);
	struct json_object *totals = value_object(json);

	value_string(json, document, "schema", "rtla-stall/1");
	value_string(json, document, "command", "enforce");
	value_string(json, document, "version", RTLA_STALL_VERSION);
	value_string(json, source, "kernel", result->kernel);
	value_number(json, source, "first_ns", result->first_at);
	value_number(json, source, "last_ns", result->last_at);
	value_number(json, source, "losses", result->nr_losses);
	value_bool(json, source, "truncated", result->is_truncated);
	value_add(json, document, "source", source);
	value_string(json, plan, "policy", plan_policy_name(result->plan.policy));
	value_number(json, plan, "runtime_ns", result->plan.runtime_ns);
	value_number(json, plan, "period_ns", result->plan.period_ns);
	value_number(json, plan, "duration_ns", result->plan.duration_ns);
	value_number(json, plan, "budget_ns", result->plan.budget_ns);
	value_number(json, plan, "budget_per_ns", result->plan.budget_per_ns);
	value_add(json, document, "plan", plan);
	value_number(json, totals, "stalls", result->nr_stalls);
	value_number(json, totals, "cut", result->nr_cut);
	value_number(json, totals, "boosts", result->nr_boosts);
	value_number(json, totals, "was_longest_ns", result->was_longest_ns);
	value_number(json, totals, "would_longest_ns", result->would_longest_ns);
	value_number(json, totals, "omitted", result->nr_omitted);
	value_add(json, document, "totals", totals);
}

int simulate_write_json(const struct simulate_result *result, FILE *out)
{
	struct value_maker json = { .out = out, .text = STRBUF_INIT };
	struct json_object *document = value_object(&json);
	struct json_object *stalls = json_object_new_array(), *culprits = json_object_new_array();
	struct json_object *cpus = json_object_new_array();

	add_head(&json, document, result);
	for (uint32_t i = 0; i < result->nr_stalls; i++)
		value_append(&json, stalls, new_stall(&json, &result->stalls[i]));
	value_add(&json, document, "simulated", stalls);
	for (uint32_t i = 0; i < result->nr_culprits; i++)
		value_append(&json, culprits, new_culprit(&json, &result->culprits[i]));
	value_add(&json, document, "payers", culprits);
	for (uint32_t i = 0; i < result->nr_cpus; i++)
		value_append(&json, cpus, new_cpu(&json, &result->cpus[i]));
	value_add(&json, document, "budgets", cpus);
	value_write(&json, document);
	strbuf_addch(&json.text, '\n', 1);
	if (json.has_failed) {
		strbuf_deinit(&json.text);
		return -ENOMEM;
	}
	return flush(&json.text, out);
}
