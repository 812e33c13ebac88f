// SPDX-License-Identifier: GPL-2.0-only
#include "monitor_params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../option_value.h"
#include "../util/array.h"
#include "../util/error.h"
#include "../util/strbuf.h"
#include "monitor_options.h"

#define DEFAULT_STALL_NS 10000000u
#define NS_PER_US 1000u
#define MAX_BUCKET 999999u

/* ---- what goes together ----------------------------------------------------------------------- */

/* Return: an option that was given and has no meaning without timerlat; NULL: none */
static const char *timerlat_option(const struct monitor_asked *asked)
{
	const struct monitor_params *params = &asked->params;

	return params->period_us ? "--period" :
	       asked->has_irq && params->irq_threshold_ns ? "--irq" :
	       asked->has_print_stack && params->print_stack_us ? "--stack" :
	       asked->has_user_threads ? "--user-threads" :
	       asked->has_kernel_threads ? "--kernel-threads" :
	       asked->has_user_load ? "--user-load" :
	       params->is_aligned ? "--aligned" : NULL;
}

static int check_tracer(const struct monitor_asked *asked, struct error *err)
{
	const struct monitor_params *params = &asked->params;
	const char *needs_timerlat = timerlat_option(asked);
	bool has_threads = params->wants_timerlat || params->has_workload;

	if (needs_timerlat &&
	    (params->tracer == LIVE_TRACER_NONE || params->tracer == LIVE_TRACER_OSNOISE))
		return error_set(err, -EINVAL,
				 "%s is about timerlat, and --tracer %s leaves timerlat out",
				 needs_timerlat,
				 params->tracer == LIVE_TRACER_NONE ? "none" : "osnoise");
	if (params->has_workload && params->tracer != LIVE_TRACER_OSNOISE)
		return error_set(err, -EINVAL, "--workload is that of osnoise: add --tracer osnoise");
	if ((params->sched.is_wanted || params->has_cgroup) && !has_threads)
		return error_set(err, -EINVAL,
				 "%s is about the threads that are measured, and there are none: "
				 "add --tracer timerlat",
				 params->sched.is_wanted ? "--priority" : "--cgroup");
	if ((params->no_irq || params->no_thread) && !params->wants_timerlat && !params->merge)
		return error_set(err, -EINVAL,
				 "%s is about the columns of timerlat: add --tracer timerlat",
				 params->no_irq ? "--no-irq" : "--no-thread");
	if (asked->has_user_threads && asked->has_kernel_threads)
		return error_set(err, -EINVAL,
				 "--user-threads and --kernel-threads exclude each other");
	if (asked->has_user_load && asked->has_kernel_threads)
		return error_set(err, -EINVAL, "--user-load and --kernel-threads exclude each other");
	return 0;
}

static int check_thresholds(const struct monitor_asked *asked, struct error *err)
{
	if (asked->has_auto && !asked->auto_ns)
		return error_set(err, -EINVAL, "--auto: needs a time that is not 0");
	if (asked->has_aa_only && !asked->aa_only_ns)
		return error_set(err, -EINVAL, "--aa-only: needs a time that is not 0");
	if (asked->has_aa_only && asked->has_auto)
		return error_set(err, -EINVAL, "--auto and --aa-only exclude each other");
	if (asked->has_aa_only && asked->params.has_no_aa)
		return error_set(err, -EINVAL, "--no-aa and --aa-only exclude each other");
	return 0;
}

static int check_hist(const struct monitor_asked *asked, struct error *err)
{
	const struct monitor_params *params = &asked->params;
	uint64_t bucket = asked->bucket;

	if (params->no_irq && params->no_thread)
		return error_set(err, -EINVAL, "--no-irq and --no-thread leave nothing to show");
	if (params->no_index && !params->with_zeros)
		return error_set(err, -EINVAL, "--no-index needs --with-zeros: else nobody knows "
				 "which row is which");
	if (asked->is_bucket_time && !params->is_nano) {
		if (bucket % NS_PER_US)
			return error_set(err, -EINVAL,
					 "--bucket-size: is no whole number of microseconds; with "
					 "--nano it need not be");
		bucket /= NS_PER_US;
	}
	if (!bucket || bucket > MAX_BUCKET)
		return error_set(err, -EINVAL, "--bucket-size: '%llu' is out of range [1, %u] %s",
				 (unsigned long long)bucket, MAX_BUCKET, params->is_nano ? "ns" : "us");
	return 0;
}

static int check_together(const struct monitor_asked *asked, struct error *err)
{
	const struct option_value_output outputs[] = {
		{ "--json", &asked->params.json },
		{ "--csv", &asked->params.csv },
		{ "--json-lines", &asked->params.json_lines },
	};
	int result = check_tracer(asked, err);

	if (!result)
		result = check_thresholds(asked, err);
	if (!result)
		result = check_hist(asked, err);
	if (!result)
		result = option_value_check_outputs(outputs, NR_ELEMENTS(outputs), err);
	return result;
}

/* ---- what follows ----------------------------------------------------------------------------- */

