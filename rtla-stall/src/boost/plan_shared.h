/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_PLAN_SHARED_H
#define RTLA_STALL_BOOST_PLAN_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"
#include "plan_memory.h"

/* What a plan consists of: for plan.c, and nobody else. */

#define NO_WAIT UINT32_MAX

enum phase { PHASE_ADD, PHASE_RESTORE, PHASE_BOOST, PHASE_LET_BE, PHASE_OVER };

struct wait {
	struct plan_wait is;
	uint8_t why;		/* rules 1 and 2 */
	bool is_tried;		/* not again in this round */
	uint32_t next;		/* on the same CPU; NO_WAIT */
};

struct lane {			/* one CPU */
	struct budget budget;
	uint32_t first;		/* wait; NO_WAIT */
	uint32_t nr_tries;
	bool is_going;		/* a boost is */
	bool is_over;		/* and is to be restored */
	uint8_t over_why;
	uint64_t boosted_at;
	uint64_t check_at;
	struct plan_command boost;
};

struct plan {
	struct plan_config config;
	uint64_t now_at;
	uint64_t round;
	uint64_t serial;
	uint64_t nr_left_out;
	uint32_t phase;		/* enum phase */
	uint32_t at_cpu;	/* of phase BOOST, and of the checks */
	uint32_t at_wait;	/* of phase LET_BE */
	uint32_t nr_waits;
	uint32_t nr_over;
	bool is_stopped;
	struct lane *lanes;
	struct wait *waits;
	struct plan_memory memory;
};

#endif
