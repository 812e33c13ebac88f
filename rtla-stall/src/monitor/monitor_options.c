// SPDX-License-Identifier: GPL-2.0-only
#include "monitor_options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../util/array.h"
#include "../util/error.h"

#define PLAIN_US 1000u
#define PLAIN_SECONDS 1000000000u
#define MAX_RT_PRIORITY 99
#define MIN_NICE -20
#define MAX_NICE 19
#define POLICY_DEADLINE 6		/* SCHED_DEADLINE, which <sched.h> has not everywhere */

static const struct monitor_asked asked_nothing = {
	.params = {
		.tracer = LIVE_TRACER_AUTO,
		.trace_keep = 8,
		.top = 10,
		.nr_entries = 256,
	},
	.bucket = 1,
};

/* ---- what is no plain value ------------------------------------------------------------------- */

static int apply_trace(void *arg, const char *option, const char *value, struct error *err)
{
	struct monitor_asked *asked = arg;

	if (value && !*value)
		return error_set(err, -EINVAL, "%s: the name of the file is missing", option);
	asked->trace = value;
	return 0;
}

static int apply_cgroup(void *arg, const char *option, const char *value, struct error *err)
{
	struct monitor_asked *asked = arg;

	if (value && !*value)
		return error_set(err, -EINVAL, "%s: the name of the cgroup is missing", option);
	asked->params.cgroup = value;
	return 0;
}

static int apply_on_threshold(void *arg, const char *option, const char *value, struct error *err)
{
	struct monitor_asked *asked = arg;

	return actions_add(&asked->params.on_threshold, option, value, err);
}

static int apply_on_end(void *arg, const char *option, const char *value, struct error *err)
{
	struct monitor_asked *asked = arg;

	return actions_add(&asked->params.on_end, option, value, err);
}

static int apply_bpf_action(void *arg, const char *option, const char *value, struct error *err)
{
	(void)arg;
	(void)value;
	return error_set(err, -EINVAL,
			 "%s: nothing here is collected by BPF, so there is no program that could "
			 "call yours: use --on-threshold",
			 option);
}

static int apply_stack_format(void *arg, const char *option, const char *value, struct error *err)
{
	static const char *const names[] = {
		[MONITOR_STACK_TRUNCATE] = "truncate",
		[MONITOR_STACK_SKIP] = "skip",
		[MONITOR_STACK_FULL] = "full",
	};
	struct monitor_asked *asked = arg;

	for (size_t i = 0; i < NR_ELEMENTS(names); i++) {
		if (!strcmp(value, names[i])) {
			asked->params.stack_format = (enum monitor_stack_format)i;
			return 0;
		}
	}
	return error_set(err, -EINVAL, "%s: '%s' is not truncate, skip or full", option, value);
}

/* The name is made part of a path in tracefs. */
static bool is_event_name(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t length = strspn(name, letters);

	if (!length || !name[length])
		return length;
	return name[length] == ':' && name[length + 1] &&
	       !name[length + 1 + strspn(name + length + 1, letters)];
}

static int apply_event(void *arg, const char *option, const char *value, struct error *err)
{
	struct monitor_params *params = &((struct monitor_asked *)arg)->params;

	if (!is_event_name(value))
		return error_set(err, -EINVAL, "%s: '%s' is no event: write SYSTEM or SYSTEM:EVENT",
				 option, value);
	if (params->nr_extras == MONITOR_MAX_EXTRAS)
		return error_set(err, -EINVAL, "%s: given more than %u times", option,
				 MONITOR_MAX_EXTRAS);
	params->extras[params->nr_extras++] = (struct live_extra){ .name = value };
	return 0;
}

/* Return: the event that --filter or --trigger is about; NULL with words in @err */
static struct live_extra *last_event(struct monitor_params *params, const char *option,
				     struct error *err)
{
	struct live_extra *extra;

	if (!params->nr_extras) {
		error_set(err, -EINVAL, "%s: there is no event before it: -e SYSTEM:EVENT", option);
		return NULL;
	}
	extra = &params->extras[params->nr_extras - 1];
	if (strchr(extra->name, ':'))
		return extra;
	error_set(err, -EINVAL, "%s: is for one event, and %s is a whole system", option,
		  extra->name);
	return NULL;
}

