// SPDX-License-Identifier: GPL-2.0-only
#include "ledger_boost.h"

#include <errno.h>
#include <string.h>

#include "../util/error.h"
#include "ledger_shared.h"

static struct prepared *find_prepared(struct ledger *ledger, int32_t tid)
{
	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		if (ledger->prepared[i].serial && ledger->prepared[i].thread.tid == tid)
			return &ledger->prepared[i];
	}
	return NULL;
}

static void forget(struct ledger *ledger, struct prepared *prepared)
{
	ledger->sys->ops->let_go(ledger->sys, &prepared->thread);
	prepared->serial = 0;
}

/* The one prepared longest ago; NULL: there is none */
static struct prepared *find_oldest(struct ledger *ledger)
{
	struct prepared *oldest = NULL;

	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		struct prepared *prepared = &ledger->prepared[i];

		if (prepared->serial && (!oldest || prepared->serial < oldest->serial))
			oldest = prepared;
	}
	return oldest;
}

/* Where we may not have that many files open, the oldest ones are closed. */
static int hold(struct ledger *ledger, int32_t tid, struct prepared *prepared)
{
	for (;;) {
		int result = ledger->sys->ops->hold(ledger->sys, tid, &prepared->thread);
		struct prepared *oldest = result == -EMFILE ? find_oldest(ledger) : NULL;

		if (!oldest)
			return result;
		forget(ledger, oldest);
	}
}

int ledger_prepare(struct ledger *ledger, int32_t tid, uint64_t began_at)
{
	struct prepared *prepared = find_prepared(ledger, tid);
	int result;

	for (uint32_t i = 0; i < LEDGER_SLOTS && !prepared; i++) {
		if (!ledger->prepared[i].serial)
			prepared = &ledger->prepared[i];
	}
	if (!prepared)
		prepared = find_oldest(ledger);
	/* the same thread again, for another wait: its files may stay open */
	if (prepared->serial && (prepared->thread.tid != tid ||
				 ledger->sys->ops->look(ledger->sys, &prepared->thread, &prepared->base)))
		forget(ledger, prepared);
	if (!prepared->serial) {
		result = hold(ledger, tid, prepared);
		if (!result)
			result = ledger->sys->ops->look(ledger->sys, &prepared->thread, &prepared->base);
		if (result) {
			forget(ledger, prepared);
			return result;
		}
	}
	prepared->serial = ++ledger->last_prepared;
	prepared->began_at = began_at;
	return 0;
}

struct ledger_order ledger_order_of(const struct plan_command *command)
{
	struct ledger_order order = {
		.tid = command->wait.tid,
		.began_at = command->wait.began_at,
		.policy = command->policy == PLAN_FIFO ? SCHED_SYS_FIFO : SCHED_SYS_DEADLINE,
		.rt_priority = command->rt_priority,
		.runtime_ns = command->grant_ns,
		.deadline_ns = command->deadline_ns,
		.period_ns = command->period_ns,
		.until_at = command->until_at,
		.may_lift_admission = command->notes & PLAN_NOTE_LIFTS_ADMISSION,
	};

	memcpy(order.comm, command->wait.comm, sizeof(order.comm));
	return order;
}

/* Is it still who, and where, it was when it was decided upon? Return: 0, -ESRCH, -EAGAIN */
static int check_again(const struct ledger_order *order, const struct prepared *prepared,
		       const struct sched_sys_look *now)
{
	if (now->start_ticks != prepared->base.start_ticks ||
	    (order->start_ticks && now->start_ticks && now->start_ticks != order->start_ticks))
		return -ESRCH;
	if (now->state == 'Z' || now->state == 'X')
		return -ESRCH;
	if (now->state != 'R')
		return -EAGAIN;
	if (!now->has_nr_runs)
		return 0;
	if (prepared->began_at == order->began_at && now->nr_runs != prepared->base.nr_runs)
		return -EAGAIN;
	return order->has_nr_runs && now->nr_runs != order->nr_runs ? -EAGAIN : 0;
}

static struct sched_sys_attr attr_of(const struct ledger_order *order)
{
	struct sched_sys_attr attr = {
		.size = sizeof(attr),
		.policy = order->policy,
		/* its children are no business of ours; nor may a deadline thread fork without */
		.flags = SCHED_SYS_RESET_ON_FORK,
	};

	if (order->policy == SCHED_SYS_FIFO) {
		attr.priority = order->rt_priority;
	} else {
		attr.runtime = order->runtime_ns;
		attr.deadline = order->deadline_ns;
		attr.period = order->period_ns;
	}
	return attr;
}

/* Return: a slot's number; LEDGER_SLOTS: there is none */
static uint32_t find_free(const struct ledger *ledger)
{
	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		if (!ledger->active[i].is_active &&
		    ledger_slot_state(atomic_load(&ledger->file.shared->slots[i].word)) == LEDGER_SLOT_FREE)
			return i;
	}
	return LEDGER_SLOTS;
}

