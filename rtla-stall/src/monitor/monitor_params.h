/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_MONITOR_PARAMS_H
#define RTLA_STALL_MONITOR_MONITOR_PARAMS_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "../params.h"
#include "../selection.h"
#include "../source/live_setup.h"
#include "../util/parse.h"
#include "actions.h"

/*
 * The command lines of `rtla-stall top` and `rtla-stall hist`, as values: what `rtla timerlat top|hist`
 * takes, with the same meaning, and ours. One table of options; a row says whether it is of top, of hist,
 * or of both. Like params.h: parsing prints nothing, asks nothing of the system, exits never.
 *
 * What options mean by themselves: monitor_options.h. What they mean together is judged when all are known,
 * so that their order does not matter. It matters for --filter and --trigger, which are about the -e before
 * them, for actions, and for --no-WORD, which takes back what came before it.
 */

struct error;
struct strbuf;

#define MONITOR_MAX_EXTRAS 32u

enum monitor_face { MONITOR_TOP, MONITOR_HIST };

enum monitor_threads {		/* whose threads timerlat's timers wake */
	MONITOR_THREADS_AUTO,	/* ours, in user space, where the kernel has timerlat_fd and no stacks are
				 * wanted (-s); else the kernel's */
	MONITOR_THREADS_USER,	/* -u */
	MONITOR_THREADS_KERNEL,	/* -k */
	MONITOR_THREADS_FOREIGN	/* -U: somebody else's program opens timerlat_fd */
};

enum monitor_stack_format { MONITOR_STACK_TRUNCATE, MONITOR_STACK_SKIP, MONITOR_STACK_FULL };

/* -P: how the workload's threads are scheduled. */
struct monitor_sched {
	bool is_wanted;
	int policy;			/* SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_DEADLINE (6) */
	int32_t nice;			/* OTHER */
	uint32_t rt_priority;		/* FIFO, RR: 1..99 */
	uint64_t runtime_ns;		/* DEADLINE */
	uint64_t period_ns;
};

struct monitor_params {
	enum monitor_face face;
	bool wants_help;		/* -h: nothing else is meaningful */

	struct selection selection;	/* -c, --all, --task; has_from, has_to are not used */
	uint64_t duration_ns;		/* -d; 0: until it is ended */
	uint64_t warm_up_ns;		/* --warm-up: not counted */
	bool is_debug;			/* -D */
	bool is_quiet;			/* -q, or machine output to standard output: only the final tables */

	/* what is recorded */
	enum live_tracer tracer;	/* as asked for; LIVE_TRACER_AUTO */
	bool wants_timerlat;		/* it is timerlat that was asked for, by --tracer or by an option that
					 * needs it; tracer may still be AUTO */
	bool has_workload;		/* --workload */
	uint32_t buffer_kb;		/* --trace-buffer-size; 0: by the machine's memory */
	struct live_extra extras[MONITOR_MAX_EXTRAS]; /* -e, --filter, --trigger */
	uint32_t nr_extras;

	/* timerlat */
	uint32_t period_us;		/* -p; 0: default */
	enum monitor_threads threads;
	bool is_aligned;		/* -A */
	uint32_t align_us;
	uint32_t print_stack_us;	/* -s; 0: none */
	struct monitor_sched sched;	/* -P */
	bool has_cgroup;		/* -C */
	const char *cgroup;		/* NULL: our own */
	bool has_house_keeping;		/* -H */
	struct cpu_list house_keeping;
	bool has_dma_latency;		/* --dma-latency */
	uint32_t dma_latency_us;
	bool has_deepest_idle_state;	/* --deepest-idle-state */
	int32_t deepest_idle_state;	/* -1: none but polling */

	/* thresholds */
	uint64_t stall_ns;		/* waits at least so long are listed; default: that of -T, or
					 * 10ms */
	uint64_t threshold_ns;		/* -T, or -a: a wait, or timerlat's thread; 0: none */
	uint64_t irq_threshold_ns;	/* -i: the timer's interrupt; 0: none */
	bool has_auto;			/* -a; what it stands for is in the other fields */
	struct actions on_threshold;	/* --on-threshold; then that of -t, or of -a if there is no
					 * trace yet */
	struct actions on_end;		/* --on-end */
	uint32_t trace_keep;		/* --trace-keep: files of hits; default 8 */
	bool has_no_aa;			/* --no-aa */
	bool is_aa_only;		/* --aa-only */
	bool dumps_tasks;		/* --dump-tasks */
	enum monitor_stack_format stack_format;

	/* output */
	bool is_nano;			/* -n */
	uint32_t top;			/* --top: rows per text table */
	struct params_output json;
	struct params_output csv;
	struct params_output json_lines; /* each stall as it is reported */

	/* hist */
	uint32_t bucket_us;		/* -b; in ns with -n */
	uint32_t nr_entries;		/* -E */
	bool no_header;
	bool no_summary;
	bool no_index;
	bool with_zeros;
	bool no_irq;
	bool no_thread;
	bool is_per_cpu;		/* --by cpu: columns are CPUs, not threads */
	const char **merge;		/* `hist merge FILE...`: the files, in a list of our own; NULL: no
					 * merge */
	uint32_t nr_merge;
};

/**
 * monitor_params_parse() - read the arguments of `rtla-stall top` or `rtla-stall hist`
 * @argc, @argv: argv[0] is the word "top" or "hist"; argv is kept unchanged
 * @params: set on success only; borrows from @argv; monitor_params_deinit() it
 *
 * Return: 0 or -EINVAL with one line of words in @err.
 */
int monitor_params_parse(int argc, char **argv, struct monitor_params *params, struct error *err)
	__attribute__((warn_unused_result));

/** monitor_params_deinit() - free what it owns: lists of actions, and of files */
void monitor_params_deinit(struct monitor_params *params);

/** monitor_params_help() - append what --help prints */
void monitor_params_help(enum monitor_face face, struct strbuf *out);

#endif
