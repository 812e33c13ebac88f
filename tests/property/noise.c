// SPDX-License-Identifier: GPL-2.0-only
#include "noise.h"

/* What is known of each open frame, innermost last, as in struct sim_cpu. */
struct open_frame {
	uint64_t entry_at;
	uint64_t nested_ns;
	uint8_t depth;
};

static bool is_entry(const struct event *event)
{
	return event->type == EVENT_IRQ_ENTRY || event->type == EVENT_SOFTIRQ_ENTRY;
}

static bool is_exit(const struct event *event)
{
	return event->type == EVENT_IRQ_EXIT || event->type == EVENT_SOFTIRQ_EXIT;
}

/* Softirqs of a thread are the thread: no noise tells of them. */
static bool is_of_thread(const struct sim *sim, size_t i)
{
	const struct event *event = &sim->events[i];
	int thread = sim->worlds[i].cpus[event->cpu - sim->events[0].cpu].thread;

	if (event->type != EVENT_SOFTIRQ_ENTRY && event->type != EVENT_SOFTIRQ_EXIT)
		return false;
	return sim->is_preempt_rt ||
	       (thread != SIM_NOBODY && sim->world.threads[thread].is_ksoftirqd);
}

static void end_frame(const struct open_frame *frame, struct event *event)
{
	bool is_irq = event->type == EVENT_IRQ_EXIT;

	event->type = is_irq ? EVENT_IRQ_NOISE : EVENT_SOFTIRQ_NOISE;
	event->irq.duration_ns = event->at - frame->entry_at - frame->nested_ns;
	/* osnoise writes it from inside a tracepoint, with preemption off once more */
	event->preempt_depth = (uint8_t)(frame->depth + 1);
}

bool noise_of_history(const struct sim *sim, struct event *ret)
{
	struct open_frame frames[SIM_MAX_CPUS][SIM_MAX_FRAMES];
	uint32_t nr_frames[SIM_MAX_CPUS] = { 0 };

	for (size_t i = 0; i < sim->nr_events; i++) {
		uint32_t cpu = sim->events[i].cpu - sim->events[0].cpu;
		struct event *event = &ret[i];

		*event = sim->events[i];
		if (is_of_thread(sim, i)) {
			event->type = EVENT_OTHER;
		} else if (is_entry(event)) {
			frames[cpu][nr_frames[cpu]++] = (struct open_frame) {
				.entry_at = event->at, .depth = event->preempt_depth,
			};
			event->type = EVENT_OTHER;
		} else if (is_exit(event)) {
			const struct open_frame *frame = &frames[cpu][--nr_frames[cpu]];

			end_frame(frame, event);
			if (nr_frames[cpu])
				frames[cpu][nr_frames[cpu] - 1].nested_ns +=
					event->at - frame->entry_at;
		}
	}
	for (uint32_t cpu = 0; cpu < sim->nr_cpus; cpu++)
		if (nr_frames[cpu])
			return false;
	return true;
}
