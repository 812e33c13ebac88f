// SPDX-License-Identifier: GPL-2.0-only
#include "hit_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../view/format.h"
#include "../view/page.h"
#include "../view/report_stall.h"
#include "../view/table.h"
#include "../view/wall.h"
#include "hit_queue.h"
#include "hit_stacks.h"
#include "hit_timerlat.h"
#include "monitor.h"

#define INDENT 4u
#define MAX_QUEUE 20u
#define MAX_SUSPENDED_FRAMES 12u

void hit_idle_count(struct hit_idle *idle, const struct timerlat_activation *activation)
{
	for (uint32_t i = 0; activation->has_irq && i < activation->nr_charges; i++) {
		if (activation->charges[i].reason != REASON_IDLE_EXIT ||
		    (idle->is_known && activation->irq_latency_ns <= idle->ns))
			continue;
		*idle = (struct hit_idle){ true, activation->cpu, activation->irq_latency_ns };
	}
}

uint32_t hit_report_cpu(const struct monitor_hit *hit)
{
	return hit->kind == MONITOR_HIT_WAIT ? hit->episode->cpu : hit->activation->cpu;
}

uint64_t hit_report_at(const struct monitor_hit *hit)
{
	const struct timerlat_activation *activation = hit->activation;

	if (hit->kind == MONITOR_HIT_WAIT)
		return hit->episode->ended_at;
	if (hit->kind == MONITOR_HIT_IRQ)
		return activation->arrival_at + activation->irq_latency_ns;
	return activation->arrival_at + (activation->has_user ? activation->user_latency_ns :
					 activation->thread_latency_ns);
}

bool hit_report_is_covered(const struct hit_report_input *input)
{
	const struct summary *summary = &input->snapshot->summary;
	const struct episode *wait = input->hit->episode;

	for (uint32_t i = 0; wait && i < wait->nr_charges; i++) {
		if (wait->charges[i].culprit >= summary->nr_names)
			return false;
	}
	return !wait || wait->task < summary->nr_tasks;
}

/*
 * ---- stacks -----------------------------------------------------------------------------------
 */

static void write_frames(struct page *page, const struct stacks_frames *stack, uint32_t max,
			 enum monitor_stack_format format)
{
	uint32_t nr_shown = 0;

	for (uint32_t i = 0; i < stack->nr_frames; i++) {
		bool is_address = !strncmp(stack->frames[i], "0x", 2);

		if (is_address && format == MONITOR_STACK_TRUNCATE)
			break;
		if (is_address && format == MONITOR_STACK_SKIP)
			continue;
		if (nr_shown++ == max) {
			strbuf_addf(&page->text, "%*s...\n", INDENT + 2, "");
			break;
		}
		strbuf_addf(&page->text, "%*s%s\n", INDENT + 2, "", format_name(stack->frames[i]).text);
	}
	if (*stack->why) {
		char safe[sizeof(stack->why) * 4];

		format_safe(stack->why, false, safe, sizeof(safe));
		strbuf_addch(&page->text, ' ', INDENT + 2);
		page_wrap(page, INDENT + 2, "%s%s", nr_shown ? "" : "none: ", safe);
	}
}

static struct format who(const struct stacks_frames *stack)
{
	struct format ret;

	if (stack->tid > 0)
		return format_thread(stack->comm, stack->tid);
	snprintf(ret.text, sizeof(ret.text), stack->tid ? "whoever it is" : "idle");
	return ret;
}

static void write_suspended(struct page *page, const struct hit_report_input *input)
{
	const struct hit_stacks *stacks = input->stacks;

	if (!stacks->nr_suspended)
		return;
	strbuf_addf(&page->text, "%*sin D now: %" PRIu32 " thread%s\n", INDENT, "",
		    stacks->nr_suspended, stacks->nr_suspended == 1 ? "" : "s");
	for (uint32_t i = 0; i < stacks->nr_items; i++) {
		const struct hit_stack *item = &stacks->items[i];
		uint64_t now_at = input->snapshot->now_at;

		if (item->frames.kind != STACKS_SUSPENDED)
			continue;
		strbuf_addf(&page->text, "%*s%s%s%s:\n", INDENT, "", who(&item->frames).text,
			    item->since_at ? ", for " : "", !item->since_at ? "" :
			    format_duration(now_at > item->since_at ? now_at - item->since_at : 0).text);
		write_frames(page, &item->frames, MAX_SUSPENDED_FRAMES, input->stack_format);
	}
}

