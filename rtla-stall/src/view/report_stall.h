/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_REPORT_STALL_H
#define RTLA_STALL_VIEW_REPORT_STALL_H

#include <stdint.h>

/*
 * The stalls of the text report, longest first, each with its verdict, its parts, its work, its
 * time-line and its stacks.
 */

struct episode;
struct page;

/** report_stall_write() - write the section. Return: 0 or a negative errno */
int report_stall_write(struct page *page) __attribute__((warn_unused_result));

/** report_stall_write_one() - write one of them, @number before it. Return: 0 or a negative errno */
int report_stall_write_one(struct page *page, const struct episode *stall, uint64_t number)
	__attribute__((warn_unused_result));

#endif
