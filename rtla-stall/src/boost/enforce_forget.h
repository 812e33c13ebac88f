/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_FORGET_H
#define RTLA_STALL_BOOST_ENFORCE_FORGET_H

#include <stdint.h>

#include "../monitor/ended.h"

/*
 * Threads that have ended are let go of, since enforce runs for weeks (engine/recycle.h). Nobody here asks
 * for one of them later: waits are those of threads that live, and what is said of a boost is a copy.
 */

struct engine;

/* Zeroed at first. */
struct enforce_forget {
	struct ended ended;
	uint32_t nr_kept;	/* the last time */
	uint64_t forgot_at;
};

/**
 * enforce_forget() - when there are many new threads since the last time; else nothing
 * @now: CLOCK_MONOTONIC, ns
 * @read_to_at: events up to then have been fed
 *
 * Return: 0 or -ENOMEM.
 */
int enforce_forget(struct enforce_forget *forget, struct engine *engine, uint64_t now, uint64_t read_to_at)
	__attribute__((warn_unused_result));

void enforce_forget_deinit(struct enforce_forget *forget);

#endif
