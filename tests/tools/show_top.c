// SPDX-License-Identifier: GPL-2.0-only
/*
 * show_top [--bench N] SCENE...: the screen of `rtla-stall top`, as it is, over traces instead of a
 * machine. For tests/cli/screens.t, and for looking at it.
 *
 * A scene is a trace of any kind, shown as it stands at its end. A text may say in its comments what no
 * trace tells:
 *
 *     #: phase proc waiting for CPU 3          also live (default), ended
 *     #: until 9.5s                            trace time of the snapshot; default: the last event
 *     #: stall 10ms                            also threshold, elapsed, since (stalls are counted)
 *     #: hits 3                                also unreported, events, own (per mille), lost, wall (s)
 *     #: kernel 6.1.0-56-rt-amd64              also saved, tracer
 *     #: cpu 3 policy=RR irqs=1000 switches=2 lost=5 isolated offline why=the rest of the line
 *     #: found 1s ready 3 99 120 kworker/3:1   before the trace; at, what, CPU, tid, prio, comm
 *     #: many 5000 1000                        so many threads on so many CPUs, each waiting
 *
 * Asked for something new ('r'), it goes on to the next scene. What a scene needed is freed as soon as
 * the screen has it. --bench shows the first scene N times, and prints the CPU time that took.
 */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "monitor/snapshot.h"
#include "source/source.h"
#include "stats/longest.h"
#include "stats/tally.h"
#include "util/error.h"
#include "util/names.h"
#include "util/parse.h"
#include "view/top_screen.h"

#define ROOM (64u << 20)
#define MAX_CPUS 2048u

struct scene {
	struct names *names;		/* lives on: the view may keep it */
	struct source_info info;
	struct engine *engine;
	struct tally tally;
	struct longest *stalls;
	struct longest *waits;
	struct snapshot snapshot;
	bool is_open;			/* what comes from the engine now is open waits */
	bool has_until;
	uint32_t many_threads;
	uint32_t many_cpus;
	uint64_t irqs[MAX_CPUS];
	uint64_t switches[MAX_CPUS];
	char kernel[128];
	char tracer[32];
	char *whys[MAX_CPUS];
};

static void die(const char *what, const char *words)
{
	fprintf(stderr, "show_top: %s: %s\n", what, words);
	exit(1);
}

static void check(int result, const char *what)
{
	if (result)
		die(what, strerror(-result));
}

static void on_episode(const struct episode *episode, void *arg)
{
	struct scene *scene = arg;

	check(tally_add(&scene->tally, episode), "tally");
	if (episode->ended_at - episode->began_at >= scene->snapshot.stall_ns)
		check(longest_add(scene->stalls, episode), "stalls");
	if (scene->is_open)
		check(longest_add(scene->waits, episode), "waits");
}

static void feed(struct scene *scene, const struct event *event)
{
	if (event->cpu < MAX_CPUS) {
		scene->irqs[event->cpu] += event->type == EVENT_IRQ_ENTRY;
		scene->switches[event->cpu] += event->type == EVENT_SWITCH;
	}
	check(engine_feed(scene->engine, event), "engine");
	scene->info.last_at = event->at > scene->info.last_at ? event->at : scene->info.last_at;
}

/*
 * ---- what no trace tells ----------------------------------------------------------------------
 */

static uint64_t time_of(const char *text)
{
	uint64_t ns;

	if (parse_time(text, 0, &ns))
		die(text, "is no time");
	return ns;
}

static void copy_words(char *to, size_t size, const char *words)
{
	snprintf(to, size, "%s", words);
}

static void say_phase(struct snapshot *snapshot, const char *words)
{
	snapshot->phase = !strncmp(words, "proc", 4) ? SNAPSHOT_PROC :
			  !strncmp(words, "ended", 5) ? SNAPSHOT_ENDED : SNAPSHOT_LIVE;
	copy_words(snapshot->phase_words, sizeof(snapshot->phase_words),
		   strchr(words, ' ') ? strchr(words, ' ') + 1 : "");
}

