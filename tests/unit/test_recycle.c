// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two engines hear the same history, with many threads that do not live long. One is recycled all the time,
 * the other never: whatever they say of threads that matter is the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "engine/recycle.h"
#include "stats/columns.h"
#include "stats/longest.h"
#include "stats/summary.h"
#include "stats/tally.h"
#include "stats/timers.h"
#include "util/names.h"

enum {
	NR_CPUS = 3,
	NR_KERNEL = 6,
	NR_LASTING = 4, /* user threads that live on */
	NR_THREADS = 40,
	NR_STEPS = 20000,
	NR_HISTORIES = 6,
	STALL_NS = 400,
	TEXT_MAX = 1 << 20,
	NR_FLOOD = 1000000, /* threads, one after the other */
	PILE = 4096 /* of them are recycled at once */
};

/* ---- an engine and what is kept of what it says ----------------------------------------------- */

struct bed {
	struct engine *eng;
	struct tally tally;
	struct columns columns;
	struct longest *longest;
	struct timers timers;
	enum recycle_verdict verdict; /* over dead user threads */
	char *text; /* what it said since it was last asked */
	size_t used;
	uint64_t nr_recycled;
};

struct part {
	char who[48];
	uint8_t cause;
	uint8_t reason;
	uint64_t ns;
};

static void say(struct bed *bed, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct bed *bed, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	bed->used += (size_t)vsnprintf(bed->text + bed->used, TEXT_MAX - bed->used, format, args);
	va_end(args);
	assert_true(bed->used < TEXT_MAX);
}

/* Threads by their name alone: those that have ended are not told apart. */
static void name_culprit(const struct engine *eng, uint32_t number, char ret[48])
{
	struct culprit who = { .kind = CULPRIT_UNKNOWN, .name = "" };

	if (number != CULPRIT_NONE)
		who = engine_culprit(eng, number);
	snprintf(ret, 48, "%d/%s/%d", number == CULPRIT_NONE ? -1 : (int)who.kind, who.name,
		 who.kind == CULPRIT_THREAD ? 0 : who.id);
}

static int by_who(const void *a, const void *b)
{
	const struct part *left = a, *right = b;
	int order = strcmp(left->who, right->who);

	if (order)
		return order;
	return left->reason != right->reason ? left->reason - right->reason :
					       left->cause - right->cause;
}

static uint32_t join(struct part *parts, uint32_t nr)
{
	uint32_t nr_left = 0;

	if (nr)
		qsort(parts, nr, sizeof(*parts), by_who);
	for (uint32_t i = 0; i < nr; i++) {
		if (nr_left && !by_who(&parts[nr_left - 1], &parts[i]))
			parts[nr_left - 1].ns += parts[i].ns;
		else
			parts[nr_left++] = parts[i];
	}
	return nr_left;
}

static void say_charges(struct bed *bed, const struct charge *charges, uint32_t nr)
{
	struct part *parts = calloc(nr + 1u, sizeof(*parts));

	assert_non_null(parts);
	for (uint32_t i = 0; i < nr; i++) {
		name_culprit(bed->eng, charges[i].culprit, parts[i].who);
		parts[i].cause = charges[i].cause;
		parts[i].reason = charges[i].reason;
		parts[i].ns = charges[i].ns;
	}
	nr = join(parts, nr);
	for (uint32_t i = 0; i < nr; i++)
		say(bed, "  %s %d %d %llu\n", parts[i].who, parts[i].cause, parts[i].reason,
		    (unsigned long long)parts[i].ns);
	free(parts);
}

static void say_segments(struct bed *bed, const struct episode *episode)
{
	char before[160] = "";

	for (uint32_t i = 0; i < episode->nr_segments; i++) {
		const struct segment *segment = &episode->segments[i];
		char who[48], of[48], line[160];

		name_culprit(bed->eng, segment->culprit, who);
		name_culprit(bed->eng, segment->on_behalf_of, of);
		snprintf(line, sizeof(line), "%s for %s cpu%u %d", who, of, segment->cpu,
			 segment->reason);
		if (strcmp(line, before))
			say(bed, "  %llu %s\n", (unsigned long long)segment->from_at, line);
		memcpy(before, line, sizeof(before));
	}
}

static void say_episode(struct bed *bed, const struct episode *episode)
{
	char waker[48], queued_by[48];

	name_culprit(bed->eng, episode->waker, waker);
	name_culprit(bed->eng, episode->work_queued_by, queued_by);
	say(bed,
	    "%d %llu..%llu prio %d cpu%u by %d flags %d waker %s %d work %u of %s folded %llu\n",
	    episode->tid, (unsigned long long)episode->began_at,
	    (unsigned long long)episode->ended_at, episode->prio, episode->cpu, episode->began_by,
	    episode->flags, waker, episode->waker_inferred, episode->work_function, queued_by,
	    (unsigned long long)episode->folded_ns);
	say_charges(bed, episode->charges, episode->nr_charges);
	say_segments(bed, episode);
	for (uint32_t i = 0; i < episode->nr_stacks; i++) {
		name_culprit(bed->eng, episode->stacks[i].of, waker);
		say(bed, "  stack of %s\n", waker);
	}
}

static void on_episode(const struct episode *episode, void *arg)
{
	struct bed *bed = arg;

	say_episode(bed, episode);
	assert_int_equal(tally_add(&bed->tally, episode), 0);
	assert_int_equal(columns_add_wait(&bed->columns, episode->task, episode), 0);
	if (episode->ended_at - episode->began_at >= STALL_NS)
		assert_int_equal(longest_add(bed->longest, episode), 0);
}

static void on_open(const struct episode *episode, void *arg)
{
	say_episode(arg, episode);
}

static void on_timerlat(const struct timerlat_activation *activation, void *arg)
{
	struct bed *bed = arg;

	say(bed, "timerlat %u\n", activation->seqnum);
	say_charges(bed, activation->charges, activation->nr_charges);
	assert_int_equal(timers_add(&bed->timers, activation), 0);
}

