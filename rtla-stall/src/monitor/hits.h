/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_HITS_H
#define RTLA_STALL_MONITOR_HITS_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/engine.h"
#include "../selection.h"
#include "monitor.h"

/*
 * Which waits and activations reach the threshold, each told once: a wait while it is still open, if
 * anybody looks in time.
 *
 *     hits_on_episode(), hits_on_timerlat()    from the engine's callbacks: noted, since the engine must
 *                                              not be asked in the middle of an event
 *     hits_look()                              waits that are open
 *     hits_deliver()                           what was noted, in the order of its beginning
 *
 * timerlat's threads are told by their activations, of which their waits are a part. Which they are
 * the tracer says: those that its samples are of, and before their first one, kernel threads of that name and
 * what is_workload() knows. What a user calls timerlat/0 is a thread like any other.
 */

struct hits;
struct recycle_map;

struct hits_setting {
	const struct selection *selection; /* borrowed */
	uint64_t threshold_ns;		/* 0: none */
	uint64_t irq_threshold_ns;	/* 0: none */
	bool has_timerlat;		/* that tracer runs */
	bool (*is_ready)(int32_t tid);	/* asked of open waits whose end may be lost; NULL: all still wait */
	enum tristate (*is_kthread)(int32_t tid); /* hits_is_kthread(); NULL: as the engine has it */
	bool (*is_workload)(int32_t tid, void *arg); /* a thread of ours that timerlat wakes; NULL: none */
	void *arg;
};

/** hits_is_kthread() - by the kernel's own flag; TRI_UNKNOWN when it is gone */
enum tristate hits_is_kthread(int32_t tid);

/** hits_create() - Return: NULL when out of memory */
struct hits *hits_create(const struct hits_setting *setting);

/** hits_destroy() - @hits may be NULL */
void hits_destroy(struct hits *hits);

/** hits_set() - other thresholds from now on */
void hits_set(struct hits *hits, const struct hits_setting *setting);

/** hits_on_episode() - a closed wait. Return: 0 or -ENOMEM */
int hits_on_episode(struct hits *hits, const struct engine *eng, const struct episode *episode)
	__attribute__((warn_unused_result));

/** hits_on_timerlat() - an activation. Return: 0 or -ENOMEM */
int hits_on_timerlat(struct hits *hits, const struct timerlat_activation *activation)
	__attribute__((warn_unused_result));

/** hits_look() - waits open at @now_at. Return: 0 or -ENOMEM */
int hits_look(struct hits *hits, struct engine *eng, uint64_t now_at)
	__attribute__((warn_unused_result));

/** hits_due_at() - when an open wait will reach the threshold, if nothing ends it; UINT64_MAX: none */
uint64_t hits_due_at(struct hits *hits, const struct engine *eng);

/**
 * hits_deliver() - tell of what was noted
 *
 * Return: how many there were, those included that there was no room to keep.
 */
uint64_t hits_deliver(struct hits *hits, void (*on_hit)(const struct monitor_hit *hit, void *arg),
		      void *arg);

/** hits_recycle() - write new numbers (engine/recycle.h); nothing noted is undelivered */
void hits_recycle(struct hits *hits, const struct recycle_map *map);

/** hits_count() - told so far */
uint64_t hits_count(const struct hits *hits);

/** hits_dropped() - of them, those that were counted and not kept: too many at once */
uint64_t hits_dropped(const struct hits *hits);

#endif
