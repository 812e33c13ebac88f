// SPDX-License-Identifier: GPL-2.0-only
#include "event_words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct line {
	char *buffer;
	size_t size;
	size_t length;
};

static void __attribute__((format(printf, 2, 3))) add(struct line *line, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line->buffer + line->length, line->size - line->length, format, args);
	va_end(args);
	if (length > 0)
		line->length += (size_t)length;
	if (line->length >= line->size)
		line->length = line->size - 1;
}

static const char *const type_words[EVENT_NR_TYPES] = {
	[EVENT_OTHER] = "other", [EVENT_SWITCH] = "switch", [EVENT_WAKING] = "waking",
	[EVENT_WAKEUP] = "wakeup", [EVENT_WAKEUP_NEW] = "wakeup_new", [EVENT_MIGRATE] = "migrate",
	[EVENT_PI_SETPRIO] = "pi", [EVENT_FORK] = "fork", [EVENT_EXEC] = "exec",
	[EVENT_EXIT] = "exit", [EVENT_RENAME] = "rename", [EVENT_IRQ_ENTRY] = "irq+",
	[EVENT_IRQ_EXIT] = "irq-", [EVENT_SOFTIRQ_ENTRY] = "softirq+",
	[EVENT_SOFTIRQ_EXIT] = "softirq-", [EVENT_NMI] = "nmi", [EVENT_IRQ_NOISE] = "irq_noise",
	[EVENT_SOFTIRQ_NOISE] = "softirq_noise", [EVENT_NMI_NOISE] = "nmi_noise",
	[EVENT_THREAD_NOISE] = "thread_noise", [EVENT_TIMERLAT] = "timerlat",
	[EVENT_WORK_QUEUE] = "queue", [EVENT_WORK_ACTIVATE] = "activate",
	[EVENT_WORK_START] = "start", [EVENT_WORK_END] = "end", [EVENT_LOCK_BEGIN] = "lock+",
	[EVENT_LOCK_END] = "lock-", [EVENT_IRQS_OFF] = "irqs_off", [EVENT_IRQS_ON] = "irqs_on",
	[EVENT_PREEMPT_OFF] = "preempt_off", [EVENT_PREEMPT_ON] = "preempt_on",
	[EVENT_STACK] = "stack", [EVENT_LOSS] = "loss", [EVENT_TICK] = "tick",
};

static const char *const left_words[] = {
	[LEFT_READY] = "ready", [LEFT_PREEMPTED] = "preempted", [LEFT_SLEEPING] = "sleeping",
	[LEFT_SUSPENDED] = "suspended", [LEFT_DEAD] = "dead", [LEFT_UNKNOWN] = "unknown",
};

/* "irqs-off,resched,lazy,hard,soft,nmi,bh/depth" by letters */
static void add_flags(struct line *line, const struct event *event, enum event_words words)
{
	static const struct {
		uint8_t flag;
		char letter;
	} letters[] = {
		{ EVENT_FLAG_IRQS_OFF, 'd' }, { EVENT_FLAG_NEED_RESCHED, 'n' },
		{ EVENT_FLAG_NEED_RESCHED_LAZY, 'l' }, { EVENT_FLAG_HARDIRQ, 'h' },
		{ EVENT_FLAG_SOFTIRQ, 's' }, { EVENT_FLAG_NMI, 'z' }, { EVENT_FLAG_BH_OFF, 'b' },
	};
	uint8_t flags = event->flags;

	if (words & EVENT_WORDS_NO_FLAGS)
		return;
	if (!(flags & EVENT_HAS_FLAGS)) {
		add(line, " ?");
		return;
	}
	if (words & EVENT_WORDS_NO_BH)
		flags &= (uint8_t)~(EVENT_FLAG_BH_OFF | EVENT_FLAG_NEED_RESCHED_LAZY);
	add(line, " ");
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (flags & letters[i].flag)
			add(line, "%c", letters[i].letter);
	}
	add(line, "/%u", event->preempt_depth);
}

static void add_switch(struct line *line, const struct event *event, enum event_words words)
{
	bool is_preempted = event->sw.left == LEFT_PREEMPTED;
	enum event_left left = is_preempted && words & EVENT_WORDS_NO_LEFT ? LEFT_READY :
									     event->sw.left;

	add(line, " %s:%d[%d] %s %s:%d[%d]", event->sw.prev_comm, event->sw.prev_tid,
	    event->sw.prev_prio, left_words[left], event->sw.next_comm, event->sw.next_tid,
	    event->sw.next_prio);
}

