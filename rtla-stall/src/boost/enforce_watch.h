/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_WATCH_H
#define RTLA_STALL_BOOST_ENFORCE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../engine/engine.h"
#include "enforce_log.h"
#include "plan_command.h"
#include "proc_watch.h"

/*
 * Who waits now, as a run of `enforce` sees it: /proc at first, the trace when there is one, in one engine.
 *
 *      start             tracing is up
 *        |--- /proc -------|--- trace ------------------------->
 *         look look look  |look                                     EVENT_FOUND_* of the looks, then records
 *                          ^ what /proc shows once more; records from before that are left out
 *
 *     enforce_watch_create()        tracing is being set up
 *     enforce_watch_turn()          what there is, into the engine; never waits
 *     enforce_watch_for_each()      open waits
 *     enforce_watch_due_at()        when to come again
 *
 * Should reading the trace fail, it goes on from /proc, and says so.
 */

struct error;
struct guard;
struct enforce_watch;

/**
 * enforce_watch_create() - open /proc, begin to set tracing up
 * @params, @log: borrowed
 * @guard: notes what setting up changes; NULL: /proc only
 * @on_episode: each closed wait
 */
int enforce_watch_create(const struct enforce_params *params, struct enforce_log *log, struct guard *guard,
			 const char *undo_dir, void (*on_episode)(const struct episode *episode, void *arg),
			 void *arg, struct enforce_watch **ret, struct error *err)
	__attribute__((warn_unused_result));

/**
 * enforce_watch_destroy() - close, end the set-up; @watch may be NULL
 *
 * Return: false when the process that sets up hangs in the kernel, and with it what it changed.
 */
bool enforce_watch_destroy(struct enforce_watch *watch);

/**
 * enforce_watch_ask() - what is known of a thread before it is read: proc_watch_ask()
 *
 * One that is boosted by us is not taken for who has the CPU: who ranks highest is not always who runs.
 */
void enforce_watch_ask(struct enforce_watch *watch,
		       enum proc_watch_known (*know)(int32_t tid, struct proc_thread *ret, void *arg),
		       void *arg);

/** enforce_watch_read() - one thread, as /proc shows it: proc_watch_read() */
int enforce_watch_read(struct enforce_watch *watch, int32_t tid, const struct proc_thread *known,
		       struct proc_thread *ret) __attribute__((warn_unused_result));

/** enforce_watch_see_occupants() - by /proc: later it is known which of them have run since */
void enforce_watch_see_occupants(struct enforce_watch *watch);

/** enforce_watch_turn() - see what is new. Return: 0 or a negative errno with words in @err */
int enforce_watch_turn(struct enforce_watch *watch, struct error *err)
	__attribute__((warn_unused_result));

/** enforce_watch_has_news() - a turn would tell more than the last one did, and not cost too much */
bool enforce_watch_has_news(const struct enforce_watch *watch, uint64_t now);

/** enforce_watch_seen_at() - the instant of the last turn: what came later is not known */
uint64_t enforce_watch_seen_at(const struct enforce_watch *watch);

/** enforce_watch_due_at() - when the next turn is due at the latest */
uint64_t enforce_watch_due_at(const struct enforce_watch *watch);

/** enforce_watch_fd() - readable when a turn is worth while earlier; -1 none */
int enforce_watch_fd(const struct enforce_watch *watch);

/** enforce_watch_seen_by() - the trace, or /proc */
enum enforce_seen_by enforce_watch_seen_by(const struct enforce_watch *watch);

/** enforce_watch_engine() - what turned out so far */
struct engine *enforce_watch_engine(struct enforce_watch *watch);

/** enforce_watch_name() - of a function, by its number */
const char *enforce_watch_name(const struct enforce_watch *watch, uint32_t name);

/** enforce_watch_proc_fd() - /proc, for proc_read.h */
int enforce_watch_proc_fd(const struct enforce_watch *watch);

/** enforce_watch_setup_pid() - of the process that sets tracing up; 0 none */
int enforce_watch_setup_pid(const struct enforce_watch *watch);

/** enforce_watch_proc_occupant() - who has a CPU by /proc, which is asked once a turn at most */
bool enforce_watch_proc_occupant(struct enforce_watch *watch, uint32_t cpu, struct proc_thread *ret);

/** enforce_watch_print() - a line or two for SIGUSR1: what it sees by, and what that costs */
void enforce_watch_print(const struct enforce_watch *watch, struct enforce_log *log);

#endif
