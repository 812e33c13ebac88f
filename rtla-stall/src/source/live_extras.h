/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_EXTRAS_H
#define RTLA_STALL_SOURCE_LIVE_EXTRAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live_setup.h"

/*
 * The events users want recorded beside ours: -e SYSTEM[:EVENT], --filter, --trigger.
 *
 * They go into our own instances, of all CPUs, so nobody else's tracing sees them. SYSTEM and EVENT may be
 * patterns. A trigger is set in one instance only: the kernel runs it for every CPU. A filter of an
 * event that is recorded anyway is left out, since the analysis needs all of these.
 */

struct error;

/** live_extras_is_wanted() - is the event one of them? */
bool live_extras_is_wanted(const struct live_config *config, const char *system, const char *name);

/**
 * live_extras_enable() - filter, trigger, switch on
 * @instance: triggers are set here
 * @others: the other instance; "" none
 * @groups: of events that are recorded anyway (live_events.h)
 * @warning: what was left out, in words; of @size bytes; unchanged when there is nothing to say
 *
 * Return: 0 or a negative errno; @err says what the kernel does not take, and why.
 */
int live_extras_enable(const struct live_config *config, const char *instance, const char *others,
		       unsigned int groups, char *warning, size_t size, struct error *err)
	__attribute__((warn_unused_result));

/**
 * live_extras_for_each_hist() - those with a histogram of the kernel's (a trigger "hist:...")
 * @found: may return a negative errno to end it
 *
 * Return: 0 or what @found returned.
 */
int live_extras_for_each_hist(const struct live_config *config, const char *instance,
			      int (*found)(const char *system, const char *event, void *arg,
					   struct error *err),
			      void *arg, struct error *err) __attribute__((warn_unused_result));

#endif
