/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_OWN_NICE_H
#define RTLA_STALL_MONITOR_OWN_NICE_H

#include <stdbool.h>

/*
 * Where many threads want a CPU, who is to tell of that must not queue behind them: a run reads and reports
 * at nice -20 (setpriority(2)). Whoever started us at another nice value than 0, or under another policy,
 * knows better. It is the calling thread's; what is started from it would inherit it.
 */

/** own_nice_raise() - if we may, and nobody has chosen otherwise */
void own_nice_raise(void);

/** own_nice_lower() - as before, for who is started now. Return: true: own_nice_raise() afterwards */
bool own_nice_lower(void);

#endif
