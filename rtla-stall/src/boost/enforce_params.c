// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_params.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "../options.h"
#include "../util/array.h"
#include "../util/error.h"
#include "../util/strbuf.h"
#include "enforce_stalld.h"

#define PLAIN_SECONDS 1000000000u
#define PLAIN_NANOSECONDS 1u

#define THRESHOLD_NS UINT64_C(20000000000)
#define LOOK_LEAST_NS 250000u
#define LOOK_MOST_NS UINT64_C(600000000000)
#define BUDGET_NS 50000000u
#define BUDGET_PER_NS 1000000000u
#define BUDGET_PER_LEAST_NS 1000000u
#define BUDGET_PER_MOST_NS UINT64_C(3600000000000)
#define DURATION_NS UINT64_C(3000000000)
#define DURATION_LEAST_NS 1000000u
#define DURATION_MOST_NS UINT64_C(60000000000)
#define OWN_RT_PRIORITY 98u
/* What the kernel takes for SCHED_DEADLINE. */
#define RUNTIME_LEAST_NS 1024u
#define PERIOD_LEAST_NS 100000u
#define PERIOD_MOST_NS UINT64_C(4000000000)

/* ---- what is a stall, and whose --------------------------------------------------------------- */

static int apply_threshold(void *arg, const char *option, const char *value, struct error *err)
{
	return enforce_rules_add_threshold(&((struct enforce_params *)arg)->rules, option, value, 0, err);
}

static int apply_starving(void *arg, const char *option, const char *value, struct error *err)
{
	return enforce_rules_add_threshold(&((struct enforce_params *)arg)->rules, option, value,
					   PLAIN_SECONDS, err);
}

static int apply_deny_threads(void *arg, const char *option, const char *value, struct error *err)
{
	return enforce_rules_add(&((struct enforce_params *)arg)->rules.deny_threads, option, value, err);
}

static int apply_deny_processes(void *arg, const char *option, const char *value, struct error *err)
{
	return enforce_rules_add(&((struct enforce_params *)arg)->rules.deny_processes, option, value, err);
}

static int apply_allow(void *arg, const char *option, const char *value, struct error *err)
{
	return enforce_rules_add(&((struct enforce_params *)arg)->rules.allow, option, value, err);
}

/* ---- what is done ----------------------------------------------------------------------------- */

/* "50us/1s" */
static int split_share(const char *option, const char *value, uint64_t *part_ns, uint64_t *whole_ns,
		       struct error *err)
{
	const char *slash = strchr(value, '/');
	char part[32];

	if (!slash || (size_t)(slash - value) >= sizeof(part))
		return error_set(err, -EINVAL, "%s: '%s' is not TIME/TIME, as in 50us/1s", option, value);
	memcpy(part, value, (size_t)(slash - value));
	part[slash - value] = '\0';
	if (options_time(option, part, 0, part_ns, err) || options_time(option, slash + 1, 0, whole_ns, err))
		return -EINVAL;
	if (!*part_ns || *part_ns > *whole_ns)
		return error_set(err, -EINVAL, "%s: '%s': the first time is to be part of the second",
				 option, value);
	return 0;
}

static int apply_budget(void *arg, const char *option, const char *value, struct error *err)
{
	struct enforce_params *params = arg;
	int result = split_share(option, value, &params->budget_ns, &params->budget_per_ns, err);

	if (!result &&
	    (params->budget_per_ns < BUDGET_PER_LEAST_NS || params->budget_per_ns > BUDGET_PER_MOST_NS))
		return error_set(err, -EINVAL, "%s: '%s': the second time is to be within 1ms and 1h", option,
				 value);
	return result;
}

static int apply_policy(void *arg, const char *option, const char *value, struct error *err)
{
	struct enforce_params *params = arg;

	for (enum plan_policy policy = PLAN_AUTO; policy <= PLAN_FIFO; policy++) {
		if (!strcmp(value, plan_policy_name(policy))) {
			params->policy = policy;
			return 0;
		}
	}
	return error_set(err, -EINVAL, "%s: '%s' is not deadline, fifo or auto", option, value);
}

static int apply_force_fifo(void *arg, const char *option, const char *value, struct error *err)
{
	(void)value;
	return apply_policy(arg, option, "fifo", err);
}

/* ---- ourselves, output ------------------------------------------------------------------------ */

