// SPDX-License-Identifier: GPL-2.0-only
/*
 * workload_walk [OPTION...] MS: sets tracing and the workload up as top and hist do, reads for that long or
 * until SIGTERM, and gives everything back. Says "up" when all threads are set up, what it met at the
 * end, and what went wrong on standard error. The options are those of top; -F and -G are --filter and
 * --trigger, -L and -I --dma-latency and --deepest-idle-state, -w --workload, -m TRACER; -o FILE saves
 * the trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/monitor_params.h"
#include "monitor/workload.h"
#include "source/live_hist.h"
#include "source/live_setup.h"
#include "source/source_live.h"
#include "util/error.h"
#include "util/guard.h"
#include "util/names.h"
#include "util/strbuf.h"
#include "util/undo.h"

#define MAX_CPUS 256

struct walking {
	struct monitor_params params;
	const char *file;
	uint64_t span_ns;
	struct guard *guard;
	struct workload *workload;
	struct live_instance instance;
	struct source *source;
	struct names *names;
	struct counts {
		uint64_t nr_samples[3];	/* by context: irq, thread, return to user space */
		uint64_t nr_stacks;	/* next after a sample on its CPU */
		uint64_t nr_odd_stacks;	/* others */
		bool was_sample[MAX_CPUS];
	} counts;
	bool is_up;
};

static volatile sig_atomic_t is_ended;

static void end(int number)
{
	is_ended = number;
}

static const char *const tracer_names[] = { "auto", "osnoise", "timerlat", "none" };

/* f:95, r:1, o:5, d:1000000:10000000 in ns */
static int parse_sched(const char *text, struct monitor_sched *sched)
{
	unsigned long long runtime_ns, period_ns;
	int number;

	*sched = (struct monitor_sched){ .is_wanted = true };
	if (sscanf(text, "d:%llu:%llu", &runtime_ns, &period_ns) == 2) {
		sched->policy = 6;
		sched->runtime_ns = runtime_ns;
		sched->period_ns = period_ns;
		return 0;
	}
	if (sscanf(text + 1, ":%d", &number) != 1)
		return -EINVAL;
	sched->policy = *text == 'f' ? SCHED_FIFO : *text == 'r' ? SCHED_RR : SCHED_OTHER;
	if (*text == 'o')
		sched->nice = number;
	else
		sched->rt_priority = (uint32_t)number;
	return 0;
}

