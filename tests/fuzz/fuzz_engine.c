// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any sequence of events at all: the engine must not fail an assertion, lose the sum of a wait, or
 * touch memory it does not own. Each event is made of a few bytes of input, so that small mutations
 * are small changes of the history; a few threads and CPUs, so that the threads meet.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../rtla-stall/src/engine/engine.h"
#include "../../rtla-stall/src/engine/recycle.h"
#include "../../rtla-stall/src/util/names.h"

enum { BYTES_PER_EVENT = 8 };

static const char *const comms[] = { "thread", "migration/1", "ksoftirqd/0", "kworker/1:0", "ktimers/0", "" };
static const int32_t prios[] = { 120, 0, 49, 98, -1, 100, PRIO_UNKNOWN, 7000 };

static const uint64_t watched[ENGINE_MAX_CPUS / 64] = { 5 };

static uint64_t handed_out_ns;

static void on_episode(const struct episode *episode, void *arg)
{
	uint64_t sum = 0;

	(void)arg;
	for (int i = 0; i < CAUSE_NR; i++)
		sum += episode->causes[i];
	assert(sum == episode->ended_at - episode->began_at);
	handed_out_ns += sum;
}

static void on_timerlat(const struct timerlat_activation *activation, void *arg)
{
	uint64_t sum = 0;

	(void)arg;
	for (int i = 0; i < CAUSE_NR; i++)
		sum += activation->before_waking[i];
	assert(sum == activation->irq_latency_ns);
	sum = 0;
	for (uint32_t i = 0; i < activation->nr_charges; i++)
		sum += activation->charges[i].ns;
	assert(sum == activation->irq_latency_ns);
}

static void make_body(struct event *event, const uint8_t *byte, const uint32_t names[4])
{
	const char *comm = comms[byte[6] % 6];
	int32_t tid = byte[4] % 8 == 7 ? (int32_t)(byte[4] * 0x01010101u) : byte[4] % 8;
	int32_t prio = prios[byte[6] / 8 % 8];
	uint32_t cpu = byte[7] % 8 == 7 ? UINT32_MAX : byte[7] % 4;

	switch (event->type) {
	case EVENT_SWITCH:
		event->sw.prev_tid = byte[5] & 0x80 ? event->tid : byte[5] % 8;
		event->sw.next_tid = tid;
		event->sw.prev_prio = prios[byte[7] / 4 % 8];
		event->sw.next_prio = prio;
		event->sw.left = byte[5] / 8 % 6;
		memset(event->sw.prev_comm, byte[7], COMM_LEN);
		strncpy(event->sw.next_comm, comm, COMM_LEN);
		break;
	case EVENT_WAKING:
	case EVENT_WAKEUP:
	case EVENT_WAKEUP_NEW:
		event->wake.tid = tid;
		event->wake.prio = prio;
		event->wake.target_cpu = cpu;
		strncpy(event->wake.comm, comm, COMM_LEN);
		break;
	case EVENT_MIGRATE:
		event->migrate.tid = tid;
		event->migrate.prio = prio;
		event->migrate.orig_cpu = byte[5] % 4;
		event->migrate.dest_cpu = cpu;
		strncpy(event->migrate.comm, comm, COMM_LEN);
		break;
	case EVENT_PI_SETPRIO:
		event->pi.tid = tid;
		event->pi.old_prio = prios[byte[5] % 8];
		event->pi.new_prio = prio;
		strncpy(event->pi.comm, comm, COMM_LEN);
		break;
	case EVENT_FORK:
		event->fork.parent_tid = byte[5] % 8 - 1;
		event->fork.tid = tid;
		strncpy(event->fork.comm, comm, COMM_LEN);
		break;
	case EVENT_EXEC:
	case EVENT_EXIT:
	case EVENT_RENAME:
		event->task.tid = tid;
		event->task.old_tid = byte[5] % 8;
		strncpy(event->task.comm, comm, COMM_LEN);
		break;
	case EVENT_THREAD_NOISE:
		event->thread_noise.tid = tid;
		event->thread_noise.duration_ns = byte[5];
		break;
	case EVENT_TIMERLAT:
		event->timerlat.seqnum = byte[5] % 4;
		event->timerlat.context = byte[4] % 4;
		event->timerlat.timer_latency_ns = (uint64_t)byte[6] << (byte[7] % 60);
		break;
	case EVENT_WORK_QUEUE:
	case EVENT_WORK_ACTIVATE:
	case EVENT_WORK_START:
	case EVENT_WORK_END:
		event->work.work = byte[5] % 4;
		event->work.function = names[byte[6] % 4];
		event->work.workqueue = 0;
		event->work.req_cpu = event->work.cpu = cpu;
		break;
	case EVENT_LOCK_BEGIN:
	case EVENT_LOCK_END:
		event->lock.address = byte[5];
		event->lock.flags = byte[6];
		event->lock.result = 0;
		break;
	case EVENT_STACK:
		event->stack.nr_frames = byte[5];
		for (int i = 0; i < STACK_MAX; i++)
			event->stack.frames[i] = names[(byte[6] + i) % 4];
		break;
	case EVENT_FOUND_READY:
	case EVENT_FOUND_RUNNING:
	case EVENT_FOUND_ENDED:
		event->found.tid = byte[5] == 255 ? TID_UNKNOWN : tid;
		event->found.prio = prio;
		strncpy(event->found.comm, comm, COMM_LEN - 1);
		break;
	case EVENT_LOSS:
		event->loss.to_at = event->at + byte[5];
		event->loss.lost_events = byte[6];
		break;
	default:
		event->irq.number = byte[5] % 4 - 1;
		event->irq.name = names[byte[6] % 4];
		event->irq.duration_ns = (uint64_t)byte[6] << (byte[7] % 60);
		break;
	}
}

