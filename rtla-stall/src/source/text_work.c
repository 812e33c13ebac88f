// SPDX-License-Identifier: GPL-2.0-only
#include "../util/array.h"
#include "text_decode.h"

#include "../util/names.h"

static const struct {
	const char *name;
	uint32_t bit;
} lock_flags[] = {
	{ "SPIN", 1 }, { "READ", 2 }, { "WRITE", 4 }, { "RT", 8 }, { "PERCPU", 16 }, { "MUTEX", 32 },
};

/* A symbol without "+0x12/0x34", " <ffffffff81000000>", " (ffffffff81000000)" or " [module]". */
static uint32_t add_symbol(struct text_cursor c, struct names *names)
{
	const char *at = c.at;

	while (at < c.end && *at != '+' && *at != ' ' && *at != '\t' && *at != '\n')
		at++;
	return names_add(names, c.at, (size_t)(at - c.at));
}

/* "work struct=0xff.. ", "work struct 000000001234abcd", -R "work=0xff.." */
static bool take_work(struct text_cursor *c, uint64_t *ret)
{
	return (text_skip(c, "work struct=") || text_skip(c, "work struct ") ||
		text_skip(c, "work=")) &&
	       text_address(c, ret);
}

/*
 * The string after @key up to @next, or to the end when @next is NULL; the cursor moves behind it.
 */
static bool take_string(struct text_cursor *c, const char *key, const char *next,
			struct text_cursor *ret)
{
	if (!text_skip_bytes(c, key, strlen(key)))
		return false;
	ret->at = c->at;
	ret->end = next ? memmem(c->at, text_left(c), next, strlen(next)) : c->end;
	if (!ret->end)
		return false;
	c->at = ret->end;
	return true;
}

/* Older kernels print the address of the workqueue where newer ones print its name. */
static bool is_address(const struct text_cursor *text)
{
	struct text_cursor c = *text;
	uint64_t number;

	if (text_left(&c) < 8)
		return false;
	return text_hex(&c, &number) && c.at == c.end;
}

static uint32_t known_cpu(int64_t cpu, const struct text_decoding *with)
{
	/* WORK_CPU_UNBOUND is the kernel's NR_CPUS, which the text does not say. */
	if (cpu < 0 || cpu >= UINT32_MAX || (with->nr_cpus && cpu >= with->nr_cpus))
		return UINT32_MAX;
	return (uint32_t)cpu;
}

/* "work struct=0xff.. function=refresh_vm_stats workqueue=mm_percpu_wq req_cpu=3 cpu=3" */
bool text_work_queue(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	struct text_cursor function, workqueue;
	int64_t req_cpu, cpu;

	if (!take_work(&c, &event->work.work) ||
	    !take_string(&c, " function=", " workqueue=", &function) ||
	    !take_string(&c, " workqueue=", " req_cpu=", &workqueue) ||
	    !text_skip(&c, " req_cpu=") || !text_number(&c, &req_cpu) ||
	    !text_skip(&c, " cpu=") || !text_number(&c, &cpu))
		return false;
	event->work.function = add_symbol(function, with->names);
	event->work.workqueue = is_address(&workqueue) ?
				0 : names_add(with->names, workqueue.at, text_left(&workqueue));
	event->work.req_cpu = known_cpu(req_cpu, with);
	event->work.cpu = known_cpu(cpu, with);
	return true;
}

/*
 * "work struct 0xff..", "work struct 0xff..: function vmstat_update", -R "work=0xff.. function=..."
 */
bool text_work_item(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	event->work.function = 0;
	event->work.workqueue = 0;
	event->work.req_cpu = UINT32_MAX;
	event->work.cpu = UINT32_MAX;
	if (!take_work(&c, &event->work.work))
		return false;
	if (text_skip(&c, ": function ") || text_skip(&c, " function="))
		event->work.function = add_symbol(c, with->names);
	return true;
}

/* "0xff.. (", -R "lock_addr=0xff.. " */
static bool take_lock(struct text_cursor *c, uint64_t *ret)
{
	text_skip(c, "lock_addr=");
	if (!text_address(c, ret) || !text_skip(c, " "))
		return false;
	text_skip(c, "(");
	return true;
}

static bool take_lock_flag(struct text_cursor *c, uint32_t *flags)
{
	uint64_t number;

	for (size_t i = 0; i < NR_ELEMENTS(lock_flags); i++) {
		if (text_skip_bytes(c, lock_flags[i].name, strlen(lock_flags[i].name))) {
			*flags |= lock_flags[i].bit;
			return true;
		}
	}
	/* Bits without a name are printed as one number. */
	if (!text_hex(c, &number))
		return false;
	*flags |= (uint32_t)number;
	return true;
}

/* "0xffff8881 (flags=SPIN|READ)", -R "lock_addr=0xffff8881 flags=3" */
bool text_work_lock_begin(struct text_cursor c, const struct text_decoding *with,
			  struct event *event)
{
	(void)with;
	event->lock.flags = 0;
	event->lock.result = 0;
	if (!take_lock(&c, &event->lock.address) || !text_skip(&c, "flags="))
		return false;
	if (c.at < c.end && text_is_digit(*c.at))
		return text_u32(&c, &event->lock.flags);
	while (c.at < c.end && *c.at != ')') {
		if (!take_lock_flag(&c, &event->lock.flags))
			return false;
		text_skip(&c, "|");
	}
	return c.at < c.end;
}

/* "0xffff8881 (ret=0)" */
bool text_work_lock_end(struct text_cursor c, const struct text_decoding *with,
			struct event *event)
{
	(void)with;
	event->lock.flags = 0;
	return take_lock(&c, &event->lock.address) && text_skip(&c, "ret=") &&
	       text_i32(&c, &event->lock.result);
}

void text_work_frame(struct text_cursor symbol, struct names *names, struct event *event)
{
	uint32_t name;

	if (event->stack.nr_frames == STACK_MAX)
		return;
	text_skip(&symbol, "(");
	if (symbol.end > symbol.at && symbol.end[-1] == ')' && !text_find_last(&symbol, " ("))
		symbol.end--;
	name = add_symbol(symbol, names);
	if (name)
		event->stack.frames[event->stack.nr_frames++] = name;
}

/* Frames are lines of their own; report -N has the first one on the line of the event. */
bool text_work_stack(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	event->stack.nr_frames = 0;
	if (text_skip(&c, "=> "))
		text_work_frame(c, with->names, event);
	return true;
}
