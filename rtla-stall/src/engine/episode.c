// SPDX-License-Identifier: GPL-2.0-only
#include "episode.h"

#include <stddef.h>

static const struct {
	enum cause cause;
	const char *name;
} reasons[REASON_NR] = {
	[REASON_NONE] = { CAUSE_BLOCKING, NULL },
	[REASON_NMI] = { CAUSE_INTERFERENCE, "nmi" },
	[REASON_IRQ] = { CAUSE_INTERFERENCE, "irq" },
	[REASON_SOFTIRQ] = { CAUSE_INTERFERENCE, "softirq" },
	[REASON_THREAD] = { CAUSE_INTERFERENCE, "thread" },
	[REASON_EQUAL] = { CAUSE_INTERFERENCE, "equal" },
	[REASON_DEADLINE] = { CAUSE_INTERFERENCE, "deadline" },
	[REASON_FAIR] = { CAUSE_INTERFERENCE, "fair" },
	[REASON_IRQS_OFF] = { CAUSE_BLOCKING, "irqs-off" },
	[REASON_PREEMPT_OFF] = { CAUSE_BLOCKING, "preempt-off" },
	[REASON_NO_PREEMPT] = { CAUSE_BLOCKING, "no-preempt" },
	[REASON_PI] = { CAUSE_BLOCKING, "pi" },
	[REASON_THROTTLED] = { CAUSE_BLOCKING, "throttled" },
	[REASON_SERVER] = { CAUSE_BLOCKING, "server" },
	[REASON_IDLE_EXIT] = { CAUSE_RELEASE_JITTER, "idle-exit" },
	[REASON_REMOTE] = { CAUSE_RELEASE_JITTER, "remote" },
	[REASON_RELEASE_PATH] = { CAUSE_EXECUTION, "release-path" },
	[REASON_TRACE_START] = { CAUSE_UNATTRIBUTED, "trace-start" },
	[REASON_LOSS] = { CAUSE_UNATTRIBUTED, "loss" },
	[REASON_UNKNOWN] = { CAUSE_UNATTRIBUTED, "unknown" },
};

const char *cause_name(enum cause cause)
{
	static const char *const causes[CAUSE_NR] = {
		[CAUSE_INTERFERENCE] = "interference",
		[CAUSE_BLOCKING] = "blocking",
		[CAUSE_RELEASE_JITTER] = "release jitter",
		[CAUSE_EXECUTION] = "execution",
		[CAUSE_UNATTRIBUTED] = "unattributed",
	};

	return causes[cause];
}

enum cause cause_of_reason(enum reason reason)
{
	return reasons[reason].cause;
}

const char *reason_name(enum reason reason)
{
	return reasons[reason].name;
}

const char *culprit_kind_name(enum culprit_kind kind)
{
	static const char *const kinds[CULPRIT_NR_KINDS] = {
		[CULPRIT_UNKNOWN] = "unknown",
		[CULPRIT_THREAD] = "thread",
		[CULPRIT_IRQ] = "irq",
		[CULPRIT_SOFTIRQ] = "softirq",
		[CULPRIT_NMI] = "nmi",
		[CULPRIT_IDLE] = "idle",
	};

	return kinds[kind];
}