static bool is_boosted(const struct ledger *ledger, int32_t tid)
{
	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		const struct ledger_slot *slot = &ledger->file.shared->slots[i];

		if (ledger_slot_state(atomic_load(&slot->word)) != LEDGER_SLOT_FREE && slot->tid == tid)
			return true;
	}
	return false;
}

/* The thread may run, on our CPU, before the call returns. */
static int set(struct ledger *ledger, const struct ledger_slot *slot, struct ledger_boost *boost)
{
	boost->boosted_at = ledger->sys->ops->now(ledger->sys);
	return ledger->sys->ops->set_attr(ledger->sys, slot->tid, &slot->set);
}

/* The kernel wants deadline admission to be off for this one thread, at this one moment. */
static int set_without_admission(struct ledger *ledger, const struct ledger_slot *slot,
				 struct ledger_boost *boost)
{
	struct ledger_head *head = &ledger->file.shared->head;
	struct sched_sys *sys = ledger->sys;
	int64_t now_us;
	int result = sys->ops->get_rt_runtime(sys, &now_us);

	if (result || now_us == -1)
		return -EPERM;
	if (!atomic_load(&head->is_admission_lifted)) {
		head->admission_us = now_us;
		atomic_store(&head->is_admission_lifted, 1);
	}
	result = sys->ops->set_rt_runtime(sys, -1);
	if (!result)
		result = set(ledger, slot, boost);
	/* should this fail, ledger_retry() does it */
	ledger_give_back_admission(ledger);
	return result;
}

static int note_and_act(struct ledger *ledger, const struct ledger_order *order, struct ledger_slot *slot,
			uint64_t start_ticks, struct ledger_boost *boost)
{
	struct sched_sys *sys = ledger->sys;
	uint64_t serial;
	bool is_confined = false;
	int result = sys->ops->get_attr(sys, order->tid, &slot->original);

	if (result)
		return result;
	slot->tid = order->tid;
	slot->start_ticks = start_ticks;
	slot->until_at = order->until_at;
	slot->set = attr_of(order);
	memcpy(slot->comm, order->comm, sizeof(slot->comm));
	serial = atomic_fetch_add(&ledger->file.shared->head.last_serial, 1) + 1;
	boost->id.serial = serial;
	atomic_store(&slot->word, ledger_slot_word(serial, LEDGER_SLOT_NOTED));
	result = set(ledger, slot, boost);
	if (result == -EPERM && order->policy == SCHED_SYS_DEADLINE && order->may_lift_admission &&
	    !sys->ops->is_confined(sys, slot->tid, &is_confined) && is_confined) {
		result = set_without_admission(ledger, slot, boost);
		boost->has_lifted_admission = true;
	}
	atomic_store(&slot->word, ledger_slot_word(serial, result ? LEDGER_SLOT_FREE : LEDGER_SLOT_BOOSTED));
	return result;
}

static int boost_prepared(struct ledger *ledger, const struct ledger_order *order, struct prepared *prepared,
			  struct ledger_boost *ret, struct error *err)
{
	uint32_t number = find_free(ledger);
	struct active *active = &ledger->active[number];
	struct ledger_boost boost = { 0 };
	struct sched_sys_look base;
	struct ledger_slot *slot;
	int result;

	if (number == LEDGER_SLOTS)
		return error_set(err, -ENOSPC, "%u threads are boosted already", LEDGER_SLOTS);
	slot = &ledger->file.shared->slots[number];
	result = ledger->sys->ops->look(ledger->sys, &prepared->thread, &base);
	if (!result)
		result = check_again(order, prepared, &base);
	if (result)
		return result;
	result = note_and_act(ledger, order, slot, base.start_ticks ? base.start_ticks : order->start_ticks,
			      &boost);
	if (result) {
		struct sched_sys_attr wanted = attr_of(order);

		return sched_sys_explain(ledger->sys, order->tid, &wanted, result, err);
	}
	boost.id.slot = number;
	boost.start_ticks = base.start_ticks;
	boost.original = slot->original;
	*active = (struct active){
		.is_active = true, .serial = boost.id.serial, .thread = prepared->thread, .base = base,
	};
	/* the files are the boost's now */
	sched_sys_thread_init(&prepared->thread);
	prepared->serial = 0;
	*ret = boost;
	return 0;
}

int ledger_boost(struct ledger *ledger, const struct ledger_order *order, struct ledger_boost *ret,
		 struct error *err)
{
	struct prepared *prepared = find_prepared(ledger, order->tid);
	int result;

	if (is_boosted(ledger, order->tid))
		return error_set(err, -EALREADY, "thread %d is boosted already", (int)order->tid);
	if (!prepared) {
		result = ledger_prepare(ledger, order->tid, order->began_at);
		if (result)
			return error_set(err, result, "thread %d: %s", (int)order->tid, strerror(-result));
		prepared = find_prepared(ledger, order->tid);
	}
	result = boost_prepared(ledger, order, prepared, ret, err);
	if (result == -EAGAIN)
		error_set(err, result, "thread %d does not wait any more", (int)order->tid);
	if (result == -ESRCH)
		error_set(err, result, "thread %d has ended", (int)order->tid);
	if (result)
		forget(ledger, prepared);
	return result;
}
