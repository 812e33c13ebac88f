/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_ARRAY_H
#define RTLA_STALL_UTIL_ARRAY_H

/* Of an array, not of a pointer to its first element. */
#define NR_ELEMENTS(array) (sizeof(array) / sizeof(*(array)))

#endif
