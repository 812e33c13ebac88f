// SPDX-License-Identifier: GPL-2.0-only
/*
 * The golden cases: each <case>.events is a small ftrace text, read by source_text and taken in by the
 * engine; what the engine says must be, byte for byte, what <case>.report says.
 *
 *     golden                     run all cases (CMOCKA_MESSAGE_OUTPUT=TAP, and so on, work)
 *     golden --filter PATTERN    run those whose name matches
 *     golden --accept CASE       show what changed and rewrite that one .report
 *     golden --dir DIR ...       the cases are there (default tests/golden)
 *
 * Directives are comments of the .events file, "#! key=value ...":
 *     rt=yes|no  fair_server=yes|no  reschedule=yes  segments_from=NS
 *     events=sched,irq                      recorded, even those of which there is none
 *     show=run,activations,kthread,rt       facts that are not always printed
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../rtla-stall/src/engine/engine.h"
#include "../../rtla-stall/src/source/source.h"
#include "../../rtla-stall/src/util/cleanup.h"
#include "../../rtla-stall/src/util/error.h"
#include "../../rtla-stall/src/util/names.h"

static const char *golden_dir = "tests/golden";

struct directives {
	enum tristate is_preempt_rt;
	enum tristate has_fair_server;
	bool has_reschedule;
	uint64_t segments_from_ns;
	uint64_t events_present;	/* beside those the source knows of */
	bool show_run;
	bool show_activations;
	bool show_kthread;
	bool show_rt;
};

struct run {
	FILE *out;
	struct names *names;
	struct engine *eng;
	struct event *events;
	size_t nr_events;
	uint64_t last_at;
	struct episode_line *open;	/* text of the open ones, to be sorted */
	size_t nr_open;
	const char *law_broken;		/* words; NULL: none */
};

struct episode_line {
	int32_t tid;
	uint64_t began_at;
	char *text;
};

static char *path_of(const char *name, const char *suffix)
{
	char *path;

	if (asprintf(&path, "%s/%s%s", golden_dir, name, suffix) < 0)
		abort();
	return path;
}

static void print_culprit(FILE *out, const struct engine *eng, uint32_t number)
{
	struct culprit culprit;

	if (number == CULPRIT_NONE) {
		fputs("none", out);
		return;
	}
	culprit = engine_culprit(eng, number);
	fprintf(out, "%s:%s/%" PRId32, culprit_kind_name(culprit.kind), culprit.name, culprit.id);
}

static void print_why(FILE *out, uint8_t cause, uint8_t reason)
{
	fputs(cause_name(cause), out);
	if (reason != REASON_NONE)
		fprintf(out, "/%s", reason_name(reason));
}

static void print_segment(FILE *out, const struct engine *eng, const struct segment *segment)
{
	fprintf(out, "  %" PRIu64 "..%" PRIu64 " cpu%" PRIu32 " ", segment->from_at, segment->to_at,
		segment->cpu);
	print_why(out, segment->cause, segment->reason);
	fputc(' ', out);
	print_culprit(out, eng, segment->culprit);
	if (segment->culprit_prio != PRIO_UNKNOWN)
		fprintf(out, " prio=%" PRId32, segment->culprit_prio);
	if (segment->on_behalf_of != CULPRIT_NONE) {
		fputs(" on_behalf_of=", out);
		print_culprit(out, eng, segment->on_behalf_of);
	}
	fputs(segment->inferred ? " inferred\n" : "\n", out);
}

static bool is_same_charge(const struct segment *a, const struct segment *b)
{
	return a->cpu == b->cpu && a->cause == b->cause && a->reason == b->reason &&
	       a->culprit == b->culprit && a->on_behalf_of == b->on_behalf_of;
}

static bool has_cpu(const struct episode *episode, uint32_t cpu)
{
	for (uint32_t i = 0; i < episode->nr_cpus; i++)
		if (episode->cpus[i] == cpu)
			return true;
	return false;
}