static void set_up(struct bed *bed, const struct names *names, enum recycle_verdict verdict)
{
	const struct engine_config config = {
		.names = names,
		.segments_from_ns = 100,
		.facts.is_preempt_rt = TRI_NO,
		.on_episode = on_episode,
		.on_timerlat = on_timerlat,
		.arg = bed,
	};

	*bed = (struct bed){ .verdict = verdict };
	bed->text = calloc(1, TEXT_MAX);
	bed->longest = longest_create(64u << 20, 64u << 20);
	tally_init(&bed->tally, STALL_NS);
	columns_init(&bed->columns, COLUMNS_OF_THREADS, 10, 1000);
	assert_non_null(bed->text);
	assert_non_null(bed->longest);
	assert_int_equal(engine_create(&config, &bed->eng), 0);
}

static void tear_down(struct bed *bed)
{
	engine_destroy(bed->eng);
	tally_deinit(&bed->tally);
	columns_deinit(&bed->columns);
	longest_destroy(bed->longest);
	timers_deinit(&bed->timers);
	free(bed->text);
}

static enum recycle_verdict judge(const struct engine_task *task, void *arg)
{
	const struct bed *bed = arg;

	assert_true(task->is_dead && task->tid > 0 && !task->nr_gone);
	return task->kthread == TRI_NO ? bed->verdict : RECYCLE_KEEP;
}

static void recycle(struct bed *bed)
{
	struct recycle_map map;

	assert_int_equal(recycle_dead(bed->eng, judge, bed, &map), 0);
	assert_int_equal(tally_recycle(&bed->tally, &map), 0);
	assert_int_equal(columns_recycle(&bed->columns, &map), 0);
	assert_int_equal(longest_recycle(bed->longest, &map), 0);
	timers_recycle(&bed->timers, &map);
	bed->nr_recycled += map.nr_recycled;
	recycle_map_deinit(&map);
}

/* ---- a history -------------------------------------------------------------------------------- */

enum { ABSENT, ASLEEP, READY, RUNNING };

struct thread {
	int32_t tid;
	int32_t prio;
	int state;
	uint32_t cpu;
	char comm[COMM_LEN];
};

struct world {
	struct bed recycled;
	struct bed plain;
	uint64_t random;
	uint64_t at;
	uint32_t drops_of_1000; /* records that are not there */
	uint32_t nr_tids; /* of threads that come and go: how soon a tid is used again */
	uint32_t next_tid;
	uint32_t name;
	int on[NR_CPUS]; /* index of a thread; -1 idle */
	struct thread threads[NR_THREADS];
};

static uint32_t below(struct world *world, uint32_t limit)
{
	world->random =
		world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(world->random >> 33) % limit;
}

static void compare(struct world *world)
{
	assert_string_equal(world->recycled.text, world->plain.text);
	world->recycled.used = world->plain.used = 0;
	*world->recycled.text = *world->plain.text = '\0';
}

static int32_t tid_on(const struct world *world, uint32_t cpu)
{
	return world->on[cpu] < 0 ? 0 : world->threads[world->on[cpu]].tid;
}

static void emit(struct world *world, uint32_t cpu, uint8_t type, struct event event)
{
	world->at += below(world, 40);
	if (below(world, 1000) < world->drops_of_1000)
		return;
	event.at = world->at;
	event.cpu = cpu;
	event.type = type;
	event.tid = tid_on(world, cpu);
	event.flags = EVENT_HAS_FLAGS | EVENT_FLAG_IRQS_OFF;
	assert_int_equal(engine_feed(world->recycled.eng, &event), 0);
	assert_int_equal(engine_feed(world->plain.eng, &event), 0);
	compare(world);
	if (!below(world, 30))
		recycle(&world->recycled);
}

static void set_comm(char ret[COMM_LEN], const char *comm)
{
	snprintf(ret, COMM_LEN, "%s", comm);
}

static void wake(struct world *world, uint32_t cpu, struct thread *thread, uint8_t type)
{
	struct event event = { .wake = { .tid = thread->tid, .prio = thread->prio } };

	if (type == EVENT_WAKEUP)
		event.wake.target_cpu = thread->cpu = below(world, NR_CPUS);
	else
		event.wake.target_cpu = thread->cpu;
	set_comm(event.wake.comm, thread->comm);
	emit(world, cpu, type, event);
}

static void fork_one(struct world *world, uint32_t cpu)
{
	static const char *const comms[] = { "sh", "cc1", "make", "sed", "" };
	const struct thread *parent = world->on[cpu] < 0 ? NULL : &world->threads[world->on[cpu]];
	struct event event = { 0 };
	uint32_t i = NR_KERNEL + NR_LASTING;

	while (i < NR_THREADS && world->threads[i].state != ABSENT)
		i++;
	if (!parent || i == NR_THREADS)
		return;
	world->threads[i] = (struct thread){
		.tid = 1000 + (int32_t)(world->next_tid++ % world->nr_tids),
		.prio = below(world, 4) ? 120 : (int32_t)below(world, 99),
		.state = READY,
		.cpu = below(world, NR_CPUS),
	};
	set_comm(world->threads[i].comm, comms[below(world, 5)]);
	event.fork.parent_tid = parent->tid;
	event.fork.tid = world->threads[i].tid;
	set_comm(event.fork.comm, world->threads[i].comm);
	emit(world, cpu, EVENT_FORK, event);
	wake(world, cpu, &world->threads[i], EVENT_WAKEUP_NEW);
}

static void wake_one(struct world *world, uint32_t cpu)
{
	struct thread *thread = &world->threads[below(world, NR_THREADS)];

	if (thread->state != ASLEEP)
		return;
	if (!strncmp(thread->comm, "kworker/", 8))
		emit(world, cpu, EVENT_WORK_QUEUE,
		     (struct event){ .work = { .work = 1 + below(world, 4),
					       .function = world->name,
					       .cpu = thread->cpu } });
	wake(world, cpu, thread, EVENT_WAKING);
	wake(world, cpu, thread, EVENT_WAKEUP);
	thread->state = READY;
}

