/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_WALL_H
#define RTLA_STALL_VIEW_WALL_H

#include <stdint.h>

#include "format.h"

/* Wall-clock time as a person, or the log of another program, tells it. */

/**
 * wall_format() - "2026-11-21T01:03:12.123456+01:00": ISO 8601, in the time zone of the process (TZ); "Z"
 * for UTC
 * @ns: since 1970
 */
struct format wall_format(uint64_t ns);

#endif
