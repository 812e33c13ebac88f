/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_MONITOR_HIT_TIMERLAT_H
#define RTLA_STALL_MONITOR_HIT_TIMERLAT_H

/*
 * The part of a hit's report that is about timerlat: hit_report.h says what it is. Only hit_report.c uses it.
 */

struct hit_report_input;
struct page;

/** hit_timerlat_write() - append it. Return: 0 or -ENOMEM */
int hit_timerlat_write(struct page *page, const struct hit_report_input *input)
	__attribute__((warn_unused_result));

/** hit_timerlat_dump_tasks() - append who has each CPU */
void hit_timerlat_dump_tasks(struct page *page, const struct hit_report_input *input);

#endif