static int take_extra(const char **text, const char *option, const char *value, struct error *err)
{
	if (!*value)
		return error_set(err, -EINVAL, "%s: is empty", option);
	if (*text)
		return error_set(err, -EINVAL, "%s: the event before it has one already", option);
	*text = value;
	return 0;
}

static int apply_filter(void *arg, const char *option, const char *value, struct error *err)
{
	struct live_extra *extra = last_event(&((struct monitor_asked *)arg)->params, option, err);

	return extra ? take_extra(&extra->filter, option, value, err) : -EINVAL;
}

static int apply_trigger(void *arg, const char *option, const char *value, struct error *err)
{
	struct live_extra *extra = last_event(&((struct monitor_asked *)arg)->params, option, err);

	return extra ? take_extra(&extra->trigger, option, value, err) : -EINVAL;
}

/* Return: 0, -EINVAL, -ERANGE; a sign is taken */
static int parse_signed(const char *text, int32_t min, int32_t max, int32_t *ret)
{
	bool is_negative = *text == '-';
	uint64_t number;
	int result = parse_count(text + is_negative, INT32_MAX, &number);
	int64_t is = is_negative ? -(int64_t)number : (int64_t)number;

	if (result)
		return result;
	if (is < min || is > max)
		return -ERANGE;
	*ret = (int32_t)is;
	return 0;
}

static int apply_idle_state(void *arg, const char *option, const char *value, struct error *err)
{
	struct monitor_asked *asked = arg;
	int result = parse_signed(value, -1, INT32_MAX, &asked->params.deepest_idle_state);

	if (result == -ERANGE)
		return error_set(err, -EINVAL, "%s: '%s' is out of range [-1, %d]", option, value,
				 INT32_MAX);
	if (result)
		return error_set(err, -EINVAL, "%s: '%s' is no number", option, value);
	return 0;
}

/* "RUNTIME:PERIOD", each with its unit. Return: 0 or -EINVAL */
static int parse_deadline(const char *text, struct monitor_sched *ret)
{
	const char *colon = strchr(text, ':');
	char runtime[32] = "";

	if (!colon || (size_t)(colon - text) >= sizeof(runtime))
		return -EINVAL;
	memcpy(runtime, text, (size_t)(colon - text));
	if (parse_time(runtime, 0, &ret->runtime_ns) || parse_time(colon + 1, 0, &ret->period_ns))
		return -EINVAL;
	ret->policy = POLICY_DEADLINE;
	return ret->runtime_ns && ret->runtime_ns <= ret->period_ns ? 0 : -EINVAL;
}

static int parse_sched(const char *value, struct monitor_sched *ret)
{
	int32_t number;

	if (!*value || value[1] != ':')
		return -EINVAL;
	switch (*value) {
	case 'f':
	case 'F':
	case 'r':
	case 'R':
		ret->policy = *value == 'f' || *value == 'F' ? SCHED_FIFO : SCHED_RR;
		if (parse_signed(value + 2, 1, MAX_RT_PRIORITY, &number))
			return -EINVAL;
		ret->rt_priority = (uint32_t)number;
		return 0;
	case 'o':
	case 'O':
		ret->policy = SCHED_OTHER;
		return parse_signed(value + 2, MIN_NICE, MAX_NICE, &ret->nice);
	case 'd':
	case 'D':
		return parse_deadline(value + 2, ret);
	}
	return -EINVAL;
}

static int apply_priority(void *arg, const char *option, const char *value, struct error *err)
{
	struct monitor_asked *asked = arg;
	struct monitor_sched sched = { .is_wanted = true };

	if (parse_sched(value, &sched))
		return error_set(err, -EINVAL,
				 "%s: '%s' is no priority: write f:1 to f:99, r:1 to r:99, o:-20 to "
				 "o:19, or d:RUNTIME:PERIOD, as d:100us:1ms", option, value);
	asked->params.sched = sched;
	return 0;
}

static int apply_bucket(void *arg, const char *option, const char *value, struct error *err)
{
	struct monitor_asked *asked = arg;

	asked->is_bucket_time = parse_count(value, UINT64_MAX, &asked->bucket) == -EINVAL;
	return asked->is_bucket_time ? options_time(option, value, 0, &asked->bucket, err) : 0;
}

static int apply_by(void *arg, const char *option, const char *value, struct error *err)
{
	struct monitor_asked *asked = arg;

	asked->params.is_per_cpu = !strcmp(value, "cpu");
	if (!asked->params.is_per_cpu && strcmp(value, "thread"))
		return error_set(err, -EINVAL, "%s: '%s' is not cpu or thread", option, value);
	return 0;
}