static void write_stacks(struct page *page, const struct hit_report_input *input)
{
	const struct hit_stacks *stacks = input->stacks;

	if (*stacks->why)
		strbuf_addf(&page->text, "%*sno stacks of waiter and occupant: %s\n", INDENT, "",
			    stacks->why);
	for (uint32_t i = 0; i < stacks->nr_items; i++) {
		const struct stacks_frames *frames = &stacks->items[i].frames;

		if (frames->kind == STACKS_SUSPENDED)
			continue;
		strbuf_addf(&page->text, "%*sstack of the %s, %s%s:\n", INDENT, "",
			    stacks_kind_name(frames->kind), who(frames).text,
			    frames->is_user ? ", which runs user code" : "");
		write_frames(page, frames, STACKS_MAX_FRAMES, input->stack_format);
	}
}

/*
 * ---- its CPU ----------------------------------------------------------------------------------
 */

static void write_queue(struct page *page, const struct hit_report_input *input, uint32_t cpu)
{
	static const struct table_column columns[] = {
		{ "waits for", true, 0 }, { "", false, 0 }, { "thread", false, 0 },
	};
	uint64_t now_at = input->snapshot->now_at;
	struct hit_queue queue;
	struct table table;

	if (hit_queue_init(&queue, input->engine, cpu)) {
		page->text.has_failed = true;
		return;
	}
	if (queue.nr_items)
		strbuf_addf(&page->text, "%*sready on CPU %" PRIu32 ": %" PRIu32 " thread%s\n", INDENT, "",
			    cpu, queue.nr_items, queue.nr_items == 1 ? "" : "s, the highest rank first");
	table_init(&table, columns, 3);
	for (uint32_t i = 0; i < queue.nr_items && i < MAX_QUEUE; i++) {
		const struct hit_queued *item = &queue.items[i];
		uint64_t ns = now_at > item->wait.began_at ? now_at - item->wait.began_at : 0;

		table_cell(&table, "%s", format_cell(ns).text);
		table_cell(&table, "%s", format_prio(item->wait.prio).text);
		table_cell(&table, "%s", format_thread(item->task.comm, item->wait.tid).text);
	}
	table_print(&table, &page->text, INDENT + 2, page->layout->width, false);
	if (queue.nr_items > MAX_QUEUE)
		strbuf_addf(&page->text, "%*sand %" PRIu32 " others\n", INDENT + 2, "",
			    queue.nr_items - MAX_QUEUE);
	table_deinit(&table);
	hit_queue_deinit(&queue);
}

static const struct snapshot_cpu *find_cpu(const struct snapshot *snapshot, uint32_t cpu)
{
	for (uint32_t i = 0; i < snapshot->nr_cpus; i++) {
		if (snapshot->cpus[i].cpu == cpu)
			return &snapshot->cpus[i];
	}
	return NULL;
}

/* It may have got the CPU since. */
static bool is_waiter(const struct monitor_hit *hit, const struct culprit *occupant)
{
	return hit->kind == MONITOR_HIT_WAIT && occupant->kind == CULPRIT_THREAD &&
	       occupant->id == hit->episode->tid;
}

