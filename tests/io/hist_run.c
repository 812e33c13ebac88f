// SPDX-License-Identifier: GPL-2.0-only
#include "hist_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "util/names.h"

static void wait_for(struct hist_run *run, uint32_t thread, uint64_t ns, uint8_t flags)
{
	struct episode episode = { .task = thread, .ended_at = ns, .flags = flags };

	assert_int_equal(columns_add_wait(&run->columns, thread, &episode), 0);
}

static void fill_tasks(struct hist_run *run)
{
	static const char comms[HIST_RUN_THREADS][COMM_LEN] = { "kworker/3:1", "\x1b[2J%n", "rcuc/3",
								"ksoftirqd/0" };

	for (uint32_t i = 0; i < HIST_RUN_THREADS; i++) {
		run->tasks[i] =
			(struct engine_task){ .index = i, .tid = (int32_t)(99 + i), .kthread = TRI_YES };
		memcpy(run->tasks[i].comm, comms[i], COMM_LEN);
		run->threads[i].task = run->tasks[i];
	}
	run->tasks[1].kthread = run->threads[1].task.kthread = TRI_UNKNOWN;
	run->tasks[3].tid = run->threads[3].task.tid = 4194304;
}

static void fill_stalls(struct hist_run *run)
{
	run->names[1] = (struct culprit){ .kind = CULPRIT_THREAD, .id = 164, .name = "loop\x1b" };
	run->charge = (struct charge){ .ns = 4000000000, .culprit = 1, .cause = CAUSE_INTERFERENCE,
				       .reason = REASON_THREAD };
	run->segment = (struct segment){ .from_at = 9668936844,
					 .to_at = 13668936844,
					 .cpu = 3,
					 .culprit = 1,
					 .on_behalf_of = CULPRIT_NONE,
					 .culprit_prio = 44,
					 .cause = CAUSE_INTERFERENCE,
					 .reason = REASON_THREAD };
	run->stalls[0] = (struct episode){
		.began_at = 9668936844,
		.ended_at = 13668936844,
		.causes = { 4000000000 },
		.task = 0,
		.tid = 99,
		.prio = 120,
		.cpu = 3,
		.began_by = EPISODE_BEGAN_BEFORE,
		.flags = EPISODE_STILL_OPEN,
		.waker = CULPRIT_NONE,
		.work_queued_by = CULPRIT_NONE,
		.nr_charges = 1,
		.nr_segments = 1,
		.charges = &run->charge,
		.segments = &run->segment,
	};
	run->stalls[1] = (struct episode){
		.began_at = 12345,
		.ended_at = 12012345,
		.causes = { [CAUSE_UNATTRIBUTED] = 12000000 },
		.task = 1,
		.tid = 100,
		.prio = PRIO_UNKNOWN,
		.began_by = EPISODE_BEGAN_BY_WAKING,
		.waker = CULPRIT_NONE,
		.work_queued_by = CULPRIT_NONE,
	};
	run->listed[0] = &run->stalls[0];
	run->listed[1] = &run->stalls[1];
}

void hist_run_init(struct hist_run *run)
{
	*run = (struct hist_run){ .strings = names_create() };
	run->names[0] = run->names[2] = (struct culprit){ .id = -1, .name = "" };
	columns_init(&run->columns, COLUMNS_OF_THREADS, 1000, 256);
	fill_tasks(run);
	fill_stalls(run);
	wait_for(run, 0, 4000000000, EPISODE_STILL_OPEN);
	for (uint64_t ns = 1000; ns <= 100000; ns += 1000)
		wait_for(run, 1, ns == 100000 ? 12000000 : 3000 + ns / 1000, 0);
	wait_for(run, 1, 77000, EPISODE_TOUCHED_BY_LOSS);
	wait_for(run, 2, 42, 0);
	wait_for(run, 3, 256000, 0);
	run->summary = (struct summary){
		.threads = run->threads,
		.nr_threads = HIST_RUN_THREADS,
		.stalls = run->listed,
		.nr_stalls = 2,
		.names = run->names,
		.nr_names = 3,
		.tasks = run->tasks,
		.nr_tasks = HIST_RUN_THREADS,
		.totals = { .threads = 4,
			    .waiting = 4,
			    .waits = 104,
			    .open = 1,
			    .touched_by_loss = 1,
			    .wait_ns = 4012600000,
			    .causes = { [CAUSE_INTERFERENCE] = 4000000000,
					[CAUSE_UNATTRIBUTED] = 12600000 } },
	};
	run->source = (struct source_info){ .format = SOURCE_LIVE, .nr_events = 4012345, .nr_losses = 1 };
	run->doc = (struct document){
		.command = "hist", .version = "0.1.0", .source = &run->source, .summary = &run->summary,
		.timers = &run->timers, .names = run->strings, .stall_ns = 10000000, .has_wall = true,
		.wall_offset_ns = 1700000000000000000, .has_threshold = true, .threshold_ns = 50000000,
		.nr_hits = 3, .nr_hits_unreported = 1, .tracer = "osnoise",
	};
}

void hist_run_deinit(struct hist_run *run)
{
	names_destroy(run->strings);
	columns_deinit(&run->columns);
}
