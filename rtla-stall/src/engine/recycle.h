/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_RECYCLE_H
#define RTLA_STALL_ENGINE_RECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

/*
 * An engine that runs for weeks meets millions of threads. What a thread that has ended did to others is
 * kept, under its name; its number is used again.
 *
 *     recycle_dead()             the dead that nobody wants become one identity per name, with the tid -1
 *     recycle_culprit() ...      everybody who keeps numbers of the engine's writes the new ones
 *     recycle_map_deinit()
 *     engine_feed()              only now: the numbers that are free are given to new threads
 *
 * Numbers of threads that live do not change, and neither do those of interrupts and idle. No sum changes:
 * what was charged to two threads of one name is charged to one identity, which then took part in as many
 * waits as both. Attribution does not change either: whoever the lanes still show, where waits are yet to be
 * attributed, is left alone until they do not.
 *
 * Memory is then bounded by the threads that live, those that the caller wants to keep, RECYCLE_MAX_NAMES
 * names, and one pointer per tid. For runs without end; a trace that is read from a file is not recycled.
 */

#define RECYCLE_MAX_NAMES 1024u	/* identities; threads of further names share one without a name */

enum recycle_verdict {
	RECYCLE_KEEP,		/* leave it as it is */
	RECYCLE_DROP,		/* nobody asks for it: only what it did to others matters */
	RECYCLE_FOLD		/* it counts: its own figures are added to those of its like */
};

/* Who is who after recycle_dead(); owned by the caller. */
struct recycle_map {
	uint32_t nr_tasks;	/* indexes beyond are as they were; likewise culprits */
	uint32_t nr_culprits;
	uint32_t nr_recycled;	/* identities that are gone */
	uint32_t *tasks;	/* by index: who stands for it now; itself when it stays */
	uint32_t *culprits;	/* by number, likewise */
	uint8_t *verdicts;	/* by index: enum recycle_verdict, as far as it was carried out */
};

/**
 * recycle_dead() - use the numbers of dead threads again
 * @judge: asked for each that has ended and that nothing of the engine needs any more
 * @ret: set on success only; recycle_map_deinit() it
 *
 * Return: 0 or -ENOMEM; then nothing has changed.
 */
int recycle_dead(struct engine *eng,
		 enum recycle_verdict (*judge)(const struct engine_task *task, void *arg), void *arg,
		 struct recycle_map *ret) __attribute__((warn_unused_result));

void recycle_map_deinit(struct recycle_map *map);

/**
 * recycle_bury() - a source knows that a thread has ended, though no record has shown it
 * @task: index; nothing happens when it waits or runs, as far as the trace tells
 */
void recycle_bury(struct engine *eng, uint32_t task);

/** recycle_culprit() - the number of a culprit now; CULPRIT_NONE stays */
static inline uint32_t recycle_culprit(const struct recycle_map *map, uint32_t culprit)
{
	return culprit < map->nr_culprits ? map->culprits[culprit] : culprit;
}

/** recycle_task() - the index of a task now */
static inline uint32_t recycle_task(const struct recycle_map *map, uint32_t task)
{
	return task < map->nr_tasks ? map->tasks[task] : task;
}

/** recycle_charges() - write the new numbers; those that become equal are one. Return: how many are left */
uint32_t recycle_charges(const struct recycle_map *map, struct charge *charges, uint32_t nr_charges);

/** recycle_segments() - likewise; neighbours that become equal are one */
uint32_t recycle_segments(const struct recycle_map *map, struct segment *segments, uint32_t nr_segments);

#endif