static int next_of(struct world *world, uint32_t cpu)
{
	uint32_t from = below(world, NR_THREADS);

	for (uint32_t i = 0; i < NR_THREADS; i++) {
		const struct thread *thread = &world->threads[(from + i) % NR_THREADS];

		if (thread->state == READY && thread->cpu == cpu)
			return (int)((from + i) % NR_THREADS);
	}
	return -1;
}

static void switch_to_next(struct world *world, uint32_t cpu)
{
	struct thread *prev = world->on[cpu] < 0 ? NULL : &world->threads[world->on[cpu]];
	int next = next_of(world, cpu);
	bool is_short = world->on[cpu] >= NR_KERNEL + NR_LASTING;
	struct event event = { .sw = { .prev_prio = 120, .next_prio = 120, .left = LEFT_READY } };

	if (next < 0 && !prev)
		return;
	if (prev) {
		event.sw.left = is_short && below(world, 3) ?
					LEFT_DEAD :
					(uint8_t[]){ LEFT_READY, LEFT_SLEEPING,
						     LEFT_SUSPENDED }[below(world, 3)];
		prev->state = event.sw.left == LEFT_DEAD  ? ABSENT :
			      event.sw.left == LEFT_READY ? READY :
							    ASLEEP;
		event.sw.prev_tid = prev->tid;
		event.sw.prev_prio = prev->prio;
		set_comm(event.sw.prev_comm, prev->comm);
	}
	if (next >= 0) {
		event.sw.next_tid = world->threads[next].tid;
		event.sw.next_prio = world->threads[next].prio;
		set_comm(event.sw.next_comm, world->threads[next].comm);
		world->threads[next].state = RUNNING;
	}
	emit(world, cpu, EVENT_SWITCH, event);
	world->on[cpu] = next;
}

static void interrupt(struct world *world, uint32_t cpu)
{
	struct event event = { .irq = { .number = (int32_t)below(world, 3), .name = world->name } };

	if (below(world, 2)) {
		event.irq.duration_ns = below(world, 60);
		emit(world, cpu, below(world, 2) ? EVENT_IRQ_NOISE : EVENT_NMI_NOISE, event);
		return;
	}
	emit(world, cpu, EVENT_IRQ_ENTRY, event);
	wake_one(world, cpu);
	emit(world, cpu, EVENT_IRQ_EXIT, event);
}

static void lend(struct world *world, uint32_t cpu)
{
	const struct thread *thread = &world->threads[below(world, NR_THREADS)];
	struct event event = { .pi = { .tid = thread->tid, .old_prio = thread->prio } };

	if (thread->state == ABSENT || world->on[cpu] < 0)
		return;
	event.pi.new_prio = (int32_t)below(world, 99);
	set_comm(event.pi.comm, thread->comm);
	emit(world, cpu, EVENT_PI_SETPRIO, event);
}

static void others(struct world *world, uint32_t cpu)
{
	struct thread *thread = &world->threads[below(world, NR_THREADS)];
	struct event event = { 0 };

	switch (below(world, 5)) {
	case 0:
		event.timerlat.seqnum = below(world, 3);
		event.timerlat.context = below(world, 2);
		event.timerlat.timer_latency_ns = below(world, 3000);
		emit(world, cpu, EVENT_TIMERLAT, event);
		break;
	case 1:
		event.stack.nr_frames = 1;
		emit(world, cpu, EVENT_STACK, event);
		break;
	case 2:
		if (thread->state != READY)
			break;
		event.migrate.tid = thread->tid;
		event.migrate.prio = thread->prio;
		event.migrate.orig_cpu = thread->cpu;
		event.migrate.dest_cpu = thread->cpu = below(world, NR_CPUS);
		emit(world, cpu, EVENT_MIGRATE, event);
		break;
	case 3:
		event.loss.to_at = world->at + 50;
		if (!below(world, 20))
			emit(world, cpu, EVENT_LOSS, event);
		break;
	default:
		emit(world, cpu, EVENT_OTHER, event);
		break;
	}
}

static void step(struct world *world)
{
	uint32_t cpu = below(world, NR_CPUS);

	switch (below(world, 10)) {
	case 0:
	case 1:
		fork_one(world, cpu);
		break;
	case 2:
	case 3:
		wake_one(world, cpu);
		break;
	case 4:
		interrupt(world, cpu);
		break;
	case 5:
		lend(world, cpu);
		break;
	case 6:
		others(world, cpu);
		break;
	default:
		switch_to_next(world, cpu);
		break;
	}
}

static void make_world(struct world *world, uint64_t seed, const struct names *names,
		       enum recycle_verdict verdict)
{
	static const char *const kernel[NR_KERNEL] = { "kworker/0:1", "rcu_preempt", "kworker/u8:0",
						       "migration/1", "ksoftirqd/0", "kswapd0" };

	*world = (struct world){
		.random = seed,
		.at = 1000,
		.drops_of_1000 = seed % 3 ? 0 : 40,
		.nr_tids = seed % 2 ? 50 : 30000,
		.on = { -1, -1, -1 },
	};
	world->name = 1;
	set_up(&world->recycled, names, verdict);
	set_up(&world->plain, names, RECYCLE_KEEP);
	for (uint32_t i = 0; i < NR_KERNEL + NR_LASTING; i++) {
		struct thread *thread = &world->threads[i];

		*thread = (struct thread){ .tid = (int32_t)i + 10,
					   .state = ASLEEP,
					   .cpu = i % NR_CPUS };
		thread->prio = i % 2 ? 120 : (int32_t)below(world, 99);
		set_comm(thread->comm, i < NR_KERNEL ? kernel[i] : "daemon");
		assert_int_equal(
			engine_set_kthread(world->recycled.eng, thread->tid, i < NR_KERNEL), 0);
		assert_int_equal(engine_set_kthread(world->plain.eng, thread->tid, i < NR_KERNEL),
				 0);
	}
}

/* ---- the same is said ------------------------------------------------------------------------- */

