/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_PARAMS_H
#define RTLA_STALL_BOOST_ENFORCE_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "../params.h"
#include "../util/parse.h"
#include "enforce_rules.h"
#include "plan_command.h"

/*
 * The command line of `rtla-stall enforce`, as values; like params.h for `analyze`.
 *
 * It takes stalld's options where they mean something here, by stalld's letters and words and with stalld's
 * units (a plain number after -t, -d, -g is seconds, after -r and -p nanoseconds). An option of stalld's that
 * means nothing here is refused with a sentence that says what to do instead. What options mean together
 * is judged at the end, so that their order does not matter.
 */

struct error;
struct strbuf;

#define ENFORCE_LOOK_MOST_NS 250000000u

enum enforce_own_policy { ENFORCE_OWN_LEFT, ENFORCE_OWN_FIFO, ENFORCE_OWN_RR, ENFORCE_OWN_DEADLINE };

/* How we ourselves are scheduled. */
struct enforce_own_sched {
	bool is_given;			/* the user named it: it has to be had */
	enum enforce_own_policy policy;	/* LEFT: as whoever started us wanted it */
	uint32_t rt_priority;		/* FIFO, RR: 1..99 */
	uint64_t runtime_ns;		/* DEADLINE */
	uint64_t period_ns;
};

struct enforce_log_targets {
	bool has_stderr;
	bool has_kmsg;
	bool has_syslog;
	const char *path;		/* of a file; NULL none */
};

struct enforce_params {
	bool wants_help;		/* -h: nothing else is meaningful */
	bool wants_version;		/* -V: likewise */

	/* what is a stall, and whose */
	struct enforce_rules rules;
	uint64_t smallest_ns;		/* the smallest threshold */
	uint64_t look_ns; /* the trace, or /proc, is read so often: -g, or a quarter of smallest_ns */
	bool has_cpus;
	struct cpu_list cpus;		/* where they wait */
	bool wants_user_threads;

	/* what is done */
	enum plan_policy policy;
	uint64_t budget_ns;		/* per CPU ... */
	uint64_t budget_per_ns;		/* ... in so long */
	uint64_t runtime_ns;		/* of a boost; 0: chosen */
	uint64_t period_ns;		/* likewise */
	uint64_t duration_ns;		/* a thread is in care for so long */
	bool is_dry_run;
	const char *simulate;		/* a recorded trace; NULL */

	/* ourselves */
	bool has_own_cpus;		/* -a, -H */
	struct cpu_list own_cpus;
	struct enforce_own_sched own;
	bool is_forced;			/* --force: beside stalld */
	bool has_systemd;
	const char *pidfile;		/* NULL none */

	/* output */
	bool is_verbose;
	struct enforce_log_targets log;
	struct params_output json_lines; /* each boost */
};

/**
 * enforce_params_parse() - read the arguments of `rtla-stall enforce`
 * @argc, @argv: argv[0] is the word "enforce"; argv is kept unchanged, and ends in NULL
 * @params: set on success only; borrows from @argv; enforce_params_deinit() it
 *
 * Return: 0, or -EINVAL or -ENOMEM with one line of words in @err.
 */
int enforce_params_parse(int argc, char **argv, struct enforce_params *params, struct error *err)
	__attribute__((warn_unused_result));

/** enforce_params_deinit() - free what it owns; a zeroed struct is fine */
void enforce_params_deinit(struct enforce_params *params);

/** enforce_params_help() - append what --help prints */
void enforce_params_help(struct strbuf *out);

#endif
