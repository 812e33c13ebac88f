/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_OCCUPANT_H
#define RTLA_STALL_BOOST_ENFORCE_OCCUPANT_H

#include <stdint.h>

#include "plan_command.h"

struct engine_task;
struct enforce_watch;

/** enforce_occupant_of() - a thread, as the engine knows it. @prio: what it has, or had, the CPU with */
struct plan_occupant enforce_occupant_of(const struct engine_task *task, int32_t prio);

/**
 * enforce_occupant_find() - who has a CPU
 * @waiter_prio, @waiter_comm: somebody who waits there
 *
 * As the trace says, if that can explain the wait; else as /proc shows, which is asked once a turn at most.
 * Never ourselves: we run when we look.
 */
void enforce_occupant_find(struct enforce_watch *watch, uint32_t cpu, int32_t waiter_prio,
			   const char *waiter_comm, struct plan_occupant *ret);

#endif
