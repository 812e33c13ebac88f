// SPDX-License-Identifier: GPL-2.0-only
#include "hit_timerlat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../stats/summary.h"
#include "../util/names.h"
#include "../view/format.h"
#include "../view/page.h"
#include "hit_report.h"
#include "hit_split.h"
#include "monitor.h"
#include "works.h"

#define DASHES "------------------------------------------------------------------------\n"
#define MAX_STACKS 2u

/* "      12.345 us": to the nanosecond, so that parts add up as they are printed */
static struct format us(uint64_t ns)
{
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "%6" PRIu64 ".%03" PRIu64 " us", ns / 1000, ns % 1000);
	return ret;
}

static struct format share(const struct hit_split *split, uint64_t ns)
{
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "(%.32s)", format_percent(ns, split->total_ns).text);
	return ret;
}

static void write_total(struct page *page, const char *words, uint64_t ns, const char *tail)
{
	strbuf_addf(&page->text, "  %-52s%s%s%s\n", words, us(ns).text, *tail ? " " : "", tail);
}

static const struct culprit *culprit_of(const struct page *page, uint32_t culprit)
{
	const struct summary *summary = page->doc->summary;

	return &summary->names[culprit < summary->nr_names ? culprit : 0];
}

/* "             kworker/3:1:99": as rtla names whom it blames */
static struct format name_of(const struct page *page, uint32_t culprit)
{
	const struct culprit *who = culprit_of(page, culprit);
	struct format name = format_name(who->name);
	struct format ret;

	switch (who->kind) {
	case CULPRIT_IDLE:
		snprintf(ret.text, sizeof(ret.text), "swapper/%" PRId32 ":0", who->id);
		break;
	case CULPRIT_NMI:
	case CULPRIT_UNKNOWN:
		snprintf(ret.text, sizeof(ret.text), "%s", culprit_kind_name(who->kind));
		break;
	default:
		snprintf(ret.text, sizeof(ret.text), "%.60s:%" PRId32,
			 *name.text ? name.text : culprit_kind_name(who->kind), who->id);
		break;
	}
	return ret;
}

/* One line per culprit; the reason where the heading does not say it. */
static void write_culprits(struct page *page, const struct hit_split *split, enum hit_part_kind kind,
			   bool with_reason)
{
	for (uint32_t i = 0; i < split->nr_parts; i++) {
		const struct charge *charge = &split->parts[i].charge;

		if (split->parts[i].kind != kind)
			continue;
		strbuf_addf(&page->text, "  %24s  %24s%s%s%s\n", name_of(page, charge->culprit).text, "",
			    us(charge->ns).text, with_reason ? "  " : "",
			    with_reason ? format_reason(charge->cause, charge->reason).text : "");
	}
}

static void write_kind(struct page *page, const struct hit_split *split, enum hit_part_kind kind,
		       const char *words)
{
	if (!split->kinds[kind])
		return;
	write_total(page, words, split->kinds[kind], share(split, split->kinds[kind]).text);
	write_culprits(page, split, kind, kind == HIT_PART_BLOCKING || kind == HIT_PART_JITTER ||
		       kind == HIT_PART_UNATTRIBUTED);
}

/* All before the interrupt's entry. */
static void write_handler(struct page *page, const struct hit_split *split)
{
	uint64_t handler_ns = split->kinds[HIT_PART_HANDLER];
	uint64_t irq_ns = 0;
	uint64_t idle_ns = 0;
	char words[64];

	for (uint32_t i = 0; i < split->nr_parts && split->parts[i].kind == HIT_PART_HANDLER; i++) {
		if (split->parts[i].charge.reason == REASON_IRQ)
			irq_ns += split->parts[i].charge.ns;
		if (split->parts[i].charge.reason == REASON_IDLE_EXIT)
			idle_ns += split->parts[i].charge.ns;
	}
	if (irq_ns)
		write_total(page, "Previous IRQ interference:", irq_ns, "");
	snprintf(words, sizeof(words), "IRQ handler delay:%20s%s", "",
		 idle_ns > handler_ns / 2 ? "(exit from idle)" : "");
	write_total(page, words, handler_ns, share(split, handler_ns).text);
	write_culprits(page, split, HIT_PART_HANDLER, true);
}

/* The thread that the interrupt met, where a charge tells. */
static const struct charge *find_interrupted(const struct hit_split *split)
{
	for (uint32_t i = 0; i < split->nr_parts && split->parts[i].kind == HIT_PART_HANDLER; i++) {
		const struct charge *charge = &split->parts[i].charge;

		if (charge->reason == REASON_IRQS_OFF || charge->reason == REASON_IDLE_EXIT)
			return charge;
	}
	return NULL;
}

static void write_interrupted(struct page *page, const struct hit_split *split)
{
	const struct charge *charge = find_interrupted(split);

	strbuf_adds(&page->text, "  Blocking thread:\n");
	strbuf_addf(&page->text, "  %24s\n", charge ? name_of(page, charge->culprit).text :
		    "not in the trace");
}