/* The invariants of episode.h, checked here too: what an engine says of itself is not proof. */
static const char *law_broken_by(const struct episode *episode)
{
	uint64_t by_cause[CAUSE_NR] = { 0 };
	uint64_t by_charge[CAUSE_NR] = { 0 };
	uint64_t at = episode->began_at;

	for (uint32_t i = 0; i < episode->nr_charges; i++)
		by_charge[episode->charges[i].cause] += episode->charges[i].ns;
	if (memcmp(by_charge, episode->causes, sizeof(by_charge)))
		return "charges do not sum to causes";
	for (uint32_t i = 0; i < episode->nr_segments; i++) {
		const struct segment *segment = &episode->segments[i];

		if (segment->from_at != at || segment->to_at <= at)
			return "segments are not adjacent";
		if (i && is_same_charge(segment - 1, segment))
			return "equal neighbours";
		if (segment->culprit == CULPRIT_NONE)
			return "a segment without culprit";
		if (!has_cpu(episode, segment->cpu))
			return "a segment on a CPU that is not listed";
		by_cause[segment->cause] += segment->to_at - segment->from_at;
		at = segment->to_at;
	}
	if (episode->nr_segments && memcmp(by_cause, episode->causes, sizeof(by_cause)))
		return "segments do not sum to causes";
	if (episode->nr_segments && at != episode->ended_at)
		return "segments do not reach the end";
	at = episode->began_at;
	for (int i = 0; i < CAUSE_NR; i++)
		at += episode->causes[i];
	return at == episode->ended_at ? NULL : "causes do not sum to the wait";
}

static void print_flags(FILE *out, unsigned int flags)
{
	static const char *const words[] = { "open", "loss", "odd" };
	const char *separator = "";

	fputs(" flags=", out);
	if (!flags)
		fputc('-', out);
	for (unsigned int i = 0; i < 3; i++) {
		if (flags & (1u << i)) {
			fprintf(out, "%s%s", separator, words[i]);
			separator = ",";
		}
	}
}

static void print_work(FILE *out, const struct run *run, const struct episode *episode)
{
	if (!episode->work_function)
		return;
	fprintf(out, "  work %s queued_by=", names_get(run->names, episode->work_function));
	print_culprit(out, run->eng, episode->work_queued_by);
	fputs(episode->work_inferred ? " inferred\n" : "\n", out);
}

static void print_stacks(FILE *out, const struct run *run, const struct episode *episode)
{
	for (uint32_t i = 0; i < episode->nr_stacks; i++) {
		const struct episode_stack *stack = &episode->stacks[i];

		fprintf(out, "  stack %" PRIu64 " of ", stack->at);
		print_culprit(out, run->eng, stack->of);
		fputc(':', out);
		for (uint32_t frame = 0; frame < stack->nr_frames; frame++)
			fprintf(out, " %s", names_get(run->names, stack->frames[frame]));
		fputc('\n', out);
	}
}

static void print_episode(FILE *out, struct run *run, const struct episode *episode)
{
	struct engine_task task;
	const char *broken = law_broken_by(episode);

	if (broken)
		run->law_broken = broken;
	engine_task(run->eng, episode->task, &task);
	fprintf(out, "wait tid=%" PRId32 " comm=%s", episode->tid, task.comm);
	if (episode->prio != PRIO_UNKNOWN)
		fprintf(out, " prio=%" PRId32, episode->prio);
	fprintf(out, " cpu=%" PRIu32 " %" PRIu64 "..%" PRIu64 " = %" PRIu64, episode->cpu,
		episode->began_at, episode->ended_at, episode->ended_at - episode->began_at);
	if (episode->began_by == EPISODE_BEGAN_BY_WAKING) {
		fputs(" began=waking waker=", out);
		print_culprit(out, run->eng, episode->waker);
		fputs(episode->waker_inferred ? " inferred" : "", out);
	} else {
		fputs(" began=preemption", out);
	}
	print_flags(out, episode->flags);
	fputc('\n', out);
	for (uint32_t i = 0; i < episode->nr_segments; i++)
		print_segment(out, run->eng, &episode->segments[i]);
	if (episode->nr_folded)
		fprintf(out, "  folded %" PRIu32 " = %" PRIu64 "\n", episode->nr_folded,
			episode->folded_ns);
	print_work(out, run, episode);
	print_stacks(out, run, episode);
}

static void on_episode(const struct episode *episode, void *arg)
{
	struct run *run = arg;

	print_episode(run->out, run, episode);
}

static void on_open(const struct episode *episode, void *arg)
{
	struct run *run = arg;
	struct episode_line *line;
	size_t length;
	FILE *out;

	run->open = reallocarray(run->open, run->nr_open + 1, sizeof(*run->open));
	if (!run->open)
		abort();
	line = &run->open[run->nr_open++];
	*line = (struct episode_line) { .tid = episode->tid, .began_at = episode->began_at };
	out = open_memstream(&line->text, &length);
	if (!out)
		abort();
	print_episode(out, run, episode);
	fclose(out);
}

