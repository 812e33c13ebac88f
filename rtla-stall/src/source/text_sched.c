// SPDX-License-Identifier: GPL-2.0-only
#include "text_decode.h"

/* prev_state as a number: bits of the kernel's task state, as report -R shows them. */
enum {
	STATE_SUSPENDED = 0x02,
	STATE_EXIT = 0x10 | 0x20,	/* EXIT_DEAD, EXIT_ZOMBIE; the two changed places in 4.14 */
	STATE_LOW = 0xff,
	STATE_PREEMPTED = 0x100,	/* 5.15 and later */
	STATE_PARKED_OLD = 0x200,	/* 3.9 to 4.13 */
	STATE_NOLOAD = 0x400,		/* 4.2 to 4.13; on 3.10 it is "preempted" */
};

/*
 * Bits at and above 0x100 have moved with the kernel: alone they mean a preemption in all of them.
 */
static enum event_left left_of_bits(int64_t bits)
{
	if (!bits)
		return LEFT_READY;
	if (bits == STATE_PARKED_OLD)
		return LEFT_SLEEPING;
	if (!(bits & STATE_LOW) || bits & STATE_PREEMPTED)
		return LEFT_PREEMPTED;
	if (bits & STATE_EXIT)
		return LEFT_DEAD;
	if (bits & STATE_SUSPENDED)
		return bits & STATE_NOLOAD ? LEFT_SLEEPING : LEFT_SUSPENDED;
	return LEFT_SLEEPING;
}

/* "R", "R+", "S", "D|K", "D|N": letters of __print_flags() in the kernel's own sched_switch */
static enum event_left left_of_letters(const char *at, const char *end, bool is_plugin)
{
	bool is_suspended = false, is_noload = false, is_dead = false, is_other = false;

	if (at == end)
		return LEFT_UNKNOWN;
	if (end[-1] == '+')
		return LEFT_PREEMPTED;
	if (end - at == 1 && *at == 'R')
		return LEFT_READY;
	for (; at < end; at++) {
		switch (*at) {
		case 'D':
			is_suspended = true;
			break;
		case 'N':
			is_noload = true;
			break;
		case 'x':
			/* The plugin of old letters shows so what is P in kernels since 4.14. */
			if (is_plugin)
				break;
			/* fall through */
		case 'X':
		case 'Z':
			is_dead = true;
			break;
		case 'S':
		case 'I':
		case 'T':
		case 't':
		case 'P':
		case 'K':
		case 'W':
		case '|':
			break;
		default:
			is_other = true;
		}
	}
	if (is_other)
		return LEFT_UNKNOWN;
	if (is_dead)
		return LEFT_DEAD;
	/* TASK_IDLE was printed as "D|N" before it had a letter. */
	return is_suspended && !is_noload ? LEFT_SUSPENDED : LEFT_SLEEPING;
}

static bool parse_left(struct text_cursor *c, bool is_plugin, uint8_t *ret)
{
	const char *first = c->at;
	int64_t bits;

	if (c->at < c->end && text_is_digit(*c->at)) {
		if (!text_number(c, &bits))
			return false;
		*ret = left_of_bits(bits);
		return text_at_end(c);
	}
	while (!text_at_end(c))
		c->at++;
	*ret = left_of_letters(first, c->at, is_plugin);
	return c->at > first;
}

/* "kworker/3:1:99 [120]": the last ':' within a comm's reach that a number and a priority follow */
static bool parse_plugin_task(struct text_cursor *cursor, char comm[COMM_LEN], int32_t *tid,
			      int32_t *prio)
{
	size_t reach = text_left(cursor);

	if (reach > COMM_LEN)
		reach = COMM_LEN;
	for (size_t i = reach; i-- > 0;) {
		struct text_cursor c = { cursor->at + i, cursor->end };

		if (!text_skip(&c, ":") || !text_i32(&c, tid) || !text_skip(&c, " [") ||
		    !text_i32(&c, prio) || !text_skip(&c, "]"))
			continue;
		text_copy_comm(comm, cursor->at, i);
		*cursor = c;
		return true;
	}
	return false;
}

/*
 * "loop-rt:164 [44] Z ==> kworker/3:1:99 [120]"; 2.6 kernels: "task bash:1 [120] (R) ==> sh:2
 * [120]"
 */
static bool decode_plugin_switch(struct text_cursor c, struct event *event)
{
	text_skip(&c, "task ");
	if (!parse_plugin_task(&c, event->sw.prev_comm, &event->sw.prev_tid,
			       &event->sw.prev_prio) ||
	    !text_skip(&c, " "))
		return false;
	if (text_skip(&c, "(")) {
		const char *close = memchr(c.at, ')', text_left(&c));

		if (!close)
			return false;
		event->sw.left = left_of_letters(c.at, close, false);
		c.at = close + 1;
	} else if (!parse_left(&c, true, &event->sw.left)) {
		return false;
	}
	return text_skip(&c, " ==> ") &&
	       parse_plugin_task(&c, event->sw.next_comm, &event->sw.next_tid,
				 &event->sw.next_prio) &&
	       text_at_end(&c);
}

bool text_sched_switch(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	(void)with;
	if (!text_skip(&c, "prev_comm="))
		return decode_plugin_switch(c, event);
	if (!text_comm(&c, " prev_pid=", event->sw.prev_comm) ||
	    !text_i32(&c, &event->sw.prev_tid) || !text_skip(&c, " prev_prio=") ||
	    !text_i32(&c, &event->sw.prev_prio) || !text_skip(&c, " prev_state=") ||
	    !parse_left(&c, false, &event->sw.left))
		return false;
	text_skip(&c, " ==>");
	return text_skip(&c, " next_comm=") &&
	       text_comm(&c, " next_pid=", event->sw.next_comm) &&
	       text_i32(&c, &event->sw.next_tid) && text_skip(&c, " next_prio=") &&
	       text_i32(&c, &event->sw.next_prio) && text_at_end(&c);
}

