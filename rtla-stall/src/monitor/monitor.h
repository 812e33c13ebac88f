/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_MONITOR_H
#define RTLA_STALL_MONITOR_MONITOR_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "../selection.h"
#include "../source/live_setup.h"
#include "snapshot.h"

/*
 * The live kernel, watched: what `top` and `hist` have in common.
 *
 *     monitor_create()                    reads /proc; sets tracing up in a helper that may hang
 *     for (;;) {
 *             monitor_turn(monitor, err)  what there is to read, through the engine; hits are told
 *             monitor_snapshot()          as often as somebody looks
 *             wait until monitor_due_at(), or for the user, or monitor_fd()
 *     }
 *     monitor_stop()                      tracing is let go of; the snapshot of the end remains
 *     monitor_destroy()
 *
 *      start          tracing is up
 *        |--- /proc ------|--- trace ------------------->      one engine, one clock (CLOCK_MONOTONIC)
 *        waits found in /proc go on here until a switch ends them
 *
 * A turn never waits for anything. Memory does not grow with the run, but with the threads that live: those
 * that have ended are recycled.
 */

struct error;
struct monitor;
struct recycle_map;
struct works;
struct timerlat_activation;

enum monitor_hit_kind {
	MONITOR_HIT_WAIT,	/* a watched thread waits, or waited, for at least the threshold */
	MONITOR_HIT_IRQ,	/* timerlat's interrupt was that late */
	MONITOR_HIT_THREAD	/* timerlat's thread (or its return to user space) was that late */
};

/* Told once for each wait or activation, as soon as it is seen to reach the threshold. */
struct monitor_hit {
	enum monitor_hit_kind kind;
	const struct episode *episode;	/* WAIT: with segments; EPISODE_STILL_OPEN when it goes on. The
					 * others: the wait of timerlat's thread, where there is one */
	const struct timerlat_activation *activation; /* IRQ, THREAD; else NULL */
	uint64_t number;		/* from 1 */
};

struct monitor_config {
	const struct selection *selection; /* borrowed, as all below */
	uint64_t stall_ns;		/* kept and listed from here on */
	uint64_t threshold_ns;		/* hits; 0: none */
	uint64_t irq_threshold_ns;	/* 0: none */
	uint64_t warm_up_ns;		/* nothing is counted before */
	struct live_config live;
	struct guard *guard;		/* notes what is changed */
	uint64_t kept_bytes;		/* of trace, in memory, for monitor_save() */
	bool (*is_workload)(int32_t tid, void *arg); /* a thread of ours that the tracer wakes; NULL */
	void (*say)(const char *words, void *arg);	/* one line for the user, now */
	void (*on_hit)(const struct monitor_hit *hit, void *arg); /* may call snapshot, save; NULL */
	/* each closed wait of CPUs and time watched, of whatever thread; each activation; NULL */
	void (*on_episode)(const struct episode *episode, void *arg);
	void (*on_timerlat)(const struct timerlat_activation *activation, void *arg);
	/* numbers of threads and culprits change: who keeps some writes the new ones. 0 or -ENOMEM; NULL */
	int (*on_recycle)(const struct recycle_map *map, void *arg);
	void *arg;
};

/**
 * monitor_create() - begin to watch
 *
 * Return: 0 or a negative errno with words in @err; nothing is changed then.
 */
int monitor_create(const struct monitor_config *config, struct monitor **ret, struct error *err)
	__attribute__((warn_unused_result));

/**
 * monitor_turn() - take in what there is
 *
 * Return: 0 or a negative errno with words in @err.
 */
int monitor_turn(struct monitor *monitor, struct error *err) __attribute__((warn_unused_result));

/** monitor_due_at() - CLOCK_MONOTONIC, ns: when the next turn is worth while */
uint64_t monitor_due_at(const struct monitor *monitor);

/** monitor_fd() - readable when a turn is worth while earlier; -1 none */
int monitor_fd(const struct monitor *monitor);

/** monitor_is_live() - tracing is up */
bool monitor_is_live(const struct monitor *monitor);

/** monitor_instance() - tracing as it was set up; NULL while it is not */
const struct live_instance *monitor_instance(const struct monitor *monitor);

/** monitor_engine() - for who and where threads are now */
const struct engine *monitor_engine(const struct monitor *monitor);

/** monitor_works() - what workers of work queues are at */
const struct works *monitor_works(const struct monitor *monitor);

/** monitor_names() - the numbers of names in episodes */
const struct names *monitor_names(const struct monitor *monitor);

/**
 * monitor_set_stall() - change the threshold of stalls, between two snapshots
 *
 * Raised, those seen so far are counted by the new one. Lowered below what it has ever been, they are counted
 * from now on, and the snapshots say so: nobody knows how many shorter ones there were.
 */
void monitor_set_stall(struct monitor *monitor, uint64_t stall_ns);

/** monitor_count_unreported() - a hit was not reported: count it */
void monitor_count_unreported(struct monitor *monitor);

/**
 * monitor_snapshot() - how things stand
 * @ret: snapshot_deinit() it; valid until the next turn
 *
 * Return: 0 or a negative errno with words in @err.
 */
int monitor_snapshot(struct monitor *monitor, struct snapshot *ret, struct error *err)
	__attribute__((warn_unused_result));

/**
 * monitor_save() - write what is kept of the trace, needing no tracefs
 * @path: trace.dat v6; text when it ends in ".txt"
 *
 * Return: 0 or a negative errno with words in @err; -ENODATA while tracing is not up.
 */
int monitor_save(struct monitor *monitor, const char *path, struct error *err)
	__attribute__((warn_unused_result));

/**
 * monitor_stop() - read what is left, and let go of tracing; the guard can undo it then
 *
 * monitor_snapshot() and monitor_save() go on to work. Return: 0; -EINPROGRESS when the set-up hangs in the
 * kernel: nothing can be undone before that returns; another negative errno; with words in @err.
 */
int monitor_stop(struct monitor *monitor, struct error *err) __attribute__((warn_unused_result));

/** monitor_destroy() - stop if need be, and free; @monitor may be NULL */
void monitor_destroy(struct monitor *monitor);

#endif
