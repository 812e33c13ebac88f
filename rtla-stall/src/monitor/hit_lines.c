// SPDX-License-Identifier: GPL-2.0-only
#include "hit_lines.h"

#include <errno.h>

#include "../stats/summary.h"
#include "../view/format.h"
#include "../view/json.h"
#include "../view/value.h"
#include "../view/wall.h"
#include "hit_queue.h"
#include "hit_split.h"
#include "hit_stacks.h"
#include "monitor.h"

static const char *kind_name(enum monitor_hit_kind kind)
{
	static const char *const names[] = {
		[MONITOR_HIT_WAIT] = "wait",
		[MONITOR_HIT_IRQ] = "irq",
		[MONITOR_HIT_THREAD] = "thread",
	};

	return names[kind];
}

static const char *part_name(enum hit_part_kind kind)
{
	static const char *const names[HIT_PART_NR_KINDS] = {
		[HIT_PART_HANDLER] = "handler",
		[HIT_PART_TIMER_IRQ] = "timer_irq",
		[HIT_PART_BLOCKING] = "blocking",
		[HIT_PART_NMI] = "nmi",
		[HIT_PART_IRQ] = "irq",
		[HIT_PART_SOFTIRQ] = "softirq",
		[HIT_PART_THREAD] = "thread",
		[HIT_PART_JITTER] = "release_jitter",
		[HIT_PART_OWN] = "own",
		[HIT_PART_USER] = "user",
		[HIT_PART_UNATTRIBUTED] = "unattributed",
	};

	return names[kind];
}

static struct json_object *new_stack(struct value_maker *json, const struct hit_stack *item)
{
	const struct stacks_frames *stack = &item->frames;
	const struct culprit of = {
		.kind = stack->tid > 0 ? CULPRIT_THREAD : stack->tid ? CULPRIT_UNKNOWN : CULPRIT_IDLE,
		.id = stack->tid ? stack->tid : (int32_t)stack->cpu,
		.name = stack->tid > 0 ? stack->comm : stack->tid ? "" : "idle",
	};
	struct json_object *object = value_object(json);
	struct json_object *frames = json_object_new_array();

	value_add(json, object, "of", value_new_culprit(json, &of));
	value_string(json, object, "kind", stacks_kind_name(stack->kind));
	for (uint32_t i = 0; i < stack->nr_frames; i++)
		value_append(json, frames, value_new_string(json, stack->frames[i]));
	value_add(json, object, "frames", frames);
	value_bool(json, object, "user_code", stack->is_user);
	if (*stack->why)
		value_string(json, object, "why", stack->why);
	if (item->since_at)
		value_number(json, object, "since_ns", item->since_at);
	return object;
}

static void add_stacks(struct value_maker *json, struct json_object *object, const struct hit_stacks *stacks)
{
	struct json_object *array = json_object_new_array();

	for (uint32_t i = 0; stacks && i < stacks->nr_items; i++)
		value_append(json, array, new_stack(json, &stacks->items[i]));
	value_add(json, object, "stacks", array);
	if (!stacks)
		return;
	if (*stacks->why)
		value_string(json, object, "stacks_why", stacks->why);
	value_number(json, object, "suspended", stacks->nr_suspended);
}

static void add_queue(struct value_maker *json, struct json_object *object, const struct engine *eng,
		      uint32_t cpu)
{
	struct json_object *array = json_object_new_array();
	struct hit_queue queue;

	json->has_failed |= hit_queue_init(&queue, eng, cpu) != 0;
	for (uint32_t i = 0; i < queue.nr_items; i++) {
		const struct hit_queued *item = &queue.items[i];
		struct json_object *entry = value_object(json);

		value_signed(json, entry, "tid", item->wait.tid);
		value_string(json, entry, "comm", item->task.comm);
		value_prio(json, entry, item->wait.prio);
		value_number(json, entry, "began_ns", item->wait.began_at);
		value_append(json, array, entry);
	}
	hit_queue_deinit(&queue);
	value_add(json, object, "ready", array);
}

static void add_timerlat(struct value_maker *json, struct json_object *object, const struct monitor_hit *hit)
{
	const struct summary *summary = json->doc->summary;
	struct json_object *timerlat;
	struct json_object *parts;
	struct hit_split split;

	if (hit->kind == MONITOR_HIT_WAIT)
		return;
	if (hit_split_init(&split, hit)) {
		json->has_failed = true;
		return;
	}
	timerlat = value_object(json);
	parts = json_object_new_array();
	value_number(json, timerlat, "seqnum", hit->activation->seqnum);
	value_number(json, timerlat, "total_ns", split.total_ns);
	for (uint32_t i = 0; i < split.nr_parts; i++) {
		const struct charge *charge = &split.parts[i].charge;
		uint32_t culprit = charge->culprit < summary->nr_names ? charge->culprit : 0;
		struct json_object *part = value_new_culprit(json, &summary->names[culprit]);

		value_string(json, part, "part", part_name(split.parts[i].kind));
		value_string(json, part, "cause", cause_name(charge->cause));
		value_reason(json, part, charge->reason);
		value_number(json, part, "ns", charge->ns);
		value_append(json, parts, part);
	}
	value_add(json, timerlat, "parts", parts);
	value_add(json, object, "timerlat", timerlat);
	hit_split_deinit(&split);
}

static struct json_object *new_hit(struct value_maker *json, const struct hit_report_input *input)
{
	const struct snapshot *snapshot = input->snapshot;
	const struct monitor_hit *hit = input->hit;
	struct json_object *object = value_object(json);
	uint32_t cpu = hit_report_cpu(hit);
	uint64_t at = hit_report_at(hit);

	value_string(json, object, "schema", "rtla-stall/1");
	value_number(json, object, "hit", hit->number);
	value_string(json, object, "kind", kind_name(hit->kind));
	value_number(json, object, "cpu", cpu);
	value_number(json, object, "threshold_ns", input->threshold_ns);
	value_number(json, object, "at_ns", at);
	value_number(json, object, "wall_ns", snapshot_wall(snapshot, at));
	value_string(json, object, "wall", wall_format(snapshot_wall(snapshot, at)).text);
	if (hit->episode)
		value_add(json, object, "stall", json_new_stall(json, hit->episode));
	else
		value_null(json, object, "stall");
	add_timerlat(json, object, hit);
	add_stacks(json, object, input->stacks);
	add_queue(json, object, input->engine, cpu);
	for (uint32_t i = 0; i < snapshot->nr_cpus; i++) {
		if (snapshot->cpus[i].cpu == cpu)
			value_number(json, object, "irqs_per_s", snapshot->cpus[i].irqs_per_s);
	}
	value_number(json, object, "unreported", input->nr_unreported);
	if (input->saved_path)
		value_string(json, object, "trace", input->saved_path);
	else
		value_null(json, object, "trace");
	return object;
}

int hit_lines_write(const struct hit_report_input *input, FILE *out)
{
	struct value_maker json = { .doc = &input->snapshot->doc, .out = out, .text = STRBUF_INIT };
	int result;

	if (!hit_report_is_covered(input))
		return -EINVAL;
	value_write(&json, new_hit(&json, input));
	strbuf_adds(&json.text, "\n");
	result = value_flush(&json);
	strbuf_deinit(&json.text);
	errno = 0;
	if (!result && fflush(out))
		result = errno ? -errno : -EIO;
	return result;
}