static bool is_kernel(const struct engine_task *task, bool has_waits, const void *arg)
{
	(void)has_waits;
	(void)arg;
	return task->kthread != TRI_NO && !task->nr_gone;
}

static bool is_anybody(const struct engine_task *task, bool has_waits, const void *arg)
{
	(void)has_waits;
	(void)arg;
	return !task->is_dropped;
}

static void say_thread(struct bed *bed, const struct summary_thread *thread)
{
	const struct columns_column *column = columns_find(&bed->columns, thread->task.index);
	const struct engine_task *task = &thread->task;
	char most[48];

	name_culprit(bed->eng, thread->worst.most.culprit, most);
	say(bed,
	    "%d %s state %d %llu run %llu waits %llu %llu longest %llu min %llu p99 %llu max %llu "
	    "lost %llu\n",
	    task->tid, task->comm, task->state, (unsigned long long)task->state_at,
	    (unsigned long long)task->run_ns, (unsigned long long)thread->waits,
	    (unsigned long long)thread->wait_ns, (unsigned long long)thread->longest_ns,
	    (unsigned long long)thread->min_ns, (unsigned long long)thread->p99_ns,
	    (unsigned long long)thread->max_ns, (unsigned long long)thread->touched_by_loss);
	say(bed, "  %d worst %llu %s suspended %llu responses %llu %llu column %llu\n",
	    thread->has_worst, (unsigned long long)thread->worst.began_at, most,
	    (unsigned long long)task->suspension.ns, (unsigned long long)task->nr_activations,
	    (unsigned long long)task->response.max_ns,
	    column && column->hists[COLUMNS_WAIT] ?
		    (unsigned long long)column->hists[COLUMNS_WAIT]->log.count :
		    0);
	for (int i = 0; i < CAUSE_NR; i++)
		say(bed, "  %llu", (unsigned long long)thread->causes[i]);
	say(bed, "\n");
}

static int by_tid(const void *a, const void *b)
{
	const struct summary_thread *left = a, *right = b;

	return left->task.tid != right->task.tid ? left->task.tid - right->task.tid :
	       left->wait_ns < right->wait_ns	 ? -1 :
						   left->wait_ns > right->wait_ns;
}

static void say_culprits(struct bed *bed, const struct summary *summary)
{
	struct part *parts = calloc(summary->nr_culprits + 1u, sizeof(*parts));
	uint32_t nr = summary->nr_culprits;

	assert_non_null(parts);
	for (uint32_t i = 0; i < nr; i++) {
		const struct summary_culprit *row = &summary->culprits[i];

		snprintf(parts[i].who, sizeof(parts[i].who), "%d %s", (int)row->who.kind,
			 row->who.name);
		parts[i].cause = row->cause;
		parts[i].reason = row->reason;
		parts[i].ns = row->ns;
	}
	nr = join(parts, nr);
	for (uint32_t i = 0; i < nr; i++)
		say(bed, "%s %d %d %llu\n", parts[i].who, parts[i].cause, parts[i].reason,
		    (unsigned long long)parts[i].ns);
	free(parts);
}

/* Kernel threads: rows, culprits, stalls, and what is open. */
static void say_kernel(struct bed *bed, uint64_t at)
{
	const struct summary_selection selection = { .is_selected = is_kernel };
	struct summary summary;

	assert_int_equal(summary_init(&summary, bed->eng, &bed->tally, bed->longest, &selection),
			 0);
	say(bed, "threads %llu stalls %zu omitted %llu wait %llu\n",
	    (unsigned long long)summary.totals.threads, summary.nr_stalls,
	    (unsigned long long)summary.stalls_omitted, (unsigned long long)summary.totals.wait_ns);
	qsort(summary.threads, summary.nr_threads, sizeof(*summary.threads), by_tid);
	for (uint32_t i = 0; i < summary.nr_threads; i++)
		say_thread(bed, &summary.threads[i]);
	say_culprits(bed, &summary);
	for (size_t i = 0; i < summary.nr_stalls; i++)
		say_episode(bed, summary.stalls[i]);
	assert_int_equal(engine_for_each_open(bed->eng, at, on_open, bed), 0);
	for (uint32_t i = 0; i < bed->timers.nr_cpus; i++)
		say_charges(bed, bed->timers.cpus[i]->worst_charges,
			    bed->timers.cpus[i]->worst.nr_charges);
	for (int i = 0; i < ANOMALY_NR; i++)
		say(bed, "%llu ", (unsigned long long)engine_anomaly(bed->eng, (enum anomaly)i));
	summary_deinit(&summary);
}

/* Everybody, by name: those that share a row with those that have one of their own. */
static void say_names(struct bed *bed, bool has_dead)
{
	static const char *const comms[] = {
		"sh", "cc1", "make", "sed", "", "daemon", "kworker/0:1"
	};
	const struct summary_selection selection = { .is_selected = is_anybody };
	struct summary summary;

	assert_int_equal(summary_init(&summary, bed->eng, &bed->tally, bed->longest, &selection),
			 0);
	for (size_t k = 0; k < sizeof(comms) / sizeof(*comms); k++) {
		struct summary_thread sum = { 0 };
		uint64_t nr = 0, nr_samples = 0;

		for (uint32_t i = 0; i < summary.nr_threads; i++) {
			const struct summary_thread *thread = &summary.threads[i];
			const struct columns_column *column =
				columns_find(&bed->columns, thread->task.index);

			if (strcmp(thread->task.comm, comms[k]))
				continue;
			nr += thread->task.nr_gone ? thread->task.nr_gone : 1;
			sum.waits += thread->waits;
			sum.wait_ns += thread->wait_ns;
			sum.task.run_ns += thread->task.run_ns;
			sum.touched_by_loss += thread->touched_by_loss;
			if (thread->max_ns > sum.max_ns)
				sum.max_ns = thread->max_ns;
			if (column && column->hists[COLUMNS_WAIT])
				nr_samples += column->hists[COLUMNS_WAIT]->log.count +
					      column->hists[COLUMNS_WAIT]->over * 1000000;
			for (int cause = 0; cause < CAUSE_NR; cause++)
				sum.causes[cause] += thread->causes[cause];
		}
		say(bed, "%s: %llu threads\n", comms[k], (unsigned long long)(has_dead ? nr : 0));
		sum.task.state = 0;
		say_thread(bed, &sum);
		say(bed, "  %llu samples\n", (unsigned long long)nr_samples);
	}
	say(bed, "in all %llu %llu stalls %llu\n", (unsigned long long)summary.totals.waits,
	    (unsigned long long)summary.totals.wait_ns,
	    (unsigned long long)(summary.nr_stalls + summary.stalls_omitted));
	say_culprits(bed, &summary);
	summary_deinit(&summary);
}

