/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_LINE_H
#define RTLA_STALL_SOURCE_TEXT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text_field.h"

/*
 * What one line of ftrace text is, and for the line of an event: where, when, and in what context.
 * What the event itself says (line->body) is left to text_body.h.
 *
 * Every line is told by its own structure, so that a file with its header comments cut off, or with
 * some lines grepped out, reads like a whole one:
 *
 *             bash-1977    [003] d..2.  1797.972244: sched_switch: prev_comm=...    trace, trace_pipe
 *             bash-1977    (-----) [003] d..2 1797.972244: ...                      record-tgid
 *             bash-1977    [003]   1797.972244: ...               noirq-info, trace-cmd report
 *             bash-1977    [003]   1797.972244123: (+19) ...      report -t --ts-diff
 *   <idle>-0         3d..h2.. 12345us+: ...                       latency format, ftrace_dump()
 *  rcuc/0-21         0-0x11    21.178387981: ...                  report -l -R
 *             bash    1977   1 53 00000002 00000004 [6b2ae102] 1797972.226ms (+0.004ms): ...  verbose
 *
 * In front of each there may be what a log puts there ("<4>[  123.456] "). The number of flag
 * columns is told by their length, not by the header: a 6.12 PREEMPT_RT draws seven columns above
 * osnoise's events and prints five.
 *
 * The comm before the tid may hold anything, "-1 [002] " too. It is not used (ftrace finds it when
 * the trace is read, so it may be another thread's); it is passed over by its fixed width, else by
 * the last place that leaves no more than a comm before it.
 */

enum text_line_kind {
	TEXT_LINE_NOTHING,	/* blank, or known and of no use */
	TEXT_LINE_COMMENT,	/* a header line: begins with '#', the rest is in body */
	TEXT_LINE_FACT,		/* of trace-cmd or a log: "cpus=4", "Linux version ..."; in body */
	TEXT_LINE_EVENT,
	TEXT_LINE_FRAME,	/* of a stack: " => do_idle"; the symbol is in body */
	TEXT_LINE_LOSS,		/* "CPU:1 [LOST 284 EVENTS]" */
	TEXT_LINE_CPU_BEGINS,	/* "##### CPU 2 buffer started ####" */
	TEXT_LINE_CUT		/* none of these: cut, or not of ftrace */
};

#define TEXT_CPU_UNKNOWN UINT32_MAX

struct text_line {
	enum text_line_kind kind;
	uint64_t at;		/* EVENT: ns; raw counters as they are */
	uint32_t cpu;		/* EVENT; LOSS and CPU_BEGINS: may be TEXT_CPU_UNKNOWN */
	int32_t tid;		/* EVENT */
	uint8_t flags;		/* EVENT: enum event_flag */
	uint8_t preempt_depth;	/* EVENT */
	uint64_t lost_events;	/* LOSS: 0 unknown */
	struct text_cursor name; /* EVENT: "sched_switch"; empty for what tracers print by
				  * themselves */
	struct text_cursor body; /* borrowed from the line, like name */
};

/* What earlier lines tell about later ones. All zeros to begin with. */
struct text_layout {
	bool is_log;		/* a log with a dump of ftrace in it: most lines are none of
				 * ftrace */
	enum {
		TEXT_DUMP_NONE,
		TEXT_DUMP_ANNOUNCED,
		TEXT_DUMP_OPEN	/* between the dashes that begin and end it */
	} dump;
};

/**
 * text_line_parse() - say what a line is
 * @text: without its newline
 */
void text_line_parse(struct text_layout *layout, const char *text, size_t length,
		     struct text_line *ret);

#endif