static uint32_t whole_us(uint64_t time_ns)
{
	uint64_t us = time_ns / NS_PER_US + (time_ns % NS_PER_US != 0);

	return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

/* -a and --aa-only stand for other options; what was given by itself stays. */
static void stand_for(struct monitor_asked *asked, uint64_t time_ns)
{
	struct monitor_params *params = &asked->params;

	if (!asked->has_threshold)
		params->threshold_ns = time_ns;
	if (!params->wants_timerlat)
		return;
	if (!asked->has_irq)
		params->irq_threshold_ns = time_ns;
	if (!asked->has_print_stack)
		params->print_stack_us = whole_us(time_ns);
}

/* Return: 0 or -ENOMEM with words in @err */
static int conclude(struct monitor_asked *asked, struct error *err)
{
	struct monitor_params *params = &asked->params;
	bool is_machine = (params->json.is_wanted && !params->json.path) ||
			  (params->csv.is_wanted && !params->csv.path) ||
			  (params->json_lines.is_wanted && !params->json_lines.path);

	if (asked->has_auto)
		stand_for(asked, asked->auto_ns);
	if (asked->has_aa_only)
		stand_for(asked, asked->aa_only_ns);
	if (!asked->has_stall)
		params->stall_ns = params->threshold_ns ? params->threshold_ns : DEFAULT_STALL_NS;
	params->has_auto = asked->has_auto;
	params->is_aa_only = asked->has_aa_only;
	params->is_quiet |= params->face == MONITOR_TOP && is_machine;
	params->threads = asked->has_user_threads ? MONITOR_THREADS_USER :
			  asked->has_kernel_threads ? MONITOR_THREADS_KERNEL :
			  asked->has_user_load ? MONITOR_THREADS_FOREIGN : MONITOR_THREADS_AUTO;
	params->bucket_us = (uint32_t)asked->bucket;
	if (asked->is_bucket_time && !params->is_nano)
		params->bucket_us = (uint32_t)(asked->bucket / NS_PER_US);
	if (!asked->has_by)
		params->is_per_cpu = params->wants_timerlat;
	if (asked->has_trace || (asked->has_auto && !actions_has(&params->on_threshold, ACTION_TRACE)))
		return actions_add_trace(&params->on_threshold, asked->trace, err);
	return 0;
}

/* ---- parsing ---------------------------------------------------------------------------------- */

static int add_file(struct monitor_params *params, const char *path, struct error *err)
{
	const char **files = reallocarray(params->merge, params->nr_merge + 1, sizeof(*files));

	if (!files)
		return error_set(err, -ENOMEM, "out of memory");
	files[params->nr_merge++] = path;
	params->merge = files;
	return 0;
}

/* Options and, for `hist merge`, files; @argv[0] is the last word of the command. */
static int parse(uint32_t command, int argc, char **argv, struct monitor_asked *asked,
		 struct error *err)
{
	const struct option_table table = monitor_options_table(command);
	bool only_files = false;
	int result = 0;

	for (int at = 1, used; at < argc && !asked->params.wants_help && !result; at += used) {
		const char *word = argv[at];

		used = 1;
		if (!only_files && !strcmp(word, "--")) {
			only_files = true;
		} else if (!only_files && word[0] == '-' && word[1]) {
			used = options_parse(&table, argc, argv, at, asked, err);
			if (used < 0)
				return used;
		} else if (command == MONITOR_OPTIONS_MERGE) {
			result = add_file(&asked->params, word, err);
		} else {
			return error_set(err, -EINVAL, "takes no argument: %s", word);
		}
	}
	if (!result && command == MONITOR_OPTIONS_MERGE && !asked->params.merge &&
	    !asked->params.wants_help)
		return error_set(err, -EINVAL, "merge needs files that --json has written");
	return result;
}

int monitor_params_parse(int argc, char **argv, struct monitor_params *params, struct error *err)
{
	struct monitor_asked asked = *monitor_options_default();
	bool is_hist = !strcmp(argv[0], "hist");
	bool is_merge = is_hist && argc > 1 && !strcmp(argv[1], "merge");
	uint32_t command = is_merge ? MONITOR_OPTIONS_MERGE :
			   is_hist  ? MONITOR_OPTIONS_HIST :
				      MONITOR_OPTIONS_TOP;
	int result;

	asked.params.face = is_hist ? MONITOR_HIST : MONITOR_TOP;
	result = parse(command, argc - is_merge, argv + is_merge, &asked, err);
	if (!result && !asked.params.wants_help) {
		asked.params.wants_timerlat = asked.params.tracer == LIVE_TRACER_TIMERLAT ||
					      timerlat_option(&asked);
		result = check_together(&asked, err);
		if (!result)
			result = conclude(&asked, err);
	}
	if (result)
		monitor_params_deinit(&asked.params);
	else
		*params = asked.params;
	return result;
}

void monitor_params_deinit(struct monitor_params *params)
{
	actions_deinit(&params->on_threshold);
	actions_deinit(&params->on_end);
	free(params->merge);
	params->merge = NULL;
	params->nr_merge = 0;
}

void monitor_params_help(enum monitor_face face, struct strbuf *out)
{
	const bool is_top = face == MONITOR_TOP;
	const struct option_table table =
		monitor_options_table(is_top ? MONITOR_OPTIONS_TOP : MONITOR_OPTIONS_HIST);

	strbuf_adds(out, is_top ? "usage: rtla-stall top [options]\n\n"
				  "Which kernel threads wait for a CPU now, how long, who has it, and by "
				  "what right.\n" :
				  "usage: rtla-stall hist [options]\n"
				  "       rtla-stall hist merge [options] FILE...\n\n"
				  "How long kernel threads waited for a CPU, as histograms. merge adds up "
				  "what several\nruns have written with --json, and takes only the options "
				  "on what is printed.\n");
	strbuf_adds(out, "Needs root. Takes what rtla timerlat takes, and measures the same with "
			 "--tracer timerlat.\n");
	options_help(&table, out);
	strbuf_adds(out, "\nTIME is a number and ns, us, ms, s, m or h; a plain number is "
			 "microseconds, unless said otherwise.\n"
			 "ACTION is trace[,file=F], signal,num=N,pid=P|parent, shell,command=CMD, or "
			 "continue.\nA word may be cut short; --no-WORD takes back most of them.\n"
			 "Exit status: 0 done, 1 error, 2 a threshold was reached, 129 this text or "
			 "bad usage.\n");
}