static void try_histories(enum recycle_verdict verdict)
{
	struct names *names = names_create();

	assert_int_equal(names_add(names, "eth0", 4), 1);
	for (uint64_t seed = 1; seed <= NR_HISTORIES; seed++) {
		struct world world;

		make_world(&world, seed, names, verdict);
		for (int i = 0; i < NR_STEPS; i++)
			step(&world);
		assert_true(world.recycled.nr_recycled > 200);
		assert_true(engine_nr_tasks(world.recycled.eng) <
			    engine_nr_tasks(world.plain.eng) / 2);
		say_kernel(&world.recycled, world.at);
		say_kernel(&world.plain, world.at);
		compare(&world);
		if (verdict == RECYCLE_FOLD) {
			say_names(&world.recycled, true);
			say_names(&world.plain, true);
			compare(&world);
		}
		tear_down(&world.recycled);
		tear_down(&world.plain);
	}
	names_destroy(names);
}

static void recycling_changes_nothing_of_those_that_matter(void **state)
{
	(void)state;
	try_histories(RECYCLE_DROP);
}

static void folding_keeps_all_sums(void **state)
{
	(void)state;
	try_histories(RECYCLE_FOLD);
}

/* ---- a flood ---------------------------------------------------------------------------------- */

static void feed(struct bed *bed, uint64_t at, uint8_t type, int32_t tid, struct event event)
{
	event.at = at;
	event.type = type;
	event.tid = tid;
	bed->used = 0;
	*bed->text = '\0';
	assert_int_equal(engine_feed(bed->eng, &event), 0);
	assert_true(engine_nr_tasks(bed->eng) < 2 * PILE);
}

/* One forked by the one before it, switched to in its place, outranks the worker that waits. */
static void live_once(struct bed *bed, uint64_t at, int32_t before, int32_t tid, const char *comm)
{
	struct event event = { .fork = { .parent_tid = before, .tid = tid } };

	set_comm(event.fork.comm, comm);
	feed(bed, at, EVENT_FORK, before, event);
	event = (struct event){ .sw = { .prev_tid = before,
					.next_tid = tid,
					.prev_prio = 10,
					.next_prio = 10,
					.left = LEFT_DEAD } };
	set_comm(event.sw.next_comm, comm);
	feed(bed, at, EVENT_SWITCH, before, event);
	if (engine_nr_tasks(bed->eng) - engine_nr_free(bed->eng) > PILE)
		recycle(bed);
}

/* The first of them, which queues work, wakes the worker, and lends it a rank. */
static void begin_flood(struct bed *bed, const struct names *names)
{
	struct event event = { .wake = { .tid = 9, .prio = 120, .comm = "kworker/0:1" } };

	set_up(bed, names, RECYCLE_FOLD);
	feed(bed, 1000, EVENT_FORK, 0,
	     (struct event){ .fork = { .parent_tid = 1, .tid = 100, .comm = "first" } });
	feed(bed, 1000, EVENT_SWITCH, 0,
	     (struct event){ .sw = { .next_tid = 100,
				     .prev_prio = 120,
				     .next_prio = 10,
				     .next_comm = "first" } });
	for (uint64_t work = 7; work <= 8; work++)
		feed(bed, 1000, EVENT_WORK_QUEUE, 100,
		     (struct event){ .work = { .work = work, .function = 1 } });
	feed(bed, 1000, EVENT_WAKING, 100, event);
	feed(bed, 1000, EVENT_WAKEUP, 100, event);
	feed(bed, 1000, EVENT_STACK, 100, (struct event){ .stack = { .nr_frames = 1 } });
	feed(bed, 1000, EVENT_PI_SETPRIO, 100,
	     (struct event){
		     .pi = { .tid = 9, .old_prio = 120, .new_prio = 50, .comm = "kworker/0:1" } });
}

struct flood {
	const struct engine *eng;
	uint64_t ns[2];
};

static const char *name_of(const struct engine *eng, uint32_t culprit)
{
	assert_int_equal(engine_culprit(eng, culprit).kind, CULPRIT_THREAD);
	return engine_culprit(eng, culprit).name;
}

static void check_flood(const struct episode *episode, void *arg)
{
	static const char *const comms[] = { "cc1", "sh" };
	struct flood *flood = arg;

	assert_int_equal(episode->tid, 9);
	assert_int_equal(episode->ended_at - episode->began_at, 10ull * NR_FLOOD);
	assert_int_equal(episode->causes[CAUSE_INTERFERENCE], 10ull * NR_FLOOD);
	assert_string_equal(name_of(flood->eng, episode->waker), "first");
	assert_string_equal(name_of(flood->eng, episode->work_queued_by), "first");
	assert_int_equal(episode->nr_stacks, 1);
	assert_string_equal(name_of(flood->eng, episode->stacks[0].of), "first");
	assert_true(episode->nr_charges < 2 * PILE);
	for (uint32_t i = 0; i < episode->nr_charges; i++)
		flood->ns[!strcmp(name_of(flood->eng, episode->charges[i].culprit), "sh")] +=
			episode->charges[i].ns;
	assert_int_equal(episode->nr_segments, ENGINE_MAX_SEGMENTS);
	for (uint32_t i = 0; i < episode->nr_segments; i++)
		assert_string_equal(name_of(flood->eng, episode->segments[i].culprit),
				    comms[i % 2]);
}

