// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a trace through the program's own source and does nothing with its events but count them:
 * what reading costs without attribution. "-p" prints "cpu time pid type" of every event instead, "-P"
 * without the type, as dat_reference does.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "source/source.h"
#include "util/error.h"
#include "util/names.h"

static long anonymous_kb(void)
{
	char line[256];
	long kb = -1;
	FILE *file = fopen("/proc/self/status", "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "RssAnon: %ld kB", &kb) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kb;
}

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void print_event(const struct event *event, char how)
{
	printf("%u %llu %d", event->cpu, (unsigned long long)event->at, event->tid);
	if (how == 'p')
		printf(" %u", event->type);
	putchar('\n');
}

static void print_summary(const struct source *source, const uint64_t *counts, double seconds)
{
	const struct source_info *info = &source->info;

	printf("%llu events, %llu losses (%llu events), %.3f s, %.1f M events/s, %ld kB anonymous\n",
	       (unsigned long long)info->nr_events, (unsigned long long)info->nr_losses,
	       (unsigned long long)info->lost_events, seconds,
	       (double)info->nr_events / (seconds > 0 ? seconds : 1) / 1e6, anonymous_kb());
	printf("kernel '%s' clock '%s' cpus %u span %llu..%llu rt %d fair server %d vectors %d x86 %d\n",
	       info->kernel, info->clock, info->nr_cpus, (unsigned long long)info->first_at,
	       (unsigned long long)info->last_at, info->is_preempt_rt, info->has_fair_server,
	       info->has_irq_vectors, info->is_x86);
	if (info->is_truncated)
		printf("truncated: %s\n", info->truncated_why);
	for (int i = 0; i < SOURCE_ODD_NR; i++) {
		if (info->odd[i])
			printf("%s %llu\n", source_odd_name(i), (unsigned long long)info->odd[i]);
	}
	for (int i = 0; i < EVENT_NR_TYPES; i++) {
		if (counts[i])
			printf("type %d: %llu\n", i, (unsigned long long)counts[i]);
	}
}

int main(int argc, char **argv)
{
	char how = argc == 3 && argv[1][0] == '-' ? argv[1][1] : '\0';
	struct source_options options = { .names = names_create() };
	uint64_t counts[EVENT_NR_TYPES] = { 0 };
	struct source *source;
	struct event event;
	struct error err;
	int result;

	if (argc < 2 || !options.names)
		return 129;
	if (source_open(argv[argc - 1], &options, &source, &err)) {
		fprintf(stderr, "%s\n", err.text);
		names_destroy(options.names);
		return 1;
	}
	while ((result = source_next(source, &event, &err)) > 0) {
		counts[event.type]++;
		if (how && event.type != EVENT_LOSS)
			print_event(&event, how);
	}
	if (!how)
		print_summary(source, counts, cpu_seconds());
	source_close(source);
	names_destroy(options.names);
	return result < 0;
}
