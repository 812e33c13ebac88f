/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_LEDGER_SHARED_H
#define RTLA_STALL_BOOST_LEDGER_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"

/*
 * What the ledger's file holds, and what is done to one of its slots. Only ledger*.c use it.
 *
 * Whatever a slot says is complete once its state is not FREE any more. Two processes may restore one boost
 * at the same time: each compares before it sets, and both set the same. When one has freed its slot, that
 * may be filled for another boost at once: so the state is changed together with the boost's serial, only
 * ever of the boost that was meant, and who restores takes a copy, and sees whether that is of one boost.
 */

#define LEDGER_MAGIC 0x4c545352u
#define LEDGER_VERSION 2u
#define LEDGER_FILE "boosts"

enum ledger_state {
	LEDGER_SLOT_FREE,
	LEDGER_SLOT_NOTED,	/* about to be boosted, or boosted already */
	LEDGER_SLOT_BOOSTED,
	LEDGER_SLOT_RESTORING,	/* about to be restored, or restored already */
	LEDGER_SLOT_FAILED	/* restoring was tried, and is to be tried again */
};

struct ledger_slot {
	_Atomic uint64_t word;	/* ledger_slot_word(); set last */
	int32_t tid;
	uint64_t start_ticks;
	uint64_t until_at;
	char comm[COMM_LEN];
	struct sched_sys_attr original;
	struct sched_sys_attr set;	/* what the boost gave it */
};

struct ledger_head {
	uint32_t magic;
	uint32_t version;
	char boot_id[40];	/* a file of before the machine started again says nothing */
	_Atomic int32_t pid;	/* who makes boosts */
	_Atomic uint32_t is_admission_lifted;
	_Atomic int64_t admission_us;	/* what sched_rt_runtime_us was before */
	_Atomic uint64_t last_serial;
};

struct ledger_shared {
	struct ledger_head head;
	struct ledger_slot slots[LEDGER_SLOTS];
};

struct ledger_file {
	struct ledger_shared *shared;
	char *dir;
	char *path;
	int fd;			/* locked by the process that makes boosts */
	int32_t owner;		/* which is that */
	int32_t previous;	/* whose it was before; 0: nobody's */
};

/* A thread that is held for a boost; the boost itself is in the slot of the same number. */
struct active {
	bool is_active;		/* a boost of this process: ledger_restore() is still to come */
	uint64_t serial;
	struct sched_sys_thread thread;
	struct sched_sys_look base;	/* just before it was boosted */
};

struct prepared {
	struct sched_sys_thread thread;
	struct sched_sys_look base;
	uint64_t began_at;
	uint64_t serial;	/* in which order; 0: free */
};

struct ledger {
	struct ledger_file file;
	struct sched_sys *sys;	/* borrowed */
	uint64_t last_prepared;
	struct active active[LEDGER_SLOTS];
	struct prepared prepared[LEDGER_SLOTS];
};

/* @serial: the order in which boosts were made, from 1. That of a free slot is of its last one. */
static inline uint64_t ledger_slot_word(uint64_t serial, enum ledger_state state)
{
	return serial << 3 | state;
}

static inline enum ledger_state ledger_slot_state(uint64_t word)
{
	return word & 7;
}

static inline uint64_t ledger_slot_serial(uint64_t word)
{
	return word >> 3;
}

/** ledger_give_back_admission() - let sched_rt_runtime_us be what it was. Return: 0 or a negative errno */
int ledger_give_back_admission(struct ledger *ledger);

/**
 * ledger_file_open() - open, lock and map it
 *
 * Return: 0; -EBUSY when another process has it, which is named in @err; another negative errno.
 */
int ledger_file_open(const char *dir, struct ledger_file *ret, struct error *err);

/** ledger_file_is_ours() - false: it was removed, or another run has taken it over */
bool ledger_file_is_ours(const struct ledger_file *file);

/** ledger_file_close() - @is_over: remove it, if it is ours */
void ledger_file_close(struct ledger_file *file, bool is_over);

/**
 * ledger_slot_restore() - give a thread back what it had, if it has what was set
 *
 * @slot: a copy; @held: the thread's files, NULL: they are opened for it
 * @code: with LEDGER_FAILED the errno
 *
 * Return: enum ledger_fate.
 */
uint8_t ledger_slot_restore(struct sched_sys *sys, const struct ledger_slot *slot,
			    const struct sched_sys_thread *held, int *code);

/** ledger_slot_is_set() - has the thread the scheduling that the boost gave it? */
bool ledger_slot_is_set(const struct sched_sys_attr *now, const struct sched_sys_attr *set);

#endif
