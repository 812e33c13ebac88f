/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_REPORT_TRACE_H
#define RTLA_STALL_VIEW_REPORT_TRACE_H

struct page;

/** report_trace_write() - of the text report: what was read, what is wrong with it, and what it lacks */
void report_trace_write(struct page *page);

#endif