/* ---- the table -------------------------------------------------------------------------------- */

#define TOP .commands = MONITOR_OPTIONS_TOP
#define HIST .commands = MONITOR_OPTIONS_HIST
#define ALL_THREE .commands = MONITOR_OPTIONS_TOP | MONITOR_OPTIONS_HIST | MONITOR_OPTIONS_MERGE
#define HIST_AND_MERGE .commands = MONITOR_OPTIONS_HIST | MONITOR_OPTIONS_MERGE
#define LIVE .commands = MONITOR_OPTIONS_TOP | MONITOR_OPTIONS_HIST

#define AT(member) OPTION_AT(struct monitor_asked, member)
#define SPAN(first, last) .at = offsetof(struct monitor_asked, first), \
	.size = offsetof(struct monitor_asked, last) + sizeof(((struct monitor_asked *)0)->last) - \
		offsetof(struct monitor_asked, first)
#define PARAM(member) OPTION_AT(struct monitor_asked, params.member)
#define HAS(member) .has = offsetof(struct monitor_asked, member)
#define HAS_PARAM(member) .has = offsetof(struct monitor_asked, params.member)
#define TAKES(name) .argument = ARGUMENT_REQUIRED, .argument_name = name
#define MAY_TAKE(name) .argument = ARGUMENT_NEXT, .argument_name = name
#define FILE_MAY_FOLLOW .argument = ARGUMENT_OPTIONAL, .argument_name = "FILE"
#define LASTING .is_lasting = true
#define FLAG(member) .kind = OPTION_FLAG, PARAM(member)
#define TIME(member) .kind = OPTION_TIME, PARAM(member), .plain_ns = PLAIN_US

