/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_LOCKDOWN_H
#define RTLA_STALL_SOURCE_LIVE_LOCKDOWN_H

#include <stdbool.h>

/*
 * Kernels that are locked down (kernel_lockdown(7)). "confidentiality" keeps everybody from tracing: most
 * files of tracefs answer EPERM, a new instance EINVAL, and one that was locked down from its start has no
 * files there at all. None of that tells why. "integrity" does not keep from tracing.
 */

struct error;

#define LIVE_LOCKDOWN_FILE "/sys/kernel/security/lockdown"

/**
 * live_lockdown_explain() - say so, if that is why tracing was refused
 * @path: LIVE_LOCKDOWN_FILE but in tests
 *
 * Return: true, with words in @err, and -EPERM; false: it is not, or that cannot be seen here.
 */
bool live_lockdown_explain(const char *path, struct error *err);

#endif
