/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_FOREIGN_H
#define RTLA_STALL_SOURCE_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

/**
 * foreign_magic() - what begins with these bytes, when it is something else than a trace of ours
 *
 * Return: words that go on after "it is", as "a perf.data file"; NULL when they are nothing that is known.
 */
const char *foreign_magic(const uint8_t *start, size_t size);

#endif