static const struct option_row option_rows[] = {
	{ .group = "What is watched", .letter = 'c', .word = "cpus", TAKES("LIST"), LIVE,
	  .kind = OPTION_CPUS, PARAM(selection.cpus), HAS_PARAM(selection.has_cpus),
	  .help = "these CPUs: 0-3,7 (default: all)" },
	{ .word = "all", LIVE, FLAG(selection.wants_all),
	  .help = "user threads too, not only kernel threads" },
	{ .word = "task", TAKES("SEL"), LIVE, .kind = OPTION_TASK, PARAM(selection), LASTING,
	  .help = "this thread, of whatever kind: tid, name, or 'ksoftirqd/*'; repeatable" },
	{ .letter = 'd', .word = "duration", TAKES("TIME"), LIVE,
	  .kind = OPTION_DURATION, PARAM(duration_ns),
	  .help = "end after this time (a plain number is s)" },
	{ .word = "warm-up", TAKES("TIME"), LIVE,
	  .kind = OPTION_TIME, PARAM(warm_up_ns), .plain_ns = PLAIN_SECONDS,
	  .help = "count nothing before this time is over (a plain number is s)" },

	{ .group = "Thresholds", .word = "stall", TAKES("TIME"), LIVE,
	  TIME(stall_ns), HAS(has_stall),
	  .help = "list waits of at least this long (default: that of -T, or 10ms)" },
	{ .letter = 'T', .word = "thread", TAKES("TIME"), LIVE,
	  TIME(threshold_ns), HAS(has_threshold), LASTING,
	  .help = "end when a watched thread, or timerlat's, has waited that long" },
	{ .word = "threshold", TAKES("TIME"), LIVE,
	  TIME(threshold_ns), HAS(has_threshold), LASTING,
	  .help = "the same" },
	{ .letter = 'i', .word = "irq", TAKES("TIME"), LIVE,
	  TIME(irq_threshold_ns), HAS(has_irq), LASTING,
	  .help = "end when timerlat's interrupt is that late" },
	{ .letter = 'a', .word = "auto", TAKES("TIME"), LIVE,
	  .kind = OPTION_TIME, .plain_ns = PLAIN_US, SPAN(auto_ns, trace), HAS(has_auto),
	  .help = "-T TIME and -t; with timerlat also -i TIME and -s TIME" },
	{ .word = "aa-only", TAKES("TIME"), TOP,
	  .kind = OPTION_TIME, .plain_ns = PLAIN_US, AT(aa_only_ns), HAS(has_aa_only),
	  .help = "end when that is reached; show nothing but the report on it" },

	{ .group = "When a threshold is reached", .letter = 't', .word = "trace",
	  MAY_TAKE("FILE"), LIVE,
	  .apply = apply_trace, AT(trace), HAS(has_trace),
	  .help = "save the trace (default: stall_trace.dat; text if FILE ends in .txt)" },
	{ .word = "trace-keep", TAKES("N"), LIVE,
	  .kind = OPTION_COUNT, PARAM(trace_keep), .min = 1, .max = 100000,
	  .help = "files of traces at most, with --on-threshold continue (default 8)" },
	{ .word = "on-threshold", TAKES("ACTION"), LIVE, .apply = apply_on_threshold, LASTING,
	  .help = "do this then; repeatable, in order, up to the first that fails" },
	{ .word = "on-end", TAKES("ACTION"), LIVE, .apply = apply_on_end, LASTING,
	  .help = "do this at the end of the run; likewise" },
	{ .word = "no-aa", LIVE, FLAG(has_no_aa),
	  .help = "no report on the wait that reached it" },
	{ .word = "dump-tasks", LIVE, FLAG(dumps_tasks),
	  .help = "the report says what every CPU runs" },
	{ .word = "stack-format", TAKES("FORMAT"), LIVE,
	  .apply = apply_stack_format, PARAM(stack_format),
	  .help = "unknown addresses in stacks: truncate there (default), skip, or full" },
	{ .word = "bpf-action", TAKES("FILE"), LIVE, .apply = apply_bpf_action, LASTING,
	  .help = "refused: nothing is collected by BPF" },

	{ .group = "Tracing", .word = "tracer", TAKES("NAME"), LIVE,
	  .kind = OPTION_TRACER, PARAM(tracer),
	  .help = "auto, osnoise, timerlat or none (default: auto)" },
	{ .word = "workload", LIVE, FLAG(has_workload),
	  .help = "with --tracer osnoise: its threads too, which find hardware noise" },
	{ .letter = 'e', .word = "event", TAKES("SYS[:EVENT]"), LIVE,
	  .apply = apply_event, LASTING,
	  .help = "record this event, or system of events, as well; repeatable" },
	{ .word = "filter", TAKES("FILTER"), LIVE, .apply = apply_filter, LASTING,
	  .help = "for the event of the -e before it" },
	{ .word = "trigger", TAKES("TRIGGER"), LIVE, .apply = apply_trigger, LASTING,
	  .help = "likewise" },
	{ .word = "trace-buffer-size", TAKES("KB"), LIVE, .kind = OPTION_COUNT, PARAM(buffer_kb),
	  .help = "of the kernel's buffer of each CPU (default: by the machine's memory)" },

	{ .group = "Timerlat, and the machine", .letter = 'p', .word = "period", TAKES("TIME"),
	  LIVE,
	  .kind = OPTION_US, PARAM(period_us), .min = 100, .max = 1000000,
	  .help = "of its timers, 100us to 1s (default 1ms)" },
	{ .letter = 's', .word = "stack", TAKES("TIME"), LIVE,
	  .kind = OPTION_US, PARAM(print_stack_us), HAS(has_print_stack),
	  .help = "keep the stack at its interrupt when its thread is that late" },
	{ .letter = 'u', .word = "user-threads", LIVE, .kind = OPTION_FLAG, AT(has_user_threads),
	  .help = "measure threads of user space (default where the kernel can)" },
	{ .letter = 'k', .word = "kernel-threads", LIVE,
	  .kind = OPTION_FLAG, AT(has_kernel_threads),
	  .help = "measure threads of the kernel" },
	{ .letter = 'U', .word = "user-load", LIVE, .kind = OPTION_FLAG, AT(has_user_load),
	  .help = "measure the threads of a program of yours that uses timerlat_fd" },
	{ .letter = 'A', .word = "aligned", TAKES("TIME"), LIVE,
	  .kind = OPTION_US, PARAM(align_us), HAS_PARAM(is_aligned),
	  .help = "let the timers of the CPUs expire this far apart" },
	{ .letter = 'P', .word = "priority", TAKES("PRIO"), LIVE,
	  .apply = apply_priority, PARAM(sched),
	  .help = "of threads measured: f:PRIO, r:PRIO, o:NICE, d:RUNTIME:PERIOD" },
	{ .letter = 'C', .word = "cgroup", MAY_TAKE("CGROUP"), LIVE,
	  .apply = apply_cgroup, PARAM(cgroup), HAS_PARAM(has_cgroup),
	  .help = "move these threads there (default: to the cgroup this runs in)" },
	{ .letter = 'H', .word = "house-keeping", TAKES("LIST"), LIVE,
	  .kind = OPTION_CPUS, PARAM(house_keeping), HAS_PARAM(has_house_keeping),
	  .help = "the CPUs this program itself runs on" },
	{ .word = "dma-latency", TAKES("TIME"), LIVE,
	  .kind = OPTION_US, PARAM(dma_latency_us), HAS_PARAM(has_dma_latency), .max = 10000,
	  .help = "CPUs may take that long to leave an idle state, 0 to 10ms" },
	{ .word = "deepest-idle-state", TAKES("N"), LIVE,
	  .apply = apply_idle_state, PARAM(deepest_idle_state), HAS_PARAM(has_deepest_idle_state),
	  .help = "no idle state beyond this one on CPUs watched; -1: only polling" },

	{ .group = "Histogram", .word = "by", TAKES("WHAT"), HIST,
	  .apply = apply_by, PARAM(is_per_cpu), HAS(has_by),
	  .help = "columns: thread or cpu (default: thread; cpu with timerlat)" },
	{ .letter = 'b', .word = "bucket-size", TAKES("N"), HIST,
	  .apply = apply_bucket, SPAN(bucket, is_bucket_time),
	  .help = "width of a bucket in us, 1 to 999999; in ns with -n (default 1)" },
	{ .letter = 'E', .word = "entries", TAKES("N"), HIST,
	  .kind = OPTION_COUNT, PARAM(nr_entries), .min = 10, .max = 9999999,
	  .help = "number of buckets, 10 to 9999999 (default 256)" },
	{ .word = "no-irq", HIST_AND_MERGE, FLAG(no_irq), LASTING,
	  .help = "without the columns of timerlat's interrupt" },
	{ .word = "no-thread", HIST_AND_MERGE, FLAG(no_thread), LASTING,
	  .help = "without the columns of timerlat's thread" },
	{ .word = "no-header", HIST_AND_MERGE, FLAG(no_header),
	  .help = "without the lines before the table" },
	{ .word = "no-summary", HIST_AND_MERGE, FLAG(no_summary),
	  .help = "without count, min, avg and max" },
	{ .word = "no-index", HIST_AND_MERGE, FLAG(no_index),
	  .help = "without the first column; needs --with-zeros" },
	{ .word = "with-zeros", HIST_AND_MERGE, FLAG(with_zeros),
	  .help = "also buckets that nothing fell into" },

	{ .group = "Output", .letter = 'n', .word = "nano", ALL_THREE, FLAG(is_nano),
	  .help = "times in ns" },
	{ .letter = 'q', .word = "quiet", TOP, FLAG(is_quiet),
	  .help = "only the tables of the end" },
	{ .word = "top", TAKES("N"), ALL_THREE, .kind = OPTION_COUNT, PARAM(top),
	  .help = "rows per table of the text (default 10; 0: all)" },
	{ .word = "json", FILE_MAY_FOLLOW, ALL_THREE, .kind = OPTION_OUTPUT, PARAM(json),
	  .help = "JSON at the end instead of the text, to standard output or FILE" },
	{ .word = "csv", FILE_MAY_FOLLOW, ALL_THREE, .kind = OPTION_OUTPUT, PARAM(csv),
	  .help = "CSV instead of the text: the table of threads; of hist the buckets" },
	{ .word = "json-lines", FILE_MAY_FOLLOW, LIVE, .kind = OPTION_OUTPUT, PARAM(json_lines),
	  .help = "each report of a threshold reached as a line of JSON, at once" },
	{ .letter = 'D', .word = "debug", LIVE, FLAG(is_debug),
	  .help = "no screen: tables one after the other" },
	{ .letter = 'h', .word = "help", ALL_THREE, FLAG(wants_help), LASTING,
	  .help = "this text" },
};

struct option_table monitor_options_table(uint32_t command)
{
	return (struct option_table){
		.rows = option_rows,
		.nr_rows = NR_ELEMENTS(option_rows),
		.command = command,
		.defaults = &asked_nothing,
	};
}

const struct monitor_asked *monitor_options_default(void)
{
	return &asked_nothing;
}
