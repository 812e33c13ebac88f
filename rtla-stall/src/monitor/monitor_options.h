/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_MONITOR_OPTIONS_H
#define RTLA_STALL_MONITOR_MONITOR_OPTIONS_H

#include "../options.h"
#include "monitor_params.h"

/*
 * The options of `rtla-stall top`, `hist` and `hist merge`: one table, and what each option says by itself.
 * What they mean together: monitor_params.c.
 */

/* Bits of option_row.commands. */
#define MONITOR_OPTIONS_TOP 1u
#define MONITOR_OPTIONS_HIST 2u
#define MONITOR_OPTIONS_MERGE 4u

/* What was asked for, as it was asked for. */
struct monitor_asked {
	struct monitor_params params;	/* what means the same whatever else is asked for */

	bool has_stall;
	bool has_threshold;		/* -T, with 0 too, which is none; likewise: */
	bool has_irq;			/* -i */
	bool has_print_stack;		/* -s */
	bool has_auto;			/* -a */
	uint64_t auto_ns;		/* --no-auto takes back what follows as well, as in rtla */
	bool has_trace;			/* -t */
	const char *trace;		/* NULL: the default */
	bool has_aa_only;
	uint64_t aa_only_ns;
	bool has_user_threads;		/* -u */
	bool has_kernel_threads;	/* -k */
	bool has_user_load;		/* -U */
	uint64_t bucket;		/* -b, in the unit of the output */
	bool is_bucket_time;		/* no: in ns */
	bool has_by;			/* --by */
};

/** monitor_options_table() - as one of the three has it */
struct option_table monitor_options_table(uint32_t command);

/** monitor_options_default() - what holds when nothing is asked for */
const struct monitor_asked *monitor_options_default(void);

#endif
