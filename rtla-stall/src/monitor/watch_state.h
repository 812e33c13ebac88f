/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_WATCH_STATE_H
#define RTLA_STALL_MONITOR_WATCH_STATE_H

#include "../stats/columns.h"
#include "../util/error.h"
#include "../util/outfile.h"
#include "../view/view.h"
#include "facts.h"
#include "hit_rate.h"
#include "hit_report.h"
#include "monitor.h"
#include "stacks.h"
#include "watch.h"
#include "workload.h"

/* A run's own state, shared by the files of watch and nobody else. */

struct watch {
	const struct monitor_params *params;
	const struct watch_setting *setting;
	struct guard *guard;
	struct workload *workload;
	struct monitor *monitor;
	struct facts facts;
	struct stacks *stacks;		/* NULL: no hits are analysed */
	struct view view;		/* ops NULL: none */
	struct top_model *plain;	/* what it would show, as text; NULL: not yet */
	enum live_tracer tracer;
	bool had_user_threads;
	bool is_lines_only;		/* stalls are told of by --json-lines, and there is no threshold */
	bool is_out_taken;		/* standard output is a machine's: text would break it */
	int32_t parent;			/* who started us */
	bool is_over;			/* a hit, the user, or a pipe without reader ended it */
	bool is_threshold_reached;
	uint64_t shown_at;
	uint64_t debugged_at;
	uint64_t stall_ns;		/* the user changes it while it runs */
	uint32_t nr_traces;		/* saved so far */
	char saved_path[4096];		/* the last of them; "" none */
	struct hit_rate rate;
	struct hit_idle idle;

	/* hist */
	struct columns timerlat;
	struct columns waits;
	bool has_failed;		/* out of memory in a callback */

	/* where things are written; the first thing that is opened */
	struct outfile json;
	struct outfile csv;
	FILE *lines;			/* --json-lines; NULL: none */
	char *report_text;		/* reports that a screen kept from being printed */
	size_t report_size;
	FILE *reports;			/* setting->out, or a stream to report_text */
	char failure[256];		/* of an action: said when all is printed; "" */
	struct error write_error;	/* of a report or a line; code 0: none */
	bool has_said_full;		/* that --trace-keep traces are saved */
};

/** watch_on_hit() - a threshold was reached: say it, save the trace, do what was asked for */
void watch_on_hit(const struct monitor_hit *hit, void *arg);

/** watch_hide_lines() - no hits, where none were asked for */
void watch_hide_lines(const struct watch *watch, struct snapshot *snapshot);

/** watch_save() - save the trace under the next name. Return: 0 or a negative errno */
int watch_save(struct watch *watch, const char *path, struct error *err);

/** watch_run_actions() - those of a threshold, or of the end. Return: whether a `continue` was reached */
bool watch_run_actions(struct watch *watch, const struct actions *actions);

/** watch_write_results() - the final tables, JSON, CSV. Return: 0 or a negative errno with words in @err */
int watch_write_results(struct watch *watch, struct error *err) __attribute__((warn_unused_result));

/** watch_show_plain() - a table, where there is no screen */
int watch_show_plain(struct watch *watch, const struct snapshot *snapshot, struct error *err)
	__attribute__((warn_unused_result));

#endif