static int parse_option(struct walking *walking, int option)
{
	struct monitor_params *params = &walking->params;
	struct live_extra *last = params->nr_extras ? &params->extras[params->nr_extras - 1] : NULL;

	switch (option) {
	case 'c':
		params->selection.has_cpus = true;
		return parse_cpus(optarg, &params->selection.cpus);
	case 'H':
		params->has_house_keeping = true;
		return parse_cpus(optarg, &params->house_keeping);
	case 'm':
		for (int i = 0; i < 4; i++) {
			if (!strcmp(optarg, tracer_names[i]))
				params->tracer = (enum live_tracer)i;
		}
		return 0;
	case 'u':
	case 'k':
	case 'U':
		params->threads = option == 'u' ? MONITOR_THREADS_USER :
				  option == 'k' ? MONITOR_THREADS_KERNEL : MONITOR_THREADS_FOREIGN;
		return 0;
	case 'w':
		params->has_workload = true;
		return 0;
	case 'p':
		params->period_us = (uint32_t)atoi(optarg);
		return 0;
	case 's':
		params->print_stack_us = (uint32_t)atoi(optarg);
		return 0;
	case 'A':
		params->is_aligned = true;
		params->align_us = (uint32_t)atoi(optarg);
		return 0;
	case 'P':
		return parse_sched(optarg, &params->sched);
	case 'C':
		params->has_cgroup = true;
		params->cgroup = *optarg ? optarg : NULL;
		return 0;
	case 'L':
		params->has_dma_latency = true;
		params->dma_latency_us = (uint32_t)atoi(optarg);
		return 0;
	case 'I':
		params->has_deepest_idle_state = true;
		params->deepest_idle_state = atoi(optarg);
		return 0;
	case 'e':
		if (params->nr_extras == MONITOR_MAX_EXTRAS)
			return -E2BIG;
		params->extras[params->nr_extras++].name = optarg;
		return 0;
	case 'F':
	case 'G':
		if (!last)
			return -EINVAL;
		*(option == 'F' ? &last->filter : &last->trigger) = optarg;
		return 0;
	case 'o':
		walking->file = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

static int set_up(struct walking *walking, struct error *err)
{
	const struct monitor_params *params = &walking->params;
	struct live_config config = {
		.tracer = params->tracer,
		.cpus = params->selection.has_cpus ? &params->selection.cpus : NULL,
		.buffer_kb = 1024,
		.has_workload = params->has_workload,
		.has_user_workload = workload_wants_user_threads(params),
		.period_us = params->period_us,
		.print_stack_us = params->print_stack_us,
		.is_aligned = params->is_aligned,
		.align_us = params->align_us,
		.extras = params->extras,
		.nr_extras = params->nr_extras,
		.undo_dir = UNDO_DIR,
	};
	struct live_setup *setup = NULL;
	int result = guard_create(UNDO_DIR, &walking->guard, err);

	if (!result)
		result = workload_create(params, walking->guard, &walking->workload, err);
	if (!result)
		result = live_setup_start(&config, walking->guard, &setup, err);
	while (!result && !(result = live_setup_take(setup, &walking->instance, err))) {
		struct pollfd wait = { .fd = live_setup_fd(setup), .events = POLLIN };

		poll(&wait, 1, 1000);
	}
	live_setup_stop(setup, 1000);
	if (*walking->instance.warning)
		fprintf(stderr, "workload_walk: warning: %s\n", walking->instance.warning);
	return result < 0 ? result : workload_start(walking->workload, err);
}

static void count(struct counts *counts, const struct event *event)
{
	bool *was_sample = &counts->was_sample[event->cpu % MAX_CPUS];

	if (event->type == EVENT_TICK)
		return;
	if (event->type == EVENT_TIMERLAT && event->timerlat.context < 3)
		counts->nr_samples[event->timerlat.context]++;
	if (event->type == EVENT_STACK && *was_sample)
		counts->nr_stacks++;
	else if (event->type == EVENT_STACK)
		counts->nr_odd_stacks++;
	*was_sample = event->type == EVENT_TIMERLAT;
}

static void show(const char *what, const struct counts *counts)
{
	printf("%s irq %" PRIu64 " thread %" PRIu64 " user %" PRIu64 " stack %" PRIu64 " odd %" PRIu64 "\n",
	       what, counts->nr_samples[0], counts->nr_samples[1], counts->nr_samples[2], counts->nr_stacks,
	       counts->nr_odd_stacks);
}

static int take(struct walking *walking, const struct event *event, struct error *err)
{
	int result = 0;

	count(&walking->counts, event);
	if (event->type == EVENT_TICK)
		result = workload_check(walking->workload, err);
	if (!result && !walking->is_up && workload_is_up(walking->workload)) {
		walking->is_up = true;
		printf("up\n");
		fflush(stdout);
	}
	return result;
}

static int walk(struct walking *walking, struct error *err)
{
	struct source_live_options options = { .names = walking->names, .pause_ns = 20000000,
					       .kept_bytes = 16 << 20 };
	struct event event;
	uint64_t end_at = 0;
	int result;

	result = source_live_open(&walking->instance, &options, &walking->source, err);
	while (!result && (result = source_next(walking->source, &event, err)) > 0) {
		end_at = end_at ? end_at : event.at + walking->span_ns;
		result = take(walking, &event, err);
		if (result || is_ended || event.at >= end_at)
			break;
	}
	return result < 0 ? result : 0;
}

static void show_hists(const struct live_instance *instance)
{
	for (uint32_t i = 0; i < instance->nr_hists; i++) {
		struct strbuf text = STRBUF_INIT;
		struct error err = { 0 };
		char name[256];

		live_hist_file(&instance->hists[i], name, sizeof(name));
		if (live_hist_read(&instance->hists[i], 5000, &text, &err))
			fprintf(stderr, "workload_walk: %s\n", err.text);
		printf("hist %s\n%s", name, text.text);
		strbuf_deinit(&text);
	}
}

static int save(const struct walking *walking, struct error *err)
{
	int fd = open(walking->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int result = fd < 0 ? error_set(err, -errno, "%s: %s", walking->file, strerror(errno)) :
			      source_live_save(walking->source, fd, NULL, err);

	if (fd >= 0)
		close(fd);
	return result;
}

static int count_saved(const struct walking *walking, struct error *err)
{
	struct source_options options = { .names = walking->names };
	struct counts counts = { .nr_stacks = 0 };
	struct source *source;
	struct event event;
	int result = source_open(walking->file, &options, &source, err);

	if (result)
		return result;
	while ((result = source_next(source, &event, err)) > 0)
		count(&counts, &event);
	source_close(source);
	show("saved", &counts);
	return result;
}

static int run(struct walking *walking, struct error *err)
{
	int result = workload_place(&walking->params, err);

	if (!result)
		result = set_up(walking, err);
	if (!result)
		result = walk(walking, err);
	if (!result)
		show_hists(source_live_instance(walking->source));
	if (!result && walking->file)
		result = save(walking, err);
	if (!result && walking->file)
		result = count_saved(walking, err);
	show("met", &walking->counts);
	return result;
}

int main(int argc, char **argv)
{
	struct walking walking = { .names = names_create() };
	struct error err = { 0 };
	int result = 0;
	int option;

	while (!result && (option = getopt(argc, argv, "c:H:m:ukUwp:s:A:P:C:L:I:e:F:G:o:")) >= 0)
		result = parse_option(&walking, option);
	if (result || optind != argc - 1)
		return 129;
	signal(SIGTERM, end);
	walking.span_ns = strtoull(argv[optind], NULL, 10) * 1000000;
	live_instance_init(&walking.instance);
	result = run(&walking, &err);
	workload_destroy(walking.workload);
	source_close(walking.source);
	live_instance_deinit(&walking.instance);
	if (walking.guard && guard_undo(walking.guard, -1, result ? NULL : &err) && !result)
		result = -EIO;
	guard_destroy(walking.guard);
	names_destroy(walking.names);
	if (result)
		fprintf(stderr, "workload_walk: %s\n", err.text);
	return result ? 1 : 0;
}
