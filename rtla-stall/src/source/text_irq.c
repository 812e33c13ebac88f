// SPDX-License-Identifier: GPL-2.0-only
#include "../util/array.h"
#include "text_decode.h"

#include "../util/names.h"

/* Kernel order since 2.6.31; for report -R, which leaves the names out. */
static const char *const softirq_names[] = {
	"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU",
};

static uint32_t add_name(const struct text_decoding *with, const char *at, const char *end)
{
	return names_add(with->names, at, (size_t)(end - at));
}

/* "irq=25 name=virtio0-requests", "irq=25 ret=handled" */
bool text_irq_handler(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	event->irq.name = 0;
	event->irq.duration_ns = 0;
	if (!text_skip(&c, "irq=") || !text_i32(&c, &event->irq.number))
		return false;
	if (event->type == EVENT_IRQ_EXIT)
		return text_skip(&c, " ret=");
	if (!text_skip(&c, " name="))
		return false;
	event->irq.name = add_name(with, c.at, c.end);
	return true;
}

/* "vector=236" */
bool text_irq_vector(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	event->irq.name = with->vector;
	event->irq.duration_ns = 0;
	return text_skip(&c, "vector=") && text_i32(&c, &event->irq.number) && text_at_end(&c);
}

static uint32_t add_word(const struct text_decoding *with, const char *word)
{
	return names_add(with->names, word, strlen(word));
}

/* "(Rescheduling interrupts)"; all of them are one kind, as in a trace.dat */
bool text_irq_ipi(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	event->irq.number = -1;
	event->irq.duration_ns = 0;
	event->irq.name = add_word(with, "ipi");
	return text_skip(&c, "(") || text_skip(&c, "reason=");
}

/* "vec=1 [action=TIMER]" */
bool text_irq_softirq(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	const char *name = NULL;

	event->irq.name = 0;
	event->irq.duration_ns = 0;
	if (!text_skip(&c, "vec=") || !text_i32(&c, &event->irq.number))
		return false;
	if (text_skip(&c, " [action=")) {
		const char *close = memchr(c.at, ']', text_left(&c));

		if (!close)
			return false;
		event->irq.name = add_name(with, c.at, close);
		return true;
	}
	if (!text_at_end(&c))
		return false;
	if ((uint32_t)event->irq.number < NR_ELEMENTS(softirq_names))
		name = softirq_names[event->irq.number];
	if (name)
		event->irq.name = add_word(with, name);
	return true;
}

/*
 * "perf_event_nmi_handler() delta_ns: 3442 handled: 1"; -R: "handler=0xff.. delta_ns=3442
 * handled=1"
 */
bool text_irq_nmi(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	const char *first = c.at, *found;
	int64_t duration;

	event->irq.number = -1;
	found = text_find_last(&c, "delta_ns");
	if (!found)
		return false;
	c.at = found;
	if (!text_skip(&c, "delta_ns: ") && !text_skip(&c, "delta_ns="))
		return false;
	if (!text_number(&c, &duration) || duration < 0 || !text_skip(&c, " handled"))
		return false;
	event->irq.duration_ns = (uint64_t)duration;
	c = (struct text_cursor){ first, found };
	found = memchr(first, '(', text_left(&c));
	if (found && !text_skip(&c, "handler="))
		event->irq.name = add_name(with, first, found);
	else
		event->irq.name = add_word(with, "nmi");
	return true;
}

/*
 * The end of all noise events, "start 13.095121736 duration 1987 ns"; @c is cut to what is before
 * it. The start is on another clock than the record, so it is not used.
 */
static bool take_duration(struct text_cursor *c, uint64_t *ret)
{
	struct text_cursor tail = *c;
	int64_t duration;

	tail.at = text_find_last(c, "start ");
	if (!tail.at)
		return false;
	c->end = tail.at;
	tail.at = text_find_last(&tail, " duration ");
	if (!tail.at)
		return false;
	text_skip(&tail, " duration ");
	if (!text_number(&tail, &duration) || duration < 0 || !text_skip(&tail, " ns"))
		return false;
	*ret = (uint64_t)duration;
	return true;
}

/* "local_timer:236 " taken apart at its last ':' */
static bool take_name_and_number(const struct text_cursor *c, struct text_cursor *name,
				 int32_t *number)
{
	struct text_cursor tail = *c;

	tail.at = text_find_last(c, ":");
	if (!tail.at)
		return false;
	*name = (struct text_cursor){ c->at, tail.at };
	tail.at++;
	return text_i32(&tail, number) && text_at_end(&tail);
}

