/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_MAKE_H
#define RTLA_STALL_SOURCE_LIVE_MAKE_H

/*
 * What the process that sets tracing up does (live_setup.h), step by step. Every step may hang.
 *
 * Everything that is changed outside our own instances, and the instances, are noted with the guard;
 * what is set inside an instance goes when it is removed.
 */

struct error;
struct guard;
struct live_config;

/**
 * live_make() - make the instances, set them up, hand over their files, and switch them on
 * @to: where to tell how it goes (live_message.h)
 * @pid: that names the instances
 *
 * Return: 0 or a negative errno with words in @err.
 */
int live_make(const struct live_config *config, struct guard *guard, int to, int pid,
	      struct error *err) __attribute__((warn_unused_result));

#endif