static void say_number(struct snapshot *snapshot, const char *what, const char *words)
{
	const struct {
		const char *name;
		uint64_t *number;
		bool is_time;
	} numbers[] = {
		{ "until", &snapshot->now_at, true }, { "stall", &snapshot->stall_ns, true },
		{ "threshold", &snapshot->threshold_ns, true }, { "elapsed", &snapshot->elapsed_ns, true },
		{ "hits", &snapshot->nr_hits, false }, { "lost", &snapshot->lost_events, false },
		{ "unreported", &snapshot->nr_hits_unreported, false },
		{ "since", &snapshot->stalls_from_at, true },
		{ "events", &snapshot->events_per_s, false },
		{ "own", &snapshot->own_cpu_per_mille, false },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (strcmp(what, numbers[i].name))
			continue;
		*numbers[i].number = numbers[i].is_time ? time_of(words) : strtoull(words, NULL, 10);
		return;
	}
	die(what, "is no directive");
}

static void say_found(struct scene *scene, const char *words)
{
	struct event event = { .tid = TID_UNKNOWN };
	char at[32], what[16], comm[64];

	if (sscanf(words, "%31s %15s %" SCNu32 " %" SCNd32 " %" SCNd32 " %63[^\n]", at, what, &event.cpu,
		   &event.found.tid, &event.found.prio, comm) != 6)
		die("found", words);
	event.at = time_of(at);
	event.type = strcmp(what, "ready") ? EVENT_FOUND_RUNNING : EVENT_FOUND_READY;
	memcpy(event.found.comm, comm, strnlen(comm, COMM_LEN - 1));
	feed(scene, &event);
}

static void say(struct scene *scene, const char *what, const char *words)
{
	struct snapshot *snapshot = &scene->snapshot;

	if (!strcmp(what, "phase"))
		say_phase(snapshot, words);
	else if (!strcmp(what, "kernel"))
		copy_words(scene->kernel, sizeof(scene->kernel), words);
	else if (!strcmp(what, "saved"))
		copy_words(snapshot->saved_path, sizeof(snapshot->saved_path), words);
	else if (!strcmp(what, "tracer"))
		copy_words(scene->tracer, sizeof(scene->tracer), words);
	else if (!strcmp(what, "wall"))
		wall_note(&snapshot->wall, 0, strtoll(words, NULL, 10) * 1000000000);
	else if (!strcmp(what, "found"))
		say_found(scene, words);
	else if (!strcmp(what, "many"))
		sscanf(words, "%" SCNu32 " %" SCNu32, &scene->many_threads, &scene->many_cpus);
	else if (strcmp(what, "cpu"))
		say_number(snapshot, what, words);
	scene->has_until |= !strcmp(what, "until");
}

/* Calls @on_line for each line "#: what words". Return: whether there are other lines, too */
static bool for_each_directive(struct scene *scene, const char *path,
			       void (*on_line)(struct scene *, const char *what, const char *words))
{
	char line[1024], what[32];
	FILE *file = fopen(path, "r");
	bool has_trace = false;

	if (!file)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		int at = 0;

		line[strcspn(line, "\n")] = '\0';
		has_trace |= *line != '#' && *line;
		if (sscanf(line, "#: %31s %n", what, &at) == 1 && at)
			on_line(scene, what, line + at);
	}
	fclose(file);
	return has_trace;
}

