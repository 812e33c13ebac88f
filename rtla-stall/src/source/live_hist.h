/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_HIST_H
#define RTLA_STALL_SOURCE_LIVE_HIST_H

#include <stddef.h>

/*
 * The histograms that --trigger "hist:..." makes in the kernel, as text.
 *
 * Their files were opened when tracing was set up (struct live_instance). Reading one may hang all the
 * same, as long as another process changes events during a stall. So a process of its own reads, and it
 * is not waited for longer than one likes. To be called before live_instance_close().
 */

struct error;
struct live_hist;
struct strbuf;

/**
 * live_hist_read() - append what the kernel shows of it
 * @timeout_ms: how long to wait
 *
 * Return: 0 or a negative errno with words in @err; -ETIMEDOUT when it hangs.
 */
int live_hist_read(const struct live_hist *hist, int timeout_ms, struct strbuf *out, struct error *err)
	__attribute__((warn_unused_result));

/** live_hist_file() - the name rtla gives its file: "SYSTEM_EVENT_hist.txt" */
void live_hist_file(const struct live_hist *hist, char *name, size_t size);

#endif