/* -R: "start=21177854260 duration=147524 desc=local_timer vector=236"; softirq_noise has no desc */
static bool decode_raw_noise(struct text_cursor c, const struct text_decoding *with,
			     struct event *event)
{
	int64_t start, duration;
	const char *found;

	if (!text_skip(&c, "start=") || !text_number(&c, &start) || !text_skip(&c, " duration=") ||
	    !text_number(&c, &duration) || duration < 0)
		return false;
	event->irq.duration_ns = (uint64_t)duration;
	if (event->type == EVENT_NMI_NOISE)
		return true;
	if (text_skip(&c, " desc=")) {
		found = text_find_last(&c, " vector=");
		if (!found)
			return false;
		event->irq.name = add_name(with, c.at, found);
		c.at = found;
	}
	return text_skip(&c, " vector=") && text_i32(&c, &event->irq.number);
}

/* "local_timer:236 start ... duration 1987 ns", softirq "TIMER:1 start ...", nmi "start ..." */
bool text_irq_noise(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	struct text_cursor name;

	event->irq.number = -1;
	event->irq.name = event->type == EVENT_NMI_NOISE ? add_word(with, "nmi") : 0;
	if (text_left(&c) > 6 && !memcmp(c.at, "start=", 6))
		return decode_raw_noise(c, with, event);
	if (!take_duration(&c, &event->irq.duration_ns))
		return false;
	if (event->type == EVENT_NMI_NOISE)
		return true;
	if (!take_name_and_number(&c, &name, &event->irq.number))
		return false;
	event->irq.name = add_name(with, name.at, name.end);
	return true;
}

/* "bash:179 start ... duration 2968684 ns"; -R: "comm=bash start=1 duration=2 pid=179" */
bool text_irq_thread_noise(struct text_cursor c, const struct text_decoding *with,
			   struct event *event)
{
	struct text_cursor name;
	int64_t start, duration;

	(void)with;
	if (text_skip(&c, "comm=")) {
		if (!text_comm(&c, " start=", event->thread_noise.comm) ||
		    !text_number(&c, &start) || !text_skip(&c, " duration=") ||
		    !text_number(&c, &duration) || duration < 0 || !text_skip(&c, " pid="))
			return false;
		event->thread_noise.duration_ns = (uint64_t)duration;
		return text_i32(&c, &event->thread_noise.tid);
	}
	if (!take_duration(&c, &event->thread_noise.duration_ns) ||
	    !take_name_and_number(&c, &name, &event->thread_noise.tid))
		return false;
	text_copy_comm(event->thread_noise.comm, name.at, text_left(&name));
	return true;
}

/* The number after the word @key and one of ':', '=', blanks. */
static bool number_after(const struct text_cursor *body, const char *key, int64_t *ret)
{
	struct text_cursor c = *body;

	c.at = memmem(body->at, text_left(body), key, strlen(key));
	if (!c.at)
		return false;
	c.at += strlen(key);
	if (!text_skip(&c, ":") && !text_skip(&c, "="))
		text_skip_blanks(&c);
	return text_number(&c, ret) && (c.at == c.end || !text_is_digit(*c.at));
}

/*
 * "#5751  context    irq timer_latency   1808679 ns"           the tracer's own line
 * "seq:26	context:1	timer_latency:140741"                 its format; report
 * "timer_latency=1808679 seqnum=5751 context=0"                osnoise:timerlat_sample; report -R
 */
bool text_irq_timerlat(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	int64_t seqnum, context = -1, timer_latency;
	struct text_cursor word = c;

	(void)with;
	if (!number_after(&c, "timer_latency", &timer_latency) || timer_latency < 0)
		return false;
	if (text_skip(&word, "#")) {
		if (!text_number(&word, &seqnum))
			return false;
		text_skip_blanks(&word);
		if (!text_skip(&word, "context") || c.end[-1] != 's')
			return false;
		text_skip_blanks(&word);
		if (text_skip(&word, "irq"))
			context = 0;
		else if (text_skip(&word, "thread"))
			context = 1;
		else if (text_skip(&word, "user"))
			context = 2;
	} else if (!number_after(&c, "context", &context) ||
		   (!number_after(&c, "seqnum", &seqnum) && !number_after(&c, "seq", &seqnum))) {
		return false;
	}
	if (context < 0 || context > UINT32_MAX || seqnum < 0 || seqnum > UINT32_MAX)
		return false;
	event->timerlat.seqnum = (uint32_t)seqnum;
	event->timerlat.context = (uint32_t)context;
	event->timerlat.timer_latency_ns = (uint64_t)timer_latency;
	return true;
}

/* preemptirq: that it happened is all there is to know */
bool text_irq_switching(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	(void)c;
	(void)with;
	(void)event;
	return true;
}