static void say_cpu(struct scene *scene, const char *what, const char *words)
{
	static const char *const policies[] = { "FIFO", "RR", "DEADLINE", "OTHER", "BATCH", "IDLE", "EXT" };
	struct snapshot *snapshot = &scene->snapshot;
	uint32_t number = (uint32_t)strtoul(words, NULL, 10);
	const char *why = strstr(words, "why="), *at;
	struct snapshot_cpu *cpu;

	if (strcmp(what, "cpu") || number >= snapshot->nr_cpus)
		return;
	cpu = &snapshot->cpus[number];
	cpu->is_isolated = strstr(words, " isolated");
	cpu->is_online = !strstr(words, " offline");
	cpu->irqs_per_s = (at = strstr(words, "irqs=")) ? strtoull(at + 5, NULL, 10) : cpu->irqs_per_s;
	cpu->switches_per_s = (at = strstr(words, "switches=")) ? strtoull(at + 9, NULL, 10) :
			      cpu->switches_per_s;
	cpu->lost_events = (at = strstr(words, "lost=")) ? strtoull(at + 5, NULL, 10) : 0;
	cpu->nr_waits += (at = strstr(words, "others=")) ? (uint32_t)strtoul(at + 7, NULL, 10) : 0;
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		at = strstr(words, "policy=");
		if (at && !strncmp(at + 7, policies[i], strlen(policies[i])))
			cpu->policy = policies[i];
	}
	if (why) {
		free(scene->whys[number]);
		scene->whys[number] = strdup(why + 4);
		cpu->why = scene->whys[number];
	}
}

/*
 * ---- from a trace to a snapshot ---------------------------------------------------------------
 */

static void feed_many(struct scene *scene)
{
	for (uint32_t i = 0; i < scene->many_threads + scene->many_cpus; i++) {
		bool is_waiter = i >= scene->many_cpus;
		struct event event = {
			.at = 1000000000 + (uint64_t)i * 100000,
			.cpu = i % scene->many_cpus,
			.tid = TID_UNKNOWN,
			.type = is_waiter ? EVENT_FOUND_READY : EVENT_FOUND_RUNNING,
			.found = { .tid = (int32_t)(1000 + i), .prio = is_waiter ? 120 : 44 },
		};

		snprintf(event.found.comm, COMM_LEN, is_waiter ? "kw/%u" : "hog/%u", i % 100000);
		feed(scene, &event);
	}
}

static void feed_trace(struct scene *scene, const char *path)
{
	struct source_options options = { .names = scene->names };
	static const volatile sig_atomic_t never;
	struct source *source;
	struct event event;
	struct error err;
	int result;

	options.is_interrupted = &never;
	if (source_open(path, &options, &source, &err))
		die(path, err.text);
	while ((result = source_next(source, &event, &err)) > 0)
		feed(scene, &event);
	if (result)
		die(path, err.text);
	scene->info = source->info;
	source_close(source);
}

static bool is_selected(const struct engine_task *task, bool has_waits, const void *arg)
{
	(void)has_waits;
	(void)arg;
	return task->tid != 0;
}

static uint64_t per_second(const struct scene *scene, uint64_t nr)
{
	uint64_t ns = scene->info.last_at - scene->info.first_at;

	return ns ? (uint64_t)((unsigned __int128)nr * 1000000000 / ns) : 0;
}

static void fill_cpus(struct scene *scene)
{
	struct snapshot *snapshot = &scene->snapshot;
	uint32_t nr = engine_nr_cpus(scene->engine);

	snapshot->nr_cpus = nr < MAX_CPUS ? nr : MAX_CPUS;
	snapshot->cpus = calloc(snapshot->nr_cpus + 1u, sizeof(*snapshot->cpus));
	for (uint32_t i = 0; i < snapshot->nr_cpus; i++) {
		struct snapshot_cpu *cpu = &snapshot->cpus[i];
		struct engine_cpu known;

		*cpu = (struct snapshot_cpu){ .cpu = i, .is_online = true, .policy = "", .why = "",
					      .occupant.name = "", .on_top.name = "",
					      .irqs_per_s = per_second(scene, scene->irqs[i]),
					      .switches_per_s = per_second(scene, scene->switches[i]) };
		if (!engine_cpu(scene->engine, i, &known)) {
			cpu->why = "nothing was recorded of it";
			continue;
		}
		cpu->occupant = engine_culprit(scene->engine, known.occupant);
		cpu->is_known = cpu->occupant.kind != CULPRIT_UNKNOWN;
		cpu->prio = known.prio;
		cpu->policy = known.prio == PRIO_UNKNOWN ? "" : known.prio < 0 ? "DEADLINE" :
			      known.prio < 100 ? "FIFO" : "OTHER";
		cpu->since_at = known.since_at;
		cpu->is_since_known = known.is_since_known;
		cpu->has_on_top = known.on_top != CULPRIT_NONE;
		if (cpu->has_on_top)
			cpu->on_top = engine_culprit(scene->engine, known.on_top);
		cpu->nr_waits = known.nr_waits;
	}
}