static void on_timerlat(const struct timerlat_activation *activation, void *arg)
{
	struct run *run = arg;
	FILE *out = run->out;

	fprintf(out, "timerlat cpu=%" PRIu32 " seq=%" PRIu32, activation->cpu, activation->seqnum);
	if (activation->tid != TID_UNKNOWN)
		fprintf(out, " tid=%" PRId32, activation->tid);
	if (activation->has_irq)
		fprintf(out, " arrival=%" PRIu64 " irq=%" PRIu64, activation->arrival_at,
			activation->irq_latency_ns);
	if (activation->has_thread)
		fprintf(out, " thread=%" PRIu64, activation->thread_latency_ns);
	if (activation->has_user)
		fprintf(out, " user=%" PRIu64, activation->user_latency_ns);
	fputc('\n', out);
	for (uint32_t i = 0; i < activation->nr_charges; i++) {
		const struct charge *charge = &activation->charges[i];

		fputs("  ", out);
		print_why(out, charge->cause, charge->reason);
		fputc(' ', out);
		print_culprit(out, run->eng, charge->culprit);
		fprintf(out, " = %" PRIu64 "\n", charge->ns);
	}
}

static int compare_lines(const void *left, const void *right)
{
	const struct episode_line *a = left, *b = right;

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	return (a->began_at > b->began_at) - (a->began_at < b->began_at);
}

