/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_TASK_H
#define RTLA_STALL_ENGINE_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "activation.h"
#include "culprit.h"
#include "engine.h"

/*
 * The state of each thread, and who a tid is now.
 *
 * A tid is used again: an identity ends when its thread is switched out dead, or when the tid is
 * forked anew. Every identity is a struct task of its own with an index that stays; the table maps
 * a tid to the identity that holds it now. struct task stays where it is until task_table_deinit().
 * One that is given up (recycle.h) is used for another thread, with its index and culprit number.
 *
 *            waking                switch-in               switch-out S
 *   SLEEPING -------------> READY ------------> RUNNING -------------------> SLEEPING
 *                             ^ <-------------------'  `-- D --> SUSPENDED -- waking --> READY
 *                                 switch-out R                (X, Z: DEAD)
 */

#define TASK_MAX_TID ENGINE_MAX_TID
#define TASK_TIDS_PER_PAGE 4096

struct wait;

enum suspension_kind { SUSPENSION_OTHER, SUSPENSION_LOCK, SUSPENSION_FLUSH };

enum waker_how {
	WAKER_THREAD,
	WAKER_FRAME,	   /* an interrupt or softirq that is on top */
	WAKER_TAIL,	   /* an interrupt on its way out: its exit has been recorded (inferred) */
	WAKER_UNRECORDED   /* an interrupt that only the record's flags show (inferred) */
};

/* Who performs a wakeup, and what was asked for by it. */
struct waker {
	uint32_t culprit;
	uint32_t cpu;		/* where it does so */
	uint32_t frame;		/* serial of the context on top; WAKER_FRAME only */
	uint8_t how;		/* enum waker_how */
	bool has_arrival;
	bool work_inferred;
	uint64_t arrival_at;	/* of the work, or the timer's expiry */
	uint32_t work_function;	/* name; 0 none known */
	uint32_t work_queued_by; /* culprit, or CULPRIT_NONE */
};

struct task {
	int32_t tid;
	uint32_t index;
	uint32_t culprit;	/* for good, like the index */
	uint32_t next_free;	/* nobody has it: the next such one; UINT32_MAX */
	char comm[COMM_LEN];
	uint8_t state;		/* enum task_state */
	uint8_t kthread;	/* enum tristate, without the names' say */
	uint8_t suspension_kind; /* what is known of the present one */
	bool is_fresh;		/* a fork made it; nothing else was seen of it yet */
	bool is_lent;		/* runs at a rank that priority inheritance lent it */
	bool has_pending;	/* it was woken while it ran, and that has not been consumed yet */
	bool is_contending;	/* between contention_begin and _end of a sleeping lock */
	bool is_kworker;	/* by its name, as the next one */
	bool is_ksoftirqd;
	bool is_in_work;	/* a kworker between execute_start and _end */
	bool is_reborn;		/* its tid's last holder died, and nobody was seen to fork it */
	bool was_proven;	/* any event has told its state */
	int rank;		/* present, lent or not */
	int base_rank;		/* when is_lent; else == rank */
	int32_t prio;
	int32_t base_prio;
	uint32_t lender;	/* culprit; CULPRIT_NONE */
	uint32_t cpu;		/* it runs there, or did last */
	uint64_t state_at;	/* when the state was entered */
	uint64_t loss_seq;	/* engine's, when the state was last proven */
	struct wait *wait;	/* when READY */
	struct waker pending;
	uint64_t longest_ns;	/* of its closed waits */
	uint32_t work_function;
	uint32_t work_queued_by;
	struct activation activation;
	struct engine_task kept; /* totals; comm, prio, kthread are filled in when asked for */
};

struct task_table {
	struct task **chunks;
	uint32_t nr_chunks;
	uint32_t nr_tasks;	/* free ones included */
	uint32_t nr_free;
	uint32_t first_free;	/* UINT32_MAX: none */
	struct task ***pages;	/* by tid; NULL: none */
};

int task_table_init(struct task_table *table);
void task_table_deinit(struct task_table *table);

/** task_table_at() - by index, below nr_tasks */
struct task *task_table_at(const struct task_table *table, uint32_t index);

/** task_table_find() - the present holder of a tid, or NULL; any number may be asked for */
static inline struct task *task_table_find(const struct task_table *table, int32_t tid)
{
	struct task **page;

	if (tid <= 0 || tid >= TASK_MAX_TID)
		return NULL;
	page = table->pages[tid / TASK_TIDS_PER_PAGE];
	return page ? page[tid % TASK_TIDS_PER_PAGE] : NULL;
}

/**
 * task_table_add() - a new identity, which holds the tid from now on
 * @tid: 1..TASK_MAX_TID - 1; or TID_UNKNOWN: it holds none
 *
 * Return: 0 or -ENOMEM; @ret the task, in TASK_UNKNOWN
 */
int task_table_add(struct task_table *table, struct culprit_table *culprits, int32_t tid,
		   struct task **ret);

/**
 * task_table_free() - nobody refers to it any more, neither as a thread nor as a culprit
 * @heir: index of the dead identity that has its tid now, if it is nobody else's
 */
void task_table_free(struct task_table *table, uint32_t index, uint32_t heir);

/** task_set_comm() - a record tells its name; an empty one is no news */
void task_set_comm(struct task *task, const char comm[COMM_LEN]);

/**
 * task_set_prio() - a record tells its priority
 *
 * Return: whether its rank changed.
 */
bool task_set_prio(struct task *task, int32_t prio);

/**
 * task_lend() - priority inheritance changes its priority
 * @lender: culprit; CULPRIT_NONE when not known
 *
 * Return: whether its rank, or what is known of it, changed.
 */
bool task_lend(struct task *task, int32_t old_prio, int32_t new_prio, uint32_t lender);

/** task_is_kthread() - by fork and exec, else by its name */
enum tristate task_is_kthread(const struct task *task);

#endif