static int take_deadline(struct enforce_own_sched *own, const char *option, const char *value,
			 struct error *err)
{
	own->policy = ENFORCE_OWN_DEADLINE;
	if (split_share(option, value, &own->runtime_ns, &own->period_ns, err))
		return -EINVAL;
	if (own->runtime_ns < RUNTIME_LEAST_NS || own->period_ns < PERIOD_LEAST_NS ||
	    own->period_ns > PERIOD_MOST_NS)
		return error_set(err, -EINVAL,
				 "%s: '%s': the kernel takes runtimes from 1024ns and periods from "
				 "100us to 4s",
				 option, value);
	return 0;
}

static int apply_priority(void *arg, const char *option, const char *value, struct error *err)
{
	struct enforce_own_sched own = { .is_given = true, .policy = ENFORCE_OWN_LEFT };
	bool is_rr = !strncmp(value, "rr:", 3);
	uint64_t number;

	if (!strncmp(value, "deadline:", 9)) {
		if (take_deadline(&own, option, value + 9, err))
			return -EINVAL;
	} else if (is_rr || !strncmp(value, "fifo:", 5)) {
		own.policy = is_rr ? ENFORCE_OWN_RR : ENFORCE_OWN_FIFO;
		if (parse_count(strchr(value, ':') + 1, 99, &number) || !number)
			return error_set(err, -EINVAL, "%s: '%s': priorities are 1 to 99", option, value);
		own.rt_priority = (uint32_t)number;
	} else if (strcmp(value, "none")) {
		return error_set(err, -EINVAL,
				 "%s: '%s' is not fifo:N, rr:N, deadline:RUNTIME/PERIOD or none", option,
				 value);
	}
	((struct enforce_params *)arg)->own = own;
	return 0;
}

static int take_path(const char **path, const char *option, const char *value, struct error *err)
{
	if (!*value)
		return error_set(err, -EINVAL, "%s: the name of the file is missing", option);
	*path = value;
	return 0;
}

static int apply_simulate(void *arg, const char *option, const char *value, struct error *err)
{
	return take_path(&((struct enforce_params *)arg)->simulate, option, value, err);
}

static int apply_pidfile(void *arg, const char *option, const char *value, struct error *err)
{
	return take_path(&((struct enforce_params *)arg)->pidfile, option, value, err);
}

/* It is what we do anyway. */
static int apply_foreground(void *arg, const char *option, const char *value, struct error *err)
{
	(void)arg;
	(void)option;
	(void)value;
	(void)err;
	return 0;
}

static int apply_log(void *arg, const char *option, const char *value, struct error *err)
{
	struct enforce_log_targets log = { 0 };

	for (const char *at = value; *at; at += *at == ',') {
		size_t length = strcspn(at, ",");

		if (!strncmp(at, "file:", 5) && length > 5) {
			/* the rest, commas and all */
			log.path = at + 5;
			break;
		} else if (length == 6 && !strncmp(at, "stderr", 6)) {
			log.has_stderr = true;
		} else if (length == 4 && !strncmp(at, "kmsg", 4)) {
			log.has_kmsg = true;
		} else if (length == 6 && !strncmp(at, "syslog", 6)) {
			log.has_syslog = true;
		} else if (strcmp(value, "none")) {
			return error_set(err, -EINVAL,
					 "%s: '%s' is not stderr, kmsg, syslog, file:PATH, or none", option,
					 value);
		}
		at += length;
	}
	((struct enforce_params *)arg)->log = log;
	return 0;
}

/* ---- the table -------------------------------------------------------------------------------- */

#define AT(member) OPTION_AT(struct enforce_params, member)
#define HAS(member) .has = offsetof(struct enforce_params, member)