/*
 * "rcuc/0:21 [98] CPU:000", "bash:99 [120] success=1 CPU=003", "task bash:99 [120] success=1 [003]"
 */
static bool decode_plugin_wake(struct text_cursor c, struct event *event)
{
	int32_t success;

	text_skip(&c, "task ");
	if (!parse_plugin_task(&c, event->wake.comm, &event->wake.tid, &event->wake.prio))
		return false;
	if (text_skip(&c, " success=") && !text_i32(&c, &success))
		return false;
	if (!text_skip(&c, " CPU:") && !text_skip(&c, " CPU=") && !text_skip(&c, " ["))
		return false;
	return text_u32(&c, &event->wake.target_cpu);
}

bool text_sched_wake(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	int32_t success;

	(void)with;
	if (!text_skip(&c, "comm="))
		return decode_plugin_wake(c, event);
	if (!text_comm(&c, " pid=", event->wake.comm) || !text_i32(&c, &event->wake.tid) ||
	    !text_skip(&c, " prio=") || !text_i32(&c, &event->wake.prio))
		return false;
	/* Kernels before 4.3; it was always 1. */
	if (text_skip(&c, " success=") && !text_i32(&c, &success))
		return false;
	return text_skip(&c, " target_cpu=") && text_u32(&c, &event->wake.target_cpu) &&
	       text_at_end(&c);
}

bool text_sched_migrate(struct text_cursor c, const struct text_decoding *with,
			struct event *event)
{
	(void)with;
	return text_skip(&c, "comm=") && text_comm(&c, " pid=", event->migrate.comm) &&
	       text_i32(&c, &event->migrate.tid) && text_skip(&c, " prio=") &&
	       text_i32(&c, &event->migrate.prio) && text_skip(&c, " orig_cpu=") &&
	       text_u32(&c, &event->migrate.orig_cpu) && text_skip(&c, " dest_cpu=") &&
	       text_u32(&c, &event->migrate.dest_cpu);
}

bool text_sched_pi_setprio(struct text_cursor c, const struct text_decoding *with,
			   struct event *event)
{
	(void)with;
	return text_skip(&c, "comm=") && text_comm(&c, " pid=", event->pi.comm) &&
	       text_i32(&c, &event->pi.tid) && text_skip(&c, " oldprio=") &&
	       text_i32(&c, &event->pi.old_prio) && text_skip(&c, " newprio=") &&
	       text_i32(&c, &event->pi.new_prio);
}

/* "comm=sh pid=162 child_comm=sh child_pid=163"; report -R has parent_comm and parent_pid */
bool text_sched_fork(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	char parent_comm[COMM_LEN];

	(void)with;
	if (text_skip(&c, "comm=")) {
		if (!text_comm(&c, " pid=", parent_comm))
			return false;
	} else if (!text_skip(&c, "parent_comm=") || !text_comm(&c, " parent_pid=", parent_comm)) {
		return false;
	}
	return text_i32(&c, &event->fork.parent_tid) && text_skip(&c, " child_comm=") &&
	       text_comm(&c, " child_pid=", event->fork.comm) && text_i32(&c, &event->fork.tid);
}

bool text_sched_newtask(struct text_cursor c, const struct text_decoding *with,
			struct event *event)
{
	(void)with;
	event->fork.parent_tid = TID_UNKNOWN;
	return text_skip(&c, "pid=") && text_i32(&c, &event->fork.tid) &&
	       text_skip(&c, " comm=") && text_comm(&c, " clone_flags=", event->fork.comm);
}

/* "filename=/bin/a b pid=1 pid=99 old_pid=99": a file name may be long and hold anything */
bool text_sched_exec(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	struct text_cursor old = c;

	(void)with;
	memset(event->task.comm, 0, sizeof(event->task.comm));
	old.at = text_find_last(&c, " old_pid=");
	if (!old.at)
		return false;
	c.end = old.at;
	c.at = text_find_last(&c, " pid=");
	return c.at && text_skip(&c, " pid=") && text_i32(&c, &event->task.tid) &&
	       text_skip(&old, " old_pid=") && text_i32(&old, &event->task.old_tid);
}

bool text_sched_exit(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	int32_t prio;

	(void)with;
	if (!text_skip(&c, "comm=") || !text_comm(&c, " pid=", event->task.comm) ||
	    !text_i32(&c, &event->task.tid) || !text_skip(&c, " prio=") || !text_i32(&c, &prio))
		return false;
	event->task.old_tid = event->task.tid;
	return true;
}

/* Kernels 6.14 to 6.19 left pid out: it is the thread that renames itself. */
bool text_sched_rename(struct text_cursor c, const struct text_decoding *with, struct event *event)
{
	char old_comm[COMM_LEN];

	(void)with;
	event->task.tid = event->tid;
	if (text_skip(&c, "pid=") && (!text_i32(&c, &event->task.tid) || !text_skip(&c, " ")))
		return false;
	event->task.old_tid = event->task.tid;
	return text_skip(&c, "oldcomm=") && text_comm(&c, " newcomm=", old_comm) &&
	       text_comm(&c, " oom_score_adj=", event->task.comm);
}
