// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "ledger_shared.h"

bool ledger_slot_is_set(const struct sched_sys_attr *now, const struct sched_sys_attr *set)
{
	if (now->policy != set->policy)
		return false;
	switch (now->policy) {
	case SCHED_SYS_FIFO:
	case SCHED_SYS_RR:
		return now->priority == set->priority;
	case SCHED_SYS_DEADLINE:
		return now->runtime == set->runtime && now->deadline == set->deadline &&
		       now->period == set->period;
	default:
		return now->nice == set->nice;
	}
}

/*
 * A change of class resets clamps that nobody set (kernel/sched/core.c, __setscheduler_uclamp()), and the
 * slice of a fair thread. What is as before is left alone: setting it would make it the user's own.
 */
static int set_what_was_reset(struct sched_sys *sys, const struct ledger_slot *slot,
			      const struct sched_sys_attr *original)
{
	struct sched_sys_attr given = *original;
	struct sched_sys_attr now;
	bool differs = false;
	int result = sys->ops->get_attr(sys, slot->tid, &now);

	if (result)
		return result;
	given.runtime = now.policy == SCHED_SYS_DEADLINE ? now.runtime : 0;
	if (now.util_min != original->util_min || now.util_max != original->util_max) {
		given.flags |= SCHED_SYS_UTIL_MIN | SCHED_SYS_UTIL_MAX;
		differs = true;
	}
	if (now.runtime != original->runtime) {
		given.runtime = original->runtime;
		differs = true;
	}
	return differs ? sys->ops->set_attr(sys, slot->tid, &given) : 0;
}

static int give_back(struct sched_sys *sys, const struct ledger_slot *slot, const struct sched_sys_look *look,
		     uint8_t *fate)
{
	struct sched_sys_attr original = slot->original;
	struct sched_sys_attr given, now;
	int result = sys->ops->get_attr(sys, slot->tid, &now);

	if (result)
		return result;
	/* it may have been given another one meanwhile, which a boost does not show */
	original.nice = look->nice;
	if (ledger_slot_is_set(&now, &slot->set)) {
		given = original;
		if (given.policy != SCHED_SYS_DEADLINE)
			given.runtime = 0;
		result = sys->ops->set_attr(sys, slot->tid, &given);
		if (result)
			return result;
	} else if (!ledger_slot_is_set(&now, &original)) {
		*fate = LEDGER_CHANGED;
		return 0;
	}
	/* it has its policy again; a clamp that cannot be set too is no reason to go on for ever */
	result = set_what_was_reset(sys, slot, &original);
	return result == -ESRCH ? result : 0;
}

static int look_and_give_back(struct sched_sys *sys, const struct ledger_slot *slot,
			      const struct sched_sys_thread *thread, uint8_t *fate)
{
	struct sched_sys_look look;
	int result = sys->ops->look(sys, thread, &look);

	if (result)
		return result;
	/* when one could not be had: nobody else has just what the boost set */
	if (look.start_ticks && slot->start_ticks && look.start_ticks != slot->start_ticks)
		return -ESRCH;
	return give_back(sys, slot, &look, fate);
}

uint8_t ledger_slot_restore(struct sched_sys *sys, const struct ledger_slot *slot,
			    const struct sched_sys_thread *held, int *code)
{
	uint8_t fate = LEDGER_RESTORED;
	struct sched_sys_thread thread;

	if (held) {
		*code = look_and_give_back(sys, slot, held, &fate);
	} else {
		*code = sys->ops->hold(sys, slot->tid, &thread);
		if (!*code) {
			*code = look_and_give_back(sys, slot, &thread, &fate);
			sys->ops->let_go(sys, &thread);
		}
	}
	if (*code == -ESRCH) {
		*code = 0;
		return LEDGER_GONE;
	}
	return *code ? LEDGER_FAILED : fate;
}