static const struct option_row option_rows[] = {
	{ .letter = 'T',
	  .word = "threshold",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "[GLOB=]TIME",
	  .group = "What is a stall",
	  .help = "a wait of that long; of threads of that name (default: 20s)",
	  .apply = apply_threshold },
	{ .letter = 't',
	  .word = "starving-threshold",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "TIME",
	  .help = "the same; a plain number is s, as in stalld",
	  .apply = apply_starving },
	{ .letter = 'g',
	  .word = "granularity",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "TIME",
	  .help = "look so often (plain: s; default: threshold/4, 250ms at most)",
	  .kind = OPTION_TIME,
	  .plain_ns = PLAIN_SECONDS,
	  AT(look_ns) },
	{ .letter = 'c',
	  .word = "cpus",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "LIST",
	  .group = "Whose",
	  .help = "threads that wait on these CPUs: 0-3,7 (default: all)",
	  .kind = OPTION_CPUS,
	  AT(cpus),
	  HAS(has_cpus) },
	{ .word = "user-threads",
	  .help = "user threads too, after kernel threads",
	  .kind = OPTION_FLAG,
	  AT(wants_user_threads) },
	{ .letter = 'i',
	  .word = "ignore-threads",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "REGEX,...",
	  .help = "never threads whose name matches",
	  .apply = apply_deny_threads },
	{ .letter = 'I',
	  .word = "ignore-processes",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "REGEX,...",
	  .help = "never threads of processes whose name matches",
	  .apply = apply_deny_processes },
	{ .word = "allow",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "REGEX,...",
	  .help = "only threads whose name matches",
	  .apply = apply_allow },
	{ .word = "budget",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "TIME/TIME",
	  .group = "What is done",
	  .help = "what boosts may cost a CPU, on average (default: 50ms/1s)",
	  .apply = apply_budget },
	{ .word = "policy",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "NAME",
	  .help = "deadline, fifo or auto (default: auto)",
	  .apply = apply_policy },
	{ .letter = 'F', .word = "force-fifo", .help = "as --policy fifo", .apply = apply_force_fifo },
	{ .letter = 'r',
	  .word = "runtime",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "TIME",
	  .help = "of a boost, in each period (plain: ns)",
	  .kind = OPTION_TIME,
	  .plain_ns = PLAIN_NANOSECONDS,
	  AT(runtime_ns) },
	{ .letter = 'p',
	  .word = "period",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "TIME",
	  .help = "of boosts of one thread (plain: ns)",
	  .kind = OPTION_TIME,
	  .plain_ns = PLAIN_NANOSECONDS,
	  AT(period_ns) },
	{ .letter = 'd',
	  .word = "duration",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "TIME",
	  .help = "boost it again so long (plain: s; default: 3s)",
	  .kind = OPTION_TIME,
	  .plain_ns = PLAIN_SECONDS,
	  AT(duration_ns) },
	{ .letter = 'l',
	  .word = "dry-run",
	  .help = "decide and say everything, touch nothing",
	  .kind = OPTION_FLAG,
	  AT(is_dry_run) },
	{ .word = "simulate",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "FILE",
	  .help = "what would have become of a recorded trace",
	  .apply = apply_simulate },
	{ .word = "priority",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "POLICY",
	  .group = "Itself",
	  .help = "fifo:N, rr:N, deadline:RUNTIME/PERIOD, none (default: fifo:98)",
	  .apply = apply_priority },
	{ .letter = 'a',
	  .word = "affinity",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "LIST",
	  .help = "run on these CPUs (default: those that are not isolated)",
	  .kind = OPTION_CPUS,
	  AT(own_cpus),
	  HAS(has_own_cpus) },
	{ .letter = 'H',
	  .word = "house-keeping",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "LIST",
	  .help = "the same",
	  .kind = OPTION_CPUS,
	  AT(own_cpus),
	  HAS(has_own_cpus) },
	{ .word = "force", .help = "even beside stalld", .kind = OPTION_FLAG, AT(is_forced) },
	{ .letter = 'S',
	  .word = "systemd",
	  .help = "tell systemd when it is ready",
	  .kind = OPTION_FLAG,
	  AT(has_systemd) },
	{ .word = "pidfile",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "FILE",
	  .help = "write its process id there; removed at the end",
	  .apply = apply_pidfile },
	{ .letter = 'f', .word = "foreground", .help = "what it does anyway", .apply = apply_foreground },
	{ .word = "log",
	  .argument = ARGUMENT_REQUIRED,
	  .argument_name = "TARGETS",
	  .group = "Output",
	  .help = "stderr,kmsg,syslog,file:PATH, or none (default: stderr)",
	  .apply = apply_log },
	{ .letter = 'k',
	  .word = "kmsg",
	  .help = "to the kernel's log too",
	  .kind = OPTION_FLAG,
	  AT(log.has_kmsg) },
	{ .letter = 's',
	  .word = "syslog",
	  .help = "to the system's log too",
	  .kind = OPTION_FLAG,
	  AT(log.has_syslog) },
	{ .word = "json-lines",
	  .argument = ARGUMENT_OPTIONAL,
	  .argument_name = "FILE",
	  .help = "each boost as one line of JSON",
	  .kind = OPTION_OUTPUT,
	  AT(json_lines) },
	{ .letter = 'v',
	  .word = "verbose",
	  .help = "also what is let be, and why",
	  .kind = OPTION_FLAG,
	  AT(is_verbose) },
	{ .letter = 'V', .word = "version", .help = "the version", .kind = OPTION_FLAG, AT(wants_version) },
	{ .letter = 'h', .word = "help", .help = "this text", .kind = OPTION_FLAG, AT(wants_help) },
};

static const struct option_table option_table = { .rows = option_rows, .nr_rows = NR_ELEMENTS(option_rows) };

