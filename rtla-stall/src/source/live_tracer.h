/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_TRACER_H
#define RTLA_STALL_SOURCE_LIVE_TRACER_H

#include <stdbool.h>
#include <stdint.h>

#include "../util/parse.h"
#include "live_setup.h"

/*
 * The tracers osnoise and timerlat: which one is to run, and its settings.
 *
 * Only one of them can run in a system, and its settings, in osnoise/, are everybody's. So what differs
 * from what is wanted is changed, is noted with the guard first, and is given back; what we have no opinion
 * on is left as it is. Every call may hang (live_setup.h).
 */

struct error;
struct guard;
struct strbuf;

struct live_tracer_setting {
	const struct live_config *config;
	struct guard *guard;
	const char *root;		/* of tracefs */
	const char *instance;		/* that is to run it */
	uint32_t nr_cpus;
	enum live_tracer tracer;	/* of live_tracer_choose() */
};

/**
 * live_tracer_choose() - what AUTO means here, and is it there?
 * @ret: never AUTO; set on success only
 *
 * Return: 0 or a negative errno with words in @err.
 */
int live_tracer_choose(const char *root, enum live_tracer wanted, enum live_tracer *ret,
		       struct error *err) __attribute__((warn_unused_result));

/**
 * live_tracer_start() - set it up and run it; nothing for LIVE_TRACER_NONE
 *
 * Return: 0 or a negative errno with words in @err: somebody else runs one, or the kernel cannot do what
 * is wanted.
 */
int live_tracer_start(const struct live_tracer_setting *setting, struct error *err)
	__attribute__((warn_unused_result));

/** live_tracer_has_user_threads() - can threads of user space be timerlat's here? */
bool live_tracer_has_user_threads(const char *root);

/** live_tracer_add_list() - "0-3,7", as osnoise/cpus wants it */
void live_tracer_add_list(struct strbuf *out, const struct cpu_list *cpus);

#endif