static void fill_waits(struct scene *scene)
{
	struct snapshot *snapshot = &scene->snapshot;
	const struct summary *summary = &snapshot->summary;
	const struct episode *const *waits;
	size_t nr = longest_sort(scene->waits, &waits);

	snapshot->states = calloc(summary->nr_threads + 1u, 1);
	snapshot->wait_of_thread = calloc(summary->nr_threads + 1u, sizeof(uint32_t));
	snapshot->waits = calloc(nr + 1, sizeof(*snapshot->waits));
	for (uint32_t i = 0; i < summary->nr_threads; i++) {
		snapshot->states[i] = summary->threads[i].task.state;
		snapshot->wait_of_thread[i] = UINT32_MAX;
		for (uint32_t k = 0; k < nr; k++) {
			if (waits[k]->task != summary->threads[i].task.index)
				continue;
			snapshot->wait_of_thread[i] = k;
			snapshot->waits[k] = (struct snapshot_wait){ waits[k], i,
								     summary->threads[i].task.prio };
		}
	}
	snapshot->nr_waits = (uint32_t)nr;
}

static void fill(struct scene *scene)
{
	struct summary_selection selection = { .is_selected = is_selected };
	struct snapshot *snapshot = &scene->snapshot;

	if (!scene->has_until)
		snapshot->now_at = scene->info.last_at;
	check(engine_finish(scene->engine), "engine");
	scene->is_open = true;
	check(engine_for_each_open(scene->engine, snapshot->now_at, on_episode, scene), "engine");
	check(summary_init(&snapshot->summary, scene->engine, &scene->tally, scene->stalls, &selection),
	      "summary");
	snapshot->nr_stalls = snapshot->summary.nr_stalls;
	fill_waits(scene);
	fill_cpus(scene);
	if (*scene->kernel)
		copy_words(scene->info.kernel, sizeof(scene->info.kernel), scene->kernel);
	snapshot->doc = (struct document){
		.command = "top", .version = "0", .source = &scene->info, .summary = &snapshot->summary,
		.names = scene->names, .is_preempt_rt = engine_is_preempt_rt(scene->engine),
		.last_at = snapshot->now_at, .stall_ns = snapshot->stall_ns,
		.tracer = *scene->tracer ? scene->tracer : NULL,
	};
	document_find_missing(&snapshot->doc, engine_seen(scene->engine));
	for (int i = 0; i < ANOMALY_NR; i++)
		document_add_anomaly(&snapshot->doc, anomaly_name(i), engine_anomaly(scene->engine, i));
}

static void load(struct scene *scene, const char *path, uint64_t stall_ns)
{
	struct names *names = scene->names ? scene->names : names_create();
	struct engine_config config = { .names = names, .segments_from_ns = 0, .on_episode = on_episode,
					.arg = scene };
	bool has_trace;

	*scene = (struct scene){ .names = names, .snapshot = { .stall_ns = 10000000,
				 .phase = SNAPSHOT_LIVE, .elapsed_ns = 93000000000 } };
	scene->stalls = longest_create(ROOM, ROOM);
	scene->waits = longest_create(ROOM, ROOM);
	config.facts.has_fair_server = TRI_UNKNOWN;
	config.facts.is_preempt_rt = TRI_UNKNOWN;
	check(engine_create(&config, &scene->engine), "engine");
	tally_init(&scene->tally, 0);
	has_trace = for_each_directive(scene, path, say);
	if (stall_ns)
		scene->snapshot.stall_ns = stall_ns;
	if (scene->many_cpus)
		feed_many(scene);
	if (has_trace)
		feed_trace(scene, path);
	fill(scene);
	for_each_directive(scene, path, say_cpu);
}

