/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_WATCH_STATE_H
#define RTLA_STALL_MONITOR_WATCH_STATE_H

#include "../stats/columns.h"
#include "../util/error.h"
#include "../util/outfile.h"
#include "../view/view.h"
#include "actions.h"
#include "facts.h"
#include "hit_rate.h"
#include "hit_report.h"
#include "monitor.h"
#include "snapshot.h"
#include "stacks.h"
#include "watch.h"
#include "workload.h"

/* A run's own state, shared by the files of watch and nobody else. */

#define WATCH_MAX_RUNS 16u

/* A name given to save traces under. */
struct watch_saved {
	const char *path;		/* borrowed */
	uint32_t nr;			/* so many were, or their numbers were taken */
};

#define WATCH_MAX_NOTES 64u

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
	bool is_ending;			/* it will be over when the actions are done */
	struct actions_run runs[WATCH_MAX_RUNS]; /* whose command runs, and those that wait for it */
	uint32_t nr_runs;
	uint32_t nr_runs_left_out;	/* there was no room for more */
	uint64_t shown_at;
	uint64_t debugged_at;
	uint64_t stall_ns;		/* the user changes it while it runs */
	uint32_t nr_traces;		/* saved so far */
	struct watch_saved *saved;	/* by name */
	uint32_t nr_saved;
	char saved_path[4096];		/* the last of them; "" none */
	struct snapshot_note notes[WATCH_MAX_NOTES]; /* for the screen, of the last hits; texts are ours */
	uint32_t nr_notes;
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

/** watch_open() - the beginning, but for the screen. Return: 0 or a negative errno with words in @err */
int watch_open(struct watch *watch, struct error *err) __attribute__((warn_unused_result));

/** watch_open_view() - a screen, where one is wanted and there can be one */
void watch_open_view(struct watch *watch);

/** watch_say() - one line for the user, now; @arg is the watch */
void watch_say(const char *words, void *arg);

/** watch_on_hit() - a threshold was reached: say it, save the trace, do what was asked for */
void watch_on_hit(const struct monitor_hit *hit, void *arg);

/** watch_hide_lines() - no hits, where none were asked for */
void watch_hide_lines(const struct watch *watch, struct snapshot *snapshot);

/** watch_save() - save the trace under the next name. Return: 0 or a negative errno */
int watch_save(struct watch *watch, const char *path, struct error *err);

/** watch_begin_actions() - those of a threshold; what cannot be done now is done by the next two */
void watch_begin_actions(struct watch *watch, const struct actions *actions);

/** watch_step_actions() - go on with them, waiting for nothing */
void watch_step_actions(struct watch *watch);

/** watch_finish_actions() - go on to their end */
void watch_finish_actions(struct watch *watch);

/** watch_run_end() - those of the end */
void watch_run_end(struct watch *watch);

/** watch_write_results() - the final tables, JSON, CSV. Return: 0 or a negative errno with words in @err */
int watch_write_results(struct watch *watch, struct error *err) __attribute__((warn_unused_result));

/** watch_show_plain() - a table, where there is no screen */
int watch_show_plain(struct watch *watch, const struct snapshot *snapshot, struct error *err)
	__attribute__((warn_unused_result));

#endif