static void write_stack(struct page *page, const struct hit_report_input *input,
			const struct episode_stack *stack)
{
	strbuf_adds(&page->text, "    Blocking thread stack trace\n");
	for (uint32_t i = 0; i < stack->nr_frames && i < STACK_MAX; i++) {
		const char *name = names_get(page->doc->names, stack->frames[i]);
		bool is_address = !*name || !strncmp(name, "0x", 2);

		if (is_address && input->stack_format == MONITOR_STACK_TRUNCATE)
			break;
		if (is_address && input->stack_format == MONITOR_STACK_SKIP)
			continue;
		strbuf_addf(&page->text, "%16s-> %s\n", "", *name ? format_name(name).text : "?");
	}
}

/* That at the interrupt, which -s asks for, and those recorded while its thread waited. */
static void write_stacks(struct page *page, const struct hit_report_input *input)
{
	const struct episode *wait = input->hit->episode;

	if (input->hit->activation->stack)
		write_stack(page, input, input->hit->activation->stack);
	for (uint32_t i = 0; wait && i < wait->nr_stacks && i < MAX_STACKS; i++)
		write_stack(page, input, &wait->stacks[i]);
}

static void write_wait(struct page *page, const struct hit_split *split, const struct hit_report_input *input)
{
	write_kind(page, split, HIT_PART_BLOCKING, "Blocking thread:");
	write_stacks(page, input);
	write_kind(page, split, HIT_PART_NMI, "NMI interference");
	write_kind(page, split, HIT_PART_IRQ, "IRQ interference");
	write_kind(page, split, HIT_PART_SOFTIRQ, "Softirq interference");
	write_kind(page, split, HIT_PART_THREAD, "Thread interference");
	write_kind(page, split, HIT_PART_JITTER, "Told late, or exit from idle");
	if (split->kinds[HIT_PART_OWN])
		write_total(page, "Timerlat thread, from its switch-in to its sample",
			    split->kinds[HIT_PART_OWN], share(split, split->kinds[HIT_PART_OWN]).text);
	if (split->kinds[HIT_PART_USER])
		write_total(page, "Return to user space", split->kinds[HIT_PART_USER],
			    share(split, split->kinds[HIT_PART_USER]).text);
}

int hit_timerlat_write(struct page *page, const struct hit_report_input *input)
{
	const struct timerlat_activation *activation = input->hit->activation;
	bool is_irq = input->hit->kind == MONITOR_HIT_IRQ;
	struct hit_split split;
	int result = hit_split_init(&split, input->hit);

	if (result)
		return result;
	strbuf_addf(&page->text, "## CPU %" PRIu32 " hit stop tracing, analyzing it ##\n", activation->cpu);
	if (activation->has_irq) {
		write_handler(page, &split);
		write_total(page, "IRQ latency:", activation->irq_latency_ns, "");
		write_total(page, is_irq ? "Timerlat IRQ duration, to its sample:" :
			    "Timerlat IRQ duration:", split.kinds[HIT_PART_TIMER_IRQ],
			    share(&split, split.kinds[HIT_PART_TIMER_IRQ]).text);
	}
	if (is_irq) {
		write_interrupted(page, &split);
		write_stacks(page, input);
	} else {
		write_wait(page, &split, input);
	}
	write_kind(page, &split, HIT_PART_UNATTRIBUTED, "Unattributed:");
	strbuf_adds(&page->text, DASHES);
	write_total(page, is_irq ? "   IRQ latency:" : "Thread latency:", split.total_ns, "(100%)");
	if (input->idle && input->idle->is_known)
		strbuf_addf(&page->text, "\nMax timerlat IRQ latency from idle: %" PRIu64 ".%03" PRIu64
			    " us in cpu %" PRIu32 "\n", input->idle->ns / 1000, input->idle->ns % 1000,
			    input->idle->cpu);
	hit_split_deinit(&split);
	return 0;
}

/* " kworker:psi_avgs_work", as rtla has it, of a worker in the middle of it */
static struct format work_of(const struct page *page, const struct hit_report_input *input, uint32_t culprit)
{
	const struct culprit *who = culprit_of(page, culprit);
	struct format ret = { "" };
	uint32_t function = 0;

	if (input->works && who->kind == CULPRIT_THREAD)
		function = works_of(input->works, who->id);
	if (function)
		snprintf(ret.text, sizeof(ret.text), " kworker:%.100s",
			 format_name(names_get(page->doc->names, function)).text);
	return ret;
}

void hit_timerlat_dump_tasks(struct page *page, const struct hit_report_input *input)
{
	uint32_t nr_cpus = engine_nr_cpus(input->engine);

	strbuf_adds(&page->text, "\n Printing CPU tasks:\n");
	for (uint32_t i = 0; i < nr_cpus; i++) {
		struct engine_cpu cpu;

		if (!engine_cpu(input->engine, i, &cpu))
			continue;
		strbuf_addf(&page->text, "    [%.3" PRIu32 "] %24s%s\n", i, name_of(page, cpu.occupant).text,
			    work_of(page, input, cpu.occupant).text);
	}
}