static enum recycle_verdict judge(const struct engine_task *task, void *arg)
{
	const uint8_t *bytes = arg;

	return (enum recycle_verdict)((bytes[3] >> (task->tid & 3)) % 3);
}

static bool recycle(struct engine *eng, const uint8_t *bytes)
{
	struct recycle_map map;

	if (recycle_dead(eng, judge, (void *)bytes, &map))
		return false;
	for (uint32_t i = 0; i < map.nr_tasks; i++)
		assert(map.tasks[i] < engine_nr_tasks(eng));
	for (uint32_t i = 0; i < map.nr_culprits; i++)
		assert(map.culprits[i] < engine_nr_culprits(eng));
	recycle_map_deinit(&map);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct names *names = names_create();
	struct engine_config config = {
		.names = names,
		.on_episode = on_episode,
		.on_timerlat = on_timerlat,
	};
	struct engine *eng = NULL;
	struct engine_task task;
	uint32_t known[4];
	uint64_t at = 0;

	if (!size || !names)
		goto out;
	known[0] = 0;
	known[1] = names_add(names, "reschedule", 10);
	known[2] = names_add(names, "asm_sysvec", 10);
	known[3] = names_add(names, "wq_barrier_func", 15);
	config.facts.is_preempt_rt = bytes[0] % 3;
	config.facts.has_fair_server = bytes[0] / 3 % 3;
	config.segments_from_ns = bytes[0] & 0x40 ? 0 : 100;
	config.facts.events_present = bytes[0] & 0x80 ? EVENT_BIT(EVENT_SWITCH) | EVENT_BIT(EVENT_WAKING) : 0;
	if (engine_create(&config, &eng))
		goto out;
	bytes++;
	size--;
	for (; size >= BYTES_PER_EVENT; size -= BYTES_PER_EVENT, bytes += BYTES_PER_EVENT) {
		struct event event = { 0 };

		event.type = bytes[0] % EVENT_NR_TYPES;
		event.cpu = bytes[1] % 32 == 31 ? bytes[1] * 1000u : bytes[1] % 4;
		event.tid = bytes[1] / 32 - 1;
		at += bytes[2] == 255 ? 3000000000u : bytes[2];
		event.at = bytes[2] == 254 && at > 50 ? at - 50 : at;
		event.flags = bytes[3];
		event.preempt_depth = bytes[3] / 64;
		make_body(&event, bytes, known);
		if (engine_feed(eng, &event))
			break;
		if (bytes[2] == 252) {
			config.facts.watched = bytes[3] & 1 ? watched : NULL;
			engine_set_facts(eng, &config.facts);
		}
		if (bytes[2] == 251 && !recycle(eng, bytes))
			break;
		if (bytes[2] == 253 && engine_for_each_open(eng, at + 5, on_episode, NULL))
			break;
	}
	if (!engine_finish(eng) && !engine_for_each_open(eng, at + 10, on_episode, NULL)) {
		for (uint32_t i = 0; i < engine_nr_tasks(eng); i++)
			engine_task(eng, i, &task);
		for (uint32_t i = 0; i < engine_nr_culprits(eng); i++)
			assert(engine_culprit(eng, i).name);
	}
out:
	engine_destroy(eng);
	names_destroy(names);
	return 0;
}