static void a_million_threads_take_the_room_of_a_few_thousand(void **state)
{
	struct names *names = names_create();
	struct flood flood = { 0 };
	uint64_t nr_gone = 0;
	struct engine_task task;
	struct bed bed;

	(void)state;
	begin_flood(&bed, names);
	flood.eng = bed.eng;
	for (int32_t i = 0; i < NR_FLOOD; i++)
		live_once(&bed, 1000 + 10 * (uint64_t)i, 100 + i, 101 + i, i % 2 ? "sh" : "cc1");
	assert_int_equal(
		engine_for_each_open(bed.eng, 1000 + 10ull * NR_FLOOD, check_flood, &flood), 0);
	assert_int_equal(flood.ns[0], 5ull * NR_FLOOD);
	assert_int_equal(flood.ns[1], 5ull * NR_FLOOD);
	recycle(&bed);
	for (uint32_t i = 0; i < engine_nr_tasks(bed.eng); i++) {
		engine_task(bed.eng, i, &task);
		nr_gone += task.nr_gone;
		assert_true(task.tid || (!task.nr_gone && !*task.comm));
	}
	assert_true(nr_gone > NR_FLOOD - PILE);
	assert_true(engine_nr_culprits(bed.eng) < 2 * PILE);
	assert_string_equal(engine_comm(bed.eng, 101), "cc1");
	assert_string_equal(engine_comm(bed.eng, 102), "sh");
	assert_string_equal(engine_comm(bed.eng, -5), "");
	tear_down(&bed);
	names_destroy(names);
}

static void names_without_end_share_one(void **state)
{
	struct names *names = names_create();
	uint64_t ns = 0, nr_nameless = 0;
	uint32_t nr_names = 0;
	struct engine_task task;
	struct bed bed;

	(void)state;
	begin_flood(&bed, names);
	for (int32_t i = 0; i < 20 * PILE; i++) {
		char comm[COMM_LEN];

		snprintf(comm, sizeof(comm), "job-%d", i);
		live_once(&bed, 1000 + 10 * (uint64_t)i, 100 + i, 101 + i, comm);
	}
	for (uint32_t i = 0; i < engine_nr_tasks(bed.eng); i++) {
		engine_task(bed.eng, i, &task);
		nr_names += task.nr_gone > 0;
		nr_nameless += *task.comm ? 0 : task.nr_gone;
		ns += task.run_ns;
	}
	assert_true(nr_names > RECYCLE_MAX_NAMES && nr_names < RECYCLE_MAX_NAMES + 8);
	assert_true(nr_nameless > 10 * PILE);
	assert_int_equal(ns, 10ull * (20 * PILE - 1));
	tear_down(&bed);
	names_destroy(names);
}

/* Switches between idle and one thread, until the lane of the CPU shows nothing else. */
static void clear_lane(struct bed *bed, uint64_t at, uint32_t cpu, int32_t tid)
{
	for (int i = 0; i < 600; i++)
		feed(bed, at, EVENT_SWITCH, i % 2 ? tid : 0,
		     (struct event){ .cpu = cpu,
				     .sw = { .prev_tid = i % 2 ? tid : 0,
					     .next_tid = i % 2 ? 0 : tid,
					     .prev_prio = 120,
					     .next_prio = 120,
					     .left = LEFT_SLEEPING } });
}

/* On another CPU a thread lends the worker, which runs, a rank, wakes one that waits for it, and ends. */
static void lend_and_end(struct bed *bed, uint64_t at, int32_t old_prio, int32_t new_prio)
{
	struct event event = { .cpu = 1, .wake = { .tid = 8, .prio = 60, .comm = "irq/9-eth" } };

	feed(bed, at, EVENT_FORK, 0,
	     (struct event){ .cpu = 1, .fork = { .parent_tid = 1, .tid = 50, .comm = "lender" } });
	feed(bed, at, EVENT_SWITCH, 0,
	     (struct event){ .cpu = 1,
			     .sw = { .next_tid = 50,
				     .prev_prio = 120,
				     .next_prio = 120,
				     .next_comm = "lender" } });
	feed(bed, at, EVENT_PI_SETPRIO, 50,
	     (struct event){ .cpu = 1,
			     .pi = { .tid = 9,
				     .old_prio = old_prio,
				     .new_prio = new_prio,
				     .comm = "kworker/0:1" } });
	feed(bed, at, EVENT_WAKING, 50, event);
	feed(bed, at, EVENT_WAKEUP, 50, event);
	feed(bed, at, EVENT_SWITCH, 50,
	     (struct event){ .cpu = 1,
			     .sw = { .prev_tid = 50,
				     .prev_prio = 120,
				     .next_prio = 120,
				     .left = LEFT_DEAD } });
}

/* Another wakes the worker, which runs, queues work that is begun, and ends. */
static void help_and_end(struct bed *bed, uint64_t at)
{
	feed(bed, at, EVENT_FORK, 0,
	     (struct event){ .cpu = 1, .fork = { .parent_tid = 1, .tid = 49, .comm = "helper" } });
	feed(bed, at, EVENT_SWITCH, 0,
	     (struct event){ .cpu = 1,
			     .sw = { .next_tid = 49,
				     .prev_prio = 120,
				     .next_prio = 120,
				     .next_comm = "helper" } });
	feed(bed, at, EVENT_WAKING, 49,
	     (struct event){ .cpu = 1, .wake = { .tid = 9, .prio = 40, .comm = "kworker/0:1" } });
	feed(bed, at, EVENT_WORK_QUEUE, 49,
	     (struct event){ .cpu = 1, .work = { .work = 9, .function = 1, .cpu = 1 } });
	feed(bed, at, EVENT_SWITCH, 0,
	     (struct event){ .cpu = 2,
			     .sw = { .next_tid = 12,
				     .prev_prio = 120,
				     .next_prio = 120,
				     .next_comm = "kworker/2:0" } });
	feed(bed, at, EVENT_WORK_START, 12,
	     (struct event){ .cpu = 2, .work = { .work = 9, .function = 1 } });
	feed(bed, at, EVENT_SWITCH, 49,
	     (struct event){ .cpu = 1,
			     .sw = { .prev_tid = 49,
				     .prev_prio = 120,
				     .next_prio = 120,
				     .left = LEFT_DEAD } });
	clear_lane(bed, at, 1, 40);
}