/* ---- parsing ---------------------------------------------------------------------------------- */

/* With stalld's word for an option replaced by ours. Return: as options_parse() */
static int parse_one(int argc, char **argv, int at, struct enforce_params *params, struct error *err)
{
	size_t length = strcspn(argv[at], "=");
	bool has_value = argv[at][length];
	const char *ours = argv[at][1] == '-' ? enforce_stalld_word(argv[at] + 2, length - 2) : NULL;
	char *one[2] = { (char *)ours, has_value ? argv[at] + length + 1 : argv[at + 1] };
	int used;

	if (!ours)
		return options_parse(&option_table, argc, argv, at, params, err);
	used = options_parse(&option_table, one[1] ? 2 : 1, one, 0, params, err);
	if (used == 1 && has_value)
		return error_set(err, -EINVAL, "%.*s takes no value", (int)length, argv[at]);
	return used > 0 && has_value ? 1 : used;
}

static int check_within(const char *option, uint64_t ns, uint64_t least_ns, uint64_t most_ns,
			const char *words, struct error *err)
{
	if (!ns || (ns >= least_ns && ns <= most_ns))
		return 0;
	return error_set(err, -EINVAL, "%s: it is to be within %s", option, words);
}

static int check(struct enforce_params *params, struct error *err)
{
	params->smallest_ns = enforce_rules_least_ns(&params->rules);
	if (check_within("-g", params->look_ns, LOOK_LEAST_NS, LOOK_MOST_NS, "250us and 10m", err) ||
	    check_within("-r", params->runtime_ns, RUNTIME_LEAST_NS, PERIOD_MOST_NS, "1024ns and 4s", err) ||
	    check_within("-p", params->period_ns, PERIOD_LEAST_NS, PERIOD_MOST_NS, "100us and 4s", err) ||
	    check_within("-d", params->duration_ns, DURATION_LEAST_NS, DURATION_MOST_NS, "1ms and 1m", err))
		return -EINVAL;
	if (!params->look_ns)
		params->look_ns = params->smallest_ns / 4 < ENFORCE_LOOK_MOST_NS ? params->smallest_ns / 4 :
										  ENFORCE_LOOK_MOST_NS;
	if (params->look_ns > params->smallest_ns)
		return error_set(err, -EINVAL,
				 "-g: looking less often than the smallest threshold misses stalls");
	if (params->runtime_ns && params->period_ns && params->runtime_ns > params->period_ns)
		return error_set(err, -EINVAL, "-r: it is to be a part of the period, -p");
	if (params->simulate && params->is_dry_run)
		return error_set(err, -EINVAL, "--simulate touches nothing anyway: leave -l out");
	return 0;
}

static int parse(int argc, char **argv, struct enforce_params *params, struct error *err)
{
	for (int at = 1, used; at < argc && !params->wants_help && !params->wants_version; at += used) {
		if (argv[at][0] != '-' || !argv[at][1] || !strcmp(argv[at], "--"))
			return error_set(err, -EINVAL, "it takes no arguments: %s", argv[at]);
		used = enforce_stalld_refuse(argv[at], err);
		if (!used)
			used = parse_one(argc, argv, at, params, err);
		if (used < 0)
			return used;
	}
	return params->wants_help || params->wants_version ? 0 : check(params, err);
}

int enforce_params_parse(int argc, char **argv, struct enforce_params *params, struct error *err)
{
	struct enforce_params parsed = {
		.rules.threshold_ns = THRESHOLD_NS,
		.policy = PLAN_AUTO,
		.budget_ns = BUDGET_NS,
		.budget_per_ns = BUDGET_PER_NS,
		.duration_ns = DURATION_NS,
		.own = { .policy = ENFORCE_OWN_FIFO, .rt_priority = OWN_RT_PRIORITY },
		.log = { .has_stderr = true },
	};
	int result = parse(argc, argv, &parsed, err);

	if (result) {
		enforce_params_deinit(&parsed);
		return result;
	}
	*params = parsed;
	return 0;
}

void enforce_params_deinit(struct enforce_params *params)
{
	enforce_rules_deinit(&params->rules);
}

void enforce_params_help(struct strbuf *out)
{
	strbuf_adds(out, "usage: rtla-stall enforce [options]\n\n"
		    "Boosts kernel threads that wait too long, within a budget, until a signal ends it.\n"
		    "Needs root.\n");
	options_help(&option_table, out);
	strbuf_adds(out, "\nTIME is a number and ns, us, ms, s, m or h. LIST is as in 0-3,7.\n"
		    "Exit status: 0 done; 1 error; 129 this text or bad usage.\n");
}