static void add_work(struct line *line, const struct event *event, const struct names *names,
		     enum event_words words)
{
	if (!(words & EVENT_WORDS_NO_ADDRESS))
		add(line, " %" PRIx64, event->work.work);
	add(line, " %s", names_get(names, event->work.function));
	if (event->type == EVENT_WORK_QUEUE)
		add(line, " %s %d %d", names_get(names, event->work.workqueue),
		    (int)event->work.req_cpu, (int)event->work.cpu);
}

static void add_lock(struct line *line, const struct event *event, enum event_words words)
{
	if (!(words & EVENT_WORDS_NO_ADDRESS))
		add(line, " %" PRIx64, event->lock.address);
	add(line, " %d", event->type == EVENT_LOCK_BEGIN ? (int)event->lock.flags :
							   event->lock.result);
}

static void add_fields(struct line *line, const struct event *event, const struct names *names,
		       enum event_words words)
{
	switch (event->type) {
	case EVENT_SWITCH:
		add_switch(line, event, words);
		break;
	case EVENT_WAKING:
	case EVENT_WAKEUP:
	case EVENT_WAKEUP_NEW:
		add(line, " %s:%d[%d] %d", event->wake.comm, event->wake.tid, event->wake.prio,
		    (int)event->wake.target_cpu);
		break;
	case EVENT_MIGRATE:
		add(line, " %s:%d[%d] %u %u", event->migrate.comm, event->migrate.tid,
		    event->migrate.prio, event->migrate.orig_cpu, event->migrate.dest_cpu);
		break;
	case EVENT_PI_SETPRIO:
		add(line, " %s:%d %d %d", event->pi.comm, event->pi.tid, event->pi.old_prio,
		    event->pi.new_prio);
		break;
	case EVENT_FORK:
		add(line, " %d %s:%d", event->fork.parent_tid, event->fork.comm, event->fork.tid);
		break;
	case EVENT_EXEC:
		add(line, " %d %d", event->task.old_tid, event->task.tid);
		break;
	case EVENT_EXIT:
	case EVENT_RENAME:
		add(line, " %s:%d", event->task.comm, event->task.tid);
		break;
	case EVENT_IRQ_ENTRY:
	case EVENT_IRQ_EXIT:
	case EVENT_SOFTIRQ_ENTRY:
	case EVENT_SOFTIRQ_EXIT:
		add(line, " %s/%d", names_get(names, event->irq.name), event->irq.number);
		break;
	case EVENT_NMI:
	case EVENT_IRQ_NOISE:
	case EVENT_SOFTIRQ_NOISE:
	case EVENT_NMI_NOISE:
		add(line, " %s/%d %" PRIu64, names_get(names, event->irq.name), event->irq.number,
		    event->irq.duration_ns);
		break;
	case EVENT_THREAD_NOISE:
		add(line, " %s:%d %" PRIu64, event->thread_noise.comm, event->thread_noise.tid,
		    event->thread_noise.duration_ns);
		break;
	case EVENT_TIMERLAT:
		add(line, " #%u %u %" PRIu64, event->timerlat.seqnum, event->timerlat.context,
		    event->timerlat.timer_latency_ns);
		break;
	case EVENT_WORK_QUEUE:
	case EVENT_WORK_ACTIVATE:
	case EVENT_WORK_START:
	case EVENT_WORK_END:
		add_work(line, event, names, words);
		break;
	case EVENT_LOCK_BEGIN:
	case EVENT_LOCK_END:
		add_lock(line, event, words);
		break;
	case EVENT_STACK:
		for (uint32_t i = 0; i < event->stack.nr_frames; i++)
			add(line, " %s", names_get(names, event->stack.frames[i]));
		break;
	case EVENT_LOSS:
		add(line, " %" PRIu64 " %" PRIu64, event->loss.to_at, event->loss.lost_events);
		break;
	default:
		break;
	}
}

const char *event_words(const struct event *event, const struct names *names,
			enum event_words words, char *buffer, size_t size)
{
	struct line line = { buffer, size, 0 };

	add(&line, "%" PRIu64 " %u %d", event->at, event->cpu, event->tid);
	add_flags(&line, event, words);
	add(&line, " %s", type_words[event->type]);
	add_fields(&line, event, names, words);
	return buffer;
}