static void unload(struct scene *scene)
{
	struct snapshot *snapshot = &scene->snapshot;

	for (uint32_t i = 0; i < MAX_CPUS; i++)
		free(scene->whys[i]);
	free(snapshot->states);
	free(snapshot->wait_of_thread);
	free(snapshot->waits);
	free(snapshot->cpus);
	summary_deinit(&snapshot->summary);
	tally_deinit(&scene->tally);
	longest_destroy(scene->stalls);
	longest_destroy(scene->waits);
	engine_destroy(scene->engine);
}

/*
 * ---- the loop ---------------------------------------------------------------------------------
 */

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void bench(struct scene *scene, struct view *view, uint32_t rounds)
{
	uint64_t worst_ns = 0, began_at = cpu_ns(), ns;

	for (uint32_t i = 0; i < rounds; i++) {
		uint64_t at = cpu_ns();

		scene->snapshot.now_at += 1000000;
		view->ops->show(view->self, &scene->snapshot);
		if (cpu_ns() - at > worst_ns)
			worst_ns = cpu_ns() - at;
	}
	ns = (cpu_ns() - began_at) / rounds;
	view->ops->close(view->self);
	printf("%" PRIu32 " threads, %" PRIu32 " waits, %" PRIu32 " CPUs: %" PRIu64 " us on average, %"
	       PRIu64 " us of CPU time at worst\n", scene->snapshot.summary.nr_threads,
	       scene->snapshot.nr_waits, scene->snapshot.nr_cpus, ns / 1000, worst_ns / 1000);
}

static void run(struct scene *scene, struct view *view, char **paths, int nr_paths)
{
	uint64_t stall_ns = 0;
	int at = 0;

	for (;;) {
		struct pollfd fd = { .fd = view->fd, .events = POLLIN };
		enum view_wish wish;

		/* Not for ever: a resize just before this wakes nobody. */
		if (poll(&fd, 1, 100) < 0 && errno != EINTR)
			die("poll", strerror(errno));
		while ((wish = view->ops->key(view->self)) != VIEW_WISH_NOTHING) {
			if (wish == VIEW_WISH_QUIT)
				return;
			if (wish == VIEW_WISH_SAVE) {
				view->ops->say(view->self, "saved to stall_trace.dat");
				continue;
			}
			if (wish == VIEW_WISH_REFRESH && at + 1 < nr_paths)
				at++;
			if (wish == VIEW_WISH_STALL_UP)
				stall_ns = scene->snapshot.stall_ns * 2;
			if (wish == VIEW_WISH_STALL_DOWN)
				stall_ns = scene->snapshot.stall_ns / 2;
			load(scene, paths[at], stall_ns);
			view->ops->show(view->self, &scene->snapshot);
			stall_ns = scene->snapshot.stall_ns;
			unload(scene);
			scene->snapshot.stall_ns = stall_ns;
		}
	}
}

int main(int argc, char **argv)
{
	const char *no_colour = getenv("NO_COLOR");
	struct top_screen_config config = { .refresh_ns = 1000000000 };
	static struct scene scene;
	uint32_t rounds = 0;
	struct view view;
	struct error err;

	setlocale(LC_CTYPE, "");
	config.has_colour = !no_colour || !*no_colour;
	config.is_utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (argc > 2 && !strcmp(argv[1], "--bench")) {
		rounds = (uint32_t)strtoul(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	if (argc < 2)
		die("usage", "show_top [--bench N] SCENE...");
	load(&scene, argv[1], 0);
	if (top_screen_open(&config, &view, &err))
		die("top", err.text);
	if (rounds) {
		bench(&scene, &view, rounds);
	} else {
		view.ops->show(view.self, &scene.snapshot);
		unload(&scene);
		run(&scene, &view, argv + 1, argc - 1);
		view.ops->close(view.self);
	}
	names_destroy(scene.names);
	return 0;
}
