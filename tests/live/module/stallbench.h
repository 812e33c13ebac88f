/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_TESTS_LIVE_STALLBENCH_H
#define RTLA_STALL_TESTS_LIVE_STALLBENCH_H

/*
 * The parts of the module stallbench: truth.c keeps what was noted, operations.c does what actors are told,
 * main.c has the actors and /proc/stallbench, and says at its head what can be written there.
 */

#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#define NR_ARGS 4
#define COMMAND_LEN 1024

struct actor;

/* One operation of an actor, and what may go on for it while the actor does something else. */
struct operation {
	struct actor *actor;
	char name[24];
	char word[16];
	char *args[NR_ARGS];
	int nr_args;
	u64 gap_ns;
	bool has_gap;
	struct hrtimer hrtimer;
	struct tasklet_struct tasklet;
	struct timer_list timer;
	struct work_struct work;
	struct completion done;
};

struct actor {
	char name[TASK_COMM_LEN];
	char command[COMMAND_LEN];	/* the operations point into it */
	struct task_struct *task;	/* a reference is held */
	int cpu;			/* -1: any */
	char *policy;
	struct operation *ops;
	int nr_ops;
	bool is_asleep;			/* in its sleep operation, not in some other wait */
	bool is_locking;		/* likewise, in its lock operation */
	bool is_woken;
	bool has_ended;
};

/* Nothing waits longer than this. */
extern unsigned int limit_ms;

/* Note this instant under a label. Any context. */
__printf(1, 2) void truth_note(const char *format, ...);

/* The instant of the first stamp of this name, CLOCK_MONOTONIC; 0 when there is none yet. */
u64 truth_find(const char *label);

/* Sleep until there is a stamp of this name; -ETIMEDOUT. */
int truth_await(const char *label);

/* Whether limit_ms have gone by since then. */
bool truth_is_too_late(u64 began_at);

/* A line for each stamp. */
void truth_show(struct seq_file *seq);

/* Forget all stamps. */
void truth_reset(void);

/* The actor of this name, or NULL. */
struct actor *actor_find(const char *name);

/* Whether there is such an operation, and it has its arguments. */
bool op_is_whole(struct operation *op);

/* Carry it out, in the actor's own context; 0 or a negative error. */
int op_run(struct operation *op);

/* End what it left to be done later, before its memory goes away. */
void op_stop(struct operation *op);

/* The policy of the caller: word[:first[:second]]. */
int op_set_policy(char *word, char *first, char *second);

/* Once, before the first operation. */
void op_init_locks(void);

#endif