static void write_cpu(struct page *page, const struct hit_report_input *input, uint32_t cpu)
{
	const struct snapshot_cpu *now = find_cpu(input->snapshot, cpu);
	uint64_t now_at = input->snapshot->now_at;
	struct format prio;

	if (!now)
		return;
	strbuf_addf(&page->text, "%*sCPU %" PRIu32 " now", INDENT, "", cpu);
	if (now->is_known) {
		prio = format_prio(now->prio);
		strbuf_addf(&page->text, ": %s%s%s%s",
			    is_waiter(input->hit, &now->occupant) ? "by now the waiter itself, " : "",
			    format_culprit(&now->occupant).text,
			    *prio.text && now->occupant.kind == CULPRIT_THREAD ? ", " : "",
			    now->occupant.kind == CULPRIT_THREAD ? prio.text : "");
		strbuf_addf(&page->text, ", for %s%s without a switch",
			    now->is_since_known ? "" : "at least ",
			    format_duration(now_at > now->since_at ? now_at - now->since_at : 0).text);
	}
	if (input->snapshot->phase != SNAPSHOT_PROC)	/* which tells nothing of that */
		strbuf_addf(&page->text, "; %s interrupts/s, %s switches/s",
			    format_count(now->irqs_per_s).text, format_count(now->switches_per_s).text);
	strbuf_addch(&page->text, '\n', 1);
	if (*now->why)
		strbuf_addf(&page->text, "%*s%s\n", INDENT + 2, "", format_name(now->why).text);
}

/*
 * ---- all of it --------------------------------------------------------------------------------
 */

static void write_rest(struct page *page, const struct hit_report_input *input)
{
	const struct snapshot *snapshot = input->snapshot;
	uint32_t cpu = hit_report_cpu(input->hit);

	if (input->stacks)
		write_stacks(page, input);
	write_cpu(page, input, cpu);
	write_queue(page, input, cpu);
	if (input->stacks)
		write_suspended(page, input);
	if (input->nr_unreported)
		strbuf_addf(&page->text, "%*snot reported since the last one of this CPU: %s hit%s\n",
			    INDENT, "", format_count(input->nr_unreported).text,
			    input->nr_unreported == 1 ? "" : "s");
	if (snapshot->lost_events)
		strbuf_addf(&page->text, "%*s%s events were lost since the run began\n", INDENT, "",
			    format_count(snapshot->lost_events).text);
	if (input->saved_path) {
		char path[4 * 256];

		format_safe(input->saved_path, page->layout->is_utf8, path, sizeof(path));
		strbuf_addf(&page->text, "%*sthe trace is saved: %s\n", INDENT, "", path);
	}
	if (input->dumps_tasks)
		hit_timerlat_dump_tasks(page, input);
}

char *hit_report_stacks(const struct hit_report_input *input, const struct document_layout *layout)
{
	struct page page = { .doc = &input->snapshot->doc, .layout = layout, .text = STRBUF_INIT };
	char *ret = NULL;

	write_stacks(&page, input);
	write_suspended(&page, input);
	if (!page.text.has_failed)
		ret = strdup(page.text.text);
	strbuf_deinit(&page.text);
	return ret;
}

int hit_report_write(const struct hit_report_input *input, const struct document_layout *layout, FILE *out)
{
	const struct monitor_hit *hit = input->hit;
	const struct snapshot *snapshot = input->snapshot;
	struct page page = { .doc = &snapshot->doc, .layout = layout, .out = out, .text = STRBUF_INIT };
	int result;

	if (!hit_report_is_covered(input))
		return -EINVAL;
	page.has_title = true;
	page_title(&page, "HIT %" PRIu64 "  %s, CPU %" PRIu32 ": %s at least %s", hit->number,
		   wall_format(snapshot_wall(snapshot, hit_report_at(hit))).text, hit_report_cpu(hit),
		   hit->kind == MONITOR_HIT_WAIT ? "a wait of" :
		   hit->kind == MONITOR_HIT_IRQ ? "timerlat's interrupt is late by" :
		   "timerlat's thread is late by",
		   format_limit(input->threshold_ns).text);
	if (hit->kind == MONITOR_HIT_WAIT)
		result = report_stall_write_one(&page, hit->episode, hit->number);
	else
		result = hit_timerlat_write(&page, input);
	if (!result) {
		write_rest(&page, input);
		result = page_flush(&page);
	}
	strbuf_deinit(&page.text);
	errno = 0;
	if (!result && fflush(out))
		result = errno ? -errno : -EIO;
	return result;
}