static int compare_tasks(const void *left, const void *right)
{
	const struct engine_task *a = left, *b = right;

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static void print_facts(FILE *out, const struct engine_task *task, const struct directives *wanted)
{
	static const char *const words[] = { "no", "yes", "unknown" };

	if (task->before_trace_ns)
		fprintf(out, " before_trace=%" PRIu64, task->before_trace_ns);
	if (task->suspension.count)
		fprintf(out, " suspended=%" PRIu64 "x%" PRIu64 "(lock=%" PRIu64 ",flush=%" PRIu64
			",other=%" PRIu64 ")", task->suspension.count, task->suspension.ns,
			task->suspension.lock_ns, task->suspension.flush_ns,
			task->suspension.other_ns);
	if (wanted->show_run && task->run_ns)
		fprintf(out, " run=%" PRIu64, task->run_ns);
	if (wanted->show_activations && task->nr_activations)
		fprintf(out, " activations=%" PRIu64 " response=%" PRIu64 "(jitter=%" PRIu64
			",waits=%" PRIu64 ",execution=%" PRIu64 ",on_top=%" PRIu64
			",suspension=%" PRIu64 ")", task->nr_activations, task->response.max_ns,
			task->response.release_jitter_ns, task->response.waits_ns,
			task->response.execution_ns, task->response.on_top_ns,
			task->response.suspension_ns);
	if (wanted->show_kthread)
		fprintf(out, " kthread=%s", words[task->kthread]);
}

/* One line per thread that has a fact to tell. */
static void print_tasks(struct run *run, const struct directives *wanted)
{
	uint32_t nr = engine_nr_tasks(run->eng);
	__cleanup_free struct engine_task *tasks = calloc(nr ? nr : 1, sizeof(*tasks));

	if (!tasks)
		abort();
	for (uint32_t i = 0; i < nr; i++)
		engine_task(run->eng, i, &tasks[i]);
	qsort(tasks, nr, sizeof(*tasks), compare_tasks);
	for (uint32_t i = 0; i < nr; i++) {
		__cleanup_free char *facts = NULL;
		size_t length;
		FILE *out = open_memstream(&facts, &length);

		if (!out)
			abort();
		print_facts(out, &tasks[i], wanted);
		fclose(out);
		if (length)
			fprintf(run->out, "task tid=%" PRId32 " comm=%s%s\n", tasks[i].tid,
				tasks[i].comm, facts);
	}
}

static void print_end(struct run *run, const struct directives *wanted)
{
	static const char *const words[] = { "no", "yes", "unknown" };

	assert_int_equal(engine_for_each_open(run->eng, run->last_at, on_open, run), 0);
	if (run->nr_open)
		qsort(run->open, run->nr_open, sizeof(*run->open), compare_lines);
	for (size_t i = 0; i < run->nr_open; i++)
		fputs(run->open[i].text, run->out);
	print_tasks(run, wanted);
	if (wanted->show_rt)
		fprintf(run->out, "softirqs in threads: %s\n",
			words[engine_is_preempt_rt(run->eng)]);
	for (int anomaly = 0; anomaly < ANOMALY_NR; anomaly++) {
		uint64_t count = engine_anomaly(run->eng, anomaly);

		if (count)
			fprintf(run->out, "anomaly %s %" PRIu64 "\n", anomaly_name(anomaly), count);
	}
}

static bool read_tristate(const char *word, enum tristate *ret)
{
	if (strcmp(word, "yes") && strcmp(word, "no"))
		return false;
	*ret = strcmp(word, "yes") ? TRI_NO : TRI_YES;
	return true;
}

static bool read_show(char *words, struct directives *ret)
{
	char *rest = NULL;

	for (char *word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		if (!strcmp(word, "run"))
			ret->show_run = true;
		else if (!strcmp(word, "activations"))
			ret->show_activations = true;
		else if (!strcmp(word, "kthread"))
			ret->show_kthread = true;
		else if (!strcmp(word, "rt"))
			ret->show_rt = true;
		else
			return false;
	}
	return true;
}

static bool read_events(char *words, struct directives *ret)
{
	char *rest = NULL;

	for (char *word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		if (!strcmp(word, "sched"))
			ret->events_present |= EVENT_BIT(EVENT_SWITCH) | EVENT_BIT(EVENT_WAKING) |
					       EVENT_BIT(EVENT_WAKEUP) | EVENT_BIT(EVENT_WAKEUP_NEW) |
					       EVENT_BIT(EVENT_MIGRATE) | EVENT_BIT(EVENT_PI_SETPRIO);
		else if (!strcmp(word, "irq"))
			ret->events_present |= EVENT_BIT(EVENT_IRQ_ENTRY) | EVENT_BIT(EVENT_IRQ_EXIT) |
					       EVENT_BIT(EVENT_SOFTIRQ_ENTRY) |
					       EVENT_BIT(EVENT_SOFTIRQ_EXIT);
		else
			return false;
	}
	return true;
}

static bool read_directive(char *word, struct directives *ret)
{
	char *value = strchr(word, '=');

	if (!value)
		return false;
	*value++ = 0;
	if (!strcmp(word, "rt"))
		return read_tristate(value, &ret->is_preempt_rt);
	if (!strcmp(word, "reschedule"))
		return ret->has_reschedule = !strcmp(value, "yes");
	if (!strcmp(word, "fair_server"))
		return read_tristate(value, &ret->has_fair_server);
	if (!strcmp(word, "show"))
		return read_show(value, ret);
	if (!strcmp(word, "events"))
		return read_events(value, ret);
	if (strcmp(word, "segments_from"))
		return false;
	ret->segments_from_ns = strtoull(value, NULL, 10);
	return true;
}

static void read_directives(const char *path, struct directives *ret)
{
	__cleanup_fclose FILE *file = fopen(path, "r");
	__cleanup_free char *line = NULL;
	size_t size = 0;

	*ret = (struct directives) { .is_preempt_rt = TRI_UNKNOWN, .has_fair_server = TRI_UNKNOWN };
	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	while (getline(&line, &size, file) > 0) {
		char *rest = NULL;

		if (strncmp(line, "#!", 2))
			continue;
		for (char *word = strtok_r(line + 2, " \n", &rest); word;
		     word = strtok_r(NULL, " \n", &rest))
			if (!read_directive(word, ret))
				fail_msg("%s: unknown directive %s", path, word);
	}
}

/* Feed a source to a new engine; the report is returned as text that the caller frees. */
static char *report_of(struct source *src, struct names *names, const struct directives *wanted,
		       struct run *run)
{
	struct error err = { 0 };
	struct engine_config config = {
		.names = names,
		.facts.events_present = src->info.events_present | wanted->events_present,
		.facts.is_preempt_rt = wanted->is_preempt_rt,
		.facts.has_fair_server = wanted->has_fair_server,
		.facts.has_reschedule = wanted->has_reschedule,
		.segments_from_ns = wanted->segments_from_ns,
		.on_episode = on_episode,
		.on_timerlat = on_timerlat,
		.arg = run,
	};
	struct event event;
	char *text = NULL;
	size_t length;
	int more;

	*run = (struct run) { .names = names, .out = open_memstream(&text, &length) };
	assert_non_null(run->out);
	assert_int_equal(engine_create(&config, &run->eng), 0);
	while ((more = source_next(src, &event, &err)) > 0) {
		run->events = reallocarray(run->events, run->nr_events + 1, sizeof(event));
		assert_non_null(run->events);
		run->events[run->nr_events++] = event;
		if (event.at > run->last_at)
			run->last_at = event.at;
		assert_int_equal(engine_feed(run->eng, &event), 0);
	}
	if (more < 0)
		fail_msg("%s", err.text);
	assert_int_equal(engine_finish(run->eng), 0);
	print_end(run, wanted);
	fclose(run->out);
	engine_destroy(run->eng);
	for (size_t i = 0; i < run->nr_open; i++)
		free(run->open[i].text);
	free(run->open);
	return text;
}

/* The report of a case, by way of text; the events it decodes to, from memory, must give the same. */
static char *report_of_case(const char *name)
{
	__cleanup_free char *path = path_of(name, ".events");
	struct names *names = names_create();
	struct source_options options = { .names = names };
	struct directives wanted;
	struct source *src = NULL;
	struct error err = { 0 };
	struct run by_text, by_array;
	char *text, *again;
	int fd;

	assert_non_null(names);
	read_directives(path, &wanted);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (source_text_open(fd, path, &options, &src, &err) < 0)
		fail_msg("%s", err.text);
	text = report_of(src, names, &wanted, &by_text);
	source_close(src);
	if (by_text.law_broken)
		fail_msg("%s: %s\n%s", name, by_text.law_broken, text);
	assert_int_not_equal(by_text.nr_events, 0);

	assert_int_equal(source_array_open(by_text.events, by_text.nr_events, &src, &err), 0);
	again = report_of(src, names, &wanted, &by_array);
	source_close(src);
	assert_string_equal(text, again);
	free(again);
	free(by_text.events);
	free(by_array.events);
	names_destroy(names);
	return text;
}

static bool file_equals(const char *path, const char *text)
{
	__cleanup_fclose FILE *file = fopen(path, "r");
	__cleanup_free char *held = NULL;
	size_t size = 0;
	ssize_t length;

	if (!file)
		return false;
	length = getdelim(&held, &size, EOF, file);
	if (length < 0)
		return feof(file) && !*text;
	return (size_t)length == strlen(text) && !memcmp(held, text, strlen(text));
}

/* diff -u of the .report and what came out; a .report that is missing counts as empty. */
static void show_difference(const char *path, const char *text)
{
	const char *left = access(path, R_OK) ? "/dev/null" : path;
	FILE *actual = tmpfile();
	pid_t child;

	assert_non_null(actual);
	fputs(text, actual);
	rewind(actual);
	child = fork();
	if (child == 0) {
		dup2(fileno(actual), STDIN_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execlp("diff", "diff", "-u", left, "-", (char *)NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
	fclose(actual);
}

static void test_case(void **state)
{
	const char *name = *state;
	__cleanup_free char *path = path_of(name, ".report");
	__cleanup_free char *text = report_of_case(name);

	if (file_equals(path, text))
		return;
	show_difference(path, text);
	fail_msg("%s: not the expected report", name);
}

static int accept_case(const char *name)
{
	__cleanup_free char *path = path_of(name, ".report");
	__cleanup_free char *text = report_of_case(name);
	FILE *file;

	if (file_equals(path, text)) {
		printf("%s is as expected\n", name);
		return 0;
	}
	show_difference(path, text);
	file = fopen(path, "w");
	if (!file || fputs(text, file) < 0 || fclose(file)) {
		fprintf(stderr, "golden: %s: %s\n", path, strerror(errno));
		return 1;
	}
	printf("%s rewritten\n", path);
	return 0;
}

/* "tests/golden/x.events" to "x", in place */
static char *name_of(char *path)
{
	char *slash = strrchr(path, '/');

	path[strlen(path) - strlen(".events")] = 0;
	return slash ? slash + 1 : path;
}

static int run_all(void)
{
	__cleanup_free char *pattern = path_of("*", ".events");
	glob_t found;
	int failed;

	if (glob(pattern, 0, NULL, &found)) {
		fprintf(stderr, "golden: no cases: %s\n", pattern);
		return 1;
	}
	{
		struct CMUnitTest tests[found.gl_pathc];

		for (size_t i = 0; i < found.gl_pathc; i++) {
			char *name = name_of(found.gl_pathv[i]);

			tests[i] = (struct CMUnitTest) {
				.name = name, .test_func = test_case, .initial_state = name,
			};
		}
		failed = _cmocka_run_group_tests("golden", tests, found.gl_pathc, NULL, NULL);
	}
	globfree(&found);
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 == argc)
			goto usage;
		if (!strcmp(argv[i], "--dir"))
			golden_dir = argv[i + 1];
		else if (!strcmp(argv[i], "--filter"))
			cmocka_set_test_filter(argv[i + 1]);
		else if (!strcmp(argv[i], "--accept"))
			return accept_case(argv[i + 1]);
		else
			goto usage;
	}
	return run_all();
usage:
	fputs("usage: golden [--dir DIR] [--filter PATTERN | --accept CASE]\n", stderr);
	return 1;
}
