// SPDX-License-Identifier: GPL-2.0-only
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wait.h"

int state_cpu(struct engine *eng, uint32_t number, struct cpu **ret)
{
	struct cpu *cpu;
	uint32_t idle;
	int err;

	if (number < eng->nr_cpus && eng->cpus[number]) {
		*ret = eng->cpus[number];
		return 0;
	}
	if (number >= eng->nr_cpus) {
		struct cpu **cpus = reallocarray(eng->cpus, (size_t)number + 1, sizeof(*cpus));

		if (!cpus)
			return -ENOMEM;
		memset(cpus + eng->nr_cpus, 0, (number + 1 - eng->nr_cpus) * sizeof(*cpus));
		eng->cpus = cpus;
		eng->nr_cpus = number + 1;
	}
	err = culprit_table_context(&eng->culprits, CULPRIT_IDLE, (int32_t)number, 0, false, &idle);
	if (err)
		return err;
	cpu = calloc(1, sizeof(*cpu));
	if (!cpu)
		return -ENOMEM;
	err = cpu_init(cpu, number, idle);
	if (err) {
		free(cpu);
		return err;
	}
	*ret = eng->cpus[number] = cpu;
	return 0;
}

/* The lane is full and somebody waits: attribute what is old, so that it can be dropped. */
static int make_room(struct engine *eng, struct cpu *cpu)
{
	uint64_t upto_at = cpu->lane.slots[cpu->lane.nr_slots - LANE_KEPT_SLOTS].at;

	for (struct wait *wait = cpu->waits; wait; wait = wait->next) {
		int err = wait_catch_up(eng, wait, upto_at);

		if (err)
			return err;
	}
	lane_drop(&cpu->lane, LANE_KEPT_SLOTS);
	for (struct wait *wait = cpu->waits; wait; wait = wait->next)
		wait_seek(wait, cpu);
	return 0;
}

int state_push(struct engine *eng, struct cpu *cpu, uint64_t at)
{
	struct slot slot;

	if (lane_is_full(&cpu->lane)) {
		int err = make_room(eng, cpu);

		if (err)
			return err;
	}
	slot = cpu_slot(cpu, at);
	return lane_push(&cpu->lane, &slot, cpu->nr_waits, eng->nr_kept_slots);
}