/* Who queued its work, lent it its rank or woke it has ended long ago, and its number is another's. */
static void the_dead_are_named_for_what_they_left_behind(void **state)
{
	struct names *names = names_create();
	struct bed bed;

	(void)state;
	assert_int_equal(names_add(names, "wb_workfn", 9), 1);
	begin_flood(&bed, names);
	for (int32_t i = 0; i < 2 * PILE; i++)
		live_once(&bed, 1000 + 10 * (uint64_t)i, 100 + i, 101 + i, "sh");
	feed(&bed, 90000, EVENT_SWITCH, 100 + 2 * PILE,
	     (struct event){ .sw = { .prev_tid = 100 + 2 * PILE,
				     .next_tid = 9,
				     .prev_prio = 10,
				     .next_prio = 50,
				     .left = LEFT_DEAD,
				     .next_comm = "kworker/0:1" } });
	feed(&bed, 90000, EVENT_WORK_START, 9,
	     (struct event){ .work = { .work = 8, .function = 1 } });
	recycle(&bed);

	/* it runs at the rank that the first lent it, then at the one of another */
	feed(&bed, 90100, EVENT_WAKING, 9,
	     (struct event){ .wake = { .tid = 8, .prio = 60, .comm = "irq/9-eth" } });
	feed(&bed, 90100, EVENT_WAKEUP, 9,
	     (struct event){ .wake = { .tid = 8, .prio = 60, .comm = "irq/9-eth" } });
	feed(&bed, 90200, EVENT_SWITCH, 9,
	     (struct event){ .sw = { .prev_tid = 9,
				     .next_tid = 8,
				     .prev_prio = 50,
				     .next_prio = 60,
				     .left = LEFT_READY } });
	assert_non_null(strstr(bed.text, "1/kworker/0:1/0 for 1/first/0"));
	feed(&bed, 90300, EVENT_SWITCH, 8,
	     (struct event){ .sw = { .prev_tid = 8,
				     .next_tid = 9,
				     .prev_prio = 60,
				     .next_prio = 50,
				     .left = LEFT_SLEEPING } });
	assert_non_null(strstr(bed.text, "work 1 of 1/first/0"));
	lend_and_end(&bed, 90400, 50, 40);
	help_and_end(&bed, 90400);
	recycle(&bed);
	for (int32_t i = 0; i < 20 || engine_nr_free(bed.eng); i++)
		feed(&bed, 90500, EVENT_FORK, 0,
		     (struct event){ .cpu = 1,
				     .fork = { .parent_tid = 1, .tid = 49 + i, .comm = "other" } });
	feed(&bed, 90600, EVENT_SWITCH, 9,
	     (struct event){ .sw = { .prev_tid = 9,
				     .next_tid = 8,
				     .prev_prio = 40,
				     .next_prio = 60,
				     .left = LEFT_SLEEPING } });
	assert_non_null(strstr(bed.text, "waker 1/lender/0"));
	assert_non_null(strstr(bed.text, "1/kworker/0:1/0 for 1/lender/0"));

	feed(&bed, 90700, EVENT_SWITCH, 12,
	     (struct event){ .cpu = 2,
			     .sw = { .prev_tid = 12,
				     .prev_prio = 120,
				     .next_prio = 120,
				     .left = LEFT_READY } });

	/*
	 * It was woken before it went to sleep; another was preempted at its work; and the tid of who queued
	 * work wakes a third.
	 */
	feed(&bed, 90700, EVENT_SWITCH, 0,
	     (struct event){ .cpu = 1,
			     .sw = { .next_tid = 49, .prev_prio = 120, .next_prio = 120 } });
	feed(&bed, 90700, EVENT_WAKING, 49,
	     (struct event){
		     .cpu = 1,
		     .wake = { .tid = 10, .prio = 120, .comm = "kworker/1:0", .target_cpu = 1 } });
	assert_int_equal(engine_for_each_open(bed.eng, 90800, on_open, &bed), 0);
	assert_non_null(
		strstr(bed.text, "9 90600..90800 prio 40 cpu0 by 0 flags 1 waker 1/helper/0"));
	assert_non_null(strstr(bed.text,
			       "12 90700..90800 prio 120 cpu2 by 1 flags 1 waker -1//0 0 work 1 of "
			       "1/helper/0"));
	assert_non_null(strstr(
		bed.text, "10 90700..90800 prio 120 cpu1 by 0 flags 1 waker 1/other/0 0 work 1 of "
			  "1/helper/0"));
	tear_down(&bed);
	names_destroy(names);
}

