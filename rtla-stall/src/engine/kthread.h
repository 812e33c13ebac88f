/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_KTHREAD_H
#define RTLA_STALL_ENGINE_KTHREAD_H

#include <stdbool.h>

/*
 * Names that the kernel gives to its own threads.
 *
 * A trace file does not hold the kernel's flag (PF_KTHREAD), so a name is one of the three things
 * the engine goes by; the others, a fork by kthreadd and an exec, come first. Any thread may call
 * itself anything: what rests on a name is an inference.
 */

/** kthread_has_name() - whether @comm is a name, or begins with a prefix, the kernel documents */
bool kthread_has_name(const char *comm);

#endif
