// SPDX-License-Identifier: GPL-2.0-only
#include "plan_command.h"

static const struct {
	const char *name;
	const char *words;
} whys[PLAN_WHY_NR] = {
	[PLAN_WHY_NONE] = { "none", "" },
	[PLAN_WHY_DENIED] = { "denied", "it is on the deny list" },
	[PLAN_WHY_NOT_ALLOWED] = { "not_allowed", "it is not on the allow list" },
	[PLAN_WHY_USER_THREAD] = { "user_thread", "it is a user thread, and those were not asked for" },
	[PLAN_WHY_OURSELVES] = { "ourselves", "it is a thread of this program" },
	[PLAN_WHY_IN_D] = { "in_d", "it waits for something else than a CPU (state D)" },
	[PLAN_WHY_DEADLINE] = { "deadline", "it is SCHED_DEADLINE, or of the stop class, already" },
	[PLAN_WHY_OUTRANKS] = { "outranks", "it outranks who has the CPU: priority is not what it lacks" },
	[PLAN_WHY_CPU_IDLE] = { "cpu_idle", "its CPU is idle: it is throttled, or the CPU is not told" },
	[PLAN_WHY_CULPRIT_OURSELVES] = { "culprit_ourselves", "this program itself has the CPU" },
	[PLAN_WHY_CULPRIT_STOP] = { "culprit_stop", "nothing outranks the stop class, which has the CPU" },
	[PLAN_WHY_FAIR_SERVER] = { "fair_server", "the kernel's fair server serves it" },
	[PLAN_WHY_BUDGET] = { "budget", "the budget of its CPU does not afford it yet" },
	[PLAN_WHY_REFUSED] = { "refused", "the kernel refused every policy" },
	[PLAN_WHY_NO_EFFECT] = { "no_effect", "no policy gave it any CPU time" },
	[PLAN_WHY_PERIOD] = { "period", "it has had its boost of this period" },
	[PLAN_WHY_NOT_ITS_TURN] = { "not_its_turn", "another thread of its CPU has a boost just now" },
	[PLAN_WHY_DONE] = { "done", "it ran, and sleeps" },
	[PLAN_WHY_GRANTED] = { "granted", "it had its grant" },
	[PLAN_WHY_INEFFECTIVE] = { "ineffective", "it did not run for a whole period" },
	[PLAN_WHY_GONE] = { "gone", "it has ended" },
	[PLAN_WHY_STOPPED] = { "stopped", "no boosts are made any more" },
};

const char *plan_why_name(enum plan_why why)
{
	return why < PLAN_WHY_NR ? whys[why].name : "none";
}

const char *plan_why_words(enum plan_why why)
{
	return why < PLAN_WHY_NR ? whys[why].words : "";
}

const char *plan_policy_name(enum plan_policy policy)
{
	static const char *const names[] = { "auto", "deadline", "fifo" };

	return policy <= PLAN_FIFO ? names[policy] : "auto";
}