/* Its number is given to another, and its tid to a third: nobody is taken for anybody else. */
static void a_number_used_again_is_another_thread(void **state)
{
	struct names *names = names_create();
	struct culprit who;
	struct recycle_map map;
	struct engine_cpu cpu;
	struct bed bed;
	uint32_t first;

	(void)state;
	begin_flood(&bed, names);
	live_once(&bed, 1010, 100, 101, "sh");
	assert_true(engine_cpu(bed.eng, 0, &cpu));
	first = cpu.occupant;
	for (int32_t i = 0; i < 3; i++)
		live_once(&bed, 1020 + 10 * (uint64_t)i, 101 + i, 102 + i, "cc1");
	/* The lane still shows it while the worker's wait is not attributed. */
	assert_int_equal(recycle_dead(bed.eng, judge, &bed, &map), 0);
	assert_int_equal(map.nr_recycled, 0);
	recycle_map_deinit(&map);
	feed(&bed, 1100, EVENT_SWITCH, 104,
	     (struct event){ .sw = { .prev_tid = 104,
				     .next_tid = 9,
				     .prev_prio = 10,
				     .next_prio = 120,
				     .left = LEFT_SLEEPING } });
	for (uint64_t at = 1110; at < 1200; at += 10)
		feed(&bed, at, EVENT_SWITCH, at % 20 ? 9 : 0,
		     (struct event){ .sw = { .prev_tid = at % 20 ? 9 : 0,
					     .next_tid = at % 20 ? 0 : 9,
					     .prev_prio = 120,
					     .next_prio = 120,
					     .left = LEFT_SLEEPING } });
	assert_int_equal(recycle_dead(bed.eng, judge, &bed, &map), 0);
	assert_int_equal(map.nr_recycled, 4);
	assert_int_not_equal(recycle_culprit(&map, first), first);
	assert_int_equal(recycle_culprit(&map, CULPRIT_NONE), CULPRIT_NONE);
	who = engine_culprit(bed.eng, recycle_culprit(&map, first));
	assert_int_equal(who.kind, CULPRIT_THREAD);
	assert_int_equal(who.id, TID_UNKNOWN);
	assert_string_equal(who.name, "sh");
	assert_int_equal(tally_recycle(&bed.tally, &map), 0);
	recycle_map_deinit(&map);
	for (int32_t i = 0; i < 3; i++)
		live_once(&bed, 1300 + 10 * (uint64_t)i, 104 + i, 105 + i, "make");
	who = engine_culprit(bed.eng, first);
	assert_string_equal(who.name, "make");
	assert_true(who.id >= 105);
	assert_int_equal(engine_nr_free(bed.eng), 1);
	tear_down(&bed);
	names_destroy(names);
}

static void charges_that_become_equal_are_one(void **state)
{
	uint32_t tasks[] = { 0 }, culprits[] = { 0, 1, 4, 4, 4 };
	uint8_t verdicts[] = { RECYCLE_KEEP };
	const struct recycle_map map = { .nr_tasks = 1,
					 .nr_culprits = 5,
					 .tasks = tasks,
					 .culprits = culprits,
					 .verdicts = verdicts };
	const struct charge charges[] = {
		{ .ns = 50, .culprit = 1, .cause = CAUSE_BLOCKING, .reason = REASON_IRQS_OFF },
		{ .ns = 40, .culprit = 2, .cause = CAUSE_BLOCKING, .reason = REASON_IRQS_OFF },
		{ .ns = 30, .culprit = 3, .cause = CAUSE_BLOCKING, .reason = REASON_IRQS_OFF },
		{ .ns = 20, .culprit = 4, .cause = CAUSE_INTERFERENCE, .reason = REASON_IRQ },
		{ .ns = 10, .culprit = 7, .cause = CAUSE_INTERFERENCE, .reason = REASON_IRQ },
	};
	const struct timerlat_activation activation = {
		.has_irq = true, .irq_latency_ns = 150, .nr_charges = 5, .charges = charges
	};
	const struct timerlat_activation *worst;
	struct timers timers = { 0 };

	(void)state;
	assert_int_equal(timers_add(&timers, &activation), 0);
	timers_recycle(&timers, &map);
	worst = &timers.cpus[0]->worst;
	assert_int_equal(worst->nr_charges, 4);
	assert_int_equal(worst->charges[0].ns, 70);
	assert_int_equal(worst->charges[0].culprit, 4);
	assert_int_equal(worst->charges[0].reason, REASON_IRQS_OFF);
	assert_int_equal(worst->charges[1].culprit, 1);
	assert_int_equal(worst->charges[2].ns, 20);
	assert_int_equal(worst->charges[3].culprit, 7);
	timers_deinit(&timers);
}

/* Neighbours that become equal are one; whose priorities differ have none. */
static void segments_that_become_equal_are_one(void **state)
{
	uint32_t culprits[] = { 0, 3, 3, 3 };
	const struct recycle_map map = { .nr_culprits = 4, .culprits = culprits };
	struct segment segments[] = {
		{ .from_at = 0,
		  .to_at = 10,
		  .culprit = 1,
		  .on_behalf_of = CULPRIT_NONE,
		  .culprit_prio = 120 },
		{ .from_at = 10,
		  .to_at = 20,
		  .culprit = 2,
		  .on_behalf_of = CULPRIT_NONE,
		  .culprit_prio = 120 },
		{ .from_at = 20,
		  .to_at = 30,
		  .culprit = 3,
		  .on_behalf_of = CULPRIT_NONE,
		  .culprit_prio = 50,
		  .inferred = true },
		{ .from_at = 30, .to_at = 40, .culprit = 0, .on_behalf_of = CULPRIT_NONE },
		{ .from_at = 40, .to_at = 50, .culprit = 1, .on_behalf_of = 2, .culprit_prio = 120 },
		{ .from_at = 50,
		  .to_at = 60,
		  .culprit = 1,
		  .on_behalf_of = CULPRIT_NONE,
		  .culprit_prio = 120 },
	};

	(void)state;
	assert_int_equal(recycle_segments(&map, segments, 2), 1);
	assert_int_equal(segments[0].to_at, 20);
	assert_int_equal(segments[0].culprit_prio, 120);
	segments[0].to_at = 10;
	assert_int_equal(recycle_segments(&map, segments, 6), 4);
	assert_int_equal(segments[0].from_at, 0);
	assert_int_equal(segments[0].to_at, 30);
	assert_int_equal(segments[0].culprit, 3);
	assert_int_equal(segments[0].culprit_prio, PRIO_UNKNOWN);
	assert_true(segments[0].inferred);
	assert_int_equal(segments[1].culprit, 0);
	assert_int_equal(segments[2].on_behalf_of, 3);
	assert_int_equal(segments[3].to_at, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recycling_changes_nothing_of_those_that_matter),
		cmocka_unit_test(folding_keeps_all_sums),
		cmocka_unit_test(a_million_threads_take_the_room_of_a_few_thousand),
		cmocka_unit_test(names_without_end_share_one),
		cmocka_unit_test(the_dead_are_named_for_what_they_left_behind),
		cmocka_unit_test(a_number_used_again_is_another_thread),
		cmocka_unit_test(charges_that_become_equal_are_one),
		cmocka_unit_test(segments_that_become_equal_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
